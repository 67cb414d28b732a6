package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/types"

	waBinary "go.mau.fi/whatsmeow/binary"

	"recado/campaign"
	"recado/session/simulator"
)

// refusingBook writes receipts down, but for those that it refuses.
type refusingBook struct {
	Book
	refuse func(campaign.Receipt) bool
	tries  int
	kept   []campaign.MessageID
}

func (b *refusingBook) Receipts(all []campaign.Receipt) ([][]campaign.MessageID, error) {
	b.tries++
	if slices.ContainsFunc(all, b.refuse) {
		return nil, errors.New("refused")
	}
	for _, r := range all {
		b.kept = append(b.kept, r.Messages...)
	}
	return make([][]campaign.MessageID, len(all)), nil
}

// waiting is a pool in which so many receipts wait for a book.
func waiting(t *testing.T, book Book, count int) *Pool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	p := &Pool{book: book, receipts: newReceipts(), logger: testLog(), ctx: ctx, cancel: cancel}
	c := &client{number: &number{pool: p, log: testLog()}}
	c.closed.Store(true) // nobody is there to be answered
	for i := range count {
		p.receipts.put(confirmation{client: c, receipt: campaign.Receipt{Messages: []campaign.MessageID{campaign.MessageID(fmt.Sprint(i))}}})
	}
	return p
}

func TestReceiptThatCannotBeWrittenKeepsNoOther(t *testing.T) {
	book := &refusingBook{refuse: func(r campaign.Receipt) bool { return r.Messages[0] == "3" }}
	p := waiting(t, book, 10)
	p.write(p.receipts.take())
	if !slices.Equal(book.kept, []campaign.MessageID{"0", "1", "2", "4", "5", "6", "7", "8", "9"}) {
		t.Errorf("kept %v, want all but 3", book.kept)
	}
}

func TestDiskThatRefusesIsNotTriedForEachReceipt(t *testing.T) {
	book := &refusingBook{refuse: func(campaign.Receipt) bool { return true }}
	p := waiting(t, book, 100)
	p.write(p.receipts.take())
	if book.tries != 3 || len(book.kept) > 0 {
		t.Errorf("%d tries, want all at once and two alone; kept %v", book.tries, book.kept)
	}
}

// TestReceiptsAreWrittenInParts, in the order in which they came, and whoever waits
// for those before waits for no others.
func TestReceiptsAreWrittenInParts(t *testing.T) {
	heard := make(chan struct{})
	book := &refusingBook{refuse: func(campaign.Receipt) bool {
		select {
		case <-heard:
			t.Error("who waits is told before they are written")
		default:
		}
		return false
	}}
	p := waiting(t, book, receiptsAtOnce+5)
	p.receipts.put(confirmation{heard: heard})
	p.receipts.put(confirmation{client: &client{}})
	for _, want := range []int{receiptsAtOnce, 5} {
		p.write(p.receipts.take())
		if got := len(book.kept) % receiptsAtOnce; got != want%receiptsAtOnce {
			t.Errorf("%d written, want %d more", len(book.kept), want)
		}
	}
	select {
	case <-heard:
	default:
		t.Error("nobody is told that those before are written")
	}
	if left := p.receipts.take(); len(left) != 1 || left[0].heard != nil {
		t.Errorf("left: %+v", left)
	}
	for i, id := range book.kept {
		if string(id) != fmt.Sprint(i) {
			t.Fatalf("%s is in place %d", id, i)
		}
	}
}

// TestOnlyWhatTheLibraryLeavesToUsIsAnswered: of each receipt the stanza that came,
// once, and of those that the library answers itself none.
func TestOnlyWhatTheLibraryLeavesToUsIsAnswered(t *testing.T) {
	ana := types.JID{User: "123", Device: 2, Server: types.HiddenUserServer}
	stanza := func(id, kind string) *waBinary.Node {
		n := &waBinary.Node{Tag: "receipt", Attrs: waBinary.Attrs{"id": id, "from": ana}}
		if kind != "" {
			n.Attrs["type"] = kind
		}
		return n
	}
	var s stanzas
	one, two := stanza("A", ""), stanza("A", "read")
	for _, n := range []*waBinary.Node{one, two, stanza("A", "retry")} {
		s.note(n)
	}
	if got := s.take("A", "", ana.ToNonAD()); got != nil {
		t.Error("one of another device is taken")
	}
	if s.take("A", "read", ana) != two || s.take("A", "", ana) != one {
		t.Error("a receipt is answered by another's stanza")
	}
	if s.take("A", "", ana) != nil || s.take("A", "retry", ana) != nil {
		t.Error("a receipt is answered twice")
	}
	for i := range 3 * stanzasMost {
		s.note(stanza(fmt.Sprint(i), ""))
	}
	if len(s.kept) > stanzasMost {
		t.Errorf("%d stanzas are kept", len(s.kept))
	}
}

// fullBook is a real book that writes no receipts down while its disk is full.
type fullBook struct {
	*faultyBook
	full  atomic.Bool
	tries atomic.Int32
}

func (b *fullBook) Receipts(all []campaign.Receipt) ([][]campaign.MessageID, error) {
	if b.full.Load() {
		b.tries.Add(1)
		return nil, errors.New("no space left on device")
	}
	return b.faultyBook.Receipts(all)
}

// TestReceiptsThatTheDiskRefusesAgainAndAgainComeAgain: it is full when they come, and
// still when they come again with the next connection. The number is online and sends
// meanwhile, and after the connection that finds room nothing of them is missing.
func TestReceiptsThatTheDiskRefusesAgainAndAgainComeAgain(t *testing.T) {
	inBubble(t, simulator.Config{People: 6, Reads: 1}, func(r *rig) {
		r.everybody()
		id, phone := r.linked("loja")
		book := &fullBook{faultyBook: r.book}
		r.withBook(book, slog.New(slog.DiscardHandler))
		r.awaitState(id, campaign.Online)
		book.full.Store(true)
		c := r.campaignToAll()
		r.sent(c)
		reached := func() (n int) {
			made, err := r.book.Report(r.Context(), c)
			r.must(err)
			if made.Sent != 6 {
				r.Errorf("%d are sent", made.Sent)
			}
			return made.Read
		}
		for round := range 2 {
			tries := book.tries.Load()
			time.Sleep(time.Minute)
			r.own(phone).Drop()
			r.awaitState(id, campaign.Offline)
			r.awaitState(id, campaign.Online)
			time.Sleep(time.Minute)
			if n := reached(); n > 0 || book.tries.Load() == tries {
				r.Errorf("round %d: %d are read, after %d tries", round, n, book.tries.Load()-tries)
			}
		}
		if o := r.pool.Sender(id).Send(r.Context(), r.delivery(id, r.someone(1), "olá")); o.Kind != campaign.Accepted {
			r.Errorf("with a disk that takes no receipts it sends: %+v", o)
		}
		book.full.Store(false)
		r.own(phone).Drop()
		r.awaitState(id, campaign.Offline)
		r.awaitState(id, campaign.Online)
		time.Sleep(time.Minute)
		if n := reached(); n != 6 {
			r.Errorf("of 6 that were read %d are known", n)
		}
	})
}
