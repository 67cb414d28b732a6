package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"recado/campaign/people"
	"recado/store/bolt"
)

// An import is done as a whole or not at all. The rows of a large one are first
// put into "staged" as they come, in runs that are sorted by phone, which changes
// nothing; then the job is marked as complete, and the sweeper adds the people,
// merging the runs. If the process dies before that mark, nothing is imported;
// after it, the next one goes on. What an import did is kept, see imports.go.

const (
	smallImport = 500      // rows that are one transaction
	rowsPart    = 256      // rows that are staged in one record, at most
	runRows     = 16 << 10 // rows that are sorted at a time, at most,
	runBytes    = 8 << 20  // and about how much text there is in them
)

// ImportReport is what an import did. Rows are counted, not people: the
// second row about somebody updates them or says nothing new.
type ImportReport struct {
	Added   int // people who were not in the book
	Updated int // something new about somebody who was
	Same    int // nothing new
	Left    int `json:",omitempty"` // people who are opted out since, because the file says so
	Doubts  int `json:",omitempty"` // people about whom somebody has to decide, because of what the file says
	// Full is how many rows were left out because with them a person would have
	// more than people.MaxTags tags or people.MaxFields fields; FullLine is
	// the first of them in the file.
	Full, FullLine int
}

// full counts a row that was left out.
func (r *ImportReport) full(line int) {
	r.Full++
	if r.FullLine == 0 || line < r.FullLine {
		r.FullLine = line
	}
}

// Policy says what becomes of people who are in the book when rows about them
// are imported.
type Policy string

// The policies. They are written to disk. Whatever the policy, an opt-out and a
// doubt are added and never taken back.
const (
	Complete Policy = ""        // a name replaces any other, tags are added, fields replaced by those that are not empty
	Skip     Policy = "skip"    // they stay as they are
	Replace  Policy = "replace" // their tags and fields become those of the row
)

// ImportOrder is what is to be imported, and how.
type ImportOrder struct {
	Source  string // where the rows come from: the name of a file
	Policy  Policy
	Tags    []string       // that everybody in it gets; the rows have them
	Consent people.Consent // that everybody in it is said to have given; the rows have it
}

