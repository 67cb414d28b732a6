package tui

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"recado/campaign"
)

func TestTheSentencesOfTheNumbersAreTranslated(t *testing.T) {
	w := newWords("pt", cells{})
	for english, want := range map[string]string{
		"The connection was lost.":                                                        "A conexão caiu.",
		"WhatsApp closed the connection (code 515).":                                      "O WhatsApp fechou a conexão (código 515).",
		"This is another phone. \"Loja\" is +55 11 9…: link other phones as new numbers.": "Este é outro celular. \"Loja\" é +55 11 9…: vincule outros celulares como números novos.",
		"WhatsApp banned this number for a time: too many people blocked it.":             "O WhatsApp baniu este número por um tempo: gente demais o bloqueou.",
		"Something new.": "Something new.",
	} {
		if got := w.sentence(english); got != want {
			t.Errorf("%q: got %q, want %q", english, got, want)
		}
	}
	// Whatever sentence a number can say has its translation.
	files, err := filepath.Glob("../session/*.go")
	if err != nil {
		t.Fatal(err)
	}
	sentence := regexp.MustCompile(`"([A-Z][^"\\]* [^"\\]*\.)"`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range sentence.FindAllStringSubmatch(string(b), -1) {
			if !slices.ContainsFunc(sentences, func(s saying) bool { return s.english == m[1] }) {
				t.Errorf("%s says %q, which is not translated", file, m[1])
			}
		}
	}
}

// Whatever the engine, a filter or a text can be told by name is spoken in
// the person's language; so is every refusal of the service.
func TestEveryReasonIsTranslated(t *testing.T) {
	w := newWords("pt", cells{})
	for pattern, reason := range map[string]*regexp.Regexp{
		"../campaign/*.go":   regexp.MustCompile(`(?m)^\s+(?:Reason|Hold|Filter|Template|Attachment)[A-Z]\w*\s+= "([^"]+)"`),
		"../session/send.go": regexp.MustCompile(`(?m)^\s+\d{3}: "([^"]+)"`),
	} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range reason.FindAllStringSubmatch(string(b), -1) {
				found++
				if _, ok := w.known(m[1]); !ok {
					t.Errorf("%s says %q, which is not translated", file, m[1])
				}
			}
		}
		if found == 0 {
			t.Errorf("no reason found in %s", pattern)
		}
	}
}

func TestMistakesOfOtherPackagesAreTranslated(t *testing.T) {
	pace := func(s string) error { _, err := campaign.ParsePace(campaign.Pace{}, s); return err }
	phone := func(s string) error { _, err := campaign.ParsePhone(s); return err }
	for _, test := range []struct {
		err  error
		want string
	}{
		{pace("gap=soon"), `ritmo: gap=soon: não é um tempo: "soon" (escreva 30s, 2m, 1h ou 7d)`},
		{pace("speed=9"), "ritmo: speed=9: não existe esse limite; há gap, new-gap, long, every, hour, new-hour, day, new-day, hours, weekdays, per-person"},
		{pace("fast"), `ritmo: "fast": escreva limite=valor, por exemplo gap=30s-60s`},
		{phone("123"), `não é um telefone: "123": curto demais`},
		{phone("98765-4321"), `não é um telefone: "98765-4321": falta o DDD`},
		{errors.New("campaign 7: not found"), "não há campanha 7; veja recado campaign list"},
		{errors.New("start campaign 7: it is paused"), "a campanha 7 não começou: está pausada"},
		{errors.New("something nobody knows"), "something nobody knows"},
	} {
		if got := Translate("pt", test.err.Error()); got != test.want {
			t.Errorf("%q: got %q, want %q", test.err, got, test.want)
		}
		if got := Translate("en", test.err.Error()); got != test.err.Error() {
			t.Errorf("English %q became %q", test.err, got)
		}
	}
}
