package simulator_test

import (
	"context"
	"database/sql"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"go.mau.fi/util/random"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// keep is the store of one client, in memory. It outlives the client, so that a
// test can start another one with the same keys, as after a crash.
type keep struct {
	mu       sync.Mutex
	device   *store.Device
	deleted  bool
	identity map[string][32]byte
	session  map[string][]byte
	prekey   map[uint32]*keys.PreKey
	uploaded map[uint32]bool
	lastKey  uint32
	appKeys  map[string]store.AppStateSyncKey
	versions map[string]appVersion
	macs     map[string][]byte
	contacts map[types.JID]types.ContactInfo
	tokens   map[types.JID]store.PrivacyToken
	salt     []byte
	buffered map[[32]byte]*store.BufferedEvent
	outgoing map[string]outgoingEvent
	lids     map[string]string
	pns      map[string]string
	log      waLog.Logger // where clients with this store complain; nil is nowhere
}

type appVersion struct {
	version uint64
	hash    [128]byte
}

type outgoingEvent struct {
	format string
	data   []byte
}

func newKeep() *keep {
	k := &keep{
		identity: map[string][32]byte{}, session: map[string][]byte{}, prekey: map[uint32]*keys.PreKey{},
		uploaded: map[uint32]bool{}, appKeys: map[string]store.AppStateSyncKey{}, versions: map[string]appVersion{},
		macs: map[string][]byte{}, contacts: map[types.JID]types.ContactInfo{}, tokens: map[types.JID]store.PrivacyToken{},
		buffered: map[[32]byte]*store.BufferedEvent{}, outgoing: map[string]outgoingEvent{},
		lids: map[string]string{}, pns: map[string]string{},
	}
	k.device = k.fresh()
	return k
}

func (k *keep) fresh() *store.Device {
	d := &store.Device{
		Log: waLog.Noop, Container: k, LIDs: k,
		NoiseKey: keys.NewKeyPair(), IdentityKey: keys.NewKeyPair(),
		RegistrationID: rand.Uint32(), AdvSecretKey: random.Bytes(32),
	}
	d.SignedPreKey = d.IdentityKey.CreateSignedPreKey(1)
	d.SetAllStores(k)
	return d
}

// again returns the device as a restarted program would read it.
func (k *keep) again() *store.Device {
	d := *k.device
	d.SetAllStores(k)
	return &d
}

func (k *keep) PutDevice(_ context.Context, d *store.Device) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.device = d
	d.Initialized = true
	return nil
}

func (k *keep) DeleteDevice(context.Context, *store.Device) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.deleted = true
	return nil
}

func (k *keep) PutIdentity(_ context.Context, address string, key [32]byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.identity[address] = key
	return nil
}

func (k *keep) DeleteAllIdentities(_ context.Context, phone string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.DeleteFunc(k.identity, func(a string, _ [32]byte) bool { return strings.HasPrefix(a, phone+":") })
	return nil
}

func (k *keep) DeleteIdentity(_ context.Context, address string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.identity, address)
	return nil
}

func (k *keep) IsTrustedIdentity(_ context.Context, address string, key [32]byte) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	known, ok := k.identity[address]
	return !ok || known == key, nil
}

func (k *keep) GetSession(_ context.Context, address string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.session[address], nil
}

func (k *keep) HasSession(_ context.Context, address string) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.session[address] != nil, nil
}

func (k *keep) GetManySessions(_ context.Context, addresses []string) (map[string][]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := map[string][]byte{}
	for _, a := range addresses {
		out[a] = k.session[a]
	}
	return out, nil
}

func (k *keep) PutSession(_ context.Context, address string, session []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.session[address] = session
	return nil
}

func (k *keep) PutManySessions(_ context.Context, sessions map[string][]byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.Copy(k.session, sessions)
	return nil
}

func (k *keep) DeleteAllSessions(_ context.Context, phone string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.DeleteFunc(k.session, func(a string, _ []byte) bool { return strings.HasPrefix(a, phone+":") })
	return nil
}

func (k *keep) DeleteSession(_ context.Context, address string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.session, address)
	return nil
}

func (k *keep) MigratePNToLID(context.Context, types.JID, types.JID) error { return nil }

func (k *keep) newKey(uploaded bool) *keys.PreKey {
	k.lastKey++
	key := keys.NewPreKey(k.lastKey)
	k.prekey[k.lastKey], k.uploaded[k.lastKey] = key, uploaded
	return key
}

