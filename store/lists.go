package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// A list is a name and a set of people, see members.go.

// List is a saved list of people. It stays when there is nobody on it; only
// DeleteList takes it away.
type List struct {
	ID   uint32 // its own, whatever it is called
	Name string
	Size int
	// Filter is set of a live list: whoever it chooses at the moment is on it, and
	// nobody is put on it or taken off.
	Filter string `json:",omitempty"`
}

// Live reports whether a filter says who is on a list.
func (l List) Live() bool { return l.Filter != "" }

// Lists returns the saved lists, by name.
func (b *Book) Lists() (lists []List, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		lists, err = listsTx(tx)
		return err
	})
	return lists, err
}

// ListNamed returns the list of that name, case and accents aside, or
// ErrNotFound.
func (b *Book) ListNamed(name string) (l List, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		l, err = listTx(tx, name)
		return err
	})
	return l, err
}

// CountLive sets the sizes of live lists among some: how many they choose now. One whose
// filter is a mistake, because a list or a field is gone, has the size -1.
func (b *Book) CountLive(ctx context.Context, lists []List) error {
	for i := range lists {
		l := &lists[i]
		if !l.Live() {
			continue
		}
		filter, err := people.ParseFilter(l.Filter)
		var found Found
		if err == nil {
			found, err = b.Search(ctx, filter)
		}
		wrong := (*people.FilterError)(nil)
		switch l.Size = found.Size(); {
		case errors.As(err, &wrong):
			l.Size = -1
		case err != nil:
			return err
		}
	}
	return nil
}

// SaveFilter makes a live list of a filter, or gives one that is there another filter. A
// list of people that has the name is ErrExists, a mistake in the filter is a
// *people.FilterError.
func (d *Desk) SaveFilter(name, filter string) (l List, err error) {
	if name, err = people.ListName(name); err != nil {
		return l, err
	}
	parsed, err := people.ParseFilter(filter)
	if err == nil && parsed.Root() == nil {
		err = &people.FilterError{Reason: reason.New(reason.FilterEmpty)}
	}
	if err != nil {
		return l, err
	}
	return l, d.write(VerbListFilter, func(tx *bolt.Tx, e *Entry) error {
		l, err = listTx(tx, name)
		if errors.Is(err, ErrNotFound) {
			l = List{Name: name}
			l.ID, err = newListIDTx(tx)
		} else if err == nil && !l.Live() {
			err = reason.Because(ErrExists, reason.ListExists, l.Name)
		}
		if err != nil {
			return err
		}
		before := l.Filter
		l.Filter = parsed.String()
		if err := putListTx(tx, l); err != nil {
			return err
		}
		if _, err := liveTx(tx, parsed); err != nil { // it may have come to contain itself
			return err
		}
		if err := checkNamedTx(tx, parsed); err != nil {
			return err
		}
		e.onList(l)
		e.change("filter", before, l.Filter)
		return nil
	})
}

// liveTx puts the filters of live lists in place of them.
func liveTx(tx *bolt.Tx, f people.Filter) (people.Filter, error) {
	return f.Expand(func(name string) (inner people.Filter, live bool, err error) {
		l, err := listTx(tx, name)
		if name == people.AnyList || errors.Is(err, ErrNotFound) {
			return inner, false, nil // said by whoever looks for it
		}
		if err == nil && l.Live() {
			inner, err = people.ParseFilter(l.Filter)
		}
		return inner, l.Live(), err
	})
}

// heldTx is a list that people are put on by their names.
func heldTx(tx *bolt.Tx, name string) (List, error) {
	l, err := listTx(tx, name)
	if err == nil && l.Live() {
		err = reason.Because(ErrState, reason.ListLive, l.Name)
	}
	return l, err
}

// SaveList makes a list of exactly those people. If there is one of that name,
// case and accents aside, they replace the people on it. People who are no
// longer in the book are left out.
func (d *Desk) SaveList(name string, ids []people.ContactID) (List, error) {
	return d.enlist(VerbListSave, name, ids, func(tx *bolt.Tx, e *Entry, name string, people people.Set) (List, error) {
		l, err := heldTx(tx, name)
		if errors.Is(err, ErrNotFound) {
			l.Name = name
			if l.ID, err = newListIDTx(tx); err != nil {
				return l, err
			}
		} else if err != nil {
			return l, err
		}
		before := l.Size
		l, err = putMembersTx(tx, l, people)
		e.sized(l, before)
		return l, err
	})
}

// AddToList puts people on a list that is there already; ErrNotFound if it is
// not. The people on it stay.
func (d *Desk) AddToList(name string, ids []people.ContactID) (List, error) {
	return d.enlist(VerbListAdd, name, ids, func(tx *bolt.Tx, e *Entry, name string, people people.Set) (List, error) {
		l, err := heldTx(tx, name)
		if err != nil {
			return l, err
		}
		before := l.Size
		l, err = putMembersTx(tx, l, people.Union(membersTx(tx, l.ID)))
		e.sized(l, before)
		return l, err
	})
}

