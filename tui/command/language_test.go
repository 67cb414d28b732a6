package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"recado/store"
	"recado/tui/words"
	"recado/tui/words/foreign"
)

// names are words of commands: what is typed, in every language.
func names(c *call) string {
	var all []string
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		all = append(all, cmd.Name(), cmd.Example)
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { all = append(all, f.Name) })
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(c.root())
	return strings.Join(all, " ")
}

// TestEveryHelpSpeaksOneLanguage reads the help of every command, those that
// are not listed too.
func TestEveryHelpSpeaksOneLanguage(t *testing.T) {
	for _, lang := range words.Languages() {
		c, _, _ := typist(t, t.TempDir(), "")
		c.tongue = tongue{words.For(lang)}
		ear := foreign.For(lang, names(c), "ms path memory")
		var paths [][]string
		var walk func(cmd *cobra.Command, path []string)
		walk = func(cmd *cobra.Command, path []string) {
			paths = append(paths, path)
			for _, sub := range cmd.Commands() {
				walk(sub, append(path[:len(path):len(path)], sub.Name()))
			}
		}
		walk(c.root(), nil)
		if len(paths) < 30 {
			t.Errorf("only %d commands: %q", len(paths), paths)
		}
		for _, path := range paths {
			c, out, errs := typist(t, t.TempDir(), "", append(path, "--help")...)
			c.tongue, c.seen = tongue{words.For(lang)}, terminals{}
			if code := c.execute(t.Context()); code != ExitOK || out.Len() == 0 {
				t.Errorf("recado %s --help: exit %d, %s%s", path, code, out, errs)
			}
			if strange := ear.Strange(out.String() + errs.String()); len(strange) > 0 {
				t.Errorf("recado %s --help in %s: %q\n%s%s", path, lang, strange, out, errs)
			}
			if strings.Contains(out.String(), "⟨") {
				t.Errorf("recado %s --help in %s lacks a text:\n%s", path, lang, out)
			}
		}
	}
}

// said is what a command says to people: all that it writes to standard error.
func said(t *testing.T, lang, dir, typed string, terminal bool, args ...string) (code int, errs *bytes.Buffer) {
	t.Helper()
	c, _, errs := typist(t, dir, typed, args...)
	c.tongue = tongue{words.For(lang)}
	c.seen = terminals{In: terminal, Err: terminal}
	return c.execute(t.Context()), errs
}

