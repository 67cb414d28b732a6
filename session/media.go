package session

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/media"
	"recado/campaign/reason"
)

const (
	uploadTimeout = 30 * time.Minute // for a file of the largest size on a slow line
	uploadStall   = time.Minute      // for an upload of which nothing more leaves, or that is not answered
)

// mediaTypes are the kinds of files as the service knows them.
var mediaTypes = map[media.Kind]whatsmeow.MediaType{
	media.Picture:  whatsmeow.MediaImage,
	media.Video:    whatsmeow.MediaVideo,
	media.Audio:    whatsmeow.MediaAudio,
	media.Document: whatsmeow.MediaDocument,
}

// Upload encrypts a file under a key of its own and uploads it. What it
// returns is the message of every recipient without its caption: where the
// file is, and its key. That key is content of the messages, and like their
// texts it is written to the book and nowhere else.
func (s sender) Upload(ctx context.Context, u campaign.Upload) ([]byte, error) {
	n, err := s.pool.number(s.id)
	if err != nil {
		return nil, err
	}
	v := n.look()
	if v.client == nil || !v.login || v.number.Link != u.Link {
		return nil, reason.Because(whatsmeow.ErrNotConnected, reason.HoldOffline)
	}
	file, err := u.Open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	answer, err := v.client.upload(ctx, file, mediaTypes[u.Attachment.Kind])
	switch {
	case err != nil:
		v.client.stale.Store(true)
		return nil, uploadError(err)
	case hex.EncodeToString(answer.FileSHA256) != u.Attachment.SHA256:
		return nil, campaign.ErrFileChanged
	}
	return proto.Marshal(attached(u.Attachment, answer, s.pool.clock.Now()))
}

// upload gives a file to the library. The library only tries the first host
// that the service named, so after a failure the service is asked again.
func (c *client) upload(ctx context.Context, file io.Reader, kind whatsmeow.MediaType) (answer whatsmeow.UploadResponse, err error) {
	sealed, err := os.CreateTemp("", "recado-upload-*")
	if err != nil {
		return answer, err
	}
	os.Remove(sealed.Name()) // it lives as long as it is open: nothing is left if the process dies
	defer sealed.Close()
	ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	stalled := time.AfterFunc(uploadStall, cancel)
	defer stalled.Stop()
	if c.stale.Swap(false) {
		//lint:ignore SA1019 there is no other way to make the library ask again
		if _, err := c.cli.DangerousInternals().RefreshMediaConn(ctx, true); err != nil {
			return answer, err
		}
	}
	return c.cli.UploadReader(ctx, file, &watched{sealed, func() { stalled.Reset(uploadStall) }}, kind)
}

// watched is a file that says when it is written or read on.
type watched struct {
	*os.File
	moved func()
}

func (w *watched) WriteAt(p []byte, at int64) (int, error) {
	w.moved()
	return w.File.WriteAt(p, at)
}

func (w *watched) Read(p []byte) (int, error) {
	w.moved()
	return w.File.Read(p)
}

// uploadError says why an upload failed, for a person. What the library and
// net/http say has the address in it, and in that the permission to upload.
func uploadError(err error) error {
	status := 0
	request := (*url.Error)(nil)
	switch {
	case errors.Is(err, whatsmeow.ErrIQRateOverLimit):
		return campaign.ErrRateLimit
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, whatsmeow.ErrIQTimedOut):
		return reason.Err(reason.UploadNoAnswer)
	case errors.As(err, &request):
		return reason.Err(reason.UploadUnreachable, causeOf(request.Err))
	case errors.Is(err, fs.ErrNotExist):
		return err
	}
	if n, _ := fmt.Sscanf(cause(err), "upload failed with status code %d", &status); n == 1 {
		return reason.Err(reason.UploadRefused, status)
	}
	return causeOf(err)
}

