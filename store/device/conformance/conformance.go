// Package conformance tells the same stories to our device store and to whatsmeow's own sqlstore and
// compares what they answer, word for word. Where ours answers otherwise on purpose, the story says what
// and why. Ours is tested by the tests of store/device, the other one, which needs a database in C or a
// translation of it, by those of store/device/beside.
package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waAdv"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

var ctx = context.Background()

var (
	ownJID  = types.JID{User: "5511987654321", Device: 7, Server: types.DefaultUserServer}
	ana     = types.NewJID("5511911111111", types.DefaultUserServer)
	anaLID  = types.NewJID("111111111111111", types.HiddenUserServer)
	moment  = time.Unix(1_790_000_000, 0)
	bob     = types.NewJID("5511922222222", types.DefaultUserServer)
	bobLID  = types.NewJID("222222222222222", types.HiddenUserServer)
	group   = types.NewJID("123-456", types.GroupServer)
	errStop = errors.New("stop")
)

// Container is what a device store is driven through.
type Container interface {
	store.DeviceContainer
	NewDevice() *store.Device
	GetDevice(context.Context, types.JID) (*store.Device, error)
	GetAllDevices(context.Context) ([]*store.Device, error)
}

// Which of the two stores is tested.
type Which bool

const (
	SQLStore Which = false // whatsmeow's own
	Ours     Which = true
)

// Test tells every story to a new container of open, which closes it when the
// test ends, and compares the answers with those that are known of which.
func Test(t *testing.T, which Which, open func(testing.TB) Container) {
	for _, s := range slices.Concat(signalStories, preKeyStories, appStateStories, contactStories,
		tokenStories, bufferStories, lidStories, deviceStories, edgeStories) {
		t.Run(s.name, func(t *testing.T) {
			c := open(t)
			d := c.NewDevice()
			Sign(d, ownJID)
			must(t, d.Save(ctx))
			p := &probe{Container: c, Device: d, t: t, ours: bool(which)}
			s.tell(p)
			want := s.want
			if which == Ours && s.ours != "" {
				want = s.ours
			}
			if got, want := p.lines, lines(want); !slices.Equal(got, want) {
				t.Errorf("answers\n\t%s\nwant\n\t%s\n%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"), s.why)
			}
		})
	}
}

// probe is one store under test and what it has answered.
type probe struct {
	Container
	*store.Device
	t     *testing.T
	ours  bool
	lines []string
}

// say notes an answer. Errors are noted as "error" alone, since their words are each store's own.
func (p *probe) say(what string, answers ...any) {
	for i, a := range answers {
		switch a := a.(type) {
		case error:
			answers[i] = "error"
		case []byte:
			answers[i] = "nil"
			if a != nil {
				answers[i] = fmt.Sprintf("%q", a)
			}
		case nil:
			answers[i] = "ok"
		}
	}
	p.lines = append(p.lines, strings.TrimSpace(what+" "+strings.TrimSuffix(fmt.Sprintln(answers...), "\n")))
}

// story is one case: what is asked, and what both answer.
type story struct {
	name string
	tell func(p *probe)
	want string // one answer a line
	// ours, if set, is what our store answers instead, and why is the reason.
	ours, why string
}

