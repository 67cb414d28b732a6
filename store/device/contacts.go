package device

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

var errEmptyJID = errors.New("an empty JID")

func encodeContact(c *types.ContactInfo) []byte {
	row := make([]byte, 0, 5+len(c.FirstName)+len(c.FullName)+len(c.PushName)+len(c.BusinessName)+len(c.RedactedPhone))
	for _, v := range []string{c.FirstName, c.FullName, c.PushName, c.BusinessName, c.RedactedPhone} {
		row = appendField(row, v)
	}
	return row
}

func readContact(r rows, key []byte) (c types.ContactInfo, err error) {
	if row := r.get(tableContacts, key); row != nil {
		c, err = decodeContact(row)
	}
	return c, err
}

func decodeContact(row []byte) (c types.ContactInfo, err error) {
	c.Found = true
	err = stringFields(row, &c.FirstName, &c.FullName, &c.PushName, &c.BusinessName, &c.RedactedPhone)
	return c, err
}

// editContact changes the row of user if edit says so.
func (s *stores) editContact(user types.JID, edit func(c *types.ContactInfo) (changed bool)) error {
	if user.IsEmpty() {
		return fmt.Errorf("save contact: %w", errEmptyJID)
	}
	return s.updateBehind(func(r rows) error { return editContact(r, jidKey(user), edit) })
}

func editContact(r rows, key []byte, edit func(c *types.ContactInfo) (changed bool)) error {
	c, err := readContact(r, key)
	if err != nil || !edit(&c) {
		return err
	}
	return r.put(tableContacts, key, encodeContact(&c))
}

// PutPushName notes the name that somebody has given himself. It answers whether that is news, and
// what he was called before.
func (s *stores) PutPushName(
	_ context.Context, user types.JID, pushName string,
) (changed bool, previous string, err error) {
	return s.putName(user, pushName, func(c *types.ContactInfo) *string { return &c.PushName })
}

// PutBusinessName notes the verified name of a business. It answers whether that is news, and what
// the name was before.
func (s *stores) PutBusinessName(
	_ context.Context, user types.JID, businessName string,
) (changed bool, previous string, err error) {
	return s.putName(user, businessName, func(c *types.ContactInfo) *string { return &c.BusinessName })
}

func (s *stores) putName(
	user types.JID, name string, field func(*types.ContactInfo) *string,
) (changed bool, previous string, err error) {
	err = s.editContact(user, func(c *types.ContactInfo) bool {
		changed = *field(c) != name
		if changed {
			previous, *field(c) = *field(c), name
		}
		return changed
	})
	return changed, previous, err
}

// PutContactName notes the names of the phone's address book. The interface calls its arguments
// (fullName, firstName); the library passes the first name first, and so does its own store.
func (s *stores) PutContactName(_ context.Context, user types.JID, firstName, fullName string) error {
	return s.editContact(user, setNames(firstName, fullName))
}

func setNames(first, full string) func(c *types.ContactInfo) bool {
	return func(c *types.ContactInfo) bool {
		changed := c.FirstName != first || c.FullName != full
		c.FirstName, c.FullName = first, full
		return changed
	}
}

