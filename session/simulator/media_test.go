package simulator_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"recado/session/simulator"
)

func inAnHour() time.Time { return time.Now().Add(time.Hour) }

// ownOf returns the only own number.
func ownOf(t *testing.T, s *simulator.Service) simulator.Own {
	t.Helper()
	numbers := s.OwnNumbers()
	if len(numbers) != 1 {
		t.Fatalf("own numbers: %q, want one", numbers)
	}
	own, ok := s.Own(numbers[0])
	if !ok {
		t.Fatal("the own number is not there")
	}
	return own
}

// eventsOf returns what a client has reported of one type.
func eventsOf[E any](c *client) []E {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []E
	for _, e := range c.events {
		if e, is := e.(E); is {
			out = append(out, e)
		}
	}
	return out
}

func image(up whatsmeow.UploadResponse, caption string) *waE2E.ImageMessage {
	return &waE2E.ImageMessage{
		Caption: proto.String(caption), Mimetype: proto.String("image/png"),
		URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey,
		FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256, FileLength: &up.FileLength,
	}
}

func TestImageReachesItsRecipientUnchanged(t *testing.T) {
	s := serve(t, simulator.Config{Seed: 2, People: 3})
	c := link(t, s, "")
	p := registered(s)[0]
	picture := bytes.Repeat([]byte("pixel"), 50_000)
	up, err := c.Upload(within(t), picture, whatsmeow.MediaImage)
	if err != nil {
		t.Fatal(err)
	}
	message := image(up, "Promoção de segunda")
	if _, err := c.SendMessage(within(t), at(p.Phone), &waE2E.Message{ImageMessage: message}); err != nil {
		t.Fatal(err)
	}
	if err := s.Ledger().Wait(within(t), func(l *simulator.Ledger) bool { return len(l.SeenBy(p.Phone)) == 1 }); err != nil {
		t.Fatal(err)
	}
	if got := s.Ledger().SeenBy(p.Phone)[0].Text; got != "Promoção de segunda" {
		t.Errorf("they read %q", got)
	}
	sum := sha256.Sum256(picture)
	if got, want := s.Ledger().Stanzas()[0].Media, hex.EncodeToString(sum[:]); got != want {
		t.Errorf("their picture is %s, want %s", got, want)
	}
	back, err := c.Download(within(t), message)
	if err != nil || !bytes.Equal(back, picture) {
		t.Errorf("downloaded %d bytes (%v), want the %d that were sent", len(back), err, len(picture))
	}
}

func TestPictureWithAnotherKeyIsUnreadable(t *testing.T) {
	s := serve(t, simulator.Config{Seed: 2, People: 3})
	c := link(t, s, "")
	up, err := c.Upload(within(t), []byte("a picture"), whatsmeow.MediaImage)
	if err != nil {
		t.Fatal(err)
	}
	up.MediaKey = bytes.Repeat([]byte{1}, 32)
	if _, err := c.SendMessage(within(t), at(registered(s)[0].Phone), &waE2E.Message{ImageMessage: image(up, "")}); err != nil {
		t.Fatal(err)
	}
	if got, want := s.Ledger().Stanzas()[0].Media, "unreadable: the file was changed on its way"; got != want {
		t.Errorf("the ledger says %q, want %q", got, want)
	}
}

func TestFileThatIsGoneIsNotFound(t *testing.T) {
	s := serve(t, simulator.Config{Seed: 2, People: 3})
	c := link(t, s, "")
	up, err := c.Upload(within(t), []byte("a document"), whatsmeow.MediaDocument)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteMedia(within(t), whatsmeow.MediaDocument, up.DirectPath, up.FileEncSHA256, ""); err != nil {
		t.Fatal(err)
	}
	_, err = c.Download(within(t), &waE2E.DocumentMessage{
		DirectPath: &up.DirectPath, MediaKey: up.MediaKey, FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256,
	})
	if !errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith404) {
		t.Errorf("got %v, want %v", err, whatsmeow.ErrMediaDownloadFailedWith404)
	}
}

func TestUploadUnderAnotherNameIsRefused(t *testing.T) {
	s := serve(t, simulator.Config{})
	url := fmt.Sprintf("https://mmg.whatsapp.net/mms/image/%s?token=%s", "bm8=", "bm8=")
	answer, err := s.HTTPClient().Post(url, "", bytes.NewReader([]byte("a file")))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d, want %d", answer.StatusCode, http.StatusBadRequest)
	}
}
