package conformance

import (
	"context"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

func (p *probe) secret(chat, sender types.JID, id string) {
	secret, stored, err := p.MsgSecrets.GetMessageSecret(ctx, chat, sender, id)
	p.say("secret "+id, secret, stored.String(), err)
}

func (p *probe) token(user types.JID) {
	t, err := p.PrivacyTokens.GetPrivacyToken(ctx, user)
	if t == nil {
		p.say("token nil", err)
		return
	}
	sent := int64(0)
	if !t.SenderTimestamp.IsZero() {
		sent = t.SenderTimestamp.Unix()
	}
	p.say("token", t.User.String(), t.Token, t.Timestamp.Unix(), sent, err)
}

func (p *probe) putToken(user types.JID, token string, at, sent int64) {
	t := store.PrivacyToken{User: user, Token: []byte(token), Timestamp: time.Unix(at, 0)}
	if sent >= 0 {
		t.SenderTimestamp = time.Unix(sent, 0)
	}
	must(p.t, p.PrivacyTokens.PutPrivacyTokens(ctx, t))
}

var tokenStories = []story{{
	name: "the first secret of a message stays",
	tell: func(p *probe) {
		p.secret(ana, ana, "1")
		device := ana
		device.Device = 4
		p.say("put", p.MsgSecrets.PutMessageSecret(ctx, device, device, "1", []byte("first")))
		p.say("put", p.MsgSecrets.PutMessageSecret(ctx, ana, ana, "1", []byte("second")))
		p.secret(ana, ana, "1")
		p.secret(ana, device, "1")
		p.secret(ana, bob, "1")
		p.say("put many", p.MsgSecrets.PutMessageSecrets(ctx, []store.MessageSecretInsert{
			{Chat: group, Sender: bob, ID: "2", Secret: []byte("in a group")},
			{Chat: group, Sender: bob, ID: "3"},
			{Chat: group, ID: "4", Secret: []byte("of nobody")},
		}))
		p.say("put none", p.MsgSecrets.PutMessageSecrets(ctx, nil))
		p.secret(group, bob, "2")
		p.secret(group, bob, "3")
	},
	want: `secret 1 nil  ok
		put ok
		put ok
		secret 1 "first" 5511911111111@s.whatsapp.net ok
		secret 1 "first" 5511911111111@s.whatsapp.net ok
		secret 1 nil  ok
		put many ok
		put none ok
		secret 2 "in a group" 5511922222222@s.whatsapp.net ok
		secret 3 nil  ok`,
}, {
	name: "secrets are found by phone and by LID",
	tell: func(p *probe) {
		must(p.t, p.LIDs.PutLIDMapping(ctx, anaLID, ana))
		must(p.t, p.LIDs.PutLIDMapping(ctx, bobLID, bob))
		must(p.t, p.MsgSecrets.PutMessageSecret(ctx, ana, bobLID, "1", []byte("s")))
		for _, chat := range []types.JID{ana, anaLID} {
			for _, sender := range []types.JID{bob, bobLID} {
				p.secret(chat, sender, "1")
			}
		}
		must(p.t, p.MsgSecrets.PutMessageSecret(ctx, group, bob, "2", []byte("g")))
		p.secret(group, bobLID, "2")
	},
	want: `secret 1 "s" 222222222222222@lid ok
		secret 1 "s" 222222222222222@lid ok
		secret 1 "s" 222222222222222@lid ok
		secret 1 "s" 222222222222222@lid ok
		secret 2 "g" 5511922222222@s.whatsapp.net ok`,
}, {
	name: "a newer privacy token wins and keeps the time it was sent",
	tell: func(p *probe) {
		p.token(ana)
		p.putToken(ana, "one", 100, 50)
		p.putToken(ana, "older", 99, 60)
		p.token(ana)
		p.putToken(ana, "two", 100, -1)
		p.token(ana)
		p.putToken(ana, "three", 101, 70)
		p.token(ana)
	},
	want: `token nil ok
		token 5511911111111@s.whatsapp.net "one" 100 50 ok
		token 5511911111111@s.whatsapp.net "two" 100 50 ok
		token 5511911111111@s.whatsapp.net "three" 101 70 ok`,
}, {
	name: "the time of sending in 1970",
	tell: func(p *probe) {
		p.putToken(ana, "one", 100, 50)
		p.putToken(ana, "two", 101, 0)
		p.token(ana)
	},
	want: `token 5511911111111@s.whatsapp.net "two" 101 0 ok`,
	ours: `token 5511911111111@s.whatsapp.net "two" 101 50 ok`,
	why:  "the library passes 1970 for a token that was never sent, and would issue it anew",
}, {
	name: "privacy tokens are found by phone and by LID, and the newest counts",
	tell: func(p *probe) {
		must(p.t, p.LIDs.PutLIDMapping(ctx, anaLID, ana))
		p.putToken(anaLID, "lid", 100, -1)
		p.token(ana)
		p.putToken(ana, "phone", 200, -1)
		p.token(anaLID)
		device := anaLID
		device.Device = 3
		p.token(device)
	},
	want: `token 5511911111111@s.whatsapp.net "lid" 100 0 ok
		token 111111111111111@lid "phone" 200 0 ok
		token 111111111111111@lid "phone" 200 0 ok`,
}, {
	name: "expired privacy tokens",
	tell: func(p *probe) {
		p.putToken(ana, "a", 100, -1)
		p.putToken(ana, "a", 150, -1)
		p.putToken(bob, "b", 120, -1)
		p.putToken(bobLID, "c", 121, -1)
		n, err := p.PrivacyTokens.DeleteExpiredPrivacyTokens(ctx, time.Unix(121, 0))
		p.say("deleted", n, err)
		p.token(ana)
		p.token(bob)
		p.token(bobLID)
		n, err = p.PrivacyTokens.DeleteExpiredPrivacyTokens(ctx, time.Unix(1000, 0))
		p.say("deleted", n, err)
		p.token(ana)
	},
	want: `deleted 1 ok
		token 5511911111111@s.whatsapp.net "a" 150 0 ok
		token nil ok
		token 222222222222222@lid "c" 121 0 ok
		deleted 2 ok
		token nil ok`,
}, {
	name: "the salt",
	tell: func(p *probe) {
		salt := func() {
			v, err := p.NCTSalt.GetNCTSalt(ctx)
			p.say("salt", v, err)
		}
		salt()
		must(p.t, p.NCTSalt.PutNCTSalt(ctx, []byte("one")))
		must(p.t, p.NCTSalt.PutNCTSalt(ctx, []byte("two")))
		salt()
		p.say("delete", p.NCTSalt.DeleteNCTSalt(ctx))
		p.say("delete again", p.NCTSalt.DeleteNCTSalt(ctx))
		salt()
	},
	want: `salt nil ok
		salt "two" ok
		delete ok
		delete again ok
		salt nil ok`,
}}

func (p *probe) buffered(hash byte) {
	e, err := p.EventBuffer.GetBufferedEvent(ctx, [32]byte{hash})
	if e == nil {
		p.say("event nil", err)
		return
	}
	p.say("event", e.Plaintext, e.ServerTime.Unix(), time.Since(e.InsertTime) < time.Minute, err)
}

func (p *probe) outgoing(chat, alt types.JID, id string) {
	format, payload, err := p.EventBuffer.GetOutgoingEvent(ctx, chat, alt, id)
	p.say("outgoing "+id, format, payload, err)
}

var bufferStories = []story{{
	name: "a buffered event is there once, without its text when it was dealt with",
	tell: func(p *probe) {
		p.buffered(1)
		p.say("put", p.EventBuffer.PutBufferedEvent(ctx, [32]byte{1}, []byte("text"), moment))
		p.say("put again", p.EventBuffer.PutBufferedEvent(ctx, [32]byte{1}, []byte("text"), moment))
		p.buffered(1)
		p.say("clear", p.EventBuffer.ClearBufferedEventPlaintext(ctx, [32]byte{1}))
		p.buffered(1)
		p.say("clear nothing", p.EventBuffer.ClearBufferedEventPlaintext(ctx, [32]byte{3}))
		p.say("sweep", p.EventBuffer.DeleteOldBufferedHashes(ctx))
		p.buffered(1)
	},
	want: `event nil ok
		put ok
		put again error
		event "text" 1790000000 true ok
		clear ok
		event nil 1790000000 true ok
		clear nothing ok
		sweep ok
		event nil 1790000000 true ok`,
}, {
	name: "an empty event is not one that was dealt with",
	tell: func(p *probe) {
		p.say("put", p.EventBuffer.PutBufferedEvent(ctx, [32]byte{2}, []byte{}, moment))
		p.buffered(2)
	},
	want: `put ok
		event nil 1790000000 true ok`,
	ours: `put ok
		event "" 1790000000 true ok`,
	why: "this SQLite driver reads an empty blob as nil, which would drop the event",
}, {
	name: "outgoing payloads are found by either address, and a missing one is an error",
	tell: func(p *probe) {
		p.outgoing(ana, types.EmptyJID, "1")
		p.say("add", p.EventBuffer.AddOutgoingEvent(ctx, ana, "1", "wa", []byte("one")))
		p.say("add", p.EventBuffer.AddOutgoingEvent(ctx, ana, "1", "fb", []byte("two")))
		p.outgoing(ana, types.EmptyJID, "1")
		p.outgoing(anaLID, ana, "1")
		p.outgoing(anaLID, types.EmptyJID, "1")
		p.outgoing(ana, types.EmptyJID, "2")
		p.say("sweep", p.EventBuffer.DeleteOldOutgoingEvents(ctx))
		p.outgoing(ana, types.EmptyJID, "1")
	},
	want: `outgoing 1  nil error
		add ok
		add ok
		outgoing 1 fb "two" ok
		outgoing 1 fb "two" ok
		outgoing 1  nil error
		outgoing 2  nil error
		sweep ok
		outgoing 1 fb "two" ok`,
}, {
	name: "a decryption is committed whole, or not at all",
	tell: func(p *probe) {
		p.putSessions("1:0")
		p.offer(1)
		decrypt := func(end error) error {
			return p.EventBuffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
				must(p.t, p.Sessions.PutSession(ctx, "1:0", []byte("advanced")))
				must(p.t, p.Identities.PutIdentity(ctx, "1:0", [32]byte{1}))
				must(p.t, p.PreKeys.RemovePreKey(ctx, 1))
				must(p.t, p.SenderKeys.PutSenderKey(ctx, "g", "1:0", []byte("key")))
				must(p.t, p.Sessions.DeleteSession(ctx, "9:0"))
				must(p.t, p.EventBuffer.PutBufferedEvent(ctx, [32]byte{1}, []byte("text"), moment))
				seen, err := p.Sessions.GetSession(ctx, "1:0")
				trusted, _ := p.Identities.IsTrustedIdentity(ctx, "1:0", [32]byte{2})
				key, _ := p.PreKeys.GetPreKey(ctx, 1)
				event, _ := p.EventBuffer.GetBufferedEvent(ctx, [32]byte{1})
				p.say("inside", seen, trusted, key == nil, event != nil, err)
				return end
			})
		}
		p.say("fails", decrypt(errStop))
		p.session("1:0")
		p.trusted("1:0", 2)
		p.buffered(1)
		p.offer(1)
		p.say("works", decrypt(nil))
		p.session("1:0")
		p.trusted("1:0", 2)
		p.buffered(1)
		p.offer(0)
		k, err := p.PreKeys.GetPreKey(ctx, 1)
		p.say("prekey", k == nil, err)
	},
	want: `offer [1] ok
		inside "advanced" false true true ok
		fails error
		session 1:0 "of 1:0" ok
		identity 1:0 2 true ok
		event nil ok
		offer [1] ok
		inside "advanced" false true true ok
		works ok
		session 1:0 "advanced" ok
		identity 1:0 2 false ok
		event "text" 1790000000 true ok
		offer [] ok
		prekey true ok`,
}, {
	name: "a decryption inside a decryption is the same one",
	tell: func(p *probe) {
		p.say("outer", p.EventBuffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
			p.say("inner", p.EventBuffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
				return p.Sessions.PutSession(ctx, "1:0", []byte("inner"))
			}))
			many, err := p.Sessions.GetManySessions(ctx, []string{"1:0", "2:0"})
			p.say("seen", many["1:0"], len(many), err)
			return errStop
		}))
		p.session("1:0")
	},
	want: `inner ok
		seen "inner" 2 ok
		outer error
		session 1:0 nil ok`,
}}

