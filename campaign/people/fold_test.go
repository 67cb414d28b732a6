package people

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFoldForgetsCaseAccentsAndSpaces(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		"ana":                         "ana",
		"  Ana \t Maria\u00a0Souza\n": "ana maria souza",
		"JOSÉ":                        "jose",
		"Jose\u0301":                  "jose", // the mark on its own
		"São João da Conceição":       "sao joao da conceicao",
		"ÑANDÚ":                       "nandu",
		"Straße":                      "strasse",
		"Łódź Øre Þór":                "lodz ore thor",
		"Ａｎａ":                         "ana",
		"Ana\u200b\u2060":             "ana",
		"ΌΔΥΣΣΕΎΣ":                    "οδυσσευσ",
		"Й":                           "и",
		"🙂 Ana":                       "🙂 ana",
		"a\xffb":                      "a\ufffdb",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFoldCopiesNothingThatIsFolded(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Fold("ana maria souza") }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"", " a  B ", "Ünï", "\u1e9e\u0130\u01c4", "가", "\u00a8", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Fold(s)
		if again := Fold(got); again != got {
			t.Errorf("Fold(%q) = %q folds to %q", s, got, again)
		}
		if !utf8.ValidString(got) || strings.Contains(got, "  ") || strings.TrimSpace(got) != got {
			t.Errorf("Fold(%q) = %q", s, got)
		}
		if upper := Fold(strings.ToUpper(got)); utf8.ValidString(s) && isLatin(got) && upper != got {
			t.Errorf("Fold(%q) = %q, of its upper case %q", s, got, upper)
		}
	})
}

func isLatin(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x7f }) < 0
}

func BenchmarkFold(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, 0, 64)
	for b.Loop() {
		buf = AppendFold(buf[:0], "Antônio José da Conceição")
	}
}
