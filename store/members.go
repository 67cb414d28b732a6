package store

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"recado/campaign/people"
	"recado/store/bolt"
)

// Who is on a list is a set with a bit for each contact, in blocks: a list of a
// million people is sixty rows, so that it is replaced, emptied or deleted in one
// short transaction, and is never half of each.

// memberBlock is how many bytes of a set are one row.
const memberBlock = 2048

// membersTx reads who is on a list.
func membersTx(tx *bolt.Tx, list uint32) (members people.Set) {
	last, _ := memberPlace(people.ContactID(contactsTable.Given(tx)))
	for k, v := range membersTable.Each(tx, membersTable.Of(list)) {
		if _, n := membersTable.Parts(k); n <= last { // a damaged key is no reason to take all memory
			putMemberRow(&members, n, v)
		}
	}
	return members
}

// putMembersTx writes who is on a list, and the list with its size. Rows that
// are as they were are not written.
func putMembersTx(tx *bolt.Tx, l List, people people.Set) (List, error) {
	blocks := max(memberRows(people), memberRows(membersTx(tx, l.ID)))
	for n := range blocks {
		v := memberRow(people, n)
		if have := membersTable.Get(tx, l.ID, n); string(have) == string(v) {
			continue
		}
		var err error
		if v == nil {
			err = membersTable.Delete(tx, l.ID, n)
		} else {
			err = membersTable.Put(tx, l.ID, n, v)
		}
		if err != nil {
			return l, err
		}
	}
	l.Size = people.Size()
	return l, putListTx(tx, l)
}

// presentTx is those of ids who are in the book, by the ids they have now.
func presentTx(tx *bolt.Tx, ids []people.ContactID) (people people.Set) {
	for _, id := range ids {
		if id = mergedTx(tx, id); existsTx(tx, id) {
			people.Add(id)
		}
	}
	return people
}

// leftBookTx is how often somebody has left the book: an id that was looked up
// before is somebody's still if it is the same.
func leftBookTx(tx *bolt.Tx) uint64 { return membersTable.Given(tx) }

// leaveListsTx takes a person who leaves the book off every list, and puts
// heir, whose record takes theirs in, on them; 0: nobody.
func leaveListsTx(tx *bolt.Tx, id, heir people.ContactID) error {
	if _, err := membersTable.Next(tx); err != nil {
		return err
	}
	rolls, err := rostersTx(tx)
	if err != nil {
		return err
	}
	gone := people.Contact{ID: id}
	rolls.fill(&gone)
	for _, name := range gone.Lists {
		l, err := listTx(tx, name)
		if err != nil {
			return err
		}
		people := membersTx(tx, l.ID)
		people.Remove(id)
		if heir != 0 {
			people.Add(heir)
		}
		if _, err := putMembersTx(tx, l, people); err != nil {
			return err
		}
	}
	return nil
}

// joining are people who are put on lists, by the name of the list.
type joining map[string][]people.ContactID

func (j joining) add(names []string, id people.ContactID) {
	for _, name := range names {
		j[name] = append(j[name], id)
	}
}

// applyTx puts them on the lists, of which those that are not there are made. It
// writes the rows that change, however long a list is.
func (j joining) applyTx(tx *bolt.Tx) error {
	for _, name := range slices.Sorted(maps.Keys(j)) {
		l, err := listTx(tx, name)
		if errors.Is(err, ErrNotFound) {
			l.Name = name
			l.ID, err = newListIDTx(tx)
		}
		if err != nil {
			return err
		}
		if l.Live() {
			continue
		}
		rows := make(map[uint32][]byte)
		before := l.Size
		for _, id := range j[name] {
			n, bit := memberPlace(id)
			row, ok := rows[n]
			if !ok {
				row = make([]byte, memberBlock)
				copy(row, membersTable.Get(tx, l.ID, n))
				rows[n] = row
			}
			if row[bit/8]&(1<<(bit%8)) == 0 {
				row[bit/8] |= 1 << (bit % 8)
				l.Size++
			}
		}
		if l.Size == before {
			continue
		}
		for n, row := range rows {
			if err := membersTable.Put(tx, l.ID, n, row); err != nil {
				return err
			}
		}
		if err := putListTx(tx, l); err != nil {
			return err
		}
	}
	return nil
}

