package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// An undo deletes messages of a campaign for everyone, the last ones that it sent. It
// is a campaign of its own, as an answer is: a delivery for each message, by the
// number that sent it, with the id of that message in it from the beginning; claimed,
// sent and settled like any other, so that it stops, dies and goes on as they do.
// To delete a message twice does no harm, and neither does it to delete one that has
// not left: so one in doubt is deleted too, and is not sent again.
//
// Nobody is sent anything by it. So it keeps the pauses of its numbers and what
// WhatsApp says of them, and no other limit, and counts in none; and it minds no
// opt-out: who wants to be left alone is not helped by a message that stays. How far
// the messages had come stays in the counts and the report of their campaign, with
// when each was deleted.

// Undoing is what an undo would do.
type Undoing struct {
	campaign.Undoing
	Of      campaign.Campaign
	Numbers []campaign.NumberID // that do it

	places people.Set // of the messages, not of people
}

// undoPage is how many deliveries are looked at without letting others go before.
const undoPage = 2000

// CheckUndo says what an undo of the last messages of a campaign would do, or why
// there can be none; last 0 is all of them. It changes nothing, and ends early, with
// the context's error, when ctx does.
func (b *Book) CheckUndo(ctx context.Context, id campaign.ID, last int, now time.Time) (u Undoing, err error) {
	type sent struct {
		at     int64
		seq    uint32
		number campaign.NumberID
		why    reason.Code
		read   bool
		doubt  bool
	}
	var left []sent
	paces := make(map[campaign.NumberID]campaign.Pace)
	for after, more := int64(-1), true; more; {
		if err := ctx.Err(); err != nil {
			return u, err
		}
		err := b.view(func(tx *bolt.Tx) error {
			if u.Of, err = undoableTx(tx, id); err != nil {
				return err
			}
			links, err := linksTx(tx)
			if err != nil {
				return err
			}
			looked := 0
			more = false
			for k, v := range deliveriesTable.From(tx, deliveriesTable.Of(id), deliveryKey(id, uint32(after+1))) {
				if looked++; looked > undoPage {
					more = true
					break
				}
				d, err := decodeDelivery(k, v)
				if err != nil {
					return err
				}
				after = int64(d.Seq)
				if d.MayHaveLeft() {
					left = append(left, sent{
						d.Claimed.UnixNano(), d.Seq, d.Number, d.Unrevocable(links[d.Number], now),
						!d.ReadAt.IsZero() || !d.RepliedAt.IsZero(), !d.State.Proven(),
					})
				}
			}
			return pacesTx(tx, paces, now)
		})
		if err != nil {
			return u, err
		}
	}
	slices.SortFunc(left, func(a, b sent) int { return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(b.seq, a.seq)) })
	if last > 0 {
		left = left[:min(len(left), last)]
	}
	u.Messages, u.Stay = len(left), make(map[reason.Code]int)
	load := make(map[campaign.NumberID]int)
	for _, one := range left {
		u.places.Add(people.ContactID(one.seq))
		if one.why != "" {
			u.Stay[one.why]++
			continue
		}
		u.Deletes++
		if one.read {
			u.Read++
		}
		if one.doubt {
			u.Doubt++
		}
		if load[one.number]++; load[one.number] == 1 {
			u.Numbers = append(u.Numbers, one.number)
		}
	}
	slices.Sort(u.Numbers)
	for n, k := range load {
		u.Takes = max(u.Takes, takes(paces[n], k))
	}
	return u, u.refused(id)
}

// refused is why an undo does nothing; nil: it does something.
func (u *Undoing) refused(id campaign.ID) error {
	switch {
	case u.Messages == 0:
		return reason.Because(ErrState, reason.UndoRefused, id, reason.New(reason.UndoNothing))
	case u.Deletes == 0:
		return reason.Because(ErrState, reason.UndoRefused, id, reason.New(reason.UndoNone, u.Messages, reason.New(u.Mostly())))
	}
	return nil
}

// takes is how long so many take at a pace, about.
func takes(p campaign.Pace, n int) time.Duration {
	d := time.Duration(n-1) * (p.Gap.Min + p.Gap.Max) / 2
	if p.Every > 0 {
		d += time.Duration((n-1)/p.Every) * (p.Long.Min + p.Long.Max) / 2
	}
	return d
}

