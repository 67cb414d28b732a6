package campaign

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// ParseWhen reads the time at which a campaign is to start, as people write it: a
// day and a time of day, "05/12 9h30", "amanhã 14h", "sexta 09:00", "tomorrow 2pm",
// "2026-12-05 09:00". Without a day it is the next time that the clock shows it;
// without a year a day is the next of its name that is not within the month that
// has passed. It is by the clock of here, or of a zone behind it ("2026-12-05 09:00
// America/Recife"); or RFC 3339. It must be later than now. The time that is
// returned is in that zone.
func ParseWhen(text string, now time.Time, here *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		said := text
		if i := strings.LastIndexByte(text, ' '); i > 0 && strings.ContainsAny(text[i:], "/UZ") && strings.ContainsAny(text[:i], ":h") {
			if here, err = time.LoadLocation(text[i+1:]); err != nil || text[i+1:] == "" {
				return at, reason.Err(reason.ScheduleUnread, reason.Clip(text))
			}
			said = text[:i]
		}
		var ok bool
		if at, ok = readWhen(said, now.In(here)); !ok {
			return at, reason.Err(reason.ScheduleUnread, reason.Clip(text))
		}
	}
	if !at.After(now) {
		return at, reason.Err(reason.SchedulePast, at)
	}
	return at, nil
}

// A language is one file in when/, of lines: what is meant = the words for it, as
// they are written; capitals and accents make no difference. # begins a comment.
//
//	0 = hoje               a day that is so many from today
//	sunday = domingo dom   the day of the week
//	between = às em        words that say nothing of when
//	clock = 15h 3:04pm     forms of a time of day, as the package time writes them
//
// No word may mean two things, in whatever language.
//
//go:embed when/*.txt
var whenFiles embed.FS

// whenWords are the words of when of all languages.
type whenWords struct {
	between   map[string]bool
	fromToday map[string]int
	weekday   map[string]time.Weekday
	clocks    []string
}

var wordsOfWhen = sync.OnceValue(func() *whenWords {
	w, err := readWhenWords(whenFiles)
	if err != nil {
		panic(err) // a fault of ours, found by every test
	}
	return w
})

// readWhenWords reads the languages of a directory.
func readWhenWords(files fs.FS) (*whenWords, error) {
	w := &whenWords{
		between: make(map[string]bool), fromToday: make(map[string]int), weekday: make(map[string]time.Weekday),
		clocks: []string{"15:04", "15:04:05"}, // whatever is spoken
	}
	days := make(map[string]time.Weekday)
	for d := time.Sunday; d <= time.Saturday; d++ {
		days[strings.ToLower(d.String())] = d
	}
	names, err := fs.Glob(files, "when/*.txt")
	if err != nil {
		return nil, err
	}
	means := make(map[string]string)
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		for i, line := range strings.Split(string(text), "\n") {
			line, _, _ = strings.Cut(line, "#")
			if strings.TrimSpace(line) == "" {
				continue
			}
			meant, words, ok := strings.Cut(line, "=")
			if meant = strings.TrimSpace(meant); !ok || strings.TrimSpace(words) == "" {
				return nil, fmt.Errorf("%s:%d: not what is meant = words", name, i+1)
			}
			day, isDay := days[meant]
			n, notNumber := strconv.Atoi(meant)
			for word := range strings.FieldsSeq(words) {
				if meant == "clock" {
					if !slices.Contains(w.clocks, word) {
						w.clocks = append(w.clocks, word)
					}
					continue
				}
				word = people.Fold(word)
				if as, known := means[word]; known && as != meant {
					return nil, fmt.Errorf("%s:%d: %s means %s already", name, i+1, word, as)
				}
				means[word] = meant
				switch {
				case meant == "between":
					w.between[word] = true
				case isDay:
					w.weekday[word] = day
				case notNumber == nil:
					w.fromToday[word] = n
				default:
					return nil, fmt.Errorf("%s:%d: nothing is called %q", name, i+1, meant)
				}
			}
		}
	}
	return w, nil
}

// readWhen reads words of when, by the clock of now's zone.
func readWhen(text string, now time.Time) (at time.Time, ok bool) {
	text = strings.ToLower(text)
	if len(text) > 10 && text[10] == 't' { // 2026-12-05t09:00
		text = text[:10] + " " + text[11:]
	}
	var y, m, d int // of the day that is said
	y0, m0, d0 := now.Date()
	var clock time.Duration
	var day, hour, again, noYear bool
	again = true
	words := wordsOfWhen()
	for _, word := range strings.Fields(strings.ReplaceAll(text, ",", " ")) {
		if c, is := words.readClock(word); is && !hour {
			clock, hour = c, true
			continue
		}
		folded := people.Fold(word)
		if words.between[folded] {
			continue
		}
		if day {
			return at, false
		}
		day = true
		if n, is := words.fromToday[folded]; is {
			y, m, d, again = y0, int(m0), d0+n, false
		} else if w, is := words.weekday[folded]; is {
			y, m, d = y0, int(m0), d0+(int(w-now.Weekday())+7)%7
		} else if y, m, d, noYear, is = readDay(word, y0); is {
			again = false
		} else {
			return at, false
		}
	}
	if !hour {
		return at, false
	}
	step := 7 // until it is the same day of the week
	if !day {
		y, m, d, step = y0, int(m0), d0, 1
	}
	on := func(y, d int) time.Time {
		return time.Date(y, time.Month(m), d, int(clock/time.Hour), int(clock/time.Minute)%60, int(clock/time.Second)%60, 0, now.Location())
	}
	at = on(y, d)
	switch {
	case again && !at.After(now):
		at = on(y, d+step)
	case noYear && at.Before(now.AddDate(0, -1, 0)):
		at = on(y+1, d)
	}
	return at, true
}

// readDay reads a date, in the order of the day or of the year first; noYear, if
// it has none and is of this one.
func readDay(word string, year int) (y, m, d int, noYear, ok bool) {
	for _, form := range []string{"2006-01-02", "2/1/2006", "2/1/06"} {
		if at, err := time.Parse(form, word); err == nil {
			return at.Year(), int(at.Month()), at.Day(), false, true
		}
	}
	at, err := time.Parse("2/1/2006", word+"/"+strconv.Itoa(year))
	return at.Year(), int(at.Month()), at.Day(), true, err == nil
}

// readClock reads a time of day: 9:00, 09:00:30, 9h, 9h30, 2pm, 2:30pm.
func (w *whenWords) readClock(word string) (time.Duration, bool) {
	for _, form := range w.clocks {
		if at, err := time.Parse(form, word); err == nil {
			return at.Sub(at.Truncate(24 * time.Hour)), true
		}
	}
	return 0, false
}
