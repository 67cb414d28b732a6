package campaign

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"recado/campaign/people"
)

// Texts that people and files bring are read in a time that grows with their
// size. What is here took hours when it did not: a test that does not end says
// so.

// distinctFields is a text that asks for n different fields.
func distinctFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{c%d}", i)
	}
	return b.String()
}

func TestATextWithManyFieldsIsFilledIn(t *testing.T) {
	const n = 200_000
	text, err := ParseTemplate(distinctFields(n) + "{c1}{C 2}")
	if err != nil {
		t.Fatal(err)
	}
	if got := text.Fields(); len(got) != n || got[n-1] != fmt.Sprint("c", n-1) {
		t.Errorf("%d fields, want %d", len(got), n)
	}
	c := &people.Contact{Fields: make(map[string]string)}
	for i := range people.MaxFields {
		c.Fields[fmt.Sprintf("C_%d", i)] = "x"
	}
	_, err = text.Render(c, time.Now())
	missing, ok := err.(*MissingError)
	if !ok || len(missing.Fields) != n-people.MaxFields || missing.Fields[0] != fmt.Sprint("c", people.MaxFields) {
		t.Fatalf("%T, want %d missing fields", err, n-people.MaxFields)
	}
}

// Of two fields with names that compare equal the first one with something in
// it counts, in the text as in the filter.
func TestFieldsThatCompareEqual(t *testing.T) {
	c := &people.Contact{Fields: map[string]string{"a b": " ", "a_b": "first", "ab ": "second", "xy": "plain", "x y": "other"}}
	for key, want := range map[string]string{"ab": "first", "xy": "plain", "none": ""} {
		lookup := fieldLookup{c: c}
		if got, filtered := lookup.field(key), c.Field(key); got != want || filtered != want {
			t.Errorf("%s: %q in a text, %q in a filter; want %q", key, got, filtered, want)
		}
	}
}

// hostileTexts are texts of about n bytes that are made to be slow, and what
// reads them.
var hostileTexts = []struct {
	name string
	text func(n int) string
	read func(string)
}{
	{"template of fields", func(n int) string { return distinctFields(n / 8) }, fillIn},
	{"template of braces", func(n int) string { return strings.Repeat("{{", n/2) }, fillIn},
	{"template without an end", func(n int) string { return strings.Repeat("{", n) }, fillIn},
	{"template of one field", func(n int) string { return "{" + strings.Repeat("x", n) + "}" }, fillIn},
}

func fillIn(s string) {
	if t, err := ParseTemplate(s); err == nil {
		t.Render(&people.Contact{Fields: map[string]string{"Cidade": "x"}}, time.Time{})
	}
}

// BenchmarkHostileTexts reads texts of a size and of four times that: the time
// per byte (the MB/s) must be about the same.
func BenchmarkHostileTexts(b *testing.B) {
	for _, hostile := range hostileTexts {
		for _, size := range []int{64 << 10, 256 << 10} {
			b.Run(fmt.Sprintf("%s/%dKB", strings.ReplaceAll(hostile.name, " ", "-"), size>>10), func(b *testing.B) {
				text := hostile.text(size)
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					hostile.read(text)
				}
			})
		}
	}
}
