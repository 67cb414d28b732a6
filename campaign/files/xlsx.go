package files

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// The limits of a packed file. A few bytes of it may stand for any number.
const (
	maxPacked   = 64 << 20  // bytes of the file
	maxUnpacked = 512 << 20 // bytes of all that is read of it
	maxShared   = 64 << 20  // bytes of the table of texts
	maxSheets   = 50        // that are looked at
	maxWide     = 1024      // cells of a row
)

// archive is a packed file that is being read.
type archive struct {
	ctx  context.Context
	zip  *zip.Reader
	left int64 // bytes that may still be unpacked
}

// packed reads a workbook, or the one text in a ZIP.
func (r *reader) packed(file io.Reader) error {
	data, err := io.ReadAll(&boundedReader{ctx: r.ctx, from: file, left: maxPacked + 1})
	if len(data) > maxPacked {
		return reason.New(reason.CSVLarge, maxPacked>>20)
	} else if err != nil {
		return err
	}
	unzipped, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return reason.New(reason.ImportBroken)
	}
	for _, f := range unzipped.File { // some programs write them as Windows does
		f.Name = strings.ReplaceAll(f.Name, `\`, "/")
	}
	a := &archive{r.ctx, unzipped, r.unpacked}
	if book := a.find("xl/workbook.xml"); book != nil {
		r.report.Format = XLSX
		return r.workbook(a, book)
	}
	var text *zip.File
	for _, f := range a.zip.File {
		switch strings.ToLower(path.Ext(f.Name)) {
		case ".csv", ".txt", ".tsv", ".vcf":
			if text != nil {
				return reason.New(reason.ImportPacked)
			}
			text = f
		}
	}
	if text == nil {
		return reason.New(reason.ImportPacked)
	}
	in, err := a.open(text)
	if err != nil {
		return err
	}
	defer in.Close()
	return r.text(in)
}

// find is a file by its name; nil if there is none.
func (a *archive) find(name string) *zip.File {
	at := slices.IndexFunc(a.zip.File, func(f *zip.File) bool {
		return strings.EqualFold(strings.TrimPrefix(f.Name, "/"), name)
	})
	if at < 0 {
		return nil
	}
	return a.zip.File[at]
}

// unpacking reads a file of an archive, and no more than may be unpacked.
type unpacking struct {
	io.ReadCloser
	of *archive
}

func (u unpacking) Read(p []byte) (int, error) {
	if err := u.of.ctx.Err(); err != nil {
		return 0, err
	}
	if u.of.left <= 0 {
		return 0, reason.New(reason.ImportUnpacked, maxUnpacked>>20)
	}
	n, err := u.ReadCloser.Read(p[:min(int64(len(p)), u.of.left)])
	u.of.left -= int64(n)
	return n, unreadable(err)
}

// unreadable is the error of reading what is packed. Those of ZIP are for
// programmers.
func unreadable(err error) error {
	switch {
	case err == nil, err == io.EOF, errors.As(err, new(reason.Reason)), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return reason.New(reason.ImportBroken)
}

func (a *archive) open(f *zip.File) (io.ReadCloser, error) {
	in, err := f.Open()
	if err != nil {
		return nil, unreadable(err)
	}
	return unpacking{in, a}, nil
}

// walk gives every start in a file of the archive, and the scanner there.
func (a *archive) walk(f *zip.File, start func(*xmlScanner) error) error {
	if f == nil {
		return nil
	}
	in, err := a.open(f)
	if err != nil {
		return err
	}
	defer in.Close()
	x := newXMLScanner(in)
	for {
		kind, err := x.next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return unreadable(err)
		}
		if kind == xmlStart {
			if err := start(x); err != nil {
				return err
			}
		}
	}
}

// sheet is a sheet of a workbook.
type sheet struct {
	name, id string
	hidden   bool
	file     *zip.File
}

// workbook reads the sheet that was asked for, or the first one that has
// phones.
func (r *reader) workbook(a *archive, book *zip.File) error {
	var sheets []sheet
	since1904 := false
	err := a.walk(book, func(x *xmlScanner) error {
		switch x.name {
		case "workbookPr":
			v := x.attribute("date1904")
			since1904 = v == "1" || v == "true"
		case "sheet":
			if len(sheets) < maxSheets {
				sheets = append(sheets, sheet{name: x.attribute("name"), id: x.attribute("id"), hidden: strings.Contains(strings.ToLower(x.attribute("state")), "hidden")})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	dir := path.Dir(strings.TrimPrefix(book.Name, "/"))
	err = a.walk(a.find(dir+"/_rels/workbook.xml.rels"), func(x *xmlScanner) error {
		id, target := x.attribute("Id"), x.attribute("Target")
		for i := range sheets {
			if sheets[i].id != id || id == "" {
				continue
			}
			target = strings.ReplaceAll(target, `\`, "/")
			if strings.HasPrefix(target, "/") {
				target = target[1:]
			} else {
				target = path.Join(dir, target)
			}
			sheets[i].file = a.find(target)
		}
		return nil
	})
	if err != nil {
		return err
	}
	sheets = slices.DeleteFunc(sheets, func(s sheet) bool { return s.file == nil })
	for _, s := range sheets {
		r.report.Sheets = append(r.report.Sheets, s.name)
	}
	if len(sheets) == 0 {
		return reason.New(reason.ImportBroken)
	}
	if r.options.Sheet != "" {
		at := slices.IndexFunc(sheets, func(s sheet) bool { return people.Fold(s.name) == people.Fold(r.options.Sheet) })
		if n, err := strconv.Atoi(r.options.Sheet); at < 0 && err == nil && n >= 1 && n <= len(sheets) {
			at = n - 1
		}
		if at < 0 {
			return reason.New(reason.ImportNoSheet, r.options.Sheet, r.report.Sheets)
		}
		sheets = sheets[at : at+1]
	}
	w := &texts{date: time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)}
	if since1904 {
		w.date = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if err := w.load(a, dir); err != nil {
		return err
	}
	if r.options.Sheet == "" && len(sheets) > 1 {
		sheets = slices.DeleteFunc(sheets, func(s sheet) bool { return s.hidden })
		at, err := r.behindCover(a, sheets, w)
		if err != nil {
			return err
		}
		sheets = slices.Concat(sheets[at:], sheets[:at])
	}
	var first error
	for _, s := range sheets {
		r.report.Sheet = s.name
		err := r.sheet(a, s, w)
		var why reason.Reason
		if err == nil || !errors.As(err, &why) || why.Code != reason.CSVEmpty && why.Code != reason.CSVNoPhones && why.Code != reason.ImportNoColumn {
			return err
		}
		if first == nil || why.Code == reason.CSVNoPhones {
			first = err
		}
	}
	if first == nil {
		first = reason.New(reason.CSVEmpty)
	}
	return first
}

// behindCover is the place of the table of people, where the sheets before it are
// texts with a phone in them, of whoever helps to fill it in; else 0.
func (r *reader) behindCover(a *archive, sheets []sheet, w *texts) (int, error) {
	left := a.left
	defer func() { a.left = left }() // what is looked at is read once more
	covers := 0
	for i, s := range sheets {
		in, err := a.open(s.file)
		if err != nil {
			continue // it is said when it is read
		}
		what, err := r.glance(&sheetRows{x: newXMLScanner(in), texts: w})
		in.Close()
		switch {
		case err != nil:
			return 0, err
		case what == aCover:
			covers++
		case what == aTable && covers > 0:
			return i, nil
		case what != noPeople && covers == 0:
			return 0, nil
		}
	}
	return 0, nil
}

func (r *reader) sheet(a *archive, s sheet, w *texts) error {
	in, err := a.open(s.file)
	if err != nil {
		return err
	}
	defer in.Close()
	return r.table(&sheetRows{x: newXMLScanner(in), texts: w})
}

// texts are the shared texts of a workbook, and which formats are of dates.
type texts struct {
	all   []byte
	ends  []uint32
	dates []bool // by the style of a cell
	date  time.Time
}

func (w *texts) shared(i int) string {
	if i < 0 || i >= len(w.ends) {
		return ""
	}
	from := uint32(0)
	if i > 0 {
		from = w.ends[i-1]
	}
	return string(w.all[from:w.ends[i]])
}

// dateFormat are the signs of a format that writes days; those in quotes or
// brackets are none.
var (
	dateFormat = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[dDyY]|[mM]{3}`) })
	literals   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"[^"]*"|\[[^\]]*\]|\\.`) })
)

