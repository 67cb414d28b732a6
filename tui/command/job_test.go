package command_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The shapes that scripts rely on, written out by hand.
type (
	counts struct {
		Queued, Sending, Sent, Delivered, Read, Replied, Failed, Unsure, Skipped int
	}
	shown struct {
		ID           int
		Name, Status string
		Counts       counts
		FollowUp     int `json:"follow_up_of"`
	}
	delivery struct {
		Phone, Name, State string
		MessageID          string `json:"message_id"`
		Reason, Text       string
	}
	number struct {
		Name, Phone, State, Since, Reason, Until string
		Quota                                    *struct {
			Total, Used int
			Until       string
		}
		PhoneSeen string `json:"phone_seen"`
		Unlinks   string
		Skew      int `json:"clock_skew_seconds"`
	}
	person struct{ Phone, Name string }
	seen   struct{ Person, Number, ID, Text string }
	ledger struct{ Seen []seen }
)

// campaign writes and starts a campaign and returns its id.
func (p *program) campaign(args ...string) string {
	p.t.Helper()
	id := strings.TrimSpace(p.must(append([]string{"campaign", "new"}, args...)...))
	if _, err := strconv.Atoi(id); err != nil {
		p.t.Fatalf("campaign new prints %q, want the id alone", id)
	}
	p.must("campaign", "start", id)
	return id
}

func (p *program) show(id string) shown {
	p.t.Helper()
	all := objects[shown](p.t, p.must("campaign", "show", id, "--json"))
	if len(all) != 1 {
		p.t.Fatalf("campaign show prints %d objects", len(all))
	}
	return all[0]
}

// checkOnce holds the book against what the simulated people saw: each the
// text once, with their own name in it, and no delivery that says otherwise.
func (p *program) checkOnce(s *simulated, id, before string) {
	p.t.Helper()
	saw := make(map[string][]seen) // by message id
	for _, x := range tell[ledger](s, "/ledger").Seen {
		saw[x.ID] = append(saw[x.ID], x)
	}
	for _, d := range objects[delivery](p.t, p.must("campaign", "deliveries", id, "--json")) {
		switch d.State {
		case "sent", "delivered", "read", "replied":
		default:
			p.t.Errorf("%s is %s (%s)", d.Phone, d.State, d.Reason)
			continue
		}
		if want := before + d.Name; d.Text != want {
			p.t.Errorf("%s: the book says %q was sent, want %q", d.Phone, d.Text, want)
		}
		switch got := saw[d.MessageID]; {
		case len(got) != 1:
			p.t.Errorf("%s saw message %s %d times", d.Phone, d.MessageID, len(got))
		case got[0].Text != d.Text:
			p.t.Errorf("%s saw %q, the book says %q", d.Phone, got[0].Text, d.Text)
		}
	}
	texts := make(map[string]int) // by person: another id would be another message to them
	for _, x := range tell[ledger](s, "/ledger").Seen {
		if strings.HasPrefix(x.Text, before) {
			if texts[x.Person]++; texts[x.Person] == 2 {
				p.t.Errorf("%s saw the text more than once", x.Person)
			}
		}
	}
}

