package store

import (
	"context"
	"errors"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// InSmallChunks makes the jobs of a book do n people at once.
func InSmallChunks(o Options, n int) Options {
	o.maxChunk = n
	return o
}

// Claimed is an act taken apart, for tests that look at one side of it.
type Claimed struct {
	Delivery *campaign.Delivery
	Check    []people.Phone
	Upload   *campaign.Upload
	Hold     campaign.Hold
}

// ClaimApart is Book.Claim with the act taken apart.
func ClaimApart(b *Book, c campaign.Claim) (got Claimed, err error) {
	act, err := b.Claim(c)
	switch act := act.(type) {
	case campaign.Wait:
		got.Hold = act.Hold
	case campaign.Check:
		got.Check = act.Phones
	case campaign.Upload:
		got.Upload = &act
	case campaign.Send:
		got.Delivery = &act.Delivery
	}
	return got, err
}

// HoldFreeze lets a campaign that is about to start begin to freeze with the next
// opening of the book alone.
func (b *Book) HoldFreeze(id campaign.ID) { b.stop(campaignJobKey(id), errors.New("not now")) }

// hasIndex waits for the index and reports whether there is one.
func (b *Book) hasIndex(ctx context.Context) bool {
	if b.awaitIndex(ctx) != nil {
		return false
	}
	b.index.mu.Lock()
	defer b.index.mu.Unlock()
	return b.index.x != nil
}

// Wrong is what the book says is wrong with itself.
func (b *Book) Wrong() (wrong []reason.Reason, err error) {
	err = b.view(func(tx *bolt.Tx) error { wrong = Check(tx); return nil })
	return wrong, err
}

// Drawn makes the pauses of a book those that draw says, and syncs nothing.
func Drawn(o Options, draw func() float64) Options {
	o.draw, o.noSync = draw, true
	return o
}
