package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"recado/campaign"
)

// AddCampaign writes a draft and returns it with its id. The text and the
// filter must be such that they parse.
func (b *Book) AddCampaign(c campaign.Campaign) (campaign.Campaign, error) {
	c.Text = campaign.Text(c.Text)
	if err := b.checkDraft(c); err != nil {
		return c, err
	}
	err := b.update(func(tx *bolt.Tx) error {
		id, err := bucket(tx, "campaigns").NextSequence()
		if err != nil {
			return err
		}
		c.ID, c.Status, c.Created = campaign.ID(id), campaign.Draft, time.Now()
		return putDraftTx(tx, c)
	})
	return c, err
}

// EditDraft writes a draft again, as it has become. Once it has started it is
// ErrState: what people were sent must not change afterwards.
func (b *Book) EditDraft(c campaign.Campaign) (campaign.Campaign, error) {
	c.Text = campaign.Text(c.Text)
	if err := b.checkDraft(c); err != nil {
		return c, err
	}
	err := b.update(func(tx *bolt.Tx) error {
		old, err := campaignTx(tx, c.ID)
		if err != nil {
			return err
		}
		if old.Status != campaign.Draft {
			return fmt.Errorf("edit campaign %d: it is %s: %w", c.ID, old.Status, ErrState)
		}
		c.Status, c.Created = campaign.Draft, old.Created
		return putDraftTx(tx, c)
	})
	return c, err
}

// checkDraft says what a draft lacks.
func (b *Book) checkDraft(c campaign.Campaign) error {
	if b.kind == Real && c.Pace == (campaign.Pace{}) {
		return ErrNoLimit
	}
	if strings.TrimSpace(c.Name) == "" {
		return errors.New("a campaign needs a name")
	}
	switch a, blank := c.Attachment, strings.TrimSpace(c.Text) == ""; {
	case a == nil && blank:
		return errors.New("a campaign needs a text or an attachment")
	case a != nil && !a.Captioned() && !blank:
		return errors.New(campaign.AttachmentText)
	}
	if _, err := campaign.ParseTemplate(c.Text); err != nil {
		return fmt.Errorf("text: %w", err)
	}
	if err := campaign.CheckLength(c.Text); err != nil {
		return err
	}
	if _, err := campaign.ParseFilter(c.To); err != nil {
		return fmt.Errorf("audience: %w", err)
	}
	return nil
}

func putDraftTx(tx *bolt.Tx, c campaign.Campaign) error {
	for _, n := range c.Numbers {
		if _, err := numberTx(tx, n); err != nil {
			return err
		}
	}
	return putCampaignTx(tx, c)
}

// Campaign returns one campaign, or ErrNotFound.
func (b *Book) Campaign(id campaign.ID) (c campaign.Campaign, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		c, err = campaignTx(tx, id)
		return err
	})
	return c, err
}

// Campaigns lists all campaigns, newest first.
func (b *Book) Campaigns() (all []campaign.Campaign, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		cursor := bucket(tx, "campaigns").Cursor()
		for k, _ := cursor.Last(); k != nil; k, _ = cursor.Prev() {
			c, err := campaignTx(tx, campaign.ID(binary.BigEndian.Uint64(k)))
			if err != nil {
				return err
			}
			all = append(all, c)
		}
		return nil
	})
	return all, err
}

// Counts returns how many deliveries of a campaign are in each state.
func (b *Book) Counts(id campaign.ID) (counts campaign.Counts, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		t, err := tallyTx(tx, id)
		counts = t.counts
		return err
	})
	return counts, err
}

// Idle reports whether no campaign is running.
func (b *Book) Idle() (idle bool, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		k, _ := bucket(tx, "running").Cursor().First()
		idle = k == nil
		return nil
	})
	return idle, err
}

// Holds says, for every number that a lane has asked about, what holds its
// next message.
func (b *Book) Holds() map[campaign.NumberID]campaign.Hold {
	b.mu.Lock()
	defer b.mu.Unlock()
	holds := make(map[campaign.NumberID]campaign.Hold, len(b.holds))
	for n, h := range b.holds {
		holds[n] = h
	}
	return holds
}

