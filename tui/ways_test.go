package tui

import (
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"recado/session"
)

// However small the terminal, the way out of a screen is on it.
func TestTheWayOutIsAlwaysShown(t *testing.T) {
	for _, scene := range scenes {
		for _, size := range []Size{{80, 24}, {59, 30}, {59, 31}, {59, 34}, {120, 30}, {50, 20}} {
			play(t, func(t *testing.T, s *stage) {
				scene.set(s)
				s.size(size.Width, size.Height)
				out := regexp.MustCompile(`(^|\s)(esc|q|n|ctrl\+c) \S`)
				if !out.MatchString(s.read()) {
					t.Errorf("%s at %d×%d shows no way out:\n%s", scene.name, size.Width, size.Height, s.read())
				}
			})
		}
	}
}

func TestTheWayOutOfLinkingIsShown(t *testing.T) {
	for _, size := range []Size{{80, 24}, {59, 30}, {59, 31}, {59, 34}, {59, 40}, {60, 33}, {95, 30}, {120, 30}, {120, 40}, {50, 20}, {40, 12}} {
		for _, way := range []string{"code", "text", "typed"} {
			play(t, func(t *testing.T, s *stage) {
				switch way {
				case "typed":
					s.linkShows("+5511987654321", session.Status{Code: "2KQB-W9ZM"})
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
		errors.New("EOF"), errors.New("unexpected EOF"), errors.New("x509: certificate signed by unknown authority"),
		fmt.Errorf("failed to dial whatsapp websocket: %w", op(call("connect", syscall.ECONNREFUSED))),
		fmt.Errorf("failed to dial whatsapp websocket: dial tcp: lookup web.whatsapp.com: no such host"),
	} {
		for _, lang := range []string{"pt", "en"} {
			w := newWords(lang, cells{})
			for _, said := range []string{err.Error(), "WhatsApp cannot be reached: " + err.Error() + ".", "Linking failed: " + err.Error() + "."} {
				got := strings.TrimSuffix(w.sentence(said), ".")
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

// sentinel is the beginning of a line that declares an error to branch on.
var sentinel = regexp.MustCompile(`(?:\t|var )Err\w+ += $`)

// before is what stands before a text; empty if it is not there.
func before(s, text string) string {
	head, _, ok := strings.Cut(s, text)
	if !ok {
		return ""
	}
	return head[strings.LastIndexByte(head, '\n')+1:]
}

// Whatever other packages let a caller branch on can be said in Portuguese.
func TestEverySentinelIsTranslated(t *testing.T) {
	inner := map[string]bool{ // nobody sees them: they are branched on, or wrapped with words of their own
		"not in a state for that": true, "it goes on by itself": true, "the service asks to slow down": true,
		"this process already talks to a service with another root key": true,
	}
	found := 0
	for text, file := range literals(t, "../store/*.go", "../session/*.go", "../campaign/*.go") {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if inner[text] || !sentinel.MatchString(before(string(source), fmt.Sprintf("errors.New(%q)", text))) {
			continue
		}
		found++
		if _, ok := newWords("pt", cells{}).known(text); !ok {
			t.Errorf("%s has %q, which is not translated", file, text)
		}
	}
	if found < 10 {
		t.Errorf("only %d were found", found)
	}
}
