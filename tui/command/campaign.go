package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store"
	"recado/tui/words"
)

// campaignJSON is a campaign as --json prints it.
type campaignJSON struct {
	ID          campaign.ID `json:"id"`
	Name        string      `json:"name"`
	Status      string      `json:"status"`
	Counts      countsJSON  `json:"counts"`
	*reasonJSON             // why it is paused, cancelled or a draft again; not there: somebody asked for it

	TestOf   campaign.ID    `json:"test_of,omitempty"`   // it is a test of that campaign
	AnswerTo campaign.ID    `json:"answer_to,omitempty"` // it answers what somebody replied to that campaign
	RevokeOf campaign.ID    `json:"undo_of,omitempty"`   // it deletes messages of that campaign for everyone
	Confirms string         `json:"confirms,omitempty"`  // it confirms the opt-outs that this number hears
	Archived bool           `json:"archived,omitempty"`  // not listed
	FollowUp campaign.ID    `json:"follow_up_of,omitempty"`
	Silent   bool           `json:"silent,omitempty"`          // also to those who have not answered the last campaigns
	Consents bool           `json:"require_consent,omitempty"` // only to those who have consented
	At       string         `json:"at,omitempty"`              // when it is to start
	Stopped  []string       `json:"stopped_numbers,omitempty"` // by name: those that send nothing for it
	Stops    []stopJSON     `json:"stops,omitempty"`           // the same with who and why
	Fixed    string         `json:"text_fixed,omitempty"`      // when the text was last fixed while it was being sent
	Variants int            `json:"variants,omitempty"`        // how many texts it has, if there are several
	Poll     []string       `json:"poll,omitempty"`            // the options of the poll that it is; its text is the question
	Canary   int            `json:"canary,omitempty"`          // after so many messages it pauses by itself
	Basis    campaign.Basis `json:"basis,omitempty"`           // why these people may be written to

	Attachment *attachmentJSON `json:"attachment,omitempty"` // not there: text alone
	Freezing   *workJSON       `json:"freezing,omitempty"`   // how far that is; not there: it is not freezing
	Forecast   *forecastJSON   `json:"forecast,omitempty"`   // of `campaign show`, while it is running or paused
}

// stopJSON is a number that sends nothing for a campaign, as --json prints it.
type stopJSON struct {
	Number string      `json:"number"`
	By     string      `json:"by,omitempty"`   // the person; not there: the campaign itself
	Code   reason.Code `json:"code,omitempty"` // why it did that itself
	At     string      `json:"at,omitempty"`
}

// workJSON is how far a work of the book is, as --json prints it.
type workJSON struct {
	Done  int `json:"done"`
	Total int `json:"total"`
}

// attachmentJSON is the file of a campaign as --json prints it.
type attachmentJSON struct {
	Kind   string `json:"kind"` // picture, video, audio, document
	Name   string `json:"name"`
	Type   string `json:"type"`   // MIME type
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // hexadecimal
}

// countsJSON is how many deliveries are in each state.
type countsJSON struct {
	Queued    int `json:"queued"`
	Sending   int `json:"sending"`
	Sent      int `json:"sent"`
	Delivered int `json:"delivered"`
	Read      int `json:"read"`
	Replied   int `json:"replied"`
	Failed    int `json:"failed"`
	Unsure    int `json:"unsure"`
	Skipped   int `json:"skipped"`
}

func countsOf(c campaign.Counts) countsJSON {
	return countsJSON{
		Queued: c[campaign.Queued], Sending: c[campaign.Sending], Sent: c[campaign.Sent],
		Delivered: c[campaign.Delivered], Read: c[campaign.Read], Replied: c[campaign.Replied],
		Failed: c[campaign.Failed], Unsure: c[campaign.Unsure], Skipped: c[campaign.Skipped],
	}
}

// deliveryJSON is a delivery as --json prints it.
type deliveryJSON struct {
	Phone     string `json:"phone"`
	Name      string `json:"name"`
	State     string `json:"state"`
	MessageID string `json:"message_id"` // empty until it was first tried
	reasonJSON
	Text    string `json:"text"`              // empty until it was first tried
	Variant string `json:"variant,omitempty"` // which of the texts of the campaign: A, B…; not there: it has one
	Answer  string `json:"answer,omitempty"`  // what they wrote within a week, a line for each message
	Deleted string `json:"deleted,omitempty"` // when it was deleted for everyone
	Deletes string `json:"deletes,omitempty"` // of an undo: the id of the message that it deletes for everyone
}

