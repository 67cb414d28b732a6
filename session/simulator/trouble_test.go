package simulator_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
)

func TestHandshakeIsBrokenOff(t *testing.T) {
	for _, do := range []simulator.Action{simulator.DropBefore, simulator.DropAfter, simulator.Silence, simulator.Garbage} {
		t.Run(string(do), func(t *testing.T) {
			drops(t)
			inBubble(t, simulator.Config{People: 1, Quiet: true}, func(t *testing.T, s *simulator.Service, c *client) {
				synctest.Wait()
				c.Disconnect()
				c.forget()
				s.Fault(simulator.Rule{On: simulator.Handshake, Do: do, Limit: 1})
				began := time.Now()
				err := c.Connect()
				if took := time.Since(began); do == simulator.Silence && took < whatsmeow.NoiseHandshakeResponseTimeout {
					t.Errorf("the client gives up after %s", took)
				}
				if do != simulator.DropAfter && err == nil { // after the hello, the client believes it is connected
					t.Error("the client connected")
				}
				if err != nil {
					if err := c.Connect(); err != nil {
						t.Fatal(err)
					}
				}
				heard[*events.Connected](c, nil)
				c.say(s.People()[0].Phone, "Oi")
			})
		})
	}
}

func TestGarbageIsOverheard(t *testing.T) {
	s, c, ana := faulty(t)
	for _, do := range []simulator.Action{simulator.Garbage, simulator.NoStanza, simulator.Nonsense} {
		for _, on := range []simulator.Kind{simulator.Message, simulator.Usync, simulator.Login} {
			c.forget()
			remove := s.Fault(simulator.Rule{On: on, Do: do, Limit: 1})
			switch on {
			case simulator.Login:
				c.Disconnect()
				if err := c.Connect(); err != nil {
					t.Fatal(err)
				}
				heard[*events.Connected](c, nil)
			case simulator.Usync:
				if _, err := c.IsOnWhatsApp(within(t), []string{ana.Phone}); err != nil {
					t.Errorf("%s %s: %v", do, on, err)
				}
			}
			c.receipt(c.say(ana.Phone, "Oi").ID, types.ReceiptTypeDelivered)
			if len(eventsOf[*events.Disconnected](c)) > 0 {
				t.Errorf("%s %s: the client loses the connection", do, on)
			}
			remove()
		}
	}
}

func TestClockOfTheServiceIsWrong(t *testing.T) {
	for _, skew := range []time.Duration{3 * time.Hour, -26 * time.Hour} {
		s := serve(t, simulator.Config{People: 1, Quiet: true})
		s.SetSkew(skew)
		off := func(what string, at time.Time) {
			t.Helper()
			if d := time.Until(at) - skew; d < -time.Minute || d > time.Minute {
				t.Errorf("%s is %s off, want %s", what, time.Until(at), skew)
			}
		}
		c := link(t, s, ownPhone)
		ana := s.People()[0]
		sent := c.say(ana.Phone, "Oi")
		off("the ack", sent.Timestamp)
		off("the receipt", c.receipt(sent.ID, types.ReceiptTypeDelivered).Timestamp)
		tells(t, s, ana, "Olá")
		off("their message", c.reads("Olá").Info.Timestamp)
		answer, err := s.HTTPClient().Get("https://web.whatsapp.com/")
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		date, err := http.ParseTime(answer.Header.Get("Date"))
		if err != nil {
			t.Fatal(err)
		}
		off("the web page", date)
	}
}

// receiptsOf lists the kinds of the receipts that a client got for a message from
// anybody but the own phone, in order.
func (c *client) receiptsOf(id string) (kinds []types.ReceiptType) {
	for _, r := range eventsOf[*events.Receipt](c) {
		if slices.Contains(r.MessageIDs, id) && r.Type != types.ReceiptTypeSender {
			kinds = append(kinds, r.Type)
		}
	}
	return kinds
}

func TestReceiptsGoWrong(t *testing.T) {
	const came, read = types.ReceiptTypeDelivered, types.ReceiptTypeRead
	for _, x := range []struct {
		do   simulator.Action
		want []types.ReceiptType
	}{
		{simulator.Duplicate, []types.ReceiptType{came, came, read}},
		{simulator.Reorder, []types.ReceiptType{read, came}},
		{simulator.Silence, []types.ReceiptType{read}},
		{simulator.Late, []types.ReceiptType{read, came}},
		{simulator.ByPhone, []types.ReceiptType{came, read}},
	} {
		t.Run(string(x.do), func(t *testing.T) {
			inBubble(t, simulator.Config{People: 1, Reads: 1, Quiet: true}, func(t *testing.T, s *simulator.Service, c *client) {
				ana := s.People()[0]
				s.Fault(simulator.Rule{On: simulator.Receipt, To: ana.Phone, Do: x.do, Delay: 5 * time.Minute, Limit: 1})
				id := c.say(ana.Phone, "Oi").ID
				time.Sleep(10 * time.Minute)
				if got := c.receiptsOf(id); !slices.Equal(got, x.want) {
					t.Errorf("the receipts are %q, want %q", got, x.want)
				}
				first := c.receipt(id, x.want[0])
				if byPhone := first.Sender.Server == types.DefaultUserServer; byPhone != (x.do == simulator.ByPhone) {
					t.Errorf("it comes from %s", first.Sender)
				}
			})
		})
	}
}

