package people

import "testing"

// TestTheLanguageOfWhoWrites is that of their words, of what they answer if those do not
// tell, and else Portuguese.
func TestTheLanguageOfWhoWrites(t *testing.T) {
	for _, test := range []struct{ text, asked, want string }{
		{"não me mande mais mensagens", "", "pt"},
		{"no me manden más mensajes", "", "es"},
		{"please take me off your list", "", "en"},
		{"no me manden más mensajes", "Temos sapatos novos, passe na loja hoje", "es"},
		{"STOP", "The new shoes are in the shop, come and see them today", "en"},
		{"STOP", "Ya llegaron los zapatos nuevos, te esperamos en la tienda", "es"},
		{"STOP", "", "pt"},
		{"🛑", "", "pt"},
		{"", "", "pt"},
	} {
		if got := Language(test.text, test.asked); got != test.want {
			t.Errorf("%q to %q is %s, want %s", test.text, test.asked, got, test.want)
		}
	}
}
