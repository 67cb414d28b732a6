package tui

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// imports are what came from files, the last first: what each did, and how far it
// is. It holds those as far as somebody has looked, and a few more.
type imports struct {
	e     *env
	win   window
	all   []store.Import
	jobs  []store.Job
	whole bool // there are no more
	known bool

	question question
}

// moreImports is how many are asked for at a time.
const moreImports = 100

// importsLoadedMsg answers imports.load.
type importsLoadedMsg struct {
	question int
	all      []store.Import
	jobs     []store.Job
	whole    bool
	err      error
}

func newImports(e *env) *imports { return &imports{e: e} }

func (l *imports) title() string { return l.e.t("imports") }
func (l *imports) dirty() bool   { return false }

func (l *imports) load() tea.Cmd {
	id, ok := l.question.ask(l.e)
	if !ok {
		return nil
	}
	book, limit := l.e.app.Book, l.win.cursor+moreImports
	return func() tea.Msg {
		msg := importsLoadedMsg{question: id}
		if msg.all, msg.err = book.Imports(0, limit); msg.err == nil {
			msg.jobs, msg.err = book.Jobs()
		}
		msg.whole = len(msg.all) < limit
		return msg
	}
}

// moved asks for more when the cursor comes near the end of those we have.
func (l *imports) moved() tea.Cmd {
	if l.whole || l.win.cursor+moreImports/2 < len(l.all) {
		return nil
	}
	return l.load()
}

func (l *imports) here() (i store.Import, ok bool) {
	if l.win.cursor >= len(l.all) {
		return i, false
	}
	return l.all[l.win.cursor], true
}

// stoppable reports whether an import is being done or undone.
func stoppable(i *store.Import) bool {
	return i.State == store.ImportRunning || i.State == store.ImportUndoing && !i.Undone.Cancel
}

func (l *imports) actions() []action {
	e := l.e
	i, ok := l.here()
	return append([]action{
		act(e.keys.undoImport, ok && i.Undoable(), func() tea.Cmd { return l.undo(i) }),
		act(e.keys.stopImport, ok && stoppable(&i), func() tea.Cmd { return l.stop(i) }),
	}, e.listActions(&l.win, l.moved)...)
}

func (l *imports) keys() []key.Binding { return bindings(l.actions()) }

func (l *imports) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, l.actions())
		return cmd
	case importsLoadedMsg:
		mine, again := l.question.answered(msg.question)
		if mine && msg.err != nil {
			l.e.root.say(l.e.theme.bad, l.e.fault(msg.err))
		} else if mine {
			here, ok := l.here()
			l.all, l.jobs, l.whole, l.known = msg.all, msg.jobs, msg.whole, true
			l.win.resize(len(l.all), l.win.height)
			if at := slices.IndexFunc(l.all, func(i store.Import) bool { return i.ID == here.ID }); ok && at >= 0 { // it stays on what it was
				l.win.jump(at)
			}
		}
		if again {
			return l.load()
		}
	case importUndoneMsg:
		return l.undone(msg)
	}
	return nil
}

// undo asks, and undoes an import.
func (l *imports) undo(i store.Import) tea.Cmd {
	e, desk := l.e, l.e.app.Desk
	detail := []string{}
	if i.Made > 0 {
		detail = append(detail, e.words.n("imports_undo_made", i.Made))
	}
	if i.Changed > 0 {
		detail = append(detail, e.words.n("imports_undo_changed", i.Changed))
	}
	detail = append(detail, e.t("imports_undo_stays"))
	return e.root.push(newAsk(e, e.t("imports_undo", "File", i.Source), strings.Join(detail, "\n"), func() tea.Cmd {
		return func() tea.Msg {
			done, err := desk.UndoImport(e.ctx, i.ID)
			return importUndoneMsg{done, err}
		}
	}))
}

// importUndoneMsg says how an undo ended.
type importUndoneMsg struct {
	done store.Import
	err  error
}

func (l *imports) undone(msg importUndoneMsg) tea.Cmd {
	e := l.e
	switch {
	case errors.Is(msg.err, context.Canceled), errors.Is(msg.err, store.ErrGoesOn): // stopped, or it goes on: the list says so
	case msg.err != nil:
		e.root.say(e.theme.bad, e.fault(msg.err))
	default:
		e.root.say(e.theme.good, e.t("imports_undone_said", "File", msg.done.Source)+" "+strings.Join(l.undoSaid(&msg.done.Undone), " · "))
	}
	return l.load()
}

// stop ends an import that goes on, or its undo.
func (l *imports) stop(i store.Import) tea.Cmd {
	e, desk := l.e, l.e.app.Desk
	ask, detail, said := "imports_stop", "imports_stop_detail", "imports_stop_said"
	if i.State == store.ImportUndoing {
		ask, detail, said = "imports_undo_stop", "imports_undo_stop_detail", "imports_undo_stop_said"
	}
	return e.root.push(newAsk(e, e.t(ask, "File", i.Source), e.t(detail), func() tea.Cmd {
		return e.do(e.t(said, "File", i.Source), func(context.Context) error { return desk.CancelImport(i.ID) })
	}))
}

