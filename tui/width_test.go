package tui

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestPaintedLinesAreAsWideAsTheRendererCounts: of whatever they are made.
func TestPaintedLinesAreAsWideAsTheRendererCounts(t *testing.T) {
	pieces := []string{
		"a", "~", " ", "é", "ÿ", "ɏ", "ɿ", "ʰ", "\u0301", "\u0327", "\u00ad", "\u200d", "\ufe0f", "─", "▌", "日", "ｱ", "👍", "🏽", "👩", "🇧", "🇷", "ำ", "न", "ि",
		"\x1b[1;31m", "\x1b[m", "\x1b[38;5;99m", "m", ";", "1", "\t", "\x1b[", "\x1b[3", "\x1b]0;x\x07", "\x1b", "\x9b", "\xc3", "\xc9\x41", "\xff", "\xe2\x94", "\x7f", "\x00",
	}
	broken := slices.Index(pieces, "\x1b[")
	r := rand.New(rand.NewPCG(3, 5))
	var c cells
	for range 20_000 {
		var b strings.Builder
		whole := true // no piece of a sequence or of a letter
		for range r.IntN(9) {
			n := r.IntN(len(pieces))
			whole = whole && n < broken
			b.WriteString(pieces[n])
		}
		line := b.String()
		slow, at := 0, 0
		for at < len(line) {
			n, w := c.painted(line[at:])
			at, slow = at+n, slow+w
		}
		got := c.paintedWidth(line)
		if got != slow {
			t.Fatalf("%q is %d cells wide, want %d", line, got, slow)
		}
		if want := counted.StringWidth(line); whole && got != want {
			t.Fatalf("%q is %d cells wide, the renderer counts %d", line, got, want)
		}
	}
}
