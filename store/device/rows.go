package device

import (
	"bytes"
	"errors"
	"fmt"

	"recado/store/bolt"

	"go.mau.fi/whatsmeow/store"
)

// table is one bucket below a device or an account.
type table byte

const (
	tableState table = iota
	tableIdentities
	tableSessions
	tableSenderKeys
	tablePreKeys
	tableAppStateKeys
	tableAppStateVersions
	tableAppStateMACs
	tableEvents
	tableEventTimes
	tableOutgoing
	tableOutgoingTimes
	tableContacts
	tableChats
	tableSecrets
	tableSecretTimes
	tableHistory
	tableTokens
	tableTokenTimes
	tableCount
)

var tableNames = [tableCount][]byte{
	tableState:            []byte("state"),
	tableIdentities:       []byte("identities"),
	tableSessions:         []byte("sessions"),
	tableSenderKeys:       []byte("sender_keys"),
	tablePreKeys:          []byte("prekeys"),
	tableAppStateKeys:     []byte("appstate_keys"),
	tableAppStateVersions: []byte("appstate_versions"),
	tableAppStateMACs:     []byte("appstate_macs"),
	tableEvents:           []byte("events"),
	tableEventTimes:       []byte("events_by_time"),
	tableOutgoing:         []byte("outgoing"),
	tableOutgoingTimes:    []byte("outgoing_by_time"),
	tableContacts:         []byte("contacts"),
	tableChats:            []byte("chats"),
	tableSecrets:          []byte("secrets"),
	tableSecretTimes:      []byte("secrets_by_time"),
	tableHistory:          []byte("history"),
	tableTokens:           []byte("tokens"),
	tableTokenTimes:       []byte("tokens_by_time"),
}

// rows is what the stores read and write: the tables of one device or account, on the disk or with
// something not yet committed laid over them. Values are valid until the transaction ends; a
// caller that keeps one copies it.
type rows interface {
	// get answers nil if there is no such row.
	get(t table, key []byte) []byte
	put(t table, key, value []byte) error
	delete(t table, key []byte) error
	// each calls fn for the rows whose keys begin with prefix, in the order of keys, until fn
	// answers false. fn changes nothing.
	each(t table, prefix []byte, fn func(key, value []byte) bool)
}

// diskRows is rows in a transaction. A put of what is already there changes nothing, so that a
// transaction full of them costs no sync.
type diskRows struct {
	group  bolt.Group
	tables [tableCount]bolt.Rows
}

func (d *diskRows) table(t table) bolt.Rows {
	if !d.tables[t].There() {
		d.tables[t] = d.group.Rows(tableNames[t])
	}
	return d.tables[t]
}

// make is table for writing.
func (d *diskRows) make(t table) (bolt.Rows, error) {
	if rows := d.table(t); rows.There() {
		return rows, nil
	}
	rows, err := d.group.MakeRows(tableNames[t])
	if err != nil {
		return rows, fmt.Errorf("write %s: %w", tableNames[t], err)
	}
	d.tables[t] = rows
	return rows, nil
}

func (d *diskRows) get(t table, key []byte) []byte {
	if rows := d.table(t); rows.There() {
		return rows.Get(key)
	}
	return nil
}

func (d *diskRows) put(t table, key, value []byte) error {
	if value == nil {
		value = []byte{} // bbolt would answer nil for it, as if it were not there
	}
	rows, err := d.make(t)
	if err != nil {
		return err
	}
	if old := rows.Get(key); old != nil && bytes.Equal(old, value) {
		return nil
	}
	if err := rows.Put(key, value); err != nil {
		return fmt.Errorf("write %s: %w", tableNames[t], err)
	}
	return nil
}

func (d *diskRows) delete(t table, key []byte) error {
	rows := d.table(t)
	if !rows.There() || rows.Get(key) == nil {
		return nil
	}
	if err := rows.Delete(key); err != nil {
		return fmt.Errorf("delete from %s: %w", tableNames[t], err)
	}
	return nil
}

