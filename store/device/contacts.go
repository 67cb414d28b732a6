package device

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"recado/store/bolt"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

var errEmptyJID = errors.New("an empty JID")

func encodeContact(c *types.ContactInfo) []byte {
	return appendContact(make([]byte, 0, contactSize(c)), c)
}

func appendContact(row []byte, c *types.ContactInfo) []byte {
	for _, v := range [...]string{c.FirstName, c.FullName, c.PushName, c.BusinessName, c.RedactedPhone} {
		row = bolt.AppendText(row, v)
	}
	return row
}

// contactSize is the most that the row of c takes.
func contactSize(c *types.ContactInfo) int {
	return 5*binary.MaxVarintLen32 + len(c.FirstName) + len(c.FullName) + len(c.PushName) + len(c.BusinessName) + len(c.RedactedPhone)
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
// winning: a book that is read again brings its changes after what they changed. It comes once, right
// after the version of the address book was committed, so it is on the disk when it returns. It goes
// there without waiting in memory, together with all that does wait; who else wants to change
// contacts of this device waits for it. If the disk refuses it, it waits in memory like the rest.
func (s *stores) PutAllContactNames(_ context.Context, contacts []store.ContactEntry) error {
	if s.unpaired {
		return ErrNotPaired
	}
	book := sortBook(contacts)
	if len(book) == 0 {
		return s.alive()
	}
	err := s.writeAhead(func(r *diskRows) error { return putBook(r, book) })
	if err == nil || s.c.Err() == nil {
		return err
	}
	_ = s.updateBehind(func(r rows) error { // the caller is told that it is not on the disk
		for _, e := range book {
			if err := editContact(r, []byte(e.key), setNames(e.FirstName, e.FullName)); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// bookEntry is one line of an address book and the key of its row.
type bookEntry struct {
	key string
	*store.ContactEntry
}

// sortBook sorts an address book by key, with the last entry of each.
func sortBook(contacts []store.ContactEntry) []bookEntry {
	book := make([]bookEntry, 0, len(contacts))
	for i := range contacts {
		if c := &contacts[i]; !c.JID.IsEmpty() {
			book = append(book, bookEntry{jidString(c.JID), c})
		}
	}
	slices.SortStableFunc(book, func(a, b bookEntry) int { return strings.Compare(a.key, b.key) })
	last := book[:0]
	for i, e := range book {
		if i+1 == len(book) || book[i+1].key != e.key {
			last = append(last, e)
		}
	}
	return last
}

// bookFill is how full a page is left by an address book, whose rows come in the order of their keys.
const bookFill = 0.9

// putBook writes a sorted address book. Values lie in arena, which bbolt wants unchanged until the
// transaction ends.
func putBook(r *diskRows, book []bookEntry) error {
	b, err := r.make(tableContacts)
	if err != nil {
		return err
	}
	b.Fill(bookFill)
	empty := b.Empty()
	var arena []byte
	for _, e := range book {
		var c types.ContactInfo
		if !empty {
			if row := b.Get([]byte(e.key)); row != nil {
				if c, err = decodeContact(row); err != nil {
					return err
				}
			}
		}
		if !setNames(e.FirstName, e.FullName)(&c) {
			continue
		}
		if cap(arena)-len(arena) < contactSize(&c) {
			arena = make([]byte, 0, max(64<<10, contactSize(&c)))
		}
		begin := len(arena)
		arena = appendContact(arena, &c)
		if err := b.Put([]byte(e.key), arena[begin:len(arena):len(arena)]); err != nil {
			return fmt.Errorf("write %s: %w", tableNames[tableContacts], err)
		}
	}
	return nil
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
	muted            int64 // Unix seconds; 0: not muted, -1: forever
	pinned, archived bool
}

func decodeChat(row []byte) (c chat, err error) {
	if len(row) != 10 {
		return c, bolt.ErrRecord
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
