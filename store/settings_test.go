package store

import (
	"errors"
	"slices"
	"testing"

	"recado/campaign"
	"recado/campaign/reason"
)

// TestTheRuleAboutConsentIsOfEachNewCampaign, copy and follow-up, of no test and no
// answer, and of none that is written already; the preflight of one that does not
// ask for it says so.
func TestTheRuleAboutConsentIsOfEachNewCampaign(t *testing.T) {
	y := newYard(t, 8)
	add := func(c campaign.Campaign) campaign.Campaign {
		t.Helper()
		if c.Name == "" {
			c.Name = "c"
		}
		c.Text = "Oi"
		return must[campaign.Campaign](t)(desk(y.book).AddCampaign(c))
	}
	warned := func(c campaign.Campaign) bool {
		t.Helper()
		p, err := y.book.Preflight(t.Context(), c, y.now)
		ok(t, err)
		return slices.ContainsFunc(p.Warnings, func(r reason.Reason) bool { return r.Code == reason.WarnNoConsent })
	}
	before := add(campaign.Campaign{})
	if before.Consented || warned(before) {
		t.Errorf("without the rule: %+v", before)
	}
	ok(t, desk(y.book).RequireConsent(true))
	y = y.copied()
	if required, err := y.book.RequiresConsent(); err != nil || !required {
		t.Errorf("after a death the rule is %v, %v", required, err)
	}
	if !add(campaign.Campaign{}).Consented || !add(before.Copy()).Consented {
		t.Error("a new campaign, or a copy, does not ask for consent")
	}
	test := add(campaign.Campaign{TestOf: before.ID})
	answer := add(campaign.Campaign{AnswerTo: before.ID})
	if test.Consented || answer.Consented {
		t.Errorf("a test or an answer asks for it: %+v, %+v", test, answer)
	}
	old := must[campaign.Campaign](t)(y.book.Campaign(before.ID))
	if old.Consented || !warned(old) {
		t.Errorf("one of before: %+v", old)
	}
	otherwise := add(campaign.Campaign{})
	otherwise.Consented = false
	otherwise = must[campaign.Campaign](t)(desk(y.book).EditDraft(otherwise))
	if otherwise.Consented || !warned(otherwise) {
		t.Errorf("one that somebody has made otherwise: %+v", otherwise)
	}
	if err := desk(y.book).RequireConsent(true); !errors.Is(err, ErrState) {
		t.Errorf("twice: %v", err)
	}
	ok(t, desk(y.book).RequireConsent(false))
	if c := add(campaign.Campaign{}); c.Consented || warned(c) {
		t.Errorf("without the rule again: %+v", c)
	}
}
