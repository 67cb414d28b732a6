package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Check reads the whole book and says what in it does not fit together: its
// version and kind, what leads to the people, and every table that follows
// from the deliveries. It finds nothing in a book that is whole. It is for
// Examine.
func Check(tx *bolt.Tx) []reason.Reason {
	c := &checking{tx: tx}
	if c.frame() && c.merges() {
		c.people()
		c.deliveries()
		c.audit()
	}
	return c.found
}

// checking is one Check under way.
type checking struct {
	tx    *bolt.Tx
	found []reason.Reason
}

func (c *checking) wrong(code reason.Code, args ...any) {
	c.found = append(c.found, reason.New(code, args...))
}

// The usual findings. Rows are named by their keys, see rowName.

func (c *checking) damaged(t table, k []byte) {
	c.wrong(reason.CheckDamaged, t.String(), rowName(k))
}

func (c *checking) stray(t table, k []byte) {
	c.wrong(reason.CheckStray, t.String(), rowName(k))
}

func (c *checking) missing(t table, k []byte) {
	c.wrong(reason.CheckMissing, t.String(), rowName(k))
}

// rowName writes the key of a row: that of a delivery as campaign/place, any
// other as hexadecimal digits.
func rowName(k []byte) reason.Plain {
	if len(k) == 12 {
		id, seq := deliveryAt(k)
		return reason.Plain(fmt.Sprintf("%d/%d", id, seq))
	}
	return reason.Plain(fmt.Sprintf("%x", k))
}

// each runs look over the rows of a table whose keys have the length that it
// gives them, and whose values have that one, and finds the others damaged; a
// negative length is any.
func (c *checking) each(t table, value int, look func(k, v []byte)) {
	for k, v := range t.Each(c.tx, nil) {
		if key := t.Size(); key >= 0 && len(k) != key || value >= 0 && len(v) != value {
			c.damaged(t, k)
			continue
		}
		look(k, v)
	}
}

func (c *checking) has(t table, k []byte) bool { return t.HasAt(c.tx, k) }

// frame checks that all tables are there, and of a version and a kind that
// this program knows.
func (c *checking) frame() bool {
	if !metaTable.Exists(c.tx) {
		c.wrong(reason.CheckTable, metaTable.String())
		return false
	}
	if v := metaTable.Get(c.tx, metaVersion); len(v) != 4 || fromRow[uint32](v) == 0 {
		c.wrong(reason.CheckNoVersion)
	} else if have := fromRow[uint32](v); have > version {
		c.wrong(reason.CheckNewer, have, version)
	} else if have < version {
		return false // its tables are those of an older program, which this one does not know
	}
	for _, t := range allTables {
		if !t.Exists(c.tx) {
			c.wrong(reason.CheckTable, t.String())
		}
	}
	if len(c.found) > 0 {
		return false
	}
	if kind := Kind(metaTable.Get(c.tx, metaKind)); kind != Real && kind != Demo {
		c.wrong(reason.CheckKind)
	}
	return len(c.found) == 0
}

// merges checks that every id that was merged away leads to somebody, which
// everything else relies on.
func (c *checking) merges() bool {
	longest := mergedTable.Rows(c.tx)
	c.each(mergedTable, 8, func(k, v []byte) {
		for range longest { // longer would be a circle
			next := mergedTable.GetAt(c.tx, v)
			if next == nil {
				if !c.has(contactsTable, v) {
					c.stray(mergedTable, k)
				}
				return
			}
			v = next
		}
		c.stray(mergedTable, k)
	})
	return len(c.found) == 0
}

// people compares everything that leads to a person, and the counters, with
// the records.
func (c *checking) people() {
	count, optedOut, inDoubt := 0, 0, 0
	c.each(contactsTable, -1, func(k, v []byte) {
		p, err := decodeContact(contactsTable.Parts(k), v)
		if err != nil {
			c.damaged(contactsTable, k)
			return
		}
		count++
		if p.OptedOut {
			optedOut++
		}
		if p.InDoubt() {
			inDoubt++
		}
		for _, alias := range aliasesOf(&p) {
			if id, ok := aliasTx(c.tx, alias); !ok || id != p.ID {
				c.missing(aliasesTable, []byte(alias))
			}
		}
		for _, alias := range formerKeys(&p) {
			if !c.has(aliasesTable, []byte(alias)) {
				c.missing(aliasesTable, []byte(alias))
			}
		}
		for _, f := range p.Former {
			if id, ok := aliasTx(c.tx, phoneKey(f.Phone)); ok && id == p.ID {
				c.wrong(reason.CheckForeignPhone, p.ID)
			}
		}
		if !c.has(namesTable, namesTable.key(p.ID, &p)) {
			c.missing(namesTable, namesTable.key(p.ID, &p))
		}
		if c.has(mergedTable, k) {
			c.stray(mergedTable, k)
		}
	})
	c.counted("contacts", countTx(c.tx, countContacts), count)
	c.counted("opt-outs", countTx(c.tx, countOptOuts), optedOut)
	c.counted("doubts", countTx(c.tx, countDoubts), inDoubt)
	c.each(aliasesTable, 8, func(k, v []byte) {
		id, ok := aliasTx(c.tx, string(k))
		if ok && k[0] == formerAlias {
			p, err := contactTx(c.tx, id)
			ok = err == nil && slices.Contains(formerKeys(&p), string(k))
		}
		if !ok || k[0] != phoneAlias && k[0] != lidAlias && k[0] != formerAlias {
			c.stray(aliasesTable, k)
		}
	})
	named := 0
	c.each(namesTable, 0, func(k, _ []byte) {
		named++
		if len(k) < 8 || !c.has(contactsTable, k[len(k)-8:]) {
			c.stray(namesTable, k)
		}
	})
	if named != count {
		c.counted("names", named, count)
	}
	c.lists()
}

