package session

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	signallog "go.mau.fi/libsignal/logger"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waCompanionReg"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"
	"google.golang.org/protobuf/proto"
)

// realRoot is the root key of the real service.
var realRoot = [32]byte(whatsmeow.WACertPubKey)

// process is what the library keeps once per process: the root key it trusts,
// what a new link calls itself, and the logger under it.
var process struct {
	mu    sync.Mutex
	ready bool
	root  [32]byte
}

// setProcess sets it, once. A process talks to one service only: a second
// root key is ErrRootKey.
func setProcess(root *[32]byte, logger *slog.Logger) error {
	process.mu.Lock()
	defer process.mu.Unlock()
	want := realRoot
	if root != nil {
		want = *root
	}
	if process.ready {
		if want != process.root {
			return ErrRootKey
		}
		return nil
	}
	process.ready, process.root = true, want
	whatsmeow.WACertPubKey = want
	var signal signallog.Loggable = signalLog{logger.With("module", "signal")}
	signallog.Setup(&signal)
	store.SetOSInfo("recado", [3]uint32{1, 0, 0})
	store.DeviceProps.PlatformType = waCompanionReg.DeviceProps_DESKTOP.Enum()
	store.DeviceProps.RequireFullSync = proto.Bool(false)
	history := store.DeviceProps.HistorySyncConfig
	history.StorageQuotaMb = proto.Uint32(512)
	history.RecentSyncDaysLimit = proto.Uint32(30)
	history.InitialSyncMaxMessagesPerChat = proto.Uint32(1)
	history.ThumbnailSyncDaysLimit = proto.Uint32(1)
	return nil
}

// webVersion is the version of the service's own client that ours claims to
// be. It is asked for when the service calls ours outdated, at most daily.
type webVersion struct {
	latest atomic.Pointer[store.WAVersionContainer] // nil: the library's own
	turn   chan struct{}                            // holds one value: whose turn it is
	asked  time.Time                                // guarded by turn
}

func newWebVersion() *webVersion {
	v := &webVersion{turn: make(chan struct{}, 1)}
	v.turn <- struct{}{}
	return v
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

// refresh asks for the current version. That the service cannot be asked is
// not an error.
func (v *webVersion) refresh(ctx context.Context, client *http.Client, logger *slog.Logger) {
	select {
	case <-v.turn:
		defer func() { v.turn <- struct{}{} }()
	case <-ctx.Done():
		return
	}
	if !v.asked.IsZero() && time.Since(v.asked) < 24*time.Hour {
		return
	}
	v.asked = time.Now()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	latest, err := whatsmeow.GetLatestVersion(ctx, client)
	if err != nil {
		logger.Warn("ask for the current version of the service", "err", err)
		return
	}
	if have := v.current(); have.LessThan(*latest) {
		logger.Info("the service has a newer version", "have", have, "latest", latest)
		v.latest.Store(latest)
	}
}
