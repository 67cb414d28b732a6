package campaign

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign/people"
)

var ana = people.Contact{
	Phone: "+5511987654321", Name: "Ana Maria Souza",
	Fields: map[string]string{"email": "ana@example.com", "cidade_natal": "São Paulo", "vazio": " ", "truque": "{nome}"},
}

// morning is nine o'clock in São Paulo, and seven in Rio Branco.
var morning = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func render(t *testing.T, text string, c *people.Contact, at time.Time) (string, error) {
	t.Helper()
	template, err := ParseTemplate(text)
	if err != nil {
		t.Fatalf("ParseTemplate(%q): %v", text, err)
	}
	return template.Render(c, at)
}

func TestTemplatesAreFilledIn(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"Oi!":                        "Oi!",
		"Oi {nome}, tudo bem?":       "Oi Ana Maria Souza, tudo bem?",
		"{primeiro_nome}{email}":     "Anaana@example.com",
		"{Primeiro Nome}":            "Ana",
		"{NAME} {first_name}":        "Ana Maria Souza Ana",
		"{nombre} {primer_nombre}":   "Ana Maria Souza Ana",
		"{telefone} {phone}":         "+55 11 98765-4321 +55 11 98765-4321",
		"{saudação}, {greeting}":     "Bom dia, Bom dia",
		"{e-mail}":                   "ana@example.com",
		"{Cidade Natal}":             "São Paulo",
		"{ cidade_natal }":           "São Paulo",
		"{empresa|sua empresa}":      "sua empresa",
		"{vazio|nada}":               "nada",
		"{empresa|}.":                ".",
		"{nome|você}":                "Ana Maria Souza",
		"{{nome}} {{ }} }}{{":        "{nome} { } }{",
		"{{{nome}}}":                 "{Ana Maria Souza}",
		"{truque}":                   "{nome}", // a value is never expanded again
		"linha\n{primeiro_nome} 🙂\n": "linha\nAna 🙂",
	} {
		got, err := render(t, text, &ana, morning)
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestMistakesInATemplateArePointedAt(t *testing.T) {
	for text, offset := range map[string]int{
		"Oi {nome":         3,
		"Oi {":             3,
		"Oi }":             3,
		"é {}":             3,
		"{ }":              0,
		"{|x}":             0,
		"{a|b{c}}":         4,
		"{no{me}":          3,
		"linha\n{no\nme}":  9,
		"{{{nome}} depois": 8,
		"{...}":            0,
	} {
		_, err := ParseTemplate(text)
		var mistake *TemplateError
		if !errors.As(err, &mistake) {
			t.Errorf("%q: got %v, want a mistake", text, err)
		} else if mistake.Offset != offset || mistake.Reason.IsZero() {
			t.Errorf("%q: mistake at %d (%s), want %d", text, mistake.Offset, mistake.Reason, offset)
		}
	}
}

func TestMissingFieldsAreNamedOnce(t *testing.T) {
	_, err := render(t, "{Empresa} {nome} {vazio} {empresa} {email}", &people.Contact{Fields: ana.Fields}, morning)
	var missing *MissingError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v", err)
	}
	if want := []string{"Empresa", "nome", "vazio"}; !slices.Equal(missing.Fields, want) {
		t.Errorf("got %q, want %q", missing.Fields, want)
	}
}

func TestFieldsAreThoseWithoutFallback(t *testing.T) {
	template, err := ParseTemplate("{nome} {Nome} {cidade|x} {Cidade Natal}{email}")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := template.Fields(), []string{"nome", "Cidade Natal", "email"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheGreetingGoesByTheRecipientsClock(t *testing.T) {
	for hour, want := range map[int]string{4: "Boa noite", 5: "Bom dia", 11: "Bom dia", 12: "Boa tarde", 17: "Boa tarde", 18: "Boa noite", 23: "Boa noite"} {
		at := time.Date(2026, 6, 1, hour+3, 0, 0, 0, time.UTC)
		if got, err := render(t, "{saudacao}", &ana, at); err != nil || got != want {
			t.Errorf("at %d in São Paulo: %q, %v; want %q", hour, got, err, want)
		}
	}
	late := time.Date(2026, 6, 1, 15, 30, 0, 0, time.UTC) // half past twelve in São Paulo, half past ten in Rio Branco
	acre := people.Contact{Phone: "+5568987654321"}
	if got, _ := render(t, "{saudacao}", &acre, late); got != "Bom dia" {
		t.Errorf("in Rio Branco: %q", got)
	}
	if got, _ := render(t, "{saudacao}", &ana, late); got != "Boa tarde" {
		t.Errorf("in São Paulo: %q", got)
	}
	nowhere := people.Contact{LID: "1"}
	if got, _ := render(t, "{saudacao}", &nowhere, time.Date(2026, 6, 1, 20, 0, 0, 0, time.UTC)); got != "Boa noite" {
		t.Errorf("nowhere: %q", got)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"Oi {nome|você}, {{x}}", "{", "}", "{{{a}}}", "{a|{b}}", "{\xff}", "{é_è|}"} {
		f.Add(s, "Ana", "v{x}")
	}
	f.Fuzz(func(t *testing.T, text, name, value string) {
		template, err := ParseTemplate(text)
		if err != nil {
			var mistake *TemplateError
			if !errors.As(err, &mistake) || mistake.Offset < 0 || mistake.Offset >= len(text) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		c := people.Contact{Name: name, Fields: map[string]string{}}
		_, err = template.Render(&c, morning)
		var missing *MissingError
		if err != nil && (!errors.As(err, &missing) || len(missing.Fields) > len(template.Fields())) {
			t.Errorf("%q: %v", text, err)
		}
		for _, field := range template.Fields() {
			c.Fields[field] = "v" + value
		}
		c.Name, c.Phone = "n"+name, "+5511987654321"
		if _, err := template.Render(&c, morning); err != nil {
			t.Errorf("%q with all its fields: %v", text, err)
		}
		// A text whose braces are doubled says what it said.
		escaped, err := ParseTemplate(strings.NewReplacer("{", "{{", "}", "}}").Replace(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := escaped.Render(&c, morning); err != nil || got != text {
			t.Errorf("%q escaped says %q, %v", text, got, err)
		}
	})
}
