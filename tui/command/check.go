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
	"recado/tui/host"
	"recado/tui/words"
)

// File is a file of the data directory that can be checked and compacted, and
// what finds out whether its content is well: the file is open, path is for its
// findings.
type File struct {
	Name    string
	Examine func(file *os.File, path string) (store.Health, error)
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
		Short: c.tongue.say("Confere os arquivos de dados, sem outro recado aberto", "Check the data files, with no other recado open"),
		Args:  cobra.NoArgs,
		RunE:  c.run(func(ctx context.Context, _ []string) error { return c.check(ctx, o) }),
	}
	cmd.Flags().BoolVar(&o.compact, "compact", false, c.tongue.say(
		"se estiver tudo certo, regrava os arquivos sem o espaço livre",
		"if all is well, write the files anew without the free space"))
	cmd.Flags().BoolVar(&o.mend, "mend", false, c.tongue.say(
		"se book.db estiver danificado, volta a como estava antes da última mudança",
		"if book.db is damaged, go back to what it was before its last change"))
	cmd.Flags().BoolVar(&o.yes, "yes", false, c.tongue.say("responde sim ao que seria perguntado", "answer yes to what would be asked"))
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
			if _, report.After, err = store.Compact(path); err != nil {
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
				"o que não está certo não se conserta sozinho; guarde uma cópia de %s antes de continuar. O que recado check --mend pode fazer: voltar book.db a antes da última mudança",
				"what is wrong does not mend itself; keep a copy of %s before you go on. What recado check --mend can do: go back to what book.db was before its last change", dir))
		}
	}
	switch err := errors.Join(errs...); {
	case found == 0:
		return c.fail(ExitFailed, "não há dados em %s", "there is no data in %s", dir)
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
		"as chaves dos números não podem voltar atrás, pois mensagens se perderiam. Tire o arquivo do lugar (mv %s %s), rode recado run --until-idle, que nota a falta delas, e vincule de novo cada número: recado link --name NOME",
		"the keys of the numbers cannot go back, messages would be lost. Move the file away (mv %s %s), do recado run --until-idle, which notices that they are gone, and link each number again: recado link --name NAME",
		word(path), word(path+".damaged"))
}

// mend brings a damaged book back to what it was before its last change.
func (c *call) mend(ctx context.Context, file File, dir string, yes bool) error {
	path := filepath.Join(dir, file.Name)
	if err := c.confirm(ctx, yes,
		"Voltar "+file.Name+" a como estava antes da última mudança? Ela pode ter sido uma mensagem enviada: as campanhas ficam pausadas e o que pode ter saído fica incerto. [s/N] ",
		"Go back to what "+file.Name+" was before its last change? That may have been a message that was sent: campaigns are paused, and what may have left is unsure. [y/N] "); err != nil {
		return err
	}
	copied, err := store.Mend(path, func(trial string) (store.Health, error) { return c.examine(ctx, file, trial) })
	if errors.Is(err, store.ErrNoWayBack) {
		return c.fail(ExitFailed,
			"%s não tem um estado inteiro antes da última mudança; nada foi mudado. Use uma cópia de segurança",
			"%s has no whole state before its last change; nothing was changed. Use a backup", path)
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
	c.tell("%s voltou a antes da última mudança; o arquivo danificado está em %s. As campanhas que enviavam estão pausadas: veja recado campaign list",
		"%s is what it was before its last change; the damaged file is %s. The campaigns that were sending are paused: see recado campaign list", path, copied)
	if len(health.Wrong) > 0 {
		return c.fail(ExitFailed, "%s ainda não está certo", "%s is still not well", path)
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
		"the data in %s is in use by %s; end it (q in the screens, Ctrl-C in recado run) and try again", dir, host.Holder(dir))
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
		verdict = c.tongue.say("com erro", "wrong")
	}
	cells := []string{h.File, megabytes(h.Size), c.tongue.say("livre ", "free ") + megabytes(h.Free), verdict}
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
