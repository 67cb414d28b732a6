package simulator

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/appstate/lthash"
	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waServerSync"
	"go.mau.fi/whatsmeow/proto/waSyncAction"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/cbcutil"
	"go.mau.fi/whatsmeow/util/hkdfutil"
	"google.golang.org/protobuf/proto"
)

// appState is what the phone of an own account shares with its companions: its
// address book and its settings, as an append-only list of encrypted patches
// for each collection. The service keeps the patches without being able to read
// them; only the key share, which goes from phone to companion, opens them. The
// service's lock guards it.
type appState struct {
	world       *world
	owner       *Person
	key         []byte // 32 bytes, from the seed
	keys        mutationKeys
	collections map[string]*collection // nil until a companion asks
}

// mutationKeys are the keys that are derived from the shared one.
type mutationKeys struct{ index, value, valueMAC, snapshotMAC, patchMAC []byte }

// appStateKeyID names the only key there is.
var appStateKeyID = []byte{0, 0, 0, 0, 0, 1}

const (
	patchSize      = 500 // mutations in one patch of the address book
	patchesAtATime = 4   // patches in one answer
)

// collection is one named list of patches.
type collection struct {
	name    string
	hash    [128]byte           // LTHash of every value that is set
	values  map[[32]byte][]byte // index MAC → value MAC of what is set
	patches [][]byte            // encoded; the first makes version 1
}

func newAppState(w *world, owner *Person) *appState {
	key := sha256.Sum256(fmt.Appendf(nil, "recado app state %d %s", w.seed, owner.LID))
	expanded := hkdfutil.SHA256(key[:], nil, []byte("WhatsApp Mutation Keys"), 160)
	return &appState{world: w, owner: owner, key: key[:], keys: mutationKeys{
		index: expanded[:32], value: expanded[32:64], valueMAC: expanded[64:96],
		snapshotMAC: expanded[96:128], patchMAC: expanded[128:],
	}}
}

// appStateKeyShare is the message with which the phone gives a companion the
// key. On it, the client asks for every collection.
func appStateKeyShare(a *account) *waE2E.Message {
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_SHARE.Enum(),
		AppStateSyncKeyShare: &waE2E.AppStateSyncKeyShare{Keys: []*waE2E.AppStateSyncKey{{
			KeyID: &waE2E.AppStateSyncKeyId{KeyID: appStateKeyID},
			KeyData: &waE2E.AppStateSyncKeyData{
				KeyData:     a.app.key,
				Fingerprint: &waE2E.AppStateSyncKeyFingerprint{RawID: proto.Uint32(1), CurrentIndex: proto.Uint32(1), DeviceIndexes: []uint32{0, 1}},
				Timestamp:   proto.Int64(time.Now().UnixMilli()),
			},
		}}},
	}}
}

// fill writes the first state: the own name, and the address book.
func (s *appState) fill() {
	s.collections = make(map[string]*collection)
	for _, name := range appstate.AllPatchNames {
		s.collections[string(name)] = &collection{name: string(name), values: make(map[[32]byte][]byte)}
	}
	s.append(appstate.WAPatchCriticalBlock, []action{{
		index: []string{appstate.IndexSettingPushName},
		value: &waSyncAction.SyncActionValue{PushNameSetting: &waSyncAction.PushNameSetting{Name: proto.String(s.owner.PushName)}},
	}})
	book := s.world.book(s.owner)
	for len(book) > 0 {
		n := min(patchSize, len(book))
		actions := make([]action, n)
		for i, p := range book[:n] {
			actions[i] = s.contact(p, p.Name)
		}
		s.append(appstate.WAPatchCriticalUnblockLow, actions)
		book = book[n:]
	}
}

// action is one thing that is set or, without a value, removed.
type action struct {
	index []string
	value *waSyncAction.SyncActionValue
}

// contact is the entry of a person in the address book: without their number if
// nobody sees that.
func (s *appState) contact(p *Person, name string) action {
	if !s.world.hidden(p) {
		return saveContact(p, name)
	}
	first, _, _ := strings.Cut(name, " ")
	return action{
		index: []string{appstate.IndexLIDContact, lidJID(p).String()},
		value: &waSyncAction.SyncActionValue{LidContactAction: &waSyncAction.LidContactAction{
			FullName: proto.String(name), FirstName: proto.String(first), Username: proto.String(p.Username),
		}},
	}
}