// Start freezes the audience of a draft, gives each person to the number that
// writes to her, and lets the lanes begin. Whoever has opted out, or is known
// not to be on WhatsApp, is skipped with that reason. It fails if there is
// nobody to write to, no number to write with, or the file that is attached is
// not there.
func (b *Book) Start(id campaign.ID, now time.Time) (c campaign.Campaign, err error) {
	if c, err = b.Campaign(id); err != nil {
		return c, err
	}
	if c.Attachment != nil && c.Status == campaign.Draft {
		if err := b.checkMedia(c.Attachment); err != nil {
			return c, fmt.Errorf("start campaign %d: %w", id, err)
		}
	}
	err = b.update(func(tx *bolt.Tx) error {
		if c, err = campaignTx(tx, id); err != nil {
			return err
		}
		if c.Status != campaign.Draft {
			return fmt.Errorf("start campaign %d: it is %s: %w", id, c.Status, ErrState)
		}
		if err := campaign.CheckLength(c.Text); err != nil { // it was kept before there was a limit
			return fmt.Errorf("start campaign %d: %w", id, err)
		}
		if c.Numbers, err = sendersTx(tx, c.Numbers); err != nil {
			return fmt.Errorf("start campaign %d: %w", id, err)
		}
		filter, err := campaign.ParseFilter(c.To)
		if err != nil {
			return fmt.Errorf("audience: %w", err)
		}
		audience, err := findTx(context.Background(), tx, filter)
		if err != nil {
			return err
		}
		slices.Sort(audience)
		c.Status, c.Started = campaign.Running, now
		if err := putCampaignTx(tx, c); err != nil {
			return err
		}
		if err := bucket(tx, "running").Put(key(uint64(id)), nil); err != nil {
			return err
		}
		return freezeTx(tx, c, audience, now)
	})
	return c, err
}

// sendersTx returns the numbers of a campaign, all the linked ones if it
// names none. Each must be linked.
func sendersTx(tx *bolt.Tx, named []campaign.NumberID) (senders []campaign.NumberID, err error) {
	numbers, err := numbersTx(tx)
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		switch wanted := slices.Contains(named, n.ID); {
		case wanted && !n.Linked():
			return nil, fmt.Errorf("number %q is not linked: run recado link --name %q: %w", n.Name, n.Name, ErrState)
		case wanted, len(named) == 0 && n.Linked():
			senders = append(senders, n.ID)
		}
	}
	if len(senders) == 0 {
		return nil, fmt.Errorf("no number is linked: run recado link: %w", ErrState)
	}
	return senders, nil
}

// freezeTx writes one delivery for each person. A person belongs to the
// number that she knows; strangers are shared out evenly.
func freezeTx(tx *bolt.Tx, c campaign.Campaign, audience []campaign.ContactID, now time.Time) error {
	var t tally
	var zones []string
	load := make(map[campaign.NumberID]int)
	deliveries := bucket(tx, "deliveries")
	deliveries.FillPercent = 1 // keys come in order
	var queue [][]byte
	for _, id := range audience {
		contact, err := contactTx(tx, id)
		if err != nil {
			return err
		}
		if contact.Phone == "" && contact.LID == "" {
			continue
		}
		number := home(&contact, c.Numbers, load)
		load[number]++
		d := campaign.Delivery{
			Campaign: c.ID, Seq: uint32(t.counts.Total()), Contact: contact.ID, Number: number,
			Phone: contact.Phone, Name: contact.Name, New: !contact.KnownTo(number), Zone: contact.Phone.Zone(),
		}
		switch {
		case contact.OptedOut:
			d.State, d.Reason = campaign.Skipped, campaign.ReasonOptedOut
		case contact.Presence == campaign.NotOnWhatsApp && contact.Checked(now):
			d.State, d.Reason = campaign.Skipped, campaign.ReasonNotOnService
		default:
			zone := slices.Index(zones, d.Zone)
			if zone < 0 {
				zone = len(zones)
				zones = append(zones, d.Zone)
			}
			queue = append(queue, queueKey(&d, byte(min(zone, 255))))
			t.pending++
		}
		t.counts[d.State]++
		if err := deliveries.Put(deliveryKey(c.ID, d.Seq), encodeDelivery(&d)); err != nil {
			return err
		}
	}
	if t.pending == 0 {
		return fmt.Errorf("start campaign %d: nobody to write to (%d skipped): %w", c.ID, t.counts[campaign.Skipped], ErrState)
	}
	slices.SortFunc(queue, bytes.Compare)
	for _, k := range queue {
		if err := bucket(tx, "queue").Put(k, nil); err != nil {
			return err
		}
	}
	return putTallyTx(tx, c.ID, t)
}

// home is the number that writes to a person: of those that know her, else of
// all, the one with the least to do.
func home(contact *campaign.Contact, numbers []campaign.NumberID, load map[campaign.NumberID]int) campaign.NumberID {
	return slices.MinFunc(numbers, func(a, b campaign.NumberID) int {
		if known := contact.KnownTo(a); known != contact.KnownTo(b) {
			if known {
				return -1
			}
			return 1
		}
		return load[a] - load[b]
	})
}

