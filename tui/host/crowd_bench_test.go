package host

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"recado/campaign"
	"recado/session"
	"recado/session/simulator"
)

// How many terminals are there, and how many numbers send.
const (
	benchTerminals = 20
	benchNumbers   = 3
)

// link links a number without limits and waits until it can send.
func (r *rig) link(name string) {
	r.Helper()
	n, err := r.desk().AddNumber(name)
	if err != nil {
		r.Fatal(err)
	}
	if _, err := r.desk().SetLimits(n.ID, campaign.Pace{}.All()); err != nil {
		r.Fatal(err)
	}
	if err := r.desk().Link(r.pool, n.ID); err != nil {
		r.Fatal(err)
	}
	snapshot := func() (s session.Snapshot) {
		for _, s = range r.pool.Snapshots() {
			if s.Number.ID == n.ID {
				return s
			}
		}
		return session.Snapshot{}
	}
	r.await("a code", func() bool { return snapshot().QR != "" })
	if _, err := r.service.Scan(snapshot().QR); err != nil {
		r.Fatal(err)
	}
	r.await("online", func() bool { s := snapshot(); return s.State == campaign.Online && s.Synced && s.Reading.IsZero() })
}

// sends sends a campaign to everybody and returns how long it took.
func (r *rig) sends(pace campaign.Pace) time.Duration {
	r.Helper()
	c, err := r.desk().AddCampaign(campaign.Campaign{Name: "Natal", Text: "Oi {nome}!", Pace: pace, Silent: true})
	if err != nil {
		r.Fatal(err)
	}
	begun := time.Now()
	if _, err := r.desk().Start(c.ID, begun); err != nil {
		r.Fatal(err)
	}
	r.await("ended", func() bool {
		c, err = r.owner.Parts.Book.Campaign(c.ID)
		return err != nil || c.Status != campaign.Running && c.Status != campaign.Freezing
	})
	took := time.Since(begun)
	if err != nil || c.Status != campaign.Finished {
		r.Fatalf("%v: the campaign is %v, %v", err, c.Status, c.Reason)
	}
	return took
}

// watched opens terminals that show how a campaign is being sent.
func (r *rig) watched(n, w, h int) (leave func()) {
	r.Helper()
	before := r.owner.Terminals()
	all := make([]*guestOf, n)
	for i := range all {
		all[i] = r.terminal(w, h).reads()
		all[i].sees("new number")
		all[i].press("4")
		all[i].sees("Natal")
	}
	for _, g := range all {
		g.mu.Lock()
		g.forgets = true
		g.mu.Unlock()
	}
	time.Sleep(4 * time.Second) // until they are taken to watch only
	return func() {
		for _, g := range all {
			g.wire.Close()
		}
		r.await("all gone", func() bool { return r.owner.Terminals() == before })
	}
}

// held is what the process holds, in bytes of heap and stacks.
func held() int64 {
	runtime.GC()
	runtime.GC() // what finalizers have let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// median is that of some durations.
func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return (d[(len(d)-1)/2] + d[len(d)/2]) / 2
}

// BenchmarkTerminals sends campaigns over three numbers, in turns with nobody
// there and with twenty terminals that watch it. An operation is one turn of
// both. The terminals, and the service with its people, are in this process, so
// that what they cost counts as well.
//
// With the pace each number sends four messages a second, which is more than
// any that a service would stand: the time is that of the gaps, and what comes
// late is seen. Without one, sending takes all there is of the processor.
//
// Rate is how fast it sends with terminals by how fast it does without: the
// medians of all turns. MiB/terminal is heap and stack.
func BenchmarkTerminals(b *testing.B) {
	gap := campaign.Span{Min: time.Second / 4, Max: time.Second / 4}
	for _, at := range []struct {
		name   string
		people int
		pace   campaign.Pace
	}{
		{"pace", 60, campaign.Pace{Gap: gap, NewGap: gap}},
		{"nopace", 600, campaign.Pace{}},
	} {
		b.Run(at.name, func(b *testing.B) {
			r := newRig(b, simulator.Config{Seed: 9, People: at.people, Quiet: true, Speed: simulator.Instant})
			r.imports(at.people)
			for i := range benchNumbers {
				r.link(fmt.Sprintf("n%d", i))
			}
			r.sends(campaign.Pace{}) // which looks everybody up and opens the chats
			r.sends(campaign.Pace{})
			var alone, beside []time.Duration
			watched := func() {
				leave := r.watched(benchTerminals, 80, 24)
				beside = append(beside, r.sends(at.pace))
				leave()
			}
			for b.Loop() {
				if len(alone)%2 == 1 {
					watched()
				}
				alone = append(alone, r.sends(at.pace))
				if len(beside) < len(alone) {
					watched()
				}
			}
			b.ReportMetric(float64(median(alone))/float64(median(beside)), "rate")
			b.ReportMetric(float64(at.people)/median(alone).Seconds(), "messages/s")
			b.ReportMetric(0, "ns/op")
		})
	}
	for _, size := range []struct{ w, h int }{{80, 24}, {120, 40}, {200, 60}} {
		b.Run(fmt.Sprintf("%dx%d", size.w, size.h), func(b *testing.B) {
			r := newRig(b, simulator.Config{Seed: 9, People: 60, Quiet: true, Speed: simulator.Instant})
			r.imports(60)
			r.link("n")
			r.sends(campaign.Pace{})
			for b.Loop() {
				before := held()
				leave := r.watched(benchTerminals, size.w, size.h)
				r.sends(campaign.Pace{}) // which every screen draws
				then := held()
				leave()
				b.ReportMetric(float64(then-before)/benchTerminals/(1<<20), "MiB/terminal")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
