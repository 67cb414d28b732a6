package simulator

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Person is one account of the simulated world, or one who has a phone and no
// account.
type Person struct {
	LID        string `json:"lid"`             // the service's hidden id, 15 digits, without server
	Phone      string `json:"phone"`           // the canonical number: digits with country code, no plus
	Alias      string `json:"alias,omitempty"` // the other ninth-digit spelling, which reaches them as well
	Name       string `json:"name"`            // as address books have them
	PushName   string `json:"push_name"`       // what they call themselves
	Username   string `json:"username,omitempty"`
	Hidden     bool   `json:"hidden,omitempty"` // who has not their number does not see it; see Service.Reveal
	Registered bool   `json:"registered"`       // false: the number is not on WhatsApp
}

// reaction is what a person does about one message. A zero duration means that
// they never do it.
type reaction struct {
	Delivered time.Duration // after the service accepted the message
	Read      time.Duration // after it was delivered
	Reply     time.Duration // after it was read
	Text      string        // what they answer
	OptsOut   bool          // Text asks to get no more
	Reveals   bool          // with it they show their number
}

// world is everybody who can be written to. Everything in it follows from the
// seed: two worlds with the same configuration are the same. It may be used
// from any goroutine.
type world struct {
	seed                    uint64
	reads, replies, optOuts float64

	reveals float64

	mu      sync.Mutex      // guards the maps; the people themselves never change
	seen    map[string]bool // LIDs of the hidden whose numbers are no longer
	all     []*Person
	byLIDs  map[string]*Person
	byPhone map[string]*Person // canonical numbers and aliases
	owns    map[string]*Person // accounts of phones that link companions, by number

	registered int // how many have come later
}

// newWorld makes the people. Of cfg.People, cfg.Aliases are known to the
// service by a number without the ninth digit and cfg.Hostile have names that
// mean harm; cfg.Unregistered more have a phone and no account.
func newWorld(cfg Config) *world {
	w := &world{
		seed:    cfg.Seed,
		reads:   cfg.Reads,
		replies: cfg.Replies,
		optOuts: cfg.OptOuts,
		reveals: cfg.Reveals,
		seen:    make(map[string]bool),
		byLIDs:  make(map[string]*Person),
		byPhone: make(map[string]*Person),
		owns:    make(map[string]*Person),
	}
	dice := w.dice("people")
	for i := range cfg.People + cfg.Unregistered {
		short := i < cfg.Aliases
		p := &Person{Registered: i < cfg.People}
		p.LID, p.Phone, p.Alias = w.freeNumber(dice, short)
		p.Name, p.PushName = someName(dice)
		if p.Registered && i >= cfg.People-cfg.Hostile {
			p.Name = hostileNames[i%len(hostileNames)]
			p.PushName = p.Name
		}
		w.add(p)
	}
	w.name(cfg)
	dice.Shuffle(len(w.all), func(i, j int) { w.all[i], w.all[j] = w.all[j], w.all[i] })
	return w
}

// name gives people usernames, and hides the numbers of some.
func (w *world) name(cfg Config) {
	dice := w.dice("usernames")
	named := 0
	for n, i := range dice.Perm(min(cfg.People, len(w.all))) {
		p := w.all[i]
		if n < cfg.Usernames {
			p.Username = someUsername(dice, p.Name, named)
			named++
		}
		p.Hidden = n < cfg.Hidden
	}
}

// hidden reports whether a person's number is seen by those alone who have it.
func (w *world) hidden(p *Person) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return p.Hidden && !w.seen[p.LID]
}

// reveal shows a person's number from now on.
func (w *world) reveal(p *Person) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[p.LID] = true
}

// dice returns a source of chance that depends on the seed and the labels
// alone.
func (w *world) dice(labels ...string) *rand.Rand {
	h := fnv.New64a()
	for _, l := range labels {
		h.Write([]byte(l))
		h.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(w.seed, h.Sum64()))
}

// add enters a person; the caller holds the lock or is alone.
func (w *world) add(p *Person) {
	w.all = append(w.all, p)
	w.enter(p)
}

func (w *world) enter(p *Person) {
	w.byPhone[p.Phone] = p
	if p.Alias != "" {
		w.byPhone[p.Alias] = p
	}
	w.byLIDs[p.LID] = p
}

// areas are area codes of Brazil, the populous ones more often. Those from 31
// on kept numbers without the ninth digit on the service.
var areas = []int{
	11, 11, 11, 11, 12, 13, 14, 15, 16, 17, 18, 19, 19, 21, 21, 21, 22, 24, 27, 28,
	31, 31, 31, 32, 33, 34, 35, 41, 41, 42, 43, 44, 47, 48, 48, 51, 51, 53, 54, 55,
	61, 61, 62, 63, 64, 65, 66, 67, 68, 69, 71, 71, 73, 75, 77, 79, 81, 81, 82, 83,
	84, 85, 85, 86, 87, 88, 89, 91, 92, 93, 94, 95, 96, 97, 98, 99,
}

// firstShort is where the area codes of 31 and up begin in areas.
const firstShort = 20

