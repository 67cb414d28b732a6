package session

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"
)

// versionAge is how old the answer to the question for the service's current
// version may become before it is asked again.
const versionAge = 24 * time.Hour

// webVersion is the version of the service's own client that ours claims to
// be: the newest that the service named, never older than the library's own.
// The service is asked once a day at most, and its answer outlives the
// program.
type webVersion struct {
	book   Book
	latest atomic.Pointer[store.WAVersionContainer] // nil: the library's own
	turn   chan struct{}                            // holds one value: whose turn it is
	asked  time.Time                                // guarded by turn
}

func newWebVersion(book Book, logger *slog.Logger) *webVersion {
	v := &webVersion{book: book, turn: make(chan struct{}, 1)}
	kept, asked, err := book.WebVersion()
	if err != nil {
		logger.Warn("read the version of the service", "err", err)
	}
	v.asked = asked
	v.offer(kept)
	v.turn <- struct{}{}
	return v
}

// offer takes a version if it is newer than the present one.
func (v *webVersion) offer(version store.WAVersionContainer) (newer bool) {
	if !v.current().LessThan(version) {
		return false
	}
	v.latest.Store(&version)
	return true
}

func (v *webVersion) current() store.WAVersionContainer {
	if latest := v.latest.Load(); latest != nil {
		return *latest
	}
	return store.GetWAVersion()
}

// payload is what a client introduces itself with. The library keeps the
// version in a variable that other clients read while it is set.
func (v *webVersion) payload(dev *store.Device) *waWa6.ClientPayload {
	payload := dev.GetClientPayload()
	if latest := v.latest.Load(); latest != nil {
		payload.UserAgent.AppVersion = latest.ProtoAppVersion()
		if payload.DevicePairingData != nil {
			hash := latest.Hash()
			payload.DevicePairingData.BuildHash = hash[:]
		}
	}
	return payload
}

// refresh asks for the current version, unless that was done in the last day,
// and says when it may be asked next. That the service cannot be asked is not
// an error.
func (v *webVersion) refresh(ctx context.Context, client *http.Client, logger *slog.Logger) (next time.Time) {
	select {
	case <-v.turn:
		defer func() { v.turn <- struct{}{} }()
	case <-ctx.Done():
		return time.Now().Add(versionAge)
	}
	// A clock that was set back must not put the question off forever.
	if now := time.Now(); !v.asked.IsZero() && !v.asked.After(now) && now.Sub(v.asked) < versionAge {
		return v.asked.Add(versionAge)
	}
	v.asked = time.Now()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	latest, err := whatsmeow.GetLatestVersion(ctx, client)
	if client != nil {
		client.CloseIdleConnections()
	}
	if err != nil {
		logger.Warn("ask for the current version of the service", "err", err)
	} else if have := v.current(); v.offer(*latest) {
		logger.Info("the service has a newer version", "have", have.String(), "latest", latest.String())
	}
	if err := v.book.SetWebVersion(v.current(), v.asked); err != nil {
		logger.Warn("keep the version of the service", "err", err)
	}
	return v.asked.Add(versionAge)
}

// keepVersion asks once a day and lets the numbers try again that the service
// called outdated. It ends with the pool's context.
func (p *Pool) keepVersion() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-timer.C:
		}
		next := p.version.refresh(p.ctx, p.httpClient(), p.logger)
		for _, n := range p.all() {
			n.post(n.tryNewerVersion)
		}
		timer.Reset(max(time.Until(next), time.Minute))
	}
}
