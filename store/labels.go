package store

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// The labels that people give to chats on the phone of a number are tags of the
// persons here, under the names that they have there. They follow the phone: what
// it renames, deletes or takes from a chat changes here too, and nobody takes them
// away by hand. A tag of the same name that we had given before stays when the label
// goes.

// labelSet is what a number's phone calls its labels.
type labelSet struct {
	Link  uint32            // the link whose labels have all been told; 0: of none
	Names map[string]string // by id; an empty name: it was deleted
}

func labelSetTx(tx *bolt.Tx, number campaign.NumberID) (s labelSet, err error) {
	if v := labelsTable.Get(tx, number); v != nil {
		err = json.Unmarshal(v, &s)
	}
	if s.Names == nil {
		s.Names = make(map[string]string)
	}
	return s, err
}

func putLabelSetTx(tx *bolt.Tx, number campaign.NumberID, s labelSet) error {
	v, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return labelsTable.Put(tx, number, v)
}

// LabelsKnown reports whether all the labels of the present link of a number have
// been told.
func (b *Book) LabelsKnown(number campaign.NumberID) (known bool, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		s, err := labelSetTx(tx, number)
		if err != nil {
			return err
		}
		n, err := numberTx(tx, number)
		known = s.Link != 0 && s.Link == n.Link
		return err
	})
	return known, err
}

