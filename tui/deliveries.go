package tui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
)

// deliveries are those of a campaign that are in one of its parts, and beside
// them all that is known of the one under the cursor. It holds their places, and
// the records of the few that are near the window.
type deliveries struct {
	e        *env
	campaign campaign.Campaign
	parts    []part
	at       int // the part that is shown
	places   []uint32
	known    bool
	page     map[uint32]campaign.Delivery
	numbers  map[campaign.NumberID]string
	win      window
	cancel   context.CancelFunc // of the search under way
	finding  question
	paging   question
	seldom   seldom
}

// deliveriesFoundMsg answers deliveries.find.
type deliveriesFoundMsg struct {
	question int
	places   []uint32
	err      error
}

// deliveriesPagedMsg answers deliveries.load.
type deliveriesPagedMsg struct {
	question int
	page     []campaign.Delivery
	numbers  []campaign.Number
	err      error
}

// newDeliveries begins with a part, which is put before the others if it is none
// of them.
func newDeliveries(e *env, c campaign.Campaign, first part) *deliveries {
	d := &deliveries{e: e, campaign: c, parts: e.standard(), cancel: func() {}}
	d.at = slices.IndexFunc(d.parts, func(p part) bool { return p.name == first.name })
	if d.at < 0 {
		d.parts, d.at = append([]part{first}, d.parts...), 0
	}
	return d
}

func (d *deliveries) title() string { return d.e.t("deliveries_title", "Name", d.campaign.Name) }
func (d *deliveries) dirty() bool   { return false }
func (d *deliveries) close()        { d.cancel() }

// load asks for the records near the window, and once in a while for the places
// again.
func (d *deliveries) load() tea.Cmd {
	var find tea.Cmd
	if !d.finding.busy && d.seldom.due(d.e.now()) {
		find = d.find()
	}
	id, ok := d.paging.ask(d.e)
	if !ok {
		return find
	}
	rows := max(d.win.height, d.e.h) // it may not have been drawn yet
	from, to := max(d.win.top-rows, 0), min(d.win.top+2*rows, len(d.places))
	places := slices.Clone(d.places[min(from, to):to])
	book, of := d.e.app.Book, d.campaign.ID
	return tea.Batch(find, func() tea.Msg {
		msg := deliveriesPagedMsg{question: id}
		if msg.numbers, msg.err = book.Numbers(); msg.err == nil {
			msg.page, msg.err = book.DeliveriesAt(of, places)
		}
		return msg
	})
}

// find asks for the places of the part that is shown, dropping an older search.
func (d *deliveries) find() tea.Cmd {
	d.cancel()
	id := d.finding.renew(d.e)
	ctx, cancel := context.WithCancel(d.e.ctx)
	d.cancel = cancel
	book, of, want := d.e.app.Book, d.campaign.ID, d.parts[d.at].want
	return func() tea.Msg {
		defer cancel()
		places, err := book.Places(ctx, of, want)
		return deliveriesFoundMsg{id, places, err}
	}
}

// turn shows another part.
func (d *deliveries) turn(by int) func() tea.Cmd {
	return func() tea.Cmd {
		d.at += by
		d.known, d.places = false, nil
		d.win.resize(0, d.win.height)
		d.seldom.last = d.e.now()
		return d.find()
	}
}

// moved asks for records if the window has come near the end of those we have.
func (d *deliveries) moved() tea.Cmd {
	from, to := d.win.visible()
	for _, at := range []int{from, to - 1} {
		if at >= 0 && at < len(d.places) {
			if _, ok := d.page[d.places[at]]; !ok {
				return d.load()
			}
		}
	}
	return nil
}

// here is the delivery under the cursor.
func (d *deliveries) here() (one campaign.Delivery, ok bool) {
	if d.win.cursor >= len(d.places) {
		return one, false
	}
	one, ok = d.page[d.places[d.win.cursor]]
	return one, ok
}

