package campaign_test

import (
	"testing"
	"time"

	"recado/campaign"
)

func TestATimeIsReadByTheClockOfItsZone(t *testing.T) {
	recife, err := time.LoadLocation("America/Recife")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 12, 4, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2026-12-05 09:00":                   "2026-12-05T09:00:00-03:00",
		" 05/12/2026 09:00 ":                 "2026-12-05T09:00:00-03:00",
		"2026-12-05T09:00":                   "2026-12-05T09:00:00-03:00",
		"2026-12-05 09:00:30":                "2026-12-05T09:00:30-03:00",
		"2026-12-05 09:00 Europe/Lisbon":     "2026-12-05T09:00:00Z",
		"2026-12-05 09:00 America/Sao_Paulo": "2026-12-05T09:00:00-03:00",
		"2026-12-05 09:00 UTC":               "2026-12-05T09:00:00Z",
		"2026-12-05T09:00:00+02:00":          "2026-12-05T09:00:00+02:00",
		"2026-12-05T12:00:00Z":               "2026-12-05T12:00:00Z",
		"2026-12-04 09:00":                   "", // now, there
		"2026-12-05":                         "",
		"2026-12-05 25:00":                   "",
		"05/12 9h":                           "2026-12-05T09:00:00-03:00",
		"5/12 às 9h30":                       "2026-12-05T09:30:00-03:00",
		"5/12/26, 9h":                        "2026-12-05T09:00:00-03:00",
		"3/1 9h":                             "2027-01-03T09:00:00-03:00", // next year's
		"20/11 9h":                           "",                          // some days ago, and hardly next year's
		"04/12 9h30":                         "2026-12-04T09:30:00-03:00",
		"31/11 9h":                           "",
		"amanhã 09:00":                       "2026-12-05T09:00:00-03:00",
		"Amanhã às 14h":                      "2026-12-05T14:00:00-03:00",
		"hoje 8h":                            "",
		"hoje 18h":                           "2026-12-04T18:00:00-03:00",
		"tomorrow at 2:30pm":                 "2026-12-05T14:30:00-03:00",
		"mañana a las 9:00":                  "2026-12-05T09:00:00-03:00",
		"10:00":                              "2026-12-04T10:00:00-03:00",
		"9:00":                               "2026-12-05T09:00:00-03:00", // 9:00 is now
		"sexta 9h":                           "2026-12-11T09:00:00-03:00", // it is Friday
		"sexta-feira 10h":                    "2026-12-04T10:00:00-03:00",
		"qui 9h":                             "2026-12-10T09:00:00-03:00",
		"sáb 0:15":                           "2026-12-05T00:15:00-03:00",
		"Monday 12am":                        "2026-12-07T00:00:00-03:00",
		"9h America/Sao_Paulo":               "2026-12-05T09:00:00-03:00",
		"9h 10h":                             "",
		"amanhã sexta 9h":                    "",
		"9":                                  "",
		"2 pm":                               "",
		"24h":                                "",
		"2026-12-05 09:00 Nowhere/Atall":     "",
		"":                                   "",
	} {
		at, err := campaign.ParseWhen(text, now, recife)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q is read as %v", text, at)
		case want != "" && (err != nil || at.Format(time.RFC3339) != want):
			t.Errorf("%q: %v, %v; want %s", text, at, err, want)
		case want != "":
			var c campaign.Campaign
			if c.Schedule(at); c.Planned().Format(time.RFC3339) != want && c.Zone != "" {
				t.Errorf("%q is kept as %v in %q", text, c.Planned(), c.Zone)
			}
		}
	}
}

func TestABasisIsOneOfThree(t *testing.T) {
	for text, want := range map[string]campaign.Basis{
		"": "", "consent": campaign.Consent, " customer ": campaign.Customer, "other: asked by phone": "other:asked by phone",
	} {
		if got, err := campaign.ParseBasis(text); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"other", "other:", "other:  ", "yes"} {
		if got, err := campaign.ParseBasis(text); err == nil {
			t.Errorf("%q is taken as %q", text, got)
		}
	}
}

func TestTheLanguageOfATextIsGuessed(t *testing.T) {
	for text, want := range map[string]string{
		"Oi {primeiro_nome}, tudo bem? Hoje a loja está com desconto": "pt-BR",
		"Olá! Você não pode perder":                                   "pt-BR",
		"Hello {name}, your order is ready":                           "en",
		"Hola {nombre}, hoy el desayuno es gratis para usted":         "es",
		"Promo 50%": "",
		"":          "",
	} {
		if got := campaign.Language(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
