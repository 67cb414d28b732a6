package command_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const ownPhone = "+5511987654321"

func TestLinkByPhoneNumberPrintsTheCodeAlone(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "3", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	pr := p.start("link", "--phone", "+55 11 98765-4321")
	code := pr.line()
	if len(code) != 9 || code[4] != '-' {
		t.Errorf("the first line is no code: %q", code)
	}
	s.post("/code", fmt.Sprintf(`{"number":%q,"code":%q}`, ownPhone, code))
	for line := range pr.lines {
		t.Errorf("another line beside the code: %q", line)
	}
	if exit := pr.code(); exit != 0 {
		t.Fatalf("link: exit %d: %s", exit, pr.errs)
	}
	if got := objects[number](t, p.must("numbers", "--json")); len(got) != 1 || got[0].Phone != ownPhone || got[0].Name != ownPhone {
		t.Errorf("the numbers are %+v", got)
	}
	if r := p.run("link", "--phone", ownPhone); r.code != 4 {
		t.Errorf("a phone that is linked: exit %d, %q; want 4", r.code, r.err)
	}
	if r := p.run("link", "--name", ownPhone, "--phone", "+5521987654321"); r.code != 4 {
		t.Errorf("another phone for it: exit %d, %q; want 4", r.code, r.err)
	}
}

// passkey links with a passkey and returns what goes on, and the answer of a
// browser.
func (p *program) passkey(s *simulated, in *os.File) (pr *process, answer string) {
	p.t.Helper()
	pr = p.startWith(in, "link", "--name", "loja")
	s.post("/scan", pr.line())
	script, ok := strings.CutPrefix(pr.line(), "passkey ")
	_, rest, asked := strings.Cut(script, "parseRequestOptionsFromJSON(")
	options, _, closed := strings.Cut(rest, ")});")
	if !ok || !asked || !closed {
		p.t.Fatalf("the second line is no script: %q", script)
	}
	return pr, s.post("/passkey/sign", options)
}

func TestPasskeyGoesOutAndComesBackByStandardInput(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "3", "--speed", "-1")
	s.post("/passkey", `{"on":true}`)
	p := newProgram(t).with(s.env...)
	in, typed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer typed.Close()
	pr, answer := p.passkey(s, in)
	in.Close()
	answer = strings.TrimSpace(answer)
	fmt.Fprintf(typed, "{}\n%s\n%s\n", answer[:100], answer[100:]) // not that, and then in two lines
	if exit := pr.code(); exit != 0 {
		t.Fatalf("link: exit %d: %s", exit, pr.errs)
	}
	for _, want := range []string{"web.whatsapp.com", "not what the browser answered", "linked: loja"} {
		if !strings.Contains(pr.errs.String(), want) {
			t.Errorf("it does not say %q: %s", want, pr.errs)
		}
	}
	if strings.Contains(pr.errs.String(), answer[:100]) {
		t.Errorf("it shows the answer: %s", pr.errs)
	}
}

func TestPasskeyWithoutAnAnswerEndsTheLinking(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "3", "--speed", "-1")
	s.post("/passkey", `{"on":true}`)
	p := newProgram(t).with(s.env...)
	pr, _ := p.passkey(s, nil)
	if exit := pr.code(); exit != 1 || !strings.Contains(pr.errs.String(), "standard input") {
		t.Errorf("link: exit %d, want 1: %s", exit, pr.errs)
	}
	if out := p.must("numbers"); out != "" {
		t.Errorf("what was added stays: %q", out)
	}
}

func TestNumbersTellWhatWhatsAppAllowsAndTheClock(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "3", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	before := p.must("numbers")
	phone := objects[number](t, p.must("numbers", "--json"))[0].Phone
	s.post("/quota", fmt.Sprintf(`{"number":%q,"total":50,"used":12,"for":"720h"}`, phone))
	s.post("/skew", `{"for":"10m"}`)
	p.owner()
	var n number
	p.await("the quota and the clock", func() bool {
		n = objects[number](t, p.must("numbers", "--json"))[0]
		return n.Quota != nil && n.Quota.Total == 50 && n.Skew != 0
	})
	if n.Quota.Used != 12 || n.Quota.Until == "" || n.Skew > -590 || n.Skew < -610 {
		t.Errorf("got %+v, %+v", n, n.Quota)
	}
	r := p.run("numbers")
	if !strings.Contains(r.err, "the clock of this computer is 10 min behind") {
		t.Errorf("it does not warn: %q", r.err)
	}
	if got, want := strings.Count(r.out, "\t"), strings.Count(before, "\t"); got != want {
		t.Errorf("%q has %d tabs, want %d as ever", r.out, got, want)
	}
}

// Where devices.db has been moved away the link is gone, and link says so and
// links again.
func TestLinkNoticesThatTheKeysAreGone(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "3", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	if r := p.run("link", "--name", "loja"); r.code != 4 || !strings.Contains(r.err, "already linked") {
		t.Fatalf("linked: exit %d, %q; want 4", r.code, r.err)
	}
	was := objects[number](t, p.must("numbers", "--json"))[0]
	keys := filepath.Join(p.data, "devices.db")
	if err := os.Rename(keys, keys+".away"); err != nil {
		t.Fatal(err)
	}
	pr := p.start("link", "--name", "loja")
	s.post("/scan?phone="+was.Phone[1:], pr.line())
	if exit := pr.code(); exit != 0 || !strings.Contains(pr.errs.String(), "the keys of the link of loja are missing") {
		t.Fatalf("link: exit %d: %s", exit, pr.errs)
	}
	if got := objects[number](t, p.must("numbers", "--json")); len(got) != 1 || got[0].Phone != was.Phone || got[0].Name != "loja" {
		t.Errorf("the numbers are %+v, was %+v", got, was)
	}
}
