package simulator_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
)

// process is a service served as another process would, and its control.
type process struct {
	t       *testing.T
	dir     string
	control string
	env     map[string]string
}

// runs serves until the test ends.
func runs(t *testing.T, cfg simulator.Config) *process {
	t.Helper()
	cfg.Speed = simulator.Instant
	p := &process{t: t, dir: t.TempDir(), env: make(map[string]string)}
	ctx, stop := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- simulator.Serve(ctx, "127.0.0.1:0", p.dir, cfg, in) }() // ends with stop
	t.Cleanup(func() {
		var stats simulator.Stats
		if p.ask(http.MethodGet, "/stats", "", &stats); len(stats.Unknown) > 0 {
			t.Errorf("the service did not understand %q", stats.Unknown)
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the service ended with %v", err)
		}
	})
	lines := bufio.NewScanner(out)
	for len(p.env) < 3 && lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "control":
			p.control = rest
		case "export":
			name, value, _ := strings.Cut(rest, "=")
			p.env[name] = strings.Trim(value, "'")
		}
	}
	return p
}

// ask sends a request to the control and reads the answer into out.
func (p *process) ask(method, path, body string, out any) int {
	p.t.Helper()
	r, err := http.NewRequestWithContext(within(p.t), method, p.control+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(data, out); err != nil {
			p.t.Fatalf("%s %s: %v in %s", method, path, err, data)
		}
	}
	return answer.StatusCode
}

// order asks for something that must succeed.
func (p *process) order(path string, body map[string]any, out any) {
	p.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	if status := p.ask(http.MethodPost, path, string(data), out); status != http.StatusOK {
		p.t.Fatalf("%s: status %d", path, status)
	}
}

// connect makes a client that reaches the service only by what the environment
// says.
func (p *process) connect(k *keep) *client {
	p.t.Helper()
	roots := x509.NewCertPool()
	pem, err := os.ReadFile(p.env["RECADO_SERVER_CA"])
	if err != nil || !roots.AppendCertsFromPEM(pem) {
		p.t.Fatalf("the certificate: %v", err)
	}
	h := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", p.env["RECADO_SERVER"])
		},
	}}
	c := startBy(p.t, h, k)
	p.t.Cleanup(h.CloseIdleConnections)
	if err := c.Connect(); err != nil {
		p.t.Fatal(err)
	}
	return c
}

func TestServiceIsReachedFromAnotherProcess(t *testing.T) {
	p := runs(t, simulator.Config{Seed: 4, People: 20, HistoryByMedia: true})
	if got, want := p.env["RECADO_SERVER_KEY"], rootKeyHex(); got != want {
		t.Errorf("the root key is %s, want %s", got, want)
	}
	if data, err := os.ReadFile(filepath.Join(p.dir, "root.key")); err != nil || strings.TrimSpace(string(data)) != rootKeyHex() {
		t.Errorf("root.key holds %q (%v)", data, err)
	}
	c := p.connect(newKeep())
	var scanned struct{ Phone string }
	p.ask(http.MethodPost, "/scan", heard[*events.QR](c, nil).Codes[0], &scanned)
	heard[*events.Connected](c, nil)
	heard[*events.HistorySync](c, nil)

	var people []simulator.Person
	p.ask(http.MethodGet, "/people", "", &people)
	if len(people) != 20 || !strings.HasPrefix(people[0].Phone, "+55") {
		t.Fatalf("people: %+v", people)
	}
	p.order("/say", map[string]any{"person": people[3].Phone, "number": scanned.Phone, "text": "SAIR"}, nil)
	heard(c, func(e *events.Message) bool { return e.Message.GetConversation() == "SAIR" })
	c.say(people[5].Phone, "Olá!")

	var stats simulator.Stats
	p.ask(http.MethodGet, "/stats", "", &stats)
	if stats.People != 20 || stats.Online != 1 || stats.Seen != 1 || stats.Said != 1 || stats.Lost != 0 || len(stats.Unknown) > 0 {
		t.Errorf("stats: %+v", stats)
	}
	var ledger struct {
		Seen []simulator.Seen
		Said []simulator.Said
	}
	p.ask(http.MethodGet, "/ledger", "", &ledger)
	if len(ledger.Seen) != 1 || ledger.Seen[0].Text != "Olá!" || ledger.Seen[0].Person != people[5].Phone {
		t.Errorf("seen: %+v", ledger.Seen)
	}
	written, err := os.ReadFile(filepath.Join(p.dir, "ledger.jsonl"))
	if err != nil || !bytes.Contains(written, []byte(`"entry":"seen"`)) || !bytes.Contains(written, []byte("Olá!")) {
		t.Errorf("the ledger on disk: %v\n%s", err, written)
	}
	p.order("/contact", map[string]any{"number": scanned.Phone, "person": people[0].Phone, "name": "Comadre"}, nil)
	heard(c, func(e *events.Contact) bool { return e.Action.GetFullName() == "Comadre" })
	drops(t)
	p.order("/drop", map[string]any{"number": scanned.Phone}, nil)
	heard[*events.Disconnected](c, nil)
}

