package command

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"recado/campaign"
	"recado/campaign/media"
	"recado/campaign/reason"
	"recado/store"
)

// draft is what `campaign new` and `campaign edit` were told.
type draft struct {
	name, text, to, pace string
	attach               string // the path of a file; empty: none
	numbers              []string
	yes                  bool

	variants []string // other texts beside it
	poll     []string // the options of the poll that it is; none: it is no poll
	at       string   // when it is to start; empty: when somebody says so
	canary   int
	basis    string
	optOut   bool        // every text says how to be left alone
	follows  campaign.ID // the campaign that it follows up; 0: none
	silent   bool        // also to those who have not answered the last campaigns
	consents bool        // only to those who have consented
	decided  func() bool // somebody has said that, or that it is not
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
	d.flags(c, cmd.Flags())
	cmd.Flags().BoolVar(&d.yes, "yes", false, c.t("flag_yes"))
	return c.jsonFlag(cmd)
}

// editCampaignCommand changes a draft: what no flag names stays as it is.
func (c *call) editCampaignCommand() *cobra.Command {
	var d draft
	var cmd *cobra.Command
	cmd = c.about("edit", "cmd_campaign_edit", func(ctx context.Context, o *owner, id campaign.ID) error {
		return c.editCampaign(ctx, o, id, d, cmd.Flags().Changed)
	})
	cmd.Long = c.t("cmd_campaign_edit_long")
	cmd.Example = "recado campaign edit 12 --to 'tag:vip' --variant 'Olá {nome}!' --poll ''"
	d.flags(c, cmd.Flags())
	return cmd
}

// flags are what a draft is told by.
func (d *draft) flags(c *call, flags *pflag.FlagSet) {
	flags.StringVar(&d.name, "name", "", c.t("flag_new_name"))
	flags.StringVar(&d.text, "text", "", c.t("flag_new_text"))
	flags.StringVar(&d.attach, "attach", "", c.t("flag_new_attach"))
	flags.StringVar(&d.to, "to", "", c.t("flag_new_to"))
	flags.StringArrayVar(&d.numbers, "number", nil, c.t("flag_new_number"))
	flags.StringVar(&d.pace, "pace", "", c.t("flag_new_pace", "Pace", campaign.DefaultPace(time.Time{}, time.Now()).String()))
	flags.StringArrayVar(&d.variants, "variant", nil, c.t("flag_new_variant"))
	flags.StringArrayVar(&d.poll, "poll", nil, c.t("flag_new_poll"))
	flags.StringVar(&d.at, "at", "", c.t("flag_new_at"))
	flags.IntVar(&d.canary, "canary", 0, c.t("flag_new_canary"))
	flags.StringVar(&d.basis, "basis", "", c.t("flag_new_basis"))
	flags.BoolVar(&d.silent, "include-silent", false, c.t("flag_new_silent"))
	d.consentFlag(c, flags)
	flags.BoolVar(&d.optOut, "optout-line", false, c.t("flag_new_optout_line"))
}

// consentFlag lets the command line say whether consent is needed.
func (d *draft) consentFlag(c *call, flags *pflag.FlagSet) {
	flags.BoolVar(&d.consents, "require-consent", false, c.t("flag_new_require_consent"))
	d.decided = func() bool { return flags.Changed("require-consent") }
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
	written, err := c.draftOver(ctx, o, campaign.Campaign{FollowUp: d.follows}, d, func(string) bool { return true })
	if err != nil {
		return err
	}
	if !d.decided() && !d.consents {
		if written.Consented, err = o.parts.Book.RequiresConsent(); err != nil {
			return err
		}
	}
	if lacks := written.Lacks(); len(lacks) > 0 { // the book would keep it: a script is told at once
		return lacks[0]
	}
	if err := c.preflight(ctx, o, written); err != nil {
		return err
	}
	written, err = c.desk(o).AddCampaign(written)
	if err == nil && d.decided() && !d.consents && written.Consented {
		written.Consented = false
		written, err = c.desk(o).EditDraft(written)
	}
	if err != nil {
		return err
	}
	return c.draftWritten(o, written, !written.At.IsZero())
}

