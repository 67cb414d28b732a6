package media

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // for image.Decode

	"recado/campaign/reason"
)

// maxPoints bounds the memory that a picture takes while it is decoded: at the
// worst (a progressive JPEG) about 15 bytes a point, some 750 MB for a moment.
// The largest that phones take have 50 million.
const maxPoints = 50_000_000

// The thumbnail: its longer side in points, and its quality. WhatsApp sends it
// inside the message, so it must be small: about 3 KB.
const (
	thumbnailSide    = 100
	thumbnailQuality = 60
)

// picture decodes a JPEG or PNG, all of it: half a picture must not leave.
func (a *Attachment) picture(data []byte) error {
	a.Kind = Picture
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width <= 0 || config.Height <= 0 {
		return errBroken
	}
	if config.Width > maxPoints/config.Height {
		return reason.Err(reason.AttachmentPoints, int(maxPoints/1_000_000))
	}
	decoded, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return errBroken
	}
	turned := orientation(data)
	a.Type, a.Width, a.Height = "image/"+format, config.Width, config.Height
	if turned >= 5 {
		a.Width, a.Height = a.Height, a.Width
	}
	var small bytes.Buffer
	if err := jpeg.Encode(&small, thumbnail(decoded, turned), &jpeg.Options{Quality: thumbnailQuality}); err != nil {
		return err
	}
	a.Thumbnail = small.Bytes()
	return nil
}

// thumbnail makes a picture small and turns it upright. What is transparent
// becomes white.
func thumbnail(from image.Image, turned int) image.Image {
	bounds := from.Bounds()
	w, h := bounds.Dx(), bounds.Dy()
	longer := max(w, h)
	side := min(longer, thumbnailSide)
	tw, th := max(w*side/longer, 1), max(h*side/longer, 1)
	seen := image.Rect(0, 0, tw, th)
	if turned >= 5 {
		seen = image.Rect(0, 0, th, tw)
	}
	to := image.NewRGBA(seen)
	for y := range th {
		for x := range tw {
			cell := image.Rect(x*w/tw, y*h/th, (x+1)*w/tw, (y+1)*h/th).Add(bounds.Min)
			tx, ty := upright(x, y, tw, th, turned)
			to.SetRGBA(tx, ty, average(from, cell))
		}
	}
	return to
}

// average is the colour of a part of a picture on white, by up to 8 × 8 points
// of it.
func average(from image.Image, cell image.Rectangle) color.RGBA {
	const most = 8
	stepX, stepY := max(cell.Dx()/most, 1), max(cell.Dy()/most, 1)
	var r, g, b, n uint32
	for y := cell.Min.Y; y < max(cell.Max.Y, cell.Min.Y+1); y += stepY {
		for x := cell.Min.X; x < max(cell.Max.X, cell.Min.X+1); x += stepX {
			pr, pg, pb, pa := from.At(x, y).RGBA()
			white := 0xffff - pa
			r, g, b, n = r+(pr+white)>>8, g+(pg+white)>>8, b+(pb+white)>>8, n+1
		}
	}
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 0xff}
}

// upright is where a point of a w × h picture is seen, by its EXIF
// orientation.
func upright(x, y, w, h, turned int) (int, int) {
	switch turned {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return y, w - 1 - x
	}
	return x, y
}

// orientation is that of a JPEG by its EXIF part (CIPA DC-008, tag 0x0112), 1
// to 8; 1 where there is none.
func orientation(data []byte) int {
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		marker, size := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		if marker == 0xda || size < 2 || at+2+size > len(data) { // the picture itself
			break
		}
		if body := data[at+4 : at+2+size]; marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return tiffOrientation(body[6:])
		}
		at += 2 + size
	}
	return 1
}

func tiffOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	start := int64(order.Uint32(tiff[4:]))
	if start+2 > int64(len(tiff)) {
		return 1
	}
	rows := tiff[start+2:]
	for range order.Uint16(tiff[start:]) {
		if len(rows) < 12 {
			break
		}
		if order.Uint16(rows) == 0x0112 {
			if o := int(order.Uint16(rows[8:])); o >= 1 && o <= 8 {
				return o
			}
			break
		}
		rows = rows[12:]
	}
	return 1
}
