package media

import (
	"bytes"
	"encoding/binary"

	"recado/campaign/reason"
)

// MP3 and AAC are rows of frames, each with a header of its own; there is no
// table of contents that could be trusted, so all of them are counted.

// fewestFrames is how many frames in a row make a file audio that does not say
// so itself.
const fewestFrames = 3

// frame is what the header of one says.
type frame struct {
	size    int // bytes, with the header
	samples int
	rate    int // samples a second
	stream  int // what all frames of a file have in common
}

// frames reads MP3 or AAC, whichever it is.
func (a *Attachment) frames(data []byte) error {
	body := data
	tagged := bytes.HasPrefix(body, []byte("ID3"))
	if tagged {
		if len(body) < 10 {
			return errBroken
		}
		size := int(body[6]&0x7f)<<21 | int(body[7]&0x7f)<<14 | int(body[8]&0x7f)<<7 | int(body[9]&0x7f)
		if body[5]&0x10 != 0 { // a footer
			size += 10
		}
		body = bytes.TrimLeft(body[min(10+size, len(body)):], "\x00")
		if bytes.HasPrefix(body, []byte("fLaC")) {
			return reason.Err(reason.AttachmentAudios, reason.Plain("FLAC"))
		}
	}
	for _, format := range []struct {
		kind string
		next func([]byte) (frame, bool)
	}{{"audio/mpeg", mp3Frame}, {"audio/aac", aacFrame}} {
		n, ticks, rate, ended := countFrames(body, format.next)
		if n < fewestFrames && !(tagged && n > 0) {
			continue
		}
		a.Kind, a.Type = Audio, format.kind
		if ended {
			a.Seconds = seconds(ticks, rate)
		}
		return nil
	}
	if tagged {
		return errBroken
	}
	return errNotMedia
}

// countFrames follows frames from one to the next. Ended: nothing but tags
// comes after the last one, so that all have been counted.
func countFrames(data []byte, next func([]byte) (frame, bool)) (n int, ticks, rate uint64, ended bool) {
	var first frame
	for len(data) > 0 {
		f, ok := next(data)
		if !ok || n > 0 && f.stream != first.stream {
			break
		}
		if f.size > len(data) { // the last one is cut short, as many are
			return n, ticks, rate, true
		}
		if n == 0 {
			first, rate = f, uint64(f.rate)
		}
		// The first one of an MP3 may only describe the others.
		if n > 0 || !describes(data[:f.size]) {
			ticks += uint64(f.samples)
		}
		n, data = n+1, data[f.size:]
	}
	data = bytes.Trim(data, "\x00")
	for _, tag := range []string{"TAG", "APETAGEX", "LYRICSBEGIN", "ID3"} {
		ended = ended || bytes.HasPrefix(data, []byte(tag))
	}
	return n, ticks, rate, ended || len(data) == 0
}

// describes reports whether a frame of an MP3 holds a table and no sound.
func describes(f []byte) bool {
	f = f[:min(len(f), 64)]
	return bytes.Contains(f, []byte("Xing")) || bytes.Contains(f, []byte("Info")) || bytes.Contains(f, []byte("VBRI"))
}

// Of layer III (ISO/IEC 11172-3, 13818-3), by index: kilobits a second of
// MPEG 1 and of 2 and 2.5, samples a second of MPEG 1.
var (
	mp3Rates   = [3]int{44100, 48000, 32000}
	mp3Kbits   = [15]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}
	mp3Kbits2  = [15]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}
	aacRates   = [13]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}
	amrSizes   = [16]int{13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1}
	amrSeconds = uint64(50) // frames in one
)

// mp3Frame reads the header of a frame of an MP3.
func mp3Frame(b []byte) (f frame, ok bool) {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe0 != 0xe0 {
		return f, false
	}
	version, layer := b[1]>>3&3, b[1]>>1&3 // version 0: 2.5, 2: 2, 3: 1; layer 1: III
	kbits, rate, padding := int(b[2]>>4), int(b[2]>>2&3), int(b[2]>>1&1)
	if version == 1 || layer != 1 || kbits == 0 || kbits == 15 || rate == 3 {
		return f, false
	}
	f.rate, f.samples, f.stream = mp3Rates[rate], 1152, int(version)<<2|rate
	bits := mp3Kbits[kbits]
	if version != 3 {
		bits, f.samples, f.rate = mp3Kbits2[kbits], 576, f.rate/2
	}
	if version == 0 {
		f.rate /= 2
	}
	f.size = f.samples/8*bits*1000/f.rate + padding
	return f, true
}

// aacFrame reads the ADTS header of a frame (ISO/IEC 13818-7).
func aacFrame(b []byte) (f frame, ok bool) {
	if len(b) < 7 || b[0] != 0xff || b[1]&0xf6 != 0xf0 {
		return f, false
	}
	rate := int(b[2] >> 2 & 15)
	f.size = int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5]>>5)
	if rate >= len(aacRates) || f.size < 7 {
		return f, false
	}
	f.rate, f.stream = aacRates[rate], int(b[1]&8)<<8|int(b[2])
	f.samples = 1024 * (int(b[6]&3) + 1)
	return f, true
}

// ogg reads pages (RFC 3533) that hold Opus (RFC 7845): of what may be in an
// OGG, WhatsApp plays that alone. Its clock has 48 000 ticks a second.
func (a *Attachment) ogg(data []byte) error {
	const head, clock = 27, 48000
	const firstPage = 255 * 120 * clock / 1000 // the most that fits into one
	var skip, first, last uint64
	pages, streams := 0, 0
	for len(data) > 0 {
		if len(data) < head || string(data[:4]) != "OggS" {
			return errBroken
		}
		table := int(data[26])
		if len(data) < head+table {
			return errBroken
		}
		size := head + table
		for _, n := range data[head : head+table] {
			size += int(n)
		}
		if len(data) < size {
			return errBroken
		}
		body := data[head+table : size]
		if data[5]&2 != 0 { // a stream begins
			streams++
			if !bytes.HasPrefix(body, []byte("OpusHead")) || len(body) < 19 {
				return reason.Err(reason.AttachmentAudios, reason.New(reason.AttachmentVorbis))
			}
			skip = uint64(binary.LittleEndian.Uint16(body[10:]))
		} else if at := binary.LittleEndian.Uint64(data[6:]); at != 1<<64-1 && at != 0 {
			if first == 0 {
				first = at
			}
			last = at
		}
		pages, data = pages+1, data[size:]
	}
	if streams == 0 || pages < 3 {
		return errBroken
	}
	a.Kind, a.Type = Audio, "audio/ogg; codecs=opus"
	// One that was cut out of a longer one does not begin at nought.
	if streams == 1 && first <= firstPage && last > skip {
		a.Seconds = seconds(last-skip, clock)
	}
	return nil
}

// amr reads frames of 20 ms (RFC 4867, section 5).
func (a *Attachment) amr(data []byte) error {
	a.Kind, a.Type = Audio, "audio/amr"
	data = data[len("#!AMR\n"):]
	n := uint64(0)
	for len(data) > 0 {
		size := amrSizes[data[0]>>3&15]
		if size == 0 || size > len(data) {
			return errBroken
		}
		n, data = n+1, data[size:]
	}
	if n == 0 {
		return errBroken
	}
	a.Seconds = seconds(n, amrSeconds)
	return nil
}
