package device

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"recado/store/device/conformance"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// decryptOnce does what the library does with one incoming message.
func decryptOnce(d *store.Device, address string, hash ...byte) error {
	var sum [32]byte
	copy(sum[:], hash)
	sum[31] = 1
	return d.EventBuffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
		if _, err := d.Sessions.GetSession(ctx, address); err != nil {
			return err
		}
		if err := d.Sessions.PutSession(ctx, address, []byte("decrypted")); err != nil {
			return err
		}
		if err := d.Identities.PutIdentity(ctx, address, [32]byte{1}); err != nil {
			return err
		}
		return d.EventBuffer.PutBufferedEvent(ctx, sum, []byte("text"), moment)
	})
}

func TestDecryptionTakesOneCommit(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	disk := watch(c)
	must(t, decryptOnce(d, "1:0", 1))
	if got := disk.count(); got != 1 {
		t.Errorf("%d commits, want 1", got)
	}
}

func TestPanicInsideADecryptionIsPassedOnAndLeavesNothing(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	func() {
		defer func() {
			if p := recover(); p != "malformed" {
				t.Errorf("recovered %v", p)
			}
		}()
		_ = d.EventBuffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
			must(t, d.Sessions.PutSession(ctx, "1:0", []byte("x")))
			panic("malformed")
		})
	}()
	if has, err := d.Sessions.HasSession(ctx, "1:0"); has || err != nil {
		t.Errorf("after a panic HasSession = %v, %v", has, err)
	}
	must(t, d.Sessions.PutSession(ctx, "1:0", []byte("y")))
}

func TestOthersWriteOnDuringADecryption(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	other := link(t, c, types.JID{User: "5511900000000", Device: 1, Server: types.DefaultUserServer})
	must(t, d.EventBuffer.DoDecryptionTxn(ctx, func(inside context.Context) error {
		must(t, d.Sessions.PutSession(inside, "1:0", []byte("x")))
		must(t, other.Sessions.PutSession(ctx, "1:0", []byte("of the other")))
		must(t, d.Sessions.PutSession(ctx, "2:0", []byte("of a send")))
		// The context of this decryption says nothing to another device.
		must(t, other.Sessions.PutSession(inside, "2:0", []byte("durable")))
		if got, _ := other.Sessions.GetSession(ctx, "2:0"); string(got) != "durable" {
			t.Errorf("the other device's session is %q", got)
		}
		if has, _ := d.Sessions.HasSession(ctx, "1:0"); has {
			t.Error("others see what is not committed")
		}
		return nil
	}))
	if got, _ := d.Sessions.GetSession(ctx, "2:0"); string(got) != "of a send" {
		t.Errorf("the session of the send is %q", got)
	}
}

// TestDecryptionDoesNotPutASentRatchetBack: a send commits while a decryption of the same session
// is under way. Committing the decryption as it was computed would undo the send's step of the
// ratchet, and the next message would use the same key again.
func TestDecryptionDoesNotPutASentRatchetBack(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	must(t, d.Sessions.PutSession(ctx, "1:0", []byte("sent 0 received 0")))
	var sent, received, runs int
	must(t, d.EventBuffer.DoDecryptionTxn(ctx, func(inside context.Context) error {
		runs++
		session, err := d.Sessions.GetSession(inside, "1:0")
		must(t, err)
		_, err = fmt.Sscanf(string(session), "sent %d received %d", &sent, &received)
		must(t, err)
		if runs == 1 {
			must(t, d.Sessions.PutManySessions(ctx, map[string][]byte{"1:0": []byte("sent 1 received 0")}))
		}
		return d.Sessions.PutSession(inside, "1:0", fmt.Appendf(nil, "sent %d received %d", sent, received+1))
	}))
	if got, _ := d.Sessions.GetSession(ctx, "1:0"); string(got) != "sent 1 received 1" {
		t.Errorf("the session is %q after %d runs", got, runs)
	}
}

