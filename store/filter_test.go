package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// What a filter names has to be there: it would choose nobody or, with a minus
// before it, everybody.
func TestAFilterThatNamesWhatNobodyHasSaysSo(t *testing.T) {
	b := newBook(t)
	for _, filter := range []string{"cidad:recife", "-tga:frio"} {
		if got := found(t, b, filter); len(got) != 0 {
			t.Errorf("nobody is in the book: %s finds %q", filter, got)
		}
	}
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{
		{Phone: withNinth, Name: "Ana", Tags: []string{"vip"}, Fields: map[string]string{"cidade": "Recife", "data de nascimento": "01/02/1990"}},
		{Phone: "+5521999990000", Name: "Bia"},
	}, "a.csv"))
	for filter, want := range map[string]*people.FilterError{
		"cidade:recife":                nil,
		"-cidade:recife":               nil,
		"data_de_nascimento:*":         nil,
		"cidad:recife":                 {Offset: 0, Reason: reason.New(reason.FilterNearField, "cidad", "cidade")},
		"vip -tga:frio":                {Offset: 5, Reason: reason.New(reason.FilterNearField, "tga", "tag")},
		"(ana ou ciadde:recife)":       {Offset: 8, Reason: reason.New(reason.FilterNearField, "ciadde", "cidade")},
		"profissao:*":                  {Offset: 0, Reason: reason.New(reason.FilterNoField, "profissao")},
		`campo:"opt-out"`:              {Offset: 6, Reason: reason.New(reason.FilterNearField, "opt-out", "optout")},
		"leu:1":                        {Offset: 4, Reason: reason.New(reason.FilterNoCampaign, "1")},
		"-respondeu:99999999999999999": {Offset: 11, Reason: reason.New(reason.FilterNoCampaign, "99999999999999999")},
		"leu:0":                        {Offset: 4, Reason: reason.New(reason.FilterNoCampaign, "0")},
	} {
		_, err := b.Find(t.Context(), must[people.Filter](t)(people.ParseFilter(filter)))
		var got *people.FilterError
		if errors.As(err, &got); want == nil && err != nil || want != nil && (got == nil || got.Offset != want.Offset || !got.Reason.Equal(want.Reason)) {
			t.Errorf("%s: %+v, %v; want %+v", filter, got, err, want)
		}
	}
	c := must[campaign.Campaign](t)(desk(b).AddCampaign(campaign.Campaign{Name: "c", Text: "oi", To: "cidad:recife"}))
	p := must[Preflight](t)(b.Preflight(t.Context(), c, time.Now()))
	if !slices.ContainsFunc(p.Stops, func(l campaign.Lack) bool {
		return l.Field == campaign.FieldAudience && strings.Contains(l.Error(), "cidad")
	}) {
		t.Errorf("the review does not say what is wrong: %v", p.Stops)
	}
	if _, err := desk(b).Start(c.ID, time.Now()); err == nil {
		t.Error("a campaign to a field that nobody has starts")
	}
}

// Who got, read and answered a campaign is found by its number.
func TestWhoACampaignReachedIsFound(t *testing.T) {
	b := crowdedBook(t, 5)
	n := must[campaign.Number](t)(desk(b).AddNumber("loja"))
	must[campaign.Number](t)(b.LinkNumber(n.ID, "+5511912345678", "5511912345678:1@s.whatsapp.net", time.Now()))
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: "+5521999990000", Name: "Zeca"}}, "a.csv"))
	c := must[campaign.Campaign](t)(desk(b).AddCampaign(campaign.Campaign{Name: "c", Text: "oi", To: "-zeca"}))
	c = must[campaign.Campaign](t)(desk(b).Begin(t.Context(), c.ID, time.Now()))
	must[campaign.Campaign](t)(b.Started(t.Context(), c.ID))
	all := must[[]people.ContactID](t)(b.Find(t.Context(), must[people.Filter](t)(people.ParseFilter("-zeca"))))
	states := []campaign.State{campaign.Queued, campaign.Sent, campaign.Delivered, campaign.Read, campaign.Replied}
	names := make(map[campaign.State]string)
	ok(t, b.update(func(tx *bolt.Tx) error {
		for i, id := range all {
			who, err := contactTx(tx, id)
			if err != nil {
				return err
			}
			for seq := range uint32(len(all)) {
				d, err := deliveryTx(tx, deliveryKey(c.ID, seq))
				if err != nil {
					return err
				}
				if d.Contact != id {
					continue
				}
				before := d
				d.State, d.Message = states[i], campaign.MessageID(fmt.Sprint("3EB0", i))
				if err := putDeliveryTx(tx, &before, &d); err != nil {
					return err
				}
				if d.State != campaign.Queued {
					if err := personsTable.Put(tx, c.ID, id, row(seq)); err != nil {
						return err
					}
				}
				names[d.State] = who.Name
			}
		}
		return nil
	}))
	of := func(states ...campaign.State) (some []string) {
		for _, s := range states {
			some = append(some, names[s])
		}
		slices.Sort(some)
		return some
	}
	for filter, want := range map[string][]string{
		"recebeu:1":              of(campaign.Delivered, campaign.Read, campaign.Replied),
		"leu:1":                  of(campaign.Read, campaign.Replied),
		"respondeu:1":            of(campaign.Replied),
		"recebeu:-1":             of(campaign.Sent),
		"leu:-1":                 of(campaign.Sent, campaign.Delivered),
		"recebeu:1 -respondeu:1": of(campaign.Delivered, campaign.Read),
	} {
		got := found(t, b, filter)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s finds %q, want %q", filter, got, want)
		}
	}
}

// A delivery that cannot be read is an error, and not nobody: with a minus before
// it the filter would choose whom it must not.
func TestAFilterDoesNotPassOverADamagedDelivery(t *testing.T) {
	b := crowdedBook(t, 1)
	c := must[campaign.Campaign](t)(desk(b).AddCampaign(campaign.Campaign{Name: "c", Text: "oi"}))
	ok(t, b.update(func(tx *bolt.Tx) error { return personsTable.Put(tx, c.ID, 1, row(uint32(7))) }))
	f := must[people.Filter](t)(people.ParseFilter("-recebeu:1"))
	if got, err := b.Find(t.Context(), f); err == nil {
		t.Errorf("it chooses %v", got)
	}
}

// A search that somebody has given up stops, also while it looks for what a
// field may have been meant to be.
func TestASearchForAFieldStopsWhenAsked(t *testing.T) {
	b := crowdedBook(t, 600)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Find(ctx, must[people.Filter](t)(people.ParseFilter("nada:x"))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
