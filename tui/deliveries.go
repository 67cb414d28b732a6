package tui

import (
	"context"
	"errors"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/store"
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
	answers  map[uint32]store.Answer // to those of the page that are replies
	win      window
	cancel   context.CancelFunc // of the search under way
	finding  question
	paging   question

	field  *line // what is searched for in names and phones
	typed  bool  // it is being typed
	fresh  bool  // nothing of this search has been answered yet: what was found before is still shown
	whole  bool  // the search has come to its end
	seldom seldom
}

// deliveriesFoundMsg answers deliveries.find.
type deliveriesFoundMsg struct {
	question int
	places   []uint32
	err      error
}

// deliveriesSoughtMsg answers deliveries.seek: some of what is searched for.
type deliveriesSoughtMsg struct {
	question int
	places   []uint32
	next     uint32
	done     bool
	err      error
}

// deliveriesPagedMsg answers deliveries.load.
type deliveriesPagedMsg struct {
	question int
	campaign campaign.Campaign
	page     []campaign.Delivery
	numbers  []campaign.Number
	answers  map[uint32]store.Answer
	err      error
}

// newDeliveries begins with a part, which is put before the others if it is none
// of them.
func newDeliveries(e *env, c campaign.Campaign, first part) *deliveries {
	d := &deliveries{e: e, campaign: c, parts: e.standard(), cancel: func() {}, field: newLine(e, e.t("deliveries_hint"), 100)}
	d.at = slices.IndexFunc(d.parts, func(p part) bool { return p.name == first.name })
	if d.at < 0 {
		d.parts, d.at = append([]part{first}, d.parts...), 0
	}
	return d
}

func (d *deliveries) title() string { return d.e.t("deliveries_title", "Name", d.campaign.Name) }
func (d *deliveries) dirty() bool   { return false }
func (d *deliveries) close()        { d.cancel() }
func (d *deliveries) typing() bool  { return d.typed }

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
		if msg.campaign, msg.err = book.Campaign(of); msg.err != nil {
			return msg
		}
		if msg.numbers, msg.err = book.Numbers(); msg.err == nil {
			msg.page, msg.err = book.DeliveriesAt(of, places)
		}
		if msg.err == nil && slices.ContainsFunc(msg.page, func(one campaign.Delivery) bool { return !one.RepliedAt.IsZero() }) {
			msg.answers, msg.err = book.Answers(of)
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
	if strings.TrimSpace(d.field.value()) != "" {
		d.fresh, d.whole = true, false
		return d.seek(ctx, id, 0)
	}
	d.fresh, d.whole = false, true
	return func() tea.Msg {
		defer cancel()
		places, err := book.Places(ctx, of, want)
		return deliveriesFoundMsg{id, places, err}
	}
}

// seek goes on with a search, a stretch at a time: what is found is shown meanwhile,
// and a key that changes it ends it.
func (d *deliveries) seek(ctx context.Context, question int, from uint32) tea.Cmd {
	book, of, want, text := d.e.app.Book, d.campaign.ID, d.parts[d.at].want, d.field.value()
	return func() tea.Msg {
		msg := deliveriesSoughtMsg{question: question}
		msg.places, msg.next, msg.done, msg.err = book.Seek(ctx, of, text, want, from)
		return msg
	}
}

// sought takes a stretch of a search, and goes on with it.
func (d *deliveries) sought(msg deliveriesSoughtMsg) tea.Cmd {
	mine, _ := d.finding.answered(msg.question)
	if !mine {
		return nil
	}
	if msg.err != nil {
		if !errors.Is(msg.err, context.Canceled) {
			d.e.root.say(d.e.theme.bad, d.e.fault(msg.err))
		}
		return nil
	}
	if d.fresh {
		d.fresh, d.known, d.places = false, true, nil
	}
	near := len(d.places) < d.win.top+2*max(d.win.height, d.e.h)
	d.places, d.whole = append(d.places, msg.places...), msg.done
	d.win.resize(len(d.places), d.win.height)
	var load, on tea.Cmd
	if near {
		load = d.load()
	}
	if !msg.done {
		id := d.finding.renew(d.e)
		ctx, cancel := context.WithCancel(d.e.ctx)
		d.cancel = cancel
		on = d.seek(ctx, id, msg.next)
	}
	return tea.Batch(load, on)
}

// edit gives a key to what is searched for, and searches if that has changed.
func (d *deliveries) edit(msg tea.Msg) tea.Cmd {
	if !d.typed || !d.field.update(msg) {
		return nil
	}
	return d.research()
}