func deliveryObject(camp campaign.Campaign, d campaign.Delivery) deliveryJSON {
	variant := ""
	if len(camp.Variants) > 0 {
		variant = campaign.VariantName(d.Variant)
	}
	return deliveryJSON{string(d.Phone), d.Name, d.State.String(), string(d.Message), reasonObject(d.Reason), d.Text, variant, d.Answer, stamp(d.RevokedAt), string(d.Revokes)}
}

func (c *call) campaignCommand() *cobra.Command {
	return c.group("campaign", "cmd_campaign", append(c.senderCommands(),
		c.newCommand(), c.editCampaignCommand(),
		c.about("check", "cmd_campaign_check", c.checkCampaign),
		c.about("rehearse", "cmd_campaign_rehearse", c.rehearseCampaign),
		c.startCommand(), c.countAboveCommand(),
		c.scheduleCommand(),
		c.change("unschedule", "cmd_campaign_unschedule",
			func(_ context.Context, o *owner, id campaign.ID) (campaign.Campaign, error) {
				return c.desk(o).Unschedule(id)
			}),
		c.change("pause", "cmd_campaign_pause",
			func(_ context.Context, o *owner, id campaign.ID) (campaign.Campaign, error) {
				return c.desk(o).Pause(id)
			}),
		c.change("resume", "cmd_campaign_resume",
			func(_ context.Context, o *owner, id campaign.ID) (campaign.Campaign, error) {
				return c.desk(o).Resume(id)
			}),
		c.change("cancel", "cmd_campaign_cancel",
			func(_ context.Context, o *owner, id campaign.ID) (campaign.Campaign, error) {
				return c.desk(o).Cancel(id)
			}),
		c.about("show", "cmd_campaign_show", c.showCampaign),
		c.reportCommand(),
		c.deliveriesCommand(),
		c.repliesCommand(), c.answerCommand(), c.skipCommand(), c.retryCommand(), c.fixTextCommand(), c.undoCommand(),
		c.decideCommand(), c.testCommand(), c.followUpCommand(), c.duplicateCommand(), c.archiveCommand(), c.deleteCommand(), c.listCommand(),
	)...)
}

// about makes a command that prints something of one campaign.
func (c *call) about(name, short string, do func(context.Context, *owner, campaign.ID) error) *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   name + " ID",
		Short: c.t(short),
		Args:  c.exactArgs(1),
		RunE: c.run(func(ctx context.Context, args []string) error {
			id, err := campaign.ParseID(args[0])
			if err != nil {
				return c.fail(ExitUsage, "campaign_bad_id", "ID", args[0])
			}
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error { return do(ctx, o, id) })
		}),
	})
}

// change makes a command that writes a campaign's status. With --json it
// prints the campaign as it is then.
func (c *call) change(name, short string, write func(context.Context, *owner, campaign.ID) (campaign.Campaign, error)) *cobra.Command {
	return c.about(name, short, func(ctx context.Context, o *owner, id campaign.ID) error {
		if name == "start" {
			c.tell("campaign_start_notice")
		}
		written, err := write(ctx, o, id)
		if err != nil {
			return err
		}
		if c.json {
			return c.campaignObject(o, written, nil)
		}
		c.tell("campaign_status_is", "ID", written.ID, "Name", written.Name, "Status", c.status(written.Status))
		if written.Status == campaign.Scheduled {
			c.tellPlanned(&written)
		}
		if name == "pause" && written.Status == campaign.Freezing {
			c.tell("campaign_pause_when_ready")
		}
		return nil
	})
}

// start begins a campaign and waits until it is running. If that is
// interrupted, or the process killed, the book goes on by itself: what was
// begun is to happen, and there is a command to give it up.
func (c *call) start(ctx context.Context, o *owner, id campaign.ID) (campaign.Campaign, error) {
	book := o.parts.Book
	begun, err := c.desk(o).Begin(ctx, id, o.parts.Clock.Now())
	switch {
	case err != nil && ctx.Err() != nil:
		return begun, c.interrupted()
	case err != nil && begun.Status != campaign.Freezing: // one that was begun before is waited for
		return begun, err
	}
	stop := c.follow(book, func(j store.Job) bool { return j.Campaign == id })
	started, err := book.Started(ctx, id)
	stop()
	if errors.Is(err, store.ErrGoesOn) && ctx.Err() != nil {
		err = c.fail(ExitInterrupted,
			"campaign_start_interrupted", "ID", id, "Name", begun.Name)
	}
	return started, err
}