func TestDecryptionThatNeverGetsThroughEnds(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	runs := 0
	err := d.EventBuffer.DoDecryptionTxn(ctx, func(inside context.Context) error {
		runs++
		_, err := d.Sessions.GetSession(inside, "1:0")
		must(t, err)
		must(t, d.Sessions.PutSession(ctx, "1:0", []byte{byte(runs)}))
		return d.Sessions.PutSession(inside, "1:0", []byte("mine"))
	})
	if !errors.Is(err, errConflict) || runs != maxDecryptions {
		t.Errorf("%v after %d runs", err, runs)
	}
}

func TestEveryDurableMethodJoinsTheDecryption(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	must(t, d.Sessions.PutSession(ctx, "3:0", []byte("committed")))
	must(t, d.Sessions.PutSession(ctx, "3:2", []byte("committed")))
	disk := watch(c)
	_ = d.EventBuffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
		must(t, d.Sessions.PutSession(ctx, "3:1", []byte("new")))
		must(t, d.Sessions.DeleteSession(ctx, "3:2"))
		must(t, d.Sessions.MigratePNToLID(ctx, types.NewJID("3", types.DefaultUserServer), types.NewJID("33", types.HiddenUserServer)))
		many, err := d.Sessions.GetManySessions(ctx, []string{"3:0", "33_1:0", "33_1:1", "33_1:2"})
		must(t, err)
		if many["3:0"] != nil || string(many["33_1:0"]) != "committed" || string(many["33_1:1"]) != "new" || many["33_1:2"] != nil {
			t.Errorf("after moving inside a decryption: %q", many)
		}
		must(t, d.Sessions.DeleteAllSessions(ctx, "33"))
		if has, _ := d.Sessions.HasSession(ctx, "33_1:1"); has {
			t.Error("a deleted session is seen")
		}
		keys, err := d.PreKeys.GetOrGenPreKeys(ctx, 3)
		must(t, err)
		one, err := d.PreKeys.GenOnePreKey(ctx)
		must(t, err)
		must(t, d.PreKeys.MarkPreKeysAsUploaded(ctx, keys[2].KeyID))
		if n, _ := d.PreKeys.UploadedPreKeyCount(ctx); n != 4 || one.KeyID != 4 {
			t.Errorf("%d uploaded prekeys, the last with id %d", n, one.KeyID)
		}
		must(t, d.AppState.PutAppStateVersion(ctx, "regular", 3, [128]byte{}))
		must(t, d.AppState.PutAppStateMutationMACs(ctx, "regular", 3, conformance.MACs("a")))
		must(t, d.AppState.DeleteAppStateMutationMACs(ctx, "regular", [][]byte{conformance.MACs("a")[0].IndexMAC}))
		must(t, d.NCTSalt.PutNCTSalt(ctx, []byte("salt")))
		must(t, d.EventBuffer.AddOutgoingEvent(ctx, ana, "1", "wa", nil))
		must(t, d.EventBuffer.PutBufferedEvent(ctx, [32]byte{1}, nil, moment))
		must(t, d.EventBuffer.ClearBufferedEventPlaintext(ctx, [32]byte{1}))
		return errStop
	})
	if got := disk.count(); got != 0 {
		t.Errorf("a decryption that failed made %d commits", got)
	}
	if has, _ := d.Sessions.HasSession(ctx, "3:0"); !has {
		t.Error("the rollback lost a session")
	}
	if v, _, _ := d.AppState.GetAppStateVersion(ctx, "regular"); v != 0 {
		t.Errorf("the rollback left application state version %d", v)
	}
	// What was moved inside is not remembered as moved.
	must(t, d.Sessions.MigratePNToLID(ctx, types.NewJID("3", types.DefaultUserServer), types.NewJID("33", types.HiddenUserServer)))
	if has, _ := d.Sessions.HasSession(ctx, "33_1:0"); !has {
		t.Error("a phone whose move was rolled back is never moved")
	}
}

func TestFailedCommitOfADecryptionIsItsError(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	disk := watch(c)
	disk.breaks(true)
	if err := decryptOnce(d, "1:0", 1); !errors.Is(err, errDisk) {
		t.Errorf("decryption on a full disk = %v", err)
	}
	disk.breaks(false)
}

