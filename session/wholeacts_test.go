package session

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
)

// What a person does in a history of whole campaigns, and what the world does to them.

// step is one thing that happens, and a while.
func (w *whole) step() {
	d := desk(w.book.Book)
	o, what := w.some(), w.dice.IntN(30)
	if w.dice.IntN(3) == 0 {
		if one := w.strikes(); one != nil {
			o, what = one, []int{4, 5, 9, 9, 11, 15, 16, 16, 20, 21, 21, 21, 22, 24, 28}[w.dice.IntN(15)]
		}
	} else if !o.linked && w.dice.IntN(2) == 0 {
		w.link(o)
	}
	switch what {
	case 0, 1, 3:
		w.begin()
	case 4, 5:
		if c, ok := w.one(campaign.Running, campaign.Freezing); ok {
			w.pause(c, false)
		}
	case 6, 7, 8:
		if c, ok := w.one(campaign.Paused); ok {
			w.resume(c)
		}
	case 9:
		if c, ok := w.one(campaign.Running, campaign.Paused, campaign.Scheduled); ok {
			w.pause(c, true)
		}
	case 10:
		if c, ok := w.one(campaign.Paused); ok && c.Confirms == 0 {
			w.fix(c)
		}
	case 11:
		if c, ok := w.one(campaign.Running, campaign.Paused); ok {
			w.skip(c)
		}
	case 2, 12, 13:
		if c, ok := w.with(campaign.Failed); ok {
			w.retry(c)
		}
	case 14:
		if c, ok := w.with(campaign.Unsure); ok {
			w.decide(c)
		}
	case 15:
		w.undo()
	case 16:
		if c, ok := w.one(campaign.Running, campaign.Paused); ok {
			w.stopNumber(c, o)
		}
	case 17, 18:
		w.trouble()
	case 19:
		w.away(false)
	case 20:
		w.away(true)
	case 21:
		w.logout(o)
		if w.dice.IntN(2) == 0 {
			w.link(o)
		}
	case 22:
		w.drop(o)
	case 23:
		if w.dice.IntN(2) == 0 {
			w.says(w.people[w.dice.IntN(len(w.people))], o)
		} else {
			w.optIn()
		}
	case 24:
		w.move()
	case 25:
		p := w.people[w.dice.IntN(len(w.people))]
		_, err := d.Import(w.Context(), []people.Row{{Line: 1, Phone: people.Phone(p.phone), Name: fmt.Sprint("Pessoa ", len(w.log))}}, "outra lista")
		w.must(err)
	case 26:
		w.absent()
	case 27:
		w.answers()
	case 28, 29:
		w.moveTime()
	}
	pause := 60_000 // mostly while something is being sent
	if w.dice.IntN(4) == 0 {
		pause = 1_500_000
	}
	time.Sleep(time.Duration(w.dice.IntN(pause)) * time.Millisecond)
}

// begin writes a campaign and starts it, now or at a time.
func (w *whole) begin() {
	n := len(w.texts) + 1
	c := campaign.Campaign{Name: fmt.Sprint("promo ", n), Text: fmt.Sprintf("oferta %d, {nome|você}", n)}
	if w.dice.IntN(3) == 0 {
		c.Variants = []string{fmt.Sprintf("novidade %d", n)}
	}
	if w.dice.IntN(4) == 0 {
		c.Canary = 1 + w.dice.IntN(3)
	}
	if w.dice.IntN(3) == 0 {
		c.Pace = campaign.Pace{Hour: 6}
	}
	d := desk(w.book.Book)
	c, err := d.AddCampaign(c)
	w.must(err)
	w.texts[c.ID] = []string{fmt.Sprintf("oferta %d,", n), fmt.Sprintf("novidade %d", n)}
	if w.dice.IntN(4) == 0 {
		at := w.clock.Now().Add(time.Duration(1+w.dice.IntN(90)) * time.Minute)
		if _, err := d.Schedule(c.ID, at); err == nil {
			w.due[c.ID] = at
			w.note("campaign %d is planned for %v", c.ID, at.Format(time.TimeOnly))
		}
		return
	}
	if _, err := d.Start(c.ID, w.clock.Now()); err == nil {
		w.note("campaign %d begins", c.ID)
	}
}

// pause pauses a campaign; stop gives it up instead.
func (w *whole) pause(c campaign.Campaign, stop bool) {
	what, do := "pause", desk(w.book.Book).Pause
	if stop {
		what, do = "cancel", desk(w.book.Book).Cancel
	}
	w.how(what, &c)
	if _, err := do(c.ID); err == nil {
		w.halts = append(w.halts, pausing{campaign: c.ID, from: time.Now()})
		w.note("%s campaign %d", what, c.ID)
	}
}

