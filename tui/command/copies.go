package command

import (
	"context"
	"fmt"
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

// followed are those who got a campaign and did not answer it, by what --only
// calls them.
var followed = map[string]string{
	"delivered": "recebeu:%[1]s -respondeu:%[1]s",
	"read":      "leu:%[1]s -respondeu:%[1]s",
	"silent":    "recebeu:%[1]s -leu:%[1]s -respondeu:%[1]s",
}

// followUpCommand writes a draft to those who got a campaign and did not answer.
func (c *call) followUpCommand() *cobra.Command {
	d := draft{}
	var only string
	cmd := c.about("follow-up", "cmd_campaign_follow_up", func(ctx context.Context, o *owner, id campaign.ID) error {
		filter, known := followed[only]
		if !known {
			return c.fail(ExitUsage, "follow_up_only", "Only", only)
		}
		of, err := o.parts.Book.Campaign(id)
		if err != nil {
			return err
		}
		d.follows, d.to = id, fmt.Sprintf(filter, id)
		if d.name == "" {
			d.name = of.Name + " 2"
		}
		return c.newCampaign(ctx, o, d)
	})
	cmd.Long = c.t("cmd_campaign_follow_up_long")
	flags := cmd.Flags()
	flags.StringVar(&d.text, "text", "", c.t("flag_new_text"))
	flags.StringVar(&only, "only", "delivered", c.t("flag_follow_up_only"))
	flags.StringVar(&d.name, "name", "", c.t("flag_new_name"))
	flags.BoolVar(&d.optOut, "optout-line", false, c.t("flag_new_optout_line"))
	flags.BoolVar(&d.yes, "yes", false, c.t("flag_yes"))
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
