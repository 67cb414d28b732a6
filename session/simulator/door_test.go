package simulator_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
)

// opened opens a door and returns a client of it that trusts the files in the
// door's directory, as another process would.
func opened(t *testing.T, s *simulator.Service) (door *simulator.Door, dir string, h *http.Client) {
	t.Helper()
	dir = t.TempDir()
	door, err := s.Listen("127.0.0.1:0", dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := door.Close(); err != nil {
			t.Error(err)
		}
	})
	pem, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("ca.pem has no certificate")
	}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, door.Addr)
		},
		TLSClientConfig: &tls.Config{RootCAs: roots},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return door, dir, &http.Client{Transport: transport}
}

func TestAnotherProcessLinksAndSendsThroughTheDoor(t *testing.T) {
	s := serve(t, simulator.Config{People: 1, Reads: 1})
	_, dir, h := opened(t, s)
	written, err := os.ReadFile(filepath.Join(dir, "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	if root := simulator.RootKey(); string(written) != hex.EncodeToString(root[:])+"\n" {
		t.Errorf("root.key is %q", written)
	}
	c := start(t, s, newKeep())
	c.SetWebsocketHTTPClient(h)
	c.SetPreLoginHTTPClient(h)
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ScanAs(heard[*events.QR](c, nil).Codes[0], ownPhone); err != nil {
		t.Fatal(err)
	}
	heard[*events.Connected](c, nil)
	id := c.say(s.People()[0].Phone, "Pela porta").ID
	c.receipt(id, types.ReceiptTypeRead)

	file, err := os.Open(filepath.Join(dir, "ledger.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	entries := map[string]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var entry struct {
			Entry string
			Data  struct{ ID, Text string }
		}
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			t.Fatal(err)
		}
		if entry.Data.ID == id && entry.Data.Text == "Pela porta" {
			entries[entry.Entry]++
		}
	}
	if entries["stanza"] != 1 || entries["seen"] != 1 {
		t.Errorf("the file has %v", entries)
	}
	version, err := whatsmeow.GetLatestVersion(within(t), h)
	if err != nil || version.IsZero() {
		t.Errorf("the version is %v, %v", version, err)
	}
}

func TestDoorOpensOnLoopbackOnly(t *testing.T) {
	s := serve(t, simulator.Config{})
	for _, addr := range []string{":0", "0.0.0.0:0", "192.0.2.1:0", "nonsense"} {
		if door, err := s.Listen(addr, t.TempDir()); err == nil {
			t.Errorf("Listen(%q) opened %s", addr, door.Addr)
		}
	}
}

func TestClosingTheDoorBreaksItsConnections(t *testing.T) {
	s := serve(t, simulator.Config{})
	door, err := s.Listen("127.0.0.1:0", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := door.Close(); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("tcp", door.Addr); err == nil {
		_ = conn.Close()
		t.Error("the door still answers")
	}
}