var lidStories = []story{{
	name: "a LID and a phone belong to each other",
	tell: func(p *probe) {
		device := ana
		device.Device = 5
		lid, err := p.LIDs.GetLIDForPN(ctx, ana)
		p.say("none", lid.IsEmpty(), err)
		p.say("put", p.LIDs.PutLIDMapping(ctx, anaLID, device))
		p.say("put again", p.LIDs.PutLIDMapping(ctx, anaLID, ana))
		lid, err = p.LIDs.GetLIDForPN(ctx, device)
		p.say("lid", lid.String(), err)
		lidDevice := anaLID
		lidDevice.Device = 6
		pn, err := p.LIDs.GetPNForLID(ctx, lidDevice)
		p.say("phone", pn.String(), err)
		_, err = p.LIDs.GetPNForLID(ctx, ana)
		p.say("not a LID", err)
		_, err = p.LIDs.GetLIDForPN(ctx, anaLID)
		p.say("not a phone", err)
		p.say("the wrong way round", p.LIDs.PutLIDMapping(ctx, ana, anaLID))
	},
	want: `none true ok
		put ok
		put again ok
		lid 111111111111111:5@lid ok
		phone 5511911111111:6@s.whatsapp.net ok
		not a LID error
		not a phone error
		the wrong way round error`,
}, {
	name: "a new pair breaks both old ones",
	tell: func(p *probe) {
		pairs := func() {
			for _, pn := range []types.JID{ana, bob} {
				lid, _ := p.LIDs.GetLIDForPN(ctx, pn)
				p.say("lid", lid.String())
			}
			for _, lid := range []types.JID{anaLID, bobLID} {
				pn, _ := p.LIDs.GetPNForLID(ctx, lid)
				p.say("phone", pn.String())
			}
		}
		must(p.t, p.LIDs.PutLIDMapping(ctx, anaLID, ana))
		must(p.t, p.LIDs.PutLIDMapping(ctx, bobLID, bob))
		must(p.t, p.LIDs.PutLIDMapping(ctx, bobLID, ana))
		pairs()
	},
	want: `lid 222222222222222@lid
		lid
		phone
		phone 5511911111111@s.whatsapp.net`,
}, {
	name: "many pairs, many questions",
	tell: func(p *probe) {
		none, err := p.LIDs.GetManyLIDsForPNs(ctx, nil)
		p.say("of nobody", none == nil, err)
		p.say("put", p.LIDs.PutManyLIDMappings(ctx, []store.LIDMapping{
			{LID: anaLID, PN: ana}, {LID: anaLID, PN: ana}, {LID: ana, PN: anaLID}, {LID: bobLID, PN: bob},
		}))
		p.say("put none", p.LIDs.PutManyLIDMappings(ctx, nil))
		device := ana
		device.Device = 8
		many, err := p.LIDs.GetManyLIDsForPNs(ctx, []types.JID{ana, device, bobLID, types.NewJID("5", types.DefaultUserServer)})
		got := many[device]
		first := many[ana]
		p.say("get", len(many), first.String(), got.String(), err)
	},
	want: `of nobody true ok
		put ok
		put none ok
		get 2 111111111111111@lid 111111111111111:8@lid ok`,
}}

