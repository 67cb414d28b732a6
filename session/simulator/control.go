package simulator

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"google.golang.org/protobuf/encoding/protojson"
)

// control moves the world by hand over HTTP:
//
//	POST /scan[?phone=N]  QR text     {"phone"}: a new phone, or N's, scans it
//	POST /code            number, code         a phone types a linking code
//	POST /passkey         on                   linking needs a passkey, or not
//	POST /passkey/sign    options as JSON      the credential that answers them, as JSON
//	POST /passkey/reject  number               our phone says that the code is another
//	POST /say             person, number, text or message
//	                                           {"id"}: a person writes to us, a text or any message, as JSON
//	POST /edit            person, number, id, text[, sealed]
//	                                           {"id"}: a person changes what they wrote
//	POST /vote            person, number, id[, options]
//	                                           {"id"}: a person votes in a poll, or takes their vote back
//	POST /timer           person, number, for[, on]
//	                                           the messages of a chat disappear after "24h", so
//	                                           the person chooses; with on, our phone
//	POST /block           number, person, on   a person is blocked on our phone, or not any more
//	POST /confirm         person, number, id[, text]
//	                                           a receipt of the kind text, sent to them or not
//	POST /again           person, number, id   a person cannot read it, sent to them or not
//	POST /contact         number, person, name saved in our phone; no name removes
//	POST /phone           person or number, on a phone is switched on or off
//	POST /move            person or number, to the account goes on under another number
//	POST /register        number               {"lid"…}: somebody new opens an account for it
//	POST /own             [number]             {"phone"}: a phone of ours that has linked nothing yet
//	POST /chats           number               our phone sends what is in its chats again
//	POST /history         number, files, size  our phone sends a long history by files
//	POST /drop            [number]             connections break
//	POST /logout          number               our phone unlinks its clients
//	POST /restrict        number, for          no new chats for "1h30m"
//	POST /ban             number, for[, why]   may not log in for "1h30m"; why is 101 to 106
//	POST /quota           number, total, used, for
//	                                           may begin total new chats in "720h"
//	POST /service         on                   the whole service comes or goes
//	POST /scan-old        QR text              a phone scans it that is too old to link
//	POST /rotate          [nothing]            QR codes that are shown get another secret
//	POST /version         version              clients older than "2.3000.1050000000" are refused
//	POST /skew            for                  the service's clock is "1h30m" ahead, or back
//	POST /time            on                   logins tell the service's time, or do not
//	POST /fault           a Rule               {"id"}; DELETE /fault/ID, /fault
//	GET  /people, /ledger, /stats
//
// A fault is a Rule: {"on": kind, "number", "to", "query", "nth", "limit",
// "probability", "do": action, "code", "text", "conflict", "banCode", "expire",
// "delay", "spread", "atOnce"}, of which only "do" is needed; durations are texts.
// The kinds and the actions, and what they mean for each other, are the constants
// of Kind and Action:
//
//	handshake                drop-before, drop-after, silence, late, garbage
//	login                    drop-before, silence, refuse, stream-error, garbage, no-stanza, nonsense, ban
//	message                  drop-before, drop-after, silence, late, refuse, stream-error, garbage,
//	                         no-stanza, nonsense, restrict, ban, refresh-lid
//	usync, prekeys, ping, iq the same but refresh-lid; and no-devices, no-prekeys, no-lid, no-names, body-error, wrong-hash
//	receipt                  silence, late, duplicate, reorder, by-phone
//	waiting                  silence, late
//	upload, download, page   drop-before, silence, late, refuse
//
// Bodies and answers are JSON objects, but for the QR text, which is sent as it
// is. With a passkey, /scan and /code answer as soon as the client is asked for
// it. A request that cannot be carried out is answered with status 400 and
// {"error"}.
type control struct {
	s *Service

	mu     sync.Mutex
	faults map[int]func() // given by number, to take away again
	last   int
}

// controlHandler serves the control under /control/.
func (s *Service) controlHandler() http.Handler {
	return http.StripPrefix("/control", newControl(s))
}

