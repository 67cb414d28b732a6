// Package beside measures the device store beside whatsmeow's own sqlstore on SQLite, with the driver
// in C and the one in Go. Begin reading at benchmarks below.
package beside

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waAdv"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	_ "modernc.org/sqlite"

	"recado/store/device"
)

// The benchmarks run every operation on ours and on whatsmeow's sqlstore, with both drivers, each with
// SQLite at its defaults and with a write-ahead log that is synced at every commit (the same
// durability as ours) or now and then. table_test.go writes all of them into one table; one alone
// runs, in this directory, with
//
//	go test -run '^$' -bench 'Store/GetSession$' -benchtime 200x
//
// Without a C compiler, or with CGO_ENABLED=0, the driver in Go runs alone.
//
// Every write changes its value: SQLite skips the page, and the sync, of an identical one.

// benchmark is one operation. It runs on a linked device of one engine.
type benchmark struct {
	name string
	// mark is how many times as long as SQLite with a synced log ours may take: as long for what
	// reads, writes much at once or has many writers, twice as long for the rest, since bbolt syncs
	// twice where the log is synced once.
	mark float64
	// behind says that ours returns before the disk has it.
	behind bool
	run    func(b *testing.B, e engine)
}

var benchmarks = []benchmark{
	{"PutSession, 1 writer", 2, false, linked(putSession(1))},
	{"PutSession, 8 writers", 1, false, linked(putSession(8))},
	{"PutSession, 64 writers", 1, false, linked(putSession(64))},
	{"GetSession", 1, false, linked(getSession)},
	{"HasSession", 1, false, linked(hasSession)},
	{"PutManySessions, 100", 2, false, linked(putManySessions)},
	{"GetManySessions, 100", 1, false, linked(getManySessions)},
	{"PutIdentity, the same", 1, false, linked(putIdentitySame)},
	{"PutIdentity, another", 2, false, linked(putIdentityChanged)},
	{"IsTrustedIdentity", 1, false, linked(isTrustedIdentity)},
	{"GetOrGenPreKeys, 812", 2, false, linked(getOrGenPreKeys)},
	{"PutAllContactNames, 10,000", 1, false, linked(putAllContactNames(10_000))},
	{"PutAllContactNames, 100,000", 1, false, linked(putAllContactNames(100_000))},
	{"GetAllContacts, 100,000", 1, false, linked(getAllContacts)},
	{"PutPushName, of 10,000", 2, true, linked(putPushName)},
	{"PutMessageSecret", 2, true, linked(putMessageSecret)},
	{"PutManyLIDMappings, 10,000", 2, true, linked(putManyLIDMappings)},
	{"GetManyLIDsForPNs, 1,000, just opened", 1, false, getManyLIDsCold},
	{"GetManyLIDsForPNs, 1,000, warm", 1, false, linked(getManyLIDsWarm)},
	{"PutAppStateMutationMACs, 1,000", 2, false, linked(putMutationMACs)},
	{"A decryption", 2, false, linked(decryption)},
	{"A message sent to 3 devices", 2, false, linked(sendToThree)},
}

// driver is one way to SQLite.
type driver struct {
	name    string    // as the table calls it
	open    string    // as database/sql knows it
	pragmas [3]string // what is behind the address of the file, by settings
}

// settings are how SQLite is set.
var settings = [3]string{"default", "wal-normal", "wal-full"}

const busy = "_pragma=foreign_keys(1)&_pragma=busy_timeout(10000)"

// drivers are those that this program was built with; c_test.go adds the one in C.
var drivers = []driver{{name: "Go", open: "sqlite", pragmas: [3]string{
	busy,
	busy + "&_pragma=journal_mode(wal)&_pragma=synchronous(normal)",
	busy + "&_pragma=journal_mode(wal)&_pragma=synchronous(full)",
}}}

// engine is a store that can be opened: ours, which has no driver, or SQLite as it is set.
type engine struct {
	driver  *driver
	setting int
}

func (e engine) String() string {
	if e.driver == nil {
		return "ours"
	}
	return "sqlite-" + strings.ToLower(e.driver.name) + "-" + settings[e.setting]
}

// engines are ours and then, by settings, all drivers.
func engines() []engine {
	all := []engine{{}}
	for setting := range settings {
		for i := range drivers {
			all = append(all, engine{&drivers[i], setting})
		}
	}
	return all
}

