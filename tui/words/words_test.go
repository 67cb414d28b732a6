package words

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// readCatalogue parses the whole file of a language.
func readCatalogue(t *testing.T, lang string) map[string]any {
	t.Helper()
	raw, err := files.ReadFile("catalogue/" + lang + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]any
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatalf("%s: %v", lang, err)
	}
	return texts
}

func TestTheLanguageIsThatOfTheEnvironment(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "pt-BR"},
		{map[string]string{"LANG": "C.UTF-8"}, "pt-BR"},
		{map[string]string{"LANG": "POSIX"}, "pt-BR"},
		{map[string]string{"LANG": "ja_JP.UTF-8"}, "pt-BR"},
		{map[string]string{"LANG": "pt_PT@euro"}, "pt-BR"},
		{map[string]string{"LANG": "en_US.UTF-8"}, "en"},
		{map[string]string{"LANG": "en"}, "en"},
		{map[string]string{"LANG": "en_IE@euro"}, "en"},
		{map[string]string{"LC_ALL": "pt_BR.UTF-8", "RECADO_LANG": "en"}, "en"},
		{map[string]string{"LANG": "es_AR.UTF-8"}, "es"},
		{map[string]string{"LANG": "en_US.UTF-8", "RECADO_LANG": "es-419"}, "es"},
		{map[string]string{"LANG": "en_US.UTF-8", "RECADO_LANG": "pt"}, "pt-BR"},
		{map[string]string{"LANG": "pt_BR.UTF-8", "RECADO_LANG": "en"}, "en"},
		{map[string]string{"LANG": "pt_BR.UTF-8", "LC_MESSAGES": "en_GB"}, "en"},
		{map[string]string{"LC_MESSAGES": "pt_BR.UTF-8", "LC_ALL": "en_GB"}, "en"},
	} {
		w := For(Environment(func(name string) string { return test.env[name] }))
		if w.Lang() != test.want {
			t.Errorf("%v: %s, want %s", test.env, w.Lang(), test.want)
		}
		if again := For(w.Tag()); again.Lang() != w.Lang() || again.Number(1234567) != w.Number(1234567) {
			t.Errorf("%v: its tag %s stands for other words", test.env, w.Tag())
		}
	}
}

// What is found in a file without parsing it is what a parser finds.
func TestATextIsFoundInItsFile(t *testing.T) {
	for _, lang := range Languages() {
		texts, c := readCatalogue(t, lang), load(For(lang).tag)
		for id, want := range texts {
			var got any
			if err := json.Unmarshal(c.raw(id), &got); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s is %s, %v; want %v", lang, id, c.raw(id), err, want)
			}
		}
		var ids []string
		for text := range strings.SplitSeq(string(c.file), begin) {
			id, _, _ := strings.Cut(text, `"`)
			ids = append(ids, id)
		}
		ids = ids[1:] // what is before the first
		if !slices.IsSorted(ids) || len(slices.Compact(ids)) != len(texts) {
			t.Errorf("%s: the texts are not in order, one of each", lang)
		}
		for _, id := range []string{"", "a", "zz", "ask", ids[0] + "x", ids[0][1:], ids[len(ids)-1] + "x", "one"} {
			if c.raw(id) != nil {
				t.Errorf("%s: %q is no text", lang, id)
			}
		}
	}
}

