package host

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session"
	"recado/session/simulator"
	"recado/store"
	"recado/store/device"
	"recado/tui"
)

// patience bounds a wait for what may never come; a busy machine may be slow.
const patience = 2 * time.Minute

// rig is an owner with real files on a simulated service, and its door.
type rig struct {
	testing.TB
	service *simulator.Service
	owner   *Owner
	pool    *session.Pool
}

func newRig(t testing.TB, config simulator.Config) *rig {
	t.Helper()
	service := simulator.New(config)
	t.Cleanup(service.Close)
	o, err := Open(configOf(t, service))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{TB: t, service: service, owner: o}
	pool, release, err := o.Work(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.pool = pool
	t.Cleanup(func() {
		o.Stop()
		release()
		if err := o.Close(true); err != nil {
			t.Error(err)
		}
	})
	return r
}

// configOf is an owner of an empty directory.
func configOf(t testing.TB, service *simulator.Service) Config {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return Config{
		Dir: dir, Keeps: true, Service: &Service{HTTP: service.HTTPClient, RootKey: simulator.RootKey()},
		Explain: func(_ string, err error) (int, string) { return 1, err.Error() },
		Run: func(_ context.Context, h *Handed) Exit { // stop
			h.Owner.Stop()
			<-h.Owner.Quiet()
			return Exit{}
		},
		Open: partsOf,
	}
}

// partsOf opens what the program opens.
func partsOf(o Opening) (*Parts, error) {
	bell, clock := new(campaign.Bell), new(campaign.Clock)
	book, err := store.Open(filepath.Join(o.Dir, "book.db"), store.Options{Kind: o.Kind(), Bell: bell, Clock: clock, Logger: o.Logger, Timeout: o.Timeout})
	if err != nil {
		return nil, err
	}
	connect := func(ctx context.Context) (*session.Pool, func() error, error) {
		keys, err := device.Open(filepath.Join(o.Dir, "devices.db"))
		if err != nil {
			return nil, nil, err
		}
		pool, err := session.Open(ctx, session.Config{Devices: keys, Book: book, Bell: bell, Clock: clock, Logger: o.Logger, HTTP: o.Service.HTTP, RootKey: &o.Service.RootKey})
		return pool, keys.Close, err
	}
	return &Parts{Kind: o.Kind(), Book: book, Bell: bell, Clock: clock, Logger: o.Logger, Connect: connect}, nil
}

func (r *rig) desk() *store.Desk {
	return r.owner.Parts.Book.Desk(store.Actor{Name: "ana", Role: store.Admin, From: "test"})
}

// await waits until met.
func (r *rig) await(what string, met func() bool) {
	r.Helper()
	for begun := time.Now(); !met(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > patience {
			r.Fatalf("never %s", what)
		}
	}
}

// imports writes as many of the people who live there to the book.
func (r *rig) imports(n int) {
	r.Helper()
	var rows []people.Row
	for i, p := range r.service.People()[:n] {
		rows = append(rows, people.Row{Phone: people.Phone(p.Phone), Name: fmt.Sprintf("Pessoa %05d", i)})
	}
	if _, err := r.desk().Import(r.Context(), rows, "test"); err != nil {
		r.Fatal(err)
	}
}

// guestOf is a terminal at the door as another program might be one: what it
// says is written by the test.
type guestOf struct {
	*rig
	wire    *Wire
	mu      sync.Mutex
	shown   strings.Builder // what was drawn
	bytes   int             // of that
	forgets bool            // what was drawn is not kept
	end     *Exit           // nil: it goes on
	gone    bool            // the owner has closed the connection
}

// terminal opens one of that size, which does not read.
func (r *rig) terminal(w, h int) *guestOf {
	r.Helper()
	wire, err := Knock(r.owner.Dir)
	if err != nil {
		r.Fatal(err)
	}
	return r.terminalAt(wire, w, h)
}

// terminalAt is one at a connection.
func (r *rig) terminalAt(wire *Wire, w, h int) *guestOf {
	r.Helper()
	r.Cleanup(func() { wire.Close() })
	err := wire.sendJSON(frameRequest, Request{
		Protocol: protocol, Lang: "en",
		Terminal: &Terminal{Width: w, Height: h, Environ: []string{"TERM=xterm-256color"}},
	})
	if err != nil {
		r.Fatal(err)
	}
	return &guestOf{rig: r, wire: wire}
}

// reads has it read from now on.
func (g *guestOf) reads() *guestOf {
	go func() { // ends with the connection
		for {
			kind, payload, err := g.wire.receive()
			g.mu.Lock()
			switch {
			case err != nil:
				g.gone = true
			case kind == frameOut:
				if g.bytes += len(payload); !g.forgets {
					g.shown.Write(payload)
				}
			case kind == frameExit:
				g.end = new(Exit)
				json.Unmarshal(payload, g.end)
			}
			g.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return g
}

func (g *guestOf) press(keys string) {
	g.Helper()
	if err := g.wire.send(frameKeys, []byte(keys)); err != nil {
		g.Fatal(err)
	}
}

// sees waits until the words have been drawn, and forgets what was.
func (g *guestOf) sees(words string) {
	g.Helper()
	g.await(fmt.Sprintf("%q on the terminal", words), func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		if !strings.Contains(g.shown.String(), words) {
			return false
		}
		g.shown.Reset()
		return true
	})
}

// drawn is how many bytes have been drawn.
func (g *guestOf) drawn() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bytes
}

// isWell fails unless it takes keys and goes on drawing.
func (g *guestOf) isWell(after string) {
	g.Helper()
	for _, at := range []struct{ key, words string }{{"2", "Pessoa 00001"}, {"1", "new number"}} {
		g.mu.Lock()
		g.shown.Reset()
		g.mu.Unlock()
		g.press(at.key)
		var asked time.Time
		g.await(fmt.Sprintf("%q on a terminal after %s", at.words, after), func() bool {
			if time.Since(asked) > time.Second/2 { // of what has changed only the differences are drawn
				asked = time.Now()
				if err := g.wire.send(frameRedraw, nil); err != nil {
					g.Fatalf("after %s: %v", after, err)
				}
			}
			g.mu.Lock()
			defer g.mu.Unlock()
			return strings.Contains(g.shown.String(), at.words)
		})
		g.mu.Lock()
		g.shown.Reset()
		g.mu.Unlock()
	}
}

// dropped waits until the owner has ended it.
func (g *guestOf) dropped(why string) {
	g.Helper()
	g.await("dropped: "+why, func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.gone
	})
}

