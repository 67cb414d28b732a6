package simulator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
)

// account is one of our own numbers: its phone and the clients that are linked
// to it. The service's lock guards it.
type account struct {
	*phone
	companions map[uint16]*companion
	lastDevice uint16   // ids are never used twice
	before     []string // the numbers that it had
	app        *appState
	wrote      map[string]bool                            // the LIDs that have written to it: no new chats
	talk       map[string][]*waHistorySync.HistorySyncMsg // what was written in the chat with a LID, newest first
	timers     map[string]timer                           // by LID: after how long the messages of the chat disappear
	usual      timer                                      // of chats that the phone begins
	blocked    map[string]types.JID                       // by LID: who is blocked on the phone
	standing
}

// companion is one linked client.
type companion struct {
	account *account
	device  uint16

	noise        [32]byte // the key that proves who logs in
	identity     [32]byte
	registration uint32
	signed       *keys.PreKey
	once         []*keys.PreKey // uploaded and not yet given out

	link      *link
	available bool
	synced    bool              // the phone has sent its keys and history
	waiting   []pushed          // what was sent or is to be sent, until it is acknowledged
	acked     chan struct{}     // closed when nothing waits any more; nil while nobody asks
	accepted  map[string]string // message id → the fingerprint of its last stanza
	sent      map[string]sent   // what it has not confirmed to be able to read
	told      map[string]piece  // message id → the part of the history of which it tells
}

// jid is the companion under its number, lid under its hidden name.
func (c *companion) jid() types.JID {
	return types.JID{User: c.account.pn, Device: c.device, Server: types.DefaultUserServer}
}

func (c *companion) lid() types.JID {
	return types.JID{User: c.account.phone.lid, Device: c.device, Server: types.HiddenUserServer}
}

// devices lists the ids of an own account: the phone and every companion.
func (a *account) devices() []uint16 {
	ids := []uint16{0}
	for id := range a.companions {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// linked lists the companions in the order in which they were linked.
func (a *account) linked() []*companion {
	var out []*companion
	for _, id := range a.devices() {
		if c := a.companions[id]; c != nil {
			out = append(out, c)
		}
	}
	return out
}

// unlink removes a companion; a connected one is told.
func (a *account) unlink(c *companion) {
	delete(a.companions, c.device)
	if c.link != nil {
		c.link.end(wire.Node{
			Tag: "stream:error", Attrs: wire.Attrs{"code": "401"},
			Content: []wire.Node{{Tag: "conflict", Attrs: wire.Attrs{"type": "device_removed"}}},
		}, false)
	}
}

// digits reads a number as people write it: only its digits count.
func digits(phone string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
}

// e164 writes a number with its plus.
func e164(pn string) string { return "+" + pn }

// account returns the own account of a number, made if there is none. Without a
// number it is a new one.
func (s *Service) account(number string) (*account, error) {
	if number != "" && (len(number) < 8 || len(number) > 15) {
		return nil, fmt.Errorf("%q is not a phone number", number)
	}
	who := s.world.own(number)
	if a := s.accounts[who.Phone]; a != nil {
		return a, nil
	}
	p := s.phones[who.LID]
	if p == nil {
		p = newPhone(s, who)
		s.phones[who.LID] = p
	}
	a := &account{phone: p, companions: make(map[uint16]*companion), wrote: make(map[string]bool)}
	a.begun = make(map[string]bool)
	a.app = newAppState(s.world, who)
	p.account = a
	s.accounts[who.Phone] = a
	return a, nil
}

// ownAccount finds an own account by any spelling of its number.
func (s *Service) ownAccount(number string) *account {
	if who, known := s.world.phone(digits(number)); known {
		return s.accounts[who.Phone]
	}
	return nil
}

// Own is the hand on one of our own numbers: what its owner could do with their
// phone, and what the service could do to it.
type Own struct {
	s *Service
	a *account
}

// Own returns the number that was linked by Scan, ScanAs or EnterCode.
func (s *Service) Own(phone string) (Own, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.ownAccount(phone)
	return Own{s, a}, a != nil
}

// OwnPhone makes a phone of ours that has linked no client yet: who writes to it
// is heard of by its history alone, once one is linked. An empty number is a new
// phone.
func (s *Service) OwnPhone(number string) (Own, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.account(digits(number))
	return Own{s, a}, err
}

// Number is the number of the phone, "+5511…".
func (o Own) Number() string { return e164(o.a.pn) }

// OwnNumbers lists our own numbers, "+5511…", sorted.
func (s *Service) OwnNumbers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, 0, len(s.accounts))
	for pn := range s.accounts {
		out = append(out, e164(pn))
	}
	slices.Sort(out)
	return out
}

// Devices lists the device ids of the clients that are linked.
func (o Own) Devices() []uint16 {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return o.a.devices()[1:]
}

// Online reports whether a linked client is logged in.
func (o Own) Online() bool {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return slices.ContainsFunc(o.a.linked(), func(c *companion) bool { return c.link != nil && c.link.active })
}

// Acknowledged waits until the linked clients have acknowledged everything that was
// sent to them, or returns the error of the context.
func (o Own) Acknowledged(ctx context.Context) error {
	for {
		o.s.mu.Lock()
		var busy chan struct{}
		for _, c := range o.a.linked() {
			if len(c.waiting) > 0 {
				if c.acked == nil {
					c.acked = make(chan struct{})
				}
				busy = c.acked
				break
			}
		}
		o.s.mu.Unlock()
		if busy == nil {
			return nil
		}
		select {
		case <-busy:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Logout unlinks every client from the phone, as its owner does in the list of
// linked devices.
func (o Own) Logout() {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	for _, c := range o.a.linked() {
		o.a.unlink(c)
	}
}

// Drop breaks the connections of the number.
func (o Own) Drop() {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	for _, c := range o.a.linked() {
		if c.link != nil {
			c.link.drop()
		}
	}
}

// SetPhone turns the phone off or on. While it is off it confirms nothing and
// sends no history; it catches up when it is on again.
func (o Own) SetPhone(on bool) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.a.phone.turn(on)
}

// End ends the connections of the number with a stream error of the given code
// ("503", "515"…) or conflict ("replaced").
func (o Own) End(code, conflict string) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	for _, c := range o.a.linked() {
		if c.link != nil {
			c.link.end(streamError(code, conflict), false)
		}
	}
}

// streamError is the stanza that ends a connection.
func streamError(code, conflict string) wire.Node {
	n := wire.Node{Tag: "stream:error", Attrs: wire.Attrs{"code": code}} // an empty attribute is not written
	if conflict != "" {
		n.Content = []wire.Node{{Tag: "conflict", Attrs: wire.Attrs{"type": conflict}}}
	}
	return n
}
