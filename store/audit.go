package store

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// The audit is what people have done, one entry a deed, in the order in which
// they were written. Nothing is ever taken out of it. An entry of which the end
// is not known yet stands in "asked" as well; it is completed when that comes,
// by the job that does it, by the number that has been linked, or when the book
// is opened again after a process that died.

// Outcome is what became of a verb.
type Outcome uint8

// The outcomes. They are written to disk.
const (
	Done   Outcome = iota
	Asked          // it goes on
	Failed         // see Entry.Why
)

// String is the word that commands print.
func (o Outcome) String() string {
	switch o {
	case Done:
		return "done"
	case Asked:
		return "asked"
	case Failed:
		return "failed"
	}
	return "outcome(" + strconv.Itoa(int(o)) + ")"
}

// Values are properties by name, as text that means the same in any language.
type Values map[string]string

// Entry is one deed in the audit.
type Entry struct {
	ID      uint64 // in the order of writing, from 1
	At      time.Time
	Ended   time.Time // zero: it goes on
	Actor   Actor
	Verb    Verb
	Kind    string // of what it was done to: "number", "contact", "contacts", "list", "campaign", "delivery", "file"
	Target  string // its id; empty: it has none
	Name    string // what people call it
	Before  Values // what was changed, as it was
	After   Values // and as it is
	Counts  map[string]int
	Outcome Outcome
	Why     reason.Reason // of a failure, or of what the program did by itself
}

// longestValue is how much of a text is kept, in characters.
const longestValue = 200

func (e *Entry) on(kind, id, name string) {
	e.Kind, e.Target, e.Name = kind, id, shortened(name)
}

func (e *Entry) onNumber(n *campaign.Number) {
	e.on("number", strconv.FormatUint(uint64(n.ID), 10), n.Name)
}

func (e *Entry) onCampaign(c *campaign.Campaign) { e.on("campaign", c.ID.String(), c.Name) }

func (e *Entry) onList(l List) { e.on("list", strconv.FormatUint(uint64(l.ID), 10), l.Name) }

func (e *Entry) onContact(c *people.Contact) {
	name := c.Called()
	if name == "" {
		name = string(c.BestPhone())
	}
	e.on("contact", strconv.FormatUint(uint64(c.ID), 10), name)
}

// change notes a property that is another one now.
func (e *Entry) change(what, before, after string) {
	if before == after {
		return
	}
	if e.Before == nil {
		e.Before = make(Values)
	}
	if e.After == nil {
		e.After = make(Values)
	}
	e.Before[what], e.After[what] = shortened(before), shortened(after)
}

func (e *Entry) count(what string, n int) {
	if e.Counts == nil {
		e.Counts = make(map[string]int)
	}
	e.Counts[what] = n
}

// Concerns reports whether all of some words are in an entry: in its verb or
// the kind of what it was done to, as their codes and as they are said (verb,
// kind), in who did it, or in the name of what it was done to. The words are
// folded.
func (e *Entry) Concerns(wanted []string, verb, kind string) bool {
	if len(wanted) == 0 {
		return true
	}
	all := people.Fold(strings.Join([]string{string(e.Verb), verb, e.Actor.Name, e.Kind, kind, e.Name}, " "))
	return !slices.ContainsFunc(wanted, func(word string) bool { return !strings.Contains(all, word) })
}

func (e *Entry) fail(why reason.Reason) { e.Outcome, e.Why = Failed, why }

func shortened(s string) string {
	n := 0
	for at := range s {
		if n == longestValue {
			return s[:at] + "…"
		}
		n++
	}
	return s
}

// addEntryTx writes an entry that has no id yet at the end, and one that has at
// its place.
func addEntryTx(tx *bolt.Tx, e *Entry) error {
	if e.ID == 0 {
		id, err := auditTable.Next(tx)
		if err != nil {
			return err
		}
		e.ID = id
	}
	auditTable.InOrder(tx)
	if err := auditTable.Put(tx, e.ID, encodeEntry(e)); err != nil {
		return err
	}
	if err := chainTx(tx, entryOf(e.ID), contentOfEntry(e)); err != nil {
		return err
	}
	if e.Outcome == Asked {
		return askedTable.Put(tx, e.ID, []byte{1})
	}
	return askedTable.Delete(tx, e.ID)
}

func entryTx(tx *bolt.Tx, id uint64) (Entry, error) {
	v := auditTable.Get(tx, id)
	if v == nil {
		return Entry{}, fmt.Errorf("audit entry %d: %w", id, ErrNotFound)
	}
	return decodeEntry(id, v)
}

// closeEntryTx completes an entry that was asked. It is done, unless end says
// that it failed. Of id 0, and of one that has been completed, nothing is
// written.
func (b *Book) closeEntryTx(tx *bolt.Tx, id uint64, end func(*Entry)) error {
	if id == 0 || !askedTable.Has(tx, id) {
		return nil
	}
	e, err := entryTx(tx, id)
	if err != nil {
		return err
	}
	e.Outcome, e.Ended = Done, b.clock.Now()
	end(&e)
	return addEntryTx(tx, &e)
}

