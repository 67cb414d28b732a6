package command

import (
	"context"
	"strings"
	"time"

	"recado/campaign"
)

// rehearsalJSON is a campaign walked through the calendar, as --json prints it.
// Times are RFC 3339, empty when there is none.
type rehearsalJSON struct {
	ID     campaign.ID `json:"id"`
	Name   string      `json:"name"`
	Status string      `json:"status"`
	*forecastJSON
	Hours []hourJSON `json:"hours"` // the first first; of each number as many as sixty days have
	Whole bool       `json:"whole"` // the hours go on until all has left that does leave
}

// hourJSON is what a number sends in an hour of the clock, or nothing until it
// sends again.
type hourJSON struct {
	From   string    `json:"from"`
	To     string    `json:"to"` // excluded; empty: nothing more leaves before somebody does something
	Number string    `json:"number"`
	Count  int       `json:"count"`
	Binds  bindsJSON `json:"binds"` // what held longest in it
}

// rehearseCampaign says hour by hour what would leave from which number, and
// what holds the rest. Of a draft that cannot be started it is refused: check
// says why.
func (c *call) rehearseCampaign(ctx context.Context, o *owner, id campaign.ID) error {
	camp, err := o.parts.Book.Campaign(id)
	if err != nil {
		return err
	}
	if camp.Unstarted() && len(camp.Lacks()) > 0 {
		return c.fail(ExitRefused, "rehearse_not_ready", "ID", id, "Name", camp.Name)
	}
	now := o.parts.Clock.Now()
	f, err := o.parts.Book.Rehearse(ctx, id, now)
	if err != nil {
		return err
	}
	numbers, err := o.parts.Book.Numbers()
	if err != nil {
		return err
	}
	names := make(map[campaign.NumberID]string)
	for _, n := range numbers {
		names[n.ID] = n.Name
	}
	if c.json {
		out := rehearsalJSON{ID: id, Name: camp.Name, Status: camp.Status.String(), forecastJSON: forecastObject(f), Hours: make([]hourJSON, len(f.Hours)), Whole: f.Rehearsed()}
		for i, h := range f.Hours {
			out.Hours[i] = hourJSON{stamp(h.From), stamp(h.To), names[h.Number], h.Count, bindsObject(h.Binds)}
		}
		return c.object(out)
	}
	lines := []string{camp.Name + " · " + c.status(camp.Status)}
	if f.Left == 0 {
		lines = append(lines, c.t("rehearse_none"))
	} else {
		lines = append(lines, c.forecast(f))
	}
	for _, h := range f.Hours {
		lines = append(lines, c.hour(h, names[h.Number], now))
	}
	if !f.Rehearsed() {
		lines = append(lines, c.t("rehearse_more"))
	}
	return c.print(clean(strings.Join(lines, "\n")) + "\n")
}

// hour is a line of a rehearsal for a person to read.
func (c *call) hour(h campaign.Hour, name string, now time.Time) string {
	when, what := c.tongue.Hour(h, now)
	line := c.t("rehearse_line", "Time", when, "Name", name, "Count", what)
	if why := c.holds(h.Binds); why != "" {
		line += " · " + why
	}
	return line
}
