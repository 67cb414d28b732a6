package command

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/store"
)

// limitsJSON is the limits of a number as --json prints them, each as --pace
// takes them.
type limitsJSON struct {
	Name    string `json:"name"`
	Pace    string `json:"pace"`    // all that hold now
	Own     string `json:"own"`     // those of them that somebody has set
	Default string `json:"default"` // what they are where nobody has
}

func (c *call) limitsCommand() *cobra.Command {
	var yes bool
	cmd := c.jsonFlag(&cobra.Command{
		Use:     "pace " + c.t("arg_pace"),
		Short:   c.t("cmd_numbers_pace"),
		Example: "recado numbers pace loja day=30 gap=60s-90s\nrecado numbers pace loja day=default",
		Args:    c.leastArgs(1),
		RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				return c.limits(ctx, o, args[0], strings.Join(args[1:], " "), yes)
			})
		}),
	})
	cmd.Flags().BoolVar(&yes, "yes", false, c.t("flag_yes"))
	return cmd
}

// limits changes the limits of a number that spec names, none if it is empty,
// and prints them.
func (c *call) limits(ctx context.Context, o *owner, name, spec string, yes bool) error {
	n, err := c.numberNamed(o, name)
	if err != nil {
		return err
	}
	if spec != "" {
		if n, err = c.changeLimits(ctx, o, n, spec, yes); err != nil {
			return err
		}
	}
	now, usual := o.parts.Clock.Now(), n
	usual.Limits = campaign.Limits{}
	pace, standard := n.Pace(now), usual.Pace(now)
	if c.json {
		return c.object(limitsJSON{n.Name, pace.String(), n.Limits.String(), standard.String()})
	}
	defaults := standard.Each()
	for i, l := range pace.Each() {
		whose := "default"
		if n.Limits.Names(l.Name) {
			whose = "own"
		}
		if err := c.line(l.Name, l.Text, whose, defaults[i].Text); err != nil {
			return err
		}
	}
	return nil
}

// changeLimits asks before a number may send more than now.
func (c *call) changeLimits(ctx context.Context, o *owner, n campaign.Number, spec string, yes bool) (campaign.Number, error) {
	changed, err := campaign.ParseLimits(n.Limits, spec)
	if err != nil {
		return n, &failure{code: ExitUsage, text: c.why(err), err: err}
	}
	now, then := o.parts.Clock.Now(), n
	then.Limits = changed
	if o.parts.Kind == store.Real && then.Pace(now) == (campaign.Pace{}) {
		return n, c.fail(ExitRefused,
			"pace_no_limit")
	}
	if looser := then.Pace(now).Looser(n.Pace(now)); len(looser) > 0 && !yes {
		c.tell("pace_raises", "Name", n.Name, "Limits", strings.Join(looser, ", "))
		if !c.seen.In || !c.seen.Err {
			return n, c.fail(ExitRefused, "confirm_yes")
		}
		agreed, err := c.ask(ctx, "pace_ask")
		if err == nil && !agreed {
			err = c.fail(ExitRefused, "nothing_changed")
		}
		if err != nil {
			return n, err
		}
	}
	return c.desk(o).SetLimits(n.ID, changed)
}
