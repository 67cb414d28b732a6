package files

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// Column says what became of a column.
type Column struct {
	Title  string // as it stands in the file; empty: it has none
	Role   Role
	Field  string   // where its cells are kept as a field; empty: they are not
	Filled int      // cells that say something
	First  []string // its cells in the first rows, at most FirstRows, cut to a few words
	kind   int      // of a phone
	rank   int
	said   bool // a person said what it is
	title  title
}

// FirstRows is how many rows a report shows.
const FirstRows = 10

// The titles of the columns that say which rows were rejected and why. They are
// left out when the table is mended and imported again.
const (
	RejectedLine   = "recado_linha"
	RejectedReason = "recado_motivo"
)

// layout is how the rows of a table are read.
type layout struct {
	columns  []Column
	phones   []int       // the likeliest first
	area     map[int]int // the column of the area code of a phone
	country  map[int]int // the column of its country code
	label    map[int]int // the column that says what it is
	name     int         // these are -1 if there is none
	first    int
	middle   int
	last     int
	second   int   // the other one of two last names
	spare    []int // columns of names for those who have none in the others, the likeliest first
	email    int
	tags     []int
	score    int      // how much of it was recognised
	untitled bool     // nothing names the columns
	heads    bool     // and all of its first rows are heads of groups
	lines    bool     // each row is a line of text, perhaps with a name in it
	told     bool     // one had
	two      []layout // of the two people in each row, if there are two
	quiet    bool     // what is in the columns is shown elsewhere
	denied   bool     // there are numbers like phones, and they are of something else
}

// census is what stands in the cells of a column, in the first rows.
type census struct {
	filled, phones, local, short, mails, letters, digits, answers, odd int
	replies                                                            int // to whether they agree
	names, nations, texts                                              int
	papers                                                             int // numbers of a CPF, as a phone may be
	chats, crowds                                                      int // addresses of WhatsApp: with a phone, and of groups and others that have none
}

// What WhatsApp calls a chat with one person, and what else it has.
var (
	chatAddress  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^\d{5,20}\S*@(?:c\.us|s\.whatsapp\.net)$`) })
	crowdAddress = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^\S+@(?:lid|g\.us|broadcast|newsletter|hosted\.lid|bot)$`)
	})
)

// crowd reports whether a cell is the address of a group, a channel, or somebody
// whose phone WhatsApp does not tell.
func crowd(cell string) bool {
	return strings.Contains(cell, "@") && len(cell) < maxAddress && crowdAddress().MatchString(strings.TrimSpace(cell))
}

const maxAddress = 100

// count looks at a cell.
func (c *census) count(r *reader, cell string) {
	if cell == "" {
		return
	}
	c.filled++
	digits := 0
	letters := strings.ContainsFunc(cell, unicode.IsLetter)
	for _, b := range plainSample(cell) {
		if unicode.IsDigit(b) {
			digits++
		}
	}
	switch {
	case digits >= 8 && len(cell) < 400 && !identity(cell):
		if _, why := r.options.Where.Phones(cell); why == nil {
			c.phones++
		} else if digits <= 9 {
			c.local++
		} else {
			c.odd++
		}
	case digits > 0 && digits <= 3 && !letters:
		c.short++
	}
	if digits >= 6 {
		c.digits++
	}
	if digits == 11 && slices.ContainsFunc(strings.FieldsFunc(plainSample(cell), setsApart), isCPF) {
		c.papers++ // also in a row that was not taken apart
	}
	if strings.Contains(cell, "@") {
		c.mails++
		if crowd(cell) {
			c.crowds++
		} else if len(cell) < maxAddress && chatAddress().MatchString(strings.TrimSpace(cell)) {
			c.chats++
		}
	} else {
		if letters {
			c.letters++
		}
		if digits < 8 && fullName(cell) != "" {
			c.names++
		}
		if nation(cell) != "" {
			c.nations++
		}
	}
	if a := answerOf(cell); a == yes || a == no {
		c.answers++
	}
}