func (d *deliveries) actions() []action {
	e := d.e
	one, ok := d.here()
	return append([]action{
		act(e.keys.left, d.at > 0, d.turn(-1)),
		act(e.keys.right, d.at < len(d.parts)-1, d.turn(1)),
		act(e.keys.details, ok && one.Contact != 0, func() tea.Cmd { return e.root.push(newPerson(e, one.Contact)) }),
	}, e.listActions(&d.win, d.moved)...)
}

func (d *deliveries) keys() []key.Binding { return bindings(d.actions()) }

func (d *deliveries) update(msg tea.Msg) tea.Cmd {
	e := d.e
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, d.actions())
		return cmd
	case tea.WindowSizeMsg:
		return d.load()
	case clockMsg:
		if d.seldom.owing {
			return d.load()
		}
	case deliveriesFoundMsg:
		mine, _ := d.finding.answered(msg.question)
		if mine && msg.err != nil && !errors.Is(msg.err, context.Canceled) {
			e.root.say(e.theme.bad, e.fault(msg.err))
		} else if mine && msg.err == nil {
			d.places, d.known = msg.places, true
			d.win.resize(len(d.places), d.win.height)
			return d.load()
		}
	case deliveriesPagedMsg:
		mine, again := d.paging.answered(msg.question)
		if mine && msg.err != nil {
			e.root.say(e.theme.bad, e.fault(msg.err))
		} else if mine {
			d.page, d.numbers = make(map[uint32]campaign.Delivery, len(msg.page)), make(map[campaign.NumberID]string)
			for _, one := range msg.page {
				d.page[one.Seq] = one
			}
			for _, n := range msg.numbers {
				d.numbers[n.ID] = n.Name
			}
		}
		if again {
			return d.load()
		}
	}
	return nil
}

// evidenceRoom is how many lines the evidence has below a list.
const evidenceRoom = 9

func (d *deliveries) view() string {
	e := d.e
	w, h := e.body()
	lines := []string{d.chips(w), ""}
	if w >= twoColumns {
		left := w * 11 / 20
		list := exactLines(d.list(left, h-len(lines)), h-len(lines))
		beside := exactLines(d.evidence(w-left-3, h-len(lines)), h-len(lines))
		for i := range list {
			lines = append(lines, e.exactly(list[i], left)+" "+e.theme.rule.of("│")+" "+beside[i])
		}
		return strings.Join(lines, "\n")
	}
	below := evidenceRoom
	if h < 2*evidenceRoom { // the list needs it all
		below = 0
	}
	room := max(h-len(lines)-below, 1)
	lines = append(lines, exactLines(d.list(w, room), room)...)
	if below > 0 {
		lines = append(append(lines, e.theme.rule.of(strings.Repeat("─", w))), d.evidence(w-2, below-1)...)
	}
	return strings.Join(lines, "\n")
}

// chips are the parts, as many as there is room for around the one that is
// shown.
func (d *deliveries) chips(w int) string {
	e := d.e
	width := func(i int) int { return e.width(e.clean(d.parts[i].name)) + 4 }
	from, to, used := d.at, d.at+1, width(d.at)
	for grown := true; grown; {
		grown = false
		if to < len(d.parts) && used+width(to) <= w-4 {
			used, to, grown = used+width(to), to+1, true
		}
		if from > 0 && used+width(from-1) <= w-4 {
			from, used, grown = from-1, used+width(from-1), true
		}
	}
	r := e.row(false)
	if from > 0 {
		r.put(e.theme.faint, "‹", 1)
	} else {
		r.gap(1)
	}
	for i := from; i < to; i++ {
		name, n := e.cut(d.parts[i].name, max(w-8, 1))
		if i == d.at {
			r.gap(1).put(e.theme.accent, "[", 1).put(e.theme.here, name, n).put(e.theme.accent, "]", 1).gap(1)
		} else {
			r.gap(2).put(e.theme.dim, name, n).gap(2)
		}
	}
	if to < len(d.parts) {
		r.put(e.theme.faint, "›", 1)
	}
	return r.fill(w)
}

