package command

import (
	"context"

	"github.com/spf13/cobra"

	"recado/campaign/people"
)

// apartCommand takes the two records apart of which a person was made last.
func (c *call) apartCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{Use: "split " + c.t("arg_who"), Short: c.t("cmd_contacts_split"), Long: c.t("cmd_contacts_split_long"), Args: c.leastArgs(1)}
	cmd.RunE = c.run(func(ctx context.Context, args []string) error {
		return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
			person, err := c.person(ctx, o, args)
			if err != nil {
				return err
			}
			unions, err := o.parts.Book.Unions(person.ID)
			if err != nil {
				return err
			}
			if len(unions) > 0 {
				keep, gone := c.calls(&unions[0].Keep), c.calls(&unions[0].Gone)
				if err := c.confirm(ctx, yes, "apart_ask_names", "A", keep, "B", gone); err != nil {
					return err
				}
			}
			if _, _, err := c.desk(o).TakeApart(person.ID); err != nil {
				return err
			}
			c.tell("apart_done")
			return nil
		})
	})
	cmd.Flags().BoolVar(&yes, "yes", false, c.t("flag_yes"))
	return cmd
}

// calls is what to call somebody by: their name or username, else their phone.
func (c *call) calls(p *people.Contact) string {
	switch called, phone := p.Called(), p.BestPhone(); {
	case called != "":
		return called
	case phone != "":
		return phone.Pretty()
	}
	return c.t("no_name")
}