// frame is one as it goes over the wire.
func frame(kind byte, payload string) string {
	return string(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(payload)))) + payload
}

// TestAStalledTerminalHarmsNobody: it takes nothing, and says much.
func TestAStalledTerminalHarmsNobody(t *testing.T) {
	r := newRig(t, simulator.Config{People: 50, Quiet: true, Speed: simulator.Instant})
	r.imports(50)
	well := r.terminal(80, 24).reads()
	well.isWell("the start")
	stalled := r.terminal(200, 60)
	full := false
	for i := 0; i < 20_000 && !full; i++ { // until the owner takes nothing from it any more either
		stalled.wire.conn.SetWriteDeadline(time.Now().Add(2 * time.Second))
		_, err := io.WriteString(stalled.wire.conn, frame(frameSize, string(sizeFrame(eitherSize(i))))+frame(frameRedraw, ""))
		full = errors.Is(err, os.ErrDeadlineExceeded)
		if err != nil && !full {
			t.Fatal(err)
		}
	}
	if !full {
		t.Error("the owner keeps taking from a terminal that takes nothing, so this shows nothing")
	}
	well.isWell("a stalled terminal")
	if _, err := r.desk().AddNumber("loja"); err != nil { // the bell rings for both
		t.Fatal(err)
	}
	well.sees("loja")
	stalled.wire.Close()
	r.await("the stalled one gone", func() bool { return r.owner.Terminals() == 1 })
	well.isWell("it has gone")
}

// TestATerminalThatTakesNothingIsDropped, after a while and for good: half a
// frame may be on the wire.
func TestATerminalThatTakesNothingIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer here.Close()
		w := &Wire{conn: there}
		w.patience.Store(int64(stalledFor))
		begun := time.Now()
		if err := w.send(frameOut, []byte("a screen")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begun); took != stalledFor {
			t.Errorf("dropped after %v", took)
		}
		if _, err := here.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the connection is not closed: %v", err)
		}
	})
}

