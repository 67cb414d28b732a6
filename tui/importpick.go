package tui

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// importPick is the first step of an import: which file. A path is typed, with
// what there is below it, or one is chosen there. Over a line from elsewhere
// the paths are those of the machine the program runs on.
type importPick struct {
	e    *env
	path *line
	win  window
	raw  string // the path that is typed, where that cannot be written: see set
	text string // what stands for raw in the field

	shown   folder
	known   bool // it has been read
	reading question
	stop    context.CancelFunc // of that

	opening question
	halt    context.CancelFunc // of that
	file    string             // that is being opened, or could not be
	mistake string             // why it could not
}

// folderReadMsg answers importPick.list.
type folderReadMsg struct {
	question int
	folder   folder
}

// fileReadMsg answers importPick.open.
type fileReadMsg struct {
	question int
	batch    *batch
	first    *firstRows
	err      error
}

func newImportPick(e *env) *importPick {
	nothing := func() {}
	return &importPick{e: e, path: newLine(e, e.t("wizard_path_example"), 4096), stop: nothing, halt: nothing}
}

func (p *importPick) title() string { return p.e.t("wizard_pick") }
func (p *importPick) dirty() bool   { return false }
func (p *importPick) typing() bool  { return true }

// load reads the folder once: what happens in the book changes nothing there.
func (p *importPick) load() tea.Cmd {
	if p.known || p.reading.busy {
		return nil
	}
	return p.list()
}

// typed is the path in the field.
func (p *importPick) typed() string {
	if p.raw != "" && p.path.value() == p.text {
		return p.raw
	}
	return strings.TrimSpace(p.path.value())
}

// set puts a path into the field.
func (p *importPick) set(path string) tea.Cmd {
	p.path.set(path)
	p.raw, p.text = path, p.path.value()
	return p.list()
}

// list reads what there is below the path that is typed, dropping an older
// look.
func (p *importPick) list() tea.Cmd {
	p.stop()
	p.halt()
	p.opening.drop()
	p.mistake = ""
	ctx, cancel := context.WithCancel(p.e.ctx)
	p.stop = cancel
	id, typed, book := p.reading.renew(p.e), p.typed(), p.e.app.Book
	return func() tea.Msg {
		defer cancel()
		if typed == "" {
			return folderReadMsg{id, offered(book)}
		}
		return folderReadMsg{id, listing(ctx, typed)}
	}
}

// here is the entry under the cursor.
func (p *importPick) here() (x entry, ok bool) {
	if p.win.cursor >= len(p.shown.entries) {
		return x, false
	}
	return p.shown.entries[p.win.cursor], true
}

func (p *importPick) actions() []action {
	e := p.e
	_, ok := p.here()
	up, down, page := p.win.cursor > 0, p.win.cursor < p.win.n-1, max(p.win.height-1, 1)
	move := func(b key.Binding, on bool, rows int) action {
		return act(b, on, func() tea.Cmd { p.win.move(rows); return nil })
	}
	return []action{
		act(e.keys.choose, ok || p.typed() != "", p.choose),
		act(e.keys.complete, p.whole() != "", func() tea.Cmd { return p.set(p.whole()) }),
		move(e.keys.prevEntry, up, -1),
		move(e.keys.nextEntry, down, 1),
		move(e.keys.pageUp, up, -page),
		move(e.keys.pageDown, down, page),
		act(e.keys.back, true, p.leave),
	}
}

func (p *importPick) keys() []key.Binding { return bindings(p.actions()) }

// whole is what the path that is typed can only become; where there is a
// choice, what is under the cursor. Empty: it is that.
func (p *importPick) whole() string {
	if p.shown.whole != "" {
		return p.shown.whole
	}
	if x, ok := p.here(); ok {
		if path := x.typed(); path != p.typed() {
			return path
		}
	}
	return ""
}

// typed is the path of an entry as a person types it.
func (x *entry) typed() string {
	path := homely(x.path)
	if x.dir && !strings.HasSuffix(path, string(filepath.Separator)) {
		path += string(filepath.Separator)
	}
	return path
}

// choose goes into a folder, or opens a file.
func (p *importPick) choose() tea.Cmd {
	x, ok := p.here()
	switch {
	case ok && x.dir:
		p.win.jump(0)
		return p.set(x.typed())
	case ok:
		return p.open(x.path)
	}
	return p.open(rooted(p.typed()))
}

