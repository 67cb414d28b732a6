package campaign_test

import (
	"slices"
	"testing"

	"recado/campaign"
)

func TestWhatOtherSystemsWriteForAFieldIsFound(t *testing.T) {
	for text, want := range map[string][]string{
		"Oi {nome}, tudo bem?":                      nil,
		"Oi {{nome}}!":                              {"{{nome}}"},
		"Oi {{ first_name }}, {{nome}} e {{nome}}":  {"{{ first_name }}", "{{nome}}"},
		"Oi [nome], [Primeiro Nome]":                {"[nome]", "[Primeiro Nome]"},
		"[PROMO] só hoje [1]":                       nil,
		"Oi %nome%, de 10% a 20% off, 50 % e 60 %":  {"%nome%"},
		"Oi *|FNAME|*":                              {"*|FNAME|*"},
		"Oi ${nome} <<nome>>":                       {"${nome}", "<<nome>>"},
		"use {{ para abrir e }} para fechar":        {"{{ para abrir e }}"},
		"{{{nome}}} entre chaves, a < b << c >> d?": nil,
	} {
		if got := campaign.Unfilled(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestATextThatTellsHowToLeaveIsKnown(t *testing.T) {
	for text, want := range map[string]bool{
		"Promoção de Natal!":                                   false,
		"Não pare de sonhar, vamos sair hoje":                  false,
		"Responda sim para confirmar":                          false,
		"Cancelar o pedido? Fale com a loja":                   false,
		"Responda SAIR para não receber mais":                  true,
		"Para não receber mais mensagens, avise":               true,
		"Se não quiser mais, é só responder PARAR.":            true,
		"Reply STOP to opt out":                                true,
		"Reply STOP to receive no more":                        true,
		"To unsubscribe, tell us":                              true,
		"Responde SALIR para no recibir más":                   true,
		"Envie: sair":                                          true,
		"Mande SAIR {nome}":                                    true,
		"Para darte de baja escríbenos":                        true,
		"Descadastre-se quando quiser":                         true,
		"Mande fotos! Vamos sempre com você até o fim, e pare": false,
	} {
		if got := campaign.OffersOptOut(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}
