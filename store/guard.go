package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
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
// few did: over whatever stretch of them those that did not outnumber those that did
// by twelve. That is a CUSUM of 75 % against 25 % (see guardwelcome.go), for which
// each message counts as much, one way or the other. A message that arrives late
// counts as arrived from then on. What the test does is computed in guardsilence_test.go,
// by how many of the messages do not arrive in their half hour:
//
//	                 10 %     25 %    30 %    50 %    70 %    85 %   100 %
//	stopped by 40       0   0.00 %  0.02 %    10 %    88 %   100 %   100 %
//	by 1,000            0   0.06 %   0.9 %   100 %   100 %   100 %   100 %
//
// Both are looked at for each number of a campaign and for all of them
// together: one number may be the only one in trouble, and in a campaign of many
// numbers none of them alone may have sent enough to tell. A number that alone is in
// trouble is stopped alone, and the others go on; the campaign is paused when only
// such numbers have something left. Of its people see guardwelcome.go. In a row means that
// none was accepted in between; people who are not on WhatsApp, and messages
// whose outcome is not known, do not count. When a campaign is resumed, whatever
// it was paused for, all begins again.
const (
	rowMost    = 5                // refusals in a row
	sampleSize = 60               // messages that are looked at for whether they arrived
	silentMost = 12               // how many more of a stretch of them may not have arrived than have, less one
	sampleAge  = 30 * time.Minute // how long a message has to arrive
	sampleMost = 500              // messages kept of which some are not that old yet; beyond, some are passed over
)

// all stands for all the numbers of a campaign.
const all campaign.NumberID = 0

// guard is what is kept of a number in a campaign, or of [all].
type guard struct {
	kind    string      // of the refusals in a row: the service's code, or that of the reason if it gave none
	row     int         // how many
	size    int         // rows in "sample"
	held    reason.Code // of a number, before version 21: why it sends no more for the campaign
	welcome welcome     // of [all]: its people
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
	version := r.Version(2)
	g := guard{kind: r.Text(), row: r.Int(), size: r.Int()}
	if version > 1 {
		g.held = reason.Code(r.Text())
		g.welcome = decodeWelcome(&r)
	}
	return g, r.Err
}

func encodeGuard(g guard) []byte {
	var e bolt.Enc
	version := uint64(1) // what there was before is written as before
	if g.held != "" || g.welcome.sent > 0 {
		version = 2
	}
	e.Uint(version)
	e.Text(g.kind)
	e.Uint(uint64(g.row))
	e.Uint(uint64(g.size))
	if version > 1 {
		e.Text(string(g.held))
		g.welcome.encode(&e)
	}
	return e.B
}

func putGuardTx(tx *bolt.Tx, id campaign.ID, n campaign.NumberID, g guard) error {
	if g.kind == "" && g.row == 0 && g.size == 0 && g.held == "" && g.welcome.sent == 0 {
		return guardsTable.Delete(tx, id, n)
	}
	return guardsTable.Put(tx, id, n, encodeGuard(g))
}

