package tui

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func TestFitCutsAndPads(t *testing.T) {
	for _, c := range []struct {
		s    string
		w    int
		want string
	}{
		{"Ana", 5, "Ana  "},
		{"Ana", 3, "Ana"},
		{"Ana Souza", 5, "Ana …"},
		{"Ana", 0, ""},
		{"", 2, "  "},
		{"João", 4, "João"},
		{"João Antônio", 6, "João …"},
		{"Joa\u0303o", 4, "Joa\u0303o"}, // the tilde as a mark of its own
		{"世界人民", 5, "世界…"},
		{"世界人民", 4, "世…"[:len("世…")] + " "},
		{"a\nb\tc\r\nd", 7, "a b c d"},
		{"\x1b[31mred", 7, "[31mred"},
		{"a\u009bb\x7fc", 3, "abc"},
		{"\u202eabc\u202c", 3, "abc"},
		{"a\u200bb\ufeffc\u00ad", 3, "abc"},
		{"x\xff", 2, "x" + blot},
		{"Z\u0301\u0301\u0301\u0301\u0301a", 2, "Z\u0301\u0301a"},
		{"\u0301a", 2, "a "},
		{"a\u3000b", 3, "a b"},
		{"\u3164", 1, " "},
	} {
		if got := (cells{}).fit(c.s, c.w); got != c.want {
			t.Errorf("fit(%q, %d) = %q, want %q", c.s, c.w, got, c.want)
		}
	}
}

func TestWhatTerminalsCountDifferentlyIsShownAsASign(t *testing.T) {
	// A heart with the emoji selector is one cell to wcwidth and two to a
	// terminal that counts clusters.
	if got, want := (cells{}).fit("\u2764\ufe0f!", 3), "\u2764! "; got != want {
		t.Errorf("unsure: %q, want %q", got, want)
	}
	if got, want := (cells{graphemes: true}).fit("\u2764\ufe0f!", 3), "\u2764\ufe0f!"; got != want {
		t.Errorf("clusters: %q, want %q", got, want)
	}
	if got, want := (cells{graphemes: true}).width("👨\u200d👩\u200d👧"), 2; got != want {
		t.Errorf("a family is %d cells, want %d", got, want)
	}
	if got := (cells{}).fit("👨\u200d👩\u200d👧", 6); strings.Contains(got, "\u200d") {
		t.Errorf("a joiner is left in %q", got)
	}
}

func TestFitRightKeepsTheEdge(t *testing.T) {
	if got, want := (cells{}).fitRight("42", 5), "   42"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWrapBreaksAtSpaces(t *testing.T) {
	got := (cells{}).wrap("Oi Ana, tudo bem?\n\nAté supercalifragilístico", 10)
	want := []string{"Oi Ana,", "tudo bem?", "", "Até", "supercalif", "ragilístic", "o"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (cells{}).wrap("世界", 1); len(got) != 2 {
		t.Errorf("got %q, want two signs", got)
	}
}

func FuzzFitIsExactAndHarmless(f *testing.F) {
	f.Add(hostile, 10, false)
	f.Add("Ana Souza", 4, true)
	f.Add("🇧🇷🇧🇷e\u0301\u20e3 1\ufe0f\u20e3", 3, true)
	f.Add("🇷🇧🇷0\xcc ⃣ 0000", 0, false) // a mark on a space
	f.Fuzz(func(t *testing.T, s string, w int, graphemes bool) {
		w = max(min(w, 300), 0)
		c := cells{graphemes}
		got := c.fit(s, w)
		if n := c.method().StringWidth(got); n != w {
			t.Fatalf("fit(%q, %d) = %q has %d cells", s, w, got, n)
		}
		if !graphemes {
			if n := ansi.GraphemeWidth.StringWidth(got); n != w {
				t.Fatalf("fit(%q, %d) = %q has %d cells when clusters are counted", s, w, got, n)
			}
		}
		if !utf8.ValidString(got) {
			t.Fatalf("fit(%q, %d) = %q is not UTF-8", s, w, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' {
				t.Fatalf("fit(%q, %d) = %q has %U", s, w, got, r)
			}
		}
		if again := c.fit(got, w); again != got {
			t.Fatalf("fit(%q, %d) = %q, and once more %q", s, w, got, again)
		}
		for _, line := range c.wrap(s, max(w, 1)) {
			if n := c.width(line); n > max(w, 1) {
				t.Fatalf("wrap(%q, %d) has a line of %d cells: %q", s, w, n, line)
			}
		}
	})
}

func BenchmarkFit(b *testing.B) {
	for b.Loop() {
		(cells{}).fit("Débora Conceição dos Santos", 20)
	}
}
