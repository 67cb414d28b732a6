package media

import (
	"bytes"
	"encoding/binary"
	"strings"

	"recado/campaign/reason"
)

// An MP4 or 3GP file is a tree of boxes (ISO/IEC 14496-12): four bytes of
// size, four of name, then other boxes or fields.

// boxes gives each box of a row to see. The error is errBroken if one does not
// fit.
func boxes(data []byte, see func(name string, body []byte) error) error {
	for len(data) > 0 {
		if len(data) < 8 {
			if len(bytes.Trim(data, "\x00")) == 0 { // some are filled up
				return nil
			}
			return errBroken
		}
		size, head := uint64(binary.BigEndian.Uint32(data)), uint64(8)
		switch {
		case size == 0: // up to the end
			size = uint64(len(data))
		case size == 1 && len(data) >= 16:
			size, head = binary.BigEndian.Uint64(data[8:]), 16
		}
		if size < head || size > uint64(len(data)) {
			return errBroken
		}
		if err := see(string(data[4:8]), data[head:size]); err != nil {
			return err
		}
		data = data[size:]
	}
	return nil
}

// movie is what the boxes say.
type movie struct {
	ticks, scale         uint64 // how long it is, and how many ticks a second has
	width, height        int
	whole, sights, sound bool
}

// track is one of its tracks.
type track struct {
	handler       string
	width, height int
}

// movie reads an MP4, 3GP or M4A.
func (a *Attachment) movie(data []byte) error {
	var m movie
	if err := boxes(data, m.top); err != nil && int64(len(data)) == a.Size {
		return err
	}
	brand := ""
	if len(data) >= 12 {
		brand = string(data[8:12])
	}
	phone := strings.HasPrefix(brand, "3g")
	switch {
	case !m.whole || !m.sights && !m.sound:
		return errBroken
	case m.sound && (brand == "M4A " || brand == "M4B "): // what there is to see are covers
		a.Kind, a.Type, m.width, m.height = Audio, "audio/mp4", 0, 0
	case m.sights && phone:
		a.Kind, a.Type = Video, "video/3gpp"
	case m.sights:
		a.Kind, a.Type = Video, "video/mp4"
	case phone:
		return reason.Err(reason.AttachmentAudios, reason.Plain("3GP"))
	default:
		a.Kind, a.Type = Audio, "audio/mp4"
	}
	a.Width, a.Height = m.width, m.height
	if m.scale > 0 {
		a.Seconds = seconds(m.ticks, m.scale)
	}
	return nil
}

// seconds rounds how long something is; a second at least. What is longer than
// a day is not believed.
func seconds(ticks, scale uint64) int {
	const day = 24 * 60 * 60
	if ticks == 0 || ticks/scale >= day {
		return 0
	}
	return max(int((ticks+scale/2)/scale), 1)
}

func (m *movie) top(name string, body []byte) error {
	if name != "moov" {
		return nil
	}
	m.whole = true
	return boxes(body, func(name string, body []byte) error {
		switch name {
		case "mvhd":
			m.length(body)
		case "trak":
			var t track
			if err := boxes(body, t.see); err != nil {
				return err
			}
			m.add(t)
		case "mvex": // in fragments: this says how long all of them are
			return boxes(body, func(name string, body []byte) error {
				switch {
				case name == "mehd" && len(body) >= 12 && body[0] == 1:
					m.ticks = binary.BigEndian.Uint64(body[4:])
				case name == "mehd" && len(body) >= 8:
					m.ticks = uint64(binary.BigEndian.Uint32(body[4:]))
				}
				return nil
			})
		}
		return nil
	})
}

// length reads the movie header.
func (m *movie) length(body []byte) {
	switch {
	case len(body) >= 32 && body[0] == 1:
		m.scale, m.ticks = uint64(binary.BigEndian.Uint32(body[20:])), binary.BigEndian.Uint64(body[24:])
	case len(body) >= 20 && body[0] == 0:
		m.scale, m.ticks = uint64(binary.BigEndian.Uint32(body[12:])), uint64(binary.BigEndian.Uint32(body[16:]))
		if m.ticks == 1<<32-1 { // not known
			m.ticks = 0
		}
	}
}

func (m *movie) add(t track) {
	switch t.handler {
	case "vide":
		if !m.sights {
			m.width, m.height = t.width, t.height
		}
		m.sights = true
	case "soun":
		m.sound = true
	}
}

func (t *track) see(name string, body []byte) error {
	switch name {
	case "tkhd":
		t.size(body)
	case "mdia":
		return boxes(body, func(name string, body []byte) error {
			if name == "hdlr" && len(body) >= 12 {
				t.handler = string(body[8:12])
			}
			return nil
		})
	}
	return nil
}

// size reads how large a track is seen, which its header has as 16.16 numbers
// behind a matrix that may turn it.
func (t *track) size(body []byte) {
	at := 40
	if len(body) > 0 && body[0] == 1 {
		at = 52
	}
	if len(body) < at+44 {
		return
	}
	field := func(i int) uint32 { return binary.BigEndian.Uint32(body[at+i:]) }
	t.width, t.height = int(field(36)>>16), int(field(40)>>16)
	if field(0) == 0 && field(16) == 0 && field(4) != 0 {
		t.width, t.height = t.height, t.width
	}
}
