package tui

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed catalogue/*.json
var catalogueFiles embed.FS

// languages are those of the catalogues, the one that is spoken to whoever
// asks for none of them first.
var languages = []string{"pt-BR", "en"}

// catalogue is every text of the screens in every language. It is read once
// and never changes.
var catalogue = sync.OnceValue(func() *i18n.Bundle {
	bundle := i18n.NewBundle(language.BrazilianPortuguese)
	for _, lang := range languages {
		if _, err := bundle.LoadMessageFileFS(catalogueFiles, "catalogue/"+lang+".json"); err != nil {
			panic(err) // the files are inside the program
		}
	}
	return bundle
})

// words speaks one language to one terminal.
type words struct {
	cells   cells
	english bool
	speaker *i18n.Localizer
	said    map[string]string // texts without arguments, once they have been looked up
}

// newWords returns the words of a language tag ("pt_BR.UTF-8", "en"): English
// if it asks for that, Portuguese otherwise.
func newWords(lang string, c cells) *words {
	english := strings.HasPrefix(strings.ToLower(lang), "en")
	tag := languages[0]
	if english {
		tag = languages[1]
	}
	return &words{cells: c, english: english, speaker: i18n.NewLocalizer(catalogue(), tag), said: make(map[string]string)}
}

// t returns the text id. The arguments are names and values in turn, as the
// text asks for them; strings among them are cleaned, numbers written as
// people write them.
func (w *words) t(id string, args ...any) string {
	if len(args) == 0 {
		if text, ok := w.said[id]; ok {
			return text
		}
	}
	text := w.say(&i18n.LocalizeConfig{MessageID: id, TemplateData: w.data(args)})
	if len(args) == 0 {
		w.said[id] = text
	}
	return text
}

// n returns the text id for a count, which it knows as Count.
func (w *words) n(id string, count int, args ...any) string {
	data := w.data(args)
	data["Count"] = w.number(count)
	plural := count
	if count == 0 { // the rules say "0 pessoa"; nobody in Brazil does
		plural = 2
	}
	return w.say(&i18n.LocalizeConfig{MessageID: id, PluralCount: plural, TemplateData: data})
}

func (w *words) say(c *i18n.LocalizeConfig) string {
	text, err := w.speaker.Localize(c)
	if err != nil {
		return "⟨" + c.MessageID + "⟩"
	}
	return text
}

func (w *words) data(args []any) map[string]any {
	data := make(map[string]any, len(args)/2+1)
	for i := 0; i+1 < len(args); i += 2 {
		name := args[i].(string)
		switch v := args[i+1].(type) {
		case string:
			data[name] = w.cells.clean(v)
		case int:
			data[name] = w.number(v)
		default:
			data[name] = w.cells.clean(fmt.Sprint(v))
		}
	}
	return data
}

// number writes n with its thousands apart.
func (w *words) number(n int) string {
	s := strconv.Itoa(n)
	point := "."
	if w.english {
		point = ","
	}
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + point + s[i:]
	}
	return s
}

// duration writes d in its two largest units, from seconds to days.
func (w *words) duration(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(d, 0)/time.Second)
	case d < time.Hour:
		if s := d % time.Minute / time.Second; s != 0 && d < 10*time.Minute {
			return fmt.Sprintf("%d min %d s", d/time.Minute, s)
		}
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 24*time.Hour:
		if m := d % time.Hour / time.Minute; m != 0 {
			return fmt.Sprintf("%d h %d min", d/time.Hour, m)
		}
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	if h := d % (24 * time.Hour) / time.Hour; h != 0 && d < 7*24*time.Hour {
		return fmt.Sprintf("%d d %d h", d/(24*time.Hour), h)
	}
	return fmt.Sprintf("%d d", d/(24*time.Hour))
}

// moment writes t as seen from now: the time of day, with the date if it is
// another day, and no more of the date than is needed.
func (w *words) moment(t, now time.Time) string {
	if t.IsZero() {
		return "–"
	}
	t = t.In(now.Location())
	y, m, d := t.Date()
	if ny, nm, nd := now.Date(); y == ny && m == nm && d == nd {
		return t.Format("15:04")
	}
	format := "02/01 15:04"
	switch sameYear := y == now.Year(); {
	case w.english && sameYear:
		format = "Jan 2 15:04"
	case w.english:
		format = "2006-01-02"
	case !sameYear:
		format = "02/01/2006"
	}
	return t.Format(format)
}

// day writes the date of t as seen from now, without the year if it is this
// one.
func (w *words) day(t, now time.Time) string {
	t = t.In(now.Location())
	format := "02/01"
	switch sameYear := t.Year() == now.Year(); {
	case w.english && sameYear:
		format = "Jan 2"
	case w.english:
		format = "2006-01-02"
	case !sameYear:
		format = "02/01/2006"
	}
	return t.Format(format)
}
