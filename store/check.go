package store

import (
	"bytes"
	"encoding/binary"
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
// from the deliveries. A book that is well has no findings. It is for Examine.
func Check(tx *bolt.Tx) []reason.Reason {
	c := &checking{tx: tx}
	if c.frame() && c.merges() {
		c.people()
		c.deliveries()
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

func (c *checking) damaged(table string, k []byte) {
	c.wrong(reason.CheckDamaged, table, rowName(k))
}

func (c *checking) stray(table string, k []byte) {
	c.wrong(reason.CheckStray, table, rowName(k))
}

func (c *checking) missing(table string, k []byte) {
	c.wrong(reason.CheckMissing, table, rowName(k))
}

// rowName writes the key of a row: that of a delivery as campaign/place, any
// other as hexadecimal digits.
func rowName(k []byte) reason.Plain {
	if len(k) == 12 {
		return reason.Plain(fmt.Sprintf("%d/%d", binary.BigEndian.Uint64(k), binary.BigEndian.Uint32(k[8:])))
	}
	return reason.Plain(fmt.Sprintf("%x", k))
}

// each runs look over the rows of a table whose key and value have those
// lengths, and finds the others damaged; a negative length is any.
func (c *checking) each(table string, key, value int, look func(k, v []byte)) {
	cursor := bucket(c.tx, table).Cursor()
	for k, v := cursor.First(); k != nil; k, v = cursor.Next() {
		if key >= 0 && len(k) != key || value >= 0 && len(v) != value {
			c.damaged(table, k)
			continue
		}
		look(k, v)
	}
}

func (c *checking) has(table string, k []byte) bool { return bucket(c.tx, table).Get(k) != nil }

// frame checks that all tables are there, and of a version and a kind that
// this program knows.
func (c *checking) frame() bool {
	meta := bucket(c.tx, "meta")
	if meta == nil {
		c.wrong(reason.CheckTable, "meta")
		return false
	}
	if v := meta.Get([]byte("version")); len(v) != 4 || binary.BigEndian.Uint32(v) == 0 {
		c.wrong(reason.CheckNoVersion)
	} else if have := binary.BigEndian.Uint32(v); have > version {
		c.wrong(reason.CheckNewer, have, version)
	} else if have < version {
		return false // its tables are those of an older program, which this one does not know
	}
	for _, name := range buckets {
		if bucket(c.tx, name) == nil {
			c.wrong(reason.CheckTable, name)
		}
	}
	if len(c.found) > 0 {
		return false
	}
	if kind := Kind(meta.Get([]byte("kind"))); kind != Real && kind != Demo {
		c.wrong(reason.CheckKind)
	}
	return len(c.found) == 0
}

// merges checks that every id that was merged away leads to somebody, which
// everything else relies on.
func (c *checking) merges() bool {
	merged := bucket(c.tx, "merged")
	longest := merged.Stats().KeyN
	c.each("merged", 8, 8, func(k, v []byte) {
		for range longest { // more would be a circle
			next := merged.Get(v)
			if next == nil {
				if !c.has("contacts", v) {
					c.stray("merged", k)
				}
				return
			}
			v = next
		}
		c.stray("merged", k)
	})
	return len(c.found) == 0
}

// people compares everything that leads to a person, and the counters, with
// the records.
func (c *checking) people() {
	count, optedOut := 0, 0
	c.each("contacts", 8, -1, func(k, v []byte) {
		p, err := decodeContact(people.ContactID(binary.BigEndian.Uint64(k)), v)
		if err != nil {
			c.damaged("contacts", k)
			return
		}
		count++
		if p.OptedOut {
			optedOut++
		}
		for _, alias := range aliasesOf(&p) {
			if id, ok := aliasTx(c.tx, alias); !ok || id != p.ID {
				c.missing("aliases", []byte(alias))
			}
		}
		for _, alias := range formerKeys(&p) {
			if !c.has("aliases", []byte(alias)) {
				c.missing("aliases", []byte(alias))
			}
		}
		for _, f := range p.Former {
			if id, ok := aliasTx(c.tx, phoneKey(f.Phone)); ok && id == p.ID {
				c.wrong(reason.CheckForeignPhone, p.ID)
			}
		}
		if !c.has("names", nameKey(p.ID, &p)) {
			c.missing("names", nameKey(p.ID, &p))
		}
		if c.has("merged", k) {
			c.stray("merged", k)
		}
	})
	c.counted("contacts", countTx(c.tx, countContacts), count)
	c.counted("opt-outs", countTx(c.tx, countOptOuts), optedOut)
	c.each("aliases", -1, 8, func(k, v []byte) {
		id, ok := aliasTx(c.tx, string(k))
		if ok && k[0] == formerAlias {
			p, err := contactTx(c.tx, id)
			ok = err == nil && slices.Contains(formerKeys(&p), string(k))
		}
		if !ok || k[0] != phoneAlias && k[0] != lidAlias && k[0] != formerAlias {
			c.stray("aliases", k)
		}
	})
	named := 0
	c.each("names", -1, 0, func(k, _ []byte) {
		named++
		if len(k) < 8 || !c.has("contacts", k[len(k)-8:]) {
			c.stray("names", k)
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
	c.each("members", 8, memberBlock, func(k, v []byte) {
		list, first := binary.BigEndian.Uint32(k), uint64(binary.BigEndian.Uint32(k[4:]))*memberBlock*8
		for i := range memberBlock * 8 {
			if v[i/8]&(1<<(i%8)) == 0 {
				continue
			}
			if sizes[list]++; !c.has("contacts", key(first+uint64(i))) {
				c.stray("members", k)
			}
		}
	})
	seen := make(map[uint32]bool)
	c.each("lists", -1, -1, func(k, v []byte) {
		var l List
		if err := json.Unmarshal(v, &l); err != nil || people.Fold(l.Name) != string(k) || l.ID == 0 || seen[l.ID] {
			c.damaged("lists", k)
			return
		}
		seen[l.ID] = true
		c.counted("list "+l.Name, l.Size, sizes[l.ID])
		delete(sizes, l.ID)
	})
	for list := range sizes {
		if !seen[list] {
			c.stray("members", key(list))
		}
	}
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
	c.each("numbers", 4, -1, func(k, v []byte) {
		if json.Unmarshal(v, new(campaign.Number)) != nil {
			c.damaged("numbers", k)
		}
	})
	c.each("turns", 4, -1, func(k, v []byte) {
		if json.Unmarshal(v, new(turn)) != nil {
			c.damaged("turns", k)
		}
	})
	c.each("sends", 13, 0, func(k, _ []byte) {
		if !c.has("numbers", k[:4]) {
			c.stray("sends", k)
		}
	})
	tallies := make(map[campaign.ID]*tally)
	c.each("campaigns", 8, -1, func(k, v []byte) {
		if json.Unmarshal(v, new(campaign.Campaign)) != nil {
			c.damaged("campaigns", k)
		}
		tallies[campaign.ID(binary.BigEndian.Uint64(k))] = new(tally)
	})
	c.each("uploads", 20, -1, func(k, v []byte) {
		if _, err := decodeUpload(v); err != nil {
			c.damaged("uploads", k)
		} else if !c.has("campaigns", k[:8]) || !c.has("numbers", k[8:12]) {
			c.stray("uploads", k)
		}
	})
	c.each("ours", -1, 4, func(k, v []byte) {
		if !c.has("numbers", v) {
			c.stray("ours", k)
		}
	})
	c.each("blocked", -1, 0, func(k, _ []byte) {
		if len(k) < 6 || !c.has("numbers", k[len(k)-4:]) {
			c.stray("blocked", k)
		}
	})
	c.each("guards", 12, -1, func(k, v []byte) {
		if _, err := decodeGuard(v); err != nil {
			c.damaged("guards", k)
		} else if !c.has("campaigns", k[:8]) {
			c.stray("guards", k)
		}
	})
	c.each("sample", 24, 1, func(k, v []byte) {
		if v[0] > 1 {
			c.damaged("sample", k)
		}
		if at := append(bytes.Clone(k[:8]), k[20:]...); !c.has("deliveries", at) {
			c.stray("sample", k)
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
	c.each("deliveries", 12, -1, func(k, v []byte) {
		d, err := decodeDelivery(k, v)
		t := tallies[d.Campaign]
		if err != nil || t == nil || !c.has("numbers", key(uint32(d.Number))) {
			c.damaged("deliveries", k)
			return
		}
		t.counts[d.State]++
		if pending(&d) {
			t.pending++
		}
		switch {
		case again(&d):
			if at := key(uint32(d.Number), uint64(d.Campaign), d.Seq); !c.has("again", at) {
				c.missing("again", at)
			}
		case d.State == campaign.Queued:
			queued[place(k)] = true
		case d.State == campaign.Sending:
			if at := key(uint32(d.Number)); !bytes.Equal(bucket(c.tx, "inflight").Get(at), k) {
				c.missing("inflight", at)
			}
		}
		if at := uploadKey(d.Campaign, d.Number, d.Upload); d.Upload != 0 && !c.has("uploads", at) {
			c.missing("uploads", at)
		}
		if d.Message != "" {
			claimed[place(k)] = true
			if !bytes.Equal(bucket(c.tx, "messages").Get([]byte(d.Message)), k) {
				c.missing("messages", []byte(d.Message))
			}
			if !c.has("persons", key(uint64(d.Campaign), uint64(mergedTx(c.tx, d.Contact)))) {
				c.wrong(reason.CheckTwice, rowName(k))
			}
		} else if d.State != campaign.Queued && d.State != campaign.Sending {
			claimed[place(k)] = true // it may have been, see forgotten.go
			if claimLost(&d) && !c.has("persons", key(uint64(d.Campaign), uint64(mergedTx(c.tx, d.Contact)))) {
				c.wrong(reason.CheckTwice, rowName(k))
			}
		}
	})
	return queued, claimed
}

// leads is the delivery that a row leads to, if it is there and right.
func (c *checking) leads(table string, k, at []byte, right func(d *campaign.Delivery) bool) {
	if v := bucket(c.tx, "deliveries").Get(at); v != nil {
		if d, err := decodeDelivery(at, v); err == nil && right(&d) {
			return
		}
	}
	c.stray(table, k)
}

// number reads the number that a key begins with.
func number(k []byte) campaign.NumberID { return campaign.NumberID(binary.BigEndian.Uint32(k)) }

// waiting checks who is next, what is to be tried again, and what is on the
// wire.
func (c *checking) waiting(queued map[place]bool) {
	c.each("queue", 18, 0, func(k, _ []byte) {
		at := append(bytes.Clone(k[4:12]), k[14:]...)
		c.leads("queue", k, at, func(d *campaign.Delivery) bool {
			once := queued[place(at)]
			delete(queued, place(at))
			return once && d.Number == number(k) && d.New == (k[12] == 1)
		})
	})
	for at := range queued {
		c.missing("queue", at[:])
	}
	c.each("again", 16, 0, func(k, _ []byte) {
		c.leads("again", k, k[4:], func(d *campaign.Delivery) bool { return again(d) && d.Number == number(k) })
	})
	c.each("inflight", 4, 12, func(k, v []byte) {
		// A receipt may have come before the answer: then it is sent already.
		c.leads("inflight", k, v, func(d *campaign.Delivery) bool { return d.Message != "" && d.Number == number(k) })
	})
}

// sent checks what leads to a delivery that was claimed.
func (c *checking) sent(claimed map[place]bool) {
	c.each("messages", -1, 12, func(k, v []byte) {
		c.leads("messages", k, v, func(d *campaign.Delivery) bool { return string(d.Message) == string(k) })
	})
	c.each("persons", 16, 4, func(k, v []byte) {
		if !c.has("contacts", k[8:]) || !claimed[place(append(bytes.Clone(k[:8]), v...))] {
			c.stray("persons", k)
		}
	})
	c.each("latest", 12, 12, func(k, v []byte) {
		if !c.has("contacts", k[:8]) {
			c.stray("latest", k)
		}
		c.leads("latest", k, v, func(d *campaign.Delivery) bool { return d.Message != "" && d.Number == number(k[8:]) })
	})
	c.each("timers", 12, -1, func(k, v []byte) {
		if _, err := decodeTimer(v); err != nil {
			c.damaged("timers", k)
		}
		if !c.has("contacts", k[:8]) && binary.BigEndian.Uint64(k) != uint64(nobody) {
			c.stray("timers", k)
		}
	})
	c.each("events", 16, 4, func(k, v []byte) {
		c.leads("events", k, append(bytes.Clone(k[:8]), v...), func(*campaign.Delivery) bool { return true })
	})
}

// tallies compares the counts of every campaign with what a scan gave, and
// that the running ones are those that run.
func (c *checking) tallies(scanned map[campaign.ID]*tally) {
	for id, is := range scanned {
		counts, err := tallyTx(c.tx, id)
		if err != nil {
			c.damaged("counts", key(uint64(id)))
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
		if runs := camp.Status == campaign.Running; runs != c.has("running", key(uint64(id))) {
			c.wrong(reason.CheckRunning, id, camp.Status.String())
		} else if runs && is.pending == 0 {
			c.wrong(reason.CheckIdle, id)
		}
		// What is on the wire is not the sweeper's.
		swept := camp.Status != campaign.Cancelled || is.pending == is.counts[campaign.Sending]
		if at := campaignJobKey(id); (camp.Status == campaign.Freezing || !swept) && !c.has("jobs", at) {
			c.missing("jobs", at)
		}
	}
	for _, table := range []string{"counts", "running"} {
		c.each(table, 8, -1, func(k, _ []byte) {
			if !c.has("campaigns", k) {
				c.stray(table, k)
			}
		})
	}
}

// jobs checks that every job is of a campaign that needs it, or of nobody's, and
// that what was staged for it is there.
func (c *checking) jobs() {
	staged := make(map[string]int) // people, by job
	c.each("staged", 13, -1, func(k, v []byte) {
		j, ok, err := jobTx(c.tx, k[:9])
		n := 0
		switch {
		case !ok || err != nil:
			c.stray("staged", k)
			return
		case j.Kind == JobImport:
			var rows []people.Row
			rows, err = decodeRows(v)
			n = len(rows)
		case j.Freeze != nil:
			if len(v)%8 != 0 {
				err = errDamaged
			}
			for _, b := range v {
				n += bits.OnesCount8(b)
			}
		}
		if err != nil {
			c.damaged("staged", k)
		}
		staged[string(k[:9])] += n
	})
	c.each("jobs", 9, -1, func(k, v []byte) {
		j, err := decodeJob(k, v)
		if err != nil {
			c.damaged("jobs", k)
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
			c.stray("jobs", k)
		} else if j.Freeze != nil {
			c.counted("audience of campaign "+j.Campaign.String(), j.Total, staged[string(k)])
		}
	})
}
