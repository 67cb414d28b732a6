package command

import (
	"bufio"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/media"
	"recado/campaign/reason"
	"recado/store"
)

// draft is what `campaign new` was told.
type draft struct {
	name, text, to, pace string
	attach               string // the path of a file; empty: none
	numbers              []string
	yes                  bool

	variants []string // other texts beside it
	at       string   // when it is to start; empty: when somebody says so
	canary   int
	basis    string
	optOut   bool // every text says how to be left alone
	silent   bool // also to those who have not answered the last campaigns
}

func (c *call) newCommand() *cobra.Command {
	var d draft
	cmd := &cobra.Command{
		Use:     "new",
		Short:   c.t("cmd_campaign_new"),
		Example: `recado campaign new --name Natal --text 'Oi {primeiro_nome|tudo bem}!' --to 'tag:vip -tag:frio'`,
		Args:    c.noArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error { return c.newCampaign(ctx, o, d) })
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&d.name, "name", "", c.t("flag_new_name"))
	flags.StringVar(&d.text, "text", "", c.t("flag_new_text"))
	flags.StringVar(&d.attach, "attach", "", c.t("flag_new_attach"))
	flags.StringVar(&d.to, "to", "", c.t("flag_new_to"))
	flags.StringArrayVar(&d.numbers, "number", nil, c.t("flag_new_number"))
	flags.StringVar(&d.pace, "pace", "", c.t("flag_new_pace", "Pace", campaign.DefaultPace(time.Time{}, time.Now()).String()))
	flags.StringArrayVar(&d.variants, "variant", nil, c.t("flag_new_variant"))
	flags.StringVar(&d.at, "at", "", c.t("flag_new_at"))
	flags.IntVar(&d.canary, "canary", 0, c.t("flag_new_canary"))
	flags.StringVar(&d.basis, "basis", "", c.t("flag_new_basis"))
	flags.BoolVar(&d.silent, "include-silent", false, c.t("flag_new_silent"))
	flags.BoolVar(&d.optOut, "optout-line", false, c.t("flag_new_optout_line"))
	flags.BoolVar(&d.yes, "yes", false, c.t("flag_yes"))
	return c.jsonFlag(cmd)
}

// newCampaign checks what was typed, asks before anything unsafe, and writes
// the draft.
func (c *call) newCampaign(ctx context.Context, o *owner, d draft) error {
	if d.text == "" && len(d.variants) > 0 {
		d.text, d.variants = d.variants[0], d.variants[1:]
	}
	if strings.TrimSpace(d.name) == "" || strings.TrimSpace(d.text) == "" && d.attach == "" {
		return c.fail(ExitUsage, "new_needs")
	}
	for _, text := range d.texts() {
		*text = campaign.Text(*text)
		if d.optOut && !campaign.OffersOptOut(*text) {
			*text = strings.TrimLeft(*text+"\n\n"+c.tongue.OptOutLine(*text), "\n")
		}
		if err := campaign.CheckLength(*text); err != nil {
			return &failure{code: ExitUsage, text: c.why(err), err: err}
		}
		if _, err := campaign.ParseTemplate(*text); err != nil {
			return c.mistake(c.t("what_text"), *text, err)
		}
	}
	if _, err := c.filter(d.to); err != nil {
		return err
	}
	numbers, err := c.numbersNamed(o, d.numbers)
	if err != nil {
		return err
	}
	pace, err := campaign.ParsePace(campaign.Pace{}, d.pace)
	if err != nil {
		return &failure{code: ExitUsage, text: c.why(err), err: err}
	}
	attachment, err := c.attachment(ctx, o, d.attach)
	if err != nil {
		return err
	}
	if attachment != nil && !attachment.Captioned() && strings.TrimSpace(d.text) != "" {
		return &failure{code: ExitUsage, text: d.attach + ": " + c.because(reason.New(reason.AttachmentText))}
	}
	basis, err := campaign.ParseBasis(d.basis)
	if err != nil {
		return &failure{code: ExitUsage, text: c.why(err), err: err}
	}
	written := campaign.Campaign{
		Name: strings.TrimSpace(d.name), Text: d.text, Variants: d.variants, Attachment: attachment, To: d.to, Numbers: numbers, Pace: pace,
		Canary: d.canary, Basis: basis, Silent: d.silent,
	}
	if len(written.Texts()) > campaign.MaxTexts || d.canary < 0 {
		return &failure{code: ExitUsage, text: c.why(written.Lacks()[0])}
	}
	if d.at != "" {
		at, err := c.when(o, d.at)
		if err != nil {
			return err
		}
		written.Schedule(at)
	}
	if lacks := written.Lacks(); len(lacks) > 0 { // the book would keep it: a script is told at once
		return lacks[0]
	}
	if err := c.preflight(ctx, o, written); err != nil {
		return err
	}
	written, err = c.desk(o).AddCampaign(written)
	if err != nil {
		return err
	}
	if !written.At.IsZero() {
		if written, err = c.desk(o).Schedule(written.ID, written.At); err != nil {
			return err
		}
		c.tellPlanned(&written)
	}
	if c.json {
		return c.campaignObject(o, written, nil)
	}
	return c.line(written.ID.String())
}

