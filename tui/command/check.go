package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"recado/store"
)

// File is a file of the data directory that can be checked and compacted, and
// what finds out whether its content is well.
type File struct {
	Name    string
	Examine func(path string) (store.Health, error)
}

// healthJSON is how a file is, as --json prints it. Wrong is never null; After
// is the size that a compaction left, and only there after one.
type healthJSON struct {
	File  string   `json:"file"`
	Size  int64    `json:"size"`
	Free  int64    `json:"free"`
	Wrong []string `json:"wrong"`
	After int64    `json:"after,omitempty"`
}

func (c *call) checkCommand() *cobra.Command {
	var compact bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: c.tongue.say("Confere os arquivos de dados, sem outro recado aberto", "Check the data files, with no other recado open"),
		Args:  cobra.NoArgs,
		RunE:  c.run(func(ctx context.Context, _ []string) error { return c.check(ctx, compact) }),
	}
	cmd.Flags().BoolVar(&compact, "compact", false, c.tongue.say(
		"se estiver tudo certo, regrava os arquivos sem o espaço livre",
		"if all is well, write the files anew without the free space"))
	return c.jsonFlag(cmd)
}

// check looks at the files of the data directory, which nobody may have open:
// they are opened here, not by an owner.
func (c *call) check(ctx context.Context, compact bool) error {
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
	found, wrong := 0, 0
	for _, file := range c.env.Files {
		health, err := file.Examine(filepath.Join(dir, file.Name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // no number was linked yet
		} else if err != nil {
			return c.unlessInUse(dir, err)
		}
		found++
		wrong += len(health.Wrong)
		report := healthJSON{File: file.Name, Size: health.Size, Free: health.Free, Wrong: health.Wrong}
		if compact && len(health.Wrong) == 0 {
			if _, report.After, err = store.Compact(filepath.Join(dir, file.Name)); err != nil {
				return c.unlessInUse(dir, err)
			}
		}
		if err := c.health(report); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return c.interrupted()
		}
	}
	switch {
	case found == 0:
		return c.fail(ExitFailed, "não há dados em %s", "there is no data in %s", dir)
	case wrong > 0:
		return c.fail(ExitFailed,
			"o que não está certo não se conserta sozinho; guarde uma cópia de %s antes de continuar",
			"what is wrong does not mend itself; keep a copy of %s before you go on", dir)
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
		"os dados em %s estão em uso por %s; encerre-o (q nas telas, Ctrl-C no recado run) e tente de novo",
		"the data in %s is in use by %s; end it (q in the screens, Ctrl-C in recado run) and try again", dir, holder(dir))
}

// health writes how a file is: a line about the whole, then one for each
// finding.
func (c *call) health(h healthJSON) error {
	if c.json {
		if h.Wrong == nil {
			h.Wrong = []string{}
		}
		return c.object(h)
	}
	verdict := "ok"
	if len(h.Wrong) > 0 {
		verdict = c.tongue.say("com erro", "wrong")
	}
	cells := []string{h.File, megabytes(h.Size), c.tongue.say("livre ", "free ") + megabytes(h.Free), verdict}
	if h.After > 0 {
		cells = append(cells, megabytes(h.Size)+" → "+megabytes(h.After))
	}
	if err := c.line(cells...); err != nil {
		return err
	}
	for _, finding := range h.Wrong {
		if err := c.line(h.File, c.spoken(finding)); err != nil {
			return err
		}
	}
	return nil
}

// megabytes writes a size for a person.
func megabytes(n int64) string { return fmt.Sprintf("%.2f MB", float64(n)/1e6) }