func TestMainJobWithoutScreens(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "40", "--unregistered", "5", "--aliases", "5", "--reads", "0.5", "--speed", "-1")
	p := newProgram(t).with(s.env...)

	pr := p.start("link", "--qr", "text")
	code := pr.line()
	if !strings.Contains(code, "#2@") {
		t.Errorf("the first line is no code: %q", code)
	}
	s.post("/scan", code)
	for line := range pr.lines {
		t.Errorf("another line beside the code: %q", line)
	}
	if exit := pr.code(); exit != 0 {
		t.Fatalf("link: exit %d: %s", exit, pr.errs)
	}
	numbers := objects[number](t, p.must("numbers", "--json"))
	if len(numbers) != 1 || numbers[0].Name != numbers[0].Phone || numbers[0].Phone == "" {
		t.Fatalf("a number without a name is called by its phone: got %+v", numbers)
	}
	p.must("numbers", "pace", numbers[0].Name, "off", "--yes") // at any hour of the day

	var csv strings.Builder
	csv.WriteString("nome;telefone;tags\n")
	people := tell[[]person](s, "/people")
	for i, person := range people {
		fmt.Fprintf(&csv, "%s %d;%s;lote\n", person.Name, i, person.Phone)
	}
	csv.WriteString("Ninguém;12;lote\n")
	p.file("lote.csv", csv.String())
	if r := p.run("contacts", "import", "lote.csv"); r.code != 4 || !strings.Contains(r.err, fmt.Sprint("line ", len(people)+2)) {
		t.Fatalf("import: exit %d, %q; want 4 and the bad line", r.code, r.err)
	}

	id := p.campaign("--name", "Natal", "--text", "Feliz Natal, {nome}", "--to", "tag:lote")
	if r := p.run("run", "--until-idle"); r.code != 0 || r.out != "" {
		t.Fatalf("run: exit %d, out %q, err %q", r.code, r.out, r.err)
	}
	got := p.show(id)
	c := got.Counts
	if got.Status != "finished" || got.Name != "Natal" || c.Skipped != 5 || c.Sent+c.Delivered+c.Read+c.Replied != 40 {
		t.Errorf("after the run: %+v; want finished, 40 accepted, 5 skipped", got)
	}
	if c.Read == 0 || c.Delivered == 0 {
		t.Errorf("half of the people read, but the book says %+v", c)
	}
	for _, d := range objects[delivery](t, p.must("campaign", "deliveries", id, "--json")) {
		if d.State == "skipped" && d.Reason != "not on WhatsApp" {
			t.Errorf("%s skipped: %q", d.Phone, d.Reason)
		}
	}
	stats := tell[struct{ Seen, Twice, Lost int }](s, "/stats")
	if stats.Seen != 40 || stats.Twice != 0 || stats.Lost != 0 {
		t.Errorf("the world says %+v; want 40 seen, none twice or lost", stats)
	}
}

func TestNumbersComeBackWithoutAQRAndLinkAgainAfterLogout(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	phone := objects[number](t, p.must("numbers", "--json"))[0].Phone
	if r := p.run("link", "--name", "Loja"); r.code != 4 {
		t.Errorf("linking a linked number: exit %d, %q; want 4", r.code, r.err)
	}
	state := func() string { return objects[number](t, p.must("numbers", "--json"))[0].State }
	owner := p.owner()
	p.await("the number to be online", func() bool { return state() == "online" })
	s.post("/logout", fmt.Sprintf(`{"Number":%q}`, phone))
	p.await("the number to be logged out", func() bool { return state() == "logged-out" })
	owner.interrupt()
	owner.code()
	if got := state(); got != "logged-out" {
		t.Errorf("after a restart the number is %s", got)
	}

	pr := p.start("link", "--name", "loja", "--qr", "text")
	s.post("/scan?phone="+strings.TrimPrefix(phone, "+"), pr.line())
	if exit := pr.code(); exit != 0 {
		t.Fatalf("link again: exit %d: %s", exit, pr.errs)
	}
	if got := objects[number](t, p.must("numbers", "--json")); len(got) != 1 || got[0].Phone != phone {
		t.Errorf("linked again: %+v, want the one number %s", got, phone)
	}
}

func TestStopWaitsForTheMessageOnTheWire(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "400", "--speed", "-1") // ten minutes at this pace: it is never over before it is stopped
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	id := p.campaign("--name", "x", "--text", "Oi {nome|você}")
	const late = 1500 * time.Millisecond
	s.post("/fault", fmt.Sprintf(`{"On":"message","Do":"late","Delay":%q}`, late))
	owner := p.start("run")
	other := p.start("run") // the message is waited for although somebody else would go on
	p.await("a message on the wire", func() bool {
		return len(tell[struct{ Stanzas []struct{ Text string } }](s, "/ledger").Stanzas) > 0
	})
	p.must("numbers") // begun and done after both: they hear signals by now
	owner.interrupt()
	other.interrupt()
	for _, pr := range []*process{owner, other} {
		if code := pr.code(); code != 0 {
			t.Errorf("interrupted run: exit %d: %s", code, pr.errs)
		}
	}
	if c := p.show(id).Counts; c.Sending != 0 || c.Unsure != 0 || c.Queued == 0 || c.Sent+c.Delivered == 0 {
		t.Errorf("after the interrupt: %+v; want some sent, some queued and none in doubt", c)
	}
}

