package command

import (
	"context"

	"recado/tui"
)

// screens shows the screens, in the process that owns the data.
func (c *call) screens(ctx context.Context) error {
	if err := c.needTerminal(); err != nil {
		return err
	}
	return c.withOwner(ctx, screens, func(ctx context.Context, o *owner) error { return c.show(ctx, o, nil) })
}

// needTerminal refuses the screens where there is nobody to see them.
func (c *call) needTerminal() error {
	if c.owner == nil && !(c.seen.In && c.seen.Out) {
		return c.fail(ExitUsage,
			"screens_need_terminal")
	}
	return nil
}

// show connects the numbers, runs the lanes and shows the screens until the
// person leaves.
func (c *call) show(ctx context.Context, o *owner, demo *tui.Demo) error {
	pool, release, err := o.Work(ctx)
	if err != nil {
		return err
	}
	defer c.patiently(release)
	app := tui.App{
		Book: o.parts.Book, Desk: o.parts.Book.Desk(c.actor("terminal")), Pool: pool, Bell: o.parts.Bell, Logger: o.parts.Logger,
		Now: o.parts.Clock.Now, Demo: demo, Lang: c.tongue.Tag(), Stops: true, Data: c.dataFlag(o.Dir),
	}
	return tui.Run(ctx, app, c.env.Stdin, c.env.Stdout, tui.Console())
}

// dataFlag is what a command in another terminal needs to find the data in dir,
// with a space before it; empty for the usual place.
func (c *call) dataFlag(dir string) string {
	if usual, err := c.usualDir(); err == nil && c.path(usual) == dir {
		return ""
	}
	return " --data " + word(dir)
}
