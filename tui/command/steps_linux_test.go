//go:build amd64 || arm64

package command_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// everySender is what every program makes durable that sends a campaign: how the book
// and the keys are written, and which version was here last.
var everySender = []string{
	"sync of book.db, pages", "sync of book.db, the first page",
	"sync of devices.db, pages", "sync of devices.db, the first page",
	"rename to recado.last",
}

// TestKilledAtEveryDurableStep kills the program that sends a short campaign right
// before or right after it makes something durable for the n-th time, and the program
// that comes after it at another such step. Then it lets it finish: everybody has seen
// the message once, and the report says what they saw. In half of the histories the
// power goes with the program: what had not been synced is gone, or a part of it.
//
// RECADO_STEPS is "all", or some steps with commas between. Without it they are a
// sample, another one every day.
func TestKilledAtEveryDurableStep(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("kills the program for a minute")
	}
	newProgram(t) // or it is skipped
	d := &deaths{at: make(map[string]int), met: make(map[string]int)}
	whole := newMortals(t, d, 1).history(moment{}) // how many steps there are, and of which kinds
	t.Logf("a life has %d steps: %v", whole.Steps, whole.Met)
	for _, what := range everySender {
		if !whole.unseen && (whole.Met["before "+what] == 0 || whole.Met["after "+what] == 0) {
			t.Errorf("nothing was seen before or after the %s", what)
		}
	}
	moments, worlds := momentsOf(t, whole.Steps)
	todo := make(chan moment, len(moments))
	for _, m := range moments {
		todo <- m
	}
	close(todo)
	t.Run("worlds", func(t *testing.T) {
		for range worlds {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				at, ok := <-todo
				if !ok { // the others were faster
					return
				}
				m := newMortals(t, d, len(moments))
				for ; ok; at, ok = <-todo {
					m.history(at)
				}
				m.onceInAll()
			})
		}
	})
	t.Log(d)
	if os.Getenv(stepsEnv) != "all" || whole.unseen {
		return
	}
	for _, what := range everySender {
		if d.at["before "+what] == 0 || d.at["after "+what] == 0 {
			t.Errorf("none died before or after the %s", what)
		}
	}
	if d.outlived == 0 {
		t.Errorf("none came to its end: there were more steps than %d", len(moments)/2)
	}
}

const stepsEnv = "RECADO_STEPS"

// moment is when a program dies.
type moment struct {
	step int    // 0: it lives
	cut  uint64 // not 0: by a power cut, with this seed
}

// momentsOf are the moments of a life of so many steps that are tried, in so many
// worlds beside each other.
func momentsOf(t *testing.T, steps int) (moments []moment, worlds int) {
	both := func(n int) []moment { return []moment{{step: n}, {step: n, cut: uint64(n)}} }
	switch text := os.Getenv(stepsEnv); text {
	case "":
		const every = 12
		day := int(time.Now().Unix() / (24 * 60 * 60))
		for n := 1 + day%every; n <= steps; n += every {
			moments = append(moments, both(n)[(day/every+n/every)%2])
		}
		return moments, 2
	case "all":
		for n := range steps + steps/8 + 4 { // no life is quite like the other
			moments = append(moments, both(n+1)...)
		}
		return moments, 12 // they wait a lot
	default:
		for _, one := range strings.Split(text, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(one))
			if err != nil || n < 1 {
				t.Fatalf("%s=%q", stepsEnv, text)
			}
			moments = append(moments, both(n)...)
		}
		return moments, 2
	}
}

// deaths are those of all worlds.
type deaths struct {
	mu       sync.Mutex
	at, met  map[string]int
	outlived int // programs that came to their end before their step
	cuts     int // of the power, after which something was gone
}

func (d *deaths) note(l life) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for what, n := range l.Met {
		d.met[what] += n
	}
	if len(l.Lost) > 0 {
		d.cuts++
	}
	if l.Killed == "" {
		d.outlived++
	} else {
		d.at[l.Killed]++
	}
}

// String says at what they died, and what they passed unharmed.
func (d *deaths) String() string {
	var b strings.Builder
	for _, what := range slices.Sorted(maps.Keys(d.met)) {
		fmt.Fprintf(&b, "%s: %d died of %d\n", what, d.at[what], d.met[what])
	}
	fmt.Fprintf(&b, "%d outlived their step; something was gone with the power %d times", d.outlived, d.cuts)
	return b.String()
}

// mortals are programs that die one after the other, on the same data, in a world of
// their own.
type mortals struct {
	*program
	s      *simulated
	deaths *deaths
	told   int // campaigns
	said   int // answers heard by then
}

// shortCampaign is how many people a campaign is for.
const shortCampaign = 4

// newMortals is a world with people for so many campaigns, other ones for each: who
// never answers is not written to for ever.
func newMortals(t *testing.T, d *deaths, campaigns int) *mortals {
	t.Helper()
	s := simulate(t, "--people", fmt.Sprint(campaigns*shortCampaign), "--reads", "0.7", "--replies", "0.5", "--speed", "-1")
	m := &mortals{program: newProgram(t).with(s.env...), s: s, deaths: d}
	m.link(s, "loja")
	var rows strings.Builder
	rows.WriteString("nome;telefone;tags\n")
	for i, one := range tell[[]person](s, "/people") {
		fmt.Fprintf(&rows, "%s %d;%s;lote%d\n", one.Name, i, one.Phone, 1+i/shortCampaign)
	}
	m.file("lote.csv", rows.String())
	m.must("contacts", "import", "lote.csv")
	return m
}

