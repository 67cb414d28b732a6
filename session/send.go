package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

const (
	ackTimeout  = 30 * time.Second // for the service's word on a message
	ackGrace    = 2 * time.Second  // for that word once a receipt has proved the message
	sendTimeout = 45 * time.Second // for all that a send needs to ask, and that word
	askTimeout  = 30 * time.Second // for one question about phones
	askAtOnce   = 20               // phones in one question
	slowPause   = 15 * time.Minute // after the service's first wish to be asked less
)

// sender is a number as its lane sees it.
type sender struct {
	pool *Pool
	id   campaign.NumberID
}

// NewID chooses a message id as the library does. It is called while the book
// is being written, so it must not read it.
func (s sender) NewID() campaign.MessageID {
	if n := s.pool.known(s.id); n != nil {
		if c := n.look().client; c != nil {
			return campaign.MessageID(c.cli.GenerateMessageID())
		}
	}
	var none *whatsmeow.Client
	return campaign.MessageID(none.GenerateMessageID())
}

// Ready says whether the number may send.
func (s sender) Ready() campaign.Readiness {
	n, err := s.pool.number(s.id)
	if err != nil {
		return campaign.Readiness{Hold: campaign.Hold{Reason: reason.HoldOffline}}
	}
	v, now := n.look(), s.pool.clock.Now()
	r := campaign.Readiness{Link: v.number.Link}
	if !v.synced.IsZero() {
		r.Since = v.clock.At(v.synced)
	}
	switch {
	case s.pool.devices.Err() != nil:
		r.Hold = campaign.Hold{Reason: reason.HoldDisk}
	case v.state == campaign.Banned && v.until.After(now):
		r.Hold = campaign.Hold{Reason: reason.HoldOffline, Until: v.until}
	case v.client == nil || !v.login || !v.lively:
		r.Hold = campaign.Hold{Reason: reason.HoldOffline}
	case v.synced.IsZero():
		r.Hold = campaign.Hold{Reason: reason.HoldSyncing}
	case v.slow.After(time.Now()):
		r.Hold = campaign.Hold{Reason: reason.HoldRateLimit, Until: v.clock.At(v.slow)}
	case v.reading.After(time.Now()):
		r.Hold = campaign.Hold{Reason: reason.HoldReading, Until: v.clock.At(v.reading)}
	default:
		if r.Hold = s.pool.backlog.hold(time.Now()); r.Hold.Reason != "" {
			r.Hold.Until = v.clock.At(r.Hold.Until)
		}
	}
	r.NewChats = v.newChats(now)
	return r
}

// Check asks the service about phones, twenty at a time, and fetches the
// devices of those it knows, so that a send need not ask again.
func (s sender) Check(ctx context.Context, phones []people.Phone) ([]people.Answer, error) {
	n, err := s.pool.number(s.id)
	if err != nil {
		return nil, err
	}
	c := n.look().client
	if c == nil {
		return nil, fmt.Errorf("ask about phones: %w", whatsmeow.ErrNotConnected)
	}
	var answers []people.Answer
	for len(phones) > 0 {
		some := phones[:min(len(phones), askAtOnce)]
		phones = phones[len(some):]
		got, err := c.check(ctx, some)
		if err != nil {
			return nil, fmt.Errorf("ask about phones: %w", err)
		}
		answers = append(answers, got...)
	}
	return answers, nil
}

