package session

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/media"
	"recado/campaign/reason"
	"recado/session/simulator"
)

func TestEveryKindOfFileArrivesAsItWasAndIsUploadedOnce(t *testing.T) {
	for _, c := range []struct{ file, text, seen string }{
		{"picture.jpg", "Olá, {nome}!", "Olá, %!"},
		{"picture.png", "", "[image]"},
		{"video.mp4", "Olá, {nome}!", "Olá, %!"},
		{"video.3gp", "", "[video]"},
		{"audio.mp3", "", "[audio]"},
		{"audio.m4a", "", "[audio]"},
		{"audio.ogg", "", "[audio]"},
		{"audio.aac", "", "[audio]"},
		{"preços.txt", "Olá, {nome}!", "Olá, %!"},
		{"preços.txt", "", "[document]"},
	} {
		t.Run(c.file+" "+c.text, func(t *testing.T) {
			withMail(t, simulator.Config{People: 5}, func(r *rig, mail *uploads, _ campaign.NumberID) {
				var a *media.Attachment
				if c.file == "preços.txt" {
					made, err := desk(r.book.Book).Attach(c.file, strings.NewReader("café R$ 10"))
					if err != nil {
						r.Fatal(err)
					}
					a = &made
				} else {
					a = r.attach(c.file)
				}
				id := r.campaign(campaign.Campaign{Name: "c", Text: c.text, Attachment: a})
				stop := r.lanes()
				r.awaitStatus(id, campaign.Finished)
				stop()
				if n := mail.count(); n != 1 {
					r.Errorf("uploaded %d times, want once", n)
				}
				sent := r.media()
				if len(sent) != 5 {
					r.Errorf("%d messages with a file, want 5", len(sent))
				}
				for _, s := range sent {
					if s.Media != a.SHA256 {
						r.Errorf("%s gets %q, want %s", s.To, s.Media, a.SHA256)
					}
				}
				for _, p := range r.service.People() {
					want := strings.Replace(c.seen, "%", p.Name, 1)
					if seen := r.service.Ledger().SeenBy(p.Phone); len(seen) != 1 || seen[0].Text != want {
						r.Errorf("%s sees %+v, want %q once", p.Name, seen, want)
					}
				}
			})
		})
	}
}

func TestUploadIsUsedAgainAfterARestartAndMadeAnewWhenItIsOld(t *testing.T) {
	withMail(t, simulator.Config{People: 6}, func(r *rig, mail *uploads, _ campaign.NumberID) {
		gap := campaign.Span{Min: time.Minute, Max: time.Minute}
		a := r.attach("picture.jpg")
		id := r.campaign(campaign.Campaign{Name: "c", Text: "Oi", Attachment: a, Pace: campaign.Pace{Gap: gap, NewGap: gap}})
		for _, want := range []int{1, 1, 2} {
			stop := r.lanes()
			time.Sleep(100 * time.Second)
			stop()
			if n := mail.count(); n != want {
				r.Errorf("uploaded %d times, want %d", n, want)
			}
			r.close()
			if want == 1 && len(r.media()) > 2 {
				time.Sleep(campaign.UploadAge)
			}
			r.openWith(mail.client)
			r.awaitUp(1)
		}
		stop := r.lanes()
		r.awaitStatus(id, campaign.Finished)
		stop()
		for _, s := range r.media() {
			if s.Media != a.SHA256 {
				r.Errorf("%s gets %q", s.To, s.Media)
			}
		}
		if n := len(r.media()); n != 6 || mail.count() != 2 {
			r.Errorf("%d messages with %d uploads, want 6 with 2", n, mail.count())
		}
	})
}

