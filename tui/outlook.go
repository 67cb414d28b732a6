package tui

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/reason"
)

// outlook is the forecast of a campaign that is being sent. It costs a walk
// through its queue, so it is asked for again only once in a while, or when
// somebody has changed something about the campaign or its numbers.
type outlook struct {
	e        *env
	of       string // what it was made of
	made     time.Time
	forecast campaign.Forecast
	known    bool
	question question
}

// outlookEvery is for how long a forecast is good.
const outlookEvery = 10 * time.Second

// outlookMadeMsg answers outlook.ask.
type outlookMadeMsg struct {
	question int
	of       string
	made     time.Time
	forecast campaign.Forecast
	err      error
}

// ask makes the forecast of a campaign, if the one there is does not do.
func (o *outlook) ask(c campaign.Campaign, numbers []campaign.Number) tea.Cmd {
	of := c.ID.String() + " " + c.Status.String() + " " + c.Pace.String()
	for _, n := range numbers {
		if slices.Contains(c.Numbers, n.ID) {
			of += " " + n.Standing.State.String() + " " + n.Limits.String()
		}
	}
	now := o.e.now()
	if o.of != of {
		o.known = false
	} else if now.Sub(o.made) < outlookEvery {
		return nil
	}
	if c.Status != campaign.Running && c.Status != campaign.Paused {
		o.known = false
		return nil
	}
	id, ok := o.question.ask(o.e)
	if !ok {
		return nil
	}
	o.of, o.made = of, now
	book, ctx := o.e.app.Book, o.e.ctx
	return func() tea.Msg {
		f, err := book.Forecast(ctx, c.ID, now)
		return outlookMadeMsg{id, of, now, f, err}
	}
}

// update takes the answer.
func (o *outlook) update(msg outlookMadeMsg) {
	if mine, _ := o.question.answered(msg.question); mine && msg.of == o.of && msg.err == nil {
		o.forecast, o.known = msg.forecast, true
	}
}

// sayForecast says when the campaign of that id ends, what makes it last, and
// what does not leave at all.
func (e *env) sayForecast(f campaign.Forecast, id campaign.ID) string {
	var parts []string
	if f.Left == 0 {
		return ""
	}
	if !f.Ends.IsZero() {
		now := e.now()
		if f.Starts.Sub(now) > soon {
			parts = append(parts, e.t("forecast_starts", "Time", e.words.Moment(f.Starts, now)))
		}
		if until := f.Ends.Sub(now); until < 24*time.Hour {
			parts = append(parts, e.t("forecast_ends", "Time", e.words.Moment(f.Ends, now), "Wait", e.words.Duration(until)))
		} else {
			parts = append(parts, e.words.n("forecast_ends_day", int(until/(24*time.Hour)), "Day", e.words.Day(f.Ends, now)))
		}
		if f.Tries > 0 {
			parts = append(parts, e.words.n("forecast_asks", f.Tries, "Time", e.words.Moment(f.Asks, now)))
		}
	}
	why := e.words.hold(f.Binds, id)
	switch {
	case f.Stuck == f.Left:
		parts = append(parts, e.t("forecast_stuck", "Why", why))
	case f.Stuck > 0:
		parts = append(parts, e.words.n("forecast_some_stuck", f.Stuck))
	case f.Binds.Reason != "" && f.Binds.Reason != reason.HoldRetry:
		parts = append(parts, e.t("forecast_binds", "Why", why))
	}
	return strings.Join(parts, " · ")
}

// campaignState says what a campaign does: one that runs while none of its
// numbers sends anything is not sending.
func (e *env) campaignState(c campaign.Campaign, numbers []campaign.Number, holds map[campaign.NumberID]campaign.Hold) (ink, string) {
	sign := e.theme.campaign(c.Status)
	if c.Status == campaign.Running {
		if waits := asleep(c, numbers, holds, e.now()); waits != "" {
			return e.theme.warn, "◷ " + e.t(waits)
		}
	}
	if c.Ready() {
		return sign.ink, sign.symbol + " " + e.t("status_ready")
	}
	return sign.ink, sign.symbol + " " + e.t(sign.word)
}

// asleep is what a campaign that runs waits for when none of its numbers sends
// anything now, as the id of a text; empty: one of them does.
func asleep(c campaign.Campaign, numbers []campaign.Number, holds map[campaign.NumberID]campaign.Hold, now time.Time) string {
	waits := "state_stopped"
	for _, n := range numbers {
		if !slices.Contains(c.Numbers, n.ID) || stopped(n) {
			continue
		}
		hold, asked := holds[n.ID]
		switch {
		case !asked || hold.Reason == reason.HoldEmpty:
			if waits == "state_stopped" {
				waits = "state_waiting"
			}
		case hold.Reason == reason.HoldOffline || hold.Reason == reason.HoldSyncing:
			waits = "state_offline"
		case hold.Until.Sub(now) > soon, hold.Reason == reason.HoldShut, hold.Reason == reason.HoldDisk, hold.Reason == reason.HoldRefused, hold.Reason == reason.HoldSilent:
			waits = "state_waiting"
		default:
			return ""
		}
	}
	return waits
}

// soon is how long a number may be held and its campaign still be said to be
// on its way: any gap between two messages is shorter.
const soon = 5 * time.Minute
