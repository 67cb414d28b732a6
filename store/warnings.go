package store

import (
	"slices"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
)

// From when on a preflight warns.
const (
	warnNewChats = 5                  // new chats, if they are more than half of all
	warnLinked   = 7 * 24 * time.Hour // since a number was linked
)

// warnings are what a person should know of a draft before it starts, now; days
// are counted from today, when it is said.
func (p *Preflight) warnings(c *campaign.Campaign, now, today time.Time) (all []reason.Reason) {
	warn := func(code reason.Code, args ...any) { all = append(all, reason.New(code, args...)) }
	var unfilled []string
	told := true
	for _, text := range c.Texts() {
		for _, one := range campaign.Unfilled(text) {
			if !slices.Contains(unfilled, one) {
				unfilled = append(unfilled, one)
			}
		}
		told = told && c.OffersOptOut(text)
	}
	for _, one := range unfilled {
		warn(reason.WarnUnfilled, one)
	}
	for _, l := range p.Lacking {
		warn(reason.WarnLacking, reason.Plain("{"+l.Field+"}"), l.Count, l.Who)
	}
	if !told && c.NoLeave == "" {
		warn(reason.WarnNoOptOut)
	}
	if p.MustConsent && !c.Consented && !c.Aside() {
		warn(reason.WarnNoConsent)
	}
	if c.Basis == "" {
		warn(reason.WarnNoBasis)
	}
	if p.NewChats >= warnNewChats && 2*p.NewChats > p.Receive {
		warn(reason.WarnNewChats, p.NewChats, p.Receive)
	}
	for _, s := range p.Senders {
		n := s.Number
		switch n.Standing.State {
		case campaign.Banned:
			warn(reason.WarnBanned, n.Name)
		case campaign.Blocked, campaign.LoggedOut, campaign.Outdated:
			warn(reason.WarnNeedsYou, n.Name)
		}
		if n.Standing.Closed.After(now) {
			warn(reason.WarnClosed, n.Name, n.Standing.Closed)
		}
		if n.Linked() && now.Sub(n.LinkedAt) < warnLinked {
			warn(reason.WarnNumberNew, n.Name, daysAgo(n.LinkedAt, today))
		}
		if s.Hold.Reason == reason.HoldOffline {
			warn(reason.WarnOffline, n.Name)
		}
		if len(s.Overruled) > 0 {
			warn(reason.WarnOverruled, n.Name, reason.Plain(strings.Join(s.Overruled, ", ")))
		}
	}
	if p.Forecast.Stuck > 0 {
		warn(reason.WarnStuck, p.Forecast.Stuck)
	}
	return all
}

// daysAgo says how long ago something was, as people count days: what was late
// last night was yesterday.
func daysAgo(then, now time.Time) reason.Reason {
	day := func(t time.Time) time.Time {
		y, m, d := t.In(now.Location()).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	switch days := int(day(now).Sub(day(then)) / (24 * time.Hour)); {
	case days <= 0:
		return reason.New(reason.AgoToday)
	case days == 1:
		return reason.New(reason.AgoYesterday)
	default:
		return reason.New(reason.AgoDays, days)
	}
}
