package store

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// The guard rails of a campaign: it pauses itself when what it sends leads
// nowhere, before its whole audience is spent on that.
//
// It does when several messages in a row were refused for the same reason, and
// when of the last ones that the service took, and that had time to arrive, too
// few did. Both are looked at for each number of a campaign and for all of them
// together: one number may be the only one in trouble, and in a campaign of many
// numbers none of them alone may have sent enough to tell. In a row means that
// none was accepted in between; people who are not on WhatsApp, and messages
// whose outcome is not known, do not count. When a campaign is resumed, whatever
// it was paused for, both begin again.
const (
	rowMost    = 5                // refusals in a row
	sampleSize = 20               // messages that are looked at for whether they arrived
	sampleNeed = 8                // of which so many must have: 40 %
	sampleAge  = 30 * time.Minute // how long a message has to arrive
	sampleMost = 500              // messages kept of which some are not that old yet; beyond, some are passed over
)

// all stands for all the numbers of a campaign.
const all campaign.NumberID = 0

// guard is what is kept of a number in a campaign, or of [all].
type guard struct {
	kind string // of the refusals in a row: the service's code, or that of the reason if it gave none
	row  int    // how many
	size int    // rows in "sample"
}

func guardTx(tx *bolt.Tx, id campaign.ID, n campaign.NumberID) (g guard, err error) {
	v := guardsTable.Get(tx, id, n)
	if v == nil {
		return g, nil
	}
	if g, err = decodeGuard(v); err != nil {
		return g, fmt.Errorf("guard of campaign %d: %w", id, err)
	}
	return g, nil
}

func decodeGuard(v []byte) (guard, error) {
	r := bolt.Dec{B: v}
	r.Version(1)
	g := guard{kind: r.Text(), row: r.Int(), size: r.Int()}
	return g, r.Err
}

func encodeGuard(g guard) []byte {
	var e bolt.Enc
	e.Uint(1)
	e.Text(g.kind)
	e.Uint(uint64(g.row))
	e.Uint(uint64(g.size))
	return e.B
}

func putGuardTx(tx *bolt.Tx, id campaign.ID, n campaign.NumberID, g guard) error {
	if g == (guard{}) {
		return guardsTable.Delete(tx, id, n)
	}
	return guardsTable.Put(tx, id, n, encodeGuard(g))
}

// unguardTx begins everything again for a campaign.
func unguardTx(tx *bolt.Tx, id campaign.ID) error {
	for _, t := range []table{guardsTable, sampleTable} {
		for _, k := range t.Keys(tx, row(id), math.MaxInt) { // both begin with the campaign
			if err := t.DeleteAt(tx, k); err != nil {
				return err
			}
		}
	}
	return nil
}

// weighTx counts the outcome of a try, of which d is what has become, and pauses
// the campaign if it is one refusal too many in a row.
func (b *Book) weighTx(tx *bolt.Tx, d *campaign.Delivery, o campaign.Outcome) error {
	kind := string(o.Reason.Code)
	if o.Code != 0 {
		kind = strconv.Itoa(o.Code)
	}
	switch {
	case o.Kind == campaign.Accepted:
		kind = ""
	case o.Kind == campaign.Refused, (o.Kind == campaign.NotSent || o.Kind == campaign.Misled) && d.State == campaign.Failed:
	default:
		return nil
	}
	for _, n := range []campaign.NumberID{d.Number, all} {
		g, err := guardTx(tx, d.Campaign, n)
		if err != nil {
			return err
		}
		if kind == g.kind && kind == "" {
			continue
		}
		if kind != g.kind {
			g.kind, g.row = kind, 0
		}
		if kind != "" {
			g.row++
		}
		if err := putGuardTx(tx, d.Campaign, n, g); err != nil {
			return err
		}
		if g.row < rowMost {
			continue
		}
		why := o.Reason
		if o.Code != 0 {
			why = reason.New(reason.RefusedWithCode, o.Reason, o.Code)
		}
		if err := b.pauseTx(tx, d.Campaign, reason.New(reason.CampaignRefusals, g.row, why)); err != nil {
			return err
		}
	}
	return nil
}

// pauseTx pauses a campaign for a reason if it is running.
func (b *Book) pauseTx(tx *bolt.Tx, id campaign.ID, why reason.Reason) error {
	c, err := setStatusTx(tx, id, campaign.Paused, why, campaign.Running)
	if errors.Is(err, ErrState) {
		return nil
	}
	if err == nil {
		err = pausedItselfTx(tx, &c, campaign.Running, why, b.clock.Now())
	}
	if err == nil {
		b.logger.Warn("pause a campaign", "campaign", id, "why", why)
	}
	return err
}

