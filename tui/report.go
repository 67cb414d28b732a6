package tui

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store"
)

// report is what has become of a campaign, by the same numbers and words as
// `recado campaign report`. Behind each number stands the list of its deliveries.
type report struct {
	e        *env
	campaign campaign.Campaign
	made     campaign.Report
	numbers  []campaign.Number
	undos    []store.UndoReport
	known    bool
	rows     []reportRow
	win      window
	cancel   context.CancelFunc // of the counting under way
	counting question
	seldom   seldom
}

// reportRow is one line of a report.
type reportRow struct {
	label string
	count int
	share bool
	plain string // in place of a count: a heading, or what is drawn
	ink   ink
	of    part // the deliveries behind it; one without a name: none
}

// part is some of the deliveries of a campaign.
type part struct {
	name string
	want func(*campaign.Fate) bool
	kind reason.Code // why they did not leave, if they may be tried again; empty: they are something else
}

// seldom holds back what costs a walk through a whole campaign: it is not for
// every ring of the bell.
type seldom struct {
	last  time.Time
	owing bool // something has changed since
}

// seldomEvery is how old such a thing gets at least.
const seldomEvery = 5 * time.Second

// due reports whether it may be done again; if not, it is owed.
func (s *seldom) due(now time.Time) bool {
	if !s.last.IsZero() && now.Sub(s.last) < seldomEvery {
		s.owing = true
		return false
	}
	s.last, s.owing = now, false
	return true
}

// reportMadeMsg answers report.load.
type reportMadeMsg struct {
	question int
	campaign campaign.Campaign
	made     campaign.Report
	numbers  []campaign.Number
	undos    []store.UndoReport
	err      error
}

func newReport(e *env, c campaign.Campaign) *report {
	return &report{e: e, campaign: c, cancel: func() {}}
}

func (r *report) title() string {
	if r.campaign.RevokeOf != 0 || r.campaign.Confirms != 0 {
		return r.e.called(&r.campaign)
	}
	return r.e.t("report_title", "Name", r.campaign.Name)
}

func (r *report) dirty() bool { return false }
func (r *report) close()      { r.cancel() }

func (r *report) load() tea.Cmd {
	if r.counting.busy || !r.seldom.due(r.e.now()) {
		r.seldom.owing = true
		return nil
	}
	id, _ := r.counting.ask(r.e)
	ctx, cancel := context.WithCancel(r.e.ctx)
	r.cancel = cancel
	book, of := r.e.app.Book, r.campaign.ID
	return func() (answer tea.Msg) {
		defer cancel()
		msg := reportMadeMsg{question: id}
		defer func() { answer = msg }()
		if msg.campaign, msg.err = book.Campaign(of); msg.err != nil {
			return
		}
		if msg.numbers, msg.err = book.Numbers(); msg.err == nil {
			msg.made, msg.err = book.Report(ctx, of)
		}
		if msg.err == nil {
			msg.undos, msg.err = book.Undos(ctx, of)
		}
		return
	}
}

func (r *report) actions() []action {
	e := r.e
	var of part
	if r.win.cursor < len(r.rows) {
		of = r.rows[r.win.cursor].of
	}
	return append([]action{
		act(e.keys.whom, of.want != nil, func() tea.Cmd { return e.root.push(newDeliveries(e, r.campaign, of)) }),
		act(e.keys.followUp, r.known && r.campaign.Followable(), func() tea.Cmd {
			to := e.t("filter_unanswered", "ID", r.campaign.ID.String())
			return e.root.push(newComposer(e, r.campaign.Follow(to)))
		}),
		act(e.keys.retry, of.kind != "" && e.retries(&r.campaign), func() tea.Cmd { return e.askRetry(r.campaign, of.kind, r.rows[r.win.cursor].count) }),
		act(e.keys.undo, r.known && r.undoable(), r.askUndo),
	}, e.listActions(&r.win, stay)...)
}

func (r *report) keys() []key.Binding { return bindings(r.actions()) }

func (r *report) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, r.actions())
		return cmd
	case clockMsg:
		if r.seldom.owing {
			return r.load()
		}
	case reportMadeMsg:
		mine, _ := r.counting.answered(msg.question)
		if mine && msg.err != nil && !errors.Is(msg.err, context.Canceled) {
			r.e.root.say(r.e.theme.bad, r.e.fault(msg.err))
		} else if mine && msg.err == nil {
			r.campaign, r.made, r.numbers, r.undos, r.known = msg.campaign, msg.made, msg.numbers, msg.undos, true
			r.rows = r.lay()
			r.win.resize(len(r.rows), r.win.height)
		}
	}
	return nil
}

