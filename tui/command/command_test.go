package command

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/session"
	"recado/store"
	"recado/tui/host"
	"recado/tui/words"
)

// typist is a person at a terminal, without a real terminal.
func typist(t *testing.T, dir, typed string, args ...string) (c *call, out, errs *bytes.Buffer) {
	t.Helper()
	out, errs = new(bytes.Buffer), new(bytes.Buffer)
	return &call{
		tongue: portuguese,
		env: Env{
			Args: append([]string{"--data", dir}, args...), Dir: dir,
			Stdin: strings.NewReader(typed), Stdout: out, Stderr: errs,
			Getenv: func(string) string { return "" },
			Open: func(o host.Opening) (*host.Parts, error) {
				bell := new(campaign.Bell)
				book, err := store.Open(filepath.Join(o.Dir, "book.db"), store.Options{Kind: o.Kind(), Bell: bell, Timeout: o.Timeout})
				if err != nil {
					return nil, err
				}
				connect := func(context.Context) (*session.Pool, func() error, error) {
					return nil, nil, errors.New("no numbers in this test")
				}
				return &host.Parts{Kind: o.Kind(), Book: book, Bell: bell, Logger: o.Logger, Connect: connect}, nil
			},
		},
		seen: terminals{In: true, Out: true, Err: true},
	}, out, errs
}

func TestToAllowANumberMoreIsAskedFor(t *testing.T) {
	for _, test := range []struct {
		name, typed, pace string
		terminal, yes     bool
		want              int
	}{
		{"slower needs no question", "", "gap=120s-180s day=5", false, false, ExitOK},
		{"the default needs none", "", "default", false, false, ExitOK},
		{"faster without a terminal", "", "gap=1s", false, false, ExitRefused},
		{"faster, said no", "n\n", "gap=1s", true, false, ExitRefused},
		{"faster, said nothing", "", "gap=1s", true, false, ExitRefused},
		{"faster, said yes", "s\n", "gap=1s", true, false, ExitOK},
		{"faster, --yes", "", "gap=1s", false, true, ExitOK},
		{"no limit at all", "s\n", "off", true, true, ExitRefused},
		{"no limit, spelt out", "", "gap=0 new-gap=0 long=0 every=0 hour=0 new-hour=0 day=0 new-day=0 hours=all weekdays=all per-person=0", true, true, ExitRefused},
		{"nonsense", "", "gap=soon", true, true, ExitUsage},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Chmod(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Real})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := desk(book).AddNumber("loja"); err != nil {
				t.Fatal(err)
			}
			if err := book.Close(); err != nil {
				t.Fatal(err)
			}
			args := []string{"numbers", "pace", "loja", test.pace, "--json"}
			if test.yes {
				args = append(args, "--yes")
			}
			c, out, errs := typist(t, dir, test.typed, args...)
			c.seen.In = test.terminal
			if got := c.execute(t.Context()); got != test.want {
				t.Fatalf("exit %d, want %d: %s", got, test.want, errs)
			}
			c, shown, errs := typist(t, dir, "", "numbers", "pace", "loja", "--json")
			if got := c.execute(t.Context()); got != ExitOK {
				t.Fatalf("exit %d: %s", got, errs)
			}
			own := strings.Replace(test.pace, "default", "", 1)
			if test.want != ExitOK {
				own = ""
			}
			if !strings.Contains(shown.String(), `"own":"`+own+`"`) {
				t.Errorf("its own limits are %s, want %q", shown, own)
			}
			if test.want == ExitOK && out.String() != shown.String() {
				t.Errorf("printed %q, want %q", out, shown)
			}
		})
	}
}