// lidsOf answers the map of LIDs of a store, which belongs to no device.
func lidsOf(c container) store.LIDStore {
	if c, ok := c.(*sqlstore.Container); ok {
		return c.LIDMap
	}
	return c.NewDevice().LIDs
}

// container is what both stores are driven through.
type container interface {
	NewDevice() *store.Device
	Close() error
}

// openAt opens a store whose file lies, or will lie, in dir.
func (e engine) openAt(b testing.TB, dir string) container {
	b.Helper()
	if e.driver == nil {
		c, err := device.Open(filepath.Join(dir, "devices.db"))
		must(b, err)
		return c
	}
	db, err := sql.Open(e.driver.open, "file:"+filepath.Join(dir, "sql.db")+"?"+e.driver.pragmas[e.setting])
	must(b, err)
	c := sqlstore.NewWithDB(db, "sqlite3", nil)
	must(b, c.Upgrade(ctx))
	return c
}

var (
	ctx    = context.Background()
	moment = time.Unix(1_790_000_000, 0)
	ownJID = types.JID{User: "5511987654321", Device: 7, Server: types.DefaultUserServer}
	ana    = types.NewJID("5511911111111", types.DefaultUserServer)
	anaLID = types.NewJID("111111111111111", types.HiddenUserServer)
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkStore(b *testing.B) {
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			for _, e := range engines() {
				b.Run(e.String(), func(b *testing.B) { bench.run(b, e) })
			}
		})
	}
}

// linked runs a benchmark on a new device.
func linked(run func(b *testing.B, d *store.Device)) func(b *testing.B, e engine) {
	return func(b *testing.B, e engine) {
		c := e.openAt(b, b.TempDir())
		b.Cleanup(func() { must(b, c.Close()) })
		d := c.NewDevice()
		d.ID = &ownJID
		d.Account = &waAdv.ADVSignedDeviceIdentity{
			Details:             []byte("details"),
			AccountSignature:    bytes.Repeat([]byte{1}, 64),
			AccountSignatureKey: bytes.Repeat([]byte{2}, 32),
			DeviceSignature:     bytes.Repeat([]byte{3}, 64),
		}
		must(b, d.Save(ctx))
		run(b, d)
	}
}

// record is a session record of the usual size with n in it.
func record(n uint64) []byte {
	return append(binary.BigEndian.AppendUint64(nil, n), make([]byte, 400)...)
}

func address(i int) string { return fmt.Sprintf("55119%08d:0", i%100_000_000) }

func person(i int) types.JID {
	return types.NewJID(fmt.Sprintf("55119%08d", i), types.DefaultUserServer)
}

func personLID(i int) types.JID {
	return types.NewJID(fmt.Sprintf("1%014d", i), types.HiddenUserServer)
}

// putRecords stores sessions and identities for n addresses.
func putRecords(b *testing.B, d *store.Device, n int) {
	batch := make(map[string][]byte, n)
	for i := range n {
		batch[address(i)] = record(uint64(i))
	}
	must(b, d.Sessions.PutManySessions(ctx, batch))
}

func addressBook(n, round int) []store.ContactEntry {
	book := make([]store.ContactEntry, n)
	for i := range book {
		book[i] = store.ContactEntry{JID: person(i), FirstName: "Maria", FullName: fmt.Sprint("Maria da Silva ", round, i)}
	}
	return book
}

