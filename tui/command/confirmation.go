package command

import (
	"context"

	"github.com/spf13/cobra"

	"recado/campaign"
)

// confirmationJSON is what a number sends to who opts out, as --json prints it.
type confirmationJSON struct {
	Name         string            `json:"name"`
	Confirmation string            `json:"confirmation"` // on or off
	Text         string            `json:"text"`         // the one that somebody has written; empty: the usual ones
	Usual        map[string]string `json:"usual"`        // by the language of the person
}

// The words that switch a confirmation.
const (
	confirmsOn  = "on"
	confirmsOff = "off"
)

func (c *call) confirmationCommand() *cobra.Command {
	var text string
	cmd := c.jsonFlag(&cobra.Command{
		Use: "confirmation " + c.t("arg_name") + " [on|off]", Short: c.t("cmd_numbers_confirmation"),
		Example: "recado numbers confirmation loja off\nrecado numbers confirmation loja on --text 'Pronto, {primeiro_nome|tudo certo}: você saiu da lista.'",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return c.exactArgs(1)(cmd, args)
		},
	})
	cmd.RunE = c.run(func(ctx context.Context, args []string) error {
		if len(args) == 2 && args[1] != confirmsOn && args[1] != confirmsOff {
			return c.fail(ExitUsage, "confirmation_what", "Word", args[1])
		}
		return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error {
			n, err := c.numberNamed(o, args[0])
			if err != nil {
				return err
			}
			set := n.Confirm
			if len(args) == 2 {
				set.Off = args[1] == confirmsOff
			}
			if cmd.Flags().Changed("text") {
				set.Text = text
			}
			if len(args) == 2 || cmd.Flags().Changed("text") {
				if err := set.Check(); err != nil {
					return &failure{code: ExitUsage, text: c.why(err), err: err}
				}
				if n, err = c.desk(o).SetConfirmation(n.ID, set); err != nil {
					return err
				}
			}
			return c.confirmation(n)
		})
	})
	cmd.Flags().StringVar(&text, "text", "", c.t("flag_confirmation_text"))
	return cmd
}

// confirmation prints what a number sends to who opts out.
func (c *call) confirmation(n campaign.Number) error {
	said := map[bool]string{false: confirmsOn, true: confirmsOff}[n.Confirm.Off]
	usual := make(map[string]string)
	for _, language := range campaign.ConfirmationLanguages() {
		usual[language] = campaign.Confirmation{}.For(language)
	}
	if c.json {
		return c.object(confirmationJSON{n.Name, said, n.Confirm.Text, usual})
	}
	if n.Confirm.Text != "" {
		return c.line(said, "own", n.Confirm.Text)
	}
	for _, language := range campaign.ConfirmationLanguages() {
		if err := c.line(said, language, usual[language]); err != nil {
			return err
		}
	}
	return nil
}