// askedTx lists the entries that are not complete. They are few.
func askedTx(tx *bolt.Tx) (entries []Entry, err error) {
	for k := range askedTable.Each(tx, nil) {
		e, err := entryTx(tx, askedTable.Parts(k))
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// giveUpLinksTx completes what was asked about the link of a number and did not
// come to one.
func (b *Book) giveUpLinksTx(tx *bolt.Tx, id campaign.NumberID, why reason.Reason) error {
	return b.closeLinksTx(tx, id, func(e *Entry) { e.fail(why) })
}

func (b *Book) closeLinksTx(tx *bolt.Tx, id campaign.NumberID, end func(*Entry)) error {
	entries, err := askedTx(tx)
	if err != nil {
		return err
	}
	target := strconv.FormatUint(uint64(id), 10)
	for _, e := range entries {
		if e.Verb == VerbLink && e.Target == target {
			if err := b.closeEntryTx(tx, e.ID, end); err != nil {
				return err
			}
		}
	}
	return nil
}

// NotLinked is told that no link came of it when a number was to be linked, and
// why.
func (b *Book) NotLinked(id campaign.NumberID, why reason.Reason) error {
	return b.update(func(tx *bolt.Tx) error { return b.giveUpLinksTx(tx, id, why) })
}

// pausedItselfTx writes down that a campaign was paused though nobody has asked
// for it.
func pausedItselfTx(tx *bolt.Tx, c *campaign.Campaign, before campaign.Status, why reason.Reason, now time.Time) error {
	e := Entry{At: now, Ended: now, Actor: itself, Verb: VerbCampaignPause, Why: why}
	e.onCampaign(c)
	e.change("status", before.String(), campaign.Paused.String())
	return addEntryTx(tx, &e)
}

// auditAgainTx says what is known of what was asked when the last process died:
// a job goes on with its entry; of a link and its end the number tells.
func auditAgainTx(tx *bolt.Tx, now time.Time) error {
	goesOn := make(map[uint64]bool)
	err := jobsTable.ForEach(tx, func(k, v []byte) error {
		j, err := decodeJob(k, v)
		goesOn[j.Audit] = true
		return err
	})
	if err != nil {
		return err
	}
	err = validatingTable.ForEach(tx, func(_, v []byte) error {
		var one Validation
		err := json.Unmarshal(v, &one)
		goesOn[one.Audit] = true
		return err
	})
	if err != nil {
		return err
	}
	entries, err := askedTx(tx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if goesOn[e.ID] {
			continue
		}
		e.Ended = now
		e.fail(reason.New(reason.AuditInterrupted))
		if id, err := strconv.ParseUint(e.Target, 10, 32); err == nil && e.Kind == "number" && e.Verb == VerbUnlink {
			if n, err := numberTx(tx, campaign.NumberID(id)); err == nil && !n.Linked() {
				e.Outcome, e.Why = Done, reason.Reason{}
			}
		}
		if err := addEntryTx(tx, &e); err != nil {
			return err
		}
	}
	return nil
}

// Audit returns the entries after an id, the first first; at most limit of them.
func (b *Book) Audit(after uint64, limit int) (entries []Entry, err error) {
	return b.entries(limit, func(tx *bolt.Tx) iter.Seq2[[]byte, []byte] {
		return auditTable.From(tx, nil, auditTable.Key(after+1))
	})
}

// AuditBefore returns the entries before an id, the last first; at most limit of
// them. Before 0 are the last of all.
func (b *Book) AuditBefore(before uint64, limit int) (entries []Entry, err error) {
	return b.entries(limit, func(tx *bolt.Tx) iter.Seq2[[]byte, []byte] {
		if before == 0 {
			return auditTable.Back(tx, nil)
		}
		return auditTable.BackFrom(tx, nil, auditTable.Key(before))
	})
}

func (b *Book) entries(limit int, from func(*bolt.Tx) iter.Seq2[[]byte, []byte]) (entries []Entry, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		for k, v := range from(tx) {
			if len(entries) == limit {
				break
			}
			e, err := decodeEntry(auditTable.Parts(k), v)
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
		return nil
	})
	return entries, err
}

// AuditCount is how many entries there are: none is ever taken out.
func (b *Book) AuditCount() (n int, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		n = int(auditTable.Given(tx))
		return nil
	})
	return n, err
}

// entryVersion is the first byte of an entry.
const entryVersion = 1

func encodeEntry(e *Entry) []byte {
	w := bolt.Enc{B: make([]byte, 0, 160)}
	w.Uint(entryVersion)
	w.Time(e.At)
	w.Time(e.Ended)
	w.Text(e.Actor.Name)
	w.Uint(uint64(e.Actor.Role))
	w.Text(e.Actor.From)
	w.Text(string(e.Verb))
	w.Text(e.Kind)
	w.Text(e.Target)
	w.Text(e.Name)
	for _, values := range []Values{e.Before, e.After} {
		w.Uint(uint64(len(values)))
		for _, name := range slices.Sorted(maps.Keys(values)) {
			w.Text(name)
			w.Text(values[name])
		}
	}
	w.Uint(uint64(len(e.Counts)))
	for _, name := range slices.Sorted(maps.Keys(e.Counts)) {
		w.Text(name)
		w.Uint(uint64(e.Counts[name]))
	}
	w.Uint(uint64(e.Outcome))
	w.Text(e.Why.Text())
	return w.B
}

func decodeEntry(id uint64, v []byte) (e Entry, err error) {
	r := bolt.Dec{B: v}
	r.Share()
	r.Version(entryVersion)
	e = Entry{ID: id, At: r.Time(), Ended: r.Time()}
	e.Actor = Actor{r.Text(), Role(r.Uint()), r.Text()}
	e.Verb, e.Kind, e.Target, e.Name = Verb(r.Text()), r.Text(), r.Text(), r.Text()
	for _, values := range []*Values{&e.Before, &e.After} {
		if n := r.Count(); n > 0 {
			*values = make(Values, n)
			for range n {
				name := r.Text()
				(*values)[name] = r.Text()
			}
		}
	}
	for range r.Count() {
		name := r.Text()
		e.count(name, r.Int())
	}
	e.Outcome = Outcome(r.Uint())
	e.Why = reason.Parse(r.Text())
	if r.Err != nil {
		return e, fmt.Errorf("audit entry %d: %w", id, r.Err)
	}
	return e, nil
}
