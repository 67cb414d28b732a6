package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"recado/campaign/people"
	disk "recado/store/bolt"
)

// Check reads the whole book and says what in it does not fit together: its
// version and kind, what leads to the people, and every table that follows
// from the deliveries. A book that is well has no findings. It is for Examine.
func Check(tx *bolt.Tx) []string {
	c := &checking{tx: tx}
	if c.frame() && c.merges() {
		c.people()
		c.deliveries()
	}
	return c.found
}

// checking is one Check under way.
type checking struct {
	tx    *bolt.Tx
	found []string
}

func (c *checking) wrong(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

// The usual findings. Rows are named by their keys, see rowName.

func (c *checking) damaged(table string, k []byte) {
	c.wrong("table %q: row %s is damaged", table, rowName(k))
}

func (c *checking) stray(table string, k []byte) {
	c.wrong("table %q: row %s leads nowhere", table, rowName(k))
}

func (c *checking) missing(table string, k []byte) {
	c.wrong("table %q: row %s is missing", table, rowName(k))
}

// rowName writes the key of a row: that of a delivery as campaign/place, any
// other as hexadecimal digits.
func rowName(k []byte) string {
	if len(k) == 12 {
		return fmt.Sprintf("%d/%d", binary.BigEndian.Uint64(k), binary.BigEndian.Uint32(k[8:]))
	}
	return fmt.Sprintf("%x", k)
}

// each runs look over the rows of a table whose key and value have those
// lengths, and finds the others damaged; a negative length is any.
func (c *checking) each(table string, key, value int, look func(k, v []byte)) {
	cursor := bucket(c.tx, table).Cursor()
	for k, v := cursor.First(); k != nil; k, v = cursor.Next() {
		if key >= 0 && len(k) != key || value >= 0 && len(v) != value {
			c.damaged(table, k)
			continue
		}
		look(k, v)
	}
}

func (c *checking) has(table string, k []byte) bool { return bucket(c.tx, table).Get(k) != nil }

// frame checks that all tables are there, and of a version and a kind that
// this program knows.
func (c *checking) frame() bool {
	meta := bucket(c.tx, "meta")
	if meta == nil {
		c.wrong("table %q is missing", "meta")
		return false
	}
	if v := meta.Get([]byte("version")); len(v) != 4 || binary.BigEndian.Uint32(v) == 0 {
		c.wrong("it has no version")
	} else if have := binary.BigEndian.Uint32(v); have > version {
		c.wrong(disk.Newer+" (its version is %d, this program knows %d): update the program", have, version)
	} else if have < version {
		return false // its tables are those of an older program, which this one does not know
	}
	for _, name := range buckets {
		if bucket(c.tx, name) == nil {
			c.wrong("table %q is missing", name)
		}
	}
	if len(c.found) > 0 {
		return false
	}
	if kind := Kind(meta.Get([]byte("kind"))); kind != Real && kind != Demo {
		c.wrong("it is neither real data nor a demo's")
	}
	return len(c.found) == 0
}

// merges checks that every id that was merged away leads to somebody, which
// everything else relies on.
func (c *checking) merges() bool {
	merged := bucket(c.tx, "merged")
	longest := merged.Stats().KeyN
	c.each("merged", 8, 8, func(k, v []byte) {
		for range longest { // more would be a circle
			next := merged.Get(v)
			if next == nil {
				if !c.has("contacts", v) {
					c.stray("merged", k)
				}
				return
			}
			v = next
		}
		c.stray("merged", k)
	})
	return len(c.found) == 0
}

// people compares everything that leads to a person, and the counters, with
// the records.
func (c *checking) people() {
	count, optedOut := 0, 0
	c.each("contacts", 8, -1, func(k, v []byte) {
		p, err := decodeContact(people.ContactID(binary.BigEndian.Uint64(k)), v)
		if err != nil {
			c.damaged("contacts", k)
			return
		}
		count++
		if p.OptedOut {
			optedOut++
		}
		for _, alias := range aliasesOf(&p) {
			if id, ok := aliasTx(c.tx, alias); !ok || id != p.ID {
				c.missing("aliases", []byte(alias))
			}
		}
		for _, alias := range formerKeys(&p) {
			if !c.has("aliases", []byte(alias)) {
				c.missing("aliases", []byte(alias))
			}
		}
		for _, f := range p.Former {
			if id, ok := aliasTx(c.tx, phoneKey(f.Phone)); ok && id == p.ID {
				c.wrong("contact %d is written to by a phone that is somebody else's", p.ID)
			}
		}
		if !c.has("names", nameKey(p.ID, &p)) {
			c.missing("names", nameKey(p.ID, &p))
		}
		if c.has("merged", k) {
			c.stray("merged", k)
		}
	})
	c.counted("contacts", countTx(c.tx, countContacts), count)
	c.counted("opt-outs", countTx(c.tx, countOptOuts), optedOut)
	c.each("aliases", -1, 8, func(k, v []byte) {
		id, ok := aliasTx(c.tx, string(k))
		if ok && k[0] == formerAlias {
			p, err := contactTx(c.tx, id)
			ok = err == nil && slices.Contains(formerKeys(&p), string(k))
		}
		if !ok || k[0] != phoneAlias && k[0] != lidAlias && k[0] != formerAlias {
			c.stray("aliases", k)
		}
	})
	named := 0
	c.each("names", -1, 0, func(k, _ []byte) {
		named++
		if len(k) < 8 || !c.has("contacts", k[len(k)-8:]) {
			c.stray("names", k)
		}
	})
	if named != count {
		c.counted("names", named, count)
	}
	c.lists()
}

// lists compares the lists with the sets of who is on them.
func (c *checking) lists() {
	sizes := make(map[uint32]int)
	c.each("members", 8, memberBlock, func(k, v []byte) {
		list, first := binary.BigEndian.Uint32(k), uint64(binary.BigEndian.Uint32(k[4:]))*memberBlock*8
		for i := range memberBlock * 8 {
			if v[i/8]&(1<<(i%8)) == 0 {
				continue
			}
			if sizes[list]++; !c.has("contacts", key(first+uint64(i))) {
				c.stray("members", k)
			}
		}
	})
	seen := make(map[uint32]bool)
	c.each("lists", -1, -1, func(k, v []byte) {
		var l List
		if err := json.Unmarshal(v, &l); err != nil || people.Fold(l.Name) != string(k) || l.ID == 0 || seen[l.ID] {
			c.damaged("lists", k)
			return
		}
		seen[l.ID] = true
		c.counted("list "+l.Name, l.Size, sizes[l.ID])
		delete(sizes, l.ID)
	})
	for list := range sizes {
		if !seen[list] {
			c.stray("members", key(list))
		}
	}
}

func (c *checking) counted(what string, counted, are int) {
	if counted != are {
		c.wrong("%q: %d are counted, there are %d", what, counted, are)
	}
}