func lines(s string) (out []string) {
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// must ends a test whose preparation failed.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Sign makes a device one that is linked; it is not saved.
func Sign(d *store.Device, jid types.JID) {
	d.ID = &jid
	d.Account = &waAdv.ADVSignedDeviceIdentity{
		Details:             []byte("details"),
		AccountSignature:    bytes.Repeat([]byte{1}, 64),
		AccountSignatureKey: bytes.Repeat([]byte{2}, 32),
		DeviceSignature:     bytes.Repeat([]byte{3}, 64),
	}
}

// MACs makes mutation MACs; equal names have equal indexes.
func MACs(names ...string) (out []store.AppStateMutationMAC) {
	for _, name := range names {
		index, value := [32]byte{}, [32]byte{}
		copy(index[:], name)
		copy(value[:], "value of "+name)
		out = append(out, store.AppStateMutationMAC{IndexMAC: index[:], ValueMAC: value[:]})
	}
	return out
}

// Fill writes at least one row everywhere.
func Fill(t testing.TB, d *store.Device) {
	t.Helper()
	must(t, d.Identities.PutIdentity(ctx, "1:0", [32]byte{1}))
	must(t, d.Sessions.PutSession(ctx, "1:0", []byte("session")))
	must(t, d.SenderKeys.PutSenderKey(ctx, "g@g.us", "1:0", []byte("sender key")))
	_, err := d.PreKeys.GetOrGenPreKeys(ctx, 3)
	must(t, err)
	key := store.AppStateSyncKey{Data: []byte("d"), Fingerprint: []byte("f"), Timestamp: 1}
	must(t, d.AppStateKeys.PutAppStateSyncKey(ctx, []byte("key"), key))
	must(t, d.AppState.PutAppStateVersion(ctx, "regular", 1, [128]byte{1}))
	must(t, d.AppState.PutAppStateMutationMACs(ctx, "regular", 1, MACs("a")))
	_, _, err = d.Contacts.PutPushName(ctx, ana, "Ana")
	must(t, err)
	must(t, d.ChatSettings.PutPinned(ctx, ana, true))
	must(t, d.MsgSecrets.PutMessageSecret(ctx, ana, ana, "ID", []byte("secret")))
	must(t, d.PrivacyTokens.PutPrivacyTokens(ctx, store.PrivacyToken{User: ana, Token: []byte("token"), Timestamp: moment}))
	must(t, d.NCTSalt.PutNCTSalt(ctx, []byte("salt")))
	must(t, d.EventBuffer.PutBufferedEvent(ctx, [32]byte{1}, []byte("text"), moment))
	must(t, d.EventBuffer.AddOutgoingEvent(ctx, ana, "ID", "wa", []byte("payload")))
	must(t, d.LIDs.PutLIDMapping(ctx, anaLID, ana))
	if c, ours := d.Container.(interface {
		KeepHistory(ctx context.Context, device types.JID, chunk string, notification []byte) error
	}); ours {
		must(t, c.KeepHistory(ctx, *d.ID, "chunk", []byte("notification")))
	}
}

func (p *probe) session(addresses ...string) {
	for _, a := range addresses {
		session, err := p.Sessions.GetSession(ctx, a)
		p.say("session "+a, session, err)
	}
}

func (p *probe) putSessions(addresses ...string) {
	for _, a := range addresses {
		must(p.t, p.Sessions.PutSession(ctx, a, []byte("of "+a)))
	}
}

func (p *probe) trusted(address string, key byte) {
	ok, err := p.Identities.IsTrustedIdentity(ctx, address, [32]byte{key})
	p.say(fmt.Sprintf("identity %s %d", address, key), ok, err)
}

var signalStories = []story{{
	name: "an unknown identity is trusted, a changed one is not",
	tell: func(p *probe) {
		p.trusted("1:0", 1)
		for range 2 {
			must(p.t, p.Identities.PutIdentity(ctx, "1:0", [32]byte{1}))
		}
		p.trusted("1:0", 1)
		p.trusted("1:0", 2)
		must(p.t, p.Identities.PutIdentity(ctx, "1:0", [32]byte{2}))
		p.trusted("1:0", 2)
		must(p.t, p.Identities.DeleteIdentity(ctx, "1:0"))
		p.trusted("1:0", 1)
	},
	want: `identity 1:0 1 true ok
		identity 1:0 1 true ok
		identity 1:0 2 false ok
		identity 1:0 2 true ok
		identity 1:0 1 true ok`,
}, {
	name: "all identities of a phone go, and nobody else's",
	tell: func(p *probe) {
		for _, a := range []string{"1:0", "1:7", "12:0", "2:0"} {
			must(p.t, p.Identities.PutIdentity(ctx, a, [32]byte{1}))
		}
		p.say("delete", p.Identities.DeleteAllIdentities(ctx, "1"))
		for _, a := range []string{"1:0", "1:7", "12:0", "2:0"} {
			p.trusted(a, 2)
		}
	},
	want: `delete ok
		identity 1:0 2 true ok
		identity 1:7 2 true ok
		identity 12:0 2 false ok
		identity 2:0 2 false ok`,
}, {
	name: "all identities and sessions of a LID",
	tell: func(p *probe) {
		must(p.t, p.Identities.PutIdentity(ctx, "123_1:0", [32]byte{1}))
		p.putSessions("123_1:0")
		p.say("delete identities", p.Identities.DeleteAllIdentities(ctx, "123"))
		p.say("delete sessions", p.Sessions.DeleteAllSessions(ctx, "123"))
		p.trusted("123_1:0", 2)
		p.session("123_1:0")
	},
	want: `delete identities ok
		delete sessions ok
		identity 123_1:0 2 false ok
		session 123_1:0 "of 123_1:0" ok`,
	ours: `delete identities ok
		delete sessions ok
		identity 123_1:0 2 true ok
		session 123_1:0 nil ok`,
	why: "the library passes the bare user of a LID when its identity has changed, whose rows are spelled user_1",
}, {
	name: "an underscore is a character",
	tell: func(p *probe) {
		p.putSessions("123_1:0", "123x1:0")
		p.say("delete", p.Sessions.DeleteAllSessions(ctx, "123_1"))
		p.session("123_1:0", "123x1:0")
	},
	want: `delete ok
		session 123_1:0 nil ok
		session 123x1:0 nil ok`,
	ours: `delete ok
		session 123_1:0 nil ok
		session 123x1:0 "of 123x1:0" ok`,
	why: "SQL takes it for a wildcard",
}, {
	name: "sessions",
	tell: func(p *probe) {
		p.session("1:0")
		has, err := p.Sessions.HasSession(ctx, "1:0")
		p.say("has", has, err)
		p.putSessions("1:0", "1:1", "2:0")
		must(p.t, p.Sessions.PutSession(ctx, "1:0", []byte("newer")))
		has, err = p.Sessions.HasSession(ctx, "1:0")
		p.say("has", has, err)
		p.session("1:0")
		p.say("delete one", p.Sessions.DeleteSession(ctx, "1:0"))
		p.say("delete it again", p.Sessions.DeleteSession(ctx, "1:0"))
		p.session("1:0", "1:1")
		p.say("delete all", p.Sessions.DeleteAllSessions(ctx, "1"))
		p.session("1:1", "2:0")
	},
	want: `session 1:0 nil ok
		has false ok
		has true ok
		session 1:0 "newer" ok
		delete one ok
		delete it again ok
		session 1:0 nil ok
		session 1:1 "of 1:1" ok
		delete all ok
		session 1:1 nil ok
		session 2:0 "of 2:0" ok`,
}, {
	name: "many sessions have an entry for every address",
	tell: func(p *probe) {
		none, err := p.Sessions.GetManySessions(ctx, nil)
		p.say("of nobody", none == nil, err)
		p.say("put", p.Sessions.PutManySessions(ctx, map[string][]byte{"1:0": []byte("a"), "2:0": []byte("b")}))
		many, err := p.Sessions.GetManySessions(ctx, []string{"1:0", "2:0", "3:0", "3:0"})
		missing, asked := many["3:0"]
		p.say("get", len(many), many["1:0"], many["2:0"], missing, asked, err)
		p.say("put none", p.Sessions.PutManySessions(ctx, nil))
	},
	want: `of nobody true ok
		put ok
		get 3 "a" "b" nil true ok
		put none ok`,
}, {
	name: "a phone moves to its LID once, over what is there",
	tell: func(p *probe) {
		p.putSessions(ana.User+":0", ana.User+":5", ana.User+"1:0", anaLID.User+"_1:0")
		must(p.t, p.Identities.PutIdentity(ctx, ana.User+":0", [32]byte{1}))
		must(p.t, p.SenderKeys.PutSenderKey(ctx, "g1", ana.User+":0", []byte("k1")))
		must(p.t, p.SenderKeys.PutSenderKey(ctx, "g2", ana.User+":0", []byte("k2")))
		p.say("migrate", p.Sessions.MigratePNToLID(ctx, ana, anaLID))
		p.session(ana.User+":0", ana.User+":5", ana.User+"1:0", anaLID.User+"_1:0", anaLID.User+"_1:5")
		p.trusted(anaLID.User+"_1:0", 2)
		p.trusted(ana.User+":0", 2)
		for _, g := range []string{"g1", "g2"} {
			old, _ := p.SenderKeys.GetSenderKey(ctx, g, ana.User+":0")
			moved, err := p.SenderKeys.GetSenderKey(ctx, g, anaLID.User+"_1:0")
			p.say("sender key", old, moved, err)
		}
		p.putSessions(ana.User + ":0")
		p.say("migrate again", p.Sessions.MigratePNToLID(ctx, ana, anaLID))
		p.session(ana.User + ":0")
		p.say("migrate somebody unknown", p.Sessions.MigratePNToLID(ctx, bob, bobLID))
	},
	want: `migrate ok
		session 5511911111111:0 nil ok
		session 5511911111111:5 nil ok
		session 55119111111111:0 "of 55119111111111:0" ok
		session 111111111111111_1:0 "of 5511911111111:0" ok
		session 111111111111111_1:5 "of 5511911111111:5" ok
		identity 111111111111111_1:0 2 false ok
		identity 5511911111111:0 2 true ok
		sender key nil "k1" ok
		sender key nil "k2" ok
		migrate again ok
		session 5511911111111:0 "of 5511911111111:0" ok
		migrate somebody unknown ok`,
}, {
	name: "sender keys",
	tell: func(p *probe) {
		key, err := p.SenderKeys.GetSenderKey(ctx, "g", "1:0")
		p.say("none", key, err)
		for _, k := range []string{"one", "two"} {
			must(p.t, p.SenderKeys.PutSenderKey(ctx, "g", "1:0", []byte(k)))
		}
		key, err = p.SenderKeys.GetSenderKey(ctx, "g", "1:0")
		p.say("newer", key, err)
		key, err = p.SenderKeys.GetSenderKey(ctx, "h", "1:0")
		p.say("other group", key, err)
	},
	want: `none nil ok
		newer "two" ok
		other group nil ok`,
}}

func (p *probe) offer(n uint32) {
	offered, err := p.PreKeys.GetOrGenPreKeys(ctx, n)
	var ids []uint32
	for _, k := range offered {
		ids = append(ids, k.KeyID)
		if got, err := p.PreKeys.GetPreKey(ctx, k.KeyID); err != nil || got == nil || *got.Pub != *k.Pub || *got.Priv != *k.Priv {
			p.say("another key", k.KeyID, err)
		}
	}
	p.say("offer", fmt.Sprint(ids), err)
}

func (p *probe) uploaded() {
	n, err := p.PreKeys.UploadedPreKeyCount(ctx)
	p.say("uploaded", n, err)
}

func (p *probe) oneKey() {
	k, err := p.PreKeys.GenOnePreKey(ctx)
	p.say("one", k.KeyID, err)
}

var preKeyStories = []story{{
	name: "prekeys are offered by ascending id until they are uploaded",
	tell: func(p *probe) {
		p.uploaded()
		p.offer(3)
		p.offer(2)
		p.offer(5)
		p.say("mark", p.PreKeys.MarkPreKeysAsUploaded(ctx, 5))
		p.uploaded()
		p.offer(2)
		p.oneKey()
		p.uploaded()
		p.offer(3)
	},
	want: `uploaded 0 ok
		offer [1 2 3] ok
		offer [1 2] ok
		offer [1 2 3 4 5] ok
		mark ok
		uploaded 5 ok
		offer [6 7] ok
		one 8 ok
		uploaded 6 ok
		offer [6 7 9] ok`,
}, {
	name: "a part of the offer is marked",
	tell: func(p *probe) {
		p.offer(5)
		p.say("mark", p.PreKeys.MarkPreKeysAsUploaded(ctx, 3))
		p.uploaded()
		p.offer(2)
	},
	want: `offer [1 2 3 4 5] ok
		mark ok
		uploaded 3 ok
		offer [4 5] ok`,
}, {
	name: "a missing prekey is nil, removing it is no error",
	tell: func(p *probe) {
		k, err := p.PreKeys.GetPreKey(ctx, 9)
		p.say("get", k == nil, err)
		p.say("remove", p.PreKeys.RemovePreKey(ctx, 9))
		p.offer(2)
		p.say("remove", p.PreKeys.RemovePreKey(ctx, 1))
		p.offer(1)
	},
	want: `get true ok
		remove ok
		offer [1 2] ok
		remove ok
		offer [2] ok`,
}, {
	name: "the id of a consumed prekey",
	tell: func(p *probe) {
		p.offer(2)
		must(p.t, p.PreKeys.MarkPreKeysAsUploaded(ctx, 2))
		must(p.t, p.PreKeys.RemovePreKey(ctx, 2))
		p.oneKey()
		p.offer(1)
	},
	want: `offer [1 2] ok
		one 2 ok
		offer [3] ok`,
	ours: `offer [1 2] ok
		one 3 ok
		offer [4] ok`,
	why: "an id used again makes the messages of those who hold the old bundle undecryptable",
}}
