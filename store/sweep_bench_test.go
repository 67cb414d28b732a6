package store

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
)

// The marks of what touches many rows, each measured in one run:
//
//	go test ./store -run - -bench 'Sweep|Start|ClaimOf' -benchtime 1x -timeout 30m
//
// They need a disk that syncs: no NoSync here.

// crowdFile makes a closed book with n people and a linked number, once for all
// benchmarks of a run.
func crowdFile(b *testing.B, n int) string {
	b.Helper()
	crowds.Lock()
	defer crowds.Unlock()
	if path := crowds.files[n]; path != "" {
		return path
	}
	dir, err := os.MkdirTemp("", "recado-crowd-")
	fatal(b, err)
	path := filepath.Join(dir, "book.db")
	book, err := Open(path, Options{Kind: Demo})
	fatal(b, err)
	number, err := desk(book).AddNumber("loja")
	fatal(b, err)
	_, err = book.LinkNumber(number.ID, "+5511912345678", "5511912345678:1@s.whatsapp.net", time.Now())
	fatal(b, err)
	_, err = desk(book).SetLimits(number.ID, campaign.Pace{}.All())
	fatal(b, err)
	book.db.NoSync = true
	begun := time.Now()
	_, err = desk(book).Import(b.Context(), crowdRows(n, 0), "crowd.csv")
	fatal(b, err)
	fatal(b, book.db.Sync())
	b.Logf("%d people imported in %v", n, time.Since(begun))
	fatal(b, book.Close())
	crowds.files[n] = path
	return path
}

var crowds = struct {
	sync.Mutex
	files map[int]string
}{files: make(map[int]string)}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, path := range crowds.files {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func crowdRows(n, from int) []people.Row {
	rows := make([]people.Row, n)
	for i := range rows {
		k := (i + from) * 7919 % 90_000_000
		rows[i] = people.Row{
			Line: i + 2, Phone: people.Phone(fmt.Sprintf("+55%02d9%08d", []int{11, 21, 31, 92}[k%4], k)),
			Name: fmt.Sprintf("%c%c Pessoa %d", 'A'+k%26, 'a'+k/26%26, k), Tags: []string{"vip"},
			Fields: map[string]string{"cidade": "São Paulo", "email": "alguem@example.com"},
		}
		if i < 1000 {
			rows[i].Tags = append(rows[i].Tags, "mil")
		}
	}
	return rows
}

func fatal(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// crowded opens a copy of such a book, with a draft to everybody in it.
func crowded(b *testing.B, n int) (*Book, campaign.Campaign) {
	b.Helper()
	from, err := os.Open(crowdFile(b, n))
	fatal(b, err)
	defer from.Close()
	path := filepath.Join(b.TempDir(), "book.db")
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	fatal(b, err)
	_, err = io.Copy(to, from)
	fatal(b, err)
	fatal(b, to.Sync())
	fatal(b, to.Close())
	book, err := Open(path, Options{Kind: Demo})
	fatal(b, err)
	b.Cleanup(func() { book.Close() })
	c, err := desk(book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi, {nome}!"})
	fatal(b, err)
	return book, c
}

// rest waits until the book has no work.
func rest(b testing.TB, book *Book) {
	b.Helper()
	ring, unhear := book.bell.Listen()
	defer unhear()
	for {
		jobs, err := book.Jobs()
		fatal(b, err)
		if len(jobs) == 0 {
			return
		}
		<-ring
	}
}

// BenchmarkSweepReturns is how long pause and cancel take with 600,000 queued.
func BenchmarkSweepReturns(b *testing.B) {
	for b.Loop() {
		book, c := crowded(b, 600_000)
		_, err := desk(book).Start(c.ID, time.Now())
		fatal(b, err)
		begun := time.Now()
		_, err = desk(book).Pause(c.ID)
		fatal(b, err)
		paused := time.Now()
		_, err = desk(book).Cancel(c.ID)
		fatal(b, err)
		cancelled := time.Now()
		rest(b, book)
		b.ReportMetric(float64(paused.Sub(begun).Microseconds())/1000, "pause-ms")
		b.ReportMetric(float64(cancelled.Sub(paused).Microseconds())/1000, "cancel-ms")
		b.ReportMetric(time.Since(cancelled).Seconds(), "sweep-s")
		book.Close()
	}
}

// BenchmarkSweepBeside is how long another write waits beside a job of 600,000
// people, at the 99th of a hundred, and how much longer that is than the same
// write alone in the same run.
func BenchmarkSweepBeside(b *testing.B) {
	for _, kind := range []string{"freeze", "cancel", "import"} {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				book, c := crowded(b, 600_000)
				var rows []people.Row
				switch kind {
				case "cancel":
					_, err := desk(book).Start(c.ID, time.Now())
					fatal(b, err)
				case "import":
					rows = crowdRows(600_000, 300_000)
				}
				alone := waited(b, book, time.After(3*time.Second))
				done := make(chan time.Time)
				begun := time.Now()
				go func() { // ends with the job
					switch kind {
					case "freeze":
						if _, err := desk(book).Start(c.ID, time.Now()); err != nil {
							b.Error(err)
						}
					case "cancel":
						if _, err := desk(book).Cancel(c.ID); err != nil {
							b.Error(err)
						}
						rest(b, book)
					case "import":
						if _, err := desk(book).Import(b.Context(), rows, "more.csv"); err != nil {
							b.Error(err)
						}
					}
					close(done)
				}()
				beside := waited(b, book, done)
				b.ReportMetric(time.Since(begun).Seconds(), "job-s")
				b.ReportMetric(alone, "alone-p99-ms")
				b.ReportMetric(beside, "beside-p99-ms")
				b.ReportMetric(beside-alone, "longer-ms")
				book.Close()
			}
		})
	}
}

