package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"recado/store/bolt"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// crowdedBook has n people, P0000001 with the id 1 and so on.
func crowdedBook(t *testing.T, n int) *Book {
	t.Helper()
	b := newBook(t)
	rows := make([]people.Row, n)
	for i := range rows {
		rows[i] = people.Row{Phone: people.Phone(fmt.Sprintf("+55119%08d", 80000000+i)), Name: fmt.Sprintf("P%07d", i+1)}
	}
	must[ImportReport](t)(desk(b).Import(t.Context(), rows, "a.csv"))
	return b
}

// sizes are the lists and how many are on each.
func sizes(t *testing.T, b *Book) string {
	t.Helper()
	var all []string
	for _, l := range must[[]List](t)(b.Lists()) {
		all = append(all, fmt.Sprintf("%s %d", l.Name, l.Size))
	}
	return strings.Join(all, ", ")
}

func TestSavingAListReplacesWhoWasOnItAndAddingKeepsThem(t *testing.T) {
	b := crowdedBook(t, 9)
	must[List](t)(desk(b).SaveList("Férias  2026", []people.ContactID{1, 2, 3, 99}))
	must[List](t)(desk(b).SaveList("b", []people.ContactID{2}))
	if got := must[List](t)(desk(b).SaveList("ferias 2026", []people.ContactID{4})); got.Name != "Férias 2026" || got.Size != 1 {
		t.Errorf("saved anew it is %+v", got)
	}
	if got := found(t, b, `lista:"FERIAS 2026"`); !slices.Equal(got, []string{"P0000004"}) {
		t.Errorf("on it are %q", got)
	}
	if got := must[List](t)(desk(b).AddToList("férias 2026", []people.ContactID{4, 5, 99})); got.Size != 2 {
		t.Errorf("after two were added it is %+v", got)
	}
	if got := found(t, b, `lista:"ferias 2026" ou list:b`); !slices.Equal(got, []string{"P0000002", "P0000004", "P0000005"}) {
		t.Errorf("on either are %q", got)
	}
	if got := found(t, b, `lista:* -lista:b`); len(got) != 2 {
		t.Errorf("on another than b are %q", got)
	}
	if _, err := desk(b).AddToList("ferias", []people.ContactID{1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("adding to a list that is not there got %v", err)
	}
	if got := sizes(t, b); got != "b 1, Férias 2026 2" {
		t.Errorf("the lists are %s", got)
	}
	c := must[people.Contact](t)(b.Contact(4))
	page := must[[]people.Contact](t)(b.ContactsByID([]people.ContactID{2, 4, 9}))
	if !slices.Equal(c.Lists, []string{"Férias 2026"}) || len(page) != 3 || !slices.Equal(page[0].Lists, []string{"b"}) ||
		!slices.Equal(page[1].Lists, c.Lists) || len(page[2].Lists) != 0 {
		t.Errorf("the people say %v, %+v", c.Lists, page)
	}
	sound(t, b)
}

func TestAListIsRenamedEmptiedAndDeleted(t *testing.T) {
	b := crowdedBook(t, 5)
	must[List](t)(desk(b).SaveList("clientes", []people.ContactID{1, 2}))
	must[List](t)(desk(b).SaveList("amigos", []people.ContactID{2, 3}))
	if err := desk(b).RenameList("amigos", "CLIENTES"); !errors.Is(err, ErrExists) {
		t.Errorf("a name that is taken got %v", err)
	}
	ok(t, desk(b).RenameList("clientes", "Clientes")) // its own, spelled again
	ok(t, desk(b).RenameList("clientes", "Fregueses"))
	if got := found(t, b, "lista:fregueses"); len(got) != 2 {
		t.Errorf("under the new name are %q", got)
	}
	var none *people.FilterError
	if _, err := b.Find(t.Context(), must[people.Filter](t)(people.ParseFilter("lista:clientes"))); !errors.As(err, &none) {
		t.Errorf("the old name: %v", err)
	}
	ok(t, desk(b).EmptyList("fregueses"))
	if got := sizes(t, b); got != "amigos 2, Fregueses 0" {
		t.Errorf("a list that was emptied is gone or not empty: %s", got)
	}
	sound(t, b)
	ok(t, desk(b).DeleteList("AMIGOS"))
	if got := sizes(t, b); got != "Fregueses 0" {
		t.Errorf("after one was deleted: %s", got)
	}
	must[List](t)(desk(b).SaveList("amigos", []people.ContactID{5}))
	if got := found(t, b, "lista:amigos"); !slices.Equal(got, []string{"P0000005"}) {
		t.Errorf("a new list of an old name has %q", got)
	}
	for _, err := range []error{desk(b).RenameList("x", "y"), desk(b).EmptyList("x"), desk(b).DeleteList("x")} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("of a list that is not there: %v", err)
		}
	}
	sound(t, b)
}

