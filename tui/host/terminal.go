package host

import (
	"slices"
	"strings"

	"github.com/charmbracelet/colorprofile"

	"recado/tui"
)

// Terminal is what an owner is told of a terminal that wants its screens.
type Terminal struct {
	Width, Height int
	Environ       []string             // what says which terminal it is, see about
	Profile       colorprofile.Profile // the colours that it shows
	ReadOnly      bool                 // it only watches
	Data          string               // see tui.App
	Died          string               // see tui.App
}

// The bounds of what an owner takes from a terminal.
const (
	maxWidth, maxHeight = 500, 200
	maxVariable         = 256     // bytes of an environment variable
	maxKeys             = 1 << 16 // bytes of a frame of keys
	maxPaste            = 1 << 20 // bytes of a paste; what is more is left out, and so no screen takes it
)

// variables are those of the environment that say which terminal it is.
var variables = []string{
	"TERM", "COLORTERM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM_PROGRAM", "SSH_TTY", "WT_SESSION",
}

// about takes out of an environment what says which terminal it is of.
func about(environ []string) (kept []string) {
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		if slices.Contains(variables, name) && len(v) <= maxVariable {
			kept = append(kept, v)
		}
	}
	return kept
}

// sane is a size that the screens are drawn at.
func sane(s tui.Size) tui.Size {
	return tui.Size{Width: max(0, min(s.Width, maxWidth)), Height: max(0, min(s.Height, maxHeight))}
}

// pastes cuts pastes off at maxPaste. They stand between two sequences, in
// however many pieces the bytes come.
type pastes struct {
	inside bool
	n      int // bytes of the present one
	at     int // bytes of the next sequence that have come already
}

const (
	pasteBegins = "\x1b[200~"
	pasteEnds   = "\x1b[201~"
)

// take returns what is to be passed on of the next bytes. What may become the
// end of a paste is kept back until it is, or is not.
func (p *pastes) take(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(pasteEnds))
	for _, c := range b {
		want := pasteBegins
		if p.inside {
			want = pasteEnds
		} else {
			out = append(out, c)
		}
		if c != want[p.at] && p.at > 0 { // it was none; the escape is in neither of them twice
			if p.inside {
				out = p.put(out, want[:p.at])
			}
			p.at = 0
		}
		switch {
		case c == want[p.at]:
			if p.at++; p.at < len(want) {
				continue
			}
			if p.inside {
				out = append(out, want...)
			}
			p.inside, p.n, p.at = !p.inside, 0, 0
		case p.inside:
			out = p.put(out, string([]byte{c}))
		}
	}
	return out
}

// put passes on what of a paste still has room.
func (p *pastes) put(out []byte, s string) []byte {
	s = s[:min(len(s), max(maxPaste-p.n, 0))]
	p.n += len(s)
	return append(out, s...)
}