func TestExitCodesSayWhatWentWrong(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		args []string
		want int
	}{
		{[]string{"numbers"}, ExitOK},
		{[]string{"--help"}, ExitOK},
		{[]string{"help", "campaign"}, ExitOK},
		{[]string{"completion", "bash"}, ExitOK},
		{[]string{"bogus"}, ExitUsage},
		{[]string{"campaign"}, ExitUsage},
		{[]string{"campaign", "bogus"}, ExitUsage},
		{[]string{"campaign", "show"}, ExitUsage},
		{[]string{"campaign", "show", "x"}, ExitUsage},
		{[]string{"campaign", "show", "1", "--bogus"}, ExitUsage},
		{[]string{"campaign", "show", "1"}, ExitNotFound},
		{[]string{"campaign", "deliveries", "1"}, ExitNotFound},
		{[]string{"campaign", "start", "1"}, ExitNotFound},
		{[]string{"campaign", "new", "--name", "x"}, ExitUsage},
		{[]string{"campaign", "new", "--name", "x", "--text", "Oi {nome"}, ExitUsage},
		{[]string{"campaign", "new", "--name", "x", "--text", "Oi", "--to", "(vip"}, ExitUsage},
		{[]string{"campaign", "new", "--name", "x", "--text", "Oi", "--number", "loja"}, ExitNotFound},
		{[]string{"contacts", "list", "(vip"}, ExitUsage},
		{[]string{"contacts", "import", "nowhere.csv"}, ExitFailed},
		{[]string{"link", "--qr", "smoke"}, ExitUsage},
		{[]string{"link", "--phone", "98765-4321"}, ExitUsage},
		{[]string{"simulate"}, ExitUsage},
	} {
		c, _, errs := typist(t, dir, "", test.args...)
		if got := c.execute(t.Context()); got != test.want {
			t.Errorf("recado %s: exit %d, want %d: %s", strings.Join(test.args, " "), got, test.want, errs)
		}
		if said := errs.Len() > 0; test.want != ExitOK && !said {
			t.Errorf("recado %s fails without a word", strings.Join(test.args, " "))
		}
	}
	c, _, errs := typist(t, dir, "", "campaign", "start", "1")
	c.json = false
	if c.execute(t.Context()) != ExitNotFound {
		t.Errorf("start of no campaign: %s", errs)
	}
}

func TestMistakesArePointedAt(t *testing.T) {
	dir := t.TempDir()
	c, _, errs := typist(t, dir, "", "campaign", "new", "--name", "x", "--text", "Olá, você, {nome")
	c.execute(t.Context())
	if want := "Olá, você, {nome\n           ^\n"; !strings.HasSuffix(errs.String(), want) {
		t.Errorf("got %q, want it to end with %q", errs, want)
	}
}

