package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"recado/campaign"
)

// auditTexts are the ids of what is said of the audit by its codes, as the store
// writes them: its verbs, the kinds of things, their properties and counts.
var auditTexts = sync.OnceValue(func() (ids []string) {
	add := func(prefix string, n ast.Expr) {
		if sum, ok := n.(*ast.BinaryExpr); ok {
			n = sum.X // "field ", and its name
		}
		if code, ok := literal(n); ok && !slices.Contains(ids, prefix+strings.TrimSpace(code)) {
			ids = append(ids, prefix+strings.TrimSpace(code))
		}
	}
	const store = "../../store/"
	entries, err := os.ReadDir(store)
	if err != nil {
		panic(err)
	}
	methods := map[string]string{"on": "audit_kind_", "change": "audit_of_", "count": "audit_count_"}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), store+entry.Name(), nil, 0)
		if err != nil {
			panic(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if of, ok := n.Type.(*ast.Ident); ok && of.Name == "Verb" {
					add("audit_verb_", n.Values[0])
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && methods[f.Sel.Name] != "" && len(n.Args) > 0 {
					add(methods[f.Sel.Name], n.Args[0])
				}
			case *ast.CompositeLit:
				if of, ok := n.Type.(*ast.Ident); ok && of.Name == "Values" {
					for _, each := range n.Elts {
						add("audit_of_", each.(*ast.KeyValueExpr).Key)
					}
				}
			}
			return true
		})
	}
	return ids
})

// TestEveryVerbOfTheDeskHasItsWords, and so has whatever the audit says of it:
// a new verb, kind, property or count fails here until it is in every language.
func TestEveryVerbOfTheDeskHasItsWords(t *testing.T) {
	found := make(map[string]int)
	for _, id := range auditTexts() {
		prefix := id[:strings.IndexByte(id[len("audit_"):], '_')+len("audit_")]
		found[prefix]++
		for _, lang := range Languages() {
			text, there := readCatalogue(t, lang)[id]
			if !there {
				t.Errorf("%s: %s has no words", lang, id)
			}
			if forms, counted := text.(map[string]any); counted != (prefix == "audit_count") || counted && len(forms) < 2 {
				t.Errorf("%s: %s is %v", lang, id, text)
			}
		}
	}
	for prefix, least := range map[string]int{"audit_verb": 27, "audit_kind": 7, "audit_of": 16, "audit_count": 8} {
		if found[prefix] < least {
			t.Errorf("%d of %s are found in the store, want %d", found[prefix], prefix, least)
		}
	}
}

func TestWhatWasChangedIsSaidInWords(t *testing.T) {
	type values = map[string]string
	type counts = map[string]int
	for _, test := range []struct {
		kind          string
		before, after values
		counts        counts
		pt, en        string
	}{
		{"campaign", values{"status": "draft"}, values{"status": "running"}, counts{"people": 10, "skipped": 1},
			"situação: rascunho → enviando, 10 pessoas, 1 pulada", "status: draft → sending, 10 people, 1 skipped"},
		{"contacts", nil, nil, counts{"rows": 1_000_000, "added": 5, "updated": 0, "same": 1, "full": 0},
			"1.000.000 de linhas, 5 pessoas novas, 1 igual", "1,000,000 rows, 5 new people, 1 the same"},
		{"number", values{"phone": "+5511912345678"}, nil, nil, "telefone: +55 11 91234-5678", "phone: +55 11 91234-5678"},
		{"number", values{"name": "loja"}, values{"name": ""}, nil, `nome: "loja" → nada`, `name: "loja" → nothing`},
		{"number", values{"state": "logged-out"}, nil, nil, "situação: desconectado", "state: logged out"},
		{"delivery", values{"state": "unsure"}, values{"state": "skipped"}, nil, "situação: incerta → pulada", "state: unsure → skipped"},
		{"contact", values{"field cidade": "", "opted_out": "no", "name": "yes"}, values{"field cidade": "Rio\x1b", "opted_out": "yes", "name": "no"}, nil,
			`campo cidade: "Rio\x1b", nome: "yes" → "no", pediu para sair: não → sim`, `field cidade: "Rio\x1b", name: "yes" → "no", opted out: no → yes`},
		{"campaign", values{"text": "2", "pace": "off"}, values{"text": "2 *", "pace": "day=5"}, counts{"saves": 2},
			"ritmo: off → day=5, texto: 2 caracteres → 2 caracteres, outro texto, 2 vezes salva", "pace: off → day=5, text: 2 characters → 2 characters, another text, 2 saves"},
		{"list", values{"size": "1"}, values{"size": "0"}, nil, "tamanho: 1 pessoa → 0 pessoas", "size: 1 person → 0 people"},
		{"file", values{"size": ""}, values{"size": "3000000"}, nil, "tamanho: 2,9 MB", "size: 2.9 MB"},
		{"campaign", values{"unheard": "x"}, values{"unheard": "y"}, counts{"of": 1}, `unheard: "x" → "y", of: 1`, `unheard: "x" → "y", of: 1`},
	} {
		for lang, want := range map[string]string{"pt-BR": test.pt, "en": test.en} {
			w := For(lang)
			if got := strings.Join(append(w.Changes(test.kind, test.before, test.after), w.Counts(test.counts)...), ", "); got != want {
				t.Errorf("%s: %q, want %q", lang, got, want)
			}
		}
	}
	// How something is has a word, whatever it is.
	for _, lang := range Languages() {
		w := For(lang)
		said := func(kind, property, code string) bool { // false after the last
			if strings.Contains(code, "(") || code == "unknown" {
				return false
			}
			if got := w.value(kind, property, code); got == code && lang != "en" || got == "" {
				t.Errorf("%s: %s of a %s is said as %q", lang, code, kind, got)
			}
			return true
		}
		for s := campaign.Status(0); said("campaign", "status", s.String()); s++ {
		}
		for s := campaign.State(0); said("delivery", "state", s.String()); s++ {
		}
		for s := campaign.NumberState(0); said("number", "state", s.String()); s++ {
		}
	}
	if got := For("en").Verb("unheard"); got != "unheard" {
		t.Errorf("a verb without words says %q", got)
	}
}