func TestUploadRefusedTwiceIsTriedAThirdTime(t *testing.T) {
	withMail(t, simulator.Config{People: 2}, func(r *rig, mail *uploads, _ campaign.NumberID) {
		mail.refuse = func(n int, _ *http.Request) int {
			if n <= 2 {
				return http.StatusInternalServerError
			}
			return 0
		}
		a := r.attach("picture.jpg")
		id := r.campaign(campaign.Campaign{Name: "c", Text: "Oi", Attachment: a})
		stop := r.lanes()
		defer func() { stop() }()
		r.awaitStatus(id, campaign.Finished)
		if n, sent := mail.count(), len(r.media()); n != 3 || sent != 2 {
			r.Errorf("%d tries, %d sent; want 3 and 2", n, sent)
		}
		asked := 0 // after a failure the service is asked where to upload to
		for _, q := range r.service.Ledger().Asked() {
			if strings.Contains(q.What, "media_conn") {
				asked++
			}
		}
		if asked < 3 {
			r.Errorf("asked %d times where to upload to, want before each try", asked)
		}
	})
}

func TestUploadThatNeverWorksPausesTheCampaignAndSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		refuse func(int, *http.Request) int
		why    reason.Reason
	}{
		"refused":  {func(int, *http.Request) int { return http.StatusUnsupportedMediaType }, reason.New(reason.UploadRefused, 415)},
		"no reply": {func(_ int, r *http.Request) int { <-r.Context().Done(); return 0 }, reason.New(reason.UploadNoAnswer)},
	} {
		t.Run(name, func(t *testing.T) {
			withMail(t, simulator.Config{People: 3}, func(r *rig, mail *uploads, _ campaign.NumberID) {
				mail.refuse = c.refuse
				id := r.campaign(campaign.Campaign{Name: "foto", Text: "Oi", Attachment: r.attach("picture.jpg")})
				other := r.campaign(campaign.Campaign{Name: "texto", Text: "Olá"})
				stop := r.lanes()
				defer func() { stop() }()
				r.awaitStatus(other, campaign.Finished)
				got := r.awaitStatus(id, campaign.Paused)
				if !got.Reason.Equal(reason.New(reason.CampaignNoUpload, reason.Plain("loja"), c.why)) {
					r.Errorf("paused for %q, want %q", got.Reason, c.why)
				}
				if n := mail.count(); n != 3 {
					r.Errorf("%d tries, want 3", n)
				}
				for _, s := range r.service.Ledger().Seen() {
					if s.Text != "Olá" {
						r.Errorf("%s sees %q", s.Person, s.Text)
					}
				}
				mail.mu.Lock()
				mail.refuse = nil
				mail.mu.Unlock()
				if _, err := desk(r.book.Book).Resume(id); err != nil {
					r.Fatal(err)
				}
				r.awaitStatus(id, campaign.Finished)
				if n := len(r.media()); n != 3 {
					r.Errorf("%d messages after it was resumed, want 3", n)
				}
			})
		})
	}
}

func TestConnectionLostDuringAnUploadIsNotTheFilesFault(t *testing.T) {
	withMail(t, simulator.Config{People: 2}, func(r *rig, mail *uploads, _ campaign.NumberID) {
		mail.refuse = func(n int, req *http.Request) int {
			if n <= 4 {
				r.service.SetDown(true)
				time.AfterFunc(5*time.Minute, func() { r.service.SetDown(false) })
				<-req.Context().Done()
			}
			return 0
		}
		id := r.campaign(campaign.Campaign{Name: "c", Text: "Oi", Attachment: r.attach("picture.jpg")})
		stop := r.lanes()
		defer func() { stop() }()
		r.awaitStatus(id, campaign.Finished)
		if n := mail.count(); n != 5 {
			r.Errorf("%d tries, want 5", n)
		}
	})
}

