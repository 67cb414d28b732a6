package words

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"recado/campaign/people"
)

// TestWhoSendsTheTextOfALinkAgrees: what a link has written for them must not be taken
// for a no or a doubt, whatever its token is.
func TestWhoSendsTheTextOfALinkAgrees(t *testing.T) {
	const letters = "abcdefghijklmnopqrstuvwxyz23456789"
	random := rand.New(rand.NewPCG(1, 2))
	for _, lang := range Languages() {
		text := For(lang).T("consent_text")
		for range 200 {
			token := make([]byte, 6)
			for i := range token {
				token[i] = letters[random.IntN(len(letters))]
			}
			sent := fmt.Sprintf("%s (ref %s)", text, token)
			if w, why := people.Wants(sent, ""); w != people.Other {
				t.Fatalf("%s: %q is %v (%s)", lang, sent, w, why)
			}
		}
	}
}
