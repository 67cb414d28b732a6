package campaign

import (
	"errors"
	"strings"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// ConfirmWithin is for how long an opt-out is confirmed after it was written: who has
// waited longer knows by the silence.
const ConfirmWithin = 72 * time.Hour

// Confirmation is the one message by which a number confirms to a person that their
// wish to be left alone was heard. The zero Confirmation is sent, in words of ours.
type Confirmation struct {
	Off  bool   `json:",omitempty"` // none is sent
	Text string `json:",omitempty"` // a template in which each field has a fallback; empty: the text for the language of the person
}

// confirmations are the texts by the language, see [people.Language].
var confirmations = map[string]string{
	"pt": "Pronto. Você saiu da nossa lista e não vai mais receber as nossas mensagens.",
	"es": "Listo. Ya no estás en nuestra lista y no recibirás más mensajes nuestros.",
	"en": "Done. You are off our list and will get no more messages from us.",
}

// ConfirmsName is what the campaign is called that the confirmations of a number are.
func ConfirmsName(number string) string { return "SAIR · " + number }

// ConfirmationLanguages are the languages that have a text of ours, the usual one first.
func ConfirmationLanguages() []string { return []string{"pt", "es", "en"} }

// For is the template for a person who writes in a language.
func (c Confirmation) For(language string) string {
	if c.Text != "" {
		return c.Text
	}
	return confirmations[language]
}

// Check reports what is wrong with the text: a *TemplateError or a *TooLongError, or
// that a field has no fallback. The confirmation is for everybody, also for somebody
// of whom nothing but their number is known.
func (c Confirmation) Check() error {
	t, err := ParseTemplate(c.Text)
	if err != nil {
		return err
	}
	text, err := t.Render(&people.Contact{}, time.Now())
	if missing := (*MissingError)(nil); errors.As(err, &missing) {
		return reason.Err(reason.ConfirmFallback, reason.Plain("{"+strings.Join(missing.Fields, "}, {")+"}"))
	}
	if err == nil && c.Text != "" && strings.TrimSpace(text) == "" {
		err = reason.Err(reason.ConfirmEmpty)
	}
	return err
}