// A filter must mean the list and nothing else by its name.
func TestAListIsNeverCalledWhatAFilterReadsOtherwise(t *testing.T) {
	b := crowdedBook(t, 2)
	must[List](t)(desk(b).SaveList("a", []people.ContactID{1}))
	for _, name := range []string{"", "  ", "*", ` * `, `as "boas"`, strings.Repeat("x", people.MaxList+1)} {
		if _, err := desk(b).SaveList(name, []people.ContactID{1}); err == nil {
			t.Errorf("a list was called %q", name)
		}
		if err := desk(b).RenameList("a", name); err == nil {
			t.Errorf("a list was renamed %q", name)
		}
	}
	must[List](t)(desk(b).SaveList(strings.Repeat("ç", people.MaxList), nil))
	for _, name := range []string{"feira (de) maio", "ou", "-x", "a:b", "10:30"} {
		must[List](t)(desk(b).SaveList(name, []people.ContactID{2}))
		if got := found(t, b, `lista:"`+name+`"`); len(got) != 1 {
			t.Errorf("a filter finds %q on %q", got, name)
		}
	}
}

func TestTheListsOfTwoRecordsAreThoseOfOnePerson(t *testing.T) {
	b := newBook(t)
	n := must[campaign.Number](t)(desk(b).AddNumber("loja"))
	ok(t, b.Saw(n.ID, []people.Seen{{LID: "77", Name: "Ana"}}))
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: withNinth, Name: "Ana"}}, "a.csv"))
	must[List](t)(desk(b).SaveList("x", []people.ContactID{1}))
	must[List](t)(desk(b).SaveList("y", []people.ContactID{1, 2}))
	must[List](t)(desk(b).SaveList("z", []people.ContactID{2}))
	ok(t, b.Saw(n.ID, []people.Seen{{LID: "77", Phone: withNinth}})) // two records become one
	if got := sizes(t, b); got != "x 1, y 1, z 1" {
		t.Errorf("the lists are %s", got)
	}
	if c := must[people.Contact](t)(b.Contact(2)); !slices.Equal(c.Lists, []string{"x", "y", "z"}) {
		t.Errorf("Ana is on %q", c.Lists)
	}
	must[List](t)(desk(b).SaveList("x", []people.ContactID{2})) // an id from before
	if got := sizes(t, b); got != "x 1, y 1, z 1" {
		t.Errorf("saved by the old id: %s", got)
	}
	sound(t, b)
}

// Whoever was merged away between the look-up and the write is on the list as
// who they are now.
func TestAListSavedWhilePeopleAreMergedHasNoGhosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook(t)
		n := must[campaign.Number](t)(desk(b).AddNumber("loja"))
		ok(t, b.Saw(n.ID, []people.Seen{{LID: "77", Name: "Ana"}}))
		must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: withNinth, Name: "Ana"}}, "a.csv"))
		release := make(chan bool)
		go b.update(func(tx *bolt.Tx) error {
			<-release
			return mergeTx(tx, 2, 1, time.Now()) // the record 1 goes
		})
		synctest.Wait()
		go desk(b).SaveList("x", []people.ContactID{1, 2}) // it has looked both up, and waits to write
		synctest.Wait()
		close(release)
		synctest.Wait()
		if got := sizes(t, b); got != "x 1" {
			t.Errorf("the lists are %s", got)
		}
		sound(t, b)
		b.Close()
	})
}