// research searches for what is typed now, from the first on.
func (d *deliveries) research() tea.Cmd {
	d.win.jump(0)
	d.seldom.last = d.e.now()
	return d.find()
}

// clear takes away what is searched for.
func (d *deliveries) clear() tea.Cmd {
	d.typed = false
	d.field.set("")
	return d.research()
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
	if d.typed {
		return []action{
			act(e.keys.accept, true, func() tea.Cmd { d.typed = false; return nil }),
			act(e.keys.clearFilter, true, d.clear),
		}
	}
	one, ok := d.here()
	return append([]action{
		act(e.keys.filter, d.known, func() tea.Cmd { d.typed = true; return nil }),
		act(e.keys.clearFilter, d.field.value() != "", d.clear),
		act(e.keys.left, d.at > 0, d.turn(-1)),
		act(e.keys.right, d.at < len(d.parts)-1, d.turn(1)),
		act(e.keys.reply, ok && d.answerable(&one), func() tea.Cmd { return e.root.push(e.askAnswer(d.campaign, one)) }),
		act(e.keys.skip, ok && d.waits(&one), func() tea.Cmd { return d.askSkip(one) }),
		act(e.keys.retry, d.known && !d.typed && d.field.value() == "" && d.parts[d.at].kind != "" && len(d.places) > 0 && e.retries(&d.campaign), func() tea.Cmd {
			return e.askRetry(d.campaign, d.parts[d.at].kind, len(d.places))
		}),
		act(e.keys.details, ok && one.Contact != 0, func() tea.Cmd { return e.root.push(newPerson(e, one.Contact)) }),
		act(e.keys.saveList, d.known && d.whole && len(d.places) > 0, d.saveList),
	}, e.listActions(&d.win, d.moved)...)
}

// answerable reports whether a delivery is a reply that can be answered, as far
// as this screen knows.
func (d *deliveries) answerable(one *campaign.Delivery) bool {
	fate := one.Fate()
	return fate.Replied() && one.Contact != 0 && one.LeftAt.IsZero() && d.campaign.AnswerTo == 0 && !d.answers[one.Seq].Stands
}

// waits reports whether a delivery may still be taken out of its campaign, as far
// as this screen knows. One on the wire may be back in its queue by then.
func (d *deliveries) waits(one *campaign.Delivery) bool {
	under := d.campaign.Status == campaign.Running || d.campaign.Status == campaign.Paused
	return under && (one.State == campaign.Queued || one.State == campaign.Sending)
}

// askSkip asks before one person is taken out of the campaign.
func (d *deliveries) askSkip(one campaign.Delivery) tea.Cmd {
	e, name := d.e, d.e.calls(one.Name, one.Phone)
	return e.root.push(newAsk(e, e.t("skip_ask", "Name", name), e.t("skip_detail"), func() tea.Cmd {
		return e.do(e.t("skip_done", "Name", name), func(context.Context) error {
			_, err := e.app.Desk.Skip(one.Campaign, one.Seq)
			return err
		})
	}))
}

func (d *deliveries) keys() []key.Binding { return bindings(d.actions()) }

func (d *deliveries) update(msg tea.Msg) tea.Cmd {
	e := d.e
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if cmd, done := press(msg, d.actions()); done {
			return cmd
		}
		return d.edit(msg)
	case tea.PasteMsg:
		return d.edit(msg)
	case tea.WindowSizeMsg:
		return d.load()
	case deliveriesSoughtMsg:
		return d.sought(msg)
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
	case peopleFoundMsg:
		if msg.from == d {
			return d.askList(msg)
		}
	case deliveriesPagedMsg:
		mine, again := d.paging.answered(msg.question)
		if mine && msg.err != nil {
			e.root.say(e.theme.bad, e.fault(msg.err))
		} else if mine {
			d.campaign, d.answers = msg.campaign, msg.answers
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
	case len(d.places) == 0 && d.field.value() == "" && !d.typed:
		return []string{"  " + e.theme.dim.of(e.t("deliveries_none"))}
	}
	count := e.words.n("people", len(d.places))
	if !d.whole {
		count += "…"
	}
	lines = append(lines, e.searchLine(d.field, d.typed, e.t("deliveries_hint"), count, w))
	if len(d.places) == 0 && d.whole {
		return append(lines, "  "+e.theme.dim.of(e.t("deliveries_not_found")))
	}
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
