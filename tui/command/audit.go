package command

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign/people"
	"recado/store"
)

// auditPage is how many entries are in memory at a time.
const auditPage = 500

// auditJSON is one deed as `audit --json` prints it.
type auditJSON struct {
	ID      uint64         `json:"id"`
	At      string         `json:"at"`
	Ended   string         `json:"ended"` // empty: it goes on
	Who     string         `json:"who"`   // the user of the system; "recado": the program by itself
	Role    string         `json:"role"`
	From    string         `json:"from"` // "terminal", "command"; empty: the program by itself
	Verb    string         `json:"verb"`
	Kind    string         `json:"kind"` // what it was done to: "number", "contact", "contacts", "list", "campaign", "delivery", "file"
	Target  string         `json:"target"`
	Name    string         `json:"name"`
	Before  store.Values   `json:"before"` // never null, like those that follow
	After   store.Values   `json:"after"`
	Counts  map[string]int `json:"counts"`
	Outcome string         `json:"outcome"` // "done", "asked" (it goes on), "failed"
	reasonJSON
}

func auditObject(e *store.Entry) auditJSON {
	one := auditJSON{
		ID: e.ID, At: stamp(e.At), Ended: stamp(e.Ended),
		Who: e.Actor.Name, Role: e.Actor.Role.String(), From: e.Actor.From,
		Verb: string(e.Verb), Kind: e.Kind, Target: e.Target, Name: e.Name,
		Before: e.Before, After: e.After, Counts: e.Counts,
		Outcome: e.Outcome.String(), reasonJSON: reasonObject(e.Why),
	}
	if one.Before == nil {
		one.Before = store.Values{}
	}
	if one.After == nil {
		one.After = store.Values{}
	}
	if one.Counts == nil {
		one.Counts = map[string]int{}
	}
	return one
}

func (c *call) auditCommand() *cobra.Command {
	var since string
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "audit [" + c.t("arg_words") + "]",
		Short: c.t("cmd_audit"),
		Long:  c.t("cmd_audit_long"),
		Args:  cobra.ArbitraryArgs,
		RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				from, err := c.sinceWhen(since, o.parts.Clock.Now())
				if err != nil {
					return err
				}
				return c.gathered(func() error { return c.showAudit(ctx, o.parts.Book, from, args) })
			})
		}),
	})
	cmd.Flags().StringVar(&since, "since", "", c.t("flag_since"))
	return cmd
}

// sinceWhen reads a date (2026-11-28), or how long ago something was (36h, 7d).
func (c *call) sinceWhen(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, now.Location()); err == nil {
		return day, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, c.fail(ExitUsage, "audit_since", "Since", text)
}

// showAudit lists what was done since then, the newest last. All words must be
// in an entry, see [store.Entry.Concerns].
func (c *call) showAudit(ctx context.Context, book *store.Book, since time.Time, wanted []string) error {
	for i, word := range wanted {
		wanted[i] = people.Fold(word)
	}
	for after := uint64(0); ; {
		entries, err := book.Audit(after, auditPage)
		if err != nil || len(entries) == 0 {
			return err
		}
		for i := range entries {
			e := &entries[i]
			last := e.At // the saves of a draft are one entry
			if e.Ended.After(last) {
				last = e.Ended
			}
			if after = e.ID; last.Before(since) || !e.Concerns(wanted, c.tongue.Verb(string(e.Verb)), c.tongue.Kind(e.Kind)) {
				continue
			}
			if ctx.Err() != nil {
				return c.interrupted()
			}
			if err := c.sayEntry(e); err != nil {
				return err
			}
		}
	}
}

// sayEntry prints one entry.
func (c *call) sayEntry(e *store.Entry) error {
	if c.json {
		return c.object(auditObject(e))
	}
	what := e.Name
	if what == "" {
		what = e.Target
	}
	w := c.tongue
	return c.line(stamp(e.At), e.Actor.Name, w.From(e.Actor.From), w.Verb(string(e.Verb)), w.Kind(e.Kind)+" "+what,
		strings.Join(append(w.Changes(e.Kind, e.Before, e.After), w.Counts(e.Counts)...), ", "), w.Ended(e.Outcome.String()), c.because(e.Why))
}