func TestNumberIsLoggedOutByControl(t *testing.T) {
	p := runs(t, simulator.Config{Quiet: true})
	c := p.connect(newKeep())
	var scanned struct{ Phone string }
	p.ask(http.MethodPost, "/scan", heard[*events.QR](c, nil).Codes[0], &scanned)
	heard[*events.Connected](c, nil)
	p.order("/logout", map[string]any{"number": scanned.Phone}, nil)
	heard[*events.LoggedOut](c, nil)
}

func TestFaultIsCausedAndMendedByControl(t *testing.T) {
	p := runs(t, simulator.Config{Seed: 4, People: 5})
	c := p.connect(newKeep())
	p.ask(http.MethodPost, "/scan?phone=5511912345678", heard[*events.QR](c, nil).Codes[0], nil)
	heard[*events.Connected](c, nil)
	var people []simulator.Person
	p.ask(http.MethodGet, "/people", "", &people)
	var fault struct{ ID int }
	p.order("/fault", map[string]any{"on": "message", "do": "refuse", "code": 479, "delay": "1s"}, &fault)
	if _, err := c.SendMessage(within(t), at(people[0].Phone), text("oi")); err == nil || !strings.Contains(err.Error(), "479") {
		t.Errorf("sending gave %v, want error 479", err)
	}
	if status := p.ask(http.MethodDelete, "/fault/1", "", nil); status != http.StatusOK || fault.ID != 1 {
		t.Errorf("mending fault %d: status %d", fault.ID, status)
	}
	c.say(people[0].Phone, "oi")
	p.order("/restrict", map[string]any{"number": "5511912345678", "for": "1h"}, nil)
	heard[*events.NotifyAccountReachoutTimelock](c, nil)
	drops(t)
	p.order("/service", map[string]any{"on": false}, nil)
	heard[*events.Disconnected](c, nil)
}

// linked is a client of the process that is logged in, and its number.
func (p *process) linked() (c *client, phone string) {
	p.t.Helper()
	c = p.connect(newKeep())
	var scanned struct{ Phone string }
	p.ask(http.MethodPost, "/scan", heard[*events.QR](c, nil).Codes[0], &scanned)
	heard[*events.Connected](c, nil)
	return c, scanned.Phone
}

func TestNumberIsLimitedByControl(t *testing.T) {
	drops(t)
	p := runs(t, simulator.Config{People: 2, Quiet: true})
	c, phone := p.linked()
	p.order("/quota", map[string]any{"number": phone, "total": 10, "used": 10, "for": "24h"}, nil)
	if got, err := c.asksCapping(within(t)); err != nil || got.Capping.Status != "CAPPED" || got.Capping.Total != 10 {
		t.Errorf("the quota is %+v, %v", got.Capping, err)
	}
	p.order("/fault", map[string]any{"on": "message", "do": "restrict", "expire": "1h"}, nil)
	var people []simulator.Person
	p.ask(http.MethodGet, "/people", "", &people)
	if got := c.refusedWith(people[0]); got != "463" {
		t.Errorf("restricted: %q", got)
	}
	p.order("/ban", map[string]any{"number": phone, "for": "2h", "why": 104}, nil)
	if e := heard[*events.TemporaryBan](c, nil); e.Code != events.TempBanSentTooManySameMessage {
		t.Errorf("banned for %v", e.Code)
	}
}

