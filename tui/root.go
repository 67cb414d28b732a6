package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"recado/campaign"
	"recado/store"
)

// The tabs.
const (
	tabNumbers = iota
	tabContacts
	tabCampaigns
	tabProgress
	tabCount
)

// tabWords are their names in the catalogue.
var tabWords = [tabCount]string{"tab_numbers", "tab_contacts", "tab_campaigns", "tab_progress"}

// changedMsg says that the bell has rung: what is shown may be old.
type changedMsg struct{}

// clockMsg comes every second, for whatever counts down.
type clockMsg struct{}

// saidFor is how long the status line keeps what was said last.
const saidFor = 6 * time.Second

// root is the terminal: the stack of screens of each tab, the size, the
// status line, help and quit.
type root struct {
	env      *env
	stacks   [tabCount][]screen
	at       int
	status   overview
	question question
	said     string // what was said last; empty: nothing
	saidInk  ink
	saidAt   time.Time
	stop     func() // see Suspends; nil: the program at the terminal cannot be stopped
	beat     func() // see Beats
	sized    func() // called with every size; nil: nobody waits for it
	typed    attention
	quitting bool // the terminal ends once what is typed is kept
}

// overview is what the status line knows.
type overview struct {
	linked, online int
	trouble        int // numbers that need a person
	doubts         int // people about whom a person has to decide
	sending        bool
	next           time.Time // when the next campaign starts by itself, if nothing goes on until then
	tags           store.Job // a change of tags that goes on
	disk           bool      // the disk refuses to write
}

// overviewLoadedMsg answers root.load.
type overviewLoadedMsg struct {
	question int
	overview overview
	err      error
}

func newRoot(ctx context.Context, app App) *root {
	if app.Desk == nil && app.Book != nil {
		app.Desk = app.Book.Desk(store.Actor{Role: store.Viewer})
	}
	e := &env{app: app, ctx: ctx, theme: newTheme(true)}
	e.words = newWords(app.Lang, e.cells)
	e.keys = newKeys(e.words)
	if app.ReadOnly {
		e.keys.onlyReads()
	}
	r := &root{env: e}
	e.root = r
	r.stacks = [tabCount][]screen{{newNumbers(e)}, {newContacts(e)}, {newCampaigns(e)}, {newProgress(e, 0)}}
	if app.Died != "" {
		r.say(e.theme.warn, e.t("owner_died", "Owner", app.Died))
	}
	return r
}

// countsClusters is what a terminal says that counts grapheme clusters. The
// renderer counts them from then on; it is told so whatever the terminal is,
// because what the terminal counts does not matter: see pinned.
var countsClusters = tea.ModeReportMsg{Mode: ansi.ModeUnicodeCore, Value: ansi.ModeSet}

// Init implements tea.Model.
func (r *root) Init() tea.Cmd {
	return tea.Batch(func() tea.Msg { return countsClusters }, tea.RequestBackgroundColor, r.load(), r.top().load())
}

// top is the screen that is shown.
func (r *root) top() screen { return r.stacks[r.at][len(r.stacks[r.at])-1] }

// push shows a screen on top of the present one.
func (r *root) push(s screen) tea.Cmd {
	r.stacks[r.at] = append(r.stacks[r.at], s)
	return s.load()
}

// pop goes back to the screen below.
func (r *root) pop() tea.Cmd {
	if stack := r.stacks[r.at]; len(stack) > 1 {
		closed(stack[len(stack)-1])
		r.stacks[r.at] = stack[:len(stack)-1]
	}
	return r.top().load()
}

// closed stops what a screen that goes away has under way.
func closed(s screen) {
	if c, ok := s.(interface{ close() }); ok {
		c.close()
	}
}

// drop takes a screen out of its stack, wherever it is.
func (r *root) drop(s screen) tea.Cmd {
	for tab, stack := range r.stacks {
		for i, have := range stack {
			if i > 0 && have == s {
				closed(s)
				r.stacks[tab] = append(stack[:i:i], stack[i+1:]...)
				return r.top().load()
			}
		}
	}
	return nil
}

