package command

import (
	"context"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// versionJSON is what `version --json` prints.
type versionJSON struct {
	Version   string `json:"version"`
	Revision  string `json:"revision"` // of the source; empty: not known
	Modified  bool   `json:"modified"` // the source was changed after that
	Go        string `json:"go"`
	Whatsmeow string `json:"whatsmeow"` // the library that speaks to WhatsApp
}

// built is what is told of how this program was built; of a nil info little is
// known.
func built(info *debug.BuildInfo) versionJSON {
	v := versionJSON{Version: "devel", Go: runtime.Version(), Whatsmeow: "unknown"}
	if info == nil {
		return v
	}
	if own := info.Main.Version; own != "" && own != "(devel)" {
		v.Version = strings.TrimPrefix(own, "v")
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	for _, d := range info.Deps {
		if d.Path != "go.mau.fi/whatsmeow" {
			continue
		}
		if d.Replace != nil {
			d = d.Replace
		}
		v.Whatsmeow = strings.TrimPrefix(d.Version, "v")
	}
	return v
}

func (c *call) versionCommand() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "version",
		Short: c.t("cmd_version"),
		Args:  c.noArgs,
		RunE:  c.run(func(context.Context, []string) error { return c.version() }),
	})
}

// version prints what was built; it needs no data directory.
func (c *call) version() error {
	info, _ := debug.ReadBuildInfo()
	v := built(info)
	if c.json {
		return c.object(v)
	}
	own := []string{"recado", v.Version}
	if v.Revision != "" && !strings.Contains(v.Version, v.Revision[:min(12, len(v.Revision))]) {
		own = append(own, v.Revision[:min(12, len(v.Revision))])
	}
	for _, row := range [][]string{own, {"go", strings.TrimPrefix(v.Go, "go")}, {"whatsmeow", v.Whatsmeow}} {
		if err := c.line(row...); err != nil {
			return err
		}
	}
	return nil
}