// attached is the message that carries an upload, without caption.
func attached(a media.Attachment, up whatsmeow.UploadResponse, at time.Time) *waE2E.Message {
	size := func(n int) *uint32 {
		if n == 0 {
			return nil
		}
		return proto.Uint32(uint32(n))
	}
	stamp := proto.Int64(at.Unix())
	switch a.Kind {
	case media.Picture:
		return &waE2E.Message{ImageMessage: &waE2E.ImageMessage{
			Mimetype: &a.Type, Width: size(a.Width), Height: size(a.Height), JPEGThumbnail: a.Thumbnail,
			URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey, MediaKeyTimestamp: stamp,
			FileSHA256: up.FileSHA256, FileEncSHA256: up.FileEncSHA256, FileLength: &up.FileLength,
		}}
	case media.Video:
		return &waE2E.Message{VideoMessage: &waE2E.VideoMessage{
			Mimetype: &a.Type, Width: size(a.Width), Height: size(a.Height), Seconds: size(a.Seconds), JPEGThumbnail: a.Thumbnail,
			URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey, MediaKeyTimestamp: stamp,
			FileSHA256: up.FileSHA256, FileEncSHA256: up.FileEncSHA256, FileLength: &up.FileLength,
		}}
	case media.Audio:
		return &waE2E.Message{AudioMessage: &waE2E.AudioMessage{
			Mimetype: &a.Type, Seconds: size(a.Seconds),
			URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey, MediaKeyTimestamp: stamp,
			FileSHA256: up.FileSHA256, FileEncSHA256: up.FileEncSHA256, FileLength: &up.FileLength,
		}}
	}
	name := strings.Map(func(r rune) rune { // one line, of what can be seen
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, campaign.Lines(campaign.Visible(a.Name)))
	return &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{
		Mimetype: &a.Type, FileName: &name, Title: &name,
		URL: &up.URL, DirectPath: &up.DirectPath, MediaKey: up.MediaKey, MediaKeyTimestamp: stamp,
		FileSHA256: up.FileSHA256, FileEncSHA256: up.FileEncSHA256, FileLength: &up.FileLength,
	}}
}

// errNoMedia is the error of a delivery that has an attachment which is not
// given: it must not leave as bare text.
var errNoMedia = reason.Err(reason.AttachmentMissing)

// messageOf is the message of a delivery: made of what the book keeps of it
// alone, it is the same however often it is made.
func messageOf(d campaign.Delivery) (*waE2E.Message, error) {
	about := aboutTimer(d.Timer)
	switch {
	case d.Revokes != "":
		var none *whatsmeow.Client // the key of our own message has nothing of the client
		return none.BuildRevoke(types.NewJID(d.LID, types.HiddenUserServer), types.EmptyJID, types.MessageID(d.Revokes)), nil
	case len(d.Poll) > 0 || len(d.Secret) > 0:
		return pollOf(d, about)
	case d.Upload == 0 && about == nil:
		return &waE2E.Message{Conversation: proto.String(d.Text)}, nil
	case d.Upload == 0: // a plain text has no room for it
		return &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String(d.Text), ContextInfo: about}}, nil
	}
	m := new(waE2E.Message)
	if err := proto.Unmarshal(d.Media, m); err != nil {
		return nil, err
	}
	image, video, audio, document := m.GetImageMessage(), m.GetVideoMessage(), m.GetAudioMessage(), m.GetDocumentMessage()
	switch {
	case image != nil:
		image.ContextInfo = about
	case video != nil:
		video.ContextInfo = about
	case audio != nil:
		audio.ContextInfo = about
	case document != nil:
		document.ContextInfo = about
	default:
		return nil, errNoMedia
	}
	switch {
	case d.Text == "" || audio != nil:
	case image != nil:
		image.Caption = proto.String(d.Text)
	case video != nil:
		video.Caption = proto.String(d.Text)
	case document != nil: // with a caption phones show it only like this
		document.Caption = proto.String(d.Text)
		return &waE2E.Message{DocumentWithCaptionMessage: &waE2E.FutureProofMessage{Message: m}}, nil
	}
	return m, nil
}
