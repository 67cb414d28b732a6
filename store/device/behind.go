package device

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"recado/store/bolt"
)

// behind holds the writes of one scope that are not on the disk yet. They are seen by every read at
// once.
//
// Its lock is always taken before a bbolt transaction and never inside one: bbolt's own locks come
// second.
type behind struct {
	edit sync.Mutex // held to change rows of the scope that may be behind; taken before mu

	mu      sync.RWMutex
	waiting map[string][]byte // table and key → value; nil: deleted
	writing map[string][]byte // what the writer has taken; changed by nobody until it is done
}

// rowKey is the key of a row of any table.
func rowKey(t table, key []byte) string {
	b := make([]byte, 0, 64)
	return string(append(append(b, byte(t)), key...))
}

func (b *behind) find(t table, key []byte) (value []byte, found bool) {
	if len(b.waiting) == 0 && len(b.writing) == 0 {
		return nil, false
	}
	k := rowKey(t, key)
	if value, found = b.waiting[k]; !found {
		value, found = b.writing[k]
	}
	return value, found
}

// behindRows is the tables of a scope as they will be when everything behind has been written.
type behindRows struct {
	*behind
	disk rows
}

func (r behindRows) get(t table, key []byte) []byte {
	if value, found := r.find(t, key); found {
		return value
	}
	return r.disk.get(t, key)
}

func (r behindRows) put(t table, key, value []byte) error {
	// What the disk would refuse is refused here, where the caller can still be told.
	if len(key) == 0 || len(key) > bolt.MaxKeySize {
		return fmt.Errorf("write %s: a key of %d bytes", tableNames[t], len(key))
	}
	if value == nil {
		value = []byte{}
	}
	r.waiting[rowKey(t, key)] = value
	return nil
}

func (r behindRows) delete(t table, key []byte) error {
	if r.get(t, key) != nil {
		r.waiting[rowKey(t, key)] = nil
	}
	return nil
}

// each does not keep the order of keys: what is behind comes after what is on the disk.
func (r behindRows) each(t table, prefix []byte, fn func(key, value []byte) bool) {
	more := true
	r.disk.each(t, prefix, func(key, value []byte) bool {
		if _, found := r.find(t, key); !found {
			more = fn(key, value)
		}
		return more
	})
	begin := rowKey(t, prefix)
	for k, value := range r.waiting {
		if more && value != nil && strings.HasPrefix(k, begin) {
			more = fn([]byte(k[1:]), value)
		}
	}
	for k, value := range r.writing {
		if _, newer := r.waiting[k]; more && !newer && value != nil && strings.HasPrefix(k, begin) {
			more = fn([]byte(k[1:]), value)
		}
	}
}

// readBehind runs fn over what is committed and what is behind.
func (s *scope) readBehind(fn func(r rows) error) error {
	s.behind.mu.RLock()
	defer s.behind.mu.RUnlock()
	return s.read(func(disk rows) error { return fn(behindRows{&s.behind, disk}) })
}

// writeBehind runs fn, whose writes are seen by the next read and are on the disk within
// bolt.BehindDelay. While the disk fails they wait.
func (s *scope) writeBehind(fn func(r rows) error) error {
	s.behind.edit.Lock()
	defer s.behind.edit.Unlock()
	s.behind.mu.Lock()
	defer s.behind.mu.Unlock()
	if s.behind.waiting == nil {
		s.behind.waiting = make(map[string][]byte)
	}
	err := s.read(func(disk rows) error { return fn(behindRows{&s.behind, disk}) })
	if len(s.behind.waiting) == 0 {
		return err
	}
	return errors.Join(err, s.c.db.Behind(s))
}

// writeAhead runs fn in the writer's next transaction, after everything that was behind, and returns
// when all of it is on the disk. What fn reads of the tables that may be behind is the latest, since
// nothing else is written to them until it has ended.
func (s *scope) writeAhead(fn func(r *diskRows) error) error {
	s.behind.edit.Lock()
	defer s.behind.edit.Unlock()
	return s.c.db.UpdateAll(func(tx *bolt.Tx) error {
		r, err := s.in(tx)
		if err != nil {
			return err
		}
		return fn(r)
	})
}

// Take implements [bolt.Flusher].
func (s *scope) Take() (write func(*bolt.Tx) error, done func(error)) {
	b := &s.behind
	b.mu.Lock()
	b.writing, b.waiting = b.waiting, nil
	writing := b.writing
	b.mu.Unlock()

	keys := slices.Sorted(maps.Keys(writing))
	write = func(tx *bolt.Tx) error {
		if len(keys) == 0 {
			return nil
		}
		r, err := s.in(tx)
		if errors.Is(err, errGone) {
			return nil // the device was deleted while this waited
		} else if err != nil {
			return err
		}
		return apply(r, keys, writing)
	}
	return write, func(err error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.writing = nil
		if err == nil {
			return
		}
		maps.Copy(writing, b.waiting)
		b.waiting = writing
	}
}

// apply writes what layer holds under keys, which are sorted.
func apply(r rows, keys []string, layer map[string][]byte) error {
	for _, k := range keys {
		t, key, value := table(k[0]), []byte(k[1:]), layer[k]
		var err error
		if value == nil {
			err = r.delete(t, key)
		} else {
			err = r.put(t, key, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