// Import adds people to the book, or completes those who are there, see
// [Complete]. Source, for the log, says where the rows come from. It is ImportFrom
// for those who have all the rows.
func (d *Desk) Import(ctx context.Context, rows []people.Row, source string) (ImportReport, error) {
	done, err := d.ImportFrom(ctx, ImportOrder{Source: source}, func(add func(people.Row) error) (int, error) {
		for _, row := range rows {
			if err := add(row); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	return done.Report, err
}

// ImportFrom adds the people to the book whom read gives to add, or does with
// those who are there what the policy says. Read returns how many rows of the file
// could not be used; however many it gives, few of them are held. ImportFrom
// returns when all are in the book; after an error none is, unless that says
// ErrGoesOn: then all of them will be. ctx ends it in the first half, before
// anything has changed, and in the second one only the waiting: CancelImport ends
// that.
func (d *Desk) ImportFrom(ctx context.Context, o ImportOrder, read func(add func(people.Row) error) (bad int, err error)) (done Import, err error) {
	if !d.May(VerbImport) {
		return done, ErrRole
	}
	if o.Consent.Status != people.ConsentUnknown {
		o.Consent.By = d.who.Name
	}
	s := staging{desk: d, ctx: ctx, order: o}
	bad, err := read(s.add)
	if err == nil {
		err = ctx.Err()
	}
	switch {
	case err != nil:
		s.drop(err)
	case s.job == nil && len(s.rows) <= min(smallImport, d.book.maxChunk):
		done, err = s.atOnce(bad)
	default:
		done, err = s.bring(bad)
	}
	if err != nil {
		return done, fmt.Errorf("import %s: %w", o.Source, err)
	}
	return done, nil
}

// countImport notes what an import did.
func (e *Entry) countImport(rows int, r *ImportReport) {
	e.count("rows", rows)
	e.count("added", r.Added)
	e.count("updated", r.Updated)
	e.count("same", r.Same)
	e.count("full", r.Full)
	if r.Left > 0 {
		e.count("opted_out", r.Left)
	}
	if r.Doubts > 0 {
		e.count("doubts", r.Doubts)
	}
}

func (b *Book) logImport(source string, r ImportReport) {
	b.logger.Info("imported", "source", source, "added", r.Added, "updated", r.Updated, "same", r.Same, "full", r.Full)
}

// inKeyOrder sorts rows by the keys of their phones, those of one person as
// they were: written in that order they are written many times faster.
func inKeyOrder(rows []people.Row) []*people.Row {
	type place struct {
		sortKey
		row *people.Row
		at  int
	}
	places := make([]place, len(rows))
	for i := range rows {
		places[i] = place{sortKeyOf(rows[i].Phone), &rows[i], i}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(a.compare(b.sortKey), cmp.Compare(a.at, b.at)) })
	sorted := make([]*people.Row, len(rows))
	for i, p := range places {
		sorted[i] = p.row
	}
	return sorted
}

// sortKey is the key of a phone, and a number by which most keys can be told apart: its
// first 16 digits.
type sortKey struct {
	begin uint64
	key   string
}

func sortKeyOf(p people.Phone) sortKey {
	k := sortKey{key: p.Key()}
	for i := range 16 {
		k.begin <<= 4
		if i >= len(k.key) {
			continue
		}
		switch c := k.key[i]; { // 0 is the end
		case c > '9':
			k.begin = (k.begin | 15) << (4 * (15 - i))
			return k
		case c < '0':
			k.begin <<= 4 * (15 - i)
			return k
		default:
			k.begin |= uint64(c - '0' + 1)
		}
	}
	return k
}

func (k sortKey) compare(o sortKey) int {
	if c := cmp.Compare(k.begin, o.begin); c != 0 {
		return c
	}
	return strings.Compare(k.key, o.key)
}

// takeTx makes of a person, who may be in the book already and was like before,
// what a row makes of them, and counts it. It reports whether there is something to write.
func (p Policy) takeTx(tx *bolt.Tx, before, c *people.Contact, known bool, row *people.Row, now time.Time, report *ImportReport) (bool, error) {
	if known {
		p.apply(c, row)
	} else {
		complete(c, row)
	}
	if err := otherPhonesTx(tx, c, row); err != nil {
		return false, err
	}
	left, doubt := false, false
	if row.Left != "" && !c.OptedOut {
		c.OptedOut, c.OptOutAt, c.OptOutWhy, left = true, now, row.Left, true
		if !row.LeftAt.IsZero() && row.LeftAt.Before(now) {
			c.OptOutAt = row.LeftAt
		}
	} else if row.Doubt != "" && !c.OptedOut && !c.InDoubt() && c.DoubtEnded.IsZero() { // what a person decided stands
		c.DoubtAt, c.DoubtSaid, doubt = now, row.Doubt, true
	}
	switch {
	case len(c.Tags) > max(people.MaxTags, len(before.Tags)), len(c.Fields) > max(people.MaxFields, len(before.Fields)):
		report.full(row.Line)
		return false, nil
	case !known:
		report.Added++
	case sameContact(before, c) && len(before.Lists) == len(c.Lists):
		report.Same++
		return false, nil
	default:
		report.Updated++
	}
	if left {
		report.Left++
	}
	if doubt {
		report.Doubts++
	}
	return true, nil
}

// apply makes of a person who is in the book what the policy makes of a row.
func (p Policy) apply(c *people.Contact, row *people.Row) {
	switch p {
	case Skip:
		return
	case Replace:
		c.Tags, c.Fields = nil, nil
	}
	complete(c, row)
}

// otherPhonesTx adds the phones of a row to a person. They go by the one that is
// likeliest to be on WhatsApp, as far as nothing is known of that by which they
// went, or is known to be no.
func otherPhonesTx(tx *bolt.Tx, c *people.Contact, row *people.Row) error {
	if len(row.Others) == 0 && c.Phone.Same(row.Phone) {
		return nil
	}
	had := len(c.Others)
	for _, p := range append([]people.Phone{row.Phone}, row.Others...) {
		former := slices.ContainsFunc(c.Former, func(f people.FormerPhone) bool { return f.Phone.Same(p) })
		if former { // an old file does not know that they no longer have it
			continue
		}
		if c.Phone == "" { // who goes by their account alone does not get the phone of somebody else
			if id, ok := findPersonTx(tx, p, ""); ok && id != c.ID {
				continue
			}
		}
		c.AddPhone(p)
	}
	if len(c.Others) == had {
		return nil
	}
	unknown := c.Presence == people.PresenceUnknown && c.WhatsApp == "" && c.LID == ""
	// A file that says by which phone they are on WhatsApp is believed.
	landline := !c.Phone.Mobile() && !c.Phone.Same(row.Phone)
	if unknown && landline && c.Others[0].Phone.Mobile() || c.Presence == people.NotOnWhatsApp {
		_, err := nextPhoneTx(tx, c, c.CheckedAt)
		return err
	}
	return nil
}

// asks reports whether a row says something new of somebody's consent. Who has agreed
// at one place has since the day that was written down first, however often a file with
// it comes again: a refusal after that day counts. Of other answers the last one does.
func asks(c *people.Contact, row *people.Row) bool {
	is, said := &c.Consent, &row.Consent
	switch {
	case said.Status == people.ConsentUnknown:
		return false
	case is.Status == people.ConsentUnknown:
		return true
	case is.Status == people.ConsentGiven && is.Status == said.Status && is.Source == said.Source && (said.Evidence == "" || said.Evidence == is.Evidence):
		return is.At.IsZero() && !said.At.IsZero()
	}
	return newer(*said, *is)
}

// complete adds to a person what a row says of them.
func complete(c *people.Contact, row *people.Row) {
	setName(c, row.Name, people.Typed)
	if asks(c, row) {
		c.Consent = row.Consent
	}
	if row.Note != "" {
		c.Note = people.Clip(row.Note, people.MaxNote)
	}
	c.Tags = union(c.Tags, row.Tags)
	if len(row.Lists) > 0 {
		c.Lists = union(c.Lists, row.Lists)
	}
	for f, v := range row.Fields {
		if v != "" {
			setField(c, f, v)
		}
	}
}