// TestEveryCommandSpeaksOneLanguage goes through what commands have to say,
// most of all that something is wrong.
func TestEveryCommandSpeaksOneLanguage(t *testing.T) {
	const csv = "nome;telefone;tags\nAna;11 98765-5501;vip\nBia;11 98765-5502;\nCaio;119;\nDora;;\nEva;abc;\n;\"\n"
	// What an import warns of.
	const strange = "nome;DDD;telefone;Opt-out;optin\nAna ConceiÃ§Ã£o;11;98765-5501;sim;\nBia\uFFFD;11;98765-5501;;n\nCaio;11;99999-9999;talvez;\nTotal: 3;;;;\nnome;DDD;telefone;Opt-out;optin\n"
	long := strings.Repeat("x", 70_000)
	for _, lang := range words.Languages() {
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
		if err := os.WriteFile(filepath.Join(dir, "xyz.pdf"), []byte("%PDF-1.4 nothing"), 0o600); err != nil {
			t.Fatal(err)
		}
		told := 0
		c, _, _ := typist(t, dir, "")
		ear := foreign.For(lang, names(c), csv, dir, "x xx xyz fast many foo campain soon speed nobody loja ninguem cidade Recife Natal Oi vip vips seen")
		for _, step := range []struct {
			line  string // NUL stands for a space in an argument
			typed string
			asks  bool
			code  int
		}{
			{line: "foo", code: ExitUsage},
			{line: "campain list", code: ExitUsage},
			{line: "campaign", code: ExitUsage},
			{line: "campaign foo", code: ExitUsage},
			{line: "numbers --foo", code: ExitUsage},
			{line: "numbers -z", code: ExitUsage},
			{line: "numbers --json=x", code: ExitUsage},
			{line: "campaign new --name", code: ExitUsage},
			{line: "campaign start", code: ExitUsage},
			{line: "lists rename a", code: ExitUsage},
			{line: "lists save a", code: ExitUsage},
			{line: "help foo", code: ExitUsage},
			{line: "", code: ExitUsage},
			{line: "demo", code: ExitUsage},
			{line: "examine a b c", code: ExitUsage},
			{line: "simulate", code: ExitUsage},
			{line: "numbers"},
			{line: "numbers reconnect nobody", code: ExitNotFound},
			{line: "numbers reconnect loja", code: ExitRefused},
			{line: "numbers pace loja"},
			{line: "numbers pace loja gap=1s", asks: true, code: ExitRefused},
			{line: "numbers pace loja gap=1s", typed: "x\n", asks: true, code: ExitRefused},
			{line: "numbers pace loja gap=1s", code: ExitRefused},
			{line: "numbers pace loja gap=1s", typed: "y\n", asks: true},
			{line: "numbers pace loja off", code: ExitRefused},
			{line: "numbers pace loja gap=soon", code: ExitUsage},
			{line: "numbers pace loja gap=9s-1s", code: ExitUsage},
			{line: "numbers pace loja speed=1", code: ExitUsage},
			{line: "numbers pace loja fast", code: ExitUsage},
			{line: "numbers pace loja hours=9-99", code: ExitUsage},
			{line: "numbers pace loja hours=09:00", code: ExitUsage},
			{line: "numbers pace loja weekdays=xyz", code: ExitUsage},
			{line: "numbers pace loja day=many", code: ExitUsage},
			{line: "link --qr x", code: ExitUsage},
			{line: "contacts import -", typed: csv, code: ExitRefused},
			{line: "contacts import - --partial --dry-run --tag x --consent feira:2026-01-02 --ddd 11 --country BR --policy skip", typed: csv},
			{line: "contacts import - --partial --rejected --policy replace --map nome=nome,telefone=telefone", typed: csv},
			{line: "contacts import - --map nome=xyz", typed: csv, code: ExitFailed},
			{line: "contacts import - --map xyz", typed: csv, code: ExitUsage},
			{line: "contacts import - --policy xyz", typed: csv, code: ExitUsage},
			{line: "contacts import - --ddd xyz", typed: csv, code: ExitUsage},
			{line: "contacts import - --country xyz", typed: csv, code: ExitUsage},
			{line: "contacts import - --consent x:2026-99", typed: csv, code: ExitUsage},
			{line: "contacts import - --rejected --json", typed: csv, code: ExitUsage},
			{line: "contacts import -", typed: strange},
			{line: "contacts import -", typed: "", code: ExitFailed},
			{line: "contacts import -", typed: "nome;cidade\nAna;Recife\n", code: ExitFailed},
			{line: "contacts import -", typed: "Ana;11 98765-5501\n"},
			{line: "contacts import -", typed: "PK\x03\x04", code: ExitFailed},
			{line: "contacts import -", typed: "nome;telefone\nAna;119\n", code: ExitFailed},
			{line: "contacts import xyz.csv", code: ExitFailed},
			{line: "contacts import .", code: ExitFailed},
			{line: "contacts list (", code: ExitUsage},
			{line: "contacts list )", code: ExitUsage},
			{line: "contacts list \"", code: ExitUsage},
			{line: "contacts list optout:x", code: ExitUsage},
			{line: "contacts list seen:x", code: ExitUsage},
			{line: "contacts list phone:x", code: ExitUsage},
			{line: "contacts list tag:", code: ExitUsage},
			{line: "contacts list -", code: ExitUsage},
			{line: "lists"},
			{line: "imports"},
			{line: "imports undo x", code: ExitUsage},
			{line: "imports undo 99", code: ExitNotFound},
			{line: "imports undo 1", code: ExitRefused},
			{line: "imports cancel 1", code: ExitRefused},
			{line: "lists save vips tag:vip"},
			{line: "lists save vips tag:vip", code: ExitRefused},
			{line: "lists save vips tag:vip", typed: "n\n", asks: true, code: ExitRefused},
			{line: "lists save * tag:vip", code: ExitFailed},
			{line: "lists save vips list:nobody", code: ExitUsage},
			{line: "lists add vips ana"},
			{line: "lists rename nobody xyz", code: ExitNotFound},
			{line: "campaign new", code: ExitUsage},
			{line: "campaign new --name Natal --text {", code: ExitUsage},
			{line: "campaign new --name Natal --text }", code: ExitUsage},
			{line: "campaign new --name Natal --text {}", code: ExitUsage},
			{line: "campaign new --name Natal --text {a{b}}", code: ExitUsage},
			{line: "campaign new --name Natal --text " + long, code: ExitUsage},
			{line: "campaign new --name Natal --text Oi --to (", code: ExitUsage},
			{line: "campaign new --name Natal --text Oi --pace x", code: ExitUsage},
			{line: "campaign new --name Natal --text Oi --number nobody", code: ExitNotFound},
			{line: "campaign new --name Natal --text Oi --attach -", code: ExitUsage},
			{line: "campaign new --name Natal --text Oi --attach nobody", code: ExitFailed},
			{line: "campaign new --name Natal --text Oi --attach .", code: ExitFailed},
			{line: "campaign new --name Natal --text Oi,\x00{cidade} --to list:vips --pace day=9000"},
			{line: "campaign new --name Natal --text Oi --to ninguem"},
			{line: "campaign list"},
			{line: "campaign show 1"},
			{line: "campaign rehearse 1"},
			{line: "campaign rehearse 3", code: ExitNotFound},
			{line: "campaign show x", code: ExitUsage},
			{line: "campaign show 99", code: ExitNotFound},
			{line: "campaign pause 1", code: ExitRefused},
			{line: "campaign resume 1", code: ExitRefused},
			{line: "campaign start 1", code: ExitRefused},
			{line: "campaign start 99", code: ExitNotFound},
			{line: "campaign decide 1 x sent", code: ExitNotFound},
			{line: "campaign decide 1 x y", code: ExitUsage},
			{line: "campaign decide x y sent", code: ExitUsage},
			{line: "campaign cancel 2"},
			{line: "campaign resume 2", code: ExitRefused},
			{line: "lists rename vips vip", typed: "s\n", asks: true},
			{line: "lists empty vip", typed: "n\n", asks: true, code: ExitRefused},
			{line: "lists empty vip --yes"},
			{line: "lists delete vip", code: ExitRefused},
			{line: "lists delete vip --yes"},
			{line: "lists delete vip --yes", code: ExitNotFound},
			{line: "version"},
		} {
			args := strings.Fields(step.line)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "\x00", " ")
			}
			code, errs := said(t, lang, dir, step.typed, step.asks, args...)
			shown := strings.ReplaceAll(step.line, long, "…")
			if code != step.code {
				t.Errorf("%s: recado %s: exit %d, want %d: %s", lang, shown, code, step.code, errs)
			}
			if told += errs.Len(); step.code != ExitOK && errs.Len() == 0 {
				t.Errorf("%s: recado %s says nothing", lang, shown)
			}
			if strange := ear.Strange(strings.ReplaceAll(errs.String(), long, "…")); len(strange) > 0 {
				t.Errorf("recado %s in %s: %q\n%s", shown, lang, strange, errs)
			}
			if strings.Contains(errs.String(), "⟨") || strings.Contains(errs.String(), "<no value>") {
				t.Errorf("recado %s in %s lacks a text: %s", shown, lang, errs)
			}
		}
		if told < 4000 {
			t.Errorf("%s: only %d bytes were said", lang, told)
		}
	}
}

