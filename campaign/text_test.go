package campaign

import (
	"errors"
	"strings"
	"testing"
	"time"

	"recado/campaign/people"
)

func TestEveryLineEndIsOneBreak(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a\rb", "a\nb"},
		{"a\r\nb", "a\nb"},
		{"a\nb", "a\nb"},
		{"a\r\r\nb", "a\n\nb"},
		{"a\n\rb", "a\n\nb"},
		{"a\vb\fc\u0085d\u2028e\u2029f", "a\nb\nc\nd\ne\nf"},
		{"\r", "\n"},
		{"é…", "é…"},
	} {
		if got := Lines(c.in); got != c.want {
			t.Errorf("Lines(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestATextIsKeptWithoutEmptyLinesAtItsEnd(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Oi\r\n", "Oi"},
		{"Oi\r", "Oi"},
		{"Oi\n\n \t\n", "Oi"},
		{"Oi  ", "Oi  "},
		{"Oi  \n", "Oi  "},
		{"\n\nOi\n\nfim", "\n\nOi\n\nfim"},
		{"\n \n", ""},
		{"", ""},
	} {
		if got := Text(c.in); got != c.want {
			t.Errorf("Text(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestALimitOfCharactersIsNotOneOfBytes(t *testing.T) {
	for _, one := range []string{"x", "é", "👍"} {
		if err := CheckLength(strings.Repeat(one, TextMost)); err != nil {
			t.Errorf("%d times %s: %v", TextMost, one, err)
		}
		var long *TooLongError
		if err := CheckLength(strings.Repeat(one, TextMost+1)); !errors.As(err, &long) || long.Count != TextMost+1 {
			t.Errorf("%d times %s: %v", TextMost+1, one, err)
		}
	}
}

func TestWhatIsFilledInBreaksLinesAsTheTextDoes(t *testing.T) {
	text, err := ParseTemplate("Oi {nome}\r\n{endereco}\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	got, err := text.Render(&people.Contact{Name: "Ana", Fields: map[string]string{"endereco": "Rua A\r\nnº 1\rfundos\n"}}, time.Now())
	if want := "Oi Ana\nRua A\nnº 1\nfundos"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestATextThatAValueMakesTooLongIsNotRendered(t *testing.T) {
	text, err := ParseTemplate("Oi {nota}")
	if err != nil {
		t.Fatal(err)
	}
	fits := &people.Contact{Fields: map[string]string{"nota": strings.Repeat("é", TextMost-3)}}
	if _, err := text.Render(fits, time.Now()); err != nil {
		t.Errorf("what fits: %v", err)
	}
	fits.Fields["nota"] += "é"
	var long *TooLongError
	if got, err := text.Render(fits, time.Now()); !errors.As(err, &long) || long.Count != TextMost+1 || got != "" {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}
