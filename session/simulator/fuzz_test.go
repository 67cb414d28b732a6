package simulator_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
)

// hostile makes stanzas that no service should send.
type hostile struct {
	*rand.Rand
	lids []string // of people
}

func one[T any](h *hostile, of []T) T { return of[h.IntN(len(of))] }

var (
	stanzaTags = []string{"message", "receipt", "notification", "ib", "iq", "ack", "call", "chatstate", "presence", "status", "appdata", "error", "x"}
	childTags  = []string{
		"enc", "participants", "to", "device-identity", "unavailable", "plaintext", "meta", "bot", "reporting", "franking", // of messages
		"list", "item", "retry", "registration", "keys", "key", "skey", "identity", "id", "type", "value", "signature", "user", "error", // of receipts
		"count", "collection", "update", "tokens", "token", "device", "devices", "device-list", "set", "remove", "add", "delete", "privacy",
		"picture", "result", "live_updates", "messages", "rmr", "encrypt", "enc_p", "enc_iv", "link_code_companion_reg", "companion_reg_refresh",
		"pair-device-rotate-qr", "passkey_request_options", "primary_ephemeral_identity", "link_code_pairing_ref", "category", "disappearing_mode",
		"create", "group", "participant", "subject", "description", "ephemeral", "locked", "link", "unlink", "growth_locked", "invite", // of notifications
		"offline", "offline_preview", "dirty", "downgrade_webclient", "offer", "offer_notice", "terminate", "accept", "relaylatency", // of the rest
		"composing", "paused", "usync", "ping", "media_conn", "y",
	}
	attrNames = []string{
		"id", "t", "from", "to", "participant", "type", "recipient", "notify", "offline", "edit", "category", "sender_pn", "sender_lid",
		"participant_pn", "participant_lid", "peer_recipient_pn", "peer_recipient_lid", "addressing_mode", "code", "text", "name", "version",
		"count", "jid", "lid", "pn_jid", "hash", "dhash", "action", "class", "phash", "v", "mediatype", "op_name", "key", "key-index", "xmlns",
		"call-id", "call-creator", "group-jid", "platform", "state", "last", "media", "verified_name", "recipient_pn", "server_id", "is_sender",
		"prev_v_id", "v_id", "author", "context", "decrypt-fail", "device_fanout", "stage", "duration", "value", "z",
	}
	kinds = []string{
		"text", "media", "poll", "read", "read-self", "played", "retry", "sender", "inactive", "server-error", "peer_msg", "hist_sync",
		"account_sync", "devices", "fbid:devices", "w:gp2", "picture", "mediaretry", "privacy_token", "link_code_companion_reg", "newsletter",
		"mex", "status", "passkey_prologue_request", "crsc_continuation", "companion_reg_refresh", "encrypt", "server_sync", "business",
		"pkmsg", "msg", "skmsg", "msmsg", "get", "set", "result", "error", "available", "unavailable", "trusted_contact",
	}
	addresses = []string{"s.whatsapp.net", "lid", "g.us", "broadcast", "newsletter", "bot", "msgr", "hosted", "hosted.lid", "c.us", "", "x"}
	texts     = []string{
		"", "0", "-1", "1", "99999999999999999999", "1700000000", "true", "none", "\x00", "\x1b]0;x\x07", "\u202eoãoJ", "\xff\xfe", "@", "1@", ":1@lid",
		"a:b:c@lid", "1.2.3:4@s.whatsapp.net", "{}", `{"data":{"xwa2_notify_account_reachout_timelock":{"time_enforcement_ends":"x"}}}`,
		`{"data":null}`, "[]", "NaN", "'; DROP TABLE x; --", "=1+1", "%s%n", strings.Repeat("9", 254), strings.Repeat("A", 3000), strings.Repeat("ção", 900),
	}
)

func (h *hostile) address() types.JID {
	j := types.JID{User: one(h, h.lids), Server: one(h, addresses)}
	switch h.IntN(6) {
	case 0:
		j.User = ""
	case 1:
		j.User = one(h, texts)
	case 2:
		j.Device = uint16(h.IntN(256))
	case 3:
		j = types.ServerJID
	}
	return j
}

