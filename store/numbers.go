package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Numbers lists our numbers in the order they were added.
func (b *Book) Numbers() (numbers []campaign.Number, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		numbers, err = numbersTx(tx)
		return err
	})
	return numbers, err
}

// Number returns one number, or ErrNotFound.
func (b *Book) Number(id campaign.NumberID) (n campaign.Number, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		n, err = numberTx(tx, id)
		return err
	})
	return n, err
}

// NumberNamed returns the number that the user calls name, or whose phone it
// is; ErrNotFound if there is none. Case and accents do not matter.
func (b *Book) NumberNamed(name string) (campaign.Number, error) {
	numbers, err := b.Numbers()
	if err != nil {
		return campaign.Number{}, err
	}
	for _, n := range numbers {
		if people.Fold(n.Name) == people.Fold(name) {
			return n, nil
		}
	}
	if phone, err := people.ParsePhone(name); err == nil {
		for _, n := range numbers {
			if n.Phone != "" && n.Phone.Key() == phone.Key() {
				return n, nil
			}
		}
	}
	return campaign.Number{}, reason.Because(ErrNotFound, reason.NumberNotFound, name)
}

// AddNumber adds a number that is not linked yet. A name that is taken is
// ErrExists.
func (d *Desk) AddNumber(name string) (n campaign.Number, err error) {
	err = d.write(VerbNumberAdd, func(tx *bolt.Tx, e *Entry) error {
		if err := nameFreeTx(tx, name, 0); err != nil {
			return err
		}
		id, err := numbersTable.Next(tx)
		if err != nil {
			return err
		}
		now := d.book.clock.Now()
		n = campaign.Number{
			ID: campaign.NumberID(id), Name: strings.TrimSpace(name),
			Standing: campaign.Standing{State: campaign.Unlinked, Since: now},
		}
		if err := putNumberTx(tx, n); err != nil {
			return err
		}
		n, err = numberTx(tx, n.ID)
		e.onNumber(&n)
		e.change("name", "", n.Name)
		return err
	})
	return n, err
}

// RenameNumber changes what the user calls a number.
func (d *Desk) RenameNumber(id campaign.NumberID, name string) error {
	return d.write(VerbNumberRename, func(tx *bolt.Tx, e *Entry) error {
		if err := nameFreeTx(tx, name, id); err != nil {
			return err
		}
		var confirms campaign.ID
		err := changeNumberTx(tx, id, func(n *campaign.Number) {
			before := n.Name
			n.Name, confirms = strings.TrimSpace(name), n.Confirms
			e.onNumber(n)
			e.change("name", before, n.Name)
		})
		if err != nil || confirms == 0 {
			return err
		}
		c, err := campaignTx(tx, confirms)
		if errors.Is(err, ErrNotFound) { // it was deleted
			return nil
		} else if err != nil {
			return err
		}
		c.Name = campaign.ConfirmsName(strings.TrimSpace(name))
		return putCampaignTx(tx, c)
	})
}

// SetAccount writes down of which account a number is, and under which phone
// that is now. An account that changes its phone is the same number.
func (b *Book) SetAccount(id campaign.NumberID, lid string, phone people.Phone) (n campaign.Number, err error) {
	err = b.update(func(tx *bolt.Tx) error {
		return changeNumberTx(tx, id, func(old *campaign.Number) {
			old.LID, old.Phone = lid, phone
			n = *old
		})
	})
	return n, err
}

// LinkNumber writes down that a number has been linked: the phone, the
// service's id of the link, and that it is one link more than before. New
// chats that were closed stay so: it is the account that may not open them.
func (b *Book) LinkNumber(id campaign.NumberID, phone people.Phone, jid string, at time.Time) (n campaign.Number, err error) {
	err = b.update(func(tx *bolt.Tx) error {
		err := changeNumberTx(tx, id, func(old *campaign.Number) {
			if old.LinkedAt.IsZero() || old.Phone != phone {
				old.LinkedAt = at
			}
			old.Phone, old.JID, old.LinkMade, old.Untold = phone, jid, at, true
			old.Link++
			old.Seen = at
			old.Standing = campaign.Standing{State: campaign.Offline, Since: at, Closed: old.Standing.Closed, Refused: old.Standing.Refused}
			n = *old
		})
		if err != nil {
			return err
		}
		return b.closeLinksTx(tx, id, func(e *Entry) { e.change("phone", e.Before["phone"], string(phone)) })
	})
	return n, err
}

// PastTold writes down that the history of a number's present link was waited for.
func (b *Book) PastTold(id campaign.NumberID) error {
	return b.update(func(tx *bolt.Tx) error {
		return changeNumberTx(tx, id, func(n *campaign.Number) { n.Untold = false })
	})
}

// UnlinkNumber writes down that the link is gone. The number keeps its phone,
// its history and its deliveries; what is in doubt stays in doubt. A standing
// that says Stop pauses the campaigns of the number.
func (b *Book) UnlinkNumber(id campaign.NumberID, s campaign.Standing) error {
	return b.update(func(tx *bolt.Tx) error {
		return standTx(tx, id, s, b.clock.Now(), func(n *campaign.Number) { n.JID = "" })
	})
}

// SetStanding writes down what a restart must not forget of a number's state.
// One that says Stop pauses the campaigns of the number.
func (b *Book) SetStanding(id campaign.NumberID, s campaign.Standing) error {
	return b.update(func(tx *bolt.Tx) error {
		return standTx(tx, id, s, b.clock.Now(), func(*campaign.Number) {})
	})
}

