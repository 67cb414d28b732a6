package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// scanned is Find without the index.
func scanned(t testing.TB, b *Book, tx *bolt.Tx, f people.Filter) ([]people.ContactID, error) {
	t.Helper()
	m, err := matcherTx(context.Background(), tx, f)
	if err != nil {
		return nil, err
	}
	return m.scan(f.String() == "")
}

// agree compares what the index finds with what is there.
func agree(t *testing.T, b *Book, line string) {
	t.Helper()
	f, err := people.ParseFilter(line)
	if err != nil {
		t.Errorf("%s: %v", line, err)
		return
	}
	ok(t, b.awaitIndex(t.Context()))
	for range 1000 { // somebody may write between
		err = b.view(func(tx *bolt.Tx) error {
			m, err := matcherTx(t.Context(), tx, f)
			if err != nil {
				return nil
			}
			if _, err := b.askIndexTx(t.Context(), tx, f, m.env, false); err != nil {
				return err
			}
			list, gotErr := b.searchTx(t.Context(), tx, f, false)
			if errors.Is(gotErr, errLater) {
				return gotErr
			}
			got := list.All()
			want, wantErr := scanned(t, b, tx, f)
			if !slices.Equal(got, want) || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
				t.Errorf("%s: the index finds %d, %v; there are %d, %v", line, len(got), gotErr, len(want), wantErr)
			}
			return nil
		})
		if !errors.Is(err, errLater) {
			break
		}
	}
	if err != nil {
		t.Errorf("%s: %v", line, err)
	}
}

var askedLines = []string{
	"", "ana", "*na", `"ana souza"`, "ana souza", "-ana", "ana ou tag:vip", "vip", "98", "+5511", "fone:+55119", "fone:987", "tag:vip -tag:t1",
	"cidade:recife", "cidade:* -tag:vip", "saldo:>50", "saldo:>50 ou cidade:recife", "optout:sim", "optout:duvida", "whatsapp:sim", "visto:<1d", "visto:nunca",
	"criado:<1d", "conexao:loja", "lista:a", "-lista:a", "lista:* ana", "cidad:x", "lista:z", "recebeu:9", "email:ana", "gmail", "nome:*", "-nome:*",
	"obs:segredo", "-obs:segredo ana", "obs:segredo vip ou obs:longo -vip", // of which the index cannot tell
}