func (h *hostile) attr(name string) any {
	switch n := h.IntN(10); {
	case name == "type" && n < 8:
		return one(h, kinds)
	case (name == "from" || name == "participant" || name == "jid") && n < 8:
		return h.address()
	case name == "t" && n < 6:
		return "1700000000"
	case n < 3:
		return h.address().String()
	case n < 5:
		return h.address()
	}
	return one(h, texts)
}

// stanza makes one up. It leaves out what ends a connection or begins a link.
func (h *hostile) stanza() wire.Node {
	n := h.node(one(h, stanzaTags), 0)
	for _, name := range []string{"from", "id", "t", "type"} {
		if h.IntN(8) > 0 {
			n.Attrs[name] = h.attr(name)
		}
	}
	return n
}

func (h *hostile) node(tag string, depth int) wire.Node {
	n := wire.Node{Tag: tag, Attrs: wire.Attrs{}}
	for range h.IntN(8) {
		name := one(h, attrNames)
		n.Attrs[name] = h.attr(name)
	}
	switch h.IntN(6) {
	case 0:
	case 1:
		n.Content = []byte(one(h, texts))
	case 2:
		data := make([]byte, h.IntN(200))
		for i := range data {
			data[i] = byte(h.Uint32())
		}
		n.Content = data
	default:
		if depth > 5 {
			break
		}
		var children []wire.Node
		for range h.IntN(4) {
			children = append(children, h.node(one(h, childTags), depth+1))
		}
		n.Content = children
	}
	return n
}

// deep is a stanza of many levels.
func deep(levels int) wire.Node {
	n := wire.Node{Tag: "enc"}
	for range levels {
		n = wire.Node{Tag: "list", Content: []wire.Node{n}}
	}
	return wire.Node{Tag: "notification", Attrs: wire.Attrs{"from": types.ServerJID, "type": "mex", "id": "deep", "t": "1"}, Content: []wire.Node{n}}
}

// alive checks that a client still hears what a person says, and can ask. It does
// not take the client's own test, which may be a fuzz target by now.
func alive(t *testing.T, s *simulator.Service, c *client, p simulator.Person, words string) {
	t.Helper()
	if _, err := s.Say(p.Phone, ownPhone, words); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); !hears(c, words); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the client no longer hears: %s", c.report())
		}
	}
	if _, err := c.IsOnWhatsApp(within(t), []string{p.Phone}); err != nil {
		t.Fatalf("the client can no longer ask: %v", err)
	}
	c.forget()
}

func hears(c *client, words string) bool {
	for _, m := range eventsOf[*events.Message](c) {
		if m.Message.GetConversation() == words {
			return true
		}
	}
	return false
}

// besieged is a client that is about to hear bad things, a person who goes on
// speaking to it and others in whose names they are said.
func besieged(t testing.TB) (s *simulator.Service, c *client, friend simulator.Person, lids []string) {
	s = simulator.New(simulator.Config{People: 10, Speed: simulator.Instant, Quiet: true})
	t.Cleanup(s.Close) // the client may well ask for what no service knows
	c = link(t, s, ownPhone)
	for _, p := range s.People()[1:] {
		lids = append(lids, p.LID)
	}
	return s, c, s.People()[0], lids
}

func TestClientSurvivesHostileStanzas(t *testing.T) {
	s, c, friend, lids := besieged(t)
	for seed := range uint64(40) {
		h := &hostile{rand.New(rand.NewPCG(seed, 1)), lids}
		for range 50 {
			s.Push(ownPhone, h.stanza())
		}
		alive(t, s, c, friend, fmt.Sprintf("Ainda aí? %d", seed))
	}
	s.Push("", deep(2000))
	alive(t, s, c, friend, "E agora?")
}

func TestClientSurvivesDamagedFrames(t *testing.T) {
	s, c, friend, lids := besieged(t)
	for seed := range uint64(20) {
		h := &hostile{rand.New(rand.NewPCG(seed, 2)), lids}
		for range 50 {
			frame, err := wire.Marshal(h.stanza())
			if err != nil {
				continue // nobody could send it
			}
			for range 1 + h.IntN(3) {
				frame[h.IntN(len(frame))] = byte(h.Uint32())
			}
			if harmless(frame) {
				s.PushBytes(ownPhone, frame)
			}
			if part := frame[:1+h.IntN(len(frame))]; harmless(part) {
				s.PushBytes(ownPhone, part)
			}
		}
		alive(t, s, c, friend, fmt.Sprintf("Ainda aí? %d", seed))
	}
}

