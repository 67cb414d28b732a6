package files

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// What recado writes itself it reads again as it was: a table that begins with
// ownTitles, a card with X-RECADO and a line of JSON are taken at their word.
// Nothing is guessed of them, every column behind ownTitles is the field of its
// name, and a text that looks as if it said nothing is a text.

// ownTitles are the columns with which a table of recado's begins.
var ownTitles = []string{"telefone", "nome", "tags", "listas", "opt_out", "opt_out_em", "opt_out_motivo", "duvida",
	"outros_telefones", "consentimento", "consentimento_fonte", "consentimento_em", "consentimento_prova", "nota"}

// The columns by their place in ownTitles.
const (
	ownPhone = iota
	ownName
	ownTags
	ownLists
	ownLeft
	ownLeftAt
	ownLeftWhy
	ownDoubt
	ownOthers
	ownConsent
	ownSource
	ownConsentAt
	ownEvidence
	ownNote
)

// ownRoles are what ownTitles are said to be.
var ownRoles = [...]Role{ownPhone: PhoneRole, ownName: NameRole, ownTags: TagsRole, ownLists: ListsRole, ownLeft: LeftRole, ownLeftAt: LeftRole, ownLeftWhy: LeftRole, ownDoubt: UnsureRole,
	ownOthers: PhoneRole, ownConsent: AskedRole, ownSource: AskedRole, ownConsentAt: AskedRole, ownEvidence: AskedRole, ownNote: FieldRole}

// ownYes is said of who has opted out.
const ownYes = "sim"

// ownCells are the cells of a person under ownTitles.
func ownCells(c *people.Contact) []string {
	cells := make([]string, len(ownTitles))
	cells[ownPhone], cells[ownName] = string(c.BestPhone()), c.Name
	cells[ownTags], cells[ownLists] = joined(c.Tags), joined(c.Lists)
	if c.OptedOut {
		cells[ownLeft], cells[ownLeftAt], cells[ownLeftWhy] = ownYes, stamp(c.OptOutAt), c.OptOutWhy
	}
	if c.InDoubt() {
		cells[ownDoubt] = c.DoubtSaid
	}
	cells[ownOthers] = joined(otherPhones(c))
	if c.Consent.Status != people.ConsentUnknown {
		cells[ownConsent], cells[ownSource] = c.Consent.Status.String(), c.Consent.Source
		cells[ownConsentAt], cells[ownEvidence] = stamp(c.Consent.At), c.Consent.Evidence
	}
	cells[ownNote] = c.Note
	return cells
}

// otherPhones are those of a person beside the one by which they go.
func otherPhones(c *people.Contact) (all []string) {
	for _, p := range c.Phones() {
		if !p.Same(c.BestPhone()) {
			all = append(all, string(p))
		}
	}
	return all
}

// ownRow makes a person of such cells.
func (r *reader) ownRow(row record, fields []string) *draft {
	cell := func(i int) string {
		if i >= len(row.cells) {
			return ""
		}
		if r.report.Format == XLSX { // where each cell says that it is a text
			return shown(row.cells[i])
		}
		return shown(armed(row.cells[i]))
	}
	d := &draft{Row: people.Row{Line: row.line, Name: cell(ownName), Doubt: cell(ownDoubt)}, exact: true}
	d.own(r, cell(ownPhone), apart(cell(ownTags)), apart(cell(ownLists)))
	d.others(r, apart(cell(ownOthers)))
	d.agree(cell(ownConsent), cell(ownSource), cell(ownConsentAt), cell(ownEvidence))
	d.Note = cell(ownNote)
	if cell(ownLeft) != "" || cell(ownLeftWhy) != "" {
		d.leave(cell(ownLeftWhy), cell(ownLeftAt))
	}
	for i, name := range fields {
		d.field(name, cell(len(ownTitles)+i))
	}
	return d
}

// own takes what stands with a person that recado wrote.
func (d *draft) own(r *reader, phone string, tags, lists []string) {
	d.exact = true
	if phone != "" {
		d.phone(r.options.Where, phone, "telefone", isWhatsApp)
	}
	d.Tags, d.Lists = tags, lists
}

// others takes the phones beside the one by which a person goes.
func (d *draft) others(r *reader, phones []string) {
	for _, phone := range phones {
		d.phone(r.options.Where, phone, "", isPhone)
	}
}

// agree takes what a person answered when they were asked.
func (d *draft) agree(status, source, at, evidence string) {
	if s := consents[status]; s != people.ConsentUnknown {
		when, _ := time.Parse(time.RFC3339, at)
		d.Consent = people.Consent{Status: s, Source: source, At: when, Evidence: evidence}
	}
}

// leave notes that a person has opted out, why and when.
func (d *draft) leave(why, at string) {
	if d.Left = why; why == "" {
		d.Left = "opt_out"
	}
	d.LeftAt, _ = time.Parse(time.RFC3339, at)
}

