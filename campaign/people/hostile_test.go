package people

import (
	"fmt"
	"strings"
	"testing"
)

// Texts that people and files bring are read in a time that grows with their
// size. What is here took hours when it did not: a test that does not end says
// so.

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

// hostileTexts2 are texts of about n bytes that are made to be slow, and what
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
	{"phone of digits", func(n int) string { return strings.Repeat("1", n) }, readPhone},
	{"phone of zeros", func(n int) string { return "00" + strings.Repeat("0", n) }, readPhone},
	{"phone of signs", func(n int) string { return strings.Repeat("(", n) + "1e" }, readPhone},
	{"phone of letters", func(n int) string { return strings.Repeat("0xx", n/3) }, readPhone},
	{"opt-out", func(n int) string { return strings.Repeat("por favor ", n/10) + "sair" }, func(s string) { Wants(s, "") }},
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

func readPhone(s string) { ParsePhone(s) }

// BenchmarkHostileTexts2 reads texts of a size and of four times that: the time
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
