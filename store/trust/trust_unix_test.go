//go:build unix

package trust

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestTheWayToTheDataIsFollowedToItsEnd(t *testing.T) {
	dir := t.TempDir()
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"a/b", "c"} {
		if err := os.MkdirAll(filepath.Join(dir, path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"a/up": "../c", "abs": filepath.Join(dir, "a", "b"), "one": "two", "two": "one", "a/self": "."} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"a/b": "a/b", "a/up": "c", "abs": "a/b", "abs/new/data": "a/b/new/data", "a/self/self/b": "a/b",
		"a/../c": "c", "a/up/../a": "a", "a/up/x": "c/x",
	} {
		if got, err := Way(dir + "/" + path); err != nil || got != filepath.Join(dir, want) {
			t.Errorf("%s leads to %s, %v; want %s", path, got, err, want)
		}
	}
	if _, err := Way(filepath.Join(dir, "one")); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a link to itself: %v", err)
	}
}

// TestADatabaseIsAFileThatOnlyItsUserReads: or it is not opened; one that is not
// there may be made.
func TestADatabaseIsAFileThatOnlyItsUserReads(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, mode := range map[string]os.FileMode{"mine": 0o600, "read only": 0o400, "group": 0o640, "others": 0o604, "writable": 0o602} {
		if err := errors.Join(os.WriteFile(at(name), nil, 0o600), os.Chmod(at(name), mode)); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(os.Mkdir(at("folder"), 0o700), syscall.Mkfifo(at("pipe"), 0o600),
		os.Symlink(at("mine"), at("link")), os.Symlink(at("others"), at("link to others")))
	if err != nil {
		t.Fatal(err)
	}
	for name, why := range map[string]Distrust{"group": Exposed, "others": Exposed, "writable": Exposed, "link to others": Exposed, "folder": Irregular, "pipe": Irregular} {
		refused := (*Error)(nil)
		if err := File(at(name)); !errors.As(err, &refused) || refused.Why != why || why == Exposed && refused.Mode != 0o600 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"mine", "read only", "link", "nothing"} {
		if err := File(at(name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
