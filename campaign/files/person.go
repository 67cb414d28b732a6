package files

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// draft is what a row, a card or an object says of one person.
type draft struct {
	people.Row
	phones []candidate
	why    *reason.Reason // about the first text of a phone that has none
	exact  bool           // recado wrote it: a name, tags and lists are as they stand
}

// candidate is a phone that stands with a person.
type candidate struct {
	phone people.Phone
	kind  int    // what it is said to be
	text  string // what it was read from, as it is kept beside the others
	field string // the field where it is kept
	alone bool   // text has no other phone in it
	liked int    // how much the person prefers it to others of its kind, to 100
}

// What a phone is said to be, the likeliest to be on WhatsApp first.
const (
	isWhatsApp = iota
	isMobile
	isPhone
	isNumber // perhaps something else than a phone's
	isLandline
	isTheirs // of somebody else: their employer, who gets the parcel
	isFax    // or a pager: never written to
)

// phone takes the phones of a text.
func (d *draft) phone(where people.Where, text, field string, kind int) {
	phones, why := where.Phones(text)
	if why != nil {
		if d.why == nil {
			d.why = why
		}
		d.field(field, text)
		return
	}
	for _, phone := range phones {
		d.phones = append(d.phones, candidate{phone: phone, kind: kind, text: text, field: field, alone: len(phones) == 1})
	}
}

// field keeps a value, unless one is there.
func (d *draft) field(name, value string) {
	if name == "" || value == "" {
		return
	}
	if d.Fields == nil {
		d.Fields = make(map[string]string)
	}
	if d.Fields[name] == "" {
		d.Fields[name] = value
	}
}

// better is how likely a phone is to be the one on WhatsApp; less is likelier.
// Where there is one alone it does not matter.
func (c *candidate) better() int {
	switch {
	case c.kind == isTheirs:
		return 20
	case c.kind == isWhatsApp:
		return 0
	case c.phone.Mobile():
		return 1 + c.kind
	}
	return 10 + c.kind
}

// choose takes the phone that is likeliest to be on WhatsApp, and the others
// behind it. Those that are nobody's to try are kept as fields.
func (d *draft) choose() *reason.Reason {
	if len(d.phones) == 1 && d.phones[0].kind != isFax {
		d.Phone = d.phones[0].phone
		return nil
	}
	usable := slices.DeleteFunc(slices.Clone(d.phones), func(c candidate) bool { return c.kind == isFax })
	if len(usable) == 0 {
		if d.why != nil {
			return d.why
		}
		return reason.Fault(reason.RowNoPhone)
	}
	best := 0
	if len(usable) > 1 {
		least := usable[0].better()
		for i := range usable {
			if cost := usable[i].better(); cost < least || cost == least && usable[i].liked > usable[best].liked {
				best, least = i, cost
			}
		}
	}
	chosen := usable[best]
	d.Phone = chosen.phone
	usable = append(usable[:best:best], usable[best+1:]...)
	slices.SortStableFunc(usable, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.better(), b.better()), cmp.Compare(b.liked, a.liked))
	})
	for _, c := range usable {
		if len(d.Others) == people.MaxPhones-1 {
			break
		}
		if c.kind != isTheirs && !c.phone.Same(d.Phone) && !slices.ContainsFunc(d.Others, c.phone.Same) {
			d.Others = append(d.Others, c.phone)
		}
	}
	extra := 2
	for _, c := range d.phones {
		switch {
		case c.phone.Same(d.Phone), slices.ContainsFunc(d.Others, c.phone.Same):
		case c.field == chosen.field || c.field == "":
			// The field of the chosen one has no value of its own.
			for d.Fields["telefone_"+strconv.Itoa(extra)] != "" {
				extra++
			}
			d.field("telefone_"+strconv.Itoa(extra), string(c.phone))
		default:
			d.field(c.field, c.text)
		}
	}
	return nil
}

// finish makes the row of a draft: all that is known of the person, within the
// limits.
func (r *reader) finish(d *draft) *reason.Reason {
	if why := d.choose(); why != nil {
		return why
	}
	if !d.exact {
		d.Name = fullName(d.Name)
	} else if why := r.checkOwn(d); why != nil {
		return why
	}
	if why := r.checkLists(d); why != nil {
		return why
	}
	if n, long := over(d.Name, people.MaxName); long {
		return reason.Fault(reason.RowNameLong, n, people.MaxName)
	}
	for _, tag := range d.Tags {
		if !d.exact && d.Left == "" && saysLeft(tag) {
			d.Left = tag
		}
	}
	var why *reason.Reason
	if len(r.options.Tags) > 0 {
		if d.Tags, why = addTags(d.Tags, r.options.Tags); why != nil {
			return why
		}
	}
	if r.options.Consent.Status != people.ConsentUnknown {
		d.Consent = r.options.Consent
	}
	for name, value := range d.Fields {
		if n, long := over(value, people.MaxCell); long {
			return reason.Fault(reason.RowCellLong, name, n, people.MaxCell)
		}
	}
	if len(d.Fields) > people.MaxFields {
		return reason.Fault(reason.RowFields, people.MaxFields)
	}
	r.compare(&d.Row)
	return nil
}

// known are who had each phone first. A million of them take some sixty
// megabytes and nothing for the garbage collector to look at: their names stand in
// blocks, and are found by a number that is made of the phone.
type known struct {
	first  map[uint64]firstOf
	blocks [][]byte
}

// firstOf is on which line of the file a phone came first, and where the name is.
type firstOf struct {
	line      uint32
	block, at uint32
}

const nameBlock = 64 << 10

// of is the name and the line with which a phone came first.
func (k *known) of(phone uint64) (name string, line int, ok bool) {
	f, ok := k.first[phone]
	if !ok {
		return "", 0, false
	}
	block := k.blocks[f.block]
	n := uint32(binary.LittleEndian.Uint16(block[f.at:]))
	return string(block[f.at+2 : f.at+2+n]), int(f.line), true
}

// put keeps them.
func (k *known) put(phone uint64, name string, line int) {
	name = name[:min(len(name), math.MaxUint16/2)]
	if len(k.blocks) == 0 || len(k.blocks[len(k.blocks)-1])+2+len(name) > nameBlock {
		k.blocks = append(k.blocks, make([]byte, 0, nameBlock))
	}
	last := len(k.blocks) - 1
	at := len(k.blocks[last])
	k.blocks[last] = append(binary.LittleEndian.AppendUint16(k.blocks[last], uint16(len(name))), name...)
	k.first[phone] = firstOf{uint32(line), uint32(last), uint32(at)}
}

// keySum is the FNV-1a sum of a key.
func keySum(key string) uint64 {
	sum := uint64(0xcbf29ce484222325)
	for i := range len(key) {
		sum = (sum ^ uint64(key[i])) * 0x100000001b3
	}
	return sum
}

// compare notes what is odd about a person beside the others of the file.
func (r *reader) compare(row *people.Row) {
	if row.Phone.FilledIn() {
		r.note(row.Line, reason.NoteFilledIn, row.Phone)
	}
	if row.Left != "" {
		r.note(row.Line, reason.NoteLeft)
	}
	if row.Doubt != "" {
		r.note(row.Line, reason.NoteDoubt)
	}
	sum := keySum(row.Phone.Key())
	name, line, seen := r.seen.of(sum)
	switch {
	case !seen || name == "" && row.Name != "":
		r.seen.put(sum, row.Name, row.Line)
	case name != "" && row.Name != "" && people.OtherPerson(name, row.Name):
		r.note(row.Line, reason.NoteShared, row.Phone, line)
	}
}