func TestReceiptThatIsReorderedComesThoughNoneFollows(t *testing.T) {
	inBubble(t, simulator.Config{People: 1, Quiet: true}, func(t *testing.T, s *simulator.Service, c *client) {
		s.Fault(simulator.Rule{On: simulator.Receipt, To: s.People()[0].Phone, Do: simulator.Reorder})
		id := c.say(s.People()[0].Phone, "Oi").ID
		time.Sleep(30 * time.Second)
		if got := c.receiptsOf(id); len(got) > 0 {
			t.Errorf("at once: %q", got)
		}
		time.Sleep(time.Minute)
		if got := c.receiptsOf(id); len(got) != 1 {
			t.Errorf("a minute later: %q", got)
		}
	})
}

func TestDelaysAreDrawnFromTheSeed(t *testing.T) {
	run := func(t *testing.T) (took []time.Duration) {
		inBubble(t, simulator.Config{Seed: 4, People: 1, Quiet: true}, func(t *testing.T, s *simulator.Service, c *client) {
			s.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Late, Delay: time.Second, Spread: 4 * time.Second})
			for range 8 {
				began := time.Now()
				c.say(s.People()[0].Phone, "Oi")
				took = append(took, time.Since(began))
			}
		})
		return took
	}
	first, second := run(t), run(t)
	if !slices.Equal(first, second) {
		t.Errorf("%v, then %v", first, second)
	}
	if low, high := slices.Min(first), slices.Max(first); low < time.Second || high >= 5*time.Second || high-low < time.Second {
		t.Errorf("between %s and %s", low, high)
	}
}

func TestOldClientIsRefusedUntilItBringsTheNewestVersion(t *testing.T) {
	was := store.GetWAVersion()
	t.Cleanup(func() { store.SetWAVersion(was) })
	s := serve(t, simulator.Config{Quiet: true})
	c := link(t, s, ownPhone)
	c.Disconnect()
	c.forget()
	newest := was
	newest[2] += 1000
	s.SetNewestVersion(newest)
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	heard[*events.ClientOutdated](c, nil)
	unlinked := start(t, s, newKeep())
	if err := unlinked.Connect(); err != nil {
		t.Fatal(err)
	}
	heard[*events.ClientOutdated](unlinked, nil)
	c.Disconnect()
	found, err := whatsmeow.GetLatestVersion(within(t), s.HTTPClient())
	if err != nil || *found != newest {
		t.Fatalf("the page says %v, %v; want %v", found, err, newest)
	}
	store.SetWAVersion(*found)
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	heard[*events.Connected](c, nil)
}

func TestWebPageCannotBeHad(t *testing.T) {
	s := serve(t, simulator.Config{})
	s.Fault(simulator.Rule{On: simulator.Page, Do: simulator.Refuse, Code: 503, Limit: 1})
	s.Fault(simulator.Rule{On: simulator.Page, Do: simulator.DropBefore, Limit: 1})
	for range 2 {
		if v, err := whatsmeow.GetLatestVersion(within(t), s.HTTPClient()); err == nil {
			t.Errorf("it says %v", v)
		}
	}
	if _, err := whatsmeow.GetLatestVersion(within(t), s.HTTPClient()); err != nil {
		t.Error(err)
	}
}

func TestFileIsRefusedTwiceAndThenTaken(t *testing.T) {
	s := serve(t, simulator.Config{Quiet: true})
	c := link(t, s, ownPhone)
	s.Fault(simulator.Rule{On: simulator.Upload, Do: simulator.Refuse, Code: 507, Limit: 1})
	s.Fault(simulator.Rule{On: simulator.Upload, Do: simulator.DropBefore, Limit: 1})
	for range 2 {
		if _, err := c.Upload(within(t), []byte("a picture"), whatsmeow.MediaImage); err == nil {
			t.Error("it was taken")
		}
	}
	if _, err := c.Upload(within(t), []byte("a picture"), whatsmeow.MediaImage); err != nil {
		t.Error(err)
	}
}

