package tui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session"
	"recado/store"
)

// validations are the numbers that can ask who is on WhatsApp, and how far each
// of them is. It begins to ask about whom the list of contacts shows.
type validations struct {
	e        *env
	filter   people.Filter
	win      window
	all      []validationRow
	known    bool
	question question
}

// validationRow is a number and its validation; one without a status is none.
type validationRow struct {
	session.Snapshot
	store.Validation
}

// validationsLoadedMsg answers validations.load.
type validationsLoadedMsg struct {
	question int
	all      []validationRow
	err      error
}

func newValidations(e *env, filter people.Filter) *validations {
	return &validations{e: e, filter: filter}
}

func (v *validations) title() string { return v.e.t("validations") }
func (v *validations) dirty() bool   { return false }

func (v *validations) load() tea.Cmd {
	id, ok := v.question.ask(v.e)
	if !ok {
		return nil
	}
	book, pool := v.e.app.Book, v.e.app.Pool
	return func() tea.Msg {
		msg := validationsLoadedMsg{question: id}
		var have []store.Validation
		if have, msg.err = book.Validations(); msg.err != nil {
			return msg
		}
		for _, s := range pool.Snapshots() {
			row := validationRow{Snapshot: s}
			at := slices.IndexFunc(have, func(v store.Validation) bool { return v.Number == s.Number.ID })
			if at >= 0 {
				row.Validation = have[at]
			}
			if at >= 0 || s.Number.Linked() {
				msg.all = append(msg.all, row)
			}
		}
		return msg
	}
}

func (v *validations) here() (row validationRow, ok bool) {
	if v.win.cursor >= len(v.all) {
		return row, false
	}
	return v.all[v.win.cursor], true
}

func (v *validations) actions() []action {
	e := v.e
	row, ok := v.here()
	runs := row.Status == store.Validating
	number := row.Snapshot.Number
	return append([]action{
		act(e.keys.beginValidation, ok && !runs && number.Linked(), func() tea.Cmd { return v.begin(number) }),
		act(e.keys.stopValidation, ok && runs, func() tea.Cmd {
			desk := e.app.Desk
			return e.do(e.t("validate_stopped", "Name", number.Name), func(context.Context) error { return desk.StopValidation(number.ID) })
		}),
	}, e.listActions(&v.win, stay)...)
}

func (v *validations) keys() []key.Binding { return bindings(v.actions()) }

// begin asks how many a day, and begins.
func (v *validations) begin(number campaign.Number) tea.Cmd {
	e, desk, filter := v.e, v.e.app.Desk, v.filter
	p := newPrompt(e, e.t("validate_ask"), e.t("validate_detail", "Name", number.Name), "", strconv.Itoa(store.ValidatePerDay),
		func(ctx context.Context, text string, _ bool) (func() tea.Cmd, error) {
			perDay, _ := strconv.Atoi(text)
			begun, err := desk.Validate(ctx, number.ID, filter, perDay)
			if err != nil {
				return nil, err
			}
			return func() tea.Cmd {
				e.root.say(e.theme.good, e.words.n("validate_begun", begun.Total, "Name", number.Name, "Known", begun.Known, "PerDay", begun.PerDay))
				return nil
			}, nil
		})
	p.check = func(text string) string {
		if n, err := strconv.Atoi(text); err != nil || n < 1 || n > store.ValidateMostPerDay {
			return e.t("validate_mistake", "Most", store.ValidateMostPerDay)
		}
		return ""
	}
	return e.root.push(p)
}

func (v *validations) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, v.actions())
		return cmd
	case validationsLoadedMsg:
		mine, again := v.question.answered(msg.question)
		if mine && msg.err != nil {
			v.e.root.say(v.e.theme.bad, v.e.fault(msg.err))
		} else if mine {
			v.all, v.known = msg.all, true
			v.win.resize(len(v.all), v.win.height)
		}
		if again {
			return v.load()
		}
	}
	return nil
}

func (v *validations) view() string {
	e := v.e
	w, h := e.body()
	if !v.known {
		return "\n  " + e.theme.faint.of(e.t("loading"))
	}
	if len(v.all) == 0 {
		return e.framed([]string{e.theme.strong.of(e.t("status_no_number"))}, w, h)
	}
	whom := e.words.Filter(v.filter)
	if whom == "" {
		whom = e.t("validate_everybody")
	}
	head := []string{""}
	for _, line := range e.wrap(e.t("validate_whom", "Whom", whom), max(w-4, 1)) {
		head = append(head, "  "+e.theme.dim.of(line))
	}
	told := v.told(w)
	v.win.resize(len(v.all), max(h-len(head)-len(told)-2, 1))
	const done, yes, no, today = 15, 14, 8, 11
	name := max(w-done-yes-no-today-6, 8)
	head = append(head, "", e.row(false).gap(1).cell(e.theme.faint, e.t("col_number"), name).right(e.theme.faint, e.t("col_checked"), done).
		right(e.theme.faint, e.t("col_on_whatsapp"), yes).right(e.theme.faint, e.t("col_not_on_whatsapp"), no).right(e.theme.faint, e.t("col_today"), today).fill(w))
	from, to := v.win.visible()
	for i := from; i < to; i++ {
		row := v.all[i]
		weight := ink("")
		if i == v.win.cursor {
			weight = e.theme.strong
		}
		r := e.row(i == v.win.cursor).gap(1).cell(weight, row.Snapshot.Number.Name, name)
		if row.Status == "" {
			head = append(head, r.right(e.theme.faint, "–", done).fill(w))
			continue
		}
		number := e.words.Number
		head = append(head, r.right("", number(row.Done)+"/"+number(row.Total), done).right(e.theme.good, number(row.Yes), yes).right(e.theme.warn, number(row.No), no).
			right("", fmt.Sprintf("%s/%s", number(row.AskedToday(e.now())), number(row.PerDay)), today).fill(w))
	}
	return strings.Join(append(head, told...), "\n")
}

// told says how it is with the validation at the cursor.
func (v *validations) told(w int) []string {
	e, now := v.e, v.e.now()
	row, ok := v.here()
	if !ok || row.Status == "" {
		return nil
	}
	state := e.words.Validation(string(row.Status))
	switch sign := e.numberSign(row.Snapshot); {
	case row.Status == store.Validating && row.State != campaign.Online:
		state = e.t("validation_waits", "State", e.t(sign.word))
	case row.Status == store.Validating && row.Due(now).After(now):
		state = e.t("validation_next", "Time", e.words.Moment(row.Due(now), now))
	case !row.Why.IsZero():
		state += ": " + e.words.because(row.Why)
	}
	lines := []string{"", e.gauge(float64(row.Done)/float64(max(row.Total, 1)), state, w)}
	if row.Filter != "" {
		for _, line := range e.wrap(e.t("validate_whom", "Whom", row.Filter), max(w-4, 1)) {
			lines = append(lines, "  "+e.theme.dim.of(line))
		}
	}
	return lines
}
