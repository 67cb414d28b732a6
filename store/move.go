package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// A number may be stopped for one campaign; and what it has not claimed may go to
// the other numbers of the campaign, if it cannot send that itself: it was
// stopped, banned, lost its link, or is offline.
//
// That is no way around anything. What goes to another number waits there for
// that one's limits and hours, as whatever it has. A number that is held by how much
// it may send in an hour or a day gives nothing away, and none of its new chats
// while it may open none, be it by a cap, a restriction or a ban: strangers are what
// those are about. Only numbers that can send get something. Who is known
// to the number alone stays with it unless somebody says otherwise: for another one
// they are a new chat. Nothing is moved that was ever claimed: what may have left is
// its number's for good.

// moving is how far a move is.
type moving struct {
	From   campaign.NumberID
	Among  []campaign.NumberID       // to those
	All    bool                      `json:",omitempty"` // also who is known to it alone
	Closed bool                      `json:",omitempty"` // it may open no new chats: those stay
	After  []byte                    `json:",omitempty"` // the last row that was looked at
	Again  bool                      `json:",omitempty"` // the queue is done
	Load   map[campaign.NumberID]int // how many each of the others has got
	Moved  Moved
}

// Moved is what became of a move.
type Moved struct {
	Count  int
	Stayed map[reason.Code]int // by why
}

// StopNumber stops a number of a campaign that is under way, or lets it send
// again: it claims nothing more for it. A message that is on its way stays so, and
// what waits, waits. When all that is left waits on numbers that are stopped, the
// campaign is paused.
func (d *Desk) StopNumber(id campaign.ID, number campaign.NumberID, stop bool) (c campaign.Campaign, err error) {
	err = d.write(VerbNumberStop, func(tx *bolt.Tx, e *Entry) error {
		if c, err = underWayTx(tx, id); err != nil {
			return err
		}
		n, err := senderTx(tx, &c, number)
		if err != nil {
			return err
		}
		if c.Stops(number) == stop {
			return reason.Because(ErrState, map[bool]reason.Code{true: reason.StopAlready, false: reason.StopNot}[stop], n.Name, id)
		}
		before := stoppedNames(tx, &c)
		if stop {
			c.SetStop(campaign.Stop{Number: number, By: d.who.Name, At: e.At})
		} else {
			c.LetSend(number)
			if err := unguardNumberTx(tx, id, number); err != nil {
				return err
			}
		}
		e.onCampaign(&c)
		e.change("stopped", before, stoppedNames(tx, &c))
		if err := putCampaignTx(tx, c); err != nil || !stop || !stuckTx(tx, &c) {
			return err
		}
		why, err := whyStuckTx(tx, &c)
		if err != nil {
			return err
		}
		was := c.Status
		if was == campaign.Paused {
			return nil
		}
		if c, err = setStatusTx(tx, id, campaign.Paused, why, campaign.Running); err == nil {
			e.change("status", was.String(), c.Status.String())
		}
		return err
	})
	return c, err
}

// senderTx is a number of a campaign.
func senderTx(tx *bolt.Tx, c *campaign.Campaign, number campaign.NumberID) (campaign.Number, error) {
	n, err := numberTx(tx, number)
	if err == nil && !slices.Contains(c.Numbers, number) {
		err = reason.Because(ErrNotFound, reason.StopNotIn, n.Name, c.ID)
	}
	return n, err
}

// stoppedNames are the numbers that are stopped for a campaign, for the audit.
func stoppedNames(tx *bolt.Tx, c *campaign.Campaign) string {
	var names []string
	for _, s := range c.Stopped {
		if n, err := numberTx(tx, s.Number); err == nil {
			names = append(names, n.Name)
		}
	}
	return strings.Join(names, ", ")
}

