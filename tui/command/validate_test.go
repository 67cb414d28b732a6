package command

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store"
)

// shop makes a real book with three people and a number that is linked.
func shop(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	peopled(t, dir)
	inBook(t, dir, func(b *store.Book) error {
		n, err := desk(b).AddNumber("Loja")
		if err == nil {
			_, err = b.LinkNumber(n.ID, "+5511912345678", "5511912345678:1@s.whatsapp.net", time.Now())
		}
		return err
	})
	return dir
}

// inBook does something to a closed book.
func inBook(t *testing.T, dir string, do func(b *store.Book) error) {
	t.Helper()
	book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Real})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if err := do(book); err != nil {
		t.Fatal(err)
	}
}

// runner runs commands on the data of dir.
func runner(t *testing.T, dir string) func(want int, args ...string) (out, errs string) {
	return func(want int, args ...string) (out, errs string) {
		t.Helper()
		c, o, e := typist(t, dir, "", args...)
		if got := c.execute(t.Context()); got != want {
			t.Fatalf("%q: exit %d, want %d: %s", args, got, want, e)
		}
		return o.String(), e.String()
	}
}

func object[T any](t *testing.T, line string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(line), &v); err != nil {
		t.Fatalf("%v: %q", err, line)
	}
	return v
}

func TestAValidationIsBegunAndFollowedByCommands(t *testing.T) {
	dir := shop(t)
	run := runner(t, dir)
	if _, errs := run(ExitOK, "contacts", "validations"); !strings.Contains(errs, "nada foi verificado") {
		t.Errorf("said %q", errs)
	}
	run(ExitUsage, "contacts", "validate", "tag:(")
	run(ExitUsage, "contacts", "validate", "lista:nada")
	run(ExitNotFound, "contacts", "validate", "--number", "outra")
	run(ExitFailed, "contacts", "validate", "--budget", "5000")
	run(ExitRefused, "contacts", "validate", "--stop")
	if _, errs := run(ExitOK, "contacts", "validate", "-nome:caio", "--budget", "20"); !strings.Contains(errs, "Loja verifica 2 pessoas, até 20 por dia") {
		t.Errorf("said %q", errs)
	}
	if _, errs := run(ExitRefused, "contacts", "validate"); !strings.Contains(errs, "já está verificando") {
		t.Errorf("said %q", errs)
	}
	inBook(t, dir, func(b *store.Book) error { // what the lane does
		act, err := b.Claim(campaign.Claim{Number: 1, Ready: campaign.Readiness{Link: 1, Since: time.Now().Add(-time.Hour)}, Now: time.Now()})
		if err != nil {
			return err
		}
		asked := act.(campaign.Check).Phones
		return b.Answered(1, asked, []people.Answer{{Asked: asked[0], Phone: asked[0], Presence: people.OnWhatsApp, LID: "71"}, {Asked: asked[1], Presence: people.NotOnWhatsApp}}, time.Now())
	})
	out, _ := run(ExitOK, "contacts", "validations", "--json")
	if v := object[validationJSON](t, out); v.Number != "Loja" || v.Status != "done" || v.Total != 2 || v.Done != 2 || v.Yes != 1 || v.No != 1 || v.Today != 2 || v.PerDay != 20 || v.Ended == "" || v.Next != "" {
		t.Errorf("it is %+v", v)
	}
	if out, _ := run(ExitOK, "contacts", "validations"); !strings.HasPrefix(out, "Loja\t2/2\t1 no WhatsApp, 1 fora\thoje 2/20\tterminou\t") {
		t.Errorf("printed %q", out)
	}
	if out, _ := run(ExitOK, "contacts", "list", "whatsapp:sim", "--json"); object[contactJSON](t, out).WhatsApp != "yes" {
		t.Errorf("listed %q", out)
	}
	out, _ = run(ExitOK, "contacts", "validate", "--json")
	if v := object[validationJSON](t, out); v.Status != "running" || v.Total != 1 || v.Known != 2 || v.PerDay != store.ValidatePerDay || v.Next == "" {
		t.Errorf("it is %+v", v)
	}
	if _, errs := run(ExitOK, "contacts", "validate", "--stop"); !strings.Contains(errs, "parou") {
		t.Errorf("said %q", errs)
	}
	inBook(t, dir, func(b *store.Book) error {
		n, err := desk(b).AddNumber("Vendas")
		if err == nil {
			_, err = b.LinkNumber(n.ID, "+5511912345679", "5511912345679:1@s.whatsapp.net", time.Now())
		}
		return err
	})
	if _, errs := run(ExitUsage, "contacts", "validate"); !strings.Contains(errs, "--number: Loja, Vendas") {
		t.Errorf("said %q", errs)
	}
}

