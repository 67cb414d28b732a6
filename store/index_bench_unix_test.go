//go:build unix

package store

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"recado/campaign/people"
	"recado/store/bolt"
	"recado/store/index"
)

// benchPeople is how many people the benchmarks of the index have.
const benchPeople = 1_000_000

var (
	benchFirst = []string{"Ana", "João", "Maria", "José", "Antônio", "Francisca", "Carlos", "Adriana", "Luiz", "Márcia", "Beatriz", "Otávio", "Conceição", "Fátima", "Zé", "Lúcia", "Patrícia", "Gonçalo", "Júlia", "Davi"}
	benchLast  = []string{"Silva", "Souza", "Lima", "Gonçalves", "Brandão", "Oliveira", "Pereira", "Ferreira", "Almeida", "Costa", "Prado", "Araújo", "Ribeiro", "Carvalho", "Nascimento", "Antonio"}
	benchCity  = []string{"São Paulo", "Recife", "Rio de Janeiro", "Salvador", "Fortaleza", "Belo Horizonte", "Manaus", "Curitiba", "Porto Alegre", "Goiânia"}
	benchTag   = []string{"vip", "frio", "cliente", "lead", "feira 2026", "newsletter"}
	benchDDD   = []string{"11", "21", "31", "81", "71", "85", "51", "41", "62", "92"}
)

// benchBook is the path of a book of many people, which is made once for all
// benchmarks of a run; RECADO_BENCH_BOOK keeps it from one run to the next.
var benchBook = func() func(b *testing.B) string {
	path := os.Getenv("RECADO_BENCH_BOOK")
	return func(b *testing.B) string {
		b.Helper()
		if path == "" {
			dir, err := os.MkdirTemp("", "recado-bench")
			if err != nil {
				b.Fatal(err)
			}
			path = filepath.Join(dir, "book.db")
		}
		if _, err := os.Stat(path); err == nil {
			return path
		}
		book, err := Open(path, Options{Kind: Real, noSync: true})
		if err != nil {
			b.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 2))
		rows := make([]people.Row, benchPeople)
		for i := range rows {
			first, last := benchFirst[r.IntN(len(benchFirst))], benchLast[r.IntN(len(benchLast))]
			rows[i] = people.Row{
				Line:   i + 1,
				Phone:  people.Phone(fmt.Sprintf("+55%s9%08d", benchDDD[r.IntN(len(benchDDD))], 60_000_000+r.IntN(40_000_000))),
				Name:   first + " " + benchLast[r.IntN(len(benchLast))] + " " + last,
				Tags:   []string{benchTag[r.IntN(len(benchTag))]},
				Fields: map[string]string{"cidade": benchCity[r.IntN(len(benchCity))], "email": fmt.Sprintf("%s.%s%d@gmail.com", people.Fold(first), people.Fold(last), r.IntN(1e4))},
			}
			if r.IntN(2) == 0 {
				rows[i].Tags = append(rows[i].Tags, benchTag[r.IntN(len(benchTag))])
			}
		}
		if _, err := desk(book).Import(b.Context(), rows, "bench"); err != nil {
			b.Fatal(err)
		}
		if err := book.Close(); err != nil {
			b.Fatal(err)
		}
		return path
	}
}()

func benchOpen(b *testing.B) *Book {
	b.Helper()
	book, err := Open(benchBook(b), Options{Kind: Real, noSync: true})
	if err != nil {
		b.Fatal(err)
	}
	return book
}

// processorTime is how long this process has kept processors busy: on a machine that
// others use as well it says more than the clock.
func processorTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkIndexFilter is what one key press costs in a filter that is typed: how many
// are found, in their order, and the part of the list that a screen asks for. To write
// out all of them takes list-ms more, which is in no other figure.
func BenchmarkIndexFilter(b *testing.B) {
	book := benchOpen(b)
	defer book.Close()
	book.KeepIndex()
	if !book.hasIndex(b.Context()) {
		b.Fatal("there is no index")
	}
	find := func(b *testing.B, line string) Found {
		f, err := people.ParseFilter(line)
		if err != nil {
			b.Fatal(err)
		}
		found, err := book.Search(b.Context(), f)
		if err != nil {
			b.Fatal(err)
		}
		if n := min(found.Size(), 120); len(found.Part(0, 120)) != n {
			b.Fatal("they are not listed")
		}
		return found
	}
	for _, c := range []struct{ kind, before, line string }{
		{"everybody", "", ""}, {"word", "", "j"}, {"word", "", "joao"}, {"word", "", "silva"}, {"word", "", "goncalves"}, {"word", "", "zzqx"}, {"word", "", "*ilva"},
		{"words", "", "fatima brandao"}, {"narrowed", "joao goncalv", "joao goncalve"}, {"narrowed", "brandao fat", "brandao fati"}, {"digits", "", "98765"},
		{"phone", "", "+5511"}, {"phone", "", "+551198"}, {"phone", "", "+5511987654"},
		{"structured", "", "tag:vip"}, {"structured", "", "cidade:recife tag:vip -tag:frio"}, {"structured", "", "cidade:recife optout:nao criado:<400d"}, {"structured", "", "visto:nunca tag:lead"},
	} {
		b.Run(c.kind+"/"+c.before+">"+c.line, func(b *testing.B) {
			var found Found
			var used, listing time.Duration
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				book.index.note(0, bolt.Changes{contactsTable.Name: {contactsTable.Key(1)}}) // what was looked for last is forgotten
				find(b, "qqq")
				if c.before != "" {
					find(b, c.before)
				}
				begun := processorTime()
				b.StartTimer()
				found = find(b, c.line)
				used += processorTime() - begun
				b.StopTimer()
				listed := time.Now()
				found.All()
				listing += time.Since(listed)
				b.StartTimer()
			}
			b.ReportMetric(float64(listing.Microseconds())/1000/float64(b.N), "list-ms")
			b.ReportMetric(float64(used.Microseconds())/1000/float64(b.N), "cpu-ms")
			b.ReportMetric(float64(found.Size()), "hits")
		})
	}
}

