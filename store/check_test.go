package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/store/bolt"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// busyBook is a closed book in the middle of a campaign: one delivery was
// sent, one was sent and deleted for everyone, and a third was sent after that; one did not leave and waits for
// another try, one is on the wire, the others are queued, and so is what is to delete
// the first one.
func busyBook(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "book.db")
	b, err := Open(path, Options{Kind: Demo})
	ok(t, err)
	n, err := desk(b).AddNumber("loja")
	ok(t, err)
	_, err = b.LinkNumber(n.ID, "+5511912345678", "5511912345678:1@s.whatsapp.net", time.Now())
	ok(t, err)
	_, err = desk(b).SetLimits(n.ID, campaign.Pace{}.All()) // at any hour
	ok(t, err)
	var rows []people.Row
	for i := range 8 {
		rows = append(rows, people.Row{Line: i + 2, Phone: people.Phone(fmt.Sprintf("+551198765432%d", i)), Name: fmt.Sprint("Pessoa ", i)})
	}
	_, err = desk(b).Import(t.Context(), rows, "people.csv")
	ok(t, err)
	_, err = desk(b).SaveList("clientes", []people.ContactID{1, 2})
	ok(t, err)
	ok(t, b.Saw(n.ID, []people.Seen{{LID: "77", Name: "Ana", Timer: people.Timer{After: time.Hour, Set: time.Now()}}}))
	ok(t, b.Saw(n.ID, []people.Seen{{LID: "77", Phone: rows[0].Phone}})) // two records become one
	ok(t, desk(b).OptOut(8, "asked for it"))
	ok(t, b.Labels(n.ID, true, []people.LabelChange{{ID: "1", Name: "Pago"}, {ID: "1", Who: people.Seen{LID: "77"}, On: true}}))
	link, err := desk(b).Invite("feira", "Quero receber", n.ID)
	ok(t, err)
	ok(t, b.Heard(n.ID, campaign.Incoming{From: people.Seen{LID: "77"}, ID: "in", Text: link.Message(), At: time.Now()}))
	_, err = desk(b).Validate(t.Context(), n.ID, people.Filter{}, 0)
	ok(t, err)
	ok(t, b.Block(n.ID, people.Seen{LID: "78"}, true))
	_, err = desk(b).Suppress(t.Context(), []Suppressed{{Phone: "+5511987654399"}}, "optouts.csv")
	ok(t, err)
	a, err := desk(b).Attach("catálogo.txt", strings.NewReader("camisetas"))
	ok(t, err)
	c, err := desk(b).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", Attachment: &a})
	ok(t, err)
	c, err = desk(b).Start(c.ID, time.Now())
	ok(t, err)
	ids := 0
	now := time.Now()
	next := func() campaign.Delivery { // what leaves next
		t.Helper()
		for range 60 {
			now = now.Add(time.Second)
			got, err := ClaimApart(b, campaign.Claim{
				Number: n.ID, Ready: campaign.Readiness{Link: 1, Since: now.Add(-time.Hour)}, Now: now,
				NewID: func() campaign.MessageID { ids++; return campaign.MessageID(fmt.Sprint("3EB0", ids)) },
			})
			ok(t, err)
			var answers []people.Answer
			for _, p := range got.Check {
				answers = append(answers, people.Answer{Asked: p, Presence: people.OnWhatsApp, Phone: p, LID: strings.TrimPrefix(string(p), "+")})
			}
			if len(got.Check) > 0 {
				ok(t, b.Answered(n.ID, got.Check, answers, now))
			}
			if got.Upload != nil {
				ok(t, b.Uploaded(n.ID, *got.Upload, []byte("its place"), now))
			}
			if got.Delivery != nil {
				return *got.Delivery
			}
		}
		t.Fatal("nothing leaves")
		return campaign.Delivery{}
	}
	for range 2 {
		ok(t, b.Settle(next(), campaign.Outcome{Kind: campaign.Accepted}, now))
	}
	_, err = desk(b).Pause(c.ID)
	ok(t, err)
	undo, err := desk(b).Undo(t.Context(), c.ID, 2, now)
	ok(t, err)
	if d := next(); d.Revokes == "" {
		t.Fatalf("nothing is deleted, but sent: %+v", d)
	} else {
		ok(t, b.Settle(d, campaign.Outcome{Kind: campaign.Accepted}, now))
	}
	_, err = desk(b).Pause(undo.ID)
	ok(t, err)
	_, err = desk(b).Resume(c.ID)
	ok(t, err)
	ok(t, b.Settle(next(), campaign.Outcome{Kind: campaign.Accepted}, now)) // the guard rails begin anew
	ok(t, b.Settle(next(), campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.HoldOffline)}, now))
	next()
	first, err := b.Delivery(c.ID, 0)
	ok(t, err)
	ok(t, b.Heard(n.ID, campaign.Incoming{From: people.Seen{Phone: first.Phone}, ID: "why", Text: "Quanto custa?", At: time.Now()}))
	_, err = desk(b).Answer(t.Context(), c.ID, first.Contact, "Dez reais", time.Now())
	ok(t, err)
	c, err = desk(b).AddCampaign(campaign.Campaign{Name: "d", Text: "Oi"}) // and one that is being frozen
	ok(t, err)
	b.stop(campaignJobKey(c.ID), errors.New("not now"))
	_, err = desk(b).Begin(t.Context(), c.ID, time.Now())
	ok(t, err)
	c, err = desk(b).AddCampaign(campaign.Campaign{Name: "e", Text: "Oi"}) // and one that starts by itself
	ok(t, err)
	_, err = desk(b).Schedule(c.ID, time.Now().Add(time.Hour))
	ok(t, err)
	ok(t, b.Close())
	return path
}