var deviceStories = []story{{
	name: "devices are found by their whole JID",
	tell: func(p *probe) {
		none, err := p.GetDevice(ctx, ownJID.ToNonAD())
		p.say("another", none == nil, err)
		d, err := p.GetDevice(ctx, ownJID)
		p.say("same keys", *d.NoiseKey.Priv == *p.NoiseKey.Priv, d.RegistrationID == p.RegistrationID, d.SignedPreKey.KeyID, err)
		made := p.NewDevice()
		p.say("new", made.ID == nil, made.Initialized, made.Container != nil, p.PutDevice(ctx, made), p.DeleteDevice(ctx, made))
		Sign(made, types.JID{User: "5511900000000", Device: 1, Server: types.DefaultUserServer})
		p.say("save", made.Save(ctx), made.Initialized)
		all, err := p.GetAllDevices(ctx)
		p.say("all", len(all), err)
	},
	want: `another true ok
		same keys true true 1 ok
		new true false true error error
		save ok true
		all 2 ok`,
}, {
	name: "saving again changes names and never keys",
	tell: func(p *probe) {
		p.PushName, p.Device.Platform, p.BusinessName, p.CompanionMetaNonce = "Loja", "android", "Ltda", "n"
		p.LID, p.LIDMigrationTimestamp = bobLID, 9
		p.AdvSecretKey, p.RegistrationID = []byte("changed"), p.RegistrationID+1
		p.say("save", p.Save(ctx))
		d, err := p.GetDevice(ctx, ownJID)
		p.say("names", d.PushName, d.Platform, d.BusinessName, d.CompanionMetaNonce, d.LID.String(), d.LIDMigrationTimestamp, err)
		p.say("keys", string(d.AdvSecretKey) == "changed", d.RegistrationID == p.RegistrationID)
	},
	want: `save ok
		names Loja android Ltda n 222222222222222@lid 9 ok
		keys false false`,
}, {
	name: "deleting a device takes its rows along, but no LIDs and nobody else's",
	tell: func(p *probe) {
		other := p.NewDevice()
		Sign(other, types.JID{User: "5511900000000", Device: 1, Server: types.DefaultUserServer})
		must(p.t, other.Save(ctx))
		must(p.t, other.Sessions.PutSession(ctx, "1:0", []byte("of the other")))
		Fill(p.t, p.Device)
		noise, identity := p.NoiseKey, p.IdentityKey
		p.say("delete", p.Device.Delete(ctx), p.Deleted, p.ID == nil)
		p.say("delete again", p.Device.Delete(ctx))
		p.say("save", p.Save(ctx))
		gone, err := p.GetDevice(ctx, ownJID)
		p.say("get", gone == nil, err)
		back := p.NewDevice()
		back.NoiseKey, back.IdentityKey = noise, identity
		Sign(back, ownJID)
		must(p.t, back.Save(ctx))
		p.Device = back
		p.session("1:0")
		p.contact(ana)
		p.secret(ana, ana, "ID")
		p.buffered(1)
		p.outgoing(ana, ana, "ID")
		p.version("regular")
		p.mac("regular", "a")
		p.trusted("1:0", 9)
		p.uploaded()
		p.offer(1)
		p.token(ana)
		lid, err := p.LIDs.GetLIDForPN(ctx, ana)
		p.say("lid", lid.String(), err)
		session, err := other.Sessions.GetSession(ctx, "1:0")
		p.say("other", session, err)
	},
	want: `delete ok true true
		delete again ok
		save error
		get true ok
		session 1:0 nil ok
		contact 5511911111111 false "" "" "" "" "" ok
		secret ID nil  ok
		event nil ok
		outgoing ID  nil error
		version regular 0 0 ok
		mac regular a  true ok
		identity 1:0 9 true ok
		uploaded 0 ok
		offer [1] ok
		token 5511911111111@s.whatsapp.net "token" 1790000000 0 ok
		lid 111111111111111@lid ok
		other "of the other" ok`,
}, {
	name: "linking the same JID with new keys",
	tell: func(p *probe) {
		p.putSessions("1:0")
		again := p.NewDevice()
		Sign(again, ownJID)
		p.say("save", again.Save(ctx))
		d, err := p.GetDevice(ctx, ownJID)
		p.say("keys are the new ones", *d.NoiseKey.Priv == *again.NoiseKey.Priv, err)
		session, err := d.Sessions.GetSession(ctx, "1:0")
		p.say("session", session, err)
	},
	want: `save ok
		keys are the new ones false ok
		session "of 1:0" ok`,
	ours: `save ok
		keys are the new ones true ok
		session nil ok`,
	why: "the old keys would be refused by the service, and the old ratchets by everybody",
}, {
	name: "a device that is not linked yet",
	tell: func(p *probe) {
		p.say("has stores", p.NewDevice().Sessions != nil)
	},
	want: `has stores false`,
	ours: `has stores true`,
	why:  "a nil store is a crash; ours answer ErrNotPaired",
}}
