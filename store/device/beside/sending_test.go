package beside

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mau.fi/libsignal/logger"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session"
	"recado/session/simulator"
	book "recado/store"
	"recado/store/device"
)

// How fast a campaign without a pace leaves, beside a bare loop of the library's
// SendMessage on its own SQL store. The service is a process of its own. Who sends
// takes turns; every figure is the median of the turns, and a ratio within a turn:
//
//	go test -run '^$' -bench Sending -benchtime 1x
//
// Cold, nobody was written to before; warm, everybody was, by the same number.
// The people get it and read it at once, so that every message has two receipts.

const asService = "RECADO_BESIDE_SERVICE" // makes this program the service, with its files in that directory

func TestMain(m *testing.M) {
	whatsmeow.WACertPubKey = simulator.RootKey()
	var silent logger.Loggable = quiet{}
	logger.Setup(&silent)
	if dir := os.Getenv(asService); dir != "" {
		ctx, end := context.WithCancel(context.Background())
		go func() { // ends with the process that started this one
			_, _ = io.Copy(io.Discard, os.Stdin)
			end()
		}()
		config := simulator.Config{Seed: 5, People: 6000, Reads: 1, Speed: simulator.Instant, Quiet: true}
		if err := simulator.Serve(ctx, "127.0.0.1:0", dir, config, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// quiet keeps libsignal from writing to the output.
type quiet struct{}

func (quiet) Debug(_, _ string)   {}
func (quiet) Info(_, _ string)    {}
func (quiet) Warning(_, _ string) {}
func (quiet) Error(_, _ string)   {}
func (quiet) Configure(string)    {}

// service is the simulated WhatsApp in a process of its own.
type service struct {
	control string
	http    func() *http.Client
	people  []simulator.Person
}

func startService(b *testing.B) *service {
	b.Helper()
	dir := b.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asService+"="+dir)
	cmd.Stderr = os.Stderr
	stop, err := cmd.StdinPipe()
	must(b, err)
	out, err := cmd.StdoutPipe()
	must(b, err)
	must(b, cmd.Start())
	b.Cleanup(func() {
		_ = stop.Close()
		_ = cmd.Wait()
	})
	said := make(map[string]string)
	for lines := bufio.NewScanner(out); said["RECADO_SERVER_KEY"] == "" && lines.Scan(); {
		line := strings.TrimPrefix(lines.Text(), "export ")
		if name, value, ok := strings.Cut(line, "="); ok {
			said[name] = strings.Trim(value, "'")
		} else if name, value, ok := strings.Cut(line, " "); ok {
			said[name] = value
		}
	}
	s := &service{control: said["control"]}
	s.http, _, err = session.Server(said["RECADO_SERVER"], said["RECADO_SERVER_CA"], said["RECADO_SERVER_KEY"])
	must(b, err)
	answer, err := http.Get(s.control + "/people")
	must(b, err)
	defer answer.Body.Close()
	must(b, json.NewDecoder(answer.Body).Decode(&s.people))
	return s
}

// scan lets a new phone scan a code.
func (s *service) scan(b *testing.B, code string) {
	b.Helper()
	answer, err := http.Post(s.control+"/scan", "text/plain", strings.NewReader(code))
	must(b, err)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		b.Fatalf("scan: %s", text)
	}
}

// contender sends to people by its numbers.
type contender interface {
	// send writes to some people by each number and returns how long that took.
	send(b *testing.B, to [][]simulator.Person) time.Duration
	close(b *testing.B)
}

// bare is a loop of SendMessage for each number.
type bare struct {
	stores  []io.Closer
	clients []*whatsmeow.Client
}

// newBare links numbers by the library alone. dsn names the file of all of
// them; empty: each has a database in memory.
func newBare(b *testing.B, s *service, numbers int, dsn string) *bare {
	b.Helper()
	r := new(bare)
	open := func(address string, connections int) *sqlstore.Container {
		db, err := sql.Open(fastest().open, address)
		must(b, err)
		db.SetMaxOpenConns(connections)
		c := sqlstore.NewWithDB(db, "sqlite3", nil)
		must(b, c.Upgrade(ctx))
		return c
	}
	if dsn == "" {
		for range numbers {
			keys := open("file::memory:?"+fastest().pragmas[0], 1)
			r.stores = append(r.stores, keys)
			r.clients = append(r.clients, linkBare(b, s, keys.NewDevice()))
		}
		return r
	}
	// It links for minutes if every key is synced: that is not what is measured.
	keys := open(dsn+unsynced[fastest().name], 0)
	for range numbers {
		linkBare(b, s, keys.NewDevice()).Disconnect()
	}
	must(b, keys.Close())
	keys = open(dsn, 0)
	r.stores = append(r.stores, keys)
	devices, err := keys.GetAllDevices(ctx)
	must(b, err)
	for _, dev := range devices {
		r.clients = append(r.clients, linkBare(b, s, dev))
	}
	return r
}

// fastest is the driver of the bare loop: the one in C, if it is there.
func fastest() driver { return drivers[len(drivers)-1] }

// unsynced is what is behind the address of a file that need not be safe.
var unsynced = map[string]string{"Go": "&_pragma=synchronous(off)", "C": "&_synchronous=off"}

// linkBare connects a device, which is linked first if it is not.
func linkBare(b *testing.B, s *service, dev *store.Device) *whatsmeow.Client {
	b.Helper()
	cli := whatsmeow.NewClient(dev, nil)
	cli.SetWebsocketHTTPClient(s.http())
	cli.SetPreLoginHTTPClient(s.http())
	codes := make(chan string, 1)
	online := make(chan struct{}, 1)
	cli.AddEventHandler(func(e any) {
		switch e := e.(type) {
		case *events.QR:
			codes <- e.Codes[0]
		case *events.OfflineSyncCompleted:
			select {
			case online <- struct{}{}:
			default:
			}
		}
	})
	linked := dev.ID != nil
	must(b, cli.Connect())
	if !linked {
		s.scan(b, <-codes)
	}
	<-online
	return cli
}

func (r *bare) send(b *testing.B, to [][]simulator.Person) time.Duration {
	b.Helper()
	begun := time.Now()
	var all sync.WaitGroup
	for i, cli := range r.clients {
		all.Go(func() {
			for _, p := range to[i] {
				jid := types.NewJID(strings.TrimPrefix(p.Phone, "+"), types.DefaultUserServer)
				text := &waE2E.Message{Conversation: proto.String("Oi, " + p.Name + "!")}
				if _, err := cli.SendMessage(ctx, jid, text); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	return time.Since(begun)
}

func (r *bare) close(b *testing.B) {
	for _, cli := range r.clients {
		cli.Disconnect()
	}
	for _, c := range r.stores {
		must(b, c.Close())
	}
}

// ours is recado without its screens.
type ours struct {
	dir     string
	bell    *campaign.Bell
	book    *book.Book
	devices *device.Container
	pool    *session.Pool
	numbers []campaign.NumberID

	sent, commits int
}

func newOurs(b *testing.B, s *service, numbers int) *ours {
	b.Helper()
	o := &ours{dir: b.TempDir(), bell: new(campaign.Bell)}
	var err error
	o.book, err = book.Open(filepath.Join(o.dir, "book.db"), book.Options{Kind: book.Demo, Bell: o.bell})
	must(b, err)
	o.devices, err = device.Open(filepath.Join(o.dir, "devices.db"))
	must(b, err)
	root := simulator.RootKey()
	o.pool, err = session.Open(ctx, session.Config{Devices: o.devices, Book: o.book, Bell: o.bell, HTTP: s.http, RootKey: &root})
	must(b, err)
	o.pool.Start()
	for i := range numbers {
		n, err := o.desk().AddNumber(fmt.Sprint("n", i))
		must(b, err)
		_, err = o.desk().SetLimits(n.ID, campaign.Pace{}.All())
		must(b, err)
		must(b, o.pool.Link(n.ID))
		o.until(func() bool { return o.snapshot(n.ID).QR != "" })
		s.scan(b, o.snapshot(n.ID).QR)
		o.until(func() bool { return o.pool.Sender(n.ID).Ready().Hold.Reason == "" })
		o.numbers = append(o.numbers, n.ID)
	}
	return o
}

func (o *ours) desk() *book.Desk {
	return o.book.Desk(book.Actor{Name: "ana", Role: book.Admin, From: "bench"})
}

func (o *ours) snapshot(id campaign.NumberID) session.Snapshot {
	for _, s := range o.pool.Snapshots() {
		if s.Number.ID == id {
			return s
		}
	}
	return session.Snapshot{}
}

// until waits until ok, looking whenever the bell rings.
func (o *ours) until(ok func() bool) {
	ring, quiet := o.bell.Listen()
	defer quiet()
	for !ok() {
		select {
		case <-ring:
		case <-time.After(time.Second):
		}
	}
}

func (o *ours) send(b *testing.B, to [][]simulator.Person) time.Duration {
	b.Helper()
	tag := "a" + strings.TrimPrefix(to[0][0].Phone, "+")
	all := slices.Concat(to...)
	var rows []people.Row
	for _, p := range all {
		rows = append(rows, people.Row{Phone: people.Phone(p.Phone), Name: p.Name, Tags: []string{tag}})
	}
	_, err := o.desk().Import(ctx, rows, "bench")
	must(b, err)
	c, err := o.desk().AddCampaign(campaign.Campaign{Name: "c", Text: "Oi, {nome}!", To: "tag:" + tag, Numbers: o.numbers, Silent: true})
	must(b, err)
	_, err = o.desk().Start(c.ID, time.Now())
	must(b, err)
	o.until(func() bool { c, err := o.book.Campaign(c.ID); return err != nil || c.Status == campaign.Running })

	before := commits(b, o.dir)
	begun := time.Now()
	lanes := &campaign.Lanes{
		Log: o.book, Bell: o.bell, Sender: o.pool.Sender,
		Numbers: func() []campaign.NumberID { return o.numbers },
	}
	running, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { lanes.Run(running) }) // ends below
	o.until(func() bool { c, err := o.book.Campaign(c.ID); return err != nil || c.Status == campaign.Finished })
	took := time.Since(begun)
	stop()
	done.Wait()
	read := func(n int) func() bool {
		return func() bool {
			counts, err := o.book.Counts(c.ID)
			return err != nil || counts[campaign.Read] >= n
		}
	}
	o.until(read(len(all)))
	o.sent, o.commits = o.sent+len(all), o.commits+commits(b, o.dir)-before
	return took
}

func (o *ours) close(b *testing.B) {
	must(b, o.pool.Close())
	must(b, o.devices.Close())
	must(b, o.book.Close())
}

// commits reads from its first two pages how many transactions the book has
// committed.
func commits(b *testing.B, dir string) int {
	b.Helper()
	file, err := os.Open(filepath.Join(dir, "book.db"))
	must(b, err)
	defer file.Close()
	var last uint64
	for page := range 2 {
		meta := make([]byte, 72)
		_, err := file.ReadAt(meta, int64(page*os.Getpagesize()))
		must(b, err)
		last = max(last, binary.LittleEndian.Uint64(meta[64:]))
	}
	return int(last)
}

func BenchmarkSending(b *testing.B) {
	for _, numbers := range []int{1, 20} {
		b.Run(fmt.Sprintf("%d numbers", numbers), func(b *testing.B) {
			for b.Loop() {
				sending(b, numbers)
			}
		})
	}
}

const (
	sendingRounds = 5   // for each median
	sendingSends  = 200 // messages in one turn of one number; of many, a part
)

func sending(b *testing.B, numbers int) {
	s := startService(b)
	each, rounds := sendingSends, sendingRounds
	if numbers > 1 {
		each, rounds = 20, 3
	}
	dir := b.TempDir()
	file := func(setting int) string {
		return "file:" + filepath.Join(dir, settings[setting]+".db") + "?" + fastest().pragmas[setting]
	}
	names := []string{"ours", settings[0], settings[2], "memory"}
	contenders := []contender{newOurs(b, s, numbers), newBare(b, s, numbers, file(0)), newBare(b, s, numbers, file(2)), newBare(b, s, numbers, "")}
	// Nobody pays for what the service makes of a person the first time.
	first := newBare(b, s, 1, "")
	first.send(b, [][]simulator.Person{s.people[:rounds*each*numbers]})
	first.close(b)

	for _, kind := range []string{"cold", "warm"} {
		took := make([][]time.Duration, len(contenders))
		for round := range rounds {
			var to [][]simulator.Person
			for n := range numbers {
				at := (round*numbers + n) * each
				to = append(to, s.people[at:at+each])
			}
			for k := range contenders {
				i := (k + round) % len(contenders)
				runtime.GC()
				took[i] = append(took[i], contenders[i].send(b, to))
			}
		}
		for i, name := range names {
			var ratios []float64
			for round := range rounds {
				ratios = append(ratios, float64(took[i][round])/float64(took[0][round]))
			}
			slices.Sort(ratios)
			slices.Sort(took[i])
			if i > 0 {
				b.ReportMetric(ratios[rounds/2], kind+"-beside-"+name)
			}
			b.Logf("%d numbers, %s, %s: %.0f µs a message, %.2f (%.2f to %.2f) of the time of ours", numbers, kind, name,
				float64(took[i][rounds/2].Microseconds())/float64(each*numbers), ratios[rounds/2], ratios[0], ratios[rounds-1])
		}
	}
	o := contenders[0].(*ours)
	b.ReportMetric(float64(o.commits)/float64(o.sent), "commits/message")
	for _, c := range contenders {
		c.close(b)
	}
}
