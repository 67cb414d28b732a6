package tui

import (
	"slices"

	"recado/campaign"
	"recado/campaign/reason"
)

// senders are the numbers that would send: the chosen ones, or every linked
// one if none is chosen.
func (c *composer) senders() []campaign.Number {
	some := slices.ContainsFunc(c.numbers, func(n campaign.Number) bool { return c.chosen[n.ID] })
	var senders []campaign.Number
	for _, n := range c.numbers {
		if n.Linked() && (c.chosen[n.ID] || !some) {
			senders = append(senders, n)
		}
	}
	return senders
}

// paceNow is the campaign's own pace as it is typed.
func (c *composer) paceNow() (campaign.Pace, error) {
	return campaign.ParsePace(campaign.Pace{}, c.pace.value())
}

// sameSender reports whether two records of a number say the same of how it
// would send.
func sameSender(a, b campaign.Number) bool {
	return a.ID == b.ID && a.JID == b.JID && a.Limits == b.Limits &&
		a.Standing.State == b.Standing.State && a.Standing.Until.Equal(b.Standing.Until)
}

// offline reports whether none of the numbers that would send is connected.
func (c *composer) offline() bool {
	senders := c.senders()
	return len(senders) > 0 && !slices.ContainsFunc(senders, func(n campaign.Number) bool {
		return c.holds[n.ID].Reason != reason.HoldOffline
	})
}

// overruled says which of its own limits have no effect, and beside which
// number.
func (c *composer) overruled() (names []string, number string) {
	pace, err := c.paceNow()
	if err != nil {
		return nil, ""
	}
	for _, n := range c.senders() {
		if names := pace.Overruled(n.Pace(c.e.now())); len(names) > 0 {
			return names, n.Name
		}
	}
	return nil, ""
}

// shut is the number that never may send when the campaign may; empty: none.
func (c *composer) shut() string {
	pace, err := c.paceNow()
	if err != nil {
		return ""
	}
	for _, n := range c.senders() {
		if n.Pace(c.e.now()).Tightest(pace).Hours.Shut {
			return n.Name
		}
	}
	return ""
}

// paces says the pace that will hold, once if it is the same for every number.
func (c *composer) paces() []string {
	pace, err := c.paceNow()
	if err != nil {
		return nil
	}
	var said, texts []string
	for _, n := range c.senders() {
		text := c.e.paceWords(n.Pace(c.e.now()).Tightest(pace))
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
		said = append(said, c.e.clean(n.Name)+": "+text)
	}
	switch {
	case len(texts) == 1:
		return texts
	case len(texts) > 1:
		return said
	case pace == (campaign.Pace{}):
		return nil
	}
	return []string{c.e.paceWords(pace)}
}
