package device

import (
	"context"
	"sync"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// stores is every store of one linked device. Each method finds the overlay of a decryption in its
// context by itself (view and update), except those of the tables that may be behind: they are no
// part of a decryption and stay when one is rolled back.
type stores struct {
	scope
	unpaired bool
	account  *scope
	lids     *lidMap

	migrated sync.Map // phone users whose rows have moved to their LID, after that was committed
	prekeys  prekeyOffer
	staged   stagedVersions
	outgoing sweepGate
}

var _ store.AllSessionSpecificStores = (*stores)(nil)

// view runs fn over the device's rows, with the decryption in ctx laid over them.
func (s *stores) view(ctx context.Context, fn func(r rows) error) error {
	return s.within(ctx, s.read, fn)
}

// update changes the device's rows: inside the decryption in ctx, or else on the disk before it
// returns. fn may be called more than once.
func (s *stores) update(ctx context.Context, fn func(r rows) error) error {
	return s.within(ctx, s.write, fn)
}

// within runs fn over the decryption in ctx, or by direct if there is none. A decryption that has
// ended takes nothing any more.
func (s *stores) within(ctx context.Context, direct func(func(rows) error) error, fn func(rows) error) error {
	if s.unpaired {
		return ErrNotPaired
	}
	o := s.overlay(ctx)
	if o == nil {
		return direct(fn)
	}
	if err := o.enter(); err != nil {
		return err
	}
	defer o.mu.Unlock()
	return s.read(func(disk rows) error { return fn(overlayRows{o, disk}) })
}

// committed runs f when what ctx has changed so far is on the disk: at once outside a decryption.
func (s *stores) committed(ctx context.Context, f func()) {
	o := s.overlay(ctx)
	if o == nil {
		f()
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.after = append(o.after, f)
}

// viewBehind and updateBehind are view and update for the tables that may be behind.
func (s *stores) viewBehind(fn func(r rows) error) error {
	if s.unpaired {
		return ErrNotPaired
	}
	return s.readBehind(fn)
}

func (s *stores) updateBehind(fn func(r rows) error) error {
	if s.unpaired {
		return ErrNotPaired
	}
	return s.writeBehind(fn)
}

// spellings are the keys under which rows of a person may lie: as asked, then by the other address,
// phone or LID.
func (s *stores) spellings(jid types.JID) ([]string, error) {
	jid = jid.ToNonAD()
	var other types.JID
	var err error
	switch jid.Server {
	case types.DefaultUserServer:
		other, err = s.lids.lidOf(jid.User, 0)
	case types.HiddenUserServer:
		other, err = s.lids.phoneOf(jid.User, 0)
	}
	if err != nil || other.IsEmpty() {
		return []string{jid.String()}, err
	}
	return []string{jid.String(), other.String()}, nil
}
