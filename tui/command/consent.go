package command

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store"
)

// inviteJSON is a link by which people agree, as --json prints it. Times are RFC
// 3339, empty when there is none.
type inviteJSON struct {
	Name    string `json:"name"`
	Link    string `json:"link"` // empty: the number has no phone any more
	Token   string `json:"token"`
	Message string `json:"message"` // that the link writes
	Number  string `json:"number"`
	People  int    `json:"people"` // who have written by it
	Last    string `json:"last"`   // when the last one did
	Created string `json:"created"`
}

func (c *call) consentCommand() *cobra.Command {
	var number, text string
	var qr bool
	name := c.t("arg_name")
	link := &cobra.Command{
		Use: "link " + name, Short: c.t("cmd_consent_link"), Long: c.t("cmd_consent_link_long"), Args: c.exactArgs(1),
		Example: "recado consent link 'feira 2026' --text 'Quero receber as novidades'",
		RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error { return c.consentLink(o, args[0], text, number, qr) })
		}),
	}
	link.Flags().StringVar(&number, "number", "", c.t("flag_consent_number"))
	link.Flags().StringVar(&text, "text", "", c.t("flag_consent_text"))
	link.Flags().BoolVar(&qr, "qr", false, c.t("flag_consent_qr"))
	links := &cobra.Command{
		Use: "links", Short: c.t("cmd_consent_links"), Args: c.noArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error { return c.consentLinks(o) })
		}),
	}
	unlink := &cobra.Command{
		Use: "unlink " + name, Short: c.t("cmd_consent_unlink"), Args: c.exactArgs(1),
		RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error {
				ended, err := c.desk(o).EndInvite(args[0])
				if err == nil {
					c.tellN("consent_unlinked", ended.Count, "Name", ended.Name)
				}
				return err
			})
		}),
	}
	return c.group("consent", "cmd_consent", c.jsonFlag(link), c.jsonFlag(links), unlink, c.consentRule())
}

// The words by which the rule about consent is written and printed.
const (
	ruleRequired = "required"
	ruleOptional = "optional"
)

// ruleJSON is the rule about consent, as --json prints it.
type ruleJSON struct {
	Rule string `json:"rule"` // required: new campaigns are only for those who have consented; optional
}

// consentRule prints whether new campaigns ask for consent by themselves, or says
// that they do or do not.
func (c *call) consentRule() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use: "rule [required|optional]", Short: c.t("cmd_consent_rule"), Long: c.t("cmd_consent_rule_long"),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return c.exactArgs(1)(cmd, args)
		},
		RunE: c.run(func(ctx context.Context, args []string) error {
			if len(args) > 0 && args[0] != ruleRequired && args[0] != ruleOptional {
				return c.fail(ExitUsage, "consent_rule_what", "Rule", args[0])
			}
			return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error {
				required, err := o.parts.Book.RequiresConsent()
				if err == nil && len(args) > 0 {
					required = args[0] == ruleRequired
					err = c.desk(o).RequireConsent(required)
				}
				if err != nil {
					return err
				}
				rule := map[bool]string{true: ruleRequired, false: ruleOptional}[required]
				if c.json {
					return c.object(ruleJSON{rule})
				}
				c.tell(map[bool]string{true: "consent_rule_on", false: "consent_rule_off"}[required])
				return c.line(rule)
			})
		}),
	})
}

// consentLink prints the link of that name, which it makes if there is none.
func (c *call) consentLink(o *owner, name, text, number string, qr bool) error {
	all, err := o.parts.Book.Invites()
	if err != nil {
		return err
	}
	var n campaign.Number
	there := slices.ContainsFunc(all, func(i store.Invite) bool { return people.Fold(i.Name) == people.Fold(name) })
	if !there || number != "" {
		if n, err = c.numberToAsk(o, number); err != nil {
			return err
		}
	}
	if !there {
		text = cmp.Or(text, c.t("consent_text"))
	}
	invite, err := c.desk(o).Invite(name, text, n.ID)
	if err != nil {
		return err
	}
	if n, err = o.parts.Book.Number(invite.Number); err != nil {
		return err
	}
	out := inviteObject(&invite, n)
	if c.json {
		return c.object(out)
	}
	if out.Link == "" {
		return c.fail(ExitRefused, "consent_no_phone", "Name", n.Name)
	}
	if _, err := fmt.Fprintln(c.env.Stdout, escape(out.Link)); err != nil {
		return err
	}
	if qr || c.seen.Out {
		if err := c.showCode(out.Link, true, time.Time{}); err != nil {
			return err
		}
	}
	c.tell("consent_link_about", "Message", out.Message, "Name", n.Name)
	return nil
}

func inviteObject(i *store.Invite, n campaign.Number) inviteJSON {
	out := inviteJSON{Name: i.Name, Token: i.Token, Message: i.Message(), Number: n.Name, People: i.Count, Last: stamp(i.Last), Created: stamp(i.Created)}
	if n.Phone != "" {
		out.Link = i.Link(n.Phone)
	}
	return out
}

func (c *call) consentLinks(o *owner) error {
	all, err := o.parts.Book.Invites()
	if err != nil {
		return err
	}
	numbers, err := o.parts.Book.Numbers()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		c.tell("consent_none")
	}
	now := time.Now()
	for _, i := range all {
		at := slices.IndexFunc(numbers, func(n campaign.Number) bool { return n.ID == i.Number })
		n := campaign.Number{}
		if at >= 0 {
			n = numbers[at]
		}
		out := inviteObject(&i, n)
		if c.json {
			err = c.object(out)
		} else {
			last := ""
			if !i.Last.IsZero() {
				last = c.tongue.Moment(i.Last, now)
			}
			err = c.line(i.Name, fmt.Sprint(i.Count), last, n.Name, out.Link)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
