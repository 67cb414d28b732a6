package store

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// bookOfBefore is a copy of testdata/book-before.db.gz: what busyBook made, when
// every file of this package still asked for its buckets by their names.
func bookOfBefore(t *testing.T) (path string) { return unpacked(t, "testdata/book-before.db.gz") }

// unpacked is a copy of a packed book.
func unpacked(t *testing.T, name string) (path string) {
	t.Helper()
	packed, err := os.Open(name)
	ok(t, err)
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	ok(t, err)
	data, err := io.ReadAll(r)
	ok(t, err)
	path = filepath.Join(t.TempDir(), "book.db")
	ok(t, os.WriteFile(path, data, 0o600))
	return path
}

// TestABookOfBeforeIsReadByteForByte reads every row of it, and finds that it
// would be written the same.
func TestABookOfBeforeIsReadByteForByte(t *testing.T) {
	path := bookOfBefore(t)
	if wrong := examined(t, path); len(wrong) > 0 {
		t.Fatalf("a book of before: %q", wrong)
	}
	db, err := bolt.Open(path, bolt.Options{ReadOnly: true})
	ok(t, err)
	defer db.Close()
	ok(t, db.View(func(tx *bolt.Tx) error {
		rows := 0
		same := func(t2 table, k, key, v, value []byte) {
			t.Helper()
			rows++
			if !bytes.Equal(k, key) || !bytes.Equal(v, value) {
				t.Errorf("table %q: row %x, %x\nis written %x, %x", t2, k, v, key, value)
			}
		}
		asJSON := func(v []byte, as any) []byte {
			ok(t, json.Unmarshal(v, as))
			return must[[]byte](t)(json.Marshal(as))
		}
		each := map[string]func(k, v []byte){
			"meta": func(k, v []byte) { same(metaTable, k, []byte(string(k)), v, v) },
			"numbers": func(k, v []byte) {
				same(numbersTable, k, numbersTable.Key(numbersTable.Parts(k)), v, asJSON(v, new(campaign.Number)))
			},
			"ours": func(k, v []byte) { same(oursTable, k, []byte(string(k)), v, row(fromRow[campaign.NumberID](v))) },
			"blocked": func(k, v []byte) {
				alias, n, ok := blockedTable.parts(k)
				if !ok {
					t.Errorf("row %x", k)
				}
				same(blockedTable, k, blockedTable.key(alias, n), v, nil)
			},
			"turns": func(k, v []byte) { same(turnsTable, k, turnsTable.Key(turnsTable.Parts(k)), v, asJSON(v, new(turn))) },
			"sends": func(k, v []byte) { same(sendsTable, k, sendsTable.Key(sendsTable.Parts(k)), v, nil) },
			"inflight": func(k, v []byte) {
				same(inflightTable, k, inflightTable.Key(inflightTable.Parts(k)), v, deliveryKey(deliveryAt(v)))
			},
			"campaigns": func(k, v []byte) {
				same(campaignsTable, k, campaignsTable.Key(campaignsTable.Parts(k)), v, asJSON(v, new(campaign.Campaign)))
			},
			"running": func(k, v []byte) { same(runningTable, k, runningTable.Key(runningTable.Parts(k)), v, nil) },
			"guards": func(k, v []byte) {
				id, n := guardsTable.Parts(k)
				same(guardsTable, k, guardsTable.Key(id, n), v, encodeGuard(must[guard](t)(decodeGuard(v))))
			},
			"sample": func(k, v []byte) {
				id, seq := fromRow[campaign.ID](k), fromRow[uint32](k[20:])
				d := campaign.Delivery{Campaign: id, Seq: seq, Accepted: sampleTable.at(k)}
				same(sampleTable, k, sampleTable.key(&d, fromRow[campaign.NumberID](k[8:])), v, v)
			},
			"counts": func(k, v []byte) {
				id := countsTable.Parts(k)
				same(countsTable, k, countsTable.Key(id), v, encodeTally(must[tally](t)(tallyTx(tx, id))))
			},
			"deliveries": func(k, v []byte) {
				d, err := decodeDelivery(k, v)
				ok(t, err)
				// Its reason has become a code.
				same(deliveriesTable, k, deliveryKey(d.Campaign, d.Seq), nil, nil)
				again, err := decodeDelivery(k, encodeDelivery(&d))
				ok(t, err)
				if !reflect.DeepEqual(again, d) {
					t.Errorf("%+v is read again as %+v", d, again)
				}
				if d.State == campaign.Skipped && d.Reason.Code != reason.DeliveryOptedOut {
					t.Errorf("skipped for %q", d.Reason)
				}
			},
			"queue": func(k, v []byte) {
				group, seq := queueTable.parts(k)
				d, err := deliveryTx(tx, deliveryKey(fromRow[campaign.ID](k[4:]), seq))
				ok(t, err)
				same(queueTable, k, queueTable.key(&d, queueTable.zone(group)), v, nil)
			},
			"again":    func(k, v []byte) { same(againTable, k, againTable.Key(againTable.Parts(k)), v, nil) },
			"messages": func(k, v []byte) { same(messagesTable, k, []byte(string(k)), v, deliveryKey(deliveryAt(v))) },
			"uploads": func(k, v []byte) {
				same(uploadsTable, k, uploadsTable.Key(uploadsTable.Parts(k)), v, encodeUpload(must[upload](t)(decodeUpload(v))))
			},
			"persons": func(k, v []byte) {
				same(personsTable, k, personsTable.Key(personsTable.Parts(k)), v, row(fromRow[uint32](v)))
			},
			"latest": func(k, v []byte) {
				same(latestTable, k, latestTable.Key(latestTable.Parts(k)), v, deliveryKey(deliveryAt(v)))
			},
			"timers": func(k, v []byte) {
				same(timersTable, k, timersTable.Key(timersTable.Parts(k)), v, encodeTimer(must[people.Timer](t)(decodeTimer(v))))
			},
			"contacts": func(k, v []byte) {
				c, err := decodeContact(contactsTable.Parts(k), v)
				ok(t, err)
				same(contactsTable, k, contactsTable.Key(c.ID), v, encodeFirst(&c))
				again, err := decodeContact(c.ID, encodeContact(&c)) // as it is written now
				ok(t, err)
				if !reflect.DeepEqual(again, c) {
					t.Errorf("%+v is read again as %+v", c, again)
				}
			},
			"aliases": func(k, v []byte) { same(aliasesTable, k, []byte(string(k)), v, row(fromRow[people.ContactID](v))) },
			"merged": func(k, v []byte) {
				same(mergedTable, k, mergedTable.Key(mergedTable.Parts(k)), v, row(fromRow[people.ContactID](v)))
			},
			"names": func(k, v []byte) {
				id := namesTable.whose(k)
				c, err := contactTx(tx, id)
				ok(t, err)
				same(namesTable, k, namesTable.key(id, &c), v, nil)
			},
			"lists":   func(k, v []byte) { same(listsTable, k, []byte(string(k)), v, asJSON(v, new(List))) },
			"members": func(k, v []byte) { same(membersTable, k, membersTable.Key(membersTable.Parts(k)), v, v) },
			"events": func(k, v []byte) {
				same(eventsTable, k, eventsTable.Key(eventsTable.Parts(k)), v, row(fromRow[uint32](v)))
			},
			"jobs": func(k, v []byte) {
				if k[0] != campaignJob {
					t.Errorf("job %x", k)
				}
				same(jobsTable, k, campaignJobKey(fromRow[campaign.ID](k[1:])), v, asJSON(v, new(job)))
			},
			"staged": func(k, v []byte) {
				job := k[:len(k)-4]
				same(stagedTable, k, stagedTable.key(job, stagedTable.part(job, k)), v, v)
			},
		}
		for name, look := range each {
			before := rows
			for k, v := range (bolt.Table{Name: name}).Each(tx, nil) {
				look(k, v)
			}
			if rows == before {
				t.Errorf("table %q: nothing was read", name)
			}
		}
		for _, made := range allTables {
			if each[made.String()] == nil && made.Exists(tx) {
				t.Errorf("table %q is not read here", made)
			}
		}
		return nil
	}))
}

