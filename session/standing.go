package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/types/events"

	"recado/campaign"
	"recado/campaign/reason"
)

// How a number stands with the service: whether it may write to people who
// have never written to it, and to how many. The service tells of a
// restriction by itself, and answers when it is asked; its quota of new chats
// it only tells when it is asked. What it does not say is not known, and never
// taken for a yes.

const (
	lockUnknown     = 24 * time.Hour       // new chats stay closed for when the service does not say
	lockLongest     = 366 * 24 * time.Hour // and for no longer, whatever it says
	standingPause   = 10 * time.Minute     // between two questions, unless a message was refused
	lookSoon        = 2 * time.Second      // after coming online, and up to twice that: numbers do not ask in step
	lookEvery       = 6 * time.Hour
	askStanding     = 30 * time.Second // for one answer
	maxChatsRefused = 2                // new chats refused in a row without a restriction
)

// newChats says what keeps the number from opening new chats.
func (v view) newChats(now time.Time) (hold campaign.Hold) {
	if v.lock.After(now) {
		hold = campaign.Hold{Reason: reason.HoldNewChats, Until: v.lock}
	}
	if q := v.number.Quota; q.Spent(now) && (q.Until.After(hold.Until) || q.Until.IsZero()) {
		hold = campaign.Hold{Reason: reason.HoldQuota, Until: q.Until}
	}
	return hold
}

// lookAfter sees how the number stands, and whether its phone is alive; again
// every few hours for as long as it is online.
func (n *number) lookAfter() {
	v := n.look()
	if n.phase != open || v.synced.IsZero() {
		return
	}
	n.in(alarmLook, lookEvery)
	// Not before: with a new link the library asks for the same itself, and lets
	// nobody else ask meanwhile.
	if c := n.client; c != nil && !n.look().contacts {
		c.jobs.put(c.fetchMissing)
	}
	if c := n.client; c != nil {
		n.pool.wg.Go(func() { n.guard(c.fetchBlocked) }) // ends with the client, or after a few answers
	}
	n.pingPhone(v.number)
	if time.Since(n.asked) >= standingPause {
		n.askStanding()
	}
}

// askStanding asks the service what the number may do. What it answers to a
// question from before a refusal, or before its own word, comes too late: it
// would open new chats that have been closed since.
func (n *number) askStanding() {
	c := n.client
	if c == nil {
		return
	}
	n.asked = time.Now()
	n.question++
	question := n.question
	n.pool.wg.Go(func() { // ends with the client, or after askStanding for each
		n.guard(func() {
			lock, lockErr := c.timelock()
			quota, quotaErr := c.quota()
			if err := errors.Join(lockErr, quotaErr); err != nil {
				n.log.Debug("ask how the number stands", "err", err)
			}
			n.post(func() {
				if n.client != c || n.question != question {
					return
				}
				if quotaErr == nil {
					n.toldQuota(quota)
				}
				if lockErr == nil && n.overtaken != question {
					n.toldLock(lock)
				}
			})
		})
	})
}

// toldLock takes the service's answer. That it knows of no restriction opens
// new chats again, unless it goes on refusing them.
func (n *number) toldLock(lock timelock) {
	switch v := n.look(); {
	case *lock.Active:
		n.restrict(lock.until(n.pool.clock.Now()))
	case v.lock.After(v.clock.Now()) && n.chatsRefused < maxChatsRefused && !v.number.Quota.Spent(v.clock.Now()):
		n.lift()
	}
}

func (n *number) toldQuota(q campaign.Quota) {
	if q == n.look().number.Quota {
		return
	}
	if err := n.pool.book.SetQuota(n.id, q); err != nil {
		n.log.Error("write down the quota of new chats", "err", err)
	}
	n.show(func(v *view) { v.number.Quota = q })
}

// began counts a new chat that the service has let the number open, or may
// have: first says that it has not been counted yet, with an earlier try of the
// same message.
func (n *number) began(accepted, first bool) {
	if accepted {
		n.chatsRefused = 0
	}
	if q := n.look().number.Quota; first && q.Current(n.pool.clock.Now()) && q.Total >= 0 {
		q.Used++
		n.toldQuota(q)
	}
}

// closed is called when the service refused a new chat: 463, which says
// either that the number is restricted or that this one chat may not be
// opened, or 475, which says that the quota is used up. Trying again would
// count as one more new chat, so none is opened before the service has said
// which it is.
func (n *number) closed(code int) {
	now := n.pool.clock.Now()
	q := n.look().number.Quota
	switch {
	case code == refusedQuota && q.Current(now) && !q.Until.IsZero():
		q.Total, q.Used = max(q.Total, 0), max(q.Used, q.Total, 0)
		n.toldQuota(q)
	default:
		if code == refusedNewChat {
			n.chatsRefused++
		} else {
			n.chatsRefused = maxChatsRefused // that there is no restriction does not open them again
		}
		until := now.Add(lockUnknown)
		if lock := n.look().lock; lock.After(until) {
			until = lock
		}
		n.restrict(until)
	}
	n.askStanding()
}

// restrict closes new chats until then.
func (n *number) restrict(until time.Time) {
	n.show(func(v *view) { v.lock = until })
	n.alarms[alarmLift] = until
	n.keep(standing(until, n.pool.clock.Now()))
}

