package command

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store"
)

// personJSON is one contact with what they were sent, as --json prints it.
type personJSON struct {
	contactJSON
	Deliveries []personDeliveryJSON `json:"deliveries"` // the newest campaign first; never null
}

// personDeliveryJSON is what became of a campaign for one person.
type personDeliveryJSON struct {
	Campaign campaign.ID `json:"campaign"`
	Name     string      `json:"name"`
	State    string      `json:"state"`
	Sent     string      `json:"sent"` // RFC 3339; empty: not yet
	Text     string      `json:"text"`
}

// personCommands are those about one person.
func (c *call) personCommands() []*cobra.Command {
	who := c.t("arg_who")
	about := func(name, short string, do func(context.Context, *owner, people.Contact) error) *cobra.Command {
		return &cobra.Command{Use: name + " " + who, Short: c.t(short), Args: c.leastArgs(1), RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				person, err := c.person(ctx, o, args)
				if err != nil {
					return err
				}
				return do(ctx, o, person)
			})
		})}
	}
	var out, in string
	optOut := about("optout", "cmd_contacts_optout", func(_ context.Context, o *owner, p people.Contact) error {
		why := out
		if why == "" {
			why = p.DoubtSaid
		}
		if strings.TrimSpace(why) == "" {
			return c.fail(ExitUsage, "optout_why")
		}
		if err := c.desk(o).OptOut(p.ID, why); err != nil {
			return err
		}
		c.tell("opt_out_done")
		return nil
	})
	optOut.Flags().StringVar(&out, "why", "", c.t("flag_optout_why"))
	optIn := about("optin", "cmd_contacts_optin", func(_ context.Context, o *owner, p people.Contact) error {
		if err := c.desk(o).OptIn(p.ID, in); err != nil {
			return err
		}
		c.tell("opt_in_done")
		return nil
	})
	optIn.Flags().StringVar(&in, "why", "", c.t("flag_optin_why"))
	stays := about("stays", "cmd_contacts_stays", func(_ context.Context, o *owner, p people.Contact) error {
		if !p.InDoubt() {
			return c.fail(ExitRefused, "stays_no_doubt")
		}
		if err := c.desk(o).Stays(p.ID, p.DoubtAt); err != nil {
			return err
		}
		c.tell("stays_done")
		return nil
	})
	var yes bool
	erase := about("erase", "cmd_contacts_erase", func(ctx context.Context, o *owner, p people.Contact) error { return c.erase(ctx, o, p, yes) })
	erase.Long = c.t("cmd_contacts_erase_long")
	erase.Flags().BoolVar(&yes, "yes", false, c.t("flag_yes"))
	return []*cobra.Command{
		c.jsonFlag(about("show", "cmd_contacts_show", c.showPerson)), c.jsonFlag(about("data", "cmd_contacts_data", c.tellAll)), erase, optOut, optIn, stays,
		c.apartCommand(),
	}
}

// person finds the one person whom a filter chooses: a phone, a name, or any
// other.
func (c *call) person(ctx context.Context, o *owner, words []string) (people.Contact, error) {
	ids, err := c.chosen(ctx, o, words)
	if err != nil {
		return people.Contact{}, err
	}
	found, err := o.parts.Book.ContactsByID(ids[:min(len(ids), 2)])
	switch {
	case err != nil:
		return people.Contact{}, err
	case len(found) == 0:
		return people.Contact{}, c.fail(ExitNotFound, "person_none", "Filter", strings.Join(words, " "))
	case len(found) > 1:
		return people.Contact{}, &failure{code: ExitUsage, text: c.n("person_many", len(ids), "Filter", strings.Join(words, " "))}
	}
	return found[0], nil
}

func (c *call) showPerson(ctx context.Context, o *owner, p people.Contact) error {
	ours, err := o.parts.Book.Numbers()
	if err != nil {
		return err
	}
	history, err := o.parts.Book.DeliveriesTo(ctx, p.ID)
	if err != nil {
		return err
	}
	out := personJSON{contactJSON: contactObject(&p, numberNames(ours)), Deliveries: []personDeliveryJSON{}}
	for _, d := range history {
		held, err := o.parts.Book.Campaign(d.Campaign)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		out.Deliveries = append(out.Deliveries, personDeliveryJSON{d.Campaign, held.Name, d.State.String(), stamp(d.Accepted), d.Text})
	}
	if c.json {
		return c.object(out)
	}
	unions, err := o.parts.Book.Unions(p.ID)
	if err != nil {
		return err
	}
	return c.showWords(&p, out, unions)
}

// showWords writes a person as lines of a word and a value.
func (c *call) showWords(p *people.Contact, out personJSON, unions []store.Union) error {
	now := time.Now()
	moment := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return c.tongue.Moment(t, now)
	}
	var err error
	put := func(label, value string) {
		if value != "" && err == nil {
			err = c.line(label, value)
		}
	}
	put(c.t("col_name"), p.Name)
	if p.Username != "" {
		put(c.t("person_username"), "@"+p.Username)
	}
	phone := p.BestPhone().Pretty()
	if phone == "" {
		phone = c.t("phone_hidden")
	}
	put(c.t("col_phone"), phone)
	for _, o := range p.Others {
		text := o.Phone.Pretty()
		if !o.No.IsZero() {
			text = c.t("person_other_no", "A", text, "B", moment(o.No))
		}
		put(c.t("person_other"), text)
	}
	for _, u := range unions {
		put(c.t("person_joined"), c.t("person_joined_with", "A", c.calls(&u.Keep), "B", c.calls(&u.Gone), "Time", moment(u.At)))
	}
	for _, f := range p.Former {
		put(c.t("person_former"), f.Phone.Pretty())
	}
	switch {
	case p.OptedOut:
		put(c.t("note_opted_out"), c.t("person_opted_out", "Time", moment(p.OptOutAt), "Why", p.OptOutWhy))
	case p.InDoubt():
		put(c.t("note_in_doubt"), c.t("person_said", "Time", moment(p.DoubtAt), "Said", p.DoubtSaid))
	}
	put(c.t("person_consent"), c.tongue.Consent(p.Consent))
	put(c.t("person_note"), p.Note)
	put(c.t("person_came"), c.tongue.Came(p.Came, now))
	put(c.t("col_tags"), strings.Join(p.OurTags(), ", "))
	put(c.t("person_labels"), strings.Join(p.LabelNames(), ", "))
	put(c.t("person_lists"), strings.Join(p.Lists, ", "))
	for _, f := range sortedFields(p.Fields) {
		put(f, p.Fields[f])
	}
	put(c.t("person_knows"), strings.Join(out.KnownTo, ", "))
	put(c.t("person_last_sent"), moment(p.LastSent))
	put(c.t("person_last_heard"), moment(p.LastHeard))
	put(c.t("person_created"), moment(p.Created))
	for _, d := range out.Deliveries {
		if err == nil {
			err = c.line(c.t("person_campaign", "ID", d.Campaign), d.Name, d.State, d.Sent, d.Text)
		}
	}
	return err
}
