package device

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"

	"recado/store/bolt"
	"recado/store/device/conformance"
)

// promises are what calls have returned for, besides the ratchets of TestNoRatchetGoesBackInAPowerCut.
type promises struct {
	mu      sync.Mutex
	prekeys map[uint32][32]byte         // given out, never removed
	linked  map[types.JID]*store.Device // saved
}

func (p *promises) keep(offered []*keys.PreKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range offered {
		p.prekeys[k.KeyID] = *k.Priv
	}
}

// TestNothingElseGoesBackInAPowerCut cuts the power at every commit of what must be as durable as
// ratchets: prekeys, the device itself, application state, buffered events, payloads, the salt and
// notifications of history.
func TestNothingElseGoesBackInAPowerCut(t *testing.T) {
	const rounds = 12
	c := openNew(t)
	d := link(t, c, ownJID)
	k := &camera{acked: make(map[string]uint64)}
	kept := &promises{prekeys: make(map[uint32][32]byte), linked: make(map[types.JID]*store.Device)}
	c.db.CommitBy(func(tx *bbolt.Tx) error { return k.commit(t, c.path, tx) })

	var wg sync.WaitGroup
	each := func(name string, do func(n uint64)) {
		wg.Go(func() {
			for n := uint64(1); n <= rounds; n++ {
				do(n)
				k.ack(name, n)
			}
		})
	}
	each("prekey", func(n uint64) {
		// The last id that was given out: whoever holds its public half must be able to use it.
		one, err := d.PreKeys.GenOnePreKey(ctx)
		must(t, err)
		kept.keep([]*keys.PreKey{one})
		k.ack(fmt.Sprint("prekey ", one.KeyID), 1)
	})
	each("upload", func(n uint64) {
		offered, err := d.PreKeys.GetOrGenPreKeys(ctx, 3)
		must(t, err)
		kept.keep(offered)
		for _, o := range offered {
			k.ack(fmt.Sprint("prekey ", o.KeyID), 1)
		}
		must(t, d.PreKeys.MarkPreKeysAsUploaded(ctx, offered[2].KeyID))
	})
	each("device", func(n uint64) {
		jid := types.JID{User: fmt.Sprint(5511900000000 + n), Device: 1, Server: types.DefaultUserServer}
		fresh := c.NewDevice()
		conformance.Sign(fresh, jid)
		must(t, fresh.Save(ctx))
		kept.mu.Lock()
		kept.linked[jid] = fresh
		kept.mu.Unlock()
		k.ack(jid.String(), 1)
	})
	each("state", func(n uint64) {
		conformance.Patch(t, d, "regular", n, conformance.MACs(fmt.Sprint(n-1)), conformance.MACs(fmt.Sprint(n)))
	})
	each("event", func(n uint64) {
		must(t, d.EventBuffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
			return d.EventBuffer.PutBufferedEvent(ctx, [32]byte{byte(n)}, []byte("text"), moment)
		}))
	})
	each("payload", func(n uint64) { must(t, d.EventBuffer.AddOutgoingEvent(ctx, ana, fmt.Sprint(n), "wa", counter(n))) })
	each("salt", func(n uint64) { must(t, d.NCTSalt.PutNCTSalt(ctx, counter(n))) })
	each("history", func(n uint64) { must(t, c.KeepHistory(ctx, ownJID, fmt.Sprint(n), counter(n))) })
	wg.Wait()
	must(t, c.Close()) // what is behind is committed and photographed too, and nothing after it
	if len(k.images) < 4*rounds {
		t.Fatalf("only %d images", len(k.images))
	}
	path := filepath.Join(t.TempDir(), "image.db")
	for _, img := range k.images {
		must(t, os.WriteFile(path, img.data, 0o600))
		img.checkRest(t, path, kept)
	}
}

// checkRest opens the image and looks for everything that had been promised.
func (img image) checkRest(t *testing.T, path string, kept *promises) {
	t.Helper()
	h, err := bolt.Examine(nil, path, Check)
	c, opened := Open(path)
	if err != nil || (len(h.Wrong) > 0) != img.refused(opened) {
		t.Fatalf("commit %s: %q, %v; it opens with %v", img.name, h.Wrong, err, opened)
	}
	if img.refused(opened) {
		return
	}
	must(t, opened)
	defer c.Close()
	d := load(t, c, ownJID)
	lost := func(what string, n uint64) {
		t.Errorf("commit %s: %s %d had been promised and is lost", img.name, what, n)
	}

	last := uint32(0)
	for id, priv := range kept.prekeys {
		if img.floor[fmt.Sprint("prekey ", id)] == 0 {
			continue
		}
		last = max(last, id)
		if got, err := d.PreKeys.GetPreKey(ctx, id); err != nil || got == nil || *got.Priv != priv {
			lost("prekey", uint64(id))
		}
	}
	if next, err := d.PreKeys.GenOnePreKey(ctx); err != nil || next.KeyID <= last {
		t.Errorf("commit %s: the prekey after %d has id %d, %v", img.name, last, next.KeyID, err)
	}
	for jid, was := range kept.linked {
		if got, err := c.GetDevice(ctx, jid); img.floor[jid.String()] > 0 &&
			(err != nil || got == nil || *got.NoiseKey.Priv != *was.NoiseKey.Priv || !bytes.Equal(got.AdvSecretKey, was.AdvSecretKey)) {
			t.Errorf("commit %s: device %s had been saved and is lost: %v", img.name, jid, err)
		}
	}
	version, hash, err := d.AppState.GetAppStateVersion(ctx, "regular")
	if must(t, err); version < img.floor["state"] {
		lost("version", img.floor["state"])
	}
	if version > 0 { // with exactly its own MACs
		now, _ := d.AppState.GetAppStateMutationMAC(ctx, "regular", conformance.MACs(fmt.Sprint(version))[0].IndexMAC)
		before, _ := d.AppState.GetAppStateMutationMAC(ctx, "regular", conformance.MACs(fmt.Sprint(version - 1))[0].IndexMAC)
		if now == nil || before != nil || hash[0] != byte(version) {
			t.Errorf("commit %s: version %d of the application state has MAC %x, that before %x", img.name, version, now, before)
		}
	}
	for n := uint64(1); n <= img.floor["event"]; n++ {
		if e, err := d.EventBuffer.GetBufferedEvent(ctx, [32]byte{byte(n)}); err != nil || e == nil || string(e.Plaintext) != "text" {
			lost("event", n)
		}
	}
	for n := uint64(1); n <= img.floor["payload"]; n++ {
		if _, payload, err := d.EventBuffer.GetOutgoingEvent(ctx, ana, types.EmptyJID, fmt.Sprint(n)); err != nil || !bytes.Equal(payload, counter(n)) {
			lost("payload", n)
		}
	}
	if salt, err := d.NCTSalt.GetNCTSalt(ctx); err != nil || img.floor["salt"] > 0 && binary.BigEndian.Uint64(salt) < img.floor["salt"] {
		lost("salt", img.floor["salt"])
	}
	for n := uint64(1); n <= img.floor["history"]; n++ {
		if kept, err := c.History(ctx, ownJID, fmt.Sprint(n)); err != nil || !bytes.Equal(kept, counter(n)) {
			lost("notification", n)
		}
	}
}