func TestRunSaysWhenOnlyAPersonCanHelp(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "5", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.campaign("--name", "x", "--text", "Oi")
	s.post("/logout", fmt.Sprintf(`{"Number":%q}`, objects[number](t, p.must("numbers", "--json"))[0].Phone))
	if r := p.run("run", "--until-idle"); r.code != 1 || !strings.Contains(r.err, "loja") {
		t.Errorf("exit %d, %q; want 1 and the number's name", r.code, r.err)
	}
}

func TestRunSaysWhichCampaignWhatsAppStopped(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "5", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	id := p.campaign("--name", "Natal", "--text", "Oi")
	s.post("/fault", `{"On":"message","Do":"ban","Nth":2,"BanCode":101,"Expire":"1h"}`)
	r := p.run("run", "--until-idle")
	if r.code != 1 || !strings.Contains(r.err, `WhatsApp stopped the number "loja"`) || !strings.Contains(r.err, "recado campaign resume "+id) {
		t.Errorf("exit %d, %q; want 1, the number and what to do", r.code, r.err)
	}
	if got := p.show(id); got.Status != "paused" || got.Counts.Queued == 0 {
		t.Errorf("after the ban: %+v", got)
	}
	if n := objects[number](t, p.must("numbers", "--json"))[0]; n.State != "banned" || n.Until == "" {
		t.Errorf("the number: %+v", n)
	}
	if r := p.run("run", "--until-idle"); r.code != 0 {
		t.Errorf("a run with nothing but what was paused before: exit %d, %q", r.code, r.err)
	}
}

func TestReplacedNumberWaitsForACommand(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "5", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "da loja")
	id := p.campaign("--name", "x", "--text", "Oi {nome|você}")
	s.post("/fault", `{"On":"message","Do":"stream-error","Conflict":"replaced","Limit":1}`)
	for range 2 { // a start of the program does not take the link back by itself
		r := p.run("run", "--until-idle")
		if r.code != 1 || !strings.Contains(r.err, "recado numbers reconnect 'da loja'") {
			t.Errorf("exit %d, %q; want 1 and what to do", r.code, r.err)
		}
	}
	if r := p.run("link", "--name", "da loja"); r.code != 4 || !strings.Contains(r.err, "reconnect") {
		t.Errorf("link: exit %d, %q; want 4 and what to do", r.code, r.err)
	}
	if r := p.run("numbers", "reconnect", "padaria"); r.code != 3 {
		t.Errorf("reconnect an unknown number: exit %d, want 3", r.code)
	}
	p.must("numbers", "reconnect", "da loja")
	p.must("run", "--until-idle")
	p.checkOnce(s, id, "Oi ")
}