func putSession(writers int) func(b *testing.B, d *store.Device) {
	return func(b *testing.B, d *store.Device) {
		putRecords(b, d, 1000)
		var n atomic.Uint64
		n.Store(1000) // what putRecords has put would be the same
		put := func() error {
			i := n.Add(1)
			return d.Sessions.PutSession(ctx, address(int(i%1000)), record(i))
		}
		if writers == 1 {
			for b.Loop() {
				must(b, put())
			}
			return
		}
		b.SetParallelism(max(1, writers/runtime.GOMAXPROCS(0)))
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := put(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
}

func getSession(b *testing.B, d *store.Device) {
	putRecords(b, d, 10_000)
	i := 0
	for b.Loop() {
		i += 7
		if s, err := d.Sessions.GetSession(ctx, address(i%10_000)); s == nil {
			b.Fatal(err)
		}
	}
}

func hasSession(b *testing.B, d *store.Device) {
	putRecords(b, d, 10_000)
	i := 0
	for b.Loop() {
		i += 7
		if has, err := d.Sessions.HasSession(ctx, address(i%10_000)); !has {
			b.Fatal(err)
		}
	}
}

func putManySessions(b *testing.B, d *store.Device) {
	putRecords(b, d, 1000)
	round := uint64(1000)
	for b.Loop() {
		round++
		batch := make(map[string][]byte, 100)
		for i := range 100 {
			batch[address(i*10)] = record(round)
		}
		must(b, d.Sessions.PutManySessions(ctx, batch))
	}
}

func getManySessions(b *testing.B, d *store.Device) {
	putRecords(b, d, 10_000)
	asked := make([]string, 100)
	i := 0
	for b.Loop() {
		for j := range asked {
			i += 77
			asked[j] = address(i % 10_000)
		}
		if many, err := d.Sessions.GetManySessions(ctx, asked); len(many) != 100 {
			b.Fatal(err)
		}
	}
}

func putIdentitySame(b *testing.B, d *store.Device) {
	must(b, d.Identities.PutIdentity(ctx, "1:0", [32]byte{1}))
	for b.Loop() {
		must(b, d.Identities.PutIdentity(ctx, "1:0", [32]byte{1}))
	}
}

func putIdentityChanged(b *testing.B, d *store.Device) {
	n := uint32(0)
	for b.Loop() {
		n++
		var key [32]byte
		binary.BigEndian.PutUint32(key[:], n)
		must(b, d.Identities.PutIdentity(ctx, address(int(n%1000)), key))
	}
}

func isTrustedIdentity(b *testing.B, d *store.Device) {
	must(b, d.Identities.PutIdentity(ctx, "1:0", [32]byte{1}))
	for b.Loop() {
		if ok, err := d.Identities.IsTrustedIdentity(ctx, "1:0", [32]byte{1}); !ok {
			b.Fatal(err)
		}
	}
}

func getOrGenPreKeys(b *testing.B, d *store.Device) {
	for b.Loop() {
		keys, err := d.PreKeys.GetOrGenPreKeys(ctx, 812)
		must(b, err)
		b.StopTimer()
		must(b, d.PreKeys.MarkPreKeysAsUploaded(ctx, keys[811].KeyID))
		b.StartTimer()
	}
}

func putAllContactNames(n int) func(b *testing.B, d *store.Device) {
	return func(b *testing.B, d *store.Device) {
		round := 0
		for b.Loop() {
			b.StopTimer()
			round++
			book := addressBook(n, round)
			b.StartTimer()
			must(b, d.Contacts.PutAllContactNames(ctx, book))
		}
	}
}

func getAllContacts(b *testing.B, d *store.Device) {
	must(b, d.Contacts.PutAllContactNames(ctx, addressBook(100_000, 0)))
	for b.Loop() {
		if all, err := d.Contacts.GetAllContacts(ctx); len(all) != 100_000 {
			b.Fatal(err)
		}
	}
}

func putPushName(b *testing.B, d *store.Device) {
	n := 0
	for b.Loop() {
		n++
		if _, _, err := d.Contacts.PutPushName(ctx, person(n%10_000), fmt.Sprint("name ", n)); err != nil {
			b.Fatal(err)
		}
	}
}

func putMessageSecret(b *testing.B, d *store.Device) {
	n := 0
	for b.Loop() {
		n++
		must(b, d.MsgSecrets.PutMessageSecret(ctx, person(n%1000), person(n%1000), fmt.Sprint("3EB0", n), make([]byte, 32)))
	}
}

func pairs(n, round int) []store.LIDMapping {
	out := make([]store.LIDMapping, n)
	for i := range out {
		out[i] = store.LIDMapping{LID: personLID(round*n + i), PN: person(i)}
	}
	return out
}

func putManyLIDMappings(b *testing.B, d *store.Device) {
	round := 0
	for b.Loop() {
		b.StopTimer()
		round++
		many := pairs(10_000, round)
		b.StartTimer()
		must(b, d.LIDs.PutManyLIDMappings(ctx, many))
	}
}

// someone are 1000 of the 100,000 people of pairs.
func someone() []types.JID {
	asked := make([]types.JID, 1000)
	for i := range asked {
		asked[i] = person(i * 97)
	}
	return asked
}

func getManyLIDsCold(b *testing.B, e engine) {
	dir := b.TempDir()
	c := e.openAt(b, dir)
	must(b, lidsOf(c).PutManyLIDMappings(ctx, pairs(100_000, 1)))
	asked := someone()
	for b.Loop() {
		b.StopTimer()
		must(b, c.Close())
		c = e.openAt(b, dir)
		lids := lidsOf(c)
		b.StartTimer()
		if many, err := lids.GetManyLIDsForPNs(ctx, asked); len(many) != len(asked) {
			b.Fatal(len(many), err)
		}
	}
	must(b, c.Close())
}

func getManyLIDsWarm(b *testing.B, d *store.Device) {
	must(b, d.LIDs.PutManyLIDMappings(ctx, pairs(100_000, 1)))
	// What ours still has to write would be written beside the first questions: this waits for it.
	must(b, d.Contacts.PutAllContactNames(ctx, addressBook(1, 0)))
	asked := someone()
	for b.Loop() {
		if many, err := d.LIDs.GetManyLIDsForPNs(ctx, asked); len(many) != len(asked) {
			b.Fatal(len(many), err)
		}
	}
}

// mutations makes n MACs with indexes in no order.
func mutations(n int) []store.AppStateMutationMAC {
	out := make([]store.AppStateMutationMAC, n)
	for i := range out {
		index := make([]byte, 32)
		binary.LittleEndian.PutUint64(index, uint64(i)*0x9E3779B97F4A7C15)
		out[i] = store.AppStateMutationMAC{IndexMAC: index, ValueMAC: make([]byte, 32)}
	}
	return out
}

// putMutationMACs puts a collection beside another one and deletes it again: a table that grew from
// round to round would punish whoever gets through more of them.
func putMutationMACs(b *testing.B, d *store.Device) {
	must(b, d.AppState.PutAppStateVersion(ctx, "critical", 1, [128]byte{1}))
	must(b, d.AppState.PutAppStateMutationMACs(ctx, "critical", 1, mutations(10_000)))
	version, added := uint64(0), mutations(1000)
	for b.Loop() {
		version++
		must(b, d.AppState.PutAppStateVersion(ctx, "regular", version, [128]byte{byte(version)}))
		must(b, d.AppState.DeleteAppStateMutationMACs(ctx, "regular", nil))
		must(b, d.AppState.PutAppStateMutationMACs(ctx, "regular", version, added))
		b.StopTimer()
		must(b, d.AppState.DeleteAppStateVersion(ctx, "regular"))
		b.StartTimer()
	}
}

func decryption(b *testing.B, d *store.Device) {
	putRecords(b, d, 1000)
	n := uint64(1000)
	for b.Loop() {
		n++
		from := address(int(n % 1000))
		must(b, d.EventBuffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
			if _, err := d.Sessions.GetSession(ctx, from); err != nil {
				return err
			}
			if _, err := d.Identities.IsTrustedIdentity(ctx, from, [32]byte{1}); err != nil {
				return err
			}
			if err := d.Identities.PutIdentity(ctx, from, [32]byte{1}); err != nil {
				return err
			}
			if err := d.Sessions.PutSession(ctx, from, record(n)); err != nil {
				return err
			}
			var hash [32]byte
			binary.BigEndian.PutUint64(hash[:], n)
			return d.EventBuffer.PutBufferedEvent(ctx, hash, make([]byte, 200), moment)
		}))
	}
}

