package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"recado/session"
	"recado/store"
	"recado/tui"
	"recado/tui/host"
)

// How long the data directory is waited for.
const (
	ownWithin   = 5 * time.Second       // for a lock whose holder does not answer the door
	againWithin = 2 * time.Minute       // for an owner that said it is ending, or ends in a moment
	ownEvery    = 50 * time.Millisecond // between two tries
)

// owner is the process that has a data directory open, as commands see it.
type owner struct {
	*host.Owner
	parts *host.Parts
}

func ownerOf(o *host.Owner) *owner { return &owner{o, o.Parts} }

// how is the way in which a command uses the data directory.
type how uint8

const (
	brief   how = iota // done in a moment
	lasting            // waits for people or time; not for an owner that ends in a moment
	endless            // goes on until told to stop, and goes on elsewhere when its owner ends
	screens            // only for the owner itself
)

// withOwner runs do in the process that owns the data directory: this one, if
// the command was handed to it or nobody owns the directory; otherwise the
// whole command is handed over, and do runs there.
func (c *call) withOwner(ctx context.Context, h how, do func(context.Context, *owner) error) error {
	if c.owner != nil {
		switch {
		case h == screens:
			return c.opened()
		case h >= lasting && c.owner.Brief:
			return host.ErrAgain
		case h == endless:
			return c.owner.Host(ctx, func(ctx context.Context) error { return do(ctx, c.owner) })
		}
		return do(ctx, c.owner)
	}
	dir, err := c.dataDir()
	if err != nil {
		return err
	}
	service, err := c.service()
	if err != nil {
		return err
	}
	return c.withOwnerOf(ctx, dir, service, h, nil, do)
}

// opened is the refusal of screens where another process shows or sends.
func (c *call) opened() error {
	return c.fail(ExitInUse,
		"screens_open_elsewhere", "PID", strconv.Itoa(os.Getpid()))
}

// withOwnerOf is withOwner for a given directory and service.
func (c *call) withOwnerOf(ctx context.Context, dir string, service *host.Service, h how, demo *tui.Demo, do func(context.Context, *owner) error) error {
	if err := c.private(dir); err != nil {
		return err
	}
	within, of := ownWithin, ""
	begun := time.Now()
	for {
		w, err := host.Knock(dir)
		if errors.Is(err, host.ErrOtherUser) {
			return c.otherUser(dir, err)
		} else if err == nil {
			if err := c.hand(ctx, w, dir, h == endless); !errors.Is(err, host.ErrAgain) {
				return err
			}
			begun, within = time.Now(), againWithin
		}
		o, err := c.own(dir, service, host.Config{Brief: h == brief, Demo: demo})
		switch {
		case err == nil:
			err := c.during(ctx, o, do)
			c.patiently(func() { err = errors.Join(err, o.Close(ctx.Err() != nil)) })
			return err
		case !errors.Is(err, store.ErrLocked):
			return err
		}
		if now := host.Holder(dir); now != of { // others came and went before us
			begun, of = time.Now(), now
		}
		if time.Since(begun) > within {
			return c.unanswered(dir)
		}
		select {
		case <-ctx.Done():
			return c.interrupted()
		case <-time.After(ownEvery):
		}
	}
}

// during runs do in this process, which owns the data directory, until it is
// told to stop.
func (c *call) during(ctx context.Context, o *owner, do func(context.Context, *owner) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with do
		select {
		case <-o.Stopping():
			cancel()
		case <-ctx.Done():
		}
	}()
	return do(ctx, o)
}

// otherUser is the refusal of an owner that is another user's.
func (c *call) otherUser(dir string, err error) error {
	return c.fail(ExitRefused, "door_other_user", "Path", host.Door(dir), "Why", err)
}

// unanswered is the failure of a command that the owner did not take.
func (c *call) unanswered(dir string) error {
	return c.fail(ExitInUse,
		"door_silent", "Dir", dir, "Who", host.Holder(dir))
}

// patiently runs what ends the program, and says so if that takes a while.
func (c *call) patiently(wait func()) {
	said := time.AfterFunc(time.Second, func() {
		c.tell("ending")
	})
	defer said.Stop()
	wait()
}

// interrupted is the error of a command that was stopped before its end.
func (c *call) interrupted() error {
	return c.fail(ExitInterrupted, "interrupted")
}

// service is the simulated WhatsApp that the environment asks for; nil is the
// real one.
func (c *call) service() (*host.Service, error) {
	addr := c.env.Getenv("RECADO_SERVER")
	if addr == "" {
		return nil, nil
	}
	http, key, err := session.Server(addr, c.env.Getenv("RECADO_SERVER_CA"), c.env.Getenv("RECADO_SERVER_KEY"))
	if err != nil {
		return nil, &failure{code: ExitUsage, text: c.why(err), err: fmt.Errorf("RECADO_SERVER: %w", err)}
	}
	return &host.Service{HTTP: http, RootKey: key}, nil
}

// own opens the parts and the door. It fails with store.ErrLocked if another
// process has them.
func (c *call) own(dir string, service *host.Service, config host.Config) (*owner, error) {
	config.Dir, config.Service, config.Open, config.Run, config.Explain = dir, service, c.env.Open, runHanded, explained
	o, err := host.Open(config)
	if errors.Is(err, store.ErrKind) {
		err = c.mixed(dir, service != nil)
	}
	if err != nil {
		return nil, err
	}
	if o.Parts.Book.WentBack() {
		c.tell("book_went_back", "Dir", dir)
	}
	return ownerOf(o), nil
}

// mixed is the refusal of data that is not of the kind that was asked for.
func (c *call) mixed(dir string, simulated bool) error {
	if simulated {
		return c.fail(ExitRefused,
			"data_is_real", "Dir", dir)
	}
	return c.fail(ExitRefused,
		"data_is_demo", "Dir", dir, "Quoted", word(dir))
}
