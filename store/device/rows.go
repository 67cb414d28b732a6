package device

import (
	"bytes"
	"errors"
	"fmt"

	"recado/store/bolt"

	"go.etcd.io/bbolt"
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
// something not yet committed laid over them. Values are valid until the transaction ends; whoever
// keeps one copies it.
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
	bucket *bbolt.Bucket
	tx     *bolt.Tx // nil: read only
	tables [tableCount]*bbolt.Bucket
}

func (d *diskRows) table(t table) *bbolt.Bucket {
	if d.tables[t] == nil {
		d.tables[t] = d.bucket.Bucket(tableNames[t])
	}
	return d.tables[t]
}

// make is table for writing.
func (d *diskRows) make(t table) (*bbolt.Bucket, error) {
	if b := d.table(t); b != nil {
		return b, nil
	}
	b, err := d.bucket.CreateBucketIfNotExists(tableNames[t])
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", tableNames[t], err)
	}
	d.tables[t] = b
	return b, nil
}

func (d *diskRows) get(t table, key []byte) []byte {
	if b := d.table(t); b != nil {
		return b.Get(key)
	}
	return nil
}

func (d *diskRows) put(t table, key, value []byte) error {
	if value == nil {
		value = []byte{} // bbolt would answer nil for it, as if it were not there
	}
	b, err := d.make(t)
	if err != nil {
		return err
	}
	if old := b.Get(key); old != nil && bytes.Equal(old, value) {
		return nil
	}
	if err := b.Put(key, value); err != nil {
		return fmt.Errorf("write %s: %w", tableNames[t], err)
	}
	d.tx.Touch()
	return nil
}

func (d *diskRows) delete(t table, key []byte) error {
	b := d.table(t)
	if b == nil || b.Get(key) == nil {
		return nil
	}
	if err := b.Delete(key); err != nil {
		return fmt.Errorf("delete from %s: %w", tableNames[t], err)
	}
	d.tx.Touch()
	return nil
}

func (d *diskRows) each(t table, prefix []byte, fn func(key, value []byte) bool) {
	b := d.table(t)
	if b == nil {
		return
	}
	c := b.Cursor()
	for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		if !fn(k, v) {
			return
		}
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
	parent     []byte // bucketDevices or bucketAccounts
	name       []byte
	generation uint64 // of a device: which link of that JID; 0 for accounts

	behind behind
}

// errGone says that the bucket is not there. A device without its bucket was deleted or linked
// anew; an account without one is empty.
var errGone = store.ErrDeviceDeleted

// bucket finds the scope's place in a transaction.
func (s *scope) bucket(tx *bolt.Tx) (*bbolt.Bucket, error) {
	b := tx.Bucket(s.parent).Bucket(s.name)
	if b == nil || (s.generation != 0 && b.Sequence() != s.generation) {
		return nil, errGone
	}
	return b, nil
}

// read runs fn over what is committed. fn must not write, wait for the writer or lock.
func (s *scope) read(fn func(r rows) error) error {
	return s.c.view(func(tx *bolt.Tx) error {
		b, err := s.bucket(tx)
		if errors.Is(err, errGone) && s.generation == 0 {
			return fn(noRows{})
		} else if err != nil {
			return err
		}
		return fn(&diskRows{bucket: b})
	})
}

// in opens the scope for writing inside a transaction of the writer.
func (s *scope) in(tx *bolt.Tx) (*diskRows, error) {
	b, err := s.bucket(tx)
	if errors.Is(err, errGone) && s.generation == 0 {
		tx.Touch()
		b, err = tx.Bucket(s.parent).CreateBucketIfNotExists(s.name)
	}
	if err != nil {
		return nil, err
	}
	return &diskRows{bucket: b, tx: tx}, nil
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