// list is the deliveries in the window.
func (d *deliveries) list(w, room int) (lines []string) {
	e := d.e
	switch {
	case !d.known:
		return []string{"  " + e.theme.faint.of(e.t("loading"))}
	case len(d.places) == 0:
		return []string{"  " + e.theme.dim.of(e.t("deliveries_none"))}
	}
	lines = append(lines, " "+e.theme.faint.of(e.words.n("people", len(d.places))))
	d.win.resize(len(d.places), max(room-1, 1))
	from, to := d.win.visible()
	for i := from; i < to; i++ {
		r := e.row(i == d.win.cursor)
		one, ok := d.page[d.places[i]]
		if !ok {
			lines = append(lines, r.gap(1).cell(e.theme.faint, "…", 3).fill(w))
			continue
		}
		lines = append(lines, e.deliveryLine(r.gap(1), &one, w))
	}
	return lines
}

// deliveryLine ends a row with a delivery: how far it is, whose, and why or to
// which phone.
func (e *env) deliveryLine(r *row, d *campaign.Delivery, w int) string {
	sign := e.theme.delivery(d.State)
	name, phone := max(min((w-36)/2, 32), 10), 20
	r.cell(sign.ink, sign.symbol, 3).cell(sign.ink, e.t(sign.word), 11).cell("", d.Name, name).gap(1)
	if d.Reason.IsZero() || w >= wideEvents {
		r.cell(e.theme.dim, e.phone(d.Phone), min(phone, w-r.used-1)).gap(1)
	}
	if !d.Reason.IsZero() {
		r.cell(e.theme.dim, e.words.because(d.Reason), max(w-r.used-1, 0))
	}
	return r.fill(w)
}

// evidence is all that is known of the delivery under the cursor: each step with
// its time, what was sent and what was answered.
func (d *deliveries) evidence(w, room int) (lines []string) {
	e, now := d.e, d.e.now()
	one, ok := d.here()
	if !ok {
		return nil
	}
	add := func(i ink, text string) {
		for _, line := range e.wrap(text, max(w-1, 1)) {
			lines = append(lines, " "+i.of(line))
		}
	}
	add(e.theme.strong, e.calls(one.Name, one.Phone)+" · "+e.phone(one.Phone))
	if !one.Reason.IsZero() {
		add(e.theme.warn, e.words.because(one.Reason))
	}
	var steps []string
	for _, step := range []struct {
		word string
		at   time.Time
	}{
		{"state_sending", one.Claimed}, {"state_sent", one.Accepted}, {"state_delivered", one.Arrived}, {"state_read", one.ReadAt},
		{"state_replied", one.RepliedAt}, {"step_left", one.LeftAt},
	} {
		if !step.at.IsZero() {
			steps = append(steps, e.t(step.word)+" "+e.words.Moment(step.at, now))
		}
	}
	if len(steps) > 0 {
		add("", strings.Join(steps, " · "))
	}
	if one.Answer != "" {
		add(e.theme.dim, e.t("deliveries_answer"))
		for _, text := range strings.Split(one.Answer, "\n") {
			for _, line := range e.wrap(text, max(w-4, 1)) {
				lines = append(lines, " "+e.theme.info.of("▎")+" "+line)
			}
		}
	}
	if one.Message != "" {
		from := e.t("deliveries_from", "Name", d.numbers[one.Number], "ID", one.Message)
		if len(d.campaign.Variants) > 0 {
			from += " · " + e.t("deliveries_text", "Variant", campaign.VariantName(one.Variant))
		}
		add(e.theme.dim, from)
	}
	if one.Text != "" {
		for _, line := range e.markup(one.Text, max(w-4, 1), max(room-len(lines), 1)) {
			lines = append(lines, " "+e.theme.accent.of("▎")+" "+line)
		}
	}
	return lines[:min(len(lines), max(room, 0))]
}