func TestDoubtIsSentAgainWithTheSameUpload(t *testing.T) {
	withMail(t, simulator.Config{People: 1}, func(r *rig, mail *uploads, id campaign.NumberID) {
		person := r.someone(0)
		phone := string(r.snapshot(id).Number.Phone)
		r.own(phone).SetPhone(false)
		if err := r.service.SetPersonPhone(person.Phone, false); err != nil {
			r.Fatal(err)
		}
		r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Silence, Limit: 1})
		a := r.attach("video.mp4")
		c := r.campaign(campaign.Campaign{Name: "c", Text: "Oi, {nome}", Attachment: a})
		stop := r.lanes()
		before := r.awaitDelivery(c, campaign.Unsure)
		stop()
		first := r.book.payload(r, before.Message)
		r.reopen(mail)
		r.awaitUp(id)
		stop = r.lanes()
		after := r.awaitDelivery(c, campaign.Sent)
		stop()
		if after.Message != before.Message || after.Upload != before.Upload || after.Text != before.Text || mail.count() != 1 {
			r.Errorf("sent again as %+v with %d uploads, want %+v with one", after, mail.count(), before)
		}
		if again := r.book.payload(r, after.Message); !bytes.Equal(first, again) {
			r.Error("its content has changed")
		}
		sent := r.media()
		if len(sent) != 2 || sent[0].ID != sent[1].ID {
			r.Errorf("%+v, want two stanzas under one id", sent)
		}
		for _, s := range sent {
			if s.Media != a.SHA256 || s.Text != before.Text {
				r.Errorf("%q with %q", s.Text, s.Media)
			}
		}
		if err := r.service.SetPersonPhone(person.Phone, true); err != nil {
			r.Fatal(err)
		}
		time.Sleep(time.Minute)
		if seen := r.service.Ledger().SeenBy(person.Phone); len(seen) != 1 {
			r.Errorf("they see %+v", seen)
		}
	})
}

// payload is the message that left under an id, byte for byte.
func (b *faultyBook) payload(r *rig, id campaign.MessageID) []byte {
	r.Helper()
	d, ok, err := b.Payload(id)
	if err != nil || !ok {
		r.Fatalf("no message %s: %v", id, err)
	}
	m, err := messageOf(d)
	if err != nil {
		r.Fatal(err)
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		r.Fatal(err)
	}
	return data
}

func TestRecipientWhoCannotReadGetsTheSameFileAfterARestart(t *testing.T) {
	withMail(t, simulator.Config{People: 1}, func(r *rig, mail *uploads, id campaign.NumberID) {
		person := r.someone(0)
		if got := r.pool.Sender(id).Send(r.Context(), r.delivery(id, person, "olá")); got.Kind != campaign.Accepted {
			r.Fatal(got)
		}
		time.Sleep(time.Minute)
		// They get a new phone, which the next message is not encrypted for.
		if err := r.service.SetPersonPhone(person.Phone, false); err != nil {
			r.Fatal(err)
		}
		if err := r.service.Reinstall(person.Phone); err != nil {
			r.Fatal(err)
		}
		a, err := desk(r.book.Book).Attach("tabela de preços.pdf", strings.NewReader("%PDF-1.7\n%%EOF\n"))
		if err != nil {
			r.Fatal(err)
		}
		c := r.campaign(campaign.Campaign{Name: "c", Text: "Oi, {nome}", Attachment: &a})
		stop := r.lanes()
		d := r.awaitDelivery(c, campaign.Sent)
		stop()
		r.reopen(mail)
		r.awaitUp(id)
		if err := r.service.SetPersonPhone(person.Phone, true); err != nil {
			r.Fatal(err)
		}
		r.awaitDelivery(c, campaign.Delivered)
		seen := r.service.Ledger().SeenBy(person.Phone)
		if len(seen) != 2 || seen[1].Text != d.Text || seen[1].ID != string(d.Message) {
			r.Errorf("they see %+v, want %q once", seen, d.Text)
		}
		sent := r.media()
		if last := sent[len(sent)-1]; last.Kind != "retry" || last.Media != a.SHA256 {
			r.Errorf("answered with %+v", last)
		}
		if mail.count() != 1 {
			r.Errorf("uploaded %d times", mail.count())
		}
	})
}

