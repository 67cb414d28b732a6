package store

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// A validation asks the service whether the phones of many people are on WhatsApp.
// It is work of one number, done by its lane between messages: a few phones at a
// time with pauses, so many on a day and no more, and none any more once the service
// wants to be asked less. Who has been asked about lately is not asked about again.
// How far it is, and who is still to be asked about, is in the book, so that it goes
// on after a restart.

// The limits of a validation.
const (
	ValidatePerDay     = 500 // phones on a day, if nothing else is said
	ValidateMostPerDay = 1000

	validatePause = 20 * time.Second // between two questions, up to three times as long
)

// Validation is one of a number: the one that goes on, or else the last one.
type Validation struct {
	Number campaign.NumberID
	Filter string // of the people
	PerDay int

	Total  int // people to be asked about
	Known  int // more who were not, because the answer is known
	Done   int // of Total: Yes, No, and those about whom nothing was said or who are not to be asked about any more
	Yes    int
	No     int
	Status ValidationStatus
	Why    reason.Reason // of one that has stopped by itself
	Until  time.Time     // when the number may ask again; zero: nobody has said
	Begun  time.Time
	Ended  time.Time // zero: it goes on
	Next   time.Time // when it asks again
	Today  int       // how many phones it has asked about on Day
	Day    time.Time

	Audit uint64           `json:",omitempty"`
	At    people.ContactID // who comes next, or the next of them after these
	// Asked are the phones about which the service was asked last and has not
	// answered, of the people before AskedTo.
	Asked   []people.Phone   `json:",omitempty"`
	AskedTo people.ContactID `json:",omitempty"`
}

// ValidationStatus says whether a validation goes on.
type ValidationStatus string

// The statuses. They are written to disk.
const (
	Validating        ValidationStatus = "running"
	ValidationDone    ValidationStatus = "done"
	ValidationStopped ValidationStatus = "stopped" // the service wants to be asked less
	ValidationEnded   ValidationStatus = "cancelled"
)

// Validations lists the validation of each number that has, or had, one.
func (b *Book) Validations() (all []Validation, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		return validatingTable.ForEach(tx, func(_, v []byte) error {
			var one Validation
			if err := json.Unmarshal(v, &one); err != nil {
				return err
			}
			all = append(all, one)
			return nil
		})
	})
	return all, err
}

func validationTx(tx *bolt.Tx, number campaign.NumberID) (v Validation, ok bool, err error) {
	row := validatingTable.Get(tx, number)
	if row == nil {
		return v, false, nil
	}
	err = json.Unmarshal(row, &v)
	return v, err == nil, err
}

func putValidationTx(tx *bolt.Tx, v *Validation) error {
	row, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return validatingTable.Put(tx, v.Number, row)
}

// Validate begins a validation of the people that a filter chooses, by a number
// that asks about at most perDay phones on a day; 0: [ValidatePerDay]. It is an
// error if one of that number goes on, or if there is nobody to ask about. ctx ends the
// search for the people.
func (d *Desk) Validate(ctx context.Context, number campaign.NumberID, f people.Filter, perDay int) (v Validation, err error) {
	if !d.May(VerbValidate) {
		return v, ErrRole
	}
	if perDay == 0 {
		perDay = ValidatePerDay
	}
	if perDay < 1 || perDay > ValidateMostPerDay {
		return v, reason.Err(reason.ValidatePerDay, ValidateMostPerDay)
	}
	b := d.book
	now := b.clock.Now()
	v = Validation{Number: number, Filter: f.String(), PerDay: perDay, Status: Validating, Begun: now}
	var asked people.Set
	if err := b.awaitIndex(ctx); err != nil {
		return v, err
	}
	err = b.view(func(tx *bolt.Tx) error {
		barred := allBarredTx(tx)
		return b.matchTx(ctx, tx, f, func(c *people.Contact) {
			switch {
			case !validates(c, barred):
			case c.Checked(now):
				v.Known++
			default:
				asked.Add(c.ID)
			}
		})
	})
	if err != nil {
		return v, err
	}
	if v.Total = asked.Size(); v.Total == 0 {
		return v, reason.Because(ErrState, reason.ValidateNobody)
	}
	err = d.write(VerbValidate, func(tx *bolt.Tx, e *Entry) error {
		n, err := numberTx(tx, number)
		if err != nil {
			return err
		}
		if !n.Linked() {
			return reason.Because(ErrState, reason.ValidateUnlinked, n.Name)
		}
		if before, ok, err := validationTx(tx, number); err != nil {
			return err
		} else if ok && before.Status == Validating {
			return reason.Because(ErrState, reason.ValidateRuns, n.Name)
		}
		e.onNumber(&n)
		e.change("to", "", v.Filter)
		e.count("people", v.Total)
		e.Outcome, e.Ended = Asked, time.Time{}
		if err := addEntryTx(tx, e); err != nil {
			return err
		}
		v.Audit = e.ID
		part := uint32(0)
		for words := range slices.Chunk(asked, partWords) {
			if people.Set(words).Size() > 0 {
				row := make([]byte, 0, 8*partWords)
				for _, word := range words {
					row = binary.BigEndian.AppendUint64(row, word)
				}
				if err := toValidateTable.Put(tx, number, part, row); err != nil {
					return err
				}
			}
			part++
		}
		return putValidationTx(tx, &v)
	})
	return v, err
}