func TestNumbersDatesAndDurationsAreThoseOfTheLanguage(t *testing.T) {
	now := time.Date(2026, 11, 28, 15, 4, 5, 0, time.UTC)
	for _, test := range []struct{ lang, number, size, moment, older, day string }{
		{"pt-BR", "1.234.567", "1,5 MB", "02/11 08:30", "02/11/2025", "02/11"},
		{"en_US.UTF-8", "1,234,567", "1.5 MB", "Nov 2 08:30", "2025-11-02", "Nov 2"},
		{"en-IN", "12,34,567", "1.5 MB", "Nov 2 08:30", "2025-11-02", "Nov 2"},
		{"es", "1.234.567", "1,5 MB", "02/11 08:30", "02/11/2025", "02/11"},
		{"es_MX.UTF-8", "1,234,567", "1.5 MB", "02/11 08:30", "02/11/2025", "02/11"},
		{"ja", "1.234.567", "1,5 MB", "02/11 08:30", "02/11/2025", "02/11"},
	} {
		w := For(test.lang)
		at := time.Date(2026, 11, 2, 8, 30, 0, 0, time.UTC)
		got := []string{
			w.Number(1234567), w.Size(3 << 19), w.Moment(at, now), w.Moment(at.AddDate(-1, 0, 0), now), w.Day(at, now),
			w.Moment(now.Add(-time.Hour), now), w.Moment(time.Time{}, now), w.Day(at.AddDate(-1, 0, 0), now), w.Number(-1234)[:2],
		}
		want := []string{test.number, test.size, test.moment, test.older, test.day, "14:04", "–", test.older, "-1"}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", test.lang, got, want)
		}
	}
	w := For("pt-BR")
	for d, want := range map[time.Duration]string{
		-time.Hour: "0 s", 400 * time.Millisecond: "0 s", 59 * time.Second: "59 s", time.Minute: "1 min", 61 * time.Second: "1 min 1 s",
		10*time.Minute + time.Second: "10 min", time.Hour: "1 h", 61*time.Minute + time.Second: "1 h 1 min", 24 * time.Hour: "1 d",
		49 * time.Hour: "2 d 1 h", 7*24*time.Hour + time.Hour: "7 d", 2000 * 24 * time.Hour: "2.000 d",
	} {
		if got := w.Duration(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestATextIsPutTogetherOfWhatItIsGiven(t *testing.T) {
	w := For("pt-BR")
	for got, want := range map[string]string{
		w.Size(0):                                              "0 KB",
		w.Size(1):                                              "1 KB",
		w.Size(1<<20 - 1024):                                   "1.023 KB",
		w.T("retry_in", "Wait", 90*time.Second):                "tenta em 1 min 30 s",
		w.T("need", "What", 1234):                              "falta 1.234",
		w.T("need", "What", "{{.What}}"):                       "falta {{.What}}",
		w.T("need", "What", errors.New("x")):                   "falta x",
		w.T("reason_template_bad_name"):                        "isto não cabe no nome de um campo; escreva {{ para uma chave",
		w.N("new_lacking", 2, "Field", "cidade", "Who", "Ana"): "aviso: falta {cidade} a 2 (Ana); use {cidade|reserva}",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := w.T("need", "Other", "x"); !strings.Contains(got, "<no value>") { // which no test lets pass
		t.Errorf("what is not given is hidden: %q", got)
	}
}

func TestManyMaySpeakAtOnce(t *testing.T) {
	var speaking sync.WaitGroup
	texts := readCatalogue(t, "pt-BR")
	for range 8 {
		speaking.Go(func() {
			w := For("pt-BR")
			for id := range texts {
				if w.T(id) == "" || w.N("people", 2) != "2 pessoas" || w.N("people", 0) != "0 pessoas" {
					t.Errorf("%s: wrong", id)
				}
			}
		})
	}
	speaking.Wait()
}

func TestAMissingTextShowsItsID(t *testing.T) {
	if got := For("en").T("no_such_text"); got != "⟨no_such_text⟩" {
		t.Errorf("got %q", got)
	}
}

// TestEveryCountedTextHasEveryFormOfItsLanguage asks the rules of the language
// which forms there are, and reads every counted text with each.
func TestEveryCountedTextHasEveryFormOfItsLanguage(t *testing.T) {
	for _, lang := range Languages() {
		forms := i18n.NewBundle(language.MustParse(lang))
		if err := forms.AddMessages(language.MustParse(lang), &i18n.Message{
			ID: "form", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other",
		}); err != nil {
			t.Fatal(err)
		}
		speaker, needed := i18n.NewLocalizer(forms, lang), make(map[string]int)
		for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 19, 20, 21, 22, 99, 100, 101, 102, 1_000, 1_000_000, 1_000_001, 2_000_000} {
			form, err := speaker.Localize(&i18n.LocalizeConfig{MessageID: "form", PluralCount: n})
			if err != nil {
				t.Fatal(err)
			}
			needed[form] = n
		}
		w := For(lang)
		for id, text := range readCatalogue(t, lang) {
			forms, counted := text.(map[string]any)
			if !counted {
				continue
			}
			for form, n := range needed {
				if said, ok := forms[form].(string); !ok || said == "" {
					t.Errorf("%s: %s has no form %q, which %s has for %d", lang, id, form, lang, n)
				}
			}
			for form := range forms {
				if _, ok := needed[form]; !ok {
					t.Errorf("%s: %s has a form %q, which the language has not", lang, id, form)
				}
			}
			for _, n := range []int{0, 1, 2, 1_000_000, 2_000_000, 1_000_001} {
				if got := w.N(id, n); strings.Contains(got, "⟨") || got == "" {
					t.Errorf("%s: %s for %d is %q", lang, id, n, got)
				}
			}
		}
	}
	if got, want := For("pt-BR").N("people", 1_000_000), "1.000.000 de pessoas"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func BenchmarkTheFirstText(b *testing.B) {
	for b.Loop() {
		clear(loaded)
		if got := For("pt-BR").T("tab_numbers"); got == "" {
			b.Fatal("no text")
		}
	}
}