// lists compares the lists with the sets of who is on them.
func (c *checking) lists() {
	sizes := make(map[uint32]int)
	c.each(membersTable, memberBlock, func(k, v []byte) {
		list, n := membersTable.Parts(k)
		first := people.ContactID(n) * memberBlock * 8
		for i := range memberBlock * 8 {
			if v[i/8]&(1<<(i%8)) == 0 {
				continue
			}
			if sizes[list]++; !contactsTable.Has(c.tx, first+people.ContactID(i)) {
				c.stray(membersTable, k)
			}
		}
	})
	seen := make(map[uint32]bool)
	c.each(listsTable, -1, func(k, v []byte) {
		var l List
		if err := json.Unmarshal(v, &l); err != nil || people.Fold(l.Name) != string(k) || l.ID == 0 || seen[l.ID] {
			c.damaged(listsTable, k)
			return
		}
		seen[l.ID] = true
		c.counted("list "+l.Name, l.Size, sizes[l.ID])
		delete(sizes, l.ID)
	})
	for list := range sizes {
		if !seen[list] {
			c.stray(membersTable, row(list))
		}
	}
}

// audit checks that no entry is missing, and that those whose end is not known
// are the ones that wait for it.
func (c *checking) audit() {
	last, next := auditTable.Given(c.tx), uint64(1)
	c.each(auditTable, -1, func(k, v []byte) {
		id := auditTable.Parts(k)
		if id > last {
			c.stray(auditTable, k)
			return
		}
		if id != next {
			c.missing(auditTable, auditTable.Key(next))
		}
		next = id + 1
		if e, err := decodeEntry(id, v); err != nil {
			c.damaged(auditTable, k)
		} else if (e.Outcome == Asked) != c.has(askedTable, k) {
			c.missing(askedTable, k)
		}
	})
	if next <= last {
		c.missing(auditTable, auditTable.Key(last))
	}
	c.each(askedTable, 1, func(k, v []byte) {
		if v[0] != 1 {
			c.damaged(askedTable, k)
		} else if !c.has(auditTable, k) {
			c.stray(askedTable, k)
		}
	})
}

func (c *checking) counted(what string, counted, are int) {
	if counted != are {
		c.wrong(reason.CheckCounted, what, counted, are)
	}
}

// place is the key of a delivery.
type place [12]byte

// deliveries compares everything that follows from a delivery, and the counts
// of the campaigns, with the records.
func (c *checking) deliveries() {
	c.each(numbersTable, -1, func(k, v []byte) {
		if json.Unmarshal(v, new(campaign.Number)) != nil {
			c.damaged(numbersTable, k)
		}
	})
	c.each(turnsTable, -1, func(k, v []byte) {
		if json.Unmarshal(v, new(turn)) != nil {
			c.damaged(turnsTable, k)
		}
	})
	c.each(sendsTable, 0, func(k, _ []byte) {
		if !c.has(numbersTable, k[:4]) {
			c.stray(sendsTable, k)
		}
	})
	tallies := make(map[campaign.ID]*tally)
	c.each(campaignsTable, -1, func(k, v []byte) {
		if json.Unmarshal(v, new(campaign.Campaign)) != nil {
			c.damaged(campaignsTable, k)
		}
		tallies[campaignsTable.Parts(k)] = new(tally)
	})
	c.each(uploadsTable, -1, func(k, v []byte) {
		if _, err := decodeUpload(v); err != nil {
			c.damaged(uploadsTable, k)
		} else if !c.has(campaignsTable, k[:8]) || !c.has(numbersTable, k[8:12]) {
			c.stray(uploadsTable, k)
		}
	})
	c.each(oursTable, 4, func(k, v []byte) {
		if !c.has(numbersTable, v) {
			c.stray(oursTable, k)
		}
	})
	c.each(blockedTable, 0, func(k, _ []byte) {
		if alias, by, ok := blockedTable.parts(k); !ok || alias == "" || !numbersTable.Has(c.tx, by) {
			c.stray(blockedTable, k)
		}
	})
	c.each(guardsTable, -1, func(k, v []byte) {
		if _, err := decodeGuard(v); err != nil {
			c.damaged(guardsTable, k)
		} else if !c.has(campaignsTable, k[:8]) {
			c.stray(guardsTable, k)
		}
	})
	c.each(sampleTable, 1, func(k, v []byte) {
		if v[0] > 1 {
			c.damaged(sampleTable, k)
		}
		if at := append(bytes.Clone(k[:8]), k[20:]...); !c.has(deliveriesTable, at) {
			c.stray(sampleTable, k)
		}
	})
	queued, claimed := c.scan(tallies)
	c.waiting(queued)
	c.sent(claimed)
	c.tallies(tallies)
	c.jobs()
}

