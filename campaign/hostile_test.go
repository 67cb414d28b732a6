package campaign

import (
	"fmt"
	"strings"
	"testing"
	"time"
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
	c := &Contact{Fields: make(map[string]string)}
	for i := range MaxFields {
		c.Fields[fmt.Sprintf("C_%d", i)] = "x"
	}
	_, err = text.Render(c, time.Now())
	missing, ok := err.(*MissingError)
	if !ok || len(missing.Fields) != n-MaxFields || missing.Fields[0] != fmt.Sprint("c", MaxFields) {
		t.Fatalf("%T, want %d missing fields", err, n-MaxFields)
	}
}

// Of two fields with names that compare equal the first one with something in
// it counts, in the text as in the filter.
func TestFieldsThatCompareEqual(t *testing.T) {
	c := &Contact{Fields: map[string]string{"a b": " ", "a_b": "first", "ab ": "second", "xy": "plain", "x y": "other"}}
	for key, want := range map[string]string{"ab": "first", "xy": "plain", "none": ""} {
		lookup := fieldLookup{c: c}
		if got, filtered := lookup.field(key), c.field(key); got != want || filtered != want {
			t.Errorf("%s: %q in a text, %q in a filter; want %q", key, got, filtered, want)
		}
	}
}

func TestFiltersMayBeLongButNotDeep(t *testing.T) {
	const n = 200_000
	for _, line := range []string{
		strings.Repeat("ana ou ", n) + "bia", strings.Repeat("-tag:x ", n), strings.Repeat("(a)", n), strings.Repeat("x", n),
		strings.Repeat(`"x"`, n), strings.Repeat("cidade:x ", n), strings.Repeat("a:", n) + "x", strings.Repeat("-(a) ", n),
	} {
		if _, err := ParseFilter(line); err != nil {
			t.Errorf("%.20q…: %v", line, err)
		}
	}
	for _, line := range []string{strings.Repeat("(", n), strings.Repeat("-(", n), strings.Repeat("(a ", n), strings.Repeat("-", n), strings.Repeat("ou (", n)} {
		if _, err := ParseFilter(line); err == nil {
			t.Errorf("%.20q… is taken", line)
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
	{"filter of alternatives", func(n int) string { return strings.Repeat("a ou ", n/5) + "a" }, parseFilter},
	{"filter of terms", func(n int) string { return strings.Repeat("-tag:x ", n/7) }, parseFilter},
	{"filter of quotes", func(n int) string { return strings.Repeat(`"x"`, n/3) }, parseFilter},
	{"filter of parentheses", func(n int) string { return strings.Repeat("(", n) }, parseFilter},
	{"filter of groups", func(n int) string { return strings.Repeat("(a)", n/3) }, parseFilter},
	{"filter of colons", func(n int) string { return strings.Repeat("a:", n/2) }, parseFilter},
	{"template of fields", func(n int) string { return distinctFields(n / 8) }, fillIn},
	{"template of braces", func(n int) string { return strings.Repeat("{{", n/2) }, fillIn},
	{"template without an end", func(n int) string { return strings.Repeat("{", n) }, fillIn},
	{"template of one field", func(n int) string { return "{" + strings.Repeat("x", n) + "}" }, fillIn},
	{"phone of digits", func(n int) string { return strings.Repeat("1", n) }, readPhone},
	{"phone of zeros", func(n int) string { return "00" + strings.Repeat("0", n) }, readPhone},
	{"phone of signs", func(n int) string { return strings.Repeat("(", n) + "1e" }, readPhone},
	{"phone of letters", func(n int) string { return strings.Repeat("0xx", n/3) }, readPhone},
	{"opt-out", func(n int) string { return strings.Repeat("por favor ", n/10) + "sair" }, func(s string) { IsOptOut(s) }},
	{"fold of spaces", func(n int) string { return strings.Repeat(" ", n) }, func(s string) { Fold(s) }},
	{"fold of marks", func(n int) string { return "a" + strings.Repeat("\u0301", n/2) }, func(s string) { Fold(s) }},
	{"fold of ligatures", func(n int) string { return strings.Repeat("\ufdfa", n/3) }, func(s string) { Fold(s) }},
	{"fold of no UTF-8", func(n int) string { return strings.Repeat("\xe9", n) }, func(s string) { Fold(s) }},
}

func parseFilter(s string) {
	if f, err := ParseFilter(s); err == nil {
		f.Match(&Contact{Name: "ana", Tags: []string{"y"}}, FilterEnv{})
	}
}

func fillIn(s string) {
	if t, err := ParseTemplate(s); err == nil {
		t.Render(&Contact{Fields: map[string]string{"Cidade": "x"}}, time.Time{})
	}
}

func readPhone(s string) { ParsePhone(s) }

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
