package session

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"

	"recado/campaign"
	"recado/campaign/reason"
)

// Receipts come in crowds: two or more of each message, thousands at once after
// a night offline. Each is on the disk before the service is told that it may
// forget it; but nobody waits for one alone. The library handles them one by one
// and would wait for the disk each time, so it is told that its handler failed,
// which keeps it from answering the service. They wait here, those of all
// numbers are written together, with whatever else is being written, and then the
// service is answered.

const (
	// receiptsAtOnce is how many are written in one transaction. Claims wait for
	// no longer than that takes.
	receiptsAtOnce = 400
	// stanzasMost is how many stanzas are kept to be answered.
	stanzasMost = 4096
)

// confirmation is a receipt that waits to be written.
type confirmation struct {
	client  *client
	receipt campaign.Receipt
	kind    types.ReceiptType
	stanza  *waBinary.Node  // to be answered
	heard   chan<- struct{} // closed when all before it are written, or given up; nil: it is a receipt
}

// receipts are those of a pool that wait.
type receipts struct {
	wake chan struct{}

	mu      sync.Mutex
	waiting []confirmation
}

func newReceipts() *receipts { return &receipts{wake: make(chan struct{}, 1)} }

func (r *receipts) put(c confirmation) {
	r.mu.Lock()
	r.waiting = append(r.waiting, c)
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// take takes some of them, the oldest first, and none behind a mark.
func (r *receipts) take() (some []confirmation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.waiting) > 0 && len(some) < receiptsAtOnce {
		some = append(some, r.waiting[0])
		r.waiting = r.waiting[1:]
		if some[len(some)-1].heard != nil {
			break
		}
	}
	return some
}

// confirm writes receipts until the pool is closed.
func (p *Pool) confirm() {
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-p.receipts.wake:
		}
		for p.ctx.Err() == nil {
			some := p.receipts.take()
			if len(some) == 0 {
				break
			}
			p.write(some)
		}
	}
}

// write writes some receipts down and answers the service. What cannot be written
// is not answered, and comes again with the next connection.
func (p *Pool) write(some []confirmation) {
	if mark := some[len(some)-1].heard; mark != nil {
		defer close(mark)
		some = some[:len(some)-1]
	}
	err := p.keep(some)
	if err == nil {
		return
	}
	p.logger.Error("write down receipts", "count", len(some), "err", err)
	// One that cannot be written must not keep the others; but a disk that
	// refuses is not tried for each.
	for failed := 0; len(some) > 0 && failed < 2 && p.ctx.Err() == nil; some = some[1:] {
		if p.keep(some[:1]) != nil {
			failed++
		}
	}
}

// keep writes receipts in one transaction and does what follows from each.
func (p *Pool) keep(some []confirmation) (err error) {
	defer func() {
		if r := recover(); r != nil {
			p.logger.Error("receipts stumbled", "panic", r, "stack", string(debug.Stack()))
			err = reason.Because(fmt.Errorf("panic: %v", r), reason.OurMistake)
		}
	}()
	if len(some) == 0 {
		return nil
	}
	all := make([]campaign.Receipt, len(some))
	for i := range some {
		all[i] = some[i].receipt
	}
	others, err := p.book.Receipts(all)
	if err != nil {
		return err
	}
	for i, c := range some {
		c.client.number.guard(func() { c.client.confirmed(c, others[i]) })
	}
	return nil
}

// confirmed does what follows from a receipt that is written, and answers the
// service. others are the messages in it that were sent to somebody else.
func (c *client) confirmed(r confirmation, others []campaign.MessageID) {
	if !c.follow(r.receipt, r.kind, others) || c.closed.Load() || c.ctx.Err() != nil || !c.cli.IsConnected() {
		return
	}
	//lint:ignore SA1019 the library answers before it is known whether it may
	c.cli.DangerousInternals().SendAck(c.ctx, r.stanza, 0)
}

// follow does what follows from a receipt that is written; not ok if it could not.
func (c *client) follow(r campaign.Receipt, kind types.ReceiptType, others []campaign.MessageID) bool {
	ids := r.Messages
	if len(others) > 0 {
		c.number.log.Warn("a receipt for messages to somebody else", "messages", others, "type", kind)
		ids = slices.DeleteFunc(slices.Clone(ids), func(id campaign.MessageID) bool { return slices.Contains(others, id) })
	}
	if err := c.prove(r.From, ids, r.State, r.At); err != nil {
		c.number.log.Error("look whose a receipt is", "err", err)
		return false
	}
	c.number.landed(ids, kind)
	return true
}

// heardReceipts waits until the receipts that were heard before are written.
func (c *client) heardReceipts() {
	heard := make(chan struct{})
	c.number.pool.receipts.put(confirmation{heard: heard})
	select {
	case <-heard:
	case <-c.number.pool.ctx.Done():
	}
}

// stanzas are receipts as they came, which the library's events do not show, for
// their answers.
type stanzas struct {
	mu   sync.Mutex
	kept map[stanzaKey]*waBinary.Node
}

type stanzaKey struct {
	id, kind string
	from     types.JID
}

// note keeps a receipt of somebody else's that the library will tell of.
func (s *stanzas) note(n *waBinary.Node) {
	id, _ := n.Attrs["id"].(string)
	kind, _ := n.Attrs["type"].(string)
	from, _ := n.Attrs["from"].(types.JID)
	if kind == string(types.ReceiptTypeRetry) { // the library answers these itself
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil || len(s.kept) >= stanzasMost { // the library passes some over
		s.kept = make(map[stanzaKey]*waBinary.Node)
	}
	s.kept[stanzaKey{id, kind, from}] = n
}

// take is the stanza of a receipt; nil: it is not known.
func (s *stanzas) take(id, kind string, from types.JID) *waBinary.Node {
	key := stanzaKey{id, kind, from}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.kept[key]
	delete(s.kept, key)
	return n
}
