package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// held has the book of a directory in use by a process that says nothing, so
// that an owner that is started there waits for it.
func (p *program) held() (release func()) {
	p.t.Helper()
	p.must("numbers")
	book, err := os.OpenFile(filepath.Join(p.data, "book.db"), os.O_RDWR, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { book.Close() })
	if err := unix.Flock(int(book.Fd()), unix.LOCK_EX); err != nil {
		p.t.Fatal(err)
	}
	return func() { book.Close() }
}

// TestTheScreensStandBeforeTheOwnerDoes: with nothing in them, and with what is
// typed meanwhile kept.
func TestTheScreensStandBeforeTheOwnerDoes(t *testing.T) {
	t.Parallel()
	p := newProgram(t).with("TERM=xterm-256color")
	release := p.held()
	screens := p.atTerminal()
	screens.sees(p, "Contacts")
	screens.sees(p, "loading")
	if text := screens.all.String(); strings.Contains(text, "No number") || strings.Contains(text, "no number") {
		t.Errorf("it says what it cannot know: %q", text)
	}
	screens.press("2") // the contacts
	release()
	screens.sees(p, "Nobody yet")
	screens.press("q")
	if code := screens.code(); code != 0 {
		t.Errorf("exit %d: %q", code, screens.all)
	}
	screens.leftAlone(p, "left", screens.before)
}

// TestWhatIsTypedBeforeTheOwnerIsThereLeavesTheTerminalTidy: ctrl+c, and q,
// which the owner hears before it has drawn anything.
func TestWhatIsTypedBeforeTheOwnerIsThereLeavesTheTerminalTidy(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{"ctrl+c": "\x03", "ctrl+c after others": "2h\x1b\x03", "q": "q"} {
		p := newProgram(t).with("TERM=xterm-256color")
		release := p.held()
		screens := p.atTerminal()
		screens.sees(p, "loading")
		for _, key := range keys {
			screens.press(string(key))
		}
		if name == "q" {
			release()
		}
		if code := screens.code(); code != 0 {
			t.Errorf("%s: exit %d: %q", name, code, screens.all)
		}
		screens.leftAlone(p, name, screens.before)
		release() // or the owner would come up while the directory is removed
		p.await("the owner", func() bool {
			_, err := os.Stat(filepath.Join(p.data, "recado.last"))
			return err == nil || hostOf(p.data) != 0
		})
	}
}

// TestAnOwnerThatDoesNotComeUpTakesItsScreensAlong, and what it said is read on
// the ordinary terminal.
func TestAnOwnerThatDoesNotComeUpTakesItsScreensAlong(t *testing.T) {
	t.Parallel()
	p := newProgram(t).with("TERM=xterm-256color")
	p.held()
	screens := p.atTerminal()
	screens.sees(p, "loading")
	if code := screens.code(); code == 0 {
		t.Errorf("exit %d: %q", code, screens.all)
	}
	screens.leftAlone(p, "refused", screens.before)
	_, after, found := strings.Cut(screens.all.String(), "\x1b[?1049l")
	if !found || !strings.Contains(after, p.data) {
		t.Errorf("after the screens the terminal says %q", after)
	}
}
