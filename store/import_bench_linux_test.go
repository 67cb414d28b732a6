package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"recado/campaign/files"
	"recado/campaign/people"
	"recado/store/bolt"
)

// The marks of an import, of a million people, or of RECADO_BENCH_ROWS:
//
//	go test ./store -run - -bench ImportFile -benchtime 1x -timeout 30m
//
// They need a disk that syncs: set TMPDIR to be on one.

// benchFile writes a table of n people, of 85 bytes a row.
func benchFile(b *testing.B, n int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "people.csv")
	file, err := os.Create(path)
	fatal(b, err)
	out := bufio.NewWriter(file)
	fmt.Fprintln(out, "Nome;Telefone;E-mail;Cidade;Tags")
	r := rand.New(rand.NewPCG(1, 2))
	seen := make(map[string]bool, n)
	for len(seen) < n {
		phone := fmt.Sprintf("%s9%08d", benchDDD[r.IntN(len(benchDDD))], 60_000_000+r.IntN(40_000_000))
		if seen[phone] {
			continue
		}
		seen[phone] = true
		first, last := benchFirst[r.IntN(len(benchFirst))], benchLast[r.IntN(len(benchLast))]
		fmt.Fprintf(out, "%s %s %s;(%s) %s-%s;%s.%s%d@gmail.com;%s;%s\n", first, benchLast[r.IntN(len(benchLast))], last,
			phone[:2], phone[2:7], phone[7:], people.Fold(first), people.Fold(last), r.IntN(1e4), benchCity[r.IntN(len(benchCity))], benchTag[r.IntN(len(benchTag))])
	}
	fatal(b, errors.Join(out.Flush(), file.Close()))
	return path
}

// anonymous is how much anonymous memory this process has, in bytes.
func anonymous() int {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "RssAnon:")
	kb, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, _ := strconv.Atoi(kb)
	return n << 10
}

// highest calls do and returns how much anonymous memory the process had at its
// highest meanwhile, in MiB, and how long it took.
func highest(do func()) (mib float64, took time.Duration) {
	stop := make(chan struct{})
	peak := 0
	var watch sync.WaitGroup
	watch.Go(func() { // ends with do
		for {
			peak = max(peak, anonymous())
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	begun := time.Now()
	do()
	took = time.Since(begun)
	close(stop)
	watch.Wait()
	return float64(peak) / (1 << 20), took
}

// tableSizes are how many bytes the pages of the tables take, and those that nothing
// uses.
func tableSizes(b *testing.B, book *Book) map[string]int {
	sizes := map[string]int{"free": book.db.Stats().FreePageN * book.db.Info().PageSize}
	fatal(b, book.view(func(tx *bolt.Tx) error {
		for _, t := range allTables {
			stats := bucket(tx, t.String()).Stats()
			sizes[t.String()] = stats.BranchAlloc + stats.LeafAlloc
		}
		return nil
	}))
	return sizes
}

// BenchmarkImportFile imports a file twice, says before that what it would do, and
// takes it back. For all means that everybody gets a tag and a consent.
func BenchmarkImportFile(b *testing.B) {
	n := 1_000_000
	if rows := os.Getenv("RECADO_BENCH_ROWS"); rows != "" {
		var err error
		n, err = strconv.Atoi(rows)
		fatal(b, err)
	}
	path := benchFile(b, n)
	given := people.Consent{Status: people.ConsentGiven, Source: "feira 2026", At: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
	for name, options := range map[string]files.Options{"plain": {}, "for-all": {Tags: []string{"importado"}, Consent: given}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				benchImport(b, path, n, options)
			}
		})
	}
}

func benchImport(b *testing.B, path string, n int, options files.Options) {
	at := filepath.Join(b.TempDir(), "book.db")
	book, err := Open(at, Options{Kind: Demo})
	fatal(b, err)
	report := func(name string, do func(file io.Reader)) {
		file, err := os.Open(path)
		fatal(b, err)
		defer file.Close()
		used := processorTime()
		mib, took := highest(func() { do(file) })
		b.ReportMetric((processorTime() - used).Seconds(), name+"-cpu-s")
		b.ReportMetric(took.Seconds(), name+"-s")
		b.ReportMetric(mib, name+"-MiB")
	}
	dry := func(file io.Reader) {
		_, err := book.PreflightImport(b.Context(), file, options, Complete, files.Sink{})
		fatal(b, err)
	}
	var all []people.ImportID
	bring := func(file io.Reader) {
		done, err := desk(book).ImportFrom(b.Context(), ImportOrder{Source: "people.csv", Tags: options.Tags, Consent: options.Consent}, func(add func(people.Row) error) (int, error) {
			_, err := files.Read(b.Context(), file, options, files.Sink{Row: add, Bad: func(files.Bad) error { return nil }})
			return 0, err
		})
		fatal(b, err)
		all = append(all, done.ID)
	}
	report("dry", dry)
	report("first", bring)
	report("again", bring)
	report("dry-again", dry)
	tables := tableSizes(b, book)
	size, err := os.Stat(at)
	fatal(b, err)
	b.ReportMetric(float64(size.Size())/float64(n), "B/person")
	for name, size := range tables {
		if each := float64(size) / float64(n); each >= 1 {
			b.ReportMetric(each, name+"-B/person")
		}
	}
	report("undo", func(io.Reader) {
		for _, id := range []people.ImportID{all[1], all[0]} {
			_, err := desk(book).UndoImport(b.Context(), id)
			fatal(b, err)
		}
	})
	if left, err := book.ContactCount(); err != nil || left != 0 {
		b.Fatalf("%d people are left, %v", left, err)
	}
	fatal(b, book.Close())
}
