package files

import (
	"bufio"
	"bytes"
	"context"
	"io"

	"recado/campaign/reason"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// The limits of a file.
const (
	maxFile = 512 << 20 // bytes
	maxLine = 1 << 20   // bytes of a line, and of the lines of one row: as much as people.MaxFields full cells
)

// line is a line of a text.
type line struct {
	text   string // with its end
	number int    // from 1
	fault  *reason.Reason
}

// lineReader reads a text line by line, as it comes, in whatever it is
// written, and makes UTF-8 of it.
type lineReader struct {
	ctx    context.Context
	in     *bufio.Reader
	page   codepage // what a line that is no UTF-8 is written in
	line   []byte   // the one being read
	number int
	ahead  []line // lines that were looked at and not yet taken
	wide   bool   // it came in UTF-16
}

// sniffed is how much of a file is looked at to tell what it is.
const sniffed = 32 << 10

// newLineReader finds out how r is written. The error is a Reason if it is no
// text.
func newLineReader(ctx context.Context, r io.Reader) (*lineReader, error) {
	isWide := false
	in := bufio.NewReaderSize(&boundedReader{ctx: ctx, from: r, left: maxFile}, 64<<10)
	head, err := in.Peek(sniffed)
	if err != nil && err != io.EOF {
		return nil, err
	}
	wide := func(order unicode.Endianness, mark unicode.BOMPolicy) {
		isWide = true
		in = bufio.NewReaderSize(transform.NewReader(in, unicode.UTF16(order, mark).NewDecoder()), 64<<10)
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		wide(unicode.LittleEndian, unicode.ExpectBOM)
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		wide(unicode.BigEndian, unicode.ExpectBOM)
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		in.Discard(3)
	case bytes.IndexByte(head, 0) >= 0:
		// Text that is mostly Latin has every other byte zero in UTF-16.
		even, odd := zeros(head)
		begin := head[:min(len(head), 16)]
		first, second := zeros(begin)
		switch half := len(head) / 2; {
		case odd > half/2 && even < half/16 && second > len(begin)/4:
			wide(unicode.LittleEndian, unicode.IgnoreBOM)
		case even > half/2 && odd < half/16 && first > len(begin)/4:
			wide(unicode.BigEndian, unicode.IgnoreBOM)
		default:
			padding := unfill(bytes.Clone(head))
			if even+odd-padding > len(head)/16 || // of a few, their lines are told
				padding > 0 && even+odd > len(head)/16 && (head[0] == 0 || bytes.ContainsFunc(head, drives)) {
				return nil, reason.New(reason.CSVBinary)
			}
		}
	}
	reader := &lineReader{ctx: ctx, in: in, wide: isWide}
	reader.page.begin(head)
	return reader, nil
}

// encoding is what the lines that were read were written in.
func (r *lineReader) encoding() string {
	switch {
	case r.wide:
		return "UTF-16"
	case r.page.used > 0:
		return pages[r.page.best()].name
	}
	return "UTF-8"
}

// zeros counts the zero bytes at even and at odd places.
func zeros(b []byte) (even, odd int) {
	for i, c := range b {
		switch {
		case c != 0:
		case i%2 == 0:
			even++
		default:
			odd++
		}
	}
	return even, odd
}

// peek is the i-th line that is still to be taken. The error is io.EOF if
// there are fewer.
func (r *lineReader) peek(i int) (line, error) {
	for len(r.ahead) <= i {
		l, err := r.read()
		if err != nil {
			return line{}, err
		}
		r.ahead = append(r.ahead, l)
	}
	return r.ahead[i], nil
}

// next takes a line with its end: \n, \r\n or \r, or nothing at the end of the
// file. Of a line that is too long, the text is the beginning. The error is
// io.EOF when there are no more.
func (r *lineReader) next() (line, error) {
	if len(r.ahead) == 0 {
		return r.read()
	}
	l := r.ahead[0]
	r.ahead[0] = line{}
	r.ahead = r.ahead[1:]
	return l, nil
}

func (r *lineReader) read() (line, error) {
	r.line = r.line[:0]
	long := false
	for ended := false; !ended; {
		if err := r.ctx.Err(); err != nil {
			return line{}, err
		}
		if _, err := r.in.Peek(1); err == io.EOF && len(r.line) > 0 {
			break
		} else if err != nil {
			return line{}, err
		}
		piece, _ := r.in.Peek(r.in.Buffered())
		n := lineEnd(piece)
		if ended = n > 0; !ended {
			n = len(piece)
		}
		carriage := piece[n-1] == '\r'
		if keep := piece[:min(n, max(0, maxLine-len(r.line)))]; len(keep) < n {
			r.line, long = append(r.line, keep...), true
		} else {
			r.line = append(r.line, keep...)
		}
		r.in.Discard(n)
		if !carriage {
			continue
		}
		if after, err := r.in.Peek(1); err == nil && after[0] == '\n' {
			r.line = append(r.line, '\n')
			r.in.Discard(1)
		}
	}
	text := tidy(r.line)
	if len(text) == 0 && !long {
		return line{}, io.EOF // nothing but the mark of the end was left
	}
	r.number++
	l := line{number: r.number, text: r.page.decode(text)}
	switch {
	case long:
		l.fault = reason.Fault(reason.RowLineLong, maxLine>>10)
	case bytes.IndexByte(text, 0) >= 0:
		l.fault = reason.Fault(reason.RowZero)
	}
	return l, nil
}

// What stands at the ends of a line and is no part of it: the mark that each of
// the files began with that were joined, and the end of a file of DOS.
var mark = []byte("\xef\xbb\xbf")

const endMark = 0x1a

// tidy is a line without what old programs, and those that join files, add to
// it. It changes the line.
func tidy(line []byte) []byte {
	body := bytes.TrimRight(line, "\r\n")
	end := line[len(body):]
	if bytes.IndexByte(body, 0) >= 0 {
		unfill(body)
	}
	for len(body) > 0 {
		if rest := bytes.TrimPrefix(body, mark); len(rest) < len(body) {
			body = rest
		} else if body[0] == endMark {
			body = body[1:]
		} else {
			break
		}
	}
	// Spaces behind it stay if there is no mark among them.
	for at := len(body); at > 0; {
		switch rest := body[:at]; {
		case bytes.HasSuffix(rest, mark):
			at -= len(mark)
			body = body[:at]
		case rest[at-1] == endMark:
			at--
			body = body[:at]
		case rest[at-1] == ' ':
			at--
		default:
			at = 0
		}
	}
	return append(body, end...)
}

// unfill makes spaces of the zeros with which a cell is filled up behind what it
// says, and counts them. One between letters stays.
func unfill(text []byte) (n int) {
	filler := true
	for i := len(text) - 1; i >= 0; i-- {
		switch c := text[i]; c {
		case 0:
			if filler {
				text[i] = ' '
				n++
			}
		case ' ', ';', ',', '\t', '|', '"', '\r', '\n', 0x1a:
			filler = c != ' ' || filler
		default:
			filler = false
		}
	}
	return n
}

// drives reports whether r is a sign that no text has.
func drives(r rune) bool {
	return r > 0 && r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\f' && r != 0x1a
}

// lineEnd is where the first line of b has passed; 0 if its end is not in b.
// It looks at short pieces, because a file may have the one end in every line
// and the other nowhere.
func lineEnd(b []byte) int {
	const piece = 256
	for at := 0; at < len(b); at += piece {
		part := b[at:min(at+piece, len(b))]
		end := bytes.IndexByte(part, '\n')
		if end >= 0 {
			part = part[:end]
		}
		if carriage := bytes.IndexByte(part, '\r'); carriage >= 0 {
			end = carriage
		}
		if end >= 0 {
			return at + end + 1
		}
	}
	return 0
}

// boundedReader reads no more than left bytes, and nothing after the end of
// ctx.
type boundedReader struct {
	ctx  context.Context
	from io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if b.left <= 0 {
		// One byte more is too much; the end of the file is none.
		if n, err := b.from.Read(p[:min(1, len(p))]); n == 0 {
			return 0, err
		}
		return 0, reason.New(reason.CSVLarge, maxFile>>20)
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
