package simulator

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Kind says at which stanza of a client a fault strikes.
type Kind string

// The kinds.
const (
	Handshake Kind = "handshake" // the first word of a new connection; whose it is, is not known yet
	Login     Kind = "login"     // after the handshake, of a linked client or one that wants to be
	Message   Kind = "message"   // a message to somebody
	Usync     Kind = "usync"     // asking who is on WhatsApp, for hidden names or for devices
	PreKeys   Kind = "prekeys"   // asking for the keys to write to somebody new
	Ping      Kind = "ping"      // the keepalive
	Query     Kind = "iq"        // any query, the three before included
	Waiting   Kind = "waiting"   // what waited for a client, handed over when it has logged in
	Receipt   Kind = "receipt"   // what a phone says of a message of ours: that it came, that it was read
	Upload    Kind = "upload"    // sending a file to the media host; whose it is, is not known
	Download  Kind = "download"  // getting a file from it
	Page      Kind = "page"      // the web page, which tells the newest version
)

// Action says what goes wrong.
//
// The client library holds a lock during a Handshake, and a caller that asks it
// something meanwhile waits for that lock. In a testing/synctest bubble the
// clock stands still for as long: a Handshake with Silence is only for a moment
// in which no call of the library is on its way.
type Action string

// The actions. Each names the kinds that it means something for.
const (
	DropBefore  Action = "drop-before"  // any: the connection breaks and the stanza was never received; in the Handshake before the service says hello
	DropAfter   Action = "drop-after"   // any: the connection breaks after the stanza was carried out, before its answer; in the Handshake after the hello
	Silence     Action = "silence"      // any: a message is accepted and never acknowledged, a query or login is never answered, a receipt never comes; of what was Waiting it is never said that it was all
	Late        Action = "late"         // any but logins: the answer, or the receipt, comes after Delay and up to Spread more; of what was Waiting, each so long after the one before
	Refuse      Action = "refuse"       // any but handshakes and receipts: error Code (and Text, for a query) instead; the failure reason at login; the status of a file or page
	StreamError Action = "stream-error" // logins, messages, queries: carried out like DropAfter, but the connection ends with stream error Code or Conflict
	Garbage     Action = "garbage"      // logins, messages, queries: before the answer comes a frame that cannot be decrypted; a Handshake has only that
	NoStanza    Action = "no-stanza"    // logins, messages, queries: before the answer come frames that can be decrypted and are no stanzas
	Nonsense    Action = "nonsense"     // logins, messages, queries: before the answer come stanzas full of nonsense
	Duplicate   Action = "duplicate"    // receipts: it comes twice
	Reorder     Action = "reorder"      // receipts: it comes after the next one of that person, or a minute late: read before delivered
	ByPhone     Action = "by-phone"     // receipts: it comes from their number instead of their hidden name
	WrongHash   Action = "wrong-hash"   // Query "w:sync:app:state": the changes of the address book do not add up; asked for again, they do
	RefreshLID  Action = "refresh-lid"  // Message: the acknowledgement, with Code the refusal, says that the LID of the recipient is to be asked for again
	NoDevices   Action = "no-devices"   // Usync: the recipient seems to have no devices
	NoPreKeys   Action = "no-prekeys"   // PreKeys: there are no keys for the recipient
	NoLID       Action = "no-lid"       // Usync: who asks for a number is told the number alone, without text; asking for hidden names still works
	NoNames     Action = "no-names"     // Usync: like NoLID, and nobody is told a hidden name
	Restrict    Action = "restrict"     // any of a linked client: from now on, for Expire, the number may not begin new chats; the stanza is then judged by that
	Ban         Action = "ban"          // any of a linked client: the stanza was never received, and the number is banned for Expire with BanCode
	BodyError   Action = "body-error"   // Query "w:mex": the answer comes, and what it says is error Code (and Text)
)

