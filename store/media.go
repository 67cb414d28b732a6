package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"recado/campaign"
	"recado/campaign/media"
	"recado/campaign/reason"
	"recado/store/bolt"
	"recado/store/trust"
)

// The files of the campaigns are beside the book in the folder media, each
// once, named by the SHA-256 of its bytes. What users do with the file that they
// attached changes nothing afterwards. None is ever removed: campaigns are not,
// and a file may have to be uploaded again.

// partial ends the name of a file that is being written.
const partial = ".part"

// openMedia refuses a folder that is not the user's own or that others can
// read, and removes what was being written when the last process ended.
func openMedia(dir string) error {
	info, err := trust.Private(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return &trust.Error{Path: dir, Why: trust.Irregular, Owner: trust.Owner(info)}
	}
	files, err := os.ReadDir(dir)
	for _, f := range files {
		if filepath.Ext(f.Name()) == partial {
			err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name())))
		}
	}
	return err
}

// Attach keeps a copy of a file for a campaign and says what it is. An error
// says for a person why WhatsApp would not take it. name is what recipients of
// a document see.
func (d *Desk) Attach(name string, from io.Reader) (a media.Attachment, err error) {
	if !d.May(VerbAttach) {
		return a, ErrRole
	}
	if a, err = d.book.attach(name, from); err != nil {
		return a, err
	}
	return a, d.write(VerbAttach, func(_ *bolt.Tx, e *Entry) error {
		e.on("file", a.SHA256, a.Name)
		e.change("size", "", strconv.FormatInt(a.Size, 10))
		return nil
	})
}