func TestClientSurvivesHostileStanzasWhileItIsLinking(t *testing.T) {
	s := simulator.New(simulator.Config{People: 3, Quiet: true})
	t.Cleanup(s.Close)
	c := start(t, s, newKeep())
	for seed := range uint64(5) {
		c.forget()
		if err := c.Connect(); err != nil {
			t.Fatal(err)
		}
		heard[*events.QR](c, nil)
		h := &hostile{rand.New(rand.NewPCG(seed, 5)), []string{"149207541795498"}}
		for range 200 {
			n := h.stanza()
			n.Tag = one(h, []string{"notification", "ib", "iq", "receipt"})
			s.Push("", n)
		}
		s.RotateQR() // may be the only one that it understands
		heard[*events.RotateADVSecret](c, nil)
		c.Disconnect()
	}
	c.forget()
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Scan(heard[*events.QR](c, nil).Codes[0]); err != nil {
		t.Fatal(err)
	}
	heard[*events.Connected](c, nil)
}

func TestHostileNamesAndTextsArriveAsTheyAre(t *testing.T) {
	s := serve(t, simulator.Config{People: 12, Hostile: 12, Quiet: true})
	c := link(t, s, ownPhone)
	for i, p := range s.People() {
		for _, words := range texts {
			if words == "" || !utf8.ValidString(words) {
				continue // no phone writes that
			}
			words += fmt.Sprint(i)
			tells(t, s, p, words)
			if m := c.reads(words); m.Info.PushName != p.PushName {
				t.Errorf("they are called %q, want %q", m.Info.PushName, p.PushName)
			}
		}
	}
}

// harmless reports whether a frame may be tried: not those that end a connection
// or begin a link, which is what they are for, none that unpacks to more than it
// is, and none over which the library panics.
func harmless(frame []byte) (is bool) {
	defer func() {
		if recover() != nil {
			is = false
		}
	}()
	if len(frame) == 0 {
		return false
	}
	if frame[0]&2 != 0 {
		return len(frame) < 64
	}
	n, err := wire.Unmarshal(frame[1:])
	if err != nil {
		return true
	}
	switch n.Tag {
	case "success", "failure", "stream:error", "xmlstreamend":
		return false
	case "iq":
		for _, child := range n.GetChildren() {
			if strings.HasPrefix(child.Tag, "pair-") {
				return false
			}
		}
	}
	return true
}

// FuzzClient says anything to the real client over a living connection. The
// process must survive, and so must the connection. What is new is not the same
// twice, so fuzz with -fuzzminimizetime 1x.
//
// The library itself panics, in a goroutine of its own, when it is told
//
//   - a frame with nothing in it;
//   - an address in a stanza whose user or server, or the name of a stanza, is not
//     a text but nothing, or an address itself;
//   - a failure with reason 413 or 414, unless RefreshCAT is set;
//   - pair-success without an id;
//   - a change of the address book whose value is shorter than its MAC.
//
// Those are kept out by harmless, and the service never says the last two.
func FuzzClient(f *testing.F) {
	for seed := range uint64(5) {
		f.Add(seed, []byte{})
	}
	h := &hostile{rand.New(rand.NewPCG(1, 3)), []string{"149207541795498"}}
	for range 5 {
		if frame, err := wire.Marshal(h.stanza()); err == nil {
			f.Add(uint64(0), frame)
		}
	}
	s, c, friend, lids := besieged(f)
	n := 0
	f.Fuzz(func(t *testing.T, seed uint64, frame []byte) {
		h := &hostile{rand.New(rand.NewPCG(seed, 4)), lids}
		for range 5 {
			s.Push(ownPhone, h.stanza())
		}
		if harmless(frame) {
			s.PushBytes(ownPhone, frame)
		}
		n++
		alive(t, s, c, friend, fmt.Sprintf("Ainda aí? %d", n))
	})
}
