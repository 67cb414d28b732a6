package media_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recado/campaign/media"
	"recado/campaign/reason"
)

// read checks bytes as a file of that name.
func read(name string, data []byte) (media.Attachment, error) {
	return media.Read(name, bytes.NewReader(data), int64(len(data)))
}

// sample is one of the real files, made by an encoder.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// archive is one with an entry of that name.
func archive(t *testing.T, entry string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.Create(entry); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFileIsWhatItsContentSays(t *testing.T) {
	for _, c := range []struct {
		name string // says something else than the content, on purpose
		data []byte
		want media.Attachment
	}{
		{"a.txt", sample(t, "picture.jpg"), media.Attachment{Kind: media.Picture, Type: "image/jpeg", Width: 320, Height: 240}},
		{"a.jpg", sample(t, "picture.png"), media.Attachment{Kind: media.Picture, Type: "image/png", Width: 320, Height: 240}},
		{"a.pdf", sample(t, "video.mp4"), media.Attachment{Kind: media.Video, Type: "video/mp4", Width: 160, Height: 90, Seconds: 2}},
		{"a", sample(t, "video.3gp"), media.Attachment{Kind: media.Video, Type: "video/3gpp", Width: 128, Height: 96, Seconds: 2}},
		{"a.wav", sample(t, "audio.mp3"), media.Attachment{Kind: media.Audio, Type: "audio/mpeg", Seconds: 3}},
		{"a.mp4", sample(t, "audio.m4a"), media.Attachment{Kind: media.Audio, Type: "audio/mp4", Seconds: 3}},
		{"a.mp4", bytes.Replace(sample(t, "video.mp4"), []byte("isom"), []byte("M4A "), 1), media.Attachment{Kind: media.Audio, Type: "audio/mp4", Seconds: 2}},
		{"a.mp3", sample(t, "audio.aac"), media.Attachment{Kind: media.Audio, Type: "audio/aac", Seconds: 3}},
		{"a.opus", sample(t, "audio.ogg"), media.Attachment{Kind: media.Audio, Type: "audio/ogg; codecs=opus", Seconds: 3}},
		{"a.amr", amr(151), media.Attachment{Kind: media.Audio, Type: "audio/amr", Seconds: 3}},
		{"a.jpg", []byte("%PDF-1.7\n…\n%%EOF\n"), media.Attachment{Kind: media.Document, Type: "application/pdf"}},
		{"a.bin", archive(t, "word/document.xml"), media.Attachment{Kind: media.Document, Type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}},
		{"a.bin", archive(t, "xl/workbook.xml"), media.Attachment{Kind: media.Document, Type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}},
		{"a.bin", archive(t, "ppt/presentation.xml"), media.Attachment{Kind: media.Document, Type: "application/vnd.openxmlformats-officedocument.presentationml.presentation"}},
		{"a.docx", archive(t, "fotos/1.jpg"), media.Attachment{Kind: media.Document, Type: "application/zip"}},
		{"A.XLS", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1…"), media.Attachment{Kind: media.Document, Type: "application/vnd.ms-excel"}},
		{"a.jpg", []byte("Preços de maio: café R$ 10"), media.Attachment{Kind: media.Document, Type: "text/plain"}},
		{"a.csv", []byte(strings.Repeat("ação;1\n", 900)), media.Attachment{Kind: media.Document, Type: "text/csv"}},
		{"a.apk", []byte("\x00\x01\x02\x03"), media.Attachment{Kind: media.Document, Type: "application/octet-stream"}},
		{"a.txt", []byte("\xff\xfeP\x00r\x00"), media.Attachment{Kind: media.Document, Type: "application/octet-stream"}},
	} {
		got, err := read(c.name, c.data)
		if err != nil {
			t.Errorf("%s, really %s: %v", c.name, c.want.Type, err)
			continue
		}
		sum := sha256.Sum256(c.data)
		c.want.Name, c.want.Size, c.want.SHA256 = c.name, int64(len(c.data)), hex.EncodeToString(sum[:])
		if (got.Thumbnail != nil) != (got.Kind == media.Picture) {
			t.Errorf("%s: a thumbnail of %d bytes", c.want.Type, len(got.Thumbnail))
		}
		got.Thumbnail = nil
		if got.Kind != c.want.Kind || got.Type != c.want.Type || got.Width != c.want.Width || got.Height != c.want.Height ||
			got.Seconds != c.want.Seconds || got.Name != c.want.Name || got.Size != c.want.Size || got.SHA256 != c.want.SHA256 {
			t.Errorf("got  %+v\nwant %+v", got, c.want)
		}
	}
}

// amr is n frames of 20 ms.
func amr(n int) []byte {
	frame := append([]byte{7 << 3}, make([]byte, 31)...)
	return append([]byte("#!AMR\n"), bytes.Repeat(frame, n)...)
}

func TestWhatWhatsAppDoesNotShowIsRefusedWithTheFormat(t *testing.T) {
	riff := func(kind string) []byte { return []byte("RIFF\x10\x00\x00\x00" + kind + "fmt ") }
	for _, c := range []struct {
		data []byte
		want string
	}{
		{nil, "attachment_empty"},
		{[]byte("GIF89a……"), "attachment_moving GIF"},
		{riff("WEBP"), "attachment_moving WebP"},
		{riff("WAVE"), "attachment_audios WAV"},
		{riff("AVI "), "attachment_videos AVI"},
		{[]byte("\x00\x00\x00\x18ftypheic……"), "attachment_pictures HEIC"},
		{[]byte("\x00\x00\x00\x18ftypqt  ……"), "attachment_videos MOV"},
		{[]byte("\x1a\x45\xdf\xa3……"), "attachment_videos MKV"},
		{[]byte("fLaC……"), "attachment_audios FLAC"},
		{append([]byte("ID3\x04\x00\x00\x00\x00\x00\x00"), "fLaC……"...), "attachment_audios FLAC"},
		{[]byte("#!AMR-WB\n"), "attachment_audios AMR-WB"},
		{bytes.Replace(sample(t, "audio.ogg"), []byte("OpusHead"), []byte("\x01vorbis."), 1), "attachment_audios (attachment_vorbis)"},
	} {
		if _, err := read("a", c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.data[:min(len(c.data), 12)], err, c.want)
		}
	}
}

func TestBrokenFileIsRefused(t *testing.T) {
	half := func(name string) []byte { data := sample(t, name); return data[:len(data)/2] }
	word := archive(t, "word/document.xml")
	for name, data := range map[string][]byte{
		"half a JPEG":          half("picture.jpg"),
		"half a PNG":           half("picture.png"),
		"half an MP4":          half("video.mp4"),
		"half an OGG":          half("audio.ogg"),
		"half a Word file":     word[:len(word)/2],
		"half a PDF":           []byte("%PDF-1.7\n1 0 obj\n"),
		"an MP4 without movie": []byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"),
		"an AMR of nothing":    []byte("#!AMR\n"),
		"a tag and no sound":   append([]byte("ID3\x04\x00\x00\x00\x00\x00\x00"), bytes.Repeat([]byte("x"), 500)...),
	} {
		if _, err := read("a", data); err == nil || reason.Of(err).Code != reason.AttachmentBroken {
			t.Errorf("%s: %v, want %q", name, err, reason.AttachmentBroken)
		}
	}
}

// zeros is a large file that begins like another and costs no memory.
type zeros struct{ head []byte }

func (z zeros) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < int64(len(z.head)) {
		copy(p, z.head[off:])
	}
	return len(p), nil
}