// MoveNumber gives what a number of a campaign has not claimed to the others, see
// above, and returns when that is done; all is also who is known to it alone. It is
// ErrState if the number sends, or is held by a limit, or if none of the others
// can. After an error with ErrGoesOn it will be done; ctx ends the waiting alone.
func (d *Desk) MoveNumber(ctx context.Context, id campaign.ID, number campaign.NumberID, all bool, now time.Time) (Moved, error) {
	b, holds := d.book, d.book.Holds()
	var wait func(context.Context) (job, error)
	err := d.write(VerbNumberMove, func(tx *bolt.Tx, e *Entry) error {
		c, err := underWayTx(tx, id)
		if err != nil {
			return err
		}
		if c.RevokeOf != 0 { // only who has sent a message can delete it
			return reason.Because(ErrState, reason.UndoBare, id)
		}
		if c.Confirms != 0 { // only who was written to confirms
			return reason.Because(ErrState, reason.ConfirmBare, id)
		}
		n, err := senderTx(tx, &c, number)
		if err != nil {
			return err
		}
		k := campaignJobKey(id)
		if _, there, err := jobTx(tx, k); there || err != nil {
			return cmp.Or(err, reason.Because(ErrState, reason.MoveGoesOn, id))
		}
		m := &moving{From: number, All: all}
		if !c.Stops(number) && !outOfWork(&n) && holds[number].Reason != reason.HoldOffline {
			return reason.Because(ErrState, reason.MoveSends, n.Name)
		}
		if hold := capped(tx, &n, &c, false, now); hold.Reason != "" {
			return reason.Because(ErrState, reason.MoveCapped, n.Name, hold.Until)
		}
		m.Closed = capped(tx, &n, &c, true, now).Reason != "" || n.Standing.Closed.After(now) || n.Quota.Spent(now) || n.Standing.State == campaign.Banned
		if m.Among, err = takersTx(tx, &c, number, holds); err != nil {
			return err
		}
		e.onCampaign(&c)
		e.change("from_number", "", n.Name)
		e.Outcome, e.Ended = Asked, time.Time{}
		if err := addEntryTx(tx, e); err != nil {
			return err
		}
		wait = b.await(k)
		return putJobTx(tx, k, job{Job: Job{Kind: JobMove, Campaign: id}, Audit: e.ID, Move: m})
	})
	if err != nil {
		return Moved{}, err
	}
	b.wake()
	j, err := wait(ctx)
	if err != nil || j.Move == nil {
		return Moved{}, err
	}
	return j.Move.Moved, nil
}

// outOfWork reports whether a number sends nothing before a person has seen to it,
// or the service lets it again.
func outOfWork(n *campaign.Number) bool {
	switch n.Standing.State {
	case campaign.Banned, campaign.Blocked, campaign.LoggedOut, campaign.Outdated:
		return true
	}
	return !n.Linked()
}

// capped is what holds a number by how much it may send.
func capped(tx *bolt.Tx, n *campaign.Number, c *campaign.Campaign, isNew bool, now time.Time) campaign.Hold {
	both := n.Pace(now).Tightest(c.Pace)
	only := campaign.Pace{Hour: both.Hour, NewHour: both.NewHour, Day: both.Day, NewDay: both.NewDay}
	return only.Hold(campaign.Turn{}, sends{tx: tx, number: n.ID, now: now}, isNew, time.UTC, now)
}

// takersTx are the other numbers of a campaign that can send: those that are
// online, if any is.
func takersTx(tx *bolt.Tx, c *campaign.Campaign, from campaign.NumberID, holds map[campaign.NumberID]campaign.Hold) (able []campaign.NumberID, err error) {
	var online []campaign.NumberID
	for _, id := range c.Numbers {
		n, err := numberTx(tx, id)
		if errors.Is(err, ErrNotFound) {
			continue
		} else if err != nil {
			return nil, err
		}
		if id == from || c.Stops(id) || outOfWork(&n) {
			continue
		}
		able = append(able, id)
		if holds[id].Reason != reason.HoldOffline {
			online = append(online, id)
		}
	}
	if len(online) > 0 {
		able = online
	}
	if len(able) == 0 {
		return nil, reason.Because(ErrState, reason.MoveNobody, c.ID)
	}
	return able, nil
}