// longReply is how many bytes a text has that is no answer: the message that is to
// be sent.
const longReply = 60

// reply looks at the cells of a column that may be about who agrees.
func (c *census) reply(r *reader, rows []record, at int) {
	c.replies, c.texts = 0, 0
	for _, row := range rows {
		if at < len(row.cells) {
			switch cell := r.sampled(row.cells[at]); {
			case len(cell) > longReply:
				c.texts++
			case cell != "" && (agreement(cell) != unclear || hesitates(cell)):
				c.replies++
			}
		}
	}
}

// plainSample is the part of a cell that is looked at.
func plainSample(cell string) string { return cell[:min(len(cell), 64)] }

// identity reports whether a cell is written as the number of a document:
// 123.456.789-09, 12.345.678/0001-95, 01310-100.
func identity(cell string) bool {
	shape := strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return '9'
		}
		return c
	}, plainSample(cell))
	return shape == "999.999.999-99" || shape == "99.999.999/9999-99" || shape == "99999-999" || shape == "99.999.999-9" || shape == "99/99/9999" || shape == "9999-99-99"
}

func setsApart(c rune) bool { return c == ';' || c == ',' || c == '\t' || c == '|' }

// isCPF reports whether a cell is eleven digits and nothing else, of which the
// last two are those of a CPF.
func isCPF(cell string) bool {
	cell = strings.TrimSpace(cell)
	if len(cell) != 11 || digitsOf(cell) != cell || strings.Count(cell, cell[:1]) == 11 {
		return false
	}
	for n := 9; n <= 10; n++ {
		sum := 0
		for i := range n {
			sum += int(cell[i]-'0') * (n + 1 - i)
		}
		if sum*10%11%10 != int(cell[n]-'0') {
			return false
		}
	}
	return true
}

// documented reports whether nearly all of the cells are of a CPF. One phone of
// a hundred looks like that, so that one cell says nothing.
func (c *census) documented() bool { return c.papers > 1 && c.papers*10 >= c.filled*9 }

// chatted reports whether the cells are addresses of WhatsApp, whatever the column is
// called: "id" is the title of nearly all of them.
func (c *census) chatted() bool { return c.chats > 0 && (c.chats+c.crowds)*2 >= c.filled }

// newLayout says what the columns with those titles are, by them and by the
// first rows. The error is a Reason: there is no column of phones, or what was
// asked for is not there.
func (r *reader) newLayout(titles []string, rows []record) (layout, error) {
	l := layout{name: -1, first: -1, middle: -1, last: -1, second: -1, email: -1, area: map[int]int{}, country: map[int]int{}, label: map[int]int{}}
	l.columns = make([]Column, len(titles))
	seen := make([]census, len(titles))
	for _, row := range rows {
		for i, cell := range row.cells {
			if i < len(seen) {
				seen[i].count(r, r.sampled(cell))
			}
		}
	}
	for i, text := range titles {
		column := &l.columns[i]
		text = bare(strings.TrimSpace(text))
		column.Title = reason.Clip(text)
		column.title = newTitle(text)
		column.Role, column.Field = FieldRole, FieldName(text)
		if column.Field == RejectedLine || column.Field == RejectedReason {
			column.Role = IgnoredRole
			continue
		}
		guesses := column.title.guesses()
		if at := column.title.side(); r.half != bothSides && at == 1-r.half {
			continue
		} else if r.half != bothSides && column.title.isSide() {
			guesses = []guess{{NameRole, 1}}
		}
		for _, g := range guesses {
			if g.role == AskedRole {
				seen[i].reply(r, rows, i)
			}
			if fits(g, &seen[i]) {
				if column.Role, column.rank = g.role, g.rank; g.role == AskedRole && !column.title.leave() {
					column.Role = AgreesRole
				}
				break
			}
		}
	}
	if err := l.mapped(r.options.Map); err != nil {
		return l, err
	}
	if !l.owned() {
		for i := range l.columns {
			c, s := &l.columns[i], &seen[i]
			if c.said || s.phones == 0 || (s.phones+s.crowds)*2 < s.filled {
				continue
			}
			if s.chatted() {
				c.Role, c.rank = PhoneRole, isWhatsApp
			} else if s.phones*2 < s.filled {
				continue
			} else if c.title.document() || s.documented() {
				l.denied = true
			} else if c.Role == FieldRole || c.Role == NameRole && !l.has(PhoneRole) {
				c.Role, c.rank = PhoneRole, isNumber
			}
		}
		l.notPapers(seen)
	}
	if !l.has(PhoneRole) {
		// Then it is the one that says so, whatever is in it.
		for i := range l.columns {
			c := &l.columns[i]
			if g := c.title.guesses(); c.Role == FieldRole && !c.said && len(g) > 0 && g[0].role == PhoneRole && g[0].rank < isNumber {
				c.Role, c.rank = PhoneRole, g[0].rank
			}
		}
	}
	if !l.has(PhoneRole) {
		return l, r.noPhones(titles)
	}
	l.estrange()
	l.namesake()
	l.settle(seen)
	if l.lines = len(l.columns) == 1 && l.columns[0].Role == PhoneRole && !l.columns[0].said; l.lines {
		of := l.columns[0].title // "Telefone" has no names in it
		l.lines = of.any(words("nome name nombre")) || !slices.ContainsFunc(of.guesses(), func(g guess) bool { return g.role == PhoneRole })
	}
	return l, nil
}

