package device

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"recado/store/device/conformance"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// callAll calls every method of every store of whatsmeow with harmless arguments.
func callAll(t *testing.T, s store.AllSessionSpecificStores) map[string]error {
	t.Helper()
	results := make(map[string]error)
	all := reflect.TypeFor[store.AllSessionSpecificStores]()
	for i := range all.NumMethod() {
		name := all.Method(i).Name
		method := reflect.ValueOf(s).MethodByName(name)
		args := []reflect.Value{reflect.ValueOf(ctx)}
		for a := 1; a < method.Type().NumIn(); a++ {
			args = append(args, harmless(method.Type().In(a)))
		}
		if method.Type().IsVariadic() {
			args = args[:len(args)-1]
		}
		out := method.Call(args)
		results[name], _ = out[len(out)-1].Interface().(error)
	}
	return results
}

func harmless(t reflect.Type) reflect.Value {
	switch v := reflect.New(t).Elem(); {
	case t == reflect.TypeFor[types.JID]():
		return reflect.ValueOf(ana)
	case t == reflect.TypeFor[func(context.Context) error]():
		return reflect.ValueOf(func(context.Context) error { return nil })
	case t.Kind() == reflect.String:
		return reflect.ValueOf("1")
	case t.Kind() == reflect.Uint32:
		return reflect.ValueOf(uint32(1))
	case t == reflect.TypeFor[[]byte]():
		return reflect.ValueOf([]byte("key"))
	default:
		return v
	}
}

func TestDeviceThatIsNotLinkedAnswersErrNotPaired(t *testing.T) {
	c := openNew(t)
	d := c.NewDevice()
	for name, err := range callAll(t, d.Sessions.(*stores)) {
		if !errors.Is(err, ErrNotPaired) {
			t.Errorf("%s = %v, want ErrNotPaired", name, err)
		}
	}
	if d.Container == nil || d.LIDs == nil || d.Log == nil || d.EventBuffer == nil || d.Contacts == nil {
		t.Error("a new device lacks a store")
	}
	must(t, d.LIDs.PutLIDMapping(ctx, anaLID, ana))
}

func TestHandlesOfADeletedDeviceFail(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	other := load(t, c, ownJID)
	inner := d.Sessions.(*stores)
	conformance.Fill(t, d)
	must(t, d.Delete(ctx))
	for name, err := range callAll(t, inner) {
		if !errors.Is(err, store.ErrDeviceDeleted) {
			t.Errorf("%s = %v, want ErrDeviceDeleted", name, err)
		}
	}
	if err := other.Save(ctx); !errors.Is(err, store.ErrDeviceDeleted) {
		t.Errorf("Save of the other handle = %v", err)
	}
	must(t, c.db.Flush())
	if all, err := c.GetAllDevices(ctx); len(all) != 0 || err != nil {
		t.Errorf("what was behind brought the device back: %v, %v", all, err)
	}
}

func TestLinkingAnewEndsTheOldLink(t *testing.T) {
	c := openNew(t)
	old := link(t, c, ownJID)
	conformance.Fill(t, old)
	fresh := link(t, c, ownJID)
	if has, err := fresh.Sessions.HasSession(ctx, "1:0"); has || err != nil {
		t.Errorf("the new link has the old session: %v, %v", has, err)
	}
	if err := old.Sessions.PutSession(ctx, "1:0", []byte("old")); !errors.Is(err, store.ErrDeviceDeleted) {
		t.Errorf("a session of the old link = %v", err)
	}
	if err := old.Save(ctx); !errors.Is(err, store.ErrDeviceDeleted) {
		t.Errorf("Save of the old link = %v", err)
	}
	must(t, old.Delete(ctx))
	must(t, c.db.Flush())
	if got := load(t, c, ownJID); *got.NoiseKey.Priv != *fresh.NoiseKey.Priv {
		t.Error("the keys are not those of the new link")
	}
	if got, _ := fresh.Contacts.GetContact(ctx, ana); got.Found {
		t.Error("a contact of the old link, which was behind, is in the new one")
	}
	token, err := fresh.PrivacyTokens.GetPrivacyToken(ctx, ana)
	if token == nil || err != nil {
		t.Errorf("the account's privacy token is gone: %v", err)
	}
}

