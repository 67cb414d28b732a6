package device

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"

	"recado/store/bolt"
)

// image is the file as a power cut would leave it, and the least that must be in it.
type image struct {
	name  string
	data  []byte
	floor map[string]uint64 // address → counter that PutManySessions or a decryption had returned for
}

// camera takes the images of every commit.
type camera struct {
	mu     sync.Mutex
	acked  map[string]uint64
	images []image
}

func (k *camera) ack(address string, n uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.acked[address] = n
}

// commit commits tx and keeps the file as it was, as it is, and as it may be when the power goes in
// between.
func (k *camera) commit(t *testing.T, path string, tx *bbolt.Tx) error {
	k.mu.Lock()
	floor := maps.Clone(k.acked)
	k.mu.Unlock()
	before, err := os.ReadFile(path)
	must(t, err)
	n := tx.ID()
	if err := tx.Commit(); err != nil {
		return err
	}
	after, err := os.ReadFile(path)
	must(t, err)

	// bbolt writes the data pages, syncs, writes one of the two meta pages that are first in the
	// file, and syncs.
	metas := 2 * os.Getpagesize()
	grown := append(bytes.Clone(before), make([]byte, max(0, len(after)-len(before)))...)
	half := bytes.Clone(grown)
	for at, i := metas, 0; at < len(after); at, i = at+os.Getpagesize(), i+1 {
		if i%2 == 0 {
			copy(half[at:min(at+os.Getpagesize(), len(half))], after[at:])
		}
	}
	data := bytes.Clone(after)
	copy(data[:metas], before)
	torn := bytes.Clone(after)
	for page := range 2 {
		from := page*os.Getpagesize() + 48 // in the middle of the meta's fields
		copy(torn[from:(page+1)*os.Getpagesize()], before[from:])
	}
	k.images = append(k.images,
		image{fmt.Sprint(n, " with half of its data"), half, floor},
		image{fmt.Sprint(n, " without its meta page"), data, floor},
		image{fmt.Sprint(n, " with a torn meta page"), torn, floor},
		image{fmt.Sprint(n, " whole"), after, floor},
	)
	return nil
}

// TestNoRatchetGoesBackInAPowerCut cuts the power at every commit of two numbers that send and receive.
func TestNoRatchetGoesBackInAPowerCut(t *testing.T) {
	c := openNew(t)
	k := &camera{acked: make(map[string]uint64)}
	jids := []types.JID{ownJID, {User: "5511900000000", Device: 1, Server: types.DefaultUserServer}}
	devices := []*store.Device{link(t, c, jids[0]), link(t, c, jids[1])}
	c.db.CommitBy(func(tx *bbolt.Tx) error { return k.commit(t, c.path, tx) })

	var wg sync.WaitGroup
	for i, d := range devices {
		wg.Go(func() { // sends
			for n := uint64(1); n <= 12; n++ {
				batch := make(map[string][]byte)
				for s := range 3 {
					batch[fmt.Sprintf("s%d:%d", i, s)] = counter(n)
				}
				must(t, d.Sessions.PutManySessions(ctx, batch))
				for address := range batch {
					k.ack(address, n)
				}
			}
		})
		wg.Go(func() { // receives
			for n := uint64(1); n <= 12; n++ {
				address := fmt.Sprintf("r%d:0", i)
				must(t, d.EventBuffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
					must(t, d.Sessions.PutSession(ctx, address, counter(n)))
					return d.EventBuffer.PutBufferedEvent(ctx, [32]byte{byte(n)}, []byte("text"), moment)
				}))
				k.ack(address, n)
				_, _, err := d.Contacts.PutPushName(ctx, types.NewJID(fmt.Sprint(n), types.DefaultUserServer), "name")
				must(t, err)
			}
		})
	}
	wg.Wait()
	must(t, c.Close()) // what is behind is committed and photographed too, and nothing after it
	if len(k.images) < 4*12 {
		t.Fatalf("only %d images", len(k.images))
	}
	path := filepath.Join(t.TempDir(), "image.db")
	for _, img := range k.images {
		must(t, os.WriteFile(path, img.data, 0o600))
		img.check(t, path, jids)
	}
}

