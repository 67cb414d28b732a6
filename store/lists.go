package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"recado/campaign"
)

// List is a saved list of people.
type List struct {
	Name string
	Size int
}

// Lists returns the saved lists, by name.
func (b *Book) Lists() (lists []List, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		return bucket(tx, "lists").ForEach(func(_, v []byte) error {
			var l List
			if err := json.Unmarshal(v, &l); err != nil {
				return err
			}
			lists = append(lists, l)
			return nil
		})
	})
	return lists, err
}

// SaveList puts people on a list, making it if there is none of that name,
// case and accents aside. Whoever was on it stays; who is in the book no more
// is passed over.
func (b *Book) SaveList(name string, ids []campaign.ContactID) error {
	if name = strings.Join(strings.Fields(name), " "); campaign.Fold(name) == "" {
		return errors.New("a list needs a name")
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return inChunks(context.Background(), b, ids, func(tx *bolt.Tx, part []campaign.ContactID) error { return enlistTx(tx, name, part) })
}

func enlistTx(tx *bolt.Tx, name string, ids []campaign.ContactID) error {
	for _, id := range ids {
		c, err := contactTx(tx, id)
		if errors.Is(err, ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		lists := union(c.Lists, []string{name})
		if len(lists) == len(c.Lists) {
			continue
		}
		c.Lists = lists
		if err := putContactTx(tx, &c); err != nil {
			return err
		}
	}
	return nil
}

// listsChangeTx keeps the sizes of the lists that a person came to or left. A
// list with nobody on it is none.
func listsChangeTx(tx *bolt.Tx, before, after []string) error {
	for _, name := range before {
		if !slices.Contains(after, name) {
			if err := resizeListTx(tx, name, -1); err != nil {
				return err
			}
		}
	}
	for _, name := range after {
		if !slices.Contains(before, name) {
			if err := resizeListTx(tx, name, 1); err != nil {
				return err
			}
		}
	}
	return nil
}

func resizeListTx(tx *bolt.Tx, name string, by int) error {
	k := []byte(campaign.Fold(name))
	l := List{Name: name}
	if v := bucket(tx, "lists").Get(k); v != nil {
		if err := json.Unmarshal(v, &l); err != nil {
			return err
		}
	}
	if l.Size += by; l.Size <= 0 {
		return bucket(tx, "lists").Delete(k)
	}
	v, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return bucket(tx, "lists").Put(k, v)
}