func TestFailedLinkLeavesTheDeviceUnlinked(t *testing.T) {
	c := openNew(t)
	disk := watch(c)
	disk.breaks(true)
	d := c.NewDevice()
	conformance.Sign(d, ownJID)
	if err := d.Save(ctx); !errors.Is(err, errDisk) {
		t.Errorf("Save = %v", err)
	}
	if d.Initialized {
		t.Error("a device that could not be stored counts as initialized")
	}
	disk.breaks(false)
	must(t, d.Save(ctx))
	must(t, d.Sessions.PutSession(ctx, "1:0", []byte("s")))
}

func TestDeviceWithoutSignatureIsRefused(t *testing.T) {
	c := openNew(t)
	d := c.NewDevice()
	jid := ownJID
	d.ID = &jid
	if err := d.Save(ctx); err == nil {
		t.Error("a device that no phone has signed was stored")
	}
}

func TestPreKeyIDsAreNeverUsedAgain(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	keys, err := d.PreKeys.GetOrGenPreKeys(ctx, 5)
	must(t, err)
	must(t, d.PreKeys.MarkPreKeysAsUploaded(ctx, 5))
	for _, k := range keys {
		must(t, d.PreKeys.RemovePreKey(ctx, k.KeyID))
	}
	c = reopen(t, c)
	one, err := load(t, c, ownJID).PreKeys.GenOnePreKey(ctx)
	must(t, err)
	if one.KeyID != 6 {
		t.Errorf("after ids 1 to 5 were consumed the next is %d", one.KeyID)
	}
}

func TestPreKeyIDsBeginAnewAfterThreeBytes(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	first, err := d.PreKeys.GetOrGenPreKeys(ctx, 1) // id 1 is still in use when the ids begin again
	must(t, err)
	must(t, d.PreKeys.MarkPreKeysAsUploaded(ctx, first[0].KeyID))
	must(t, d.Sessions.(*stores).write(func(r rows) error { return r.put(tableState, keyPreKey, prekeyKey(maxPreKeyID-2)) }))
	keys, err := d.PreKeys.GetOrGenPreKeys(ctx, 4)
	must(t, err)
	var ids []uint32
	for _, k := range keys {
		ids = append(ids, k.KeyID)
	}
	if want := []uint32{2, 3, maxPreKeyID - 1, maxPreKeyID}; !reflect.DeepEqual(ids, want) {
		t.Fatalf("ids %v, want %v", ids, want)
	}
	five, err := d.PreKeys.GetOrGenPreKeys(ctx, 5)
	must(t, err)
	if len(five) != 5 || five[2].KeyID != 4 {
		t.Errorf("a larger offer has %d keys, the third with id %d", len(five), five[2].KeyID)
	}
	four, err := d.PreKeys.GetOrGenPreKeys(ctx, 2) // 2 and 3 alone
	must(t, err)
	must(t, d.PreKeys.MarkPreKeysAsUploaded(ctx, four[1].KeyID))
	if n, _ := d.PreKeys.UploadedPreKeyCount(ctx); n != 3 {
		t.Errorf("%d keys are marked, want ids 1, 2 and 3", n)
	}
}

func TestFirstUploadIsOneCommit(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	disk := watch(c)
	keys, err := d.PreKeys.GetOrGenPreKeys(ctx, 812)
	must(t, err)
	if len(keys) != 812 || disk.count() != 1 {
		t.Errorf("%d keys in %d commits", len(keys), disk.count())
	}
	seen := make(map[[32]byte]bool)
	for i, k := range keys {
		if k.KeyID != uint32(i+1) || seen[*k.Priv] {
			t.Fatalf("key %d has id %d, or is there twice", i, k.KeyID)
		}
		seen[*k.Priv] = true
	}
}

