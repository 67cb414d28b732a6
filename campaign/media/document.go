package media

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"recado/campaign/reason"
)

// Names of what is in a container, and what the container then is.
var (
	zipped = []struct{ folder, kind string }{
		{"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		{"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
	}
	oldOffice = map[string]string{ // by the ending: inside they are alike
		"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
	}
	plainText = map[string]string{"csv": "text/csv", "vcf": "text/vcard", "ics": "text/calendar"}
)

// document is whatever WhatsApp only carries. Those with an end of their own
// must have it: half a file is worse than none.
func (a *Attachment) document(file io.ReaderAt, head []byte) error {
	if a.Size > MaxDocument {
		return reason.Err(reason.AttachmentLarge, int(MaxDocument>>20))
	}
	a.Kind, a.Type = Document, "application/octet-stream"
	ending := strings.ToLower(a.Name[strings.LastIndexByte(a.Name, '.')+1:])
	begins := func(s string) bool { return bytes.HasPrefix(head, []byte(s)) }
	switch {
	case begins("%PDF-"):
		a.Type = "application/pdf"
		tail := make([]byte, min(a.Size, 64<<10)) // some append to it
		if _, err := file.ReadAt(tail, a.Size-int64(len(tail))); err != nil && err != io.EOF {
			return err
		}
		if !bytes.Contains(tail, []byte("%%EOF")) {
			return errBroken
		}
	case begins("PK\x03\x04"):
		return a.zip(file)
	case begins("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		if kind, ok := oldOffice[ending]; ok {
			a.Type = kind
		}
	case begins(`{\rtf`):
		a.Type = "application/rtf"
	case isText(head, a.Size > int64(len(head))):
		a.Type = "text/plain"
		if kind, ok := plainText[ending]; ok {
			a.Type = kind
		}
	}
	return nil
}

// zip tells the office formats, which are archives, from other archives.
func (a *Attachment) zip(file io.ReaderAt) error {
	archive, err := zip.NewReader(file, a.Size)
	if err != nil {
		return errBroken
	}
	a.Type = "application/zip"
	for _, f := range archive.File {
		for _, z := range zipped {
			if strings.HasPrefix(f.Name, z.folder) {
				a.Type = z.kind
				return nil
			}
		}
	}
	return nil
}

// isText reports whether a file that begins like head is text; more: head is
// not all of it.
func isText(head []byte, more bool) bool {
	for i := 1; more && i < min(utf8.UTFMax, len(head)); i++ { // it may end inside a character
		if last := head[len(head)-i:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				head = head[:len(head)-i]
			}
			break
		}
	}
	return utf8.Valid(head) && bytes.IndexFunc(head, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f'
	}) < 0
}