func sendToThree(b *testing.B, d *store.Device) {
	must(b, d.LIDs.PutLIDMapping(ctx, anaLID, ana))
	devices := make([]types.JID, 3)
	addresses := make([]string, 3)
	for i := range devices {
		devices[i] = types.JID{User: ana.User, Device: uint16(i), Server: ana.Server}
		addresses[i] = fmt.Sprintf("%s_1:%d", anaLID.User, i)
	}
	n := uint64(0)
	for b.Loop() {
		n++
		_, err := d.LIDs.GetLIDForPN(ctx, ana)
		must(b, err)
		_, err = d.LIDs.GetManyLIDsForPNs(ctx, devices)
		must(b, err)
		_, err = d.Sessions.GetManySessions(ctx, addresses)
		must(b, err)
		batch := make(map[string][]byte, 3)
		for _, a := range addresses {
			_, err = d.Identities.IsTrustedIdentity(ctx, a, [32]byte{1})
			must(b, err)
			must(b, d.Identities.PutIdentity(ctx, a, [32]byte{1}))
			batch[a] = record(n)
		}
		must(b, d.Sessions.PutManySessions(ctx, batch))
		_, err = d.PrivacyTokens.GetPrivacyToken(ctx, anaLID)
		must(b, err)
		_, err = d.NCTSalt.GetNCTSalt(ctx)
		must(b, err)
	}
}
