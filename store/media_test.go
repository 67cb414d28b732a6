package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"recado/campaign"
	"recado/campaign/media"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// attach gives the book one of the sample files.
func attach(t *testing.T, b *store.Book, name string) *media.Attachment {
	t.Helper()
	file, err := os.Open(filepath.Join("../campaign/media/testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	a, err := desk(b).Attach(name, file)
	if err != nil {
		t.Fatal(err)
	}
	return &a
}

// bench is a book with people, and time that passes when the test says so.
type bench struct {
	*testing.T
	path    string
	book    *store.Book
	numbers []campaign.NumberID
	link    uint32
	now     time.Time
	w       wire
	index   map[people.Phone]int
	lid     func(people.Phone) string // what the service says of a phone; nil: lidOf
}

func newBench(t *testing.T, numbers, persons int) *bench {
	t.Helper()
	d := &bench{T: t, path: filepath.Join(t.TempDir(), "book.db"), link: 1, now: time.Now(), index: make(map[people.Phone]int)}
	d.book = open(t, d.path)
	d.numbers = linked(t, d.book, numbers)
	if _, err := desk(d.book).Import(t.Context(), crowd(persons), "people.csv"); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *bench) restart() {
	d.Helper()
	if err := d.book.Close(); err != nil {
		d.Fatal(err)
	}
	d.book = open(d.T, d.path)
}

func (d *bench) start(c campaign.Campaign) campaign.ID {
	d.Helper()
	return started(d.T, d.book, c, d.now).ID
}

// claim asks for the next thing to do, once everybody has been asked about.
func (d *bench) claim(n campaign.NumberID) store.Claimed {
	d.Helper()
	for {
		ready := campaign.Readiness{Link: d.link, Since: d.now.Add(-time.Hour)}
		got, err := store.ClaimApart(d.book, campaign.Claim{Number: n, Ready: ready, Now: d.now, NewID: d.w.newID})
		if err != nil {
			d.Fatal(err)
		}
		if len(got.Check) == 0 {
			return got
		}
		var answers []people.Answer
		for _, p := range got.Check {
			a := answer(p, 0)
			if d.lid != nil {
				a.LID = d.lid(p)
			}
			answers = append(answers, a)
		}
		if err := d.book.Answered(n, got.Check, answers, d.now); err != nil {
			d.Fatal(err)
		}
	}
}

// upload wants the next thing to do to be an upload, and does it.
func (d *bench) upload(n campaign.NumberID, media string) campaign.Upload {
	d.Helper()
	got := d.claim(n)
	if got.Upload == nil {
		d.Fatalf("%+v, want an upload", got)
	}
	if hold := d.book.Holds()[n]; hold.Reason != reason.HoldUpload {
		d.Errorf("while it uploads, %q holds the number", hold.Reason)
	}
	if err := d.book.Uploaded(n, *got.Upload, []byte(media), d.now); err != nil {
		d.Fatal(err)
	}
	return *got.Upload
}

// send wants the next thing to do to be a delivery, and settles it.
func (d *bench) send(n campaign.NumberID, media string, kind campaign.OutcomeKind) campaign.Delivery {
	d.Helper()
	got := d.claim(n)
	if got.Delivery == nil {
		d.Fatalf("%+v, want a delivery", got)
	}
	if hold := d.book.Holds()[n]; hold != (campaign.Hold{}) {
		d.Errorf("while it sends, %q holds the number", hold.Reason)
	}
	if string(got.Delivery.Media) != media {
		d.Errorf("a delivery carries %q, want %q", got.Delivery.Media, media)
	}
	o := campaign.Outcome{Kind: kind, Reason: reason.New(reason.DeliveryNoAnswer)}
	if kind == campaign.Misled {
		o.Answer = people.Answer{Asked: got.Delivery.Phone, Presence: people.NotOnWhatsApp}
	}
	if err := d.book.Settle(*got.Delivery, o, d.now); err != nil {
		d.Fatal(err)
	}
	return *got.Delivery
}

func TestAttachmentIsUploadedOncePerNumberAndCampaign(t *testing.T) {
	d := newBench(t, 2, 8)
	a := attach(t, d.book, "picture.jpg")
	d.start(campaign.Campaign{Name: "um", Text: "Oi", Attachment: a})
	for i, n := range d.numbers {
		u := d.upload(n, fmt.Sprint("de ", i))
		file, err := u.Open()
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.New()
		if _, err := io.Copy(hash, file); err != nil || hex.EncodeToString(hash.Sum(nil)) != a.SHA256 {
			t.Errorf("it is to upload other bytes, %v", err)
		}
		file.Close()
		for range 2 {
			d.send(n, fmt.Sprint("de ", i), campaign.Accepted)
		}
	}
	d.restart()
	for i, n := range d.numbers {
		for range 2 {
			d.send(n, fmt.Sprint("de ", i), campaign.Accepted)
		}
		if got := d.claim(n); got.Hold.Reason != reason.HoldEmpty {
			t.Errorf("%+v after the last one", got)
		}
	}
	d.start(campaign.Campaign{Name: "dois", Text: "", Attachment: a, Numbers: d.numbers[:1]})
	d.upload(d.numbers[0], "outra campanha")
	d.send(d.numbers[0], "outra campanha", campaign.Accepted)
}

func TestUploadSpendsNothingOfThePace(t *testing.T) {
	d := newBench(t, 1, 3)
	gap := campaign.Span{Min: time.Minute, Max: time.Minute}
	d.start(campaign.Campaign{Name: "c", Attachment: attach(t, d.book, "picture.jpg"), Pace: campaign.Pace{Gap: gap, NewGap: gap}})
	n := d.numbers[0]
	d.upload(n, "1")
	d.send(n, "1", campaign.Accepted)
	// While the pace holds, nothing is uploaded either.
	d.now = d.now.Add(time.Second)
	if got := d.claim(n); got.Hold.Reason != reason.HoldGap {
		t.Errorf("%+v, want the gap", got)
	}
	d.now = d.now.Add(time.Minute)
	d.send(n, "1", campaign.Accepted)
}

func TestOldUploadIsMadeAnewAndADoubtKeepsItsOwn(t *testing.T) {
	d := newBench(t, 1, 4)
	d.start(campaign.Campaign{Name: "c", Text: "Oi", Attachment: attach(t, d.book, "video.mp4")})
	n := d.numbers[0]
	d.upload(n, "antes")
	d.now = d.now.Add(campaign.UploadAge - time.Minute)
	doubt := d.send(n, "antes", campaign.Unknown)
	d.now = d.now.Add(2 * time.Minute)
	again := d.send(n, "antes", campaign.Accepted) // the doubt is tried again first, as it was
	if again.Message != doubt.Message || again.Upload != doubt.Upload || again.Text != doubt.Text {
		t.Errorf("tried again as %+v, want %+v", again, doubt)
	}
	d.upload(n, "depois")
	d.send(n, "depois", campaign.Accepted)
	if kept, ok, err := d.book.Payload(doubt.Message); err != nil || !ok || string(kept.Media) != "antes" {
		t.Errorf("the first one is answered with %q, %v", kept.Media, err)
	}
}

func TestUploadOfAnOldLinkIsNotUsed(t *testing.T) {
	d := newBench(t, 1, 3)
	d.start(campaign.Campaign{Name: "c", Attachment: attach(t, d.book, "audio.ogg")})
	n := d.numbers[0]
	d.upload(n, "primeiro vínculo")
	d.send(n, "primeiro vínculo", campaign.Accepted)
	d.link = 2
	if u := d.upload(n, "segundo vínculo"); u.Link != 2 {
		t.Errorf("it is to be uploaded by link %d", u.Link)
	}
	d.send(n, "segundo vínculo", campaign.Accepted)
}

func TestUploadThatFailsThreeTimesPausesItsCampaignAlone(t *testing.T) {
	d := newBench(t, 1, 6)
	n := d.numbers[0]
	id := d.start(campaign.Campaign{Name: "foto", Text: "Oi", Attachment: attach(t, d.book, "picture.jpg")})
	other := d.start(campaign.Campaign{Name: "texto", Text: "Olá"})
	failed, sent := 0, 0
	for failed < 3 {
		switch got := d.claim(n); {
		case got.Upload != nil:
			failed++
			if err := d.book.NotUploaded(n, *got.Upload, reason.Err(reason.UploadRefused, 500), d.now); err != nil {
				t.Fatal(err)
			}
		case got.Delivery != nil:
			if sent++; got.Delivery.Campaign != other {
				t.Fatalf("%+v left without its attachment", got.Delivery)
			}
			if err := d.book.Settle(*got.Delivery, campaign.Outcome{Kind: campaign.Accepted}, d.now); err != nil {
				t.Fatal(err)
			}
		default:
			if wait := got.Hold.Until.Sub(d.now); got.Hold.Reason != reason.HoldRetry || wait <= 0 || wait > 5*time.Minute {
				t.Fatalf("held by %+v", got.Hold)
			}
			d.now = got.Hold.Until
		}
	}
	if sent != 6 {
		t.Errorf("%d messages of the other campaign, want all 6 while this one waits", sent)
	}
	c, err := d.book.Campaign(id)
	if want := reason.New(reason.CampaignNoUpload, reason.Plain("loja 0"), reason.New(reason.UploadRefused, 500)); err != nil || c.Status != campaign.Paused || !c.Reason.Equal(want) {
		t.Errorf("%v, %q, %v; want paused, %q", c.Status, c.Reason, err, want)
	}
	if _, err := desk(d.book).Resume(id); err != nil {
		t.Fatal(err)
	}
	d.upload(n, "enfim") // at once
	d.send(n, "enfim", campaign.Accepted)
}

func TestFileThatIsGonePausesTheCampaignAndComesBackWithAnotherDraft(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(path string) error
		why    error
		reason reason.Code
	}{
		"deleted": {os.Remove, fs.ErrNotExist, reason.CampaignFileGone},
		"changed": {func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) }, campaign.ErrFileChanged, reason.CampaignFileDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			d := newBench(t, 1, 3)
			n := d.numbers[0]
			a := attach(t, d.book, "picture.jpg")
			id := d.start(campaign.Campaign{Name: "c", Text: "Oi", Attachment: a})
			if err := c.spoil(filepath.Join(filepath.Dir(d.path), "media", a.SHA256)); err != nil {
				t.Fatal(err)
			}
			u := d.claim(n).Upload
			if u == nil {
				t.Fatal("no upload is asked for")
			}
			if file, err := u.Open(); name == "deleted" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("opened %v, %v", file, err)
			}
			if err := d.book.NotUploaded(n, *u, fmt.Errorf("upload: %w", c.why), d.now); err != nil {
				t.Fatal(err)
			}
			want := reason.New(c.reason, "picture.jpg")
			if got, err := d.book.Campaign(id); err != nil || got.Status != campaign.Paused || !got.Reason.Equal(want) {
				t.Errorf("%v, %q, %v; want paused, %q", got.Status, got.Reason, err, want)
			}
			if got := d.claim(n); got.Delivery != nil {
				t.Errorf("%+v left without its attachment", got.Delivery)
			}
			draft, err := desk(d.book).AddCampaign(campaign.Campaign{Name: "outra", Text: "Oi", Attachment: a})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := desk(d.book).Start(draft.ID, d.now); !errors.Is(err, store.ErrState) || !reason.Of(err).Equal(reason.New(reason.CampaignStart, draft.ID, want)) {
				t.Errorf("another one starts: %v", err)
			}
			attach(t, d.book, "picture.jpg")
			if _, err := desk(d.book).Resume(id); err != nil {
				t.Fatal(err)
			}
			d.upload(n, "de novo")
			d.send(n, "de novo", campaign.Accepted)
		})
	}
}

func TestFileIsKeptOnceAndForTheUserAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.db")
	b := open(t, path)
	media := filepath.Join(filepath.Dir(path), "media")
	a, again := attach(t, b, "picture.jpg"), attach(t, b, "picture.jpg")
	attach(t, b, "audio.mp3")
	if a.SHA256 != again.SHA256 {
		t.Error("the same file has two hashes")
	}
	if _, err := desk(b).Attach("x.gif", strings.NewReader("GIF89a……")); err == nil {
		t.Error("a GIF was taken")
	}
	if _, err := desk(b).Attach("x", io.MultiReader(strings.NewReader("half"), failingDisk{})); err == nil {
		t.Error("half a file was taken")
	}
	if err := os.WriteFile(filepath.Join(media, "123"+".part"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, path)
	files, err := os.ReadDir(media)
	if err != nil || len(files) != 2 {
		t.Errorf("%d files, %v; want the picture and the audio", len(files), err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v, %v", f.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(media); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(media, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(path, store.Options{Kind: store.Demo}); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("a folder that others can read got %v, want the command that mends it", err)
	}
}

// failingDisk is a disk that fails.
type failingDisk struct{}

func (failingDisk) Read([]byte) (int, error) { return 0, errors.New("input/output error") }

func TestAStartNeedsATextOrAnAttachmentAndAnAudioTakesNoText(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "book.db"))
	picture, audio := attach(t, b, "picture.png"), attach(t, b, "audio.m4a")
	for _, c := range []struct {
		text string
		file *media.Attachment
		want reason.Code
	}{
		{"Oi", nil, ""}, {"", picture, ""}, {"Oi", picture, ""}, {" ", audio, ""},
		{" ", nil, reason.CampaignNoText}, {"Oi", audio, reason.AttachmentText},
	} {
		draft, err := desk(b).AddCampaign(campaign.Campaign{Name: "c", Text: c.text, Attachment: c.file})
		if err != nil {
			t.Fatal(err)
		}
		want := reason.NumberNoneLinked // all else is well
		if c.want != "" {
			want = c.want
		}
		if _, err := desk(b).Start(draft.ID, time.Now()); err == nil || !strings.Contains(err.Error(), "("+string(want)+")") {
			t.Errorf("%q with %v: %v, want %q", c.text, c.file != nil, err, want)
		}
	}
}

// TestDeliveryWrittenBeforeThereWereAttachmentsIsRead rewrites a record as it
// was in version 1.
func TestDeliveryWrittenBeforeThereWereAttachmentsIsRead(t *testing.T) {
	d := newBench(t, 1, 1)
	id := d.start(campaign.Campaign{Name: "c", Text: "Oi"})
	sent := d.send(d.numbers[0], "", campaign.Accepted)
	if err := d.book.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(d.path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bolt.Tx) error {
		k, v := tx.Bucket([]byte("deliveries")).Cursor().First()
		old := append([]byte{1}, v[1:len(v)-1]...)
		return tx.Bucket([]byte("deliveries")).Put(append([]byte(nil), k...), old)
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	d.book = open(t, d.path)
	got, err := d.book.Delivery(id, sent.Seq)
	if err != nil || got.Message != sent.Message || got.State != campaign.Sent || got.Upload != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