func (b *Book) attach(name string, from io.Reader) (a media.Attachment, err error) {
	if err := os.Mkdir(b.media, 0o700); err == nil {
		err = bolt.SyncDir(filepath.Dir(b.media))
		if err != nil {
			return a, err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return a, err
	}
	file, err := os.CreateTemp(b.media, "*"+partial) // 0600
	if err != nil {
		return a, err
	}
	defer func() {
		file.Close()
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	size, err := io.Copy(file, io.LimitReader(from, media.MaxDocument+1))
	if err != nil {
		return a, err
	}
	if bolt.IsDatabase(file) {
		return a, ErrOurs
	}
	if a, err = media.Read(name, file, size); err != nil {
		return a, err
	}
	if err := file.Sync(); err != nil {
		return a, err
	}
	// Over the one that is there, if there is one: it may have been damaged.
	if err := os.Rename(file.Name(), b.mediaPath(&a)); err != nil {
		return a, err
	}
	return a, bolt.SyncDir(b.media)
}

func (b *Book) mediaPath(a *media.Attachment) string {
	return filepath.Join(b.media, filepath.Base(a.SHA256))
}

// openKept opens the file of an attachment if it is a plain one of the user's.
func (b *Book) openKept(a *media.Attachment) (*os.File, error) {
	file, err := os.OpenFile(b.mediaPath(a), os.O_RDONLY|trust.NoFollow|trust.Calm, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case !trust.Mine(info):
		err = &trust.Error{Path: file.Name(), Why: trust.Foreign, Owner: trust.Owner(info)}
	case !info.Mode().IsRegular():
		err = &trust.Error{Path: file.Name(), Why: trust.Irregular, Owner: trust.Owner(info)}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// checkMedia reports whether the file of an attachment is there and whole.
func (b *Book) checkMedia(a *media.Attachment) error {
	file, err := b.openKept(a)
	if errors.Is(err, fs.ErrNotExist) {
		return reason.Because(ErrState, reason.CampaignFileGone, a.Name)
	} else if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	now, err := media.Read(a.Name, file, info.Size())
	if err != nil || now.SHA256 != a.SHA256 {
		return reason.Because(ErrState, reason.CampaignFileDamaged, a.Name)
	}
	return nil
}

// upload is what a number uploaded of a campaign's attachment. Its place is
// its number in the order of all uploads, which deliveries keep.
type upload struct {
	link  uint32 // of the number
	at    time.Time
	media []byte // as the sender wrote it
}

func encodeUpload(u upload) []byte {
	var e bolt.Enc
	e.Uint(1)
	e.Uint(uint64(u.link))
	e.Time(u.at)
	e.Text(string(u.media))
	return e.B
}

func decodeUpload(v []byte) (u upload, err error) {
	d := bolt.Dec{B: v}
	d.Version(1)
	u.link, u.at, u.media = uint32(d.Uint()), d.Time(), []byte(d.Text())
	if d.Err != nil {
		return u, fmt.Errorf("upload: %w", d.Err)
	}
	return u, nil
}

// carriedTx returns what a claimed delivery carries beside its text; nothing
// if it has no attachment.
func carriedTx(tx *bolt.Tx, d *campaign.Delivery) ([]byte, error) {
	if d.Upload == 0 {
		return nil, nil
	}
	u, err := decodeUpload(uploadsTable.Get(tx, d.Campaign, d.Number, d.Upload))
	if err != nil {
		return nil, fmt.Errorf("delivery %d of campaign %d: %w", d.Seq, d.Campaign, err)
	}
	return u.media, nil
}

// stalled is an attachment that a number could not upload.
type stalled struct {
	number   campaign.NumberID
	campaign campaign.ID
}

// stall is how that stands.
type stall struct {
	tries int
	until time.Time // not again before
}

// uploadPauses are the pauses after a failed upload. They are longer than a
// dead connection takes to be noticed. After one more try the campaign is
// paused.
var uploadPauses = []time.Duration{30 * time.Second, 2 * time.Minute}

// planUploadTx completes the plan of a delivery that is to be claimed for the
// first time and has an attachment: what it carries is the last upload of its
// number, by the present link and not too long ago. Where there is none, that
// comes first. It spends nothing of the pace.
func (b *Book) planUploadTx(tx *bolt.Tx, c campaign.Claim, camp campaign.Campaign, s send) (act, error) {
	if k, v := uploadsTable.Last(tx, uploadsTable.Of2(camp.ID, c.Number)); k != nil {
		u, err := decodeUpload(v)
		if err != nil {
			return nil, err
		}
		if age := c.Now.Sub(u.at); u.link == c.Ready.Link && age >= 0 && age < campaign.UploadAge {
			s.d.Media = u.media
			_, _, s.upload = uploadsTable.Parts(k)
			return s, nil
		}
	}
	b.mu.Lock()
	stall := b.stalls[stalled{c.Number, camp.ID}]
	b.mu.Unlock()
	if until := campaign.Within(stall.until, c.Now, campaign.LongestWait); until.After(c.Now) {
		return wait(campaign.Hold{Reason: reason.HoldRetry, Until: until}), nil
	}
	a := *camp.Attachment
	return tell{campaign.Upload{
		Campaign: camp.ID, Attachment: a, Link: c.Ready.Link,
		Open: func() (io.ReadCloser, error) { return b.openKept(&a) },
	}}, nil
}

// Uploaded implements [campaign.Log].
func (b *Book) Uploaded(number campaign.NumberID, u campaign.Upload, media []byte, at time.Time) error {
	err := b.update(func(tx *bolt.Tx) error {
		n, err := uploadsTable.Next(tx)
		if err != nil {
			return err
		}
		return uploadsTable.Put(tx, u.Campaign, number, n, encodeUpload(upload{u.Link, at, media}))
	})
	if err == nil {
		b.mu.Lock()
		delete(b.stalls, stalled{number, u.Campaign})
		b.mu.Unlock()
	}
	return err
}

// NotUploaded implements [campaign.Log]. A file that is not there any more is
// not tried again.
func (b *Book) NotUploaded(number campaign.NumberID, u campaign.Upload, why error, at time.Time) error {
	who := stalled{number, u.Campaign}
	b.mu.Lock()
	s := b.stalls[who]
	b.mu.Unlock()
	lost := errors.Is(why, fs.ErrNotExist) || errors.Is(why, campaign.ErrFileChanged)
	if !lost && s.tries < len(uploadPauses) {
		b.mu.Lock()
		b.stalls[who] = stall{s.tries + 1, at.Add(uploadPauses[s.tries])}
		b.mu.Unlock()
		return nil
	}
	err := b.update(func(tx *bolt.Tx) error {
		n, err := numberTx(tx, number)
		if err != nil {
			return err
		}
		said := reason.New(reason.CampaignNoUpload, reason.Plain(n.Name), reason.Of(why))
		switch {
		case errors.Is(why, fs.ErrNotExist):
			said = reason.New(reason.CampaignFileGone, u.Attachment.Name)
		case lost:
			said = reason.New(reason.CampaignFileDamaged, u.Attachment.Name)
		}
		return b.pauseTx(tx, u.Campaign, said)
	})
	if err == nil {
		b.mu.Lock()
		delete(b.stalls, who) // when it is resumed, it is tried again
		b.mu.Unlock()
	}
	return err
}
