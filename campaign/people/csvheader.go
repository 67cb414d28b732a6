package people

import (
	"io"
	"slices"
	"strings"

	"recado/campaign/reason"
)

// header says what the columns of a file are.
type header struct {
	titles []string // as they stand there
	names  []string // as fields
	phones []int    // the likeliest to be a mobile's first
	name   int      // these are -1 if there is none
	first  int
	last   int
	email  int
	tags   int
}

// The names of columns, as fieldKey writes them; those of phones by how likely
// it is that a mobile is in them. The last ones can also be something else,
// and count if there are no others.
var (
	phoneColumns = [][]string{
		{"whatsapp", "whats", "zap", "numerowhatsapp", "numerodowhatsapp", "numerodewhatsapp", "telefonewhatsapp", "whatsappnumber"},
		{"celular", "cel", "movil", "mobile", "mobilephone", "telefonecelular", "telcelular", "movel", "telefonemovel", "cellphone", "numerodocelular"},
		{"telefone", "phone", "telefono", "fone", "tel", "phonenumber", "numerodetelefone", "numerodotelefone", "telefone1", "phone1value", "phone1", "e164", "msisdn"},
		{"numero", "number", "contatotelefone"},
	}
	nameColumns  = []string{"nome", "name", "nombre", "nomecompleto", "nombrecompleto", "fullname", "displayname", "nomedocliente", "nomecliente", "customername", "contato", "cliente"}
	firstColumns = []string{"primeironome", "firstname", "primernombre", "givenname", "prenome"}
	lastColumns  = []string{"sobrenome", "apellido", "apellidos", "lastname", "surname", "familyname", "ultimonome"}
	emailColumns = []string{"email", "mail", "correo", "correoelectronico", "emailaddress", "enderecodeemail", "email1value"}
	tagColumns   = []string{"tags", "tag", "etiquetas", "etiqueta", "marcadores", "labels"}
)

// header reads the first line that is not empty, and finds out by it how cells
// are set apart. The error is a Reason, or that of reading.
func (s *csvScanner) header() (header, error) {
	var first csvLine
	for {
		line, err := s.line(0)
		if err == io.EOF {
			return header{}, reason.New(reason.CSVEmpty)
		} else if err != nil {
			return header{}, err
		}
		first = *line
		if !noted(first) && strings.Trim(first.text, " \t;,\"\r\n") != "" {
			break
		}
		s.pass(1)
	}
	fault := first.fault
	var names []string // as many as some separator makes
	var found header
	var size int
	var sep byte
	for _, try := range []byte{',', ';', '\t'} {
		s.separate(try)
		if first.fault != nil {
			// Why it is so long may be that somebody exported everything.
			if cells, _ := s.split(first.text, false); len(cells) > len(names) {
				names = cells
			}
			continue
		}
		cells, n, wrong, err := s.look()
		if err != nil {
			return header{}, err
		} else if wrong != nil {
			fault = wrong
			continue
		}
		if len(cells) > len(names) {
			names = cells
		}
		if len(cells) > MaxFields {
			continue
		}
		if h, ok := newHeader(cells); ok && len(h.names) > len(found.names) {
			found, size, sep = h, n, try
		}
	}
	switch {
	case len(names) > MaxFields:
		return header{}, reason.New(reason.CSVColumns, MaxFields)
	case found.names != nil:
	case names == nil || first.fault != nil:
		return header{}, reason.New(reason.CSVHeaderLine, *fault)
	default:
		return header{}, noPhones(names)
	}
	for i, name := range found.names {
		if n, long := over(name, MaxColumn); long {
			return header{}, reason.New(reason.CSVColumnLong, i+1, n, MaxColumn)
		}
	}
	s.separate(sep)
	s.pass(size)
	return found, nil
}

// noted reports whether a line is what a spreadsheet writes before a table for
// itself.
func noted(l csvLine) bool {
	rest, ok := strings.CutPrefix(l.text, "sep=")
	return ok && l.number == 1 && len(rest) > 1 && (rest[1] == '\n' || rest[1] == '\r')
}

// noPhones is why a first line with those cells is of no use.
func noPhones(names []string) reason.Reason {
	for _, cell := range names {
		if _, err := ParsePhone(cell); err == nil {
			return reason.New(reason.CSVNoHeader)
		}
	}
	return reason.New(reason.CSVNoPhones, names)
}

