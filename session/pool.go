package session

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// Pool is our numbers. Its methods may be called from any goroutine.
type Pool struct {
	devices Devices
	book    Book
	bell    *campaign.Bell
	clock   *campaign.Clock
	logger  *slog.Logger
	config  Config
	version *webVersion

	histories chan struct{} // a place for each piece of history in memory
	backlog   *backlog      // who has not heard everything yet
	receipts  *receipts     // that are not written yet

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup // the goroutines of the numbers and of their links

	mu      sync.Mutex
	numbers map[campaign.NumberID]*number
	started bool
}

// closeTimeout bounds how long Close waits for connections to say goodbye.
const closeTimeout = 10 * time.Second

// Open makes a pool of the numbers in the book. Nothing is connected before
// Start. Everything stops when ctx ends; Close must be called all the same.
func Open(ctx context.Context, c Config) (*Pool, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Bell == nil {
		c.Bell = new(campaign.Bell)
	}
	if c.Clock == nil {
		c.Clock = new(campaign.Clock)
	}
	if err := setProcess(c.RootKey, c.Logger); err != nil {
		return nil, err
	}
	p := &Pool{
		devices: c.Devices, book: c.Book, bell: c.Bell, clock: c.Clock, logger: c.Logger, config: c,
		version:   newWebVersion(c.Book, c.Logger),
		histories: make(chan struct{}, historyAtOnce), backlog: newBacklog(), receipts: newReceipts(),
		numbers: make(map[campaign.NumberID]*number),
	}
	p.ctx, p.cancel = context.WithCancel(ctx)
	numbers, err := c.Book.Numbers()
	if err != nil {
		p.cancel()
		return nil, fmt.Errorf("read the numbers: %w", err)
	}
	p.wg.Go(p.confirm) // ends with p.ctx
	for _, n := range numbers {
		p.add(n)
	}
	return p, nil
}

// add starts the goroutine of a number; it ends with p.ctx.
func (p *Pool) add(record campaign.Number) *number {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n, ok := p.numbers[record.ID]; ok {
		return n
	}
	n := newNumber(p, record)
	p.numbers[record.ID] = n
	p.wg.Go(n.run)
	if p.started {
		n.begin()
	}
	return n
}

// number returns a number, also one that was added to the book after Open.
func (p *Pool) number(id campaign.NumberID) (*number, error) {
	if n := p.known(id); n != nil {
		return n, nil
	}
	numbers, err := p.book.Numbers()
	if err != nil {
		return nil, fmt.Errorf("read the numbers: %w", err)
	}
	for _, record := range numbers {
		if record.ID == id {
			return p.add(record), nil
		}
	}
	return nil, fmt.Errorf("number %d: %w", id, ErrNotFound)
}

func (p *Pool) known(id campaign.NumberID) *number {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.numbers[id]
}

// all returns the numbers that the pool knows.
func (p *Pool) all() []*number {
	p.mu.Lock()
	defer p.mu.Unlock()
	numbers := make([]*number, 0, len(p.numbers))
	for _, n := range p.numbers {
		numbers = append(numbers, n)
	}
	return numbers
}

// Start connects every linked number, all at once. Nothing leaves by any of them
// before all have heard what waits for them, see backlog.
func (p *Pool) Start() {
	p.mu.Lock()
	again := p.started
	p.started = true
	p.mu.Unlock()
	for _, n := range p.all() {
		n.begin()
	}
	if !again {
		p.wg.Go(p.keepVersion)
	}
}

// httpClient makes a client that reaches the service; nil is the library's own.
func (p *Pool) httpClient() *http.Client {
	if p.config.HTTP == nil {
		return nil
	}
	return p.config.HTTP()
}

// Close disconnects every number and waits until that is done, or for ten
// seconds.
func (p *Pool) Close() error {
	p.cancel()
	done := make(chan struct{})
	go func() { // ends with the last goroutine of the pool
		p.wg.Wait()
		close(done)
	}()
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return reason.Err(reason.NumbersStuck)
	}
}

// Link begins to link a number: its snapshot shows a QR code until a phone has
// scanned it, the rounds of codes run out or CancelLink is called. A number
// that was linked before keeps its id, and only the same phone can link it
// again. It returns at once; ErrLinked if there is a link already.
func (p *Pool) Link(id campaign.NumberID) error { return p.link(id, "") }

// LinkByCode is Link without a picture: the snapshot shows a code of eight
// letters to be typed on the phone of that number, which WhatsApp notifies.
func (p *Pool) LinkByCode(id campaign.NumberID, phone people.Phone) error {
	if phone == "" {
		return fmt.Errorf("link number %d: %w", id, ErrPhone)
	}
	return p.link(id, phone)
}

func (p *Pool) link(id campaign.NumberID, phone people.Phone) error {
	n, err := p.number(id)
	if err != nil {
		return err
	}
	return n.do(func() error { return n.beginLinking(phone) })
}

// Linked reports whether a number has a link. One whose keys are missing from
// this computer is forgotten, as it would be when it is to be connected.
func (p *Pool) Linked(id campaign.NumberID) (linked bool, err error) {
	n, err := p.number(id)
	if err != nil {
		return false, err
	}
	err = n.do(func() error {
		linked, err = n.hasLink()
		return err
	})
	return linked, err
}

// CancelLink stops what Link began. A link that a phone has just made stays.
func (p *Pool) CancelLink(id campaign.NumberID) {
	if n := p.known(id); n != nil {
		n.post(n.cancelLinking)
	}
}

// Unlink takes the link away, here and on the phone. Without a connection it
// is taken away here alone, and the snapshot says so.
func (p *Pool) Unlink(ctx context.Context, id campaign.NumberID) error {
	n, err := p.number(id)
	if err != nil {
		return err
	}
	return n.do(func() error { return n.unlink(ctx) })
}

// Reconnect tries to connect now. A ban is waited for all the same.
func (p *Pool) Reconnect(id campaign.NumberID) {
	if n := p.known(id); n != nil {
		n.post(n.reconnect)
	}
}

// Snapshots returns every number as it is now, in the order of their ids.
func (p *Pool) Snapshots() []Snapshot {
	records, err := p.book.Numbers()
	if err != nil {
		p.logger.Error("read the numbers", "err", err)
		for _, n := range p.all() {
			records = append(records, n.look().number)
		}
	}
	list := make([]Snapshot, 0, len(records))
	for _, record := range records {
		n := p.add(record)
		s := n.look().snapshot()
		s.Number.Name, s.Number.Limits = record.Name, record.Limits
		s.Outrun = p.backlog.outrun(record.ID, time.Now())
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Snapshot) int { return cmp.Compare(a.Number.ID, b.Number.ID) })
	return list
}

// Sender is the wire of a number, for its lane. It is never nil.
func (p *Pool) Sender(id campaign.NumberID) campaign.Sender { return sender{p, id} }
