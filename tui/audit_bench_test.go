package tui

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/store"
)

func (unserved) Reconnect(campaign.NumberID) {}

// audited is a book with n entries in its audit, and the number that most of
// them are about.
func audited(b *testing.B, n int) (*store.Book, *store.Desk, campaign.NumberID) {
	b.Helper()
	book, err := store.Open(filepath.Join(b.TempDir(), "book.db"), store.Options{Kind: store.Demo})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { book.Close() })
	d := desk(book)
	number, err := d.AddNumber("Loja Centro")
	if err != nil {
		b.Fatal(err)
	}
	var writing sync.WaitGroup
	const together = 500 // one commit writes them all
	for i := range together {
		writing.Go(func() {
			for range (n - 1 + i) / together {
				if err := d.Reconnect(unserved{}, number.ID); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
	if have, err := book.AuditCount(); err != nil || have != n {
		b.Fatalf("%d entries, %v, want %d", have, err, n)
	}
	return book, d, number.ID
}

// BenchmarkAudit is what a long audit costs beside a short one, in one run: its
// first page on the screen, one page further from there, the last page, and one
// more entry, which has to be on the disk. A look for a word that only the oldest
// entry has goes through all of them.
//
//	go test ./tui -run - -bench 'Audit/(first|further|last|entry)' -benchtime 100x
//	go test ./tui -run - -bench Audit/word -benchtime 1x
func BenchmarkAudit(b *testing.B) {
	const few, many = 1_000, 1_000_000
	type side struct {
		r      *root
		d      *store.Desk
		number campaign.NumberID
	}
	begin := func(n int) side {
		book, d, number := audited(b, n)
		r := newRoot(b.Context(), App{Book: book, Now: time.Now})
		r.env.w, r.env.h, r.env.agreed = 120, 40, true
		return side{r, d, number}
	}
	do := func(s side, cmd tea.Cmd) {
		for next := []tea.Cmd{cmd}; len(next) > 0; next = next[1:] {
			for _, msg := range answers(next[0]) {
				next = append(next, s.r.update(msg))
			}
		}
		s.r.View()
	}
	small, large := begin(few), begin(many)
	open := func(s side) {
		s.r.pop()
		do(s, s.r.push(newAudit(s.r.env)))
	}
	press := func(name string) func(s side) { return func(s side) { do(s, s.r.update(keyPress(name))) } }
	type work struct {
		name         string
		before, what func(s side)
		check        func(s side) bool
	}
	shown := func(s side) *audit { return s.r.top().(*audit) }
	filled := func(s side) bool { _, ok := shown(s).here(); return ok }
	for _, w := range []work{
		{"first", func(side) {}, open, filled},
		{"further", open, press("pgdown"), func(s side) bool { return filled(s) && shown(s).win.cursor > 0 }},
		{"last", open, press("end"), func(s side) bool { return filled(s) && shown(s).id(shown(s).win.cursor) == 1 }},
		{"entry", func(side) {}, func(s side) {
			if err := s.d.Reconnect(unserved{}, s.number); err != nil {
				b.Fatal(err)
			}
		}, func(side) bool { return true }},
	} {
		b.Run(w.name, func(b *testing.B) {
			var took [2]time.Duration
			for b.Loop() {
				for i, s := range []side{small, large} {
					w.before(s)
					begun := time.Now()
					w.what(s)
					took[i] += time.Since(begun)
					if !w.check(s) {
						b.Fatalf("%s is not shown", w.name)
					}
				}
			}
			for i, n := range []int{few, many} {
				b.ReportMetric(float64(took[i].Microseconds())/float64(b.N), fmt.Sprintf("µs/%d", n))
			}
			b.ReportMetric(float64(took[1])/float64(took[0]), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
	b.Run("word", func(b *testing.B) {
		for b.Loop() {
			open(large)
			a := shown(large)
			a.field.set("number_add")
			do(large, a.apply())
			if a.rows() != 1 || !a.search.done {
				b.Fatalf("%d are found", a.rows())
			}
		}
	})
}
