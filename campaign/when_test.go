package campaign

import (
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"recado/campaign/people"
)

// whenLines are the lines of a language: what is meant, and the words for it.
func whenLines(t *testing.T, name string) map[string][]string {
	t.Helper()
	text, err := whenFiles.ReadFile("when/" + name)
	if err != nil {
		t.Fatal(err)
	}
	lines := make(map[string][]string)
	for line := range strings.Lines(string(text)) {
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) == "" {
			continue
		}
		meant, words, _ := strings.Cut(line, "=")
		meant = strings.TrimSpace(meant)
		lines[meant] = append(lines[meant], strings.Fields(words)...)
	}
	return lines
}

// TestEachWordOfWhenIsRead: in each language, with capitals and without accents too.
func TestEachWordOfWhenIsRead(t *testing.T) {
	now := time.Date(2026, 12, 1, 7, 0, 0, 0, time.UTC) // a Tuesday
	read := func(text string, want time.Time) {
		t.Helper()
		if got, err := ParseWhen(text, now, time.UTC); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	entries, err := whenFiles.ReadDir("when")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		lines := whenLines(t, e.Name())
		for meant, words := range lines {
			for _, word := range words {
				for _, said := range []string{word, strings.ToUpper(word), people.Fold(word)} {
					if n, err := strconv.Atoi(meant); err == nil {
						read(said+" 9:00", time.Date(2026, 12, 1+n, 9, 0, 0, 0, time.UTC))
						continue
					}
					switch meant {
					case "between":
						read("5/12 "+said+" 9:00", time.Date(2026, 12, 5, 9, 0, 0, 0, time.UTC))
					case "clock":
						at := time.Date(2026, 12, 5, 14, 0, 0, 0, time.UTC)
						read("5/12 "+strings.ToUpper(at.Format(word)), at)
					default:
						day := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
						for strings.ToLower(day.Weekday().String()) != meant {
							day = day.AddDate(0, 0, 1)
						}
						read(said+" 9:00", day)
					}
				}
			}
		}
		for _, meant := range []string{"0", "1", "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "between", "clock"} {
			if len(lines[meant]) == 0 {
				t.Errorf("%s has no word for %s", e.Name(), meant)
			}
		}
	}
}

// TestEveryLanguageOfTheScreensSaysWhen: who reads the screens in a language may
// write in it when a campaign is to start.
func TestEveryLanguageOfTheScreensSaysWhen(t *testing.T) {
	catalogue, err := os.ReadDir("../tui/words/catalogue")
	if err != nil || len(catalogue) < 3 {
		t.Fatal(err, catalogue)
	}
	for _, e := range catalogue {
		tag, _, _ := strings.Cut(strings.TrimSuffix(e.Name(), path.Ext(e.Name())), "-")
		if _, err := whenFiles.ReadFile("when/" + tag + ".txt"); err != nil {
			t.Error(err)
		}
	}
}

func TestAFileIsALanguageOfWhen(t *testing.T) {
	french := "0 = aujourd'hui\nmonday = lundi lun # on Monday\nbetween = à\nclock = 15h04\n"
	w, err := readWhenWords(fstest.MapFS{
		"when/es.txt": {Data: []byte("monday = lunes lun\nclock = 15h")},
		"when/fr.txt": {Data: []byte(french)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := w.fromToday["aujourd'hui"]; !ok || n != 0 || w.weekday["lundi"] != time.Monday || w.weekday["lun"] != time.Monday || !w.between["a"] {
		t.Errorf("%+v", w)
	}
	if at, ok := w.readClock("9h30"); !ok || at != 9*time.Hour+30*time.Minute {
		t.Errorf("9h30 is read as %v, %v", at, ok)
	}
	for what, text := range map[string]string{
		"a word for two days":      "monday = lundi\ntuesday = lundi",
		"a day that is between":    "monday = a",
		"a day that nobody knows":  "someday = un jour",
		"a line that says nothing": "lundi",
		"a day without a word":     "monday =",
	} {
		if _, err := readWhenWords(fstest.MapFS{"when/fr.txt": {Data: []byte("between = à\n" + text)}}); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