func newControl(s *Service) http.Handler {
	c := &control{s: s, faults: make(map[int]func())}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /scan", c.scan)
	mux.HandleFunc("POST /scan-old", c.scanOld)
	mux.HandleFunc("POST /passkey/sign", c.sign)
	mux.HandleFunc("DELETE /fault", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		answerJSON(w, struct{}{})
	})
	mux.HandleFunc("DELETE /fault/{id}", c.mend)
	for path, do := range map[string]func(order) (any, error){
		"/code":           func(o order) (any, error) { return nil, s.EnterCode(o.Number, o.Code) },
		"/passkey":        func(o order) (any, error) { s.RequirePasskey(o.On); return nil, nil },
		"/passkey/reject": func(o order) (any, error) { return nil, s.RejectPasskey(o.Number) },
		"/say":            c.say,
		"/edit":           c.edit,
		"/vote":           c.vote,
		"/timer":          c.timer,
		"/block":          c.block,
		"/confirm":        func(o order) (any, error) { return nil, c.s.Confirm(o.Person, o.Number, o.Text, o.ID) },
		"/again":          func(o order) (any, error) { return nil, c.s.AskAgain(o.Person, o.Number, o.ID) },
		"/contact":        c.ofNumber(func(own Own, o order) { own.SaveContact(o.Person, o.Name) }),
		"/phone":          c.phone,
		"/move":           func(o order) (any, error) { return nil, s.ChangePhone(cmp.Or(o.Person, o.Number), o.To) },
		"/register":       func(o order) (any, error) { return s.Register(o.Number) },
		"/drop":           c.drop,
		"/logout":         c.ofNumber(func(own Own, _ order) { own.Logout() }),
		"/restrict": c.ofNumber(func(own Own, o order) {
			own.Restrict(time.Now().Add(time.Duration(o.For)))
		}),
		"/ban": c.ofNumber(func(own Own, o order) {
			own.Ban(time.Now().Add(time.Duration(o.For)), cmp.Or(o.Why, 101))
		}),
		"/quota": c.ofNumber(func(own Own, o order) {
			own.Quota(o.Total, o.Used, time.Now().Add(time.Duration(o.For)))
		}),
		"/own":     c.own,
		"/chats":   c.ofNumber(func(own Own, _ order) { own.TellChats() }),
		"/history": c.ofNumber(func(own Own, o order) { own.SendHistory(o.Files, o.Size) }),
		"/rotate":  func(order) (any, error) { s.RotateQR(); return nil, nil },
		"/version": func(o order) (any, error) {
			v, err := store.ParseVersion(o.Version)
			if err == nil {
				s.SetNewestVersion(v)
			}
			return nil, err
		},
		"/skew":    func(o order) (any, error) { s.SetSkew(time.Duration(o.For)); return nil, nil },
		"/time":    func(o order) (any, error) { s.TellTime(o.On); return nil, nil },
		"/service": func(o order) (any, error) { s.SetDown(!o.On); return nil, nil },
	} {
		mux.HandleFunc("POST "+path, obey(do))
	}
	mux.HandleFunc("POST /fault", obey(c.fault))
	mux.HandleFunc("GET /people", tell(func() any { return s.People() }))
	mux.HandleFunc("GET /ledger", tell(func() any {
		return map[string]any{
			"stanzas": s.ledger.Stanzas(), "seen": s.ledger.Seen(), "deleted": s.ledger.Deleted(), "said": s.ledger.Said(),
			"confirmed": s.ledger.Confirmed(), "logins": s.ledger.Logins(),
		}
	}))
	mux.HandleFunc("GET /stats", tell(func() any { return s.stats() }))
	return mux
}

// order is the body of a request. Each uses what it needs.
type order struct {
	Person      string // a person's phone
	Number      string // ours
	To          string // another phone
	Text        string
	Message     json.RawMessage
	ID          string
	Options     []string
	Sealed      bool
	Name        string
	Code        string
	On          bool
	For         span
	Why         int
	Version     string
	Total       int
	Used        int
	Files, Size int
}

// span is a duration written as "90s" or "1h30m".
type span time.Duration

// UnmarshalText reads what time.ParseDuration reads.
func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = span(d)
	return err
}