func TestFileLargerThanWhatsAppTakesIsRefused(t *testing.T) {
	mp3 := sample(t, "audio.mp3")
	for _, c := range []struct {
		head []byte
		size int64
		want string
	}{
		{sample(t, "picture.jpg"), media.MaxShown + 1, "attachment_media 16"},
		{sample(t, "video.mp4"), media.MaxShown + 1, "attachment_media 16"},
		{mp3, media.MaxShown + 1, "attachment_media 16"},
		{[]byte("what is this"), media.MaxDocument + 1, "attachment_large 100"},
		{[]byte("what is this"), media.MaxDocument, ""},
		{mp3, int64(len(mp3)), ""},
	} {
		_, err := media.Read("a", zeros{c.head}, c.size)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d bytes of %q: %v, want %q", c.size, c.head[:4], err, c.want)
		}
	}
}

// TestHugePictureIsRefusedBeforeItIsDecoded: a PNG of a few bytes can ask for
// all the memory there is.
func TestHugePictureIsRefusedBeforeItIsDecoded(t *testing.T) {
	data := sample(t, "picture.png")
	binary.BigEndian.PutUint32(data[16:], math.MaxInt32)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	if _, err := read("a.png", data); err == nil || !strings.Contains(err.Error(), "attachment_points 50") {
		t.Errorf("got %v", err)
	}
}