// examined is what is wrong with a book.
func examined(t *testing.T, path string) (wrong []string) {
	t.Helper()
	h, err := bolt.Examine(nil, path, Check)
	ok(t, err)
	for _, finding := range h.Wrong {
		wrong = append(wrong, finding.Error())
	}
	return wrong
}

func TestABusyBookIsWell(t *testing.T) {
	path := busyBook(t)
	before, err := os.ReadFile(path)
	ok(t, err)
	h, err := bolt.Examine(nil, path, Check)
	ok(t, err)
	if len(h.Wrong) > 0 {
		t.Errorf("a book that is well: %q", h.Wrong)
	}
	if h.Size != int64(len(before)) || h.Free <= 0 || h.Free >= h.Size {
		t.Errorf("%d bytes, %d of them free; the file has %d", h.Size, h.Free, len(before))
	}
	after, err := os.ReadFile(path)
	ok(t, err)
	if !bytes.Equal(before, after) {
		t.Error("looking at the book has changed it")
	}
	for _, name := range buckets { // or the tests below would show nothing
		empty := true
		edit(t, path, func(tx *bolt.Tx) error {
			k, _ := bucket(tx, name).Cursor().First()
			empty = k == nil
			return nil
		})
		if empty {
			t.Errorf("the table %q is empty", name)
		}
	}
}

// edit changes a closed book behind its back.
func edit(t *testing.T, path string, change func(tx *bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, bolt.Options{})
	ok(t, err)
	ok(t, db.Update(func(tx *bolt.Tx) error { tx.Touch(); return change(tx) }))
	ok(t, db.Close())
}

// TestNoRowGoesMissingUnnoticed takes the first row of every table away, and
// then puts one there that belongs to nothing.
func TestNoRowGoesMissingUnnoticed(t *testing.T) {
	// What can be lost without harm: pace and history are learnt again.
	harmless := []string{"unanswered", "turns", "ours", "blocked", "sends", "guards", "sample", "latest", "timers", "events", "merged", "merges"}
	for _, table := range buckets {
		t.Run(table, func(t *testing.T) {
			path := busyBook(t)
			edit(t, path, func(tx *bolt.Tx) error {
				k, _ := bucket(tx, table).Cursor().First()
				return bucket(tx, table).Delete(bytes.Clone(k))
			})
			if wrong := examined(t, path); len(wrong) == 0 && !slices.Contains(harmless, table) {
				t.Error("a row less, and no finding")
			}
			if table == "meta" {
				return
			}
			path = busyBook(t)
			edit(t, path, func(tx *bolt.Tx) error {
				k, v := bucket(tx, table).Cursor().First()
				k, v = bytes.Clone(k), bytes.Clone(v)
				for i := range k { // the same length, another place
					k[i] ^= 0x55
				}
				return bucket(tx, table).Put(k, v)
			})
			strange := slices.Contains([]string{"numbers", "ours", "campaigns", "turns", "merged"}, table) // one more is just one more
			if wrong := examined(t, path); len(wrong) == 0 && !strange {
				t.Error("a row that belongs to nothing, and no finding")
			}
			path = busyBook(t)
			edit(t, path, func(tx *bolt.Tx) error {
				k, _ := bucket(tx, table).Cursor().First()
				return bucket(tx, table).Put(bytes.Clone(k), []byte("x"))
			})
			if wrong := examined(t, path); len(wrong) == 0 && table != "running" {
				t.Error("a row of nonsense, and no finding")
			}
		})
	}
}

