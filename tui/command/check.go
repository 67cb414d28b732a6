package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"recado/campaign/reason"
	"recado/store"
	"recado/store/bolt"
	"recado/tui/host"
	"recado/tui/words"
)

// File is a file of the data directory that can be checked and compacted, and
// what finds out whether its content is well: the file is open, path is for its
// findings.
type File struct {
	Name    string
	Examine func(file *os.File, path string) (bolt.Health, error)
	Keys    bool // it holds the keys of the numbers, which must not go back
}

// healthJSON is how a file is, as --json prints it. Wrong is never null; After
// is the size that a compaction left, Copy where the damaged file is that was
// mended; they are only there after that.
type healthJSON struct {
	File     string       `json:"file"`
	Size     int64        `json:"size"`
	Free     int64        `json:"free"`
	Wrong    []string     `json:"wrong"`
	Findings []reasonJSON `json:"findings"` // the same, with codes

	found []reason.Reason
	After int64  `json:"after,omitempty"`
	Copy  string `json:"copy,omitempty"` // of the damaged file that was mended
}

// checks are the options of the command.
type checks struct{ compact, mend, yes bool }

func (c *call) checkCommand() *cobra.Command {
	var o checks
	cmd := &cobra.Command{
		Use:   "check",
		Short: c.t("cmd_check"),
		Args:  c.noArgs,
		RunE:  c.run(func(ctx context.Context, _ []string) error { return c.check(ctx, o) }),
	}
	cmd.Flags().BoolVar(&o.compact, "compact", false, c.t("flag_check_compact"))
	cmd.Flags().BoolVar(&o.mend, "mend", false, c.t("flag_check_mend"))
	cmd.Flags().BoolVar(&o.yes, "yes", false, c.t("flag_yes"))
	return c.jsonFlag(cmd)
}

// check looks at the files of the data directory, which nobody may have open:
// they are opened here, not by an owner.
func (c *call) check(ctx context.Context, o checks) error {
	dir, err := c.dataDir()
	if err != nil {
		return err
	}
	if c.owner != nil {
		return c.inUse(dir)
	}
	if _, err := os.Stat(dir); err == nil { // or it would be made
		if err := c.private(dir); err != nil {
			return err
		}
	}
	found, newer := 0, false
	var bad []File
	for _, file := range c.env.Files {
		path := filepath.Join(dir, file.Name)
		health, err := c.examine(ctx, file, path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // no number was linked yet
		} else if err != nil {
			return c.unlessInUse(dir, err)
		}
		found++
		report := healthJSON{File: file.Name, Size: health.Size, Free: health.Free, found: health.Wrong}
		switch {
		case len(health.Wrong) == 0 && o.compact:
			if _, report.After, err = bolt.Compact(path); err != nil {
				return c.unlessInUse(dir, err)
			}
		case health.Newer:
			newer = true
		case len(health.Wrong) > 0:
			bad = append(bad, file)
		}
		if err := c.health(report); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return c.interrupted()
		}
	}
	var errs []error
	for _, file := range bad {
		switch {
		case file.Keys:
			errs = append(errs, c.lostKeys(filepath.Join(dir, file.Name)))
		case o.mend:
			errs = append(errs, c.mend(ctx, file, dir, o.yes))
		default:
			errs = append(errs, c.fail(ExitFailed,
				"check_what_now", "Dir", dir))
		}
	}
	switch err := errors.Join(errs...); {
	case found == 0:
		return c.fail(ExitFailed, "check_no_data", "Dir", dir)
	case err != nil:
		return err
	case newer:
		return c.explain(store.ErrNewer)
	}
	return nil
}

// lostKeys says what to do about damaged keys. They never go back: an older
// ratchet loses messages.
func (c *call) lostKeys(path string) error {
	return c.fail(ExitFailed,
		"check_lost_keys", "Path", word(path), "Aside", word(path+".damaged"))
}

// mend brings a damaged book back to what it was before its last change.
func (c *call) mend(ctx context.Context, file File, dir string, yes bool) error {
	path := filepath.Join(dir, file.Name)
	if err := c.confirm(ctx, yes, "check_mend_ask", "File", file.Name); err != nil {
		return err
	}
	copied, err := store.Mend(path, func(trial string) (bolt.Health, error) { return c.examine(ctx, file, trial) })
	if errors.Is(err, store.ErrNoWayBack) {
		return c.fail(ExitFailed,
			"check_mend_no_way_back", "Path", path)
	} else if err != nil {
		return c.unlessInUse(dir, err)
	}
	health, err := c.examine(ctx, file, path)
	if err != nil {
		return c.unlessInUse(dir, err)
	}
	if err := c.health(healthJSON{File: file.Name, Size: health.Size, Free: health.Free, found: health.Wrong, Copy: copied}); err != nil {
		return err
	}
	c.tell("check_mend_done", "Path", path, "Copy", copied)
	if len(health.Wrong) > 0 {
		return c.fail(ExitFailed, "check_mend_not_well", "Path", path)
	}
	return nil
}

// unlessInUse is err, or what to do if it says that somebody has the data.
func (c *call) unlessInUse(dir string, err error) error {
	if errors.Is(err, store.ErrLocked) {
		return c.inUse(dir)
	}
	return err
}

func (c *call) inUse(dir string) error {
	return c.fail(ExitInUse,
		"check_in_use", "Dir", dir, "Who", host.Holder(dir))
}

// health writes how a file is: a line about the whole, then one for each
// finding.
func (c *call) health(h healthJSON) error {
	if c.json {
		h.Wrong, h.Findings = []string{}, []reasonJSON{}
		for _, finding := range h.found {
			h.Wrong = append(h.Wrong, words.English(finding))
			h.Findings = append(h.Findings, reasonObject(finding))
		}
		return c.object(h)
	}
	verdict := "ok"
	if len(h.found) > 0 {
		verdict = c.t("check_wrong")
	}
	cells := []string{h.File, megabytes(h.Size), c.t("check_free", "Size", megabytes(h.Free)), verdict}
	if h.After > 0 {
		cells = append(cells, megabytes(h.Size)+" → "+megabytes(h.After))
	}
	if err := c.line(cells...); err != nil {
		return err
	}
	for _, finding := range h.found {
		if err := c.line(h.File, c.because(finding)); err != nil {
			return err
		}
	}
	return nil
}

// megabytes writes a size for a person.
func megabytes(n int64) string { return fmt.Sprintf("%.2f MB", float64(n)/1e6) }
