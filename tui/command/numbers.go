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
	Until string `json:"until"` // when it begins anew
}

// numberObject makes the JSON of a number.
func numberObject(s session.Status, now time.Time) numberJSON {
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
func (c *call) warn(s session.Status) {
	if !s.Unlinks.IsZero() {
		c.tell("%s: o celular não dá sinal desde %s: abra o WhatsApp nele até %s, ou o WhatsApp desvincula este número",
			"%s: the phone has given no sign since %s: open WhatsApp on it by %s, or WhatsApp unlinks this number",
			s.Number.Name, s.Number.Seen.Format(time.DateOnly), s.Unlinks.Format(time.DateOnly))
	}
	if !s.Reading.IsZero() {
		c.tell("%s: lendo o histórico do celular; nada é enviado antes, no máximo até %s",
			"%s: reading the phone's history; nothing is sent before, until %s at most", s.Number.Name, s.Reading.Format(time.TimeOnly))
	}
	if s.Missed {
		c.tell("%s: uma parte do histórico do celular não pôde ser lida a tempo: quem pediu para sair nela pode ainda receber mensagens",
			"%s: part of the phone's history could not be read in time: who opted out in it may still get messages", s.Number.Name)
	}
	if s.Outrun {
		c.tell("%s: os outros números já não esperam por este: quem pediu para sair a ele enquanto esteve fora pode ainda receber mensagens deles",
			"%s: the other numbers no longer wait for this one: who opted out to it while it was away may still get messages from them", s.Number.Name)
	}
	switch minutes := int(s.Skew.Abs().Round(time.Minute) / time.Minute); {
	case s.Skew > 0:
		c.tell("%s: o relógio deste computador está %d min adiantado em relação ao do WhatsApp: acerte-o",
			"%s: the clock of this computer is %d min ahead of WhatsApp's: set it", s.Number.Name, minutes)
	case s.Skew < 0:
		c.tell("%s: o relógio deste computador está %d min atrasado em relação ao do WhatsApp: acerte-o",
			"%s: the clock of this computer is %d min behind WhatsApp's: set it", s.Number.Name, minutes)
	}
}

func (c *call) numbersCommand() *cobra.Command {
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "numbers",
		Short: c.tongue.say("Lista os números e como cada um está", "List the numbers and how each one is"),
		Args:  cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error { return c.listNumbers(o) })
		}),
	})
	cmd.AddCommand(c.limitsCommand(), &cobra.Command{
		Use: "reconnect " + c.tongue.say("NOME", "NAME"),
		Short: c.tongue.say("Conecta de novo um número que parou à espera de uma pessoa",
			"Connect a number again that stopped and waits for a person"),
		Args: cobra.ExactArgs(1),
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
		return c.fail(ExitRefused, "%s não está vinculado: recado link --name %s",
			"%s is not linked: recado link --name %s", number.Name, word(number.Name))
	}
	pool, err := o.Pool(ctx)
	if err != nil {
		return err
	}
	ring, unhear := o.parts.Bell.Listen()
	defer unhear()
	begun := o.parts.Clock.Now()
	pool.Reconnect(number.ID)
	timer := time.NewTimer(reconnectWithin)
	defer timer.Stop()
	for {
		s, _ := statusOf(pool, number.ID)
		switch {
		case s.State == campaign.Online, s.State == campaign.Restricted:
			c.tell("%s: %s", "%s: %s", number.Name, c.state(s.State))
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
	statuses, err := o.statuses()
	if err != nil {
		return err
	}
	if len(statuses) == 0 {
		c.tell("nenhum número ainda; vincule um com: recado link", "no number yet; link one with: recado link")
	}
	for _, s := range statuses {
		c.warn(s)
		n := numberObject(s, o.parts.Clock.Now())
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
	if pool := o.Live(); pool != nil {
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
		s.Unlinks = session.Unlinks(n, o.parts.Clock.Now())
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
