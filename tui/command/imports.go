package command

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// importsPage is how many imports are in memory at a time.
const importsPage = 500

// importRecordJSON is an import as `imports --json` prints it.
type importRecordJSON struct {
	ID       people.ImportID `json:"id"`
	At       string          `json:"at"`
	Ended    string          `json:"ended"` // empty: it goes on
	Who      string          `json:"who"`
	From     string          `json:"from"` // "terminal", "command"
	File     string          `json:"file"`
	Policy   string          `json:"policy"` // update, skip, replace
	Tags     []string        `json:"tags"`   // that everybody in it got; never null
	Consent  *consentJSON    `json:"consent,omitempty"`
	Added    int             `json:"added"`
	Updated  int             `json:"updated"`
	Same     int             `json:"same"`
	Bad      int             `json:"bad"`
	OptOuts  int             `json:"opted_out,omitempty"`
	Doubts   int             `json:"doubts,omitempty"`
	State    string          `json:"state"` // running, done, undoing, undone, cancelled
	Undoable bool            `json:"undoable"`
	Undone   *undoneJSON     `json:"undone,omitempty"`
}

// undoneJSON is what the undo of an import did.
type undoneJSON struct {
	At       string              `json:"at"` // empty: it was stopped, or goes on
	Who      string              `json:"who"`
	Removed  int                 `json:"removed"`
	Restored int                 `json:"restored"`
	OptOuts  int                 `json:"opted_out"` // that stay
	Kept     map[reason.Code]int `json:"kept"`      // of whom something stays, by why; never null
}

// policyNames are what commands call the policies.
var policyNames = map[store.Policy]string{store.Complete: "update", store.Skip: "skip", store.Replace: "replace"}

func importRecord(i *store.Import) importRecordJSON {
	r := &i.Report
	out := importRecordJSON{
		ID: i.ID, At: stamp(i.At), Ended: stamp(i.Ended), Who: i.By.Name, From: i.By.From, File: i.Source,
		Policy: policyNames[i.Policy], Tags: append([]string{}, i.Tags...),
		Added: r.Added, Updated: r.Updated, Same: r.Same, Bad: i.Bad + r.Full, OptOuts: r.Left, Doubts: r.Doubts,
		State: string(i.State), Undoable: i.Undoable(),
	}
	if i.Consent.Status != people.ConsentUnknown {
		given := consentObject(i.Consent)
		out.Consent = &given
	}
	if u := &i.Undone; u.By.Name != "" {
		out.Undone = &undoneJSON{stamp(u.At), u.By.Name, u.Removed, u.Restored, u.OptOuts, u.Kept}
		if u.Kept == nil {
			out.Undone.Kept = map[reason.Code]int{}
		}
	}
	return out
}

func (c *call) importsCommand() *cobra.Command {
	cmd := c.jsonFlag(&cobra.Command{
		Use:   "imports",
		Short: c.t("cmd_imports"),
		Long:  c.t("cmd_imports_long"),
		Args:  c.noArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				return c.gathered(func() error { return c.showImports(ctx, o.parts.Book) })
			})
		}),
	})
	var yes bool
	about := func(use, short string, do func(ctx context.Context, o *owner, id people.ImportID) error) *cobra.Command {
		return &cobra.Command{Use: use + " " + c.t("arg_import_id"), Short: c.t(short), Args: c.exactArgs(1), RunE: c.run(func(ctx context.Context, args []string) error {
			id, err := strconv.ParseUint(args[0], 10, 64)
			if err != nil {
				return c.fail(ExitUsage, "imports_bad_id", "ID", args[0])
			}
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error { return do(ctx, o, people.ImportID(id)) })
		})}
	}
	undo := c.jsonFlag(about("undo", "cmd_imports_undo", func(ctx context.Context, o *owner, id people.ImportID) error { return c.undoImport(ctx, o, id, yes) }))
	undo.Long = c.t("cmd_imports_undo_long")
	undo.Flags().BoolVar(&yes, "yes", false, c.t("flag_yes"))
	cmd.AddCommand(undo, about("cancel", "cmd_imports_cancel", c.cancelImport))
	return cmd
}