// TestProcessThatDiesBetweenUploadAndClaimUploadsNoMore does the lane's work
// by hand up to there.
func TestProcessThatDiesBetweenUploadAndClaimUploadsNoMore(t *testing.T) {
	withMail(t, simulator.Config{People: 2}, func(r *rig, mail *uploads, id campaign.NumberID) {
		c := r.campaign(campaign.Campaign{Name: "c", Text: "Oi", Attachment: r.attach("picture.png")})
		sender := r.pool.Sender(id)
		var u campaign.Upload
		for u.Open == nil {
			act, err := r.book.Claim(campaign.Claim{Number: id, Ready: sender.Ready(), Now: time.Now(), NewID: sender.NewID})
			if err != nil {
				r.Fatal(err)
			}
			switch act := act.(type) {
			case campaign.Upload:
				u = act
			case campaign.Check:
				answers, err := sender.Check(r.Context(), act.Phones)
				if err == nil {
					err = r.book.Answered(id, act.Phones, answers, time.Now())
				}
				if err != nil {
					r.Fatal(err)
				}
			default:
				r.Fatalf("claimed %+v", act)
			}
		}
		media, err := sender.Upload(r.Context(), u)
		if err != nil {
			r.Fatal(err)
		}
		if err := r.book.Uploaded(id, u, media, time.Now()); err != nil {
			r.Fatal(err)
		}
		r.reopen(mail)
		r.awaitUp(id)
		stop := r.lanes()
		r.awaitStatus(c, campaign.Finished)
		stop()
		if n, sent := mail.count(), len(r.media()); n != 1 || sent != 2 {
			r.Errorf("%d uploads, %d sent; want 1 and 2", n, sent)
		}
	})
}

func TestUploadOfAnotherFileOrByAnotherLinkIsRefused(t *testing.T) {
	withMail(t, simulator.Config{People: 1}, func(r *rig, mail *uploads, id campaign.NumberID) {
		a := r.attach("picture.png")
		u := campaign.Upload{Attachment: *a, Link: 1, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("something else")), nil
		}}
		if _, err := r.pool.Sender(id).Upload(r.Context(), u); !errors.Is(err, campaign.ErrFileChanged) {
			r.Errorf("got %v, want %v", err, campaign.ErrFileChanged)
		}
		u.Open = func() (io.ReadCloser, error) { return os.Open(filepath.Join(r.dir, "nothing")) }
		if _, err := r.pool.Sender(id).Upload(r.Context(), u); !errors.Is(err, os.ErrNotExist) {
			r.Errorf("got %v, want %v", err, os.ErrNotExist)
		}
		before := mail.count()
		u.Link = 7
		if _, err := r.pool.Sender(id).Upload(r.Context(), u); err == nil || mail.count() != before {
			r.Errorf("uploaded for another link: %v", err)
		}
	})
}

// TestErrorOfAnUploadDoesNotTellTheAddress, in which the permission to upload
// is.
func TestErrorOfAnUploadDoesNotTellTheAddress(t *testing.T) {
	withMail(t, simulator.Config{People: 1}, func(r *rig, mail *uploads, id campaign.NumberID) {
		mail.refuse = func(int, *http.Request) int { r.service.SetDown(true); return 0 }
		a := r.attach("picture.png")
		u := campaign.Upload{Attachment: *a, Link: 1, Open: func() (io.ReadCloser, error) {
			return os.Open(filepath.Join(r.dir, "media", a.SHA256))
		}}
		_, err := r.pool.Sender(id).Upload(r.Context(), u)
		if err == nil || strings.Contains(err.Error(), "auth") || strings.Contains(err.Error(), "mms") || reason.Of(err).Code != reason.UploadUnreachable {
			r.Errorf("it says %v", err)
		}
		r.service.SetDown(false)
		r.awaitState(id, campaign.Online) // the library races with itself when a socket that fell is closed as well
	})
}

func TestDeliveryWithoutItsAttachmentNeverLeavesAsBareText(t *testing.T) {
	inBubble(t, simulator.Config{People: 1}, func(r *rig) {
		id, _ := r.linked("loja")
		d := r.delivery(id, r.someone(0), "olá")
		for _, media := range [][]byte{nil, []byte("nonsense")} {
			d.Upload, d.Media = 1, media
			if got := r.pool.Sender(id).Send(context.Background(), d); got.Kind != campaign.NotSent || got.Reason.IsZero() {
				r.Errorf("%+v, want not sent", got)
			}
		}
		time.Sleep(time.Minute)
		if seen := r.service.Ledger().Seen(); len(seen) > 0 {
			r.Errorf("they see %+v", seen)
		}
	})
}

