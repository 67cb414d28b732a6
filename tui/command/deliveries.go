package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/tui/words"
)

// portion is what the flags say of which deliveries of a campaign are meant.
type portion struct {
	part, why string
	list      string // the name of the list that is made of their people; empty: they are printed
	yes       bool
}

// has reports whether a delivery is one of them.
func (s *portion) has(d *campaign.Fate) bool {
	return campaign.Part(s.part).Has(d) && (s.why == "" || d.Code == reason.Code(s.why))
}

func (c *call) deliveriesCommand() *cobra.Command {
	var s portion
	cmd := c.about("deliveries", "cmd_campaign_deliveries", func(ctx context.Context, o *owner, id campaign.ID) error {
		if !slices.Contains(campaign.Parts[:], campaign.Part(s.part)) {
			return c.fail(ExitUsage, "deliveries_bad_part", "Part", s.part, "Parts", partNames())
		}
		if s.why != "" {
			if err := c.checkReasons(ctx, o, id, reason.Code(s.why)); err != nil {
				return err
			}
		}
		if s.list != "" {
			return c.listOfDeliveries(ctx, o, id, s)
		}
		return c.listDeliveries(ctx, o, id, s)
	})
	cmd.Example = "recado campaign deliveries 12 --part failed --json\nrecado campaign deliveries 12 --part read --list 'leram o natal'"
	cmd.Flags().StringVar(&s.part, "part", string(campaign.PartAll), c.t("flag_deliveries_part"))
	cmd.Flags().StringVar(&s.why, "reason", "", c.t("flag_deliveries_reason"))
	cmd.Flags().StringVar(&s.list, "list", "", c.t("flag_deliveries_list"))
	cmd.Flags().BoolVar(&s.yes, "yes", false, c.t("flag_yes"))
	return cmd
}

// checkReasons refuses what is no code of a reason, and says which of them a campaign
// has.
func (c *call) checkReasons(ctx context.Context, o *owner, id campaign.ID, codes ...reason.Code) error {
	i := slices.IndexFunc(codes, func(code reason.Code) bool { return !words.Known(code) })
	if i < 0 {
		return nil
	}
	r, err := o.parts.Book.Report(ctx, id)
	if err != nil {
		return err
	}
	has := slices.AppendSeq(slices.Collect(maps.Keys(r.Failed)), maps.Keys(r.LeftOut))
	if slices.Sort(has); len(has) == 0 {
		return c.fail(ExitUsage, "no_such_code_none", "Code", reason.Clip(string(codes[i])))
	}
	return c.fail(ExitUsage, "no_such_code", "Code", reason.Clip(string(codes[i])), "Codes", strings.Trim(fmt.Sprint(slices.Compact(has)), "[]"))
}

// partNames are the names of the parts, in a row.
func partNames() string { return strings.Trim(fmt.Sprint(campaign.Parts), "[]") }

// listOfDeliveries saves the people of some deliveries as a list.
func (c *call) listOfDeliveries(ctx context.Context, o *owner, id campaign.ID, s portion) error {
	places, err := o.parts.Book.Places(ctx, id, s.has)
	if err != nil {
		return err
	}
	who, err := o.parts.Book.PeopleAt(ctx, id, places)
	if err != nil {
		return err
	}
	return c.saveListOf(ctx, o, s.list, who, s.yes)
}

func (c *call) listDeliveries(ctx context.Context, o *owner, id campaign.ID, s portion) error {
	camp, err := o.parts.Book.Campaign(id)
	if err != nil {
		return err
	}
	return c.gathered(func() error {
		return c.eachDelivery(ctx, o, id, func(d *campaign.Delivery) error {
			if fate := d.Fate(); !s.has(&fate) {
				return nil
			}
			if c.json {
				return c.object(deliveryObject(camp, *d))
			}
			return c.line(string(d.Phone), d.Name, d.State.String(), string(d.Message), words.English(d.Reason), d.Text)
		})
	})
}

// eachDelivery gives out the deliveries of a campaign in their order, until the
// context ends.
func (c *call) eachDelivery(ctx context.Context, o *owner, id campaign.ID, do func(*campaign.Delivery) error) error {
	for after := int64(-1); ; {
		deliveries, err := o.parts.Book.Deliveries(id, after, page)
		if err != nil {
			return err
		}
		for i := range deliveries {
			after = int64(deliveries[i].Seq)
			if err := do(&deliveries[i]); err != nil {
				return err
			}
		}
		if len(deliveries) < page {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
