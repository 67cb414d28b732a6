package command

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/reason"
)

// skipCommand takes one person out of a campaign that is under way.
func (c *call) skipCommand() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:     c.t("arg_skip"),
		Short:   c.t("cmd_campaign_skip"),
		Long:    c.t("cmd_campaign_skip_long"),
		Example: "recado campaign skip 12 '11 98765-4321'",
		Args:    c.leastArgs(2),
		RunE: c.run(func(ctx context.Context, args []string) error {
			id, err := campaign.ParseID(args[0])
			if err != nil {
				return c.fail(ExitUsage, "campaign_bad_id", "ID", args[0])
			}
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error { return c.skip(ctx, o, id, args[1:]) })
		}),
	})
}

func (c *call) skip(ctx context.Context, o *owner, id campaign.ID, who []string) error {
	camp, err := o.parts.Book.Campaign(id)
	if err != nil {
		return err
	}
	p, err := c.person(ctx, o, who)
	if err != nil {
		return err
	}
	theirs, err := o.parts.Book.DeliveriesIn(ctx, id, p.ID)
	if err != nil {
		return err
	}
	if len(theirs) == 0 {
		return c.fail(ExitNotFound, "skip_not_in", "ID", id, "Name", p.Called(), "Phone", p.BestPhone().Pretty())
	}
	skipped := 0
	for _, one := range theirs { // records that turned out to be theirs have deliveries of their own
		done, failed := c.desk(o).Skip(id, one.Seq)
		if failed != nil {
			err = failed
			continue
		}
		skipped++
		if !c.json {
			c.tell("skip_done_one", "ID", id, "Name", done.Name, "Phone", done.Phone)
		} else if err := c.object(deliveryObject(camp, done)); err != nil {
			return err
		}
	}
	if skipped > 0 {
		return nil
	}
	return err
}

// fix is what the flags say of another text.
type fix struct {
	text, variant string
	optOut, yes   bool
}

// fixTextCommand gives those who have not been written to another text.
func (c *call) fixTextCommand() *cobra.Command {
	var f fix
	cmd := c.about("fix-text", "cmd_campaign_fix_text", func(ctx context.Context, o *owner, id campaign.ID) error { return c.fixText(ctx, o, id, f) })
	cmd.Long = c.t("cmd_campaign_fix_text_long")
	cmd.Example = "recado campaign fix-text 12 --text 'Oi {nome}, é no dia 15. Responda SAIR para não receber mais.'"
	cmd.Flags().StringVar(&f.text, "text", "", c.t("flag_fix_text"))
	cmd.Flags().StringVar(&f.variant, "variant", "A", c.t("flag_fix_variant"))
	cmd.Flags().BoolVar(&f.optOut, "optout-line", false, c.t("flag_new_optout_line"))
	cmd.Flags().BoolVar(&f.yes, "yes", false, c.t("flag_yes"))
	return cmd
}

func (c *call) fixText(ctx context.Context, o *owner, id campaign.ID, f fix) error {
	book := o.parts.Book
	camp, err := book.Campaign(id)
	if err != nil {
		return err
	}
	letter := strings.ToUpper(f.variant)
	if len(letter) != 1 || letter[0] < 'A' || int(letter[0]-'A') >= len(camp.Texts()) {
		return c.fail(ExitUsage, "fix_no_text", "ID", id, "Variant", f.variant)
	}
	variant, text := letter[0]-'A', campaign.Text(f.text)
	if f.optOut && !camp.OffersOptOut(text) {
		text = strings.TrimLeft(text+"\n\n"+c.tongue.OptOutLine(text), "\n")
	}
	if _, err := campaign.ParseTemplate(text); err != nil {
		return c.mistake(c.t("what_text"), text, err)
	}
	before := camp.Texts()[variant]
	would, err := book.CheckFix(ctx, id, variant, text, o.parts.Clock.Now())
	if err != nil {
		return err
	}
	for _, why := range slices.Sorted(maps.Keys(would.LeftOut)) {
		c.tellN("new_left_out", would.LeftOut[why], "Why", c.because(reason.New(why)))
	}
	for _, why := range would.Warnings {
		c.tell("check_warning", "Why", c.because(why))
	}
	if err := would.Reaches(id); err != nil {
		return err
	}
	if would.Lost() > 0 || len(would.Warnings) > 0 {
		if err := c.confirm(ctx, f.yes, "fix_ask"); err != nil {
			return err
		}
	}
	written, err := c.desk(o).FixText(id, variant, before, text)
	if err != nil {
		return err
	}
	c.tellN("fix_done", would.Waiting-would.Lost(), "ID", id, "Name", camp.Name)
	if c.json {
		return c.campaignObject(o, written, nil)
	}
	return nil
}

