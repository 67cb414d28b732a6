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

	Failed  map[reason.Code]int // by the reason of the delivery
	LeftOut map[reason.Code]int // skipped, the same

	Numbers  map[NumberID]*Funnel // of those that sent
	Variants map[uint8]*Funnel    // by text, of those that were sent
	Hours    map[int64]*Funnel    // what happened in each hour, by [HourOf]; adds up to the whole

	hour, number, variant last // what was counted last: most are like the one before
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

	Accepted, Arrived, ReadAt, RepliedAt, LeftAt time.Time
}

// Fate is what has become of a delivery.
func (d *Delivery) Fate() Fate {
	return Fate{d.Number, d.Variant, d.State, d.Reason.Code, d.Accepted, d.Arrived, d.ReadAt, d.RepliedAt, d.LeftAt}
}

// Add counts one delivery.
func (r *Report) Add(d *Fate) {
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
	if !d.Sent() {
		return
	}
	number, variant := partOf(&r.number, &r.Numbers, d.Number), partOf(&r.variant, &r.Variants, d.Variant)
	step := func(field func(*Funnel) *int, at time.Time) {
		*field(&r.Funnel)++
		*field(number)++
		*field(variant)++
		*field(partOf(&r.hour, &r.Hours, HourOf(at)))++
	}
	sent := d.sentAt()
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
}

// Sent reports whether a report counts it as sent; the other steps of the funnel
// have the same.
func (d *Fate) Sent() bool { return d.State.Proven() }

// Delivered reports whether it counts as delivered.
func (d *Fate) Delivered() bool { return d.Sent() && d.State >= Delivered }

// Read reports whether it counts as read.
func (d *Fate) Read() bool { return d.Sent() && d.State >= Read }

// Replied reports whether it counts as replied to.
func (d *Fate) Replied() bool {
	return d.State == Replied && d.RepliedAt.Sub(d.sentAt()) <= ReplyWithin
}

// OptedOut reports whether the person counts as having left by it.
func (d *Fate) OptedOut() bool {
	return d.Sent() && !d.LeftAt.IsZero() && d.LeftAt.Sub(d.sentAt()) <= ReplyWithin
}

func (d *Fate) sentAt() time.Time { return first(d.Accepted, d.Arrived, d.ReadAt, d.RepliedAt) }

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

func count(counts *map[reason.Code]int, code reason.Code) {
	if *counts == nil {
		*counts = make(map[reason.Code]int)
	}
	(*counts)[code]++
}

// Join adds what another report has counted of other deliveries.
func (r *Report) Join(o *Report) {
	r.Funnel.join(o.Funnel)
	r.Waiting += o.Waiting
	r.Unsure += o.Unsure
	joinCounts(&r.Failed, o.Failed)
	joinCounts(&r.LeftOut, o.LeftOut)
	joinParts(&r.Numbers, o.Numbers)
	joinParts(&r.Variants, o.Variants)
	joinParts(&r.Hours, o.Hours)
}

func (f *Funnel) join(o Funnel) {
	f.Sent += o.Sent
	f.Delivered += o.Delivered
	f.Read += o.Read
	f.Replied += o.Replied
	f.OptedOut += o.OptedOut
}

func joinCounts(to *map[reason.Code]int, from map[reason.Code]int) {
	for code, n := range from {
		if *to == nil {
			*to = make(map[reason.Code]int)
		}
		(*to)[code] += n
	}
}

func joinParts[K ~int64 | ~uint32 | ~uint8](to *map[K]*Funnel, from map[K]*Funnel) {
	for key, f := range from {
		partOf(new(last), to, key).join(*f)
	}
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