// faultOrder is a Rule with readable durations.
type faultOrder struct {
	Rule
	Expire, Delay, Spread span
}

// Stats sums up a Service.
type Stats struct {
	People     int      `json:"people"`
	Numbers    []string `json:"numbers"` // ours
	Online     int      `json:"online"`  // ours with a client that is logged in
	Stanzas    int      `json:"stanzas"`
	Duplicates int      `json:"duplicates"` // stanzas that came again byte for byte
	Lost       int      `json:"lost"`       // accepted, with nothing in them for the recipient
	Seen       int      `json:"seen"`
	Said       int      `json:"said"`
	Twice      int      `json:"twice"`   // texts that somebody sees more than once
	Changed    int      `json:"changed"` // stanzas with another text under an old id
	Unknown    []string `json:"unknown"` // what clients asked and the service did not understand
}

func (s *Service) stats() Stats {
	stanzas := s.ledger.Stanzas()
	st := Stats{
		People: len(s.world.people()), Numbers: s.OwnNumbers(), Unknown: s.Unknown(),
		Stanzas: len(stanzas), Lost: len(s.ledger.Lost()), Seen: len(s.ledger.Seen()), Said: len(s.ledger.Said()),
		Twice: len(s.ledger.Twice()), Changed: len(s.ledger.Changed()),
	}
	for _, x := range stanzas {
		if x.Duplicate {
			st.Duplicates++
		}
	}
	for _, number := range st.Numbers {
		if own, ok := s.Own(number); ok && own.Online() {
			st.Online++
		}
	}
	return st
}

// scan lets a phone scan the QR text in the body: the one of ?phone=, or a new
// one.
func (c *control) scan(w http.ResponseWriter, r *http.Request) {
	code, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		refuse(w, err)
		return
	}
	phone, err := c.s.ScanAs(strings.TrimSpace(string(code)), r.URL.Query().Get("phone"))
	if err != nil {
		refuse(w, err)
		return
	}
	answerJSON(w, map[string]string{"phone": phone})
}

// sign answers the options of a passkey with a credential.
func (c *control) sign(w http.ResponseWriter, r *http.Request) {
	options, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		refuse(w, err)
		return
	}
	answer, err := c.s.SignPasskey(options)
	if err != nil {
		refuse(w, err)
		return
	}
	answerJSON(w, json.RawMessage(answer))
}

// scanOld lets a phone that is too old scan the QR text in the body.
func (c *control) scanOld(w http.ResponseWriter, r *http.Request) {
	code, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err == nil {
		err = c.s.ScanWithOldPhone(strings.TrimSpace(string(code)))
	}
	if err != nil {
		refuse(w, err)
		return
	}
	answerJSON(w, struct{}{})
}

func (c *control) own(o order) (any, error) {
	own, err := c.s.OwnPhone(o.Number)
	if err != nil {
		return nil, err
	}
	return map[string]string{"phone": own.Number()}, nil
}

func (c *control) say(o order) (any, error) {
	if len(o.Message) == 0 {
		id, err := c.s.Say(o.Person, o.Number, o.Text)
		return map[string]string{"id": id}, err
	}
	m := new(waE2E.Message)
	if err := protojson.Unmarshal(o.Message, m); err != nil {
		return nil, fmt.Errorf("read the message: %w", err)
	}
	id, err := c.s.SayMessage(o.Person, o.Number, m)
	return map[string]string{"id": id}, err
}

func (c *control) vote(o order) (any, error) {
	id, err := c.s.Vote(o.Person, o.Number, o.ID, Ballot{Options: o.Options})
	return map[string]string{"id": id}, err
}

func (c *control) edit(o order) (any, error) {
	seal := Open
	if o.Sealed {
		seal = Sealed
	}
	id, err := c.s.Edit(o.Person, o.Number, o.ID, o.Text, seal)
	return map[string]string{"id": id}, err
}

func (c *control) timer(o order) (any, error) {
	if !o.On {
		return nil, c.s.SetTimer(o.Person, o.Number, time.Duration(o.For))
	}
	own, ok := c.s.Own(o.Number)
	if !ok {
		return nil, fmt.Errorf("%q is not one of our numbers", o.Number)
	}
	return nil, own.SetTimer(o.Person, time.Duration(o.For))
}

