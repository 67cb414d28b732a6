package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Another text for those who have not been written to yet. A claim renders the
// text that the campaign has at that moment and keeps it with the delivery, so
// what is claimed keeps what it has, and nothing else has to be changed. A campaign
// is fixed while it is paused: before, the mistake would go on leaving while
// somebody types.

// Fix is what another text would mean for those who have not been written to.
type Fix struct {
	Waiting  int                 // for whom nothing is claimed and who would get it
	LeftOut  map[reason.Code]int // of those, who would not get it after all, by why
	Warnings []reason.Reason     // what to know before
	First    string              // the name of the next one in the order of the campaign,
	Said     string              // and the text as they would get it
}

// Lost is how many would not get it.
func (f *Fix) Lost() (n int) {
	for _, k := range f.LeftOut {
		n += k
	}
	return n
}

// Reaches is why nobody would get it: nobody waits, or all lack something that it
// asks for; nil if somebody would.
func (f *Fix) Reaches(id campaign.ID) error {
	switch {
	case f.Waiting == 0:
		return reason.Because(ErrState, reason.FixNobody, id)
	case f.Lost() == f.Waiting:
		return reason.Because(ErrState, reason.FixLost, f.Waiting)
	}
	return nil
}

// fixPage is how many deliveries are looked at without letting others go before.
const fixPage = 2000

// CheckFix looks at another text as the review looks at that of a draft: for
// every person who waits for it, what it asks for and how long it gets. It changes
// nothing, and ends early, with the context's error, when ctx does.
func (b *Book) CheckFix(ctx context.Context, id campaign.ID, variant uint8, text string, now time.Time) (f Fix, err error) {
	var c campaign.Campaign
	var t *campaign.Template
	err = b.view(func(tx *bolt.Tx) error {
		if c, err = underWayTx(tx, id); err == nil {
			c, err = fixed(c, variant, text)
		}
		return err
	})
	if err == nil {
		t, err = campaign.ParseTemplate(campaign.Visible(c.Texts()[variant]))
	}
	if err != nil {
		return f, err
	}
	f.LeftOut = make(map[reason.Code]int)
	var p Preflight
	for after, more := int64(-1), true; more; {
		if err := ctx.Err(); err != nil {
			return f, err
		}
		err := b.view(func(tx *bolt.Tx) error {
			looked := 0
			more = false
			for k, v := range deliveriesTable.From(tx, deliveriesTable.Of(id), deliveryKey(id, uint32(after+1))) {
				if looked++; looked > fixPage {
					more = true
					return nil
				}
				d, err := decodeDelivery(k, v)
				if err != nil {
					return err
				}
				after = int64(d.Seq)
				if d.State != campaign.Queued || !d.Fresh() || d.Variant != variant {
					continue
				}
				contact, err := contactTx(tx, d.Contact)
				if errors.Is(err, ErrNotFound) {
					continue
				} else if err != nil {
					return err
				}
				f.Waiting++
				if why := p.leaveOut(&contact, &c, t, now); why != "" {
					f.LeftOut[why]++
				} else if f.Said == "" {
					f.First = contact.Called()
					if f.Said, err = t.Render(&contact, now); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return f, err
		}
	}
	for _, one := range campaign.Unfilled(text) {
		f.Warnings = append(f.Warnings, reason.New(reason.WarnUnfilled, one))
	}
	for _, l := range p.Lacking {
		f.Warnings = append(f.Warnings, reason.New(reason.WarnLacking, reason.Plain("{"+l.Field+"}"), l.Count, l.Who))
	}
	if !c.OffersOptOut(text) && c.NoLeave == "" {
		f.Warnings = append(f.Warnings, reason.New(reason.WarnNoOptOut))
	}
	return f, nil
}

// fixed is a campaign with another text, or why it cannot have that.
func fixed(c campaign.Campaign, variant uint8, text string) (campaign.Campaign, error) {
	if c.RevokeOf != 0 { // it says nothing
		return c, reason.Because(ErrState, reason.UndoBare, c.ID)
	}
	if c.Confirms != 0 { // its text is that of the number
		return c, reason.Because(ErrState, reason.ConfirmBare, c.ID)
	}
	texts := slices.Clone(c.Texts())
	if int(variant) >= len(texts) {
		return c, reason.Because(ErrNotFound, reason.FixNoText, c.ID, reason.Plain(campaign.VariantName(variant)))
	}
	if texts[variant] = campaign.Text(text); texts[variant] == c.Texts()[variant] {
		return c, reason.Because(ErrState, reason.FixSame)
	}
	c.Text = texts[0]
	if len(texts) > 1 {
		c.Variants = texts[1:]
	}
	return c, joined(c.Lacks())
}

// FixText gives those of a paused campaign another text who have not been written
// to yet; before is the one that it replaces. It is ErrState unless the campaign
// is paused, and ErrChanged if somebody else has fixed it meanwhile. Who has been
// chosen for the campaign stays chosen; what a review would say of the text, see
// CheckFix, is for the caller to have asked.
func (d *Desk) FixText(id campaign.ID, variant uint8, before, text string) (c campaign.Campaign, err error) {
	err = d.write(VerbFixText, func(tx *bolt.Tx, e *Entry) error {
		was, err := underWayTx(tx, id)
		if err != nil {
			return err
		}
		if was.Status != campaign.Paused {
			return reason.Because(ErrState, reason.FixRunning, id)
		}
		if texts := was.Texts(); int(variant) < len(texts) && texts[variant] != before {
			return reason.Because(ErrChanged, reason.CampaignEditChanged, id)
		}
		if c, err = fixed(was, variant, text); err != nil {
			return err
		}
		now := d.book.clock.Now()
		c.Reword(variant, was.Texts()[variant], now)
		c.TextFixed = now
		e.onCampaign(&c)
		if old, is := apartFrom(before, c.Texts()[variant]); len(c.Variants) > 0 {
			e.change("wording "+campaign.VariantName(variant), old, is)
		} else {
			e.change("wording", old, is)
		}
		return putCampaignTx(tx, c)
	})
	return c, err
}

// alike is how much of what two texts have in common is kept before the place at
// which they part, in characters.
const alike = 60

// apartFrom are two texts from shortly before the place on at which they part, as
// long as the audit keeps them: a mistake may be at the end of a long text.
func apartFrom(a, b string) (string, string) {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	for n := 0; at > 0 && n < alike; n++ {
		_, size := utf8.DecodeLastRuneInString(a[:at])
		at -= size
	}
	for at > 0 && !utf8.RuneStart(a[at:][0]) {
		at--
	}
	cut := func(s string) string {
		if at > 0 {
			s = "…" + strings.TrimLeft(s[at:], " \n")
		}
		return shortened(s)
	}
	return cut(a), cut(b)
}
