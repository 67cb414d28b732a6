package host

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"recado/campaign"
	"recado/session"
	"recado/store"
)

// Service is a simulated WhatsApp.
type Service struct {
	HTTP    func() *http.Client // every host of WhatsApp is dialled through it
	RootKey [32]byte            // the public Noise key it is known by
}

// Opening says what parts to open.
type Opening struct {
	Dir     string        // the data directory; it exists and is private
	Service *Service      // nil: the real WhatsApp
	Timeout time.Duration // how long to wait for another process to let go of the book
	Logger  *slog.Logger
}

// Kind is the kind of data that belongs to the service.
func (o Opening) Kind() store.Kind {
	if o.Service != nil {
		return store.Demo
	}
	return store.Real
}

// Parts are what the process that owns a data directory has open.
type Parts struct {
	Kind   store.Kind
	Book   *store.Book
	Bell   *campaign.Bell
	Clock  *campaign.Clock // that of the book and of the numbers; nil: the machine's
	Logger *slog.Logger
	// Connect opens the numbers and their keys. It is called at most once, by
	// the first command that needs them. They are closed, in this order, by
	// the pool's Close and the function returned.
	Connect func(ctx context.Context) (pool *session.Pool, closeKeys func() error, err error)
}
