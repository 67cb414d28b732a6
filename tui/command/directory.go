package command

import (
	"os"
	"path/filepath"
	"strings"

	"recado/store"
	"recado/tui/host"
)

// private makes the data directory, or refuses one that others have a hand in.
func (c *call) private(dir string) error {
	if err := host.Private(dir); err != nil {
		return c.explain(err)
	}
	return nil
}

// distrusted is the refusal of a path that other users had, or may have, a
// hand in, with the command that mends it.
func (c *call) distrusted(e *store.TrustError) error {
	path, owner := quoted(e.Path), word(e.Owner)
	switch e.Why {
	case store.Foreign:
		return c.fail(ExitRefused,
			"%s pertence ao usuário %s, não a você; trabalhe como esse usuário (sudo -u %s recado …) ou, se os dados são seus, execute: chown -hR %s %s",
			"%s belongs to user %s, not to you; work as that user (sudo -u %s recado …) or, if the data is yours, run: chown -hR %s %s",
			e.Path, e.Owner, owner, strings.TrimPrefix(store.UserName(os.Geteuid()), "#"), path)
	case store.Crossed:
		return c.fail(ExitRefused,
			"%s pertence ao usuário %s, que poderia trocar os dados por outros; trabalhe como esse usuário (sudo -u %s recado …) ou use outro --data",
			"%s belongs to user %s, who could put other data in place of yours; work as that user (sudo -u %s recado …) or use another --data",
			e.Path, e.Owner, owner)
	case store.Swappable:
		return c.fail(ExitRefused,
			"outros usuários podem trocar o que há em %s; execute: chmod go-w %s, ou use outro --data",
			"other users can replace what is in %s; run: chmod go-w %s, or use another --data", e.Path, path)
	case store.Irregular:
		return c.fail(ExitRefused,
			"%s não é o que o recado guarda ali: é um link, outro tipo de arquivo ou tem um segundo nome; tire-o do caminho: mv %s %s",
			"%s is not what recado keeps there: it is a link, another kind of file, or has a second name; move it out of the way: mv %s %s",
			e.Path, path, quoted(filepath.Join(filepath.Dir(e.Path), "old-"+filepath.Base(e.Path))))
	}
	return c.fail(ExitRefused,
		"outros usuários podem ler %s; execute: chmod %o %s",
		"other users can read %s; run: chmod %o %s", e.Path, e.Mode, path)
}