func (c *client) check(ctx context.Context, phones []people.Phone) ([]people.Answer, error) {
	ask := make(map[string]people.Phone, len(phones))
	queries := make([]string, len(phones))
	for i, phone := range phones {
		queries[i] = string(phone)
		ask[strings.TrimPrefix(string(phone), "+")] = phone
	}
	if err := c.line(); err != nil {
		return nil, err
	}
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	list, err := c.cli.IsOnWhatsApp(asking, queries)
	switch {
	case errors.Is(err, whatsmeow.ErrIQRateOverLimit):
		return nil, campaign.ErrRateLimit
	case err != nil && list == nil:
		return nil, err
	}
	var answers []people.Answer
	for _, one := range list {
		asked, ok := ask[strings.TrimPrefix(one.Query, "+")]
		if !ok {
			asked, ok = askedFor(phones, one)
		}
		if ok {
			answers = append(answers, answerOf(asked, one))
		}
	}
	if err := c.findLIDs(ctx, answers); errors.Is(err, whatsmeow.ErrIQRateOverLimit) {
		return nil, campaign.ErrRateLimit
	} else if err != nil {
		c.number.log.Debug("fetch LIDs", "err", err)
	}
	var accounts []types.JID
	for _, answer := range answers {
		if answer.LID != "" {
			accounts = append(accounts, types.NewJID(answer.LID, types.HiddenUserServer))
		}
	}
	if len(accounts) > 0 && c.line() == nil {
		fetching, cancel := context.WithTimeout(ctx, askTimeout)
		defer cancel()
		// Only a head start: a send asks again for what is missing.
		if _, err := c.cli.GetUserDevices(fetching, accounts); err != nil {
			c.number.log.Debug("fetch devices", "err", err)
		}
	}
	return answers, nil
}

// askedFor is the phone that an answer is about that does not repeat the
// question: the one whose account it names.
func askedFor(phones []people.Phone, one types.IsOnWhatsAppResponse) (people.Phone, bool) {
	for _, jid := range []types.JID{one.PhoneNumber, one.JID} {
		named := phoneOf(jid)
		if named == "" {
			continue
		}
		if slices.Contains(phones, named) {
			return named, true
		}
		for _, phone := range phones {
			if phone.Key() == named.Key() {
				return phone, true
			}
		}
	}
	return "", false
}

func answerOf(asked people.Phone, one types.IsOnWhatsAppResponse) people.Answer {
	answer := people.Answer{Asked: asked, Presence: people.NotOnWhatsApp}
	if !one.IsIn {
		return answer
	}
	answer.Presence = people.OnWhatsApp
	answer.Phone = phoneOf(one.PhoneNumber)
	if answer.Phone == "" {
		answer.Phone = phoneOf(one.JID)
	}
	if one.JID.Server == types.HiddenUserServer {
		answer.LID = one.JID.User
	}
	if one.VerifiedName != nil {
		answer.Business = one.VerifiedName.Details.GetVerifiedName()
	}
	return answer
}

// findLIDs asks for the LIDs of accounts that the service answered with their
// numbers alone. A send needs them, and they tell who is one person.
func (c *client) findLIDs(ctx context.Context, answers []people.Answer) error {
	var numbers []types.JID
	for _, a := range answers {
		if a.Presence == people.OnWhatsApp && a.LID == "" && a.Phone != "" {
			numbers = append(numbers, addressOf(a.Phone))
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	if err := c.line(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	infos, err := c.cli.GetUserInfo(ctx, numbers)
	for i := range answers {
		if a := &answers[i]; a.LID == "" && a.Phone != "" {
			a.LID = infos[addressOf(a.Phone)].LID.User
		}
	}
	return err
}

// addressOf is the address of a phone's account.
func addressOf(phone people.Phone) types.JID {
	return types.NewJID(strings.TrimPrefix(string(phone), "+"), types.DefaultUserServer)
}

// flight is the message on the wire.
type flight struct {
	id     campaign.MessageID
	proof  types.ReceiptType
	proved bool
	land   func() // stops waiting soon
}

// Send sends one message and waits for the service's word.
func (s sender) Send(ctx context.Context, d campaign.Delivery) campaign.Outcome {
	n, err := s.pool.number(s.id)
	if err != nil {
		return campaign.Outcome{Kind: campaign.NotSent, Reason: causeOf(err)}
	}
	v := n.look()
	if v.client == nil || !v.login {
		return campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.HoldOffline)}
	}
	if d.Link != 0 && d.Link != v.number.Link {
		return campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.DeliveryUnlinked)}
	}
	if d.LID == "" { // the library would choose a LID that the book has not seen
		return n.lookUp(v.client, d, campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.DeliveryNoKeys)})
	}
	to := types.NewJID(d.LID, types.HiddenUserServer)
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	defer context.AfterFunc(v.client.ctx, cancel)()
	f := &flight{id: d.Message, land: func() { time.AfterFunc(ackGrace, cancel) }}
	n.fly(f)
	defer n.fly(nil)
	answer, parts, err := v.client.send(ctx, to, d)
	reached := parts.reach([]string{d.LID}, v.client.jid.User, v.client.lid)
	o := n.outcome(f, reached, err)
	if reached && o.Code != 0 && answer.DebugTimings.Retry > 0 {
		// The line broke, and the library sent it again by the next connection: what
		// is refused there may have been taken before.
		o = campaign.Outcome{Kind: campaign.Unknown, Reason: o.Reason}
	}
	refresh := v.client.refresh.Swap("") == string(d.Message)
	switch {
	case refresh && o.Kind == campaign.Accepted: // they have it; who comes next under this phone is another matter
		v.client.jobs.put(func() { v.client.learn(d.Phone) })
	case refresh && o.Kind == campaign.Refused, o.Code == addressGone, o.Reason.Code == reason.DeliveryNoKeys && v.client.deviceless(ctx, to):
		return n.lookUp(v.client, d, o)
	}
	if o.Kind == campaign.Accepted {
		n.mu.Lock()
		n.view.served, n.view.slowed = true, 0
		n.mu.Unlock()
	}
	// Counted before the next one is claimed, and once: what may have left may
	// have opened a chat. What was refused has not.
	if d.New && d.Revokes == "" && (o.Kind == campaign.Accepted || o.Kind == campaign.Unknown && d.Doubts == 0) {
		err := n.do(func() error {
			n.began(o.Kind == campaign.Accepted, d.Doubts == 0)
			return nil
		})
		if err != nil {
			n.log.Error("count a new chat", "err", err)
		}
	}
	return o
}