// moveChunkTx moves the next n of what waits.
func (b *Book) moveChunkTx(tx *bolt.Tx, j *job, n int) (done bool, err error) {
	m := j.Move
	c, err := campaignTx(tx, j.Campaign)
	if err != nil {
		return false, err
	}
	if m.Load == nil {
		m.Load = make(map[campaign.NumberID]int)
	}
	zones, _, err := sendersTx(tx, &c)
	if err != nil {
		return false, err
	}
	from := m.From
	prefix, rows := queueTable.of(from, c.ID), queueTable.Table
	if m.Again {
		prefix, rows = againTable.Of2(from, c.ID), againTable.Table
	}
	keys := keysAfter(tx, rows, prefix, m.After, n)
	for _, k := range keys {
		m.After = k
		seq := fromRow[uint32](k[len(k)-4:])
		d, err := deliveryTx(tx, deliveryKey(c.ID, seq))
		if err != nil {
			return false, err
		}
		to, stays, err := b.goesToTx(tx, m, &d)
		if err != nil {
			return false, err
		}
		if stays != "" {
			if m.Moved.Stayed == nil {
				m.Moved.Stayed = make(map[reason.Code]int)
			}
			m.Moved.Stayed[stays]++
			continue
		}
		contact, err := contactTx(tx, d.Contact)
		if err != nil {
			return false, err
		}
		before := d
		if !d.Move(to, !contact.KnownTo(to), zones.of(&contact, to)) {
			continue
		}
		if err := rows.DeleteAt(tx, k); err != nil {
			return false, err
		}
		if err := recordDeliveryTx(tx, &before, &d); err != nil {
			return false, err
		}
		if !d.Again() {
			group, _ := queueTable.parts(k)
			if err := queueTable.PutAt(tx, queueTable.key(&d, queueTable.zone(group)), nil); err != nil {
				return false, err
			}
		}
		m.Load[to]++
		m.Moved.Count++
	}
	if len(keys) == n {
		return false, nil
	}
	done, m.Again, m.After = m.Again, true, nil
	return done, nil
}

// keysAfter are the first n keys of a table that begin with prefix and come after
// one; nil: from the first on.
func keysAfter(tx *bolt.Tx, t bolt.Table, prefix, after []byte, n int) (keys [][]byte) {
	if after == nil {
		return t.Keys(tx, prefix, n)
	}
	for k := range t.From(tx, prefix, append(bytes.Clone(after), 0)) {
		if len(keys) == n {
			break
		}
		keys = append(keys, bytes.Clone(k))
	}
	return keys
}

// goesToTx is the number to which a delivery moves, or why it stays.
func (b *Book) goesToTx(tx *bolt.Tx, m *moving, d *campaign.Delivery) (to campaign.NumberID, stays reason.Code, err error) {
	contact, err := contactTx(tx, d.Contact)
	if errors.Is(err, ErrNotFound) { // its claim says so
		return 0, reason.DeliveryErased, nil
	} else if err != nil {
		return 0, "", err
	}
	among := m.Among
	if known := slices.DeleteFunc(slices.Clone(among), func(n campaign.NumberID) bool { return !contact.KnownTo(n) }); len(known) > 0 {
		among = known
	} else if contact.BestPhone() == "" {
		return 0, reason.DeliveryOtherNumber, nil
	}
	switch {
	case d.State != campaign.Queued || d.Message != "":
		return 0, reason.MoveClaimed, nil
	case d.New && m.Closed && !contact.KnownTo(among[0]):
		return 0, reason.MoveClosed, nil
	case contact.KnownTo(m.From) && !contact.KnownTo(among[0]) && !m.All:
		return 0, reason.MoveKnown, nil
	}
	return home(&contact, among, m.Load), "", nil
}

// endSteeringTx completes the entry of a move or a retry that is given up because the
// campaign is.
func (b *Book) endSteeringTx(tx *bolt.Tx, id campaign.ID) error {
	j, there, err := jobTx(tx, campaignJobKey(id))
	if err != nil || !there || j.Kind != JobMove && j.Kind != JobRetry {
		return err
	}
	return b.closeEntryTx(tx, j.Audit, func(e *Entry) {
		jobEntryTx(tx, e, &j)
		e.fail(reason.New(reason.AuditCancelled))
	})
}

// stoppedTx is a number that is stopped for a campaign, with what waits on it.
func stoppedTx(tx *bolt.Tx, n campaign.Number, id campaign.ID) campaign.Outlook {
	waits := 0
	for range queueTable.Each(tx, queueTable.of(n.ID, id)) {
		waits++
	}
	for range againTable.Each(tx, againTable.Of2(n.ID, id)) {
		waits++
	}
	return campaign.Outlook{Number: n, Stopped: true, Waiting: []campaign.Waiting{{Campaign: id, Zone: time.UTC, Count: waits}}}
}

// told notes in the entry of a move what has become of it.
func (m *Moved) told(e *Entry) {
	stayed := 0
	for _, n := range m.Stayed {
		stayed += n
	}
	e.count("moved", m.Count)
	e.count("stayed", stayed)
}
