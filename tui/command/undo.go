package command

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store"
)

// undoCommand deletes the last messages of a campaign for everyone.
func (c *call) undoCommand() *cobra.Command {
	var last int
	var yes bool
	var cmd *cobra.Command
	cmd = c.about("undo", "cmd_campaign_undo", func(ctx context.Context, o *owner, id campaign.ID) error {
		if last < 0 || last == 0 && cmd.Flags().Changed("last") {
			return c.fail(ExitUsage, "undo_bad_last")
		}
		return c.undo(ctx, o, id, last, yes)
	})
	cmd.Long = c.t("cmd_campaign_undo_long")
	cmd.Example = "recado campaign undo 12 --last 20"
	cmd.Flags().IntVar(&last, "last", 0, c.t("flag_undo_last"))
	cmd.Flags().BoolVar(&yes, "yes", false, c.t("flag_yes"))
	return cmd
}

func (c *call) undo(ctx context.Context, o *owner, id campaign.ID, last int, yes bool) error {
	would, err := o.parts.Book.CheckUndo(ctx, id, last, o.parts.Clock.Now())
	if err != nil {
		return err
	}
	for _, line := range c.tongue.Undo(would.Of.Name, &would.Undoing) {
		c.words("%s\n", line)
	}
	if err := c.confirm(ctx, yes, "undo_ask"); err != nil {
		return err
	}
	begun, err := c.desk(o).Undo(ctx, id, last, o.parts.Clock.Now())
	if err != nil {
		return err
	}
	c.tell("undo_begun", "ID", id, "Undo", begun.ID)
	if c.json {
		return c.campaignObject(o, begun, nil)
	}
	return c.line(begun.ID.String())
}

// undoJSON is what has become of an undo of a campaign, in its report.
type undoJSON struct {
	ID      campaign.ID         `json:"id"` // as a campaign
	Status  string              `json:"status"`
	Time    string              `json:"time"` // when it began
	Deleted int                 `json:"deleted"`
	Waiting int                 `json:"waiting"` // still to be deleted
	Unsure  int                 `json:"unsure"`  // nobody knows whether they were deleted
	Stay    map[reason.Code]int `json:"stay"`    // not deleted, by why; never null

	began time.Time
	is    campaign.Status
}

func undoOf(u *store.UndoReport) undoJSON {
	return undoJSON{u.ID, u.Status.String(), stamp(u.Started), u.Made.Sent, u.Made.Waiting, u.Made.Unsure, u.Made.Kept(), u.Started, u.Status}
}