func (k *keep) GetOrGenPreKeys(_ context.Context, count uint32) ([]*keys.PreKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []*keys.PreKey
	for _, id := range slices.Sorted(maps.Keys(k.prekey)) {
		if !k.uploaded[id] && len(out) < int(count) {
			out = append(out, k.prekey[id])
		}
	}
	for len(out) < int(count) {
		out = append(out, k.newKey(false))
	}
	return out, nil
}

func (k *keep) GenOnePreKey(context.Context) (*keys.PreKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.newKey(true), nil
}

func (k *keep) GetPreKey(_ context.Context, id uint32) (*keys.PreKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.prekey[id], nil
}

func (k *keep) RemovePreKey(_ context.Context, id uint32) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.prekey, id)
	delete(k.uploaded, id)
	return nil
}

func (k *keep) MarkPreKeysAsUploaded(_ context.Context, upTo uint32) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id := range k.prekey {
		if id <= upTo {
			k.uploaded[id] = true
		}
	}
	return nil
}

func (k *keep) UploadedPreKeyCount(context.Context) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := 0
	for _, up := range k.uploaded {
		if up {
			n++
		}
	}
	return n, nil
}

func (k *keep) PutSenderKey(context.Context, string, string, []byte) error { return nil }
func (k *keep) GetSenderKey(context.Context, string, string) ([]byte, error) {
	return nil, nil
}

func (k *keep) PutAppStateSyncKey(_ context.Context, id []byte, key store.AppStateSyncKey) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.appKeys[string(id)] = key
	return nil
}

func (k *keep) GetAppStateSyncKey(_ context.Context, id []byte) (*store.AppStateSyncKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.appKeys[string(id)]
	if !ok {
		return nil, nil
	}
	return &key, nil
}

func (k *keep) GetLatestAppStateSyncKeyID(context.Context) ([]byte, error) { return nil, nil }

func (k *keep) GetAllAppStateSyncKeys(context.Context) ([]*store.AppStateSyncKey, error) {
	return nil, nil
}

func (k *keep) PutAppStateVersion(_ context.Context, name string, version uint64, hash [128]byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.versions[name] = appVersion{version, hash}
	return nil
}

func (k *keep) GetAppStateVersion(_ context.Context, name string) (uint64, [128]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.versions[name].version, k.versions[name].hash, nil
}

func (k *keep) DeleteAppStateVersion(_ context.Context, name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.versions, name)
	maps.DeleteFunc(k.macs, func(key string, _ []byte) bool { return strings.HasPrefix(key, name+"\x00") })
	return nil
}

func (k *keep) PutAppStateMutationMACs(_ context.Context, name string, _ uint64, macs []store.AppStateMutationMAC) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range macs {
		k.macs[name+"\x00"+string(m.IndexMAC)] = m.ValueMAC
	}
	return nil
}

func (k *keep) DeleteAppStateMutationMACs(_ context.Context, name string, indexes [][]byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, i := range indexes {
		delete(k.macs, name+"\x00"+string(i))
	}
	return nil
}

func (k *keep) GetAppStateMutationMAC(_ context.Context, name string, index []byte) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.macs[name+"\x00"+string(index)], nil
}

func (k *keep) contact(user types.JID, change func(*types.ContactInfo)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.contacts[user]
	c.Found = true
	change(&c)
	k.contacts[user] = c
}

func (k *keep) PutPushName(_ context.Context, user types.JID, name string) (bool, string, error) {
	k.contact(user, func(c *types.ContactInfo) { c.PushName = name })
	return true, "", nil
}

func (k *keep) PutBusinessName(_ context.Context, user types.JID, name string) (bool, string, error) {
	k.contact(user, func(c *types.ContactInfo) { c.BusinessName = name })
	return true, "", nil
}

func (k *keep) PutContactName(_ context.Context, user types.JID, first, full string) error {
	k.contact(user, func(c *types.ContactInfo) { c.FirstName, c.FullName = first, full })
	return nil
}

func (k *keep) PutAllContactNames(_ context.Context, contacts []store.ContactEntry) error {
	for _, e := range contacts {
		k.contact(e.JID, func(c *types.ContactInfo) { c.FirstName, c.FullName = e.FirstName, e.FullName })
	}
	return nil
}

func (k *keep) PutManyRedactedPhones(context.Context, []store.RedactedPhoneEntry) error { return nil }

func (k *keep) GetContact(_ context.Context, user types.JID) (types.ContactInfo, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.contacts[user], nil
}

func (k *keep) GetAllContacts(context.Context) (map[types.JID]types.ContactInfo, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return maps.Clone(k.contacts), nil
}