// standard are the parts that every campaign has, in the order of their chips.
func (e *env) standard() (all []part) {
	for i, text := range [...]string{"part_all", "report_waiting", "report_sent", "report_delivered", "part_read", "part_replied", "report_opted_out", "part_failed", "part_unsure", "part_left_out"} {
		all = append(all, part{name: e.t(text), want: campaign.Parts[i].Has})
	}
	return all
}

// standing is one of them.
func (e *env) standing(p campaign.Part) part { return e.standard()[slices.Index(campaign.Parts[:], p)] }

// lay makes the lines of the report.
func (r *report) lay() (rows []reportRow) {
	e, m := r.e, &r.made
	add := func(n int, label string, of part) { rows = append(rows, reportRow{label: label, count: n, of: of}) }
	step := func(n int, label string, of part) {
		rows = append(rows, reportRow{label: label, count: n, of: of, share: true})
	}
	some := func(n int, label string, want func(*campaign.Fate) bool) {
		add(n, label, part{name: label, want: want})
	}
	head := func(label string) { rows = append(rows, reportRow{}, reportRow{plain: label, ink: e.theme.faint}) }
	reasons := func(counts map[reason.Code]int, id string, in ...campaign.State) {
		again := m.Retriable()
		for _, code := range byCount(counts) {
			label := e.t(id, "Why", e.words.because(reason.New(code)))
			of := part{name: label, want: func(d *campaign.Fate) bool { return slices.Contains(in, d.State) && d.Code == code }}
			if again[code] == counts[code] {
				of.kind = code
			}
			add(counts[code], label, of)
		}
	}
	if r.campaign.RevokeOf != 0 {
		add(m.Sent, e.t("report_revoked"), e.standing(campaign.PartSent))
		if m.Waiting > 0 {
			add(m.Waiting, e.t("report_undo_waiting"), e.standing(campaign.PartWaiting))
		}
		if m.Unsure > 0 {
			add(m.Unsure, e.t("report_undo_unsure"), e.standing(campaign.PartUnsure))
		}
		reasons(m.Kept(), "report_undo_stays", campaign.Failed, campaign.Skipped)
		return rows
	}
	add(m.Sent, e.t("report_sent"), e.standing(campaign.PartSent))
	step(m.Delivered, e.t("report_delivered"), e.standing(campaign.PartDelivered))
	step(m.Read, e.t("report_read"), e.standing(campaign.PartRead))
	step(m.Replied, e.t("report_replied"), e.standing(campaign.PartReplied))
	step(m.OptedOut, e.t("report_opted_out"), e.standing(campaign.PartOptedOut))
	if m.Waiting > 0 {
		add(m.Waiting, e.t("report_waiting"), e.standing(campaign.PartWaiting))
	}
	if m.Unsure > 0 {
		add(m.Unsure, e.t("report_unsure"), e.standing(campaign.PartUnsure))
	}
	if m.Revoked > 0 {
		some(m.Revoked, e.t("report_revoked"), (*campaign.Fate).Revoked)
	}
	reasons(m.Failed, "report_failed", campaign.Failed)
	reasons(m.LeftOut, "report_left_out", campaign.Skipped)
	rows = append(rows, r.undone()...)
	if hours := m.Timeline(); len(hours) > 0 {
		head(e.t("report_by_hour"))
		for _, line := range r.timeline(hours) {
			rows = append(rows, reportRow{plain: line, ink: e.theme.accent})
		}
	}
	var sent []campaign.Number
	for _, n := range r.numbers {
		if m.Numbers[n.ID] != nil {
			sent = append(sent, n)
		}
	}
	if len(sent) > 1 {
		head(e.t("report_by_number"))
		for _, n := range sent {
			f := m.Numbers[n.ID]
			some(f.Sent, e.t("report_number", "Name", n.Name, "Replied", f.Replied),
				func(d *campaign.Fate) bool { return d.Sent() && d.Number == n.ID })
		}
	}
	if texts := r.campaign.Texts(); len(texts) > 1 {
		head(e.t("report_by_text"))
		for i := range texts {
			v, f := uint8(i), campaign.Funnel{}
			if m.Variants[v] != nil {
				f = *m.Variants[v]
			}
			some(f.Sent, e.t("report_variant", "Variant", campaign.VariantName(v), "Replied", f.Replied, "OptedOut", f.OptedOut),
				func(d *campaign.Fate) bool { return d.Sent() && d.Variant == v })
		}
	}
	if options := r.campaign.Options(); len(options) > 0 {
		head(e.t("report_by_option"))
		for i, o := range options {
			some(m.Votes[uint8(i+1)], e.t("report_option", "Option", o), func(d *campaign.Fate) bool { return d.Chose(uint8(i + 1)) })
		}
	}
	if wordings := r.campaign.Wordings(); len(wordings) > 0 {
		head(e.t("report_by_wording"))
		for _, one := range wordings {
			f := campaign.Funnel{}
			if m.Wordings[one.Wording] != nil {
				f = *m.Wordings[one.Wording]
			}
			if said := e.words.Wording(&r.campaign, &one, f, func(t time.Time) string { return e.words.Moment(t, e.now()) }); said != "" {
				some(f.Sent, said, func(d *campaign.Fate) bool { return d.Sent() && d.Wording() == one.Wording })
			}
		}
	}
	return rows
}