// TestNothingWithTheContextOfAnEndedDecryptionIsLostInSilence holds it for every durable method, and
// however the decryption ended: what would not reach the disk is refused, and changes nothing.
func TestNothingWithTheContextOfAnEndedDecryptionIsLostInSilence(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	must(t, d.Sessions.PutSession(ctx, "5511911111111:0", []byte("committed")))
	ends := map[string]func(run func(fn func(context.Context) error)){
		"committed": func(run func(func(context.Context) error)) {
			run(func(context.Context) error { return nil })
		},
		"failed": func(run func(func(context.Context) error)) {
			run(func(context.Context) error { return errStop })
		},
		"panicked": func(run func(func(context.Context) error)) {
			defer func() { _ = recover() }()
			run(func(context.Context) error { panic("malformed") })
		},
		"inside another": func(run func(func(context.Context) error)) {
			run(func(inside context.Context) error {
				return d.EventBuffer.DoDecryptionTxn(inside, func(context.Context) error { return nil })
			})
		},
	}
	for name, end := range ends {
		var late context.Context
		end(func(fn func(context.Context) error) {
			_ = d.EventBuffer.DoDecryptionTxn(ctx, func(inside context.Context) error {
				late = inside
				return fn(inside)
			})
		})
		cancelled, cancel := context.WithCancel(late)
		cancel()
		disk := watch(c)
		for _, late := range []context.Context{late, cancelled, context.WithoutCancel(late)} {
			for method, err := range durableCalls(d, late) {
				if !errors.Is(err, errOver) {
					t.Errorf("%s: %s with the context of a decryption that %s = %v", name, method, name, err)
				}
			}
		}
		if got := disk.count(); got != 0 {
			t.Errorf("%s: what was refused made %d commits", name, got)
		}
	}
	// Nothing of it is remembered either.
	must(t, d.Sessions.MigratePNToLID(ctx, ana, anaLID))
	if has, _ := d.Sessions.HasSession(ctx, anaLID.User+"_1:0"); !has {
		t.Error("a phone whose move was refused is never moved")
	}
}