// sized notes how many people are on a list now.
func (e *Entry) sized(l List, before int) {
	e.onList(l)
	e.change("size", strconv.Itoa(before), strconv.Itoa(l.Size))
}

// errLeft is returned by a change of a list when somebody has left the book
// since the people were looked up.
var errLeft = errors.New("somebody has left the book meanwhile")

// enlist looks up which of the people are in the book, which takes a while if
// they are many, and then changes a list with them in one short transaction.
func (d *Desk) enlist(v Verb, name string, ids []people.ContactID, change func(*bolt.Tx, *Entry, string, people.Set) (List, error)) (l List, err error) {
	if !d.May(v) {
		return l, ErrRole
	}
	if name, err = people.ListName(name); err != nil {
		return l, err
	}
	for patience := 3; ; patience-- {
		var people people.Set
		var left uint64
		err = d.book.view(func(tx *bolt.Tx) error {
			people, left = presentTx(tx, ids), leftBookTx(tx)
			return nil
		})
		if err != nil {
			return l, err
		}
		err = d.write(v, func(tx *bolt.Tx, e *Entry) error {
			if leftBookTx(tx) != left {
				if patience > 0 {
					return errLeft
				}
				people = presentTx(tx, ids)
			}
			l, err = change(tx, e, name, people)
			return err
		})
		if !errors.Is(err, errLeft) {
			return l, err
		}
	}
}

// RenameList calls a list something else. A filter that names it does not
// follow, see ListDrafts. A name that another list has is ErrExists.
func (d *Desk) RenameList(name, to string) error {
	if !d.May(VerbListRename) {
		return ErrRole
	}
	to, err := people.ListName(to)
	if err != nil {
		return err
	}
	return d.write(VerbListRename, func(tx *bolt.Tx, e *Entry) error {
		l, err := listTx(tx, name)
		if err != nil {
			return err
		}
		if other, err := listTx(tx, to); err == nil && other.ID != l.ID {
			return reason.Because(ErrExists, reason.ListExists, to)
		}
		if err := listsTable.Delete(tx, people.Fold(l.Name)); err != nil {
			return err
		}
		e.change("name", l.Name, to)
		l.Name = to
		e.onList(l)
		return putListTx(tx, l)
	})
}

// EmptyList takes everybody off a list, which stays.
func (d *Desk) EmptyList(name string) error {
	return d.write(VerbListEmpty, func(tx *bolt.Tx, e *Entry) error {
		l, err := heldTx(tx, name)
		if err != nil {
			return err
		}
		before := l.Size
		l, err = putMembersTx(tx, l, nil)
		e.sized(l, before)
		return err
	})
}

// DeleteList takes a list away. The people stay.
func (d *Desk) DeleteList(name string) error {
	return d.write(VerbListDelete, func(tx *bolt.Tx, e *Entry) error {
		l, err := listTx(tx, name)
		if err != nil {
			return err
		}
		e.onList(l)
		e.change("name", l.Name, "")
		e.count("people", l.Size)
		if _, err := putMembersTx(tx, l, nil); err != nil {
			return err
		}
		return listsTable.Delete(tx, people.Fold(l.Name))
	})
}

// ListDrafts returns the names of the drafts whose audience names a list, by
// the folded name of the list: to rename or delete it leaves them without one.
func (b *Book) ListDrafts() (map[string][]string, error) {
	all, err := b.Campaigns()
	drafts := make(map[string][]string)
	for _, c := range all {
		if c.Status != campaign.Draft {
			continue
		}
		filter, err := people.ParseFilter(c.To)
		if err != nil {
			continue // a draft may be unfinished
		}
		for _, l := range filter.Lists() {
			name := people.Fold(l.Name)
			if !slices.Contains(drafts[name], c.Name) {
				drafts[name] = append(drafts[name], c.Name)
			}
		}
	}
	return drafts, err
}

func listsTx(tx *bolt.Tx) (lists []List, err error) {
	err = listsTable.ForEach(tx, func(_, v []byte) error {
		var l List
		if err := json.Unmarshal(v, &l); err != nil {
			return err
		}
		lists = append(lists, l)
		return nil
	})
	return lists, err
}

func listTx(tx *bolt.Tx, name string) (l List, err error) {
	v := listsTable.Get(tx, people.Fold(strings.Join(strings.Fields(name), " ")))
	if v == nil {
		return l, reason.Because(ErrNotFound, reason.ListNotFound, name)
	}
	return l, json.Unmarshal(v, &l)
}

func newListIDTx(tx *bolt.Tx) (uint32, error) {
	id, err := listsTable.Next(tx)
	return uint32(id), err
}

func putListTx(tx *bolt.Tx, l List) error {
	v, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return listsTable.Put(tx, people.Fold(l.Name), v)
}
