package tui

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign/files"
	"recado/campaign/people"
)

// importColumns is the second step of an import: what each column of the file
// was taken for, and the first people as they would be imported.
type importColumns struct {
	e       *env
	b       *batch
	first   *firstRows
	win     window
	reading question
	stop    context.CancelFunc // of that
}

// firstReadMsg answers importColumns.again.
type firstReadMsg struct {
	question int
	first    *firstRows
	err      error
}

func newImportColumns(e *env, b *batch) *importColumns {
	return &importColumns{e: e, b: b, stop: func() {}}
}

func (c *importColumns) title() string { return c.e.t("wizard_columns") }
func (c *importColumns) load() tea.Cmd { return nil }
func (c *importColumns) dirty() bool   { return false }

// read takes what the beginning of the file says, and begins to read the rest.
func (c *importColumns) read(first *firstRows) tea.Cmd {
	c.first = first
	c.win.resize(len(first.report.Columns), c.win.height)
	if first.err != nil {
		c.b.land()
		return nil
	}
	return c.b.fly()
}

// again reads the beginning of the file as it is to be read now.
func (c *importColumns) again() tea.Cmd {
	c.stop()
	c.b.land()
	ctx, cancel := context.WithCancel(c.e.ctx)
	c.stop = cancel
	id, book, path, options := c.reading.renew(c.e), c.e.app.Book, c.b.path, c.b.options()
	return func() tea.Msg {
		defer cancel()
		first, err := readFirst(ctx, book, path, options)
		return firstReadMsg{id, first, err}
	}
}

func (c *importColumns) actions() []action {
	e := c.e
	return append([]action{
		act(e.keys.goOn, c.first.err == nil && !c.reading.busy, func() tea.Cmd { return e.root.push(newImportReview(e, c.b)) }),
		act(e.keys.change, len(c.first.report.Columns) > 0 && !c.reading.busy, c.change),
		act(e.keys.areaCode, true, c.askArea),
		act(e.keys.country, true, c.askCountry),
		act(e.keys.sheet, len(c.first.report.Sheets) > 1, c.askSheet),
		act(e.keys.back, true, c.leave),
	}, e.listActions(&c.win, stay)...)
}

func (c *importColumns) keys() []key.Binding { return bindings(c.actions()) }

// leave goes back to the files.
func (c *importColumns) leave() tea.Cmd {
	c.stop()
	c.b.land()
	return c.e.root.drop(c)
}

func (c *importColumns) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, c.actions())
		return cmd
	case firstReadMsg:
		mine, _ := c.reading.answered(msg.question)
		switch {
		case !mine || errors.Is(msg.err, context.Canceled):
		case msg.err != nil:
			c.first.err = msg.err
		default:
			return c.read(msg.first)
		}
	case flownMsg:
		c.b.flown(msg)
	}
	return nil
}

// change asks what the column under the cursor is.
func (c *importColumns) change() tea.Cmd {
	e, at := c.e, c.win.cursor
	column := c.first.report.Columns[at]
	take := func(role files.Role, field string) tea.Cmd {
		c.b.say(said{at, role, field}, c.first.report.Columns)
		return c.again()
	}
	var all []option
	now := 0
	for _, role := range files.MayBe() {
		if role == column.Role {
			now = len(all)
		}
		o := option{name: e.words.Column(role), take: func() tea.Cmd { return take(role, "") }}
		switch role {
		case files.PhoneRole:
			o.note = e.t("wizard_phone_note")
		case files.LeftRole:
			o.note = e.t("wizard_left_note")
		case files.AskedRole:
			o.note = e.t("wizard_asked_note")
		case files.AgreesRole:
			o.note = e.t("wizard_agrees_note")
		case files.IgnoredRole:
			o.note = e.t("wizard_ignored_note")
		case files.FieldRole:
			name := column.FieldAt(at)
			o.note = "{" + name + "}"
			o.take = func() tea.Cmd { return take(files.FieldRole, name) }
			all = append(all, o)
			o = option{name: e.t("wizard_other_field"), take: func() tea.Cmd { return c.askField(name, take) }}
		}
		all = append(all, o)
	}
	detail := []string{e.t("wizard_first_values", "Values", strings.Join(column.Values(), " · "))}
	return e.root.push(newChoice(e, e.t("wizard_what_is", "Column", c.titled(at)), detail, all, now))
}

// titled is what a column is called.
func (c *importColumns) titled(at int) string {
	if title := c.first.report.Columns[at].Title; title != "" {
		return title
	}
	return "#" + strconv.Itoa(at+1)
}

func (c *importColumns) askField(name string, take func(files.Role, string) tea.Cmd) tea.Cmd {
	e := c.e
	return e.root.push(newPrompt(e, e.t("wizard_field"), e.t("wizard_field_detail"), "", name, func(_ context.Context, text string, _ bool) (func() tea.Cmd, error) {
		return func() tea.Cmd { return take(files.FieldRole, text) }, nil
	}))
}