func TestBookOfVersion1IsBroughtToToday(t *testing.T) {
	path := busyBook(t)
	edit(t, path, func(tx *bolt.Tx) error {
		var old [][2][]byte
		persons := bucket(tx, "persons")
		err := persons.ForEach(func(k, v []byte) error {
			c, err := contactTx(tx, people.ContactID(binary.BigEndian.Uint64(k[8:])))
			old = append(old, [2][]byte{append(bytes.Clone(k[:8]), "+"+c.Phone.Key()...), bytes.Clone(v)})
			return err
		})
		ok(t, err)
		ok(t, tx.DeleteBucket([]byte("persons")))
		ok(t, tx.DeleteBucket([]byte("uploads")))
		persons, err = tx.CreateBucket([]byte("persons"))
		ok(t, err)
		for _, row := range old {
			ok(t, persons.Put(row[0], row[1]))
		}
		if len(old) == 0 {
			t.Error("nobody was written to")
		}
		// Nor did its deliveries have attachments.
		cursor := bucket(tx, "deliveries").Cursor()
		for k, v := cursor.First(); k != nil; k, v = cursor.Next() {
			d, err := decodeDelivery(k, v)
			ok(t, err)
			d.Upload = 0
			ok(t, bucket(tx, "deliveries").Put(bytes.Clone(k), encodeDelivery(&d)))
		}
		return bucket(tx, "meta").Put([]byte("version"), key(uint32(1)))
	})
	if wrong := examined(t, path); len(wrong) > 0 {
		t.Errorf("before: %q", wrong)
	}
	b, err := Open(path, Options{Kind: Demo})
	ok(t, err)
	ok(t, b.Close())
	if wrong := examined(t, path); len(wrong) > 0 {
		t.Errorf("after: %q", wrong)
	}
	edit(t, path, func(tx *bolt.Tx) error {
		if got := binary.BigEndian.Uint32(bucket(tx, "meta").Get([]byte("version"))); got != version {
			t.Errorf("version %d, want %d", got, version)
		}
		return nil
	})
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(tx *bolt.Tx) error
		want   string
	}{
		{"counter of people", func(tx *bolt.Tx) error { return addCountTx(tx, countContacts, 1) },
			`check_counted "contacts" 9 8`},
		{"counter of opt-outs", func(tx *bolt.Tx) error { return addCountTx(tx, countOptOuts, -1) },
			`check_counted "opt-outs" 0 1`},
		{"counter of suppressed addresses", func(tx *bolt.Tx) error { return addCountTx(tx, countSuppressed, 1) },
			`check_counted "suppressed addresses" 2 1`},
		{"counter of a state", func(tx *bolt.Tx) error {
			tally, err := tallyTx(tx, 1)
			tally.counts[campaign.Sent]++
			return errors.Join(err, putTallyTx(tx, 1, tally))
		}, `check_tally 1 3 "sent" 2`},
		{"counter of what is left", func(tx *bolt.Tx) error {
			tally, err := tallyTx(tx, 1)
			tally.pending--
			return errors.Join(err, putTallyTx(tx, 1, tally))
		}, `check_tally 1 3 "still to send" 4`},
		{"size of a list", func(tx *bolt.Tx) error {
			return bucket(tx, "lists").Put([]byte("clientes"), []byte(`{"ID":1,"Name":"clientes","Size":7}`))
		}, `check_counted "list clientes" 7 2`},
		{"a list of two names", func(tx *bolt.Tx) error {
			return bucket(tx, "lists").Put([]byte("fregueses"), []byte(`{"ID":1,"Name":"fregueses","Size":2}`))
		}, `check_damaged "lists" 667265677565736573`},
		{"somebody on a list who is nobody", func(tx *bolt.Tx) error {
			people := membersTx(tx, 1)
			people.Add(9999)
			_, err := putMembersTx(tx, List{ID: 1, Name: "clientes"}, people)
			return err
		}, `check_stray "members" 0000000100000000`},
		{"people on a list that is not there", func(tx *bolt.Tx) error {
			var people people.Set
			people.Add(1)
			return bucket(tx, "members").Put(key(uint32(7), uint32(0)), memberRow(people, 0))
		}, `check_stray "members" 00000007`},
		{"paused, and yet among the running", func(tx *bolt.Tx) error {
			c, err := campaignTx(tx, 1)
			c.Status = campaign.Paused
			return errors.Join(err, putCampaignTx(tx, c))
		}, `check_running 1 "paused"`},
		{"people merged in a circle", func(tx *bolt.Tx) error {
			return errors.Join(bucket(tx, "merged").Put(key(uint64(50)), key(uint64(51))), bucket(tx, "merged").Put(key(uint64(51)), key(uint64(50))))
		}, `check_stray "merged" 0000000000000032`},
		{"a newer version", func(tx *bolt.Tx) error { return bucket(tx, "meta").Put([]byte("version"), key(version+1)) },
			fmt.Sprintf("check_newer %d %d", version+1, version)},
		{"another kind", func(tx *bolt.Tx) error { return bucket(tx, "meta").Put([]byte("kind"), []byte("x")) },
			"check_kind"},
		{"no queue", func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("queue")) },
			`check_table "queue"`},
		{"nobody knows that they were written to", func(tx *bolt.Tx) error {
			return bucket(tx, "persons").ForEach(func(k, _ []byte) error { return bucket(tx, "persons").Delete(k) })
		}, "check_twice"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := busyBook(t)
			edit(t, path, test.change)
			if wrong := strings.Join(examined(t, path), "; "); !strings.Contains(wrong, test.want) {
				t.Errorf("found %q, want %q", wrong, test.want)
			}
		})
	}
}

