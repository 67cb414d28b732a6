package tui

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
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
		{"x\u0e33", 2, "x\u0e33 "},
		{"a\u3000b", 3, "a b"},
		{"\u3164", 1, " "},
		{"a \uff9eb", 3, "a b"},
	} {
		if got := (cells{}).fit(c.s, c.w); got != c.want {
			t.Errorf("fit(%q, %d) = %q, want %q", c.s, c.w, got, c.want)
		}
	}
}

func TestEmojiAreShownWhole(t *testing.T) {
	for _, one := range []string{"👍", "👍🏽", "👨\u200d👩\u200d👧", "👩🏽\u200d💻", "🏳\ufe0f\u200d🌈", "🇧🇷", "1\ufe0f\u20e3", "#\ufe0f\u20e3", "❤\ufe0f", "☎\ufe0f", "©\ufe0f", "⌚",
		"🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🫠", "👁\ufe0f\u200d🗨\ufe0f", "🕵\ufe0f\u200d♂\ufe0f", "🧑\u200d🧑\u200d🧒\u200d🧒", "❤\ufe0f\u200d🔥"} {
		if got, want := (cells{}).fit(one+"!", 3), one+"!"; got != want {
			t.Errorf("%q is shown as %q", want, got)
		}
		if got, want := (cells{}).fit("a"+one, 2), "a…"; got != want {
			t.Errorf("%q cut is %q, want %q", one, got, want)
		}
	}
}

func TestWhatOnlyLooksLikeAnEmojiJoinsNothing(t *testing.T) {
	for _, c := range []struct {
		s, want string
		w       int
	}{
		{"🏽a", blot + "a", 2}, // a colour of skin without a hand
		{"a🏽", "a" + blot, 2},
		{"👍🏽🏽🏽", "👍🏽", 2},
		{"✌🏽", "✌\ufe0f", 2},
		{"🕵🏽\u200d♂\ufe0f", "🕵\ufe0f\u200d♂\ufe0f", 2},
		{"\u200d👍", "👍", 2},
		{"👍\u200d", "👍", 2},
		{"a\ufe0f", "a", 1},
		{"1\ufe0f", "1", 1},
		{"\U000e0067\U000e007f", "", 0},
		{"👍\U000e0067\U000e007f", "👍", 2},
		{"🇧\u200b🇷", "🇧" + blot + "🇷", 5}, // parted by what is not shown
	} {
		if got, w := (cells{}).cut(c.s, 80); got != c.want || w != c.w {
			t.Errorf("%q is shown as %q in %d cells, want %q in %d", c.s, got, w, c.want, c.w)
		}
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
	for i, one := range emoji {
		f.Add(one+one+"a"+one, i)
	}
	f.Add(hostile, 10)
	f.Add(" \uff9e000000000", 0)
	f.Add("Ana Souza", 4)
	f.Add("🇧🇷🇧🇷e\u0301\u20e3 1\ufe0f\u20e3", 3)
	f.Add("🇷🇧🇷0\xcc ⃣ 0000", 0) // a mark on a space
	f.Fuzz(func(t *testing.T, s string, w int) {
		w = max(min(w, 300), 0)
		c := cells{}
		got := c.fit(s, w)
		if n := counted.StringWidth(got); n != w {
			t.Fatalf("fit(%q, %d) = %q has %d cells", s, w, got, n)
		}
		if !utf8.ValidString(got) {
			t.Fatalf("fit(%q, %d) = %q is not UTF-8", s, w, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' && !(r >= 0xe0030 && r <= 0xe007f) {
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
