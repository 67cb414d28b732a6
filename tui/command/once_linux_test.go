package command_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// repeated is what an error says twice: a path, or a clause between colons. The
// command that mends it, after the semicolon, may name the path again.
func repeated(text string) string {
	for _, line := range strings.Split(text, "\n") {
		said, _, _ := strings.Cut(strings.TrimPrefix(line, "recado: "), "; ")
		seen := make(map[string]bool)
		for _, clause := range strings.Split(said, ": ") {
			if seen[clause] {
				return clause
			}
			seen[clause] = true
		}
		for _, word := range strings.Fields(said) {
			if word = strings.Trim(word, `:,.'"()`); strings.Contains(word, "/") && seen["path "+word] {
				return word
			}
			seen["path "+word] = true
		}
	}
	return ""
}

// TestErrorsSayAThingOnce walks the commands with paths that cannot be used.
func TestErrorsSayAThingOnce(t *testing.T) {
	t.Parallel()
	if got := repeated("recado: open /x/book.db: open /x/book.db: permission denied"); got == "" {
		t.Fatal("what is said twice is not found")
	}
	commands := [][]string{
		{"numbers"}, {"check", "--compact"},
		{"contacts", "import", "people.csv"}, {"campaign", "new", "--name", "x", "--text", "Oi", "--attach", "picture.jpg"},
	}
	mode := func(name string, m os.FileMode) func(*program) error {
		return func(p *program) error { return os.Chmod(filepath.Join(p.data, name), m) }
	}
	directory := func(name string) func(*program) error {
		return func(p *program) error {
			path := filepath.Join(p.data, name)
			if filepath.IsAbs(name) {
				path = name
			}
			os.RemoveAll(path)
			return os.Mkdir(path, 0o700)
		}
	}
	loop := func(name string) func(*program) error {
		return func(p *program) error {
			path := filepath.Join(p.data, name)
			os.RemoveAll(path)
			return os.Symlink(path, path)
		}
	}
	for name, spoil := range map[string]func(*program) error{
		"no permission for the book":       mode("book.db", 0),
		"a book that is only to be read":   mode("book.db", 0o400),
		"no permission for the directory":  mode("", 0),
		"a directory only to be read":      mode("", 0o500),
		"a directory in place of the book": directory("book.db"),
		"a directory in place of the keys": directory("devices.db"),
		"a book that is a link to itself":  loop("book.db"),
		"keys that are a link to itself":   loop("devices.db"),
		"a directory in place of the log":  directory("recado.log"),
		"a directory in place of the door": directory("recado.sock"),
		"a file in place of the directory": func(p *program) error {
			os.RemoveAll(p.data)
			return os.WriteFile(p.data, nil, 0o600)
		},
		"a file above the directory": func(p *program) error {
			p.data = filepath.Join(p.dir, "people.csv", "data")
			return nil
		},
		"no files to be read": func(p *program) error {
			return os.Remove(filepath.Join(p.dir, "people.csv"))
		},
		"directories in place of files to be read": func(p *program) error {
			os.Remove(filepath.Join(p.dir, "people.csv"))
			return os.Mkdir(filepath.Join(p.dir, "people.csv"), 0o700)
		},
		"no permission for the files": func(p *program) error {
			return os.Chmod(filepath.Join(p.dir, "people.csv"), 0)
		},
		"a file of media that is none": func(p *program) error {
			return os.WriteFile(filepath.Join(p.data, "media"), nil, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t)
			p.file("people.csv", twoPeople)
			user := os.Geteuid()
			if user == 0 { // to whom nothing is forbidden
				user = nobody
				built, err := binary()
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(filepath.Dir(p.dir), 0o711); err != nil {
					t.Fatal(err)
				}
				within := filepath.Join(t.TempDir(), "recado") // where that user may look
				if err := os.Link(built, within); err != nil {
					t.Skip(err)
				}
				p.alter = func(cmd *exec.Cmd) {
					cmd.Path = within
					cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
				}
				if err := os.Mkdir(p.data, 0o700); err != nil {
					t.Fatal(err)
				}
				for _, path := range []string{p.dir, p.data, filepath.Join(p.dir, "people.csv")} {
					if err := os.Lchown(path, nobody, nobody); err != nil {
						t.Fatal(err)
					}
				}
			}
			p.must("numbers")
			if err := spoil(p); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{"", "book.db", "devices.db", "recado.log", "recado.sock", "media"} {
				os.Lchown(filepath.Join(p.data, path), user, -1)
			}
			os.Lchown(filepath.Join(p.dir, "people.csv"), user, -1)
			t.Cleanup(func() { os.Chmod(p.data, 0o700) })
			failed := false
			for language, commands := range map[string][][]string{"en": commands, "pt": commands[:1]} {
				for _, args := range commands {
					r := p.with("RECADO_LANG=" + language).run(args...)
					if said := repeated(r.err); said != "" {
						t.Errorf("%v says %q twice: %s", args, said, r.err)
					}
					failed = failed || r.code != 0 && !strings.Contains(r.err, "picture.jpg")
				}
			}
			if !failed {
				t.Error("no command failed, so this shows nothing")
			}
		})
	}
}
