package simulator

import (
	"time"
)

// standing is what the service thinks of one of our numbers. The service's lock
// guards it.
type standing struct {
	restricted time.Time // may not begin new chats until then
	banned     time.Time // may not log in until then
	banCode    int       // why
	quota      quota
	begun      map[string]bool // the LIDs that it has written to first
}

// quota is how many chats a number may begin in a time. The zero quota is no
// limit.
type quota struct {
	total, used  int
	begins, ends time.Time
}

// The codes that refuse a message that would begin a new chat.
const (
	restrictedCode = 463 // the account is restricted
	cappedCode     = 475 // it has begun as many as it may
)

// month is how long a quota's time is that was given without one.
const month = 30 * 24 * time.Hour

// status is the word for how much of a quota is used. Where the warnings begin
// on the real service is not known.
func (q quota) status() string {
	switch {
	case q.total <= 0:
		return "NONE"
	case q.used >= q.total:
		return "CAPPED"
	case q.used*10 >= q.total*9:
		return "SECOND_WARNING"
	case q.used*2 >= q.total:
		return "FIRST_WARNING"
	}
	return "NONE"
}

// newChat reports whether a message to an account would begin a chat: neither
// of the two has written to the other.
func (a *account) newChat(lid string) bool { return !a.wrote[lid] && !a.begun[lid] }

// objection returns the code with which the service refuses a message to an
// account, or 0.
func (a *account) objection(lid string) int {
	switch {
	case a.wrote[lid]:
		return 0
	case a.restricted.After(time.Now()):
		return restrictedCode
	case a.newChat(lid) && a.quota.total > 0 && a.quota.used >= a.quota.total:
		return cappedCode
	}
	return 0
}

// begins notes that a message to an account was accepted.
func (a *account) begins(lid string) {
	if !a.newChat(lid) {
		return
	}
	a.begun[lid] = true
	if a.quota.total <= 0 {
		return
	}
	before := a.quota.status()
	a.quota.used++
	if a.quota.status() != before {
		a.tellCapping()
	}
}

// Restrict forbids the number to begin new chats until the given time and tells
// its clients; a time that is past lifts the restriction. Messages to people who
// never wrote to the number are then refused with error 463.
func (o Own) Restrict(until time.Time) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.a.restrict(until)
}

func (a *account) restrict(until time.Time) {
	a.restricted = until
	a.tellReachout()
}

// Ban keeps the number out until the given time: its connections break, and
// logins are refused with failure 402, the given code (101 to 106) and the
// seconds that are left. A time that is past lifts the ban.
func (o Own) Ban(until time.Time, code int) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.a.ban(until, code)
}

func (a *account) ban(until time.Time, code int) {
	a.banned, a.banCode = until, code
	if !until.After(time.Now()) {
		return
	}
	for _, c := range a.linked() {
		if c.link != nil {
			c.link.drop()
		}
	}
}

// Quota lets the number begin at most total new chats until cycleEnds, of which
// it has begun used, and tells its clients; then the count begins again for as
// long a time. A chat is new when neither side has written in it. Messages that
// would begin one too many are refused with error 475. The clients are told
// again whenever the number is warned or capped. A total of 0 is no limit, a
// cycleEnds that is past stands for 30 days from now.
func (o Own) Quota(total, used int, cycleEnds time.Time) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	now := time.Now()
	if !cycleEnds.After(now) {
		cycleEnds = now.Add(month)
	}
	o.a.setQuota(quota{total: max(total, 0), used: used, begins: now, ends: cycleEnds})
}

// setQuota begins a cycle, and the next one when that ends.
func (a *account) setQuota(q quota) {
	a.quota = q
	a.tellCapping()
	if q.total == 0 {
		return
	}
	length := q.ends.Sub(q.begins)
	a.phone.s.after(time.Until(q.ends), func() {
		if a.quota.begins.Equal(q.begins) && a.quota.ends.Equal(q.ends) { // no other was given since
			a.setQuota(quota{total: q.total, begins: q.ends, ends: q.ends.Add(length)})
		}
	})
}

// strike carries out a rule that changes what the number may do, and reports
// whether its connections are gone.
func (a *account) strike(r *Rule) (gone bool) {
	until := time.Now().Add(r.Expire)
	if r.Do == Restrict {
		a.restrict(until)
		return false
	}
	a.ban(until, r.BanCode)
	return true
}
