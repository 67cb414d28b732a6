package device

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"recado/store/bolt"

	"go.mau.fi/whatsmeow/store"
)

// stagedVersions are the versions of application state whose mutations have not come yet. The
// library puts a version, deletes mutation MACs and puts new ones in three calls; a crash between
// them would leave a hash that never matches again. So the first two wait in memory for the third,
// which the library always makes, and are committed with it. When it fails, or never comes before the
// process ends, both are forgotten; when another version comes first, both wait on under that one.
type stagedVersions struct {
	mu     sync.Mutex
	byName map[string]*stagedVersion
}

type stagedVersion struct {
	row     []byte // as it will lie in tableAppStateVersions
	deleted map[string]struct{}
}

// put stages a version. Deletions that wait for the one before it wait for this one now: the
// caller that computed it has seen them.
func (s *stagedVersions) put(name string, row []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := &stagedVersion{row: row, deleted: make(map[string]struct{})}
	if before := s.byName[name]; before != nil {
		v.deleted = before.deleted
	}
	if s.byName == nil {
		s.byName = make(map[string]*stagedVersion)
	}
	s.byName[name] = v
}

// drop forgets what is staged for name.
func (s *stagedVersions) drop(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byName, name)
}

// withStaged runs fn on what is staged for a collection, unless that is nothing or the decryption in
// r has a version of its own. fn must not call it again.
func (s *stores) withStaged(r rows, name string, fn func(v *stagedVersion) error) error {
	if o, ok := r.(overlayRows); ok {
		if _, own := o.writes[rowKey(tableAppStateVersions, []byte(name))]; own {
			return nil
		}
	}
	s.staged.mu.Lock()
	defer s.staged.mu.Unlock()
	if v := s.staged.byName[name]; v != nil {
		return fn(v)
	}
	return nil
}

// writeStaged writes what is staged for a collection.
func (s *stores) writeStaged(r rows, name string) error {
	return s.withStaged(r, name, func(v *stagedVersion) error {
		for index := range v.deleted {
			if err := r.delete(tableAppStateMACs, macKey(name, []byte(index))); err != nil {
				return err
			}
		}
		return r.put(tableAppStateVersions, []byte(name), v.row)
	})
}

// PutAppStateSyncKey stores a key unless one with that id is there that is not older.
func (s *stores) PutAppStateSyncKey(ctx context.Context, id []byte, key store.AppStateSyncKey) error {
	row := appendInt64(nil, key.Timestamp)
	row = bolt.AppendText(bolt.AppendText(row, key.Data), key.Fingerprint)
	return s.update(ctx, func(r rows) error {
		if old := r.get(tableAppStateKeys, id); len(old) >= 8 {
			if at, _ := takeInt64(old); at >= key.Timestamp {
				return nil
			}
		}
		return r.put(tableAppStateKeys, id, row)
	})
}

func decodeSyncKey(row []byte) (*store.AppStateSyncKey, error) {
	if len(row) < 8 {
		return nil, bolt.ErrRecord
	}
	at, rest := takeInt64(row)
	f := bolt.Dec{B: rest, Short: true}
	key := &store.AppStateSyncKey{Data: f.Bytes(), Fingerprint: f.Bytes(), Timestamp: at}
	return key, f.Err
}

// GetAppStateSyncKey answers the key with that id, nil if there is none.
func (s *stores) GetAppStateSyncKey(ctx context.Context, id []byte) (key *store.AppStateSyncKey, err error) {
	err = s.view(ctx, func(r rows) (err error) {
		if row := r.get(tableAppStateKeys, id); row != nil {
			key, err = decodeSyncKey(row)
		}
		return err
	})
	return key, err
}

// GetLatestAppStateSyncKeyID answers the id of the newest key, nil if there is none.
func (s *stores) GetLatestAppStateSyncKeyID(ctx context.Context) (id []byte, err error) {
	err = s.view(ctx, func(r rows) error {
		var newest int64
		r.each(tableAppStateKeys, nil, func(key, row []byte) bool {
			if at, _ := takeInt64(row); id == nil || at > newest {
				id, newest = bytes.Clone(key), at
			}
			return true
		})
		return nil
	})
	return id, err
}

