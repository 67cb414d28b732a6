// Package media finds out what a file is and whether WhatsApp takes it: a
// picture, a video, an audio, or a document. Begin reading at [Read].
package media

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"recado/campaign/reason"
)

// AttachmentKind is how WhatsApp shows a file. It is written to disk and
// printed by commands.
type Kind string

// The kinds.
const (
	Picture  Kind = "picture"  // JPEG, PNG
	Video    Kind = "video"    // MP4, 3GP
	Audio    Kind = "audio"    // MP3, M4A, AAC, AMR, Opus in OGG
	Document Kind = "document" // anything else: it is downloaded and opened elsewhere
)

// Attachment is a file that a campaign sends with its text, as it was found
// when it was checked. Its bytes are in the book's keeping, by their hash.
type Attachment struct {
	Kind      Kind
	Name      string // of the file, without its folder; recipients of a document see it
	Type      string // MIME type
	Size      int64  // bytes
	SHA256    string // of the bytes, hexadecimal
	Width     int    // of a picture or video as it is seen, in points; 0: not known
	Height    int
	Seconds   int    // how long a video or audio is; 0: not known
	Thumbnail []byte `json:",omitempty"` // of a picture: a small JPEG that is seen before it is downloaded
}

// Captioned reports whether WhatsApp shows a text with such a file.
func (a *Attachment) Captioned() bool { return a.Kind != Audio }

// The largest files that WhatsApp takes, in bytes: 16 MB of what it shows
// itself (faq.whatsapp.com, "media file size", and its documentation for
// businesses), 100 MB of documents (the same; phones now take more from
// phones).
const (
	MaxShown    = 16 << 20
	MaxDocument = 100 << 20
)

// errBroken is the error of a file that does not hold what its beginning
// promises.
var errBroken = reason.Err(reason.AttachmentBroken)

// ReadAttachment finds out what a file is, by its content and not by its name,
// and whether WhatsApp takes it: a picture is decoded, the boxes and frames of
// a video or audio are followed. The error says what
// is wrong with it, see package reason.
func Read(name string, file io.ReaderAt, size int64) (Attachment, error) {
	a := Attachment{Name: fileName(name), Size: size}
	if size == 0 {
		return a, reason.Err(reason.AttachmentEmpty)
	}
	head := make([]byte, min(size, 4096))
	if _, err := file.ReadAt(head, 0); err != nil && err != io.EOF {
		return a, err
	}
	if refusal := unshown(head, size); refusal != nil {
		return a, refusal
	}
	var err error
	if read := mediaReader(head); read != nil {
		err = a.media(file, read)
	} else {
		err = a.document(file, head)
	}
	if err != nil {
		return a, err
	}
	sum := sha256.New()
	if n, err := io.Copy(sum, io.NewSectionReader(file, 0, size)); err != nil {
		return a, err
	} else if n != size {
		return a, errBroken // it is being written at this moment
	}
	a.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return a, nil
}

// errNotMedia says that what looked like one is no picture, video or audio.
var errNotMedia = errors.New("not media")

// media reads a file as a whole with the reader of its format.
func (a *Attachment) media(file io.ReaderAt, read func(*Attachment, []byte) error) error {
	data := make([]byte, min(a.Size, MaxShown))
	if n, err := file.ReadAt(data, 0); n < len(data) {
		if err == io.EOF {
			err = errBroken
		}
		return err
	}
	err := read(a, data)
	switch {
	case errors.Is(err, errNotMedia):
		return a.document(file, data[:min(len(data), 4096)])
	case a.Size > MaxShown: // whatever was found: the end is missing
		return reason.Err(reason.AttachmentMedia, int(MaxShown>>20))
	}
	return err
}

