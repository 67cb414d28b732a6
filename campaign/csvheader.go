package campaign

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// header says what the columns of a file are.
type header struct {
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
		{"celular", "cel", "mobile", "mobilephone", "telefonecelular", "telcelular", "movel", "telefonemovel", "cellphone", "numerodocelular"},
		{"telefone", "phone", "fone", "tel", "phonenumber", "numerodetelefone", "numerodotelefone", "telefone1", "phone1value", "phone1", "e164", "msisdn"},
		{"numero", "number", "contatotelefone"},
	}
	nameColumns  = []string{"nome", "name", "nomecompleto", "fullname", "displayname", "nomedocliente", "nomecliente", "customername", "contato", "cliente"}
	firstColumns = []string{"primeironome", "firstname", "givenname", "prenome"}
	lastColumns  = []string{"sobrenome", "lastname", "surname", "familyname", "ultimonome"}
	emailColumns = []string{"email", "mail", "emailaddress", "enderecodeemail", "email1value"}
	tagColumns   = []string{"tags", "tag", "etiquetas", "etiqueta", "marcadores", "labels"}
)

// header reads the first line that is not empty, and finds out by it how cells
// are set apart.
func (s *csvScanner) header() (header, error) {
	if rest, ok := strings.CutPrefix(s.text, "sep="); ok && len(rest) > 1 && (rest[1] == '\n' || rest[1] == '\r') {
		s.skipLine() // a spreadsheet's note to itself
	}
	for s.at < len(s.text) && strings.Trim(s.firstLine(), " \t;,\"") == "" {
		s.skipLine()
	}
	if s.at >= len(s.text) {
		return header{}, errors.New("there is nothing in it")
	}
	var first []string
	var found header
	best := *s
	for _, sep := range []byte{',', ';', '\t'} {
		try := *s
		try.sep = sep
		cells, _, err := try.next()
		if err != nil {
			continue
		}
		if h, ok := newHeader(cells); ok && len(h.names) > len(found.names) {
			found, best = h, try
		}
		if len(cells) > len(first) {
			first = cells
		}
	}
	if found.names != nil {
		*s = best
		return found, nil
	}
	for _, cell := range first {
		if _, err := ParsePhone(cell); err == nil {
			return header{}, errors.New(`the first line must name the columns, for example "nome;telefone;email;tags"`)
		}
	}
	return header{}, fmt.Errorf("no column with phones: one must be called telefone, celular, whatsapp or phone; there are %s", quoteAll(first))
}

// firstLine is the line at which the scanner stands.
func (s *csvScanner) firstLine() string {
	line := s.text[s.at:]
	if end := strings.IndexAny(line, "\r\n"); end >= 0 {
		line = line[:end]
	}
	return line
}

func quoteAll(names []string) string {
	quoted := make([]string, 0, len(names))
	for _, name := range names[:min(len(names), 20)] {
		if len(name) > 40 {
			name = strings.ToValidUTF8(name[:40], "") + "…"
		}
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	return strings.Join(quoted, ", ")
}

// newHeader says what columns of those names are. There must be one with
// phones.
func newHeader(cells []string) (header, bool) {
	h := header{}
	keys := make([]string, len(cells))
	for i, cell := range cells {
		keys[i] = fieldKey(cell)
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

// read makes a row of cells.
func (h *header) read(cells []string, row *Row) error {
	if len(cells) > len(h.names) && !blank(cells[len(h.names):]) {
		return fmt.Errorf("%d cells, but the first line names %d", len(cells), len(h.names))
	}
	cell := func(i int) string {
		if i < 0 || i >= len(cells) {
			return ""
		}
		return strings.TrimSpace(cells[i])
	}
	from, err := h.phone(cell, row)
	if err != nil {
		return err
	}
	row.Name = h.fullName(cell)
	row.Tags = splitTags(cell(h.tags))
	for i, name := range h.names {
		value := cell(i)
		if i == h.email {
			name = "email"
		}
		if i == from || i == h.name || i == h.tags || name == "" || value == "" {
			continue
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
// has, the error is about the first that is not empty.
func (h *header) phone(cell func(int) string, row *Row) (from int, err error) {
	for _, i := range h.phones {
		if cell(i) == "" {
			continue
		}
		phone, fault := ParsePhone(cell(i))
		if fault == nil {
			row.Phone = phone
			return i, nil
		}
		if err == nil {
			err = fault
		}
	}
	if err == nil {
		err = errors.New("no phone")
	}
	return -1, err
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
func splitTags(s string) (tags []string) {
	var seen []string
	for _, tag := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '|' || r == '\n' }) {
		tag = strings.Join(strings.Fields(tag), " ")
		if folded := Fold(tag); folded != "" && !slices.Contains(seen, folded) {
			seen, tags = append(seen, folded), append(tags, tag)
		}
	}
	return tags
}
