package store

import (
	"bytes"
	"encoding/json"
	"time"

	"recado/campaign"
	"recado/store/bolt"
)

// turn is the state of a number's pace, and what the service asked of it.
type turn struct {
	campaign.Turn
	Campaign campaign.ID   // whose message was the last: the next one's turn comes first
	Slow     campaign.Hold // the service asked to slow down
}

// pacing is what the pace of a number and that of a campaign have to say about a
// claim.
type pacing struct {
	tx       *bolt.Tx
	claim    campaign.Claim
	turn     turn
	number   campaign.Pace // the number's own
	campaign campaign.Campaign
}

// both is the pace that holds: limit by limit the tighter one.
func (p pacing) both() campaign.Pace { return p.number.Tightest(p.campaign.Pace) }

// hold says what holds a message of this kind: a pace, or the service.
func (p pacing) hold(isNew bool, zone string) campaign.Hold {
	c := p.claim
	history := sends{tx: p.tx, number: c.Number, now: c.Now}
	hold := p.number.Held(p.campaign.ID, p.campaign.Pace, p.turn.Turn, history, isNew, location(zone), c.Now)
	if isNew {
		hold = hold.Later(c.Ready.NewChats)
	}
	return hold
}

// location is the time zone of that name; that of this machine if there is
// none.
func location(zone string) *time.Location {
	if zone == "" {
		return time.Local
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.Local
	}
	return loc
}

// oldSends is how many of the sends that no longer count are deleted with each
// new one: more than one, so that they do not pile up, and not a whole day's at
// once.
const oldSends = 4

// spendTx writes that a message of the number leaves at now; draw says where in
// its span the next pause falls.
func spendTx(tx *bolt.Tx, d *campaign.Delivery, pace campaign.Pace, now time.Time, draw float64) error {
	t, err := turnTx(tx, d.Number)
	if err != nil {
		return err
	}
	t.Turn = pace.Spent(t.Turn, now, draw)
	t.Campaign = d.Campaign
	if err := putTurnTx(tx, d.Number, t); err != nil || d.Revokes != "" { // nobody is sent anything by an undo
		return err
	}
	// What is older than a day no longer counts in any limit.
	old := sendsTable.Of2(d.Number, momentOf(now.Add(-25*time.Hour)))
	for _, k := range sendsTable.Keys(tx, sendsTable.Of(d.Number), oldSends) {
		if bytes.Compare(k, old) >= 0 {
			break
		}
		if err := sendsTable.DeleteAt(tx, k); err != nil {
			return err
		}
	}
	kind := knownChat
	if d.New {
		kind = newChat
	}
	return putSendTx(tx, d.Number, now, kind)
}

// unspendTx writes that the last message of a number, claimed at that time, did
// not leave: it opened no chat. The try still counts, so that a refusal makes a
// number no faster.
func unspendTx(tx *bolt.Tx, number campaign.NumberID, claimed time.Time) error {
	k, _ := sendsTable.Last(tx, sendsTable.Of(number))
	if k == nil {
		return nil
	}
	_, at, kind := sendsTable.Parts(k)
	if kind != newChat || at < momentOf(claimed) {
		return nil
	}
	return markSendTx(tx, number, at, newChat, newUnsent)
}

// respendTx writes that a message which seemed not to have left has, whatever
// the service said: it opened a chat.
func respendTx(tx *bolt.Tx, d *campaign.Delivery) error {
	for k := range sendsTable.From(tx, sendsTable.Of(d.Number), sendsTable.Of2(d.Number, momentOf(d.Claimed))) {
		if _, at, kind := sendsTable.Parts(k); kind == newUnsent {
			return markSendTx(tx, d.Number, at, newUnsent, newChat)
		}
	}
	return nil
}

// markSendTx makes of a message in "sends" one of another kind.
func markSendTx(tx *bolt.Tx, number campaign.NumberID, at moment, from, to chatKind) error {
	if err := sendsTable.Delete(tx, number, at, from); err != nil {
		return err
	}
	return sendsTable.Put(tx, number, at, to, nil)
}

// sends answers what a number sent, for [campaign.Pace].
type sends struct {
	tx     *bolt.Tx
	number campaign.NumberID
	now    time.Time
}

// Nth implements [campaign.History].
func (s sends) Nth(n int, of campaign.Counted) time.Time {
	for k := range sendsTable.Back(s.tx, sendsTable.Of(s.number)) {
		_, sent, kind := sendsTable.Parts(k)
		at := sofar(sent.time(), s.now)
		if s.now.Sub(at) >= 24*time.Hour {
			return time.Time{}
		}
		if of != campaign.Tries && kind == knownChat || of == campaign.NewChats && kind == newUnsent {
			continue
		}
		if n--; n == 0 {
			return at
		}
	}
	return time.Time{}
}

func turnTx(tx *bolt.Tx, n campaign.NumberID) (t turn, err error) {
	if v := turnsTable.Get(tx, n); v != nil {
		err = json.Unmarshal(v, &t)
	}
	return t, err
}

func putTurnTx(tx *bolt.Tx, n campaign.NumberID, t turn) error {
	v, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return turnsTable.Put(tx, n, v)
}

// LastSent is when the last message of any number left, or its outcome was
// known; zero: never.
func (b *Book) LastSent() (last time.Time, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		return turnsTable.ForEach(tx, func(_, v []byte) error {
			var t turn
			if err := json.Unmarshal(v, &t); err != nil {
				return err
			}
			if t.Last.After(last) {
				last = t.Last
			}
			return nil
		})
	})
	return last, err
}
