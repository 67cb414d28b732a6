package campaign_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/media"
	"recado/campaign/reason"
	"recado/session/simulator"
	"recado/session/simulator/bubble"
)

// attach gives the book one of the sample files.
func (o *office) attach(name string) *media.Attachment {
	o.t.Helper()
	file, err := os.Open("media/testdata/" + name)
	if err != nil {
		o.t.Fatal(err)
	}
	defer file.Close()
	a, err := desk(o.book).Attach(name, file)
	if err != nil {
		o.t.Fatal(err)
	}
	return &a
}

// TestPictureOverTwoNumbersOnABadLine: answers are lost, connections break and
// the program is ended and begun again, and everybody sees the picture with
// its text exactly once.
func TestPictureOverTwoNumbersOnABadLine(t *testing.T) {
	breaksLines(t)
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 19, People: 120, Aliases: 10})
		numbers := []campaign.NumberID{o.link("loja 1"), o.link("loja 2")}
		o.importPeople()
		for _, r := range []simulator.Rule{
			{On: simulator.Message, Do: simulator.Silence, Probability: .06},
			{On: simulator.Message, Do: simulator.DropBefore, Probability: .04},
			{On: simulator.Message, Do: simulator.DropAfter, Probability: .04},
			{On: simulator.Query, Do: simulator.DropBefore, Probability: .01},
		} {
			o.service.Fault(r)
		}
		a := o.attach("picture.jpg")
		id := o.campaign(campaign.Campaign{Name: "foto", Text: "Olá, {nome}!", Attachment: a, Numbers: numbers})
		for range 3 {
			time.Sleep(20 * time.Second)
			o.close()
			o.open()
		}
		o.finish(id)
		o.service.ClearFaults()
		if counts := o.agree(id, hello); counts.Accepted() != 120 {
			t.Errorf("%v, want all 120 sent", counts)
		}
		sent := 0
		for _, s := range o.service.Ledger().Stanzas() {
			if s.Kind != "media" && s.Kind != "retry" {
				continue
			}
			if sent++; s.Media != a.SHA256 && !s.Duplicate && s.Media != "" {
				t.Errorf("%s gets %q", s.To, s.Media)
			}
		}
		if sent < 120 {
			t.Errorf("%d messages with the picture", sent)
		}
		uploads := make(map[uint64]bool)
		for _, d := range o.deliveries(id) {
			uploads[d.Upload] = true
		}
		if len(uploads) != 2 {
			t.Errorf("uploads %v, want one of each number", uploads)
		}
	})
}

// oneUpload is a book in which an attachment waits to be uploaded, and a wire
// that can refuse.
type oneUpload struct {
	campaign.Log
	campaign.Sender
	fault   error
	offline bool // at the end of the upload
	tries   int
	heard   []string
}

func (u *oneUpload) NewID() campaign.MessageID { return "3EB0" }

func (u *oneUpload) Ready() campaign.Readiness {
	if u.offline && u.tries > 0 {
		return campaign.Readiness{Hold: campaign.Hold{Reason: reason.HoldOffline}}
	}
	return campaign.Readiness{Link: 1}
}

func (u *oneUpload) Claim(campaign.Claim) (campaign.Act, error) {
	if len(u.heard) > 0 {
		return campaign.Wait{Hold: campaign.Hold{Reason: reason.HoldEmpty}}, nil
	}
	return campaign.Upload{Campaign: 7, Link: 1}, nil
}

func (u *oneUpload) Upload(ctx context.Context, _ campaign.Upload) ([]byte, error) {
	u.tries++
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(5 * time.Minute): // for what hangs alone
		return []byte("up"), u.fault
	}
}

func (u *oneUpload) Uploaded(_ campaign.NumberID, up campaign.Upload, media []byte, _ time.Time) error {
	u.heard = append(u.heard, fmt.Sprintf("campaign %d has %s", up.Campaign, media))
	return nil
}

func (u *oneUpload) NotUploaded(_ campaign.NumberID, up campaign.Upload, why error, _ time.Time) error {
	u.heard = append(u.heard, fmt.Sprintf("campaign %d has not: %v", up.Campaign, why))
	return nil
}

func (u *oneUpload) Held(campaign.NumberID, campaign.Hold) {}

func (u *oneUpload) Slow(campaign.NumberID, reason.Code, time.Time) error {
	u.heard = append(u.heard, "slow down")
	return nil
}

func TestLaneSaysWhatBecameOfAnUpload(t *testing.T) {
	for name, c := range map[string]struct {
		fault   error
		offline bool
		after   time.Duration // the program is ended
		want    string
	}{
		"done":                        {nil, false, time.Hour, "[campaign 7 has up]"},
		"refused":                     {errors.New("no"), false, time.Hour, "[campaign 7 has not: no]"},
		"file gone":                   {fs.ErrNotExist, false, time.Hour, "[campaign 7 has not: file does not exist]"},
		"too fast":                    {campaign.ErrRateLimit, false, time.Hour, "[slow down]"},
		"connection lost meanwhile":   {errors.New("EOF"), true, time.Hour, "[]"},
		"program ended meanwhile":     {nil, false, 30 * time.Second, "[]"},
		"done, connection lost since": {nil, true, time.Hour, "[campaign 7 has up]"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				u := &oneUpload{fault: c.fault, offline: c.offline}
				ctx, cancel := context.WithTimeout(t.Context(), c.after)
				defer cancel()
				lane := &campaign.Lane{Number: 1, Log: u, Sender: u, Bell: new(campaign.Bell), Logger: slog.New(slog.DiscardHandler)}
				begun := time.Now()
				lane.Run(ctx)
				if took := time.Since(begun); took != c.after {
					t.Errorf("it ended after %v, want when it was told to, after %v", took, c.after)
				}
				if got := fmt.Sprint(u.heard); got != c.want || u.tries != 1 {
					t.Errorf("the book heard %s of %d tries, want %s", got, u.tries, c.want)
				}
			})
		})
	}
}