func TestFailedMoveToLIDIsTriedAgain(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	must(t, d.Sessions.PutSession(ctx, ana.User+":0", []byte("s")))
	disk := watch(c)
	disk.breaks(true)
	if err := d.Sessions.MigratePNToLID(ctx, ana, anaLID); !errors.Is(err, errDisk) {
		t.Errorf("MigratePNToLID = %v", err)
	}
	disk.breaks(false)
	must(t, d.Sessions.MigratePNToLID(ctx, ana, anaLID))
	if has, _ := d.Sessions.HasSession(ctx, anaLID.SignalAddressUser()+":0"); !has {
		t.Error("the session was not moved")
	}
}

func TestApplicationStateVersionAndMACsAreOneCommit(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	conformance.Patch(t, d, "regular", 1, nil, conformance.MACs("a"))
	disk := watch(c)
	must(t, d.AppState.PutAppStateVersion(ctx, "regular", 2, [128]byte{2}))
	must(t, d.AppState.DeleteAppStateMutationMACs(ctx, "regular", [][]byte{conformance.MACs("a")[0].IndexMAC}))
	if disk.count() != 0 {
		t.Error("a version was committed before its MACs")
	}

	// A crash here finds the old version with the old MACs.
	c = reopen(t, c)
	d = load(t, c, ownJID)
	if v, _, _ := d.AppState.GetAppStateVersion(ctx, "regular"); v != 1 {
		t.Errorf("version %d after a crash between the calls", v)
	}
	if mac, _ := d.AppState.GetAppStateMutationMAC(ctx, "regular", conformance.MACs("a")[0].IndexMAC); mac == nil {
		t.Error("a MAC of the committed version is gone")
	}

	disk = watch(c)
	conformance.Patch(t, d, "regular", 2, conformance.MACs("a"), nil) // the last call comes with nothing too
	if disk.count() != 1 {
		t.Errorf("%d commits for one patch", disk.count())
	}
	c = reopen(t, c)
	if v, _, _ := load(t, c, ownJID).AppState.GetAppStateVersion(ctx, "regular"); v != 2 {
		t.Errorf("version %d, want 2", v)
	}
}

func TestFailedPatchIsFetchedAgain(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	conformance.Patch(t, d, "regular", 1, nil, conformance.MACs("a"))
	disk := watch(c)
	disk.breaks(true)
	must(t, d.AppState.PutAppStateVersion(ctx, "regular", 2, [128]byte{2}))
	if err := d.AppState.PutAppStateMutationMACs(ctx, "regular", 2, conformance.MACs("b")); !errors.Is(err, errDisk) {
		t.Errorf("PutAppStateMutationMACs = %v", err)
	}
	if v, _, _ := d.AppState.GetAppStateVersion(ctx, "regular"); v != 1 {
		t.Errorf("version %d after a failed patch, want the committed one", v)
	}
	disk.breaks(false)
}

func TestValuesAreCopies(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	must(t, d.Sessions.PutSession(ctx, "1:0", []byte("session")))
	got, err := d.Sessions.GetSession(ctx, "1:0")
	must(t, err)
	clear(got) // would fault, or change the file, if it were the file
	again, err := d.Sessions.GetSession(ctx, "1:0")
	if string(again) != "session" || err != nil {
		t.Errorf("%q, %v", again, err)
	}
}

func TestOldEventsSecretsAndPayloadsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := openNew(t)
		d := link(t, c, ownJID)
		other := link(t, c, types.JID{User: "5511900000000", Device: 1, Server: types.DefaultUserServer})
		put := func(n int) {
			id := fmt.Sprint(n)
			must(t, d.EventBuffer.PutBufferedEvent(ctx, [32]byte{byte(n)}, []byte("text"), time.Now()))
			must(t, other.EventBuffer.PutBufferedEvent(ctx, [32]byte{byte(n)}, []byte("text"), time.Now()))
			must(t, d.EventBuffer.AddOutgoingEvent(ctx, ana, id, "wa", []byte("p")))
			must(t, d.MsgSecrets.PutMessageSecret(ctx, ana, ana, id, []byte("s")))
		}
		put(1)
		time.Sleep(6 * 24 * time.Hour)
		must(t, d.EventBuffer.AddOutgoingEvent(ctx, ana, "1", "wa", []byte("p again")))
		put(2)
		time.Sleep(2 * 24 * time.Hour)
		must(t, d.EventBuffer.DeleteOldOutgoingEvents(ctx))
		if _, p, err := d.EventBuffer.GetOutgoingEvent(ctx, ana, types.EmptyJID, "1"); string(p) != "p again" {
			t.Errorf("a payload that was added again two days ago: %q, %v", p, err)
		}
		time.Sleep(6 * 24 * time.Hour)
		must(t, d.EventBuffer.DeleteOldOutgoingEvents(ctx))
		if _, _, err := d.EventBuffer.GetOutgoingEvent(ctx, ana, types.EmptyJID, "1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("a payload of 8 days ago: %v", err)
		}
		time.Sleep(time.Minute)
		must(t, d.EventBuffer.DeleteOldBufferedHashes(ctx))
		for _, d := range []*store.Device{d, other} {
			old, _ := d.EventBuffer.GetBufferedEvent(ctx, [32]byte{1})
			young, _ := d.EventBuffer.GetBufferedEvent(ctx, [32]byte{2})
			if old != nil || young == nil {
				t.Errorf("after 14 days the old event is %v, the young one %v", old, young)
			}
		}
		if s, _, _ := d.MsgSecrets.GetMessageSecret(ctx, ana, ana, "1"); s == nil {
			t.Error("a secret of 14 days ago is gone")
		}
		time.Sleep(secretLife - 13*24*time.Hour)
		must(t, d.EventBuffer.DeleteOldBufferedHashes(ctx))
		s1, _, _ := d.MsgSecrets.GetMessageSecret(ctx, ana, ana, "1")
		s2, _, _ := d.MsgSecrets.GetMessageSecret(ctx, ana, ana, "2")
		if s1 != nil || s2 == nil {
			t.Errorf("old secret %q, young secret %q", s1, s2)
		}
		must(t, c.Close())
	})
}

func TestOldPayloadsAreLookedForOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := openNew(t)
		d := link(t, c, ownJID)
		for i := range 10 {
			must(t, d.EventBuffer.AddOutgoingEvent(ctx, ana, fmt.Sprint(i), "wa", []byte("p")))
			time.Sleep(time.Minute)
		}
		time.Sleep(outgoingLife)
		disk := watch(c)
		for range 60 {
			must(t, d.EventBuffer.DeleteOldOutgoingEvents(ctx))
			time.Sleep(time.Second)
		}
		if got := disk.count(); got != 1 {
			t.Errorf("60 calls in a minute took %d commits", got)
		}
		must(t, c.Close())
	})
}

func TestLIDMapStaysOneToOneOnDisk(t *testing.T) {
	c := openNew(t)
	for _, m := range []store.LIDMapping{{LID: anaLID, PN: ana}, {LID: bobLID, PN: bob}, {LID: bobLID, PN: ana}} {
		must(t, c.lids.PutLIDMapping(ctx, m.LID, m.PN))
		must(t, c.db.Flush())
	}
	c = reopen(t, c)
	<-c.lids.gone
	lid, err := c.lids.GetLIDForPN(ctx, ana)
	must(t, err)
	if count(c.lids.lids.known) != 1 || count(c.lids.phones.known) != 1 || lid != bobLID {
		t.Errorf("LIDs %v, phones %v", c.lids.lids.known, c.lids.phones.known)
	}
}