// waited writes now and then, as receipts do, until the end, and returns how
// long the slowest of a hundred took, in ms.
func waited(b *testing.B, book *Book, end <-chan time.Time) float64 {
	var took []time.Duration
	for i := 0; ; i++ {
		select {
		case <-end:
			slices.Sort(took)
			return float64(took[len(took)*99/100].Microseconds()) / 1000
		case <-time.After(5 * time.Millisecond):
		}
		id := people.ContactID(1 + i*7919%100_000)
		begun := time.Now()
		if err := desk(book).EditContact(id, func(c *people.Contact) { c.Fields["visto"] = fmt.Sprint(i) }); err != nil {
			b.Error(err)
		}
		took = append(took, time.Since(begun))
	}
}

// BenchmarkStart is a start of a million people in all, and how much memory it
// takes at its highest.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		book, c := crowded(b, 1_000_000)
		runtime.GC()
		var before, now runtime.MemStats
		runtime.ReadMemStats(&before)
		stop := make(chan struct{})
		var peak uint64
		var watch sync.WaitGroup
		watch.Go(func() { // ends with the start
			for {
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapInuse)
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
				}
			}
		})
		begun := time.Now()
		_, err := desk(book).Start(c.ID, time.Now())
		fatal(b, err)
		b.ReportMetric(time.Since(begun).Seconds(), "start-s")
		close(stop)
		watch.Wait()
		b.ReportMetric(float64(peak-before.HeapInuse)/(1<<20), "MiB-more")
		book.Close()
	}
}

// BenchmarkClaimOf is a claim and its settle in a book of a million people, with
// a thousand of them in the queue and with all, in turns, and what the second
// costs more.
func BenchmarkClaimOf(b *testing.B) {
	for b.Loop() {
		var books [2]*Book
		var took [2][]time.Duration
		for i, to := range []string{"tag:mil", ""} {
			book, c := crowded(b, 1_000_000)
			c.To = to
			_, err := desk(book).EditDraft(c)
			fatal(b, err)
			_, err = desk(book).Start(c.ID, time.Now())
			fatal(b, err)
			counts, err := book.Counts(c.ID)
			fatal(b, err)
			b.Log(counts)
			books[i] = book
		}
		now := time.Now()
		for k := range 600 {
			for i, book := range books {
				took[i] = append(took[i], claimOne(b, book, now, campaign.MessageID(fmt.Sprint("3EB0", k))))
			}
			now = now.Add(time.Second)
		}
		var cost [2]float64
		for i, book := range books {
			slices.Sort(took[i])
			cost[i] = float64(took[i][len(took[i])/2].Microseconds())
			fatal(b, book.Close())
		}
		b.ReportMetric(cost[0], "claim-1k-us")
		b.ReportMetric(cost[1], "claim-1M-us")
		b.ReportMetric(cost[1]/cost[0], "ratio")
	}
}

// claimOne claims and settles one delivery and returns how long that took, the
// questions about phones aside.
func claimOne(b *testing.B, book *Book, now time.Time, id campaign.MessageID) time.Duration {
	claim := campaign.Claim{
		Number: 1, Ready: campaign.Readiness{Link: 1, Since: now.Add(-time.Hour)}, Now: now,
		NewID: func() campaign.MessageID { return id },
	}
	begun := time.Now()
	got, err := ClaimApart(book, claim)
	fatal(b, err)
	if len(got.Check) > 0 {
		var answers []people.Answer
		for _, p := range got.Check {
			answers = append(answers, people.Answer{Asked: p, Presence: people.OnWhatsApp, Phone: p, LID: string(p[1:])})
		}
		fatal(b, book.Answered(1, got.Check, answers, now))
		begun = time.Now()
		got, err = ClaimApart(book, claim)
		fatal(b, err)
	}
	fatal(b, book.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, now))
	return time.Since(begun)
}