// goTo shows a tab.
func (r *root) goTo(tab int) tea.Cmd {
	r.at = (tab + tabCount) % tabCount
	return r.top().load()
}

// say puts a text on the status line.
func (r *root) say(i ink, text string) {
	r.said, r.saidInk, r.saidAt = text, i, r.env.now()
}

// load asks for the status line.
func (r *root) load() tea.Cmd {
	id, ok := r.question.ask(r.env)
	if !ok {
		return nil
	}
	book, pool := r.env.app.Book, r.env.app.Pool
	return func() tea.Msg {
		idle, err := book.Idle()
		o := overview{sending: err == nil && !idle, disk: book.Err() != nil}
		if err == nil {
			o.doubts, err = book.DoubtCount()
		}
		if err == nil {
			o.next, err = book.NextStart()
		}
		if jobs, failed := book.Jobs(); failed == nil {
			if at := slices.IndexFunc(jobs, func(j store.Job) bool { return j.Kind == store.JobTags }); at >= 0 {
				o.tags = jobs[at]
			}
		}
		for _, s := range pool.Snapshots() {
			switch s.State {
			case campaign.Unlinked, campaign.Linking:
				continue
			case campaign.Online, campaign.Restricted:
				o.online++
			case campaign.Banned, campaign.Blocked, campaign.LoggedOut, campaign.Outdated:
				o.trouble++
			}
			o.linked++
		}
		return overviewLoadedMsg{id, o, err}
	}
}

// Update implements tea.Model.
func (r *root) Update(msg tea.Msg) (tea.Model, tea.Cmd) { return r, r.update(msg) }

func (r *root) update(msg tea.Msg) tea.Cmd {
	e := r.env
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		if r.sized != nil {
			r.sized()
		}
		e.w, e.h = msg.Width, msg.Height
		return r.top().update(msg)
	case tea.BackgroundColorMsg:
		e.theme = newTheme(msg.IsDark())
		return nil
	case tea.ColorProfileMsg:
		e.colours = msg.Profile > colorprofile.ASCII
		return nil
	case tea.ModeReportMsg:
		e.agreed = e.agreed || msg == countsClusters
		return nil
	case changedMsg:
		return tea.Batch(r.load(), r.top().load())
	case clockMsg:
		if r.beat != nil {
			r.beat()
		}
		var kept []tea.Cmd
		for _, d := range r.drafters() {
			kept = append(kept, d.keep(e.now()))
		}
		if r.said != "" && e.now().Sub(r.saidAt) > saidFor {
			r.said = ""
		}
		return tea.Batch(append(kept, r.top().update(msg))...)
	case overviewLoadedMsg:
		mine, again := r.question.answered(msg.question)
		if mine && msg.err == nil {
			r.status = msg.overview
		}
		if again {
			return r.load()
		}
		return nil
	case actedMsg:
		if msg.err != nil {
			r.say(e.theme.bad, e.fault(msg.err))
		} else if msg.did != "" {
			r.say(e.theme.good, msg.did)
		}
		return tea.Batch(r.load(), r.top().load())
	case tea.KeyPressMsg:
		r.typed.paid()
		return r.pressed(msg)
	case tea.PasteMsg:
		r.typed.paid()
		return r.top().update(msg)
	}
	// An answer: it names its question, the screen that asked takes it.
	var cmds []tea.Cmd
	for _, stack := range r.stacks {
		for _, s := range stack {
			cmds = append(cmds, s.update(msg))
		}
	}
	if r.quitting && !slices.ContainsFunc(r.drafters(), drafter.saves) {
		cmds = append(cmds, r.close())
	}
	return tea.Batch(cmds...)
}

// pressed gives a key to the screen if it is for something there, to the root
// otherwise, and to the screen as text if it is for nothing.
func (r *root) pressed(msg tea.KeyPressMsg) tea.Cmd {
	r.said = ""
	top := r.top()
	if key.Matches(msg, top.keys()...) {
		return top.update(msg)
	}
	if cmd, done := press(msg, r.actions()); done {
		return cmd
	}
	return top.update(msg)
}

