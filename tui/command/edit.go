package command

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"recado/campaign/files"
	"recado/campaign/people"
)

// typed is what the flags say of a person.
type typed struct {
	name, phone, note    string
	tags, untags, fields []string
}

// editCommands add a person and change one.
func (c *call) editCommands() []*cobra.Command {
	flags := func(cmd *cobra.Command, t *typed) *cobra.Command {
		cmd.Flags().StringVar(&t.name, "name", "", c.t("flag_person_name"))
		cmd.Flags().StringVar(&t.note, "note", "", c.t("flag_person_note"))
		cmd.Flags().StringArrayVar(&t.tags, "tag", nil, c.t("flag_person_tag"))
		cmd.Flags().StringArrayVar(&t.fields, "field", nil, c.t("flag_person_field"))
		return cmd
	}
	var with, to typed
	add := flags(&cobra.Command{
		Use: "add " + c.t("arg_phone"), Short: c.t("cmd_contacts_add"), Args: c.exactArgs(1),
		Example: "recado contacts add '11 98765-4321' --name 'Ana Prado' --tag vip --field cidade=Recife",
		RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error { return c.addPerson(o, args[0], &with) })
		}),
	}, &with)
	edit := flags(&cobra.Command{
		Use: "edit " + c.t("arg_who"), Short: c.t("cmd_contacts_edit"), Args: c.leastArgs(1),
		Example: "recado contacts edit 'ana prado' --phone '11 98765-4321' --untag frio --field cidade=",
	}, &to)
	edit.Flags().StringVar(&to.phone, "phone", "", c.t("flag_person_phone"))
	edit.Flags().StringArrayVar(&to.untags, "untag", nil, c.t("flag_person_untag"))
	edit.RunE = c.run(func(ctx context.Context, args []string) error {
		given := edit.Flags().Changed
		return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
			p, err := c.person(ctx, o, args)
			if err != nil {
				return err
			}
			return c.editPerson(o, p, &to, given)
		})
	})
	return []*cobra.Command{add, edit}
}

// pairsOf reads cidade=Recife; an empty value takes the field away.
func (c *call) pairsOf(fields []string) (map[string]string, error) {
	pairs := make(map[string]string)
	for _, field := range fields {
		name, value, ok := strings.Cut(field, "=")
		if name = files.FieldName(name); !ok || name == "" {
			return nil, c.fail(ExitUsage, "person_field", "Field", field)
		}
		pairs[name] = strings.TrimSpace(value)
	}
	return pairs, nil
}

// phoneOf reads a phone that was typed.
func (c *call) phoneOf(text string) (people.Phone, error) {
	phone, err := people.ParsePhone(text)
	if err != nil {
		return "", &failure{code: ExitUsage, text: c.why(err), err: err}
	}
	return phone, nil
}

func (c *call) addPerson(o *owner, phone string, t *typed) error {
	row := people.Row{Name: t.name, Tags: t.tags, Note: t.note}
	var err error
	if row.Phone, err = c.phoneOf(phone); err != nil {
		return err
	}
	if row.Fields, err = c.pairsOf(t.fields); err != nil {
		return err
	}
	p, err := c.desk(o).AddContact(row)
	if err != nil {
		return err
	}
	c.tell("person_added", "Who", cmp.Or(p.Name, p.Phone.Pretty()))
	if p.OptedOut {
		c.tell("person_added_left")
	}
	return nil
}

// editPerson changes what the flags name that were given.
func (c *call) editPerson(o *owner, p people.Contact, t *typed, given func(flag string) bool) error {
	pairs, err := c.pairsOf(t.fields)
	if err != nil {
		return err
	}
	var phone people.Phone
	if given("phone") {
		if phone, err = c.phoneOf(t.phone); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc([]string{"name", "note", "phone", "tag", "untag", "field"}, given) {
		return c.fail(ExitUsage, "person_edit_nothing")
	}
	err = c.desk(o).EditContact(p.ID, func(p *people.Contact) {
		if given("name") {
			p.Name = t.name
		}
		if given("note") {
			p.Note = t.note
		}
		if given("phone") {
			p.Phone = phone
		}
		p.Tags = slices.DeleteFunc(append(slices.Clone(p.Tags), t.tags...), func(tag string) bool {
			return slices.ContainsFunc(t.untags, func(gone string) bool { return people.Fold(gone) == people.Fold(tag) })
		})
		p.Fields = maps.Clone(p.Fields)
		if p.Fields == nil {
			p.Fields = make(map[string]string)
		}
		for name, value := range pairs {
			if p.Fields[name] = value; value == "" {
				delete(p.Fields, name)
			}
		}
	})
	if err == nil {
		c.tell("person_edited")
	}
	return err
}
