package command

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"recado/campaign/reason"
	"recado/store"
	"recado/tui/words"
)

// verifyJSON is what came of a walk along the chain, as `verify --json` prints it.
type verifyJSON struct {
	Links    uint64       `json:"links"`
	Sum      string       `json:"sum"`     // of the last one; a later one shows that nothing before has changed
	Covered  int          `json:"covered"` // entries of the audit, messages and people behind them
	Going    bool         `json:"going"`   // a book of before is still being taken in
	Wrong    []string     `json:"wrong"`   // never null, like the next
	Findings []reasonJSON `json:"findings"`
}

// largestEvidence is how large a file of evidence is read.
const largestEvidence = 64 << 20

func (c *call) verifyCommand() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use: "verify [" + c.t("arg_import") + "]", Short: c.t("cmd_verify"), Long: c.t("cmd_verify_long"), Args: cobra.MaximumNArgs(1),
		RunE: c.run(func(ctx context.Context, args []string) error {
			if len(args) == 1 {
				return c.verifyFile(ctx, args[0])
			}
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				v, err := o.parts.Book.Verify(ctx)
				if err != nil {
					return err
				}
				return c.verified(v)
			})
		}),
	})
}

// verifyFile verifies what `evidence export` has written, without any book.
func (c *call) verifyFile(ctx context.Context, name string) error {
	file, err := c.open(ctx, name)
	if err != nil {
		return c.unread(name, err)
	}
	defer file.Close()
	var e store.Evidence
	if err := json.NewDecoder(io.LimitReader(file, largestEvidence)).Decode(&e); err != nil {
		return c.unread(name, reason.Because(err, reason.EvidenceFormat, ""))
	}
	return c.verified(store.Verification{Links: uint64(len(e.Links)), Sum: e.Sum, Covered: e.Covered(), Findings: e.Verify()})
}

// verified prints what came of it. Findings are an error.
func (c *call) verified(v store.Verification) error {
	out := verifyJSON{Links: v.Links, Sum: v.Sum, Covered: v.Covered, Going: v.Going, Wrong: []string{}, Findings: []reasonJSON{}}
	for _, finding := range v.Findings {
		out.Wrong = append(out.Wrong, words.English(finding))
		out.Findings = append(out.Findings, reasonObject(finding))
	}
	var err error
	if c.json {
		err = c.object(out)
	} else {
		for _, finding := range v.Findings {
			err = errors.Join(err, c.line(c.because(finding)))
		}
		err = errors.Join(err, c.line(c.t("verify_links", "Links", v.Links, "Covered", v.Covered), v.Sum))
	}
	if v.Going {
		c.tell("verify_going")
	}
	if n := len(v.Findings) + v.More; n > 0 && err == nil {
		return c.fail(ExitFailed, "verify_wrong", "N", n)
	}
	return err
}

func (c *call) evidenceCommand() *cobra.Command {
	var who, out string
	var force bool
	export := c.jsonFlag(&cobra.Command{
		Use: "export", Short: c.t("cmd_evidence_export"), Long: c.t("cmd_evidence_export_long"), Args: c.noArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			if who == "" {
				return c.fail(ExitUsage, "evidence_who")
			}
			return c.toFile(out, force, func() error {
				return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
					person, err := c.person(ctx, o, strings.Fields(who))
					if err != nil {
						return err
					}
					e, err := o.parts.Book.Evidence(ctx, person.ID)
					if err != nil {
						return err
					}
					return c.gathered(func() error { return c.tellEvidence(&e) })
				})
			})
		}),
	})
	export.Flags().StringVar(&who, "person", "", c.t("flag_evidence_person"))
	export.Flags().StringVar(&out, "out", "", c.t("flag_out"))
	export.Flags().BoolVar(&force, "force", false, c.t("flag_out_force"))
	return c.group("evidence", "cmd_evidence", export)
}

// tellEvidence prints all of it, or a line for each thing that is evidence.
func (c *call) tellEvidence(e *store.Evidence) error {
	if c.json {
		return c.object(e)
	}
	for i := range e.Links {
		if l := &e.Links[i]; l.Content != "" {
			if err := c.line(stamp(l.At), l.Content); err != nil {
				return err
			}
		}
	}
	return nil
}
