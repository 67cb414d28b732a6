package tui

import (
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// console is the terminal of this process: signals end and stop what is shown
// on it, and it has to be given back as it was.
type console struct {
	in, out *os.File
	before  *term.State
	asked   chan struct{} // a person wants the program stopped, with ctrl+z
}

// newConsole is nil if in or out is not a terminal.
func newConsole(in io.Reader, out io.Writer) *console {
	from, ok := in.(*os.File)
	if !ok {
		return nil
	}
	to, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(to.Fd())) {
		return nil
	}
	before, err := term.GetState(int(from.Fd()))
	if err != nil {
		return nil
	}
	return &console{in: from, out: to, before: before, asked: make(chan struct{}, 1)}
}

// stop asks for the program to be stopped, as ctrl+z does where the terminal
// is not raw.
func (c *console) stop() {
	select {
	case c.asked <- struct{}{}:
	default: // it has been asked already
	}
}

// leave ends every mode that the renderer may have set: a synchronized update,
// the keyboard's, the other screen, the hidden cursor, bracketed paste, focus,
// the mouse, whole characters as one, colours.
const leave = "\x1b[?2026l\x1b[>4m\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b[?1004l" +
	"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2027l\x1b[m"

// giveBack makes the terminal what it was when nobody else does it any more.
// One that takes nothing is waited for a moment.
func (c *console) giveBack() {
	done := make(chan struct{})
	go func() { // ends when the terminal takes it, or with the process
		defer close(done)
		io.WriteString(c.out, leave)
	}()
	select {
	case <-done:
	case <-time.After(lastWords):
	}
	term.Restore(int(c.in.Fd()), c.before)
}

// stopper is a tea.Program as the console needs it.
type stopper interface {
	program
	ReleaseTerminal() error
	RestoreTerminal() error
}

// watch does what signals ask for until over is closed. The first one that
// ends the program is main's, which ends ctx.
func (c *console) watch(ctx context.Context, p stopper, shut func(), over <-chan struct{}) {
	signals := listen()
	defer signals.end()
	ending := ctx.Err() != nil
	for {
		select {
		case <-over:
			return
		case <-c.asked:
			signals.pause(p, true)
		case s := <-signals.heard:
			switch {
			case pauses(s):
				signals.pause(p, false)
			case aborts(s) || ending:
				shut()
				c.giveBack()
				signals.die(s)
			default:
				ending = true
			}
		}
	}
}
