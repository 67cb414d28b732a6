package tui

import (
	"context"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign/files"
	"recado/store"
)

// importReview is the third step of an import: what would come of it, the rows
// that could not be imported, and what is said of everybody in the file.
type importReview struct {
	e   *env
	b   *batch
	win window
}

func newImportReview(e *env, b *batch) *importReview { return &importReview{e: e, b: b} }

func (r *importReview) title() string { return r.e.t("wizard_review") }
func (r *importReview) load() tea.Cmd { return nil }
func (r *importReview) dirty() bool   { return false }

// ready reports whether there is something to import.
func (r *importReview) ready() bool {
	f := r.b.flight
	return f != nil && f.done && f.err == nil && f.result.Rows > 0
}

func (r *importReview) actions() []action {
	e, f := r.e, r.b.flight
	moves := &r.win
	if !f.done {
		moves = new(window)
	}
	return append([]action{
		act(e.keys.takeIn, r.ready(), func() tea.Cmd { return newImportRun(e, r.b).begin() }),
		act(e.keys.policy, true, r.askPolicy),
		act(e.keys.tags, true, r.askTags),
		act(e.keys.consent, true, r.askConsent),
		act(e.keys.saveRejected, f.done && f.result.Bad.Total > 0, r.b.askRejected),
	}, e.listActions(moves, stay)...)
}

func (r *importReview) keys() []key.Binding { return bindings(r.actions()) }

func (r *importReview) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, r.actions())
		return cmd
	case flownMsg:
		r.b.flown(msg)
		r.win.resize(len(r.b.flight.all), r.win.height)
	}
	return nil
}

// policies are what becomes of people who are in the book.
var policies = []store.Policy{store.Complete, store.Skip, store.Replace}

// policyWords are their ids in the catalogue, and those of what they mean.
var policyWords = map[store.Policy][2]string{
	store.Complete: {"wizard_update", "wizard_update_note"},
	store.Skip:     {"wizard_skip", "wizard_skip_note"},
	store.Replace:  {"wizard_replace", "wizard_replace_note"},
}

func (r *importReview) askPolicy() tea.Cmd {
	e := r.e
	var all []option
	now := 0
	for i, p := range policies {
		if p == r.b.policy {
			now = i
		}
		all = append(all, option{e.t(policyWords[p][0]), e.t(policyWords[p][1]), func() tea.Cmd {
			r.b.policy = p
			return r.b.fly()
		}})
	}
	return e.root.push(newChoice(e, e.t("wizard_policy"), nil, all, now))
}

// nothing is what is typed to take an option away.
const nothing = "-"

// askAll asks for something that is said of everybody in the file.
func (r *importReview) askAll(ask, detail, example, now string, set func(text string) (mistake string)) tea.Cmd {
	p := newPrompt(r.e, ask, detail, example, now, func(context.Context, string, bool) (func() tea.Cmd, error) { return r.b.fly, nil })
	p.check = func(text string) string {
		if text == nothing {
			text = ""
		}
		return set(text)
	}
	return r.e.root.push(p)
}

func (r *importReview) askTags() tea.Cmd {
	e := r.e
	return r.askAll(e.t("wizard_tags"), e.t("wizard_tags_detail"), e.t("wizard_tags_example"), strings.Join(r.b.tags, ", "), func(text string) string {
		tags, err := files.Tags(text)
		if err != nil {
			return e.fault(err)
		}
		r.b.tags = tags
		return ""
	})
}

func (r *importReview) askConsent() tea.Cmd {
	e := r.e
	return r.askAll(e.t("wizard_consent"), e.t("wizard_consent_detail"), e.t("wizard_consent_example"), r.b.consent, func(text string) string {
		if _, ok := files.Consent(text, e.now()); !ok {
			return e.t("wizard_consent_mistake")
		}
		r.b.consent = text
		return ""
	})
}

func (r *importReview) view() string {
	e := r.e
	w, h := e.body()
	f := r.b.flight
	lines := []string{""}
	switch {
	case !f.done:
		lines = append(lines, e.reading(f, w)...)
	case f.err != nil:
		for _, line := range e.wrap(e.fault(f.err), max(w-6, 1)) {
			lines = append(lines, "  "+e.theme.bad.of("! "+line))
		}
	default:
		lines = append(lines, e.wouldDo(&f.result, w)...)
	}
	lines = append(lines, "")
	lines = append(lines, r.sayings(w)...)
	lines = append(lines, "")
	if f.done && f.err == nil {
		lines = append(lines, e.problemLines(r.b.flight.all, &r.win, w, h-len(lines))...)
	}
	return strings.Join(lines, "\n")
}

// sayings are what is said of everybody, a line each.
func (r *importReview) sayings(w int) (lines []string) {
	e := r.e
	tags, consent := strings.Join(r.b.tags, ", "), r.b.consent
	if tags == "" {
		tags = "–"
	}
	if consent == "" {
		consent = "–"
	} else if given, ok := files.Consent(consent, e.now()); ok {
		consent = given.Source + ", " + e.words.Day(given.At, e.now())
	}
	words := policyWords[r.b.policy]
	for _, s := range []setting{
		{e.keys.policy, e.t("wizard_policy_set"), e.t(words[0]) + " (" + e.t(words[1]) + ")"},
		{e.keys.tags, e.t("wizard_tags_set"), tags},
		{e.keys.consent, e.t("wizard_consent_set"), consent},
	} {
		lines = append(lines, " "+e.settings([]setting{s}, w-1))
	}
	return lines
}