// saveContact writes a person and their number into an address book.
func saveContact(p *Person, name string) action {
	first, _, _ := strings.Cut(name, " ")
	contact := &waSyncAction.ContactAction{FullName: proto.String(name), FirstName: proto.String(first), SaveOnPrimaryAddressbook: proto.Bool(true)}
	if p.Registered {
		contact.LidJID = proto.String(types.NewJID(p.LID, types.HiddenUserServer).String())
	}
	if p.Username != "" {
		contact.Username = proto.String(p.Username)
	}
	return action{
		index: []string{appstate.IndexContact, types.NewJID(p.Phone, types.DefaultUserServer).String()},
		value: &waSyncAction.SyncActionValue{ContactAction: contact},
	}
}

// append encodes the actions as the next patch of a collection and returns its
// version.
func (s *appState) append(name appstate.WAPatchName, actions []action) uint64 {
	c := s.collections[string(name)]
	version := uint64(len(c.patches)) + 1
	patch := &waServerSync.SyncdPatch{
		Version: &waServerSync.SyncdVersion{Version: proto.Uint64(version)},
		KeyID:   &waServerSync.KeyId{ID: appStateKeyID},
	}
	var valueMACs [][]byte
	for _, a := range actions {
		m, indexMAC, valueMAC := s.keys.seal(a)
		var gone [][]byte
		if old := c.values[indexMAC]; old != nil {
			gone = [][]byte{old}
		}
		if a.value != nil {
			lthash.WAPatchIntegrity.SubtractThenAddInPlace(c.hash[:], gone, [][]byte{valueMAC})
			c.values[indexMAC] = valueMAC
		} else {
			lthash.WAPatchIntegrity.SubtractThenAddInPlace(c.hash[:], gone, nil)
			delete(c.values, indexMAC)
		}
		patch.Mutations = append(patch.Mutations, m)
		valueMACs = append(valueMACs, valueMAC)
	}
	number := binary.BigEndian.AppendUint64(nil, version)
	patch.SnapshotMAC = mac(sha256.New, s.keys.snapshotMAC, c.hash[:], number, []byte(name))
	parts := append([][]byte{patch.SnapshotMAC}, valueMACs...)
	patch.PatchMAC = mac(sha256.New, s.keys.patchMAC, append(parts, number, []byte(name))...)
	c.patches = append(c.patches, marshal(patch))
	return version
}

// seal encrypts one action.
func (k mutationKeys) seal(a action) (m *waServerSync.SyncdMutation, indexMAC [32]byte, valueMAC []byte) {
	operation := waServerSync.SyncdMutation_SET
	value := a.value
	if value == nil {
		operation, value = waServerSync.SyncdMutation_REMOVE, &waSyncAction.SyncActionValue{}
	}
	value.Timestamp = proto.Int64(time.Now().UnixMilli())
	index, err := json.Marshal(a.index)
	if err != nil {
		panic(fmt.Sprintf("write a list of strings: %v", err))
	}
	plain := marshal(&waSyncAction.SyncActionData{Index: index, Value: value, Padding: []byte{}, Version: proto.Int32(2)})
	iv := make([]byte, 16)
	_, _ = rand.Read(iv) // never fails
	sealed, err := cbcutil.Encrypt(k.value, iv, plain)
	if err != nil {
		panic(fmt.Sprintf("encrypt with a key of the right size: %v", err))
	}
	blob := append(iv, sealed...)
	valueMAC = mac(sha512.New, k.valueMAC,
		[]byte{byte(operation) + 1}, appStateKeyID, blob, binary.BigEndian.AppendUint64(nil, uint64(len(appStateKeyID)+1)))[:32]
	copy(indexMAC[:], mac(sha256.New, k.index, index))
	return &waServerSync.SyncdMutation{
		Operation: operation.Enum(),
		Record: &waServerSync.SyncdRecord{
			Index: &waServerSync.SyncdIndex{Blob: indexMAC[:]},
			Value: &waServerSync.SyncdValue{Blob: append(blob, valueMAC...)},
			KeyID: &waServerSync.KeyId{ID: appStateKeyID},
		},
	}, indexMAC, valueMAC
}

