package command_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkContactsList is how long a person waits for people by a command, the whole process, with
// 100,000 in the book and an owner that runs: all of them as JSON ("all-json"), and those
// few whom a filter finds ("few"), beside the bare start of the program ("bare"). It says the
// medians, in milliseconds, and what "few" takes beyond that start.
func BenchmarkContactsList(b *testing.B) {
	p := newProgram(b).with("TERM=xterm-256color")
	path := filepath.Join(b.TempDir(), "people.csv")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, "nome,telefone,cidade,email,etiquetas")
	for i := range 100_000 {
		fmt.Fprintf(w, "Pessoa Silva %d,+55119%08d,Recife,p%d@exemplo.com,vip\n", i, 60_000_000+i, i)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	p.must("contacts", "import", path)
	screens := p.atTerminal()
	screens.shows("No number yet")
	took := make(map[string][]time.Duration)
	measured := func(what string, args ...string) {
		begun := time.Now()
		p.must(args...)
		took[what] = append(took[what], time.Since(begun))
	}
	for b.Loop() {
		measured("bare", "version")
		measured("few", "contacts", "list", "nome:4711")
		measured("all-json", "contacts", "list", "--json")
	}
	for what, all := range took {
		b.ReportMetric(float64(middle(all))/float64(time.Millisecond), what+"-ms")
	}
	b.ReportMetric(float64(middle(took["few"])-middle(took["bare"]))/float64(time.Millisecond), "few-beyond-ms")
	b.ReportMetric(0, "ns/op")
	screens.press("q")
	screens.code()
}