// queueKey is the place of a delivery in its number's queue. Within a
// campaign those to known chats come first, then by zone, so that a whole
// group which may not be written to now is passed over in one step.
func queueKey(d *campaign.Delivery, zone byte) []byte {
	var fresh byte
	if d.New {
		fresh = 1
	}
	return key(uint32(d.Number), uint64(d.Campaign), fresh, zone, d.Seq)
}

// Pause stops a running campaign before its next send; reason is empty when
// somebody asked for it.
func (b *Book) Pause(id campaign.ID, reason string) (campaign.Campaign, error) {
	return b.setStatus(id, campaign.Paused, reason, campaign.Running)
}

// Resume lets a paused campaign go on.
func (b *Book) Resume(id campaign.ID) (campaign.Campaign, error) {
	return b.setStatus(id, campaign.Running, "", campaign.Paused)
}

// Cancel ends a campaign for good: what is queued is skipped.
func (b *Book) Cancel(id campaign.ID) (campaign.Campaign, error) {
	return b.setStatus(id, campaign.Cancelled, "", campaign.Draft, campaign.Running, campaign.Paused)
}

func (b *Book) setStatus(id campaign.ID, to campaign.Status, reason string, from ...campaign.Status) (c campaign.Campaign, err error) {
	err = b.update(func(tx *bolt.Tx) error {
		c, err = setStatusTx(tx, id, to, reason, from...)
		return err
	})
	return c, err
}

func setStatusTx(tx *bolt.Tx, id campaign.ID, to campaign.Status, reason string, from ...campaign.Status) (campaign.Campaign, error) {
	c, err := campaignTx(tx, id)
	if err != nil {
		return c, err
	}
	if !slices.Contains(from, c.Status) {
		return c, fmt.Errorf("campaign %d is %s: %w", id, c.Status, ErrState)
	}
	c.Status, c.Reason = to, reason
	running := bucket(tx, "running")
	switch to {
	case campaign.Running:
		err = running.Put(key(uint64(id)), nil)
	case campaign.Cancelled:
		c.Ended = time.Now()
		if err := cancelTx(tx, c); err != nil {
			return c, err
		}
		fallthrough
	default:
		err = running.Delete(key(uint64(id)))
	}
	if err != nil {
		return c, err
	}
	return c, putCampaignTx(tx, c)
}

// cancelTx skips what waits, and no longer tries what is in doubt. What is on
// the wire is seen to when it is settled.
func cancelTx(tx *bolt.Tx, c campaign.Campaign) error {
	for _, n := range c.Numbers {
		waiting := [][]byte{}
		for _, name := range []string{"queue", "again"} {
			prefix := key(uint32(n), uint64(c.ID))
			cursor := bucket(tx, name).Cursor()
			for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
				waiting = append(waiting, deliveryKey(c.ID, binary.BigEndian.Uint32(k[len(k)-4:])))
			}
			for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Seek(prefix) {
				if err := cursor.Delete(); err != nil {
					return err
				}
			}
		}
		for _, at := range waiting {
			d, err := deliveryTx(tx, at)
			if err != nil {
				return err
			}
			before := d
			giveUp(&d)
			if err := putDeliveryTx(tx, &before, &d); err != nil {
				return err
			}
		}
	}
	return nil
}

// giveUp makes of a delivery that waits one that does not.
func giveUp(d *campaign.Delivery) {
	d.NotBefore = time.Time{}
	if d.State == campaign.Queued {
		d.State, d.Reason = campaign.Skipped, campaign.ReasonCancelled
	}
}

// finishTx ends a campaign that has nothing left to send.
func finishTx(tx *bolt.Tx, id campaign.ID) error {
	c, err := campaignTx(tx, id)
	if err != nil || c.Status != campaign.Running && c.Status != campaign.Paused {
		return err
	}
	c.Status, c.Reason, c.Ended = campaign.Finished, "", time.Now()
	if err := bucket(tx, "running").Delete(key(uint64(id))); err != nil {
		return err
	}
	return putCampaignTx(tx, c)
}

func putCampaignTx(tx *bolt.Tx, c campaign.Campaign) error {
	v, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return bucket(tx, "campaigns").Put(key(uint64(c.ID)), v)
}

func campaignTx(tx *bolt.Tx, id campaign.ID) (c campaign.Campaign, err error) {
	v := bucket(tx, "campaigns").Get(key(uint64(id)))
	if v == nil {
		return c, fmt.Errorf("campaign %d: %w", id, ErrNotFound)
	}
	if err := json.Unmarshal(v, &c); err != nil {
		return c, fmt.Errorf("campaign %d: %w", id, err)
	}
	return c, nil
}