// durableCalls calls every method that reads or writes what a decryption covers.
func durableCalls(d *store.Device, ctx context.Context) map[string]error {
	calls := make(map[string]error)
	calls["PutIdentity"] = d.Identities.PutIdentity(ctx, "1:0", [32]byte{1})
	calls["DeleteAllIdentities"] = d.Identities.DeleteAllIdentities(ctx, "1")
	calls["DeleteIdentity"] = d.Identities.DeleteIdentity(ctx, "1:0")
	_, calls["IsTrustedIdentity"] = d.Identities.IsTrustedIdentity(ctx, "1:0", [32]byte{1})
	_, calls["GetSession"] = d.Sessions.GetSession(ctx, "1:0")
	_, calls["HasSession"] = d.Sessions.HasSession(ctx, "1:0")
	_, calls["GetManySessions"] = d.Sessions.GetManySessions(ctx, []string{"1:0"})
	calls["PutSession"] = d.Sessions.PutSession(ctx, "1:0", []byte("s"))
	calls["PutManySessions"] = d.Sessions.PutManySessions(ctx, map[string][]byte{"1:0": []byte("s")})
	calls["DeleteAllSessions"] = d.Sessions.DeleteAllSessions(ctx, "1")
	calls["DeleteSession"] = d.Sessions.DeleteSession(ctx, "1:0")
	calls["MigratePNToLID"] = d.Sessions.MigratePNToLID(ctx, ana, anaLID)
	_, calls["GetOrGenPreKeys"] = d.PreKeys.GetOrGenPreKeys(ctx, 1)
	_, calls["GenOnePreKey"] = d.PreKeys.GenOnePreKey(ctx)
	_, calls["GetPreKey"] = d.PreKeys.GetPreKey(ctx, 1)
	calls["RemovePreKey"] = d.PreKeys.RemovePreKey(ctx, 1)
	calls["MarkPreKeysAsUploaded"] = d.PreKeys.MarkPreKeysAsUploaded(ctx, 1)
	_, calls["UploadedPreKeyCount"] = d.PreKeys.UploadedPreKeyCount(ctx)
	calls["PutSenderKey"] = d.SenderKeys.PutSenderKey(ctx, "g", "1:0", []byte("k"))
	_, calls["GetSenderKey"] = d.SenderKeys.GetSenderKey(ctx, "g", "1:0")
	calls["PutAppStateSyncKey"] = d.AppStateKeys.PutAppStateSyncKey(ctx, []byte("k"), store.AppStateSyncKey{})
	_, calls["GetAppStateSyncKey"] = d.AppStateKeys.GetAppStateSyncKey(ctx, []byte("k"))
	_, calls["GetLatestAppStateSyncKeyID"] = d.AppStateKeys.GetLatestAppStateSyncKeyID(ctx)
	_, calls["GetAllAppStateSyncKeys"] = d.AppStateKeys.GetAllAppStateSyncKeys(ctx)
	calls["PutAppStateVersion"] = d.AppState.PutAppStateVersion(ctx, "regular", 3, [128]byte{3})
	_, _, calls["GetAppStateVersion"] = d.AppState.GetAppStateVersion(ctx, "regular")
	calls["DeleteAppStateVersion"] = d.AppState.DeleteAppStateVersion(ctx, "regular")
	calls["PutAppStateMutationMACs"] = d.AppState.PutAppStateMutationMACs(ctx, "regular", 3, conformance.MACs("a"))
	calls["DeleteAppStateMutationMACs"] = d.AppState.DeleteAppStateMutationMACs(ctx, "regular", [][]byte{conformance.MACs("a")[0].IndexMAC})
	calls["DeleteAppStateMutationMACs of none"] = d.AppState.DeleteAppStateMutationMACs(ctx, "regular", nil)
	_, calls["GetAppStateMutationMAC"] = d.AppState.GetAppStateMutationMAC(ctx, "regular", conformance.MACs("a")[0].IndexMAC)
	calls["PutNCTSalt"] = d.NCTSalt.PutNCTSalt(ctx, []byte("salt"))
	_, calls["GetNCTSalt"] = d.NCTSalt.GetNCTSalt(ctx)
	calls["DeleteNCTSalt"] = d.NCTSalt.DeleteNCTSalt(ctx)
	_, calls["GetBufferedEvent"] = d.EventBuffer.GetBufferedEvent(ctx, [32]byte{1})
	calls["PutBufferedEvent"] = d.EventBuffer.PutBufferedEvent(ctx, [32]byte{1}, nil, moment)
	calls["DoDecryptionTxn"] = d.EventBuffer.DoDecryptionTxn(ctx, func(context.Context) error { return nil })
	calls["ClearBufferedEventPlaintext"] = d.EventBuffer.ClearBufferedEventPlaintext(ctx, [32]byte{1})
	_, _, calls["GetOutgoingEvent"] = d.EventBuffer.GetOutgoingEvent(ctx, ana, anaLID, "1")
	calls["AddOutgoingEvent"] = d.EventBuffer.AddOutgoingEvent(ctx, ana, "1", "wa", nil)
	calls["DeleteOldOutgoingEvents"] = d.EventBuffer.DeleteOldOutgoingEvents(ctx)
	return calls
}

// TestWriteThatRacesWithTheEndOfItsDecryptionIsDoneOrRefused: a goroutine of a decryption writes on
// while that ends.
func TestWriteThatRacesWithTheEndOfItsDecryptionIsDoneOrRefused(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	for round := range 20 {
		var wg sync.WaitGroup
		var mu sync.Mutex
		done := make(map[string]bool)
		must(t, d.EventBuffer.DoDecryptionTxn(ctx, func(inside context.Context) error {
			begun := make(chan struct{})
			wg.Go(func() {
				for i := 0; ; i++ { // ends when the decryption has
					address := fmt.Sprint(round, ":", i)
					err := d.Sessions.PutSession(inside, address, []byte("s"))
					mu.Lock()
					done[address] = err == nil
					mu.Unlock()
					if i == 0 {
						close(begun)
					}
					if err != nil {
						if !errors.Is(err, errOver) {
							t.Errorf("a late write is refused with %v", err)
						}
						return
					}
				}
			})
			<-begun
			return nil
		}))
		wg.Wait()
		for address, want := range done {
			if has, err := d.Sessions.HasSession(ctx, address); has != want || err != nil {
				t.Fatalf("the session of %s, taken: %v, is there: %v, %v", address, want, has, err)
			}
		}
	}
}
