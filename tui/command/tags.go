package command

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"recado/campaign/people"
	"recado/store"
)

// taggingJSON is what a change of tags did, as --json prints it.
type taggingJSON struct {
	Add     []string `json:"add"`     // never null
	Remove  []string `json:"remove"`  // never null
	People  int      `json:"people"`  // whom it is about
	Changed int      `json:"changed"` // who has other tags since
	Full    int      `json:"full"`    // who stays as they were: they have too many
}

// minus stands before a tag that is taken: filterWords puts it in place of the other one, which
// begins a flag.
const minus = "−"

func (c *call) tagCommand() *cobra.Command {
	var yes, undo bool
	cmd := c.jsonFlag(&cobra.Command{
		Use: "tag " + c.t("arg_filter_tags"), Short: c.t("cmd_contacts_tag"), Long: c.t("cmd_contacts_tag_long"),
		Example: "recado contacts tag cidade:recife +vip -frio\nrecado contacts tag --undo",
		RunE: c.run(func(ctx context.Context, args []string) error {
			filter, add, remove := tagWords(args)
			switch {
			case undo && len(args) > 0:
				return c.fail(ExitUsage, "tags_undo_alone")
			case !undo && len(add)+len(remove) == 0:
				return c.fail(ExitUsage, "tags_which")
			}
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				if undo {
					return c.untag(ctx, o, yes)
				}
				return c.tag(ctx, o, filter, add, remove, yes)
			})
		}),
	})
	cmd.Flags().BoolVar(&yes, "yes", false, c.t("flag_yes"))
	cmd.Flags().BoolVar(&undo, "undo", false, c.t("flag_tags_undo"))
	return cmd
}

// tagWords parts the words of a filter from +vip and −frio.
func tagWords(args []string) (filter, add, remove []string) {
	for _, arg := range args {
		if tag, ok := strings.CutPrefix(arg, "+"); ok {
			add = append(add, tag)
		} else if tag, ok := strings.CutPrefix(arg, minus); ok {
			remove = append(remove, tag)
		} else {
			filter = append(filter, arg)
		}
	}
	return filter, add, remove
}

func (c *call) tag(ctx context.Context, o *owner, filter, add, remove []string, yes bool) error {
	ids, err := c.chosen(ctx, o, filter)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return c.fail(ExitNotFound, "person_none", "Filter", strings.Join(filter, " "))
	}
	if !yes {
		c.tell("tags_would", "Tags", people.TagsText(add, remove), "People", len(ids))
		if err := c.confirm(ctx, yes, "tags_ask"); err != nil {
			return err
		}
	}
	wait, err := c.desk(o).Tag(add, remove, ids, cmp.Or(strings.Join(filter, " "), "*"))
	return c.tagged(ctx, o, wait, err)
}

// untag takes the last change of tags back.
func (c *call) untag(ctx context.Context, o *owner, yes bool) error {
	last, err := o.parts.Book.LastTagging()
	if err != nil {
		return err
	}
	if last.People > 0 && !yes {
		c.tell("tags_would", "Tags", people.TagsText(last.Add, last.Remove), "People", last.People)
		if err := c.confirm(ctx, yes, "tags_undo_ask"); err != nil {
			return err
		}
	}
	wait, err := c.desk(o).Untag()
	return c.tagged(ctx, o, wait, err)
}

// tagged waits for a change of tags and says what it did.
func (c *call) tagged(ctx context.Context, o *owner, wait store.Waiting, err error) error {
	if err != nil {
		return err
	}
	stop := c.follow(o.parts.Book, func(j store.Job) bool { return j.Kind == store.JobTags })
	t, err := wait(ctx)
	stop()
	switch {
	case errors.Is(err, context.Canceled) && errors.Is(err, store.ErrGoesOn):
		return c.fail(ExitInterrupted, "tags_interrupted")
	case err != nil:
		return err
	case c.json:
		return c.object(taggingJSON{append([]string{}, t.Add...), append([]string{}, t.Remove...), t.People, t.Changed, t.Full})
	}
	c.tell("tags_done", "Changed", t.Changed, "People", t.People)
	if t.Full > 0 {
		c.tell("tags_full", "People", t.Full)
	}
	return nil
}

// tagArgs puts another minus before the tags to be taken, so that they are no flags. What is
// a term of a filter, with a key, stays one.
func tagArgs(args []string) []string {
	args = slices.Clone(args)
	for i, arg := range args {
		switch {
		case arg == "--":
			return args
		case len(arg) < 2 || arg[0] != '-' || arg[1] == '-' || arg == "-h":
		case strings.ContainsAny(arg, ":=<>("):
			args[i] = "!" + arg[1:]
		default:
			args[i] = minus + arg[1:]
		}
	}
	return args
}