// follow shows at a terminal how far a work of the book is, until stop is
// called.
func (c *call) follow(book *store.Book, which func(store.Job) bool) (stop func()) {
	if !c.seen.Err {
		return func() {}
	}
	var drawing sync.WaitGroup
	done := make(chan struct{})
	drawing.Go(func() { // ends when stop closes done
		tick := time.NewTicker(drawEvery)
		defer tick.Stop()
		drawn := false
		for {
			select {
			case <-done:
				if drawn {
					c.write(c.env.Stderr, "\r\x1b[K")
				}
				return
			case <-tick.C:
			}
			jobs, err := book.Jobs()
			if at := slices.IndexFunc(jobs, which); err == nil && at >= 0 {
				drawn = true
				text := c.t("campaign_start_progress", "Done", jobs[at].Done, "Total", jobs[at].Total)
				if jobs[at].Names > 0 {
					text = c.t("wizard_naming", "Done", jobs[at].Named, "Total", jobs[at].Names)
				}
				c.write(c.env.Stderr, "\r\x1b[K"+text)
			}
		}
	})
	return func() {
		close(done)
		drawing.Wait()
	}
}

// status is the word for a status in the caller's language.
func (c *call) status(s campaign.Status) string {
	switch s {
	case campaign.Draft:
		return c.t("status_draft")
	case campaign.Scheduled:
		return c.t("status_scheduled")
	case campaign.Freezing:
		return c.t("status_freezing")
	case campaign.Running:
		return c.t("status_running")
	case campaign.Paused:
		return c.t("status_paused")
	case campaign.Finished:
		return c.t("status_finished")
	case campaign.Cancelled:
		return c.t("status_cancelled")
	}
	return s.String()
}

func (c *call) campaignObject(o *owner, camp campaign.Campaign, forecast *forecastJSON) error {
	out, err := campaignOf(o, camp)
	if err != nil {
		return err
	}
	out.Forecast = forecast
	return c.object(out)
}

// campaignOf makes the JSON of a campaign.
func campaignOf(o *owner, camp campaign.Campaign) (campaignJSON, error) {
	out := campaignJSON{
		ID: camp.ID, Name: camp.Name, Status: camp.Status.String(),
		TestOf: camp.TestOf, AnswerTo: camp.AnswerTo, RevokeOf: camp.RevokeOf, FollowUp: camp.FollowUp, Archived: camp.Archived, Fixed: stamp(camp.TextFixed), Silent: camp.Silent, Consents: camp.Consented, At: stamp(camp.Planned()), Canary: camp.Canary, Basis: camp.Basis,
	}
	if !camp.Reason.IsZero() {
		why := reasonObject(camp.Reason)
		out.reasonJSON = &why
	}
	if len(camp.Variants) > 0 {
		out.Variants = len(camp.Texts())
	}
	out.Poll = camp.Options()
	if camp.Confirms != 0 {
		n, err := o.parts.Book.Number(camp.Confirms)
		if err != nil {
			return out, err
		}
		out.Confirms = n.Name
	}
	var err error
	if out.Stops, err = stopsOf(o, &camp); err != nil {
		return out, err
	}
	for _, s := range out.Stops {
		out.Stopped = append(out.Stopped, s.Number)
	}
	counts, err := o.parts.Book.Counts(camp.ID)
	if err != nil {
		return out, err
	}
	out.Counts = countsOf(counts)
	if camp.Status == campaign.Freezing {
		freeze, err := o.parts.Book.Freeze(camp.ID)
		if err != nil {
			return out, err
		}
		out.Freezing = &workJSON{freeze.Done, freeze.Total}
	}
	if a := camp.Attachment; a != nil {
		out.Attachment = &attachmentJSON{string(a.Kind), a.Name, a.Type, a.Size, a.SHA256}
	}
	return out, nil
}