func (l *imports) view() string {
	e := l.e
	w, h := e.body()
	if !l.known {
		return "\n  " + e.theme.faint.of(e.t("loading"))
	}
	if len(l.all) == 0 {
		lines := append([]string{e.theme.strong.of(e.t("imports_none")), ""}, e.wrap(e.t("imports_none_detail", "Key", e.keys.importFile.Help().Key), min(w-8, 64))...)
		return e.framed(lines, w, h)
	}
	told := l.told(w)
	told = told[:min(len(told), max(h-4, 0))]
	l.win.resize(len(l.all), max(h-1-len(told), 1))
	const when, counts = 16, 9
	file := max(min(w-when-3*counts-20, 48), 8)
	r := e.row(false).gap(1).cell(e.theme.faint, e.t("col_when"), when).gap(1).cell(e.theme.faint, e.t("col_file"), file)
	for _, title := range []string{"col_new", "col_updated", "col_bad"} {
		r.right(e.theme.faint, e.t(title), counts+1)
	}
	lines := []string{r.gap(2).cell(e.theme.faint, e.t("col_state"), max(w-r.used-2, 0)).fill(w)}
	from, to := l.win.visible()
	for at := from; at < to; at++ {
		i := &l.all[at]
		weight := ink("")
		if at == l.win.cursor {
			weight = e.theme.strong
		}
		r := e.row(at == l.win.cursor).gap(1).cell(e.theme.dim, e.words.Moment(i.At, e.now()), when).gap(1).cell(weight, i.Source, file)
		for _, n := range []int{i.Report.Added, i.Report.Updated, i.Bad + i.Report.Full} {
			r.right("", e.words.Number(n), counts+1)
		}
		lines = append(lines, r.gap(2).cell(l.ink(i), e.words.ImportState(string(i.State)), max(w-r.used-2, 0)).fill(w))
	}
	for len(lines) < h-len(told) {
		lines = append(lines, "")
	}
	return strings.Join(append(lines, told...), "\n")
}

// ink is that of a state.
func (l *imports) ink(i *store.Import) ink {
	switch i.State {
	case store.ImportRunning, store.ImportUndoing:
		return l.e.theme.accent
	case store.ImportDone:
		return l.e.theme.good
	}
	return l.e.theme.dim
}

// told is what is said of the import under the cursor, below the list.
func (l *imports) told(w int) (lines []string) {
	e := l.e
	i, ok := l.here()
	if !ok {
		return nil
	}
	lines = append(lines, e.theme.rule.of(strings.Repeat("─", w)))
	say := func(ink ink, texts ...string) {
		text, _ := e.cut(strings.Join(texts, " · "), max(w-4, 0))
		lines = append(lines, "  "+ink.of(text))
	}
	how := []string{i.By.Name}
	if i.By.From != "" {
		how[0] += " (" + e.words.From(i.By.From) + ")"
	}
	how = append(how, e.t(policyWords[i.Policy][0]))
	if len(i.Tags) > 0 {
		how = append(how, e.t("wizard_tags_set")+" "+strings.Join(i.Tags, ", "))
	}
	if i.Consent.Status != people.ConsentUnknown {
		how = append(how, e.t("wizard_consent_set")+" "+i.Consent.Source+", "+e.words.Day(i.Consent.At, e.now()))
	}
	say(e.theme.dim, how...)
	if at := slices.IndexFunc(l.jobs, func(j store.Job) bool { return j.Import == i.ID && j.Kind != store.JobForget }); at >= 0 && l.jobs[at].Total > 0 {
		part, text := e.importStep(&l.jobs[at])
		return append(lines, e.gauge(part, text, w))
	}
	did := []string{e.words.n("wizard_new", i.Report.Added), e.words.n("wizard_updated", i.Report.Updated), e.words.n("wizard_same", i.Report.Same)}
	if bad := i.Bad + i.Report.Full; bad > 0 {
		did = append(did, e.words.n("wizard_bad", bad))
	}
	say("", did...)
	if u := &i.Undone; u.By.Name != "" {
		say(e.theme.warn, l.undoSaid(u)...)
		for _, why := range slices.Sorted(maps.Keys(u.Kept)) {
			say(e.theme.dim, e.words.n("imports_kept", u.Kept[why], "Why", e.words.because(reason.New(why))))
		}
	} else if i.State == store.ImportDone && !i.Undoable() {
		say(e.theme.faint, e.t("imports_too_old"))
	}
	return lines
}

// undoSaid is what an undo did.
func (l *imports) undoSaid(u *store.Undone) (all []string) {
	e := l.e
	all = append(all, e.words.n("imports_removed", u.Removed))
	if u.Restored > 0 {
		all = append(all, e.words.n("imports_restored", u.Restored))
	}
	if n := u.KeptPeople(); n > 0 {
		all = append(all, e.words.n("imports_stayed", n))
	}
	if u.OptOuts > 0 {
		all = append(all, e.words.n("imports_optouts", u.OptOuts))
	}
	return all
}
