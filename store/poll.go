package store

import (
	"crypto/rand"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// A poll is a delivery with a secret, with which the votes of its person are sealed.
// The claim chooses it and writes it down beside the text, so that every copy that
// can leave is the same, and a vote is opened after a restart, by another link and
// however late it comes. The options are those of the campaign, which do not change
// once it has started.

// secretSize is that of a message's secret, in bytes.
const secretSize = 32

// secretOf is a new secret for a delivery that is a poll; nil if it is none.
func secretOf(d *campaign.Delivery) []byte {
	if len(d.Poll) == 0 {
		return nil
	}
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // it does not fail, or ends the program
	return secret
}

// optionsTx gives a delivery that is a poll its options.
func optionsTx(tx *bolt.Tx, d *campaign.Delivery) error {
	if d.Poll = nil; len(d.Secret) == 0 {
		return nil
	}
	c, err := campaignTx(tx, d.Campaign)
	d.Poll = c.Options()
	return err
}

// Poll returns the poll that a number sent to a person under an id, with its options
// and its secret; not ok if it sent them none.
func (b *Book) Poll(number campaign.NumberID, to people.Seen, id campaign.MessageID) (d campaign.Delivery, ok bool, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		if d, ok, err = messageTx(tx, id); err != nil || !ok {
			return err
		}
		if ok = d.Number == number && len(d.Secret) > 0 && sentToTx(tx, &d, to); !ok {
			return nil
		}
		return optionsTx(tx, &d)
	})
	return d, ok && err == nil, err
}

// chosenTx keeps a vote in the poll that a delivery is.
func chosenTx(tx *bolt.Tx, d *campaign.Delivery, m campaign.Incoming) error {
	if err := optionsTx(tx, d); err != nil {
		return err
	}
	d.Choose(*m.Vote, d.Poll, m.At)
	return nil
}

// pollFits reports whether a delivery is as one of a campaign is whose poll has so many
// options; 0: it is no poll.
func pollFits(d *campaign.Delivery, options int) bool {
	carries := d.Message != "" && d.Text != "" // and is neither forgotten nor erased
	if options == 0 {
		return len(d.Secret) == 0 && d.Vote == 0
	}
	return int(d.Vote) <= options && (!carries || len(d.Secret) == secretSize)
}