// editCampaign changes what the flags that are given say of a draft. What it lacks
// then is said, and keeps nobody from writing it.
func (c *call) editCampaign(ctx context.Context, o *owner, id campaign.ID, d draft, given func(flag string) bool) error {
	written, err := o.parts.Book.Campaign(id)
	if err != nil {
		return err
	}
	if written.Status != campaign.Draft {
		return reason.Because(store.ErrState, reason.CampaignEdit, id, written.Status.Reason())
	}
	for _, several := range []*[]string{&d.numbers, &d.variants, &d.poll} {
		if len(*several) == 1 && (*several)[0] == "" { // which takes them away
			*several = nil
		}
	}
	if d.optOut {
		written.NoLeave = ""
	}
	if written, err = c.draftOver(ctx, o, written, d, given); err != nil {
		return err
	}
	for _, lack := range written.Lacks() {
		c.tell("new_cannot_start", "Why", c.why(lack))
	}
	if err := c.preflight(ctx, o, written); err != nil {
		return err
	}
	if written, err = c.desk(o).EditDraft(written); err != nil {
		return err
	}
	return c.draftWritten(o, written, given("at") && !written.At.IsZero())
}

// draftOver is a draft as it becomes by the flags that are given.
func (c *call) draftOver(ctx context.Context, o *owner, over campaign.Campaign, d draft, given func(flag string) bool) (campaign.Campaign, error) {
	usage := func(err error) error { return &failure{code: ExitUsage, text: c.why(err), err: err} }
	if given("name") {
		over.Name = strings.TrimSpace(d.name)
	}
	if given("poll") {
		over.Poll = d.poll
	}
	if given("text") {
		over.Text = d.text
	}
	if given("variant") {
		over.Variants = slices.Clone(d.variants)
	}
	texts := []*string{&over.Text}
	for i := range over.Variants {
		texts = append(texts, &over.Variants[i])
	}
	for _, text := range texts {
		*text = campaign.Text(*text)
		if d.optOut && !over.OffersOptOut(*text) {
			*text = strings.TrimLeft(*text+"\n\n"+c.tongue.OptOutLine(*text), "\n")
		}
		if err := campaign.CheckLength(*text); err != nil {
			return over, usage(err)
		}
		if _, err := campaign.ParseTemplate(*text); err != nil {
			return over, c.mistake(c.t("what_text"), *text, err)
		}
	}
	var err error
	if given("to") {
		if _, err := c.filter(d.to); err != nil {
			return over, err
		}
		over.To = d.to
	}
	if given("number") {
		if over.Numbers, err = c.numbersNamed(o, d.numbers); err != nil {
			return over, err
		}
	}
	if given("pace") {
		if over.Pace, err = campaign.ParsePace(campaign.Pace{}, d.pace); err != nil {
			return over, usage(err)
		}
		over.Unread.Pace = ""
	}
	if given("attach") {
		over.Unread.File = ""
		if over.Attachment, err = c.attachment(ctx, o, d.attach); err != nil {
			return over, err
		}
	}
	if over.Attachment != nil && !over.Attachment.Captioned() && strings.TrimSpace(over.Text) != "" {
		return over, &failure{code: ExitUsage, text: cmp.Or(d.attach, over.Attachment.Name) + ": " + c.because(reason.New(reason.AttachmentText))}
	}
	if given("basis") {
		if over.Basis, err = campaign.ParseBasis(d.basis); err != nil {
			return over, usage(err)
		}
	}
	if given("include-silent") {
		over.Silent = d.silent
	}
	if given("require-consent") {
		over.Consented = d.consents
	}
	if given("canary") {
		over.Canary = d.canary
	}
	switch {
	case len(over.Texts()) > campaign.MaxTexts:
		return over, usage(reason.Err(reason.CampaignTexts, campaign.MaxTexts))
	case over.Canary < 0:
		return over, usage(reason.Err(reason.CampaignCanary))
	}
	if given("at") {
		over.At, over.Zone = time.Time{}, ""
		if d.at != "" {
			at, err := c.when(o, d.at)
			if err != nil {
				return over, err
			}
			over.Schedule(at)
		}
	}
	return over, nil
}

// draftWritten plans a draft that was written, if that was said, and prints it.
func (c *call) draftWritten(o *owner, written campaign.Campaign, plan bool) (err error) {
	if plan {
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