// resume lets a campaign go on.
func (w *whole) resume(c campaign.Campaign) {
	state := "paused"
	if !c.Reason.IsZero() {
		state = "paused by itself"
	}
	w.meets("resume", state)
	at := time.Now()
	if _, err := desk(w.book.Book).Resume(c.ID); err != nil {
		return
	}
	w.note("resume campaign %d", c.ID)
	for i := range w.halts {
		if h := &w.halts[i]; h.campaign == c.ID && h.to.IsZero() {
			h.to = at
		}
	}
}

// fix gives a paused campaign another text.
func (w *whole) fix(c campaign.Campaign) {
	w.meets("fix", c.Status.String())
	text := fmt.Sprintf("%s corrigida %d", w.texts[c.ID][0], len(w.log))
	if _, err := desk(w.book.Book).FixText(c.ID, 0, c.Text, text); err == nil {
		w.note("fix campaign %d", c.ID)
	}
}

// retry has what did not leave tried again.
func (w *whole) retry(c campaign.Campaign) {
	before, err := w.book.Deliveries(c.ID, -1, 100)
	w.must(err)
	got, err := desk(w.book.Book).Retry(w.Context(), c.ID)
	if err != nil || got.Count == 0 {
		return
	}
	w.how("retry", &c)
	for _, d := range before {
		if fate := d.Fate(); fate.Retriable() {
			w.again[place{c.ID, d.Seq}] = true
		}
	}
	w.note("%d of campaign %d are tried again", got.Count, c.ID)
}

// decide settles a doubt by what people saw, or against it: who has a message already
// sees it once, however often it is sent.
func (w *whole) decide(c campaign.Campaign) {
	d, ok := w.any(c.ID, campaign.Unsure)
	if !ok {
		return
	}
	may := []campaign.Verdict{campaign.SendIt, campaign.Leave}
	seen := w.seen()[d.Message]
	if seen {
		may = append(may, campaign.Arrived, campaign.Arrived)
	}
	v := may[w.dice.IntN(len(may))]
	if d.RevokeBy != 0 {
		v = campaign.SendIt
	}
	if _, err := desk(w.book.Book).Decide(c.ID, d.Seq, v, w.clock.Now()); err != nil {
		w.meets("decide", "what is to be deleted")
	} else {
		w.meets("decide", string(v))
		w.again[place{c.ID, d.Seq}] = true
		if seen && v == campaign.SendIt {
			w.misjudged[place{c.ID, d.Seq}] = true
		}
		w.note("delivery %d of campaign %d: %s", d.Seq, c.ID, v)
	}
}

// trouble lets the next messages, or what is said of them, come to grief.
func (w *whole) trouble() {
	o := w.some()
	r := simulator.Rule{On: simulator.Message, Number: o.phone, Limit: 1 + w.dice.IntN(3)}
	switch w.dice.IntN(14) {
	case 12, 13: // the line breaks, and what the library sends again by the next one is refused
		r.Do, r.Limit = simulator.DropAfter, 1
		w.service.Fault(r)
		w.service.Fault(simulator.Rule{On: simulator.Receipt, Do: simulator.Silence, Number: o.phone, Limit: 6}) // nothing proves it
		r.Do, r.Code = simulator.Refuse, 420
		w.meets("refused", "after the line broke")
	case 10, 11:
		r.Do, r.Code = simulator.Refuse, 420
		w.meets("refused", "420")
	case 0, 1:
		r.Do, r.Delay, r.Spread = simulator.Late, 5*time.Second, 30*time.Second
	case 2:
		r.Do = simulator.DropAfter
	case 3:
		r.Do = simulator.DropBefore
	case 4:
		r.Do = simulator.Silence
		w.service.Fault(simulator.Rule{On: simulator.Receipt, Do: simulator.Silence, Number: o.phone, Limit: 6}) // nothing proves it
	case 5, 6:
		r.Do, r.Code = simulator.Refuse, []int{420, 463, 503}[w.dice.IntN(3)]
		w.meets("refused", strconv.Itoa(r.Code))
	case 7:
		r.On, r.Do, r.Limit = simulator.Receipt, simulator.Silence, 1+w.dice.IntN(5)
	case 8:
		r.On, r.Do, r.Delay = simulator.Receipt, simulator.Late, 20*time.Minute
	case 9:
		r.On, r.Do = simulator.Receipt, simulator.Duplicate
	}
	w.service.Fault(r)
	w.note("trouble for %d: %s %s %d", o.id, r.On, r.Do, r.Code)
}

