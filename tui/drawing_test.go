package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
)

// emoji are characters of several code points, as they are in everyday
// messages, such as only look like them, and other texts that are hard to
// count.
var emoji = []string{
	"👍", "👍🏽", "👋🏿", "👨‍👩‍👧", "👩🏽‍💻", "🏳️‍🌈", "🇧🇷", "🇧", "1️⃣", "#️⃣", "❤️", "❤", "☎️", "⌚", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏽", "\u200d", "\ufe0f", "\u20e3",
	"👍\u200d", "\u200d👍", "👍🏽🏽🏽", "1\u20e3", "🫠", "🇧🇷🇧", "👁️‍🗨️", "👍\ufe0e", "\U000e0067\U000e007f", "🇧\u200b🇷", "a🏽", "\u00a0🏽",
	"Z" + strings.Repeat("\u0301", 40), "\u202eשלום", "مرحبا", "世界", "ｶﾞ", "นำ", "स्ते", "\u1100\u1161", "\u0d4e", "\xf0\x9f\x91", "\xff", "\t", "\x1b[2J", "\x9b1m", "e\u0301",
}

func TestNoTextHangsOrBreaksTheDrawing(t *testing.T) {
	drawsAlone(t)
	c := cells{}
	e := newRoot(t.Context(), App{}).env
	check := func(what, s string, w int, lines ...string) {
		t.Helper()
		for _, line := range lines {
			if got := counted.StringWidth(line); got > w {
				t.Fatalf("%s(%q, %d) has a line of %d cells: %q", what, s, w, got, line)
			}
		}
	}
	for i, one := range emoji {
		for _, s := range []string{one, "Oi " + one, strings.Repeat(one, 30), one + emoji[(i+7)%len(emoji)] + "\n" + one, "*" + one + "* _" + one + one} {
			painted := "\x1b[1m" + c.clean(s) + "\x1b[m" + c.clean(one)
			area := newArea(e, "", 0)
			area.focus(true)
			area.set(s)
			line := newLine(e, "", 0)
			line.set(s)
			for _, w := range []int{0, 1, 2, 3, 5, 8, 13, 40, 80, 200} {
				for what, line := range map[string]string{
					"exactly": c.exactly(painted, w), "fit": c.fit(s, w), "fitRight": c.fitRight(s, w), "line": line.view(e, w),
					"area": area.lines(e, w, 2)[0], "area's second": area.lines(e, w, 2)[1],
				} {
					if got := counted.StringWidth(line); got != w && !(w == 0 && strings.HasPrefix(what, "area")) {
						t.Fatalf("%s(%q, %d) has %d cells: %q", what, s, w, got, line)
					}
				}
				cut, used := c.cut(s, w)
				if check("cut", s, w, cut); used != counted.StringWidth(cut) {
					t.Fatalf("cut(%q, %d) says %d cells: %q", s, w, used, cut)
				}
				check("wrap", s, w, c.wrap(s, w)...)
				check("markup", s, w, e.markup(s, w, 20)...)
				check("big", s, w, e.big(s, w)...)
				if w > 0 {
					head, rest := c.take(c.clean(s), w)
					if check("take", s, w, head); head == "" && rest != "" {
						t.Fatalf("take(%q, %d) takes nothing", s, w)
					}
				}
			}
			area.update(tea.PasteMsg{Content: one})
			for range len(s) + len(one) + 2 { // a character at a time
				area.update(keyPress("left"))
				area.update(keyPress("up"))
				area.update(keyPress("delete"))
				area.update(keyPress("backspace"))
			}
			if area.value() != "" {
				t.Fatalf("%q is left of %q when everything is deleted", area.value(), s)
			}
		}
	}
}

func FuzzDrawing(f *testing.F) {
	for _, one := range emoji {
		f.Add(one+"\x1b[31m"+one+"a\u0301", "Oi "+one, 3)
	}
	f.Add("\x1b[31mZ\u0301\u0301\x1b]0;x\x07\x9b1m\x1b[", hostile, 2)
	f.Fuzz(func(t *testing.T, painted, s string, w int) {
		w = max(min(w, 200), 1)
		e := newRoot(t.Context(), App{}).env
		if got := e.exactly(strings.ReplaceAll(painted, "\n", ""), w); plainText(painted) && counted.StringWidth(got) != w {
			t.Fatalf("exactly(%q, %d) = %q has %d cells", painted, w, got, counted.StringWidth(got))
		}
		for _, line := range e.markup(s, w, 50) {
			if n := counted.StringWidth(line); n > w {
				t.Fatalf("markup(%q, %d) has a line of %d cells", s, w, n)
			}
		}
		e.big(s, w)
		area := newArea(e, "", 0)
		area.focus(true)
		area.set(s)
		for i, line := range area.lines(e, w, 5) {
			if n := counted.StringWidth(line); n != w {
				t.Fatalf("line %d of %q in %d cells has %d: %q", i, s, w, n, line)
			}
		}
	})
}

