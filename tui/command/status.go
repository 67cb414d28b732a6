package command

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/tui/host"
)

// statusJSON is what `status --json` prints, on one line.
type statusJSON struct {
	Owner     *ownerJSON           `json:"owner"`      // null: no process sends
	LastSeen  string               `json:"last_seen"`  // when messages could last be sent; empty: never
	LastEnded bool                 `json:"last_ended"` // in an orderly way; false also while an owner runs
	Numbers   []numberJSON         `json:"numbers"`
	Campaigns []statusCampaignJSON `json:"campaigns"` // that run, are being made ready, or are paused

	last host.Last
}

// statusCampaignJSON is a campaign there.
type statusCampaignJSON struct {
	campaignJSON

	why         reason.Reason
	done, total int
}

// ownerJSON is the process that sends.
type ownerJSON struct {
	Pid        int    `json:"pid"`
	Since      string `json:"since"`
	Background bool   `json:"background"` // it goes on without terminals
	Terminals  int    `json:"terminals"`
}

func (c *call) statusCommand() *cobra.Command {
	var watch bool
	cmd := c.jsonFlag(&cobra.Command{
		Use: "status", Args: c.noArgs, Short: c.t("cmd_status"),
		RunE: c.run(func(ctx context.Context, _ []string) error {
			if !watch || c.owner != nil {
				return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error { return c.sayStatus(o) })
			}
			return c.watchStatus(ctx)
		}),
	})
	cmd.Flags().BoolVar(&watch, "watch", false, c.t("flag_watch"))
	return cmd
}

// watchEvery is how often status --watch looks.
const watchEvery = 2 * time.Second

// watchStatus prints the status again and again until it is interrupted. It
// waits here, not in the owner: that may end meanwhile, and begin.
func (c *call) watchStatus(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for first := true; ; first = false {
		switch {
		case c.seen.Out:
			c.print("\x1b[H\x1b[J")
		case !first && !c.json:
			c.print("\n")
		}
		err := c.withOwner(ctx, brief, func(_ context.Context, o *owner) error { return c.sayStatus(o) })
		if ctx.Err() != nil {
			return nil // its only end
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sayStatus prints who sends, the numbers and the campaigns.
func (c *call) sayStatus(o *owner) error {
	s, err := c.statusObject(o)
	if err != nil {
		return err
	}
	if c.json {
		return c.object(s)
	}
	c.idle(s)
	if p := s.Owner; p != nil {
		where := "foreground"
		if p.Background {
			where = "background"
		}
		if err := c.line("owner", fmt.Sprint(p.Pid), p.Since, where, fmt.Sprint(p.Terminals)); err != nil {
			return err
		}
	}
	for _, n := range s.Numbers {
		if err := c.line("number", n.Name, n.Phone, n.State, n.Since, n.Reason); err != nil {
			return err
		}
	}
	for _, camp := range s.Campaigns {
		err := c.line("campaign", camp.ID.String(), camp.Name, camp.Status, fmt.Sprintf("%d/%d", camp.done, camp.total),
			fmt.Sprint("failed ", camp.Counts.Failed), fmt.Sprint("unsure ", camp.Counts.Unsure), c.because(camp.why))
		if err != nil {
			return err
		}
	}
	return nil
}

// idle says on standard error since when nothing is sent, if that is so.
func (c *call) idle(s statusJSON) {
	if s.Owner == nil {
		switch {
		case s.last.Seen.IsZero():
			c.tell("status_never")
		case s.last.Ended:
			c.tell("status_ended", "Since", s.last.Seen.Format(time.DateTime))
		default:
			c.tell("status_died", "Since", s.last.Seen.Format(time.DateTime))
		}
	}
	waiting := 0
	for _, camp := range s.Campaigns {
		if camp.Status == campaign.Running.String() || camp.Status == campaign.Freezing.String() {
			waiting++
		}
	}
	if s.Owner == nil && waiting > 0 {
		c.tellN("status_waiting", waiting)
	}
}

// statusObject gathers the status. This process counts as the one that sends
// only if it does: a command that has the data open for a moment does not.
func (c *call) statusObject(o *owner) (s statusJSON, err error) {
	s.Numbers, s.Campaigns = []numberJSON{}, []statusCampaignJSON{}
	if o.Works() {
		s.Owner = &ownerJSON{Pid: os.Getpid(), Since: stamp(o.Began()), Background: o.Keeps(), Terminals: o.Terminals()}
	}
	s.last, _ = host.LastOwner(o.Dir)
	s.LastSeen, s.LastEnded = stamp(s.last.Seen), s.last.Ended
	statuses, err := o.snapshots()
	if err != nil {
		return s, err
	}
	for _, n := range statuses {
		s.Numbers = append(s.Numbers, numberObject(n, o.parts.Clock.Now()))
	}
	campaigns, err := o.parts.Book.Campaigns()
	if err != nil {
		return s, err
	}
	for _, camp := range campaigns {
		switch camp.Status {
		case campaign.Running, campaign.Freezing, campaign.Paused, campaign.Scheduled:
		default:
			continue
		}
		one := statusCampaignJSON{why: camp.Reason}
		if one.campaignJSON, err = campaignOf(o, camp); err != nil {
			return s, err
		}
		if one.done, one.total, err = howFar(o.parts.Book, camp); err != nil {
			return s, err
		}
		s.Campaigns = append(s.Campaigns, one)
	}
	return s, nil
}