func (w *texts) load(a *archive, dir string) error {
	formats := make(map[string]bool)
	within := false
	err := a.walk(a.find(dir+"/styles.xml"), func(x *xmlScanner) error {
		switch x.name {
		case "numFmt":
			if len(formats) < 10_000 {
				formats[x.attribute("numFmtId")] = dateFormat().MatchString(literals().ReplaceAllString(x.attribute("formatCode"), ""))
			}
		case "cellXfs":
			within = true
		case "cellStyles", "dxfs":
			within = false
		case "xf":
			if within && len(w.dates) < 100_000 {
				id := x.attribute("numFmtId")
				n, _ := strconv.Atoi(id)
				w.dates = append(w.dates, formats[id] || n >= 14 && n <= 17 || n == 22 || n >= 27 && n <= 36 || n >= 50 && n <= 58)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	f := a.find(dir + "/sharedStrings.xml")
	if f == nil {
		return nil
	}
	in, err := a.open(f)
	if err != nil {
		return err
	}
	defer in.Close()
	x := newXMLScanner(in)
	text, phonetic := false, false
	for {
		kind, err := x.next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return unreadable(err)
		}
		switch {
		case kind == xmlText && text && !phonetic:
			w.all = append(w.all, unescape(x.text)...)
		case kind == xmlText:
		case x.name == "t":
			text = kind == xmlStart
		case x.name == "rPh":
			phonetic = kind == xmlStart
		case x.name == "si" && kind == xmlEnd:
			w.ends = append(w.ends, uint32(len(w.all)))
		}
		if len(w.all)+4*len(w.ends) > maxShared {
			return reason.New(reason.ImportUnpacked, maxShared>>20)
		}
	}
}

// sheetRows are the rows of a sheet.
type sheetRows struct {
	x     *xmlScanner
	texts *texts
	line  int
}

// next reads a row.
func (s *sheetRows) next() (record, error) {
	for {
		kind, err := s.x.next()
		if err != nil {
			return record{}, unreadable(err)
		}
		if kind == xmlStart && s.x.name == "row" {
			if n, err := strconv.Atoi(s.x.attribute("r")); err == nil && n > s.line {
				s.line = n
			} else {
				s.line++
			}
			return s.row()
		}
	}
}

func (s *sheetRows) row() (record, error) {
	row := record{line: s.line, cells: []string{}}
	at, size := -1, 0
	var kind, style, value string
	take := false
	for {
		what, err := s.x.next()
		if err == io.EOF {
			return row, nil
		} else if err != nil {
			return row, unreadable(err)
		}
		name := s.x.name
		switch {
		case what == xmlText:
			if take && len(value) < maxXMLText {
				value += unescape(s.x.text)
			}
		case what == xmlEnd && name == "row":
			return row, nil
		case what == xmlStart && name == "c":
			at++
			if ref := s.x.attribute("r"); ref != "" {
				if n := columnOf(ref); n >= 0 {
					at = n
				}
			}
			kind, style, value = s.x.attribute("t"), s.x.attribute("s"), ""
		case name == "v", name == "t":
			take = what == xmlStart
		case name == "rPh" && what == xmlStart:
			take = false
		case what == xmlEnd && name == "c":
			if at < 0 || at >= maxWide || value == "" {
				continue
			}
			cell := s.texts.cell(kind, style, value)
			if size += len(cell); size > maxLine {
				row.fault = reason.Fault(reason.RowLineLong, maxLine>>10)
				continue
			}
			for len(row.cells) <= at {
				row.cells = append(row.cells, "")
			}
			row.cells[at] = cell
		}
	}
}

// columnOf is the place of a cell by its reference, "AB12", from 0; -1 if that
// is none.
func columnOf(ref string) int {
	n := 0
	for i := 0; i < len(ref) && i < 4; i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		n = n*26 + int(c-'A') + 1
	}
	return n - 1
}

// coded are the signs that Excel writes as their number.
var coded = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`_x([0-9A-Fa-f]{4})_`) })

