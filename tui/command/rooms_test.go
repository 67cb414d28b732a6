package command_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath, Doc                    string
	Imports, TestImports, XTestImports []string
}

// packages lists every package of the module.
func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Doc,Imports,TestImports,XTestImports", "recado/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// TestImportsKeepTheRooms holds who may import whom and what.
func TestImportsKeepTheRooms(t *testing.T) {
	// The rooms of campaign, which every room above them may use.
	below := slices.Clip([]string{"recado/campaign/reason", "recado/campaign/people", "recado/campaign/media", "recado/campaign/files"})
	// What each room may import of ours.
	ours := map[string][]string{
		"recado":                          {"recado/campaign", "recado/session", "recado/session/simulator", "recado/store", "recado/store/bolt", "recado/store/device", "recado/tui", "recado/tui/command", "recado/tui/host"},
		"recado/campaign":                 below,
		"recado/campaign/reason":          {},
		"recado/campaign/people":          {"recado/campaign/reason"},
		"recado/campaign/media":           {"recado/campaign/reason"},
		"recado/campaign/files":           {"recado/campaign/reason", "recado/campaign/people"},
		"recado/store":                    append(below, "recado/campaign", "recado/store/bolt", "recado/store/index", "recado/store/trust"),
		"recado/store/index":              {"recado/campaign/people"},
		"recado/store/bolt":               {"recado/store/trust", "recado/campaign/reason"},
		"recado/store/trust":              {"recado/campaign/reason"},
		"recado/store/device":             {"recado/store/bolt", "recado/campaign/reason"},
		"recado/store/device/conformance": {}, // for tests alone
		"recado/session":                  append(below, "recado/campaign"),
		"recado/session/simulator":        append(below, "recado/campaign"),
		"recado/session/simulator/bubble": {},
		"recado/tui":                      append(below, "recado/campaign", "recado/store", "recado/session", "recado/tui/words"),
		"recado/tui/words":                append(below, "recado/campaign"),
		"recado/tui/command":              append(below, "recado/campaign", "recado/store", "recado/store/bolt", "recado/store/trust", "recado/session", "recado/session/simulator", "recado/tui", "recado/tui/host", "recado/tui/words"),
		"recado/tui/host":                 append(below, "recado/campaign", "recado/store", "recado/store/trust", "recado/session", "recado/tui"),
		"recado/tui/words/foreign":        {"recado/tui/words"}, // for tests alone
	}
	// Who may import these libraries, by the beginning of their path.
	theirs := map[string][]string{
		"go.etcd.io/bbolt":            {"recado/store/bolt"},
		"go.mau.fi/whatsmeow":         {"recado/store/device", "recado/store/device/conformance", "recado/session", "recado/session/simulator"},
		"go.mau.fi/libsignal":         {"recado/store/device", "recado/session", "recado/session/simulator"},
		"charm.land/bubbletea":        {"recado/tui"},
		"charm.land/bubbles":          {"recado/tui"},
		"charm.land/lipgloss":         {"recado/tui"},
		"charm.land/wish":             {"recado/tui/serve"},
		"charm.land/ssh":              {"recado/tui/serve"},
		"github.com/mattn/go-sqlite3": {}, // C: only store/device/beside, a module of its own, has it
		"modernc.org/sqlite":          {}, // the same translated to Go, which takes a minute to compile
	}
	for _, p := range packages(t) {
		allowed, known := ours[p.ImportPath]
		if !known {
			t.Errorf("%s: a room that is not in the plan", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, "recado/") && !slices.Contains(allowed, imp) {
				t.Errorf("%s imports %s", p.ImportPath, imp)
			}
		}
		for _, imp := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if strings.HasPrefix(imp, "go.etcd.io/bbolt") && !slices.Contains(p.Imports, imp) &&
				slices.Contains([]string{"recado/store", "recado/store/device", "recado/tui/command"}, p.ImportPath) {
				continue // its tests leave files as a bad day does, which nothing else may do
			}
			for prefix, users := range theirs {
				if strings.HasPrefix(imp, prefix) && !slices.Contains(users, p.ImportPath) {
					t.Errorf("%s imports %s", p.ImportPath, imp)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}
