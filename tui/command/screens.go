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
	return c.visit(ctx, &visit{call: c, dir: dir, readOnly: readOnly, yes: yes})
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
	v := &visit{call: c, dir: o.Dir}
	defer v.close()
	end, err := v.join(ctx, o.Inside())
	return v.left(ctx, end, err)
}

// visit is a terminal at the screens of an owner, and of the next one if that
// one dies.
type visit struct {
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
	shortVisit    = 5 * time.Second       // after one so short an owner that breaks off is not joined again and again
)

// visit shows the screens until the person leaves.
func (c *call) visit(ctx context.Context, v *visit) error {
	defer v.close()
	begun := time.Now()
	for {
		var end host.Exit
		joined := time.Now()
		w, err := v.find(ctx)
		if err == nil {
			v.pid = w.Pid()
			end, err = v.join(ctx, w)
		}
		other := (*host.VersionError)(nil)
		switch {
		case errors.As(err, &other):
			if err := v.replace(ctx, other); err != nil {
				return err
			}
			begun = time.Now()
			continue
		case errors.Is(err, host.ErrBroken):
			if v.lost(time.Since(joined) < shortVisit) {
				begun = time.Now()
				continue
			}
		case errors.Is(err, host.ErrAgain) || err == nil && end.Again:
			if time.Since(begun) > againWithin {
				return v.left(ctx, end, host.ErrSilent)
			}
			select {
			case <-ctx.Done():
			case <-time.After(comeBackEvery):
				continue
			}
		}
		return v.left(ctx, end, err)
	}
}

// find knocks at the door, or starts an owner.
func (v *visit) find(ctx context.Context) (*host.Wire, error) {
	w, err := host.Knock(v.dir)
	switch {
	case err == nil:
		return w, nil
	case errors.Is(err, host.ErrOtherUser):
		return nil, v.otherUser(v.dir, err)
	case v.readOnly:
		return nil, v.fail(ExitFailed, "read_only_alone")
	case v.env.Exec == nil:
		return nil, v.unanswered(v.dir)
	}
	cmd, err := v.env.Exec("--data", v.dir, "host")
	if err != nil {
		return nil, err
	}
	if err := v.take(ctx); err != nil {
		return nil, err
	}
	w, err = host.Start(ctx, cmd, v.dir, func() { v.console.Opening(v.terminal(), v.tongue.Tag()) })
	if failed := (*host.StartError)(nil); errors.As(err, &failed) {
		text := failed.Said
		if text == "" {
			text = v.t("host_silent", "Log", failed.Log)
		}
		return nil, &failure{code: max(failed.Code, ExitFailed), text: text}
	}
	return w, err
}

// take takes the terminal, if it has not been taken yet.
func (v *visit) take(ctx context.Context) (err error) {
	if v.console != nil {
		return nil
	}
	in, isFile := v.env.Stdin.(*os.File)
	out, isFile2 := v.env.Stdout.(*os.File)
	if !isFile || !isFile2 {
		return v.fail(ExitUsage, "screens_need_terminal")
	}
	v.console, err = host.NewConsole(ctx, in, out)
	return err
}

// terminal describes it to an owner.
func (v *visit) terminal() host.Terminal {
	t := v.console.Terminal(v.env.Environ)
	t.ReadOnly, t.Died, t.Data = v.readOnly, v.died, v.dataFlag(v.dir)
	return t
}

// join shows the screens on the terminal.
func (v *visit) join(ctx context.Context, w *host.Wire) (host.Exit, error) {
	if err := v.take(ctx); err != nil {
		w.Close()
		return host.Exit{}, err
	}
	t := v.terminal()
	end, err := w.Join(ctx, host.Request{
		Lang: v.tongue.Tag(), Terminal: &t, Simulated: v.env.Getenv("RECADO_SERVER") != "",
	}, v.console, func(silent time.Duration) string {
		return v.t("host_not_answering", "Owner", fmt.Sprint(v.pid), "For", silent)
	})
	v.halfWay = err != nil && !errors.Is(err, host.ErrAgain)
	return end, err
}

// lost reports whether the screens come back after the connection to the owner
// fell: it is still there, and has dropped this terminal, or it has died, and
// another one is started, once.
func (v *visit) lost(soon bool) bool {
	if w, err := host.Knock(v.dir); err == nil {
		same := w.Pid() == v.pid
		w.Close()
		if same && !soon {
			return true
		}
	}
	v.deaths++
	v.died = fmt.Sprint(v.pid)
	return v.deaths == 1 && !v.readOnly
}

// replace ends an owner that is of another version, if the person wants that.
func (v *visit) replace(ctx context.Context, other *host.VersionError) error {
	v.close() // the question is asked on an ordinary terminal
	if other.Pid == 0 {
		return v.fail(ExitInUse, "host_other_version", "Owner", "?")
	}
	if !v.yes {
		said, err := v.ask(ctx, "host_replace", "Owner", fmt.Sprint(other.Pid))
		if err != nil {
			return err
		}
		if !said {
			return v.fail(ExitInUse, "host_other_version", "Owner", fmt.Sprint(other.Pid))
		}
	}
	return v.endOther(ctx, v.dir, other.Pid)
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
func (v *visit) close() {
	if v.console != nil {
		v.console.Close(v.halfWay)
		v.console = nil
	}
}

// left says how the visit ended.
func (v *visit) left(ctx context.Context, end host.Exit, err error) error {
	v.close()
	switch {
	case ctx.Err() != nil:
		return nil // the person who closed this terminal knows; what is being sent goes on
	case errors.Is(err, host.ErrLeft), errors.Is(err, host.ErrSilent), errors.Is(err, host.ErrAgain):
		return v.unanswered(v.dir)
	case errors.Is(err, host.ErrBroken):
		return v.fail(ExitFailed, "host_died", "Owner", fmt.Sprint(v.pid), "Log", v.dir+"/recado.log")
	case err != nil:
		return err
	}
	switch end.Why {
	case host.GoesOn:
		v.tell("host_goes_on", "Owner", fmt.Sprint(v.pid))
	case host.Halted:
		v.tell("host_halted")
	case host.Stopped:
		v.tell("host_stopped", "Owner", fmt.Sprint(v.pid))
	case host.Full:
		return v.fail(ExitInUse, "host_full")
	case host.OtherKind:
		return v.mixed(v.dir, true)
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
