package files

import (
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

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
	sample, err := sampleOf(from)
	if err != nil {
		return err
	}
	if r.isOwn(sample) {
		return r.own(sample, from)
	}
	l, header, err := r.header(sample)
	if err != nil {
		return err
	}
	if header < 0 && len(sample) == 1 && l.phonesOnly(sample[0]) {
		sample = l.each(sample[0])
	}
	l.untitled = header < 0 && !slices.ContainsFunc(l.columns, func(c Column) bool { return c.said })
	if l.heads = l.untitled && !slices.ContainsFunc(sample, func(row record) bool { return !r.head(row, 1) }); l.heads {
		l.phonesAlone()
	}
	if header >= 0 {
		if l.two = r.couple(&l, sample[header].cells, sample[header+1:]); l.two != nil {
			l.join()
			l.told = true
		}
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
	if l.name < 0 && l.first < 0 && l.last < 0 && !l.told {
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

// sampleOf are the first rows of a table.
func sampleOf(from rows) (sample []record, err error) {
	size := 0
	for len(sample) < sampleRows && size < sampleBytes {
		row, err := from.next()
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, err
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
	return sample, nil
}

// contents is what the first rows of a table are.
type contents uint8

const (
	noPeople  contents = iota // or nothing that can be read
	aCover                    // a text in which there is a phone
	aTable                    // columns that are called names and phones
	allPeople                 // phones in another way
)

// glance looks at the first rows of a table.
func (r *reader) glance(from rows) (contents, error) {
	muted := r.muted
	r.muted = true
	defer func() { r.muted = muted }()
	sample, err := sampleOf(from)
	if why := (reason.Reason{}); errors.As(err, &why) {
		return noPeople, nil // it is said when it is read
	} else if err != nil {
		return noPeople, err
	}
	if r.isOwn(sample) {
		return aTable, nil
	}
	l, header, err := r.header(sample)
	if err != nil {
		return noPeople, nil
	}
	if header >= 0 && saysPhone(sample[header]) && (l.name >= 0 || l.first >= 0) && slices.ContainsFunc(sample[header+1:], func(row record) bool { return r.reached(&l, row) }) {
		return aTable, nil
	}
	persons := 0
	for _, row := range sample {
		if row.fault == nil && r.somebody(row) {
			persons++
		}
	}
	switch {
	case persons == 0:
		return noPeople, nil
	case persons == 1, persons*2 <= len(sample):
		return aCover, nil
	}
	return allPeople, nil
}

// reached reports whether a row has a phone in one of the columns of phones.
func (r *reader) reached(l *layout, row record) bool {
	return row.fault == nil && slices.ContainsFunc(l.phones, func(at int) bool {
		if at >= len(row.cells) {
			return false
		}
		_, why := r.options.Where.Phones(r.sampled(row.cells[at]))
		return why == nil || len(l.area) > 0 && digitsOf(row.cells[at]) != ""
	})
}

// phonesOnly reports whether a row is phones and nothing else.
func (l *layout) phonesOnly(row record) bool {
	return len(l.phones) > 1 && row.fault == nil && !slices.ContainsFunc(l.columns, func(c Column) bool { return c.said || c.Role != PhoneRole })
}

// youWords are how WhatsApp calls the one who looks, folded.
var youWords = words("voce voces vc you tu vos usted")

// head reports whether a row is the line that stands at the head of a group: the
// names of those in the address book, the phones of the others, as many at least, and
// you.
func (r *reader) head(row record, least int) bool {
	if row.fault != nil || len(row.cells) < 3 || !slices.ContainsFunc(row.cells, isYou) {
		return false
	}
	phones := 0
	for _, cell := range row.cells {
		switch cell = r.sampled(cell); {
		case cell == "":
		case saysLeft(cell):
			return false
		case strings.ContainsFunc(cell, unicode.IsDigit):
			if _, why := r.options.Where.Phones(cell); why != nil || strings.ContainsFunc(cell, unicode.IsLetter) {
				return false
			}
			phones++
		case fullName(cell) == "" || strings.Contains(cell, "@"):
			return false
		}
	}
	return phones >= least
}

func isYou(cell string) bool {
	cell = strings.TrimSpace(cell)
	return len(cell) > 1 && len(cell) <= len("vocês") && youWords()[people.Fold(cell)]
}

// strangers gives each phone of a row as somebody without a name.
func (r *reader) strangers(row record) error {
	for _, cell := range row.cells {
		if cell = r.clean(cell, row.line); !strings.ContainsFunc(cell, unicode.IsDigit) {
			continue
		}
		d := &draft{Row: people.Row{Line: row.line}}
		d.phone(r.options.Where, cell, "", isPhone)
		if err := r.put(d, row, nil); err != nil {
			return err
		}
	}
	return nil
}

// phonesAlone leaves out what is beside the phones: it is of others.
func (l *layout) phonesAlone() {
	for i := range l.columns {
		if c := &l.columns[i]; c.Role != PhoneRole {
			c.Role, c.Field = IgnoredRole, ""
		}
	}
	l.name, l.first, l.middle, l.last, l.second, l.email = -1, -1, -1, -1, -1, -1
	l.spare, l.tags = nil, nil
}

// each makes a row of each phone: a line of them, as it is pasted from a group, is
// of several people.
func (l *layout) each(row record) (all []record) {
	for i, cell := range row.cells {
		one := record{cells: make([]string, len(row.cells)), line: row.line}
		one.cells[i] = cell
		all = append(all, one)
	}
	return all
}

// row reads one row of a table.
func (r *reader) row(l *layout, row record, titles []string) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	d := &r.draft
	*d = draft{Row: people.Row{Line: row.line}, phones: d.phones[:0]}
	switch {
	case row.fault != nil && (row.fault.Code != reason.RowQuote || row.cells == nil):
		return r.bad(row, *row.fault)
	case blank(row.cells):
		return nil
	case l.untitled && r.head(row, 2), l.heads && r.head(row, 1):
		return r.strangers(row)
	case l.two != nil:
		if done, err := r.both(l, row); done {
			return err
		}
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
	return regexp.MustCompile(`^(?:sub ?total|total|totais|totals|pagina \d|page \d|gerado (?:em|por)|emitido (?:em|por)|impresso em|fim do relatorio|end of report|registros?:|quantidade:|\(?\d+ (?:registros?|rows?|linhas?|filas?|clientes|contatos))`)
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
	return filled <= 3 && len(first) < 200 && summaries().MatchString(people.Fold(first)) || ruled(cells)
}

// ruled reports whether a row is a line that is drawn between others.
func ruled(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return strings.Trim(c, "-=+:_* \r\n") != "" })
}

// somebody reports whether a row has a phone in it.
func (r *reader) somebody(row record) bool {
	filled, phones, bare := 0, 0, true
	for _, cell := range row.cells {
		if strings.TrimSpace(cell) == "" {
			continue
		}
		filled++
		bare = bare && !strings.ContainsFunc(cell, unicode.IsLetter)
		if len(digitsOf(plainSample(cell))) >= 10 && !identity(strings.TrimSpace(cell)) {
			if _, why := r.options.Where.Phones(cell); why == nil {
				phones++
			}
		}
	}
	return phones > 0 && (filled > 1 || len(row.cells) == 1 || bare)
}

// sampled is a cell that is looked at to tell what its column is.
func (r *reader) sampled(cell string) string {
	muted := r.muted
	r.muted = true
	defer func() { r.muted = muted }()
	return r.clean(cell, 0)
}

// header finds the row that names the columns, -1 if none does, and what the
// columns are. The error is a Reason; with it the layout says no more than whether
// there are numbers of something else.
func (r *reader) header(sample []record) (layout, int, error) {
	var names []string // of what may be the row, for the error
	var fault *reason.Reason
	best, at := layout{score: -1}, -1
	people, wide, sure, worded := 0, false, false, false
	below := 0          // the row under names
	var denied []string // names of columns that have no phones, whatever it looks like
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
		if len(row.cells) > len(names) && people == 0 && denied == nil {
			names, below = row.cells, i+1
		}
		if len(row.cells) > maxColumns {
			wide = true
			continue
		}
		if r.somebody(row) {
			if people++; worded {
				break
			}
			continue
		}
		says := saysPhone(row)
		titled := says || r.above(sample[i+1:])
		if !titled && (sure || len(r.options.Map) == 0) {
			continue
		}
		l, err := r.newLayout(row.cells, sample[i+1:])
		if err != nil {
			if l.denied && people == 0 && denied == nil {
				denied, below = row.cells, i+1
			}
			continue
		}
		// Words of a report's title look like a column or two.
		if people > 0 && (l.score < 5 || !says) {
			continue
		}
		// Of two rows that name columns the second one is below groups of them.
		if l.score > best.score || titled && !sure || says && !worded || l.score == best.score && says && named(row) > named(sample[at]) {
			best, at, sure, worded = l, i, titled, says
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
	if denied != nil {
		names = denied
	} else if people > 0 {
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
		return layout{denied: denied != nil}, 0, r.noPhones(names)
	}
	return layout{}, 0, reason.New(reason.CSVEmpty)
}

// saysPhone reports whether one of the cells of a row is a word for phones.
func saysPhone(row record) bool {
	return slices.ContainsFunc(row.cells, func(c string) bool {
		guesses := newTitle(c[:min(len(c), 4*maxTitle)]).guesses()
		return slices.ContainsFunc(guesses, func(g guess) bool { return g.role == PhoneRole })
	})
}

// named is how many cells of a row say something.
func named(row record) (n int) {
	for _, cell := range row.cells {
		if strings.TrimSpace(cell) != "" {
			n++
		}
	}
	return n
}

// above reports whether the first of some rows is somebody.
func (r *reader) above(after []record) bool {
	for _, next := range after {
		if next.fault == nil && !blank(next.cells) && !slices.ContainsFunc(next.cells, crowd) {
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
		if why := reason.Of(err); why.Code == reason.CSVNoPhones {
			places := make([]string, width)
			for i := range places {
				places[i] = "#" + strconv.Itoa(i+1) // which --map takes
			}
			err = r.noPhones(places)
		}
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

// The limits of the first row.
const (
	maxColumns = people.MaxFields
	maxTitle   = people.MaxColumn
)
