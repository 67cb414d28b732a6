package command_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// peopleEnv is how many people the benchmark of lists has.
const peopleEnv = "RECADO_PEOPLE"

// BenchmarkContactsList is how long a person waits for people by a command, the whole process, with
// 100,000 in the book, or as many as RECADO_PEOPLE says, and an owner that runs: all of them as JSON ("all-json"), and those
// few whom a filter finds ("few"), beside the bare start of the program ("bare") and beside
// the tools that find the same word in the lines that the command prints of everybody: fzf, rg
// and grep -F, as far as they are in the path. It says the medians, in milliseconds, what
// "few" takes beyond that start, and how many times longer each of the tools takes than that.
func BenchmarkContactsList(b *testing.B) {
	n := 100_000
	if more, err := strconv.Atoi(os.Getenv(peopleEnv)); err == nil && more > 0 {
		n = more
	}
	p := newProgram(b).with("TERM=xterm-256color")
	p.must("contacts", "import", manyInAFile(b, n))
	screens := p.atTerminal()
	screens.shows("No number yet")
	const word = "4711"
	lines := filepath.Join(b.TempDir(), "lines")
	if err := os.WriteFile(lines, []byte(p.must("contacts", "list")), 0o600); err != nil {
		b.Fatal(err)
	}
	tools := [][]string{{"fzf", "--filter=" + word}, {"rg", "-F", word}, {"grep", "-F", word}}
	took := make(map[string][]time.Duration)
	measured := func(what string, do func()) {
		begun := time.Now()
		do()
		took[what] = append(took[what], time.Since(begun))
	}
	for b.Loop() {
		measured("bare", func() { p.must("version") })
		measured("few", func() { p.must("contacts", "list", "nome:"+word) })
		measured("all-json", func() { p.must("contacts", "list", "--json") })
		for _, tool := range tools {
			path, err := exec.LookPath(tool[0])
			if err != nil {
				continue
			}
			in, err := os.Open(lines)
			if err != nil {
				b.Fatal(err)
			}
			cmd := exec.Command(path, tool[1:]...)
			cmd.Stdin = in
			measured(tool[0], func() {
				if out, err := cmd.Output(); err != nil || len(out) == 0 {
					b.Fatalf("%s finds %d bytes, %v", tool[0], len(out), err)
				}
			})
			in.Close()
		}
	}
	inMS := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	for what, all := range took {
		b.ReportMetric(inMS(middle(all)), what+"-ms")
	}
	beyond := middle(took["few"]) - middle(took["bare"])
	b.ReportMetric(inMS(beyond), "few-beyond-ms")
	for _, tool := range tools {
		if all := took[tool[0]]; len(all) > 0 {
			b.ReportMetric(float64(middle(all))/float64(beyond), tool[0]+"-times")
		}
	}
	b.ReportMetric(0, "ns/op")
	screens.press("q")
	screens.code()
}

// manyInAFile is a file with so many people.
func manyInAFile(b *testing.B, n int) (path string) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "people.csv")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, "nome,telefone,cidade,email,etiquetas")
	for i := range n {
		fmt.Fprintf(w, "Pessoa Silva %d,+55119%08d,Recife,p%d@exemplo.com,vip\n", i, 60_000_000+i, i)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}
