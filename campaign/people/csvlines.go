package people

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"unicode/utf8"

	"recado/campaign/reason"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// lineReader reads a text line by line, as it comes, in whatever it is
// written, and makes UTF-8 of it.
type lineReader struct {
	ctx  context.Context
	in   *bufio.Reader
	line []byte // the one being read
}

// sniffed is how much of a file is looked at to tell what it is.
const sniffed = 4 << 10

// newLineReader finds out what r is. The error is a Reason if it is no text.
func newLineReader(ctx context.Context, r io.Reader) (*lineReader, error) {
	in := bufio.NewReaderSize(&boundedReader{ctx: ctx, from: r, left: maxFile}, 64<<10)
	head, err := in.Peek(sniffed)
	if err != nil && err != io.EOF {
		return nil, err
	}
	wide := func(order unicode.Endianness) {
		in = bufio.NewReaderSize(transform.NewReader(in, unicode.UTF16(order, unicode.ExpectBOM).NewDecoder()), 64<<10)
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, reason.New(reason.CSVSpreadsheet)
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		wide(unicode.LittleEndian)
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		wide(unicode.BigEndian)
	case bytes.IndexByte(head, 0) >= 0:
		return nil, reason.New(reason.CSVBinary)
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		in.Discard(3)
	}
	return &lineReader{ctx: ctx, in: in}, nil
}

// next reads a line with its end: \n, \r\n or \r, or nothing at the end of the
// file. Fault is why it cannot be used; of a line that is too long, text is
// the beginning. The error is io.EOF when there are no more.
func (r *lineReader) next() (text string, fault *reason.Reason, err error) {
	r.line = r.line[:0]
	long := false
	for ended := false; !ended; {
		if err := r.ctx.Err(); err != nil {
			return "", nil, err
		}
		if _, err := r.in.Peek(1); err == io.EOF && len(r.line) > 0 {
			break
		} else if err != nil {
			return "", nil, err
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
	switch {
	case long:
		fault = reason.Fault(reason.RowLineLong, maxLine>>10)
	case bytes.IndexByte(r.line, 0) >= 0:
		fault = reason.Fault(reason.RowZero)
	}
	return decode(r.line), fault, nil
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

// decode makes UTF-8 of a line. What is not is Windows-1252: line by line,
// because files are pasted together from others.
func decode(line []byte) string {
	if !utf8.Valid(line) {
		if decoded, err := charmap.Windows1252.NewDecoder().Bytes(line); err == nil { // it knows every byte
			return string(decoded)
		}
	}
	return string(line)
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
