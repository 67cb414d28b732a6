package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"
)

// latestRevision is what the web page says the newest client is, as long as
// nobody says otherwise: newer than any.
const latestRevision = 1_050_000_000

// handler answers for every host of the service.
func (s *Service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ws/chat", s.serveChat)
	mux.HandleFunc("GET /{$}", s.servePage)
	mux.Handle("/", s.media)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.isDown() {
			panic(http.ErrAbortHandler) // closes the connection without an answer
		}
		if !s.disturb(w, r) {
			mux.ServeHTTP(w, r)
		}
	})
}

// disturb does to a request what a fault demands, and reports whether that was
// all. It also tells the time by the clock of the service.
func (s *Service) disturb(w http.ResponseWriter, r *http.Request) (done bool) {
	e := event{}
	switch {
	case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/mms/"):
		e.kind = Upload
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/v/"):
		e.kind = Download
	case r.URL.Path == "/":
		e.kind = Page
	}
	s.mu.Lock()
	if s.skew != 0 {
		w.Header().Set("Date", time.Now().Add(s.skew).UTC().Format(http.TimeFormat))
	}
	var fault *Rule
	if e.kind != "" {
		fault = s.judge(e)
	}
	s.mu.Unlock()
	if fault == nil {
		return false
	}
	switch fault.Do {
	case Refuse:
		http.Error(w, cmp.Or(fault.Text, http.StatusText(fault.Code)), fault.Code)
	case DropBefore, DropAfter:
		panic(http.ErrAbortHandler)
	case Silence:
		select { // until somebody gives up
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
	case Late:
		return !sleep(r.Context(), fault.Delay)
	default:
		return false
	}
	return true
}

// servePage is the only thing that a client looks for in the web page: the
// version of the service's own client.
func (s *Service) servePage(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	revision := cmp.Or(s.newest[2], latestRevision)
	s.mu.Unlock()
	_, _ = fmt.Fprintf(w, `<html>{"client_revision":%d,"locale":"en"}</html>`, revision)
}

// SetNewestVersion makes the service want clients of at least this version: older
// ones are refused with failure 405, linked or not, and the web page tells which
// one is wanted. The zero version is any.
func (s *Service) SetNewestVersion(v store.WAVersionContainer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newest = v
}

// outdated reports whether a client is too old to be let in. The lock must be
// held.
func (s *Service) outdated(client *waWa6.ClientPayload) bool {
	v := client.GetUserAgent().GetAppVersion()
	return store.WAVersionContainer{v.GetPrimary(), v.GetSecondary(), v.GetTertiary()}.LessThan(s.newest)
}

// SetSkew puts the clock of the service ahead of everybody else's by d, or back
// if it is negative: the times of logins, links, acknowledgements, receipts and
// messages, and those of its HTTP answers.
func (s *Service) SetSkew(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = d
}

// TellTime makes the service tell its time with each login, as it does from the
// beginning, or keep it to itself.
func (s *Service) TellTime(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timeless = !on
}
