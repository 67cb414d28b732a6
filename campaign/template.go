package campaign

import (
	"strings"
	"time"
)

// Template is a parsed text.
type Template struct{ text string }

// TemplateError points at a mistake.
type TemplateError struct {
	Offset  int
	Message string
}

func (e *TemplateError) Error() string { return e.Message }

// MissingError names fields that a contact lacks.
type MissingError struct{ Fields []string }

func (e *MissingError) Error() string { return "missing field: " + strings.Join(e.Fields, ", ") }

// ParseTemplate parses.
func ParseTemplate(text string) (*Template, error) { return &Template{text}, nil }

// Render renders.
func (t *Template) Render(c *Contact, now time.Time) (string, error) {
	return strings.NewReplacer("{nome}", c.Name, "{primeiro_nome}", c.FirstName(), "{email}", c.Fields["email"]).Replace(t.text), nil
}

// Fields lists the fields without fallback.
func (t *Template) Fields() []string { return nil }
