package device

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"

	recado "recado/store"
	"recado/store/bolt"
	"recado/store/device/conformance"
	"recado/store/trust"
)

var ctx = context.Background()

var (
	ownJID = types.JID{User: "5511987654321", Device: 7, Server: types.DefaultUserServer}
	ana    = types.NewJID("5511911111111", types.DefaultUserServer)
	anaLID = types.NewJID("111111111111111", types.HiddenUserServer)
	bob    = types.NewJID("5511922222222", types.DefaultUserServer)
	bobLID = types.NewJID("222222222222222", types.HiddenUserServer)
	moment = time.Unix(1_790_000_000, 0)

	errStop = errors.New("stop")
)

// openNew opens a container in a directory of its own and closes it when the test ends.
func openNew(t testing.TB) *Container {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "devices.db"))
}

// openAt opens the container at path, which has to be well when a test ends.
func openAt(t testing.TB, path string) *Container {
	t.Helper()
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		if h, err := bolt.Examine(nil, path, Check); err != nil || len(h.Wrong) > 0 {
			t.Errorf("the file that the test leaves: %q, %v", h.Wrong, err)
		}
	})
	return c
}

// reopen closes c and opens its file again.
func reopen(t testing.TB, c *Container) *Container {
	t.Helper()
	must(t, c.Close())
	return openAt(t, c.path)
}

// link makes a linked device.
func link(t testing.TB, c *Container, jid types.JID) *store.Device {
	t.Helper()
	d := c.NewDevice()
	conformance.Sign(d, jid)
	must(t, d.Save(ctx))
	return d
}

// untilWell returns when the disk takes writes again, which c finds out by itself. It is for a kernel
// that says so in its own time, not in that of a fake clock.
func untilWell(c *Container) {
	for c.Err() != nil {
		time.Sleep(bolt.ProbeDelay / 10)
	}
}

func load(t testing.TB, c *Container, jid types.JID) *store.Device {
	t.Helper()
	d, err := c.GetDevice(ctx, jid)
	if err != nil || d == nil {
		t.Fatalf("GetDevice(%s) = %v, %v", jid, d, err)
	}
	return d
}

func address(i int) string { return fmt.Sprintf("55119%08d:0", i%100_000_000) }

func person(i int) types.JID {
	return types.NewJID(fmt.Sprintf("55119%08d", i), types.DefaultUserServer)
}

func personLID(i int) types.JID {
	return types.NewJID(fmt.Sprintf("1%014d", i), types.HiddenUserServer)
}

// pairs are n people, each with a LID that no other round has.
func pairs(n, round int) []store.LIDMapping {
	out := make([]store.LIDMapping, n)
	for i := range out {
		out[i] = store.LIDMapping{LID: personLID(round*n + i), PN: person(i)}
	}
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSameAnswersAsSQLStore(t *testing.T) {
	conformance.Test(t, conformance.Ours, func(t testing.TB) conformance.Container { return openNew(t) })
}

func TestFileIsReadableByItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "devices.db")
	must(t, openAt(t, path).Close())
	info, err := os.Stat(path)
	must(t, err)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode %o, want 600", got)
	}
	must(t, os.Chmod(path, 0o640))
	_, err = Open(path)
	refused := (*trust.Error)(nil)
	if !errors.As(err, &refused) || refused.Why != trust.Exposed || refused.Path != path || refused.Mode != 0o600 {
		t.Errorf("a file others can read opens with %v; want a refusal that names the mode", err)
	}
	must(t, os.Chmod(path, 0o600))
	must(t, openAt(t, path).Close())
}

func TestSecondOpenFindsTheFileLocked(t *testing.T) {
	c := openNew(t)
	if _, err := Open(c.path); !errors.Is(err, ErrLocked) {
		t.Errorf("second Open = %v, want ErrLocked", err)
	}
	reopen(t, c)
}

func TestNewerFormatIsRefused(t *testing.T) {
	path := fullFile(t)
	edit(t, path, func(tx *bolt.Tx) error { return writeVersion(tx, formatVersion+1) })
	if _, err := Open(path); !errors.Is(err, ErrNewer) {
		t.Errorf("Open = %v, want ErrNewer", err)
	}
}

func TestForeignFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "devices.db")
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("recipes"))
		return err
	}))
	must(t, db.Close())
	if c, err := Open(path); err == nil {
		_ = c.Close()
		t.Error("a bbolt file that is not ours opens")
	}
}

// bbolt makes the file before we can write into it.
func TestFileWhoseMakerWasKilledIsFinished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "devices.db")
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	must(t, db.Close())
	c, err := Open(path)
	must(t, err)
	must(t, c.Close())
	edit(t, path, func(tx *bolt.Tx) error {
		_, err := readVersion(tx)
		return err
	})
}

// TestBucketTreeIsAsDrawn holds the drawing at the top of device.go.
func TestBucketTreeIsAsDrawn(t *testing.T) {
	c := openNew(t)
	conformance.Fill(t, link(t, c, ownJID))
	must(t, c.db.Flush())
	var got []string
	must(t, c.view(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			got = append(got, string(name))
			return b.ForEachBucket(func(scope []byte) error {
				return b.Bucket(scope).ForEach(func(table, value []byte) error {
					kind := ""
					if value != nil {
						kind = " (value)"
					}
					got = append(got, string(name)+"/"+string(scope)+"/"+string(table)+kind)
					return nil
				})
			})
		})
	}))
	own, account := "devices/"+ownJID.String()+"/", "accounts/"+ownJID.ToNonAD().String()+"/"
	want := []string{"accounts", account + "tokens", account + "tokens_by_time", "devices"}
	for _, table := range []string{
		"appstate_keys", "appstate_macs", "appstate_versions", "chats", "contacts", "device (value)", "events", "events_by_time",
		"history", "identities", "outgoing", "outgoing_by_time", "prekeys", "secrets", "secrets_by_time", "sender_keys", "sessions", "state",
	} {
		want = append(want, own+table)
	}
	want = append(want, "lids", "meta", "phones")
	if !slices.Equal(got, want) {
		t.Errorf("bucket tree\n%q\nwant\n%q", got, want)
	}
}

