package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"recado/campaign/people"
	"recado/store/bolt"
)

// anyRows are rows about a few people, of every kind.
func anyRows(r *rand.Rand, n int) (rows []people.Row) {
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	for i := range n {
		row := people.Row{Line: i + 2, Phone: people.Phone(pick("+5511987650001", "+551187650001", "+5511987650002", "+12125550100", "+0119", fmt.Sprintf("+5521987650%03d", r.IntN(60))))}
		row.Name = pick("", "Ana", "Ana", " Ana ", "ana", "Bia Prado", "\u200b")
		for range r.IntN(3) {
			row.Tags = append(row.Tags, pick("vip", "VIP", "novo", "frio", "", "´"))
		}
		for range r.IntN(3) {
			if row.Fields == nil {
				row.Fields = make(map[string]string)
			}
			row.Fields[pick("email", "cidade", "outra coisa")] = pick("", "a@b", "Recife")
		}
		switch r.IntN(40) {
		case 0:
			row.Left = "Opt-out: sim"
		case 1:
			row.Doubt = "Opt-in: não"
		case 2:
			row.Lists = []string{pick("Clientes", "Feira")}
		case 3:
			row.Others = []people.Phone{people.Phone(pick("+5511987650002", "+5511987650009", "+5521987650005"))}
		case 4, 8, 9, 10, 11:
			row.Consent = people.Consent{Status: people.ConsentStatus(1 + r.IntN(2)), Source: "feira", At: time.Unix(1_700_000_000+int64(r.IntN(3)), 0), By: "ana"}
		case 5:
			row.Note = pick("liga", "liga de tarde")
		case 6:
			for j := range people.MaxTags + 1 - r.IntN(2) {
				row.Tags = append(row.Tags, fmt.Sprint("t", j))
			}
		case 7:
			row.Consent.Source = "x" // says nothing
		}
		rows = append(rows, row)
	}
	return rows
}

// Whichever way a row is imported, the book is the same then.
func TestAQuickRowDoesWhatAnyRowDoes(t *testing.T) {
	quick, slow := 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		path := newYard(t, 3)
		now := time.Unix(1_790_000_000+int64(seed), 0)
		if seed%3 == 0 {
			must[SuppressReport](t)(desk(path.book).Suppress(t.Context(), []Suppressed{{Phone: "+5521987650003"}}, "a"))
		}
		if seed%4 == 0 {
			must[ImportReport](t)(desk(path.book).Import(t.Context(), []people.Row{{Phone: "+5521987650007"}}, "a"))
			ok(t, path.book.Saw(path.number, []people.Seen{{Phone: "+5521987650007", Name: "Ana", Source: people.PushName}, {Phone: "+5521987650004", LID: "77"}}))
		}
		policy := []Policy{Complete, Skip, Replace}[r.IntN(3)]
		other := path.copied()
		for part := range 4 {
			rows := anyRows(r, 30)
			if part == 0 { // the file says the name that the service said
				rows[0] = people.Row{Line: 2, Phone: "+5521987650007", Name: "Ana"}
			}
			sorted := inKeyOrder(rows)
			later := part%2 == 0
			both := []*Book{path.book, other.book}
			var dumps [2]string
			for way, b := range both {
				undone := errors.New("nothing of it stays")
				err := b.update(func(tx *bolt.Tx) error {
					done := Import{ID: 7, Policy: policy, At: now}
					a, err := newAdding(tx, &done, later)
					ok(t, err)
					a.now = now
					staged := opened(rows)
					switch way {
					case 0: // as they come out of the book
						staged, err = decodeRows(encodeRows(sorted))
						ok(t, err)
					default:
						for i, row := range sorted {
							staged[i].Row = *row
						}
					}
					for i := range staged {
						row, done := &staged[i], false
						if way == 0 {
							done, err = a.quickTx(row)
							ok(t, err)
						}
						if done {
							quick++
							continue
						}
						slow++
						ok(t, a.rowTx(row))
					}
					ok(t, a.endTx())
					dumps[way] = fmt.Sprintf("%+v\n%s", done, allOf(tx))
					if part == 0 {
						return nil
					}
					return undone
				})
				if err != nil && !errors.Is(err, undone) {
					t.Fatal(err)
				}
			}
			if dumps[0] != dumps[1] {
				t.Fatalf("seed %d, part %d, %q: the quick way leaves\n%s\nthe other one\n%s", seed, part, policy, dumps[0], dumps[1])
			}
		}
	}
	if quick < slow/8 {
		t.Errorf("%d rows were quick, %d not: the test shows nothing", quick, slow)
	}
}

// allOf is what an import writes.
func allOf(tx *bolt.Tx) (text string) {
	for _, table := range []table{contactsTable, aliasesTable, namesTable, importedTable, membersTable, chainedTable, suppressedTable} {
		for k, v := range table.Each(tx, nil) {
			if table == chainedTable {
				v = nil
			}
			text += fmt.Sprintf("%s %x %x\n", table, k, v)
		}
	}
	for _, count := range []string{countContacts, countOptOuts, countDoubts} {
		text += fmt.Sprintln(count, countTx(tx, count))
	}
	return text
}

// The keys that stand for the order of phones have that order.
func TestSortKeysHaveTheOrderOfPhones(t *testing.T) {
	all := []people.Phone{"", "+", "+1", "+10", "+12", "+5511987654321", "+551187654321", "+5511987654322", "+55119876543210", "+551198765432101234", "+551198765432101235",
		"+5511 8", "+5511x", "+5511x1", "+5511/", "x", "+é", "+9", "+999999999999999", "+9999999999999999", "+99999999999999999"}
	for _, a := range all {
		for _, b := range all {
			got, want := sortKeyOf(a).compare(sortKeyOf(b)), slices.Compare([]byte(a.Key()), []byte(b.Key()))
			if got != want {
				t.Errorf("%q and %q: %d, want %d", a, b, got, want)
			}
			if ka, kb := sortKeyOf(a), sortKeyOf(b); ka.begin < kb.begin && want >= 0 {
				t.Errorf("%q begins before %q", a, b)
			}
		}
	}
}