func (d *diskRows) each(t table, prefix []byte, fn func(key, value []byte) bool) {
	if rows := d.table(t); rows.There() {
		rows.Each(prefix, fn)
	}
}

// deletePrefix deletes every row whose key begins with prefix.
func deletePrefix(r rows, t table, prefix []byte) error {
	var keys [][]byte
	r.each(t, prefix, func(key, _ []byte) bool {
		keys = append(keys, bytes.Clone(key))
		return true
	})
	for _, key := range keys {
		if err := r.delete(t, key); err != nil {
			return err
		}
	}
	return nil
}

// hasPrefix says whether any row's key begins with prefix.
func hasPrefix(r rows, t table, prefix []byte) (has bool) {
	r.each(t, prefix, func(_, _ []byte) bool {
		has = true
		return false
	})
	return has
}

// deleteOlder deletes the rows of t whose moment in the index times lies before cutoff, and costs
// as much as there are of them.
func deleteOlder(r rows, t, times table, cutoff int64) (deleted int64, err error) {
	var old [][]byte
	r.each(times, nil, func(key, _ []byte) bool {
		at, _ := takeInt64(key)
		if at >= cutoff {
			return false
		}
		old = append(old, bytes.Clone(key))
		return true
	})
	for _, key := range old {
		if err := r.delete(t, key[8:]); err != nil {
			return 0, err
		}
		if err := r.delete(times, key); err != nil {
			return 0, err
		}
	}
	return int64(len(old)), nil
}

// older says whether deleteOlder has something to do.
func older(r rows, times table, cutoff int64) (yes bool) {
	r.each(times, nil, func(key, _ []byte) bool {
		at, _ := takeInt64(key)
		yes = at < cutoff
		return false
	})
	return yes
}

// scope is where rows live: below one device or one account, with the writes that may be behind.
type scope struct {
	c          *Container
	parent     bolt.Groups // deviceRows or accountRows
	name       []byte
	generation uint64 // of a device: which link of that JID; 0 for accounts

	behind behind
}

// errGone says that the bucket is not there. A device without its bucket was deleted or linked
// again; an account without one is empty.
var errGone = store.ErrDeviceDeleted

// group finds the scope's place in a transaction.
func (s *scope) group(tx *bolt.Tx) (bolt.Group, error) {
	g := s.parent.Group(tx, s.name)
	if !g.There() || s.generation != 0 && g.Number() != s.generation {
		return g, errGone
	}
	return g, nil
}

// read runs fn over what is committed. fn must not write, wait for the writer or lock.
func (s *scope) read(fn func(r rows) error) error {
	return s.c.view(func(tx *bolt.Tx) error {
		g, err := s.group(tx)
		if errors.Is(err, errGone) && s.generation == 0 {
			return fn(noRows{})
		} else if err != nil {
			return err
		}
		return fn(&diskRows{group: g})
	})
}

// in opens the scope for writing inside a transaction of the writer.
func (s *scope) in(tx *bolt.Tx) (*diskRows, error) {
	g, err := s.group(tx)
	if errors.Is(err, errGone) && s.generation == 0 {
		g, err = s.parent.MakeGroup(tx, s.name)
	}
	if err != nil {
		return nil, err
	}
	return &diskRows{group: g}, nil
}

// write runs fn in the writer's next transaction and returns when that is on the disk. fn may be
// called more than once.
func (s *scope) write(fn func(r rows) error) error {
	return s.c.db.Update(func(tx *bolt.Tx) error {
		r, err := s.in(tx)
		if err != nil {
			return err
		}
		return fn(r)
	})
}

// noRows is a scope that nothing was ever written to.
type noRows struct{}

func (noRows) get(table, []byte) []byte                         { return nil }
func (noRows) put(table, []byte, []byte) error                  { return errGone }
func (noRows) delete(table, []byte) error                       { return nil }
func (noRows) each(table, []byte, func(key, value []byte) bool) {}
