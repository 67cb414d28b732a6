package conformance

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

func (p *probe) version(name string) {
	v, hash, err := p.AppState.GetAppStateVersion(ctx, name)
	p.say("version "+name, v, hash[0], err)
}

func (p *probe) mac(name, index string) {
	m := MACs(index)[0]
	value, err := p.AppState.GetAppStateMutationMAC(ctx, name, m.IndexMAC)
	p.say("mac "+name+" "+index, string(bytes.TrimRight(value, "\x00")), value == nil, err)
}

// Patch writes what the library writes for one patch of the application state.
func Patch(t testing.TB, d *store.Device, name string, version uint64, removed, added []store.AppStateMutationMAC) {
	t.Helper()
	must(t, d.AppState.PutAppStateVersion(ctx, name, version, [128]byte{byte(version)}))
	must(t, d.AppState.DeleteAppStateMutationMACs(ctx, name, indexes(removed)))
	must(t, d.AppState.PutAppStateMutationMACs(ctx, name, version, added))
}

func (p *probe) patch(name string, version uint64, removed, added []store.AppStateMutationMAC) {
	p.t.Helper()
	Patch(p.t, p.Device, name, version, removed, added)
}

func indexes(macs []store.AppStateMutationMAC) (out [][]byte) {
	for _, m := range macs {
		out = append(out, m.IndexMAC)
	}
	return out
}