// Labels is told of the labels on the phone of a number: what has changed, or the
// whole of them. What is told twice changes nothing.
func (b *Book) Labels(number campaign.NumberID, whole bool, changes []people.LabelChange) error {
	named := false // a label that people have may have another name
	err := b.update(func(tx *bolt.Tx) error {
		before, err := labelSetTx(tx, number)
		if err != nil {
			return err
		}
		after := labelSet{Link: before.Link, Names: maps.Clone(before.Names)}
		if whole {
			clear(after.Names)
		}
		for _, c := range changes {
			if isNobodys(c.Who) {
				after.Names[c.ID] = c.Name
			}
		}
		if named = !maps.Equal(before.Names, after.Names); !named {
			return nil
		}
		return putLabelSetTx(tx, number, after)
	})
	if err != nil {
		return err
	}
	var chats []people.LabelChange
	for _, c := range changes {
		if !isNobodys(c.Who) && (c.On || !whole) {
			chats = append(chats, c)
		}
	}
	has := make(map[people.ContactID][]string) // of a whole, by person: the ids
	err = inChunks(context.Background(), b, chats, func(tx *bolt.Tx, part []people.LabelChange) error {
		now := b.clock.Now()
		names, err := labelSetTx(tx, number)
		if err != nil {
			return err
		}
		for _, c := range part {
			id, err := seenTx(tx, number, c.Who, now)
			if err != nil {
				return err
			}
			has[id] = append(has[id], c.ID)
			if err := labelTx(tx, id, number, names.Names, c.ID, c.On); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !whole && !named {
		return err
	}
	// Whoever has a label of this number may have one that is gone, or is called
	// something else.
	var labelled []people.ContactID
	if err := b.view(func(tx *bolt.Tx) error {
		for k := range labelledTable.Each(tx, labelledTable.Of(number)) {
			_, id := labelledTable.Parts(k)
			labelled = append(labelled, id)
		}
		return nil
	}); err != nil {
		return err
	}
	err = inChunks(context.Background(), b, labelled, func(tx *bolt.Tx, part []people.ContactID) error {
		names, err := labelSetTx(tx, number)
		if err != nil {
			return err
		}
		for _, id := range part {
			c, ok, err := knownTx(tx, id)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			err = relabelTx(tx, &c, number, func(l people.Label) (string, bool) {
				name, known := names.Names[l.ID]
				return name, (!known || name != "") && (!whole || slices.Contains(has[id], l.ID) || slices.Contains(has[c.ID], l.ID))
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !whole {
		return err
	}
	return b.update(func(tx *bolt.Tx) error {
		s, err := labelSetTx(tx, number)
		if err != nil {
			return err
		}
		n, err := numberTx(tx, number)
		if err != nil || s.Link == n.Link {
			return err
		}
		s.Link = n.Link
		return putLabelSetTx(tx, number, s)
	})
}

func isNobodys(s people.Seen) bool { return s.Phone == "" && s.LID == "" }

// labelTx gives a person a label of a number, or takes it away.
func labelTx(tx *bolt.Tx, id people.ContactID, number campaign.NumberID, names map[string]string, label string, on bool) error {
	c, err := contactTx(tx, id)
	if err != nil {
		return err
	}
	name, known := names[label]
	if known && name == "" {
		on = false // it was deleted
	}
	if has := hasLabel(&c, number, label); on && !has && len(c.Tags) < people.MaxTags {
		c.Labels = append(slices.Clone(c.Labels), people.Label{Number: number, ID: label, Name: name, Ours: c.Ours(name)})
		return putContactTx(tx, &c)
	}
	return relabelTx(tx, &c, number, func(l people.Label) (string, bool) {
		if l.ID != label {
			return l.Name, true
		}
		return name, on
	})
}

func hasLabel(c *people.Contact, number campaign.NumberID, label string) bool {
	return slices.ContainsFunc(c.Labels, func(l people.Label) bool { return l.Number == number && l.ID == label })
}

// uniteLabels are the labels of two records of one person. What we gave to one of
// them is ours.
func uniteLabels(k, g *people.Contact) (all []people.Label) {
	for _, l := range k.Labels {
		l.Ours = l.Ours || g.Ours(l.Name)
		all = append(all, l)
	}
	for _, l := range g.Labels {
		if !hasLabel(k, l.Number, l.ID) {
			l.Ours = l.Ours || k.Ours(l.Name)
			all = append(all, l)
		}
	}
	return all
}

// relabelTx gives the labels of a number that a person has their names of today,
// or takes them away, as keep says.
func relabelTx(tx *bolt.Tx, c *people.Contact, number campaign.NumberID, keep func(people.Label) (name string, ok bool)) error {
	before := cloneContact(c)
	c.Labels = nil
	for _, l := range before.Labels {
		if l.Number == number {
			name, ok := keep(l)
			if !ok {
				continue
			}
			if people.Fold(name) != people.Fold(l.Name) {
				l.Ours = before.Ours(name)
			}
			l.Name = name
		}
		c.Labels = append(c.Labels, l)
	}
	// What was a label's alone is no tag any more.
	c.Tags = slices.DeleteFunc(c.Tags, func(tag string) bool { return !before.Ours(tag) && !c.Labelled(tag) })
	withLabels(c)
	if sameContact(&before, c) {
		return nil
	}
	return putContactTx(tx, c)
}

// withLabels makes the labels of a person tags of theirs, whatever somebody did to
// the tags. What they took away is the label's alone from then on.
func withLabels(c *people.Contact) {
	for i, l := range c.Labels {
		if l.Name != "" && !folds(c.Tags, l.Name) {
			for j := range c.Labels[i:] {
				if people.Fold(c.Labels[i+j].Name) == people.Fold(l.Name) {
					c.Labels[i+j].Ours = false
				}
			}
			c.Tags = append(c.Tags, l.Name)
		}
	}
}

// relabelledTx keeps in "labelled" whose labels there are.
func relabelledTx(tx *bolt.Tx, id people.ContactID, before, after *people.Contact) error {
	numbers := func(c *people.Contact) (all []campaign.NumberID) {
		for _, l := range c.Labels {
			if !slices.Contains(all, l.Number) {
				all = append(all, l.Number)
			}
		}
		return all
	}
	was, is := numbers(before), numbers(after)
	for _, n := range was {
		if !slices.Contains(is, n) {
			if err := labelledTable.Delete(tx, n, id); err != nil {
				return err
			}
		}
	}
	for _, n := range is {
		if !slices.Contains(was, n) {
			if err := labelledTable.Put(tx, n, id, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// labels checks that who has labels of a number stands in "labelled", and nobody
// else.
func (c *checking) labels(labelled map[string]bool) {
	c.each(labelsTable, -1, func(k, v []byte) {
		var s labelSet
		if json.Unmarshal(v, &s) != nil {
			c.damaged(labelsTable, k)
		} else if !c.has(numbersTable, k) {
			c.stray(labelsTable, k)
		}
	})
	c.each(labelledTable, 0, func(k, _ []byte) {
		number, _ := labelledTable.Parts(k)
		if !labelsTable.Has(c.tx, number) {
			c.missing(labelsTable, labelsTable.Key(number))
		}
		if !labelled[string(k)] {
			c.stray(labelledTable, bytes.Clone(k))
		}
		delete(labelled, string(k))
	})
	for k := range labelled {
		c.missing(labelledTable, []byte(k))
	}
}
