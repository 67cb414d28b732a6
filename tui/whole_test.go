package tui

import (
	"context"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session"
	"recado/session/simulator"
	"recado/session/simulator/bubble"
	"recado/store"
	"recado/store/device"
)

// The whole road, by keys alone, with the real client on a simulated service:
// a number is linked by its QR code, its people arrive, a campaign is
// written, looked at, started, and received.
func TestFromAnEmptyProgramToAReceivedCampaign(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		service := simulator.New(simulator.Config{Seed: 7, People: 12, Reads: 1, Speed: simulator.Instant, Quiet: true})
		defer service.Close()
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		app := onService(t, ctx, service)
		running.Go(func() { lanesOf(app).Run(ctx) })

		importAll(t, app, service)
		s := onStage(t, app)
		later := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
			s.ring()
		}

		s.press("n")
		s.enter("Loja")
		s.press("enter")
		later(2 * time.Second)
		s.shows("Vincular Loja", "Este código vale por")
		s.press("s")
		later(20 * time.Second)
		s.shows("● conectado")

		s.press("p")
		s.enter("off")
		s.press("enter")
		s.shows("Deixar Loja enviar mais?")
		s.press("s", "esc")

		s.press("3", "n")
		s.enter("Volta às aulas")
		s.press("tab", "tab", "tab", "tab", "tab")
		s.enter("Oi {nome}!")
		s.shows("12 pessoas", "sem limite nenhum")
		s.press("ctrl+r", "s")
		s.shows("Volta às aulas começou.")
		later(5 * time.Minute)
		s.shows("■ concluída", "12/12", "100 %", "✓✓ lida              12")
		if n := len(service.Ledger().Seen()); n != 12 {
			t.Errorf("%d messages were seen", n)
		}
	})
}

// A campaign goes on while one of two terminals takes nothing any more.
func TestAStalledTerminalDoesNotStopTheSending(t *testing.T) {
	service := simulator.New(simulator.Config{Seed: 7, People: 40, Reads: 1, Speed: simulator.Instant, Quiet: true})
	defer service.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	var sending sync.WaitGroup
	defer sending.Wait()
	defer cancel()
	app := onService(t, ctx, service)
	sending.Go(func() { lanesOf(app).Run(ctx) })
	importAll(t, app, service)
	number, err := desk(app.Book).AddNumber("Loja")
	if err == nil {
		_, err = desk(app.Book).SetLimits(number.ID, campaign.Pace{}.All())
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Pool.Link(number.ID); err != nil {
		t.Fatal(err)
	}
	ring, quiet := app.Bell.Listen()
	defer quiet()
	for app.Pool.Snapshots()[0].QR == "" {
		<-ring
	}
	stuck, well := start(t, app), start(t, app)
	well.out.await(t, "recado")
	stuck.out.await(t, "recado")
	stuck.out.stall(true)
	if err := app.Demo.Scan(app.Pool.Snapshots()[0].QR, ""); err != nil {
		t.Fatal(err)
	}
	stuck.out.awaitBlocked(t)
	c, err := desk(app.Book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi", Numbers: []campaign.NumberID{number.ID}})
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err = desk(app.Book).Start(c.ID, time.Now()); err == nil {
			break
		}
		<-ring // not linked yet
	}
	if err := service.Ledger().Wait(ctx, func(l *simulator.Ledger) bool { return len(l.Seen()) == 40 }); err != nil {
		t.Errorf("with a stalled terminal %d of 40 messages were seen: %v", len(service.Ledger().Seen()), err)
	}
	for _, terminal := range []*running{well, stuck} {
		terminal.quit()
		if err := <-terminal.ended; err != nil {
			t.Error(err)
		}
	}
	stuck.out.stall(false)
}

func lanesOf(app App) *campaign.Lanes {
	return &campaign.Lanes{Log: app.Book, Bell: app.Bell, Sender: app.Pool.Sender, Numbers: func() (ids []campaign.NumberID) {
		numbers, _ := app.Book.Numbers()
		for _, n := range numbers {
			ids = append(ids, n.ID)
		}
		return ids
	}}
}

// importAll puts everybody of the simulated world into the book.
func importAll(t *testing.T, app App, service *simulator.Service) {
	t.Helper()
	var rows []people.Row
	for _, p := range service.People() {
		rows = append(rows, people.Row{Phone: people.Phone(p.Phone), Name: "Pessoa " + p.Phone[len(p.Phone)-4:]})
	}
	if _, err := desk(app.Book).Import(t.Context(), rows, "teste"); err != nil {
		t.Fatal(err)
	}
}

// onService opens the parts on a simulated service.
func onService(t *testing.T, ctx context.Context, service *simulator.Service) App {
	t.Helper()
	dir := t.TempDir()
	bell := new(campaign.Bell)
	book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Demo, Bell: bell})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	devices, err := device.Open(filepath.Join(dir, "devices.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { devices.Close() })
	key := simulator.RootKey()
	pool, err := session.Open(ctx, session.Config{Devices: devices, Book: book, Bell: bell, RootKey: &key,
		HTTP: func() *http.Client { return service.HTTPClient() }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	pool.Start()
	return App{Book: book, Desk: desk(book), Pool: pool, Bell: bell, Lang: "pt", Now: time.Now, Demo: demoOf(service)}
}

// demoOf is what the screens can do to a simulated service.
func demoOf(service *simulator.Service) *Demo {
	return &Demo{
		Scan: func(code string, phone people.Phone) error {
			_, err := service.ScanAs(code, string(phone))
			return err
		},
		Type: func(phone people.Phone, code string) error { return service.EnterCode(string(phone), code) },
		Sign: func(options string) (string, error) {
			answer, err := service.SignPasskey([]byte(options))
			return string(answer), err
		},
	}
}