func TestDraftsThatNameAListAreKnown(t *testing.T) {
	b := crowdedBook(t, 2)
	must[List](t)(desk(b).SaveList("Férias", []people.ContactID{1}))
	for _, to := range []string{"lista:ferias", "ana", `tag:vip (ou -list:"FÉRIAS")`, "lista:*", "lista:feriasx", "lista:ferias ou lista:ferias"} {
		must[campaign.Campaign](t)(desk(b).AddCampaign(campaign.Campaign{Name: to, Text: "oi", To: to}))
	}
	gone := must[campaign.Campaign](t)(desk(b).AddCampaign(campaign.Campaign{Name: "gone", Text: "oi", To: "lista:ferias"}))
	must[campaign.Campaign](t)(desk(b).Cancel(gone.ID))
	got := must[map[string][]string](t)(b.ListDrafts())["ferias"]
	if want := []string{"lista:ferias ou lista:ferias", `tag:vip (ou -list:"FÉRIAS")`, "lista:ferias"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAFilterThatNamesAListThatIsGoneSaysWhich(t *testing.T) {
	b := crowdedBook(t, 2)
	must[List](t)(desk(b).SaveList("a", nil))
	for to, want := range map[string]string{"lista:a": "", "lista:*": "", "ana": "", "": "", "lista:a -lista:B": "B", `vip ou (lista:"c d")`: "c d"} {
		filter, err := people.ParseFilter(to)
		ok(t, err)
		var gone *people.FilterError
		if _, err := b.Find(t.Context(), filter); want == "" && err != nil || want != "" &&
			(!errors.As(err, &gone) || !gone.Reason.Equal(reason.New(reason.FilterNoList, want)) || !strings.HasPrefix(strings.Trim(to[gone.Offset:], `"`), want)) {
			t.Errorf("%q: got %v, want %q", to, err, want)
		}
	}
}

func TestACampaignToAListThatIsGoneDoesNotStart(t *testing.T) {
	b := crowdedBook(t, 2)
	n := must[campaign.Number](t)(desk(b).AddNumber("loja"))
	must[campaign.Number](t)(b.LinkNumber(n.ID, "+5511912345678", "5511912345678:1@s.whatsapp.net", time.Now()))
	must[List](t)(desk(b).SaveList("a", []people.ContactID{1}))
	c := must[campaign.Campaign](t)(desk(b).AddCampaign(campaign.Campaign{Name: "c", Text: "oi", To: "-lista:a"}))
	ok(t, desk(b).RenameList("a", "b"))
	if _, err := desk(b).Start(c.ID, time.Now()); !errors.Is(err, ErrState) || !strings.Contains(err.Error(), `filter_no_list "a"`) {
		t.Errorf("the start got %v", err)
	}
	ok(t, desk(b).RenameList("b", "a"))
	if c = must[campaign.Campaign](t)(desk(b).Start(c.ID, time.Now())); c.Status != campaign.Running {
		t.Errorf("it is %v", c.Status)
	}
	if counts := must[campaign.Counts](t)(b.Counts(c.ID)); counts.Total() != 1 {
		t.Errorf("it goes to %d people", counts.Total())
	}
}

// Until version 3 every person's record had the names of its lists.
func TestListsOfAnOlderBookAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.db")
	b, err := Open(path, Options{Kind: Demo})
	ok(t, err)
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: withNinth, Name: "Ana", Tags: []string{"vip"}}, {Phone: "+5521999990000", Name: "Bia", Tags: []string{"frio"}}}, "a.csv"))
	ok(t, b.Close())
	edit(t, path, func(tx *bolt.Tx) error {
		for id, lists := range map[people.ContactID][]string{1: {"b", "Férias"}, 2: {"ferias"}} {
			c, err := contactTx(tx, id)
			ok(t, err)
			v := string(encodeFirst(&c))
			e := bolt.Enc{}
			e.Texts(c.Tags)
			e.Texts(nil)
			before := string(e.B)
			e = bolt.Enc{}
			e.Texts(c.Tags)
			e.Texts(lists)
			ok(t, bucket(tx, "contacts").Put(key(uint64(id)), []byte(strings.Replace(v, before, string(e.B), 1))))
		}
		for name, size := range map[string]int{"b": 1, "Férias": 2} {
			v, err := json.Marshal(map[string]any{"Name": name, "Size": size})
			ok(t, err)
			ok(t, bucket(tx, "lists").Put([]byte(people.Fold(name)), v))
		}
		ok(t, tx.DeleteBucket([]byte("members")))
		return bucket(tx, "meta").Put([]byte("version"), key(uint32(3)))
	})
	b, err = Open(path, Options{Kind: Demo})
	ok(t, err)
	t.Cleanup(func() { b.Close() })
	if got := sizes(t, b); got != "b 1, Férias 2" {
		t.Errorf("the lists are %s", got)
	}
	if c := must[people.Contact](t)(b.Contact(1)); c.Name != "Ana" || !slices.Equal(c.Lists, []string{"b", "Férias"}) || !slices.Equal(c.Tags, []string{"vip"}) {
		t.Errorf("the person is %+v", c)
	}
	sound(t, b)
}

// A list of everybody is changed by a write that nobody has to wait for: it is
// as large as a bit for each person, not as their records.
func TestAListOfEverybodyIsChangedByAShortWrite(t *testing.T) {
	const n = 4_000
	b := crowdedBook(t, n)
	var all []people.ContactID
	for id := range people.ContactID(n) {
		all = append(all, id+1)
	}
	written := func(change func() error) int64 {
		before := b.db.Stats()
		ok(t, change())
		after := b.db.Stats()
		return after.TxStats.GetPageCount() - before.TxStats.GetPageCount()
	}
	for name, change := range map[string]func() error{
		"save":    func() error { _, err := desk(b).SaveList("x", all); return err },
		"replace": func() error { _, err := desk(b).SaveList("x", all[:n/2]); return err },
		"add":     func() error { _, err := desk(b).AddToList("x", all); return err },
		"empty":   func() error { return desk(b).EmptyList("x") },
		"delete":  func() error { return desk(b).DeleteList("x") },
	} {
		must[List](t)(desk(b).SaveList("x", all[1:]))
		if pages := written(change); pages > 30 {
			t.Errorf("%s: %d pages were written for %d people", name, pages, n)
		}
	}
	sound(t, b)
}
