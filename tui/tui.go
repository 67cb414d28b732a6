// Package tui is the screens: the numbers and their QR codes, the people, the
// campaigns and how they are being sent. One terminal is one Bubble Tea
// program; several may run at once on one [App]. Begin reading at [Run], then
// root.go; each screen is a file of its own.
//
// The screens ask the book and the pool for what they show when the bell has
// rung. Nothing is ever pushed at them, so a terminal that is slow or stalled
// holds up nobody but itself.
package tui

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session"
	"recado/store"
)

// App is the open parts that the screens show and change. The same App may be
// given to several terminals.
type App struct {
	Book   *store.Book // what the screens read
	Desk   *store.Desk // and where the person changes it; nil: they may only look
	Pool   *session.Pool
	Bell   *campaign.Bell
	Logger *slog.Logger     // nil: none
	Demo   *Demo            // nil outside the demo
	Data   string           // what a command in another terminal needs to find this data, with a space before it; empty: nothing
	Lang   string           // a language tag: English if it begins with "en", Portuguese otherwise
	Now    func() time.Time // the clock, in the time zone to show; nil: time.Now
	Stops  bool             // the sending ends with this terminal, so that it asks before it is left
	// Halt pauses everything that is being sent and ends the sending. The terminal
	// offers it when it is left while something is being sent; nil: it does not.
	Halt     func(context.Context) error
	ReadOnly bool   // the terminal only watches: nothing can be changed there
	Died     string // who sent before and ended unexpectedly; empty: nobody did
}

func (a App) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

// Demo is what the screens can do to the simulated WhatsApp.
type Demo struct {
	// Scan lets a simulated phone scan the QR code whose text is given: the
	// phone of that number, or a new one if it is empty.
	Scan func(code string, phone people.Phone) error
	// Type lets the phone of that number type a linking code.
	Type func(phone people.Phone, code string) error
	// Sign asks a simulated browser for a passkey and returns what it prints.
	Sign func(options string) (answer string, err error)
	// Cause makes something go wrong for the number with that phone, or ends it
	// if it goes on already.
	Cause func(phone people.Phone, fault Fault) error
	// Causing lists what goes on for that number.
	Causing func(phone people.Phone) []Fault
	// Mend ends everything that was caused, for every number.
	Mend func()
	// Passing data is deleted when the program ends.
	Passing bool
}

// Size is that of a terminal, in cells.
type Size struct{ Width, Height int }

// Option is something about one terminal that cannot be seen from its in and
// out.
type Option func(*terminal)

// Environ gives the environment variables of a terminal that is not that of
// this process (TERM, COLORTERM, NO_COLOR…).
func Environ(environ []string) Option {
	return func(t *terminal) { t.options = append(t.options, tea.WithEnvironment(environ)) }
}

// Sizes gives the sizes of a terminal that is not a file of this process: the
// first one at once, then each time it changes. The channel may be closed.
func Sizes(sizes <-chan Size) Option {
	return func(t *terminal) { t.sizes = sizes }
}

// Profile gives the colours that a terminal shows, where it is not a file of
// this process.
func Profile(p colorprofile.Profile) Option {
	return func(t *terminal) { t.options = append(t.options, tea.WithColorProfile(p)) }
}

// Order is what a terminal that is not a file of this process is told.
type Order uint8

// The orders.
const (
	Release Order = iota // give the terminal back as it was: it is somebody else's until Restore
	Restore              // show the screens again
	Redraw               // paint everything again
)

// Orders gives the orders for a terminal. Done is called when one of them has
// been carried out.
func Orders(orders <-chan Order, done func(Order)) Option {
	return func(t *terminal) { t.orders, t.done = orders, done }
}

// Suspends says how the program at the terminal is stopped when a person
// presses ctrl+z. It must not wait.
func Suspends(stop func()) Option {
	return func(t *terminal) { t.stop = stop }
}

// Beats has beat called every second, for as long as the screens answer. It
// must not wait.
func Beats(beat func()) Option {
	return func(t *terminal) { t.beat = beat }
}

// terminal is what Run knows of its terminal.
type terminal struct {
	options []tea.ProgramOption
	sizes   <-chan Size
	orders  <-chan Order
	done    func(Order)
	stop    func()
	beat    func()
}

// Opening is what stands on a terminal until [Run] draws there: the screens, of
// which nothing is known yet. Of the app only the language and the role count.
func Opening(app App, s Size) string {
	r := newRoot(context.Background(), app)
	e := r.env
	e.w, e.h, e.agreed = s.Width, s.Height, true
	r.say(e.theme.dim, e.t("loading"))
	return r.frame()
}

// Run shows the screens on one terminal until the person quits or ctx ends;
// both are no error. What is typed and not sent is kept in the book then; an error
// says that it could not be. It returns when everything it started has stopped, even
// if out no longer takes anything, so that out may then be closed.
func Run(ctx context.Context, app App, in io.Reader, out io.Writer, options ...Option) error {
	if ctx.Err() != nil {
		return nil // nobody sees them any more
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var t terminal
	for _, o := range options {
		o(&t)
	}
	if t.sizes != nil {
		// The program must begin with the size: it would take 0×0 for it.
		select {
		case <-ctx.Done():
			return nil
		case s := <-t.sizes:
			t.options = append(t.options, tea.WithWindowSize(s.Width, s.Height))
		}
	}
	shown, release := newOutlet(ctx, out)
	defer release()
	r := newRoot(ctx, app)
	r.stop, r.beat = t.stop, t.beat
	r.typed.paid() // who opens a terminal is there
	begun := make(chan struct{})
	r.sized = sync.OnceFunc(func() { close(begun) })
	// Bubble Tea hears no signals: what is to end the program ends ctx.
	p := tea.NewProgram(r, append(t.options, tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithInput(in), tea.WithOutput(shown))...)
	var helpers sync.WaitGroup
	helpers.Go(func() { watch(ctx, p, app.Bell, &r.typed) }) // ends with ctx
	helpers.Go(func() { resize(ctx, p, t.sizes, begun) })    // ends with ctx or the channel
	helpers.Go(func() { obey(ctx, p, t.orders, t.done) })    // ends with ctx
	_, err := p.Run()
	ended := ctx.Err() != nil
	cancel()
	helpers.Wait()
	if lost := r.flush(); lost != nil {
		if app.Logger != nil {
			app.Logger.Error("a terminal ended", "err", lost)
		}
		return lost
	}
	if ended || errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	return err
}