// FuzzFieldLaysOutAsFromTheBeginning types, deletes and moves, and looks at
// every step whether the rows are those that the whole text has.
func FuzzFieldLaysOutAsFromTheBeginning(f *testing.F) {
	f.Add("Oi {nome}, tudo bem?\nhoje 👍🏽 e amanhã\n\nfim", []byte("aadbcefgh1234"), 7)
	f.Add("palavramuitolonga outra palavra 世界世界", []byte("ccccbbbbaaaaffff"), 5)
	for _, one := range emoji {
		f.Add(one+" "+one+one, []byte("abcdefgh"), 3)
	}
	pieces := []string{"a", " ", "\n", "👍", "🏽", "palavra", "\u0301", "🇧", "世", "\u200d"}
	f.Fuzz(func(t *testing.T, s string, keys []byte, w int) {
		w = max(min(w, 60), 2)
		e := newRoot(t.Context(), App{}).env
		area := newArea(e, "", 0)
		area.focus(true)
		area.set(s)
		area.lines(e, w, 4)
		for _, k := range keys[:min(len(keys), 60)] {
			switch k % 12 {
			case 0:
				area.update(keyPress("left"))
			case 1:
				area.update(keyPress("up"))
			case 2:
				area.update(keyPress("backspace"))
			case 3:
				area.update(keyPress("delete"))
			case 4:
				area.update(keyPress("ctrl+w"))
			case 5:
				area.update(keyPress("down"))
			default:
				area.update(tea.PasteMsg{Content: pieces[int(k)%len(pieces)]})
			}
			whole := writing{text: area.text, at: area.at}
			whole.layOut(area.w)
			if fmt.Sprint(whole.rows) != fmt.Sprint(area.rows) {
				t.Fatalf("%q in %d cells has rows at %v, want %v", area.text, area.w, area.rows, whole.rows)
			}
			if n := len([]rune(area.text)); area.chars != n {
				t.Fatalf("%q is counted as %d characters", area.text, area.chars)
			}
			for _, line := range area.lines(e, w, 4) {
				if n := counted.StringWidth(line); n != w {
					t.Fatalf("%q has a line of %d cells, want %d: %q", area.text, n, w, line)
				}
			}
		}
	})
}

// BenchmarkTyping is a key in the text of the composer, drawn, with a short
// text and with the longest.
func BenchmarkTyping(b *testing.B) {
	paragraph := "Oi {nome}, *hoje* tem promoção 👍🏽 na loja da esquina, não perca! "
	for _, n := range []int{500, campaign.TextMost} {
		for _, kind := range []string{"lines", "one line"} {
			b.Run(fmt.Sprintf("%d %s", n, kind), func(b *testing.B) {
				r := newRoot(b.Context(), App{})
				r.env.w, r.env.h, r.env.agreed, r.at = 120, 40, true, tabCampaigns
				c := newComposer(r.env, campaign.Campaign{})
				r.stacks[r.at] = append(r.stacks[r.at], c)
				text := strings.Repeat(paragraph, n/len([]rune(paragraph)))
				if kind == "lines" {
					text = strings.ReplaceAll(text, "! ", "!\n")
				}
				c.text.set(text)
				c.focus(fieldText)
				r.View()
				c.text.move(c.text.edge(len(c.text.text) / 2))
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					r.update(keyPress([]string{"a", "b", "backspace", "backspace"}[i%4]))
					r.View()
				}
			})
		}
	}
}

func TestPinnedFrames(t *testing.T) {
	for _, c := range []struct{ frame, want string }{
		{"Oi é ─ 世 ✓", "Oi é ─ 世 ✓"},
		{"a👍🏽b", "a\x1b7👍🏽\x1b8\x1b[2Cb"},
		{"\x1b[1m❤️\x1b[m", "\x1b[1m\x1b7❤️\x1b8\x1b[2C\x1b[m"},
		{"1️⃣", "\x1b71️⃣\x1b8\x1b[2C"},
		{"🇧🇷🇧🇷", "\x1b7🇧🇷\x1b8\x1b[2C\x1b7🇧🇷\x1b8\x1b[2C"},
		{"\x1b]0;👍🏽\x07x", "\x1b]0;👍🏽\x07x"},
		{"", ""},
	} {
		if got := string(pinned([]byte(c.frame))); got != c.want {
			t.Errorf("pinned(%q) = %q, want %q", c.frame, got, c.want)
		}
	}
	whole := strings.Join(emoji, "a")
	if got := strings.NewReplacer("\x1b7", "", "\x1b8\x1b[1C", "", "\x1b8\x1b[2C", "").Replace(string(pinned([]byte(whole)))); got != whole {
		t.Errorf("what is written has changed: %q", got)
	}
}

// pasted is a paste as a terminal gives it.
func pasted(s string) tea.PasteMsg { return tea.PasteMsg{Content: s} }

// plainText reports whether there is no byte in s that could begin an escape
// sequence.
func plainText(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(b byte) bool { return b == 0x1b || b >= 0x80 && b < 0xa0 })
}
