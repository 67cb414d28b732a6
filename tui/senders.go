package tui

import (
	"slices"

	"recado/campaign"
	"recado/store"
)

// senders are the numbers that would send what is written now.
func (c *composer) senders() []store.Sender {
	draft := campaign.Campaign{Numbers: c.picked()}
	draft.Pace, _ = c.paceNow()
	return store.Senders(c.numbers, c.holds, draft, c.e.now())
}

// picked are the numbers that are ticked.
func (c *composer) picked() (ids []campaign.NumberID) {
	for id, on := range c.chosen {
		if on {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
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
func (c *composer) offline() bool { return store.Offline(c.senders()) }

// overruled says which of its own limits have no effect, and beside which
// number.
func (c *composer) overruled() (names []string, number string) {
	for _, s := range c.senders() {
		if len(s.Overruled) > 0 {
			return s.Overruled, s.Number.Name
		}
	}
	return nil, ""
}

// shut is the number that never may send when the campaign may; empty: none.
func (c *composer) shut() string {
	for _, s := range c.senders() {
		if s.Shut {
			return s.Number.Name
		}
	}
	return ""
}

// paces says the pace that will hold, once if it is the same for every number.
func (c *composer) paces() []string {
	var said, texts []string
	for _, s := range c.senders() {
		text := c.e.paceWords(s.Pace)
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
		said = append(said, c.e.clean(s.Number.Name)+": "+text)
	}
	if len(texts) > 1 {
		return said
	} else if pace, err := c.paceNow(); len(texts) == 0 && err == nil && pace != (campaign.Pace{}) {
		return []string{c.e.paceWords(pace)}
	}
	return texts
}
