package command

import (
	"cmp"
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign/files"
	"recado/campaign/people"
	"recado/store"
)

// suppressJSON is what a list of opt-outs changed, as --json prints it.
type suppressJSON struct {
	OptedOut int `json:"opted_out"` // people in the book who are opted out since
	Kept     int `json:"kept"`      // phones of nobody in the book, which are kept
	Same     int `json:"same"`
	Bad      int `json:"bad"` // rows without a phone
}

func (c *call) optoutsCommand() *cobra.Command {
	var out string
	var force bool
	export := &cobra.Command{
		Use: "export", Short: c.t("cmd_optouts_export"), Args: c.noArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			return c.toFile(out, force, func() error { return c.withOwner(ctx, brief, c.exportOptOuts) })
		}),
	}
	export.Flags().StringVar(&out, "out", "", c.t("flag_out"))
	export.Flags().BoolVar(&force, "force", false, c.t("flag_out_force"))
	bring := c.jsonFlag(&cobra.Command{
		Use: "import " + c.t("arg_import"), Short: c.t("cmd_optouts_import"), Long: c.t("cmd_optouts_import_long"), Args: c.exactArgs(1),
		RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error { return c.importOptOuts(ctx, o, args[0]) })
		}),
	})
	return c.group("optouts", "cmd_optouts", export, bring)
}

// atLID is behind the LID of somebody whose phone is not known, in the place of a
// phone.
const atLID = "@lid"

// exportOptOuts writes everybody who must not be written to.
func (c *call) exportOptOuts(ctx context.Context, o *owner) error {
	filter, err := people.ParseFilter("optout:sim")
	if err != nil {
		return err
	}
	ids, err := o.parts.Book.Find(ctx, filter)
	if err != nil {
		return err
	}
	n := 0
	err = c.gathered(func() error {
		to, err := files.NewWriter(files.CSV, c.page, nil)
		if err != nil {
			return err
		}
		put := func(phone people.Phone, lid string, at time.Time, why string) error {
			if phone == "" && lid != "" {
				phone = people.Phone(lid + atLID)
			}
			n++
			return to.Write(&people.Contact{Phone: phone, OptedOut: true, OptOutAt: at, OptOutWhy: why})
		}
		err = c.eachContact(ctx, o, ids, func(p *people.Contact) error { return put(p.BestPhone(), p.LID, p.OptOutAt, p.OptOutWhy) })
		for after := ""; err == nil; {
			var some []store.Suppressed
			if some, after, err = o.parts.Book.Suppressed(after, page); len(some) == 0 {
				break
			}
			for _, s := range some {
				if err = put(s.Phone, s.LID, s.At, s.Why); err != nil {
					break
				}
			}
		}
		if err != nil {
			return err
		}
		return to.Close()
	})
	if err == nil {
		c.tellN("export_done", n)
	}
	return err
}

// importOptOuts suppresses whoever stands in a file.
func (c *call) importOptOuts(ctx context.Context, o *owner, name string) error {
	file, err := c.open(ctx, name)
	if err != nil {
		return c.unread(name, err)
	}
	defer file.Close()
	var all []store.Suppressed
	var bad people.Complaints
	usual := "optouts: " + filepath.Base(name)
	_, err = files.Read(ctx, file, files.Options{}, files.Sink{
		Row: func(row people.Row) error {
			all = append(all, store.Suppressed{Phone: row.Phone, At: row.LeftAt, Why: cmp.Or(row.Left, usual)})
			return nil
		},
		Bad: func(row files.Bad) error {
			for _, cell := range row.Cells {
				if lid, ok := strings.CutSuffix(cell, atLID); ok && lid != "" && len(lid) <= 20 && strings.Trim(lid, "0123456789") == "" {
					all = append(all, store.Suppressed{LID: lid, Why: usual})
					return nil
				}
			}
			if bad.Add(row.RowError); bad.Total <= len(bad.First) {
				c.tell("import_line", "File", name, "Line", row.Line, "Why", c.because(row.Reason))
			}
			return nil
		},
	})
	if err != nil {
		return c.unread(name, err)
	}
	c.sumUp(name, bad)
	r, err := c.desk(o).Suppress(ctx, all, name)
	if err != nil {
		return err
	}
	if c.json {
		if err := c.object(suppressJSON{r.OptedOut, r.Kept, r.Same, bad.Total}); err != nil {
			return err
		}
	} else {
		c.tell("optouts_done", "OptedOut", r.OptedOut, "Kept", r.Kept, "Same", r.Same, "Bad", bad.Total)
	}
	if bad.Total > 0 {
		return c.fail(ExitRefused, "optouts_bad", "File", name, "Rows", bad.Total)
	}
	return nil
}