// crowdedTx reports whether what is on the wire for a campaign, by any number,
// may be all that it is still allowed to have refused in a row: while nothing
// has been accepted yet, and after a refusal.
func crowdedTx(tx *bolt.Tx, id campaign.ID) (bool, error) {
	g, err := guardTx(tx, id, all)
	if err != nil || g.row == 0 && g.size > 0 {
		return false, err
	}
	flying := 0
	err = inflightTable.ForEach(tx, func(_, at []byte) error {
		if bytes.HasPrefix(at, deliveriesTable.Of(id)) {
			flying++
		}
		return nil
	})
	return g.row+flying >= rowMost, err
}

// sampleTx keeps what a change of a delivery says of whether messages arrive.
func sampleTx(tx *bolt.Tx, before, d *campaign.Delivery) error {
	switch {
	case !before.State.Proven() && d.State.Proven():
		for _, n := range []campaign.NumberID{d.Number, all} {
			if err := addSampleTx(tx, d, n); err != nil {
				return err
			}
		}
	case !before.State.Reached() && d.State.Reached():
		for _, n := range []campaign.NumberID{d.Number, all} {
			if k := sampleTable.key(d, n); sampleTable.GetAt(tx, k) != nil {
				if err := sampleTable.PutAt(tx, k, []byte{1}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// addSampleTx adds a message that the service has taken, and forgets those that
// are too old to be looked at.
func addSampleTx(tx *bolt.Tx, d *campaign.Delivery, n campaign.NumberID) error {
	g, err := guardTx(tx, d.Campaign, n)
	if err != nil {
		return err
	}
	prefix := sampleTable.of(d.Campaign, n)
	for range 4 { // what a wrong clock has put into the future would stay there
		k, _ := sampleTable.Last(tx, prefix)
		if !bytes.HasPrefix(k, prefix) || !campaign.Early(sampleTable.at(k), d.Accepted) {
			break
		}
		if err := sampleTable.DeleteAt(tx, bytes.Clone(k)); err != nil {
			return err
		}
		g.size--
	}
	if g.size >= sampleSize {
		oldest, _ := oldTx(tx, d.Campaign, n, d.Accepted)
		for _, k := range sampleTable.Keys(tx, prefix, 4) { // more than one comes
			if oldest == nil || bytes.Compare(k, oldest) >= 0 {
				break
			}
			if err := sampleTable.DeleteAt(tx, k); err != nil {
				return err
			}
			g.size--
		}
	}
	if g.size >= sampleMost {
		return nil
	}
	g.size++
	if err := putGuardTx(tx, d.Campaign, n, g); err != nil {
		return err
	}
	var came byte
	if d.State.Reached() {
		came = 1
	}
	return sampleTable.PutAt(tx, sampleTable.key(d, n), []byte{came})
}

// oldTx looks at the newest messages of a campaign that had time to arrive at
// now: the first one of them, nil if there are not enough to judge by, and how
// many arrived.
func oldTx(tx *bolt.Tx, id campaign.ID, n campaign.NumberID, now time.Time) (first []byte, came int) {
	seen := 0
	for k, v := range sampleTable.BackFrom(tx, sampleTable.of(id, n), sampleTable.from(id, n, now.Add(-sampleAge))) {
		came += int(v[0])
		if seen++; seen == sampleSize {
			return bytes.Clone(k), came
		}
	}
	return nil, came
}

// silencedTx is why a campaign that a number wants to send for is to be paused:
// too little of what was sent has arrived. A number that has just come back may
// not have heard of all that did.
func (b *Book) silencedTx(tx *bolt.Tx, c campaign.Claim, id campaign.ID) (why reason.Reason, err error) {
	if c.Now.Before(c.Ready.Since.Add(b.grace)) {
		return why, nil
	}
	for _, n := range []campaign.NumberID{c.Number, all} {
		g, err := guardTx(tx, id, n)
		if err != nil {
			return why, err
		}
		if g.size < sampleSize {
			continue
		}
		if first, came := oldTx(tx, id, n, c.Now); first != nil && came < sampleNeed {
			return reason.New(reason.CampaignSilence, sampleSize, int(sampleAge.Minutes()), came), nil
		}
	}
	return why, nil
}