func (c *control) block(o order) (any, error) {
	own, ok := c.s.Own(o.Number)
	if !ok {
		return nil, fmt.Errorf("%q is not one of our numbers", o.Number)
	}
	return nil, own.Block(o.Person, o.On)
}

// phone turns the phone of a person or of one of our numbers on or off.
func (c *control) phone(o order) (any, error) {
	if o.Person != "" {
		return nil, c.s.SetPersonPhone(o.Person, o.On)
	}
	return c.ofNumber(func(own Own, o order) { own.SetPhone(o.On) })(o)
}

// drop breaks the connections of a number, or without one all connections.
func (c *control) drop(o order) (any, error) {
	if o.Number == "" {
		c.s.DropAll()
		return nil, nil
	}
	return c.ofNumber(func(own Own, _ order) { own.Drop() })(o)
}

// ofNumber is an order to one of our numbers.
func (c *control) ofNumber(do func(Own, order)) func(order) (any, error) {
	return func(o order) (any, error) {
		own, ok := c.s.Own(o.Number)
		if !ok {
			return nil, fmt.Errorf("%q is not one of our numbers", o.Number)
		}
		do(own, o)
		return nil, nil
	}
}

func (c *control) fault(o faultOrder) (any, error) {
	if o.Do == "" {
		return nil, errors.New("the rule does nothing: \"do\" is missing")
	}
	o.Rule.Expire, o.Rule.Delay, o.Rule.Spread = time.Duration(o.Expire), time.Duration(o.Delay), time.Duration(o.Spread)
	remove := c.s.Fault(o.Rule)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	c.faults[c.last] = remove
	return map[string]int{"id": c.last}, nil
}

func (c *control) mend(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	c.mu.Lock()
	remove := c.faults[id]
	delete(c.faults, id)
	c.mu.Unlock()
	if remove == nil {
		refuse(w, fmt.Errorf("there is no fault %q", r.PathValue("id")))
		return
	}
	remove()
	answerJSON(w, struct{}{})
}

// obey reads an order and answers what came of it.
func obey[O any](do func(O) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var o O
		body := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
		body.DisallowUnknownFields()
		if err := body.Decode(&o); err != nil && !errors.Is(err, io.EOF) {
			refuse(w, fmt.Errorf("read the order: %w", err))
			return
		}
		answer, err := do(o)
		if err != nil {
			refuse(w, err)
			return
		}
		if answer == nil {
			answer = struct{}{}
		}
		answerJSON(w, answer)
	}
}

func tell(what func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, what()) }
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
}

// Serve runs a service for other processes until ctx ends: its door listens on
// the loopback address listen and writes its files into dir, as Service.Listen
// describes, and its control listens on a loopback port of its own. It first
// prints, one a line: "control" and the control's address, "listen" and the
// door's address, and the three environment settings that lead recado to it, as
// a shell takes them.
func Serve(ctx context.Context, listen, dir string, cfg Config, out io.Writer) (err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("directory of the simulator: %w", err)
	}
	s := New(cfg)
	defer s.Close()
	door, err := s.Listen(listen, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.ledger.Err(), door.Close()) }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the control: %w", err)
	}
	server := newServer(s)
	server.Handler = newControl(s)
	served := make(chan struct{})
	go func() { // ends when the server is closed, below
		defer close(served)
		_ = server.Serve(listener)
	}()
	defer func() {
		_ = server.Close()
		<-served
	}()
	root := RootKey()
	_, err = fmt.Fprintf(out, "control http://%s\nlisten %s\nexport RECADO_SERVER=%s\nexport RECADO_SERVER_CA=%s\nexport RECADO_SERVER_KEY=%s\n",
		listener.Addr(), door.Addr, door.Addr, quoted(filepath.Join(dir, "ca.pem")), hex.EncodeToString(root[:]))
	if err != nil {
		return fmt.Errorf("print the addresses: %w", err)
	}
	<-ctx.Done()
	return nil
}

// quoted writes a word for a shell.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
