package store

import (
	"fmt"

	"recado/campaign/reason"
	"recado/store/bolt"
)

// Check reads the whole book and says what in it does not fit together: its
// version and kind, what leads to the people, and every table that follows
// from the deliveries. It finds nothing in a book that is whole. It is for
// Examine.
func Check(tx *bolt.Tx) []reason.Reason {
	c := &checking{tx: tx}
	if c.frame() && c.merges() {
		c.people()
		c.deliveries()
		c.audit()
		c.chain()
	}
	return c.found
}

// checking is one Check under way.
type checking struct {
	tx    *bolt.Tx
	found []reason.Reason
}

func (c *checking) wrong(code reason.Code, args ...any) {
	c.found = append(c.found, reason.New(code, args...))
}

// The usual findings. Rows are named by their keys, see rowName.

func (c *checking) damaged(t table, k []byte) {
	c.wrong(reason.CheckDamaged, t.String(), rowName(k))
}

func (c *checking) stray(t table, k []byte) {
	c.wrong(reason.CheckStray, t.String(), rowName(k))
}

func (c *checking) missing(t table, k []byte) {
	c.wrong(reason.CheckMissing, t.String(), rowName(k))
}

// rowName writes the key of a row: that of a delivery as campaign/place, any
// other as hexadecimal digits.
func rowName(k []byte) reason.Plain {
	if len(k) == 12 {
		id, seq := deliveryAt(k)
		return reason.Plain(fmt.Sprintf("%d/%d", id, seq))
	}
	return reason.Plain(fmt.Sprintf("%x", k))
}

// each runs look over the rows of a table whose keys have the length that it
// gives them, and whose values have that one, and finds the others damaged; a
// negative length is any.
func (c *checking) each(t table, value int, look func(k, v []byte)) {
	for k, v := range t.Each(c.tx, nil) {
		if key := t.Size(); key >= 0 && len(k) != key || value >= 0 && len(v) != value {
			c.damaged(t, k)
			continue
		}
		look(k, v)
	}
}

func (c *checking) has(t table, k []byte) bool { return t.HasAt(c.tx, k) }

// frame checks that all tables are there, and of a version and a kind that
// this program knows.
func (c *checking) frame() bool {
	if !metaTable.Exists(c.tx) {
		c.wrong(reason.CheckTable, metaTable.String())
		return false
	}
	if v := metaTable.Get(c.tx, metaVersion); len(v) != 4 || fromRow[uint32](v) == 0 {
		c.wrong(reason.CheckNoVersion)
	} else if have := fromRow[uint32](v); have > version {
		c.wrong(reason.CheckNewer, have, version)
	} else if have < version {
		return false // its tables are those of an older program, which this one does not know
	}
	for _, t := range allTables {
		if !t.Exists(c.tx) {
			c.wrong(reason.CheckTable, t.String())
		}
	}
	if len(c.found) > 0 {
		return false
	}
	if kind := Kind(metaTable.Get(c.tx, metaKind)); kind != Real && kind != Demo {
		c.wrong(reason.CheckKind)
	}
	return len(c.found) == 0
}

// audit checks that no entry is missing, and that those whose end is not known
// are the ones that wait for it.
func (c *checking) audit() {
	last, next := auditTable.Given(c.tx), uint64(1)
	c.each(auditTable, -1, func(k, v []byte) {
		id := auditTable.Parts(k)
		if id > last {
			c.stray(auditTable, k)
			return
		}
		if id != next {
			c.missing(auditTable, auditTable.Key(next))
		}
		next = id + 1
		if e, err := decodeEntry(id, v); err != nil {
			c.damaged(auditTable, k)
		} else if (e.Outcome == Asked) != c.has(askedTable, k) {
			c.missing(askedTable, k)
		}
	})
	if next <= last {
		c.missing(auditTable, auditTable.Key(last))
	}
	c.each(askedTable, 1, func(k, v []byte) {
		if v[0] != 1 {
			c.damaged(askedTable, k)
		} else if !c.has(auditTable, k) {
			c.stray(askedTable, k)
		}
	})
}

func (c *checking) counted(what string, counted, are int) {
	if counted != are {
		c.wrong(reason.CheckCounted, what, counted, are)
	}
}
