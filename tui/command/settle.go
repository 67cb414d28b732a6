package command

import (
	"context"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/people"
)

func (c *call) settleCommand() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   c.tongue.say("settle ID TELEFONE sent|resend|skip", "settle ID PHONE sent|resend|skip"),
		Short: c.tongue.say("Diz o que houve com uma mensagem incerta", "Say what became of an unsure message"),
		Long: c.tongue.say(`Diz o que houve com uma mensagem incerta (unsure) de uma campanha:

  sent    a pessoa recebeu
  resend  a pessoa não recebeu: enviar quando for a vez dela
  skip    deixar como está, não enviar

Veja antes a conversa no celular. Quem não tem telefone se indica pelo nome.`,
			`Say what became of an unsure message of a campaign:

  sent    the person has it
  resend  the person does not have it: send it when their turn comes
  skip    leave it as it is, do not send it

Look at the chat on the phone first. Whoever has no phone is given by name.`),
		Args: cobra.ExactArgs(3),
		RunE: c.run(func(ctx context.Context, args []string) error {
			id, err := campaign.ParseID(args[0])
			if err != nil {
				return c.fail(ExitUsage, "não é o id de uma campanha: %q", "not a campaign id: %q", args[0])
			}
			verdict := campaign.Verdict(args[2])
			switch verdict {
			case campaign.Arrived, campaign.SendIt, campaign.Leave:
			default:
				return c.fail(ExitUsage, "diga sent, resend ou skip, não %q", "say sent, resend or skip, not %q", args[2])
			}
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				return c.settle(ctx, o, id, args[1], verdict)
			})
		}),
	})
}

// settle writes what a person knows of a delivery that is unsure.
func (c *call) settle(ctx context.Context, o *owner, id campaign.ID, who string, v campaign.Verdict) error {
	if _, err := o.parts.Book.Campaign(id); err != nil {
		return err
	}
	d, err := c.unsure(ctx, o, id, who)
	if err != nil {
		return err
	}
	if d, err = o.parts.Book.Decide(id, d.Seq, v, o.parts.Clock.Now()); err != nil {
		return err
	}
	if c.json {
		return c.object(deliveryObject(d))
	}
	switch v {
	case campaign.Arrived:
		c.tell("%s %s: enviada", "%s %s: sent", d.Phone, d.Name)
	case campaign.SendIt:
		c.tell("%s %s: na fila para enviar", "%s %s: queued to be sent", d.Phone, d.Name)
	case campaign.Leave:
		c.tell("%s %s: fica como está", "%s %s: left as it is", d.Phone, d.Name)
	}
	return nil
}

// unsure finds the one delivery of a campaign that is unsure and goes to who: a
// phone, or the name of somebody who has none.
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
			theirs := notPhone == nil && d.Phone.Key() == phone.Key()
			if d.Phone == "" {
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
		return found, c.fail(ExitRefused, "há mais de uma mensagem incerta para %q nesta campanha", "there is more than one unsure message to %q in this campaign", who)
	case others > 0:
		return found, c.fail(ExitRefused, "a mensagem para %q não está incerta", "the message to %q is not unsure", who)
	}
	return found, c.fail(ExitNotFound, "não há mensagem para %q nesta campanha", "there is no message to %q in this campaign", who)
}
