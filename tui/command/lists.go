package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"recado/campaign/people"
	"recado/store"
)

// listJSON is a saved list as --json prints it.
type listJSON struct {
	Name   string   `json:"name"`
	People int      `json:"people"`
	Drafts []string `json:"drafts"` // the names of the drafts that write to it; never null
	// Filter is set of a live list; people are those whom it chooses now, -1 if it names what is gone.
	Filter string `json:"filter,omitempty"`
}

func (c *call) listsCommand() *cobra.Command {
	name := c.t("arg_name")
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "lists",
		Short: c.t("cmd_lists"),
		Long:  c.t("cmd_lists_long"),
		Args:  c.noArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error { return c.showLists(ctx, o) })
		}),
	})
	var yes, live bool
	asks := func(sub *cobra.Command) *cobra.Command {
		sub.Flags().BoolVar(&yes, "yes", false, c.t("flag_yes"))
		return sub
	}
	sub := func(use, short string, args cobra.PositionalArgs, do func(context.Context, *owner, []string) error) *cobra.Command {
		return &cobra.Command{Use: use, Short: c.t(short), Args: args, RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error { return do(ctx, o, args) })
		})}
	}
	whom := name + " " + c.t("arg_filter")
	save := asks(sub("save "+whom, "cmd_lists_save", c.leastArgs(2),
		func(ctx context.Context, o *owner, args []string) error {
			if live {
				return c.saveFilter(ctx, o, args, yes)
			}
			return c.saveList(ctx, o, args, yes)
		}))
	save.Flags().BoolVar(&live, "live", false, c.t("flag_lists_live"))
	// combined makes a list of two.
	combined := func(use, short, between string) *cobra.Command {
		return asks(sub(use+" "+c.t("arg_two_lists"), short, c.exactArgs(3), func(ctx context.Context, o *owner, args []string) error {
			return c.saveList(ctx, o, []string{args[2], listFilter(args[0]) + between + listFilter(args[1])}, yes)
		}))
	}
	cmd.AddCommand(
		save,
		combined("union", "cmd_lists_union", " or "), combined("intersect", "cmd_lists_intersect", " "), combined("subtract", "cmd_lists_subtract", " -"),
		sub("add "+whom, "cmd_lists_add", c.leastArgs(2), c.addToList),
		asks(sub("rename "+name+" "+c.t("arg_new_name"), "cmd_lists_rename", c.exactArgs(2),
			func(ctx context.Context, o *owner, args []string) error {
				return c.renameList(ctx, o, args[0], args[1], yes)
			})),
		asks(sub("empty "+name, "cmd_lists_empty", c.exactArgs(1),
			func(ctx context.Context, o *owner, args []string) error { return c.emptyList(ctx, o, args[0], yes) })),
		asks(sub("delete "+name, "cmd_lists_delete", c.exactArgs(1),
			func(ctx context.Context, o *owner, args []string) error { return c.deleteList(ctx, o, args[0], yes) })),
	)
	return cmd
}

// listFilter is the filter that chooses a list.
func listFilter(name string) string { return `lista:"` + name + `"` }

// saveFilter makes a live list of a filter.
func (c *call) saveFilter(ctx context.Context, o *owner, args []string, yes bool) error {
	text := strings.Join(args[1:], " ")
	have, err := o.parts.Book.ListNamed(args[0])
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if have.Live() && !yes {
		c.tell("lists_live_there", "Name", have.Name, "Filter", have.Filter)
		if err := c.confirm(ctx, yes, "lists_live_ask"); err != nil {
			return err
		}
	}
	l, err := c.desk(o).SaveFilter(args[0], text)
	if wrong := (*people.FilterError)(nil); errors.As(err, &wrong) {
		return c.mistake(c.t("what_filter"), text, err)
	}
	if err == nil {
		c.tell("lists_live_saved", "Name", l.Name)
	}
	return err
}

