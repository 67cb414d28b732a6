package session

import (
	"log/slog"
	"sync"

	signallog "go.mau.fi/libsignal/logger"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waCompanionReg"
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