// stranger reports whether the phones of a column are said to be somebody else's.
func (c *Column) stranger() bool {
	return !c.said && c.title.any(strangers) && !c.title.customer()
}

// owned reports whether there is a column of phones that may be the person's own.
func (l *layout) owned() bool {
	return slices.ContainsFunc(l.columns, func(c Column) bool { return c.Role == PhoneRole && c.rank != isFax && !c.stranger() })
}

// estrange makes fields of the phones of others where there are those of the
// person: the phone of who sells would be that of all who buy.
func (l *layout) estrange() {
	if !l.owned() {
		return
	}
	addressed := slices.ContainsFunc(l.columns, func(c Column) bool { return c.title.any(places) })
	sure := slices.ContainsFunc(l.columns, func(c Column) bool { return c.Role == PhoneRole && c.rank < isNumber })
	customers := slices.ContainsFunc(l.columns, func(c Column) bool {
		return c.Role == PhoneRole && (c.title.customer() || c.title.any(words("contato contact contacto"))) && !c.title.any(owners) && !c.stranger()
	})
	name := -1
	others := false
	for i, c := range l.columns {
		if c.Role == NameRole && (name < 0 || c.rank < l.columns[name].rank) {
			name = i
		}
		others = others || c.Role == PhoneRole && c.rank != isFax && !c.stranger() && !c.title.any(owners)
	}
	// Where the names are of owners the phones are theirs.
	customers = customers || others && (l.has(FirstRole) || name < 0 || !l.columns[name].title.any(owners))
	for i := range l.columns {
		c := &l.columns[i]
		if c.Role == PhoneRole && c.rank != isFax && (c.stranger() || customers && !c.said && c.title.any(owners)) {
			c.Role = FieldRole
		}
		if c.Role == PhoneRole && addressed && sure && !c.said && c.title.is("numero", "number", "num", "nro", "no", "n") {
			c.Role = FieldRole // of the house
		}
	}
}

// places are words of columns of addresses.
var places = words("endereco rua logradouro bairro complemento avenida address street direccion calle domicilio barrio colonia")

// namesake prefers, of several columns of names, the one that is of the same as
// the phones: "Contato" beside "Tel. Contato", the responsible beside theirs.
func (l *layout) namesake() {
	responsible := words("responsavel responsable")
	phone, theirs, plain := -1, true, l.has(FirstRole)
	for i, c := range l.columns {
		switch {
		case c.Role == PhoneRole && c.rank != isFax:
			if theirs = theirs && c.title.any(responsible); phone < 0 || c.rank < l.columns[phone].rank {
				phone = i
			}
		case c.Role == NameRole && (c.rank <= 1 || c.said):
			plain = true
		}
	}
	if phone < 0 {
		return
	}
	for i := range l.columns {
		c := &l.columns[i]
		if c.Role != NameRole || c.said || !slices.ContainsFunc(c.title.words, func(w string) bool {
			return personWords()[w] && slices.Contains(l.columns[phone].title.words, w)
		}) {
			continue
		}
		if theirs && c.title.any(responsible) {
			c.rank = -1
		} else if !plain {
			c.rank = 1
		}
	}
}