func TestJSONHasExactlyTheAgreedShape(t *testing.T) {
	dir := t.TempDir()
	run := func(typed string, args ...string) string {
		t.Helper()
		c, out, errs := typist(t, dir, typed, args...)
		if code := c.execute(t.Context()); code != ExitOK {
			t.Fatalf("recado %s: exit %d: %s", strings.Join(args, " "), code, errs)
		}
		return out.String()
	}
	check := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s:\ngot  %swant %s", what, got, want)
		}
	}
	created := regexp.MustCompile(`"created":"[^"]+"`)
	ana := func(tags, fields string) string {
		return `{"phone":"+5511987654321","name":"Ana","tags":` + tags + `,"fields":` + fields + `,"id":1,"lists":[],"phones":["+5511987654321"],"aliases":[],"username":"",` +
			`"consent":{"status":"unknown","source":"","at":"","by":"","evidence":""},"note":"","whatsapp":"unknown",` +
			`"opted_out":false,"doubt":"","known_to":[],"last_sent":"","last_heard":"","created":"then"}` + "\n"
	}
	check("import", run("nome,telefone\nAna,+5511987654321\n", "contacts", "import", "-", "--json"),
		`{"added":1,"updated":0,"same":0,"bad":0,"format":"csv","columns":[{"title":"nome","as":"name"},{"title":"telefone","as":"phone","field":"telefone"}],"import":1}`+"\n")
	check("contacts", created.ReplaceAllString(run("", "contacts", "list", "--json"), `"created":"then"`), ana(`[]`, `{}`))
	run("nome,telefone,tags,cidade\nAna,+5511987654321,vip,Recife <PE> & mais\n", "contacts", "import", "-")
	check("contacts with more", created.ReplaceAllString(run("", "contacts", "list", "--json"), `"created":"then"`),
		ana(`["vip"]`, `{"cidade":"Recife <PE> & mais"}`))
	check("a filter that begins with a minus", run("", "contacts", "list", "-tag:vip", "--json"), "")
	check("which is no flag", run("", "contacts", "list", "-tag:frio", "--json"), run("", "contacts", "list", "--json"))
	run("", "lists", "save", "todos", "-tag:frio")
	check("nor for a list", run("", "lists", "--json"), `{"name":"todos","people":1,"drafts":[]}`+"\n")
	zeros := `"counts":{"queued":0,"sending":0,"sent":0,"delivered":0,"read":0,"replied":0,"failed":0,"unsure":0,"skipped":0}`
	check("new", run("", "campaign", "new", "--name", "N", "--text", "Oi {nome}", "--json"), `{"id":1,"name":"N","status":"draft",`+zeros+"}\n")
	check("show", run("", "campaign", "show", "1", "--json"), `{"id":1,"name":"N","status":"draft",`+zeros+"}\n")

	book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Real})
	if err != nil {
		t.Fatal(err)
	}
	n, err := desk(book).AddNumber("loja")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	if _, err := book.LinkNumber(n.ID, "+5511912345678", "5511912345678:1@s.whatsapp.net", at); err != nil {
		t.Fatal(err)
	}
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	check("numbers", run("", "numbers", "--json"),
		`{"name":"loja","phone":"+5511912345678","state":"offline","since":"2026-11-23T12:00:00Z","reason":"","reason_code":"","reason_args":[],`+
			`"until":"","quota":null,"phone_seen":"2026-11-23T12:00:00Z","unlinks":"","clock_skew_seconds":0,"reading_until":"","history_missed":false,"outrun":false}`+"\n")
	check("start", run("", "campaign", "start", "1", "--json"),
		`{"id":1,"name":"N","status":"running",`+strings.Replace(zeros, `"queued":0`, `"queued":1`, 1)+"}\n")
	check("deliveries", run("", "campaign", "deliveries", "1", "--json"),
		`{"phone":"+5511987654321","name":"Ana","state":"queued","message_id":"","reason":"","reason_code":"","reason_args":[],"text":""}`+"\n")
}

func TestMissingFieldsAreReportedBeforeTheStart(t *testing.T) {
	dir := t.TempDir()
	c, _, errs := typist(t, dir, "nome,telefone,cidade\nAna,+5511987654321,Recife\nBia,+5521998765432,\n", "contacts", "import", "-")
	if c.execute(t.Context()) != ExitOK {
		t.Fatal(errs)
	}
	c, _, errs = typist(t, dir, "", "campaign", "new", "--name", "N", "--text", "{nome}, de {cidade}")
	if code := c.execute(t.Context()); code != ExitOK || !strings.Contains(errs.String(), "Bia") || strings.Contains(errs.String(), "Ana") {
		t.Errorf("exit %d, %q; want 0 and who lacks the field", code, errs)
	}
}

func TestATextLongerThanWhatsAppTakesIsRefusedWithItsCount(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("é", campaign.TextMost)
	c, _, errs := typist(t, dir, "", "campaign", "new", "--name", "N", "--text", long+"é")
	if code := c.execute(t.Context()); code != ExitUsage || !strings.Contains(errs.String(), "65.537") || !strings.Contains(errs.String(), "65.536") {
		t.Errorf("exit %d, %q; want the count and the limit", code, errs)
	}
	c, out, errs := typist(t, dir, "", "campaign", "new", "--name", "N", "--text", long+"\r\n")
	if code := c.execute(t.Context()); code != ExitOK || out.String() != "1\n" {
		t.Errorf("what just fits: exit %d, %q, %q; want it to be the first", code, out, errs)
	}
}