var appStateStories = []story{{
	name: "a version that is not there is zero, and a stored zero is an error",
	tell: func(p *probe) {
		p.version("regular")
		must(p.t, p.AppState.PutAppStateVersion(ctx, "regular", 0, [128]byte{}))
		_, _, err := p.AppState.GetAppStateVersion(ctx, "regular")
		p.say("zero", err)
	},
	want: `version regular 0 0 ok
		zero error`,
}, {
	name: "patches",
	tell: func(p *probe) {
		p.mac("regular", "a")
		p.patch("regular", 1, nil, MACs("a", "b"))
		p.version("regular")
		p.mac("regular", "a")
		p.patch("regular", 2, MACs("a"), MACs("c"))
		p.version("regular")
		p.mac("regular", "a")
		p.mac("regular", "b")
		p.mac("regular", "c")
		p.mac("critical", "b")
		p.patch("regular", 3, nil, nil)
		p.version("regular")
	},
	want: `mac regular a  true ok
		version regular 1 1 ok
		mac regular a value of a false ok
		version regular 2 2 ok
		mac regular a  true ok
		mac regular b value of b false ok
		mac regular c value of c false ok
		mac critical b  true ok
		version regular 3 3 ok`,
}, {
	name: "reads see a version whose MACs have not come yet",
	tell: func(p *probe) {
		p.patch("regular", 1, nil, MACs("a"))
		must(p.t, p.AppState.PutAppStateVersion(ctx, "regular", 2, [128]byte{2}))
		must(p.t, p.AppState.DeleteAppStateMutationMACs(ctx, "regular", indexes(MACs("a"))))
		p.version("regular")
		p.mac("regular", "a")
	},
	want: `version regular 2 2 ok
		mac regular a  true ok`,
}, {
	name: "a MAC that was deleted stays deleted when the mutations of its version never come",
	tell: func(p *probe) {
		p.patch("regular", 1, nil, MACs("a", "b", "c"))
		must(p.t, p.AppState.PutAppStateVersion(ctx, "regular", 2, [128]byte{2}))
		must(p.t, p.AppState.DeleteAppStateMutationMACs(ctx, "regular", indexes(MACs("a"))))
		must(p.t, p.AppState.PutAppStateVersion(ctx, "regular", 3, [128]byte{3}))
		p.mac("regular", "a")
		must(p.t, p.AppState.DeleteAppStateMutationMACs(ctx, "regular", indexes(MACs("b"))))
		p.mac("regular", "b")
		must(p.t, p.AppState.PutAppStateMutationMACs(ctx, "regular", 3, MACs("d")))
		p.version("regular")
		for _, index := range []string{"a", "b", "c", "d"} {
			p.mac("regular", index)
		}
	},
	want: `mac regular a  true ok
		mac regular b  true ok
		version regular 3 3 ok
		mac regular a  true ok
		mac regular b  true ok
		mac regular c value of c false ok
		mac regular d value of d false ok`,
}, {
	name: "a MAC that one version deletes and adds",
	tell: func(p *probe) {
		p.patch("regular", 1, nil, MACs("a"))
		again := MACs("a")
		again[0].ValueMAC = bytes.Repeat([]byte("n"), 32)
		p.patch("regular", 2, MACs("a"), again)
		p.mac("regular", "a")
	},
	want: `mac regular a nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn false ok`,
}, {
	name: "a version that is deleted before its mutations come",
	tell: func(p *probe) {
		p.patch("regular", 1, nil, MACs("a"))
		must(p.t, p.AppState.PutAppStateVersion(ctx, "regular", 2, [128]byte{2}))
		must(p.t, p.AppState.DeleteAppStateVersion(ctx, "regular"))
		p.version("regular")
		p.patch("regular", 3, nil, MACs("b"))
		p.version("regular")
		p.mac("regular", "a")
	},
	want: `version regular 0 0 ok
		version regular 3 3 ok
		mac regular a  true ok`,
}, {
	name: "a version outside a decryption whose mutations come inside one",
	tell: func(p *probe) {
		p.patch("regular", 1, nil, MACs("a", "b"))
		for round := range uint64(2) {
			must(p.t, p.AppState.PutAppStateVersion(ctx, "regular", 2*round+2, [128]byte{byte(2*round + 2)}))
			must(p.t, p.AppState.DeleteAppStateMutationMACs(ctx, "regular", indexes(MACs(string('a'+rune(round))))))
			must(p.t, p.EventBuffer.DoDecryptionTxn(ctx, func(inside context.Context) error {
				if round == 1 {
					must(p.t, p.AppState.PutAppStateVersion(inside, "regular", 5, [128]byte{5}))
				}
				v, hash, err := p.AppState.GetAppStateVersion(inside, "regular")
				p.say("inside", v, hash[0], err)
				return p.AppState.PutAppStateMutationMACs(inside, "regular", v, MACs(fmt.Sprint(v)))
			}))
			p.version("regular")
			for _, index := range []string{"a", "b", "2", "5"} {
				p.mac("regular", index)
			}
		}
	},
	want: `inside 2 2 ok
		version regular 2 2 ok
		mac regular a  true ok
		mac regular b value of b false ok
		mac regular 2 value of 2 false ok
		mac regular 5  true ok
		inside 5 5 ok
		version regular 5 5 ok
		mac regular a  true ok
		mac regular b  true ok
		mac regular 2 value of 2 false ok
		mac regular 5 value of 5 false ok`,
}, {
	name: "of two MACs of an index the higher version counts",
	tell: func(p *probe) {
		p.patch("regular", 5, nil, MACs("a"))
		newer := MACs("a")
		newer[0].ValueMAC = bytes.Repeat([]byte("n"), 32)
		p.patch("regular", 6, nil, newer)
		p.mac("regular", "a")
		older := MACs("a")
		older[0].ValueMAC = bytes.Repeat([]byte("o"), 32)
		must(p.t, p.AppState.PutAppStateMutationMACs(ctx, "regular", 4, older))
		p.mac("regular", "a")
		p.say("delete", p.AppState.DeleteAppStateMutationMACs(ctx, "regular", indexes(MACs("a"))))
		p.mac("regular", "a")
	},
	want: `mac regular a nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn false ok
		mac regular a nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn false ok
		delete ok
		mac regular a  true ok`,
}, {
	name: "deleting a version takes its MACs along, and no other's",
	tell: func(p *probe) {
		p.patch("regular", 1, nil, MACs("a"))
		p.patch("regular_low", 1, nil, MACs("a"))
		p.say("delete", p.AppState.DeleteAppStateVersion(ctx, "regular"))
		p.version("regular")
		p.mac("regular", "a")
		p.version("regular_low")
		p.mac("regular_low", "a")
		p.say("delete it again", p.AppState.DeleteAppStateVersion(ctx, "regular"))
	},
	want: `delete ok
		version regular 0 0 ok
		mac regular a  true ok
		version regular_low 1 1 ok
		mac regular_low a value of a false ok
		delete it again ok`,
}, {
	name: "application state keys: the newer stays, newest first",
	tell: func(p *probe) {
		key, err := p.AppStateKeys.GetAppStateSyncKey(ctx, []byte("k1"))
		p.say("none", key == nil, err)
		id, err := p.AppStateKeys.GetLatestAppStateSyncKeyID(ctx)
		p.say("latest", id, err)
		put := func(id, data string, at int64) {
			must(p.t, p.AppStateKeys.PutAppStateSyncKey(ctx, []byte(id), store.AppStateSyncKey{
				Data: []byte(data), Fingerprint: []byte("f " + data), Timestamp: at,
			}))
		}
		put("k1", "ten", 10)
		put("k1", "nine", 9)
		put("k1", "other ten", 10)
		put("k2", "twenty", 20)
		put("k3", "fifteen", 15)
		key, err = p.AppStateKeys.GetAppStateSyncKey(ctx, []byte("k1"))
		p.say("k1", key.Data, key.Fingerprint, key.Timestamp, err)
		put("k1", "eleven", 11)
		id, err = p.AppStateKeys.GetLatestAppStateSyncKeyID(ctx)
		p.say("latest", id, err)
		all, err := p.AppStateKeys.GetAllAppStateSyncKeys(ctx)
		p.say("all", len(all), all[0].Data, all[1].Data, all[2].Data, err)
	},
	want: `none true ok
		latest nil ok
		k1 "ten" "f ten" 10 ok
		latest "k2" ok
		all 3 "twenty" "fifteen" "eleven" ok`,
}}