func TestDamagedFilesAreFindingsAndNoCrash(t *testing.T) {
	for _, test := range []struct {
		name   string
		damage func(data []byte) []byte
		want   string
	}{
		{"empty", func([]byte) []byte { return nil }, "check_no_database"},
		{"text", func([]byte) []byte { return bytes.Repeat([]byte("recado "), 5000) }, "check_no_database"},
		{"check_short", func(data []byte) []byte { return data[:5*os.Getpagesize()] }, "check_short"},
		{"zeros in the middle", func(data []byte) []byte {
			for page := 2; page < len(data)/os.Getpagesize(); page++ {
				clear(data[page*os.Getpagesize() : page*os.Getpagesize()+16])
			}
			return data
		}, "check_pages"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := busyBook(t)
			data, err := os.ReadFile(path)
			ok(t, err)
			ok(t, os.WriteFile(path, test.damage(data), 0o600))
			if wrong := strings.Join(examined(t, path), "; "); !strings.Contains(wrong, test.want) {
				t.Errorf("found %q, want %q", wrong, test.want)
			}
		})
	}
	if _, err := bolt.Examine(nil, filepath.Join(t.TempDir(), "book.db"), Check); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	path := busyBook(t)
	h, err := bolt.Examine(nil, path, func(*bolt.Tx) []reason.Reason { panic("a fault of ours") })
	if err != nil || len(h.Wrong) != 1 {
		t.Errorf("a check that breaks: %q, %v", h.Wrong, err)
	}
	h, err = bolt.Examine(nil, path, func(*bolt.Tx) []reason.Reason { return make([]reason.Reason, 5000) })
	if err != nil || len(h.Wrong) != 100+1 || !h.Wrong[100].Equal(reason.New(reason.CheckMore, 4900)) {
		t.Errorf("%d findings of 5000 are told, the last is %q, %v", len(h.Wrong), h.Wrong[len(h.Wrong)-1], err)
	}
}