func (c *call) showCampaign(ctx context.Context, o *owner, id campaign.ID) error {
	camp, err := o.parts.Book.Campaign(id)
	if err != nil {
		return err
	}
	var forecast *forecastJSON
	if camp.Status == campaign.Running || camp.Status == campaign.Paused {
		f, err := o.parts.Book.Forecast(ctx, id, o.parts.Clock.Now())
		if err != nil {
			return err
		}
		forecast = forecastObject(f)
	}
	if c.json {
		return c.campaignObject(o, camp, forecast)
	}
	counts, err := o.parts.Book.Counts(id)
	if err != nil {
		return err
	}
	rows := [][]string{
		{"id", camp.ID.String()}, {"name", camp.Name}, {"status", camp.Status.String()},
		{"reason", words.English(camp.Reason)}, {"to", camp.To}, {"pace", camp.Pace.Limits().String()}, {"text", camp.Text},
	}
	for i, text := range camp.Variants {
		rows = append(rows, []string{"text " + campaign.VariantName(uint8(i+1)), text})
	}
	for _, o := range camp.Options() {
		rows = append(rows, []string{"option", o})
	}
	for _, one := range [][]string{{"at", stamp(camp.Planned())}, {"basis", string(camp.Basis)}, {"text_fixed", stamp(camp.TextFixed)}} {
		if one[1] != "" {
			rows = append(rows, one)
		}
	}
	stops, err := stopsOf(o, &camp)
	if err != nil {
		return err
	}
	for _, s := range stops {
		rows = append(rows, []string{"stopped", s.Number})
	}
	if camp.Consented {
		rows = append(rows, []string{"require_consent", "yes"})
	}
	if camp.Canary > 0 {
		rows = append(rows, []string{"canary", strconv.Itoa(camp.Canary)})
	}
	if a := camp.Attachment; a != nil {
		rows = append(rows, []string{"attachment", string(a.Kind), a.Name, a.Type, strconv.FormatInt(a.Size, 10), a.SHA256})
	}
	for state := range campaign.State(campaign.NumStates) {
		rows = append(rows, []string{state.String(), strconv.Itoa(counts[state])})
	}
	if camp.Status == campaign.Freezing {
		freeze, err := o.parts.Book.Freeze(id)
		if err != nil {
			return err
		}
		rows = append(rows, []string{"freezing", strconv.Itoa(freeze.Done), strconv.Itoa(freeze.Total)})
	}
	if camp.Status == campaign.Running {
		for number, hold := range o.parts.Book.Holds() {
			if hold.Reason != "" {
				rows = append(rows, []string{fmt.Sprintf("hold %d", number), words.English(reason.New(hold.Reason)), stamp(hold.Until), whose(hold)})
			}
		}
	}
	if f := forecast; f != nil {
		rows = append(rows, []string{"starts", f.Starts}, []string{"ends", f.Ends},
			[]string{"stuck", strconv.Itoa(f.Stuck)}, []string{"binds", f.Binds.Limit, f.Binds.Whose})
	}
	for _, row := range rows {
		if err := c.line(row...); err != nil {
			return err
		}
	}
	return nil
}

// whose names whose limit holds: the number's, or that of a campaign; empty if
// it is none of ours. Of a wait it names the number that is waited for.
func whose(h campaign.Hold) string {
	switch {
	case h.Number != 0:
		return fmt.Sprintf("number %d", h.Number)
	case !h.Paced():
		return ""
	case h.Campaign != 0:
		return "campaign " + h.Campaign.String()
	}
	return "number"
}

func (c *call) listCommand() *cobra.Command {
	var archived bool
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "list",
		Short: c.t("cmd_campaign_list"),
		Args:  c.noArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error { return c.listCampaigns(o, archived) })
		}),
	})
	cmd.Flags().BoolVar(&archived, "archived", false, c.t("flag_list_archived"))
	return cmd
}

// listCampaigns prints the campaigns, or those that are archived.
func (c *call) listCampaigns(o *owner, archived bool) error {
	campaigns, err := o.parts.Book.Campaigns()
	if err != nil {
		return err
	}
	for _, camp := range campaigns {
		if camp.Archived != archived {
			continue
		}
		if c.json {
			err = c.campaignObject(o, camp, nil)
		} else {
			var done, total int
			if done, total, err = howFar(o.parts.Book, camp); err == nil {
				err = c.line(camp.ID.String(), camp.Name, camp.Status.String(), fmt.Sprintf("%d/%d", done, total))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// howFar is for how many people of a campaign everything is done, or while it is
// freezing, how many it has, of how many.
func howFar(book *store.Book, camp campaign.Campaign) (done, total int, err error) {
	if camp.Status == campaign.Freezing {
		freeze, err := book.Freeze(camp.ID)
		return freeze.Done, freeze.Total, err
	}
	counts, err := book.Counts(camp.ID)
	return counts.Done(), counts.Total(), err
}
