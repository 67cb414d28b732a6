package device

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"recado/store/bolt"

	"go.mau.fi/whatsmeow/types"
)

// A phone tells in notifications that a part of its history can be fetched. The key is in it and
// comes once, so a notification is kept until its part has been worked off.

// KeepHistory stores a notification behind those that are there. It is on the disk when it returns.
// An id that is there already changes nothing. A device that is not linked, or not any more, is
// store.ErrDeviceDeleted.
func (c *Container) KeepHistory(_ context.Context, jid types.JID, id string, notification []byte) error {
	row := append(bolt.AppendText(nil, id), notification...)
	err := c.db.Update(func(tx *bolt.Tx) error {
		r := historyRows(tx, jid)
		if r == nil {
			return errGone
		}
		last := uint64(0)
		there := false
		r.each(tableHistory, nil, func(key, row []byte) bool {
			last = binary.BigEndian.Uint64(key)
			there = there || historyID(row) == id
			return true
		})
		if there {
			return nil
		}
		return r.put(tableHistory, binary.BigEndian.AppendUint64(nil, last+1), row)
	})
	if err != nil {
		return fmt.Errorf("keep a notification of history: %w", err)
	}
	return nil
}

// Histories answers the ids of the notifications that are kept, in the order in which they came;
// none for a device that is not linked.
func (c *Container) Histories(_ context.Context, jid types.JID) (ids []string, err error) {
	err = c.eachHistory(jid, func(id string, _ []byte) bool {
		ids = append(ids, id)
		return true
	})
	return ids, err
}

// History answers one of them as it came, nil if it is not kept.
func (c *Container) History(_ context.Context, jid types.JID, id string) (notification []byte, err error) {
	err = c.eachHistory(jid, func(kept string, value []byte) bool {
		if kept == id {
			notification = bytes.Clone(value)
		}
		return kept != id
	})
	return notification, err
}

// eachHistory calls fn with what is kept until it returns false; value is valid during the call.
func (c *Container) eachHistory(jid types.JID, fn func(id string, value []byte) bool) error {
	err := c.view(func(tx *bolt.Tx) (err error) {
		r := historyRows(tx, jid)
		if r == nil {
			return nil
		}
		r.each(tableHistory, nil, func(_, row []byte) bool {
			f := bolt.Dec{B: row, Short: true}
			id := f.Text()
			err = f.Err
			return err == nil && fn(id, f.B)
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("read the notifications of history: %w", err)
	}
	return nil
}

// ForgetHistory deletes a notification that has been worked off. It is no error if it is not there,
// or the device is not.
func (c *Container) ForgetHistory(_ context.Context, jid types.JID, id string) error {
	err := c.db.Update(func(tx *bolt.Tx) error {
		r := historyRows(tx, jid)
		if r == nil {
			return nil
		}
		var key []byte
		r.each(tableHistory, nil, func(k, row []byte) bool {
			if historyID(row) == id {
				key = bytes.Clone(k)
			}
			return key == nil
		})
		if key == nil {
			return nil
		}
		return r.delete(tableHistory, key)
	})
	if err != nil {
		return fmt.Errorf("forget a notification of history: %w", err)
	}
	return nil
}

// historyRows is the tables of a device, nil if it is not linked.
func historyRows(tx *bolt.Tx, jid types.JID) *diskRows {
	if device := deviceRows.Group(tx, jidKey(jid)); device.There() {
		return &diskRows{group: device}
	}
	return nil
}

func historyID(row []byte) string {
	f := bolt.Dec{B: row, Short: true}
	return f.Text()
}