// typing reports whether letters are text at this moment.
func (r *root) typing() bool { return isTyping(r.top()) }

func isTyping(s screen) bool {
	t, ok := s.(typist)
	return ok && t.typing()
}

// actions are the keys that work on every screen.
func (r *root) actions() []action { return r.actionsOver(r.top()) }

// actionsOver are the root's keys while top is shown.
func (r *root) actionsOver(top screen) []action {
	e, typing, depth := r.env, isTyping(top), slices.Index(r.stacks[r.at], top)+1
	_, asking := top.(*ask)
	_, isLeaving := top.(*leaving)
	asking = asking || isLeaving
	_, helping := top.(*help)
	open := !typing && !asking && !helping
	openHelp := func() tea.Cmd { return r.push(newHelp(e, top)) }
	actions := []action{
		act(e.keys.help, open, openHelp),
		act(e.keys.helpTyping, typing, openHelp),
		act(e.keys.audit, open && !slices.ContainsFunc(r.stacks[r.at], isAudit), func() tea.Cmd { return r.push(newAudit(e)) }),
		act(e.keys.back, depth > 1 && !asking, r.back),
		act(e.keys.quit, open, r.quit),
		act(e.keys.quitNow, true, r.quit),
		act(e.keys.suspend, r.stop != nil, func() tea.Cmd { r.stop(); return nil }),
		act(e.keys.nextTab, open, func() tea.Cmd { return r.goTo(r.at + 1) }),
		act(e.keys.prevTab, open, func() tea.Cmd { return r.goTo(r.at - 1) }),
	}
	for i, b := range e.keys.tabs {
		actions = append(actions, act(b, open && i != r.at, func() tea.Cmd { return r.goTo(i) }))
	}
	// What the screen uses itself does not come this far.
	taken := make(map[string]bool)
	for _, b := range top.keys() {
		for _, k := range b.Keys() {
			taken[k] = taken[k] || b.Enabled()
		}
	}
	return slices.DeleteFunc(actions, func(a action) bool {
		return !slices.ContainsFunc(a.Keys(), func(k string) bool { return !taken[k] })
	})
}

func isAudit(s screen) bool { _, ok := s.(*audit); return ok }

// back closes the present screen; what is typed there is kept.
func (r *root) back() tea.Cmd {
	if d, ok := r.top().(drafter); ok {
		return d.leave()
	}
	return r.pop()
}

// quit keeps what is typed and ends the terminal. Asked twice it ends at once.
func (r *root) quit() tea.Cmd {
	switch top := r.top().(type) {
	case *ask:
		if top.quits {
			return tea.Quit
		}
	case *leaving:
		return tea.Quit
	}
	open := r.drafters()
	if len(open) == 0 {
		return r.close()
	}
	r.quitting = true
	var saves []tea.Cmd
	for _, d := range open {
		saves = append(saves, d.save())
	}
	return tea.Batch(saves...)
}

// sends reports whether there is something to send now: the status line may have
// heard of it a while ago.
func (r *root) sends() bool {
	idle, err := r.env.app.Book.Idle()
	if err != nil {
		return r.status.sending
	}
	return !idle
}

// close ends the terminal, asking first if something would be lost because it
// could not be kept, or the sending would stop.
func (r *root) close() tea.Cmd {
	e := r.env
	r.quitting = false
	detail := ""
	if len(r.drafters()) > 0 {
		detail = e.t("ask_quit_dirty")
	}
	sends := r.sends()
	if e.app.Halt != nil && sends {
		return r.leave(detail)
	}
	if e.app.Stops && sends {
		text := "ask_quit_sending"
		if e.app.Demo != nil && e.app.Demo.Passing {
			text = "ask_quit_demo"
		}
		detail = strings.TrimSpace(detail + "\n" + e.t(text))
	}
	if detail == "" {
		return tea.Quit
	}
	a := newAsk(e, e.t("ask_quit"), detail, func() tea.Cmd { return tea.Quit })
	a.quits = true
	return r.push(a)
}