// Rule is a fault to cause: when On, Number, To and Query all match, the rule
// counts, and from the Nth match on it strikes, Limit times. Empty fields match
// everything.
type Rule struct {
	On     Kind   // empty: what a client says over its connection, that is Login, Message and Query
	Number string // our own number
	To     string // the number of the person it is about, for messages, receipts, Usync and PreKeys
	Query  string // the namespace of a query, like "privacy"

	Nth         int     // 1 and 0 are the first match
	Limit       int     // how many times it strikes; 0 is forever, but once for Restrict and Ban
	Probability float64 // of striking, decided from the seed; 0 is always

	Do       Action
	Code     int           // of Refuse and StreamError
	Text     string        // of Refuse, for a query; empty is the usual text for the code
	Conflict string        // of StreamError: "replaced", "device_removed"
	BanCode  int           // of Ban, and of Refuse with Code 402: why (101 to 106)
	Expire   time.Duration // of Restrict and Ban, and of Refuse with Code 402: for how long
	Delay    time.Duration // of Late
	Spread   time.Duration // of Late: up to this much later still, decided from the seed
	AtOnce   bool          // close the connection in the same instant as the last word, which a real network may do
}

// rule is a Rule at work.
type rule struct {
	Rule
	random  *rand.Rand
	matches int
	strikes int
}

// event is what a rule is matched with.
type event struct {
	kind   Kind
	number string
	to     []string
	query  string
}

// Fault causes a fault from now on. Rules are asked in the order in which they
// were given, and the first that strikes decides. The returned function takes
// the rule away.
func (s *Service) Fault(r Rule) (remove func()) {
	r.Number, r.To = digits(r.Number), digits(r.To)
	if r.Limit == 0 && (r.Do == Restrict || r.Do == Ban) {
		r.Limit = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := &rule{Rule: r, random: rand.New(rand.NewPCG(s.cfg.Seed, uint64(len(s.rules))))}
	s.rules = append(s.rules, at)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.rules = slices.DeleteFunc(s.rules, func(x *rule) bool { return x == at })
	}
}

// Faults lists the rules that may still strike, in the order in which they were
// given.
func (s *Service) Faults() (rules []Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rules {
		if r.Limit == 0 || r.strikes < r.Limit {
			rules = append(rules, r.Rule)
		}
	}
	return rules
}

// ClearFaults takes all rules away.
func (s *Service) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}

// judge returns the rule that strikes, as it does this time, or nil. The lock
// must be held.
func (s *Service) judge(e event) *Rule {
	for _, r := range s.rules {
		if !r.match(e) {
			continue
		}
		r.matches++
		if r.matches < r.Nth || r.Limit > 0 && r.strikes >= r.Limit {
			continue
		}
		if r.Probability > 0 && r.random.Float64() >= r.Probability {
			continue
		}
		r.strikes++
		struck := r.Rule
		if r.Spread > 0 {
			struck.Delay += time.Duration(r.random.Int64N(int64(r.Spread)))
		}
		return &struck
	}
	return nil
}

func (r *rule) match(e event) bool {
	query := e.kind == Query || e.kind == Usync || e.kind == PreKeys || e.kind == Ping
	switch r.On {
	case "":
		if !query && e.kind != Login && e.kind != Message {
			return false
		}
	case Query:
		if !query {
			return false
		}
	case e.kind:
	default:
		return false
	}
	return (r.Number == "" || r.Number == e.number) &&
		(r.To == "" || slices.Contains(e.to, r.To)) &&
		(r.Query == "" || r.Query == e.query)
}

// usualText is the text that goes with an error code in the answer to a query;
// clients compare both.
func usualText(code int) string {
	switch code {
	case 400:
		return "bad-request"
	case 401:
		return "not-authorized"
	case 403:
		return "forbidden"
	case 404:
		return "item-not-found"
	case 405:
		return "not-allowed"
	case 406:
		return "not-acceptable"
	case 410:
		return "gone"
	case 419:
		return "resource-limit"
	case 429:
		return "rate-overlimit"
	case 503:
		return "service-unavailable"
	}
	return "internal-server-error"
}
