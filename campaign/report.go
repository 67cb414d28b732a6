package campaign

import (
	"maps"
	"slices"
	"time"

	"recado/campaign/reason"
)

// Report is what has become of a campaign, counted from its deliveries, each
// person once. It is made by [Report.Add] and may be joined from parts.
type Report struct {
	Funnel
	Waiting int // queued or being sent
	Unsure  int
	Revoked int // of those that were sent, or may have been: deleted for everyone since

	Failed  map[reason.Code]int // by the reason of the delivery
	LeftOut map[reason.Code]int // skipped, the same

	Numbers  map[NumberID]*Funnel // of those that sent
	Variants map[uint8]*Funnel    // by text, of those that were sent
	Wordings map[Wording]*Funnel  // the same, by what it said, if any was fixed; see [Report.AddOf]
	Votes    map[uint8]int        // in its poll, by the option from 1
	Hours    map[int64]*Funnel    // what happened in each hour, by [HourOf]; adds up to the whole

	hour, number, variant, wording last // what was counted last: most are like the one before
}

// Funnel is how far messages came. It is cumulative: what was read counts as
// delivered and as sent, and so does what was replied to, because nobody answers
// what they have not got. That a message was read is known only of people whose
// phones tell, so Read is a lower bound.
type Funnel struct {
	Sent      int `json:"sent"`      // the service accepted them
	Delivered int `json:"delivered"` // they reached a device
	Read      int `json:"read"`
	Replied   int `json:"replied"`   // within [ReplyWithin]
	OptedOut  int `json:"opted_out"` // asked in answer to it to be left alone, in the same time
}

// ReplyWithin is for how long after a message what a person answers counts as a
// reply in a report. The delivery keeps its reply however late it came.
const ReplyWithin = 7 * 24 * time.Hour

// HourOf is the hour of a time: how many whole ones since 1970.
func HourOf(t time.Time) int64 { return t.Unix() / 3600 }

// HourTime is when an hour began.
func HourTime(hour int64) time.Time { return time.Unix(hour*3600, 0) }

// last is the part of a report that was counted last.
type last struct {
	key int64
	in  *Funnel
}

// partOf is a part of a report, made if there is none.
func partOf[K ~int64 | ~uint32 | ~uint8](l *last, parts *map[K]*Funnel, key K) *Funnel {
	if l.in != nil && l.key == int64(key) {
		return l.in
	}
	if *parts == nil {
		*parts = make(map[K]*Funnel)
	}
	if (*parts)[key] == nil {
		(*parts)[key] = new(Funnel)
	}
	l.key, l.in = int64(key), (*parts)[key]
	return l.in
}

// Fate is what a report has to know of a delivery.
type Fate struct {
	Number  NumberID
	Variant uint8
	State   State
	Code    reason.Code // of the reason of one that failed or was skipped

	Accepted, Arrived, ReadAt, RepliedAt, LeftAt, RevokedAt time.Time

	Fixed uint16 // how often its text had been fixed before
	Vote  uint8  // in its poll, from 1; 0: none
}

// Fate is what has become of a delivery.
func (d *Delivery) Fate() Fate {
	return Fate{d.Number, d.Variant, d.State, d.Reason.Code, d.Accepted, d.Arrived, d.ReadAt, d.RepliedAt, d.LeftAt, d.RevokedAt, d.Fixed, d.Vote}
}

// Add counts one delivery.
func (r *Report) Add(d *Fate) { r.add(d, new(Funnel)) }

// AddOf is Add for a delivery of a campaign: it also counts what its text said.
func (r *Report) AddOf(c *Campaign, d *Fate) {
	if len(c.Reworded) == 0 || !d.Sent() {
		r.Add(d)
		return
	}
	r.add(d, partOf(&r.wording, &r.Wordings, d.Wording()))
}

func (r *Report) add(d *Fate, wording *Funnel) {
	switch d.State {
	case Queued, Sending:
		r.Waiting++
	case Unsure:
		r.Unsure++
	case Failed:
		count(&r.Failed, d.Code)
	case Skipped:
		count(&r.LeftOut, d.Code)
	}
	if d.Revoked() {
		r.Revoked++
	}
	if !d.Sent() {
		return
	}
	number, variant := partOf(&r.number, &r.Numbers, d.Number), partOf(&r.variant, &r.Variants, d.Variant)
	step := func(field func(*Funnel) *int, at time.Time) {
		*field(&r.Funnel)++
		*field(number)++
		*field(variant)++
		*field(wording)++
		*field(partOf(&r.hour, &r.Hours, HourOf(at)))++
	}
	sent := d.SentAt()
	step((*Funnel).sent, sent)
	if d.Delivered() {
		step((*Funnel).delivered, first(d.Arrived, d.ReadAt, d.RepliedAt, sent))
	}
	if d.Read() {
		step((*Funnel).read, first(d.ReadAt, d.RepliedAt, sent))
	}
	if d.Replied() {
		step((*Funnel).replied, d.RepliedAt)
	}
	if d.OptedOut() {
		step((*Funnel).optedOut, d.LeftAt)
	}
	if d.Vote > 0 {
		count(&r.Votes, d.Vote)
	}
}

// Part is some of the deliveries of a campaign, by a name that reports use.
type Part string

// The parts.
const (
	PartAll       Part = "all"
	PartWaiting   Part = "waiting"
	PartSent      Part = "sent"
	PartDelivered Part = "delivered"
	PartRead      Part = "read"
	PartReplied   Part = "replied"
	PartOptedOut  Part = "opted_out"
	PartFailed    Part = "failed"
	PartUnsure    Part = "unsure"
	PartLeftOut   Part = "left_out"
)

