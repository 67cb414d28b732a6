package store

import (
	"bytes"
	"encoding/json"
	"math/bits"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// What follows from a delivery: queues, sends, counts and jobs, compared with the
// deliveries themselves.

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
	tallies, options := make(map[campaign.ID]*tally), make(map[campaign.ID]int)
	c.each(campaignsTable, -1, func(k, v []byte) {
		var camp campaign.Campaign
		if json.Unmarshal(v, &camp) != nil {
			c.damaged(campaignsTable, k)
		}
		tallies[campaignsTable.Parts(k)], options[campaignsTable.Parts(k)] = new(tally), len(camp.Poll)
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
	queued, claimed := c.scan(tallies, options)
	c.waiting(queued)
	c.sent(claimed)
	c.tallies(tallies)
	c.jobs()
}

// scan reads every delivery. It adds them up, and returns which ones wait in
// the queue and which have been claimed. options are how many the poll of each
// campaign has.
func (c *checking) scan(tallies map[campaign.ID]*tally, options map[campaign.ID]int) (queued, claimed map[place]bool) {
	queued, claimed = make(map[place]bool), make(map[place]bool)
	c.each(deliveriesTable, -1, func(k, v []byte) {
		d, err := decodeDelivery(k, v)
		t := tallies[d.Campaign]
		if err != nil || t == nil || !numbersTable.Has(c.tx, d.Number) || !pollFits(&d, options[d.Campaign]) {
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
			if d.Contact != 0 && !personsTable.Has(c.tx, d.Campaign, mergedTx(c.tx, d.Contact)) { // or they were erased
				c.wrong(reason.CheckTwice, rowName(k))
			}
		} else if d.State != campaign.Queued && d.State != campaign.Sending {
			claimed[place(k)] = true // it may have been, see forgotten.go
			if d.ClaimForgotten() && d.Contact != 0 && !personsTable.Has(c.tx, d.Campaign, mergedTx(c.tx, d.Contact)) {
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
	c.each(unansweredTable, 4, func(k, _ []byte) {
		if !c.has(contactsTable, k) {
			c.stray(unansweredTable, k)
		}
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
		if at := answersTable.Key(camp.AnswerTo, camp.AnswerSeq, id); camp.AnswerTo != 0 && !c.has(answersTable, at) {
			c.missing(answersTable, at)
		}
		if at := scheduledTable.Key(momentOf(camp.At), id); camp.Status == campaign.Scheduled && !c.has(scheduledTable, at) {
			c.missing(scheduledTable, at)
		}
		// What is on the wire is not the sweeper's.
		swept := camp.Status != campaign.Cancelled || is.pending == is.counts[campaign.Sending]
		if at := campaignJobKey(id); (camp.Status == campaign.Freezing || !swept) && !c.has(jobsTable, at) {
			c.missing(jobsTable, at)
		}
	}
	c.each(answersTable, 0, func(k, _ []byte) {
		of, seq, id := answersTable.Parts(k)
		if camp, err := campaignTx(c.tx, id); err != nil || camp.AnswerTo != of || camp.AnswerSeq != seq {
			c.stray(answersTable, k)
		}
	})
	c.each(scheduledTable, 0, func(k, _ []byte) {
		at, id := scheduledTable.Parts(k)
		if camp, err := campaignTx(c.tx, id); err != nil || camp.Status != campaign.Scheduled || momentOf(camp.At) != at {
			c.stray(scheduledTable, k)
		}
	})
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
			var rows []stagedRow
			rows, err = decodeRows(v)
			n = len(rows)
		case j.Tags != nil && j.Tags.Each:
			var some []tagChange
			some, err = decodeTagChanges(v)
			n = len(some)
		case j.Freeze != nil, j.Tags != nil:
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
		for _, r := range j.Runs {
			if stagedTable.part(k[:9], k) == r.Part {
				staged[string(k[:9])] -= r.Row
			}
		}
	})
	c.each(jobsTable, -1, func(k, v []byte) {
		j, err := decodeJob(k, v)
		if err != nil {
			c.damaged(jobsTable, k)
			return
		}
		if k[0] == peopleJob && (j.Kind == JobDrop || j.Kind == JobErase && j.Erase != nil || j.Kind == JobChain && j.Chain != nil) {
			return
		}
		if k[0] == peopleJob && (j.Kind == JobTakeBack || j.Kind == JobForget) {
			i, err := importRecordTx(c.tx, j.Import)
			if err != nil || (i.State == ImportUndoing) != (j.Kind == JobTakeBack) {
				c.stray(jobsTable, k)
			}
			return
		}
		if k[0] == peopleJob && j.Kind == JobImport {
			if !j.Staging {
				c.counted("import "+j.Source, j.Total-j.Done, staged[string(k)])
			}
			return
		}
		if k[0] == peopleJob && j.Kind == JobTags && j.Tags != nil {
			total := j.Total
			if j.Tags.Each {
				total -= j.Done
			}
			c.counted("a change of tags", total, staged[string(k)])
			return
		}
		camp, err := campaignTx(c.tx, j.Campaign)
		right := err == nil && bytes.Equal(k, campaignJobKey(j.Campaign))
		switch j.Kind {
		case JobCancel:
			right = right && camp.Status == campaign.Cancelled
		case JobFreeze:
			right = right && camp.Status == campaign.Freezing && j.Freeze != nil
		case JobDelete:
			right = right && (camp.Status == campaign.Cancelled || camp.Status == campaign.Finished)
		case JobMove:
			right = right && !camp.Unstarted() && camp.Status != campaign.Freezing && camp.Status != campaign.Cancelled && j.Move != nil
		case JobRetry:
			right = right && !camp.Unstarted() && camp.Status != campaign.Freezing && camp.Status != campaign.Cancelled && j.Retry != nil
		case JobUnfreeze:
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
