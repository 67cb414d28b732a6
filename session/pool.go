package session

import (
	"context"

	"recado/campaign"
)

// Pool is our numbers.
type Pool struct{}

// Open makes a pool of the numbers in the book. Nothing is connected before
// Start.
func Open(ctx context.Context, c Config) (*Pool, error) { return &Pool{}, nil }

// Start connects every linked number, all at once.
func (p *Pool) Start() {}

// Close disconnects every number and waits until that is done.
func (p *Pool) Close() error { return nil }

// Link begins to link a number: its status shows a QR code until a phone has
// scanned it, the rounds of codes run out or CancelLink is called.
func (p *Pool) Link(id campaign.NumberID) error { return nil }

// CancelLink stops what Link began.
func (p *Pool) CancelLink(id campaign.NumberID) {}

// Unlink takes the link away, here and on the phone.
func (p *Pool) Unlink(ctx context.Context, id campaign.NumberID) error { return nil }

// Reconnect tries to connect now.
func (p *Pool) Reconnect(id campaign.NumberID) {}

// Status returns every number, in the order of their ids.
func (p *Pool) Status() []Status { return nil }

// Sender is the wire of a number, for its lane. It is never nil.
func (p *Pool) Sender(id campaign.NumberID) campaign.Sender { return nil }
