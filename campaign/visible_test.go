package campaign

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"recado/campaign/media"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// What cannot be seen and changes what is seen, or only makes two texts
// different, is not sent.
func TestWhatCannotBeSeenIsTakenAway(t *testing.T) {
	for _, hidden := range []string{
		"\x00", "\a", "\x1b", "\x7f", "\u0080", "\u009b", // controls
		"\u200e", "\u200f", "\u061c", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", // directions
		"\u200b", "\u200c", "\u200d", "\u2060", "\u2063", "\u206f", "\ufeff", "\u00ad", "\u034f", "\u180e", // no width
		"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", // fillers
		"\ufe0f", "\ufe00", "\U000e0100", // variants of nothing
		"\U000e0001", "\U000e0041", "\U000e007f", // tags of no flag
		"\ufffe", "\U0001ffff", "\xff", "\xc3", "\xed\xa0\x80", // no characters
		"\u200d\u200d", "\u202e\u200b", "\ufe0f\ufe0f",
	} {
		for _, around := range [][2]string{{"", ""}, {"a", "b"}, {"oi ", "!"}, {"é", "ç"}, {"ж", "ж"}, {"", "x"}, {"x", ""}, {"\n", "\t"}} {
			text := around[0] + hidden + around[1]
			if got, want := Visible(text), around[0]+around[1]; got != want {
				t.Errorf("%+q: %+q, want %+q", text, got, want)
			}
			_, err := ParseTemplate(text)
			var mistake *TemplateError
			if !errors.As(err, &mistake) || mistake.Reason.Code != reason.TemplateHidden || mistake.Offset != len(around[0]) {
				t.Errorf("the text %+q: %v, want that it is refused at %d", text, err, len(around[0]))
			}
		}
	}
}

// Emoji, flags and the scripts that need joiners stay as they are.
func TestWhatIsPartOfWhatIsSeenStays(t *testing.T) {
	for _, text := range []string{
		"", "Olá, tudo bem?", "a\tb\nc\n", "preço: R$ 10,00 — já!", "e\u0301", "\u00a0\u2009\u3000",
		"👨‍👩‍👧", "🧑🏽‍🚀", "❤️", "❤️‍🔥", "🏳️‍🌈", "🏴‍☠️", "👩‍⚕️", "🙂‍↔️", "🐦‍⬛", "1️⃣ #️⃣ *️⃣", "ℹ️ ‼️ ™️", "🇧🇷",
		"🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", // England
		"می\u200cخواهم", "क्\u200dष", "ශ්\u200dරී", "葛\U000e0100", "שלום", "مرحبا", "\u0600١", "\u2801\u2800\u2803", "\ufffd",
	} {
		if got := Visible(text); got != text {
			t.Errorf("%+q: %+q", text, got)
		}
		if _, err := ParseTemplate(text); err != nil {
			t.Errorf("the text %+q: %v", text, err)
		}
	}
}

// What people call themselves cannot turn the text of somebody else around, and
// who calls themselves nothing that can be seen has no name.
func TestWhatIsFilledInIsCleaned(t *testing.T) {
	text, err := ParseTemplate("{nome|amigo}, {primeiro_nome|você} de {cidade|aí}!")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, city, want string }{
		{"\u202eana prado", "Re\u200bcife\u202e", "ana prado, ana de Recife!"},
		{"\u3164", "\u2800\u200e", "amigo, você de aí!"},
		{"\u200f \ufeff Bia", "\x1b[31mLins", "Bia, Bia de [31mLins!"},
		{"Ana ❤️‍🔥", "\xffOlinda", "Ana ❤️‍🔥, Ana de Olinda!"},
	} {
		c := &people.Contact{Name: test.name, Fields: map[string]string{"cidade": test.city}}
		if got, err := text.Render(c, time.Now()); err != nil || got != test.want {
			t.Errorf("%+q, %v; want %+q", got, err, test.want)
		}
	}
	strict, err := ParseTemplate("{nome}")
	if err != nil {
		t.Fatal(err)
	}
	var missing *MissingError
	if _, err := strict.Render(&people.Contact{Name: "\u3164\u200e"}, time.Now()); !errors.As(err, &missing) {
		t.Errorf("a name that cannot be seen: %v, want that it is missing", err)
	}
}

// A caption is shorter than a text; an attachment without one does not change
// what a text may be.
func TestCaptionIsShorterThanAText(t *testing.T) {
	for _, test := range []struct {
		kind media.Kind
		most int
	}{{media.Picture, 1024}, {media.Video, 1024}, {media.Document, 1024}, {media.Audio, TextMost}} {
		c := Campaign{Attachment: &media.Attachment{Kind: test.kind}}
		if err := c.CheckText(strings.Repeat("é", test.most)); err != nil {
			t.Errorf("%v: %v", test.kind, err)
		}
		var long *TooLongError
		if err := c.CheckText(strings.Repeat("é", test.most+1)); !errors.As(err, &long) || long.Count != test.most+1 || long.Most != test.most {
			t.Errorf("%v: one more: %v", test.kind, err)
		}
	}
	c := Campaign{}
	if err := c.CheckText(strings.Repeat("é", TextMost)); err != nil || c.CheckText(strings.Repeat("é", TextMost+1)) == nil {
		t.Error("a text alone", err)
	}
}

// Whatever is cleaned is clean, is text, and has nothing that was not there.
func FuzzVisible(f *testing.F) {
	for _, seed := range []string{"olá", "👨‍👩‍👧", "a\u202eb\xff", "\u2801\u2800\u2800", "🏴\U000e0067\U000e007f", "क\u200d\u200d्"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		clean := Visible(s)
		if again := Visible(clean); again != clean {
			t.Errorf("%+q is cleaned to %+q, and that to %+q", s, clean, again)
		}
		if !utf8.ValidString(clean) || len(clean) > len(s) {
			t.Errorf("%+q is cleaned to %+q", s, clean)
		}
		if strings.ContainsAny(clean, "\u202e\u2066\u200b\ufeff\x1b") {
			t.Errorf("%+q is cleaned to %+q", s, clean)
		}
	})
}
