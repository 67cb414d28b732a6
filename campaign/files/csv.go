package files

import (
	"io"
	"strings"

	"recado/campaign/reason"
)

// csvScanner reads rows of cells, as RFC 4180 says and a little more: a quote
// inside a cell that does not begin with one is a quote, and a quote that is
// never closed, or only after more than maxLine bytes, costs its own line
// only.
//
// Where quotes are open at the end of a line, the row goes on in the next
// ones, and whether they are ever closed is known only further on. If they are
// not, those lines are rows of their own. So that they are not looked at once
// more for each quote that is opened in them, what becomes of a line that
// begins within quotes is found out once: that does not depend on where the
// quotes were opened.
type csvScanner struct {
	lines  *lineReader
	sep    byte
	queue  []csvLine  // lines that have been read and are not yet part of a row
	held   int        // about the bytes that the queue takes
	within int        // so many lines after the first of the queue leave quotes open that were open before
	looked int        // bytes, and lines again, looked at so far: a few times the bytes of the file
	one    [1]csvLine // the queue, most of the time
	width  int        // how many cells the last row had
}

// csvLine is a line of the file.
type csvLine struct {
	line
	quoted ending // how it ends if quotes are open where it begins
}

// lineCost is about what a line takes beside its text.
const lineCost = 64

// ending is how a text ends that was split into cells.
type ending uint8

const (
	unknown ending = iota
	whole          // with its last cell
	open           // within quotes
	broken         // something stands behind closing quotes
)

// next takes a row. The error is io.EOF at the end.
func (s *csvScanner) next() (record, error) {
	first, err := s.line(0)
	if err != nil {
		return record{}, err
	}
	row, n := record{line: first.number, raw: first.text, fault: first.fault}, 1
	if row.fault == nil {
		var end ending
		row.cells, end = s.split(first.text, false)
		if end == open {
			if n, err = s.extent(); err != nil {
				return record{}, err
			}
			if n > 0 {
				var text strings.Builder
				for _, line := range s.queue[:n] {
					text.WriteString(line.text)
				}
				row.raw = text.String()
				row.cells, end = s.split(row.raw, false)
			}
		}
		if end != whole {
			row.cells, n, row.fault = nil, 1, reason.Fault(reason.RowQuote)
		}
	}
	s.pass(n)
	return row, nil
}

// extent is how many lines the row at the front of the queue has if its first
// one leaves quotes open; 0 if they are never closed as they should be.
func (s *csvScanner) extent() (int, error) {
	for {
		line, err := s.line(s.within + 1)
		if err == io.EOF {
			return 0, nil
		} else if err != nil {
			return 0, err
		}
		if s.looked++; s.held > maxLine {
			return 0, nil
		}
		if line.quoted == unknown {
			line.quoted = broken
			if line.fault == nil {
				_, line.quoted = s.split(line.text, true)
			}
		}
		switch line.quoted {
		case whole:
			return s.within + 2, nil
		case broken:
			return 0, nil
		}
		s.within++
	}
}

// line is the i-th line of the queue. The error is io.EOF if there are fewer
// to come.
func (s *csvScanner) line(i int) (*csvLine, error) {
	for len(s.queue) <= i {
		l, err := s.lines.next()
		if err != nil {
			return nil, err
		}
		s.queue = append(s.queue, csvLine{line: l})
		s.held += len(l.text) + lineCost
	}
	return &s.queue[i], nil
}

// pass takes lines off the queue.
func (s *csvScanner) pass(n int) {
	for i := range s.queue[:n] {
		s.held -= len(s.queue[i].text) + lineCost
		s.queue[i] = csvLine{}
	}
	if s.queue = s.queue[n:]; len(s.queue) == 0 {
		s.queue = s.one[:0]
	}
	s.within = max(0, s.within-n)
}

// split takes a row apart into cells. With quoted, quotes are open where it
// begins.
func (s *csvScanner) split(text string, quoted bool) (cells []string, end ending) {
	s.looked += len(text)
	cells = make([]string, 0, s.width)
	defer func() { s.width = min(len(cells), maxColumns) }()
	at := 0
	for {
		next := 0
		if !quoted && at < len(text) && text[at] == '"' {
			quoted = true
			at++
		}
		if quoted {
			cell, closed, ok := unquote(text, at)
			if !ok {
				return nil, open
			}
			cells = append(cells, cell)
			next = plainEnd(text, closed, s.sep)
			if strings.TrimSpace(text[closed:next]) != "" {
				return nil, broken
			}
			quoted = false
		} else {
			next = plainEnd(text, at, s.sep)
			cells = append(cells, text[at:next])
		}
		if next == len(text) || text[next] != s.sep {
			return cells, whole
		}
		at = next + 1
	}
}