// check opens the image and looks for every ratchet.
func (img image) check(t *testing.T, path string, jids []types.JID) {
	t.Helper()
	c, err := Open(path)
	if img.refused(err) {
		return
	} else if err != nil {
		t.Errorf("commit %s does not open: %v", img.name, err)
		return
	}
	defer c.Close()
	for i, jid := range jids {
		d := load(t, c, jid)
		for _, address := range []string{fmt.Sprintf("s%d:0", i), fmt.Sprintf("s%d:2", i), fmt.Sprintf("r%d:0", i)} {
			session, err := d.Sessions.GetSession(ctx, address)
			must(t, err)
			got := uint64(0)
			if session != nil {
				got = binary.BigEndian.Uint64(session)
			}
			if got < img.floor[address] {
				t.Errorf("commit %s: the ratchet of %s is at %d, and %d had been promised", img.name, address, got, img.floor[address])
			}
			if address[0] == 'r' && got > 0 {
				if e, err := d.EventBuffer.GetBufferedEvent(ctx, [32]byte{byte(got)}); e == nil || err != nil {
					t.Errorf("commit %s: ratchet %d is there without the text that it decrypted: %v", img.name, got, err)
				}
			}
		}
	}
}

// refused reports whether the image of a torn meta page was not opened. Nobody can say of one whether
// its commit was promised: its ratchets may be old ones.
func (img image) refused(err error) bool {
	damaged := (*bolt.DamagedError)(nil)
	return strings.HasSuffix(img.name, "torn meta page") && errors.As(err, &damaged)
}

// counter is a session whose ratchet has taken n steps, as long as a real one.
func counter(n uint64) []byte {
	return append(binary.BigEndian.AppendUint64(nil, n), bytes.Repeat([]byte{byte(n)}, 300)...)
}

const crashEnv = "DEVICE_TEST_CRASH_FILE"

// TestMain lets a test run this binary again as a process that it kills.
func TestMain(m *testing.M) {
	if path := os.Getenv(crashEnv); path != "" {
		sendUntilKilled(path)
	}
	os.Exit(m.Run())
}

// sendUntilKilled counts one ratchet up forever and says every number that it may rely on.
func sendUntilKilled(path string) {
	c, err := Open(path)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	d, err := c.GetDevice(ctx, ownJID)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	session, _ := d.Sessions.GetSession(ctx, "1:0")
	for n := binary.BigEndian.Uint64(session) + 1; ; n++ {
		if err := d.Sessions.PutManySessions(ctx, map[string][]byte{"1:0": counter(n), "2:0": counter(n)}); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(n)
		_, _, _ = d.Contacts.PutPushName(ctx, types.NewJID(fmt.Sprint(n), types.DefaultUserServer), "name")
	}
}

func TestNoRatchetGoesBackInAKilledProcess(t *testing.T) {
	c := openNew(t)
	must(t, link(t, c, ownJID).Sessions.PutSession(ctx, "1:0", counter(0)))
	must(t, c.Close())
	var promised uint64
	for round := range 4 {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), crashEnv+"="+c.path)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		promised = readCounters(t, out, 30+17*round, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()

		c, err := Open(c.path)
		must(t, err)
		for _, address := range []string{"1:0", "2:0"} {
			session, err := load(t, c, ownJID).Sessions.GetSession(ctx, address)
			must(t, err)
			if got := binary.BigEndian.Uint64(session); got < promised || got > promised+2 {
				t.Errorf("round %d: the ratchet of %s is at %d, promised %d", round, address, got, promised)
			}
		}
		must(t, c.Close())
	}
}

// readCounters answers the last number that came out, kill being called after n of them.
func readCounters(t *testing.T, out io.Reader, n int, kill func()) (last uint64) {
	t.Helper()
	lines := bufio.NewReader(out)
	for i := 0; ; i++ {
		line, err := lines.ReadString('\n')
		if err != nil {
			return last
		}
		if last, err = strconv.ParseUint(strings.TrimSpace(line), 10, 64); err != nil {
			t.Fatalf("the process said %q", line)
		}
		if i == n {
			kill()
		}
	}
}