// texts are the texts of a draft.
func (d *draft) texts() []*string {
	all := []*string{&d.text}
	for i := range d.variants {
		all = append(all, &d.variants[i])
	}
	return all
}

// attachment gives the book a file of the caller's; nil if none is named.
func (c *call) attachment(ctx context.Context, o *owner, name string) (*media.Attachment, error) {
	if name == "" {
		return nil, nil
	}
	if name == "-" { // people see the name
		return nil, c.fail(ExitUsage, "new_attach_name")
	}
	file, err := c.open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	a, err := c.desk(o).Attach(name, file)
	if err != nil {
		return nil, &failure{code: ExitFailed, text: name + ": " + c.why(err), err: err}
	}
	return &a, nil
}

// numbersNamed finds numbers by name or phone.
func (c *call) numbersNamed(o *owner, names []string) (ids []campaign.NumberID, err error) {
	for _, name := range names {
		n, err := c.numberNamed(o, name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, n.ID) {
			ids = append(ids, n.ID)
		}
	}
	return ids, nil
}

// numberNamed finds a number by name or phone.
func (c *call) numberNamed(o *owner, name string) (campaign.Number, error) {
	n, err := o.parts.Book.NumberNamed(name)
	if errors.Is(err, store.ErrNotFound) {
		err = c.fail(ExitNotFound, "number_not_found", "Name", name)
	}
	return n, err
}

// ask puts a question to the person at the terminal. The answer is yes only if
// they say so.
func (c *call) ask(ctx context.Context, id string, args ...any) (bool, error) {
	c.words("%s %s ", c.t(id, args...), c.t("ask_yes_no"))
	typed := make(chan string, 1)
	go func() { // ends with the line, or with the process whose terminal it is
		line, _ := bufio.NewReader(c.env.Stdin).ReadString('\n')
		typed <- line
	}()
	select {
	case <-ctx.Done():
		c.words("\n")
		return false, c.interrupted()
	case line := <-typed:
		return c.affirms(line), nil
	}
}

// affirms reports whether a line that was typed means yes.
func (c *call) affirms(line string) bool {
	return slices.Contains(strings.Fields(c.t("yes_words")), strings.ToLower(strings.TrimSpace(line)))
}

// preflight says who of the audience of a draft would receive it, who would not
// and why, which numbers would send it at what pace and when, and what keeps it
// from being started.
func (c *call) preflight(ctx context.Context, o *owner, draft campaign.Campaign) error {
	p, err := o.parts.Book.Preflight(ctx, draft, o.parts.Clock.Now())
	if err != nil {
		return err
	}
	for _, s := range p.Senders {
		if len(s.Overruled) > 0 {
			c.tell("new_overruled", "Name", s.Number.Name, "Limits", strings.Join(s.Overruled, ", "), "Quoted", word(s.Number.Name))
		}
	}
	for _, why := range slices.Sorted(maps.Keys(p.LeftOut)) {
		c.tellN("new_left_out", p.LeftOut[why], "Why", c.because(reason.New(why)))
	}
	for _, l := range p.Lacking {
		who := strings.Join(l.Who, ", ")
		if l.Count > len(l.Who) {
			who += "…"
		}
		c.tellN("new_lacking", l.Count, "Field", l.Field, "Who", who)
	}
	for _, s := range p.Stops {
		c.tell("new_cannot_start", "Why", c.why(s))
	}
	for _, s := range p.Senders {
		c.tell("new_sends_with", "Name", s.Number.Name, "Pace", s.Pace)
	}
	if p.Receive > 0 {
		c.tell("new_receive", "Receive", p.Receive, "Forecast", c.forecast(p.Forecast))
	}
	if store.Offline(p.Senders) {
		c.tell("new_none_online")
	}
	return nil
}