// TestTheIndexFindsWhoIsThere, whatever is written meanwhile: people are imported,
// changed, heard, merged by what the service says, and opted out.
func TestTheIndexFindsWhoIsThere(t *testing.T) {
	b := newBook(t)
	d := desk(b)
	must[campaign.Number](t)(d.AddNumber("loja"))
	r := rand.New(rand.NewPCG(3, 4))
	phone := func(r *rand.Rand) people.Phone {
		return people.Phone(fmt.Sprintf("+55119%08d", 80_000_000+r.IntN(3000)))
	}
	rows := func(r *rand.Rand, n int) (rows []people.Row) {
		for i := range n {
			row := people.Row{Line: i + 1, Phone: phone(r), Tags: []string{fmt.Sprint("t", r.IntN(3))}, Fields: map[string]string{"saldo": fmt.Sprint(r.IntN(100))}}
			if i%4 == 0 {
				row.Fields["obs"] = strings.Repeat("longo ", 20) + []string{"segredo", "nada"}[r.IntN(2)]
			}
			if r.IntN(5) > 0 {
				row.Name = fmt.Sprintf("%s %s %d", []string{"Ana", "José", "Bia"}[r.IntN(3)], []string{"Souza", "Lima"}[r.IntN(2)], r.IntN(100))
			}
			if r.IntN(3) == 0 {
				row.Tags = append(row.Tags, "vip")
				row.Fields["cidade"] = []string{"Recife", "São Paulo"}[r.IntN(2)]
				row.Fields["email"] = "ana@gmail.com"
			}
			rows = append(rows, row)
		}
		return rows
	}
	must[ImportReport](t)(d.Import(t.Context(), rows(r, 2000), "a"))
	must[List](t)(d.SaveList("a", []people.ContactID{1, 5, 9, 70}))
	b.KeepIndex()
	if !b.hasIndex(t.Context()) {
		t.Fatal("there is no index")
	}
	for _, line := range askedLines {
		agree(t, b, line)
	}
	var writers sync.WaitGroup
	for n := range uint64(3) {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(n, 9))
			for range 40 {
				var err error
				id := people.ContactID(r.IntN(2000) + 1)
				switch r.IntN(6) {
				case 0:
					_, err = d.Import(t.Context(), rows(r, 30), "b")
				case 1:
					err = d.OptOut(id, "x")
				case 2:
					err = d.EditContact(id, func(c *people.Contact) { c.Name, c.Tags = "Zeca "+fmt.Sprint(r.IntN(9)), []string{"vip"} })
				case 3: // two phones of one account become one person
					lid := fmt.Sprint(r.IntN(300))
					err = b.Saw(1, []people.Seen{{Phone: phone(r), LID: lid, Known: true, Heard: time.Now()}, {Phone: phone(r), LID: lid}})
				case 4:
					_, err = d.AddToList("a", []people.ContactID{id})
				case 5:
					err = b.Saw(1, []people.Seen{{LID: fmt.Sprint("9", r.IntN(300)), Name: "Ana", Source: people.PushName}})
				}
				if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrExists) {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan bool)
	go func() { writers.Wait(); close(done) }()
	for going := true; going; {
		select {
		case <-done:
			going = false
		default:
		}
		agree(t, b, askedLines[r.IntN(len(askedLines))])
	}
	for _, line := range askedLines {
		agree(t, b, line)
	}
}

