package session

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// What must hold in a history of whole campaigns: whatever people saw and the ledger of
// the service has is held against the book, against what persons wanted, and against
// the limits.

// watch compares the book with what it was before.
func (w *whole) watch() {
	seen := w.seen()
	for _, c := range w.campaigns() {
		all, err := w.book.Deliveries(c.ID, -1, 100)
		w.must(err)
		for _, d := range all {
			at := place{c.ID, d.Seq}
			before, known := w.before[at]
			was := before.State
			if known && before.Message != "" && d.Message != before.Message {
				w.wrong("delivery %d of campaign %d was %s and is %q", d.Seq, c.ID, before.Message, d.Message)
			}
			if d.State == campaign.Failed && seen[d.Message] && !w.misjudged[at] {
				w.wrong("delivery %d of campaign %d is %v (%v) at %v, and was seen", d.Seq, c.ID, d.State, d.Reason, w.truth(time.Now()).Format(time.DateTime))
			}
			switch {
			case !known, d.State == was:
			case was.Proven() && d.State < was, was.Proven() && !d.State.Proven():
				w.wrong("delivery %d of campaign %d went from %v back to %v", d.Seq, c.ID, was, d.State)
			case (was == campaign.Failed || was == campaign.Skipped) && !d.State.Proven() && !w.again[at]:
				w.wrong("delivery %d of campaign %d went from %v to %v, and nobody wanted it", d.Seq, c.ID, was, d.State)
			}
			w.before[at] = d
		}
	}
}

// seen are the messages that people saw.
func (w *whole) seen() map[campaign.MessageID]bool {
	seen := make(map[campaign.MessageID]bool)
	for _, s := range w.service.Ledger().Seen() {
		seen[campaign.MessageID(s.ID)] = true
	}
	return seen
}

func (w *whole) wrong(format string, args ...any) {
	w.found = append(w.found, fmt.Sprintf(format, args...))
}

// wrongs are all that people saw, or the ledger has, and the book must not have let
// happen.
func (w *whole) wrongs() []string {
	seen := w.seen()
	of := make(map[campaign.MessageID]campaign.Delivery)
	for _, c := range w.campaigns() {
		all, err := w.book.Deliveries(c.ID, -1, 100)
		w.must(err)
		var counts campaign.Counts
		for _, d := range all {
			counts[d.State]++
			if d.Message != "" {
				of[d.Message] = d
			}
			saw := seen[d.Message]
			switch {
			case d.State.Proven() && !saw:
				w.wrong("delivery %d of campaign %d is %v, and nobody saw it", d.Seq, c.ID, d.State)
			case (d.State == campaign.Failed || d.State == campaign.Skipped && d.Reason.Code != reason.DeliveryLeftAlone) && saw && !w.misjudged[place{c.ID, d.Seq}]:
				w.wrong("delivery %d of campaign %d is %v (%v), and was seen", d.Seq, c.ID, d.State, d.Reason)
			case (d.State == campaign.Queued || d.State == campaign.Sending) && c.Status != campaign.Cancelled:
				w.wrong("delivery %d of campaign %d is forgotten: %v", d.Seq, c.ID, d.State)
			}
			if slices.Contains(w.outs, place{c.ID, d.Seq}) && saw && !w.misjudged[place{c.ID, d.Seq}] {
				w.wrong("delivery %d of campaign %d was taken out, and was seen", d.Seq, c.ID)
			}
		}
		if kept, err := w.book.Counts(c.ID); err != nil || kept != counts {
			w.wrong("campaign %d counts %v, and has %v (%v)", c.ID, kept, counts, err)
		}
	}
	w.once(of)
	w.allowed()
	w.paced()
	w.leftAlone(of)
	if v, err := w.book.Verify(w.Context()); err != nil || len(v.Findings) > 0 {
		w.wrong("the evidence: %v, %v", v.Findings, err)
	}
	return w.found
}

