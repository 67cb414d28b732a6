package files

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// exported writes people to a file.
func exported(t testing.TB, format Format, all ...people.Contact) string {
	t.Helper()
	names := make(map[string]bool)
	for _, c := range all {
		for name := range c.Fields {
			names[name] = true
		}
	}
	var out bytes.Buffer
	w, err := NewWriter(format, &out, slices.Sorted(maps.Keys(names)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if err := w.Write(&all[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// again is what is read of a file that was written, and what was wrong with it.
func again(t testing.TB, file string) (rows []people.Row, bad []Bad) {
	t.Helper()
	_, err := Read(context.Background(), strings.NewReader(file), Options{}, Sink{
		Row: func(r people.Row) error { r.Line = 0; rows = append(rows, r); return nil },
		Bad: func(b Bad) error { bad = append(bad, b); return nil },
	})
	if err != nil {
		t.Fatalf("%v\n%.300s", err, file)
	}
	return rows, bad
}

// rowOf is what an import should read of a person.
func rowOf(c people.Contact) people.Row {
	r := people.Row{Phone: c.Phone, Name: c.Name, Tags: c.Tags, Lists: c.Lists, Fields: c.Fields}
	if c.OptedOut {
		r.Left, r.LeftAt = c.OptOutWhy, c.OptOutAt
	}
	if c.InDoubt() {
		r.Doubt = c.DoubtSaid
	}
	for _, o := range c.Others {
		r.Others = append(r.Others, o.Phone)
	}
	r.Consent, r.Note = c.Consent, c.Note
	return r
}

// What is written is read again as it was, whatever it looks like.
func TestWhatIsExportedIsReadAgain(t *testing.T) {
	left := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	odd := []string{"=1+1", "'=1+1", "''=x", "+55 11 98765-4321", "+5511987654321", "-12,50", "- nada", "@eu", "nan", "-", "sem nome", "a;b,c\"d\"", "linha\ncom\n\nquebra", "=HYPERLINK(\"http://x\")",
		"_x0041_", "<b>&amp;</b>", "001", "1E5", "31/12/2026", "ÃƒÂ©", "🌸 Ana", "\\n", `\;`, "a\\", "'", "´", "12345678901234567890", strings.Repeat("ã=", 2000), "#vip", "* vip", "\tx", "|", "[1]", "{}"}
	all := []people.Contact{
		{Phone: "+5511987654321", Name: "Ana Prado", Tags: []string{"vip", "a, b", "=x", "#1", `["x"]`}, Lists: []string{"Clientes", "Natal; 2026"}, Fields: map[string]string{"cidade": "Recife", "telefone_2": "+5511987650002", "first_name": "Bia", "status": "unsubscribed", "optout": "sim", "email": "ana@example.com"}},
		{Phone: "+5511987654322", OptedOut: true, OptOutAt: left, OptOutWhy: "não quero mais"},
		{Phone: "+5511987654323", Name: "nome", DoubtAt: left, DoubtSaid: "quero cancelar"},
		{Phone: "+551133334444", Name: "Fixo", Fields: map[string]string{"celular": "11987650009"}},
		{Phone: "+351912345678", Name: "J. d'Ávila  =1"},
		{Phone: "+34612345678", Name: ".", Note: "=nota;\nduas, linhas", Consent: people.Consent{Status: people.ConsentGiven, Source: "feira; 2026", At: left, Evidence: "disse: \"sim\""}},
		{Phone: "+551133334445", Name: "Duas", Others: []people.OtherPhone{{Phone: "+5511987650010"}, {Phone: "+5511987650011"}}, Consent: people.Consent{Status: people.ConsentRefused}},
	}
	for i, text := range odd {
		all = append(all, people.Contact{Phone: people.Phone(fmt.Sprintf("+55119876%05d", i)), Name: clip(strings.Join(strings.Fields(text), " "), 200), Fields: map[string]string{"obs": strings.TrimSpace(text), "x": "1"}})
	}
	for _, format := range []Format{CSV, XLSX, VCard} {
		t.Run(string(format), func(t *testing.T) {
			file := exported(t, format, all...)
			rows, bad := again(t, file)
			if len(bad) > 0 || len(rows) != len(all) {
				t.Fatalf("%d of %d, bad %v\n%.2000s", len(rows), len(all), bad, file)
			}
			for i, c := range all {
				if want := rowOf(c); !alike(rows[i], want) {
					t.Errorf("got  %+v\nwant %+v", rows[i], want)
				}
			}
		})
	}
}

// alike compares rows; nothing and an empty list are one.
func alike(a, b people.Row) bool {
	for _, r := range []*people.Row{&a, &b} {
		if len(r.Tags) == 0 {
			r.Tags = nil
		}
		if len(r.Lists) == 0 {
			r.Lists = nil
		}
		r.Fields = maps.Clone(r.Fields)
		maps.DeleteFunc(r.Fields, func(_, v string) bool { return v == "" })
		if len(r.Fields) == 0 {
			r.Fields = nil
		}
	}
	return reflect.DeepEqual(a, b)
}

func TestNoSpreadsheetRunsWhatIsExported(t *testing.T) {
	texts := []string{"=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "＝1", "+cmd|' /C calc'!A0", "-2+3+cmd", "'=1", "+", "-", "=", "+55=1"}
	for _, text := range texts {
		c := people.Contact{Phone: "+5511987654321", Name: text, Tags: []string{text}, Fields: map[string]string{"obs": text, "=campo": text}}
		read := csv.NewReader(strings.NewReader(strings.TrimPrefix(exported(t, CSV, c), "\ufeff")))
		read.Comma = ';'
		rows, err := read.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for i, cell := range row {
				if begin := strings.TrimLeft(cell, " \u00a0"); begin != "" && strings.ContainsRune("=+-@\t\r＝", []rune(begin)[0]) && cell != "+5511987654321" {
					t.Errorf("%q: cell %d is %q", text, i, cell)
				}
			}
		}
	}
	for _, text := range []string{"+5511987654321", "-12", "-12,50", "+1.5", "Ana", "", "a=b", "R$ -1"} {
		if got := Harmless(text); got != text {
			t.Errorf("%q is written as %q", text, got)
		}
	}
}

func TestATableOfTooManyColumnsIsNotBegun(t *testing.T) {
	fields := make([]string, maxColumns-len(ownTitles)+1)
	for i := range fields {
		fields[i] = fmt.Sprint("f", i)
	}
	for _, format := range []Format{CSV, XLSX} {
		if _, err := NewWriter(format, io.Discard, fields); reason.Of(err).Code != reason.ExportFields {
			t.Errorf("%s: %v", format, err)
		}
		if _, err := NewWriter(format, io.Discard, fields[1:]); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
	w := &sheetWriter{&Workbook{row: maxSheetRows}, nil}
	for range 2 { // the first error is that of everything after it
		if err := w.Write(&people.Contact{}); reason.Of(err).Code != reason.ExportRows {
			t.Error(err)
		}
	}
}

// A card is folded between letters, whatever they take.
func TestLinesOfACardAreShort(t *testing.T) {
	file := exported(t, VCard, people.Contact{Phone: "+5511987654321", Name: strings.Repeat("ação 🌸", 40), Fields: map[string]string{"obs": strings.Repeat("é", 300)}})
	for line := range strings.SplitSeq(strings.TrimSuffix(file, "\r\n"), "\r\n") {
		if len(line) > 75 || !strings.Contains(file, "\r\n") || strings.ToValidUTF8(line, "") != line {
			t.Errorf("%d bytes: %q", len(line), line)
		}
	}
}

func FuzzExportIsReadAgain(f *testing.F) {
	f.Add("Ana", "vip", "Recife")
	f.Add("=1", "a,b", "x\ny")
	f.Add("Ana", "• vip", "x\ufeff\n\ufeffy\x1a\n\x1az\u2060")
	f.Fuzz(func(t *testing.T, name, tag, value string) {
		tidy := func(s string, most int) string {
			return strings.TrimSpace(clip(shown(strings.ToValidUTF8(s, "")), most))
		}
		c := people.Contact{Phone: "+5511987654321", Name: tidy(name, people.MaxName), Fields: map[string]string{"obs": tidy(value, people.MaxCell)}}
		if tag = tidy(tag, people.MaxTag); tag != "" {
			c.Tags = []string{tag, "z"}
		}
		for _, format := range []Format{CSV, XLSX, VCard} {
			rows, bad := again(t, exported(t, format, c))
			if len(bad) > 0 || len(rows) != 1 || !alike(rows[0], rowOf(c)) {
				t.Fatalf("%s: got %+v, bad %v, want %+v", format, rows, bad, rowOf(c))
			}
		}
	})
}

func clip(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}
