package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"recado/store/trust"
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
func (c *call) distrusted(e *trust.Error) error {
	path, owner := quoted(e.Path), word(e.Owner)
	switch e.Why {
	case trust.Foreign:
		return c.fail(ExitRefused,
			"trust_owner_root", "Path", e.Path, "Owner", e.Owner, "Login", owner, "Me", strings.TrimPrefix(trust.UserName(os.Geteuid()), "#"), "Quoted", path)
	case trust.Crossed:
		return c.fail(ExitRefused,
			"trust_owner", "Path", e.Path, "Owner", e.Owner, "Login", owner)
	case trust.Swappable:
		return c.fail(ExitRefused,
			"trust_writable", "Path", e.Path, "Quoted", path)
	case trust.Irregular:
		return c.fail(ExitRefused,
			"trust_kind", "Path", e.Path, "Quoted", path, "Aside", quoted(filepath.Join(filepath.Dir(e.Path), "old-"+filepath.Base(e.Path))))
	}
	return c.fail(ExitRefused,
		"trust_readable", "Path", e.Path, "Mode", fmt.Sprintf("%o", e.Mode), "Quoted", path)
}
