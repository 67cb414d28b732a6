package tui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign/files"
	"recado/campaign/people"
	"recado/store"
)

// importRun is the last step of an import: how far it is, and what it did.
type importRun struct {
	e      *env
	b      *batch
	win    window
	cancel context.CancelFunc
	began  time.Time
	source string // as the book has it

	size, read atomic.Int64 // of the file, in bytes, and how much was read
	rows       atomic.Int64
	job        store.Job // that of the book, since addedAt; zero: as yet nothing has changed
	addedAt    time.Time

	running question
	asking  question
	stopped bool // it is being cancelled
	done    bool // the rest is there
	result  store.ImportPreflight
	all     []problem
	err     error
}

// importedMsg answers importRun.begin.
type importedMsg struct {
	question int
	result   store.ImportPreflight
	bad      []badRow
	err      error
}

// importJobMsg answers importRun.load.
type importJobMsg struct {
	question int
	job      store.Job
	err      error
}

func newImportRun(e *env, b *batch) *importRun {
	return &importRun{e: e, b: b, began: e.now(), source: homely(b.path)}
}

func (r *importRun) title() string { return r.e.t("wizard_run") }
func (r *importRun) dirty() bool   { return false }

// begin imports the file and shows how far that is.
func (r *importRun) begin() tea.Cmd {
	e := r.e
	ctx, cancel := context.WithCancel(e.ctx)
	r.cancel = cancel
	id, book, desk, b := r.running.renew(e), e.app.Book, e.app.Desk, r.b
	path, policy, options, source := b.path, b.policy, b.options(), r.source
	run := func() tea.Msg {
		defer cancel()
		msg := importedMsg{question: id}
		file, size, err := book.Outside(path)
		if err != nil {
			msg.err = err
			return msg
		}
		defer file.Close()
		r.size.Store(size)
		order := store.ImportOrder{Source: source, Policy: policy, Tags: options.Tags, Consent: options.Consent}
		var unread error
		done, err := desk.ImportFrom(ctx, order, func(add func(people.Row) error) (int, error) {
			msg.result.Read, unread = files.Read(ctx, &watched{file, &r.read}, options, files.Sink{
				Row: func(row people.Row) error { r.rows.Add(1); return add(row) },
				Bad: func(row files.Bad) error {
					r.rows.Add(1)
					msg.result.Bad.Add(row.RowError)
					msg.bad = keepBad(msg.bad, row)
					return nil
				},
			})
			return msg.result.Bad.Total, unread
		})
		msg.result.Rows, msg.result.Would, msg.err = done.Rows, done.Report, err
		if unread != nil {
			msg.err = unread
		}
		return msg
	}
	return tea.Batch(e.root.push(r), run)
}

// load asks how far the book is.
func (r *importRun) load() tea.Cmd {
	if r.done {
		return nil
	}
	id, ok := r.asking.ask(r.e)
	if !ok {
		return nil
	}
	book, source := r.e.app.Book, r.source
	return func() tea.Msg {
		jobs, err := book.Jobs()
		msg := importJobMsg{question: id, err: err}
		if at := slices.IndexFunc(jobs, func(j store.Job) bool { return j.Kind == store.JobImport && j.Source == source }); at >= 0 {
			msg.job = jobs[at]
		}
		return msg
	}
}

// adding reports whether the book has begun to add people: that is not
// cancelled any more.
func (r *importRun) adding() bool { return !r.done && r.job.Kind == store.JobImport }

func (r *importRun) actions() []action {
	e := r.e
	if !r.done {
		return []action{
			act(e.keys.cancelImport, !r.adding() && !r.stopped, func() tea.Cmd { r.stopped = true; r.cancel(); return nil }),
			act(e.keys.stopImport, r.adding() && !r.stopped, r.stop),
			act(e.keys.back, r.adding(), r.leave),
		}
	}
	return append([]action{
		act(e.keys.seePeople, r.err == nil, r.seePeople),
		act(e.keys.saveRejected, r.err == nil && r.result.Bad.Total > 0, r.b.askRejected),
		act(e.keys.back, true, r.leave),
	}, e.listActions(&r.win, stay)...)
}

func (r *importRun) keys() []key.Binding { return bindings(r.actions()) }

