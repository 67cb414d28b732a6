package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/store"
	"recado/tui/host"
)

// hostCommand is the process that keeps the numbers connected and sends while
// terminals come and go. The screens start it; nobody types it.
func (c *call) hostCommand() *cobra.Command {
	return &cobra.Command{
		Use: "host", Hidden: true, Args: c.noArgs, Short: c.t("cmd_host"),
		RunE: c.run(func(ctx context.Context, _ []string) error { return c.host(ctx) }),
	}
}

// host becomes the owner and stays it until it is of no use any more.
func (c *call) host(ctx context.Context) error {
	if c.owner != nil {
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
	o, err := c.becomeOwner(ctx, dir, service)
	if o == nil {
		return err
	}
	os.Chdir(dir) // the place where it was started may go away
	logger := o.parts.Logger
	info, _ := debug.ReadBuildInfo()
	logger.Info("the owner is here", "pid", os.Getpid(), "version", built(info).Version)
	_, release, err := o.Work(ctx)
	if err == nil {
		ended := o.Stay(ctx)
		logger.Info("the owner ends", "pid", os.Getpid(), "why", string(ended))
		if ended == host.EndedTold {
			o.Stop()
		}
		defer release()
	}
	return errors.Join(err, o.Close(true))
}

// becomeOwner becomes the owner. It is nil without an error if another one was
// first.
func (c *call) becomeOwner(ctx context.Context, dir string, service *host.Service) (*owner, error) {
	begun := time.Now()
	for {
		o, err := c.own(dir, service, host.Config{Keeps: true})
		if err == nil || !errors.Is(err, store.ErrLocked) {
			return o, err
		}
		if w, err := host.Knock(dir); err == nil {
			return nil, w.Close()
		}
		if time.Since(begun) > ownWithin {
			return nil, c.unanswered(dir)
		}
		select {
		case <-ctx.Done():
			return nil, c.interrupted()
		case <-time.After(ownEvery):
		}
	}
}

// stopWithin is how long an owner may take to end once it was told to.
const stopWithin = 10 * time.Second

func (c *call) stopCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "stop", Args: c.noArgs, Short: c.t("cmd_stop"),
		RunE: c.run(func(ctx context.Context, _ []string) error {
			if c.owner != nil {
				return c.stop(ctx, c.owner)
			}
			return c.stopOwner(ctx, yes)
		}),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, c.t("flag_replace_owner"))
	return cmd
}

// stopOwner tells the owner to stop and waits until it has ended.
func (c *call) stopOwner(ctx context.Context, yes bool) error {
	dir, err := c.dataDir()
	if err != nil {
		return err
	}
	if err := c.private(dir); err != nil {
		return err
	}
	w, err := host.Knock(dir)
	switch {
	case errors.Is(err, host.ErrOtherUser):
		return c.otherUser(dir, err)
	case err != nil:
		return c.nobody(dir)
	}
	begun, pid := time.Now(), w.Pid()
	err = c.hand(ctx, w, dir, false)
	if other := (*host.VersionError)(nil); errors.As(err, &other) {
		g := &guest{call: c, dir: dir, yes: yes}
		if err := g.replace(ctx, other); err != nil {
			return err
		}
		c.tell("stop_done", "Owner", fmt.Sprint(other.Pid))
		return nil
	}
	if errors.Is(err, host.ErrAgain) { // it was ending by itself
		err = nil
	}
	if err != nil || pid == 0 {
		return err
	}
	if err := host.Gone(ctx, pid, stopWithin-time.Since(begun)); errors.Is(err, host.ErrRemains) {
		return c.fail(ExitFailed, "host_remains", "Owner", fmt.Sprint(pid))
	} else if err != nil {
		return c.interrupted()
	}
	c.tell("stop_done", "Owner", fmt.Sprint(pid))
	return nil
}

// nobody says that there is no owner to stop, or that one does not answer.
func (c *call) nobody(dir string) error {
	if host.Held(dir) {
		return c.unanswered(dir)
	}
	c.tell("stop_nobody")
	return nil
}

// stop has this process end, and says what became of what it was doing.
func (c *call) stop(ctx context.Context, o *owner) error {
	if o.Brief {
		return host.ErrAgain
	}
	sending, err := o.Sending()
	if err != nil {
		return err
	}
	count := func() (done, unsure int) {
		for _, camp := range sending {
			if counts, err := o.parts.Book.Counts(camp.ID); err == nil {
				unsure += counts[campaign.Unsure] + counts[campaign.Sending]
				done += counts.Done() - counts[campaign.Unsure]
			}
		}
		return done, unsure
	}
	before, _ := count()
	o.Stop()
	select {
	case <-o.Quiet():
	case <-time.After(stopWithin):
	}
	after, unsure := count()
	if after > before {
		c.tellN("stop_finished", after-before)
	}
	if unsure > 0 {
		c.tellN("stop_unsure", unsure)
	}
	var names []string
	for _, camp := range sending {
		if camp.Status != campaign.Paused {
			names = append(names, camp.Name)
		}
	}
	if len(names) > 0 {
		c.tell("stop_waiting", "Names", strings.Join(names, ", "))
	}
	return nil
}
