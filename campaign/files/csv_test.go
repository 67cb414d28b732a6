package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"

	"recado/campaign/people"
	"recado/campaign/reason"

	"golang.org/x/text/encoding/charmap"
)

// nothing takes what is read, and keeps none of it.
var nothing = Sink{Row: func(people.Row) error { return nil }, Bad: func(Bad) error { return nil }}

func into(ctx context.Context, r io.Reader, to Sink) error {
	_, err := Read(ctx, r, Options{}, to)
	return err
}

func readCSV(t *testing.T, text string) ([]people.Row, []people.RowError) {
	t.Helper()
	rows, bad, err := readAll(text)
	if err != nil {
		t.Fatalf("Read(%q): %v", text, err)
	}
	return rows, bad
}

func readAll(text string) (rows []people.Row, bad []people.RowError, err error) {
	_, err = Read(context.Background(), strings.NewReader(text), Options{}, Sink{
		Row: func(r people.Row) error { rows = append(rows, r); return nil },
		Bad: func(b Bad) error { bad = append(bad, b.RowError); return nil },
	})
	return rows, bad, err
}

const peopleFile = "Nome;Telefone;E-mail;Tags;Cidade Natal\n" +
	"Ana Conceição;(11) 98765-4321;ana@example.com;vip, São Paulo|VIP;São Paulo\n" +
	"\n" +
	"Bia;21 8765-4321;;;\n"

func checkPeople(t *testing.T, rows []people.Row, bad []people.RowError) {
	t.Helper()
	if len(bad) > 0 || len(rows) != 2 {
		t.Fatalf("got %+v, bad %+v", rows, bad)
	}
	ana := rows[0]
	if ana.Line != 2 || ana.Name != "Ana Conceição" || ana.Phone != "+5511987654321" || !slices.Equal(ana.Tags, []string{"vip", "São Paulo"}) {
		t.Errorf("got %+v", ana)
	}
	if want := map[string]string{"email": "ana@example.com", "cidade_natal": "São Paulo"}; !maps.Equal(ana.Fields, want) {
		t.Errorf("got %q, want %q", ana.Fields, want)
	}
	if bia := rows[1]; bia.Line != 4 || bia.Name != "Bia" || bia.Phone != "+552187654321" || bia.Tags != nil || len(bia.Fields) > 0 {
		t.Errorf("got %+v", bia)
	}
}

func TestCSVIsReadInAnyEncoding(t *testing.T) {
	latin, err := charmap.ISO8859_1.NewEncoder().String(peopleFile)
	if err != nil {
		t.Fatal(err)
	}
	wide := func(high, low int) string {
		var out []byte
		for _, u := range append([]uint16{0xfeff}, utf16.Encode([]rune(peopleFile))...) {
			b := [2]byte{byte(u >> 8), byte(u)}
			out = append(out, b[high], b[low])
		}
		return string(out)
	}
	for name, text := range map[string]string{
		"UTF-8":               peopleFile,
		"UTF-8 with a mark":   "\ufeff" + peopleFile,
		"Latin-1":             latin,
		"UTF-16 little":       wide(1, 0),
		"UTF-16 big":          wide(0, 1),
		"half UTF-8":          peopleFile[:strings.Index(peopleFile, "Ana")] + latin[strings.Index(latin, "Ana"):],
		"Windows line ends":   strings.ReplaceAll(peopleFile, "\n", "\r\n"),
		"old Mac line ends":   strings.ReplaceAll(peopleFile, "\n", "\r"),
		"no last line end":    strings.TrimSuffix(peopleFile, "\n"),
		"a spreadsheet's sep": "sep=;\n" + peopleFile,
	} {
		t.Run(name, func(t *testing.T) {
			rows, bad := readCSV(t, text)
			if strings.HasPrefix(text, "sep=") {
				for i := range rows {
					rows[i].Line--
				}
			}
			checkPeople(t, rows, bad)
		})
	}
}

func TestCSVIsReadWithAnySeparator(t *testing.T) {
	rows, bad := readCSV(t, strings.ReplaceAll(peopleFile, ";", "\t"))
	checkPeople(t, rows, bad)
	quoted := strings.ReplaceAll(peopleFile, "vip, São Paulo|VIP", `"vip, São Paulo|VIP"`)
	rows, bad = readCSV(t, strings.ReplaceAll(quoted, ";", ","))
	checkPeople(t, rows, bad)
}