// newHeader says what columns of those names are. There must be one with
// phones.
func newHeader(cells []string) (header, bool) {
	h := header{}
	h.titles = make([]string, len(cells))
	keys := make([]string, len(cells))
	for i, cell := range cells {
		keys[i] = FieldKey(cell)
		h.titles[i] = reason.Clip(strings.TrimSpace(cell))
		h.names = append(h.names, fieldName(cell))
	}
	find := func(names []string) int {
		for _, name := range names {
			if i := slices.Index(keys, name); i >= 0 {
				return i
			}
		}
		return -1
	}
	for rank, names := range phoneColumns {
		if rank == len(phoneColumns)-1 && len(h.phones) > 0 {
			break
		}
		for i, key := range keys {
			if slices.Contains(names, key) {
				h.phones = append(h.phones, i)
			}
		}
	}
	h.name, h.first, h.last = find(nameColumns), find(firstColumns), find(lastColumns)
	h.email, h.tags = find(emailColumns), find(tagColumns)
	return h, len(h.phones) > 0
}

// fieldName is the name of a column as a field: folded, "_" for spaces and for
// what has a meaning in templates and filters.
func fieldName(column string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" {}|:\"()", r) {
			return '_'
		}
		return r
	}, Fold(column))
	return strings.Trim(name, "_")
}

// read makes a row of cells, and says why it cannot.
func (h *header) read(cells []string, row *Row) *reason.Reason {
	if len(cells) > len(h.names) {
		if !blank(cells[len(h.names):]) {
			return reason.Fault(reason.RowCells, len(cells), len(h.names))
		}
		cells = cells[:len(h.names)]
	}
	for i, c := range cells {
		cells[i] = strings.TrimSpace(c)
	}
	cell := func(i int) string {
		if i < 0 || i >= len(cells) {
			return ""
		}
		return cells[i]
	}
	from, fault := h.phone(cell, row)
	if fault != nil {
		return fault
	}
	row.Name = h.fullName(cell)
	if n, long := over(row.Name, MaxName); long {
		return reason.Fault(reason.RowNameLong, n, MaxName)
	}
	if row.Tags, fault = splitTags(cell(h.tags)); fault != nil {
		return fault
	}
	for i, value := range cells {
		name := h.names[i]
		if i == h.email {
			name = "email"
		}
		if i == from || i == h.name || i == h.tags || name == "" || value == "" {
			continue
		}
		if n, long := over(value, MaxCell); long {
			return reason.Fault(reason.RowCellLong, h.titles[i], n, MaxCell)
		}
		if row.Fields == nil {
			row.Fields = make(map[string]string)
		}
		if row.Fields[name] == "" {
			row.Fields[name] = value
		}
	}
	return nil
}

// phone takes the first cell that has a phone, and says which it was. If none
// has, the fault is about the first that is not empty.
func (h *header) phone(cell func(int) string, row *Row) (from int, fault *reason.Reason) {
	for _, i := range h.phones {
		if cell(i) == "" {
			continue
		}
		phones, why := Where{}.Phones(cell(i))
		if why == nil {
			row.Phone = phones[0]
			return i, nil
		}
		if fault == nil {
			fault = why
		}
	}
	if fault == nil {
		fault = reason.Fault(reason.RowNoPhone)
	}
	return -1, fault
}

// fullName joins the first and the last name if they are in columns of their
// own.
func (h *header) fullName(cell func(int) string) string {
	name := cell(h.name)
	if name == "" {
		name = cell(h.first)
	}
	if last := cell(h.last); last != "" && !strings.HasSuffix(Fold(name), Fold(last)) {
		name += " " + last
	}
	return strings.Join(strings.Fields(name), " ")
}

// splitTags reads tags, each once.
func splitTags(s string) (tags []string, fault *reason.Reason) {
	if s == "" {
		return nil, nil
	}
	seen := make(map[string]bool)
	for tag := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ';' || r == '|' || r == '\n' }) {
		tag = strings.Join(strings.Fields(tag), " ")
		folded := Fold(tag)
		if folded == "" || seen[folded] {
			continue
		}
		if n, long := over(tag, MaxTag); long {
			return nil, reason.Fault(reason.RowTagLong, reason.Clip(tag), n, MaxTag)
		}
		if len(tags) == MaxTags {
			return nil, reason.Fault(reason.RowTags, MaxTags)
		}
		seen[folded] = true
		tags = append(tags, tag)
	}
	return tags, nil
}