// TestASnapshotIsOfThisBookAsItIs: it is ready at once when nothing has changed and
// when something has that is not people, and is passed over when it is of another
// state of the book, of another book, damaged, or not a file of the user alone. What
// is found is right in any case.
func TestASnapshotIsOfThisBookAsItIs(t *testing.T) {
	if Raced {
		t.Skip("nothing runs beside anything else here")
	}
	path := filepath.Join(t.TempDir(), "book.db")
	snapshot := path + snapshotName
	open := func() *Book { return must[*Book](t)(Open(path, Options{Kind: Real, noSync: true})) }
	loaded := func(b *Book) bool {
		t.Helper()
		b.KeepIndex()
		if !b.hasIndex(t.Context()) {
			t.Fatal("there is no index")
		}
		for _, line := range []string{"", "ana", "tag:vip", "+5511", "-ana"} {
			agree(t, b, line)
		}
		return b.index.loaded
	}
	round := func(change func(*Book)) (was bool) {
		t.Helper()
		b := open()
		change(b)
		was = loaded(b)
		ok(t, b.Close())
		return was
	}
	row := func(n int) people.Row {
		return people.Row{Phone: people.Phone(fmt.Sprintf("+55119%08d", n)), Name: fmt.Sprint("Ana ", n), Tags: []string{"vip"}}
	}
	rows := make([]people.Row, worthIndex+5)
	for i := range rows {
		rows[i] = row(i)
	}
	nothing := func(*Book) {}
	if round(func(b *Book) { must[ImportReport](t)(desk(b).Import(t.Context(), rows, "a")) }) {
		t.Error("there was no snapshot")
	}
	if info, err := os.Stat(snapshot); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	for range 2 {
		if !round(nothing) {
			t.Error("nothing has changed: the snapshot fits")
		}
	}
	if !round(func(b *Book) { must[campaign.Number](t)(desk(b).AddNumber("loja")) }) {
		t.Error("people have not changed: the snapshot fits")
	}
	if !round(func(b *Book) { must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{row(1e6)}, "b")) }) {
		t.Error("one more is added to what the snapshot says")
	}
	b := open() // a command that reads and writes no people, and asks for nobody
	must[campaign.Number](t)(desk(b).AddNumber("outra"))
	ok(t, b.Close())
	if !round(nothing) {
		t.Error("a command made the snapshot useless")
	}
	b = open() // one that asks
	agree(t, b, "tag:vip")
	if !b.index.loaded {
		t.Error("a command does not use the snapshot")
	}
	ok(t, b.Close())
	if !round(nothing) {
		t.Error("a command made the snapshot useless")
	}

	b = open() // one that changes people and keeps no index
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{row(1e6 + 1)}, "c"))
	ok(t, b.Close())
	if round(nothing) {
		t.Error("a snapshot of before is used")
	}

	// The book of before is put back, and grows to the same transaction.
	before, mark := must[[]byte](t)(os.ReadFile(path)), must[[]byte](t)(os.ReadFile(snapshot))
	round(func(b *Book) { must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{row(2e6)}, "d")) })
	later := must[[]byte](t)(os.ReadFile(snapshot))
	ok(t, os.WriteFile(path, before, 0o600))
	b = open()
	must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{row(3e6)}, "e"))
	ok(t, b.Close())
	for _, other := range [][]byte{later, mark, []byte("x"), nil} {
		ok(t, os.WriteFile(snapshot, other, 0o600))
		if round(nothing) {
			t.Error("a snapshot of another state is used")
		}
		ok(t, os.Remove(snapshot))
	}

	round(nothing)
	whole := must[[]byte](t)(os.ReadFile(snapshot))
	for _, at := range []int{0, 17, 30, 50, snapshotHead + 9, len(whole) / 2, len(whole) - 1} {
		damaged := slices.Clone(must[[]byte](t)(os.ReadFile(snapshot)))
		damaged[at] ^= 4
		ok(t, os.WriteFile(snapshot, damaged, 0o600))
		if round(nothing) {
			t.Errorf("a snapshot that is damaged at %d is used", at)
		}
	}
	ok(t, os.Chmod(snapshot, 0o640))
	if round(nothing) {
		t.Error("a snapshot that others can read is used")
	}
	ok(t, os.Rename(snapshot, path+".away"))
	ok(t, os.Symlink(path+".away", snapshot))
	if round(nothing) {
		t.Error("a snapshot that is a link is used")
	}
}

// TestWhoSearchesWhileTheIndexIsMadeHoldsNobodyUp: what makes the index begins to read
// behind a write that needs more room, and that waits for those who read already.
func TestWhoSearchesWhileTheIndexIsMadeHoldsNobodyUp(t *testing.T) {
	ask := map[string]func(*Book) error{
		"find": func(b *Book) error {
			_, err := b.Find(t.Context(), must[people.Filter](t)(people.ParseFilter("ana")))
			return err
		},
		"vocabulary": func(b *Book) error { _, err := b.Vocabulary(t.Context()); return err },
		"preflight": func(b *Book) error {
			_, err := b.Preflight(t.Context(), campaign.Campaign{Text: "Oi"}, time.Now())
			return err
		},
	}
	for name, ask := range ask {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			must[ImportReport](t)(desk(b).Import(t.Context(), []people.Row{{Phone: "+5511987654321", Name: "Ana"}}, "a"))
			b.KeepIndex()
			asked, written := make(chan error, 1), make(chan error, 1)
			go func() { asked <- ask(b) }() // before the index is made
			time.Sleep(indexDelay / 4)
			go func() {
				written <- b.update(func(tx *bolt.Tx) error { // more than the file has room for
					for i := range 8 {
						if err := messagesTable.PutAt(tx, fmt.Append(nil, "test", i), make([]byte, 1<<20)); err != nil {
							return err
						}
					}
					return nil
				})
			}()
			for range 2 {
				select {
				case err := <-asked:
					ok(t, err)
				case err := <-written:
					ok(t, err)
				case <-time.After(5 * time.Minute): // for what hangs alone
					t.Fatal("they wait for one another")
				}
			}
		})
	}
}