func TestColumnsHaveManyNames(t *testing.T) {
	for text, want := range map[string]people.Row{
		"name,phone\nAna,11987654321":                           {Name: "Ana"},
		"NOME,CELULAR\nAna,11987654321":                         {Name: "Ana"},
		"whatsapp\n11987654321":                                 {},
		"Número\n11987654321":                                   {},
		"fone;rua;numero\n11987654321;A;12":                     {Fields: map[string]string{"rua": "A", "numero": "12"}},
		"first_name,last name,phone\nAna,Souza,11987654321":     {Name: "Ana Souza", Fields: map[string]string{"first_name": "Ana", "last_name": "Souza"}},
		"nome,sobrenome,fone\nAna,Souza,11987654321":            {Name: "Ana Souza", Fields: map[string]string{"sobrenome": "Souza"}},
		"nombre,apellido,movil\nAna,Souza,11987654321":          {Name: "Ana Souza", Fields: map[string]string{"apellido": "Souza"}},
		"nome,sobrenome,fone\nAna Souza,Souza,11987654321":      {Name: "Ana Souza", Fields: map[string]string{"sobrenome": "Souza"}},
		"telefone,celular\n1133334444,11987654321":              {Others: []people.Phone{"+551133334444"}},
		"telefone,celular\n11987654321,":                        {},
		"telefone,celular\n11987654321,não tem":                 {Fields: map[string]string{"celular": "não tem"}},
		"telefone,etiquetas\n11987654321,a;B ; b|c":             {Tags: []string{"a", "B", "c"}},
		"telefone,{Saldo: R$}\n11987654321,10":                  {Fields: map[string]string{"saldo__r$": "10"}},
		"telefone,nome,,x\n11987654321,Ana,sem título,1,,":      {Name: "Ana", Fields: map[string]string{"x": "1", "coluna_3": "sem título"}},
		"telefone,x,X\n11987654321,,2":                          {Fields: map[string]string{"x_2": "2"}},
		"\n;;\nnome;telefone\n\n;\n  Ana  Maria ;11987654321":   {Name: "Ana Maria"},
		"\"no\nme\";fone\nAna;11987654321":                      {Name: "Ana"},
		"nome,telefone\n\"Ana \"\"Aninha\"\"\",\"11987654321\"": {Name: `Ana "Aninha"`},
	} {
		rows, bad := readCSV(t, text)
		if len(rows) != 1 || len(bad) > 0 {
			t.Errorf("%q: got %+v, bad %+v", text, rows, bad)
			continue
		}
		got := rows[0]
		if got.Phone != "+5511987654321" || got.Name != want.Name || !slices.Equal(got.Others, want.Others) || !slices.Equal(got.Tags, want.Tags) || !maps.Equal(got.Fields, want.Fields) {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

func TestABadRowIsReportedAndStopsNoOther(t *testing.T) {
	rows, bad := readCSV(t, "nome,telefone,obs\n"+ // 1
		"Ana,11987654321,\"duas\nlinhas\"\n"+ // 2, 3
		"Bia,abc,\n"+ // 4
		"Caio,,\n"+ // 5
		"Davi,11987654322,a,b\n"+ // 6
		"\"Eva,11987654323,\n"+ // 7: the quote is closed by that of the next line
		"\"Fábio\",11987654324,\n"+ // 8
		"Gil,5.51198E+12,\n"+ // 9
		"\"Hugo\" Jr,11987654325,\n"+ // 10
		"Íris,11987654326\n"+ // 11: the last cell is missing
		"\"Joel,11987654327,\n"+ // 12: never closed
		"Kika,11987654328,7\" de altura\n") // 13
	var names []string
	for _, row := range rows {
		names = append(names, row.Name)
		if want := map[string]int{"Ana": 2, "Fábio": 8, "Íris": 11, "Kika": 13, "Eva": 7, "Hugo\" Jr": 10, "Joel": 12}[row.Name]; row.Line != want {
			t.Errorf("%s is on line %d, want %d", row.Name, row.Line, want)
		}
	}
	if got := strings.Join(names, " "); got != "Ana Eva Fábio Hugo\" Jr Íris Joel Kika" {
		t.Errorf("got %q", got)
	}
	if got := rows[0].Fields["obs"]; got != "duas\nlinhas" {
		t.Errorf("got %q", got)
	}
	want := []struct {
		line int
		kind reason.Code
		text string
	}{
		{4, reason.PhoneLetter, `"abc"`}, {5, reason.RowNoPhone, "row_no_phone"}, {6, reason.RowCells, "row_cells 4"},
		{9, reason.PhoneRounded, "phone_rounded"},
	}
	if len(bad) != len(want) {
		t.Fatalf("got %+v, want %+v", bad, want)
	}
	for i := range want {
		if bad[i].Line != want[i].line || bad[i].Reason.Kind() != want[i].kind || !strings.Contains(bad[i].Reason.Error(), want[i].text) {
			t.Errorf("got %+v, want %+v", bad[i], want[i])
		}
	}
}

func TestAFileThatCannotBeReadSaysWhy(t *testing.T) {
	for text, want := range map[string]struct {
		code reason.Code
		text string
	}{
		"":                                              {reason.CSVEmpty, ""},
		"\n\n":                                          {reason.CSVEmpty, ""},
		"sep=;\n":                                       {reason.CSVEmpty, ""},
		"nome;cidade\nAna;São Paulo\n":                  {reason.CSVNoPhones, `"nome", "cidade"`},
		"PK\x03\x04\x14\x00":                            {reason.ImportBroken, ""},
		"\xd0\xcf\x11\xe0":                              {reason.CSVSpreadsheet, ""},
		"n\x00o\x00\x00\x00":                            {reason.CSVBinary, ""},
		"<html><table><tr><td>11987654321":              {reason.ImportPage, ""},
		`[{"name":"Ana","phone":"11987654321"}]`:        {reason.ImportJSON, ""},
		"\n[\n {\"phone\":\"11987654321\"}\n]\n":        {reason.ImportJSON, ""},
		"fone," + strings.Repeat("x", maxLine):          {reason.CSVHeaderLine, "row_line_long 1024"},
		strings.Repeat("\n", 50_000) + "fo\x00ne":       {reason.CSVHeaderLine, "row_zero"},
		"fone" + strings.Repeat(",c", people.MaxFields): {reason.CSVColumns, "256"},
		"fone," + strings.Repeat("ç", people.MaxColumn+1) + "\n1,2\n": {reason.CSVColumnLong, "513"},
	} {
		rows, _, err := readAll(text)
		var why reason.Reason
		if !errors.As(err, &why) || why.Code != want.code || !strings.Contains(why.Error(), want.text) {
			t.Errorf("%.40q: got %+v, %v; want %s with %q", text, rows, err, want.code, want.text)
		}
	}
}

// What is beyond a limit is said and not taken; what is just within is.
func TestLimitsOfARowAreSaid(t *testing.T) {
	many := func(n int) string {
		tags := make([]string, n)
		for i := range tags {
			tags[i] = fmt.Sprint("t", i)
		}
		return strings.Join(tags, "|")
	}
	const head = "nome;telefone;tags;obs\n"
	for _, test := range []struct {
		name, row string
		want      reason.Code
		says      string
	}{
		{"a name", strings.Repeat("ã", people.MaxName) + ";11987654321", "", ""},
		{"a longer name", strings.Repeat("ã", people.MaxName+1) + ";11987654321", reason.RowNameLong, "257"},
		{"a name of 3 MB", strings.Repeat("x", 3<<20) + ";11987654321", reason.RowLineLong, "1024"},
		{"a cell", "Ana;11987654321;;" + strings.Repeat("ã", people.MaxCell), "", ""},
		{"a longer cell", "Ana;11987654321;;" + strings.Repeat("ã", people.MaxCell+1), reason.RowCellLong, `"obs" 4097`},
		{"a tag", "Ana;11987654321;" + strings.Repeat("ã", people.MaxTag), "", ""},
		{"a longer tag", "Ana;11987654321;" + strings.Repeat("ã", people.MaxTag+1), reason.RowTagLong, "101"},
		{"tags", "Ana;11987654321;\"" + many(people.MaxTags) + "|t0\"", "", ""},
		{"more tags", "Ana;11987654321;\"" + many(people.MaxTags+1) + "\"", reason.RowTags, "128"},
		{"a line", "Ana;11987654321" + strings.Repeat(";", maxLine-len("Ana;11987654321\n")), "", ""},
		{"a longer line", "Ana;11987654321" + strings.Repeat(";", maxLine-len("Ana;11987654321\n")+1), reason.RowLineLong, "1024"},
		{"a zero byte", "A\x00na;11987654321", reason.RowZero, "zero"},
		{"quotes open for long", "\"" + strings.Repeat("x\n", maxLine/(lineCost+2)+10) + "\";11987654321", reason.RowQuote, "row_quote"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := strings.Repeat("Zoé;11987654322\n", 400) // further in than what tells text from other files
			rows, bad := readCSV(t, head+before+test.row+"\nBia;11987654323\n")
			if n := len(rows); n < 401 || rows[n-1].Name != "Bia" {
				t.Fatalf("the row after it is lost: %d rows", n)
			}
			if test.want == "" {
				if len(rows) != 402 || len(bad) > 0 {
					t.Errorf("%d rows, bad %.200v", len(rows), bad)
				}
				return
			}
			if len(bad) == 0 || bad[0].Line != 402 || bad[0].Reason.Code != test.want || !strings.Contains(bad[0].Reason.Error(), test.says) {
				t.Errorf("bad %.200v, want %s with %q on line 402", bad, test.want, test.says)
			}
		})
	}
}

// A quote is closed wherever it is, also many lines and buffers further on.
func TestAQuotedCellMaySpanManyLines(t *testing.T) {
	note := strings.Repeat("linha\r\nlinha \"\"x\"\"\n\r", 150)
	rows, bad := readCSV(t, "nome,obs,telefone\nAna,\""+note+"\",11987654321\nBia,,11987654322\n")
	if len(rows) != 2 || len(bad) > 0 {
		t.Fatalf("got %d rows, bad %v", len(rows), bad)
	}
	if got, want := rows[0].Fields["obs"], strings.TrimSpace(strings.NewReplacer(`""`, `"`, "\r\n", "\n", "\r", "\n").Replace(note)); got != want {
		t.Errorf("got %.200q", got)
	}
	if got, want := rows[1].Line, 3+lines(note); got != want {
		t.Errorf("Bia is on line %d, want %d", got, want)
	}
}

// lines is how many lines end in s.
func lines(s string) int {
	return strings.Count(s, "\n") + strings.Count(s, "\r") - strings.Count(s, "\r\n")
}

func TestCSVIsReadAsItComes(t *testing.T) {
	text := strings.ReplaceAll(peopleFile, "\n", "\r\n")
	var rows []people.Row
	_, err := Read(t.Context(), iotest.OneByteReader(strings.NewReader(text)), Options{}, Sink{
		Row: func(r people.Row) error { rows = append(rows, r); return nil },
		Bad: func(b Bad) error { t.Errorf("bad %v", b); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	checkPeople(t, rows, nil)
}

// endless is a file without an end.
type endless struct {
	text string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	for n := copy(p, e.text); n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
	return len(p), nil
}

func TestReadingEndsWithItsContext(t *testing.T) {
	for name, text := range map[string]string{"rows": "11987654321\n", "no line end": "x", "no cells": "\n", "quotes": "\"a\n"} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			from := &endless{text: text}
			in := io.TeeReader(io.MultiReader(strings.NewReader("telefone\n"), from), writerFunc(func(p []byte) (int, error) {
				if from.read > 1<<20 {
					cancel()
				}
				if from.read > 8<<20 {
					return 0, errors.New("it reads on")
				}
				return len(p), nil
			}))
			err := into(ctx, in, nothing)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("read %d bytes, %v; want the end of the context soon after 1 MB", from.read, err)
			}
		})
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestAFileBeyondTheLimitIsRefusedWithoutBeingHeld(t *testing.T) {
	from := &endless{text: "x"}
	in := io.MultiReader(strings.NewReader("telefone\n"), from)
	err := into(t.Context(), in, nothing)
	var why reason.Reason
	if !errors.As(err, &why) || why.Code != reason.CSVLarge || from.read > maxFile+1<<20 {
		t.Errorf("read %d bytes, %v; want %s", from.read, err, reason.CSVLarge)
	}
	small := func(text string) (n int, err error) {
		read, err := io.ReadAll(&boundedReader{ctx: t.Context(), from: strings.NewReader(text), left: 10})
		return len(read), err
	}
	if n, err := small("0123456789"); n != 10 || err != nil {
		t.Errorf("as much as the limit: %d bytes, %v", n, err)
	}
	if n, err := small("0123456789x"); n != 10 || err == nil {
		t.Errorf("one byte more than the limit: %d bytes, %v", n, err)
	}
}

func TestReadingStopsAtTheErrorOfWhoTakesTheRows(t *testing.T) {
	full := errors.New("full")
	none := func(people.Row) error { t.Error("a row after the error"); return nil }
	err := into(t.Context(), strings.NewReader("telefone\nx\n11987654321\n"), Sink{Row: none, Bad: func(Bad) error { return full }})
	if err != full {
		t.Errorf("got %v, want the error of bad", err)
	}
	seen := 0
	err = into(t.Context(), strings.NewReader("telefone\n11987654321\n11987654322\n"),
		Sink{Row: func(people.Row) error { seen++; return full }})
	if err != full || seen != 1 {
		t.Errorf("got %v after %d rows, want the error of row after one", err, seen)
	}
}

// plainly is the reader of rows without regard to the time it takes: from
// each line it looks as far as the quotes are open, and if that leads nowhere
// it goes to the next line.
func plainly(text string, sep byte) (found []string) {
	for line := 1; text != ""; {
		cells, n := plainRow(text, sep)
		at := lineEnd([]byte(text))
		switch {
		case at == 0:
			at = len(text)
		case strings.HasPrefix(text[at-1:], "\r\n"):
			at++
		}
		if cells == nil {
			found = append(found, fmt.Sprint(line, " bad"))
		} else {
			found = append(found, fmt.Sprintf("%d %q", line, cells))
			at = n
		}
		line += lines(text[:at])
		text = text[at:]
	}
	return found
}

// plainRow reads one row, and says how much of the text it is; nil if it is
// none.
func plainRow(text string, sep byte) (cells []string, n int) {
	for at := 0; ; at++ {
		cell, quoted := "", at < len(text) && text[at] == '"'
		if quoted {
			for at++; ; at++ {
				if at >= len(text) {
					return nil, 0
				}
				if text[at] == '"' {
					if at++; at >= len(text) || text[at] != '"' {
						break
					}
				}
				cell += text[at : at+1]
			}
		}
		end := at
		for end < len(text) && text[end] != sep && text[end] != '\r' && text[end] != '\n' {
			end++
		}
		switch {
		case !quoted:
			cell = text[at:end]
		case strings.TrimSpace(text[at:end]) != "":
			return nil, 0
		}
		cells = append(cells, cell)
		if at = end; at < len(text) && text[at] == sep {
			continue
		}
		switch {
		case strings.HasPrefix(text[at:], "\r\n"):
			at += 2
		case at < len(text):
			at++
		}
		return cells, at
	}
}

// scanned is what the reader makes of the same.
func scanned(t *testing.T, text string, sep byte) (found []string) {
	t.Helper()
	reader, err := newLineReader(t.Context(), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	s := csvScanner{lines: reader, sep: sep}
	for {
		row, err := s.next()
		switch {
		case err == io.EOF:
			if s.held != 0 || len(s.queue) != 0 {
				t.Errorf("%d bytes in %d lines are left", s.held, len(s.queue))
			}
			return found
		case err != nil:
			t.Fatal(err)
		case row.fault != nil:
			found = append(found, fmt.Sprint(row.line, " bad"))
		default:
			found = append(found, fmt.Sprintf("%d %q", row.line, row.cells))
		}
	}
}

// No row is lost, whatever the quotes: the reader finds what trying from every
// line finds.
func TestNoRowIsLostToBrokenQuotes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{`"`, `"`, `""`, ";", "a", " ", "\n", "\n", "\r\n", "\r"}
	for range 10_000 {
		var b strings.Builder
		for range random.IntN(24) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		text := b.String()
		if got, want := scanned(t, text, ';'), plainly(text, ';'); !slices.Equal(got, want) {
			t.Fatalf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzQuotes(f *testing.F) {
	for _, s := range []string{"a;\"b\nc\";d\n", "\"a\n\"b\n", "\"\"\"\n\"\"\n", "\"\r\n\";\r\"x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 || !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\x1a\ufeff") || strings.HasPrefix(text, "PK") {
			return
		}
		if got, want := scanned(t, text, ';'), plainly(text, ';'); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{peopleFile, "telefone\n\"", "a\tfone\r\n1\t2\r3", "sep=,\nfone", "\xff\xfef\x00", "fone,\"x\ny\"\n\xe9,1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rows, bad, err := readAll(s)
		if err != nil {
			return
		}
		total, last := lines(s)+1, 0
		seen := make(map[int]bool)
		for _, row := range rows {
			if row.Phone == "" || row.Line <= last || !strings.HasPrefix(s, "\xff\xfe") && !strings.HasPrefix(s, "\xfe\xff") && row.Line > total {
				t.Errorf("row %+v after line %d of %d", row, last, total)
			}
			checkRow(t, row)
			last = row.Line
			seen[row.Line] = true
		}
		for _, b := range bad {
			if b.Reason.Error() == "" || seen[b.Line] {
				t.Errorf("bad row %+v", b)
			}
		}
	})
}

// hostileFiles are files that took a time that grew faster than their size, or
// might.
var hostileFiles = map[string]func(n int) string{
	"quotes never closed":        func(n int) string { return strings.Repeat("\"a\n", n/3) },
	"quotes in pairs":            func(n int) string { return strings.Repeat("\"\"\"\n", n/4) },
	"quotes closed wrongly":      func(n int) string { return strings.Repeat("\"\n", n/2-1) + "\"x\n" },
	"quotes over other lines":    func(n int) string { return strings.Repeat("\"a\nb;c\n", n/7) },
	"quotes that close and open": func(n int) string { return strings.Repeat("a\";\"b\n", n/6) },
	"quotes and bare lines":      func(n int) string { return "\"" + strings.Repeat("\n", n) },
	"quotes at the end of each":  func(n int) string { return strings.Repeat("11987654321;\"\n", n/14) },
	"no line end":                func(n int) string { return strings.Repeat("x", n) },
	"one cell in quotes":         func(n int) string { return "\"" + strings.Repeat("x\n", n/2) + "\";11987654321\n" },
	"separators":                 func(n int) string { return strings.Repeat(";", n) },
	"short lines":                func(n int) string { return strings.Repeat("\n", n) },
	"tags": func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, "11987654321;\"t%d", i)
			for j := range 600 {
				fmt.Fprintf(&b, "|%d", j)
			}
			b.WriteString("\"\n")
		}
		return b.String()
	},
	"zero bytes":    func(n int) string { return strings.Repeat("\x00"+strings.Repeat("x", 62)+"\n", n/64) },
	"not UTF-8":     func(n int) string { return strings.Repeat("\xe9;\n", n/3) },
	"carriages":     func(n int) string { return strings.Repeat("\r", n) },
	"good rows":     func(n int) string { return strings.Repeat("11987654321;vip|novo\n", n/21) },
	"phones of all": func(n int) string { return strings.Repeat("+1(((((((((((((\n", n/16) },
}

// BenchmarkHostileFiles reads files that are made to be slow, of a size and of
// four times that: the time per byte (the MB/s) must be about the same.
func BenchmarkHostileFiles(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(hostileFiles)) {
		for _, size := range []int{1 << 20, 4 << 20} {
			b.Run(fmt.Sprintf("%s/%dMB", strings.ReplaceAll(name, " ", "-"), size>>20), func(b *testing.B) {
				text := hostileFile(name, size)
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					if err := into(b.Context(), strings.NewReader(text), nothing); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	b.Run("columns", func(b *testing.B) {
		text := "fone" + strings.Repeat(";c", people.MaxFields-1) + "\n" + strings.Repeat("11987654321\n", 100_000)
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			into(b.Context(), strings.NewReader(text), nothing)
		}
	})
}

func hostileFile(name string, size int) string {
	return "telefone;tags\n" + strings.Repeat("11987654322;\n", 400) + hostileFiles[name](size)
}

// The work is counted, not timed: how many bytes are looked at for quotes and
// cells is no more than a few times the size of the file.
func TestTheWorkOfReadingGrowsWithTheFile(t *testing.T) {
	for name := range hostileFiles {
		text := hostileFile(name, 200_000)
		reader, err := newLineReader(t.Context(), strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		s := csvScanner{lines: reader, sep: ';'}
		for err == nil {
			_, err = s.next()
		}
		if s.looked > 3*len(text) {
			t.Errorf("%s: %d bytes are looked at in a file of %d", name, s.looked, len(text))
		}
	}
}

// TestMarksAtTheEndsOfALineTakeNoLongerThanTheLine: neither many of them, nor spaces.
func TestMarksAtTheEndsOfALineTakeNoLongerThanTheLine(t *testing.T) {
	const many = 200_000
	for in, want := range map[string]string{
		strings.Repeat("\x1a", many) + "x" + strings.Repeat(" ", many):   "x" + strings.Repeat(" ", many),
		strings.Repeat("\ufeff", many) + "x" + strings.Repeat(" ", many): "x" + strings.Repeat(" ", many),
		"x" + strings.Repeat(" \x1a", many):                              "x ",
		" x \ufeff  \x1a  ":                                              " x ",
		"\ufeff\x1a\ufeffx":                                              "x",
		"\ufeff":                                                         "",
	} {
		if got := string(tidy([]byte(in + "\r\n"))); got != want+"\r\n" {
			t.Errorf("%.20q of %d bytes becomes %.20q of %d, want %d", in, len(in), got, len(got), len(want)+2)
		}
	}
}