// unquote reads a cell from behind its opening quote. Closed is where its
// closing one has passed.
func unquote(text string, at int) (cell string, closed int, ok bool) {
	start := at
	var out strings.Builder // empty while nothing but text[start:at] is in the cell
	for {
		end := strings.IndexByte(text[at:], '"')
		if end < 0 {
			return "", 0, false
		}
		at += end + 1
		if at == len(text) || text[at] != '"' {
			if out.Len() == 0 {
				return text[start : at-1], at, true
			}
			out.WriteString(text[start : at-1])
			return out.String(), at, true
		}
		out.WriteString(text[start:at]) // with one of the two quotes
		at++
		start = at
	}
}

// plainEnd is where the cell, or the rest of one after its quotes, ends.
func plainEnd(text string, at int, sep byte) int {
	for i := at; i < len(text); i++ {
		if c := text[i]; c == sep || c == '\n' || c == '\r' {
			return i
		}
	}
	return len(text)
}

// csvRows are the rows of a text.
type csvRows struct {
	csvScanner
	inner byte // what sets the cells of a row apart that is one cell in quotes; 0: rows are not
}

func (c *csvRows) next() (record, error) {
	row, err := c.csvScanner.next()
	switch {
	case err != nil:
	case row.fault != nil && row.fault.Code == reason.RowQuote:
		if strings.Contains(row.raw, `\"`) { // as databases write a quote
			if cells, end := c.split(strings.ReplaceAll(row.raw, `\"`, `""`), false); end == whole {
				row.cells, row.fault = cells, nil
				break
			}
		}
		row.cells = c.lenient(row.raw) // perhaps it can be used
	case c.inner != 0 && row.fault == nil && len(row.cells) == 1:
		row.cells = splitPlain(row.cells[0], c.inner)
	}
	return row, err
}

// splitPlain takes a row apart in which quotes may stand, or not.
func splitPlain(text string, sep byte) []string {
	s := csvScanner{sep: sep}
	if cells, end := s.split(text, false); end == whole {
		return cells
	}
	return s.lenient(text)
}

// quotesOf are the quotes that stand for one inside a cell.
var quotesOf = strings.NewReplacer(`\"`, `"`, `""`, `"`)

// lenient takes a line apart whose quotes are broken: one that a cell begins
// with is closed by the first that stands where a cell ends, if no other cell
// begins with one before; else it is part of the cell.
func (s *csvScanner) lenient(text string) (cells []string) {
	text = strings.TrimRight(text, "\r\n")
	s.looked += 2 * len(text)
	ends := func(at int) int { // the quote at or behind at that stands where a cell ends
		for ; at < len(text); at++ {
			if text[at] == '"' && (at+1 == len(text) || text[at+1] == s.sep) {
				return at
			}
		}
		return len(text)
	}
	begins := func(at int) int { // the separator at or behind at with a quote behind it
		for ; at < len(text); at++ {
			if text[at] == s.sep && at+1 < len(text) && text[at+1] == '"' {
				return at
			}
		}
		return len(text)
	}
	end, begin := -1, -1 // they only go forward, as the cells do
	for at := 0; ; {
		cell, next := "", 0
		if at < len(text) && text[at] == '"' {
			if end <= at {
				end = ends(at + 1)
			}
			if begin < at {
				begin = begins(at)
			}
		}
		if at < len(text) && text[at] == '"' && end < len(text) && end <= begin {
			cell, next = text[at+1:end], end+1
		} else {
			next = plainEnd(text, at, s.sep)
			cell = strings.TrimSpace(text[at:next])
			cell = strings.TrimSuffix(strings.TrimPrefix(cell, `"`), `"`)
		}
		cells = append(cells, quotesOf.Replace(cell))
		if next >= len(text) {
			return cells
		}
		at = next + 1
	}
}
