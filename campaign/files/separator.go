package files

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"

	"recado/campaign/reason"
)

// csv reads a table that is a text.
func (r *reader) csv(lines *lineReader) error {
	l, err := lines.peek(0)
	if err == nil {
		if sep := sepLine(l.text); sep != 0 {
			lines.next()
			r.report.Between = string(rune(sep))
			return r.table(&csvRows{csvScanner{lines: lines, sep: sep}, 0})
		}
	} else if err != io.EOF {
		return err
	}
	if blocks := r.blocks(lines); blocks != nil {
		return r.table(blocks)
	}
	way, err := r.separator(lines)
	if err != nil {
		return err
	}
	r.report.Between = string(rune(cmp.Or(way.inner, way.sep)))
	return r.table(&csvRows{csvScanner{lines: lines, sep: way.sep}, way.inner})
}

// sepLine is the separator that a spreadsheet says in a line of its own before
// a table; 0 if that is none.
func sepLine(text string) byte {
	text = strings.TrimSpace(text)
	text = strings.TrimRight(text, "\"")
	text = strings.TrimPrefix(text, `"`)
	if len(text) < 5 || !strings.EqualFold(text[:4], "sep=") {
		if len(text) == 4 && strings.EqualFold(text, "sep=") {
			return '\t' // it was trimmed
		}
		return 0
	}
	sep, rest := text[4], strings.Trim(text[5:], ";,|\t \"")
	if text[4:] == `\t` {
		return '\t'
	}
	if rest != "" || sep >= 0x80 || sep == '"' {
		return 0
	}
	return sep
}

// way is how a text is taken apart: into rows by sep, and where each row is one
// cell in quotes, that by inner.
type way struct{ sep, inner byte }

// separator finds out how the cells of a text are set apart: so that most of
// the columns are known.
func (r *reader) separator(lines *lineReader) (way, error) {
	var text strings.Builder
	for i := 0; i < 60 && text.Len() < 64<<10; i++ {
		l, err := lines.peek(i)
		if err == io.EOF {
			break
		} else if err != nil {
			return way{}, err
		}
		text.WriteString(l.text[:min(len(l.text), 64<<10)])
	}
	r.muted = true
	defer func() { r.muted = false }()
	best, most := way{sep: ','}, fit{score: -1}
	var refused way // a table that has numbers of something else
	wide := 0
	for _, try := range []way{{',', 0}, {';', 0}, {'\t', 0}, {'|', 0}, {'\x00', ','}, {'\x00', ';'}, {'\x00', '\t'}} {
		f := r.fit(text.String(), try)
		if f.score > most.score {
			best, most = try, f
		}
		if f.denied && f.even && f.width > max(wide, 1) {
			refused, wide = try, f.width
		}
	}
	// With other marks its rows would be a text in which those numbers are phones.
	if most.rough && wide > 0 && wide >= most.width {
		return refused, nil
	}
	return best, nil
}

// fit is how well a text can be taken apart in one way.
type fit struct {
	score, width int
	even         bool // half of the rows have as many cells
	rough        bool // there are phones, and no row that names columns, or one that holds more of them
	denied       bool // there are columns, and no phones but in what is none
}

func (r *reader) fit(text string, way way) fit {
	lines, err := newLineReader(context.Background(), strings.NewReader(text))
	if err != nil {
		return fit{}
	}
	from := &csvRows{csvScanner{lines: lines, sep: way.sep}, way.inner}
	var sample []record
	for {
		row, err := from.next()
		if err != nil {
			break
		}
		sample = append(sample, row)
	}
	l, header, err := r.header(sample)
	width, same, filled := 0, 0, 0
	f := fit{rough: err == nil && (header < 0 || way.inner != 0), denied: err != nil && l.denied}
	if err == nil {
		width = len(l.columns)
		if header < 0 {
			header = 0
		}
	} else {
		for _, row := range sample {
			width = max(width, len(row.cells))
		}
		header = 0
	}
	for _, row := range sample[min(header, len(sample)):] {
		if row.fault == nil && !blank(row.cells) {
			filled++
			if len(row.cells) == width {
				same++
			}
		}
	}
	score := min(width, 200)
	if filled > 0 && width > 1 {
		score += 100 * same / filled
	}
	if why := (reason.Reason{}); errors.As(err, &why) && why.Code == reason.CSVColumns {
		score += 1000
	}
	if err == nil {
		score += 1000 + 40*min(l.score, 50)
		// A cell that holds other separators is taken apart too little.
		for _, c := range l.columns {
			if strings.ContainsAny(c.Title, ";\t|") || strings.Count(c.Title, ",") > 1 {
				score -= 60
				f.rough = true
			}
		}
	}
	if way.inner != 0 {
		score -= 10
	}
	f.score, f.width, f.even = score, width, same > 1 && same*2 >= filled
	return f
}
