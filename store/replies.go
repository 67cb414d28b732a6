package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// What people wrote in answer to a campaign, and the one text with which each of
// them is answered. That text is a campaign of its own to one person, as a test
// is: it takes the same way through pace, opt-outs and claims, and is in no count
// of the campaign that they answered.

// Reply is a delivery that counts as replied to, and what they were answered.
type Reply struct {
	campaign.Delivery
	Ours Answer
}

// Answer is what somebody was answered; the zero Answer: nothing.
type Answer struct {
	ID     campaign.ID // as a campaign
	Stands bool        // it has left, may have, or is to leave: there is no other one
	State  campaign.State
	Text   string // as they got it, or as it was typed
}

// Replies gives out what counts as a reply to a campaign in its [Book.Report], by
// when it came, the newest last. Those of people who were erased are not there any
// more. It ends early with the error of do, and with that of ctx when that ends.
func (b *Book) Replies(ctx context.Context, id campaign.ID, do func(*Reply) error) error {
	type place struct {
		seq uint32
		at  int64
	}
	parts, err := inParts(ctx, b, id, func(some *[]place, seq uint32, d *campaign.Fate) {
		if d.Replied() {
			*some = append(*some, place{seq, d.RepliedAt.UnixNano()})
		}
	})
	if err != nil {
		return err
	}
	places := slices.Concat(parts...)
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq)) })
	for chunk := range slices.Chunk(places, repliesPage) {
		if err := ctx.Err(); err != nil {
			return err
		}
		var page []Reply
		err := b.view(func(tx *bolt.Tx) error {
			for _, p := range chunk {
				d, err := deliveryTx(tx, deliveryKey(id, p.seq))
				if errors.Is(err, ErrNotFound) || err == nil && d.Contact == 0 {
					continue
				} else if err != nil {
					return err
				}
				ours, err := oursTx(tx, id, p.seq)
				if err != nil {
					return err
				}
				page = append(page, Reply{d, ours})
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i := range page {
			if err := do(&page[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// repliesPage is how many replies are read at once.
const repliesPage = 1000

// Answers are the answers to the replies to a campaign, by the places of their
// deliveries: of several the one that stands, or else the last.
func (b *Book) Answers(of campaign.ID) (map[uint32]Answer, error) {
	all := make(map[uint32]Answer)
	err := b.view(func(tx *bolt.Tx) error {
		for k := range answersTable.Each(tx, answersTable.Of(of)) {
			_, seq, id := answersTable.Parts(k)
			a, err := answeredAsTx(tx, id)
			if err != nil {
				return err
			}
			if before, ok := all[seq]; !ok || !before.Stands {
				all[seq] = a
			}
		}
		return nil
	})
	return all, err
}

// oursTx is our answer to one reply.
func oursTx(tx *bolt.Tx, of campaign.ID, seq uint32) (a Answer, err error) {
	for k := range answersTable.Each(tx, answersTable.Of2(of, seq)) {
		_, _, id := answersTable.Parts(k)
		if a, err = answeredAsTx(tx, id); err != nil || a.Stands {
			break
		}
	}
	return a, err
}

// answeredAsTx says how far an answer is.
func answeredAsTx(tx *bolt.Tx, id campaign.ID) (Answer, error) {
	c, err := campaignTx(tx, id)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{ID: c.ID, State: campaign.Queued, Stands: c.Status == campaign.Freezing, Text: wouldSayTx(tx, &c)}
	d, err := deliveryTx(tx, deliveryKey(c.ID, 0))
	switch {
	case errors.Is(err, ErrNotFound):
		if !a.Stands {
			a.State = campaign.Skipped
		}
		return a, nil
	case err != nil:
		return a, err
	}
	if a.State = d.State; d.Text != "" {
		a.Text = d.Text
	}
	if c.Status == campaign.Cancelled && d.State == campaign.Queued {
		a.State = campaign.Skipped
	}
	a.Stands = a.Stands || d.MayHaveLeft() || d.Pending() && c.Status != campaign.Cancelled
	return a, nil
}

// wouldSayTx is the text of an answer as it would leave now; as it was typed if that
// cannot be said.
func wouldSayTx(tx *bolt.Tx, c *campaign.Campaign) string {
	contact, err := contactTx(tx, mergedTx(tx, c.Only))
	if err != nil {
		return c.Text
	}
	t, err := campaign.ParseTemplate(campaign.Visible(c.Text))
	if err != nil {
		return c.Text
	}
	text, err := t.Render(&contact, time.Now())
	if err != nil {
		return c.Text
	}
	return text
}

// unansweredOnceTx refuses a second answer to the same reply.
func unansweredOnceTx(tx *bolt.Tx, of campaign.ID, seq uint32) error {
	a, err := oursTx(tx, of, seq)
	if err == nil && a.Stands {
		err = reason.Because(ErrExists, reason.AnswerTwice, a.ID)
	}
	return err
}

// Answer sends one text to a person who replied to a campaign, once, by the number
// that they wrote to. It leaves when its turn comes, like any message in a chat
// that the number has; what the text lacks, and why the person may not be written
// to, is said before anything is written. It returns the answer as it is being
// sent.
func (d *Desk) Answer(ctx context.Context, to campaign.ID, who people.ContactID, text string, now time.Time) (c campaign.Campaign, err error) {
	text = campaign.Text(text)
	err = d.write(VerbAnswer, func(tx *bolt.Tx, e *Entry) error {
		contact, err := contactTx(tx, who)
		if err != nil {
			return err
		}
		if c, err = composeTx(tx, to, &contact, text, now); err != nil {
			return err
		}
		e.onContact(&contact)
		e.change("campaign", "", to.String())
		e.change("text", "0", strconv.Itoa(utf8.RuneCountInString(text)))
		var audience people.Set
		audience.Add(contact.ID)
		return freezesTx(tx, e, &c, audience, c.Numbers, now)
	})
	if err != nil {
		return c, err
	}
	d.book.wake()
	return d.book.Started(ctx, c.ID)
}

// composeTx makes the answer to what a person wrote to a campaign, or says why
// there can be none.
func composeTx(tx *bolt.Tx, to campaign.ID, contact *people.Contact, text string, now time.Time) (c campaign.Campaign, err error) {
	refuse := func(why reason.Reason) error {
		return reason.Because(ErrState, reason.AnswerRefused, to, why)
	}
	of, err := campaignTx(tx, to)
	if err != nil {
		return c, err
	}
	if of.AnswerTo != 0 {
		return c, refuse(reason.New(reason.AnswerToAnswer))
	}
	seq := personsTable.Get(tx, to, contact.ID)
	if seq == nil {
		return c, refuse(reason.New(reason.AnswerNoReply))
	}
	d, err := deliveryTx(tx, deliveryKey(to, fromRow[uint32](seq)))
	if err != nil {
		return c, err
	}
	if fate := d.Fate(); !fate.Replied() {
		return c, refuse(reason.New(reason.AnswerNoReply))
	}
	if err := unansweredOnceTx(tx, to, d.Seq); err != nil {
		return c, err
	}
	if why := unwanted(contact, &c, []campaign.NumberID{d.Number}, nil, now); why != "" {
		return c, refuse(reason.New(why))
	}
	if why := whyBarredTx(tx, contact); !why.IsZero() {
		return c, refuse(why)
	}
	c = campaign.Campaign{
		Name: of.Name, Text: text, To: "respondeu:" + to.String(), Numbers: []campaign.NumberID{d.Number},
		AnswerTo: to, AnswerSeq: d.Seq, Only: contact.ID, Silent: true, Archived: true,
	}
	stops, err := stopsTx(tx, c, now)
	if err != nil {
		return c, err
	}
	if err := joined(append(c.Lacks(), stops...)); err != nil {
		return c, refuse(reason.Of(err))
	}
	t, err := campaign.ParseTemplate(campaign.Visible(text))
	if err != nil {
		return c, err
	}
	said, err := t.Render(contact, now)
	if err == nil {
		err = c.CheckText(said)
	}
	if err != nil {
		return c, refuse(reason.Of(err))
	}
	return c, nil
}
