package simulator_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
)

func TestClientLinksByQRAndLogsIn(t *testing.T) {
	s := serve(t, simulator.Config{Seed: 1})
	c := start(t, s, newKeep())
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	code := heard[*events.QR](c, nil).Codes[0]
	phone, err := s.Scan(code)
	if err != nil {
		t.Fatal(err)
	}
	if linked := heard[*events.PairSuccess](c, nil); "+"+linked.ID.User != phone || linked.LID.IsEmpty() {
		t.Errorf("linked as %s %s, want %s", linked.ID, linked.LID, phone)
	}
	heard[*events.Connected](c, nil)
	if own, ok := s.Own(phone); !ok || !own.Online() {
		t.Errorf("the number %s is not online", phone)
	}
	if _, err := s.Scan(code); !errors.Is(err, simulator.ErrCode) {
		t.Errorf("scanning the code again: %v, want %v", err, simulator.ErrCode)
	}
}

func TestOldFormOfTheQRCodeIsUnderstood(t *testing.T) {
	s := serve(t, simulator.Config{})
	c := start(t, s, newKeep())
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	_, fields, _ := strings.Cut(heard[*events.QR](c, nil).Codes[1], "#")
	fields = fields[:strings.LastIndex(fields, ",")]
	if _, err := s.Scan(fields); err != nil {
		t.Fatal(err)
	}
	heard[*events.Connected](c, nil)
}

func TestCodeThatIsNotOneIsRefused(t *testing.T) {
	s := serve(t, simulator.Config{})
	for _, code := range []string{"", "https://example.com", "2@abc,def,ghi,jkl", "a,b,c"} {
		if _, err := s.Scan(code); !errors.Is(err, simulator.ErrCode) {
			t.Errorf("Scan(%q): %v, want %v", code, err, simulator.ErrCode)
		}
	}
}

func TestClientThatRefusesTheLinkIsNotLinked(t *testing.T) {
	s := serve(t, simulator.Config{})
	c := start(t, s, newKeep())
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	code := heard[*events.QR](c, nil).Codes[0]
	c.Store.AdvSecretKey = make([]byte, 32) // another secret than the one in the code
	if _, err := s.ScanAs(code, "+5511988887777"); !errors.Is(err, simulator.ErrRefused) {
		t.Errorf("got %v, want %v", err, simulator.ErrRefused)
	}
	heard[*events.PairError](c, nil)
	if own, _ := s.Own("+5511988887777"); len(own.Devices()) > 0 {
		t.Errorf("devices are %v, want none", own.Devices())
	}
}

func TestClientLinksByCode(t *testing.T) {
	s := serve(t, simulator.Config{})
	c := start(t, s, newKeep())
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	heard[*events.QR](c, nil)
	code, err := c.PairPhone(within(t), "+5511988887777", true, whatsmeow.PairClientChrome, "Chrome (Linux)")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.EnterCode("+5511988887777", "2222-2222"); !errors.Is(err, simulator.ErrCode) {
		t.Errorf("another code: %v, want %v", err, simulator.ErrCode)
	}
	if err := s.EnterCode("+5511988887777", code); err != nil {
		t.Fatal(err)
	}
	if linked := heard[*events.PairSuccess](c, nil); linked.ID.User != "5511988887777" {
		t.Errorf("linked as %s", linked.ID)
	}
	heard[*events.Connected](c, nil)
}

// failures is a test that may fail.
type failures struct{ texts []string }

func (f *failures) Helper() {}
func (f *failures) Errorf(format string, args ...any) {
	f.texts = append(f.texts, fmt.Sprintf(format, args...))
}

func TestWhatIsNotUnderstoodFailsTheTest(t *testing.T) {
	s := simulator.New(simulator.Config{Quiet: true})
	c := link(t, s, ownPhone)
	if _, err := c.GetBotListV2(within(t)); err != nil {
		t.Log(err) // the empty answer
	}
	c.Disconnect()
	var f failures
	s.Finish(&f)
	if len(f.texts) != 1 || !strings.Contains(f.texts[0], "bot") {
		t.Errorf("the test fails with %q", f.texts)
	}
}