func TestTroubleIsCausedByControl(t *testing.T) {
	p := runs(t, simulator.Config{People: 1, Reads: 1, Quiet: true})
	c := p.connect(newKeep())
	code := heard[*events.QR](c, nil).Codes[0]
	p.ask(http.MethodPost, "/scan-old", code, nil)
	heard[*events.QRScannedWithoutMultidevice](c, nil)
	p.order("/rotate", nil, nil)
	rotated := heard[*events.RotateADVSecret](c, nil)
	p.order("/skew", map[string]any{"for": "48h"}, nil)
	p.order("/time", map[string]any{"on": true}, nil)
	p.ask(http.MethodPost, "/scan", strings.Replace(code, rotated.OldSecret, rotated.NewSecret, 1), nil)
	heard[*events.Connected](c, nil)
	p.order("/fault", map[string]any{"on": "receipt", "do": "duplicate"}, nil)
	var people []simulator.Person
	p.ask(http.MethodGet, "/people", "", &people)
	sent := c.say(people[0].Phone, "oi")
	if ahead := time.Until(sent.Timestamp); ahead < 47*time.Hour {
		t.Errorf("the ack is %s ahead", ahead)
	}
	c.receipt(sent.ID, types.ReceiptTypeRead)
	if got := c.receiptsOf(sent.ID); len(got) < 3 {
		t.Errorf("the receipts are %q", got)
	}
	p.order("/history", map[string]any{"number": "+" + c.Store.ID.User, "files": 2, "size": 50_000}, nil)
	longHistory(t, c, 2, 50_000)
	c.Disconnect()
	p.order("/version", map[string]any{"version": "2.9999.1"}, nil)
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	heard[*events.ClientOutdated](c, nil)
}

func TestOrderThatCannotBeCarriedOutIsRefused(t *testing.T) {
	p := runs(t, simulator.Config{Seed: 4, People: 5})
	for _, x := range []struct{ method, path, body, says string }{
		{"POST", "/scan", "not a code", "code"},
		{"POST", "/say", `{"person":"+5511999999999","number":"+551155555555","text":"oi"}`, "+551155555555"},
		{"POST", "/say", `{"persn":"+5511999999999"}`, "persn"},
		{"POST", "/logout", `{"number":"1"}`, "not one of our numbers"},
		{"POST", "/fault", `{"on":"message"}`, "missing"},
		{"POST", "/fault", `{"do":"late","delay":"soon"}`, "soon"},
		{"POST", "/drop", `{`, "read the order"},
		{"POST", "/scan-old", "not a code", "code"},
		{"POST", "/version", `{"version":"new"}`, "new"},
		{"POST", "/passkey/sign", `{"challenge":"AA"}`, "challenge"},
		{"DELETE", "/fault/9", "", "no fault"},
	} {
		var answer struct{ Error string }
		if status := p.ask(x.method, x.path, x.body, &answer); status != http.StatusBadRequest || !strings.Contains(answer.Error, x.says) {
			t.Errorf("%s %s %s: status %d, %q; want 400 and %q in it", x.method, x.path, x.body, status, answer.Error, x.says)
		}
	}
}

func TestServiceIsServedOnLoopbackOnly(t *testing.T) {
	err := simulator.Serve(within(t), "0.0.0.0:0", t.TempDir(), simulator.Config{}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("got %v", err)
	}
}

func rootKeyHex() string { return hex.EncodeToString(whatsmeow.WACertPubKey[:]) }