func (p *probe) contact(jid types.JID) {
	c, err := p.Contacts.GetContact(ctx, jid)
	names := fmt.Sprintf("%q %q %q %q %q", c.FirstName, c.FullName, c.PushName, c.BusinessName, c.RedactedPhone)
	p.say("contact "+jid.User, c.Found, names, err)
}

var contactStories = []story{{
	name: "names are told apart and news is told",
	tell: func(p *probe) {
		p.contact(ana)
		changed, was, err := p.Contacts.PutPushName(ctx, ana, "Ana")
		p.say("push", changed, "was", was, err)
		changed, was, err = p.Contacts.PutPushName(ctx, ana, "Ana")
		p.say("same", changed, "was", was, err)
		changed, was, err = p.Contacts.PutPushName(ctx, ana, "Aninha")
		p.say("new", changed, "was", was, err)
		changed, was, err = p.Contacts.PutBusinessName(ctx, ana, "Ana Ltda")
		p.say("business", changed, "was", was, err)
		changed, was, err = p.Contacts.PutBusinessName(ctx, bob, "")
		p.say("empty", changed, "was", was, err)
		p.contact(ana)
		p.contact(bob)
	},
	want: `contact 5511911111111 false "" "" "" "" "" ok
		push true was  ok
		same false was  ok
		new true was Ana ok
		business true was  ok
		empty false was  ok
		contact 5511911111111 true "" "" "Aninha" "Ana Ltda" "" ok
		contact 5511922222222 false "" "" "" "" "" ok`,
}, {
	name: "the address book gives the first name first",
	tell: func(p *probe) {
		_, _, _ = p.Contacts.PutPushName(ctx, ana, "Aninha")
		p.say("put", p.Contacts.PutContactName(ctx, ana, "Ana", "Ana Souza"))
		p.contact(ana)
		p.say("put all", p.Contacts.PutAllContactNames(ctx, []store.ContactEntry{
			{JID: bob, FirstName: "Bob", FullName: "Bob Two"},
			{JID: ana, FirstName: "A", FullName: "A S"},
		}))
		p.say("put none", p.Contacts.PutAllContactNames(ctx, nil))
		p.contact(ana)
		p.contact(bob)
		p.say("redacted", p.Contacts.PutManyRedactedPhones(ctx, []store.RedactedPhoneEntry{
			{JID: ana, RedactedPhone: "+55∙∙∙∙11"}, {JID: ana, RedactedPhone: "+55∙∙∙∙12"},
		}))
		p.contact(ana)
		p.contact(ana.ToNonAD())
		all, err := p.Contacts.GetAllContacts(ctx)
		p.say("all", len(all), all[ana].PushName, all[bob].FullName, all[bob].Found, err)
	},
	want: `put ok
		contact 5511911111111 true "Ana" "Ana Souza" "Aninha" "" "" ok
		put all ok
		put none ok
		contact 5511911111111 true "A" "A S" "Aninha" "" "" ok
		contact 5511922222222 true "Bob" "Bob Two" "" "" "" ok
		redacted ok
		contact 5511911111111 true "A" "A S" "Aninha" "" "+55∙∙∙∙11" ok
		contact 5511911111111 true "A" "A S" "Aninha" "" "+55∙∙∙∙11" ok
		all 2 Aninha Bob Two true ok`,
}, {
	name: "of two names in one address book",
	tell: func(p *probe) {
		p.say("put all", p.Contacts.PutAllContactNames(ctx, []store.ContactEntry{
			{JID: bob, FirstName: "Bob", FullName: "Bob One"},
			{JID: ana, FirstName: "A", FullName: "A S"},
			{JID: bob, FirstName: "Bobby", FullName: "Bob Two"},
		}))
		p.contact(ana)
		p.contact(bob)
	},
	want: `put all ok
		contact 5511911111111 true "A" "A S" "" "" "" ok
		contact 5511922222222 true "Bob" "Bob One" "" "" "" ok`,
	ours: `put all ok
		contact 5511911111111 true "A" "A S" "" "" "" ok
		contact 5511922222222 true "Bobby" "Bob Two" "" "" "" ok`,
	why: "a book that is read anew brings its changes after what they changed",
}, {
	name: "contacts are kept by the JID as it was passed",
	tell: func(p *probe) {
		device := ana
		device.Device = 3
		_, _, _ = p.Contacts.PutPushName(ctx, device, "Ana")
		p.contact(ana)
		p.contact(device)
		all, err := p.Contacts.GetAllContacts(ctx)
		p.say("all", slices.Collect(maps.Keys(all))[0] == device, err)
	},
	want: `contact 5511911111111 false "" "" "" "" "" ok
		contact 5511911111111 true "" "" "Ana" "" "" ok
		all true ok`,
}, {
	name: "chat settings",
	tell: func(p *probe) {
		settings := func(what string) {
			c, err := p.ChatSettings.GetChatSettings(ctx, ana)
			p.say(what, c.Found, c.Pinned, c.Archived, c.MutedUntil.UTC().Year(), c.MutedUntil.IsZero(), err)
		}
		settings("none")
		must(p.t, p.ChatSettings.PutPinned(ctx, ana, true))
		settings("pinned")
		must(p.t, p.ChatSettings.PutMutedUntil(ctx, ana, store.MutedForever))
		settings("muted")
		must(p.t, p.ChatSettings.PutMutedUntil(ctx, ana, moment))
		must(p.t, p.ChatSettings.PutArchived(ctx, ana, true))
		settings("until")
		must(p.t, p.ChatSettings.PutMutedUntil(ctx, ana, time.Time{}))
		must(p.t, p.ChatSettings.PutPinned(ctx, ana, false))
		settings("loud")
	},
	want: `none false false false 1 true ok
		pinned true true false 1 true ok
		muted true true false 9999 false ok
		until true true true 2026 false ok
		loud true false true 1 true ok`,
}}
