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
}

func (c *call) listsCommand() *cobra.Command {
	name := c.tongue.say("NOME", "NAME")
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "lists",
		Short: c.tongue.say("Mostra e muda as listas salvas", "Show and change the saved lists"),
		Long: c.tongue.say(`Mostra as listas salvas, quantas pessoas há em cada uma e os rascunhos que
escrevem para ela. Quem está numa lista: recado contacts list lista:NOME`,
			`Shows the saved lists, how many people are on each, and the drafts that write
to it. Who is on a list: recado contacts list list:NAME`),
		Args: cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error { return c.showLists(o) })
		}),
	})
	var yes bool
	asks := func(sub *cobra.Command) *cobra.Command {
		sub.Flags().BoolVar(&yes, "yes", false, c.tongue.say("responde sim ao que seria perguntado", "answer yes to what would be asked"))
		return sub
	}
	sub := func(use, pt, en string, args cobra.PositionalArgs, do func(context.Context, *owner, []string) error) *cobra.Command {
		return &cobra.Command{Use: use, Short: c.tongue.say(pt, en), Args: args, RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error { return do(ctx, o, args) })
		})}
	}
	whom := name + " " + c.tongue.say("FILTRO", "FILTER")
	cmd.AddCommand(
		asks(sub("save "+whom, "Faz uma lista de quem o filtro acha; se ela já existe, troca quem está nela",
			"Make a list of whom the filter finds; if it is there already, replace who is on it", cobra.MinimumNArgs(2),
			func(ctx context.Context, o *owner, args []string) error { return c.saveList(ctx, o, args, yes) })),
		sub("add "+whom, "Acrescenta a uma lista quem o filtro acha", "Add to a list whom the filter finds", cobra.MinimumNArgs(2), c.addToList),
		asks(sub("rename "+name+" "+c.tongue.say("NOVO", "NEW"), "Dá outro nome a uma lista", "Call a list something else", cobra.ExactArgs(2),
			func(ctx context.Context, o *owner, args []string) error {
				return c.renameList(ctx, o, args[0], args[1], yes)
			})),
		asks(sub("empty "+name, "Tira todos de uma lista, que fica", "Take everybody off a list, which stays", cobra.ExactArgs(1),
			func(ctx context.Context, o *owner, args []string) error { return c.emptyList(ctx, o, args[0], yes) })),
		asks(sub("delete "+name, "Exclui uma lista; as pessoas ficam nos contatos", "Delete a list; its people stay among the contacts", cobra.ExactArgs(1),
			func(ctx context.Context, o *owner, args []string) error { return c.deleteList(ctx, o, args[0], yes) })),
	)
	return cmd
}