func TestFileThatTheHostNeverTakesEndsWithTheContext(t *testing.T) {
	inBubble(t, simulator.Config{Quiet: true}, func(t *testing.T, s *simulator.Service, c *client) {
		s.Fault(simulator.Rule{On: simulator.Upload, Do: simulator.Silence, Limit: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := c.Upload(ctx, []byte("a picture"), whatsmeow.MediaImage); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		s.Fault(simulator.Rule{On: simulator.Upload, Do: simulator.Late, Delay: time.Hour, Limit: 1})
		began := time.Now()
		if _, err := c.Upload(t.Context(), []byte("a picture"), whatsmeow.MediaImage); err != nil || time.Since(began) != time.Hour {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
	})
}

func TestFileCannotBeSentWithoutAMediaHost(t *testing.T) {
	s := serve(t, simulator.Config{Quiet: true})
	c := link(t, s, ownPhone)
	s.Fault(simulator.Rule{On: simulator.Query, Query: "w:m", Do: simulator.Refuse, Code: 429, Limit: 1})
	if _, err := c.Upload(within(t), []byte("a picture"), whatsmeow.MediaImage); !errors.Is(err, whatsmeow.ErrIQRateOverLimit) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Upload(within(t), []byte("a picture"), whatsmeow.MediaImage); err != nil {
		t.Error(err)
	}
}

func TestHostHasForgottenTheFile(t *testing.T) {
	s := serve(t, simulator.Config{Quiet: true})
	c := link(t, s, ownPhone)
	up, err := c.Upload(within(t), []byte("a picture"), whatsmeow.MediaImage)
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[int]error{
		403: whatsmeow.ErrMediaDownloadFailedWith403, 404: whatsmeow.ErrMediaDownloadFailedWith404, 410: whatsmeow.ErrMediaDownloadFailedWith410,
	} {
		s.Fault(simulator.Rule{On: simulator.Download, Do: simulator.Refuse, Code: code, Limit: 1})
		if _, err := c.Download(within(t), image(up, "")); !errors.Is(err, want) {
			t.Errorf("%d: %v", code, err)
		}
	}
	if _, err := c.Download(within(t), image(up, "")); err != nil {
		t.Error(err)
	}
}

func TestAddressBookThatDoesNotAddUpIsMendedByReadingItAgain(t *testing.T) {
	s := serve(t, simulator.Config{Seed: 5, People: 30})
	c := link(t, s, ownPhone)
	collectionSynced(c, appstate.WAPatchRegularLow)
	s.Fault(simulator.Rule{On: simulator.Query, Query: "w:sync:app:state", Do: simulator.WrongHash, Limit: 1})
	ana := registered(s)[0]
	ownOf(t, s).SaveContact(ana.Phone, "Comadre")
	e := heard(c, func(e *events.AppStateSyncError) bool { return e.Name == appstate.WAPatchCriticalUnblockLow })
	if !errors.Is(e.Error, appstate.ErrMismatchingLTHash) {
		t.Errorf("got %v", e.Error)
	}
	if err := c.FetchAppState(within(t), appstate.WAPatchCriticalUnblockLow, true, false); err != nil {
		t.Fatal(err)
	}
	if row, err := c.Store.Contacts.GetContact(within(t), at(ana.Phone)); err != nil || row.FullName != "Comadre" {
		t.Errorf("the address book says %q (%v)", row.FullName, err)
	}
}

func TestRotatedQRCodeLinksAndTheOldOneDoesNot(t *testing.T) {
	s := serve(t, simulator.Config{Quiet: true})
	codes := func(c *client) (before, after string) {
		if err := c.Connect(); err != nil {
			t.Fatal(err)
		}
		before = heard[*events.QR](c, nil).Codes[0]
		s.RotateQR()
		e := heard[*events.RotateADVSecret](c, nil)
		return before, strings.Replace(before, e.OldSecret, e.NewSecret, 1)
	}
	before, _ := codes(start(t, s, newKeep()))
	if _, err := s.Scan(before); !errors.Is(err, simulator.ErrRefused) {
		t.Errorf("the old code: %v", err)
	}
	c := start(t, s, newKeep())
	_, after := codes(c)
	if _, err := s.Scan(after); err != nil {
		t.Fatal(err)
	}
	heard[*events.Connected](c, nil)
}

func TestOldPhoneCannotLinkAndANewOneStillCan(t *testing.T) {
	s := serve(t, simulator.Config{Quiet: true})
	c := start(t, s, newKeep())
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	code := heard[*events.QR](c, nil).Codes[0]
	if err := s.ScanWithOldPhone(code); err != nil {
		t.Fatal(err)
	}
	heard[*events.QRScannedWithoutMultidevice](c, nil)
	if err := s.ScanWithOldPhone("another code"); !errors.Is(err, simulator.ErrCode) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Scan(code); err != nil {
		t.Fatal(err)
	}
	heard[*events.Connected](c, nil)
}