func TestPeopleAgreeByALinkThatACommandMakes(t *testing.T) {
	dir := shop(t)
	run := runner(t, dir)
	if _, errs := run(ExitOK, "consent", "links"); !strings.Contains(errs, "nenhum link") {
		t.Errorf("said %q", errs)
	}
	run(ExitUsage, "consent", "link")
	run(ExitFailed, "consent", "link", " ")
	out, _ := run(ExitOK, "consent", "link", "feira 2026", "--json")
	link := object[inviteJSON](t, out)
	if !strings.HasPrefix(link.Link, "https://wa.me/5511912345678?text=Quero%20receber%20mensagens%20%28ref%20"+link.Token) || link.Number != "Loja" || link.People != 0 {
		t.Errorf("the link is %+v", link)
	}
	if out, errs := run(ExitOK, "consent", "link", "Feira 2026"); !strings.HasPrefix(out, link.Link+"\n") || !strings.Contains(errs, link.Message) {
		t.Errorf("the same again: %q, %q", out, errs)
	}
	run(ExitRefused, "consent", "link", "feira 2026", "--text", "Outra coisa")
	c, o, e := typist(t, dir, "", "consent", "link", "feira 2026") // where nobody sees it
	c.seen.Out = false
	if got := c.execute(t.Context()); got != ExitOK || o.String() != link.Link+"\n" {
		t.Errorf("for a script: exit %d, %s\n%s", got, o, e)
	}
	c, o, e = typist(t, dir, "", "consent", "link", "feira 2026", "--qr")
	c.seen.Out = false
	if got := c.execute(t.Context()); got != ExitOK || strings.Count(o.String(), "\n") < 15 || !strings.Contains(o.String(), "▀") {
		t.Errorf("drawn: exit %d, %s\n%s", got, o, e)
	}
	inBook(t, dir, func(b *store.Book) error {
		return b.Heard(1, campaign.Incoming{From: people.Seen{Phone: "+5511987650001", LID: "71"}, ID: "in", Text: link.Message, At: time.Now()})
	})
	out, _ = run(ExitOK, "contacts", "list", "veio:feira", "consent:feira", "--json")
	if p := object[contactJSON](t, out); p.Phone != "+5511987650001" || p.Came == nil || p.Came.Way != "link" || p.Came.Name != "feira 2026" || p.Consent.Status != "yes" || p.Consent.Evidence != link.Message {
		t.Errorf("they are %+v", p)
	}
	if out, _ := run(ExitOK, "contacts", "show", "ana"); !strings.Contains(out, "veio por\tlink feira 2026") {
		t.Errorf("shown as %q", out)
	}
	out, _ = run(ExitOK, "consent", "links", "--json")
	if l := object[inviteJSON](t, out); l.People != 1 || l.Last == "" {
		t.Errorf("the link is %+v", l)
	}
	if out, _ := run(ExitOK, "consent", "links"); !strings.HasPrefix(out, "feira 2026\t1\t") {
		t.Errorf("printed %q", out)
	}
	inBook(t, dir, func(b *store.Book) error {
		n, err := desk(b).AddNumber("Vendas")
		if err == nil {
			_, err = b.LinkNumber(n.ID, "+5511912345679", "5511912345679:1@s.whatsapp.net", time.Now())
		}
		return err
	})
	if _, errs := run(ExitUsage, "consent", "link", "vitrine"); !strings.Contains(errs, "--number: Loja, Vendas") {
		t.Errorf("by no number: %q", errs)
	}
	run(ExitNotFound, "consent", "link", "vitrine", "--number", "outro")
	out, _ = run(ExitOK, "consent", "link", "vitrine", "--number", "vendas", "--json")
	if l := object[inviteJSON](t, out); l.Number != "Vendas" || !strings.HasPrefix(l.Link, "https://wa.me/5511912345679?") {
		t.Errorf("by the number that was said: %+v", l)
	}
	run(ExitNotFound, "consent", "unlink", "outra")
	if _, errs := run(ExitOK, "consent", "unlink", "feira 2026"); !strings.Contains(errs, "1 pessoa veio por ele") {
		t.Errorf("said %q", errs)
	}
	run(ExitNotFound, "consent", "unlink", "feira 2026")
}

func TestLabelsAreToldFromTagsByCommands(t *testing.T) {
	dir := shop(t)
	run := runner(t, dir)
	ana := people.Seen{Phone: "+5511987650001", LID: "71"}
	inBook(t, dir, func(b *store.Book) error {
		return b.Labels(1, true, []people.LabelChange{{ID: "1", Name: "Pago"}, {ID: "1", Who: ana, On: true}})
	})
	run(ExitOK, "contacts", "edit", "ana", "--tag", "vip")
	out, _ := run(ExitOK, "contacts", "list", "rotulo:pago", "tag:pago", "--json")
	if p := object[contactJSON](t, out); len(p.Tags) != 2 || len(p.Labels) != 1 || p.Labels[0] != (labelJSON{"Pago", "Loja", false}) {
		t.Errorf("they are %+v", p)
	}
	if out, _ := run(ExitOK, "contacts", "show", "ana"); !strings.Contains(out, "etiquetas\tvip\n") || !strings.Contains(out, "etiq. do WhatsApp\tPago\n") {
		t.Errorf("shown as %q", out)
	}
	if _, errs := run(ExitFailed, "contacts", "edit", "ana", "--untag", "pago"); !strings.Contains(errs, "tire-a no celular") {
		t.Errorf("said %q", errs)
	}
}