// linksTx are the links of the numbers that are linked.
func linksTx(tx *bolt.Tx) (map[campaign.NumberID]uint32, error) {
	numbers, err := numbersTx(tx)
	links := make(map[campaign.NumberID]uint32, len(numbers))
	for _, n := range numbers {
		if n.Linked() {
			links[n.ID] = n.Link
		}
	}
	return links, err
}

// pacesTx adds the paces of the numbers.
func pacesTx(tx *bolt.Tx, paces map[campaign.NumberID]campaign.Pace, now time.Time) error {
	numbers, err := numbersTx(tx)
	for _, n := range numbers {
		paces[n.ID] = n.Pace(now)
	}
	return err
}

// undoableTx is a campaign of which messages can be deleted: it is not being sent,
// and no other undo of it goes on.
func undoableTx(tx *bolt.Tx, id campaign.ID) (campaign.Campaign, error) {
	c, err := campaignTx(tx, id)
	if err != nil {
		return c, err
	}
	refuse := func(code reason.Code, args ...any) (campaign.Campaign, error) {
		return c, reason.Because(ErrState, reason.UndoRefused, id, reason.New(code, args...))
	}
	switch {
	case c.RevokeOf != 0:
		return refuse(reason.UndoOfUndo)
	case c.Unstarted():
		return refuse(reason.UndoNothing)
	case c.Status == campaign.Running || c.Status == campaign.Freezing:
		return refuse(reason.UndoRuns)
	}
	undos, err := undosTx(tx, id)
	for _, u := range undos {
		if underWay(&u) {
			return refuse(reason.UndoGoesOn, u.ID)
		}
	}
	return c, err
}

// underWay reports whether an undo has still something to do, or may have.
func underWay(u *campaign.Campaign) bool {
	return u.Status == campaign.Freezing || u.Status == campaign.Running || u.Status == campaign.Paused
}

// undosTx are the undos of a campaign, the first first.
func undosTx(tx *bolt.Tx, of campaign.ID) (undos []campaign.Campaign, err error) {
	err = campaignsTable.ForEach(tx, func(k, v []byte) error {
		if campaignsTable.Parts(k) <= of || !bytes.Contains(v, []byte(`"RevokeOf":`)) {
			return nil
		}
		c, err := campaignTx(tx, campaignsTable.Parts(k))
		if err == nil && c.RevokeOf == of {
			undos = append(undos, c)
		}
		return err
	})
	return undos, err
}

// UndoReport is an undo, and what has become of it: Sent are the messages that were
// deleted.
type UndoReport struct {
	campaign.Campaign
	Made campaign.Report
}

// GoesOn reports whether it has still something to do, or may have.
func (u *UndoReport) GoesOn() bool { return underWay(&u.Campaign) }

// Undos are the undos of a campaign, the first first.
func (b *Book) Undos(ctx context.Context, of campaign.ID) (all []UndoReport, err error) {
	var undos []campaign.Campaign
	err = b.view(func(tx *bolt.Tx) error {
		undos, err = undosTx(tx, of)
		return err
	})
	for _, c := range undos {
		if err != nil {
			break
		}
		u := UndoReport{Campaign: c}
		u.Made, err = b.Report(ctx, c.ID)
		all = append(all, u)
	}
	return all, err
}

// Undo deletes the last messages of a campaign for everyone, or all of them if last is
// 0; see [Book.CheckUndo] for which and why not. It returns the undo as it runs.
func (d *Desk) Undo(ctx context.Context, id campaign.ID, last int, now time.Time) (c campaign.Campaign, err error) {
	if !d.May(VerbUndo) {
		return c, ErrRole
	}
	u, err := d.book.CheckUndo(ctx, id, last, now)
	if err != nil {
		return c, err
	}
	err = d.write(VerbUndo, func(tx *bolt.Tx, e *Entry) error {
		of, err := undoableTx(tx, id)
		if err != nil {
			return err
		}
		c = campaign.Campaign{
			Name: of.Name, To: "recebeu:" + id.String(), Numbers: u.Numbers, RevokeOf: id, Silent: true, Archived: true,
		}
		e.onCampaign(&of)
		return freezesTx(tx, e, &c, u.places, u.Numbers, now)
	})
	if err != nil {
		return c, err
	}
	d.book.wake()
	return d.book.Started(ctx, c.ID)
}