// askOption asks for an option of the file, which set takes if it is
// understood.
func (c *importColumns) askOption(ask, detail, now, mistake string, set func(text string) (ok bool)) tea.Cmd {
	p := newPrompt(c.e, ask, detail, "", now, func(context.Context, string, bool) (func() tea.Cmd, error) {
		return c.again, nil
	})
	p.check = func(text string) string {
		if !set(text) {
			return mistake
		}
		return ""
	}
	return c.e.root.push(p)
}

func (c *importColumns) askArea() tea.Cmd {
	e := c.e
	return c.askOption(e.t("wizard_area"), e.t("wizard_area_detail"), c.b.where.Area, e.t("wizard_area_mistake"), func(text string) bool {
		area, ok := files.Area(text)
		if ok {
			c.b.where.Area = area
		}
		return ok
	})
}

func (c *importColumns) askCountry() tea.Cmd {
	e := c.e
	return c.askOption(e.t("wizard_country"), e.t("wizard_country_detail"), c.b.country(), e.t("wizard_country_mistake"), func(text string) bool {
		country := people.Country(text)
		if country != "" {
			c.b.where.Country = country
		}
		return country != ""
	})
}

func (c *importColumns) askSheet() tea.Cmd {
	e := c.e
	var all []option
	now := 0
	for i, sheet := range c.first.report.Sheets {
		if sheet == c.first.report.Sheet {
			now = i
		}
		all = append(all, option{name: sheet, take: func() tea.Cmd {
			c.b.sheet, c.b.said = sheet, nil
			return c.again()
		}})
	}
	return e.root.push(newChoice(e, e.t("wizard_sheet"), nil, all, now))
}

// country is the country of phones that do not say theirs.
func (b *batch) country() string {
	if b.where.Country == "" {
		return "BR"
	}
	return b.where.Country
}

func (c *importColumns) view() string {
	e := c.e
	w, h := e.body()
	lines := []string{c.b.headline(c.first.report, w), c.options(w)}
	lines = append(lines, c.warnings(w, 2+h/30)...)
	lines = append(lines, "")
	room := h - len(lines)
	columns, shown := c.first.report.Columns, min(len(c.first.rows), files.FirstRows)
	if len(columns) > 0 {
		shown = max(min(shown, max(room/2-2, room-len(columns)-3)), 0)
		rows := room - 1
		if shown > 0 {
			rows -= shown + 2
		}
		c.win.resize(len(columns), min(rows, len(columns)))
		lines = append(lines, c.heading(w))
		from, to := c.win.visible()
		for i := from; i < to; i++ {
			lines = append(lines, c.line(i, w))
		}
		if shown > 0 {
			lines = append(lines, "")
		}
	} else {
		shown = max(min(shown, room-1), 0)
	}
	if shown > 0 {
		lines = append(lines, e.rowHeading(w))
		for i := range shown {
			lines = append(lines, e.rowLine(&c.first.rows[i], w))
		}
	}
	return strings.Join(lines, "\n")
}

// headline is the file and what was recognised of it.
func (b *batch) headline(r *files.Report, w int) string {
	e := b.e
	parts := []string{e.format(r)}
	if r.Encoding != "" {
		parts = append(parts, r.Encoding)
	}
	switch f := b.flight; {
	case f == nil || f.err != nil:
	case !f.done:
		parts = append(parts, e.t("wizard_reading", "Percent", int(100*f.part()))+" · "+e.words.n("wizard_rows", int(f.rows.Load())))
	default:
		parts = append(parts, e.words.n("wizard_rows", f.result.Rows+f.result.Bad.Total))
	}
	rest := " · " + strings.Join(parts, " · ")
	name, used := e.cut(filepath.Base(b.path), max(w-e.width(rest)-2, min(w/3, 20)))
	text, _ := e.cut(rest, max(w-used-2, 0))
	return " " + e.theme.strong.of(name) + e.theme.dim.of(text)
}

// format says what a file is.
func (e *env) format(r *files.Report) string {
	switch r.Format {
	case files.XLSX:
		return "Excel"
	case files.VCard:
		return "vCard"
	case files.Chat:
		return e.t("wizard_chat")
	case files.Recado:
		return e.t("wizard_recado")
	}
	between := r.Between
	switch between {
	case ",":
		between = e.t("wizard_comma")
	case ";":
		between = e.t("wizard_semicolon")
	case "\t":
		between = e.t("wizard_tab")
	}
	return e.t("wizard_csv", "Between", between)
}

