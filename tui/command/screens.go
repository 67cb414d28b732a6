package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"recado/tui/host"
)

// screens shows the screens of the process that owns the data, which is started
// beside this one if there is none.
func (c *call) screens(ctx context.Context, readOnly, yes bool) error {
	if err := c.needTerminal(); err != nil {
		return err
	}
	if c.owner != nil { // it was handed over, by no program of ours
		return c.opened()
	}
	dir, err := c.dataDir()
	if err != nil {
		return err
	}
	service, err := c.service()
	if err != nil {
		return err
	}
	if err := c.private(dir); err != nil {
		return err
	}
	if !host.Doors { // nobody could find an owner here
		return c.withOwnerOf(ctx, dir, service, screens, nil, c.showHere)
	}
	return (&guest{call: c, dir: dir, readOnly: readOnly, yes: yes}).run(ctx)
}

// needTerminal refuses the screens where there is nobody to see them.
func (c *call) needTerminal() error {
	if c.owner == nil && !(c.seen.In && c.seen.Out) {
		return c.fail(ExitUsage,
			"screens_need_terminal")
	}
	return nil
}

// showHere connects the numbers, runs the lanes and shows the screens at this
// terminal, in this process, until the person leaves.
func (c *call) showHere(ctx context.Context, o *owner) error {
	_, release, err := o.Work(ctx)
	if err != nil {
		return err
	}
	defer c.patiently(release)
	g := &guest{call: c, dir: o.Dir}
	defer g.close()
	end, err := g.join(ctx, o.Inside())
	return g.left(ctx, end, err)
}

// guest is a terminal at the screens of an owner, and of the next one if that
// one dies.
type guest struct {
	*call
	dir      string
	readOnly bool
	yes      bool // replace an owner of another version without a question

	console *host.Console
	halfWay bool   // the terminal was not left tidy
	pid     int    // of the owner
	died    string // who sent before and ended unexpectedly
	deaths  int
}

// The limits of coming back.
const (
	comeBackEvery = 50 * time.Millisecond // between two tries
	tooSoon       = 5 * time.Second       // an owner that breaks off within is not joined again and again
)

// run shows the screens until the person leaves.
func (g *guest) run(ctx context.Context) error {
	defer g.close()
	begun := time.Now()
	for {
		var end host.Exit
		joined := time.Now()
		w, err := g.find(ctx)
		if err == nil {
			g.pid = w.Pid()
			end, err = g.join(ctx, w)
		}
		other := (*host.VersionError)(nil)
		switch {
		case errors.As(err, &other):
			if err := g.replace(ctx, other); err != nil {
				return err
			}
			begun = time.Now()
			continue
		case errors.Is(err, host.ErrBroken):
			if g.lost(time.Since(joined) < tooSoon) {
				begun = time.Now()
				continue
			}
		case errors.Is(err, host.ErrAgain) || err == nil && end.Again:
			if time.Since(begun) > againWithin {
				return g.left(ctx, end, host.ErrSilent)
			}
			select {
			case <-ctx.Done():
			case <-time.After(comeBackEvery):
				continue
			}
		}
		return g.left(ctx, end, err)
	}
}

// find knocks at the door, or starts an owner.
func (g *guest) find(ctx context.Context) (*host.Wire, error) {
	w, err := host.Knock(g.dir)
	switch {
	case err == nil:
		return w, nil
	case errors.Is(err, host.ErrOtherUser):
		return nil, g.otherUser(g.dir, err)
	case g.readOnly:
		return nil, g.fail(ExitFailed, "read_only_alone")
	case g.env.Exec == nil:
		return nil, g.unanswered(g.dir)
	}
	cmd, err := g.env.Exec("--data", g.dir, "host")
	if err != nil {
		return nil, err
	}
	if err := g.take(ctx); err != nil {
		return nil, err
	}
	w, err = host.Start(ctx, cmd, g.dir, func() { g.console.Opening(g.terminal(), g.tongue.Tag()) })
	if failed := (*host.StartError)(nil); errors.As(err, &failed) {
		text := failed.Said
		if text == "" {
			text = g.t("host_silent", "Log", failed.Log)
		}
		return nil, &failure{code: max(failed.Code, ExitFailed), text: text}
	}
	return w, err
}

// take takes the terminal, if it has not been taken yet.
func (g *guest) take(ctx context.Context) (err error) {
	if g.console != nil {
		return nil
	}
	in, isFile := g.env.Stdin.(*os.File)
	out, isFile2 := g.env.Stdout.(*os.File)
	if !isFile || !isFile2 {
		return g.fail(ExitUsage, "screens_need_terminal")
	}
	g.console, err = host.NewConsole(ctx, in, out)
	return err
}

