package device

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"recado/store/bolt"

	"go.mau.fi/whatsmeow/types"
)

// PutIdentity notes the identity key of a signal address. The library calls it for every message,
// mostly with the key that is there: that costs a read and no write.
func (s *stores) PutIdentity(ctx context.Context, address string, key [32]byte) error {
	var same bool
	err := s.view(ctx, func(r rows) error {
		same = bytes.Equal(r.get(tableIdentities, []byte(address)), key[:])
		return nil
	})
	if err != nil || same {
		return err
	}
	return s.update(ctx, func(r rows) error { return r.put(tableIdentities, []byte(address), key[:]) })
}

// DeleteAllIdentities forgets the identities of all devices of a user, by phone and by LID.
func (s *stores) DeleteAllIdentities(ctx context.Context, phone string) error {
	return s.deleteUser(ctx, tableIdentities, phone)
}

// DeleteIdentity forgets the identity of one signal address.
func (s *stores) DeleteIdentity(ctx context.Context, address string) error {
	return s.update(ctx, func(r rows) error { return r.delete(tableIdentities, []byte(address)) })
}

// IsTrustedIdentity says whether key is the one that is known for the address, or none is known yet.
func (s *stores) IsTrustedIdentity(ctx context.Context, address string, key [32]byte) (trusted bool, err error) {
	err = s.view(ctx, func(r rows) error {
		known := r.get(tableIdentities, []byte(address))
		if known != nil && len(known) != len(key) {
			return bolt.ErrRecord
		}
		trusted = known == nil || bytes.Equal(known, key[:])
		return nil
	})
	return trusted, err
}

// readSession copies the session record of an address, nil if there is none or an empty one.
func readSession(r rows, address string) []byte {
	if session := r.get(tableSessions, []byte(address)); len(session) > 0 {
		return bytes.Clone(session)
	}
	return nil
}

// GetSession answers the session record of an address, nil if there is none.
func (s *stores) GetSession(ctx context.Context, address string) (session []byte, err error) {
	err = s.view(ctx, func(r rows) error {
		session = readSession(r, address)
		return nil
	})
	return session, err
}

// HasSession says whether there is a session with the address.
func (s *stores) HasSession(ctx context.Context, address string) (has bool, err error) {
	err = s.view(ctx, func(r rows) error {
		has = r.get(tableSessions, []byte(address)) != nil
		return nil
	})
	return has, err
}

// GetManySessions answers an entry for every address that is asked for, nil where there is no
// session: the library fetches prekeys for those alone that are there as nil.
func (s *stores) GetManySessions(ctx context.Context, addresses []string) (map[string][]byte, error) {
	sessions := make(map[string][]byte, len(addresses))
	err := s.view(ctx, func(r rows) error {
		for _, address := range addresses {
			sessions[address] = readSession(r, address)
		}
		return nil
	})
	if err != nil || len(addresses) == 0 {
		return nil, err
	}
	return sessions, nil
}

// PutSession stores the session of an address.
func (s *stores) PutSession(ctx context.Context, address string, session []byte) error {
	return s.update(ctx, func(r rows) error { return r.put(tableSessions, []byte(address), session) })
}

// PutManySessions stores sessions, all or none. When it returns, the ratchets are on the disk and
// the message may leave.
func (s *stores) PutManySessions(ctx context.Context, sessions map[string][]byte) error {
	addresses := slices.Sorted(maps.Keys(sessions))
	return s.update(ctx, func(r rows) error {
		for _, address := range addresses {
			if err := r.put(tableSessions, []byte(address), sessions[address]); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteAllSessions forgets the sessions with all devices of a user, by phone and by LID.
func (s *stores) DeleteAllSessions(ctx context.Context, phone string) error {
	return s.deleteUser(ctx, tableSessions, phone)
}

// DeleteSession forgets the session with one address.
func (s *stores) DeleteSession(ctx context.Context, address string) error {
	return s.update(ctx, func(r rows) error { return r.delete(tableSessions, []byte(address)) })
}

// deleteUser deletes the rows of all addresses of a user. The library passes the bare user of a LID
// too, whose addresses are spelled with the LID domain behind.
func (s *stores) deleteUser(ctx context.Context, t table, user string) error {
	lid := types.JID{User: user, Server: types.HiddenUserServer}
	return s.update(ctx, func(r rows) error {
		if err := deletePrefix(r, t, []byte(user+":")); err != nil {
			return err
		}
		return deletePrefix(r, t, []byte(lid.SignalAddressUser()+":"))
	})
}

// PutSenderKey stores the sender key of a user in a group.
func (s *stores) PutSenderKey(ctx context.Context, group, user string, session []byte) error {
	return s.update(ctx, func(r rows) error { return r.put(tableSenderKeys, joinKey(user, group), session) })
}

// GetSenderKey answers the sender key of a user in a group, nil if there is none.
func (s *stores) GetSenderKey(ctx context.Context, group, user string) (key []byte, err error) {
	err = s.view(ctx, func(r rows) error {
		key = bytes.Clone(r.get(tableSenderKeys, joinKey(user, group)))
		return nil
	})
	return key, err
}

// migratedTables are keyed by signal address, so that the rows of a user are neighbours.
var migratedTables = [...]table{tableIdentities, tableSessions, tableSenderKeys}

// MigratePNToLID moves the sessions, identities and sender keys of a phone number to its LID, over
// those that are there. The library asks for it with every message, so a number that has been
// moved, or had nothing to move, is remembered once that is committed.
func (s *stores) MigratePNToLID(ctx context.Context, pn, lid types.JID) error {
	from, to := pn.SignalAddressUser(), lid.SignalAddressUser()
	var has bool
	err := s.view(ctx, func(r rows) error {
		if _, done := s.migrated.Load(from); done || from == to {
			return nil
		}
		for _, t := range migratedTables {
			has = has || hasPrefix(r, t, []byte(from+":"))
		}
		return nil
	})
	if err == nil && has {
		err = s.update(ctx, func(r rows) error { return migrate(r, from, to) })
	}
	if err != nil {
		return fmt.Errorf("move sessions to the LID: %w", err)
	}
	s.committed(ctx, func() { s.migrated.Store(from, nil) })
	return nil
}

func migrate(r rows, from, to string) error {
	type row struct{ key, value []byte }
	for _, t := range migratedTables {
		var moving []row
		r.each(t, []byte(from+":"), func(key, value []byte) bool {
			moving = append(moving, row{bytes.Clone(key), bytes.Clone(value)})
			return true
		})
		for _, m := range moving {
			key := append([]byte(to), m.key[len(from):]...)
			if err := r.put(t, key, m.value); err != nil {
				return err
			}
			if err := r.delete(t, m.key); err != nil {
				return err
			}
		}
	}
	return nil
}