// A sentence that stands in the code in one language would be found.
func TestAForeignSentenceOfACommandIsFound(t *testing.T) {
	for lang, sentence := range map[string]string{
		"pt-BR": "the file could not be read",
		"en":    "não foi possível ler o arquivo",
		"es":    "não foi possível ler o arquivo",
	} {
		c, _, errs := typist(t, t.TempDir(), "")
		c.tongue = tongue{words.For(lang)}
		ear := foreign.For(lang, names(c))
		c.tell("see_help")
		if strange := ear.Strange(errs.String()); len(strange) > 0 {
			t.Errorf("%s: %q", lang, strange)
		}
		c.words("recado: %s\n", sentence)
		if strange := ear.Strange(errs.String()); len(strange) < 3 {
			t.Errorf("%s: of %q only %q is found", lang, sentence, strange)
		}
	}
}

func TestAMistakeOnTheCommandLineIsNamed(t *testing.T) {
	for line, want := range map[string]string{
		"numbrs":            `comando desconhecido: "numbrs"; seria numbers?`,
		"xyzzy":             `comando desconhecido: "xyzzy"`,
		"version x":         `comando desconhecido: "x"`,
		"campaign show":     "argumentos esperados: 1; dados: 0",
		"campaign show 1 2": "argumentos esperados: 1; dados: 2",
		"lists save a":      "argumentos esperados: 2 ou mais; dados: 1",
		"numbers --foo":     "opção desconhecida: --foo",
		"numbers -zx":       "opção desconhecida: -z",
		"link --name":       "falta o valor de --name",
		"numbers --json=x":  `--json não aceita "x"`,
		"help xyzzy":        `comando desconhecido: "xyzzy"`,
	} {
		code, errs := said(t, "pt-BR", t.TempDir(), "", false, strings.Fields(line)...)
		if code != ExitUsage || !strings.Contains(errs.String(), want) || !strings.Contains(errs.String(), "Veja recado --help.") {
			t.Errorf("recado %s: exit %d, %q; want %q", line, code, errs, want)
		}
	}
}

func TestYesIsSaidInTheOwnLanguageAndInEnglish(t *testing.T) {
	for lang, answers := range map[string][]string{
		"pt-BR": {"s", "S", " Sim ", "y", "YES"},
		"en":    {"y", "Yes", "s"},
		"es":    {"s", "si", "SÍ", "y"},
	} {
		c, _, _ := typist(t, t.TempDir(), "")
		c.tongue = tongue{words.For(lang)}
		for _, answer := range answers {
			if !c.affirms(answer + "\n") {
				t.Errorf("%s: %q is no yes", lang, answer)
			}
		}
		for _, answer := range []string{"", "n", "no", "não", "x", "ys"} {
			if c.affirms(answer + "\n") {
				t.Errorf("%s: %q is a yes", lang, answer)
			}
		}
	}
}
