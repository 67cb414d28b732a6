package files

import (
	"cmp"
	"context"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// record is a row of a table.
type record struct {
	cells []string
	line  int
	raw   string         // of a text: as it stands there
	fault *reason.Reason // why it cannot be taken apart
}

// rows are the rows of a table. The error of next is io.EOF at the end.
type rows interface{ next() (record, error) }

// What is looked at to tell what a table is.
const (
	sampleRows  = 200
	sampleBytes = 256 << 10
	titleRows   = 40 // rows above the one that names the columns
)

// table reads a table: its first rows say what the columns are.
func (r *reader) table(from rows) error {
	var sample []record
	size := 0
	for len(sample) < sampleRows && size < sampleBytes {
		row, err := from.next()
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if row.fault == nil && blank(row.cells) {
			continue
		}
		sample = append(sample, row)
		for _, cell := range row.cells {
			size += len(cell) + 16
		}
		size += len(row.raw)
	}
	if r.isOwn(sample) {
		return r.own(sample, from)
	}
	l, header, err := r.header(sample)
	if err != nil {
		return err
	}
	r.report.Columns = l.columns
	titles := make([]string, len(l.columns))
	for i, c := range l.columns {
		titles[i] = c.Title
	}
	if header >= 0 {
		r.report.Header = sample[header].line
	}
	if r.to.Titles != nil {
		if err := r.to.Titles(titles); err != nil {
			return err
		}
	}
	for i, row := range sample {
		switch {
		case i == header:
			continue
		case i < header:
			// Words above the table, unless there is somebody in them.
			if row.fault == nil && !r.somebody(row) {
				continue
			}
			if row.fault == nil {
				row.fault = reason.Fault(reason.RowAbove)
			}
			err = r.bad(row, *row.fault)
		default:
			err = r.row(&l, row, titles)
		}
		if err != nil {
			return err
		}
	}
	if l.name < 0 && l.first < 0 && l.last < 0 {
		r.note(r.report.Header, reason.NoteNoNames)
	}
	for {
		row, err := from.next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := r.row(&l, row, titles); err != nil {
			return err
		}
	}
}

// row reads one row of a table.
func (r *reader) row(l *layout, row record, titles []string) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	d := &draft{Row: people.Row{Line: row.line}}
	switch {
	case row.fault != nil && (row.fault.Code != reason.RowQuote || row.cells == nil):
		return r.bad(row, *row.fault)
	case blank(row.cells):
		return nil
	}
	why := l.read(r, row, d)
	if row.fault != nil && (why != nil || len(d.phones) == 0) {
		return r.bad(row, *row.fault)
	}
	if why == nil && len(d.phones) == 0 {
		switch {
		case slices.Equal(row.cells, titles):
			r.note(row.line, reason.NoteHeader)
			return nil
		case summary(row.cells):
			r.note(row.line, reason.NoteSummary)
			return nil
		}
	}
	return r.put(d, row, why)
}

