package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session"
	"recado/session/simulator"
	"recado/session/simulator/bubble"
	"recado/store"
)

var update = flag.Bool("update", false, "write the golden files")

// stage is one terminal without a terminal: commands run at once and their
// messages are fed back, until nothing is left to do.
type stage struct {
	t    *testing.T
	root *root
	app  App
	dir  string // of the data
	quit bool

	undrawn bool   // messages come faster than the program draws
	copied  string // what was put on the clipboard last
	ids     int    // message ids that were given
}

// play runs a test on a stage with a real book and a real pool, in a bubble:
// the clock begins at the same moment every time.
func play(t *testing.T, story func(t *testing.T, s *stage)) {
	t.Helper()
	bubble.Test(t, func(t *testing.T) { story(t, newStage(t, "pt-BR")) })
}

func newStage(t *testing.T, lang string) *stage {
	t.Helper()
	// Saturday, the first of January 2000, 00:00 UTC, is when a bubble begins;
	// Monday morning is a better time for a campaign.
	time.Sleep(time.Until(time.Date(2000, 1, 3, 10, 0, 0, 0, time.UTC)))
	dir := t.TempDir()
	s := onStage(t, newAppIn(t, dir, lang))
	s.dir = dir
	return s
}

func newApp(t *testing.T, lang string) App {
	t.Helper()
	return newAppIn(t, t.TempDir(), lang)
}

func newAppIn(t *testing.T, dir, lang string) App {
	t.Helper()
	bell := new(campaign.Bell)
	book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Demo, Bell: bell})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	// Nothing is ever connected here: the pool needs no keys.
	key := simulator.RootKey()
	pool, err := session.Open(t.Context(), session.Config{Book: book, Bell: bell, RootKey: &key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return App{Book: book, Desk: book.Desk(store.Actor{Name: "ana", Role: store.Admin, From: "terminal"}), Pool: pool, Bell: bell, Lang: lang, Now: func() time.Time { return time.Now().UTC() }}
}

func onStage(t *testing.T, app App) *stage {
	s := &stage{t: t, app: app, root: newRoot(t.Context(), app)}
	s.do(s.root.Init())
	s.size(80, 24)
	return s
}

// do runs a command and everything that follows from it.
func (s *stage) do(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	msg := cmd()
	switch msg := msg.(type) {
	case nil:
	case tea.BatchMsg:
		for _, cmd := range msg {
			s.do(cmd)
		}
	case tea.QuitMsg:
		s.quit = true
	case campaignStartedMsg:
		if msg.err == nil && msg.campaign.Status != campaign.Scheduled { // looked at when it runs, and not some time before
			if _, err := s.app.Book.Started(s.t.Context(), msg.campaign.ID); err != nil {
				s.t.Fatal(err)
			}
		}
		s.tell(msg)
	default:
		if fmt.Sprintf("%T", msg) == "tea.setClipboardMsg" {
			s.copied = fmt.Sprint(msg)
			return
		}
		s.tell(msg)
	}
}

// tell feeds a message and then draws, as a program would.
func (s *stage) tell(msg tea.Msg) {
	cmd := s.root.update(msg)
	if !s.undrawn {
		s.root.View()
	}
	s.do(cmd)
}

func (s *stage) size(w, h int) { s.tell(tea.WindowSizeMsg{Width: w, Height: h}) }

// ring says that something changed.
func (s *stage) ring() { s.tell(changedMsg{}) }

var namedKeys = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "space": tea.KeySpace, "up": tea.KeyUp, "down": tea.KeyDown,
	"left": tea.KeyLeft, "right": tea.KeyRight, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
	"f1": tea.KeyF1, "delete": tea.KeyDelete, "backspace": tea.KeyBackspace,
}

func keyPress(name string) tea.KeyPressMsg {
	k := tea.Key{}
	for {
		if rest, ok := strings.CutPrefix(name, "ctrl+"); ok {
			k.Mod, name = k.Mod|tea.ModCtrl, rest
		} else if rest, ok := strings.CutPrefix(name, "shift+"); ok {
			k.Mod, name = k.Mod|tea.ModShift, rest
		} else {
			break
		}
	}
	if code, ok := namedKeys[name]; ok {
		k.Code = code
		if name == "space" {
			k.Text = " "
		}
	} else {
		k.Code = []rune(name)[0]
		if k.Mod == 0 {
			k.Text = name
		}
	}
	return tea.KeyPressMsg(k)
}