func (c *call) showLists(o *owner) error {
	lists, err := o.parts.Book.Lists()
	if err != nil {
		return err
	}
	drafts, err := o.parts.Book.ListDrafts()
	if err != nil {
		return err
	}
	if len(lists) == 0 {
		c.tell("nenhuma lista ainda; faça uma com: recado lists save NOME FILTRO", "no list yet; make one with: recado lists save NAME FILTER")
	}
	for _, l := range lists {
		names := drafts[people.Fold(l.Name)]
		if c.json {
			err = c.object(listJSON{l.Name, l.Size, append([]string{}, names...)})
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
	if err := o.parts.Book.CheckLists(filter); err != nil {
		return nil, c.mistake(c.tongue.say("filtro", "filter"), text, err)
	}
	return o.parts.Book.Find(ctx, filter)
}

func (c *call) saveList(ctx context.Context, o *owner, args []string, yes bool) error {
	ids, err := c.chosen(ctx, o, args[1:])
	if err != nil {
		return err
	}
	have, err := o.parts.Book.ListNamed(args[0])
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if have.Size > 0 {
		c.tell("A lista %s já existe: pessoas nela agora: %d; depois: %d.", "The list %s is there already: people on it now: %d; then: %d.", have.Name, have.Size, len(ids))
		if err := c.confirm(ctx, yes, "Trocar quem está nela? [s/N] ", "Replace who is on it? [y/N] "); err != nil {
			return err
		}
	}
	return c.told(o.parts.Book.SaveList(args[0], ids))
}

func (c *call) addToList(ctx context.Context, o *owner, args []string) error {
	ids, err := c.chosen(ctx, o, args[1:])
	if err != nil {
		return err
	}
	return c.told(o.parts.Book.AddToList(args[0], ids))
}

// told says how many are on a list now.
func (c *call) told(l store.List, err error) error {
	if err == nil {
		c.tell("lista %s: pessoas nela: %d", "list %s: people on it: %d", l.Name, l.Size)
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
			if err := c.confirm(ctx, yes, "Renomear assim mesmo? [s/N] ", "Rename it all the same? [y/N] "); err != nil {
				return err
			}
		}
	}
	if err := o.parts.Book.RenameList(l.Name, to); err != nil {
		return err
	}
	c.tell("a lista agora se chama %s", "the list is called %s now", to)
	return nil
}

func (c *call) emptyList(ctx context.Context, o *owner, name string, yes bool) error {
	l, err := c.listed(o, name)
	if err != nil {
		return err
	}
	if l.Size > 0 {
		c.tell("Pessoas na lista %s: %d. Elas continuam nos contatos.", "People on the list %s: %d. They stay among the contacts.", l.Name, l.Size)
		if err := c.confirm(ctx, yes, "Esvaziar a lista? [s/N] ", "Empty the list? [y/N] "); err != nil {
			return err
		}
	}
	if err := o.parts.Book.EmptyList(l.Name); err != nil {
		return err
	}
	c.tell("a lista %s está vazia", "the list %s is empty", l.Name)
	return nil
}

func (c *call) deleteList(ctx context.Context, o *owner, name string, yes bool) error {
	l, err := c.listed(o, name)
	if err != nil {
		return err
	}
	c.tell("Pessoas na lista %s: %d. Elas continuam nos contatos.", "People on the list %s: %d. They stay among the contacts.", l.Name, l.Size)
	if _, err := c.leavesDrafts(o, l); err != nil {
		return err
	}
	if err := c.confirm(ctx, yes, "Excluir a lista? [s/N] ", "Delete the list? [y/N] "); err != nil {
		return err
	}
	if err := o.parts.Book.DeleteList(l.Name); err != nil {
		return err
	}
	c.tell("lista %s excluída", "list %s deleted", l.Name)
	return nil
}

// listed finds a list by its name.
func (c *call) listed(o *owner, name string) (store.List, error) {
	l, err := o.parts.Book.ListNamed(name)
	if errors.Is(err, store.ErrNotFound) {
		err = c.fail(ExitNotFound, "não há lista %q; veja recado lists", "there is no list %q; see recado lists", name)
	}
	return l, err
}

// leavesDrafts says which drafts write to a list that they will not find any
// more, and reports whether there are any.
func (c *call) leavesDrafts(o *owner, l store.List) (bool, error) {
	drafts, err := o.parts.Book.ListDrafts()
	names := drafts[people.Fold(l.Name)]
	if len(names) > 0 {
		c.tell("Rascunhos que escrevem para ela, e que não começam até o público deles ser trocado: %s.",
			"Drafts that write to it, and will not start until their audience is changed: %s.", strings.Join(names, ", "))
	}
	return len(names) > 0, err
}

// confirm asks before something that cannot be taken back. Where there is
// nobody to ask it takes --yes.
func (c *call) confirm(ctx context.Context, yes bool, pt, en string) error {
	if yes {
		return nil
	}
	if !c.seen.In || !c.seen.Err {
		return c.fail(ExitRefused, "confirme com --yes", "confirm with --yes")
	}
	said, err := c.ask(ctx, pt, en)
	if err == nil && !said {
		err = c.fail(ExitRefused, "nada foi mudado", "nothing was changed")
	}
	return err
}
