package device

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"recado/store/bolt"

	"go.etcd.io/bbolt"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

var errDisk = errors.New("no space left on device")

// disk stands between the writer and bbolt's commit.
type disk struct {
	mu      sync.Mutex
	commits int
	broken  bool
}

func watch(c *Container) *disk {
	d := &disk{}
	c.db.CommitBy(func(tx *bbolt.Tx) error {
		d.mu.Lock()
		broken := d.broken
		d.commits++
		d.mu.Unlock()
		if broken {
			return errDisk
		}
		return tx.Commit()
	})
	return d
}

func (d *disk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.commits
}

func (d *disk) breaks(broken bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = broken
}

func TestFailedWriteSticksUntilTheDiskIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := openNew(t)
		d := link(t, c, ownJID)
		must(t, d.Sessions.PutSession(ctx, "1:0", []byte("one")))
		disk := watch(c)
		disk.breaks(true)
		if err := d.Sessions.PutSession(ctx, "1:0", []byte("two")); !errors.Is(err, errDisk) {
			t.Errorf("PutSession on a full disk = %v", err)
		}
		if err := c.Err(); !errors.Is(err, errDisk) {
			t.Errorf("Err() = %v, want the disk's error", err)
		}
		if session, _ := d.Sessions.GetSession(ctx, "1:0"); string(session) != "one" {
			t.Errorf("after a failed write the session is %q", session)
		}
		time.Sleep(10 * bolt.ProbeDelay)
		if c.Err() == nil {
			t.Error("Err() is nil though every attempt has failed")
		}
		disk.breaks(false)
		time.Sleep(2 * bolt.ProbeDelay)
		if err := c.Err(); err != nil {
			t.Errorf("Err() = %v after the disk came back, with nobody writing", err)
		}
		must(t, c.Close())
	})
}

func TestWhatIsBehindIsSeenAtOnceAndWrittenSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := openNew(t)
		d := link(t, c, ownJID)
		disk := watch(c)
		for i := range 1000 {
			jid := types.NewJID(fmt.Sprint(i), types.DefaultUserServer)
			_, _, err := d.Contacts.PutPushName(ctx, jid, "name")
			must(t, err)
			must(t, d.LIDs.PutLIDMapping(ctx, types.NewJID(fmt.Sprint(9000+i), types.HiddenUserServer), jid))
		}
		if got := disk.count(); got > 1 {
			t.Errorf("1000 push names took %d commits", got)
		}
		if got, _ := d.Contacts.GetContact(ctx, types.NewJID("999", types.DefaultUserServer)); got.PushName != "name" {
			t.Errorf("a push name that is behind reads as %+v", got)
		}
		if all, _ := d.Contacts.GetAllContacts(ctx); len(all) != 1000 {
			t.Errorf("%d contacts, want 1000", len(all))
		}
		time.Sleep(bolt.BehindDelay + time.Millisecond)
		synctest.Wait()
		onDisk := 0
		must(t, c.view(func(tx *bolt.Tx) error {
			contacts := tx.Bucket(bucketDevices).Bucket(jidKey(ownJID)).Bucket(tableNames[tableContacts])
			onDisk = contacts.Stats().KeyN + tx.Bucket(bucketLIDs).Stats().KeyN
			return nil
		}))
		if onDisk != 2000 {
			t.Errorf("%d rows on the disk after the delay, want 2000", onDisk)
		}
		must(t, c.Close())
	})
}

func TestWhatIsBehindSurvivesAFailedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := openNew(t)
		d := link(t, c, ownJID)
		disk := watch(c)
		disk.breaks(true)
		_, _, err := d.Contacts.PutPushName(ctx, ana, "old")
		must(t, err)
		must(t, d.LIDs.PutLIDMapping(ctx, anaLID, ana))
		time.Sleep(2 * bolt.BehindDelay)
		_, _, err = d.Contacts.PutPushName(ctx, ana, "new")
		must(t, err)
		if err := d.Contacts.PutAllContactNames(ctx, []store.ContactEntry{{JID: ana, FirstName: "Ana"}}); !errors.Is(err, errDisk) {
			t.Errorf("PutAllContactNames on a full disk = %v", err)
		}
		disk.breaks(false)
		c = reopen(t, c)
		got, _ := load(t, c, ownJID).Contacts.GetContact(ctx, ana)
		if got.PushName != "new" || got.FirstName != "Ana" {
			t.Errorf("after the disk came back the contact is %+v", got)
		}
		if lid, _ := c.lids.GetLIDForPN(ctx, ana); lid != anaLID {
			t.Errorf("after the disk came back the LID is %v", lid)
		}
		must(t, c.Close())
	})
}

