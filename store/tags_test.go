package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// tagged are the tags of the first n people of a yard.
func (y *yard) tagged(n int) (all [][]string) {
	y.Helper()
	for i := range n {
		all = append(all, y.person(i).Tags)
	}
	return all
}

func (y *yard) firsts(n int) (ids []people.ContactID) {
	for i := range n {
		ids = append(ids, y.person(i).ID)
	}
	return ids
}

// nextJob is the key of the next job of people, which the test does itself.
func (y *yard) nextJob() (k []byte) {
	y.Helper()
	ok(y.T, y.book.view(func(tx *bolt.Tx) error {
		k = peopleJobKey(jobsTable.Given(tx) + 1)
		return nil
	}))
	y.book.stop(k, errors.New("the test does it"))
	return k
}

// tag changes tags and waits for the end.
func (y *yard) tag(add, remove []string, whom []people.ContactID) Tagging {
	y.Helper()
	wait, err := desk(y.book).Tag(add, remove, whom, "tag:x")
	ok(y.T, err)
	t, err := wait(y.Context())
	ok(y.T, err)
	y.sound()
	return t
}

func (y *yard) untag() Tagging {
	y.Helper()
	wait, err := desk(y.book).Untag()
	ok(y.T, err)
	t, err := wait(y.Context())
	ok(y.T, err)
	y.sound()
	return t
}

// mixed gives the people of a yard different tags.
func (y *yard) mixed(n int) {
	y.Helper()
	for i := range n {
		ok(y.T, desk(y.book).EditContact(y.person(i).ID, func(c *people.Contact) {
			c.Tags = [][]string{nil, {"VIP"}, {"Frio"}, {"frio", "vip"}}[i%4]
		}))
	}
}

func TestTagsThatWereChangedAreTakenBackExactly(t *testing.T) {
	y := newYard(t, 23)
	y.mixed(22)
	before := y.tagged(23)
	got := y.tag([]string{" vip "}, []string{"FRIO"}, y.firsts(21))
	if want := (Tagging{Add: []string{"vip"}, Remove: []string{"FRIO"}, People: 21, Changed: 16}); !sameTagging(got, want) {
		t.Errorf("it says %+v, want %+v", got, want)
	}
	changed := y.tagged(23)
	for i, tags := range changed[:21] {
		want := []string{"vip"}
		if i%4 == 1 {
			want = []string{"VIP"}
		}
		if !slices.Equal(tags, want) {
			t.Errorf("person %d has %q, want %q", i, tags, want)
		}
	}
	if !slices.EqualFunc(changed[21:], before[21:], slices.Equal) {
		t.Errorf("the others have %q", changed[21:])
	}
	// Somebody changes one of them meanwhile: only what was changed is taken back.
	ok(t, desk(y.book).EditContact(y.person(2).ID, func(c *people.Contact) { c.Tags = append(c.Tags, "novo") }))
	before[2] = []string{"Frio", "novo"}
	last, err := y.book.LastTagging()
	ok(t, err)
	if want := (Tagging{Add: []string{"FRIO"}, Remove: []string{"vip"}, People: 16}); !sameTagging(last, want) {
		t.Errorf("to be taken back is %+v, want %+v", last, want)
	}
	y.untag()
	if got := y.tagged(23); !slices.EqualFunc(got, before, slices.Equal) {
		t.Errorf("after it was taken back they have\n%q, want\n%q", got, before)
	}
	y.untag() // and again
	changed[2] = []string{"novo", "vip"}
	if got := y.tagged(23); !slices.EqualFunc(got, changed, slices.Equal) {
		t.Errorf("after that was taken back they have\n%q, want\n%q", got, changed)
	}
}

func sameTagging(a, b Tagging) bool {
	return slices.Equal(a.Add, b.Add) && slices.Equal(a.Remove, b.Remove) && a.People == b.People && a.Changed == b.Changed && a.Full == b.Full
}

func TestAChangeOfNobodysTagsLeavesTheLastOneToBeTakenBack(t *testing.T) {
	y := newYard(t, 6)
	y.tag([]string{"vip"}, nil, y.firsts(6))
	if got := y.tag([]string{"vip"}, []string{"nada"}, y.firsts(6)); got.Changed != 0 {
		t.Errorf("it changed %d", got.Changed)
	}
	if got := y.untag(); got.Changed != 6 {
		t.Errorf("taken back were %d, want 6", got.Changed)
	}
	y.tag([]string{"a"}, nil, y.firsts(3))
	y.tag([]string{"b"}, nil, y.firsts(2))
	if last, err := y.book.LastTagging(); err != nil || last.People != 2 {
		t.Errorf("%+v, %v", last, err)
	}
}