// scan reads every delivery. It adds them up, and returns which ones wait in
// the queue and which have been claimed.
func (c *checking) scan(tallies map[campaign.ID]*tally) (queued, claimed map[place]bool) {
	queued, claimed = make(map[place]bool), make(map[place]bool)
	c.each(deliveriesTable, -1, func(k, v []byte) {
		d, err := decodeDelivery(k, v)
		t := tallies[d.Campaign]
		if err != nil || t == nil || !numbersTable.Has(c.tx, d.Number) {
			c.damaged(deliveriesTable, k)
			return
		}
		t.counts[d.State]++
		if d.Pending() {
			t.pending++
		}
		switch {
		case d.Again():
			if at := againTable.Key(d.Number, d.Campaign, d.Seq); !c.has(againTable, at) {
				c.missing(againTable, at)
			}
		case d.State == campaign.Queued:
			queued[place(k)] = true
		case d.State == campaign.Sending:
			if at := inflightTable.Key(d.Number); !bytes.Equal(inflightTable.GetAt(c.tx, at), k) {
				c.missing(inflightTable, at)
			}
		}
		if at := uploadsTable.Key(d.Campaign, d.Number, d.Upload); d.Upload != 0 && !c.has(uploadsTable, at) {
			c.missing(uploadsTable, at)
		}
		if d.Message != "" {
			claimed[place(k)] = true
			if !bytes.Equal(messagesTable.Get(c.tx, d.Message), k) {
				c.missing(messagesTable, []byte(d.Message))
			}
			if !personsTable.Has(c.tx, d.Campaign, mergedTx(c.tx, d.Contact)) {
				c.wrong(reason.CheckTwice, rowName(k))
			}
		} else if d.State != campaign.Queued && d.State != campaign.Sending {
			claimed[place(k)] = true // it may have been, see forgotten.go
			if d.ClaimForgotten() && !personsTable.Has(c.tx, d.Campaign, mergedTx(c.tx, d.Contact)) {
				c.wrong(reason.CheckTwice, rowName(k))
			}
		}
	})
	return queued, claimed
}

// leads is the delivery that a row leads to, if it is there and right.
func (c *checking) leads(t table, k, at []byte, right func(d *campaign.Delivery) bool) {
	if v := deliveriesTable.GetAt(c.tx, at); v != nil {
		if d, err := decodeDelivery(at, v); err == nil && right(&d) {
			return
		}
	}
	c.stray(t, k)
}

// waiting checks who is next, what is to be tried again, and what is on the
// wire.
func (c *checking) waiting(queued map[place]bool) {
	c.each(queueTable, 0, func(k, _ []byte) {
		_, seq := queueTable.parts(k)
		at := deliveryKey(fromRow[campaign.ID](k[4:]), seq)
		c.leads(queueTable, k, at, func(d *campaign.Delivery) bool {
			once := queued[place(at)]
			delete(queued, place(at))
			return once && d.Number == fromRow[campaign.NumberID](k) && d.New == (k[12] == 1)
		})
	})
	for at := range queued {
		c.missing(queueTable, at[:])
	}
	c.each(againTable, 0, func(k, _ []byte) {
		c.leads(againTable, k, k[4:], func(d *campaign.Delivery) bool { return d.Again() && d.Number == fromRow[campaign.NumberID](k) })
	})
	c.each(inflightTable, 12, func(k, v []byte) {
		// A receipt may have come before the answer: then it is sent already.
		c.leads(inflightTable, k, v, func(d *campaign.Delivery) bool { return d.Message != "" && d.Number == fromRow[campaign.NumberID](k) })
	})
}

