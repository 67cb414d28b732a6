package command

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"recado/campaign/people"
)

// page is how many contacts or deliveries are read from the book at a time.
const page = 1000

// contactJSON is a contact as --json prints it. Tags and Fields are never
// null.
type contactJSON struct {
	Phone  string            `json:"phone"`
	Name   string            `json:"name"`
	Tags   []string          `json:"tags"`
	Fields map[string]string `json:"fields"`
}

func (c *call) contactsCommand() *cobra.Command {
	imports := &cobra.Command{
		Use:   "import " + c.t("arg_csv"),
		Short: c.t("cmd_contacts_import"),
		Args:  c.exactArgs(1),
		RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error { return c.importCSV(ctx, o, args[0]) })
		}),
	}
	list := &cobra.Command{
		Use:   "list [" + c.t("arg_filter") + "]",
		Short: c.t("cmd_contacts_list"),
		Args:  cobra.ArbitraryArgs,
		RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				return c.listContacts(ctx, o, args)
			})
		}),
	}
	return c.group("contacts", "cmd_contacts", c.jsonFlag(imports), c.jsonFlag(list))
}

// filterWords makes words of a filter of what looks like flags: in
// "contacts list -tag:frio" the minus says not. A filter takes an exclamation mark
// for the same.
func filterWords(args []string) []string {
	begins := slices.IndexFunc(args, func(arg string) bool { return arg == "contacts" || arg == "lists" }) + 1
	if begins == 0 || begins == len(args) || !slices.Contains([]string{"list", "save", "add"}, args[begins]) {
		return args
	}
	args = slices.Clone(args)
	for i, arg := range args[begins:] {
		if arg == "--" {
			break
		}
		if len(arg) > 1 && arg[0] == '-' && arg[1] != '-' && arg != "-h" {
			args[begins+i] = "!" + arg[1:]
		}
	}
	return args
}

// filter reads a filter that was typed.
func (c *call) filter(text string) (people.Filter, error) {
	filter, err := people.ParseFilter(text)
	if err != nil {
		return filter, c.mistake(c.t("what_filter"), text, err)
	}
	return filter, nil
}

func (c *call) listContacts(ctx context.Context, o *owner, words []string) error {
	ids, err := c.chosen(ctx, o, words)
	if err != nil {
		return err
	}
	return c.gathered(func() error {
		for chunk := range slices.Chunk(ids, page) {
			contacts, err := o.parts.Book.ContactsByID(chunk)
			if err != nil {
				return err
			}
			for _, contact := range contacts {
				if err := c.contact(contact); err != nil {
					return err
				}
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *call) contact(contact people.Contact) error {
	out := contactJSON{Phone: string(contact.Phone), Name: contact.Name, Tags: contact.Tags, Fields: contact.Fields}
	if out.Phone == "" {
		out.Phone = string(contact.WhatsApp)
	}
	if c.json {
		if out.Tags == nil {
			out.Tags = []string{}
		}
		if out.Fields == nil {
			out.Fields = map[string]string{}
		}
		return c.object(out)
	}
	var fields []string
	for _, key := range slices.Sorted(maps.Keys(out.Fields)) {
		fields = append(fields, key+"="+out.Fields[key])
	}
	return c.line(out.Phone, out.Name, strings.Join(out.Tags, ","), strings.Join(fields, " "))
}