// BenchmarkIndexReady is how long it takes until people are found: from the
// people, and from a snapshot.
func BenchmarkIndexReady(b *testing.B) {
	for _, from := range []string{"people", "snapshot"} {
		b.Run(from, func(b *testing.B) {
			var took, cpu []time.Duration
			for b.Loop() {
				b.StopTimer()
				book := benchOpen(b)
				if from == "people" {
					book.index.found = openedAs{}
				}
				runtime.GC()
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				begun, used := time.Now(), processorTime()
				b.StartTimer()
				book.makeIndex(true)
				b.StopTimer()
				took, cpu = append(took, time.Since(begun)), append(cpu, processorTime()-used)
				if book.index.loaded != (from == "snapshot") {
					b.Fatal("it was made of something else")
				}
				if _, err := book.Search(b.Context(), people.Filter{}); err != nil { // with all that a search makes
					b.Fatal(err)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/benchPeople, "B/person")
				if err := book.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			slices.Sort(took)
			slices.Sort(cpu)
			b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "median-ms")
			b.ReportMetric(float64(cpu[len(cpu)/2].Milliseconds()), "cpu-ms")
		})
	}
}

// BenchmarkIndexFloor is what an index that is made of the people cannot do without, on
// one processor: to pass over their records ("pass") and over the order of their names
// ("order"), and to pass over the records and read them ("read"). "make" is that with the
// segments of the index made of what was read.
func BenchmarkIndexFloor(b *testing.B) {
	book := benchOpen(b)
	defer book.Close()
	err := book.view(func(tx *bolt.Tx) error {
		var c people.Contact
		last, _ := contactsTable.Cursor(tx).Last()
		sum := 0
		each := func(do func(id people.ContactID, v []byte) error) error {
			cursor := contactsTable.Cursor(tx)
			for k, v := cursor.First(); k != nil; k, v = cursor.Next() {
				if err := do(contactsTable.Parts(k), v); err != nil {
					return err
				}
			}
			return nil
		}
		for _, part := range []struct {
			name string
			do   func() error
		}{
			{"pass", func() error {
				return each(func(_ people.ContactID, v []byte) error { sum += int(v[len(v)-1]); return nil })
			}},
			{"order", func() error {
				order, err := orderTx(tx)
				if err != nil {
					return err
				}
				for id := range order {
					sum += int(id)
				}
				return nil
			}},
			{"read", func() error {
				return each(func(id people.ContactID, v []byte) error { return viewContact(&c, id, v) })
			}},
			{"make", func() error {
				x := index.New()
				if err := x.Room(contactsTable.Parts(last) + 1); err != nil {
					return err
				}
				build := x.NewBuilder()
				defer build.Flush()
				return each(func(id people.ContactID, v []byte) error {
					err := viewContact(&c, id, v)
					build.Add(&c)
					return err
				})
			}},
		} {
			b.Run(part.name, func(b *testing.B) {
				begun := processorTime()
				for b.Loop() {
					if err := part.do(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64((processorTime()-begun).Microseconds())/1000/float64(b.N), "cpu-ms")
			})
		}
		if sum == 0 {
			b.Error("there was nothing to pass over")
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkIndexBeside finds the same people in the same lines with the index and, as far
// as they are in the path, with fzf --filter, rg -F and grep -F. These are whole processes,
// as somebody would start them.
func BenchmarkIndexBeside(b *testing.B) {
	book := benchOpen(b)
	defer book.Close()
	book.KeepIndex()
	if !book.hasIndex(b.Context()) {
		b.Fatal("there is no index")
	}
	ids, err := book.Find(b.Context(), people.Filter{})
	if err != nil {
		b.Fatal(err)
	}
	lines := filepath.Join(b.TempDir(), "lines")
	file, err := os.Create(lines)
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriter(file)
	for some := range slices.Chunk(ids, 1000) {
		found, err := book.ContactsByID(some)
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range found {
			fmt.Fprintf(out, "%s\t%s\t%s\n", people.Fold(c.Name), c.Phone, c.Fields[people.EmailField])
		}
	}
	if err := errors.Join(out.Flush(), file.Close()); err != nil {
		b.Fatal(err)
	}
	for _, word := range []string{"brandao", "joao goncalves"} {
		b.Run("index/"+word, func(b *testing.B) {
			f, err := people.ParseFilter(word)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				b.StopTimer()
				book.index.note(0, bolt.Changes{contactsTable.Name: {contactsTable.Key(1)}})
				b.StartTimer()
				if _, err := book.Search(b.Context(), f); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, other := range [][]string{{"fzf", "--filter=" + word}, {"rg", "-F", word}, {"grep", "-F", word}} {
			b.Run(other[0]+"/"+word, func(b *testing.B) {
				if _, err := exec.LookPath(other[0]); err != nil {
					b.Skip(err)
				}
				for b.Loop() {
					in, err := os.Open(lines)
					if err != nil {
						b.Fatal(err)
					}
					cmd := exec.Command(other[0], other[1:]...)
					cmd.Stdin = in
					_, _ = cmd.Output() // nothing found is no failure
					in.Close()
				}
			})
		}
	}
}