// sent checks what leads to a delivery that was claimed.
func (c *checking) sent(claimed map[place]bool) {
	c.each(messagesTable, 12, func(k, v []byte) {
		c.leads(messagesTable, k, v, func(d *campaign.Delivery) bool { return string(d.Message) == string(k) })
	})
	c.each(personsTable, 4, func(k, v []byte) {
		if !c.has(contactsTable, k[8:]) || !claimed[place(append(bytes.Clone(k[:8]), v...))] {
			c.stray(personsTable, k)
		}
	})
	c.each(latestTable, 12, func(k, v []byte) {
		if !c.has(contactsTable, k[:8]) {
			c.stray(latestTable, k)
		}
		c.leads(latestTable, k, v, func(d *campaign.Delivery) bool {
			return d.Message != "" && d.Number == fromRow[campaign.NumberID](k[8:])
		})
	})
	c.each(timersTable, -1, func(k, v []byte) {
		if _, err := decodeTimer(v); err != nil {
			c.damaged(timersTable, k)
		}
		if who, _ := timersTable.Parts(k); who != nobody && !contactsTable.Has(c.tx, who) {
			c.stray(timersTable, k)
		}
	})
	c.each(eventsTable, 4, func(k, v []byte) {
		c.leads(eventsTable, k, append(bytes.Clone(k[:8]), v...), func(*campaign.Delivery) bool { return true })
	})
}

// tallies compares the counts of every campaign with what a scan gave, and
// that the running ones are those that run.
func (c *checking) tallies(scanned map[campaign.ID]*tally) {
	for id, is := range scanned {
		counts, err := tallyTx(c.tx, id)
		if err != nil {
			c.damaged(countsTable, row(id))
			continue
		}
		for state, n := range counts.counts {
			if n != is.counts[state] {
				c.wrong(reason.CheckTally, id, n, campaign.State(state).String(), is.counts[state])
			}
		}
		if counts.pending != is.pending {
			c.wrong(reason.CheckTally, id, counts.pending, "still to send", is.pending)
		}
		camp, err := campaignTx(c.tx, id)
		if err != nil {
			continue // found before
		}
		if runs := camp.Status == campaign.Running; runs != runningTable.Has(c.tx, id) {
			c.wrong(reason.CheckRunning, id, camp.Status.String())
		} else if runs && is.pending == 0 {
			c.wrong(reason.CheckIdle, id)
		}
		// What is on the wire is not the sweeper's.
		swept := camp.Status != campaign.Cancelled || is.pending == is.counts[campaign.Sending]
		if at := campaignJobKey(id); (camp.Status == campaign.Freezing || !swept) && !c.has(jobsTable, at) {
			c.missing(jobsTable, at)
		}
	}
	for _, t := range []table{countsTable, runningTable} {
		c.each(t, -1, func(k, _ []byte) {
			if !c.has(campaignsTable, k) {
				c.stray(t, k)
			}
		})
	}
}

// jobs checks that every job is of a campaign that needs it, or of nobody's, and
// that what was staged for it is there.
func (c *checking) jobs() {
	staged := make(map[string]int) // people, by job
	c.each(stagedTable, -1, func(k, v []byte) {
		j, ok, err := jobTx(c.tx, k[:9])
		n := 0
		switch {
		case !ok || err != nil:
			c.stray(stagedTable, k)
			return
		case j.Kind == JobImport:
			var rows []people.Row
			rows, err = decodeRows(v)
			n = len(rows)
		case j.Freeze != nil:
			if len(v)%8 != 0 {
				err = bolt.ErrRecord
			}
			for _, b := range v {
				n += bits.OnesCount8(b)
			}
		}
		if err != nil {
			c.damaged(stagedTable, k)
		}
		staged[string(k[:9])] += n
	})
	c.each(jobsTable, -1, func(k, v []byte) {
		j, err := decodeJob(k, v)
		if err != nil {
			c.damaged(jobsTable, k)
			return
		}
		if k[0] == peopleJob && j.Kind == JobDrop {
			return
		}
		if k[0] == peopleJob && j.Kind == JobImport && j.Report != nil {
			if !j.Staging {
				c.counted("import "+j.Source, j.Total-j.Done, staged[string(k)])
			}
			return
		}
		camp, err := campaignTx(c.tx, j.Campaign)
		right := err == nil && bytes.Equal(k, campaignJobKey(j.Campaign))
		switch j.Kind {
		case JobCancel:
			right = right && camp.Status == campaign.Cancelled
		case JobFreeze:
			right = right && camp.Status == campaign.Freezing && j.Freeze != nil
		case JobUndo:
			right = right && (camp.Status == campaign.Freezing || camp.Status == campaign.Cancelled) && j.Freeze != nil
		default:
			right = false
		}
		if !right {
			c.stray(jobsTable, k)
		} else if j.Freeze != nil {
			c.counted("audience of campaign "+j.Campaign.String(), j.Total, staged[string(k)])
		}
	})
}
