package tui

import (
	"errors"
	"strings"
	"testing"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// What old records say in English is said in the language of the person.
func TestOldSentencesAreTranslated(t *testing.T) {
	w := newWords("pt", cells{})
	for english, want := range map[string]string{
		"The connection was lost.":                                                        "A conexão caiu.",
		"WhatsApp closed the connection (code 515).":                                      "O WhatsApp fechou a conexão (código 515).",
		"This is another phone. \"Loja\" is +55 11 9…: link other phones as new numbers.": "Este é outro celular. \"Loja\" é +55 11 9…: vincule outros celulares como números novos.",
		"WhatsApp banned this number for a time: too many people blocked it.":             "O WhatsApp baniu este número por um tempo: gente demais o bloqueou.",
		"The code was for +5511987654321, but +5521987654321 typed it. Start again.":      "O código era para +5511987654321, mas foi digitado em +5521987654321. Comece de novo.",
		"WhatsApp stopped the number \"Loja\". See to it before you resume the campaign.": "O WhatsApp parou o número \"Loja\". Resolva isso antes de continuar a campanha.",
		"5 messages in a row did not leave: WhatsApp did not accept the message (code 400). Look at WhatsApp on the phone and write to somebody from there, then resume the campaign.": "5 mensagens seguidas não saíram: o WhatsApp não aceitou o texto (código 400). Abra o WhatsApp no celular, escreva para alguém de lá e só depois retome a campanha.",
		"missing field: cidade": "falta campo: cidade",
		"Something new.":        "Something new.",
	} {
		if got := w.because(reason.Old(english)); got != want {
			t.Errorf("%q: got %q, want %q", english, got, want)
		}
	}
}

func TestAReasonFromOutsideIsHarmless(t *testing.T) {
	w := newWords("pt", cells{})
	for _, r := range []reason.Reason{
		reason.New(reason.CSVNoPhones, []string{"\x1b[31m", "a\nb", strings.Repeat("x", 500)}),
		reason.New(reason.Foreign, reason.Plain("\x1b[31m\n")),
		reason.New("\x1b[31m of an old record\n"),
	} {
		if got := w.because(r); strings.ContainsAny(got, "\x1b\n") || len(got) > 250 {
			t.Errorf("got %q", got)
		}
	}
}

func TestMistakesOfOtherPackagesAreTranslated(t *testing.T) {
	pace := func(s string) error { _, err := campaign.ParsePace(campaign.Pace{}, s); return err }
	phone := func(s string) error { _, err := people.ParsePhone(s); return err }
	for _, test := range []struct {
		err    error
		pt, en string
	}{
		{pace("gap=soon"), `ritmo: gap=soon: não é um tempo: "soon" (escreva 30s, 2m, 1h ou 7d)`, `pace: gap=soon: not a duration: "soon" (write 30s, 2m, 1h or 7d)`},
		{pace("speed=9"), "ritmo: speed=9: não existe esse limite; há gap, new-gap, long, every, hour, new-hour, day, new-day, hours, weekdays, per-person",
			"pace: speed=9: no such limit; there are gap, new-gap, long, every, hour, new-hour, day, new-day, hours, weekdays, per-person"},
		{pace("fast"), `ritmo: "fast": escreva limite=valor, por exemplo gap=30s-60s`, `pace: "fast": want key=value, for example gap=30s-60s`},
		{phone("123"), `não é um telefone: "123": curto demais`, `not a phone number: "123": too short`},
		{phone("98765-4321"), `não é um telefone: "98765-4321": falta o DDD`, `not a phone number: "98765-4321": the area code (DDD) is missing`},
		{reason.Err(reason.CampaignNotFound, campaign.ID(7)), "não há campanha 7; veja recado campaign list", "campaign 7: not found"},
		{reason.Err(reason.CampaignStart, campaign.ID(7), reason.New(reason.CampaignItIs, campaign.Paused.Reason())), "a campanha 7 não começou: está pausada", "start campaign 7: it is paused"},
		{errors.New("something nobody knows"), "something nobody knows", "something nobody knows"},
	} {
		for lang, want := range map[string]string{"pt": test.pt, "en": test.en} {
			if got := newWords(lang, cells{}).why(test.err); got != want {
				t.Errorf("%v: got %q, want %q", test.err, got, want)
			}
		}
	}
}

func TestWhatATextIsGivenCannotDriveTheTerminal(t *testing.T) {
	w := newWords("pt-BR", cells{})
	for _, got := range []string{
		w.t("need", "What", "\x1b[31mx\u202e"),
		w.t("need", "What", errors.New("\x1b[31mx")),
		w.n("list_saved", 2, "Name", "\x1b[31mx"),
	} {
		if strings.ContainsAny(got, "\x1b\u202e") || !strings.Contains(got, "x") {
			t.Errorf("got %q", got)
		}
	}
}