func TestForWhomTheTextBecomesTooLongIsReportedBeforeTheStart(t *testing.T) {
	dir := t.TempDir()
	c, _, errs := typist(t, dir, "nome,telefone,nota\nAna,+5511987654321,x\nBia,+5521998765432,"+strings.Repeat("y", 4000)+"\n", "contacts", "import", "-")
	if c.execute(t.Context()) != ExitOK {
		t.Fatal(errs)
	}
	c, _, errs = typist(t, dir, "", "campaign", "new", "--name", "N", "--text", strings.Repeat("{nota|}", 17))
	if code := c.execute(t.Context()); code != ExitOK || !strings.Contains(errs.String(), "1 fica de fora: texto longo demais") {
		t.Errorf("exit %d, %q; want how many get nothing", code, errs)
	}
}

func TestAnyLineEndIsOneBreakInAText(t *testing.T) {
	dir := t.TempDir()
	c, _, errs := typist(t, dir, "", "campaign", "new", "--name", "N", "--text", "Oi\r\nlinha2\rlinha3\r\n", "--json")
	if c.execute(t.Context()) != ExitOK {
		t.Fatal(errs)
	}
	book, err := store.Open(filepath.Join(dir, "book.db"), store.Options{Kind: store.Real})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	draft, err := book.Campaign(1)
	if want := "Oi\nlinha2\nlinha3"; err != nil || draft.Text != want {
		t.Errorf("got %q, %v, want %q", draft.Text, err, want)
	}
}

func TestTextFromOutsideNeverDrivesTheTerminal(t *testing.T) {
	dir := t.TempDir()
	hostile := "\x1b]0;owned\x07\u009b31m\u202eevil\r\nline"
	c, _, errs := typist(t, dir, "nome,telefone,obs\n\""+hostile+"\",+5511987654321,\""+hostile+"\"\n", "contacts", "import", "-")
	if c.execute(t.Context()) != ExitOK {
		t.Fatal(errs)
	}
	for _, args := range [][]string{{"contacts", "list"}, {"contacts", "list", "--json"}, {"campaign", "show", hostile}, {"contacts", "list", "(" + hostile}} {
		c, out, errs := typist(t, dir, "", args...)
		c.execute(t.Context())
		for _, r := range out.String() + errs.String() {
			if r != '\n' && r != '\t' && steers(r) {
				t.Errorf("recado %q lets %U through: %q %q", args, r, out, errs)
				break
			}
		}
		if args[0] == "contacts" && len(args) < 4 && strings.Count(out.String(), "\n") > 1 {
			t.Errorf("recado %q: one person on several lines: %q", args, out)
		}
	}
}

// The languages that the tests speak.
var portuguese, english = tongue{words.For("pt-BR")}, tongue{words.For("en")}

// desk is where the person of a test changes the book.
func desk(b *store.Book) *store.Desk {
	return b.Desk(store.Actor{Name: "ana", Role: store.Admin, From: "test"})
}

// TestACommandIsMadeWithoutTheOthers holds that each is found by the name it has,
// and that it is the same as among all.
func TestACommandIsMadeWithoutTheOthers(t *testing.T) {
	listed := func(args ...string) (names []string) {
		c, _, _ := typist(t, t.TempDir(), "")
		c.env.Args = args
		for _, cmd := range c.root().Commands() {
			if cmd.Name() != "completion" {
				names = append(names, cmd.Name())
			}
		}
		return names
	}
	all := listed()
	if len(all) < 20 {
		t.Errorf("all are %q", all)
	}
	for _, name := range all {
		for _, before := range [][]string{nil, {"--data", "numbers"}, {"--data=x"}, {"--data", "x", "--data", "y"}} {
			if got := listed(append(before, name, "--json")...); !slices.Equal(got, []string{name}) {
				t.Errorf("%q %s: made are %q", before, name, got)
			}
		}
	}
	for _, args := range [][]string{{"nubmers"}, {"help", "numbers"}, {"__complete", "numbers"}, {"--version", "numbers"}, {"--data"}, {"--data", "numbers"}} {
		if got := listed(args...); !slices.Equal(got, all) {
			t.Errorf("%q: made are %q, want all", args, got)
		}
	}
}