func TestEveryCallAfterCloseSaysSo(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	must(t, c.Close())
	if err := d.Sessions.PutSession(ctx, "1:0", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("PutSession = %v", err)
	}
	if _, err := d.Sessions.GetSession(ctx, "1:0"); !errors.Is(err, ErrClosed) {
		t.Errorf("GetSession = %v", err)
	}
	if _, err := c.GetAllDevices(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("GetAllDevices = %v", err)
	}
	if err := d.LIDs.PutLIDMapping(ctx, anaLID, ana); !errors.Is(err, ErrClosed) {
		t.Errorf("PutLIDMapping = %v", err)
	}
}

func TestSameIdentityCostsNoCommit(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	must(t, d.Identities.PutIdentity(ctx, "1:0", [32]byte{1}))
	must(t, d.Sessions.PutSession(ctx, "1:0", []byte("s")))
	must(t, d.LIDs.PutLIDMapping(ctx, anaLID, ana))
	must(t, c.db.Flush())
	disk := watch(c)
	for range 10 {
		must(t, d.Identities.PutIdentity(ctx, "1:0", [32]byte{1}))
		must(t, d.Sessions.PutSession(ctx, "1:0", []byte("s")))
		must(t, d.Sessions.MigratePNToLID(ctx, bob, bobLID))
		must(t, d.PreKeys.RemovePreKey(ctx, 77))
		must(t, d.LIDs.PutLIDMapping(ctx, anaLID, ana))
		must(t, d.EventBuffer.DeleteOldOutgoingEvents(ctx))
		must(t, d.EventBuffer.DeleteOldBufferedHashes(ctx))
		must(t, d.Save(ctx))
		must(t, c.db.Flush())
	}
	if got := disk.count(); got != 0 {
		t.Errorf("writes that change nothing took %d commits", got)
	}
}

// TestManyGoroutines is for the race detector.
func TestManyGoroutines(t *testing.T) {
	c := openAt(t, filepath.Join(t.TempDir(), "devices.db"))
	other := types.JID{User: "5511900000000", Device: 1, Server: types.DefaultUserServer}
	devices := []*store.Device{link(t, c, ownJID), link(t, c, other)}
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			d := devices[g%2]
			user := fmt.Sprint(1000 + g)
			for i := range 8 {
				address := fmt.Sprintf("%s:%d", user, i)
				must(t, d.Sessions.PutManySessions(ctx, map[string][]byte{address: {byte(i)}, user + "_1:0": {byte(i)}}))
				must(t, decryptOnce(d, address, byte(g), byte(i)))
				jid := types.NewJID(user, types.DefaultUserServer)
				_, _, err := d.Contacts.PutPushName(ctx, jid, fmt.Sprint(i))
				must(t, err)
				must(t, d.LIDs.PutLIDMapping(ctx, types.NewJID(fmt.Sprint(g, i), types.HiddenUserServer), jid))
				must(t, d.MsgSecrets.PutMessageSecret(ctx, jid, jid, fmt.Sprint(i), []byte("s")))
				must(t, d.PrivacyTokens.PutPrivacyTokens(ctx, store.PrivacyToken{User: jid, Token: []byte("t"), Timestamp: moment}))
				_, err = d.PreKeys.GetOrGenPreKeys(ctx, 2)
				must(t, err)
				_, err = d.Contacts.GetAllContacts(ctx)
				must(t, err)
				_, err = c.GetAllDevices(ctx)
				must(t, err)
				must(t, d.EventBuffer.DeleteOldBufferedHashes(ctx))
			}
		})
	}
	wg.Wait()
	c = reopen(t, c)
	for i := range 64 {
		d := load(t, c, []types.JID{ownJID, other}[i%2])
		got, err := d.Sessions.GetSession(ctx, fmt.Sprintf("%d:7", 1000+i))
		if string(got) != "decrypted" || err != nil {
			t.Errorf("session of %d = %q, %v", i, got, err)
		}
	}
}