// revokesChunkTx makes the deliveries of the next n messages of an undo, and lets it
// run if those were the last.
func revokesChunkTx(tx *bolt.Tx, k []byte, j *job, c campaign.Campaign, t tally, n int) (done bool, err error) {
	f, staged := j.Freeze, stagedIDs{tx: tx, job: k}
	links, err := linksTx(tx)
	if err != nil {
		return false, err
	}
	more := true
	for range n {
		var place people.ContactID
		if place, more = staged.next(f.Next); !more {
			break
		}
		f.Next = place + 1
		j.Done++
		one, err := deliveryTx(tx, deliveryKey(c.RevokeOf, uint32(place)))
		if errors.Is(err, ErrNotFound) {
			continue
		} else if err != nil {
			return false, err
		}
		d := campaign.Delivery{
			Campaign: c.ID, Seq: uint32(t.counts.Total()), Contact: mergedTx(tx, one.Contact), Number: one.Number,
			Phone: one.Phone, Name: one.Name, Zone: one.Zone, LID: one.LID, Revokes: one.Message,
		}
		if why := one.Unrevocable(links[one.Number], c.Started); why != "" {
			d.GiveUp(reason.New(why))
		} else {
			before := one
			one.Revoke(c.ID)
			if err := putDeliveryTx(tx, &before, &one); err != nil {
				return false, err
			}
			if err := queueTable.PutAt(tx, queueTable.key(&d, f.zone(d.Zone)), nil); err != nil {
				return false, err
			}
			t.pending++
		}
		t.counts[d.State]++
		if err := deliveriesTable.PutAt(tx, deliveryKey(c.ID, d.Seq), encodeDelivery(&d)); err != nil {
			return false, err
		}
	}
	if err := putTallyTx(tx, c.ID, t); err != nil || more {
		return false, err
	}
	return frozenTx(tx, k, j, c, t)
}

// planRevokeTx decides about one delivery of an undo that has its turn. It looks at
// the message, and not at what its recipient wants: nothing is written to them.
func planRevokeTx(tx *bolt.Tx, c campaign.Claim, pace campaign.Pace, d campaign.Delivery, group []byte) (act, error) {
	giveUp := func(code reason.Code) (act, error) { return skip{d, reason.New(code)}, nil }
	one, ok, err := messageTx(tx, d.Revokes)
	if err != nil {
		return nil, err
	} else if !ok {
		return giveUp(reason.UndoUnknown)
	}
	if why := one.Unrevocable(c.Ready.Link, c.Now); why != "" {
		return giveUp(why)
	}
	contact, err := contactTx(tx, d.Contact)
	switch {
	case errors.Is(err, ErrNotFound):
		return giveUp(reason.DeliveryErased)
	case err != nil:
		return nil, err
	case contact.LID == "" && len(contact.Phones()) == 0: // is being erased
		return giveUp(reason.DeliveryErased)
	case !d.New && c.Ready.NewChats.Reason != "" && !chatting(&contact, c.Number):
		return opens{d, group}, nil
	}
	return send{d: d, to: contact, pace: pace, aside: true}, nil
}

// revokedTx notes with a message that it was deleted, when the service has accepted
// that, and whether it may have been.
func revokedTx(tx *bolt.Tx, before, d *campaign.Delivery) error {
	done, doubt := d.State.Proven(), !d.State.Proven() && d.InDoubt
	if d.Revokes == "" || before.State.Proven() || !done && doubt == before.InDoubt {
		return nil
	}
	one, ok, err := messageTx(tx, d.Revokes)
	if err != nil || !ok {
		return err
	}
	was := one
	if one.RevokeInDoubt(doubt); done {
		one.Revoked(d.Accepted)
	}
	return putDeliveryTx(tx, &was, &one)
}

// mayStayTx refuses to send a message once more that was deleted, or may have been, or
// that an undo is to delete.
func mayStayTx(tx *bolt.Tx, d *campaign.Delivery) error {
	refused := reason.Because(ErrState, reason.UndoWanted)
	switch {
	case !d.RevokedAt.IsZero():
		return refused
	case d.MayBeRevoked:
		return reason.Because(ErrState, reason.UndoPerhaps)
	case d.RevokeBy == 0:
		return nil
	}
	u, err := campaignTx(tx, d.RevokeBy)
	if errors.Is(err, ErrNotFound) { // it did nothing, and was deleted
		return nil
	}
	if err == nil && underWay(&u) {
		err = refused
	}
	return err
}