func TestTagsChangeThroughAnyDeath(t *testing.T) {
	y := newYard(t, 17)
	y.mixed(17)
	before := y.tagged(17)
	k := y.nextJob()
	_, err := desk(y.book).Tag([]string{"vip"}, []string{"frio"}, y.firsts(17), "todos")
	ok(t, err)
	for more := true; more; {
		z := y.copied() // dies here
		rest(t, z.book)
		z.sound()
		for i, tags := range z.tagged(17) {
			if len(tags) != 1 || !strings.EqualFold(tags[0], "vip") {
				t.Errorf("person %d has %q", i, tags)
			}
		}
		z.untag()
		if got := z.tagged(17); !slices.EqualFunc(got, before, slices.Equal) {
			t.Errorf("taken back they have\n%q, want\n%q", got, before)
		}
		ok(t, y.book.chunk(k, chunkSize))
		y.sound()
		ok(t, y.book.view(func(tx *bolt.Tx) (err error) {
			_, more, err = jobTx(tx, k)
			return err
		}))
	}
	last, err := y.book.Audit(0, 1000)
	ok(t, err)
	e := last[len(last)-1]
	if want := map[string]int{"people": 17, "updated": 13, "full_tags": 0}; e.Verb != VerbTag || e.Outcome != Done || !maps.Equal(e.Counts, want) {
		t.Errorf("the audit says %+v, want counts %v", e, want)
	}
}

func TestTwoChangesOfTagsDoNotMix(t *testing.T) {
	y := newYard(t, 12)
	y.nextJob()
	_, err := desk(y.book).Tag([]string{"vip"}, nil, y.firsts(12), "")
	ok(t, err)
	if _, err = desk(y.book).Tag([]string{"b"}, nil, y.firsts(12), ""); !errors.Is(err, ErrState) {
		t.Errorf("a second one: %v, want ErrState", err)
	}
	if _, err = desk(y.book).Untag(); !errors.Is(err, ErrState) {
		t.Errorf("an end of one that goes on: %v, want ErrState", err)
	}
}

func TestWhatIsToBeTakenBackKeepsNobodyWaiting(t *testing.T) {
	y := newYard(t, 6)
	y.tag([]string{"vip"}, nil, y.firsts(6))
	if idle, err := y.book.Idle(); !idle || err != nil {
		t.Errorf("idle: %v, %v", idle, err)
	}
	if jobs, err := y.book.Jobs(); len(jobs) > 0 || err != nil {
		t.Errorf("jobs: %v, %v", jobs, err)
	}
	ok(t, y.book.Close())
	y.book = y.open(y.path)
	if got := y.untag(); got.Changed != 6 {
		t.Errorf("taken back were %d after the book was opened again, want 6", got.Changed)
	}
}

func TestTagsOfWhoIsErasedMergedOrFull(t *testing.T) {
	y := newYard(t, 4)
	full := y.person(2).ID
	ok(t, desk(y.book).EditContact(full, func(c *people.Contact) {
		for i := range people.MaxTags {
			c.Tags = append(c.Tags, fmt.Sprint("t", i))
		}
	}))
	ids := y.firsts(4)
	ok(t, desk(y.book).EditContact(ids[0], func(c *people.Contact) { c.Tags = []string{"vip"} }))
	ok(t, desk(y.book).Erase(t.Context(), ids[3]))
	got := y.tag([]string{"vip"}, nil, ids)
	if want := (Tagging{Add: []string{"vip"}, People: 4, Changed: 1, Full: 1}); !sameTagging(got, want) {
		t.Errorf("it says %+v, want %+v", got, want)
	}
	// Person 1, who got the tag, turns out to be person 0, who had it before.
	ok(t, y.book.Answered(y.number, []people.Phone{yardPhone(1)}, []people.Answer{{
		Asked: yardPhone(1), Presence: people.OnWhatsApp, Phone: yardPhone(0), LID: "880",
	}}, y.now))
	if y.person(0).ID != y.person(1).ID {
		t.Fatal("they are two")
	}
	y.untag()
	if got := y.person(0).Tags; !slices.Equal(got, []string{"vip"}) {
		t.Errorf("they have %q: the tag was theirs before", got)
	}
}

func TestTagsThatCannotBe(t *testing.T) {
	y := newYard(t, 1)
	for _, c := range []struct {
		add, remove []string
		want        reason.Code
	}{
		{nil, nil, reason.TagsNone},
		{[]string{" "}, nil, reason.TagEmpty},
		{[]string{"a"}, []string{"Á"}, reason.TagsBoth},
		{[]string{`a"b`}, nil, reason.TagSign},
		{nil, []string{"*"}, reason.TagSign},
		{[]string{strings.Repeat("x", people.MaxTag+1)}, nil, reason.RowTagLong},
	} {
		if _, err := desk(y.book).Tag(c.add, c.remove, y.firsts(1), ""); reason.Of(err).Code != c.want {
			t.Errorf("+%q -%q: %v, want %s", c.add, c.remove, err, c.want)
		}
	}
	if _, err := desk(y.book).Untag(); !errors.Is(err, ErrNotFound) {
		t.Errorf("nothing to take back: %v, want ErrNotFound", err)
	}
}

// TestAClaimGoesBeforeAChangeOfTags: what is sent does not wait for it.
func TestAClaimGoesBeforeAChangeOfTags(t *testing.T) {
	y := newYard(t, 30)
	id := y.begin()
	y.finish(id)
	k := y.nextJob()
	_, err := desk(y.book).Tag([]string{"vip"}, nil, y.firsts(30), "")
	ok(t, err)
	ok(t, y.book.chunk(k, chunkSize))
	if d := y.claim(); d == nil || d.Campaign != id {
		t.Errorf("claimed is %v in the middle of it", d)
	}
}