// TestAddressBookTakesNoNameBack: names come from messages while an address book is on its way to the
// disk. Whoever notes one then must have seen the book, or the two would write over each other.
func TestAddressBookTakesNoNameBack(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	must(t, d.Contacts.PutContactName(ctx, ana, "A", "A S"))
	_, _, err := d.Contacts.PutPushName(ctx, bob, "Bobby") // is behind when the book comes
	must(t, err)
	reached, hold := make(chan struct{}), make(chan struct{})
	c.db.CommitBy(func(tx *bbolt.Tx) error {
		c.db.CommitBy(nil)
		close(reached)
		<-hold
		return tx.Commit()
	})

	var wg sync.WaitGroup
	wg.Go(func() {
		must(t, d.Contacts.PutAllContactNames(ctx, []store.ContactEntry{
			{JID: bob, FirstName: "Bob", FullName: "Bob Two"}, {JID: ana, FirstName: "Ana", FullName: "Ana Souza"},
		}))
	})
	<-reached
	if got, err := d.Contacts.GetContact(ctx, bob); got.PushName != "Bobby" || err != nil { // reads do not wait
		t.Errorf("while the book is written the contact is %+v, %v", got, err)
	}
	wg.Go(func() {
		_, _, err := d.Contacts.PutPushName(ctx, ana, "Aninha")
		must(t, err)
	})
	for range 1000 {
		runtime.Gosched() // time enough to do the wrong thing
	}
	close(hold)
	wg.Wait()
	c = reopen(t, c)
	d = load(t, c, ownJID)
	for jid, want := range map[types.JID]types.ContactInfo{
		ana: {Found: true, FirstName: "Ana", FullName: "Ana Souza", PushName: "Aninha"},
		bob: {Found: true, FirstName: "Bob", FullName: "Bob Two", PushName: "Bobby"},
	} {
		if got, err := d.Contacts.GetContact(ctx, jid); got != want || err != nil {
			t.Errorf("the contact is %+v, %v, want %+v", got, err, want)
		}
	}
}

func TestAddressBookIsOnTheDiskWhenItsCallReturns(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	_, _, err := d.Contacts.PutPushName(ctx, bob, "Bobby")
	must(t, err)
	disk := watch(c)
	book := []store.ContactEntry{{JID: bob, FirstName: "Bob", FullName: "Bob Two"}}
	for i := range 2000 {
		book = append(book, store.ContactEntry{JID: person(i * 7 % 2000), FirstName: "Maria", FullName: fmt.Sprint("Maria ", i*7%2000)})
	}
	must(t, d.Contacts.PutAllContactNames(ctx, book))
	must(t, d.Contacts.PutAllContactNames(ctx, book)) // changes nothing
	if got := disk.count(); got != 1 {
		t.Errorf("an address book and the same again took %d commits, want 1", got)
	}
	must(t, c.view(func(tx *bolt.Tx) error {
		contacts := tx.Bucket(bucketDevices).Bucket(jidKey(ownJID)).Bucket(tableNames[tableContacts])
		if s := contacts.Stats(); s.KeyN != 2001 || s.LeafInuse*10 < s.LeafAlloc*8 {
			t.Errorf("%d rows fill %d of %d bytes", s.KeyN, s.LeafInuse, s.LeafAlloc)
		}
		row, err := decodeContact(contacts.Get(jidKey(bob)))
		if row.PushName != "Bobby" || row.FullName != "Bob Two" {
			t.Errorf("what was behind and the book are on the disk as %+v", row)
		}
		return err
	}))
	for i := range 2000 {
		if got, _ := d.Contacts.GetContact(ctx, person(i)); got.FullName != fmt.Sprint("Maria ", i) {
			t.Fatalf("%v is called %+v", person(i), got)
		}
	}
}