// Parts are all of them.
var Parts = [...]Part{PartAll, PartWaiting, PartSent, PartDelivered, PartRead, PartReplied, PartOptedOut, PartFailed, PartUnsure, PartLeftOut}

// Has reports whether a delivery is in a part: in each into which a report counts it.
func (p Part) Has(d *Fate) bool {
	switch p {
	case PartAll:
		return true
	case PartWaiting:
		return d.State == Queued || d.State == Sending
	case PartSent:
		return d.Sent()
	case PartDelivered:
		return d.Delivered()
	case PartRead:
		return d.Read()
	case PartReplied:
		return d.Replied()
	case PartOptedOut:
		return d.OptedOut()
	case PartFailed:
		return d.State == Failed
	case PartUnsure:
		return d.State == Unsure
	case PartLeftOut:
		return d.State == Skipped
	}
	return false
}

// Sent reports whether a report counts it as sent; the other steps of the funnel
// have the same.
func (d *Fate) Sent() bool { return d.State.Proven() }

// Retriable reports whether it certainly did not leave, and may be tried again, see
// [Delivery.Retry].
func (d *Fate) Retriable() bool { return retriable(d.State, d.Code) }

// Retriable is how many may be tried again, by why they did not leave.
func (r *Report) Retriable() map[reason.Code]int {
	kinds := make(map[reason.Code]int)
	for state, counts := range map[State]map[reason.Code]int{Failed: r.Failed, Skipped: r.LeftOut} {
		for why, n := range counts {
			if retriable(state, why) {
				kinds[why] += n
			}
		}
	}
	return kinds
}

// Delivered reports whether it counts as delivered.
func (d *Fate) Delivered() bool { return d.Sent() && d.State >= Delivered }

// Read reports whether it counts as read.
func (d *Fate) Read() bool { return d.Sent() && d.State >= Read }

// Replied reports whether it counts as replied to.
func (d *Fate) Replied() bool {
	return d.State == Replied && d.RepliedAt.Sub(d.SentAt()) <= ReplyWithin
}

// OptedOut reports whether the person counts as having left by it.
func (d *Fate) OptedOut() bool {
	return d.Sent() && !d.LeftAt.IsZero() && d.LeftAt.Sub(d.SentAt()) <= ReplyWithin
}

// Chose reports whether it counts for an option of its poll, from 1.
func (d *Fate) Chose(option uint8) bool { return d.Sent() && d.Vote == option }

// Revoked reports whether the message was deleted for everyone.
func (d *Fate) Revoked() bool { return !d.RevokedAt.IsZero() }

// SentAt is when the service accepted it, as far as is known.
func (d *Fate) SentAt() time.Time { return first(d.Accepted, d.Arrived, d.ReadAt, d.RepliedAt) }

func (f *Funnel) sent() *int      { return &f.Sent }
func (f *Funnel) delivered() *int { return &f.Delivered }
func (f *Funnel) read() *int      { return &f.Read }
func (f *Funnel) replied() *int   { return &f.Replied }
func (f *Funnel) optedOut() *int  { return &f.OptedOut }

// first is the first of some times that is known.
func first(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

func count[K comparable](counts *map[K]int, key K) { countMore(counts, key, 1) }

func countMore[K comparable](counts *map[K]int, key K, n int) {
	if *counts == nil {
		*counts = make(map[K]int)
	}
	(*counts)[key] += n
}

// Join adds what another report has counted of other deliveries.
func (r *Report) Join(o *Report) {
	r.Funnel.join(o.Funnel)
	r.Waiting += o.Waiting
	r.Unsure += o.Unsure
	r.Revoked += o.Revoked
	joinCounts(&r.Failed, o.Failed)
	joinCounts(&r.LeftOut, o.LeftOut)
	joinParts(&r.Numbers, o.Numbers)
	joinParts(&r.Variants, o.Variants)
	joinParts(&r.Wordings, o.Wordings)
	joinParts(&r.Hours, o.Hours)
	joinCounts(&r.Votes, o.Votes)
}

func (f *Funnel) join(o Funnel) {
	f.Sent += o.Sent
	f.Delivered += o.Delivered
	f.Read += o.Read
	f.Replied += o.Replied
	f.OptedOut += o.OptedOut
}

func joinCounts[K comparable](to *map[K]int, from map[K]int) {
	for key, n := range from {
		countMore(to, key, n)
	}
}

func joinParts[K ~int64 | ~uint32 | ~uint8](to *map[K]*Funnel, from map[K]*Funnel) {
	for key, f := range from {
		partOf(new(last), to, key).join(*f)
	}
}

// Kept is, of the report of an undo, how many messages were not deleted, by why. It
// is never nil.
func (r *Report) Kept() map[reason.Code]int {
	kept := make(map[reason.Code]int)
	joinCounts(&kept, r.Failed)
	joinCounts(&kept, r.LeftOut)
	return kept
}

// Timeline lists the hours in which something happened, the oldest first.
func (r *Report) Timeline() []int64 { return slices.Sorted(maps.Keys(r.Hours)) }

// Total is the size of the audience, those left out included.
func (r *Report) Total() int {
	n := r.Sent + r.Waiting + r.Unsure
	for _, counts := range []map[reason.Code]int{r.Failed, r.LeftOut} {
		for _, k := range counts {
			n += k
		}
	}
	return n
}
