package command

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/people"
)

// page is how many contacts or deliveries are read from the book at a time.
const page = 1000

// contactJSON is a contact as --json prints it. Nothing in it is ever null.
type contactJSON struct {
	Phone     string            `json:"phone"` // E.164; empty of somebody whose phone WhatsApp does not tell
	Name      string            `json:"name"`
	Tags      []string          `json:"tags"`
	Fields    map[string]string `json:"fields"`
	ID        people.ContactID  `json:"id"`
	Lists     []string          `json:"lists"`
	Phones    []string          `json:"phones"`   // all of theirs, Phone first; never null
	Aliases   []string          `json:"aliases"`  // other phones, the LID
	Username  string            `json:"username"` // without @
	Consent   consentJSON       `json:"consent"`
	Note      string            `json:"note"`
	WhatsApp  string            `json:"whatsapp"` // yes, no, unknown
	OptedOut  bool              `json:"opted_out"`
	LeftAt    string            `json:"opted_out_at,omitempty"`  // of who has opted out
	LeftWhy   string            `json:"opted_out_why,omitempty"` // what they wrote, or the reason that was typed
	Doubt     string            `json:"doubt"`                   // what they wrote that may be a wish to leave; empty: nothing
	KnownTo   []string          `json:"known_to"`                // the numbers of ours that they know, by name
	LastSent  string            `json:"last_sent"`
	LastHeard string            `json:"last_heard"`
	Created   string            `json:"created"`
	Labels    []labelJSON       `json:"labels,omitempty"` // of WhatsApp Business; their names are among Tags
	Came      *cameJSON         `json:"came,omitempty"`   // how they came to write; absent: not by a link or an ad
}

// labelJSON is a label of WhatsApp Business.
type labelJSON struct {
	Name   string `json:"name"`
	Number string `json:"number"` // ours, on whose phone it is
	Ours   bool   `json:"ours"`   // it is a tag of ours as well, which stays when the label goes
}

// cameJSON is how a person came to write.
type cameJSON struct {
	Way  string `json:"way"` // link, ad
	Name string `json:"name"`
	At   string `json:"at"`
}

// consentJSON is what is known of whether a person agreed to be written to.
type consentJSON struct {
	Status   string `json:"status"` // yes, no, unknown
	Source   string `json:"source"`
	At       string `json:"at"` // RFC 3339; empty: not known
	By       string `json:"by"` // who wrote it down
	Evidence string `json:"evidence"`
}

func consentObject(c people.Consent) consentJSON {
	return consentJSON{c.Status.String(), c.Source, stamp(c.At), c.By, c.Evidence}
}

// presences are the names of people.Presence in data.
var presences = [...]string{people.PresenceUnknown: "unknown", people.OnWhatsApp: "yes", people.NotOnWhatsApp: "no"}

// contactObject is a contact as data; names are those of our numbers.
func contactObject(p *people.Contact, names map[campaign.NumberID]string) contactJSON {
	out := contactJSON{
		Phone: string(p.BestPhone()), Name: p.Name, Tags: append([]string{}, p.Tags...), Fields: p.Fields, ID: p.ID,
		Lists: append([]string{}, p.Lists...), Aliases: []string{}, WhatsApp: presences[min(int(p.Presence), len(presences)-1)],
		OptedOut: p.OptedOut, KnownTo: []string{}, LastSent: stamp(p.LastSent), LastHeard: stamp(p.LastHeard), Created: stamp(p.Created),
	}
	if out.Fields == nil {
		out.Fields = map[string]string{}
	}
	out.Phones, out.Username, out.Note = []string{}, p.Username, p.Note
	out.Consent = consentObject(p.Consent)
	for i, phone := range p.Phones() {
		out.Phones = append(out.Phones, string(phone))
		if i > 0 {
			out.Aliases = append(out.Aliases, string(phone))
		}
	}
	if p.WhatsApp != "" && p.WhatsApp != p.BestPhone() && !slices.Contains(out.Phones, string(p.WhatsApp)) { // in another spelling
		out.Aliases = append(out.Aliases, string(p.WhatsApp))
	}
	if p.LID != "" {
		out.Aliases = append(out.Aliases, p.LID+"@lid")
	}
	if p.OptedOut {
		out.LeftAt, out.LeftWhy = stamp(p.OptOutAt), p.OptOutWhy
	}
	if p.InDoubt() {
		out.Doubt = p.DoubtSaid
	}
	for _, n := range p.Knows {
		out.KnownTo = append(out.KnownTo, names[n])
	}
	for _, l := range p.Labels {
		if l.Name != "" {
			out.Labels = append(out.Labels, labelJSON{l.Name, names[l.Number], l.Ours})
		}
	}
	if p.Came.Way != people.NoWay {
		out.Came = &cameJSON{p.Came.Way.String(), p.Came.Name, stamp(p.Came.At)}
	}
	return out
}

// called is what to call them by, see people.Contact.Called.
func (o *contactJSON) called() string {
	p := people.Contact{Name: o.Name, Username: o.Username}
	return p.Called()
}

func numberNames(ours []campaign.Number) map[campaign.NumberID]string {
	names := make(map[campaign.NumberID]string, len(ours))
	for _, n := range ours {
		names[n.ID] = n.Name
	}
	return names
}

func sortedFields(fields map[string]string) []string { return slices.Sorted(maps.Keys(fields)) }

func (c *call) contactsCommand() *cobra.Command {
	list := &cobra.Command{
		Use:   "list [" + c.t("arg_filter") + "]",
		Short: c.t("cmd_contacts_list"),
		Args:  cobra.ArbitraryArgs,
		RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				ids, err := c.chosen(ctx, o, args)
				if err != nil {
					return err
				}
				return c.listContacts(ctx, o, ids)
			})
		}),
	}
	return c.group("contacts", "cmd_contacts", slices.Concat(c.personCommands(), c.editCommands(), c.validateCommands(), []*cobra.Command{c.tagCommand(), c.importCommand(), c.exportCommand(), c.jsonFlag(list)})...)
}

// filterWords makes words of a filter of what looks like flags: in
// "contacts list -tag:frio" the minus says not. A filter takes an exclamation mark
// for the same.
func filterWords(args []string) []string {
	begins := slices.IndexFunc(args, func(arg string) bool { return arg == "contacts" || arg == "lists" }) + 1
	if begins == 0 || begins == len(args) || !slices.Contains([]string{"list", "export", "show", "data", "erase", "edit", "optout", "optin", "stays", "split", "save", "add", "tag", "validate"}, args[begins]) {
		return args
	}
	if args[begins] == "tag" {
		return append(slices.Clone(args[:begins]), tagArgs(args[begins:])...)
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

// listContacts prints people, a line each.
func (c *call) listContacts(ctx context.Context, o *owner, ids []people.ContactID) error {
	ours, err := o.parts.Book.Numbers()
	if err != nil {
		return err
	}
	names := numberNames(ours)
	return c.gathered(func() error {
		return c.eachContact(ctx, o, ids, func(p *people.Contact) error { return c.contact(contactObject(p, names)) })
	})
}

func (c *call) contact(out contactJSON) error {
	if c.json {
		return c.object(out)
	}
	var fields []string
	for _, key := range sortedFields(out.Fields) {
		fields = append(fields, key+"="+out.Fields[key])
	}
	return c.line(out.Phone, out.called(), strings.Join(out.Tags, ","), strings.Join(fields, " "))
}
