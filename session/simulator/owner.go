package simulator

import (
	"fmt"
	"slices"
	"strconv"

	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"google.golang.org/protobuf/proto"
)

// ChangePhone lets a person, or one of our own numbers, go on with their account
// under another number, which nobody may have. The LID stays. A client that is
// linked to the account stays linked, and may log in with the number of before.
func (s *Service) ChangePhone(phone, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phoneOf(digits(phone))
	if p == nil {
		return fmt.Errorf("%s has no WhatsApp", phone)
	}
	who, err := s.world.change(p.who, digits(to))
	if err != nil {
		return err
	}
	if a := p.account; a != nil {
		delete(s.accounts, p.pn)
		s.accounts[who.Phone] = a
		a.before = append(a.before, p.pn)
	}
	p.who, p.pn = who, who.Phone
	if p.account != nil {
		p.account.tellNumber()
	}
	return nil
}

// Register opens a new account for a number, as a person does who gets it from the
// telephone company. Somebody who still has an account under it loses that:
// what is sent to their LID is refused with 404.
func (s *Service) Register(number string) (Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ownAccount(number) != nil {
		return Person{}, fmt.Errorf("%s is one of our numbers", number)
	}
	who, err := s.world.register(digits(number))
	if err != nil {
		return Person{}, err
	}
	out := *who
	out.Phone = e164(out.Phone)
	return out, nil
}

// tellNumber tells the clients of an own account under which number it is. The
// lock must be held.
func (a *account) tellNumber() {
	h := &waHistorySync.HistorySync{
		SyncType: waHistorySync.HistorySync_NON_BLOCKING_DATA.Enum(),
		PhoneNumberToLidMappings: []*waHistorySync.PhoneNumberToLIDMapping{{
			PnJID: proto.String(a.pnJID().String()), LidJID: proto.String(a.lidJID().String()),
		}},
	}
	for _, c := range a.linked() {
		a.phone.do(func() { a.tellPart(c, a.phone.s.packed(h)) })
	}
}

// change gives a person another number. A caller that holds the old record
// goes on reading that.
func (w *world) change(p *Person, to string) (*Person, error) {
	if len(to) < 8 || len(to) > 15 {
		return nil, fmt.Errorf("%q is not a phone number", to)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byPhone[to] != nil {
		return nil, fmt.Errorf("%s is somebody's", to)
	}
	w.leave(p)
	moved := *p
	moved.Phone, moved.Alias = to, w.freeAlias(to)
	if w.owns[p.Phone] == p {
		delete(w.owns, p.Phone)
		w.owns[to] = &moved
	}
	if at := slices.Index(w.all, p); at >= 0 {
		w.all[at] = &moved
	}
	w.enter(&moved)
	return &moved, nil
}

// register makes somebody new of whom a number is.
func (w *world) register(number string) (*Person, error) {
	if len(number) < 8 || len(number) > 15 {
		return nil, fmt.Errorf("%q is not a phone number", number)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if before := w.byPhone[number]; before != nil {
		w.leave(before)
		delete(w.byLIDs, before.LID)
		w.all = slices.DeleteFunc(w.all, func(p *Person) bool { return p == before })
	}
	w.registered++
	dice := w.dice("registered", strconv.Itoa(w.registered))
	p := &Person{Registered: true, Phone: number, Alias: w.freeAlias(number)}
	p.LID, _, _ = w.freeNumber(dice, false)
	p.Name, p.PushName = someName(dice)
	w.add(p)
	return p, nil
}

// leave takes a person's numbers away.
func (w *world) leave(p *Person) {
	delete(w.byPhone, p.Phone)
	delete(w.byPhone, p.Alias)
}

// freeAlias is the other spelling of a number, if it is nobody's.
func (w *world) freeAlias(number string) string {
	alias := otherSpelling(number)
	if w.byPhone[alias] != nil {
		return ""
	}
	return alias
}