// fly notes which message is on the wire.
func (n *number) fly(f *flight) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.view.flight = f
}

// moves is how often a send begins again because incoming messages moved the
// sessions on.
const moves = 5

// send hands a message to the library.
func (c *client) send(ctx context.Context, to types.JID, d campaign.Delivery) (answer whatsmeow.SendResponse, p *parts, err error) {
	for range moves {
		var noting context.Context
		noting, p = noteParts(ctx)
		if err = c.line(); err != nil {
			break
		}
		// The library keeps the message to answer who could not read it, so each
		// try has one of its own.
		var message *waE2E.Message
		if message, err = messageOf(d); err != nil {
			break
		}
		begun := time.Now()
		answer, err = c.cli.SendMessage(noting, to, message, whatsmeow.SendRequestExtra{ID: string(d.Message), Timeout: ackTimeout})
		if err == nil {
			c.number.told(answer.Timestamp, begun, time.Now())
		}
		if !errors.Is(err, errMoved) {
			break
		}
		c.number.log.Debug("send again", "message", d.Message, "err", err)
	}
	return answer, p, err
}

// lookUp asks again about the phone of a message whose address was no good, once,
// whatever was known before: what the outcome says of an address, it does not say
// of the person. The book decides what follows.
func (n *number) lookUp(c *client, d campaign.Delivery, o campaign.Outcome) campaign.Outcome {
	if d.Phone == "" || d.Redirected && d.LID != "" {
		return o
	}
	ctx, cancel := context.WithTimeout(c.ctx, askTimeout)
	defer cancel()
	answers, err := campaign.CheckPhones(ctx, c.check, []people.Phone{d.Phone})
	switch {
	case errors.Is(err, campaign.ErrRateLimit):
		n.slowDown()
		return campaign.Outcome{Kind: campaign.NotSent, Code: 429, Reason: reason.New(refusals[429])}
	case err != nil:
		n.log.Warn("ask again about a phone", "message", d.Message, "err", mask(err.Error()))
		return campaign.Outcome{Kind: campaign.NotSent, Code: o.Code, Reason: causeOf(err)}
	case len(answers) == 0:
		return campaign.Outcome{Kind: campaign.NotSent, Code: o.Code, Reason: reason.New(reason.DeliveryNoAnswer)}
	}
	return campaign.Outcome{Kind: campaign.Misled, Code: o.Code, Reason: o.Reason, Answer: answers[0]}
}