// history tells of one campaign, whose program dies at a moment. It returns how that
// lived.
func (m *mortals) history(at moment) life {
	m.t.Helper()
	m.told++
	text := fmt.Sprintf("Recado %d para ", m.told)
	id := m.campaign("--name", fmt.Sprint("Recado ", m.told), "--text", text+"{nome}", "--to", fmt.Sprint("tag:lote", m.told), "--pace", "off", "--yes")
	first := m.dies(at)
	var second life
	if at.step > 0 {
		second = m.dies(moment{1 + at.step*17%60, at.cut})
		m.must("run", "--until-idle")
	}
	failed := m.t.Failed()
	m.holds(id, text)
	if m.t.Failed() && !failed {
		m.t.Errorf("that was %q, with %+v dying %s and then %s, %s lost (%s=%d)", text, at, first.Killed, second.Killed, append(first.Lost, second.Lost...), stepsEnv, at.step)
	}
	return first
}

// dies starts a program and lets it die, and looks at the files that it leaves.
func (m *mortals) dies(at moment) life {
	m.t.Helper()
	l := m.followed(orders{At: at.step, Cut: at.cut}, "run", "--until-idle")
	if l.Refused != "" {
		m.t.Logf("nobody may follow a program here, so that it dies at a random moment: %s", l.Refused)
		l = m.watched(at.step, "run", "--until-idle")
	}
	m.deaths.note(l)
	switch {
	case l.Killed == "" && l.Code != 0:
		m.t.Errorf("%+v: exit %d", at, l.Code)
	case l.Killed != "":
		if r := m.run("check"); r.code != 0 {
			m.t.Errorf("killed %s (%+v): what is left: %s%s", l.Killed, at, r.out, r.err)
		}
	}
	return l
}

// followed runs a command with a tracer and returns how it lived.
func (p *program) followed(o orders, args ...string) life {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	o.Told = filepath.Join(p.t.TempDir(), "life.json")
	text, err := json.Marshal(o)
	if err != nil {
		p.t.Fatal(err)
	}
	q := p.with(tracerEnv + "=" + string(text))
	q.alter = func(cmd *exec.Cmd) { cmd.Path, cmd.Args = self, append([]string{self}, cmd.Args...) }
	if r := q.run(args...); r.code != 0 {
		p.t.Fatalf("the tracer of %v ends with %d: %s", args, r.code, r.err)
	}
	text, err = os.ReadFile(o.Told)
	if err != nil {
		p.t.Fatal(err)
	}
	return objects[life](p.t, string(text))[0]
}

// watched runs a command where nobody may look into it, and kills it when it has
// written about twice as often as it makes something durable until that step.
func (p *program) watched(step int, args ...string) life {
	p.t.Helper()
	const steps = 100 // as a life has
	pr := p.start(args...)
	written := func() int {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/io", pr.cmd.Process.Pid))
		_, after, _ := strings.Cut(string(text), "syscw: ")
		n, _ := strconv.Atoi(strings.SplitN(after, "\n", 2)[0])
		return n
	}
	for begun := time.Now(); step > 0 && !over(pr.ended); time.Sleep(100 * time.Microsecond) {
		if written() > 2*step || time.Since(begun) > time.Duration(step)*time.Second {
			pr.kill()
			return life{unseen: true, Steps: steps, Killed: "at a random moment"}
		}
	}
	return life{unseen: true, Steps: steps, Code: pr.code()}
}

// holds looks at the end of a campaign, in the world and in the book.
func (m *mortals) holds(id, text string) {
	m.t.Helper()
	m.checkOnce(m.s, id, text)
	saw := make(map[string]bool)
	world := tell[struct {
		Seen []seen
		Said []seen
	}](m.s, "/ledger")
	for _, x := range world.Seen {
		if strings.HasPrefix(x.Text, text) {
			saw[x.Person] = true
		}
	}
	answered := make(map[string]bool)
	for _, x := range world.Said[m.said:] {
		answered[x.Person] = true
	}
	m.said = len(world.Said)
	r := m.report(id)
	if len(saw) != shortCampaign || r.Sent != len(saw) || r.Delivered != len(saw) || r.Replied != len(answered) || r.Read < r.Replied || len(r.Failed)+len(r.LeftOut) > 0 {
		m.t.Errorf("%q: %d of %d people saw it, %d answered; the report says %+v", text, len(saw), shortCampaign, len(answered), r)
	}
}

// onceInAll asks a world at its end.
func (m *mortals) onceInAll() {
	m.t.Helper()
	if s := tell[struct{ Seen, Twice, Changed, Lost int }](m.s, "/stats"); s.Seen != m.told*shortCampaign || s.Twice+s.Changed+s.Lost > 0 {
		m.t.Errorf("after %d campaigns for %d people the world says %+v", m.told, shortCampaign, s)
	}
}