func (k *keep) PutMutedUntil(context.Context, types.JID, time.Time) error { return nil }
func (k *keep) PutPinned(context.Context, types.JID, bool) error          { return nil }
func (k *keep) PutArchived(context.Context, types.JID, bool) error        { return nil }
func (k *keep) GetChatSettings(context.Context, types.JID) (types.LocalChatSettings, error) {
	return types.LocalChatSettings{}, nil
}

func (k *keep) PutMessageSecrets(context.Context, []store.MessageSecretInsert) error { return nil }
func (k *keep) PutMessageSecret(context.Context, types.JID, types.JID, types.MessageID, []byte) error {
	return nil
}
func (k *keep) GetMessageSecret(context.Context, types.JID, types.JID, types.MessageID) ([]byte, types.JID, error) {
	return nil, types.EmptyJID, nil
}

func (k *keep) PutPrivacyTokens(_ context.Context, tokens ...store.PrivacyToken) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, t := range tokens {
		k.tokens[t.User.ToNonAD()] = t
	}
	return nil
}

func (k *keep) GetPrivacyToken(_ context.Context, user types.JID) (*store.PrivacyToken, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	t, ok := k.tokens[user.ToNonAD()]
	if !ok {
		return nil, nil
	}
	return &t, nil
}

func (k *keep) DeleteExpiredPrivacyTokens(context.Context, time.Time) (int64, error) { return 0, nil }

func (k *keep) PutNCTSalt(_ context.Context, salt []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.salt = salt
	return nil
}

func (k *keep) GetNCTSalt(context.Context) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.salt, nil
}

func (k *keep) DeleteNCTSalt(ctx context.Context) error { return k.PutNCTSalt(ctx, nil) }

func (k *keep) GetBufferedEvent(_ context.Context, hash [32]byte) (*store.BufferedEvent, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.buffered[hash], nil
}

func (k *keep) PutBufferedEvent(_ context.Context, hash [32]byte, plain []byte, at time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.buffered[hash] = &store.BufferedEvent{Plaintext: plain, InsertTime: time.Now(), ServerTime: at}
	return nil
}

func (k *keep) DoDecryptionTxn(ctx context.Context, f func(context.Context) error) error {
	return f(ctx)
}

func (k *keep) ClearBufferedEventPlaintext(_ context.Context, hash [32]byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if b := k.buffered[hash]; b != nil {
		k.buffered[hash] = &store.BufferedEvent{InsertTime: b.InsertTime, ServerTime: b.ServerTime}
	}
	return nil
}

func (k *keep) DeleteOldBufferedHashes(context.Context) error { return nil }

func (k *keep) GetOutgoingEvent(_ context.Context, chat, alt types.JID, id types.MessageID) (string, []byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, j := range []types.JID{chat, alt} {
		if e, ok := k.outgoing[j.String()+" "+id]; ok {
			return e.format, e.data, nil
		}
	}
	return "", nil, sql.ErrNoRows
}

func (k *keep) AddOutgoingEvent(_ context.Context, chat types.JID, id types.MessageID, format string, data []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.outgoing[chat.String()+" "+id] = outgoingEvent{format, data}
	return nil
}

func (k *keep) DeleteOldOutgoingEvents(context.Context) error { return nil }

func (k *keep) PutManyLIDMappings(ctx context.Context, mappings []store.LIDMapping) error {
	for _, m := range mappings {
		_ = k.PutLIDMapping(ctx, m.LID, m.PN)
	}
	return nil
}

func (k *keep) PutLIDMapping(_ context.Context, a, b types.JID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if a.Server == types.DefaultUserServer {
		a, b = b, a
	}
	k.lids[b.User], k.pns[a.User] = a.User, b.User
	return nil
}

func (k *keep) GetPNForLID(_ context.Context, lid types.JID) (types.JID, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	pn, ok := k.pns[lid.User]
	if !ok {
		return types.EmptyJID, nil
	}
	return types.JID{User: pn, Device: lid.Device, Server: types.DefaultUserServer}, nil
}

func (k *keep) GetLIDForPN(_ context.Context, pn types.JID) (types.JID, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	lid, ok := k.lids[pn.User]
	if !ok {
		return types.EmptyJID, nil
	}
	return types.JID{User: lid, Device: pn.Device, Server: types.HiddenUserServer}, nil
}

func (k *keep) GetManyLIDsForPNs(ctx context.Context, pns []types.JID) (map[types.JID]types.JID, error) {
	out := map[types.JID]types.JID{}
	for _, pn := range pns {
		if lid, _ := k.GetLIDForPN(ctx, pn); !lid.IsEmpty() {
			out[pn] = lid
		}
	}
	return out, nil
}