func TestEverythingIsThereAfterReopening(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	d.PushName, d.Platform, d.BusinessName = "Loja", "android", "Loja Ltda"
	d.LID = types.JID{User: "9", Device: 7, Server: types.HiddenUserServer}
	d.LIDMigrationTimestamp, d.CompanionMetaNonce = 5, "nonce"
	must(t, d.Save(ctx))
	conformance.Fill(t, d)

	c = reopen(t, c)
	got := load(t, c, ownJID)
	if *got.NoiseKey.Priv != *d.NoiseKey.Priv || *got.IdentityKey.Pub != *d.IdentityKey.Pub ||
		*got.SignedPreKey.Priv != *d.SignedPreKey.Priv || *got.SignedPreKey.Signature != *d.SignedPreKey.Signature ||
		got.SignedPreKey.KeyID != 1 || got.RegistrationID != d.RegistrationID ||
		!bytes.Equal(got.AdvSecretKey, d.AdvSecretKey) ||
		!bytes.Equal(got.Account.DeviceSignature, d.Account.DeviceSignature) {
		t.Error("the keys of the device are not what was saved")
	}
	if got.PushName != "Loja" || got.Platform != "android" || got.BusinessName != "Loja Ltda" || got.LID != d.LID ||
		got.LIDMigrationTimestamp != 5 || got.CompanionMetaNonce != "nonce" || !got.Initialized || *got.ID != ownJID {
		t.Errorf("the names of the device are not what was saved: %+v", got)
	}
	session, err := got.Sessions.GetSession(ctx, "1:0")
	if string(session) != "session" || err != nil {
		t.Errorf("session %q, %v", session, err)
	}
	contact, err := got.Contacts.GetContact(ctx, ana)
	if contact.PushName != "Ana" || err != nil {
		t.Errorf("contact %+v, %v", contact, err)
	}
	secret, _, err := got.MsgSecrets.GetMessageSecret(ctx, anaLID, anaLID, "ID")
	if string(secret) != "secret" || err != nil {
		t.Errorf("secret %q, %v", secret, err)
	}
	token, err := got.PrivacyTokens.GetPrivacyToken(ctx, anaLID)
	if token == nil || string(token.Token) != "token" || err != nil {
		t.Errorf("token %v, %v", token, err)
	}
	lid, err := got.LIDs.GetLIDForPN(ctx, ana)
	if lid != anaLID || err != nil {
		t.Errorf("LID %v, %v", lid, err)
	}
}

func TestCompactedFileHoldsTheSame(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	conformance.Fill(t, d)
	for i := range 200 {
		must(t, d.Sessions.PutSession(ctx, address(i), make([]byte, 2000)))
	}
	for i := range 200 {
		must(t, d.Sessions.DeleteSession(ctx, address(i)))
	}
	if _, _, err := bolt.Compact(c.path); !errors.Is(err, recado.ErrLocked) {
		t.Errorf("Compact of an open file = %v, want ErrLocked", err)
	}
	must(t, c.Close())
	before, after, err := bolt.Compact(c.path)
	must(t, err)
	if after >= before {
		t.Errorf("%d bytes before, %d after", before, after)
	}
	d = load(t, openAt(t, c.path), ownJID) // the generations of devices are kept too
	if got, err := d.Sessions.GetSession(ctx, "1:0"); string(got) != "session" || err != nil {
		t.Errorf("session %q, %v", got, err)
	}
	must(t, d.Save(ctx))
	must(t, d.Container.(*Container).Close())
	if got := wrong(t, c.path); got != "" {
		t.Errorf("the new file: %s", got)
	}
}

func TestFreedPagesAreUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := openNew(t)
		d := link(t, c, ownJID)
		fortnight := func(round byte) int64 {
			for i := range 100 {
				must(t, d.EventBuffer.PutBufferedEvent(ctx, [32]byte{round, byte(i)}, make([]byte, 1000), time.Now()))
				must(t, d.EventBuffer.AddOutgoingEvent(ctx, ana, string([]byte{'A' + round, byte('a' + i)}), "wa", make([]byte, 1000)))
			}
			time.Sleep(eventLife + time.Hour)
			must(t, d.EventBuffer.DeleteOldBufferedHashes(ctx))
			must(t, d.EventBuffer.DeleteOldOutgoingEvents(ctx))
			info, err := os.Stat(c.path)
			must(t, err)
			return info.Size()
		}
		first := fortnight(0)
		var last int64
		for round := range 5 {
			last = fortnight(byte(round + 1))
		}
		if last > first*3/2 {
			t.Errorf("the file has grown from %d to %d bytes with nothing more in it", first, last)
		}
		must(t, c.Close())
	})
}

// TestHandleOfAnOverLinkDoesNotDisplaceTheNewOne: somebody has read a device that is linked again
// before its stores are made. Two sets of stores for the new link would not see what the other has
// behind.
func TestHandleOfAnOverLinkDoesNotDisplaceTheNewOne(t *testing.T) {
	c := openNew(t)
	old := link(t, c, ownJID).Sessions.(*stores).generation
	d := link(t, c, ownJID)
	_ = c.storesOf(ownJID, old)
	if again := load(t, c, ownJID); again.Sessions != d.Sessions {
		t.Error("two handles of one link have stores of their own")
	}
}