// summaries are how the last lines of a report begin, folded.
var summaries = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:sub ?total|total|totais|totals|pagina \d|page \d|gerado (?:em|por)|emitido (?:em|por)|impresso em|fim do relatorio|end of report|registros?:|quantidade:|\(?\d+ (?:registros?|rows|linhas|clientes|contatos))`)
})

// summary reports whether a row is what a report writes under or between its
// rows: one or two cells, of sums and pages.
func summary(cells []string) bool {
	filled, first := 0, ""
	for _, cell := range cells {
		if cell = strings.TrimSpace(cell); cell != "" {
			if filled++; first == "" {
				first = cell
			}
		}
	}
	return filled <= 3 && len(first) < 200 && summaries().MatchString(people.Fold(first))
}

// somebody reports whether a row has a phone in it.
func (r *reader) somebody(row record) bool {
	filled, phones := 0, 0
	for _, cell := range row.cells {
		if strings.TrimSpace(cell) == "" {
			continue
		}
		filled++
		if len(digitsOf(plainSample(cell))) >= 10 && !identity(strings.TrimSpace(cell)) {
			if _, why := r.options.Where.Phones(cell); why == nil {
				phones++
			}
		}
	}
	return phones > 0 && (filled > 1 || len(row.cells) == 1)
}

// sampled is a cell that is looked at to tell what its column is.
func (r *reader) sampled(cell string) string {
	muted := r.muted
	r.muted = true
	defer func() { r.muted = muted }()
	return r.clean(cell, 0)
}

// header finds the row that names the columns, -1 if none does, and what the
// columns are. The error is a Reason.
func (r *reader) header(sample []record) (layout, int, error) {
	var names []string // of what may be the row, for the error
	var fault *reason.Reason
	best, at := layout{score: -1}, -1
	people, wide, sure := 0, false, false
	below := 0 // the row under names
	for i, row := range sample[:min(len(sample), titleRows)] {
		if row.fault != nil && (row.fault.Code != reason.RowQuote || row.cells == nil) {
			if fault == nil && names == nil {
				fault = row.fault
			}
			continue
		}
		if blank(row.cells) {
			continue
		}
		if len(row.cells) > len(names) && people == 0 {
			names, below = row.cells, i+1
		}
		if len(row.cells) > maxColumns {
			wide = true
			continue
		}
		if r.somebody(row) {
			if people++; best.score >= 0 {
				break
			}
			continue
		}
		titled := r.titled(row, sample[i+1:])
		if !titled && (sure || len(r.options.Map) == 0) {
			continue
		}
		l, err := r.newLayout(row.cells, sample[i+1:])
		if err != nil {
			continue
		}
		// Words of a report's title look like a column or two.
		if people > 0 && l.score < 5 {
			continue
		}
		if l.score > best.score || titled && !sure {
			best, at, sure = l, i, titled
		}
	}
	if at >= 0 {
		for i, name := range sample[at].cells {
			if n, long := over(name, maxTitle); long {
				return layout{}, 0, reason.New(reason.CSVColumnLong, i+1, n, maxTitle)
			}
		}
		return best, at, nil
	}
	if wide {
		return layout{}, 0, reason.New(reason.CSVColumns, maxColumns)
	}
	if len(r.options.Map) > 0 && names != nil {
		_, err := r.newLayout(names, sample)
		return layout{}, 0, err
	}
	if people > 0 {
		l, err := r.nameless(sample)
		return l, -1, err
	}
	switch {
	case fault != nil:
		return layout{}, 0, reason.New(reason.CSVHeaderLine, *fault)
	case names != nil:
		l, _ := r.newLayout(names, sample[below:])
		if !r.muted { // so that a person can say which are the phones
			for _, row := range sample[below:] {
				if row.fault == nil {
					l.show(row.cells)
				}
			}
			r.report.Columns = l.columns
		}
		return layout{}, 0, r.noPhones(names)
	}
	return layout{}, 0, reason.New(reason.CSVEmpty)
}

// titled reports whether a row can name columns: one of its cells is a word for
// phones, or the next row is somebody.
func (r *reader) titled(row record, after []record) bool {
	if slices.ContainsFunc(row.cells, func(c string) bool {
		guesses := newTitle(c[:min(len(c), 4*maxTitle)]).guesses()
		return slices.ContainsFunc(guesses, func(g guess) bool { return g.role == PhoneRole })
	}) {
		return true
	}
	for _, next := range after {
		if next.fault == nil && !blank(next.cells) {
			return r.somebody(next)
		}
	}
	return false
}

// nameless is the layout of a table whose first row is somebody: what is in
// the cells says what the columns are.
func (r *reader) nameless(sample []record) (layout, error) {
	width := 0
	for _, row := range sample {
		width = max(width, len(row.cells))
	}
	if width > maxColumns {
		return layout{}, reason.New(reason.CSVColumns, maxColumns)
	}
	l, err := r.newLayout(make([]string, width), sample)
	if err != nil {
		return l, err
	}
	name := -1
	most := 0
	for i := range l.columns {
		letters, mails := 0, 0
		for _, row := range sample {
			if i < len(row.cells) {
				switch cell := row.cells[i]; {
				case strings.Contains(cell, "@"):
					mails++
				case fullName(cell) != "":
					letters++
				}
			}
		}
		switch c := &l.columns[i]; {
		case c.Role != FieldRole:
		case mails > letters && l.email < 0:
			c.Role, c.Field, l.email = EmailRole, "email", i
		case name < 0 && letters*2 > len(sample):
			name, most = i, letters
		}
	}
	if most > 0 {
		l.columns[name].Role, l.columns[name].Field, l.name = NameRole, "", name
	}
	return l, nil
}

// csv reads a table that is a text.
func (r *reader) csv(lines *lineReader) error {
	l, err := lines.peek(0)
	if err == nil {
		if sep := sepLine(l.text); sep != 0 {
			lines.next()
			r.report.Between = string(rune(sep))
			return r.table(&csvRows{csvScanner{lines: lines, sep: sep}, 0})
		}
	} else if err != io.EOF {
		return err
	}
	way, err := r.separator(lines)
	if err != nil {
		return err
	}
	r.report.Between = string(rune(cmp.Or(way.inner, way.sep)))
	return r.table(&csvRows{csvScanner{lines: lines, sep: way.sep}, way.inner})
}

// sepLine is the separator that a spreadsheet says in a line of its own before
// a table; 0 if that is none.
func sepLine(text string) byte {
	text = strings.TrimSpace(text)
	text = strings.TrimRight(text, "\"")
	text = strings.TrimPrefix(text, `"`)
	if len(text) < 5 || !strings.EqualFold(text[:4], "sep=") {
		if len(text) == 4 && strings.EqualFold(text, "sep=") {
			return '\t' // it was trimmed
		}
		return 0
	}
	sep, rest := text[4], strings.Trim(text[5:], ";,|\t \"")
	if text[4:] == `\t` {
		return '\t'
	}
	if rest != "" || sep >= 0x80 || sep == '"' {
		return 0
	}
	return sep
}

// way is how a text is taken apart: into rows by sep, and where each row is one
// cell in quotes, that by inner.
type way struct{ sep, inner byte }

