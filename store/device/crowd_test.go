package device

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"recado/store/device/conformance"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// TestSixtyFourAtOnce lets 64 goroutines decrypt from few people, fail and panic while doing so,
// send, note contacts and LIDs, delete, and link numbers again, all on one file, and then counts: a
// decryption that was reported done is in the session, one that was not is not.
func TestSixtyFourAtOnce(t *testing.T) {
	const rounds = 12
	c := openNew(t)
	d := link(t, c, ownJID)
	unstable := types.JID{User: "5511900000000", Device: 1, Server: types.DefaultUserServer}
	link(t, c, unstable)
	var wg sync.WaitGroup
	var decrypted [4]atomic.Uint64
	var busy atomic.Int64

	for g := range 64 {
		wg.Go(func() {
			for i := range rounds {
				switch g % 8 {
				case 0, 1, 2: // decrypts, eight goroutines a person
					from := (g / 8) % len(decrypted)
					switch err := step(d, fmt.Sprintf("from%d:0", from), nil); {
					case err == nil:
						decrypted[from].Add(1)
					case errors.Is(err, errConflict):
						busy.Add(1)
					default:
						t.Errorf("decrypt: %v", err)
					}
				case 3: // fails, or panics, half way
					if err := step(d, "from0:0", func() error { return errStop }); !errors.Is(err, errStop) {
						t.Errorf("a decryption that fails: %v", err)
					}
					func() {
						defer func() { _ = recover() }()
						_ = step(d, "from1:0", func() error { panic("malformed") })
						t.Error("the panic is gone")
					}()
				case 4: // sends to people of its own
					a := fmt.Sprintf("to%d:0", g)
					must(t, d.Sessions.PutManySessions(ctx, map[string][]byte{a: counter(uint64(i + 1))}))
					got, err := d.Sessions.GetSession(ctx, a)
					must(t, err)
					if binary.BigEndian.Uint64(got) != uint64(i+1) {
						t.Errorf("%s is at %d, want %d", a, binary.BigEndian.Uint64(got), i+1)
					}
					must(t, d.Sessions.PutSession(ctx, fmt.Sprintf("gone%d:%d", g, i), []byte("x")))
					must(t, d.Sessions.DeleteAllSessions(ctx, fmt.Sprintf("gone%d", g)))
				case 5: // contacts, LIDs, secrets, tokens
					jid, lid := person(1000*g+i), personLID(1000*g+i)
					_, _, err := d.Contacts.PutPushName(ctx, jid, "name")
					must(t, err)
					must(t, d.LIDs.PutLIDMapping(ctx, lid, jid))
					must(t, d.LIDs.PutLIDMapping(ctx, personLID(7), person(1000*g))) // everybody's
					must(t, d.MsgSecrets.PutMessageSecret(ctx, lid, lid, "1", []byte("s")))
					secret, _, err := d.MsgSecrets.GetMessageSecret(ctx, jid, jid, "1")
					must(t, err)
					if i > 0 && secret == nil {
						t.Errorf("the secret of %v is not found by phone", jid)
					}
					must(t, d.PrivacyTokens.PutPrivacyTokens(ctx, store.PrivacyToken{User: jid, Token: []byte("t"), Timestamp: moment}))
				case 6: // sweeps, and what is asked at every start
					must(t, d.EventBuffer.DeleteOldBufferedHashes(ctx))
					must(t, d.EventBuffer.DeleteOldOutgoingEvents(ctx))
					_, err := d.PreKeys.GetOrGenPreKeys(ctx, 2)
					must(t, err)
					_, err = d.Contacts.GetAllContacts(ctx)
					must(t, err)
					must(t, c.KeepHistory(ctx, ownJID, fmt.Sprint(g, i), []byte("n")))
					must(t, c.ForgetHistory(ctx, ownJID, fmt.Sprint(g, i-1)))
				case 7: // a number that is unlinked and linked again all the time
					churn(t, c, unstable, i)
				}
			}
		})
	}
	wg.Wait()
	c = reopen(t, c)
	d = load(t, c, ownJID)
	for from := range decrypted {
		session, err := d.Sessions.GetSession(ctx, fmt.Sprintf("from%d:0", from))
		must(t, err)
		if got, want := binary.BigEndian.Uint64(session), decrypted[from].Load(); got != want || want == 0 {
			t.Errorf("the session of person %d has taken %d steps, %d decryptions were done", from, got, want)
		}
	}
	if all, err := c.Histories(ctx, ownJID); len(all) != 8 || err != nil {
		t.Errorf("%d notifications are left, want the last of eight goroutines: %v", len(all), err)
	}
	t.Logf("%d decryptions gave way to others", busy.Load())
}

// step decrypts one message: it takes the ratchet of an address one step on, in a decryption inside
// a decryption.
func step(d *store.Device, address string, half func() error) error {
	return d.EventBuffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
		session, err := d.Sessions.GetSession(ctx, address)
		if err != nil {
			return err
		}
		n := uint64(0)
		if session != nil {
			n = binary.BigEndian.Uint64(session)
		}
		if err := d.Sessions.PutSession(ctx, address, counter(n+1)); err != nil {
			return err
		}
		if half != nil {
			if err := half(); err != nil {
				return err
			}
		}
		return d.EventBuffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
			return d.Identities.PutIdentity(ctx, address, [32]byte{byte(n)})
		})
	})
}

// churn unlinks a number and links it again, while others do the same: every call works or says that
// the link is over.
func churn(t *testing.T, c *Container, jid types.JID, i int) {
	gone := func(err error) bool { return errors.Is(err, store.ErrDeviceDeleted) }
	d, err := c.GetDevice(ctx, jid)
	must(t, err)
	if d == nil {
		d = c.NewDevice()
		conformance.Sign(d, jid)
		must(t, d.Save(ctx))
	}
	s := d.Sessions.(*stores)
	err = s.DoDecryptionTxn(ctx, func(inside context.Context) error {
		if i%3 == 0 {
			if err := d.Delete(ctx); err != nil {
				return err
			}
		}
		return s.PutSession(inside, "1:0", []byte("x"))
	})
	if err != nil && !gone(err) || i%3 == 0 && err == nil {
		t.Errorf("a decryption of a number that is unlinked: %v", err)
	}
	for _, err := range []error{
		s.PutManySessions(ctx, map[string][]byte{"2:0": {byte(i)}}),
		s.PutMessageSecret(ctx, ana, ana, fmt.Sprint(i), []byte("s")),
		c.KeepHistory(ctx, jid, "1", nil),
	} {
		if err != nil && !gone(err) {
			t.Errorf("a call on a number that is unlinked: %v", err)
		}
	}
}
