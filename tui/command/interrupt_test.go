package command_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stopped waits for the end of an interrupted command, which must say so.
func (pr *process) stopped(says string) {
	pr.t.Helper()
	pr.interrupt()
	if code := pr.code(); code != 130 || !strings.Contains(pr.errs.String(), says) {
		pr.t.Errorf("%v: exit %d, %q; want 130 and %q", pr.cmd.Args, code, pr.errs, says)
	}
}

// The first Ctrl-C ends an import, however it waits for its file, and wherever
// it runs; nothing is imported.
func TestTheFirstInterruptEndsAnImportThatReads(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"alone", "in an owner"} {
		for how, begin := range map[string]func(t *testing.T, p *program) *process{
			"an input that never ends": func(t *testing.T, p *program) *process {
				r, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { r.Close(); w.Close() })
				pr := p.startWith(r, "contacts", "import", "-")
				io.WriteString(w, twoPeople)
				return pr
			},
			"an input that goes on and on": func(t *testing.T, p *program) *process {
				r, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { r.Close(); w.Close() })
				go func() { // ends with the pipe
					text := []byte("telefone\n" + strings.Repeat("\"x\n\"\"\n", 10_000))
					for {
						if _, err := w.Write(text); err != nil {
							return
						}
					}
				}()
				return p.startWith(r, "contacts", "import", "-")
			},
		} {
			t.Run(where+"/"+how, func(t *testing.T) {
				t.Parallel()
				p := newProgram(t)
				if where != "alone" {
					p.owner()
				}
				pr := begin(t, p)
				p.await("the import to begin", func() bool { return pr.began(where) })
				want := "nothing was imported"
				if where != "alone" { // it may not have begun there
					want = "interrupted"
				}
				pr.stopped(want)
				if got := p.must("contacts", "list"); got != "" {
					t.Errorf("an interrupted import left %q", got)
				}
			})
		}
	}
}

// began reports whether a command has its data, or has been handed over.
func (pr *process) began(where string) bool {
	if where != "alone" {
		return pr.sockets() > 0
	}
	_, err := os.Stat(filepath.Join(pr.cmd.Args[2], "recado.sock"))
	return err == nil
}

// The first Ctrl-C ends a long list that nobody reads on.
func TestTheFirstInterruptEndsAListThatNobodyReads(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	var csv strings.Builder
	csv.WriteString("name,phone\n")
	for i := range 20000 {
		fmt.Fprintf(&csv, "Person %05d,+55119%08d\n", i, 80000000+i)
	}
	p.file("many.csv", csv.String())
	p.must("contacts", "import", "many.csv")
	for _, where := range []string{"alone", "in an owner"} {
		if where != "alone" {
			p.owner()
		}
		for _, args := range [][]string{{"contacts", "list"}, {"contacts", "list", "--json"}} {
			t.Run(where+"/"+strings.Join(args, " "), func(t *testing.T) {
				cmd := p.command(args...)
				pipe, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				defer pipe.Close()
				errs := new(tail)
				cmd.Stderr = errs
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				if _, err := pipe.Read(make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
				cmd.Process.Signal(os.Interrupt)
				late := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
				cmd.Wait()
				late.Stop()
				if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(errs.String(), "interrupted") {
					t.Errorf("exit %d, %q; want 130 and a word", code, errs)
				}
			})
		}
	}
}
