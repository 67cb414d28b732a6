package device

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"go.etcd.io/bbolt"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// lidMap is which LID belongs to which phone number, one to one, wholly in memory: it is asked
// several times for every message. It is shared by all devices and outlives them.
type lidMap struct {
	c *Container

	mu      sync.RWMutex      // held by load until the map is there
	err     error             // why it could not be read
	phones  map[string]string // LID user → phone user
	lids    map[string]string // phone user → LID user
	waiting map[string]string // LID user → phone user, "" if it has none any more: what is not on the disk yet
}

var _ store.LIDStore = (*lidMap)(nil)

// loadLIDs reads the map in the background, so that a long one delays nothing but the first
// question about it.
func loadLIDs(c *Container) *lidMap {
	m := &lidMap{c: c, phones: make(map[string]string), lids: make(map[string]string), waiting: make(map[string]string)}
	m.mu.Lock()
	go func() { // ends when all is read
		defer m.mu.Unlock()
		m.err = c.view(m.load)
	}()
	return m
}

func (m *lidMap) load(tx *bbolt.Tx) error {
	return tx.Bucket(bucketLIDs).ForEach(func(k, v []byte) error {
		both := string(append(append(make([]byte, 0, 64), k...), v...))
		lid, phone := both[:len(k)], both[len(k):]
		m.phones[lid], m.lids[phone] = phone, lid
		return nil
	})
}

// wait returns when the map has been read.
func (m *lidMap) wait() {
	m.mu.RLock()
	defer m.mu.RUnlock()
}

func (m *lidMap) lidOf(phone string, device uint16) (types.JID, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if lid, ok := m.lids[phone]; ok {
		return types.JID{User: lid, Device: device, Server: types.HiddenUserServer}, nil
	}
	return types.EmptyJID, m.err
}

func (m *lidMap) phoneOf(lid string, device uint16) (types.JID, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if phone, ok := m.phones[lid]; ok {
		return types.JID{User: phone, Device: device, Server: types.DefaultUserServer}, nil
	}
	return types.EmptyJID, m.err
}

// GetLIDForPN answers the LID of a phone number with the device of pn, or an empty JID.
func (m *lidMap) GetLIDForPN(_ context.Context, pn types.JID) (types.JID, error) {
	if pn.Server != types.DefaultUserServer {
		return types.EmptyJID, fmt.Errorf("look up a LID: %s is not a phone number", pn)
	}
	return m.lidOf(pn.User, pn.Device)
}

// GetPNForLID answers the phone number of a LID with the device of lid, or an empty JID.
func (m *lidMap) GetPNForLID(_ context.Context, lid types.JID) (types.JID, error) {
	if lid.Server != types.HiddenUserServer {
		return types.EmptyJID, fmt.Errorf("look up a phone number: %s is not a LID", lid)
	}
	return m.phoneOf(lid.User, lid.Device)
}

// GetManyLIDsForPNs answers the known LIDs of pns, by the JID as asked. What is not a phone number,
// or not known, is left out.
func (m *lidMap) GetManyLIDsForPNs(_ context.Context, pns []types.JID) (map[types.JID]types.JID, error) {
	if len(pns) == 0 {
		return nil, nil
	}
	out := make(map[types.JID]types.JID, len(pns))
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, pn := range pns {
		if pn.Server != types.DefaultUserServer {
			continue
		}
		if lid, ok := m.lids[pn.User]; ok {
			out[pn] = types.JID{User: lid, Device: pn.Device, Server: types.HiddenUserServer}
		}
	}
	return out, m.err
}

// PutLIDMapping notes that lid and pn are the same person. Whatever either was paired with before
// is forgotten.
func (m *lidMap) PutLIDMapping(_ context.Context, lid, pn types.JID) error {
	if !isMapping(lid, pn) {
		return fmt.Errorf("pair a LID with a phone number: %s and %s are not that", lid, pn)
	}
	return m.put(store.LIDMapping{LID: lid, PN: pn})
}

// PutManyLIDMappings is PutLIDMapping for each of mappings, the later ones winning; what is not a
// pair of LID and phone number is ignored.
func (m *lidMap) PutManyLIDMappings(_ context.Context, mappings []store.LIDMapping) error {
	return m.put(mappings...)
}

func isMapping(lid, pn types.JID) bool {
	return lid.Server == types.HiddenUserServer && pn.Server == types.DefaultUserServer && lid.User != "" && pn.User != ""
}

func (m *lidMap) put(mappings ...store.LIDMapping) error {
	m.mu.RLock()
	fresh := slices.ContainsFunc(mappings, func(p store.LIDMapping) bool {
		return isMapping(p.LID, p.PN) && m.lids[p.PN.User] != p.LID.User
	})
	err := m.err
	m.mu.RUnlock()
	if !fresh || err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range mappings {
		if isMapping(p.LID, p.PN) && m.lids[p.PN.User] != p.LID.User {
			m.pair(strings.Clone(p.LID.User), strings.Clone(p.PN.User))
		}
	}
	return m.c.writer.behind(m)
}

func (m *lidMap) pair(lid, phone string) {
	if old, ok := m.lids[phone]; ok {
		delete(m.phones, old)
		m.waiting[old] = ""
	}
	if old, ok := m.phones[lid]; ok {
		delete(m.lids, old)
	}
	m.phones[lid], m.lids[phone], m.waiting[lid] = phone, lid, phone
}

// take implements flusher.
func (m *lidMap) take() (write func(*transaction) error, done func(error)) {
	m.mu.Lock()
	writing := m.waiting
	m.waiting = make(map[string]string)
	m.mu.Unlock()

	keys := slices.Sorted(maps.Keys(writing))
	write = func(tx *transaction) error {
		b := tx.Bucket(bucketLIDs)
		for _, lid := range keys {
			var err error
			if phone := writing[lid]; phone == "" {
				err = b.Delete([]byte(lid))
			} else {
				err = b.Put([]byte(lid), []byte(phone))
			}
			if err != nil {
				return fmt.Errorf("write the map of LIDs: %w", err)
			}
			tx.changed = true
		}
		return nil
	}
	return write, func(err error) {
		if err == nil {
			return
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		maps.Copy(writing, m.waiting)
		m.waiting = writing
	}
}
