package device

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"

	"recado/store/bolt"
)

// lidMap is which LID belongs to which phone number, one to one. It is asked several times for every
// message, so all of it is read into memory in the background. Until that is done the disk answers,
// except for what was paired since the file was opened. It is shared by all devices and outlives
// them.
type lidMap struct {
	c    *Container
	stop atomic.Bool   // do not read on
	gone chan struct{} // closed when nothing is being read any more

	mu     sync.RWMutex
	loaded bool // known is all there is to know
	phones *lidSide
	lids   *lidSide
}

// lidSide is the map in one direction.
type lidSide struct {
	table bolt.TextTable[string]
	known users // who belongs with nobody any more is in it only until all is loaded

	waiting map[string]string // what is not on the disk yet: user → the other's user, or "" for nobody
}

var _ store.LIDStore = (*lidMap)(nil)

// loadLIDs makes the map of a file and begins to read it.
func loadLIDs(c *Container) *lidMap {
	m := &lidMap{
		c: c, gone: make(chan struct{}),
		phones: &lidSide{lidTable, newUsers(), make(map[string]string)},
		lids:   &lidSide{phoneTable, newUsers(), make(map[string]string)},
	}
	go func() { // ends when all is read, or soon after close
		defer close(m.gone)
		m.load()
	}()
	return m
}

// loadRows is how many pairs are read in one transaction: a longer one would hold up a commit that
// makes the file grow.
const loadRows = 4096

