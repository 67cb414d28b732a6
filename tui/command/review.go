package command

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store"
)

// checkJSON is what would become of a draft if it were started, as --json prints
// it. Times are RFC 3339, empty when there is none.
type checkJSON struct {
	ID       campaign.ID         `json:"id"`
	Name     string              `json:"name"`
	Status   string              `json:"status"`
	Leaves   bool                `json:"leaves"`         // something would really leave
	Poll     []string            `json:"poll,omitempty"` // the options of the poll that it is
	Receive  int                 `json:"receive"`
	LeftOut  map[reason.Code]int `json:"left_out"`
	NewChats int                 `json:"new_chats"` // of those who receive
	Stuck    int                 `json:"stuck"`     // of those, how many it does not leave to before somebody does something
	Starts   string              `json:"starts"`
	Ends     string              `json:"ends"`
	Binds    bindsJSON           `json:"binds"`
	Days     []dayJSON           `json:"days"`
	After    int                 `json:"pauses_after,omitempty"` // it pauses after so many messages and asks; not there: it does not
	Asks     string              `json:"pauses_at,omitempty"`    // about when that is
	Stops    []reasonJSON        `json:"stops"`                  // why it cannot be started
	Warnings []reasonJSON        `json:"warnings"`               // what to know before it is
}

func reasonObjects(reasons []reason.Reason) []reasonJSON {
	all := make([]reasonJSON, len(reasons))
	for i, r := range reasons {
		all[i] = reasonObject(r)
	}
	return all
}

// checkCampaign says what would become of a draft. That it cannot be started, or
// that nothing would leave, is an error.
func (c *call) checkCampaign(ctx context.Context, o *owner, id campaign.ID) error {
	draft, err := o.parts.Book.Campaign(id)
	if err != nil {
		return err
	}
	if !draft.Unstarted() {
		return c.fail(ExitRefused, "check_started", "ID", id, "Name", draft.Name, "Status", c.status(draft.Status))
	}
	lacks, now := draft.Lacks(), o.parts.Clock.Now()
	p, err := o.parts.Book.Preflight(ctx, draft, now)
	if err != nil && (len(lacks) == 0 || ctx.Err() != nil) { // what cannot be read is said below
		return err
	}
	if p.LeftOut == nil {
		p.LeftOut = map[reason.Code]int{}
	}
	var stops []reason.Reason
	for _, l := range slices.Concat(lacks, p.Stops) {
		stops = append(stops, reason.Of(l))
	}
	leaves := p.Leaves(lacks)
	if c.json {
		f := forecastObject(p.Forecast)
		err = c.object(checkJSON{
			ID: id, Name: draft.Name, Status: draft.Status.String(), Leaves: leaves, Poll: draft.Options(),
			Receive: p.Receive, LeftOut: p.LeftOut, NewChats: p.NewChats, Stuck: f.Stuck,
			Starts: f.Starts, Ends: f.Ends, Binds: f.Binds, Days: f.Days, After: f.PausesAfter, Asks: f.PausesAt, Stops: reasonObjects(stops), Warnings: reasonObjects(p.Warnings),
		})
	} else {
		err = c.print(clean(strings.Join(c.checkLines(draft, p, stops, now), "\n")) + "\n")
	}
	if err == nil && !leaves {
		err = c.fail(ExitRefused, "check_not_ready", "ID", id, "Name", draft.Name)
	}
	return err
}

// checkLines are a check for a person to read.
func (c *call) checkLines(draft campaign.Campaign, p store.Preflight, stops []reason.Reason, now time.Time) []string {
	lines := []string{draft.Name + " · " + c.status(draft.Status)}
	for _, s := range p.Senders {
		lines = append(lines, c.t("new_sends_with", "Name", s.Number.Name, "Pace", s.Pace))
	}
	for _, o := range draft.Options() {
		lines = append(lines, c.t("check_option", "Option", o))
	}
	if p.Receive > 0 {
		lines = append(lines, c.t("new_receive", "Receive", p.Receive, "Forecast", c.forecast(p.Forecast)))
		var days []string
		for _, d := range p.Forecast.Days {
			days = append(days, c.t("check_day", "Day", c.tongue.Day(d.Date, now), "Count", c.tongue.Number(d.Count)))
		}
		lines = append(lines, strings.Join(days, " · "), c.n("check_new_chats", p.NewChats, "Percent", p.NewChats*100/p.Receive))
	}
	for _, why := range slices.Sorted(maps.Keys(p.LeftOut)) {
		lines = append(lines, c.n("check_left_out", p.LeftOut[why], "Why", c.because(reason.New(why))))
	}
	for _, why := range stops {
		lines = append(lines, c.t("new_cannot_start", "Why", c.because(why)))
	}
	for _, why := range p.Warnings {
		lines = append(lines, c.t("check_warning", "Why", c.because(why)))
	}
	return lines
}
