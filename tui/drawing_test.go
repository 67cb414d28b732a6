package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// emoji are characters of several code points, as they are in everyday
// messages, and such as only look like them.
var emoji = []string{
	"👍", "👍🏽", "👋🏿", "👨‍👩‍👧", "👩🏽‍💻", "🏳️‍🌈", "🇧🇷", "🇧", "1️⃣", "#️⃣", "❤️", "❤", "☎️", "⌚", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏽", "\u200d", "\ufe0f", "\u20e3",
	"👍\u200d", "\u200d👍", "👍🏽🏽🏽", "1\u20e3", "🫠", "🇧🇷🇧", "👁️‍🗨️", "👍\ufe0e", "\U000e0067\U000e007f",
}

func TestAnEmojiNeverHangsTheDrawing(t *testing.T) {
	for _, graphemes := range []bool{false, true} {
		c := cells{graphemes}
		for _, one := range emoji {
			for _, line := range []string{one, "Oi " + one, strings.Repeat(one, 60), "\x1b[1m" + one + "\x1b[m" + one} {
				for w := range 81 {
					if got := c.method().StringWidth(c.exactly(line, w)); got != w {
						t.Fatalf("graphemes %v: exactly(%q, %d) has %d cells", graphemes, line, w, got)
					}
				}
			}
		}
	}
}

func FuzzExactlyIsExact(f *testing.F) {
	for _, one := range emoji {
		f.Add(one+"\x1b[31m"+one+"a\u0301", 3, false)
	}
	f.Add("\x1b[31mZ\u0301\u0301\x1b]0;x\x07\x9b1m\x1b[", 2, true)
	f.Fuzz(func(t *testing.T, line string, w int, graphemes bool) {
		w = max(min(w, 200), 0)
		c := cells{graphemes}
		got := c.exactly(strings.ReplaceAll(line, "\n", ""), w)
		if n := c.method().StringWidth(ansi.Strip(got)); ansi.Strip(got) == got && n != w {
			t.Fatalf("exactly(%q, %d) = %q has %d cells", line, w, got, n)
		}
	})
}
