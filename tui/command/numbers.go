package command

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/session"
)

// numberJSON is a number as --json prints it.
type numberJSON struct {
	Name   string `json:"name"`
	Phone  string `json:"phone"`
	State  string `json:"state"`
	Since  string `json:"since"` // RFC 3339
	Reason string `json:"reason"`
}

func (c *call) numbersCommand() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "numbers",
		Short: c.tongue.say("Lista os números e como cada um está", "List the numbers and how each one is"),
		Args:  cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error { return c.listNumbers(o) })
		}),
	})
}

func (c *call) listNumbers(o *owner) error {
	statuses, err := o.statuses()
	if err != nil {
		return err
	}
	if len(statuses) == 0 {
		c.tell("nenhum número ainda; conecte um com: recado link", "no number yet; link one with: recado link")
	}
	for _, s := range statuses {
		n := numberJSON{
			Name: s.Number.Name, Phone: string(s.Number.Phone), State: s.State.String(),
			Since: stamp(s.Since), Reason: s.Reason,
		}
		if c.json {
			err = c.object(n)
		} else {
			err = c.line(n.Name, n.Phone, n.State, n.Since, n.Reason)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// statuses is how every number is: live if something here has connected them,
// as the book last knew otherwise.
func (o *owner) statuses() ([]session.Status, error) {
	numbers, err := o.parts.Book.Numbers()
	if err != nil {
		return nil, err
	}
	live := make(map[campaign.NumberID]session.Status)
	if pool := o.live(); pool != nil {
		for _, s := range pool.Status() {
			live[s.Number.ID] = s
		}
	}
	statuses := make([]session.Status, len(numbers))
	for i, n := range numbers {
		s, ok := live[n.ID]
		if !ok {
			s = session.Status{State: n.Standing.State, Since: n.Standing.Since, Until: n.Standing.Until, Reason: n.Standing.Reason}
			if n.Linked() && passing(s.State) {
				s.State = campaign.Offline
			}
		}
		s.Number = n
		statuses[i] = s
	}
	slices.SortFunc(statuses, func(a, b session.Status) int { return cmp.Compare(a.Number.ID, b.Number.ID) })
	return statuses, nil
}

// passing reports whether a state means nothing once nobody keeps the number
// connected.
func passing(s campaign.NumberState) bool {
	switch s {
	case campaign.Unlinked, campaign.Linking, campaign.Connecting, campaign.Online, campaign.Offline:
		return true
	}
	return false
}

// stamp writes a time as data; a zero one is empty.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