// terminal describes it to an owner.
func (g *guest) terminal() host.Terminal {
	t := g.console.Terminal(g.env.Environ)
	t.ReadOnly, t.Died, t.Data = g.readOnly, g.died, g.dataFlag(g.dir)
	return t
}

// join shows the screens on the terminal.
func (g *guest) join(ctx context.Context, w *host.Wire) (host.Exit, error) {
	if err := g.take(ctx); err != nil {
		w.Close()
		return host.Exit{}, err
	}
	t := g.terminal()
	end, err := w.Join(ctx, host.Request{
		Lang: g.tongue.Tag(), Terminal: &t, Simulated: g.env.Getenv("RECADO_SERVER") != "",
	}, g.console, func(silent time.Duration) string {
		return g.t("host_not_answering", "Owner", fmt.Sprint(g.pid), "For", silent)
	})
	g.halfWay = err != nil && !errors.Is(err, host.ErrAgain)
	return end, err
}

// lost reports whether the screens come back after the connection to the owner
// fell: it is still there, and has dropped this terminal, or it has died, and
// another one is started, once.
func (g *guest) lost(soon bool) bool {
	if w, err := host.Knock(g.dir); err == nil {
		same := w.Pid() == g.pid
		w.Close()
		if same && !soon {
			return true
		}
	}
	g.deaths++
	g.died = fmt.Sprint(g.pid)
	return g.deaths == 1 && !g.readOnly
}

// replace ends an owner that is of another version, if the person wants that.
func (g *guest) replace(ctx context.Context, other *host.VersionError) error {
	g.close() // the question is asked on an ordinary terminal
	if other.Pid == 0 {
		return g.fail(ExitInUse, "host_other_version", "Owner", "?")
	}
	if !g.yes {
		said, err := g.ask(ctx, "host_replace", "Owner", fmt.Sprint(other.Pid))
		if err != nil {
			return err
		}
		if !said {
			return g.fail(ExitInUse, "host_other_version", "Owner", fmt.Sprint(other.Pid))
		}
	}
	return g.endOther(ctx, g.dir, other.Pid)
}

// endOther ends the owner of a directory, which was that process a moment ago.
func (c *call) endOther(ctx context.Context, dir string, pid int) error {
	w, err := host.Knock(dir)
	c.patiently(func() {
		if err != nil { // it ends by itself, and its door is closed first
			err = host.Gone(ctx, pid, againWithin)
			return
		}
		pid = w.Pid()
		err = w.End(ctx, againWithin)
	})
	if errors.Is(err, host.ErrRemains) {
		return c.fail(ExitInUse, "host_remains", "Owner", fmt.Sprint(pid))
	}
	return err
}

// close gives the terminal back.
func (g *guest) close() {
	if g.console != nil {
		g.console.Close(g.halfWay)
		g.console = nil
	}
}

// left says how it ended.
func (g *guest) left(ctx context.Context, end host.Exit, err error) error {
	g.close()
	switch {
	case ctx.Err() != nil:
		return nil // the person who closed this terminal knows; what is being sent goes on
	case errors.Is(err, host.ErrLeft), errors.Is(err, host.ErrSilent), errors.Is(err, host.ErrAgain):
		return g.unanswered(g.dir)
	case errors.Is(err, host.ErrBroken):
		return g.fail(ExitFailed, "host_died", "Owner", fmt.Sprint(g.pid), "Log", g.dir+"/recado.log")
	case err != nil:
		return err
	}
	switch end.Why {
	case host.GoesOn:
		g.tell("host_goes_on", "Owner", fmt.Sprint(g.pid))
	case host.Halted:
		g.tell("host_halted")
	case host.Stopped:
		g.tell("host_stopped", "Owner", fmt.Sprint(g.pid))
	case host.Full:
		return g.fail(ExitInUse, "host_full")
	case host.OtherKind:
		return g.mixed(g.dir, true)
	case host.Failed:
		return &failure{code: max(end.Code, ExitFailed), text: end.Text}
	}
	return nil
}

// dataFlag is what a command in another terminal needs to find the data in dir,
// with a space before it; empty for the usual place.
func (c *call) dataFlag(dir string) string {
	if usual, err := c.usualDir(); err == nil && c.path(usual) == dir {
		return ""
	}
	return " --data " + word(dir)
}