// rosters tell on which lists people are, for one transaction.
type rosters struct {
	tx    *bolt.Tx
	lists []roster
}

// roster is a list and the rows of its set that have been looked at.
type roster struct {
	List
	rows map[uint32][]byte
}

// rostersTx looks at the lists that are named, at all of them if none is.
func rostersTx(tx *bolt.Tx, named ...people.Named) (rosters, error) {
	r := rosters{tx: tx}
	lists, err := listsTx(tx)
	for _, l := range lists {
		if len(named) == 0 || slices.ContainsFunc(named, func(n people.Named) bool {
			return n.Name == people.AnyList || people.Fold(n.Name) == people.Fold(l.Name)
		}) {
			r.lists = append(r.lists, roster{l, make(map[uint32][]byte)})
		}
	}
	return r, err
}

// fill sets the lists of a person.
func (r rosters) fill(c *people.Contact) {
	c.Lists = c.Lists[:0]
	n, bit := memberPlace(c.ID)
	for i := range r.lists {
		l := &r.lists[i]
		row, ok := l.rows[n]
		if !ok {
			row = membersTable.Get(r.tx, l.ID, n)
			l.rows[n] = row
		}
		if len(row) == memberBlock && row[bit/8]&(1<<(bit%8)) != 0 {
			c.Lists = append(c.Lists, l.Name)
		}
	}
}

// memberPlace is where the bit of a person is: the row, and the bit in it.
func memberPlace(id people.ContactID) (row uint32, bit int) {
	return uint32(id / (memberBlock * 8)), int(id % (memberBlock * 8))
}

// memberRows is how many rows the set takes.
func memberRows(s people.Set) uint32 { return uint32((len(s)*8 + memberBlock - 1) / memberBlock) }

// memberRow is row n of the set; nil if there is nobody in it.
func memberRow(s people.Set, n uint32) []byte {
	const words = memberBlock / 8
	from := min(int(n)*words, len(s))
	part := s[from:min(from+words, len(s))]
	if !slices.ContainsFunc(part, func(word uint64) bool { return word != 0 }) {
		return nil
	}
	v := make([]byte, memberBlock)
	for i, word := range part {
		binary.LittleEndian.PutUint64(v[i*8:], word)
	}
	return v
}

// putMemberRow sets row n of the set; a row of another size is passed over.
func putMemberRow(s *people.Set, n uint32, v []byte) {
	const words = memberBlock / 8
	if len(v) != memberBlock {
		return
	}
	if need := (int(n) + 1) * words; need > len(*s) {
		*s = append(*s, make(people.Set, need-len(*s))...)
	}
	for i := range words {
		(*s)[int(n)*words+i] = binary.LittleEndian.Uint64(v[i*8:])
	}
}

// leaveTx takes people off a list. It writes the rows that change, however long the
// list is.
func leaveTx(tx *bolt.Tx, l List, who people.Set) error {
	before := l.Size
	rows := make(map[uint32][]byte)
	for id := range who.All() {
		n, bit := memberPlace(id)
		row, ok := rows[n]
		if !ok {
			row = slices.Clone(membersTable.Get(tx, l.ID, n))
			rows[n] = row
		}
		if len(row) == memberBlock && row[bit/8]&(1<<(bit%8)) != 0 {
			row[bit/8] &^= 1 << (bit % 8)
			l.Size--
		}
	}
	if l.Size == before {
		return nil
	}
	for n, row := range rows {
		var err error
		if row == nil {
			continue
		}
		if !slices.ContainsFunc(row, func(b byte) bool { return b != 0 }) {
			err = membersTable.Delete(tx, l.ID, n)
		} else {
			err = membersTable.Put(tx, l.ID, n, row)
		}
		if err != nil {
			return err
		}
	}
	return putListTx(tx, l)
}
