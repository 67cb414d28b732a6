package command

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/store"
)

// testCommand sends a campaign to one person.
func (c *call) testCommand() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:     c.t("arg_test"),
		Short:   c.t("cmd_campaign_test"),
		Long:    c.t("cmd_campaign_test_long"),
		Example: "recado campaign test 12 '11 98765-4321'",
		Args:    c.leastArgs(2),
		RunE: c.run(func(ctx context.Context, args []string) error {
			id, err := campaign.ParseID(args[0])
			if err != nil {
				return c.fail(ExitUsage, "campaign_bad_id", "ID", args[0])
			}
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				if _, err := o.parts.Book.Campaign(id); err != nil {
					return err
				}
				to, err := c.person(ctx, o, args[1:])
				if err != nil {
					return err
				}
				test, err := store.SendTest(ctx, c.desk(o), id, to.ID, o.parts.Clock.Now())
				if err != nil {
					return err
				}
				c.tell("test_begun", "ID", id, "Test", test.ID, "Name", to.Name, "Phone", to.Phone.Pretty())
				if c.json {
					return c.campaignObject(o, test, nil)
				}
				return c.line(test.ID.String())
			})
		}),
	})
}

// duplicateCommand writes a draft like another campaign.
func (c *call) duplicateCommand() *cobra.Command {
	var name string
	cmd := c.about("duplicate", "cmd_campaign_duplicate", func(_ context.Context, o *owner, id campaign.ID) error {
		of, err := o.parts.Book.Campaign(id)
		if err != nil {
			return err
		}
		draft := of.Copy()
		if strings.TrimSpace(name) != "" {
			draft.Name = strings.TrimSpace(name)
		}
		if draft, err = c.desk(o).AddCampaign(draft); err != nil {
			return err
		}
		if c.json {
			return c.campaignObject(o, draft, nil)
		}
		return c.line(draft.ID.String())
	})
	cmd.Flags().StringVar(&name, "name", "", c.t("flag_new_name"))
	return cmd
}

// followUpCommand writes a draft to those who got a campaign and did not answer.
func (c *call) followUpCommand() *cobra.Command {
	d := draft{}
	var only string
	cmd := c.about("follow-up", "cmd_campaign_follow_up", func(ctx context.Context, o *owner, id campaign.ID) error {
		of, err := o.parts.Book.Campaign(id)
		if err != nil {
			return err
		}
		filter, known := of.Unanswered(only)
		if !known {
			return c.fail(ExitUsage, "follow_up_only", "Only", only)
		}
		next := of.Follow(filter)
		d.follows, d.to, d.name = next.FollowUp, next.To, cmp.Or(d.name, next.Name)
		if !d.decided() {
			d.consents = next.Consented
		}
		return c.newCampaign(ctx, o, d)
	})
	cmd.Long = c.t("cmd_campaign_follow_up_long")
	flags := cmd.Flags()
	flags.StringVar(&d.text, "text", "", c.t("flag_new_text"))
	flags.StringArrayVar(&d.poll, "poll", nil, c.t("flag_new_poll"))
	flags.StringVar(&only, "only", campaign.FollowDelivered, c.t("flag_follow_up_only"))
	flags.StringVar(&d.name, "name", "", c.t("flag_new_name"))
	d.consentFlag(c, flags)
	flags.BoolVar(&d.optOut, "optout-line", false, c.t("flag_new_optout_line"))
	flags.BoolVar(&d.yes, "yes", false, c.t("flag_yes"))
	return cmd
}

// deleteCommand takes a campaign away that has sent nothing.
func (c *call) deleteCommand() *cobra.Command {
	var yes bool
	cmd := c.about("delete", "cmd_campaign_delete", func(ctx context.Context, o *owner, id campaign.ID) error {
		camp, err := o.parts.Book.Campaign(id)
		if err != nil {
			return err
		}
		if err := c.confirm(ctx, yes, "campaign_delete_ask", "Name", camp.Name); err != nil {
			return err
		}
		if camp, err = c.desk(o).DeleteCampaign(ctx, id); err != nil {
			return err
		}
		c.tell("campaign_deleted", "Name", camp.Name)
		if c.json {
			return c.object(struct {
				ID   campaign.ID `json:"id"`
				Name string      `json:"name"`
			}{camp.ID, camp.Name})
		}
		return nil
	})
	cmd.Long = c.t("cmd_campaign_delete_long")
	cmd.Flags().BoolVar(&yes, "yes", false, c.t("flag_yes"))
	return cmd
}

// archiveCommand takes a campaign from the list, or puts it back.
func (c *call) archiveCommand() *cobra.Command {
	var undo bool
	cmd := c.change("archive", "cmd_campaign_archive", func(_ context.Context, o *owner, id campaign.ID) (campaign.Campaign, error) {
		return c.desk(o).Archive(id, !undo)
	})
	cmd.Flags().BoolVar(&undo, "undo", false, c.t("flag_archive_undo"))
	return cmd
}
