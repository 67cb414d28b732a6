package device

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"time"

	"recado/store/bolt"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

const (
	// eventLife is how long the service itself keeps what it could not deliver.
	eventLife = 14 * 24 * time.Hour
	// outgoingLife is how long a payload is kept here for a phone that cannot decrypt it.
	outgoingLife = 7 * 24 * time.Hour
	// outgoingSweep is how often old payloads are looked for; the library asks with every message
	// it sends.
	outgoingSweep = time.Hour
)

// sweepGate lets one caller through per outgoingSweep.
type sweepGate struct{ next atomic.Int64 }

func (g *sweepGate) pass(now time.Time) bool {
	next := g.next.Load()
	return now.UnixNano() >= next && g.next.CompareAndSwap(next, now.Add(outgoingSweep).UnixNano())
}

func encodeEvent(arrived, served int64, plaintext []byte) []byte {
	row := appendInt64(appendInt64(make([]byte, 0, 17+len(plaintext)), arrived), served)
	if plaintext == nil {
		return append(row, 0)
	}
	return append(append(row, 1), plaintext...)
}

func decodeEvent(row []byte) (*store.BufferedEvent, error) {
	if len(row) < 17 {
		return nil, bolt.ErrRecord
	}
	arrived, row := takeInt64(row)
	served, row := takeInt64(row)
	e := &store.BufferedEvent{InsertTime: time.UnixMilli(arrived), ServerTime: time.Unix(served, 0)}
	if row[0] == 1 {
		e.Plaintext = append([]byte{}, row[1:]...)
	}
	return e, nil
}

// GetBufferedEvent answers what was decrypted from the ciphertext with that hash, nil if it never
// came. Its Plaintext is nil, not just empty, when it has been dealt with.
func (s *stores) GetBufferedEvent(ctx context.Context, ciphertextHash [32]byte) (e *store.BufferedEvent, err error) {
	err = s.view(ctx, func(r rows) (err error) {
		if row := r.get(tableEvents, ciphertextHash[:]); row != nil {
			e, err = decodeEvent(row)
		}
		return err
	})
	return e, err
}

// PutBufferedEvent stores what was decrypted; a second one with the same hash is an error.
func (s *stores) PutBufferedEvent(
	ctx context.Context, ciphertextHash [32]byte, plaintext []byte, serverTimestamp time.Time,
) error {
	now := time.Now().UnixMilli()
	row := encodeEvent(now, serverTimestamp.Unix(), plaintext)
	return s.update(ctx, func(r rows) error {
		if r.get(tableEvents, ciphertextHash[:]) != nil {
			return fmt.Errorf("buffer event: %s is there already", hex.EncodeToString(ciphertextHash[:4]))
		}
		if err := r.put(tableEvents, ciphertextHash[:], row); err != nil {
			return err
		}
		return r.put(tableEventTimes, timeKey(now, ciphertextHash[:]), nil)
	})
}

// ClearBufferedEventPlaintext notes that an event has been dealt with.
func (s *stores) ClearBufferedEventPlaintext(ctx context.Context, ciphertextHash [32]byte) error {
	return s.update(ctx, func(r rows) error {
		row := r.get(tableEvents, ciphertextHash[:])
		if row == nil {
			return nil
		} else if len(row) < 17 {
			return bolt.ErrRecord
		}
		return r.put(tableEvents, ciphertextHash[:], append(bytes.Clone(row[:16]), 0))
	})
}

// DeleteOldBufferedHashes deletes, for every device, the events that the service cannot deliver
// again and the message secrets that have outlived their use.
func (s *stores) DeleteOldBufferedHashes(_ context.Context) error {
	if err := s.alive(); err != nil {
		return err
	}
	now := time.Now()
	return s.c.db.Update(func(tx *bolt.Tx) error {
		for _, device := range deviceRows.Groups(tx) {
			if err := sweep(&diskRows{group: device}, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func sweep(r rows, now time.Time) error {
	if _, err := deleteOlder(r, tableEvents, tableEventTimes, now.Add(-eventLife).UnixMilli()); err != nil {
		return err
	}
	_, err := deleteOlder(r, tableSecrets, tableSecretTimes, now.Add(-secretLife).UnixMilli())
	return err
}

// GetOutgoingEvent answers the payload of a message that was sent to either JID, or ErrNotFound.
func (s *stores) GetOutgoingEvent(
	ctx context.Context, chatJID, altChatJID types.JID, id types.MessageID,
) (format string, payload []byte, err error) {
	err = s.view(ctx, func(r rows) error {
		for _, jid := range []types.JID{chatJID, altChatJID} {
			if jid.IsEmpty() {
				continue
			}
			row := r.get(tableOutgoing, joinKey(jid.String(), id))
			if row == nil {
				continue
			} else if len(row) < 8 {
				return bolt.ErrRecord
			}
			f := bolt.Dec{B: row[8:], Short: true}
			format, payload = f.Text(), f.Bytes()
			return f.Err
		}
		return ErrNotFound
	})
	return format, payload, err
}

// AddOutgoingEvent stores, or replaces, the payload of a message before it is encrypted.
func (s *stores) AddOutgoingEvent(
	ctx context.Context, chatJID types.JID, id types.MessageID, format string, plaintext []byte,
) error {
	if chatJID.IsEmpty() {
		return fmt.Errorf("keep outgoing event: %w", errEmptyJID)
	}
	now := time.Now().UnixMilli()
	key := joinKey(chatJID.String(), id)
	row := bolt.AppendText(bolt.AppendText(appendInt64(nil, now), format), plaintext)
	return s.update(ctx, func(r rows) error {
		if old := r.get(tableOutgoing, key); len(old) >= 8 {
			at, _ := takeInt64(old)
			if err := r.delete(tableOutgoingTimes, timeKey(at, key)); err != nil {
				return err
			}
		}
		if err := r.put(tableOutgoing, key, row); err != nil {
			return err
		}
		return r.put(tableOutgoingTimes, timeKey(now, key), nil)
	})
}

// DeleteOldOutgoingEvents deletes the payloads of this device that nobody will ask for again. It
// looks for them once an hour.
func (s *stores) DeleteOldOutgoingEvents(ctx context.Context) error {
	now := time.Now()
	cutoff := now.Add(-outgoingLife).UnixMilli()
	var some bool
	err := s.view(ctx, func(r rows) error {
		some = s.outgoing.pass(now) && older(r, tableOutgoingTimes, cutoff)
		return nil
	})
	if err != nil || !some {
		return err
	}
	return s.update(ctx, func(r rows) error {
		_, err := deleteOlder(r, tableOutgoing, tableOutgoingTimes, cutoff)
		return err
	})
}
