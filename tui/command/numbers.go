package command

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/session"
)

// numberJSON is a number as --json prints it. Times are RFC 3339, empty when
// there is none.
type numberJSON struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
	State string `json:"state"`
	Since string `json:"since"`
	reasonJSON

	Until     string     `json:"until"`              // when a ban or restriction ends, or the next try to connect
	Quota     *quotaJSON `json:"quota"`              // null: WhatsApp has not told
	PhoneSeen string     `json:"phone_seen"`         // when its phone last gave a sign of life
	Unlinks   string     `json:"unlinks"`            // when WhatsApp unlinks it, because the phone gives none
	Skew      int        `json:"clock_skew_seconds"` // how far the clock of this computer is ahead; 0 within two minutes
	Reading   string     `json:"reading_until"`      // until when at most nothing is sent because the phone's history is being read
	Missed    bool       `json:"history_missed"`     // part of it was not read in time: who opted out in it is not known
	Outrun    bool       `json:"outrun"`             // it has not heard what waits for it, and the other numbers go on
}

// quotaJSON is how many new chats a number may begin.
type quotaJSON struct {
	Total int    `json:"total"` // -1: as many as it likes
	Used  int    `json:"used"`
	Until string `json:"until"` // when it begins again
}

// numberObject makes the JSON of a number.
func numberObject(s session.Snapshot, now time.Time) numberJSON {
	n := numberJSON{
		Name: s.Number.Name, Phone: string(s.Number.Phone), State: s.State.String(), Since: stamp(s.Since), reasonJSON: reasonObject(s.Reason),
		Until: stamp(s.Until), PhoneSeen: stamp(s.Number.Seen), Unlinks: stamp(s.Unlinks), Skew: int(s.Skew / time.Second),
		Reading: stamp(s.Reading), Missed: s.Missed, Outrun: s.Outrun,
	}
	if q := s.Number.Quota; q.Current(now) {
		n.Quota = &quotaJSON{Total: max(q.Total, -1), Used: q.Used, Until: stamp(q.Until)}
	}
	return n
}

// warn says what will go wrong with a number if nobody sees to it.
func (c *call) warn(s session.Snapshot, now time.Time) {
	if !s.Unlinks.IsZero() {
		c.tell("numbers_quiet", "Name", s.Number.Name, "Since", c.tongue.Day(s.Number.Seen, now), "Until", c.tongue.Day(s.Unlinks, now))
	}
	if !s.Reading.IsZero() {
		c.tell("numbers_reading", "Name", s.Number.Name, "Time", s.Reading.Format(time.TimeOnly))
	}
	if s.Missed {
		c.tell("numbers_missed", "Name", s.Number.Name)
	}
	if s.Outrun {
		c.tell("numbers_outrun", "Name", s.Number.Name)
	}
	switch wait := s.Skew.Abs().Round(time.Minute); {
	case s.Skew > 0:
		c.tell("numbers_clock_ahead", "Name", s.Number.Name, "Wait", wait)
	case s.Skew < 0:
		c.tell("numbers_clock_behind", "Name", s.Number.Name, "Wait", wait)
	}
}

func (c *call) numbersCommand() *cobra.Command {
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "numbers",
		Short: c.t("cmd_numbers"),
		Args:  c.noArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error { return c.listNumbers(o) })
		}),
	})
	cmd.AddCommand(c.limitsCommand(), c.confirmationCommand(), &cobra.Command{
		Use:   "reconnect " + c.t("arg_name"),
		Short: c.t("cmd_numbers_reconnect"),
		Args:  c.exactArgs(1),
		RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, lasting, func(ctx context.Context, o *owner) error { return c.reconnect(ctx, o, args[0]) })
		}),
	})
	return cmd
}

// reconnectWithin is how long a number may take to come online again.
const reconnectWithin = time.Minute

// reconnect connects a number now and returns when it is online.
func (c *call) reconnect(ctx context.Context, o *owner, name string) error {
	number, err := c.numberNamed(o, name)
	if err != nil {
		return err
	}
	if !number.Linked() {
		return c.fail(ExitRefused, "numbers_not_linked", "Name", number.Name, "Quoted", word(number.Name))
	}
	pool, err := o.Pool(ctx)
	if err != nil {
		return err
	}
	ring, unhear := o.parts.Bell.Listen()
	defer unhear()
	begun := o.parts.Clock.Now()
	if err := c.desk(o).Reconnect(pool, number.ID); err != nil {
		return err
	}
	timer := time.NewTimer(reconnectWithin)
	defer timer.Stop()
	for {
		s, _ := snapshotOf(pool, number.ID)
		switch {
		case s.State == campaign.Online, s.State == campaign.Restricted:
			c.words("%s: %s\n", number.Name, c.state(s.State))
			return nil
		case over(s.State) && s.Since.After(begun), s.State == campaign.Banned && s.Until.After(begun):
			return c.linkFailure(s)
		}
		select {
		case <-ctx.Done():
			return c.interrupted()
		case <-ring:
		case <-timer.C:
			return c.linkFailure(s)
		}
	}
}

// word writes a name as a shell takes it.
func word(name string) string {
	if name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune("-_.+/", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		return name
	}
	return quoted(name)
}

// quoted is a text as a shell takes it for one word, whatever is in it.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func (c *call) listNumbers(o *owner) error {
	snapshots, err := o.snapshots()
	if err != nil {
		return err
	}
	if len(snapshots) == 0 {
		c.tell("numbers_none")
	}
	for _, s := range snapshots {
		now := o.parts.Clock.Now()
		c.warn(s, now)
		n := numberObject(s, now)
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

// snapshots is how every number is: live if something here has connected them,
// as the book last knew otherwise.
func (o *owner) snapshots() ([]session.Snapshot, error) {
	numbers, err := o.parts.Book.Numbers()
	if err != nil {
		return nil, err
	}
	live := make(map[campaign.NumberID]session.Snapshot)
	if pool := o.Live(); pool != nil {
		for _, s := range pool.Snapshots() {
			live[s.Number.ID] = s
		}
	}
	snapshots := make([]session.Snapshot, len(numbers))
	for i, n := range numbers {
		s, ok := live[n.ID]
		if !ok {
			s = session.Snapshot{State: n.Standing.State, Since: n.Standing.Since, Until: n.Standing.Until, Reason: n.Standing.Reason}
			if n.Linked() && passing(s.State) {
				s.State = campaign.Offline
			}
		}
		s.Number = n
		s.Unlinks = session.Unlinks(n, o.parts.Clock.Now())
		snapshots[i] = s
	}
	slices.SortFunc(snapshots, func(a, b session.Snapshot) int { return cmp.Compare(a.Number.ID, b.Number.ID) })
	return snapshots, nil
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
