package command_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// follow is a follow-up as scripts read it.
type follow struct {
	ID           int
	Name, Status string
	FollowUp     int  `json:"follow_up_of"`
	Consent      bool `json:"require_consent"`
}

// texts are what the people of a simulated WhatsApp saw, by their phones, that
// begins so.
func (s *simulated) texts(begins string) map[string]int {
	s.t.Helper()
	saw := make(map[string]int)
	for _, x := range tell[ledger](s, "/ledger").Seen {
		if strings.HasPrefix(x.Text, begins) {
			saw[x.Person]++
		}
	}
	return saw
}

// TestAFollowUpGoesToWhoeverDidNotReply: a campaign goes to all, some reply, and
// the second message goes once to the others alone.
func TestAFollowUpGoesToWhoeverDidNotReply(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "12", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.everybody(s)
	p.must("campaign", "new", "--name", "Natal", "--text", "Oi {nome}", "--to", "tag:lote")
	refused := func(code int, args ...string) {
		t.Helper()
		if r := p.run(append([]string{"campaign", "follow-up"}, args...)...); r.code != code || r.out != "" {
			t.Errorf("follow-up %q: exit %d, want %d: %s%s", args, r.code, code, r.out, r.err)
		}
	}
	refused(4, "1", "--text", "Ainda dá tempo") // it was never begun
	refused(3, "9", "--text", "Ainda dá tempo")
	refused(2, "1", "--text", "Ainda dá tempo", "--only", "all")
	refused(2, "1") // without a text

	p.must("campaign", "start", "1")
	owner := p.owner()
	p.await("all to have got it", func() bool { c := p.show("1").Counts; return c.Queued+c.Sending+c.Sent == 0 })
	var replied []string
	phone := objects[number](t, p.must("numbers", "--json"))[0].Phone
	for _, one := range tell[[]person](s, "/people")[:5] {
		s.post("/say", fmt.Sprintf(`{"person":%q,"number":%q,"text":"oi, quero"}`, one.Phone, phone))
		replied = append(replied, one.Phone)
	}
	p.await("the replies", func() bool { return p.show("1").Counts.Replied == len(replied) })

	write := func(want follow, flags ...string) {
		t.Helper()
		got := objects[follow](t, p.must(append([]string{"campaign", "follow-up", "1", "--text", "Ainda dá tempo, {nome}", "--json"}, flags...)...))
		if len(got) != 1 || got[0] != want {
			t.Errorf("the follow-up %q is %+v, want %+v", flags, got, want)
		}
	}
	write(follow{2, "Outra vez", "draft", 1, true}, "--name", "Outra vez", "--require-consent", "--optout-line", "--yes")
	if text := p.must("campaign", "show", "2"); !strings.Contains(text, "Ainda dá tempo, {nome}") || !strings.Contains(text, "SAIR") {
		t.Errorf("it says %s", text)
	}
	p.must("campaign", "delete", "2", "--yes")
	write(follow{3, "Natal 2", "draft", 1, false})
	refused(4, "1", "--text", "Ainda dá tempo") // there is one
	refused(4, "3", "--text", "Ainda dá tempo") // it is one
	p.must("campaign", "start", "3")
	owner.interrupt()
	owner.code()
	p.must("run", "--until-idle")

	first, second := s.texts("Oi "), s.texts("Ainda dá tempo, ")
	for _, seen := range []map[string]int{first, second} {
		for who, n := range seen {
			if n != 1 {
				t.Errorf("%s saw it %d times", who, n)
			}
		}
	}
	want := slices.Sorted(maps.Keys(first))
	want = slices.DeleteFunc(want, func(who string) bool { return slices.Contains(replied, who) })
	if got := slices.Sorted(maps.Keys(second)); len(first) != 12 || len(want) != 7 || !slices.Equal(got, want) {
		t.Errorf("the second went to %q, want %q; %d saw the first", got, want, len(first))
	}
	if got := p.show("3"); got.Status != "finished" || got.Counts.Skipped != 0 {
		t.Errorf("it ends as %+v", got)
	}
}

// TestOnlyWhoHasConsentedIsWrittenTo: by --require-consent, with consent of an
// import; a check, the deliveries and the report say of the others why.
func TestOnlyWhoHasConsentedIsWrittenTo(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "6", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.everybody(s)
	var agreed []string
	rows := "nome;telefone\n"
	for i, one := range tell[[]person](s, "/people")[:2] {
		agreed = append(agreed, one.Phone)
		rows += fmt.Sprintf("%s %d;%s\n", one.Name, i, one.Phone)
	}
	p.file("feira.csv", rows)
	p.must("contacts", "import", "feira.csv", "--consent", "feira 2026")

	got := objects[follow](t, p.must("campaign", "new", "--name", "Natal", "--text", "Oi {nome}", "--to", "tag:lote", "--require-consent", "--json"))
	if len(got) != 1 || !got[0].Consent {
		t.Fatalf("written is %+v", got)
	}
	check := objects[struct {
		Receive int
		LeftOut map[string]int `json:"left_out"`
	}](t, p.must("campaign", "check", "1", "--json"))[0]
	if check.Receive != 2 || !maps.Equal(check.LeftOut, map[string]int{"delivery_no_consent": 4}) {
		t.Errorf("the check says %+v", check)
	}
	if text := p.must("campaign", "check", "1"); !strings.Contains(text, "4 are left out: has no recorded consent") {
		t.Errorf("in words it says\n%s", text)
	}
	if text := p.must("campaign", "show", "1"); !strings.Contains(text, "\nrequire_consent\tyes\n") {
		t.Errorf("it is shown as\n%s", text)
	}
	p.must("campaign", "start", "1")
	p.must("run", "--until-idle")
	if saw := s.texts("Oi "); len(saw) != 2 || saw[agreed[0]] != 1 || saw[agreed[1]] != 1 {
		t.Errorf("it went to %v, want %q", saw, agreed)
	}
	if r := p.report("1"); r.Sent != 2 || !maps.Equal(r.LeftOut, map[string]int{"delivery_no_consent": 4}) {
		t.Errorf("the report says %+v", r)
	}
	skipped := 0
	for _, d := range objects[struct {
		State string
		Code  string `json:"reason_code"`
	}](t, p.must("campaign", "deliveries", "1", "--json")) {
		if d.State == "skipped" && d.Code == "delivery_no_consent" {
			skipped++
		}
	}
	if skipped != 4 {
		t.Errorf("%d deliveries say that there is no consent, want 4", skipped)
	}
	// What was asked of the first message is asked of the second.
	if got := objects[follow](t, p.must("campaign", "follow-up", "1", "--text", "Ainda dá tempo", "--json")); !got[0].Consent {
		t.Errorf("the follow-up is %+v", got)
	}
	if got := objects[follow](t, p.must("campaign", "duplicate", "1", "--json")); !got[0].Consent {
		t.Errorf("the copy is %+v", got)
	}
}
