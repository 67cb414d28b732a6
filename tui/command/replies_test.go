package command_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// reply is what scripts rely on.
type reply struct {
	Phone, Name, Time, Number, Text string
	OptedOut                        string `json:"opted_out"`
	Answered                        bool
	AnswerID                        int    `json:"answer_id"`
	AnswerState                     string `json:"answer_state"`
}

func (p *program) replies(id string, flags ...string) []reply {
	p.t.Helper()
	return objects[reply](p.t, p.must(append([]string{"campaign", "replies", id, "--json"}, flags...)...))
}

// TestRepliesAreListedAndAnsweredOnce: alone and through an owner, which is killed
// with an answer on its way.
func TestRepliesAreListedAndAnsweredOnce(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "4", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.must("numbers", "pace", "loja", "off", "--yes")
	p.everybody(s)
	people := tell[[]person](s, "/people")
	ours := objects[number](t, p.must("numbers", "--json"))[0].Phone
	id := p.campaign("--name", "Natal", "--text", "Tem sapato novo, {nome}", "--to", "tag:lote")
	p.must("run", "--until-idle")
	says := func(i int, text string) {
		t.Helper()
		said, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		s.post("/say", fmt.Sprintf(`{"person":%q,"number":%q,"text":%s}`, people[i].Phone, ours, said))
	}
	owner := p.owner()
	for i, text := range []string{"tem no \u202e8?\x1b[2J", "quanto custa?", "SAIR"} {
		time.Sleep(time.Second) // the service tells whole seconds, and they are listed by when they came
		says(i, text)
		p.await("the reply", func() bool { return len(p.replies(id)) == i+1 })
	}
	before := p.report(id)

	answer := func(code int, who, text string) string {
		t.Helper()
		r := p.run("campaign", "answer", id, who, text)
		if r.code != code {
			t.Errorf("an answer to %s: exit %d, want %d: %s%s", who, r.code, code, r.out, r.err)
		}
		return strings.TrimSpace(r.out)
	}
	first := answer(0, people[0].Phone, "Temos, {nome}!")
	p.await("the answer", func() bool { return p.replies(id)[0].AnswerState == "delivered" })
	if r := p.run("campaign", "answer", id, people[0].Phone, "outra vez"); r.code != 4 || !strings.Contains(r.err, first) {
		t.Errorf("a second one: exit %d, %s", r.code, r.err)
	}
	answer(4, people[2].Phone, "fique")         // has left
	answer(4, people[3].Phone, "oi")            // said nothing
	answer(2, people[1].Phone, "oi {nome")      // no text
	answer(3, "ninguém", "oi")                  // nobody
	answer(4, people[1].Phone, "de {cidade}")   // a field that they lack
	p.must("campaign", "replies", id, "--json") // through the owner
	s.post("/fault", `{"On":"message","Do":"silence"}`)
	written := objects[struct{ ID int }](t, p.must("campaign", "answer", id, people[1].Phone, "Dez reais", "--json"))
	second := strconv.Itoa(written[0].ID)
	p.await("it to be on its way", func() bool { return p.progress(second) == 1 })
	owner.kill()
	s.clearFaults()
	p.must("run", "--until-idle")

	got := p.replies(id)
	if len(got) != 3 {
		t.Fatalf("%d replies, want three: %+v", len(got), got)
	}
	for i, want := range []reply{
		{Text: "tem no 8?[2J", Answered: true}, {Text: "quanto custa?", Answered: true}, {Text: "SAIR"},
	} {
		g := got[i]
		if g.Phone != people[i].Phone || g.Number != "loja" || g.Time == "" || g.Text != want.Text || g.Answered != want.Answered || (g.AnswerState == "delivered") != want.Answered || (g.OptedOut != "") != (i == 2) {
			t.Errorf("reply %d is %+v", i, g)
		}
	}
	if left := p.replies(id, "--unanswered"); len(left) != 1 || left[0].Text != "SAIR" {
		t.Errorf("without an answer: %+v", left)
	}
	lines := p.must("campaign", "replies", id)
	if strings.ContainsAny(lines, "\x1b\u202e") || strings.Count(lines, "\n") != 3 || !strings.Contains(lines, "\tquanto custa?\tdelivered\n") {
		t.Errorf("in lines: %q", lines)
	}
	if after := p.report(id); after.Sent != before.Sent || after.Replied != before.Replied || after.OptedOut != before.OptedOut || after.Delivered != before.Delivered {
		t.Errorf("the report says %+v, before %+v", after, before)
	}
	saw := make(map[string]int)
	for _, one := range tell[ledger](s, "/ledger").Seen {
		saw[one.Person+one.Text]++
	}
	for i, text := range []string{"Temos, " + got[0].Name + "!", "Dez reais"} {
		if n := saw[people[i].Phone+text]; n != 1 {
			t.Errorf("%s saw %q %d times", people[i].Phone, text, n)
		}
	}
	about := p.must("audit", "--json")
	if strings.Count(about, `"answer"`) != 2 {
		t.Errorf("the audit has %s", about)
	}
	if r := p.run("campaign", "replies", "99"); r.code != 3 {
		t.Errorf("of no campaign: exit %d", r.code)
	}
}