// separator finds out how the cells of a text are set apart: so that most of
// the columns are known.
func (r *reader) separator(lines *lineReader) (way, error) {
	var text strings.Builder
	for i := 0; i < 60 && text.Len() < 64<<10; i++ {
		l, err := lines.peek(i)
		if err == io.EOF {
			break
		} else if err != nil {
			return way{}, err
		}
		text.WriteString(l.text[:min(len(l.text), 64<<10)])
	}
	r.muted = true
	defer func() { r.muted = false }()
	best, most := way{sep: ','}, -1
	for _, try := range []way{{',', 0}, {';', 0}, {'\t', 0}, {'|', 0}, {'\x00', ','}, {'\x00', ';'}, {'\x00', '\t'}} {
		if score := r.score(text.String(), try); score > most {
			best, most = try, score
		}
	}
	return best, nil
}

// score says how well a text can be taken apart in one way.
func (r *reader) score(text string, way way) int {
	lines, err := newLineReader(context.Background(), strings.NewReader(text))
	if err != nil {
		return 0
	}
	from := &csvRows{csvScanner{lines: lines, sep: way.sep}, way.inner}
	var sample []record
	for {
		row, err := from.next()
		if err != nil {
			break
		}
		sample = append(sample, row)
	}
	l, header, err := r.header(sample)
	width, same, filled := 0, 0, 0
	if err == nil {
		width = len(l.columns)
		if header < 0 {
			header = 0
		}
	} else {
		for _, row := range sample {
			width = max(width, len(row.cells))
		}
		header = 0
	}
	for _, row := range sample[min(header, len(sample)):] {
		if row.fault == nil && !blank(row.cells) {
			filled++
			if len(row.cells) == width {
				same++
			}
		}
	}
	score := min(width, 200)
	if filled > 0 && width > 1 {
		score += 100 * same / filled
	}
	if why := (reason.Reason{}); errors.As(err, &why) && why.Code == reason.CSVColumns {
		score += 1000
	}
	if err == nil {
		score += 1000 + 40*min(l.score, 50)
		// A cell that holds other separators is taken apart too little.
		for _, c := range l.columns {
			if strings.ContainsAny(c.Title, ";\t|") || strings.Count(c.Title, ",") > 1 {
				score -= 60
			}
		}
	}
	if way.inner != 0 {
		score -= 10
	}
	return score
}

// csvRows are the rows of a text.
type csvRows struct {
	csvScanner
	inner byte // what sets the cells of a row apart that is one cell in quotes; 0: rows are not
}

func (c *csvRows) next() (record, error) {
	row, err := c.csvScanner.next()
	switch {
	case err != nil:
	case row.fault != nil && row.fault.Code == reason.RowQuote:
		row.cells = c.lenient(row.raw) // perhaps it can be used
	case c.inner != 0 && row.fault == nil && len(row.cells) == 1:
		row.cells = splitPlain(row.cells[0], c.inner)
	}
	return row, err
}

// splitPlain takes a row apart in which quotes may stand, or not.
func splitPlain(text string, sep byte) []string {
	s := csvScanner{sep: sep}
	if cells, end := s.split(text, false); end == whole {
		return cells
	}
	return s.lenient(text)
}

// quotesOf are the quotes that stand for one inside a cell.
var quotesOf = strings.NewReplacer(`\"`, `"`, `""`, `"`)

// lenient takes a line apart whose quotes are broken: one that a cell begins
// with is closed by the first that stands where a cell ends, if no other cell
// begins with one before; else it is part of the cell.
func (s *csvScanner) lenient(text string) (cells []string) {
	text = strings.TrimRight(text, "\r\n")
	s.looked += 2 * len(text)
	ends := func(at int) int { // the quote at or behind at that stands where a cell ends
		for ; at < len(text); at++ {
			if text[at] == '"' && (at+1 == len(text) || text[at+1] == s.sep) {
				return at
			}
		}
		return len(text)
	}
	begins := func(at int) int { // the separator at or behind at with a quote behind it
		for ; at < len(text); at++ {
			if text[at] == s.sep && at+1 < len(text) && text[at+1] == '"' {
				return at
			}
		}
		return len(text)
	}
	end, begin := -1, -1 // they only go forward, as the cells do
	for at := 0; ; {
		cell, next := "", 0
		if at < len(text) && text[at] == '"' {
			if end <= at {
				end = ends(at + 1)
			}
			if begin < at {
				begin = begins(at)
			}
		}
		if at < len(text) && text[at] == '"' && end < len(text) && end <= begin {
			cell, next = text[at+1:end], end+1
		} else {
			next = plainEnd(text, at, s.sep)
			cell = strings.TrimSpace(text[at:next])
			cell = strings.TrimSuffix(strings.TrimPrefix(cell, `"`), `"`)
		}
		cells = append(cells, quotesOf.Replace(cell))
		if next >= len(text) {
			return cells
		}
		at = next + 1
	}
}

// The limits of the first row.
const (
	maxColumns = people.MaxFields
	maxTitle   = people.MaxColumn
)