// byCount are the reasons, the most frequent first.
func byCount(counts map[reason.Code]int) []reason.Code {
	return slices.SortedFunc(maps.Keys(counts), func(a, b reason.Code) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
}

// timelineWidth is how many stretches a timeline has at the most.
const timelineWidth = 48

// timeline draws how many were sent, and how many answered, from the first hour
// in which something happened to the last.
func (r *report) timeline(hours []int64) []string {
	e, now := r.e, r.e.now()
	first, last := hours[0], hours[len(hours)-1]
	each := (last-first)/timelineWidth + 1 // hours of a stretch
	sent, replied := make([]int, (last-first)/each+1), make([]int, (last-first)/each+1)
	for hour, f := range r.made.Hours {
		sent[(hour-first)/each] += f.Sent
		replied[(hour-first)/each] += f.Replied
	}
	span := e.words.Moment(campaign.HourTime(first), now) + " – " + e.words.Moment(campaign.HourTime(last+1), now)
	label := max(e.width(e.t("report_sent")), e.width(e.t("part_replied")))
	return []string{
		e.fit(e.t("report_sent"), label) + " " + spark(sent) + " " + span,
		e.fit(e.t("part_replied"), label) + " " + spark(replied),
	}
}

// spark draws numbers as columns, the highest one full.
func spark(numbers []int) string {
	const columns = "▁▂▃▄▅▆▇█"
	most := max(slices.Max(numbers), 1)
	var b strings.Builder
	for _, n := range numbers {
		switch {
		case n == 0:
			b.WriteByte(' ')
		default:
			b.WriteString(string([]rune(columns)[(n*8-1)/most]))
		}
	}
	return b.String()
}

func (r *report) view() string {
	e := r.e
	w, h := e.body()
	if !r.known {
		return "\n  " + e.theme.faint.of(e.t("loading"))
	}
	c := &r.campaign
	sign := e.theme.campaign(c.Status)
	status := sign.symbol + " " + e.t(sign.word)
	switch {
	case !c.Ended.IsZero():
		status += "  " + e.t("report_from_to", "Starts", e.words.Moment(c.Started, e.now()), "Ends", e.words.Moment(c.Ended, e.now()))
	case !c.Started.IsZero():
		status += "  " + e.t("report_since", "Starts", e.words.Moment(c.Started, e.now()))
	}
	status, used := e.cut(status, max(w-12, 0))
	lines := []string{e.row(false).cell(e.theme.strong, c.Name, max(w-used-3, 0)).gap(1).put(sign.ink, status, used).fill(w), ""}
	if !c.TextFixed.IsZero() {
		lines[1] = " " + e.theme.dim.of(e.fit(e.t("report_fixed", "Time", e.words.Moment(c.TextFixed, e.now())), max(w-2, 0)))
	}
	r.win.resize(len(r.rows), max(h-len(lines), 1))
	from, to := r.win.visible()
	for i := from; i < to; i++ {
		lines = append(lines, r.line(r.rows[i], i == r.win.cursor, w))
	}
	return strings.Join(lines, "\n")
}

func (r *report) line(one reportRow, here bool, w int) string {
	e := r.e
	row := e.row(here).gap(1)
	if one.of.want == nil {
		return row.cell(one.ink, one.plain, max(w-3, 0)).fill(w)
	}
	const figure, share = 10, 7
	bar := max(min(w-70, 40), 0)
	label := max(w-figure-share-bar-6, 8)
	figures := e.theme.strong
	if one.count == 0 {
		figures = e.theme.faint
	}
	row.cell("", one.label, label).right(figures, e.words.Number(one.count), figure)
	text := ""
	if one.share && one.count > 0 && r.made.Sent > 0 {
		text = e.t("report_share", "Percent", one.count*100/r.made.Sent)
	}
	row.right(e.theme.dim, text, share).gap(1)
	if most := max(r.made.Total(), 1); bar > 0 {
		cells := min(one.count*bar/most, bar)
		if one.count > 0 {
			cells = max(cells, 1)
		}
		row.put(e.theme.accent, strings.Repeat("━", cells), cells)
	}
	return row.fill(w)
}
