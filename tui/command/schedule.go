package command

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign"
)

// startCommand starts a campaign, or leaves it to its time if it has one that is
// still to come.
func (c *call) startCommand() *cobra.Command {
	var now bool
	cmd := c.change("start", "cmd_campaign_start", func(ctx context.Context, o *owner, id campaign.ID) (campaign.Campaign, error) {
		camp, err := o.parts.Book.Campaign(id)
		if err == nil && !now && camp.At.After(o.parts.Clock.Now()) {
			switch camp.Status {
			case campaign.Draft:
				return c.desk(o).Schedule(id, camp.Planned())
			case campaign.Scheduled:
				return camp, nil
			}
		}
		return c.start(ctx, o, id)
	})
	cmd.Flags().BoolVar(&now, "now", false, c.t("flag_start_now"))
	return cmd
}

// countAboveCommand prints above how many people a start on a screen is confirmed by
// typing their number, or changes that.
func (c *call) countAboveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "count-above [N]", Short: c.t("cmd_count_above"), Long: c.t("cmd_count_above_long"),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return c.exactArgs(1)(cmd, args)
		},
		RunE: c.run(func(ctx context.Context, args []string) error {
			n := -1
			if len(args) > 0 {
				var err error
				if n, err = strconv.Atoi(args[0]); err != nil {
					return c.fail(ExitUsage, "count_above_what", "N", args[0])
				}
			}
			return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error {
				if len(args) > 0 {
					if err := c.desk(o).SetCountAbove(n); err != nil {
						return err
					}
				}
				now, err := o.parts.Book.CountAbove()
				if err != nil {
					return err
				}
				return c.line(strconv.Itoa(now))
			})
		}),
	}
}

func (c *call) scheduleCommand() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:     c.t("arg_schedule"),
		Short:   c.t("cmd_campaign_schedule"),
		Long:    c.t("cmd_campaign_schedule_long"),
		Example: "recado campaign schedule 12 '2026-12-05 09:00'",
		Args:    c.exactArgs(2),
		RunE: c.run(func(ctx context.Context, args []string) error {
			id, err := campaign.ParseID(args[0])
			if err != nil {
				return c.fail(ExitUsage, "campaign_bad_id", "ID", args[0])
			}
			return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error {
				if _, err := o.parts.Book.Campaign(id); err != nil {
					return err
				}
				at, err := c.when(o, args[1])
				if err != nil {
					return err
				}
				written, err := c.desk(o).Schedule(id, at)
				if err != nil {
					return err
				}
				c.tellPlanned(&written)
				if c.json {
					return c.campaignObject(o, written, nil)
				}
				return nil
			})
		}),
	})
}

// when reads the time at which a campaign is to start, by the clock of the
// caller.
func (c *call) when(o *owner, text string) (time.Time, error) {
	at, err := campaign.ParseWhen(text, o.parts.Clock.Now(), time.Local)
	if err != nil {
		err = &failure{code: ExitUsage, text: c.why(err), err: err}
	} else if !strings.ContainsAny(text, "-/") { // a day that is named is said as a date
		c.tell("when_read", "Text", text, "Weekday", strings.Fields(c.t("weekdays"))[at.Weekday()], "Time", c.tongue.Minute(at))
	}
	return at, err
}

// tellPlanned says when a campaign starts by itself, and what that takes.
func (c *call) tellPlanned(camp *campaign.Campaign) {
	at := camp.Planned()
	c.tell("campaign_planned", "ID", camp.ID, "Name", camp.Name, "Time", c.tongue.Minute(at), "Zone", at.Format("MST"))
}
