package store

import (
	"testing"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// A book in which reasons were English sentences, as the program wrote it, is
// read as codes: what is in it speaks the person's language too.
func TestABookWithSentencesIsReadAsCodes(t *testing.T) {
	b, err := Open(unpacked(t, "testdata/book-with-sentences.db.gz"), Options{Kind: Real})
	ok(t, err)
	defer b.Close()
	want := map[string]map[string]int{
		"antiga":   {"delivery_opted_out": 1, "delivery_missing_field cidade": 8},
		"recusada": {"delivery_opted_out": 1, "refused_text": 5, "": 3},
	}
	said := map[string]reason.Reason{
		"antiga":   {},
		"recusada": reason.New(reason.CampaignRefusals, 5, reason.New(reason.RefusedWithCode, reason.New(reason.RefusedText), 400)),
	}
	all := must[[]campaign.Campaign](t)(b.Campaigns())
	if len(all) != len(want) {
		t.Fatalf("%d campaigns", len(all))
	}
	for _, c := range all {
		if !c.Reason.Equal(said[c.Name]) {
			t.Errorf("%s is %s for %q, want %q", c.Name, c.Status, c.Reason, said[c.Name])
		}
		got := make(map[string]int)
		for _, d := range must[[]campaign.Delivery](t)(b.Deliveries(c.ID, -1, 100)) {
			got[d.Reason.Error()]++
		}
		for why, n := range want[c.Name] {
			if got[why] != n {
				t.Errorf("%s: %d deliveries for %q, want %d; all: %v", c.Name, got[why], why, n, got)
			}
		}
	}
	n := must[[]campaign.Number](t)(b.Numbers())[0]
	if banned := reason.New(reason.NumberBanned, reason.New(reason.BanBlocked)); !n.Standing.Reason.Equal(banned) {
		t.Errorf("the number is %s for %q, want %q", n.Standing.State, n.Standing.Reason, banned)
	}
	ok(t, b.view(func(tx *bolt.Tx) error {
		turn, err := turnTx(tx, n.ID)
		if turn.Slow.Reason != reason.HoldRateLimit {
			t.Errorf("the number is slow for %q", turn.Slow.Reason)
		}
		return err
	}))
}