// PutAllContactNames is PutContactName for a whole address book, the last of two entries for one JID
// winning: a book that is read anew brings its changes after what they changed. It comes once, right
// after the version of the address book was committed, so it is on the disk when it returns.
func (s *stores) PutAllContactNames(_ context.Context, contacts []store.ContactEntry) error {
	type entry struct {
		key string
		at  int
	}
	order := make([]entry, 0, len(contacts))
	for i := range contacts {
		if !contacts[i].JID.IsEmpty() {
			order = append(order, entry{contacts[i].JID.String(), i})
		}
	}
	slices.SortFunc(order, func(a, b entry) int {
		return cmp.Or(strings.Compare(a.key, b.key), b.at-a.at)
	})
	order = slices.CompactFunc(order, func(a, b entry) bool { return a.key == b.key })
	err := s.updateBehind(func(r rows) error {
		for _, e := range order {
			c := &contacts[e.at]
			if err := editContact(r, []byte(e.key), setNames(c.FirstName, c.FullName)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || len(order) == 0 {
		return err
	}
	return s.c.writer.flush()
}

// PutManyRedactedPhones notes the hints of phone numbers that the service shows for people whose
// number it hides, the first of two for one JID winning.
func (s *stores) PutManyRedactedPhones(_ context.Context, entries []store.RedactedPhoneEntry) error {
	return s.updateBehind(func(r rows) error {
		for _, e := range slices.Backward(entries) {
			if e.JID.IsEmpty() {
				continue
			}
			err := editContact(r, jidKey(e.JID), func(c *types.ContactInfo) bool {
				changed := c.RedactedPhone != e.RedactedPhone
				c.RedactedPhone = e.RedactedPhone
				return changed
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// GetContact answers what is known of a JID; Found is false if nothing is.
func (s *stores) GetContact(_ context.Context, user types.JID) (c types.ContactInfo, err error) {
	err = s.viewBehind(func(r rows) (err error) {
		c, err = readContact(r, jidKey(user))
		return err
	})
	return c, err
}

// GetAllContacts answers every contact.
func (s *stores) GetAllContacts(_ context.Context) (map[types.JID]types.ContactInfo, error) {
	all := make(map[types.JID]types.ContactInfo)
	err := s.viewBehind(func(r rows) (err error) {
		r.each(tableContacts, nil, func(key, row []byte) bool {
			var jid types.JID
			if jid, err = parseJID(string(key)); err == nil {
				all[jid], err = decodeContact(row)
			}
			return err == nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// chat is the settings of one chat as they are stored.
type chat struct {
	muted            int64 // Unix seconds; 0: not muted, -1: for ever
	pinned, archived bool
}

func decodeChat(row []byte) (c chat, err error) {
	if len(row) != 10 {
		return c, errRow
	}
	c.muted, row = takeInt64(row)
	return chat{c.muted, row[0] == 1, row[1] == 1}, nil
}

func (c chat) encode() []byte {
	row := append(appendInt64(make([]byte, 0, 10), c.muted), 0, 0)
	if c.pinned {
		row[8] = 1
	}
	if c.archived {
		row[9] = 1
	}
	return row
}

func (s *stores) editChat(jid types.JID, edit func(c *chat)) error {
	if jid.IsEmpty() {
		return fmt.Errorf("save chat settings: %w", errEmptyJID)
	}
	return s.updateBehind(func(r rows) error {
		var c chat
		old := r.get(tableChats, jidKey(jid))
		if old != nil {
			var err error
			if c, err = decodeChat(old); err != nil {
				return err
			}
		}
		was := c
		edit(&c)
		if old != nil && c == was {
			return nil
		}
		return r.put(tableChats, jidKey(jid), c.encode())
	})
}

// PutMutedUntil notes until when a chat is muted: store.MutedForever, or the zero time for not at all.
func (s *stores) PutMutedUntil(_ context.Context, jid types.JID, mutedUntil time.Time) error {
	var muted int64
	if mutedUntil.Equal(store.MutedForever) {
		muted = -1
	} else if !mutedUntil.IsZero() {
		muted = mutedUntil.Unix()
	}
	return s.editChat(jid, func(c *chat) { c.muted = muted })
}

// PutPinned notes whether a chat is pinned.
func (s *stores) PutPinned(_ context.Context, jid types.JID, pinned bool) error {
	return s.editChat(jid, func(c *chat) { c.pinned = pinned })
}

// PutArchived notes whether a chat is archived.
func (s *stores) PutArchived(_ context.Context, jid types.JID, archived bool) error {
	return s.editChat(jid, func(c *chat) { c.archived = archived })
}

// GetChatSettings answers the settings of a chat; Found is false if none were ever noted.
func (s *stores) GetChatSettings(_ context.Context, jid types.JID) (settings types.LocalChatSettings, err error) {
	err = s.viewBehind(func(r rows) error {
		row := r.get(tableChats, jidKey(jid))
		if row == nil {
			return nil
		}
		c, err := decodeChat(row)
		if err != nil {
			return err
		}
		settings = types.LocalChatSettings{Found: true, Pinned: c.pinned, Archived: c.archived}
		if c.muted < 0 {
			settings.MutedUntil = store.MutedForever
		} else {
			settings.MutedUntil = unixTime(c.muted)
		}
		return nil
	})
	return settings, err
}