// freeNumber draws a LID and a mobile number that nobody has. A short one is
// canonical without the ninth digit.
func (w *world) freeNumber(dice *rand.Rand, short bool) (lid, phone, alias string) {
	for {
		lid = strconv.Itoa(100_000_000_000_000 + dice.IntN(170_000_000_000_000))
		area := areas[dice.IntN(len(areas))]
		if short {
			area = areas[firstShort+dice.IntN(len(areas)-firstShort)]
		}
		// Mobile numbers begin with 6 to 9 after the ninth digit.
		eight := 60_000_000 + dice.IntN(39_999_999)
		long := fmt.Sprintf("55%d9%08d", area, eight)
		phone, alias = long, otherSpelling(long)
		if short {
			phone, alias = alias, phone
		}
		if w.byLIDs[lid] == nil && w.byPhone[phone] == nil && w.byPhone[alias] == nil {
			return lid, phone, alias
		}
	}
}

// otherSpelling returns a Brazilian mobile number with the ninth digit added
// or taken away, or nothing.
func otherSpelling(phone string) string {
	switch {
	case !strings.HasPrefix(phone, "55"):
		return ""
	case len(phone) == 13 && phone[4] == '9' && phone[5] >= '6':
		return phone[:4] + phone[5:]
	case len(phone) == 12 && phone[4] >= '6':
		return phone[:4] + "9" + phone[4:]
	}
	return ""
}

// people lists everybody, accounts of linked phones not included, in an order
// that the seed decides.
func (w *world) people() []*Person {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.all)
}

// lid finds an account, a person's or an own one, by its hidden id.
func (w *world) lid(lid string) (*Person, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.byLIDs[lid]
	return p, ok
}

// phone finds who has a number, by either spelling, with or without a plus.
// Whether they are on the service is in Registered.
func (w *world) phone(number string) (*Person, bool) {
	number = strings.TrimPrefix(number, "+")
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.byPhone[number]
	return p, ok
}

// own returns the account of a phone that links companions, made when it is
// first asked for. An empty number stands for a new one.
func (w *world) own(number string) *Person {
	number = strings.TrimPrefix(number, "+")
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.owns[number]; p != nil {
		return p
	}
	if p := w.byPhone[number]; p != nil {
		return w.ownPerson(p, number)
	}
	n := strconv.Itoa(len(w.owns))
	dice := w.dice("own", n)
	p := &Person{Registered: true, Name: someShop(len(w.owns))}
	p.PushName = p.Name
	p.LID, p.Phone, p.Alias = w.freeNumber(dice, false)
	if number != "" {
		p.Phone, p.Alias = number, otherSpelling(number)
		if w.byPhone[p.Alias] != nil {
			p.Alias = ""
		}
	}
	w.owns[p.Phone] = p
	w.enter(p)
	return p
}

// ownPerson makes an own account of somebody in the world. A caller that holds
// the old record goes on reading that. The lock must be held.
func (w *world) ownPerson(p *Person, number string) *Person {
	if !p.Registered {
		at := slices.Index(w.all, p)
		joined := *p
		joined.Registered = true
		p = &joined
		w.all[at] = p
		w.enter(p)
	}
	w.owns[number] = p
	return p
}

// book is the address book of an own phone: four people in five, each phone
// with others.
func (w *world) book(own *Person) []*Person {
	return w.some("book", own, func(p *Person, dice *rand.Rand) bool { return dice.IntN(5) > 0 })
}

// chats are the people whose chats an own phone still has: one in three of
// those on the service.
func (w *world) chats(own *Person) []*Person {
	return w.some("chats", own, func(p *Person, dice *rand.Rand) bool { return p.Registered && dice.IntN(3) == 0 })
}

func (w *world) some(label string, own *Person, in func(*Person, *rand.Rand) bool) []*Person {
	dice := w.dice(label, own.LID)
	var out []*Person
	for _, p := range w.people() {
		if p != own && in(p, dice) {
			out = append(out, p)
		}
	}
	return out
}

// chatAge is how long ago a chat of an own phone was last used: up to 90 days.
func (w *world) chatAge(own, p *Person) time.Duration {
	return between(w.dice("chat age", own.LID, p.LID), time.Hour, 90*24*time.Hour)
}

// react says what a person does about the nth message (from 0) they get from a
// number. Who answers has read, whatever the rate of readers.
func (w *world) react(p *Person, own string, n int) reaction {
	dice := w.dice("react", p.LID, own, strconv.Itoa(n))
	r := reaction{Delivered: between(dice, 200*time.Millisecond, 3*time.Second)}
	reads := dice.Float64() < w.reads
	answer := dice.Float64()
	read := between(dice, 2*time.Second, 40*time.Second)
	reply := between(dice, 4*time.Second, 45*time.Second)
	text := dice.Uint32()
	switch {
	case answer < w.optOuts:
		r.OptsOut, r.Text = true, optOutTexts[text%uint32(len(optOutTexts))]
	case answer < w.optOuts+w.replies:
		r.Text = replyTexts[text%uint32(len(replyTexts))]
	}
	if r.Text != "" {
		r.Reply, reads = reply, true
	}
	if reads {
		r.Read = read
	}
	r.Reveals = r.Text != "" && w.reveals > 0 && w.dice("reveals", p.LID).Float64() < w.reveals
	return r
}

func between(dice *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(dice.Int64N(int64(high-low)))
}
