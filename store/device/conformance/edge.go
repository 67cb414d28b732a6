package conformance

import (
	"context"
	"reflect"

	"github.com/google/uuid"
	"go.mau.fi/whatsmeow/types"
)

// edgeStories are about nothing, about empty things, and about contexts.
var edgeStories = []story{{
	name: "an empty session is there and is none",
	tell: func(p *probe) {
		must(p.t, p.Sessions.PutSession(ctx, "1:0", []byte{}))
		has, err := p.Sessions.HasSession(ctx, "1:0")
		p.say("has", has, err)
		p.session("1:0")
		many, err := p.Sessions.GetManySessions(ctx, []string{"1:0"})
		_, asked := many["1:0"]
		p.say("many", many["1:0"], asked, err)
	},
	want: `has true ok
		session 1:0 nil ok
		many nil true ok`,
}, {
	name: "empty names and settings of nobody",
	tell: func(p *probe) {
		p.say("name", p.Contacts.PutContactName(ctx, ana, "", ""))
		all, err := p.Contacts.GetAllContacts(ctx)
		p.say("all", all != nil, len(all), err)
		p.say("redacted", p.Contacts.PutManyRedactedPhones(ctx, nil))
		lids, err := p.LIDs.GetManyLIDsForPNs(ctx, []types.JID{ana, anaLID})
		p.say("lids", lids != nil, len(lids), err)
		many, err := p.Sessions.GetManySessions(ctx, []string{})
		p.say("sessions", many == nil, err)
		keys, err := p.AppStateKeys.GetAllAppStateSyncKeys(ctx)
		p.say("keys", len(keys), err)
	},
	want: `name ok
		all true 0 ok
		redacted ok
		lids true 0 ok
		sessions true ok
		keys 0 ok`,
}, {
	name: "an event without a text",
	tell: func(p *probe) {
		must(p.t, p.EventBuffer.PutBufferedEvent(ctx, [32]byte{1}, nil, moment))
		p.buffered(1)
	},
	want: `event nil 1790000000 true ok`,
}, {
	name: "no tokens, and a payload of nothing",
	tell: func(p *probe) {
		p.say("tokens", p.PrivacyTokens.PutPrivacyTokens(ctx))
		p.say("payload", p.EventBuffer.AddOutgoingEvent(ctx, ana, "1", "wa", nil))
	},
	want: `tokens error
		payload error`,
	ours: `tokens ok
		payload ok`,
	why: "these are errors of SQL, not of the caller, and the second would stop the send",
}, {
	name: "what is no part of a decryption, inside one that fails",
	tell: func(p *probe) {
		p.say("fails", p.EventBuffer.DoDecryptionTxn(ctx, func(inside context.Context) error {
			_, _, err := p.Contacts.PutPushName(inside, ana, "Ana")
			must(p.t, err)
			must(p.t, p.MsgSecrets.PutMessageSecret(inside, ana, ana, "1", []byte("s")))
			return errStop
		}))
		p.secret(ana, ana, "1")
	},
	want: `fails error
		secret 1 nil  ok`,
	ours: `fails error
		secret 1 "s" 5511911111111@s.whatsapp.net ok`,
	why: "what can be learnt again is true whether or not the message could be read",
}, {
	name: "identities and sessions deleted inside a decryption",
	tell: func(p *probe) {
		p.putSessions("1:0", "1:1")
		must(p.t, p.Identities.PutIdentity(ctx, "1:0", [32]byte{1}))
		clearUntrusted := func(end error) error {
			return p.EventBuffer.DoDecryptionTxn(ctx, func(inside context.Context) error {
				must(p.t, p.Identities.DeleteIdentity(inside, "1:0"))
				must(p.t, p.Sessions.DeleteSession(inside, "1:0"))
				ok, err := p.Identities.IsTrustedIdentity(inside, "1:0", [32]byte{2})
				has, _ := p.Sessions.HasSession(inside, "1:0")
				p.say("inside", ok, has, err)
				return end
			})
		}
		p.say("fails", clearUntrusted(errStop))
		p.trusted("1:0", 2)
		p.session("1:0")
		p.say("works", clearUntrusted(nil))
		p.trusted("1:0", 2)
		p.session("1:0", "1:1")
	},
	want: `inside true false ok
		fails error
		identity 1:0 2 false ok
		session 1:0 "of 1:0" ok
		inside true false ok
		works ok
		identity 1:0 2 true ok
		session 1:0 nil ok
		session 1:1 "of 1:1" ok`,
}, {
	name: "the context of a decryption that has ended",
	tell: func(p *probe) {
		for _, end := range []error{nil, errStop} {
			var inside context.Context
			p.say("decryption", p.EventBuffer.DoDecryptionTxn(ctx, func(c context.Context) error {
				inside = c
				must(p.t, p.Sessions.PutSession(c, "1:0", []byte("inside")))
				return end
			}))
			p.say("put", p.Sessions.PutSession(inside, "1:0", []byte("late")))
			p.say("delete", p.Sessions.DeleteSession(inside, "1:0"))
			p.say("again", p.EventBuffer.DoDecryptionTxn(inside, func(c context.Context) error {
				return p.Sessions.PutSession(c, "1:0", []byte("late"))
			}))
			session, err := p.Sessions.GetSession(inside, "1:0")
			p.say("read", session, err)
			p.session("1:0")
			must(p.t, p.Sessions.DeleteSession(ctx, "1:0"))
		}
	},
	want: `decryption ok
		put error
		delete error
		again error
		read nil error
		session 1:0 "inside" ok
		decryption error
		put error
		delete error
		again error
		read nil error
		session 1:0 nil ok`,
}, {
	name: "a context that is cancelled inside a decryption",
	tell: func(p *probe) {
		over, cancel := context.WithCancel(ctx)
		p.say("decryption", p.EventBuffer.DoDecryptionTxn(over, func(inside context.Context) error {
			must(p.t, p.Sessions.PutSession(inside, "1:0", []byte("s")))
			cancel()
			return p.Sessions.PutSession(inside, "2:0", []byte("s"))
		}))
		p.session("1:0", "2:0")
	},
	want: `decryption error
		session 1:0 nil ok
		session 2:0 nil ok`,
	ours: `decryption ok
		session 1:0 "s" ok
		session 2:0 "s" ok`,
	why: "a ratchet that has moved in memory must not stay behind on the disk since its caller went away",
}, {
	name: "a cancelled context",
	tell: func(p *probe) {
		over, cancel := context.WithCancel(ctx)
		cancel()
		p.say("put", p.Sessions.PutSession(over, "1:0", []byte("s")))
		p.session("1:0")
	},
	want: `put error
		session 1:0 nil ok`,
	ours: `put ok
		session 1:0 "s" ok`,
	why: "a ratchet that has moved in memory must not stay behind on the disk since its caller went away",
}, {
	name: "a phone that has moved once is not looked at again",
	tell: func(p *probe) {
		p.say("nothing to move", p.Sessions.MigratePNToLID(ctx, ana, anaLID))
		p.putSessions(ana.User + ":0")
		p.say("again", p.Sessions.MigratePNToLID(ctx, ana, anaLID))
		p.session(ana.User+":0", anaLID.User+"_1:0")
		p.say("to itself", p.Sessions.MigratePNToLID(ctx, bob, bob))
	},
	want: `nothing to move ok
		again ok
		session 5511911111111:0 "of 5511911111111:0" ok
		session 111111111111111_1:0 nil ok
		to itself ok`,
}, {
	name: "every field of a device is kept",
	tell: func(p *probe) {
		d := p.NewDevice()
		d.RegistrationID, d.SignedPreKey.KeyID = 1<<32-1, 1<<24-1
		d.FacebookUUID = uuid.MustParse("0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f")
		d.LID = types.JID{User: "5", Device: 3, Server: types.HiddenUserServer}
		d.Platform, d.BusinessName, d.PushName, d.CompanionMetaNonce = "p", "b", "n", "c"
		d.LIDMigrationTimestamp = 1 << 40
		jid := types.JID{User: "5511900000000", Device: 65535, Server: types.DefaultUserServer}
		Sign(d, jid)
		must(p.t, d.Save(ctx))
		got, err := p.GetDevice(ctx, jid)
		p.say("keys", *got.NoiseKey.Priv == *d.NoiseKey.Priv,
			*got.IdentityKey.Pub == *d.IdentityKey.Pub, *got.SignedPreKey.Signature == *d.SignedPreKey.Signature, err)
		p.say("numbers", got.RegistrationID, got.SignedPreKey.KeyID, got.LIDMigrationTimestamp, got.FacebookUUID.String())
		p.say("names", got.ID.String(), got.LID.String(), got.Platform, got.BusinessName, got.PushName, got.CompanionMetaNonce)
		p.say("account", reflect.DeepEqual([][]byte{d.AdvSecretKey, d.Account.Details, d.Account.AccountSignature, d.Account.AccountSignatureKey, d.Account.DeviceSignature},
			[][]byte{got.AdvSecretKey, got.Account.Details, got.Account.AccountSignature, got.Account.AccountSignatureKey, got.Account.DeviceSignature}))
		p.say("stores", got.Initialized, got.Sessions != nil, got.Container != nil, got.LIDs != nil)
	},
	want: `keys true true true ok
		numbers 4294967295 16777215 1099511627776 0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f
		names 5511900000000:65535@s.whatsapp.net 5:3@lid p b n c
		account true
		stores true true true true`,
}}
