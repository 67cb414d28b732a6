package command

import (
	"context"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/store"
)

// replyJSON is what a person replied to a campaign, as --json prints it. Times are
// RFC 3339, empty when it has not happened.
type replyJSON struct {
	Phone    string `json:"phone"` // empty: they show none
	Name     string `json:"name"`
	Time     string `json:"time"`   // of the first message
	Number   string `json:"number"` // of ours, that they wrote to
	Text     string `json:"text"`   // what they wrote within a week, a line for each message; empty: no words
	OptedOut string `json:"opted_out"`
	Answered bool   `json:"answered"` // the answer has left, may have, or is to leave

	AnswerID    campaign.ID `json:"answer_id,omitempty"` // the last answer, as a campaign; not there: there was none
	AnswerState string      `json:"answer_state,omitempty"`
}

func (c *call) repliesCommand() *cobra.Command {
	var unanswered bool
	cmd := c.about("replies", "cmd_campaign_replies", func(ctx context.Context, o *owner, id campaign.ID) error {
		return c.listReplies(ctx, o, id, unanswered)
	})
	cmd.Flags().BoolVar(&unanswered, "unanswered", false, c.t("flag_replies_unanswered"))
	return cmd
}

// listReplies prints the replies to a campaign, or those that nobody has answered.
func (c *call) listReplies(ctx context.Context, o *owner, id campaign.ID, unanswered bool) error {
	ours, err := o.parts.Book.Numbers()
	if err != nil {
		return err
	}
	names := numberNames(ours)
	return c.gathered(func() error {
		return o.parts.Book.Replies(ctx, id, func(r *store.Reply) error {
			if unanswered && r.Ours.Stands {
				return nil
			}
			out := replyJSON{
				Phone: string(r.Phone), Name: r.Name, Time: stamp(r.RepliedAt), Number: names[r.Number], Text: r.Answer,
				OptedOut: stamp(r.LeftAt), Answered: r.Ours.Stands, AnswerID: r.Ours.ID,
			}
			if r.Ours.ID != 0 {
				out.AnswerState = r.Ours.State.String()
			}
			if c.json {
				return c.object(out)
			}
			return c.line(out.Time, out.Phone, out.Name, out.Number, out.Text, out.AnswerState)
		})
	})
}

// answerCommand answers what one person replied to a campaign.
func (c *call) answerCommand() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:     c.t("arg_answer"),
		Short:   c.t("cmd_campaign_answer"),
		Long:    c.t("cmd_campaign_answer_long"),
		Example: "recado campaign answer 12 '11 98765-4321' 'Temos sim, {primeiro_nome}: no 8 e no 9.'",
		Args:    c.leastArgs(3),
		RunE: c.run(func(ctx context.Context, args []string) error {
			id, err := campaign.ParseID(args[0])
			if err != nil {
				return c.fail(ExitUsage, "campaign_bad_id", "ID", args[0])
			}
			who, text := args[1:len(args)-1], args[len(args)-1]
			if _, err := campaign.ParseTemplate(text); err != nil {
				return c.mistake(c.t("what_text"), text, err)
			}
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				if _, err := o.parts.Book.Campaign(id); err != nil {
					return err
				}
				to, err := c.person(ctx, o, who)
				if err != nil {
					return err
				}
				answer, err := c.desk(o).Answer(ctx, id, to.ID, text, o.parts.Clock.Now())
				if err != nil {
					return err
				}
				c.tell("answer_begun", "ID", id, "Answer", answer.ID, "Name", to.Name, "Phone", to.Phone.Pretty())
				if c.json {
					return c.campaignObject(o, answer, nil)
				}
				return c.line(answer.ID.String())
			})
		}),
	})
}
