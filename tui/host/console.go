package host

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/muesli/cancelreader"
	"golang.org/x/term"

	"recado/tui"
)

// lastWords is how long a terminal, or an owner, may take to hear that it is
// over.
const lastWords = 500 * time.Millisecond

// typedAhead is how many pieces of what is typed are kept for a guest.
const typedAhead = 64

// The keys that a raw terminal does not obey by itself.
const (
	ctrlC = 3
	ctrlZ = 26
)

// Console is the terminal of this process: signals end and stop what is shown
// on it, and it has to be given back as it was.
type Console struct {
	in, out *os.File
	before  *term.State
	asked   chan struct{} // a person wants the program stopped, with ctrl+z
	typed   chan []byte
	keys    cancelreader.CancelReader
	signals signals
	over    chan struct{} // closed by Close
	helpers sync.WaitGroup

	mu      sync.Mutex // guards what follows, and what is written
	guest   *guest     // what is shown; nil: nothing
	opening []byte     // what stands there until a guest has something to show; empty: nothing does
	shut    bool       // nothing more may be shown
}

// NewConsole takes the terminal over; Close gives it back. It fails if in or out
// is not a terminal. The end of ctx is that of the program: a second signal that
// ends it is obeyed at once.
func NewConsole(ctx context.Context, in, out *os.File) (*Console, error) {
	before, err := term.GetState(int(in.Fd()))
	if err != nil {
		return nil, err
	}
	if _, _, err := term.GetSize(int(out.Fd())); err != nil {
		return nil, err
	}
	c := &Console{
		in: in, out: out, before: before, asked: make(chan struct{}, 1),
		typed: make(chan []byte, typedAhead), over: make(chan struct{}),
	}
	if c.keys, err = cancelreader.NewReader(in); err != nil {
		return nil, err
	}
	c.signals = listen() // before there is anything to give back
	if err := c.raw(); err != nil {
		c.signals.end()
		return nil, err
	}
	c.helpers.Go(func() { c.watch(ctx) }) // ends with Close
	c.helpers.Go(c.read)                  // ends with Close
	return c, nil
}

// Opening shows the screens without anything in them, in a language, for as long
// as there is no guest that shows more: a large book takes a while to open. What
// is typed meanwhile is kept for the guest.
func (c *Console) Opening(t Terminal, lang string) {
	var b bytes.Buffer
	b.WriteString(enter)
	frame := tui.Opening(tui.App{Lang: lang, ReadOnly: t.ReadOnly}, tui.Size{Width: t.Width, Height: t.Height})
	colours := colorprofile.Writer{Forward: &b, Profile: t.Profile}
	colours.WriteString(strings.ReplaceAll(frame, "\n", "\r\n"))
	c.mu.Lock()
	c.opening = b.Bytes()
	c.mu.Unlock()
	c.put(b.Bytes())
}

// Close gives the terminal back. One that was left half way is made what it was;
// any other one has been left tidy by what was shown on it. A signal that comes
// meanwhile changes nothing: the program is about to end.
func (c *Console) Close(halfWay bool) {
	defer c.signals.end()
	halfWay = halfWay || c.isOpening()
	close(c.over)
	if c.keys.Cancel() {
		c.helpers.Wait()
		c.keys.Close()
	}
	if halfWay {
		c.giveBack()
	} else {
		term.Restore(int(c.in.Fd()), c.before)
	}
}

// raw has the terminal send every key as it is pressed.
func (c *Console) raw() error {
	_, err := term.MakeRaw(int(c.in.Fd()))
	return err
}

