package store

import (
	"testing"

	"recado/campaign"
	"recado/campaign/people"
)

// TestWhoseLeavingIsConfirmed: the account's that wrote, however its record has changed.
func TestWhoseLeavingIsConfirmed(t *testing.T) {
	const phone, other = "+5511987654321", "+5511987654322"
	for name, test := range map[string]struct {
		is   people.Contact
		d    campaign.Delivery
		want bool
	}{
		"the same account":                    {people.Contact{LID: "1", Phone: phone}, campaign.Delivery{LID: "1", Phone: phone}, true},
		"the same account, another phone":     {people.Contact{LID: "1", Phone: other}, campaign.Delivery{LID: "1", Phone: phone}, true},
		"another account by the same phone":   {people.Contact{LID: "2", Phone: phone}, campaign.Delivery{LID: "1", Phone: phone}, false},
		"taken apart, with another phone":     {people.Contact{Phone: other}, campaign.Delivery{LID: "1", Phone: phone}, false},
		"its account is not known, its phone": {people.Contact{Phone: phone}, campaign.Delivery{LID: "1", Phone: phone}, true},
		"nothing is known":                    {people.Contact{}, campaign.Delivery{}, false},
	} {
		if got := wroteIt(&test.is, &test.d); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