// validates reports whether it is asked about a person's phone at all.
func validates(c *people.Contact, barred barredAliases) bool {
	return checkAs(c) != "" && !c.OptedOut && barred.why(c) == ""
}

// StopValidation ends the validation of a number. What it has learnt stays.
func (d *Desk) StopValidation(number campaign.NumberID) error {
	return d.write(VerbValidateStop, func(tx *bolt.Tx, e *Entry) error {
		n, err := numberTx(tx, number)
		if err != nil {
			return err
		}
		v, ok, err := validationTx(tx, number)
		if err != nil {
			return err
		}
		if !ok || v.Status != Validating {
			return reason.Because(ErrState, reason.ValidateNone, n.Name)
		}
		e.onNumber(&n)
		return d.book.endValidationTx(tx, &v, ValidationEnded, reason.Reason{}, time.Time{})
	})
}

// endValidationTx ends a validation, and forgets who was still to be asked about.
func (b *Book) endValidationTx(tx *bolt.Tx, v *Validation, s ValidationStatus, why reason.Reason, until time.Time) error {
	for _, k := range toValidateTable.Keys(tx, toValidateTable.Of(v.Number), 1<<20) {
		if err := toValidateTable.DeleteAt(tx, k); err != nil {
			return err
		}
	}
	v.Status, v.Why, v.Until, v.Ended, v.Next, v.Asked = s, why, until, b.clock.Now(), time.Time{}, nil
	err := b.closeEntryTx(tx, v.Audit, func(e *Entry) {
		e.count("on_whatsapp", v.Yes)
		e.count("not_on_whatsapp", v.No)
		if s == ValidationStopped {
			e.fail(why)
		}
	})
	if err != nil {
		return err
	}
	return putValidationTx(tx, v)
}

// planValidationTx is what a number that has nothing else to do does for its
// validation: it asks about some phones, or waits until it may.
func (b *Book) planValidationTx(tx *bolt.Tx, c campaign.Claim, hold campaign.Hold) (act, error) {
	v, ok, err := validationTx(tx, c.Number)
	if err != nil || !ok || v.Status != Validating {
		return wait(hold), err
	}
	if next := v.Due(c.Now); next.After(c.Now) {
		return tell{campaign.Wait{Hold: hold, Again: next}}, nil
	}
	room := min(checkSize, v.PerDay-v.AskedToday(c.Now))
	barred := allBarredTx(tx)
	var phones []people.Phone
	at, looked := v.At, 0
	for ; len(phones) < room && looked < validateLooks; looked++ {
		id, more := nextToValidateTx(tx, c.Number, at)
		if !more {
			break
		}
		at = id + 1
		contact, ok, err := knownTx(tx, id)
		if err != nil {
			return nil, err
		}
		if ok && validates(&contact, barred) && !contact.Checked(c.Now) && !slices.Contains(phones, checkAs(&contact)) {
			phones = append(phones, checkAs(&contact))
		}
	}
	if len(phones) == 0 {
		return validated{c.Number, v.At, at}, nil
	}
	return validateAsk{campaign.Check{Phones: phones}, c.Number, v.At, at}, nil
}

// validateLooks is how many people are looked at for one question.
const validateLooks = 2000

// AskedToday is about how many phones a validation has asked on the day of a moment.
func (v *Validation) AskedToday(now time.Time) int {
	if !sameDay(v.Day, now) {
		return 0
	}
	return v.Today
}

// Due is when a validation that goes on may ask again.
func (v *Validation) Due(now time.Time) time.Time {
	next := v.Next
	if next.Sub(now) > time.Hour { // by a clock that was wrong
		next = now
	}
	if v.AskedToday(now) >= v.PerDay {
		next = later(next, tomorrow(now))
	}
	return later(next, now)
}

// sameDay reports whether two moments are on one day where the computer is.
func sameDay(a, b time.Time) bool {
	x, y := a.In(time.Local), b.In(time.Local)
	return x.Year() == y.Year() && x.YearDay() == y.YearDay()
}

// tomorrow is when the next day begins.
func tomorrow(t time.Time) time.Time {
	y, m, d := t.In(time.Local).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, time.Local)
}

type (
	// validateAsk has the lane ask about phones: those of the people from one id
	// to another.
	validateAsk struct {
		campaign.Check
		number   campaign.NumberID
		from, to people.ContactID
	}

	// validated passes over people who need not be asked about, and ends a
	// validation that has nobody left.
	validated struct {
		number   campaign.NumberID
		from, to people.ContactID
	}
)