// SetQuota writes down what the service told of a number's new chats.
func (b *Book) SetQuota(id campaign.NumberID, q campaign.Quota) error {
	return b.update(func(tx *bolt.Tx) error {
		return changeNumberTx(tx, id, func(n *campaign.Number) { n.Quota = q })
	})
}

// SawPhone writes down that the phone of a number gave a sign of life. An
// earlier one than the last changes nothing.
func (b *Book) SawPhone(id campaign.NumberID, at time.Time) error {
	return b.update(func(tx *bolt.Tx) error {
		return changeNumberTx(tx, id, func(n *campaign.Number) {
			if at.After(n.Seen) || campaign.Early(n.Seen, b.clock.Now()) {
				n.Seen = at
			}
		})
	})
}

// SetLimits changes the limits of a number, from its next claim on. No limit at
// all is ErrNoLimit on real data. What allows more than before is in the log.
func (d *Desk) SetLimits(id campaign.NumberID, l campaign.Limits) (n campaign.Number, err error) {
	b := d.book
	now := b.clock.Now()
	if b.kind == Real && l.Over(campaign.DefaultPace(now, now)) == (campaign.Pace{}) {
		return n, ErrNoLimit
	}
	var before campaign.Pace
	err = d.write(VerbNumberLimits, func(tx *bolt.Tx, e *Entry) error {
		return changeNumberTx(tx, id, func(old *campaign.Number) {
			before = old.Pace(now)
			e.onNumber(old)
			e.change("limits", old.Limits.String(), l.String())
			old.Limits = l
			n = *old
		})
	})
	if looser := n.Pace(now).Looser(before); err == nil && len(looser) > 0 {
		b.logger.Warn("limits raised", "number", n.Name, "limits", looser, "from", before, "to", n.Pace(now))
	}
	return n, err
}

// RemoveNumber forgets a number that was never linked; one that has sent
// something stays, for the sake of its history, and is ErrState.
func (d *Desk) RemoveNumber(id campaign.NumberID) error {
	return d.write(VerbNumberRemove, func(tx *bolt.Tx, e *Entry) error {
		n, err := numberTx(tx, id)
		if err != nil {
			return err
		}
		e.onNumber(&n)
		e.change("name", n.Name, "")
		if n.Link > 0 {
			return reason.Because(ErrState, reason.NumberKept, n.Name)
		}
		return numbersTable.Delete(tx, id)
	})
}

// standTx gives a number its standing and pauses what must not go on without a
// person: another number may not take over what got this one into trouble.
func standTx(tx *bolt.Tx, id campaign.NumberID, s campaign.Standing, now time.Time, change func(*campaign.Number)) error {
	var name string
	err := changeNumberTx(tx, id, func(n *campaign.Number) {
		change(n)
		n.Standing, name = s, n.Name
	})
	if err != nil || !s.Stop {
		return err
	}
	for _, running := range rotation(tx, 0) {
		c, err := campaignTx(tx, running)
		if err != nil {
			return err
		}
		if !slices.Contains(c.Numbers, id) {
			continue
		}
		c.Status, c.Reason = campaign.Paused, reason.New(reason.CampaignStopped, name)
		c.Archived = c.Archived && c.Confirms == 0 // nobody would look for it there
		if err := runningTable.Delete(tx, c.ID); err != nil {
			return err
		}
		if err := putCampaignTx(tx, c); err != nil {
			return err
		}
		if err := pausedItselfTx(tx, &c, campaign.Running, c.Reason, now); err != nil {
			return err
		}
	}
	return holdFreezesTx(tx, id, reason.New(reason.CampaignStopped, name))
}

func nameFreeTx(tx *bolt.Tx, name string, except campaign.NumberID) error {
	if strings.TrimSpace(name) == "" {
		return reason.Err(reason.NumberNoName)
	}
	if err := people.CheckName(name); err != nil {
		return err
	}
	numbers, err := numbersTx(tx)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if n.ID != except && people.Fold(n.Name) == people.Fold(name) {
			return reason.Because(ErrExists, reason.NumberExists, name)
		}
	}
	return nil
}

func changeNumberTx(tx *bolt.Tx, id campaign.NumberID, change func(*campaign.Number)) error {
	n, err := numberTx(tx, id)
	if err != nil {
		return err
	}
	change(&n)
	return putNumberTx(tx, n)
}

func putNumberTx(tx *bolt.Tx, n campaign.Number) error {
	v, err := json.Marshal(n)
	if err != nil {
		return err
	}
	if err := keepOursTx(tx, &n); err != nil {
		return err
	}
	return numbersTable.Put(tx, n.ID, v)
}

func numberTx(tx *bolt.Tx, id campaign.NumberID) (n campaign.Number, err error) {
	v := numbersTable.Get(tx, id)
	if v == nil {
		return n, reason.Because(ErrNotFound, reason.NumberGone)
	}
	if err := json.Unmarshal(v, &n); err != nil {
		return n, fmt.Errorf("number %d: %w", id, err)
	}
	return n, nil
}

func numbersTx(tx *bolt.Tx) (numbers []campaign.Number, err error) {
	err = numbersTable.ForEach(tx, func(k, v []byte) error {
		n, err := numberTx(tx, numbersTable.Parts(k))
		numbers = append(numbers, n)
		return err
	})
	return numbers, err
}
