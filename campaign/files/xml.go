package files

import (
	"bufio"
	"bytes"
	"html"
	"io"
	"strings"

	"recado/campaign/reason"
)

// The limits of XML: what is longer is cut (text) or an error (a tag).
const (
	maxXMLText = 64 << 10
	maxXMLTag  = 64 << 10
)

// xmlScanner reads XML piece by piece. It checks nothing but what it needs,
// and holds one piece at a time, as encoding/xml does not: there a text or a
// comment is as large as the file says.
type xmlScanner struct {
	in     *bufio.Reader
	tag    []byte // of a start: the whole of it
	name   string // without its prefix
	text   []byte
	closed bool // a start that is its own end: the end comes next
}

// piece is what an xmlScanner read.
type piece uint8

const (
	xmlStart piece = iota
	xmlEnd
	xmlText
)

func newXMLScanner(r io.Reader) *xmlScanner { return &xmlScanner{in: bufio.NewReaderSize(r, 64<<10)} }

// next reads a piece. The error is io.EOF at the end.
func (x *xmlScanner) next() (piece, error) {
	if x.closed {
		x.closed = false
		return xmlEnd, nil
	}
	for {
		c, err := x.in.ReadByte()
		if err != nil {
			return 0, err
		}
		if c != '<' {
			x.in.UnreadByte()
			x.text = x.text[:0]
			return xmlText, x.until('<')
		}
		head, _ := x.in.Peek(8)
		switch {
		case bytes.HasPrefix(head, []byte("![CDATA[")):
			x.in.Discard(8)
			x.text = x.text[:0]
			return xmlText, x.through("]]>", true)
		case bytes.HasPrefix(head, []byte("!--")):
			err = x.through("-->", false)
		case bytes.HasPrefix(head, []byte("?")):
			err = x.through("?>", false)
		case bytes.HasPrefix(head, []byte("!")):
			return 0, reason.New(reason.ImportBroken)
		default:
			return x.element()
		}
		if err != nil {
			return 0, err
		}
	}
}

// until gathers text up to a byte that stays.
func (x *xmlScanner) until(end byte) error {
	for {
		if _, err := x.in.Peek(1); err != nil {
			return nil // the next one says so
		}
		some, _ := x.in.Peek(x.in.Buffered())
		n := bytes.IndexByte(some, end)
		if n < 0 {
			n = len(some)
		}
		x.gather(some[:n])
		x.in.Discard(n)
		if n < len(some) {
			return nil
		}
	}
}

func (x *xmlScanner) gather(some []byte) {
	x.text = append(x.text, some[:max(0, min(len(some), maxXMLText-len(x.text)))]...)
}

// through passes over what ends with a text, and keeps what is before it.
func (x *xmlScanner) through(end string, keep bool) error {
	matched := 0
	for {
		c, err := x.in.ReadByte()
		if err != nil {
			return err
		}
		if c == end[matched] {
			if matched++; matched == len(end) {
				return nil
			}
			continue
		}
		if keep {
			x.gather([]byte(end[:matched]))
		}
		if matched > 0 && c == end[0] {
			// "]]]>" and "--->": the last ones still may be the end.
			if matched == len(end)-1 {
				if keep {
					x.text = x.text[:max(0, len(x.text)-(matched-1))]
				}
				continue
			}
			matched = 1
			continue
		}
		matched = 0
		if keep {
			x.gather([]byte{c})
		}
	}
}

// element reads a tag behind its "<".
func (x *xmlScanner) element() (piece, error) {
	x.tag = x.tag[:0]
	for quote := byte(0); ; {
		c, err := x.in.ReadByte()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		switch {
		case err != nil:
			return 0, err
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '>':
			return x.named()
		}
		if x.tag = append(x.tag, c); len(x.tag) > maxXMLTag {
			return 0, reason.New(reason.ImportBroken)
		}
	}
}

func (x *xmlScanner) named() (piece, error) {
	kind, tag := xmlStart, x.tag
	if bytes.HasPrefix(tag, []byte("/")) {
		kind, tag = xmlEnd, tag[1:]
	} else if bytes.HasSuffix(tag, []byte("/")) {
		x.closed = true
	}
	end := bytes.IndexAny(tag, " \t\r\n/")
	if end < 0 {
		end = len(tag)
	}
	name := tag[:end]
	if colon := bytes.IndexByte(name, ':'); colon >= 0 {
		name = name[colon+1:]
	}
	if x.name != string(name) {
		x.name = string(name)
	}
	return kind, nil
}

// attribute is an attribute of the start that was read, by its name without
// prefix.
func (x *xmlScanner) attribute(name string) string {
	rest := x.tag
	for {
		at := bytes.IndexByte(rest, '=')
		if at < 0 || at+1 >= len(rest) {
			return ""
		}
		key := rest[:at]
		if space := bytes.LastIndexAny(bytes.TrimRight(key, " \t\r\n"), " \t\r\n:"); space >= 0 {
			key = key[space+1:]
		}
		value := bytes.TrimLeft(rest[at+1:], " \t\r\n")
		if len(value) == 0 || value[0] != '"' && value[0] != '\'' {
			return ""
		}
		end := bytes.IndexByte(value[1:], value[0])
		if end < 0 {
			return ""
		}
		if string(bytes.TrimSpace(key)) == name {
			return unescape(value[1 : 1+end])
		}
		rest = value[end+2:]
	}
}

// unescape is a text without XML's escapes.
func unescape(text []byte) string {
	if bytes.IndexByte(text, '&') < 0 {
		return string(text)
	}
	return html.UnescapeString(strings.ToValidUTF8(string(text), "\uFFFD"))
}