// mediaReader is what reads files that begin like head; nil: none.
func mediaReader(head []byte) func(*Attachment, []byte) error {
	begins := func(s string) bool { return bytes.HasPrefix(head, []byte(s)) }
	switch {
	case begins("\xff\xd8\xff"), begins("\x89PNG\r\n\x1a\n"):
		return (*Attachment).picture
	case len(head) >= 8 && string(head[4:8]) == "ftyp":
		return (*Attachment).movie
	case begins("OggS"):
		return (*Attachment).ogg
	case begins("#!AMR\n"):
		return (*Attachment).amr
	case begins("ID3"), len(head) > 1 && head[0] == 0xff && head[1]&0xe0 == 0xe0:
		return (*Attachment).frames
	}
	return nil
}

// unshown refuses what people take for a picture, video or audio but WhatsApp
// does not: sent as a document it would surprise them.
func unshown(head []byte, size int64) error {
	begins := func(s string) bool { return bytes.HasPrefix(head, []byte(s)) }
	at := func(i int, s string) bool { return len(head) >= i+len(s) && string(head[i:i+len(s)]) == s }
	refuse := func(code reason.Code, format reason.Plain) error { return reason.Err(code, format) }
	switch {
	case begins("GIF87a"), begins("GIF89a"):
		return refuse(reason.AttachmentMoving, "GIF")
	case begins("RIFF") && at(8, "WEBP"):
		return refuse(reason.AttachmentMoving, "WebP")
	case begins("II*\x00"), begins("MM\x00*"):
		return refuse(reason.AttachmentPictures, "TIFF")
	case begins("BM") && len(head) >= 6 && int64(head[2])|int64(head[3])<<8|int64(head[4])<<16|int64(head[5])<<24 == size:
		return refuse(reason.AttachmentPictures, "BMP")
	case at(4, "ftypheic"), at(4, "ftypheix"), at(4, "ftypheif"), at(4, "ftypmif1"), at(4, "ftypmsf1"):
		return refuse(reason.AttachmentPictures, "HEIC")
	case at(4, "ftypavif"), at(4, "ftypavis"):
		return refuse(reason.AttachmentPictures, "AVIF")
	case at(4, "ftypqt  "), head[0] == 0 && (at(4, "moov") || at(4, "mdat") || at(4, "wide")):
		return refuse(reason.AttachmentVideos, "MOV")
	case at(4, "ftyp3g2"):
		return refuse(reason.AttachmentVideos, "3G2")
	case begins("RIFF") && at(8, "AVI "):
		return refuse(reason.AttachmentVideos, "AVI")
	case begins("\x1a\x45\xdf\xa3"):
		return refuse(reason.AttachmentVideos, "MKV/WebM")
	case begins("FLV\x01"):
		return refuse(reason.AttachmentVideos, "FLV")
	case begins("\x30\x26\xb2\x75\x8e\x66\xcf\x11"):
		return refuse(reason.AttachmentVideos, "WMV/WMA")
	case begins("\x00\x00\x01\xba"):
		return refuse(reason.AttachmentVideos, "MPEG")
	case begins("RIFF") && at(8, "WAVE"):
		return refuse(reason.AttachmentAudios, "WAV")
	case begins("FORM") && at(8, "AIF"):
		return refuse(reason.AttachmentAudios, "AIFF")
	case begins("fLaC"):
		return refuse(reason.AttachmentAudios, "FLAC")
	case begins("#!AMR-WB"):
		return refuse(reason.AttachmentAudios, "AMR-WB")
	}
	return nil
}

// fileName is the last part of a path, without what could hide or drive
// something on the other side, at most 100 characters of it.
func fileName(path string) string {
	name := path[strings.LastIndexAny(path, `/\`)+1:]
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError {
			return -1
		}
		return r
	}, name))
	if name == "" {
		return "recado"
	}
	const most = 100
	runes := []rune(name)
	if len(runes) <= most {
		return name
	}
	ending := ""
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 && len(name)-dot <= 10 {
		ending = name[dot:]
	}
	return string(runes[:most-len([]rune(ending))]) + ending
}
