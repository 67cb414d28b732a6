// Package words is every text that a person reads, on a screen or from a
// command, in every language that the program speaks. A language is one file
// in catalogue/, named by its tag: texts by id, with the plural forms of the
// language, and the patterns of its dates and durations. Begin reading at
// [For].
//
// What the texts are given is put in as it is: the code that writes to a terminal
// cleans what came from outside.
package words

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"recado/campaign/people"
)

//go:embed catalogue/*.json
var files embed.FS

// fallback is the language of a person who asks for one that there is not.
const fallback = "pt-BR"

// languages are the tags of the catalogues, the fallback first, and what finds
// the one that fits.
var languages = sync.OnceValues(func() ([]language.Tag, language.Matcher) {
	entries, err := files.ReadDir("catalogue")
	if err != nil {
		panic(err) // the files are inside the program
	}
	tags := []language.Tag{language.MustParse(fallback)}
	for _, entry := range entries {
		if name := strings.TrimSuffix(entry.Name(), ".json"); name != fallback {
			tags = append(tags, language.MustParse(name))
		}
	}
	return tags, language.NewMatcher(tags)
})

// Languages lists the tags of the languages, the one first that is spoken to
// a person who asks for none of them.
func Languages() []string {
	tags, _ := languages()
	names := make([]string, len(tags))
	for i, tag := range tags {
		names[i] = tag.String()
	}
	return names
}

// Raw is the file of a language that [Languages] lists.
func Raw(lang string) []byte {
	raw, err := files.ReadFile(path.Join("catalogue", lang+".json"))
	if err != nil {
		panic(err) // the files are inside the program
	}
	return raw
}

// Environment is the language that the environment asks for: RECADO_LANG, else
// what the system's own variables say.
func Environment(getenv func(string) string) string {
	for _, name := range []string{"RECADO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			return value
		}
	}
	return fallback
}

// Words speaks one language. Any number of goroutines may use it.
type Words struct {
	*catalogue
	region  language.Tag     // the person's
	printer *message.Printer // writes numbers as people do there
}

// For returns the words of a language tag, or of what an environment calls a
// language: "pt_BR.UTF-8", "en", "es-AR". It is Portuguese if there is no
// catalogue that fits.
func For(tag string) *Words {
	tags, matcher := languages()
	name, _, _ := strings.Cut(tag, ".")
	name, _, _ = strings.Cut(name, "@")
	asked, err := language.Parse(name)
	if err != nil {
		asked = tags[0]
	}
	_, i, _ := matcher.Match(asked)
	region := tags[i]
	if base, _ := asked.Base(); base == baseOf(tags[i]) {
		region = asked
	}
	return &Words{catalogue: load(tags[i]), region: region, printer: message.NewPrinter(region)}
}

func baseOf(tag language.Tag) language.Base {
	base, _ := tag.Base()
	return base
}

// Lang is the tag of the catalogue.
func (w *Words) Lang() string { return w.tag.String() }

// Tag is the tag of the language and the region. [For] returns the same words
// for it.
func (w *Words) Tag() string { return w.region.String() }

// T returns the text id. The arguments are names and values in turn, as the
// text asks for them; numbers among them are written as people write them, so
// are durations.
func (w *Words) T(id string, args ...any) string {
	text, simple := w.plain(id)
	if simple && !strings.Contains(text, "{{") {
		return text
	}
	data := w.data(args)
	if simple {
		if text, ok := fill(text, data); ok {
			return text
		}
	}
	return w.say(&i18n.LocalizeConfig{MessageID: id, TemplateData: data})
}

// fill puts data in the place of its names, if that is all there is to do.
func fill(text string, data map[string]any) (string, bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{{")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, after, closed := strings.Cut(rest, "}}")
		value, known := data[strings.TrimPrefix(name, ".")].(string)
		if !closed || !known || !strings.HasPrefix(name, ".") {
			return "", false
		}
		b.WriteString(value)
		text = after
	}
}

// N returns the text id for a count, which it knows as Count.
func (w *Words) N(id string, count int, args ...any) string {
	data := w.data(args)
	data["Count"] = w.Number(count)
	plural := count
	if count == 0 { // the rules have "0 pessoa", and nobody in Brazil says so
		plural, _ = strconv.Atoi(w.T("plural_of_zero"))
	}
	return w.say(&i18n.LocalizeConfig{MessageID: id, PluralCount: plural, TemplateData: data})
}

// Has reports whether there is a text id.
func (w *Words) Has(id string) bool {
	text, _ := w.plain(id)
	return text != missing(id)
}

