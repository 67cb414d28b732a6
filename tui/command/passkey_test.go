package command

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"recado/campaign"
	"recado/session"
	"recado/session/simulator"
	"recado/session/simulator/bubble"
	"recado/store"
	"recado/store/device"
	"recado/tui/host"
)

// aside is an owner whose numbers are on a service in this process.
func aside(t *testing.T, service *simulator.Service) *owner {
	t.Helper()
	dir, bell := t.TempDir(), new(campaign.Bell)
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
	return ownerOf(&host.Owner{Parts: &host.Parts{Book: book, Bell: bell, Logger: slog.New(slog.DiscardHandler), Connect: func(ctx context.Context) (*session.Pool, func() error, error) {
		pool, err := session.Open(ctx, session.Config{Devices: devices, Book: book, Bell: bell, RootKey: &key,
			HTTP: func() *http.Client { return service.HTTPClient() }})
		if err == nil {
			t.Cleanup(func() { pool.Close() })
		}
		return pool, func() error { return nil }, err
	}}})
}

func TestTheEndOfTheInputIsNoAnswerToTheCode(t *testing.T) {
	l := &linking{yes: true}
	if err := l.heard(t.Context(), session.Snapshot{Passkey: session.Passkey{Code: "ABCD"}}, typedLine{last: true}); err != nil {
		t.Errorf("with --yes: %v", err)
	}
}

// A script holds names that the service wrote; in it they are strings.
func TestScriptDoesNotDriveTheTerminal(t *testing.T) {
	var out bytes.Buffer
	l := &linking{draw: true, call: &call{env: Env{Stdout: &out}, tongue: portuguese}}
	if err := l.datum("passkey", "{\"name\":\"\u009b2J\u202e\"}"); err != nil || out.String() != `{"name":"\u009b2J\u202e"}`+"\n" {
		t.Errorf("wrote %q, %v", &out, err)
	}
}

// An answer that comes late has a code that the phone shows as well.
func TestTheCodeOfALatePasskeyIsCompared(t *testing.T) {
	for _, test := range []struct {
		name, typed   string
		terminal, yes bool
		want          int
	}{
		{"the same", "s\n", true, false, ExitOK},
		{"another one", "n\n", true, false, ExitRefused},
		{"nothing typed", "\n", true, false, ExitRefused},
		{"without a terminal", "", false, false, ExitRefused},
		{"without a terminal, --yes", "", false, true, ExitOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				service := simulator.New(simulator.Config{Seed: 7, People: 3, Speed: simulator.Instant, Quiet: true})
				defer service.Close()
				service.RequirePasskey(true)
				in, typed := io.Pipe()
				defer typed.Close()
				var out, errs bytes.Buffer
				o := aside(t, service)
				l := &linking{phone: "+5511987654321", yes: test.yes, owner: o, desk: desk(o.parts.Book), draw: test.terminal, call: &call{tongue: portuguese,
					env:  Env{Stdin: in, Stdout: &out, Stderr: &errs},
					seen: terminals{In: test.terminal, Out: test.terminal, Err: test.terminal},
				}}
				ended := make(chan error, 1)
				go func() { ended <- l.run(t.Context(), "loja") }() // ends with the link
				after := func(d time.Duration) (s session.Snapshot) {
					time.Sleep(d)
					synctest.Wait()
					for _, s = range o.Live().Snapshots() {
					}
					return s
				}
				if err := service.EnterCode("+5511987654321", after(5*time.Second).Code); err != nil {
					t.Fatal(err)
				}
				answer, err := service.SignPasskey([]byte(after(6 * time.Minute).Passkey.Options))
				if err != nil {
					t.Fatal(err)
				}
				typed.Write(append(answer, '\n'))
				if code := after(5 * time.Second).Passkey.Code; test.typed != "" {
					if shown := out.String(); code == "" || !strings.HasSuffix(shown, "\n"+code+"\n") {
						t.Errorf("the code %q is not alone on the last line: %q", code, shown)
					}
					typed.Write([]byte(test.typed))
				}
				got := ExitOK
				if err := <-ended; err != nil {
					got = ExitFailed
					if f := (*failure)(nil); errors.As(err, &f) {
						got = f.code
					}
				}
				if got != test.want {
					t.Errorf("exit %d, want %d: %s", got, test.want, &errs)
				}
				if at := strings.Contains(out.String(), "confirm "); at == test.terminal {
					t.Errorf("printed %q", &out)
				}
			})
		})
	}
}