func mac(of func() hash.Hash, key []byte, parts ...[]byte) []byte {
	h := hmac.New(of, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// marshal encodes a message that this package made.
func marshal(m proto.Message) []byte {
	data, err := proto.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", m, err))
	}
	return data
}

// sync answers a request for collections. Everything is told in patches, from
// the version that the client has, or from the first when it wants a snapshot.
// Patches that a client offers are refused: the phone alone keeps the address
// book. Of a wrong answer the sums do not add up.
func (s *appState) sync(request wire.Node, wrong bool) wire.Node {
	if s.collections == nil {
		s.fill()
	}
	var answers []wire.Node
	for _, asked := range request.GetChildrenByTag("collection") {
		answers = append(answers, s.answer(asked, wrong))
	}
	return wire.Node{Tag: "sync", Content: answers}
}

func (s *appState) answer(asked wire.Node, wrong bool) wire.Node {
	name := textOf(&asked, "name")
	c := s.collections[name]
	_, offers := asked.GetOptionalChildByTag("patch")
	if c == nil || offers {
		return wire.Node{
			Tag: "collection", Attrs: wire.Attrs{"name": name, "type": "error"},
			Content: []wire.Node{{Tag: "error", Attrs: wire.Attrs{"code": "400", "text": usualText(400)}}},
		}
	}
	from := 0
	if textOf(&asked, "return_snapshot") != "true" {
		from, _ = strconv.Atoi(textOf(&asked, "version"))
		from = max(0, min(from, len(c.patches)))
	}
	to := min(from+patchesAtATime, len(c.patches))
	out := wire.Node{Tag: "collection", Attrs: wire.Attrs{
		"name": name, "version": strconv.Itoa(to), "has_more_patches": strconv.FormatBool(to < len(c.patches)),
	}}
	if from < to {
		var patches []wire.Node
		for _, p := range c.patches[from:to] {
			if wrong {
				p = miscounted(p)
			}
			patches = append(patches, wire.Node{Tag: "patch", Content: p})
		}
		out.Content = []wire.Node{{Tag: "patches", Content: patches}}
	}
	return out
}

// miscounted is a patch whose sum over the whole collection is wrong.
func miscounted(patch []byte) []byte {
	p := new(waServerSync.SyncdPatch)
	if err := proto.Unmarshal(patch, p); err != nil {
		panic(fmt.Sprintf("read a patch that was written here: %v", err))
	}
	p.SnapshotMAC[0]++
	return marshal(p)
}

// SaveContact writes a person into the address book of the number, or renames
// them there; without a name they are removed. Their number is taken as it is given
// when nobody has it.
func (o Own) SaveContact(person, name string) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	number := digits(person)
	who, known := o.s.world.phone(number)
	if !known {
		who = &Person{Phone: number}
	}
	change := saveContact(who, name)
	if name == "" {
		change.value = nil
	}
	o.a.sets(appstate.WAPatchCriticalUnblockLow, change)
}

// sets changes what the phone shares and tells its clients that it has changed.
// The lock must be held.
func (a *account) sets(name appstate.WAPatchName, changes ...action) {
	if a.app.collections == nil {
		a.app.fill()
	}
	version := a.app.append(name, changes)
	for _, c := range a.linked() {
		c.push(wire.Node{
			Tag:   "notification",
			Attrs: wire.Attrs{"from": a.pnJID(), "type": "server_sync", "id": a.phone.s.id("sync-"), "t": a.phone.s.stamp()},
			Content: []wire.Node{{Tag: "collection", Attrs: wire.Attrs{
				"name": string(name), "version": strconv.FormatUint(version, 10),
			}}},
		})
	}
}

// Reveal makes a person who hides their number show it: our phones that have a
// chat with them share it with their clients, and what they write from now on
// carries it. One who hides nothing stays as they are.
func (s *Service) Reveal(person string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, known := s.world.phone(digits(person))
	if !known {
		return fmt.Errorf("nobody has the number %s", person)
	}
	s.reveal(who)
	return nil
}

// reveal is Reveal. The lock must be held.
func (s *Service) reveal(who *Person) {
	if !s.world.hidden(who) {
		return
	}
	s.world.reveal(who)
	for _, a := range s.accounts {
		if len(a.talk[who.LID]) > 0 {
			a.sets(appstate.WAPatchRegular, action{
				index: []string{appstate.IndexPNForLIDChat, lidJID(who).String()},
				value: &waSyncAction.SyncActionValue{PnForLidChatAction: &waSyncAction.PnForLidChatAction{PnJID: proto.String(pnJID(who).String())}},
			})
		}
	}
}

// SetUsername gives a person another username, or none, and tells the clients of the
// number through its address book, under the name that it has for them.
func (o Own) SetUsername(person, username, name string) error {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	who, known := o.s.world.phone(digits(person))
	if !known {
		return fmt.Errorf("nobody has the number %s", person)
	}
	renamed := *who
	renamed.Username = username
	o.a.sets(appstate.WAPatchCriticalUnblockLow, o.a.app.contact(&renamed, name))
	return nil
}
