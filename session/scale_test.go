package session

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.mau.fi/whatsmeow"
	waLog "go.mau.fi/whatsmeow/util/log"

	"recado/campaign"
	"recado/session/simulator"
	"recado/store/device"
)

// What a hundred numbers may cost over what the library's own clients cost.
const (
	manyNumbers   = 100
	ownGoroutines = 8               // per number
	ownMemory     = 3 << 19         // bytes per number: 1.5 MiB
	allOnline     = 5 * time.Second // of waiting; what it costs is a benchmark
)

// footprint is what the process holds at one moment.
type footprint struct {
	goroutines int
	memory     int64 // bytes of heap and stacks in use
}

// measure collects the garbage and counts the rest.
func measure() footprint {
	runtime.GC()
	runtime.GC() // what finalizers have let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{runtime.NumGoroutine(), int64(m.HeapAlloc + m.StackInuse)}
}

// atRest measures when every goroutine waits for something and the library's
// own timers have ended.
func atRest() footprint {
	time.Sleep(10 * time.Minute)
	synctest.Wait()
	return measure()
}

func (f footprint) over(base footprint, numbers int) (goroutines float64, memory int64) {
	return float64(f.goroutines-base.goroutines) / float64(numbers), (f.memory - base.memory) / int64(numbers)
}

func TestHundredNumbersCostLittleMoreThanTheirClients(t *testing.T) {
	if testing.Short() {
		t.Skip("links a hundred numbers")
	}
	many := manyNumbers
	if raced {
		many = 20 // each costs ten times as much to link
	}
	inBubble(t, simulator.Config{Seed: 3, People: 50, Quiet: true}, func(r *rig) {
		ids := r.linkMany(many)

		// The library alone, on the same file.
		r.close()
		empty := atRest()
		hangUp := r.bareClients()
		bare := atRest()
		hangUp()

		begun := time.Now()
		r.open()
		r.awaitAll(ids)
		took := time.Since(begun)
		ours := atRest()

		goroutines, memory := ours.over(bare, len(ids))
		theirs, held := bare.over(empty, len(ids))
		r.Logf("%d numbers online in %v; per number the library and the service hold %.1f goroutines and %d KiB, we %.1f and %d KiB more",
			len(ids), took.Round(time.Millisecond), theirs, held>>10, goroutines, memory>>10)
		if took > allOnline {
			r.Errorf("all are online after %v, want %v", took, allOnline)
		}
		if goroutines > ownGoroutines {
			r.Errorf("%.1f goroutines per number over the library's own, want at most %d", goroutines, ownGoroutines)
		}
		if memory > ownMemory {
			r.Errorf("%d bytes per number over the library's own, want at most %d", memory, ownMemory)
		}
		r.close()
		if left := atRest(); left.goroutines > empty.goroutines {
			r.Errorf("%d goroutines are left of a closed pool, %d before it was opened", left.goroutines, empty.goroutines)
		}
		r.open() // for the end of the rig
	})
}

// BenchmarkHundredNumbersComeOnline is the start of the program with a hundred
// linked numbers, up to the last of them being online.
func BenchmarkHundredNumbersComeOnline(b *testing.B) {
	r := newRig(b, simulator.Config{Seed: 3, People: 50, Quiet: true})
	defer r.service.Close()
	ids := r.linkMany(manyNumbers)
	for b.Loop() {
		b.StopTimer()
		r.close()
		b.StartTimer()
		r.open()
		r.awaitAll(ids)
	}
	r.close()
}

// linkMany adds numbers and links them all.
func (r *rig) linkMany(count int) []campaign.NumberID {
	r.Helper()
	ids := make([]campaign.NumberID, count)
	for i := range ids {
		ids[i] = r.add(fmt.Sprintf("n%d", i))
		r.scan(ids[i], "")
	}
	r.awaitAll(ids)
	return ids
}

// awaitAll waits until all numbers are online.
func (r *rig) awaitAll(ids []campaign.NumberID) {
	r.Helper()
	for _, id := range ids {
		r.awaitState(id, campaign.Online)
	}
}

// bareClients connects every device by the library alone, set up as ours is,
// and returns how to end that.
func (r *rig) bareClients() (hangUp func()) {
	r.Helper()
	keys, err := device.Open(filepath.Join(r.dir, "devices.db"))
	if err != nil {
		r.Fatal(err)
	}
	devices, err := keys.GetAllDevices(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	var clients []*whatsmeow.Client
	var wg sync.WaitGroup
	for _, dev := range devices {
		cli := whatsmeow.NewClient(dev, waLog.Noop)
		cli.EnableAutoReconnect = false
		cli.SynchronousAck = true
		cli.EnableDecryptedEventBuffer = true
		base := r.service.HTTPClient()
		cli.SetWebsocketHTTPClient(base)
		cli.SetPreLoginHTTPClient(base)
		cli.SetMediaHTTPClient(base)
		if err := cli.Connect(); err != nil {
			r.Fatal(err)
		}
		clients = append(clients, cli)
		wg.Go(func() {
			if !cli.WaitForConnection(30 * time.Second) {
				r.Error("a bare client does not get online")
			}
		})
	}
	wg.Wait()
	return func() {
		for _, cli := range clients {
			cli.Disconnect()
		}
		if err := keys.Close(); err != nil {
			r.Error(err)
		}
	}
}

// reconnects is how often the number of the leak test loses its connection:
// more often where RECADO_LONG is set.
func reconnects() int {
	if os.Getenv("RECADO_LONG") != "" {
		return 1000
	}
	return 200
}

func TestReconnectingLeavesNothingBehind(t *testing.T) {
	const warmUp = 20
	times := reconnects()
	inBubble(t, simulator.Config{People: 3, Quiet: true}, func(r *rig) {
		id := r.add("loja")
		phone := r.scan(id, "")
		r.awaitState(id, campaign.Online)
		again := func(times int) footprint {
			for range times {
				r.own(phone).Drop()
				r.awaitState(id, campaign.Offline)
				r.awaitState(id, campaign.Online)
			}
			time.Sleep(10 * time.Minute) // the library's own timers
			synctest.Wait()
			return measure()
		}
		before := again(warmUp)
		after := again(times)
		grown := after.memory - before.memory
		r.Logf("after %d reconnects: %d goroutines (%d before), %d KiB more", times, after.goroutines, before.goroutines, grown>>10)
		if after.goroutines > before.goroutines {
			r.Errorf("%d goroutines after %d reconnects, %d before", after.goroutines, times, before.goroutines)
		}
		// The ledger of the service remembers every query.
		if limit := int64(1<<20 + times*(4<<10)); grown > limit {
			r.Errorf("%d bytes more after %d reconnects, want at most %d", grown, times, limit)
		}
	})
}
