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