func TestMessageOfAFileSaysAllThatIsKnownOfIt(t *testing.T) {
	inBubble(t, simulator.Config{People: 1}, func(r *rig) {
		id, _ := r.linked("loja")
		message := func(a *media.Attachment, text string) campaign.Delivery {
			media, err := r.pool.Sender(id).Upload(r.Context(), campaign.Upload{Attachment: *a, Link: 1, Open: func() (io.ReadCloser, error) {
				return os.Open(filepath.Join(r.dir, "media", a.SHA256))
			}})
			if err != nil {
				r.Fatal(err)
			}
			return campaign.Delivery{Upload: 1, Media: media, Text: text}
		}
		a := r.attach("picture.jpg")
		m, err := messageOf(message(a, "Oi"))
		if i := m.GetImageMessage(); err != nil || i.GetMimetype() != "image/jpeg" || i.GetWidth() != 320 || i.GetHeight() != 240 || i.GetCaption() != "Oi" ||
			!bytes.Equal(i.GetJPEGThumbnail(), a.Thumbnail) || i.GetFileLength() != uint64(a.Size) || len(i.GetMediaKey()) != 32 ||
			i.GetMediaKeyTimestamp() != time.Now().Unix() || i.GetURL() == "" || i.GetDirectPath() == "" || len(i.GetFileSHA256()) != 32 || len(i.GetFileEncSHA256()) != 32 {
			r.Errorf("picture: %v, %v", m, err)
		}
		m, err = messageOf(message(r.attach("video.mp4"), ""))
		if v := m.GetVideoMessage(); err != nil || v.GetMimetype() != "video/mp4" || v.GetSeconds() != 2 || v.GetWidth() != 160 || v.Caption != nil {
			r.Errorf("video: %v, %v", m, err)
		}
		m, err = messageOf(message(r.attach("audio.ogg"), ""))
		if v := m.GetAudioMessage(); err != nil || v.GetMimetype() != "audio/ogg; codecs=opus" || v.GetSeconds() != 3 || v.GetPTT() {
			r.Errorf("audio: %v, %v", m, err)
		}
		text, err := desk(r.book.Book).Attach("oi.txt", strings.NewReader("oi"))
		if err != nil {
			r.Fatal(err)
		}
		m, err = messageOf(message(&text, "Oi"))
		if d := m.GetDocumentWithCaptionMessage().GetMessage().GetDocumentMessage(); err != nil || d.GetFileName() != "oi.txt" || d.GetCaption() != "Oi" || m.DocumentMessage != nil {
			r.Errorf("document with a caption: %v, %v", m, err)
		}
		m, err = messageOf(message(&text, ""))
		if d := m.GetDocumentMessage(); err != nil || d.GetFileName() != "oi.txt" || d.Caption != nil || m.DocumentWithCaptionMessage != nil {
			r.Errorf("document without a caption: %v, %v", m, err)
		}
	})
}

// slowReader is a file on a disk that takes its time over each block.
type slowReader struct {
	blocks int
	pause  time.Duration
}

func (s *slowReader) Read(p []byte) (int, error) {
	if s.blocks == 0 {
		return 0, io.EOF
	}
	s.blocks--
	time.Sleep(s.pause)
	return len(p), nil
}

func TestFileOnASlowDiskIsNoStalledUpload(t *testing.T) {
	withMail(t, simulator.Config{People: 1}, func(r *rig, mail *uploads, id campaign.NumberID) {
		u := campaign.Upload{Attachment: *r.attach("picture.png"), Link: 1, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(&slowReader{blocks: 5, pause: uploadStall / 2}), nil
		}}
		if _, err := r.pool.Sender(id).Upload(r.Context(), u); !errors.Is(err, campaign.ErrFileChanged) {
			r.Errorf("got %v, want it uploaded, and found to be another file", err)
		}
	})
}
