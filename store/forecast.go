package store

import (
	"bytes"
	"context"
	"slices"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Forecast says when a campaign that was started will have been sent. It costs
// as much as the queues of its numbers are long: it is not for every key press.
func (b *Book) Forecast(ctx context.Context, id campaign.ID, now time.Time) (f campaign.Forecast, err error) {
	var numbers []campaign.Outlook
	tries := 0
	err = b.view(func(tx *bolt.Tx) error {
		c, err := campaignTx(tx, id)
		if err != nil {
			return err
		}
		if c.Canary > 0 && !c.Tried {
			tally, err := tallyTx(tx, id)
			if err != nil {
				return err
			}
			tries = c.Canary - tally.counts.Left()
		}
		for _, number := range c.Numbers {
			n, err := numberTx(tx, number)
			if err != nil {
				return err
			}
			if c.Stops(number) {
				numbers = append(numbers, stoppedTx(tx, n, id))
				continue
			}
			o, err := outlookTx(ctx, tx, n, id, now)
			if err != nil {
				return err
			}
			numbers = append(numbers, o)
		}
		return nil
	})
	if err != nil {
		return f, err
	}
	f, err = campaign.Walk(ctx, id, numbers, now)
	f.Try(tries)
	return f, err
}

// outlookTx is a number with all that waits on it, of the running campaigns and
// of one more.
func outlookTx(ctx context.Context, tx *bolt.Tx, n campaign.Number, id campaign.ID, now time.Time) (o campaign.Outlook, err error) {
	t, err := turnTx(tx, n.ID)
	if err != nil {
		return o, err
	}
	t.Last, t.Slow.Until = sofar(t.Last, now), campaign.Within(t.Slow.Until, now, campaign.LongestSlow)
	o = campaign.Outlook{Number: n, Turn: t.Turn, Slow: t.Slow, Sent: pastTx(tx, n.ID, now)}
	switch s := n.Standing; {
	case !n.Linked():
		o.Stopped = true
	case s.State == campaign.Banned && s.Until.After(now):
		o.From = s.Until
	case s.State == campaign.Banned, s.State == campaign.Blocked, s.State == campaign.LoggedOut, s.State == campaign.Outdated:
		o.Stopped = true
	}
	if n.Standing.Closed.After(now) {
		o.NewChats = campaign.Hold{Reason: reason.HoldNewChats, Until: n.Standing.Closed}
	}
	if o.Takes, err = takesTx(tx, id); err != nil {
		return o, err
	}
	campaigns := rotation(tx, t.Campaign)
	if !slices.Contains(campaigns, id) {
		campaigns = append(campaigns, id)
	}
	for _, other := range campaigns {
		if o.Waiting, err = waitingTx(ctx, tx, o.Waiting, n.ID, other); err != nil {
			return o, err
		}
	}
	for i := range o.Waiting {
		o.Waiting[i].Due = campaign.Within(o.Waiting[i].Due, now, campaign.LongestWait)
	}
	return o, nil
}

// pastTx is what a number has sent in the last day, as far as any limit counts.
func pastTx(tx *bolt.Tx, number campaign.NumberID, now time.Time) (past []campaign.Past) {
	const most = 10_000
	for k := range sendsTable.Back(tx, sendsTable.Of(number)) {
		_, sent, kind := sendsTable.Parts(k)
		at := sofar(sent.time(), now)
		if len(past) == most || now.Sub(at) >= 24*time.Hour {
			break
		}
		past = append(past, campaign.Past{At: at, New: kind != knownChat, Unsent: kind == newUnsent})
	}
	slices.Reverse(past)
	return past
}

// usualTake is how long a message is taken to be on its way before any was.
const usualTake = 300 * time.Millisecond

// takesTx is how long the last messages of a campaign were on their way; before
// it has sent any, those of the last one that has.
func takesTx(tx *bolt.Tx, id campaign.ID) (time.Duration, error) {
	const campaigns = 20
	ids := []campaign.ID{id}
	for k := range campaignsTable.Back(tx, nil) {
		if len(ids) > campaigns {
			break
		}
		ids = append(ids, campaignsTable.Parts(k))
	}
	for _, id := range ids {
		if took, err := tookTx(tx, id); took > 0 || err != nil {
			return took, err
		}
	}
	return usualTake, nil
}

// tookTx is how long the last messages of a campaign were on their way; 0: it is
// not known.
func tookTx(tx *bolt.Tx, id campaign.ID) (time.Duration, error) {
	var sum time.Duration
	n := 0
	looked := 0
	for _, v := range eventsTable.Back(tx, eventsTable.Of(id)) {
		if looked++; looked > 200 {
			break
		}
		d, err := deliveryTx(tx, deliveryKey(id, fromRow[uint32](v)))
		if err != nil {
			return 0, err
		}
		if took := d.Accepted.Sub(d.Claimed); !d.Accepted.IsZero() && d.Attempts == 1 && took >= 0 {
			sum += took
			n++
		}
	}
	if n == 0 {
		return 0, nil
	}
	return max(sum/time.Duration(n), 1), nil
}

// waitingTx counts what waits on a number of a campaign, group by group.
func waitingTx(ctx context.Context, tx *bolt.Tx, groups []campaign.Waiting, number campaign.NumberID, id campaign.ID) ([]campaign.Waiting, error) {
	queued, tried := queueTable.of(number, id), againTable.Of2(number, id)
	if !queueTable.Any(tx, queued) && !againTable.Any(tx, tried) {
		return groups, nil
	}
	c, err := campaignTx(tx, id)
	if err != nil || c.Stops(number) {
		return groups, err
	}
	add := func(seq uint32, n int, due bool) error {
		d, err := deliveryTx(tx, deliveryKey(id, seq))
		if err != nil {
			return err
		}
		g := campaign.Waiting{Campaign: id, Pace: c.Pace, New: d.New, Zone: location(d.Zone), Count: n}
		if due {
			g.Due, g.Lapses, g.Opened = d.NotBefore, d.Lapses(), d.Doubts > 0
		}
		groups = append(groups, g)
		return nil
	}
	n := 0
	for k := range againTable.Each(tx, tried) {
		if n++; n%256 == 0 && ctx.Err() != nil {
			return groups, ctx.Err()
		}
		_, _, seq := againTable.Parts(k)
		if err := add(seq, 1, true); err != nil {
			return groups, err
		}
	}
	var group []byte // that is being counted
	var first uint32
	in := 0
	flush := func() error {
		if in == 0 {
			return nil
		}
		return add(first, in, false)
	}
	for k := range queueTable.Each(tx, queued) {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return groups, ctx.Err()
		}
		if in > 0 && bytes.HasPrefix(k, group) {
			in++
			continue
		}
		if err := flush(); err != nil {
			return groups, err
		}
		group, first = queueTable.parts(k)
		in = 1
	}
	return groups, flush()
}

// Rehearse forecasts a campaign, whether it was started or not: see
// [campaign.Forecast.Hours]. It costs what [Book.Preflight] does, or
// [Book.Forecast], and nothing is written by it.
func (b *Book) Rehearse(ctx context.Context, id campaign.ID, now time.Time) (campaign.Forecast, error) {
	c, err := b.Campaign(id)
	if err != nil || !c.Unstarted() {
		return b.Forecast(ctx, id, now)
	}
	p, err := b.Preflight(ctx, c, now)
	return p.Forecast, err
}