// stop ends the adding: what was added is taken out again.
func (r *importRun) stop() tea.Cmd {
	r.stopped = true
	desk, id := r.e.app.Desk, r.job.Import
	return r.e.do(r.e.t("imports_stop_said", "File", r.source), func(context.Context) error { return desk.CancelImport(id) })
}

// leave goes back: to what would come of it if nothing was imported, else to
// the people.
func (r *importRun) leave() tea.Cmd {
	if r.done && r.err != nil {
		return tea.Batch(r.e.root.drop(r), r.b.fly())
	}
	return r.finish()
}

// finish closes the wizard.
func (r *importRun) finish() tea.Cmd {
	var cmds []tea.Cmd
	for _, s := range slices.Clone(r.e.root.stacks[tabContacts]) {
		switch s.(type) {
		case *importPick, *importColumns, *importReview, *importRun:
			cmds = append(cmds, r.e.root.drop(s))
		}
	}
	return tea.Batch(cmds...)
}

// seePeople shows those who have the tag of the file, or everybody.
func (r *importRun) seePeople() tea.Cmd {
	close := r.finish()
	c, ok := r.e.root.stacks[tabContacts][0].(*contacts)
	if !ok || len(r.b.tags) == 0 {
		return close
	}
	return tea.Batch(close, c.show(`tag:"`+r.b.tags[0]+`"`))
}

func (r *importRun) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, r.actions())
		return cmd
	case importJobMsg:
		mine, again := r.asking.answered(msg.question)
		if mine && msg.err == nil {
			if r.job.Kind == "" && msg.job.Kind != "" || r.job.Names == 0 && msg.job.Names > 0 {
				r.addedAt = r.e.now() // the next step begins
			}
			r.job = msg.job
		}
		if again {
			return r.load()
		}
	case importedMsg:
		if mine, _ := r.running.answered(msg.question); mine {
			r.done, r.result, r.err = true, msg.result, msg.err
			if r.err == nil {
				r.all = r.e.problems(&r.result, msg.bad)
			}
			r.win.resize(len(r.all), r.win.height)
		}
	}
	return nil
}

// importStep is how far a step of an import is: people are added, and then put in the
// order of names.
func (e *env) importStep(j *store.Job) (part float64, text string) {
	done, total, id := j.Done, j.Total, "wizard_adding"
	if j.Names > 0 {
		done, total, id = j.Named, j.Names, "wizard_naming"
	}
	return min(float64(done)/float64(max(total, 1)), 1), e.t(id, "Done", done, "Total", total)
}

func (r *importRun) view() string {
	e := r.e
	w, h := e.body()
	lines := []string{""}
	say := func(i ink, text string) {
		for _, line := range e.wrap(text, max(min(w-6, 74), 1)) {
			lines = append(lines, "  "+i.of(line))
		}
	}
	switch {
	case r.adding():
		part, text := e.importStep(&r.job)
		lines = append(lines, e.gauge(part, text+e.left(part, e.now().Sub(r.addedAt)), w), "")
		say(e.theme.dim, e.t("wizard_adding_detail"))
	case r.stopped && !r.done:
		say(e.theme.dim, e.t("wizard_stopping"))
	case !r.done:
		part := min(float64(r.read.Load())/float64(max(r.size.Load(), 1)), 1)
		text := e.t("wizard_reading", "Percent", int(100*part)) + " · " + e.words.n("wizard_rows", int(r.rows.Load()))
		lines = append(lines, e.gauge(part, text+e.left(part, e.now().Sub(r.began)), w), "")
		say(e.theme.dim, e.t("wizard_reading_detail"))
	case errors.Is(r.err, store.ErrGoesOn):
		say(e.theme.warn, e.t("wizard_goes_on"))
	case errors.Is(r.err, context.Canceled):
		say(e.theme.warn, e.t("wizard_cancelled"))
	case errors.Is(r.err, store.ErrImportCancelled):
		say(e.theme.warn, e.fault(r.err))
	case r.err != nil:
		say(e.theme.bad, "! "+e.fault(r.err))
		say(e.theme.dim, e.t("wizard_nothing"))
	default:
		say(e.theme.good, "✓ "+e.t("wizard_done", "File", r.source))
		lines = append(lines, "")
		lines = append(lines, e.wouldDo(&r.result, w)...)
		lines = append(lines, "")
		lines = append(lines, e.problemLines(r.all, &r.win, w, h-len(lines))...)
	}
	return strings.Join(lines, "\n")
}
