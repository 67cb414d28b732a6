package device

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"recado/store/bolt"

	"go.mau.fi/whatsmeow/util/keys"
)

// maxPreKeyID is the last id: ids travel in three bytes.
const maxPreKeyID = 1<<24 - 1

// keyPreKey is where the last id that was given out is kept. An id is not used again when its key
// was consumed: who holds an old bundle would encrypt for another key.
var keyPreKey = []byte("prekey")

const (
	flagWaiting  = 0 // not known to the service yet
	flagUploaded = 1
)

// prekeyOffer is which keys were last handed out to be uploaded. They are marked by this list,
// since after the ids have begun again "all up to the last" would be others.
type prekeyOffer struct {
	mu  sync.Mutex
	ids []uint32
}

func prekeyKey(id uint32) []byte { return binary.BigEndian.AppendUint32(nil, id) }

func encodePreKey(flag byte, pair *keys.KeyPair) []byte {
	row := append(make([]byte, 0, 65), flag)
	row = append(row, pair.Priv[:]...)
	return append(row, pair.Pub[:]...)
}

func decodePreKey(id uint32, row []byte) (*keys.PreKey, error) {
	if len(row) != 65 {
		return nil, bolt.ErrRecord
	}
	priv, pub := [32]byte(row[1:33]), [32]byte(row[33:])
	return &keys.PreKey{KeyPair: keys.KeyPair{Priv: &priv, Pub: &pub}, KeyID: id}, nil
}

// waitingPreKeys reads up to n keys that are not uploaded, by ascending id.
func waitingPreKeys(r rows, n uint32) (out []*keys.PreKey, err error) {
	r.each(tablePreKeys, nil, func(key, row []byte) bool {
		if uint32(len(out)) >= n {
			return false
		}
		if len(row) == 0 || row[0] == flagWaiting {
			var k *keys.PreKey
			if k, err = decodePreKey(binary.BigEndian.Uint32(key), row); err != nil {
				return false
			}
			out = append(out, k)
		}
		return true
	})
	return out, err
}

// addPreKey stores pair under the next id.
func addPreKey(r rows, pair *keys.KeyPair, flag byte) (*keys.PreKey, error) {
	var id uint32
	if last := r.get(tableState, keyPreKey); len(last) == 4 {
		id = binary.BigEndian.Uint32(last)
	}
	for tries := 0; ; tries++ {
		if id++; id > maxPreKeyID {
			id = 1
		}
		if r.get(tablePreKeys, prekeyKey(id)) == nil {
			break
		}
		if tries > maxPreKeyID {
			return nil, fmt.Errorf("add a prekey: all ids are taken")
		}
	}
	if err := r.put(tableState, keyPreKey, prekeyKey(id)); err != nil {
		return nil, err
	}
	return &keys.PreKey{KeyPair: *pair, KeyID: id}, r.put(tablePreKeys, prekeyKey(id), encodePreKey(flag, pair))
}

// GetOrGenPreKeys answers count keys that are not uploaded yet, by ascending id: first those that
// are there, then new ones, which are on the disk, in one transaction, before it returns.
func (s *stores) GetOrGenPreKeys(ctx context.Context, count uint32) (out []*keys.PreKey, err error) {
	s.prekeys.mu.Lock()
	defer s.prekeys.mu.Unlock()
	err = s.view(ctx, func(r rows) (err error) {
		out, err = waitingPreKeys(r, count)
		return err
	})
	for err == nil && uint32(len(out)) < count {
		made := newKeyPairs(int(count) - len(out))
		err = s.update(ctx, func(r rows) (err error) {
			if out, err = waitingPreKeys(r, count); err != nil {
				return err
			}
			for _, pair := range made[:min(len(made), int(count)-len(out))] {
				k, err := addPreKey(r, pair, flagWaiting)
				if err != nil {
					return err
				}
				out = append(out, k)
			}
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("make prekeys: %w", err)
	}
	slices.SortFunc(out, func(a, b *keys.PreKey) int { return cmp.Compare(a.KeyID, b.KeyID) })
	s.prekeys.ids = s.prekeys.ids[:0]
	for _, k := range out {
		s.prekeys.ids = append(s.prekeys.ids, k.KeyID)
	}
	return out, nil
}

// newKeyPairs makes n key pairs on all processors: 812 of them take one processor 40 ms.
func newKeyPairs(n int) []*keys.KeyPair {
	out := make([]*keys.KeyPair, n)
	workers := min(n, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				out[i] = keys.NewKeyPair()
			}
		})
	}
	wg.Wait()
	return out
}

// GenOnePreKey makes one key that counts as uploaded, for a retry receipt.
func (s *stores) GenOnePreKey(ctx context.Context) (out *keys.PreKey, err error) {
	s.prekeys.mu.Lock()
	defer s.prekeys.mu.Unlock()
	pair := keys.NewKeyPair()
	err = s.update(ctx, func(r rows) (err error) {
		out, err = addPreKey(r, pair, flagUploaded)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make a prekey: %w", err)
	}
	return out, nil
}

// GetPreKey answers the key with that id, nil if there is none.
func (s *stores) GetPreKey(ctx context.Context, id uint32) (out *keys.PreKey, err error) {
	err = s.view(ctx, func(r rows) (err error) {
		if row := r.get(tablePreKeys, prekeyKey(id)); row != nil {
			out, err = decodePreKey(id, row)
		}
		return err
	})
	return out, err
}

// RemovePreKey deletes the key with that id, which nobody can use again.
func (s *stores) RemovePreKey(ctx context.Context, id uint32) error {
	return s.update(ctx, func(r rows) error { return r.delete(tablePreKeys, prekeyKey(id)) })
}

// MarkPreKeysAsUploaded marks the keys that GetOrGenPreKeys last answered if upToID is the last of
// them, and otherwise all keys up to upToID.
func (s *stores) MarkPreKeysAsUploaded(ctx context.Context, upToID uint32) error {
	s.prekeys.mu.Lock()
	defer s.prekeys.mu.Unlock()
	ids := s.prekeys.ids
	if n := len(ids); n == 0 || ids[n-1] != upToID {
		ids = nil
	}
	return s.update(ctx, func(r rows) error {
		marked := ids
		if marked == nil {
			r.each(tablePreKeys, nil, func(key, _ []byte) bool {
				id := binary.BigEndian.Uint32(key)
				marked = append(marked, id)
				return id < upToID
			})
		}
		for _, id := range marked {
			row := r.get(tablePreKeys, prekeyKey(id))
			if id > upToID || len(row) == 0 || row[0] == flagUploaded {
				continue
			}
			row = append([]byte{flagUploaded}, row[1:]...)
			if err := r.put(tablePreKeys, prekeyKey(id), row); err != nil {
				return err
			}
		}
		return nil
	})
}

// UploadedPreKeyCount counts the keys that the service knows and nobody has used.
func (s *stores) UploadedPreKeyCount(ctx context.Context) (count int, err error) {
	err = s.view(ctx, func(r rows) error {
		r.each(tablePreKeys, nil, func(_, row []byte) bool {
			if len(row) > 0 && row[0] == flagUploaded {
				count++
			}
			return true
		})
		return nil
	})
	return count, err
}