// unguardNumberTx begins everything again for a number of a campaign.
func unguardNumberTx(tx *bolt.Tx, id campaign.ID, n campaign.NumberID) error {
	for _, k := range sampleTable.Keys(tx, sampleTable.of(id, n), math.MaxInt) {
		if err := sampleTable.DeleteAt(tx, k); err != nil {
			return err
		}
	}
	return guardsTable.Delete(tx, id, n)
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
func (b *Book) weighTx(tx *bolt.Tx, d *campaign.Delivery, o campaign.Outcome, at time.Time) error {
	if err := declinedTx(tx, d, o, at); err != nil {
		return err
	}
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
	for _, n := range []campaign.NumberID{all, d.Number} {
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
		why = reason.New(reason.CampaignRefusals, g.row, why)
		if n == all {
			return b.pauseTx(tx, d.Campaign, why)
		}
		return b.holdTx(tx, d.Campaign, n, reason.HoldRefused, why)
	}
	return nil
}

// holdTx stops a number for a campaign, of which the others go on; if all that
// waits is on numbers that are stopped, the campaign is paused for why.
func (b *Book) holdTx(tx *bolt.Tx, id campaign.ID, n campaign.NumberID, held reason.Code, why reason.Reason) error {
	c, err := campaignTx(tx, id)
	if err != nil || c.Stops(n) {
		return err
	}
	c.SetStop(campaign.Stop{Number: n, Held: held, Why: why, At: b.clock.Now()})
	if err := putCampaignTx(tx, c); err != nil {
		return err
	}
	if stuckTx(tx, &c) {
		return b.pauseTx(tx, id, why)
	}
	b.logger.Warn("stop a number for a campaign", "campaign", id, "number", n, "why", why)
	return nil
}

// stuckTx reports whether all that a campaign still has to send waits on numbers
// that are stopped for it.
func stuckTx(tx *bolt.Tx, c *campaign.Campaign) (stuck bool) {
	for _, n := range c.Numbers {
		waits := queueTable.Any(tx, queueTable.of(n, c.ID)) || againTable.Any(tx, againTable.Of2(n, c.ID))
		flying := bytes.HasPrefix(inflightTable.Get(tx, n), deliveriesTable.Of(c.ID))
		if !c.Stops(n) && (waits || flying) {
			return false
		}
		stuck = stuck || waits
	}
	return stuck
}

// whyStuckTx is why a campaign is paused of which all that waits is on numbers that
// are stopped.
func whyStuckTx(tx *bolt.Tx, c *campaign.Campaign) (reason.Reason, error) {
	i := slices.IndexFunc(c.Stopped, func(s campaign.Stop) bool { return !s.Guard() })
	if i < 0 {
		return reason.New(reason.CampaignNumbersHeld), nil
	}
	n, err := numberTx(tx, c.Stopped[i].Number)
	return reason.New(reason.CampaignAllStopped, n.Name, reason.Plain(cmp.Or(c.Stopped[i].By, "?"))), err
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
	case d.Revokes != "": // it shows nobody anything
	case !before.State.Proven() && d.State.Proven():
		if err := welcomeTx(tx, d.Campaign, func(w *welcome) { w.took(d.Accepted) }); err != nil {
			return err
		}
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
		oldest := oldestTx(tx, d.Campaign, n, d.Accepted)
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

// hadTimeTx lists the messages of a campaign that had time to arrive at now, the
// newest first, as many as are looked at.
func hadTimeTx(tx *bolt.Tx, id campaign.ID, n campaign.NumberID, now time.Time) iter.Seq2[[]byte, bool] {
	return func(yield func(k []byte, came bool) bool) {
		seen := 0
		for k, v := range sampleTable.BackFrom(tx, sampleTable.of(id, n), sampleTable.from(id, n, now.Add(-sampleAge))) {
			if seen++; !yield(k, v[0] != 0) || seen == sampleSize {
				return
			}
		}
	}
}

// oldestTx is the last of them; nil if there are fewer.
func oldestTx(tx *bolt.Tx, id campaign.ID, n campaign.NumberID, now time.Time) (oldest []byte) {
	seen := 0
	for k := range hadTimeTx(tx, id, n, now) {
		if seen++; seen == sampleSize {
			oldest = bytes.Clone(k)
		}
	}
	return oldest
}

// tooFew says of how many of the last messages that had time, told from the newest
// on, how many arrived, if that is too few; 0: it is not.
func tooFew(messages iter.Seq2[[]byte, bool]) (of, came int) {
	for _, arrived := range messages {
		of++
		if arrived {
			came++
		}
		if of-2*came >= silentMost {
			return of, came
		}
	}
	return 0, 0
}

// guardedTx is what the guard rails make of a claim of a number for a campaign;
// nil: they let it be.
func (b *Book) guardedTx(tx *bolt.Tx, c campaign.Claim, id campaign.ID) (act, error) {
	if why, err := unwelcomeTx(tx, id); !why.IsZero() || err != nil {
		return pause{id, why}, err
	}
	n, why, err := b.silencedTx(tx, c, id)
	switch {
	case err != nil || why.IsZero():
		return nil, err
	case n == all:
		return pause{id, why}, nil
	}
	return stop{id, n, reason.HoldSilent, why}, nil
}

// silencedTx is why a campaign that a number wants to send for is to be paused, or
// that number stopped for it: too little of what was sent has arrived. A number that
// has just come back may not have heard of all that did.
func (b *Book) silencedTx(tx *bolt.Tx, c campaign.Claim, id campaign.ID) (whose campaign.NumberID, why reason.Reason, err error) {
	if c.Now.Before(c.Ready.Since.Add(b.grace)) {
		return all, why, nil
	}
	for _, n := range []campaign.NumberID{all, c.Number} {
		g, err := guardTx(tx, id, n)
		if err != nil {
			return all, why, err
		}
		if g.size < silentMost {
			continue
		}
		if of, came := tooFew(hadTimeTx(tx, id, n, c.Now)); of > 0 {
			return n, reason.New(reason.CampaignSilence, of, int(sampleAge.Minutes()), came), nil
		}
	}
	return all, why, nil
}
