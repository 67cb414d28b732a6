package session

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/media"
	"recado/session/simulator"
)

// post is the way to the media host, where uploads are counted and may be
// refused.
type post struct {
	http.RoundTripper
	log *uploads
}

type uploads struct {
	service *simulator.Service

	mu     sync.Mutex
	n      int
	refuse func(n int, r *http.Request) (code int) // of the n-th upload; 0: let it pass
}

func (u *uploads) client() *http.Client {
	c := u.service.HTTPClient()
	c.Transport = post{c.Transport, u}
	return c
}

func (u *uploads) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.n
}

func (p post) CloseIdleConnections() { p.RoundTripper.(*http.Transport).CloseIdleConnections() }

func (p post) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, "/mms/") {
		return p.RoundTripper.RoundTrip(r)
	}
	p.log.mu.Lock()
	p.log.n++
	n, refuse := p.log.n, p.log.refuse
	p.log.mu.Unlock()
	if refuse == nil {
		return p.RoundTripper.RoundTrip(r)
	}
	code := refuse(n, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if code == 0 {
		return p.RoundTripper.RoundTrip(r)
	}
	_, _ = io.Copy(io.Discard, r.Body)
	return &http.Response{StatusCode: code, Body: http.NoBody, Request: r}, nil
}

// withMail runs a test with a number that can upload, and counts.
func withMail(t *testing.T, world simulator.Config, test func(r *rig, mail *uploads, id campaign.NumberID)) {
	t.Helper()
	inBubble(t, world, func(r *rig) {
		mail := &uploads{service: r.service}
		r.reopen(mail)
		id, _ := r.linked("loja")
		test(r, mail, id)
		if unknown := r.service.Unknown(); len(unknown) > 0 {
			r.Errorf("the service did not understand %q", unknown)
		}
	})
}

// reopen ends the program and begins it again, with uploads counted.
func (r *rig) reopen(mail *uploads) {
	r.Helper()
	r.close()
	r.openWith(mail.client)
}

// attach gives the book one of the sample files.
func (r *rig) attach(name string) *media.Attachment {
	r.Helper()
	file, err := os.Open(filepath.Join("../campaign/media/testdata", name))
	if err != nil {
		r.Fatal(err)
	}
	defer file.Close()
	a, err := desk(r.book.Book).Attach(name, file)
	if err != nil {
		r.Fatal(err)
	}
	return &a
}

// campaign starts a campaign to everybody of the world.
func (r *rig) campaign(c campaign.Campaign) campaign.ID {
	r.Helper()
	r.everybody()
	return r.starts(c)
}

// awaitStatus waits until a campaign is as it should be.
func (r *rig) awaitStatus(id campaign.ID, status campaign.Status) campaign.Campaign {
	r.Helper()
	patience := time.Now().Add(6 * time.Hour)
	for {
		c, err := r.book.Campaign(id)
		if err != nil {
			r.Fatal(err)
		}
		if c.Status == status {
			time.Sleep(time.Minute) // what is on its way arrives
			return c
		}
		if time.Now().After(patience) {
			r.Fatalf("campaign %d is never %v: %v, %q, held by %v", id, status, c.Status, c.Reason, r.book.Holds())
		}
		time.Sleep(time.Second)
	}
}

// media are the stanzas that carry a file, or were asked for again.
func (r *rig) media() []simulator.Stanza {
	return slices.DeleteFunc(r.service.Ledger().Stanzas(), func(s simulator.Stanza) bool {
		return s.Kind != "media" && s.Kind != "retry"
	})
}
