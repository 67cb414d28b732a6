package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"recado/store"
	"recado/tui/host"
	"recado/tui/words"
)

// handedExit is the exit code of a command that ran in the owner. Everything
// there is to say has been said.
type handedExit struct{ code int }

func (h *handedExit) Error() string { return fmt.Sprintf("exit code %d", h.code) }

// hand gives the command to the owner at the other end of w and plays its
// output. The result is nil, a *handedExit, or host.ErrAgain. One that resumes
// goes on elsewhere if its owner ends in the middle.
func (c *call) hand(ctx context.Context, w *host.Wire, dir string, resumes bool) error {
	end, err := w.Hand(ctx, host.Request{
		Args:      c.env.Args,
		Dir:       c.env.Dir,
		Lang:      c.tongue.Tag(),
		Seen:      host.Seen(c.seen),
		Simulated: c.env.Getenv("RECADO_SERVER") != "",
	}, host.Caller{
		Out: func(text []byte) error { return c.write(c.env.Stdout, string(text)) },
		Err: func(text []byte) error { return c.write(c.env.Stderr, string(text)) },
		Open: func(name string) (io.ReadCloser, error) {
			if name == "" {
				return io.NopCloser(c.env.Stdin), nil
			}
			return c.named(name, dir)
		},
	})
	other := (*host.VersionError)(nil)
	switch {
	case errors.Is(err, host.ErrSilent):
		return c.unanswered(dir)
	case errors.As(err, &other):
		return err
	case errors.Is(err, host.ErrBroken) && resumes:
		return host.ErrAgain // what was done goes on by itself
	case errors.Is(err, host.ErrBroken):
		return c.fail(ExitFailed,
			"hand_broken")
	case err != nil:
		return c.explain(err)
	case end.Again:
		return host.ErrAgain
	case end.Code == ExitOK:
		return nil
	}
	return &handedExit{end.Code}
}

// named opens a file that stands in the arguments of this process, as it is
// written there: alone or after the = of a flag. None in dir, the data
// directory, is opened.
func (c *call) named(name, dir string) (io.ReadCloser, error) {
	stands := slices.ContainsFunc(c.env.Args, func(arg string) bool {
		_, value, flag := strings.Cut(arg, "=")
		return arg == name || flag && strings.HasPrefix(arg, "-") && value == name
	})
	if !stands {
		return nil, fmt.Errorf("open %s: it is not named on the command line", name)
	}
	file, _, err := store.Outside(c.path(name), dir)
	if err != nil {
		return nil, err // not a nil *os.File
	}
	return file, nil
}

// open opens a file that was named on the command line; "-" is the standard
// input.
func (c *call) open(ctx context.Context, name string) (io.ReadCloser, error) {
	if name == "-" {
		return &patient{ctx: ctx, from: io.NopCloser(c.env.Stdin)}, nil
	}
	if lent, ok := c.env.Stdin.(*host.Borrowed); ok {
		return lent.File(ctx, name), nil
	}
	dir, err := c.dataDir()
	if err != nil {
		return nil, err
	}
	return c.named(name, dir)
}

// runHanded runs one handed command. Whatever happens in it, the owner lives.
func runHanded(ctx context.Context, h *host.Handed) (end host.Exit) {
	c := &call{
		env: Env{
			Args:   h.Args,
			Dir:    h.Dir,
			Stdin:  h.Stdin,
			Stdout: h.Out,
			Stderr: h.Err,
			Getenv: func(string) string { return "" },
		},
		tongue: tongue{words.For(h.Lang)},
		seen:   terminals(h.Seen),
		owner:  ownerOf(h.Owner),
		user:   h.User,
	}
	defer func() {
		if fault := recover(); fault != nil {
			h.Owner.Parts.Logger.Error("a handed command broke", "fault", fault, "stack", string(debug.Stack()))
			c.tell("hand_defect")
			end = host.Exit{Code: ExitFailed}
		}
	}()
	switch {
	case !h.Known:
		c.tell("hand_other_version", "PID", strconv.Itoa(os.Getpid()))
		return host.Exit{Code: ExitInUse}
	case h.Simulated && h.Owner.Parts.Kind != store.Demo:
		c.words("recado: %s\n", c.explain(store.ErrKind))
		return host.Exit{Code: ExitRefused}
	}
	code := c.execute(ctx)
	return host.Exit{Code: code, Again: c.again}
}

// explained is what is said of an error to the person at a terminal.
func explained(lang string, err error) (code int, text string) {
	c := &call{tongue: tongue{words.For(lang)}}
	err = c.explain(err)
	code = ExitFailed
	if f := (*failure)(nil); errors.As(err, &f) {
		code = f.code
	}
	return code, err.Error()
}
