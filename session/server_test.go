package session

import (
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recado/campaign"
	"recado/session/simulator"
)

func TestLinkThroughTheTLSDoor(t *testing.T) {
	service := simulator.New(simulator.Config{People: 5, Speed: simulator.Instant})
	defer service.Close()
	dir := t.TempDir()
	door, err := service.Listen("127.0.0.1:0", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := door.Close(); err != nil {
			t.Error(err)
		}
	}()
	key, err := os.ReadFile(filepath.Join(dir, "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	client, root, err := Server(door.Addr, filepath.Join(dir, "ca.pem"), string(key))
	if err != nil || root != simulator.RootKey() {
		t.Fatalf("%v, root key %x", err, root)
	}
	r := &rig{TB: t, dir: t.TempDir(), service: service, bell: new(campaign.Bell)}
	r.openWith(client)
	defer r.close()
	id, _ := r.linked("loja")
	person := r.someone(0)
	if got := r.pool.Sender(id).Send(t.Context(), r.delivery(id, person, "olá")); got.Kind != campaign.Accepted {
		t.Errorf("%+v, want accepted", got)
	}
}

func TestServerTakesLoopbackAlone(t *testing.T) {
	service := simulator.New(simulator.Config{})
	defer service.Close()
	dir := t.TempDir()
	door, err := service.Listen("127.0.0.1:0", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	ca, key := filepath.Join(dir, "ca.pem"), strings.Repeat("00", 32)
	for _, c := range []struct {
		addr, ca, key string
		ok            bool
	}{
		{"127.0.0.1:4000", ca, key, true},
		{"[::1]:4000", ca, key, true},
		{"localhost:4000", ca, key, true},
		{"192.0.2.1:4000", ca, key, false},
		{"web.whatsapp.com:443", ca, key, false},
		{"127.0.0.1", ca, key, false},
		{"127.0.0.1:4000", filepath.Join(dir, "root.key"), key, false},
		{"127.0.0.1:4000", ca, hex.EncodeToString([]byte("short")), false},
		{"127.0.0.1:4000", ca, "not hex", false},
	} {
		client, _, err := Server(c.addr, c.ca, c.key)
		if (err == nil) != c.ok {
			t.Errorf("Server(%q, %q, %q): %v, want ok %v", c.addr, c.ca, c.key, err, c.ok)
		}
		if c.ok && client != nil && client() == (*http.Client)(nil) {
			t.Errorf("Server(%q) makes no client", c.addr)
		}
	}
}

func TestProcessKnowsOneRootKey(t *testing.T) {
	root := simulator.RootKey()
	if err := setProcess(&root, testLog()); err != nil {
		t.Fatal(err)
	}
	other := root
	other[0]++
	for name, key := range map[string]*[32]byte{"another": &other, "the real one": nil} {
		if err := setProcess(key, testLog()); err != ErrRootKey {
			t.Errorf("%s: %v, want %v", name, err, ErrRootKey)
		}
	}
}

func TestPhonesAreMaskedInTheLog(t *testing.T) {
	got := mask("from 5511987654321@s.whatsapp.net:12 id 3EB0 code 515")
	if want := "from 55•••••4321@s.whatsapp.net:12 id 3EB0 code 515"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