// options are what may be said of the whole file, each with its key.
func (c *importColumns) options(w int) string {
	e := c.e
	area := c.b.where.Area
	if area == "" {
		area = "–"
	}
	all := []setting{{e.keys.areaCode, e.t("wizard_area_set"), area}, {e.keys.country, e.t("wizard_country_set"), c.b.country()}}
	if r := c.first.report; len(r.Sheets) > 1 {
		all = append(all, setting{e.keys.sheet, e.t("wizard_sheet_set"), r.Sheet})
	}
	return e.settings(all, w)
}

// setting is something that a key changes.
type setting struct {
	key         key.Binding
	name, value string
}

// settings is a line of them, each behind its key.
func (e *env) settings(all []setting, w int) string {
	line := " "
	for i, s := range all {
		if i > 0 {
			line += "   "
		}
		line += e.theme.key.of(s.key.Help().Key) + " " + e.theme.dim.of(s.name+": ") + e.clean(s.value)
	}
	return e.exactly(line, w)
}

// warnings are what is wrong with the file, or odd; at most most lines.
func (c *importColumns) warnings(w, most int) (lines []string) {
	e := c.e
	if err := c.first.err; err != nil {
		for _, line := range e.wrap(e.fault(err), max(w-4, 1)) {
			lines = append(lines, " "+e.theme.bad.of("! "+line))
		}
		if len(lines) > most {
			lines = lines[:most]
		}
		if len(c.first.report.Columns) > 0 {
			lines = append(lines, " "+e.theme.bad.of("  "+e.clean(e.t("wizard_say_phones", "Key", e.keys.change.Help().Key))))
		}
		return lines
	}
	notes := c.first.report.Notes
	if f := c.b.flight; f != nil && f.done && f.err == nil {
		notes = f.result.Read.Notes
	}
	for i, kind := range notes.Kinds {
		if len(lines) == most-1 && i < len(notes.Kinds)-1 {
			return append(lines, " "+e.theme.warn.of("! "+e.words.n("wizard_more_warnings", len(notes.Kinds)-i)))
		}
		text, _ := e.cut(e.warning(&kind), max(w-4, 0))
		lines = append(lines, " "+e.theme.warn.of("! "+text))
	}
	return lines
}

// warning says what is odd about rows.
func (e *env) warning(kind *people.ComplaintKind) string {
	text := e.words.because(kind.Example.Reason)
	switch {
	case kind.Example.Line == 0:
		return text
	case kind.Count == 1:
		return e.t("wizard_line", "Line", strconv.Itoa(kind.Example.Line), "Why", text)
	}
	return e.words.n("wizard_lines", kind.Count, "Line", strconv.Itoa(kind.Example.Line), "Why", text)
}

// widths of the columns' table.
func (c *importColumns) widths(w int) (title, role, count int) {
	return min(max((w-12)/4, 10), 28), min(max((w-12)/4, 12), 28), 9
}

func (c *importColumns) heading(w int) string {
	e := c.e
	title, role, count := c.widths(w)
	r := e.row(false).gap(1).cell(e.theme.faint, e.t("wizard_col_column"), title).gap(1).cell(e.theme.faint, e.t("wizard_col_is"), role).gap(1).
		right(e.theme.faint, e.t("wizard_col_values"), count).gap(2)
	return r.cell(e.theme.faint, e.t("wizard_col_first"), max(w-r.used-1, 0)).fill(w)
}

func (c *importColumns) line(at int, w int) string {
	e, here := c.e, at == c.win.cursor
	column := &c.first.report.Columns[at]
	title, role, count := c.widths(w)
	weight := ink("")
	if here {
		weight = e.theme.strong
	}
	filled := "…"
	if f := c.b.flight; f != nil && f.done && f.err == nil && at < len(f.result.Read.Columns) {
		filled = e.words.Number(f.result.Read.Columns[at].Filled)
	} else if c.first.err != nil {
		filled = ""
	}
	r := e.row(here).gap(1).cell(weight, c.titled(at), title).gap(1).cell(e.roleInk(column), e.role(column), role).gap(1).
		right(e.theme.dim, filled, count).gap(2)
	return r.cell(e.theme.dim, strings.Join(column.Values(), " · "), max(w-r.used-1, 0)).fill(w)
}

// role says what a column was taken for.
func (e *env) role(c *files.Column) string {
	if c.Role == files.FieldRole {
		return e.t("wizard_as_field", "Field", c.Field)
	}
	return e.words.Column(c.Role)
}

func (e *env) roleInk(c *files.Column) ink {
	switch c.Role {
	case files.IgnoredRole:
		return e.theme.faint
	case files.LeftRole, files.UnsureRole, files.AskedRole, files.AgreesRole, files.StatusRole:
		return e.theme.warn
	case files.FieldRole:
		return e.theme.text
	}
	return e.theme.accent
}