func (w *Words) data(args []any) map[string]any {
	data := make(map[string]any, len(args)/2+1)
	for i := 0; i+1 < len(args); i += 2 {
		switch v := args[i+1].(type) {
		case string:
			data[args[i].(string)] = v
		case int:
			data[args[i].(string)] = w.Number(v)
		case time.Duration:
			data[args[i].(string)] = w.Duration(v)
		default:
			data[args[i].(string)] = fmt.Sprint(v)
		}
	}
	return data
}

// Number writes n with its thousands apart.
func (w *Words) Number(n int) string { return w.printer.Sprint(number.Decimal(n)) }

// Decimal writes x with so many digits after the point.
func (w *Words) Decimal(x float64, digits int) string {
	return w.printer.Sprint(number.Decimal(x, number.Scale(digits)))
}

// Size writes a number of bytes as people do.
func (w *Words) Size(n int64) string {
	if n < 1<<20 {
		return w.T("size_kb", "Size", int((n+1023)>>10))
	}
	return w.T("size_mb", "Size", w.Decimal(float64(n)/(1<<20), 1))
}

// Duration writes d in its two largest units, from seconds to days.
func (w *Words) Duration(d time.Duration) string {
	d = max(d.Round(time.Second), 0)
	whole := func(unit time.Duration) int { return int(d / unit) }
	rest := func(unit, of time.Duration) int { return int(d % of / unit) }
	switch {
	case d < time.Minute:
		return w.T("duration_s", "S", whole(time.Second))
	case d < time.Hour:
		if s := rest(time.Second, time.Minute); s != 0 && d < 10*time.Minute {
			return w.T("duration_m_s", "M", whole(time.Minute), "S", s)
		}
		return w.T("duration_m", "M", whole(time.Minute))
	case d < 24*time.Hour:
		if m := rest(time.Minute, time.Hour); m != 0 {
			return w.T("duration_h_m", "H", whole(time.Hour), "M", m)
		}
		return w.T("duration_h", "H", whole(time.Hour))
	}
	if h := rest(time.Hour, 24*time.Hour); h != 0 && d < 7*24*time.Hour {
		return w.T("duration_d_h", "D", whole(24*time.Hour), "H", h)
	}
	return w.T("duration_d", "D", whole(24*time.Hour))
}

// Moment writes t as seen from now: the time of day, with the date if it is
// another day, and no more of the date than is needed.
func (w *Words) Moment(t, now time.Time) string {
	if t.IsZero() {
		return "–"
	}
	t = t.In(now.Location())
	y, m, d := t.Date()
	switch ny, nm, nd := now.Date(); {
	case y == ny && m == nm && d == nd:
		return w.date("date_clock", t)
	case y == ny:
		return w.date("date_moment", t)
	}
	return w.date("date_day_year", t)
}

// Consent says what is known of whether a person agreed: the answer, where they
// gave it, when, and who wrote it down. Empty: nothing.
func (w *Words) Consent(c people.Consent) string {
	var all []string
	switch c.Status {
	case people.ConsentGiven:
		all = append(all, w.T("consent_given"))
	case people.ConsentRefused:
		all = append(all, w.T("consent_refused"))
	default:
		return ""
	}
	if c.Source != "" {
		all = append(all, c.Source)
	}
	if !c.At.IsZero() {
		all = append(all, w.date("date_day_year", c.At.UTC()))
	}
	if c.By != "" {
		all = append(all, w.T("consent_by", "A", c.By))
	}
	if c.Evidence != "" {
		all = append(all, strconv.Quote(c.Evidence))
	}
	return strings.Join(all, " · ")
}

// Came says how a person came to write to us. Empty: not by a link or an ad.
func (w *Words) Came(o people.Arrival, now time.Time) string {
	switch o.Way {
	case people.ByLink:
		return w.T("came_link", "Name", o.Name, "Time", w.Moment(o.At, now))
	case people.ByAd:
		return w.T("came_ad", "Name", o.Name, "Time", w.Moment(o.At, now))
	}
	return ""
}

// Validation says how it is with a validation; unknown statuses are themselves.
func (w *Words) Validation(status string) string {
	switch status {
	case "running":
		return w.T("validation_running")
	case "done":
		return w.T("validation_done")
	case "stopped":
		return w.T("validation_stopped")
	case "cancelled":
		return w.T("validation_cancelled")
	}
	return status
}