// open reads the first rows of a file.
func (p *importPick) open(path string) tea.Cmd {
	p.halt()
	ctx, cancel := context.WithCancel(p.e.ctx)
	p.halt = cancel
	p.file, p.mistake = path, ""
	id, book, b := p.opening.renew(p.e), p.e.app.Book, newBatch(p.e, path)
	options := b.options()
	return func() tea.Msg {
		defer cancel()
		first, err := readFirst(ctx, book, path, options)
		return fileReadMsg{id, b, first, err}
	}
}

// leave goes back to where the import was begun.
func (p *importPick) leave() tea.Cmd {
	p.stop()
	p.halt()
	return p.e.root.drop(p)
}

func (p *importPick) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if cmd, done := press(msg, p.actions()); done {
			return cmd
		}
		return p.edit(msg)
	case tea.PasteMsg:
		return p.edit(msg)
	case folderReadMsg:
		if mine, _ := p.reading.answered(msg.question); mine && !errors.Is(msg.folder.err, context.Canceled) {
			p.shown, p.known = msg.folder, true
			p.win.resize(len(p.shown.entries), p.win.height)
		}
	case fileReadMsg:
		if mine, _ := p.opening.answered(msg.question); mine {
			return p.opened(msg)
		}
	}
	return nil
}

// edit gives a key to the field.
func (p *importPick) edit(msg tea.Msg) tea.Cmd {
	if !p.path.update(msg) {
		return nil
	}
	p.win.jump(0)
	return p.list()
}

// opened goes on to the columns, if there is anything to be seen of them.
func (p *importPick) opened(msg fileReadMsg) tea.Cmd {
	switch {
	case errors.Is(msg.err, context.Canceled):
		return nil
	case msg.err != nil:
		p.mistake = p.fault(msg.err)
		return nil
	}
	c := newImportColumns(p.e, msg.batch)
	return tea.Batch(c.read(msg.first), p.e.root.push(c))
}

// fault says what went wrong, with ~ for the home directory.
func (p *importPick) fault(err error) string {
	text := p.e.fault(err)
	if home := rooted(""); len(home) > 1 {
		text = strings.ReplaceAll(text, home, homely(home))
	}
	return text
}

func (p *importPick) view() string {
	e := p.e
	w, h := e.body()
	lines := []string{"", " " + e.theme.accent.of("› ") + p.path.view(e, max(w-4, 1))}
	switch {
	case p.opening.busy:
		lines = append(lines, "", "   "+e.theme.dim.of(e.t("wizard_opening", "File", filepath.Base(p.file))))
	case p.mistake != "":
		lines = append(lines, "")
		for _, text := range e.wrap(p.mistake, max(w-6, 1)) {
			lines = append(lines, "   "+e.theme.bad.of(text))
		}
	}
	lines = append(lines, "")
	return strings.Join(append(lines, p.below(w, h-len(lines))...), "\n")
}

// below is what there is to choose from.
func (p *importPick) below(w, h int) (lines []string) {
	e := p.e
	say := func(text string) {
		for _, line := range e.wrap(text, max(min(w-6, 70), 1)) {
			lines = append(lines, "   "+e.theme.dim.of(line))
		}
	}
	switch {
	case !p.known:
		say(e.t("loading"))
		return lines
	case p.shown.err != nil && len(p.shown.entries) == 0:
		say(p.fault(p.shown.err))
		say(e.t("wizard_no_folder"))
		return lines
	case len(p.shown.entries) == 0:
		say(e.t("wizard_no_files"))
		return lines
	}
	if p.shown.more {
		h--
	}
	p.win.resize(len(p.shown.entries), h)
	from, to := p.win.visible()
	for i := from; i < to; i++ {
		lines = append(lines, p.line(&p.shown.entries[i], i == p.win.cursor, w))
	}
	if p.shown.more {
		lines = append(lines, "   "+e.theme.faint.of(e.words.n("wizard_more_files", len(p.shown.entries))))
	}
	return lines
}

func (p *importPick) line(x *entry, here bool, w int) string {
	e := p.e
	const size, when = 9, 16
	name := max(w-size-when-6, 8)
	text := filepath.Base(x.path)
	if p.typed() == "" { // they are from everywhere
		text = x.typed()
	} else if x.dir {
		text += string(filepath.Separator)
	}
	weight := ink("")
	if here {
		weight = e.theme.strong
	}
	if x.dir {
		return e.row(here).gap(2).cell(e.theme.info, text, name).fill(w)
	}
	r := e.row(here).gap(2).cell(weight, text, name).gap(1).right(e.theme.dim, e.words.Size(x.size), size).gap(2)
	return r.cell(e.theme.dim, e.words.Moment(x.at, e.now()), when).fill(w)
}