// notPapers takes away what has the numbers of a CPF, if only in a row, beside
// phones that do not.
func (l *layout) notPapers(seen []census) {
	for i := range l.columns {
		c, s := &l.columns[i], &seen[i]
		if c.Role != PhoneRole || c.said || s.papers == 0 || s.papers < s.filled {
			continue
		}
		for j, other := range l.columns {
			if j != i && other.Role == PhoneRole && seen[j].papers == 0 && seen[j].filled > 0 {
				c.Role = FieldRole
				break
			}
		}
	}
}

// fits reports whether the cells of a column can be what its title says.
func fits(g guess, c *census) bool {
	if c.filled == 0 {
		return true
	}
	switch g.role {
	case PhoneRole:
		if g.rank == isNumber {
			return !c.documented() && c.phones+c.local > 0 && (c.phones+c.local)*3 >= c.filled
		}
		// A word in them, or a number that was spoiled, is said row by row.
		return c.phones+c.local+c.odd > 0 || c.answers*2 < c.filled && c.letters*2 < c.filled
	case AreaRole:
		return c.short*2 >= c.filled
	case CountryRole:
		if c.nations*2 >= c.filled || g.rank == isNation {
			return c.nations*2 >= c.filled
		}
		return c.digits*2 < c.filled && c.letters*2 < c.filled
	case NameRole, FirstRole:
		if g.role == NameRole && g.rank <= 1 && c.names > 0 {
			return true // the phones and the signs in it are no names
		}
		return (c.letters > 0 || c.phones == 0 && c.digits == 0) && c.phones*2 <= c.filled && c.letters*3 >= c.filled
	case EmailRole:
		return c.mails > 0 || c.letters*2 < c.filled
	case AskedRole:
		// Where nobody says yes or no something else is asked.
		return c.phones*2 < c.filled && (g.rank != maybeName || c.answers > 0) && (c.replies > 0 || c.filled < 3 && c.texts == 0)
	case LeftRole, UnsureRole:
		return c.phones*2 < c.filled && (g.rank != maybeName || c.answers*2 >= c.filled)
	}
	return true
}

// secondWords are words of the last name that stands behind another one.
var secondWords = words("segundo segunda second materno materna maternal 2 2do 2o")

func (l *layout) has(role Role) bool {
	return slices.ContainsFunc(l.columns, func(c Column) bool { return c.Role == role })
}