// showImports lists the imports, the last first.
func (c *call) showImports(ctx context.Context, book *store.Book) error {
	none := true
	for before := people.ImportID(0); ; {
		some, err := book.Imports(before, importsPage)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if len(some) == 0 {
			if none {
				c.tell("imports_none")
			}
			return nil
		}
		none = false
		for i := range some {
			one := &some[i]
			before = one.ID
			if c.json {
				err = c.object(importRecord(one))
			} else {
				r := &one.Report
				err = c.line(strconv.FormatUint(uint64(one.ID), 10), stamp(one.At), one.By.Name, one.Source, c.tongue.ImportState(string(one.State)),
					c.t("imports_counts", "Added", r.Added, "Updated", r.Updated, "Same", r.Same, "Bad", one.Bad+r.Full))
			}
			if err != nil {
				return err
			}
		}
	}
}

// importOf is the import of that id.
func (c *call) importOf(o *owner, id people.ImportID) (store.Import, error) {
	i, err := o.parts.Book.Import(id)
	if errors.Is(err, store.ErrNotFound) {
		err = c.fail(ExitNotFound, "imports_not_found", "ID", strconv.FormatUint(uint64(id), 10))
	}
	return i, err
}

// undoImport undoes an import as a whole.
func (c *call) undoImport(ctx context.Context, o *owner, id people.ImportID, yes bool) error {
	i, err := c.importOf(o, id)
	if err != nil {
		return err
	}
	if i.Undoable() { // else the desk says why not
		c.tell("imports_undo_detail", "File", i.Source, "Added", i.Made, "Updated", i.Changed)
		if err := c.confirm(ctx, yes, "imports_undo_ask"); err != nil {
			return err
		}
	}
	stop := c.follow(o.parts.Book, func(j store.Job) bool { return j.Kind == store.JobTakeBack && j.Import == id })
	i, err = c.desk(o).UndoImport(ctx, id)
	stop()
	switch {
	case errors.Is(err, context.Canceled) && errors.Is(err, store.ErrGoesOn):
		return c.importStopped(o, id)
	case err != nil:
		return err
	case c.json:
		return c.object(importRecord(&i))
	}
	u := &i.Undone
	c.tell("imports_undone", "Removed", u.Removed, "Restored", u.Restored, "Kept", u.KeptPeople())
	for _, why := range slices.Sorted(maps.Keys(u.Kept)) {
		c.tellN("imports_kept", u.Kept[why], "Why", c.because(reason.New(why)))
	}
	if u.OptOuts > 0 {
		c.tell("imports_optouts_stay", "People", u.OptOuts)
	}
	return nil
}

// cancelImport ends an import that goes on, or its undo.
func (c *call) cancelImport(_ context.Context, o *owner, id people.ImportID) error {
	if _, err := c.importOf(o, id); err != nil {
		return err
	}
	if err := c.desk(o).CancelImport(id); err != nil {
		return err
	}
	c.tell("imports_cancelled", "ID", strconv.FormatUint(uint64(id), 10))
	return nil
}

// importStopped ends what goes on of an import after a person has interrupted it, and
// says so.
func (c *call) importStopped(o *owner, id people.ImportID) error {
	err := c.desk(o).CancelImport(id)
	if err != nil && !errors.Is(err, store.ErrState) { // it has just ended
		return err
	}
	i, err := o.parts.Book.Import(id)
	if err != nil {
		return err
	}
	if i.Undone.By.Name != "" && !i.Undone.Cancel {
		return c.fail(ExitInterrupted, "imports_undo_stopped", "ID", strconv.FormatUint(uint64(id), 10))
	}
	return c.fail(ExitInterrupted, "imports_stopped", "File", i.Source)
}
