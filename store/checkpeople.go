package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// What leads to a person, and the lists, compared with the people themselves.

// merges checks that every id that was merged away leads to somebody, which
// everything else relies on.
func (c *checking) merges() bool {
	longest := mergedTable.Rows(c.tx)
	c.each(mergedTable, 8, func(k, v []byte) {
		for range longest { // longer would be a circle
			next := mergedTable.GetAt(c.tx, v)
			if next == nil {
				if !c.has(contactsTable, v) {
					c.stray(mergedTable, k)
				}
				return
			}
			v = next
		}
		c.stray(mergedTable, k)
	})
	return len(c.found) == 0
}

// unions checks that what is kept of two records is about one person of today.
func (c *checking) unions() {
	c.each(mergesTable, -1, func(k, v []byte) {
		_, gone := mergesTable.Parts(k)
		if _, err := decodeUnion(v); err != nil {
			c.damaged(mergesTable, k)
		} else if !bytes.Equal(mergedTable.Get(c.tx, gone), k[:8]) {
			c.stray(mergesTable, k)
		}
	})
}

// people compares everything that leads to a person, and the counters, with
// the records.
func (c *checking) people() {
	count, optedOut, inDoubt := 0, 0, 0
	labelled := make(map[string]bool)
	named := 0
	late, _ := unnamedTx(c.tx) // a job that cannot be read is found elsewhere
	c.each(contactsTable, -1, func(k, v []byte) {
		p, err := decodeContact(contactsTable.Parts(k), v)
		if err != nil {
			c.damaged(contactsTable, k)
			return
		}
		count++
		if p.OptedOut {
			optedOut++
		}
		if p.InDoubt() {
			inDoubt++
		}
		for _, l := range p.Labels {
			labelled[string(labelledTable.Key(l.Number, p.ID))] = true
		}
		for _, alias := range aliasesOf(&p) {
			if id, ok := aliasTx(c.tx, alias); !ok || id != p.ID {
				c.missing(aliasesTable, []byte(alias))
			}
		}
		for _, alias := range sharedKeys(&p) {
			if !c.has(aliasesTable, []byte(alias)) {
				c.missing(aliasesTable, []byte(alias))
			}
		}
		for _, f := range p.Former {
			if id, ok := aliasTx(c.tx, phoneKey(f.Phone)); ok && id == p.ID {
				c.wrong(reason.CheckForeignPhone, p.ID)
			}
		}
		if has := c.has(namesTable, namesTable.key(p.ID, &p)); !has && mayBeUnnamed(late, p.ID) {
			named++ // as if they had
		} else if !has {
			c.missing(namesTable, namesTable.key(p.ID, &p))
		}
		if c.has(mergedTable, k) {
			c.stray(mergedTable, k)
		}
	})
	c.counted("contacts", countTx(c.tx, countContacts), count)
	c.counted("opt-outs", countTx(c.tx, countOptOuts), optedOut)
	c.counted("doubts", countTx(c.tx, countDoubts), inDoubt)
	c.each(aliasesTable, 8, func(k, v []byte) {
		id, ok := aliasTx(c.tx, string(k))
		if ok && k[0] == sharedAlias {
			p, err := contactTx(c.tx, id)
			ok = err == nil && slices.Contains(sharedKeys(&p), string(k))
		}
		if !ok || k[0] != phoneAlias && k[0] != lidAlias && k[0] != sharedAlias {
			c.stray(aliasesTable, k)
		}
	})
	c.each(namesTable, 0, func(k, _ []byte) {
		named++
		if len(k) < 8 || !c.has(contactsTable, k[len(k)-8:]) {
			c.stray(namesTable, k)
		}
	})
	if named != count {
		c.counted("names", named, count)
	}
	suppressed := 0
	c.each(suppressedTable, -1, func(k, v []byte) {
		suppressed++
		if s, err := decodeSuppressed(v); err != nil || s.alias() != string(k) {
			c.damaged(suppressedTable, k)
		}
	})
	c.counted("suppressed addresses", countTx(c.tx, countSuppressed), suppressed)
	c.lists()
	c.unions()
	c.imports()
	c.labels(labelled)
	c.validations()
	c.invites()
}

// lists compares the lists with the sets of who is on them.
func (c *checking) lists() {
	sizes := make(map[uint32]int)
	c.each(membersTable, memberBlock, func(k, v []byte) {
		list, n := membersTable.Parts(k)
		first := people.ContactID(n) * memberBlock * 8
		for i := range memberBlock * 8 {
			if v[i/8]&(1<<(i%8)) == 0 {
				continue
			}
			if sizes[list]++; !contactsTable.Has(c.tx, first+people.ContactID(i)) {
				c.stray(membersTable, k)
			}
		}
	})
	seen := make(map[uint32]bool)
	c.each(listsTable, -1, func(k, v []byte) {
		var l List
		if err := json.Unmarshal(v, &l); err != nil || people.Fold(l.Name) != string(k) || l.ID == 0 || seen[l.ID] {
			c.damaged(listsTable, k)
			return
		}
		seen[l.ID] = true
		c.counted("list "+l.Name, l.Size, sizes[l.ID])
		delete(sizes, l.ID)
	})
	for list := range sizes {
		if !seen[list] {
			c.stray(membersTable, row(list))
		}
	}
}

// imports checks that no import is missing, and compares what is kept of them with
// its counts.
func (c *checking) imports() {
	last, next := importsTable.Given(c.tx), people.ImportID(1)
	all := make(map[people.ImportID]Import)
	c.each(importsTable, -1, func(k, v []byte) {
		id := importsTable.Parts(k)
		if uint64(id) > last {
			c.stray(importsTable, k)
			return
		}
		if id != next {
			c.missing(importsTable, importsTable.Key(next))
		}
		next = id + 1
		i, err := decodeImport(k, v)
		if err != nil || i.ID != id {
			c.damaged(importsTable, k)
			return
		}
		all[id] = i
	})
	if uint64(next) <= last {
		c.missing(importsTable, importsTable.Key(people.ImportID(last)))
	}
	kept := make(map[people.ImportID]Import)
	c.each(importedTable, -1, func(k, v []byte) {
		id, kind, who := importedTable.Parts(k)
		i := kept[id]
		var err error
		switch kind {
		case traceIn:
			for _, b := range unpackBits(v) {
				i.In += bits.OnesCount8(b)
			}
		case traceChanged:
			_, err = decodeChange(v)
			i.Changed++
		case traceMade:
			var some []made
			some, err = decodeMade(people.ContactID(who), v)
			i.Made += len(some)
		default:
			err = bolt.ErrRecord
		}
		if _, ok := all[id]; !ok {
			c.stray(importedTable, k)
		} else if err != nil {
			c.damaged(importedTable, k)
		}
		kept[id] = i
	})
	forgetting := make(map[people.ImportID]bool)
	c.each(jobsTable, -1, func(k, v []byte) {
		if j, err := decodeJob(k, v); err == nil && j.Kind == JobForget {
			forgetting[j.Import] = true
		}
	})
	for id, i := range all {
		if k := kept[id]; !forgetting[id] {
			name := fmt.Sprintf("import %d", id)
			c.counted(name+", people", i.In, k.In)
			c.counted(name+", added", i.Made, k.Made)
			c.counted(name+", changed", i.Changed, k.Changed)
		}
	}
}