// once looks whether anybody was sent a campaign twice, in whatever words, or by more
// than one number.
func (w *whole) once(of map[campaign.MessageID]campaign.Delivery) {
	type whom struct {
		campaign campaign.ID
		account  string
	}
	got := make(map[whom]map[string]bool)
	texts := make(map[string]string)
	for _, s := range w.service.Ledger().Stanzas() {
		if s.Kind != "text" || s.Error != 0 || s.Duplicate {
			continue
		}
		d, ours := of[campaign.MessageID(s.ID)]
		if !ours {
			w.wrong("%q left as %s, which the book does not know", s.Text, s.ID)
			continue
		}
		if text, known := texts[s.ID]; known && text != s.Text {
			w.wrong("%s left as %q and as %q", s.ID, text, s.Text)
		}
		texts[s.ID] = s.Text
		if s.Text != d.Text {
			w.wrong("%s left as %q, the book says %q", s.ID, s.Text, d.Text)
		}
		if o := w.numbered(d.Number); s.Number != o.phone {
			w.wrong("%s is a message of %s, and left by %s", s.ID, o.phone, s.Number)
		}
		for _, leg := range s.Legs {
			key := whom{d.Campaign, accountOf(leg)}
			if got[key] == nil {
				got[key] = make(map[string]bool)
			}
			got[key][s.ID] = true
		}
	}
	them := make(map[string]bool) // a message goes to the other devices of its number too
	for _, p := range w.people {
		them[p.lid] = true
	}
	for key, ids := range got {
		c, err := w.book.Campaign(key.campaign)
		w.must(err)
		if len(ids) > 1 && them[key.account] && c.Confirms == 0 { // see confirmations
			w.wrong("%s was sent campaign %d as %v", key.account, key.campaign, slices.Sorted(maps.Keys(ids)))
		}
	}
}

// numbered is one of our numbers.
func (w *whole) numbered(id campaign.NumberID) *ours {
	return w.ours[slices.IndexFunc(w.ours, func(o *ours) bool { return o.id == id })]
}

// allowed looks whether each message was claimed when it might be: not while its
// campaign was paused, given up or not yet due, or its number was stopped for it, nor
// after it was to be deleted, nor at an hour at which nothing is sent.
func (w *whole) allowed() {
	deleted := make(map[string]time.Time)
	for _, s := range w.service.Ledger().Stanzas() {
		if s.Kind == "revoke" && s.Error == 0 && deleted[s.Revokes].IsZero() {
			deleted[s.Revokes] = s.Time
		}
	}
	for _, s := range w.service.Ledger().Stanzas() {
		if s.Kind != "text" {
			continue
		}
		g, known := w.gives.before(s.ID, s.Time)
		if !known {
			w.wrong("%s sends %s, which it was not given", s.Number, s.ID)
			continue
		}
		wrong := func(why string, args ...any) {
			w.wrong("%s sends %s of campaign %d, claimed at %v: %s", s.Number, s.ID, g.d.Campaign, w.truth(g.at).Format(time.DateTime), fmt.Sprintf(why, args...))
		}
		for _, h := range w.halts {
			if h.campaign == g.d.Campaign && h.goesOn(g.at) {
				wrong("it was halted at %v", w.truth(h.from).Format(time.DateTime))
			}
		}
		for _, h := range w.stops {
			if h.campaign == g.d.Campaign && h.number == s.Number && h.goesOn(g.at) {
				wrong("the number was stopped for it at %v", w.truth(h.from).Format(time.DateTime))
			}
		}
		if at := w.due[g.d.Campaign]; w.latest(g.at).Add(nearly).Before(at) {
			wrong("it is planned for %v", at.Format(time.DateTime))
		}
		if at := deleted[s.ID]; g.d.RevokeBy != 0 || !at.IsZero() && s.Time.After(at) {
			wrong("campaign %d was to delete it, which it did at %v", g.d.RevokeBy, at)
		}
		zone, err := time.LoadLocation(g.d.Zone)
		w.must(err)
		at := w.truth(g.at).In(zone)
		shut := func(at time.Time) bool {
			hours, minute := w.paces[s.Number].Hours, at.Hour()*60+at.Minute()
			return hours.To > 0 && (minute < hours.From || minute >= hours.To)
		}
		if g.d.Zone != "" && g.d.Revokes == "" && !w.untold(g) && shut(at.Add(-nearly)) && shut(at.Add(nearly)) {
			wrong("which is %v there", at)
		}
	}
}