// own reads a table that recado wrote: titles, and rows behind them.
func (r *reader) own(sample []record, from rows) error {
	titles := sample[0].cells
	r.report.Header = sample[0].line
	fields := make([]string, 0, len(titles))
	for i, title := range titles {
		column := Column{Title: reason.Clip(title), Role: FieldRole, Field: FieldName(armed(title))}
		if i < len(ownRoles) {
			column.Role, column.Field = ownRoles[i], ""
		} else {
			fields = append(fields, column.Field)
		}
		r.report.Columns = append(r.report.Columns, column)
	}
	if len(titles) > maxColumns {
		return reason.New(reason.CSVColumns, maxColumns)
	}
	if r.to.Titles != nil {
		if err := r.to.Titles(titles); err != nil {
			return err
		}
	}
	for rest := sample[1:]; ; {
		var row record
		if len(rest) > 0 {
			row, rest = rest[0], rest[1:]
		} else {
			var err error
			if row, err = from.next(); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if row.fault == nil && blank(row.cells) {
			continue
		}
		d := &draft{Row: people.Row{Line: row.line}}
		if row.fault == nil {
			d = r.ownRow(row, fields)
		}
		if err := r.put(d, row, row.fault); err != nil {
			return err
		}
	}
}

// ownCard makes a person of a card that recado wrote.
func (r *reader) ownCard(card []property, line int) error {
	d := &draft{Row: people.Row{Line: line}}
	row := record{line: line, cells: []string{}}
	var phone string
	var tags, lists, others []string
	for _, p := range card {
		switch value := shown(plain.Replace(p.value)); p.name {
		case cardName:
			d.Name = value
		case "TEL":
			if phone != "" {
				others = append(others, value)
			}
			phone = first(phone, value)
			row.cells = append(row.cells, value)
		case "EMAIL":
			d.field("email", value)
		case "CATEGORIES":
			tags = mapped(parts(p.value, ','), shown)
		case cardLists:
			lists = mapped(parts(p.value, ','), shown)
		case cardField:
			if pair := parts(p.value, ';'); len(pair) == 2 {
				d.field(FieldName(pair[0]), shown(pair[1]))
			}
		case cardLeft:
			pair := append(parts(p.value, ';'), "")
			d.leave(shown(pair[1]), pair[0])
		case cardDoubt:
			d.Doubt = value
		case cardConsent:
			c := append(parts(p.value, ';'), "", "", "", "")
			d.agree(c[0], shown(c[1]), c[2], shown(c[3]))
		case "NOTE":
			d.Note = value
		}
	}
	d.own(r, phone, tags, lists)
	d.others(r, others)
	return r.put(d, row, nil)
}

// isOwn reports whether a table begins as those do that recado writes.
func (r *reader) isOwn(sample []record) bool {
	return len(r.options.Map) == 0 && len(sample) > 0 && sample[0].fault == nil &&
		len(sample[0].cells) >= len(ownTitles) && slices.Equal(sample[0].cells[:len(ownTitles)], ownTitles)
}

// checkOwn holds the limits of what is taken at its word.
func (r *reader) checkOwn(d *draft) *reason.Reason {
	for _, tag := range d.Tags {
		if n, long := over(tag, people.MaxTag); long {
			return reason.Fault(reason.RowTagLong, reason.Clip(tag), n, people.MaxTag)
		}
	}
	if len(d.Tags) > people.MaxTags {
		return reason.Fault(reason.RowTags, people.MaxTags)
	}
	return nil
}

// checkLists holds the limits of the lists that a file names.
func (r *reader) checkLists(d *draft) *reason.Reason {
	for i, name := range d.Lists {
		tidy, err := people.ListName(name)
		if err != nil {
			why := reason.Of(err)
			return &why
		}
		if d.Lists[i] = tidy; !r.lists[people.Fold(tidy)] {
			if len(r.lists) == people.MaxLists {
				return reason.Fault(reason.RowLists, people.MaxLists)
			}
			r.lists[people.Fold(tidy)] = true
		}
	}
	return nil
}

// shown is a text without what drives a terminal or turns it around.
func shown(text string) string {
	return strings.TrimSpace(strings.Map(visible, strings.ReplaceAll(text, "\r\n", "\n")))
}

func mapped(texts []string, how func(string) string) []string {
	all := make([]string, 0, len(texts))
	for _, text := range texts {
		if text = how(text); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// joined are texts in one cell; apart takes them apart.
func joined(texts []string) string {
	if slices.ContainsFunc(texts, func(s string) bool { return strings.ContainsAny(s, ",;|\"[]{}\n") || s != strings.TrimSpace(s) }) {
		all, _ := json.Marshal(texts) // texts always can be
		return string(all)
	}
	return strings.Join(texts, ", ")
}

func apart(cell string) (texts []string) {
	if strings.HasPrefix(cell, "[") && json.Unmarshal([]byte(cell), &texts) == nil {
		return texts
	}
	for text := range strings.SplitSeq(cell, ",") {
		if text = strings.TrimSpace(text); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Harmless is a cell that no spreadsheet takes for a formula: what would be one
// gets an apostrophe, by which a spreadsheet knows a text and which is taken away
// when the table is read. Phones and numbers are none.
func Harmless(cell string) string {
	if runs(strings.TrimLeft(cell, "'")) {
		return "'" + cell
	}
	return cell
}

// armed is Harmless taken back.
func armed(cell string) string {
	if strings.HasPrefix(cell, "'") && runs(strings.TrimLeft(cell, "'")) {
		return cell[1:]
	}
	return cell
}

// runs reports whether a spreadsheet would take a cell for a formula, perhaps
// after it has left out what cannot be seen at its beginning.
func runs(cell string) bool {
	begin := strings.TrimLeftFunc(cell, func(r rune) bool { return r == ' ' || r == '\u00a0' || r == '\ufeff' })
	if begin == "" {
		return false
	}
	for _, sign := range [...]string{"=", "@", "\t", "\r", "\n", "＝", "＠", "＋", "－"} {
		if strings.HasPrefix(begin, sign) {
			return true
		}
	}
	if begin[0] != '+' && begin[0] != '-' {
		return false
	}
	// Signs that are no part of a number.
	digits := strings.TrimLeft(begin[1:], "0123456789")
	switch rest := strings.TrimLeft(digits, "0123456789.,"); {
	case len(digits) == len(begin)-1, rest != "":
		return true
	}
	return false
}
