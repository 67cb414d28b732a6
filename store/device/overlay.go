package device

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// overlay is a decryption under way: its writes laid over the committed state, kept from everybody
// else until they are committed in one transaction. It holds no lock of the file, so other numbers
// write on while libsignal computes; to roll back is to forget it, and a panic forgets it too.
type overlay struct {
	mu     sync.Mutex
	writes map[string][]byte // table and key → value; nil: deleted
	seen   map[string][]byte // committed value of what was read, as it was then; nil: there was none
	after  []func()          // run when it has been committed
	over   bool              // committed or discarded: nothing that comes now would reach the disk
}

// errOver is the answer to every call with the context of a decryption that has ended.
var errOver = errors.New("the decryption that this belongs to has ended")

// enter locks o, unless it is over.
func (o *overlay) enter() error {
	o.mu.Lock()
	if o.over {
		o.mu.Unlock()
		return errOver
	}
	return nil
}

// end discards o, or makes sure that nothing comes after what was committed of it.
func (o *overlay) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
}

// overlayKey is the key of a scope's overlay in a context; another device's overlay is none of ours.
type overlayKey struct{ s *scope }

func (s *stores) overlay(ctx context.Context) *overlay {
	o, _ := ctx.Value(overlayKey{&s.scope}).(*overlay)
	return o
}

// errConflict says that somebody else has written what a decryption had read.
var errConflict = errors.New("the session changed during the decryption")

// maxDecryptions bounds how often one decryption is begun again.
const maxDecryptions = 8

// DoDecryptionTxn runs fn with a context in which the writes of this device are all kept back, and
// commits them together when fn returns nil. An error or a panic of fn discards them. A call inside
// fn joins the outer one. When a send or another decryption has meanwhile written a row that fn read
// and wrote, committing would put a ratchet back: fn is run again on the new state instead.
//
// The context is good until fn returns. Reads and writes that come with it later are refused: what
// they build on may never have been committed. sqlstore refuses them too, and the library takes the
// error for a message that could not be read.
func (s *stores) DoDecryptionTxn(ctx context.Context, fn func(context.Context) error) error {
	if s.unpaired {
		return ErrNotPaired
	}
	if o := s.overlay(ctx); o != nil {
		if err := o.enter(); err != nil {
			return err
		}
		o.mu.Unlock()
		return fn(ctx)
	}
	if err := s.read(func(rows) error { return nil }); err != nil {
		return err
	}
	for range maxDecryptions {
		if err := s.decrypt(ctx, fn); !errors.Is(err, errConflict) {
			return err
		}
	}
	return fmt.Errorf("decrypt: %w %d times", errConflict, maxDecryptions)
}

// decrypt is one attempt at DoDecryptionTxn.
func (s *stores) decrypt(ctx context.Context, fn func(context.Context) error) error {
	o := &overlay{writes: make(map[string][]byte), seen: make(map[string][]byte)}
	defer o.end()
	if err := fn(context.WithValue(ctx, overlayKey{&s.scope}, o)); err != nil {
		return err
	}
	return s.commit(o)
}

// commit writes the overlay unless what it was computed from has changed.
func (s *stores) commit(o *overlay) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	if len(o.writes) > 0 {
		keys := slices.Sorted(maps.Keys(o.writes))
		err := s.write(func(r rows) error {
			for _, k := range keys {
				was, read := o.seen[k]
				if !read {
					continue
				}
				if is := r.get(table(k[0]), []byte(k[1:])); (is == nil) != (was == nil) || !bytes.Equal(is, was) {
					return errConflict
				}
			}
			return apply(r, keys, o.writes)
		})
		if err != nil {
			return err
		}
	}
	for _, f := range o.after {
		f()
	}
	return nil
}

// overlayRows is rows with an overlay on top.
type overlayRows struct {
	*overlay
	disk rows
}

func (r overlayRows) get(t table, key []byte) []byte {
	k := rowKey(t, key)
	if value, found := r.writes[k]; found {
		return value
	}
	value := r.disk.get(t, key)
	if _, found := r.seen[k]; !found {
		r.seen[k] = bytes.Clone(value)
	}
	return value
}

func (r overlayRows) put(t table, key, value []byte) error {
	r.writes[rowKey(t, key)] = append(make([]byte, 0, len(value)), value...)
	return nil
}

func (r overlayRows) delete(t table, key []byte) error {
	r.writes[rowKey(t, key)] = nil
	return nil
}

func (r overlayRows) each(t table, prefix []byte, fn func(key, value []byte) bool) {
	begin := rowKey(t, prefix)
	var ours []string
	for k := range r.writes {
		if strings.HasPrefix(k, begin) {
			ours = append(ours, k)
		}
	}
	slices.Sort(ours)
	more := true
	// upTo passes on our own rows whose keys come before limit; all of them if limit is nil.
	upTo := func(limit []byte) {
		for more && len(ours) > 0 && (limit == nil || ours[0][1:] < string(limit)) {
			k := ours[0]
			ours = ours[1:]
			if value := r.writes[k]; value != nil {
				more = fn([]byte(k[1:]), value)
			}
		}
	}
	r.disk.each(t, prefix, func(key, value []byte) bool {
		upTo(key)
		if _, found := r.writes[rowKey(t, key)]; more && !found {
			more = fn(key, value)
		}
		return more
	})
	if more {
		upTo(nil)
	}
}
