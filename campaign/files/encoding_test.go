package files

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"recado/campaign/people"
	"recado/campaign/reason"
)

func wideText(text string, big, mark bool) string {
	units := utf16.Encode([]rune(text))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	var out []byte
	for _, u := range units {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return string(out)
}

func TestNamesAreReadInAnyAlphabet(t *testing.T) {
	names := []string{"Ana Conceição", "José João", "MARIA DA CONCEIÇÃO", "Íris Simões", "André Luís Guimarães", "Mónica Peña", "ÂNGELA", "Antônio D’Ávila"}
	file := "nome;fone\r\n"
	var want []string
	for _, name := range names {
		file += name + ";11987650001\r\n"
		want = append(want, name+" +5511987650001")
	}
	encoded := func(page *charmap.Charmap) string {
		out, err := page.NewEncoder().String(strings.ReplaceAll(file, "’", "'"))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	twice := func(s string) string {
		var out strings.Builder
		for _, b := range []byte(s) {
			if r := charmap.Windows1252.DecodeByte(b); r != 0xfffd {
				out.WriteRune(r)
			} else {
				out.WriteRune(rune(b))
			}
		}
		return out.String()
	}
	for name, text := range map[string]string{
		"UTF-8": file, "UTF-8 with a mark": "\ufeff" + file, "UTF-16": wideText(file, false, true), "UTF-16 big": wideText(file, true, true),
		"UTF-16 without a mark": wideText(file, false, false), "UTF-16 big without a mark": wideText(file, true, false),
		"Windows-1252": encoded(charmap.Windows1252), "Latin-1": encoded(charmap.ISO8859_1), "Mac Roman": encoded(charmap.Macintosh), "CP850": encoded(charmap.CodePage850),
		"twice": twice(file), "three times": twice(twice(file)), "old Mac line ends": strings.ReplaceAll(encoded(charmap.Macintosh), "\r\n", "\r"),
	} {
		got, bad, report := summed(t, text, Options{})
		for i := range got {
			got[i] = strings.ReplaceAll(got[i], "'", "’")
		}
		if !slices.Equal(got, want) || len(bad) > 0 {
			t.Errorf("%s: %q, %v", name, got, bad)
		}
		said := slices.ContainsFunc(report.Notes.Kinds, func(k people.ComplaintKind) bool {
			return k.Example.Reason.Code == reason.NoteEncoding || k.Example.Reason.Code == reason.NoteMended
		})
		if want := strings.Contains("Mac Roman CP850 twice three times old Mac line ends", name); said != want {
			t.Errorf("%s: said %v", name, said)
		}
	}
	// One name tells as well, also far into a file.
	for page, name := range map[*charmap.Charmap]string{charmap.Macintosh: "Ana Conceição", charmap.CodePage850: "Ana Conceição", charmap.Windows1252: "Sant’Ana D’Ávila"} {
		one, err := page.NewEncoder().String(name + ";11987650001\n")
		if err != nil {
			t.Fatal(err)
		}
		got, _, _ := summed(t, "nome;fone\n"+strings.Repeat("Bia;11987650002\n", 5000)+one, Options{})
		if n := len(got); n != 5001 || got[n-1] != name+" +5511987650001" {
			t.Errorf("%s: %q", page, got[n-1])
		}
	}
}

// What is well is left alone.
func TestNothingIsMendedThatIsWell(t *testing.T) {
	for _, s := range []string{"", "Ana", "Conceição", "IRMÃ\u00a0DULCE", "São João", "MAÇÃ", "Ângela Ã", "Â", "naïve café", "Ñandú", "Łódź", "Ελένη", "山田", "👩‍🔬", "50 % ± 2", "Ãé", "Ø€"} {
		if got, ok := mend(s); ok || got != s {
			t.Errorf("%q becomes %q", s, got)
		}
	}
	for s, want := range map[string]string{"ConceiÃ§Ã£o": "Conceição", "JosÃ©": "José", "Dâ€™Ã\u0081vila": "D’Ávila", "vou Ã\u00a0 praia": "vou à praia", "ðŸ™‚ oi": "🙂 oi", "AntÃ´nio e JosÃ© ok ção": "Antônio e José ok ção", "ConceiÃƒÂ§ÃƒÂ£o": "Conceição"} {
		if got, ok := mend(s); !ok || got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	}
}