// read reads what is typed.
func (c *Console) read() {
	for {
		buffer := make([]byte, 4<<10)
		n, err := c.keys.Read(buffer)
		if c.shown() == nil { // nobody else obeys these
			switch {
			case bytes.IndexByte(buffer[:n], ctrlC) >= 0:
				interrupt()
				continue
			case bytes.IndexByte(buffer[:n], ctrlZ) >= 0:
				c.suspend()
				continue
			}
		}
		if n > 0 {
			select {
			case c.typed <- buffer[:n]:
			case <-c.over:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// size is that of the terminal.
func (c *Console) size() tui.Size {
	w, h, err := term.GetSize(int(c.out.Fd()))
	if err != nil {
		return tui.Size{Width: 80, Height: 24}
	}
	return tui.Size{Width: w, Height: h}
}

// Terminal describes it to an owner. Of the environment it takes what says
// which terminal it is.
func (c *Console) Terminal(environ []string) Terminal {
	size := c.size()
	return Terminal{
		Width: size.Width, Height: size.Height,
		Environ: about(environ),
		Profile: colorprofile.Detect(c.out, environ),
	}
}

// write shows something of the guest's. The renderer that begins on the other
// screen leaves it as well.
func (c *Console) write(b []byte) error {
	c.mu.Lock()
	if len(c.opening) > 0 && bytes.Contains(b, []byte(otherScreen)) {
		c.opening = nil
	}
	c.mu.Unlock()
	return c.put(b)
}

// isOpening reports whether nothing of a guest's stands there yet.
func (c *Console) isOpening() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.opening) > 0
}

func (c *Console) put(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut {
		return io.ErrClosedPipe
	}
	_, err := c.out.Write(b)
	return err
}

// close lets nothing more through. What a terminal that takes nothing holds up
// is left to itself.
func (c *Console) close() {
	if c.mu.TryLock() {
		c.shut = true
		c.mu.Unlock()
	}
}

// suspend asks for the program to be stopped, as ctrl+z does where the terminal
// is not raw.
func (c *Console) suspend() {
	select {
	case c.asked <- struct{}{}:
	default: // it has been asked already
	}
}

// enter begins a frame as the renderer does: on the other screen, empty, without
// a cursor.
const (
	enter       = otherScreen + "\x1b[?25l\x1b[H\x1b[2J"
	otherScreen = "\x1b[?1049h"
)

// leave ends every mode that the renderer may have set: a synchronized update,
// the keyboard's, the other screen, the hidden cursor, bracketed paste, focus,
// the mouse, whole characters as one, colours.
const leave = "\x1b[?2026l\x1b[>4m\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b[?1004l" +
	"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2027l\x1b[m"

// giveBack makes the terminal what it was when nobody else does it any more.
// One that takes nothing is waited for a moment.
func (c *Console) giveBack() {
	done := make(chan struct{})
	go func() { // ends when the terminal takes it, or with the process
		defer close(done)
		io.WriteString(c.out, leave)
	}()
	within(done, lastWords)
	term.Restore(int(c.in.Fd()), c.before)
}

// show makes a guest what is shown; nil: nothing.
func (c *Console) show(g *guest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.guest = g
}

// shown is the guest that is shown; nil: none.
func (c *Console) shown() *guest {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.guest
}

// release gives the terminal back for a while.
func (c *Console) release() {
	if g := c.shown(); g != nil && g.release() {
		term.Restore(int(c.in.Fd()), c.before)
		return
	}
	c.giveBack()
}

// restore takes the terminal again.
func (c *Console) restore() {
	c.raw()
	if g := c.shown(); g != nil {
		g.restore()
		return
	}
	c.mu.Lock()
	opening := c.opening
	c.mu.Unlock()
	c.put(opening)
}

// watch does what signals ask for. The first one that ends the program is
// main's, which ends ctx.
func (c *Console) watch(ctx context.Context) {
	sizes := resizes()
	defer sizes.end()
	ending := ctx.Err() != nil
	for {
		select {
		case <-c.over:
			return
		case <-sizes.heard:
			if g := c.shown(); g != nil {
				g.resize()
			}
		case <-c.asked:
			c.signals.pause(c, true)
		case s := <-c.signals.heard:
			switch {
			case pauses(s):
				c.signals.pause(c, false)
			case aborts(s) || ending:
				c.close()
				c.giveBack()
				c.signals.die(s)
			default:
				ending = true
			}
		}
	}
}