// strikes lets the next step fall on a number that waits for the answer to a message,
// if one soon does; nil: none does.
func (w *whole) strikes() *ours {
	w.begin()
	w.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Late, Delay: 10 * time.Second, Spread: 10 * time.Second, Limit: 2})
	if w.dice.IntN(2) == 0 { // nothing proves it
		w.service.Fault(simulator.Rule{On: simulator.Receipt, Do: simulator.Silence, Limit: 4})
	}
	for range 60 {
		if at := slices.IndexFunc(w.ours, func(o *ours) bool { return w.history.state(o) == sending }); at >= 0 {
			return w.ours[at]
		}
		time.Sleep(time.Second)
	}
	return nil
}

// moveTime puts the service's clock ahead or back.
func (w *whole) moveTime() {
	some := w.campaigns(campaign.Running, campaign.Paused, campaign.Scheduled)
	what := w.moveClock()
	for _, c := range some {
		w.meets(what, c.Status.String())
	}
}

// absent is the program not running for longer than a plan may be late.
func (w *whole) absent() {
	w.stop()
	w.close()
	w.gone = true
	if w.dice.IntN(3) == 0 {
		w.moveClock()
	}
	time.Sleep(time.Duration(60+w.dice.IntN(120)) * time.Minute)
	w.gone = false
	w.open()
	w.starts()
	w.note("the program was absent")
}

// answers has somebody answer who has seen something.
func (w *whole) answers() {
	seen := w.service.Ledger().Seen()
	if len(seen) == 0 {
		return
	}
	s := seen[w.dice.IntN(len(seen))]
	if _, err := w.service.Say(s.Person, s.Number, "Quanto custa?"); err == nil {
		w.meets("answer", "heard")
		w.note("%s answers %s", s.Person, s.Number)
	}
}

// undo deletes the last messages of a campaign; rather one with a message in doubt, which
// may be sent again if nothing keeps it from that.
func (w *whole) undo() {
	c, ok := w.one(campaign.Paused, campaign.Finished)
	last := 1 + w.dice.IntN(3)
	if doubt, there := w.with(campaign.Unsure); there && w.dice.IntN(4) > 0 {
		if doubt.Status == campaign.Running {
			w.pause(doubt, false)
			doubt.Status = campaign.Paused
		}
		c, ok, last = doubt, true, 0
	}
	if !ok {
		return
	}
	if _, err := desk(w.book.Book).Undo(w.Context(), c.ID, last, w.clock.Now()); err != nil {
		return
	}
	w.how("undo", &c)
	w.note("undo some of campaign %d", c.ID)
	if last == 0 {
		w.meets("undo", "with one in doubt")
		w.decide(c)
	}
}

// stopNumber stops a number for a campaign, and lets others have what it has not sent.
func (w *whole) stopNumber(c campaign.Campaign, o *ours) {
	d := desk(w.book.Book)
	sends := w.history.state(o) == sending
	if _, err := d.StopNumber(c.ID, o.id, true); err != nil {
		return
	}
	w.meets("stop", "number")
	if sends {
		w.meets("stop", "number that sends")
	}
	w.stops = append(w.stops, stopped{pausing{campaign: c.ID, from: time.Now()}, o.phone})
	w.note("stop %d for campaign %d", o.id, c.ID)
	if moved, err := d.MoveNumber(w.Context(), c.ID, o.id, w.dice.IntN(2) == 0, w.clock.Now()); err == nil && moved.Count > 0 {
		w.meets("move", "number")
		w.note("%d go to others", moved.Count)
	}
}

// skip takes somebody out of a campaign.
func (w *whole) skip(c campaign.Campaign) {
	d, ok := w.any(c.ID, []campaign.State{campaign.Queued, campaign.Queued, campaign.Sending, campaign.Unsure, campaign.Delivered}[w.dice.IntN(5)])
	if !ok {
		return
	}
	got, err := desk(w.book.Book).Skip(c.ID, d.Seq)
	if err != nil {
		w.meets("skip", "refused")
		return
	}
	w.meets("skip", "queued")
	w.outs = append(w.outs, place{c.ID, got.Seq})
	w.note("%d of campaign %d is taken out", got.Seq, c.ID)
}

// letSend lets all numbers that are stopped for a campaign send again.
func (w *whole) letSend(c campaign.Campaign) {
	for i := range w.stops {
		if s := &w.stops[i]; s.campaign == c.ID && s.to.IsZero() {
			s.to = time.Now()
		}
	}
	for _, stop := range c.Stopped {
		_, _ = desk(w.book.Book).StopNumber(c.ID, stop.Number, false) // unless it has finished meanwhile
	}
}
