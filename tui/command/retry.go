package command

import (
	"context"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/reason"
)

// retryCommand lets messages of a campaign that did not leave wait again.
func (c *call) retryCommand() *cobra.Command {
	var kinds []string
	var yes bool
	cmd := c.about("retry", "cmd_campaign_retry", func(ctx context.Context, o *owner, id campaign.ID) error {
		some := make([]reason.Code, len(kinds))
		for i, kind := range kinds {
			some[i] = reason.Code(kind)
		}
		if err := c.checkReasons(ctx, o, id, some...); err != nil {
			return err
		}
		return c.retry(ctx, o, id, some, yes)
	})
	cmd.Long = c.t("cmd_campaign_retry_long")
	cmd.Example = "recado campaign retry 12 --reason refused_strangers"
	cmd.Flags().StringArrayVar(&kinds, "reason", nil, c.t("flag_retry_reason"))
	cmd.Flags().BoolVar(&yes, "yes", false, c.t("flag_yes"))
	return cmd
}

// retriedJSON is what became of a retry, as --json prints it.
type retriedJSON struct {
	Retried int                 `json:"retried"`
	Stayed  map[reason.Code]int `json:"stayed"` // by why; never null
}

func (c *call) retry(ctx context.Context, o *owner, id campaign.ID, kinds []reason.Code, yes bool) error {
	would, err := o.parts.Book.Retriable(ctx, id, kinds...)
	if err != nil {
		return err
	}
	kinds = slices.Sorted(maps.Keys(would))
	for _, why := range kinds {
		c.tellN("retry_would", would[why], "Why", c.because(reason.New(why)), "Code", why)
	}
	if err := c.confirm(ctx, yes, "retry_confirm"); err != nil {
		return err
	}
	got, err := c.desk(o).Retry(ctx, id, kinds...)
	if err != nil {
		return err
	}
	c.tellN("retry_done", got.Count)
	for _, why := range slices.Sorted(maps.Keys(got.Stayed)) {
		c.tellN("retry_stayed", got.Stayed[why], "Why", c.because(reason.New(why)))
	}
	if !c.json {
		return nil
	}
	out := retriedJSON{got.Count, got.Stayed}
	if out.Stayed == nil {
		out.Stayed = map[reason.Code]int{}
	}
	return c.object(out)
}
