package session

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"

	"recado/campaign/reason"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
)

// The library says that a message was sent although nobody can read it: when
// the service refuses the recipient's keys, or lists no device of theirs, the
// message goes out without a part for them. What cannot lie is the store. The
// library writes down how far each session has got before anything leaves, so
// a message has a part for exactly those devices whose sessions were written
// during its sending; and a try that wrote none has sent nothing.
//
// The library also lets a send and the reading of a message change the same
// session at once. The last to write would undo the other: what they write
// could not be read any more, or a key would be used twice. So a send only
// writes the sessions that are still as it found them, and otherwise ends in
// [errMoved] before anything has left.

// errMoved says that a session was changed by an incoming message while a
// message was being encrypted with it.
var errMoved = reason.Err(reason.SessionMoved)

// sessions is a session store that notes what a send reads and writes.
type sessions struct {
	store.SessionStore
	turn *sync.Mutex // between the writing of a send and the reading of a message
}

func (s sessions) GetManySessions(ctx context.Context, addresses []string) (map[string][]byte, error) {
	found, err := s.SessionStore.GetManySessions(ctx, addresses)
	if p := partsOf(ctx); p != nil && err == nil {
		p.found(found)
	}
	return found, err
}

func (s sessions) PutSession(ctx context.Context, address string, session []byte) error {
	err := s.SessionStore.PutSession(ctx, address, session)
	if p := partsOf(ctx); p != nil && err == nil {
		p.add(address)
	}
	return err
}

func (s sessions) PutManySessions(ctx context.Context, all map[string][]byte) error {
	p := partsOf(ctx)
	if p == nil {
		return s.SessionStore.PutManySessions(ctx, all)
	}
	addresses := make([]string, 0, len(all))
	for address := range all {
		addresses = append(addresses, address)
	}
	// Held for as long as the disk takes, never while waiting for the service.
	s.turn.Lock()
	defer s.turn.Unlock()
	present, err := s.SessionStore.GetManySessions(ctx, addresses)
	if err != nil {
		return err
	}
	if p.moved(present) {
		return errMoved
	}
	if err := s.SessionStore.PutManySessions(ctx, all); err != nil {
		return err
	}
	for address := range all {
		p.add(address)
	}
	return nil
}

// eventBuffer is an event buffer that reads one message at a time and not while a
// send writes.
type eventBuffer struct {
	store.EventBuffer
	turn *sync.Mutex
}

func (e eventBuffer) DoDecryptionTxn(ctx context.Context, f func(context.Context) error) error {
	if ctx.Value(readingKey{}) != nil {
		return e.EventBuffer.DoDecryptionTxn(ctx, f)
	}
	e.turn.Lock()
	defer e.turn.Unlock()
	return e.EventBuffer.DoDecryptionTxn(context.WithValue(ctx, readingKey{}, true), f)
}

// readingKey marks the context of a message being read.
type readingKey struct{}

// watchSessions puts both in their places.
func watchSessions(dev *store.Device) {
	turn := new(sync.Mutex)
	dev.Sessions = sessions{dev.Sessions, turn}
	dev.EventBuffer = eventBuffer{dev.EventBuffer, turn}
}

// parts is for whose devices a message has been encrypted.
type parts struct {
	mu    sync.Mutex
	users map[string]bool
	were  map[string][]byte // the sessions as the send found them, by address
}

type partsKey struct{}

// noteParts returns a context under which a send notes its parts.
func noteParts(ctx context.Context) (context.Context, *parts) {
	p := &parts{users: make(map[string]bool), were: make(map[string][]byte)}
	return context.WithValue(ctx, partsKey{}, p), p
}

func partsOf(ctx context.Context) *parts {
	p, _ := ctx.Value(partsKey{}).(*parts)
	return p
}

func (p *parts) found(sessions map[string][]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for address, session := range sessions {
		p.were[address] = bytes.Clone(session)
	}
}

// moved reports whether a session is not as it was found.
func (p *parts) moved(present map[string][]byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for address, session := range present {
		if was, ok := p.were[address]; ok && !bytes.Equal(was, session) {
			return true
		}
	}
	return false
}

// add notes a Signal address: "user:device", or "user_agent:device" for
// accounts that go by a LID.
func (p *parts) add(address string) {
	user, _, _ := strings.Cut(address, ":")
	user, _, _ = strings.Cut(user, "_")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users[user] = true
}

// reach reports whether one of the users has a part. Without users it is
// whether anybody but the own ones has.
func (p *parts) reach(users []string, own ...string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, user := range users {
		if p.users[user] {
			return true
		}
	}
	if len(users) > 0 {
		return false
	}
	n := len(p.users)
	for _, user := range own {
		if p.users[user] {
			n--
		}
	}
	return n > 0
}

// container stands between the library and the keys of one device.
type container struct {
	store.DeviceContainer
	paired func(*store.Device) error // called when a new device has been saved, before the phone hears of it; nil: none
	gone   chan struct{}
	once   sync.Once
}

func (c *container) PutDevice(ctx context.Context, dev *store.Device) error {
	if s, ok := dev.Sessions.(sessions); ok { // the keys know their own stores
		bare := *dev
		bare.Sessions = s.SessionStore
		return c.DeviceContainer.PutDevice(ctx, &bare)
	}
	if err := c.DeviceContainer.PutDevice(ctx, dev); err != nil {
		return err
	}
	if c.paired == nil {
		return nil
	}
	if err := c.paired(dev); err != nil {
		return errors.Join(err, c.delete(ctx, dev.GetJID(), dev.NoiseKey))
	}
	c.paired = nil
	return nil
}

// errHandle is what the library is told after the keys have been deleted. It
// would otherwise go on to clear the handle while its own goroutines use it.
var errHandle = errors.New("the keys are deleted, the handle is left alone")

func (c *container) DeleteDevice(ctx context.Context, dev *store.Device) error {
	if err := c.delete(ctx, dev.GetJID(), dev.NoiseKey); err != nil {
		return err
	}
	return errHandle
}

// delete deletes the keys of the device. It may be called again.
func (c *container) delete(ctx context.Context, jid types.JID, noise *keys.KeyPair) error {
	err := c.DeviceContainer.DeleteDevice(ctx, &store.Device{ID: &jid, NoiseKey: noise})
	if err == nil {
		c.once.Do(func() { close(c.gone) })
	}
	return err
}