// cell is what a cell says.
func (w *texts) cell(kind, style, value string) string {
	switch kind {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil {
			return ""
		}
		value = w.shared(n)
		fallthrough
	case "inlineStr", "str":
		if strings.Contains(value, "_x") {
			value = coded().ReplaceAllStringFunc(value, func(s string) string {
				n, _ := strconv.ParseUint(s[2:6], 16, 16)
				return string(rune(n))
			})
		}
		return value
	case "b":
		if value == "1" {
			return "1"
		}
		return "0"
	case "e":
		return ""
	case "d":
		return value
	}
	return w.number(style, strings.TrimSpace(value))
}

// number is a number as a person reads it: a day, or all of its digits.
func (w *texts) number(style, value string) string {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return value
	}
	if s, err := strconv.Atoi(style); err == nil && s >= 0 && s < len(w.dates) && w.dates[s] && n >= 1 && n < 2958466 {
		days, part := math.Modf(n)
		day := w.date.AddDate(0, 0, int(days))
		if seconds := math.Round(part * 86400); seconds > 0 {
			return day.Add(time.Duration(seconds) * time.Second).Format("2006-01-02 15:04")
		}
		return day.Format("2006-01-02")
	}
	if strings.ContainsAny(value, "eE.") && math.Abs(n) < 1e15 {
		if n == math.Trunc(n) {
			return strconv.FormatFloat(n, 'f', 0, 64)
		}
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return value
}