func TestPauseResumeAndCancelReachARunningOwner(t *testing.T) {
	t.Parallel()
	const people = 600
	s := simulate(t, "--people", strconv.Itoa(people), "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	id := p.campaign("--name", "x", "--text", "Oi {nome|você}")
	s.post("/fault", `{"On":"message","Do":"late","Delay":"150ms"}`) // it is not over before it is paused
	p.owner()
	p.await("some to be sent", func() bool { return p.progress(id) > 2 })
	p.must("campaign", "pause", id)
	paused := p.show(id)
	if paused.Status != "paused" || paused.Counts.Queued == 0 {
		t.Fatalf("after the pause: %+v", paused)
	}
	if r := p.run("campaign", "pause", id); r.code != 4 {
		t.Errorf("pausing twice: exit %d, want 4", r.code)
	}
	p.must("campaign", "resume", id)
	p.await("more to be sent", func() bool { return p.progress(id) > p.triedBy(paused)+2 })
	if got := objects[shown](t, p.must("campaign", "cancel", id, "--json")); len(got) != 1 || got[0].Status != "cancelled" {
		t.Errorf("cancel --json prints %+v", got)
	}
	p.await("what was on the wire to be settled", func() bool { return p.show(id).Counts.Sending == 0 })
	before := tell[struct{ Seen int }](s, "/stats")
	if c := p.show(id).Counts; c.Queued != 0 || c.Skipped == 0 || before.Seen > people-c.Skipped {
		t.Errorf("after the cancel: %+v, %d seen", c, before.Seen)
	}
}

// TestKilledAtRandomMoments kills the program -9 again and again while it
// sends, on a service that loses answers and breaks connections. RECADO_KILLS
// says how often.
func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	kills, people := 6, 60
	if n, err := strconv.Atoi(os.Getenv("RECADO_KILLS")); err == nil && n > 0 {
		kills, people = n, max(people, n*12)
	}
	if testing.Short() {
		t.Skip("kills the program for half a minute")
	}
	s := simulate(t, "--people", strconv.Itoa(people), "--speed", "-1", "--latency", "15ms")
	p := newProgram(t).with(s.env...)
	p.link(s, "um")
	p.link(s, "dois")
	var csv strings.Builder
	csv.WriteString("nome,telefone,tags\n")
	for i, person := range tell[[]person](s, "/people") {
		fmt.Fprintf(&csv, "Pessoa %d,%s,lote\n", i, person.Phone)
	}
	p.file("lote.csv", csv.String())
	p.must("contacts", "import", "lote.csv")
	id := p.campaign("--name", "kill", "--text", "Recado para {nome}", "--to", "tag:lote")
	for _, fault := range []string{"silence", "drop-before", "drop-after"} {
		s.post("/fault", fmt.Sprintf(`{"On":"message","Do":%q,"Probability":0.02}`, fault))
	}

	const seed = 11
	dice := rand.New(rand.NewPCG(seed, 0))
	for i := range kills {
		before := p.progress(id)
		pr := p.start("run")
		if i%3 > 0 { // else at any moment, opening and connecting included
			p.await("the campaign to move on", func() bool {
				return p.progress(id) > before || p.show(id).Status == "finished"
			})
		}
		time.Sleep(time.Duration(dice.IntN(400)) * time.Millisecond)
		pr.kill()
	}
	left := p.show(id)
	t.Logf("after %d kills: %s %+v", kills, left.Status, left.Counts)
	s.clearFaults()
	done := p.start("run", "--until-idle")
	for begun := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if over(done.ended) {
			break
		}
		if time.Since(begun) > patience {
			log, _ := os.ReadFile(filepath.Join(p.data, "recado.log"))
			t.Fatalf("the last run does not end: %+v\n%s", p.show(id), log[max(0, len(log)-2000):])
		}
	}
	if exit := done.code(); exit != 0 {
		t.Fatalf("run: exit %d: %s", exit, done.errs)
	}
	if got := p.show(id); got.Status != "finished" {
		t.Errorf("the campaign is %s", got.Status)
	}
	p.checkOnce(s, id, "Recado para ")
	texts := 0
	for _, x := range tell[ledger](s, "/ledger").Seen {
		if strings.HasPrefix(x.Text, "Recado para ") {
			texts++
		}
	}
	if texts != people {
		t.Errorf("%d texts were seen, want one for each of %d people", texts, people)
	}
	s.checkFile(texts)
}

// over reports whether a channel is closed.
func over(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// progress is how many deliveries of a campaign have been tried.
func (p *program) progress(id string) int { return p.triedBy(p.show(id)) }

func (p *program) triedBy(s shown) int {
	c := s.Counts
	return c.Sent + c.Delivered + c.Read + c.Replied + c.Unsure + c.Failed + c.Sending
}

// checkFile holds ledger.jsonl against what the control says was seen.
func (s *simulated) checkFile(want int) {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "ledger.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	got := 0
	for _, entry := range objects[struct {
		Entry string
		Data  json.RawMessage
	}](s.t, string(text)) {
		if entry.Entry == "seen" {
			got++
		}
	}
	if got < want {
		s.t.Errorf("ledger.jsonl has %d texts seen, want at least %d", got, want)
	}
}

// With our clock an hour ahead an answer is an answer: what leaves and what comes
// is by one clock, the service's.
func TestAnswersCountThoughOurClockIsWrong(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "3", "--reads", "1", "--replies", "1", "--speed", "-1")
	s.post("/skew", `{"for":"-1h"}`)
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	var csv strings.Builder
	csv.WriteString("nome;telefone\n")
	for _, person := range tell[[]person](s, "/people") {
		fmt.Fprintf(&csv, "%s;%s\n", person.Name, person.Phone)
	}
	p.file("lote.csv", csv.String())
	p.must("contacts", "import", "lote.csv")
	id := p.campaign("--name", "Natal", "--text", "Feliz Natal")
	p.owner()
	p.await("all to have answered", func() bool { return p.show(id).Counts.Replied == 3 })
	if n := objects[number](t, p.must("numbers", "--json"))[0]; n.Skew < 3590 || n.Skew > 3610 {
		t.Errorf("the clock is said to be %d s ahead", n.Skew)
	}
}