// load reads the file, piece by piece. A pair that changes in the meantime may be read or not: every
// change since the file was opened is in known, which wins.
func (m *lidMap) load() {
	phones, lids := newUsers(), newUsers()
	var last []byte
	for more := true; more; {
		err := m.c.view(func(tx *bolt.Tx) error {
			c := lidTable.Cursor(tx)
			k, v := c.Seek(last)
			if last != nil && bytes.Equal(k, last) {
				k, v = c.Next()
			}
			n := 0
			for ; k != nil && n < loadRows; k, v = c.Next() {
				lid, phone := string(k), string(v)
				phones.set(lid, phone)
				lids.set(phone, lid)
				last = append(last[:0], k...)
				n++
			}
			more = k != nil
			return nil
		})
		if err != nil || m.stop.Load() {
			return // the disk answers on
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for side, read := range map[*lidSide]users{m.phones: phones, m.lids: lids} {
		read.cover(side.known) // with what has changed since on top
		side.known = read
	}
	m.loaded = true
}

// close ends the reading and returns when it has ended.
func (m *lidMap) close() {
	m.stop.Store(true)
	<-m.gone
}

// lookUp puts behind buf to whom a user belongs, nothing if to nobody.
type lookUp func(buf []byte, s *lidSide, user string) []byte

// other is what look answers for a user.
func (look lookUp) other(s *lidSide, user string) string {
	return string(look(make([]byte, 0, 32), s, user))
}

// read runs fn, which looks up what it wants. m.mu is held.
func (m *lidMap) read(fn func(look lookUp)) error {
	if m.loaded {
		fn(func(buf []byte, s *lidSide, user string) []byte {
			buf, _ = s.known.append(buf, user)
			return buf
		})
		return nil
	}
	return m.c.view(func(tx *bolt.Tx) error {
		fn(func(buf []byte, s *lidSide, user string) []byte {
			buf, known := s.known.append(buf, user)
			if !known {
				buf = append(buf, s.table.Get(tx, user)...)
			}
			return buf
		})
		return nil
	})
}

func (m *lidMap) lidOf(phone string, device uint16) (types.JID, error) {
	return m.find(m.lids, phone, device, types.HiddenUserServer)
}

func (m *lidMap) phoneOf(lid string, device uint16) (types.JID, error) {
	return m.find(m.phones, lid, device, types.DefaultUserServer)
}

func (m *lidMap) find(side *lidSide, user string, device uint16, server string) (jid types.JID, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	err = m.read(func(look lookUp) {
		if other := look.other(side, user); other != "" {
			jid = types.JID{User: other, Device: device, Server: server}
		}
	})
	return jid, err
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

// lidBlock is how many bytes of LIDs share their memory: who keeps one of them keeps no more.
const lidBlock = 1024

// GetManyLIDsForPNs answers the known LIDs of pns, by the JID as asked. What is not a phone number,
// or not known, is left out.
func (m *lidMap) GetManyLIDsForPNs(_ context.Context, pns []types.JID) (map[types.JID]types.JID, error) {
	if len(pns) == 0 {
		return nil, nil
	}
	out := make(map[types.JID]types.JID, len(pns))
	m.mu.RLock()
	defer m.mu.RUnlock()
	err := m.read(func(look lookUp) {
		var block strings.Builder // the answers share their memory, block by block
		var buf [64]byte
		for _, pn := range pns {
			if pn.Server != types.DefaultUserServer {
				continue
			}
			lid := look(buf[:0], m.lids, pn.User)
			if len(lid) == 0 {
				continue
			}
			if block.Cap()-block.Len() < len(lid) {
				block = strings.Builder{}
				block.Grow(max(min(len(pns)*len(lid), lidBlock), len(lid)))
			}
			begin := block.Len()
			block.Write(lid)
			out[pn] = types.JID{User: block.String()[begin:], Device: pn.Device, Server: types.HiddenUserServer}
		}
	})
	return out, err
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
	var news bool
	err := m.read(func(look lookUp) {
		news = slices.ContainsFunc(mappings, func(p store.LIDMapping) bool {
			return isMapping(p.LID, p.PN) && look.other(m.lids, p.PN.User) != p.LID.User
		})
	})
	m.mu.RUnlock()
	if !news || err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	err = m.read(func(look lookUp) {
		for _, p := range mappings {
			if isMapping(p.LID, p.PN) && look.other(m.lids, p.PN.User) != p.LID.User {
				m.pair(look, strings.Clone(p.LID.User), strings.Clone(p.PN.User))
			}
		}
	})
	if err != nil {
		return err
	}
	return m.c.db.Behind(m)
}

func (m *lidMap) pair(look lookUp, lid, phone string) {
	if old := look.other(m.lids, phone); old != "" {
		m.forget(m.phones, old)
	}
	if old := look.other(m.phones, lid); old != "" {
		m.forget(m.lids, old)
	}
	m.phones.known.set(lid, phone)
	m.lids.known.set(phone, lid)
	m.phones.waiting[lid], m.lids.waiting[phone] = phone, lid
}

func (m *lidMap) forget(s *lidSide, user string) {
	s.waiting[user] = ""
	if m.loaded {
		s.known.forget(user)
	} else {
		s.known.set(user, "")
	}
}

// Take implements [bolt.Flusher]. Both directions are always in one transaction.
func (m *lidMap) Take() (write func(*bolt.Tx) error, done func(error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	writePhones, againPhones := m.phones.take()
	writeLIDs, againLIDs := m.lids.take()
	write = func(tx *bolt.Tx) error {
		if err := writePhones(tx); err != nil {
			return err
		}
		return writeLIDs(tx)
	}
	return write, func(err error) {
		if err == nil {
			return
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		againPhones()
		againLIDs()
	}
}

// take hands over what is waiting: write puts it into a transaction, again makes it wait again.
func (s *lidSide) take() (write func(*bolt.Tx) error, again func()) {
	writing := s.waiting
	s.waiting = make(map[string]string)
	write = func(tx *bolt.Tx) error {
		for _, user := range slices.Sorted(maps.Keys(writing)) {
			var err error
			if other := writing[user]; other == "" {
				err = s.table.Delete(tx, user)
			} else {
				err = s.table.Put(tx, user, []byte(other))
			}
			if err != nil {
				return fmt.Errorf("write the map of LIDs: %w", err)
			}
		}
		return nil
	}
	return write, func() {
		maps.Copy(writing, s.waiting)
		s.waiting = writing
	}
}
