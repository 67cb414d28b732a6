package words

import (
	"reflect"
	"strings"
	"testing"

	"recado/campaign"
	"recado/campaign/people"
)

// TestAFilterIsSaidInWords, in every language, with what is joined and turned round
// as it was typed.
func TestAFilterIsSaidInWords(t *testing.T) {
	for line, want := range map[string][3]string{
		"":                                    {"", "", ""},
		"cidade:Recife tag:vip -respondeu:12": {"de Recife, com a tag vip, que não responderam à campanha 12", "from Recife, with the tag vip, who did not answer campaign 12", "de Recife, con la etiqueta vip, que no respondieron a la campaña 12"},
		"ana ou -(tag:frio ou optout:sim)":    {"com “ana” ou (sem a tag frio, que não saíram)", "with “ana” or (without the tag frio, who have not opted out)", "con “ana” o (sin la etiqueta frio, que no se dieron de baja)"},
		"-(ana tag:vip)":                      {"sem “ana” ou sem a tag vip", "without “ana” or without the tag vip", "sin “ana” o sin la etiqueta vip"},
		"optout:nao":                          {"que não saíram", "who have not opted out", "que no se dieron de baja"},
		"-optout:nao":                         {"que saíram", "who have opted out", "que se dieron de baja"},
		"leu:-1234 saldo:>90":                 {"para quem a campanha 1234 foi enviada e não leram, saldo > 90", "to whom campaign 1234 was sent, unread, saldo > 90", "a quienes se envió la campaña 1234 y no la leyeron, saldo > 90"},
		"visto:>30d -criado:<01/06/2026":      {"última mensagem deles: há mais de 30 d, exceto: no cadastro: antes de 01/06/2026", "last message from them: more than 30 d ago, except: in the book: before 2026-06-01", "último mensaje de ellos: hace más de 30 d, excepto: en el registro: antes del 01/06/2026"},
		"rotulo:Pago -veio:link veio:feira":   {"com a etiqueta do WhatsApp Pago, que não vieram por um link, que vieram por feira", "with the WhatsApp label Pago, who did not come by a link, who came by feira", "con la etiqueta de WhatsApp Pago, que no vinieron por un enlace, que vinieron por feira"},
		"-veio:nao":                           {"que vieram por um link ou anúncio", "who came by a link or an ad", "que vinieron por un enlace o anuncio"},
		"-consent:nao email:* -profissao:*":   {"com consentimento, com email, sem profissao", "who have given consent, with email, without profissao", "con consentimiento, con email, sin profissao"},
	} {
		f, err := people.ParseFilter(line)
		if err != nil {
			t.Fatal(err)
		}
		for i, lang := range []string{"pt-BR", "en", "es"} {
			if got := For(lang).Filter(f); got != want[i] {
				t.Errorf("%s in %s: %q, want %q", line, lang, got, want[i])
			}
		}
	}
	// Every term has words of its own: none is left out.
	for _, line := range []string{
		"ana", "nome:ana", "nome:*", "usuario:ana", "usuario:*", "fone:98", "fone:*", "+55 11 98765-4321", "tag:a", "tag:*", "lista:a", "lista:*", "conexao:a", "conexao:*", "optout:sim", "optout:duvida",
		"whatsapp:sim", "whatsapp:nao", "whatsapp:?", "visto:nunca", "visto:*", "enviado:<1d", "criado:1/1/2026", "recebeu:1", "recebeu:-1", "leu:1", "leu:-1", "respondeu:1", "respondeu:-1", "consent:*", "consent:sim", "consent:x", "rotulo:a", "rotulo:*", "veio:link", "veio:anuncio", "veio:sim", "veio:nao", "veio:x",
		"a:b", "a:=b", "a:*", "a:>1", "cidade:x",
	} {
		f, err := people.ParseFilter(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range Languages() {
			for _, not := range []bool{false, true} {
				if got := For(lang).term(f.Root(), not, false); got == "" || strings.Contains(got, "…") || strings.Contains(got, "said_") || strings.Contains(got, "{{") {
					t.Errorf("%s in %s (%v): %q", line, lang, not, got)
				}
			}
		}
	}
}

// TestWhoDidNotAnswerIsTheSameInEveryLanguage: the filter of a follow-up on the screen
// is the one of the command, in keys that the person reads.
func TestWhoDidNotAnswerIsTheSameInEveryLanguage(t *testing.T) {
	c := campaign.Campaign{ID: 12}
	line, _ := c.Unanswered(campaign.FollowDelivered)
	want, err := people.ParseFilter(line)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range Languages() {
		got, err := people.ParseFilter(For(lang).T("filter_unanswered", "ID", c.ID.String()))
		if err != nil || !reflect.DeepEqual(got.Root(), want.Root()) {
			t.Errorf("%s: %v, %v; want %v", lang, got.Root(), err, want.Root())
		}
	}
}