// Day writes the date of t as seen from now, without the year if it is this
// one.
func (w *Words) Day(t, now time.Time) string {
	t = t.In(now.Location())
	if t.Year() == now.Year() {
		return w.date("date_day", t)
	}
	return w.date("date_day_year", t)
}

// Minute writes the whole of a time, to the minute.
func (w *Words) Minute(t time.Time) string { return w.date("date_minute", t) }

// date writes t by a pattern of the catalogue.
func (w *Words) date(pattern string, t time.Time) string {
	name := ""
	if months := strings.Fields(w.T("date_months")); len(months) == 12 {
		name = months[t.Month()-1]
	}
	return w.T(pattern, "Clock", t.Format("15:04"), "Day", strconv.Itoa(t.Day()), "DD", t.Format("02"),
		"MM", t.Format("01"), "Month", name, "YYYY", t.Format("2006"))
}

// catalogue is the texts of one language. They are looked for in the file, and
// parsed, one by one when they are asked for: to parse them all takes longer
// than most commands.
type catalogue struct {
	tag  language.Tag
	file []byte

	mu      sync.Mutex // guards what follows
	said    map[string]spoken
	parsed  map[string]bool
	bundle  *i18n.Bundle // nil until the rules of the language are needed: to set them up takes half a millisecond
	speaker *i18n.Localizer
}

// spoken is a text that has been looked up.
type spoken struct {
	text   string
	simple bool // it has no forms
}

var (
	loadedMu sync.Mutex
	loaded   = make(map[language.Tag]*catalogue)
)

// load returns the catalogue of a language, which is read at the first call.
func load(tag language.Tag) *catalogue {
	loadedMu.Lock()
	defer loadedMu.Unlock()
	c := loaded[tag]
	if c == nil {
		c = &catalogue{tag: tag, file: Raw(tag.String()), said: make(map[string]spoken), parsed: make(map[string]bool)}
		loaded[tag] = c
	}
	return c
}

// begin is how a text begins in a file, and nothing else does.
const begin = "\n \""

// raw is the JSON of a text; nil if there is none. It relies on the layout of the
// file, which a test holds: each text begins on a line of its own, one space from
// the left, in the order of their ids.
func (c *catalogue) raw(id string) []byte {
	rest := bytes.TrimSuffix(bytes.TrimSpace(c.file), []byte("}"))
	for {
		at := bytes.LastIndex(rest[:len(rest)/2], []byte(begin)) // in the middle
		if at < 0 {
			at = bytes.Index(rest, []byte(begin))
		}
		if at < 0 {
			return nil
		}
		name, text, _ := bytes.Cut(rest[at+len(begin):], []byte(`":`))
		switch order := bytes.Compare(name, []byte(id)); {
		case order > 0:
			rest = rest[:at]
		case order < 0:
			rest = text
		default:
			text, _, _ = bytes.Cut(text, []byte(begin))
			return bytes.TrimSuffix(bytes.TrimSpace(text), []byte(","))
		}
	}
}

// plain returns a text as it stands in the catalogue, and whether it has no
// forms.
func (c *catalogue) plain(id string) (text string, simple bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.said[id]; ok {
		return s.text, s.simple
	}
	switch raw := c.raw(id); {
	case raw == nil:
		text = missing(id)
	case raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0: // it says what it is
		text, simple = string(raw[1:len(raw)-1]), true
	default:
		simple = json.Unmarshal(raw, &text) == nil
	}
	c.said[id] = spoken{text, simple}
	return text, simple
}

// missing is shown in place of a text, and no test lets it pass.
func missing(id string) string { return "⟨" + id + "⟩" }

// say returns a text with forms, or with more than names to fill in.
func (c *catalogue) say(config *i18n.LocalizeConfig) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parse(config.MessageID)
	text, err := c.speaker.Localize(config)
	if err != nil {
		return missing(config.MessageID)
	}
	return text
}

// parse gives a text to the library, if that has not been done. The caller
// holds mu.
func (c *catalogue) parse(id string) {
	if c.bundle == nil {
		c.bundle = i18n.NewBundle(c.tag)
		c.speaker = i18n.NewLocalizer(c.bundle, c.tag.String())
	}
	if c.parsed[id] {
		return
	}
	raw := c.raw(id)
	if raw == nil {
		return
	}
	c.parsed[id] = true
	m := &i18n.Message{ID: id}
	if json.Unmarshal(raw, &m.Other) != nil && json.Unmarshal(raw, m) != nil {
		return
	}
	c.bundle.MustAddMessages(c.tag, m) // fails only for a language without plural rules
}