// senderCommands stop a number for a campaign, and give what it has to the others.
func (c *call) senderCommands() []*cobra.Command {
	about := func(use, short, long string, do func(context.Context, *owner, campaign.Campaign, campaign.Number) error) *cobra.Command {
		return c.jsonFlag(&cobra.Command{
			Use: use, Short: c.t(short), Long: c.t(long), Args: c.exactArgs(2),
			RunE: c.run(func(ctx context.Context, args []string) error {
				id, err := campaign.ParseID(args[0])
				if err != nil {
					return c.fail(ExitUsage, "campaign_bad_id", "ID", args[0])
				}
				return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
					camp, err := o.parts.Book.Campaign(id)
					if err != nil {
						return err
					}
					n, err := c.numberNamed(o, args[1])
					if err != nil {
						return err
					}
					return do(ctx, o, camp, n)
				})
			}),
		})
	}
	var undo, all bool
	stop := about(c.t("arg_stop_number"), "cmd_campaign_stop_number", "cmd_campaign_stop_number_long", func(_ context.Context, o *owner, camp campaign.Campaign, n campaign.Number) error {
		written, err := c.desk(o).StopNumber(camp.ID, n.ID, !undo)
		if err != nil {
			return err
		}
		c.tell(map[bool]string{false: "number_stopped", true: "number_sends_again"}[undo], "Number", n.Name, "Name", camp.Name)
		if c.json {
			return c.campaignObject(o, written, nil)
		}
		return nil
	})
	stop.Flags().BoolVar(&undo, "undo", false, c.t("flag_stop_number_undo"))
	move := about(c.t("arg_move"), "cmd_campaign_move", "cmd_campaign_move_long", func(ctx context.Context, o *owner, camp campaign.Campaign, n campaign.Number) error {
		return c.move(ctx, o, camp.ID, n, all)
	})
	move.Flags().BoolVar(&all, "all", false, c.t("flag_move_all"))
	return []*cobra.Command{stop, move}
}

// movedJSON is what became of a move, as --json prints it.
type movedJSON struct {
	Moved  int                 `json:"moved"`
	Stayed map[reason.Code]int `json:"stayed"` // by why; never null
}

func (c *call) move(ctx context.Context, o *owner, id campaign.ID, n campaign.Number, all bool) error {
	moved, err := c.desk(o).MoveNumber(ctx, id, n.ID, all, o.parts.Clock.Now())
	if err != nil {
		return err
	}
	c.tellN("move_done", moved.Count, "Number", n.Name)
	for _, why := range slices.Sorted(maps.Keys(moved.Stayed)) {
		c.tellN("move_stayed", moved.Stayed[why], "Why", c.because(reason.New(why)))
	}
	if !c.json {
		return nil
	}
	out := movedJSON{moved.Count, moved.Stayed}
	if out.Stayed == nil {
		out.Stayed = map[reason.Code]int{}
	}
	return c.object(out)
}

// stopsOf are the numbers that send nothing for a campaign.
func stopsOf(o *owner, camp *campaign.Campaign) (stops []stopJSON, err error) {
	if len(camp.Stopped) == 0 {
		return nil, nil
	}
	all, err := o.parts.Book.Numbers()
	for _, n := range all {
		if s, stopped := camp.Stop(n.ID); stopped {
			stops = append(stops, stopJSON{n.Name, s.By, s.Held, stamp(s.At)})
		}
	}
	return stops, err
}
