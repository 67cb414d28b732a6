package tui

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// pick opens a file of the home directory.
func (s *stage) pick(path string) {
	s.press("2", "i")
	s.enter(path)
	s.press("enter")
}

func TestTheWizardRefusesWhatIsNoFileOfAPerson(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		home := s.home()
		pipe := filepath.Join(home, "pipe.csv")
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Skip(err)
		}
		if err := os.Link(filepath.Join(s.dir, "book.db"), filepath.Join(home, "livro.csv")); err != nil {
			t.Fatal(err)
		}
		s.put(filepath.Join(s.dir, "gente.csv"), "nome;fone\nAna;11987650001\n")
		for _, path := range []string{"~/pipe.csv", "~/livro.csv", filepath.Join(s.dir, "gente.csv"), filepath.Join(s.dir, "book.db"), "~/nada.csv"} {
			s.pick(path) // it would hang on the pipe
			p, ok := s.root.top().(*importPick)
			if !ok || p.mistake == "" {
				t.Errorf("%s is opened:\n%s", path, s.read())
			}
			s.press("esc")
			if !ok {
				s.press("esc")
			}
		}
	})
}

func TestAPathIsCompletedByTab(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		home := s.home()
		s.put(filepath.Join(home, "Planilhas", "clientes maio.csv"), "x")
		s.put(filepath.Join(home, "Planilhas", "clientes junho.csv"), "x")
		s.put(filepath.Join(home, "Planilhas", "foto.jpg"), "x")
		s.press("2", "i")
		s.enter("~/pla")
		s.press("tab")
		s.enter("cli")
		s.press("tab")
		p := s.root.top().(*importPick)
		if got := p.path.value(); got != "~/Planilhas/clientes " {
			t.Errorf("%q", got)
		}
		s.hides("foto.jpg")
		s.enter("ju")
		s.press("tab")
		if got := p.path.value(); got != "~/Planilhas/clientes junho.csv" {
			t.Errorf("%q", got)
		}
	})
}

// From a file to people, by keys alone: a column is said to be something else,
// everybody gets a tag, what was announced is what happens, and the bad rows
// are saved as a table.
func TestPeopleAreImportedOnTheScreen(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.imports("clientes.csv", customers)
		s.press("down", "down", "down", "space") // Grupo
		for s.root.top().(*choice).all[s.root.top().(*choice).win.cursor].name != "etiquetas" {
			s.press("up")
		}
		s.press("enter", "enter", "e")
		s.enter("feira")
		s.press("enter")
		s.shows("4 novas · 4 atualizadas · 3 com problema")
		before, _ := s.app.Book.ContactCount()
		s.press("s", "enter")
		s.shows("3 linhas salvas em ~/Downloads/clientes-problemas.csv")
		saved, err := os.ReadFile(rooted("~/Downloads/clientes-problemas.csv"))
		if err != nil || !strings.Contains(string(saved), "9;sem telefone;Lia Reis;;Recife;;") {
			t.Errorf("%v: %s", err, saved)
		}
		if n, _ := s.app.Book.ContactCount(); n != before {
			t.Errorf("the dry run left %d people, %d were there", n, before)
		}
		s.press("enter")
		s.shows("foi importado", "4 novas · 4 atualizadas · 3 com problema")
		if n, _ := s.app.Book.ContactCount(); n != before+4 {
			t.Errorf("%d people, %d were there", n, before)
		}
		gina, err := s.app.Book.ContactByPhone("+5531987650014")
		if err != nil || strings.Join(gina.Tags, " ") != "feira vip" {
			t.Errorf("%+v, %v", gina, err)
		}
		s.press("enter")
		s.shows(`tag:"feira"`)
		s.press("esc", "i")
		s.shows("~/Downloads/clientes.csv") // it is remembered
	})
}

// Names of files and what is in them never drive the terminal.
func TestHostileFilesAreHarmless(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		home := s.home()
		name := strings.NewReplacer("/", "", "\x00", "").Replace(hostile) + ".csv"
		s.put(filepath.Join(home, "d", name), "nome;fone;"+strings.NewReplacer("\n", " ", "\r", " ").Replace(hostile)+"\n\""+hostile+"\";11987650001;\""+hostile+"\"\n\""+hostile+"\";x;y\n")
		s.press("2", "i")
		s.enter("~/d/")
		for _, size := range []Size{{80, 24}, {60, 20}, {200, 60}, {41, 11}} {
			s.size(size.Width, size.Height)
			s.harmless("files")
		}
		s.press("tab")
		s.harmless("a name in the field")
		s.press("enter")
		if _, ok := s.root.top().(*importColumns); !ok {
			t.Fatalf("it is not opened:\n%s", s.read())
		}
		for _, key := range []string{"down", "space", "esc", "enter", "down"} {
			s.press(key)
			for _, size := range []Size{{80, 24}, {60, 20}, {200, 60}, {41, 11}} {
				s.size(size.Width, size.Height)
				s.harmless("after " + key)
			}
		}
	})
}

// A key while a file is being read is answered at once, and leaving ends the
// reading.
func TestLeavingTheWizardEndsTheReading(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.imports("", customers)
		s.enter("~/Downloads/clientes.csv")
		cmd := s.root.update(tea.KeyPressMsg{Code: tea.KeyEnter})
		opened := cmd().(fileReadMsg) // the first rows
		fly := s.root.update(opened)  // the whole file is to be read; nobody has begun
		c := s.root.top().(*importColumns)
		s.press("esc")
		if _, ok := s.root.top().(*importPick); !ok {
			t.Fatal("it is still there")
		}
		if c.b.flying.busy {
			t.Error("an answer is still waited for")
		}
		s.do(fly)
		if c.b.flight.done {
			t.Error("the file was read after the person had left")
		}
	})
}