// lift opens new chats again.
func (n *number) lift() {
	n.silence(alarmLift)
	n.show(func(v *view) { v.lock = time.Time{} })
	if n.look().number.Standing.State == campaign.Restricted {
		n.keep(standing(time.Time{}, n.pool.clock.Now()))
	}
}

// redate mends a standing from the book that begins in the future: our clock
// was wrong. What lasts for a time from its beginning, a ban and a restriction
// of which the service told no end, begins now.
func (n *number) redate() {
	v := n.look()
	s, now := v.number.Standing, v.clock.Now()
	lasts := s.Until.Sub(s.Since)
	if s.Until.IsZero() || s.Since.Sub(now) <= skewAllowed {
		return
	}
	switch {
	case s.State == campaign.Banned:
		n.show(func(v *view) { v.since, v.until = now, now.Add(lasts) })
	case s.State == campaign.Restricted && lasts <= lockUnknown:
		n.show(func(v *view) { v.lock = now.Add(lasts) })
	default:
		return
	}
	s.Since, s.Until, s.Closed = now, now.Add(lasts), time.Time{}
	n.keep(s)
}

// stillClosed adds to a standing until when new chats are closed: no other trouble
// of the number, and no new link, opens them.
func (n *number) stillClosed(s campaign.Standing) campaign.Standing {
	if lock := n.look().lock; lock.After(n.pool.clock.Now()) {
		s.Closed, s.Refused = lock, n.chatsRefused
	}
	return s
}

// standing is that of a number that is online and may not open new chats
// before lock.
func standing(lock, now time.Time) campaign.Standing {
	if lock.After(now) {
		return campaign.Standing{State: campaign.Restricted, Since: now, Until: lock, Reason: reason.New(reason.NumberRestricted)}
	}
	return campaign.Standing{State: campaign.Online, Since: now}
}

// timelockEvent is the service's own word that new chats are closed, or open
// again.
func (n *number) timelockEvent(e *events.NotifyAccountReachoutTimelock) {
	n.overtaken = n.question
	if !e.IsActive {
		n.lift()
		return
	}
	n.restrict(timelock{Ends: number64(e.TimeEnforcementEnds.Unix())}.until(n.pool.clock.Now()))
}

// The two questions, by the ids under which the service keeps them. They may
// change with any version of its client: an answer that makes no sense is no
// answer.
const (
	timelockQuery = "23983697327930364"
	quotaQuery    = "27910975521856601"
)

// timelock is the answer to the first.
type timelock struct {
	Active *bool    `json:"is_active"`             // nil: not told
	Ends   number64 `json:"time_enforcement_ends"` // Unix seconds; 0: not told
}

// until is the end of an active restriction.
func (t timelock) until(now time.Time) time.Time {
	if ends := t.Ends.moment(); ends.After(now) {
		if most := now.Add(lockLongest); ends.After(most) {
			return most
		}
		return ends
	}
	return now.Add(lockUnknown)
}

// capping is the answer to the second.
type capping struct {
	Status string    `json:"capping_status"` // "CAPPED": no more in this cycle
	Total  *number64 `json:"total_quota"`    // -1: no quota; nil: not told
	Used   number64  `json:"used_quota"`
	Ends   number64  `json:"cycle_end_timestamp"` // Unix seconds
}

func (c capping) quota() campaign.Quota {
	q := campaign.Quota{Known: true, Total: int(*c.Total), Used: int(c.Used), Until: c.Ends.moment()}
	if c.Status == "CAPPED" {
		q.Total, q.Used = max(q.Total, 0), max(q.Used, q.Total, 0)
	}
	return q
}

// number64 is a number that the service writes with or without quotes.
type number64 int64

// UnmarshalJSON reads either.
func (n *number64) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if text == "null" || text == "" {
		*n = 0
		return nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	*n = number64(v)
	return err
}

// moment is that second; zero if there is none, or none that can be written.
func (n number64) moment() time.Time {
	const lastYear = 253402300799 // its end: 9999-12-31
	if n <= 0 || n > lastYear {
		return time.Time{}
	}
	return time.Unix(int64(n), 0)
}

func (c *client) timelock() (t timelock, err error) {
	var answer struct {
		Lock timelock `json:"xwa2_fetch_account_reachout_timelock"`
	}
	if err := c.mex(timelockQuery, map[string]any{}, &answer); err != nil {
		return t, fmt.Errorf("ask for a restriction: %w", err)
	}
	if answer.Lock.Active == nil {
		return t, errors.New("ask for a restriction: no answer in the answer")
	}
	return answer.Lock, nil
}

func (c *client) quota() (q campaign.Quota, err error) {
	var answer struct {
		Capping capping `json:"xwa2_message_capping_info"`
	}
	variables := map[string]any{"input": map[string]any{"type": "INDIVIDUAL_NEW_CHAT_THREAD"}}
	if err := c.mex(quotaQuery, variables, &answer); err != nil {
		return q, fmt.Errorf("ask for the quota of new chats: %w", err)
	}
	if answer.Capping.Total == nil {
		return q, errors.New("ask for the quota of new chats: no answer in the answer")
	}
	return answer.Capping.quota(), nil
}

// mex asks one of the questions that the service answers in JSON.
func (c *client) mex(query string, variables, answer any) error {
	if err := c.line(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx, askStanding)
	defer cancel()
	//lint:ignore SA1019 the library has these questions nowhere else
	data, err := c.cli.DangerousInternals().SendMexIQ(ctx, query, variables)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, answer)
}