// reading is how far a file has been read.
func (e *env) reading(f *flight, w int) []string {
	part := f.part()
	text := e.t("wizard_reading", "Percent", int(100*part)) + " · " + e.words.n("wizard_rows", int(f.rows.Load()))
	return []string{e.gauge(part, text+e.left(part, e.now().Sub(f.began)), w)}
}

// left says how long something will still take that has come so far in that
// time; empty while nobody knows.
func (e *env) left(part float64, took time.Duration) string {
	if part < 0.02 || took < 2*time.Second {
		return ""
	}
	rest := time.Duration(float64(took) * (1 - part) / part)
	return " · " + e.t("wizard_left", "Wait", rest)
}

// gauge is a bar of which part is full, and a text behind it.
func (e *env) gauge(part float64, text string, w int) string {
	bar := max(min((w-6)/3, 40), 4)
	full := min(max(int(part*float64(bar)+0.5), 0), bar)
	r := e.row(false).gap(1).put(e.theme.accent, strings.Repeat("█", full), full).put(e.theme.rule, strings.Repeat("░", bar-full), bar-full).gap(2)
	return r.cell("", text, max(w-r.used-1, 0)).fill(w)
}

// wouldDo sums up what an import would do.
func (e *env) wouldDo(p *store.ImportPreflight, w int) (lines []string) {
	would := &p.Would
	r := e.row(false).gap(1)
	add := func(i ink, text string) {
		if r.used > 2 {
			r.put(e.theme.faint, " · ", 3)
		}
		text, used := e.cut(text, max(w-r.used-4, 0))
		r.put(i, text, used)
	}
	strong := e.theme.strong
	add(strong, e.words.n("wizard_new", would.Added))
	add(strong, e.words.n("wizard_updated", would.Updated))
	if would.Same > 0 {
		add(e.theme.dim, e.words.n("wizard_same", would.Same))
	}
	if bad := p.Bad.Total + would.Full; bad > 0 {
		add(e.theme.bad, e.words.n("wizard_bad", bad))
	}
	lines = append(lines, r.fill(w))
	if would.Left > 0 {
		lines = append(lines, "  "+e.theme.warn.of("⊘ "+e.clean(e.words.n("wizard_leaving", would.Left))))
	}
	if would.Doubts > 0 {
		lines = append(lines, "  "+e.theme.warn.of("? "+e.clean(e.words.n("wizard_doubting", would.Doubts))))
	}
	return lines
}

// problem is a line about what is wrong with rows, or odd.
type problem struct {
	sign, text, cells string
	bad               bool
}

// problems are the rows that would not be imported, and what is odd about
// others.
func (e *env) problems(p *store.ImportPreflight, bad []badRow) (all []problem) {
	for _, row := range bad {
		all = append(all, problem{"✗", e.t("wizard_line", "Line", strconv.Itoa(row.line), "Why", e.words.because(row.why)), row.cells, true})
	}
	if rest := p.Bad.Total - len(bad); rest > 0 {
		all = append(all, problem{"✗", e.words.n("wizard_more_bad", rest), "", true})
	}
	if full := p.Would; full.Full > 0 {
		all = append(all, problem{"✗", e.words.n("wizard_full", full.Full, "Line", strconv.Itoa(full.FullLine)), "", true})
	}
	for _, kind := range p.Read.Notes.Kinds {
		all = append(all, problem{"!", e.warning(&kind), "", false})
	}
	return all
}

// problemLines lists problems in h lines; the one under the cursor is told in
// full below.
func (e *env) problemLines(all []problem, win *window, w, h int) (lines []string) {
	if len(all) == 0 {
		return []string{"  " + e.theme.good.of("✓ "+e.clean(e.t("wizard_no_problems")))}
	}
	at := min(win.cursor, len(all)-1)
	var told []string
	for _, line := range e.wrap(all[at].text, max(w-6, 1)) {
		told = append(told, "  "+e.theme.text.of(line))
	}
	if cells := all[at].cells; cells != "" {
		text, _ := e.cut(cells, max(w-6, 0))
		told = append(told, "  "+e.theme.dim.of(text))
	}
	told = told[:min(len(told), max(h/3, 0))]
	win.resize(len(all), max(h-len(told)-1, 1))
	from, to := win.visible()
	for i := from; i < to; i++ {
		p := &all[i]
		sign, weight := e.theme.warn, ink("")
		if p.bad {
			sign = e.theme.bad
		}
		if i == win.cursor {
			weight = e.theme.strong
		}
		r := e.row(i == win.cursor).gap(1).cell(sign, p.sign, 2)
		text := max(w-r.used-1, 0)
		if p.cells != "" && w >= 100 {
			r.cell(weight, p.text, text/2).gap(2)
			r.cell(e.theme.dim, p.cells, max(w-r.used-1, 0))
		} else {
			r.cell(weight, p.text, text)
		}
		lines = append(lines, r.fill(w))
	}
	if len(told) > 0 {
		lines = append(lines, e.theme.rule.of(strings.Repeat("─", w)))
	}
	return append(lines, told...)
}
