package tui

import (
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"recado/campaign/reason"
	"recado/session"
)

// However small the terminal, the way out of a screen is on it.
func TestTheWayOutIsAlwaysShown(t *testing.T) {
	drawsAlone(t)
	out := regexp.MustCompile(`(^|\s)(esc|q|n|ctrl\+c) \S`)
	for _, scene := range scenes {
		play(t, func(t *testing.T, s *stage) {
			scene.set(s)
			for _, size := range []Size{{80, 24}, {59, 30}, {59, 31}, {59, 34}, {120, 30}, {50, 20}} {
				s.size(size.Width, size.Height)
				if !out.MatchString(s.read()) {
					t.Errorf("%s at %d×%d shows no way out:\n%s", scene.name, size.Width, size.Height, s.read())
				}
			}
		})
	}
}

func TestTheWayOutOfLinkingIsShown(t *testing.T) {
	for _, size := range []Size{{80, 24}, {59, 30}, {59, 31}, {59, 34}, {59, 40}, {60, 33}, {95, 30}, {120, 30}, {120, 40}, {50, 20}, {40, 12}} {
		for _, way := range []string{"code", "text", "typed"} {
			play(t, func(t *testing.T, s *stage) {
				switch way {
				case "typed":
					s.linkShows("+5511987654321", session.Snapshot{Code: "2KQB-W9ZM"})
				case "text":
					s.linking(sampleCode)
					s.press("c")
				default:
					s.linking(sampleCode)
				}
				s.size(size.Width, size.Height)
				s.shows("esc ")
			})
		}
	}
}

// What Go says of the network is in nobody's language.
func TestWhatTheNetworkSaysIsPutIntoWords(t *testing.T) {
	raw := regexp.MustCompile(`dial |tcp|lookup|no such host|: connection refused|unreachable|i/o|EOF|x509|connect:|read:`)
	op := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(1, 2, 3, 4), Port: 443}, Err: err}
	}
	call := func(name string, err error) error { return os.NewSyscallError(name, err) }
	for _, err := range []error{
		&net.DNSError{Err: "no such host", Name: "web.whatsapp.com", IsNotFound: true},
		&net.DNSError{Err: "server misbehaving", Name: "web.whatsapp.com", Server: "127.0.0.53:53"},
		op(&net.DNSError{Err: "no such host", Name: "web.whatsapp.com"}),
		op(call("connect", syscall.ECONNREFUSED)), op(call("connect", syscall.ENETUNREACH)), op(call("connect", syscall.EHOSTUNREACH)),
		op(os.ErrDeadlineExceeded), syscall.ECONNREFUSED, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.ECONNRESET, syscall.ETIMEDOUT,
		io.EOF, io.ErrUnexpectedEOF, x509.UnknownAuthorityError{},
		fmt.Errorf("failed to dial whatsapp websocket: %w", op(call("connect", syscall.ECONNREFUSED))),
	} {
		for _, lang := range []string{"pt", "en"} {
			w := newWords(lang, cells{})
			for _, said := range []error{err, reason.Within(err, reason.NumberUnreachable), reason.Within(err, reason.LinkFailed)} {
				got := strings.TrimSuffix(w.why(said), ".")
				if raw.MatchString(got) || strings.Contains(got, "⟨") {
					t.Errorf("%s: %q is said as %q", lang, said, got)
				}
				if lang == "pt" && strings.Contains(got, "the ") {
					t.Errorf("%q is said as %q", said, got)
				}
			}
		}
	}
}