// doTx counts the phones before they are asked about: a program that dies
// meanwhile asks about no more on that day than it may.
func (a validateAsk) doTx(_ *Book, tx *bolt.Tx, c campaign.Claim) (campaign.Act, error) {
	v, ok, err := validationTx(tx, a.number)
	if err != nil || !ok || v.Status != Validating || v.At != a.from {
		return nil, err
	}
	if !sameDay(v.Day, c.Now) {
		v.Day, v.Today = c.Now, 0
	}
	v.Today += len(a.Phones)
	v.Asked, v.AskedTo = a.Phones, a.to
	v.Next = c.Now.Add(validatePause + time.Duration(rand.Int64N(int64(2*validatePause))))
	if err := putValidationTx(tx, &v); err != nil {
		return nil, err
	}
	return a.Check, nil
}

func (a validated) doTx(b *Book, tx *bolt.Tx, c campaign.Claim) (campaign.Act, error) {
	v, ok, err := validationTx(tx, a.number)
	if err != nil || !ok || v.Status != Validating || v.At != a.from {
		return nil, err
	}
	if err := v.passTx(tx, a.to, c.Now); err != nil {
		return nil, err
	}
	return nil, b.passedTx(tx, &v)
}

// passTx counts who comes before an id as done, up to somebody who goes by another
// phone now, because theirs was not there: it is asked about that one next.
func (v *Validation) passTx(tx *bolt.Tx, to people.ContactID, now time.Time) error {
	barred := allBarredTx(tx)
	for {
		id, more := nextToValidateTx(tx, v.Number, v.At)
		if !more || id >= to {
			break
		}
		c, ok, err := knownTx(tx, id)
		switch {
		case err != nil:
			return err
		case !ok || c.OptedOut:
		case c.Checked(now) && c.Presence == people.OnWhatsApp:
			v.Yes++
		case c.Checked(now):
			v.No++
		case len(v.Asked) > 0 && validates(&c, barred) && !slices.Contains(v.Asked, checkAs(&c)):
			v.Asked = nil
			return nil
		}
		v.Done++
		v.At = id + 1
	}
	v.At, v.Asked = max(v.At, to), nil
	return nil
}

// passedTx writes how far a validation is, and ends it if that is the end.
func (b *Book) passedTx(tx *bolt.Tx, v *Validation) error {
	if _, more := nextToValidateTx(tx, v.Number, v.At); !more {
		return b.endValidationTx(tx, v, ValidationDone, reason.Reason{}, time.Time{})
	}
	return putValidationTx(tx, v)
}

// validationAnsweredTx counts the answers about phones that a number asked about,
// if it was for its validation. Of whom nothing was said, nothing is known: who
// wants to know begins another validation.
func (b *Book) validationAnsweredTx(tx *bolt.Tx, number campaign.NumberID, asked []people.Phone, at time.Time) error {
	v, ok, err := validationTx(tx, number)
	if err != nil || !ok || v.Status != Validating || !slices.Equal(asked, v.Asked) {
		return err
	}
	if err := v.passTx(tx, v.AskedTo, at); err != nil {
		return err
	}
	return b.passedTx(tx, &v)
}

// slowValidationTx stops the validation of a number because the service wants to be
// asked less.
func (b *Book) slowValidationTx(tx *bolt.Tx, number campaign.NumberID, why reason.Code, until time.Time) error {
	v, ok, err := validationTx(tx, number)
	if err != nil || !ok || v.Status != Validating {
		return err
	}
	return b.endValidationTx(tx, &v, ValidationStopped, reason.New(why), until)
}

// nextToValidateTx is the first of the people of a validation from an id on.
func nextToValidateTx(tx *bolt.Tx, number campaign.NumberID, from people.ContactID) (people.ContactID, bool) {
	id := uint64(from)
	for k, v := range toValidateTable.From(tx, toValidateTable.Of(number), toValidateTable.Key(number, uint32(id/partIDs))) {
		_, part := toValidateTable.Parts(k)
		id = max(id, uint64(part)*partIDs)
		for ; id/partIDs == uint64(part); id++ {
			at := id % partIDs / 64 * 8
			if int(at)+8 > len(v) {
				break
			}
			word := binary.BigEndian.Uint64(v[at:]) >> (id % 64)
			if word == 0 {
				id |= 63
				continue
			}
			if word&1 == 1 {
				return people.ContactID(id), true
			}
		}
		id = (uint64(part) + 1) * partIDs
	}
	return 0, false
}

// validations checks that who is to be asked about belongs to a validation that goes
// on.
func (c *checking) validations() {
	c.each(validatingTable, -1, func(k, v []byte) {
		var one Validation
		if json.Unmarshal(v, &one) != nil || string(row(one.Number)) != string(k) {
			c.damaged(validatingTable, k)
			return
		}
		if one.Status != Validating {
			return
		}
		people := 0
		for id, more := nextToValidateTx(c.tx, one.Number, 0); more; id, more = nextToValidateTx(c.tx, one.Number, id+1) {
			people++
		}
		c.counted("validation of number "+strconv.FormatUint(uint64(one.Number), 10), one.Total, people)
	})
	c.each(toValidateTable, -1, func(k, v []byte) {
		number, _ := toValidateTable.Parts(k)
		one, ok, err := validationTx(c.tx, number)
		switch {
		case len(v)%8 != 0 || len(v) > 8*partWords:
			c.damaged(toValidateTable, k)
		case err != nil || !ok || one.Status != Validating:
			c.stray(toValidateTable, k)
		}
	})
}