// learn asks again whose a phone is and tells the book.
func (c *client) learn(phone people.Phone) {
	ctx, cancel := context.WithTimeout(c.ctx, askTimeout)
	defer cancel()
	phones := []people.Phone{phone}
	answers, err := campaign.CheckPhones(ctx, c.check, phones)
	switch {
	case errors.Is(err, campaign.ErrRateLimit):
		c.number.slowDown()
	case err != nil:
		c.number.log.Warn("ask again about a phone", "err", mask(err.Error()))
	default:
		if err := c.number.pool.book.Answered(c.number.id, phones, answers, c.number.pool.clock.Now()); err != nil {
			c.number.log.Error("write down whose a phone is", "err", err)
		}
	}
}

// deviceless reports whether the service lists no device of an account. An empty
// list is not kept by the library: it is asked for again.
func (c *client) deviceless(ctx context.Context, account types.JID) bool {
	if c.line() != nil {
		return false
	}
	devices, err := c.cli.GetUserDevices(ctx, []types.JID{account})
	return err == nil && len(devices) == 0
}

// outcome says what became of a send. reached: a part for the recipient has
// been encrypted, so it may have left.
func (n *number) outcome(f *flight, reached bool, err error) campaign.Outcome {
	n.mu.Lock()
	proof, proved := f.proof, f.proved
	n.mu.Unlock()
	switch {
	case proved && (reached || proof != types.ReceiptTypeSender):
		return campaign.Outcome{Kind: campaign.Accepted}
	case err == nil && reached:
		return campaign.Outcome{Kind: campaign.Accepted}
	case err == nil || proved:
		return campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.DeliveryNoKeys)}
	}
	n.log.Warn("send", "message", f.id, "err", mask(err.Error()))
	switch {
	case errors.Is(err, whatsmeow.ErrServerReturnedError):
		return n.refused(serverCode(err))
	case errors.Is(err, whatsmeow.ErrIQRateOverLimit):
		n.slowDown()
		return campaign.Outcome{Kind: campaign.NotSent, Code: 429, Reason: reason.New(refusals[429])}
	case errors.Is(err, whatsmeow.ErrNotConnected) && (!reached || strings.HasPrefix(err.Error(), "failed to send message node")):
		return campaign.Outcome{Kind: campaign.NotSent, Reason: reason.New(reason.HoldOffline)}
	case !reached:
		return campaign.Outcome{Kind: campaign.NotSent, Reason: causeOf(err)}
	}
	return campaign.Outcome{Kind: campaign.Unknown, Reason: reason.New(reason.DeliveryNoAnswer)}
}

var trailingCode = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(\d+)$`) })

// serverCode is the code of a refusal, which the library only writes at the
// end of its text.
func serverCode(err error) int {
	code, _ := strconv.Atoi(trailingCode().FindString(err.Error()))
	return code
}

// addressGone refuses a message because there is no account at its address.
const addressGone = 404

// The codes that refuse a new chat.
const (
	refusedNewChat = 463
	refusedQuota   = 475
)

// refusals are what the codes of a refused message mean, as far as is known.
var refusals = map[int]reason.Code{
	400: reason.RefusedText,
	403: reason.RefusedPerson,
	404: reason.DeliveryNoAddress,
	429: reason.HoldRateLimit,
	463: reason.RefusedStrangers,
	475: reason.RefusedQuota,
	479: reason.RefusedForm,
	503: reason.RefusedForNow,
}

// refused is the outcome of a code, and what it means for the number.
func (n *number) refused(code int) campaign.Outcome {
	o := campaign.Outcome{Kind: campaign.Refused, Code: code, Reason: reason.New(cmp.Or(refusals[code], reason.Refused))}
	switch code {
	case 503:
		o.Kind = campaign.NotSent
	case 429:
		n.slowDown()
	case refusedNewChat, refusedQuota:
		if err := n.do(func() error { n.closed(code); return nil }); err != nil {
			n.log.Error("close new chats", "err", err)
		}
	}
	return o
}

// slowDown makes the number send nothing for a while, twice as long each time
// until a message is accepted. A restart does not shorten it.
func (n *number) slowDown() {
	var until time.Time
	n.show(func(v *view) {
		until = time.Now().Add(min(slowPause<<min(v.slowed, 16), campaign.LongestSlow))
		v.slow, v.slowed = until, v.slowed+1
	})
	if err := n.pool.book.Slow(n.id, reason.HoldRateLimit, n.pool.clock.At(until)); err != nil {
		n.log.Error("write down the wish to slow down", "err", err)
	}
}