// TestABookOfBeforeGoesOn: what was on the wire is in doubt, the rest is sent.
func TestABookOfBeforeGoesOn(t *testing.T) {
	path := bookOfBefore(t)
	b, err := Open(path, Options{Kind: Demo})
	ok(t, err)
	defer b.Close()
	all := must[[]campaign.Campaign](t)(b.Campaigns())
	at := slices.IndexFunc(all, func(c campaign.Campaign) bool { return c.Name == "c" })
	if len(all) != 2 || at < 0 || all[at].Status != campaign.Running {
		t.Fatalf("campaigns %+v", all)
	}
	counts := must[campaign.Counts](t)(b.Counts(all[at].ID))
	if counts.Total() != 8 || counts[campaign.Sent] != 1 || counts[campaign.Unsure] != 1 || counts[campaign.Skipped] != 1 || counts[campaign.Queued] != 5 {
		t.Errorf("counts %v", counts)
	}
	n := must[[]campaign.Number](t)(b.Numbers())[0]
	ids := 0
	now := time.Now()
	for until := now.Add(20 * time.Hour); now.Before(until); now = now.Add(time.Minute) {
		got, err := ClaimApart(b, campaign.Claim{
			Number: n.ID, Ready: campaign.Readiness{Link: 1, Since: now.Add(-time.Hour)}, Now: now,
			NewID: func() campaign.MessageID { ids++; return campaign.MessageID(fmt.Sprint("3EB1", ids)) },
		})
		ok(t, err)
		if got.Upload != nil {
			ok(t, b.Uploaded(n.ID, *got.Upload, []byte("its place"), now))
		}
		var answers []people.Answer
		for _, p := range got.Check {
			answers = append(answers, people.Answer{Asked: p, Presence: people.OnWhatsApp, Phone: p})
		}
		if len(got.Check) > 0 {
			ok(t, b.Answered(n.ID, got.Check, answers, now))
		}
		if got.Delivery != nil {
			ok(t, b.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, now))
		}
	}
	if counts = must[campaign.Counts](t)(b.Counts(all[at].ID)); counts[campaign.Queued] > 0 {
		t.Errorf("%d of it are not sent", counts[campaign.Queued])
	}
	sound(t, b)
}
