package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// numbered makes texts that are all different.
func numbered(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint(prefix, i)
	}
	return all
}

// A phone may send whatever name it likes, by whichever way.
func TestANameFromAPhoneIsBounded(t *testing.T) {
	b := newBook(t)
	n := must[campaign.Number](t)(desk(b).AddNumber("loja"))
	huge := strings.Repeat("ã", 3<<20)
	for i, source := range []people.NameSource{people.PushName, people.Business, people.AddressBook} {
		ok(t, b.Saw(n.ID, []people.Seen{{Phone: withNinth, LID: "77", Name: huge, Source: source, Known: true}}))
		c := must[people.Contact](t)(b.ContactByPhone(withNinth))
		if got := utf8.RuneCountInString(c.Name); got != people.MaxName || c.NameSource != source || !strings.HasSuffix(c.Name, "…") {
			t.Errorf("%d: a name of %d characters from source %d", i, got, c.NameSource)
		}
	}
	sound(t, b)
}

func TestATypedNameThatIsTooLongIsRefused(t *testing.T) {
	b := newBook(t)
	n := must[campaign.Number](t)(desk(b).AddNumber("loja"))
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: withNinth}}, "a.csv"))
	ana := must[people.Contact](t)(b.ContactByPhone(withNinth))
	for length, refused := range map[int]bool{people.MaxName: false, people.MaxName + 1: true} {
		name := strings.Repeat("ã", length)
		_, added := desk(b).AddNumber(name)
		_, drafted := desk(b).AddCampaign(campaign.Campaign{Name: name, Text: "Oi", Pace: campaign.DefaultPace(n.LinkedAt, n.LinkedAt)})
		for what, err := range map[string]error{
			"a number": added, "a campaign": drafted,
			"a contact": desk(b).EditContact(ana.ID, func(c *people.Contact) { c.Name = name }),
		} {
			var why reason.Reason
			if errors.As(err, &why) != refused || !refused && err != nil {
				t.Errorf("%s with a name of %d characters: %v", what, length, err)
			}
		}
	}
}

// A person has no more than so many tags and fields, however many files they
// come in; the row that would bring more is counted, and nothing of it is kept.
func TestAPersonHasRoomForSoMuch(t *testing.T) {
	for _, rows := range []int{1, smallImport + 1} { // in one transaction, and in chunks
		b := newBook(t)
		fields := func(prefix string, n int) map[string]string {
			all := make(map[string]string)
			for _, name := range numbered(prefix, n) {
				all[name] = "x"
			}
			return all
		}
		full := people.Row{Line: 2, Phone: withNinth, Tags: numbered("t", people.MaxTags), Fields: fields("f", people.MaxFields)}
		if got := must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{full}, "a.csv")); got != (ImportReport{Added: 1}) {
			t.Fatalf("as much as there is room for: %+v", got)
		}
		var more []people.Row
		for i := range rows - 1 {
			more = append(more, people.Row{Line: 100 + i, Phone: people.Phone(fmt.Sprintf("+5521%09d", 990000000+i))})
		}
		more = append(more,
			people.Row{Line: 31, Phone: withNinth, Name: "Ana", Tags: []string{"more"}},
			people.Row{Line: 30, Phone: withNinth, Name: "Bia", Fields: map[string]string{"more": "x"}},
			people.Row{Line: 32, Phone: withNinth, Tags: []string{"T3"}, Fields: map[string]string{"f3": "y"}})
		if got := must[ImportReport](t)(desk(b).Import(t.Context(), more, "b.csv")); got != (ImportReport{Added: rows - 1, Updated: 1, Full: 2, FullLine: 30}) {
			t.Errorf("more than that, in %d rows: %+v", rows, got)
		}
		c := must[people.Contact](t)(b.ContactByPhone(withNinth))
		if len(c.Tags) != people.MaxTags || len(c.Fields) != people.MaxFields || c.Name != "" || c.Fields["f3"] != "y" {
			t.Errorf("%d tags, %d fields, name %q", len(c.Tags), len(c.Fields), c.Name)
		}
		sound(t, b)
	}
}

// Tags that are a great many, as a merge or an older book may hold, are united
// in a time that grows with their number.
func TestManyTagsAreUnited(t *testing.T) {
	a, c := numbered("Etiqueta ", 100_000), numbered("etiqueta ", 200_000)
	got := union(a, c)
	if len(got) != 200_000 || got[0] != "Etiqueta 0" {
		t.Errorf("%d tags, first %q; want 200000, spelled as they come first", len(got), got[0])
	}
}

// BenchmarkUnion: the time per tag is the same for many.
func BenchmarkUnion(b *testing.B) {
	for _, n := range []int{1000, 4000, 16000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x, y := numbered("A", n), numbered("b", n)
			for b.Loop() {
				union(x, y)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*2*n), "ns/tag")
		})
	}
}