// settle gives each role that one column has to the likeliest, and the others
// their fields.
func (l *layout) settle(seen []census) {
	one := func(role Role) int {
		best := -1
		for i, c := range l.columns {
			if c.Role == role && (best < 0 || c.rank < l.columns[best].rank || c.rank == l.columns[best].rank && seen[best].filled == 0 && seen[i].filled > 0) {
				best = i
			}
		}
		for i := range l.columns {
			if l.columns[i].Role == role && i != best {
				l.columns[i].Role = FieldRole
			}
		}
		if best >= 0 {
			l.score += 2
		}
		return best
	}
	for i, c := range l.columns {
		if c.Role == NameRole && c.rank != isDelivered && c.rank != isOwner {
			l.spare = append(l.spare, i)
		}
	}
	slices.SortStableFunc(l.spare, func(a, b int) int { return cmp.Compare(l.columns[a].rank, l.columns[b].rank) })
	l.second = slices.IndexFunc(l.columns, func(c Column) bool { return c.Role == LastRole && c.title.any(secondWords) })
	if l.second >= 0 && !slices.ContainsFunc(l.columns, func(c Column) bool { return c.Role == LastRole && !c.title.any(secondWords) }) {
		l.second = -1
	} else if l.second >= 0 {
		l.columns[l.second].Role = FieldRole // while the first one is looked for
	}
	l.first, l.middle, l.last = one(FirstRole), one(MiddleRole), one(LastRole)
	if l.second >= 0 {
		l.columns[l.second].Role = LastRole
	}
	if l.first >= 0 {
		// A company or a nickname is no better than the parts of the name.
		for i := range l.columns {
			if l.columns[i].Role == NameRole && l.columns[i].rank > 1 {
				l.columns[i].Role = FieldRole
			}
		}
	}
	l.name, l.email = one(NameRole), one(EmailRole)
	coded := slices.ContainsFunc(l.columns, func(c Column) bool { return c.Role == CountryRole && c.rank != isNation })
	for i := range l.columns { // one says where everybody lives, if nothing is nearer to the phones
		if c := &l.columns[i]; c.Role == CountryRole && c.rank == isNation && !c.said {
			if coded {
				c.Role = FieldRole
			}
			coded = true
		}
	}
	fields := make(map[string]bool)
	for i := range l.columns {
		c := &l.columns[i]
		switch c.Role {
		case PhoneRole:
			c.kind = c.rank
			l.phones = append(l.phones, i)
			l.score += 3
		case TagsRole:
			l.tags = append(l.tags, i)
			l.score += 2
		case LeftRole, AskedRole, AgreesRole, AreaRole:
			l.score++
		}
		switch {
		case c.Role == NameRole, c.Role == TagsRole, c.Role == ListsRole, c.Role == IgnoredRole:
			c.Field = ""
			continue
		case c.Role == EmailRole:
			c.Field = "email"
		case c.Field == "":
			c.Field = numberedField(i)
		}
		for base, n := c.Field, 2; fields[c.Field]; n++ {
			c.Field = base + "_" + strconv.Itoa(n)
		}
		fields[c.Field] = true
	}
	slices.SortStableFunc(l.phones, func(a, b int) int { return cmp.Compare(l.columns[a].kind, l.columns[b].kind) })
	for i := range l.columns {
		switch l.columns[i].Role {
		case AreaRole:
			l.pair(l.area, i)
		case CountryRole:
			l.pair(l.country, i)
		case LabelRole:
			l.pair(l.label, i)
		}
	}
}

// pair finds the phones that another column belongs to: those with the same
// number in their title, else the next one to the right of it; one that is
// alone belongs to all.
func (l *layout) pair(with map[int]int, at int) {
	role, number := l.columns[at].Role, l.columns[at].title.number()
	alone := true
	for i, c := range l.columns {
		alone = alone && (i == at || c.Role != role)
	}
	next := -1
	for _, i := range l.phones {
		if _, taken := with[i]; taken {
			continue
		}
		if alone || number != "" && l.columns[i].title.number() == number {
			with[i] = at
		}
		if i > at && (next < 0 || i < next) {
			next = i
		}
	}
	if _, taken := with[next]; next >= 0 && !taken && number == "" {
		with[next] = at
	}
}

// FieldAt is the field in which the column is kept, or would be: it is the at-th
// from 0.
func (c *Column) FieldAt(at int) string {
	return cmp.Or(c.Field, FieldName(c.Title), numberedField(at))
}

func numberedField(at int) string { return "coluna_" + strconv.Itoa(at+1) }

// Values are the different values in the first rows.
func (c *Column) Values() (all []string) {
	for _, v := range c.First {
		if v != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

// FieldName is the name of a column as a field: folded, "_" for spaces and for
// what has a meaning in templates and filters.
func FieldName(column string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" {}|:\"()", r) {
			return '_'
		}
		return r
	}, people.Fold(column))
	return strings.Trim(name, "_")
}

// noPhones is why a table without a column of phones is of no use.
func (r *reader) noPhones(titles []string) reason.Reason {
	return reason.New(reason.CSVNoPhones, titles)
}