// GetAllAppStateSyncKeys answers all keys, newest first.
func (s *stores) GetAllAppStateSyncKeys(ctx context.Context) (out []*store.AppStateSyncKey, err error) {
	err = s.view(ctx, func(r rows) (err error) {
		r.each(tableAppStateKeys, nil, func(_, row []byte) bool {
			var key *store.AppStateSyncKey
			key, err = decodeSyncKey(row)
			out = append(out, key)
			return err == nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b *store.AppStateSyncKey) int { return cmp.Compare(b.Timestamp, a.Timestamp) })
	return out, nil
}

// PutAppStateVersion stages the version and hash of a collection; PutAppStateMutationMACs commits it.
func (s *stores) PutAppStateVersion(ctx context.Context, name string, version uint64, hash [128]byte) error {
	row := append(binary.BigEndian.AppendUint64(make([]byte, 0, 136), version), hash[:]...)
	if s.overlay(ctx) == nil {
		return s.view(ctx, func(rows) error {
			s.staged.put(name, row)
			return nil
		})
	}
	err := s.update(ctx, func(r rows) error {
		if err := s.writeStaged(r, name); err != nil {
			return err
		}
		return r.put(tableAppStateVersions, []byte(name), row)
	})
	s.committed(ctx, func() { s.staged.drop(name) })
	return err
}

// GetAppStateVersion answers the version and hash of a collection, zeros if there is none.
func (s *stores) GetAppStateVersion(ctx context.Context, name string) (version uint64, hash [128]byte, err error) {
	err = s.view(ctx, func(r rows) error {
		row := r.get(tableAppStateVersions, []byte(name))
		_ = s.withStaged(r, name, func(v *stagedVersion) error {
			row = v.row
			return nil
		})
		if row == nil {
			return nil
		} else if len(row) != 8+len(hash) {
			return bolt.ErrRecord
		}
		version = binary.BigEndian.Uint64(row)
		if version == 0 {
			return fmt.Errorf("application state %s is stored with version 0", name)
		}
		copy(hash[:], row[8:])
		return nil
	})
	return version, hash, err
}

// DeleteAppStateVersion deletes the version of a collection and all its mutation MACs.
func (s *stores) DeleteAppStateVersion(ctx context.Context, name string) error {
	err := s.update(ctx, func(r rows) error {
		if err := r.delete(tableAppStateVersions, []byte(name)); err != nil {
			return err
		}
		return deletePrefix(r, tableAppStateMACs, macKey(name, nil))
	})
	s.committed(ctx, func() { s.staged.drop(name) })
	return err
}

func macKey(name string, indexMAC []byte) []byte {
	return append(append([]byte(name), 0), indexMAC...)
}

// PutAppStateMutationMACs stores the mutation MACs of a version, and commits with them the staged
// version and deletions. When it fails, the committed version is the old one and the library
// fetches the same patches again.
func (s *stores) PutAppStateMutationMACs(
	ctx context.Context, name string, version uint64, mutations []store.AppStateMutationMAC,
) error {
	mutations = slices.Clone(mutations)
	slices.SortStableFunc(mutations, func(a, b store.AppStateMutationMAC) int { return bytes.Compare(a.IndexMAC, b.IndexMAC) })
	err := s.update(ctx, func(r rows) error {
		if err := s.writeStaged(r, name); err != nil {
			return err
		}
		for _, m := range mutations {
			key := macKey(name, m.IndexMAC)
			if old := r.get(tableAppStateMACs, key); len(old) >= 8 && binary.BigEndian.Uint64(old) > version {
				continue
			}
			row := append(binary.BigEndian.AppendUint64(make([]byte, 0, 40), version), m.ValueMAC...)
			if err := r.put(tableAppStateMACs, key, row); err != nil {
				return err
			}
		}
		return nil
	})
	s.committed(ctx, func() { s.staged.drop(name) })
	return err
}

// DeleteAppStateMutationMACs deletes the MACs of mutations in all versions, together with the
// staged version if there is one.
func (s *stores) DeleteAppStateMutationMACs(ctx context.Context, name string, indexMACs [][]byte) error {
	if len(indexMACs) == 0 || s.stageDeletions(ctx, name, indexMACs) {
		return s.view(ctx, func(rows) error { return nil })
	}
	return s.update(ctx, func(r rows) error {
		for _, index := range indexMACs {
			if err := r.delete(tableAppStateMACs, macKey(name, index)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *stores) stageDeletions(ctx context.Context, name string, indexMACs [][]byte) bool {
	if s.overlay(ctx) != nil {
		return false
	}
	s.staged.mu.Lock()
	defer s.staged.mu.Unlock()
	v := s.staged.byName[name]
	if v == nil {
		return false
	}
	for _, index := range indexMACs {
		v.deleted[string(index)] = struct{}{}
	}
	return true
}

// GetAppStateMutationMAC answers the MAC of a mutation in its latest version, nil if there is none.
func (s *stores) GetAppStateMutationMAC(ctx context.Context, name string, indexMAC []byte) (valueMAC []byte, err error) {
	err = s.view(ctx, func(r rows) error {
		var gone bool
		_ = s.withStaged(r, name, func(v *stagedVersion) error {
			_, gone = v.deleted[string(indexMAC)]
			return nil
		})
		if gone {
			return nil
		}
		row := r.get(tableAppStateMACs, macKey(name, indexMAC))
		if row != nil && len(row) < 8 {
			return bolt.ErrRecord
		}
		if row != nil {
			valueMAC = bytes.Clone(row[8:])
		}
		return nil
	})
	return valueMAC, err
}