// TestThumbnailIsSmallAndUpright turns a picture that is red on its left in
// every way that a camera can be held.
func TestThumbnailIsSmallAndUpright(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 400, 200))
	for y := range 200 {
		for x := range 400 {
			picture.Set(x, y, color.RGBA{B: 255, A: 255})
			if x < 100 {
				picture.Set(x, y, color.RGBA{R: 255, A: 255})
			}
		}
	}
	var encoded bytes.Buffer
	if err := jpeg.Encode(&encoded, picture, nil); err != nil {
		t.Fatal(err)
	}
	reds := map[int]image.Point{1: {5, 25}, 2: {95, 25}, 3: {95, 25}, 4: {5, 25}, 5: {25, 5}, 6: {25, 5}, 7: {25, 95}, 8: {25, 95}}
	for orientation, red := range reds {
		exif := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
		exif[29] = byte(orientation)
		data := append(append([]byte("\xff\xd8"), exif...), encoded.Bytes()[2:]...)
		a, err := read("a.jpg", data)
		if err != nil {
			t.Fatal(err)
		}
		w, h := 400, 200
		if orientation >= 5 {
			w, h = h, w
		}
		if a.Width != w || a.Height != h {
			t.Errorf("orientation %d: %d×%d, want %d×%d", orientation, a.Width, a.Height, w, h)
		}
		small, err := jpeg.Decode(bytes.NewReader(a.Thumbnail))
		if err != nil {
			t.Fatal(err)
		}
		if got := small.Bounds().Size(); got != (image.Point{w / 4, h / 4}) || len(a.Thumbnail) > 5000 {
			t.Errorf("orientation %d: the thumbnail is %v, %d bytes", orientation, got, len(a.Thumbnail))
		}
		if r, _, b, _ := small.At(red.X, red.Y).RGBA(); r < 0x8000 || b > 0x8000 {
			t.Errorf("orientation %d: no red at %v", orientation, red)
		}
	}
}

func TestTransparentPictureHasAWhiteThumbnail(t *testing.T) {
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, image.NewRGBA(image.Rect(0, 0, 10, 3000))); err != nil {
		t.Fatal(err)
	}
	a, err := read("a.png", encoded.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	small, err := jpeg.Decode(bytes.NewReader(a.Thumbnail))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, _, _ := small.At(0, 0).RGBA(); r < 0xf000 || small.Bounds().Dx() != 1 || small.Bounds().Dy() != 100 {
		t.Errorf("%v, red %x", small.Bounds(), r)
	}
}

func TestLengthThatIsNotKnownIsNotSaid(t *testing.T) {
	mp3 := sample(t, "audio.mp3")
	ogg := sample(t, "audio.ogg")
	late := bytes.Clone(ogg) // cut out of the middle of a longer one
	for at := 0; ; at++ {
		next := bytes.Index(late[at:], []byte("OggS"))
		if next < 0 {
			break
		}
		at += next
		if granule := binary.LittleEndian.Uint64(late[at+6:]); granule > 0 {
			binary.LittleEndian.PutUint64(late[at+6:], granule+48000*3600)
		}
	}
	for name, c := range map[string]struct {
		data []byte
		want int
	}{
		"MP3 with noise in it":      {append(append(bytes.Clone(mp3), "noise"...), mp3...), 0},
		"MP3 with a tag at its end": {append(bytes.Clone(mp3), "TAG……"...), 3},
		"two OGGs in one":           {append(bytes.Clone(ogg), ogg...), 0},
		"OGG that begins late":      {late, 0},
	} {
		if a, err := read("a", c.data); err != nil || a.Seconds != c.want {
			t.Errorf("%s: %d seconds, %v; want %d", name, a.Seconds, err, c.want)
		}
	}
}

func TestNameOfAFileIsHarmless(t *testing.T) {
	for path, want := range map[string]string{
		"/home/ana/Catálogo maio.pdf":     "Catálogo maio.pdf",
		`C:\fotos\loja.jpg`:               "loja.jpg",
		"a\x1b[2J\u202egpj.exe":           "a[2Jgpj.exe",
		"/":                               "recado",
		strings.Repeat("ã", 300) + ".pdf": strings.Repeat("ã", 96) + ".pdf",
	} {
		if a, err := read(path, []byte("x")); err != nil || a.Name != want {
			t.Errorf("%q: %q, %v; want %q", path, a.Name, err, want)
		}
	}
}

// FuzzReadAttachment follows the boxes, pages and frames of whatever comes.
func FuzzReadAttachment(f *testing.F) {
	files, err := os.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if !file.IsDir() {
			f.Add(sample(f, file.Name()))
		}
	}
	f.Add(amr(3))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if size, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && size.Width*size.Height > 1<<20 {
			return // the decoders are not ours, and take their time
		}
		a, err := read("a.jpg", data)
		if err != nil {
			return
		}
		if a.Width < 0 || a.Height < 0 || a.Seconds < 0 || a.Seconds > 24*60*60 || a.Size != int64(len(data)) || a.Type == "" {
			t.Errorf("%+v", a)
		}
		// A second of sound takes at least a few bytes.
		if a.Kind == media.Audio && a.Type != "audio/mp4" && a.Type != "audio/ogg; codecs=opus" && a.Seconds > len(data) {
			t.Errorf("%d seconds in %d bytes", a.Seconds, len(data))
		}
	})
}