// goesOn reports whether it was so at a moment.
func (p pausing) goesOn(at time.Time) bool {
	return at.After(p.from) && (p.to.IsZero() || at.Before(p.to))
}

// latest is the latest that the program can ever have taken the time for until then.
// What has begun by a clock that was ahead has begun.
func (w *whole) latest(at time.Time) time.Time {
	last := at
	for _, s := range w.skews {
		if t := at.Add(s.ahead); !s.from.After(at) && t.After(last) {
			last = t
		}
	}
	return last
}

// paced looks whether a number has sent faster than it may.
func (w *whole) paced() {
	type sent struct {
		simulator.Stanza
		g given
	}
	by := make(map[string][]sent)
	left := make(map[string]time.Time) // when what has left was claimed
	for _, s := range w.service.Ledger().Stanzas() {
		g, _ := w.gives.before(s.ID, s.Time)
		claimed, before := left[s.ID]
		left[s.ID] = g.at
		again := s.Duplicate || before && claimed.Equal(g.at) // the library sends the same bytes again when the line breaks
		if (s.Kind == "text" || s.Kind == "revoke") && !again {
			g.now, g.at = g.now.Add(s.Time.Sub(g.at)), s.Time // the gap begins when it has left
			by[s.Number] = append(by[s.Number], sent{s, g})
		}
	}
	for number, all := range by {
		pace := w.paces[number]
		var texts []sent
		for i, s := range all {
			if i > 0 && w.lasted(all[i-1].g, s.g) < pace.Gap.Min-time.Second {
				before := all[i-1]
				w.wrong("%s sends %s %s at %v and %s %s at %v", number, before.Kind, before.ID, before.Time.Format("15:04:05.000"), s.Kind, s.ID, s.Time.Format("15:04:05.000"))
			}
			if s.Kind == "text" && s.Error == 0 { // a refusal gives its place back
				texts = append(texts, s)
			}
		}
		for i, s := range texts {
			if n := i - pace.Hour; n >= 0 && w.lasted(texts[n].g, s.g) < time.Hour-time.Minute {
				w.wrong("%s sends %d from %v to %v", number, pace.Hour+1, texts[n].Time.Format(time.TimeOnly), s.Time.Format(time.TimeOnly))
			}
		}
	}
}

// leftAlone looks whether anybody was written to sooner after a campaign than they may
// be.
func (w *whole) leftAlone(of map[campaign.MessageID]campaign.Delivery) {
	tries := make(map[campaign.MessageID]int)
	for _, s := range w.service.Ledger().Stanzas() {
		if !s.Duplicate {
			tries[campaign.MessageID(s.ID)]++
		}
	}
	last := make(map[people.ContactID][]given)
	for _, d := range of { // what may have left before goes again when it can
		if g, known := w.gives.before(string(d.Message), time.Now()); known && d.Text != confirms && d.MayHaveLeft() && d.Attempts == 1 && tries[d.Message] == 1 {
			last[d.Contact] = append(last[d.Contact], g)
		}
	}
	for _, all := range last {
		slices.SortFunc(all, func(a, b given) int { // at the moment in which the clock is moved, by what it showed
			return cmp.Or(a.at.Compare(b.at), a.now.Compare(b.now))
		})
		for i, a := range all[:len(all)-1] {
			b := all[i+1]
			if w.lasted(a, b) < leftAlone-time.Second {
				w.wrong("%s is written to at %v (taken for %v) and at %v (%v)", a.d.Name, w.truth(a.at).Format(time.DateTime), a.now.UTC().Format(time.DateTime),
					w.truth(b.at).Format(time.DateTime), b.now.UTC().Format(time.DateTime))
			}
		}
	}
}