// TestAnInsaneTerminalHarmsNobody, whatever it says.
func TestAnInsaneTerminalHarmsNobody(t *testing.T) {
	r := newRig(t, simulator.Config{People: 50, Quiet: true, Speed: simulator.Instant})
	r.imports(50)
	well := r.terminal(80, 24).reads()
	well.isWell("the start")

	// What it may be is clamped.
	insane := r.terminal(10_000, 10_000).reads()
	insane.isWell("its start")
	insane.bounded("10,000×10,000")
	for _, size := range [][2]uint32{{0, 0}, {100_000, 100_000}, {1 << 31, 1 << 31}, {1<<32 - 1, 1}, {1, 1<<32 - 1}, {0, 100}} {
		b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, size[0]), size[1])
		if err := insane.wire.send(frameSize, b); err != nil {
			t.Fatalf("%v: %v", size, err)
		}
	}
	insane.wire.send(frameSize, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 100_000), 100_000))
	insane.isWell("its sizes")
	insane.bounded("100,000×100,000")
	well.isWell("sizes")
	below := r.terminal(-1, -1<<40).reads()
	below.wire.send(frameSize, sizeFrame(eitherSize(0)))
	below.isWell("less than nothing")

	// A paste of a megabyte, and one without an end, into a field.
	insane.press("2/")
	insane.press(pasteBegins)
	for range 32 {
		insane.press(strings.Repeat("paste ", 1<<15/6))
	}
	insane.press(pasteEnds)
	well.isWell("a paste")
	insane.press(pasteBegins)
	for range 64 {
		insane.press(strings.Repeat("x", 1<<15))
	}
	well.isWell("a paste without an end")
	insane.wire.Close()

	// What makes no sense ends it, and nobody else.
	for name, said := range map[string]string{
		"garbage":                    strings.Repeat("\x00\x00\x00\x00\x00", 50),
		"a kind that is none":        frame('?', "what"),
		"a second request":           frame(frameRequest, "{}"),
		"a size that is none":        frame(frameSize, "\x00\x00\x00"),
		"a frame that is too long":   "k\xff\xff\xff\xff",
		"more than a frame":          string(binary.BigEndian.AppendUint32([]byte{frameKeys}, maxFrame+1)),
		"a megabyte of keys at once": frame(frameKeys, strings.Repeat("x", maxFrame)),
	} {
		g := r.terminal(80, 24).reads()
		g.sees("new number")
		io.WriteString(g.wire.conn, said)
		g.dropped(name)
		well.isWell(name)
	}
	// A frame that is cut in the middle: by a line that fell, and by one that
	// stays and says nothing more.
	for _, cut := range []string{"k", "k\x00\x00", "k\x00\x00\x10\x00half", "s\x00\x00\x00\x08\x00\x00"} {
		fell, stays := r.terminal(80, 24).reads(), r.terminal(80, 24).reads()
		for _, g := range []*guestOf{fell, stays} {
			g.sees("new number")
			if _, err := io.WriteString(g.wire.conn, cut); err != nil {
				t.Fatal(err)
			}
		}
		fell.wire.Close()
		well.isWell("half a frame")
		stays.wire.Close()
	}
	below.wire.Close()
	r.await("only one left", func() bool { return r.owner.Terminals() == 1 })
	well.isWell("all of that")
}

// eitherSize is one of two sizes that differ in every line.
func eitherSize(i int) tui.Size {
	return tui.Size{Width: 200 - i%2*60, Height: 60 - i%2*20}
}

// bounded fails if more is drawn than fits on the largest terminal.
func (g *guestOf) bounded(what string) {
	g.Helper()
	before := g.drawn()
	g.wire.send(frameRedraw, nil)
	g.await("drawn", func() bool { return g.drawn() > before })
	if n := g.drawn() - before; n > 8*maxWidth*maxHeight {
		g.Errorf("%s: %d bytes are drawn", what, n)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, at := range positions.FindAllStringSubmatch(g.shown.String(), -1) {
		var line int
		if fmt.Sscan(at[1], &line); line > maxHeight {
			g.Errorf("%s: drawn on line %d", what, line)
		}
	}
}

// positions are where something is drawn.
var positions = regexp.MustCompile("\x1b\\[([0-9]+)(?:;[0-9]+)?[Hd]")

// TestTheSixtyFifthTerminalIsRefused, however many come at once, and there is
// room again when one has left.
func TestTheSixtyFifthTerminalIsRefused(t *testing.T) {
	r := newRig(t, simulator.Config{People: 1, Quiet: true, Speed: simulator.Instant})
	const more = 16
	all := make([]*guestOf, maxTerminals+more)
	for i := range all {
		all[i] = r.terminal(80, 24).reads()
	}
	count := func() (seated, refused int) {
		for _, g := range all {
			g.mu.Lock()
			switch {
			case g.end != nil && g.end.Why == Full:
				refused++
			case g.shown.Len() > 0:
				seated++
			}
			g.mu.Unlock()
		}
		return seated, refused
	}
	r.await("everybody answered", func() bool { seated, refused := count(); return seated+refused == len(all) })
	if seated, refused := count(); seated != maxTerminals || refused != more {
		t.Errorf("%d are shown the screens and %d refused", seated, refused)
	}
	for _, g := range all {
		if g.end == nil {
			g.wire.Close()
			break
		}
	}
	r.await("one of them gone", func() bool { return r.owner.Terminals() == maxTerminals-1 })
	r.terminal(80, 24).reads().sees("new number")
}