// press presses keys, one after the other.
func (s *stage) press(names ...string) {
	for _, name := range names {
		s.tell(keyPress(name))
	}
}

// enter types text.
func (s *stage) enter(text string) {
	for _, r := range text {
		if r == '\n' {
			s.press("enter")
		} else if r == ' ' {
			s.press("space")
		} else {
			s.tell(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
}

// shown is the screen as painted.
func (s *stage) shown() string { return s.root.View().Content }

// read is the screen without its paint.
func (s *stage) read() string {
	lines := strings.Split(ansi.Strip(s.shown()), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// shows fails unless the screen has all of the texts.
func (s *stage) shows(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if !strings.Contains(s.read(), text) {
			s.t.Fatalf("the screen does not show %q:\n%s", text, s.read())
		}
	}
}

// hides fails if the screen has one of the texts.
func (s *stage) hides(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if strings.Contains(s.read(), text) {
			s.t.Fatalf("the screen shows %q:\n%s", text, s.read())
		}
	}
}

// golden compares the screen at 80×24 and 120×40 with the files of that name.
func (s *stage) golden(name string) {
	s.t.Helper()
	s.goldenAt(name, Size{80, 24}, Size{120, 40})
}

// goldenAt is golden at other sizes.
func (s *stage) goldenAt(name string, sizes ...Size) {
	s.t.Helper()
	for _, size := range sizes {
		s.size(size.Width, size.Height)
		got := s.read()
		file := filepath.Join("testdata", name+"-"+sizeName(size)+".txt")
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				s.t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				s.t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			s.t.Fatal(err)
		}
		if got != string(want) {
			s.t.Errorf("%s differs; run go test ./tui -update and look at the change\ngot:\n%s\nwant:\n%s", file, got, want)
		}
	}
	s.size(80, 24)
}

func sizeName(s Size) string {
	if s.Width == 80 {
		return "80x24"
	}
	return "120x40"
}

// people imports a few contacts.
func (s *stage) people() {
	s.t.Helper()
	var rows []people.Row
	for _, p := range []struct {
		phone, name, city string
		tags              []string
	}{
		{"+5511987650001", "Ana Souza", "São Paulo", []string{"vip"}},
		{"+5511987650002", "Beto Lima", "", []string{"frio"}},
		{"+5521987650003", "Caio Prado", "Rio de Janeiro", nil},
		{"+5531987650004", "Débora Nunes", "Belo Horizonte", []string{"vip", "loja"}},
		{"+5541987650005", "Elis Ramos", "", nil},
	} {
		row := people.Row{Phone: people.Phone(p.phone), Name: p.name, Tags: p.tags}
		if p.city != "" {
			row.Fields = map[string]string{"cidade": p.city}
		}
		rows = append(rows, row)
	}
	if _, err := desk(s.app.Book).Import(s.t.Context(), rows, "teste"); err != nil {
		s.t.Fatal(err)
	}
	s.ring()
}

// number adds a number, linked if it has a phone.
func (s *stage) number(name string, phone people.Phone) campaign.Number {
	s.t.Helper()
	n, err := desk(s.app.Book).AddNumber(name)
	if err == nil && phone != "" {
		n, err = s.app.Book.LinkNumber(n.ID, phone, phone.Digits()+":1@s.whatsapp.net", time.Now())
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.ring()
	return n
}

// number screen fed with snapshots that would take a service to bring about.
func (s *stage) snapshots(snapshots ...session.Snapshot) {
	n := s.root.stacks[tabNumbers][0].(*numbers)
	s.tell(snapshotsLoadedMsg{n.question.renew(s.root.env), snapshots})
}

// desk is where the person of a test changes the book.
func desk(b *store.Book) *store.Desk {
	return b.Desk(store.Actor{Name: "ana", Role: store.Admin, From: "test"})
}

// TestPeopleThatAreFoundBeforeTheFirstDrawingAreShown: a program draws sixty
// times a second at the most, and a book may be faster.
func TestPeopleThatAreFoundBeforeTheFirstDrawingAreShown(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		if _, err := s.app.Desk.Import(t.Context(), []people.Row{{Phone: "+5511987650001", Name: "Ana Prado"}}, "a test"); err != nil {
			t.Fatal(err)
		}
		s.undrawn = true
		s.press("2")
		if got := s.root.View().Content; !strings.Contains(ansi.Strip(got), "Ana Prado") {
			t.Errorf("the list is\n%s", ansi.Strip(got))
		}
	})
}
