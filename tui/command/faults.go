package command

import (
	"slices"
	"strings"
	"sync"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session/simulator"
	"recado/tui"
)

// faults causes by hand what goes wrong in a demo.
type faults struct {
	service *simulator.Service

	mu    sync.Mutex
	going map[caused]ongoing
}

// caused is a fault of one number, or of all without a phone.
type caused struct {
	phone people.Phone
	fault tui.Fault
}

// ongoing is a fault that has not ended by itself yet.
type ongoing struct {
	until time.Time // zero: until it is ended by hand
	rules bool      // or until the service has no more rules of it
	end   func()
}

func newFaults(s *simulator.Service) *faults {
	return &faults{service: s, going: make(map[caused]ongoing)}
}

// The ends of the faults that have one.
const (
	restrictedFor = time.Hour
	bannedFor     = 10 * time.Minute
	cappedFor     = 24 * time.Hour
	lateBy        = 3 * time.Second
)

var errUnknownNumber = reason.Err(reason.DemoNoNumber)

// cause makes something go wrong, or ends it if it goes on already.
func (f *faults) cause(phone people.Phone, fault tui.Fault) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := keyOf(phone, fault)
	if now, ok := f.going[key]; ok && f.lasts(key, now) {
		now.end()
		delete(f.going, key)
		return nil
	}
	delete(f.going, key)
	begun, lasts, err := f.begin(key)
	if err == nil && lasts {
		f.going[key] = begun
	}
	return err
}

// keyOf leaves out the phone of what goes wrong for everybody.
func keyOf(phone people.Phone, fault tui.Fault) caused {
	if fault == tui.FaultService || fault == tui.FaultPasskey {
		phone = ""
	}
	return caused{phone, fault}
}

func (f *faults) begin(key caused) (o ongoing, lasts bool, err error) {
	s, now := f.service, time.Now()
	switch key.fault {
	case tui.FaultService:
		s.SetDown(true)
		return ongoing{end: func() { s.SetDown(false) }}, true, nil
	case tui.FaultPasskey:
		s.RequirePasskey(true)
		return ongoing{end: func() { s.RequirePasskey(false) }}, true, nil
	}
	own, ok := s.Own(string(key.phone))
	if !ok {
		return o, false, errUnknownNumber
	}
	switch key.fault {
	case tui.FaultDrop:
		own.Drop()
	case tui.FaultLogout:
		own.Logout()
	case tui.FaultOptOut:
		return o, false, f.optOut(key.phone)
	case tui.FaultPhone:
		own.SetPhone(false)
		return ongoing{end: func() { own.SetPhone(true) }}, true, nil
	case tui.FaultRestrict:
		own.Restrict(now.Add(restrictedFor))
		return ongoing{until: now.Add(restrictedFor), end: func() { own.Restrict(time.Time{}) }}, true, nil
	case tui.FaultBan:
		own.Ban(now.Add(bannedFor), 101)
		return ongoing{until: now.Add(bannedFor), end: func() { own.Ban(time.Time{}, 0) }}, true, nil
	case tui.FaultQuota:
		own.Quota(10, 10, now.Add(cappedFor))
		return ongoing{until: now.Add(cappedFor), end: func() { own.Quota(0, 0, time.Time{}) }}, true, nil
	default:
		return f.rule(key), true, nil
	}
	return o, false, nil
}

// rulesOf are the rules of a fault. What strikes once comes before what always
// strikes, or it would never be asked.
func rulesOf(key caused) []simulator.Rule {
	next := simulator.Rule{On: simulator.Message, Number: string(key.phone), Limit: 1}
	switch key.fault {
	case tui.FaultSilence:
		next.Do = simulator.Silence
	case tui.FaultRefuse:
		next.Do, next.Code = simulator.Refuse, 463
	case tui.FaultTooMany:
		next.Do, next.Code = simulator.Refuse, 429
	case tui.FaultCut:
		next.Do = simulator.DropAfter
	case tui.FaultLate:
		next.Do, next.Delay, next.Limit = simulator.Late, lateBy, 0
		query := next
		query.On = simulator.Query
		return []simulator.Rule{next, query}
	}
	return []simulator.Rule{next}
}

func (f *faults) rule(key caused) ongoing {
	var removes []func()
	add := func(key caused) {
		for _, r := range rulesOf(key) {
			removes = append(removes, f.service.Fault(r))
		}
	}
	late := caused{key.phone, tui.FaultLate}
	slow, isSlow := f.going[late]
	if isSlow {
		slow.end()
	}
	add(key)
	mine := removes
	if isSlow { // after the one that strikes once
		removes = nil
		add(late)
		f.going[late] = ongoing{rules: true, end: all(removes)}
	}
	return ongoing{rules: true, end: all(mine)}
}

func all(do []func()) func() {
	return func() {
		for _, f := range do {
			f()
		}
	}
}

// lasts reports whether a fault still goes on.
func (f *faults) lasts(key caused, o ongoing) bool {
	if !o.rules {
		return o.until.IsZero() || o.until.After(time.Now())
	}
	want := rulesOf(key)[0]
	return slices.ContainsFunc(f.service.Faults(), func(r simulator.Rule) bool {
		return strings.TrimPrefix(want.Number, "+") == r.Number && want.On == r.On && want.Do == r.Do && want.Code == r.Code
	})
}

// optOut has the person who received something last, and has not yet, answer
// SAIR.
func (f *faults) optOut(phone people.Phone) error {
	said := make(map[string]bool)
	for _, x := range f.service.Ledger().Said() {
		said[x.Person] = said[x.Person] || x.Text == "SAIR"
	}
	for _, x := range slices.Backward(f.service.Ledger().Seen()) {
		if number, err := people.ParsePhone(x.Number); err == nil && number.Key() == phone.Key() && !said[x.Person] {
			_, err := f.service.Say(x.Person, x.Number, "SAIR")
			return err
		}
	}
	return reason.Err(reason.DemoNobody)
}

// causing lists what goes on for a number.
func (f *faults) causing(phone people.Phone) (list []tui.Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, o := range f.going {
		switch {
		case !f.lasts(key, o):
			delete(f.going, key)
		case key.phone == "" || key.phone == phone:
			list = append(list, key.fault)
		}
	}
	return list
}

// mend ends everything.
func (f *faults) mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, o := range f.going {
		o.end()
		delete(f.going, key)
	}
	f.service.ClearFaults()
}
