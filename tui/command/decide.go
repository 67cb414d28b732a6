package command

import (
	"context"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/people"
)

func (c *call) decideCommand() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:     c.t("arg_decide"),
		Aliases: []string{"settle"}, // its name before, in scripts
		Short:   c.t("cmd_decide"),
		Long:    c.t("cmd_decide_long"),
		Args:    c.exactArgs(3),
		RunE: c.run(func(ctx context.Context, args []string) error {
			id, err := campaign.ParseID(args[0])
			if err != nil {
				return c.fail(ExitUsage, "campaign_bad_id", "ID", args[0])
			}
			verdict := campaign.Verdict(args[2])
			switch verdict {
			case campaign.Arrived, campaign.SendIt, campaign.Leave:
			default:
				return c.fail(ExitUsage, "decide_bad_verb", "Verb", args[2])
			}
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				return c.decide(ctx, o, id, args[1], verdict)
			})
		}),
	})
}

// decide writes what a person knows of a delivery that is unsure.
func (c *call) decide(ctx context.Context, o *owner, id campaign.ID, who string, v campaign.Verdict) error {
	camp, err := o.parts.Book.Campaign(id)
	if err != nil {
		return err
	}
	d, err := c.unsure(ctx, o, id, who)
	if err != nil {
		return err
	}
	if d, err = c.desk(o).Decide(id, d.Seq, v, o.parts.Clock.Now()); err != nil {
		return err
	}
	if c.json {
		return c.object(deliveryObject(camp, d))
	}
	switch v {
	case campaign.Arrived:
		c.tell("decide_sent", "Phone", d.Phone, "Name", d.Name)
	case campaign.SendIt:
		c.tell("decide_queued", "Phone", d.Phone, "Name", d.Name)
	case campaign.Leave:
		c.tell("decide_left", "Phone", d.Phone, "Name", d.Name)
	}
	return nil
}

// unsure finds the one delivery of a campaign that is unsure and goes to who: a
// phone, the name of somebody who shows none, or the id of the message.
func (c *call) unsure(ctx context.Context, o *owner, id campaign.ID, who string) (found campaign.Delivery, err error) {
	phone, notPhone := people.ParsePhone(who)
	matches, others := 0, 0
	for after := int64(-1); ; {
		deliveries, err := o.parts.Book.Deliveries(id, after, page)
		if err != nil {
			return found, err
		}
		for _, d := range deliveries {
			after = int64(d.Seq)
			theirs := notPhone == nil && d.Phone.Key() == phone.Key() || d.Message != "" && string(d.Message) == who
			if d.Phone == "" && !theirs {
				theirs = people.Fold(d.Name) == people.Fold(who)
			}
			switch {
			case theirs && d.State == campaign.Unsure:
				found = d
				matches++
			case theirs:
				others++
			}
		}
		if err := ctx.Err(); err != nil || len(deliveries) < page {
			break
		}
	}
	switch {
	case ctx.Err() != nil:
		return found, c.interrupted()
	case matches == 1:
		return found, nil
	case matches > 1:
		return found, c.fail(ExitRefused, "decide_several", "Who", who)
	case others > 0:
		return found, c.fail(ExitRefused, "decide_not_unsure", "Who", who)
	}
	return found, c.fail(ExitNotFound, "decide_no_message", "Who", who)
}