func (c *call) showLists(ctx context.Context, o *owner) error {
	lists, err := o.parts.Book.Lists()
	if err == nil {
		err = o.parts.Book.CountLive(ctx, lists)
	}
	if err != nil {
		return err
	}
	drafts, err := o.parts.Book.ListDrafts()
	if err != nil {
		return err
	}
	if len(lists) == 0 {
		c.tell("lists_no_list")
	}
	for _, l := range lists {
		names := drafts[people.Fold(l.Name)]
		if c.json {
			err = c.object(listJSON{l.Name, l.Size, append([]string{}, names...), l.Filter})
		} else if l.Live() {
			err = c.line(l.Name, fmt.Sprint(l.Size), strings.Join(names, ", "), l.Filter)
		} else {
			err = c.line(l.Name, fmt.Sprint(l.Size), strings.Join(names, ", "))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// chosen finds whom a filter chooses.
func (c *call) chosen(ctx context.Context, o *owner, words []string) ([]people.ContactID, error) {
	text := strings.Join(words, " ")
	filter, err := c.filter(text)
	if err != nil {
		return nil, err
	}
	ids, err := o.parts.Book.Find(ctx, filter)
	return ids, c.filterFault(text, err)
}

// filterFault points at what a filter names that is not in the book.
func (c *call) filterFault(text string, err error) error {
	if wrong := (*people.FilterError)(nil); errors.As(err, &wrong) {
		return c.mistake(c.t("what_filter"), text, err)
	}
	return err
}

func (c *call) saveList(ctx context.Context, o *owner, args []string, yes bool) error {
	ids, err := c.chosen(ctx, o, args[1:])
	if err != nil {
		return err
	}
	return c.saveListOf(ctx, o, args[0], ids, yes)
}

// saveListOf makes a list of people, and asks before it replaces those on one.
func (c *call) saveListOf(ctx context.Context, o *owner, name string, ids []people.ContactID, yes bool) error {
	have, err := o.parts.Book.ListNamed(name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if have.Size > 0 {
		c.tell("lists_save_there", "Name", have.Name, "Now", have.Size, "Then", len(ids))
		if err := c.confirm(ctx, yes, "lists_save_ask"); err != nil {
			return err
		}
	}
	return c.told(c.desk(o).SaveList(name, ids))
}

func (c *call) addToList(ctx context.Context, o *owner, args []string) error {
	ids, err := c.chosen(ctx, o, args[1:])
	if err != nil {
		return err
	}
	return c.told(c.desk(o).AddToList(args[0], ids))
}

// told says how many are on a list now.
func (c *call) told(l store.List, err error) error {
	if err == nil {
		c.tell("lists_people", "Name", l.Name, "People", l.Size)
	}
	return err
}

func (c *call) renameList(ctx context.Context, o *owner, name, to string, yes bool) error {
	l, err := c.listed(o, name)
	if err != nil {
		return err
	}
	if people.Fold(l.Name) != people.Fold(to) {
		if lost, err := c.leavesDrafts(o, l); err != nil {
			return err
		} else if lost {
			if err := c.confirm(ctx, yes, "lists_rename_ask"); err != nil {
				return err
			}
		}
	}
	if err := c.desk(o).RenameList(l.Name, to); err != nil {
		return err
	}
	c.tell("lists_renamed", "Name", to)
	return nil
}

func (c *call) emptyList(ctx context.Context, o *owner, name string, yes bool) error {
	l, err := c.listed(o, name)
	if err != nil {
		return err
	}
	if l.Size > 0 {
		c.tell("lists_people_stay", "Name", l.Name, "People", l.Size)
		if err := c.confirm(ctx, yes, "lists_empty_ask"); err != nil {
			return err
		}
	}
	if err := c.desk(o).EmptyList(l.Name); err != nil {
		return err
	}
	c.tell("lists_emptied", "Name", l.Name)
	return nil
}

func (c *call) deleteList(ctx context.Context, o *owner, name string, yes bool) error {
	l, err := c.listed(o, name)
	if err != nil {
		return err
	}
	c.tell("lists_people_stay", "Name", l.Name, "People", l.Size)
	if _, err := c.leavesDrafts(o, l); err != nil {
		return err
	}
	if err := c.confirm(ctx, yes, "lists_delete_ask"); err != nil {
		return err
	}
	if err := c.desk(o).DeleteList(l.Name); err != nil {
		return err
	}
	c.tell("lists_deleted", "Name", l.Name)
	return nil
}

// listed finds a list by its name.
func (c *call) listed(o *owner, name string) (store.List, error) {
	l, err := o.parts.Book.ListNamed(name)
	if errors.Is(err, store.ErrNotFound) {
		err = c.fail(ExitNotFound, "lists_not_found", "Name", name)
	}
	return l, err
}

// leavesDrafts says which drafts write to a list that they will not find any
// more, and reports whether there are any.
func (c *call) leavesDrafts(o *owner, l store.List) (bool, error) {
	drafts, err := o.parts.Book.ListDrafts()
	names := drafts[people.Fold(l.Name)]
	if len(names) > 0 {
		c.tell("lists_drafts_lost", "Names", strings.Join(names, ", "))
	}
	return len(names) > 0, err
}

// confirm asks before something that cannot be taken back. Where there is
// nobody to ask it takes --yes.
func (c *call) confirm(ctx context.Context, yes bool, id string, args ...any) error {
	if yes {
		return nil
	}
	if !c.seen.In || !c.seen.Err {
		return c.fail(ExitRefused, "confirm_yes")
	}
	said, err := c.ask(ctx, id, args...)
	if err == nil && !said {
		err = c.fail(ExitRefused, "nothing_changed")
	}
	return err
}
