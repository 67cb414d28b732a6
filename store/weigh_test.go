package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recado/campaign/files"
	"recado/campaign/people"
)

// imported reads a file and imports it.
func imported(t *testing.T, b *Book, file string, policy Policy) ImportReport {
	t.Helper()
	var rows []people.Row
	if _, err := files.Read(t.Context(), strings.NewReader(file), files.Options{}, files.Sink{
		Row: func(row people.Row) error { rows = append(rows, row); return nil },
		Bad: func(files.Bad) error { return nil },
	}); err != nil {
		t.Fatal(err)
	}
	report, err := importAs(t.Context(), b.Desk(Actor{Role: Admin}), rows, "a test", policy)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// What the preflight says is what the import does, for every policy, with
// people who are there, come twice, have left, or had another phone.
func TestThePreflightOfAnImportSaysWhatTheImportDoes(t *testing.T) {
	const file = "nome;telefone;tags;cidade;descadastrado\n" +
		"Ana;11987650001;vip;Recife;\n" + // is there
		"Ana;11987650001;vip;Recife;\n" +
		"Ana;11987650001;novo;Recife;\n" +
		"Caio;11987650003;;;\n" + // new, three times
		"Caio;(11) 98765-0003;;;\n" +
		"Caio;1187650003;vip;;sim\n" + // without the ninth digit
		"Davi;21987650004;;;sim\n" +
		"Bia;11987650009;;;\n" + // the phone that she had before
		"Elis;x;;;\n" +
		"Ana;11987650001;vip;;talvez\n"
	for _, policy := range []Policy{Complete, Skip, Replace} {
		t.Run("policy "+string(policy), func(t *testing.T) {
			b := newBook(t)
			imported(t, b, "nome;telefone;tags\nAna;11987650001;vip\nBia;11987650009;\n", Complete)
			for _, phone := range []people.Phone{"+5511987650009", "+5511987650002"} {
				if err := b.Saw(1, []people.Seen{{LID: "77", Phone: phone}}); err != nil {
					t.Fatal(err)
				}
			}
			p, err := b.PreflightImport(t.Context(), strings.NewReader(file), files.Options{}, policy, files.Sink{})
			if err != nil {
				t.Fatal(err)
			}
			if n, err := b.ContactCount(); n != 2 || err != nil {
				t.Errorf("a preflight leaves %d people (%v)", n, err)
			}
			if p.Rows != 9 || p.Bad.Total != 1 || len(p.Read.Columns) != 5 {
				t.Errorf("%d rows, %d bad, %d columns", p.Rows, p.Bad.Total, len(p.Read.Columns))
			}
			if got := imported(t, b, file, policy); got != p.Would {
				t.Errorf("the preflight says %+v, the import does %+v", p.Would, got)
			}
		})
	}
}

// A file about people with as much as one may have is counted as it is
// imported, across the chunks in which it is.
func TestThePreflightOfAnImportCountsWhoHasNoRoom(t *testing.T) {
	y := newYard(t, 1) // in which a run is a few rows
	b := y.book
	before := must[[]os.DirEntry](t)(os.ReadDir(filepath.Dir(y.path)))
	defer func() {
		if after := must[[]os.DirEntry](t)(os.ReadDir(filepath.Dir(y.path))); len(after) != len(before) {
			t.Errorf("%d files are left, there were %d", len(after), len(before))
		}
	}()
	var file strings.Builder
	file.WriteString("nome;telefone;tags\n")
	for i := range 6 * rowsPart {
		fmt.Fprintf(&file, "Ana;1197765%04d;t%d\n", i%3, i)
	}
	p, err := b.PreflightImport(t.Context(), strings.NewReader(file.String()), files.Options{}, Complete, files.Sink{})
	if err != nil || p.Would.Full == 0 || p.Would.Added != 3 {
		t.Fatalf("%+v, %v", p.Would, err)
	}
	if got := imported(t, b, file.String(), Complete); got != p.Would {
		t.Errorf("the preflight says %+v, the import does %+v", p.Would, got)
	}
}

func TestThePreflightOfAnImportEndsWhenItIsCancelled(t *testing.T) {
	b := newBook(t)
	ctx, cancel := context.WithCancel(t.Context())
	rows := 0
	_, err := b.PreflightImport(ctx, strings.NewReader("fone\n"+strings.Repeat("11987650001\n", 5000)), files.Options{}, Complete, files.Sink{
		Row: func(people.Row) error {
			if rows++; rows == 100 {
				cancel()
			}
			return nil
		},
	})
	if !errors.Is(err, context.Canceled) || rows > 400 {
		t.Errorf("%d rows, %v", rows, err)
	}
}
