package store

import (
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// The messages of a chat may be set to disappear. The setting is kept for each
// chat of a person with one of our numbers; the one of contact 0 is what the
// number's phone gives to the chats that it begins. What a message carries is
// read once, when it is first claimed.

// nobody has the setting of the chats that a number begins.
const nobody people.ContactID = 0

func encodeTimer(t people.Timer) []byte {
	var e bolt.Enc
	e.Uint(1)
	putTimer(&e, t)
	return e.B
}

func decodeTimer(v []byte) (people.Timer, error) {
	r := bolt.Dec{B: v}
	r.Version(1)
	return takeTimer(&r), r.Err
}

func putTimer(e *bolt.Enc, t people.Timer) {
	e.Uint(uint64(t.After / time.Second))
	e.Time(t.Set)
	e.Bool(t.Account)
}

func takeTimer(d *bolt.Dec) people.Timer {
	return people.Timer{After: time.Duration(d.Int()) * time.Second, Set: d.Time(), Account: d.Bool()}
}

// timerTx is what is known of a chat; nothing is the zero timer.
func timerTx(tx *bolt.Tx, id people.ContactID, number campaign.NumberID) (people.Timer, error) {
	v := timersTable.Get(tx, id, number)
	if v == nil {
		return people.Timer{}, nil
	}
	return decodeTimer(v)
}

// keepTimerTx writes down what is new of a chat. The setting that was made last
// holds, whichever is heard last.
func keepTimerTx(tx *bolt.Tx, id people.ContactID, number campaign.NumberID, t people.Timer) error {
	if t.Set.IsZero() {
		return nil
	}
	have, err := timerTx(tx, id, number)
	if err != nil || !t.Set.After(have.Set) {
		return err
	}
	return timersTable.Put(tx, id, number, encodeTimer(t))
}

// carriesTx is the timer that a message to a person carries: that of the chat. A
// chat that begins with the message gets that of the chats that the number
// begins.
func carriesTx(tx *bolt.Tx, to *people.Contact, number campaign.NumberID) (people.Timer, error) {
	t, err := timerTx(tx, to.ID, number)
	began := latestTable.Get(tx, to.ID, number) != nil
	if err != nil || !t.Set.IsZero() || began || chatting(to, number) {
		return t, err
	}
	if t, err = timerTx(tx, nobody, number); err != nil {
		return t, err
	}
	return t, keepTimerTx(tx, to.ID, number, t)
}

// Begins writes down after how long the messages of the chats disappear that a
// number begins.
func (b *Book) Begins(number campaign.NumberID, t people.Timer) error {
	return b.update(func(tx *bolt.Tx) error { return keepTimerTx(tx, nobody, number, t) })
}

// timersMoveTx gives the settings of a person to the record they are merged
// into.
func timersMoveTx(tx *bolt.Tx, gone, keep people.ContactID) error {
	type move struct {
		with  campaign.NumberID
		timer people.Timer
	}
	var moves []move
	for k, v := range timersTable.Each(tx, timersTable.Of(gone)) {
		t, err := decodeTimer(v)
		if err != nil {
			return err
		}
		_, with := timersTable.Parts(k)
		moves = append(moves, move{with, t})
	}
	for _, m := range moves {
		if err := timersTable.Delete(tx, gone, m.with); err != nil {
			return err
		}
		if err := keepTimerTx(tx, keep, m.with, m.timer); err != nil {
			return err
		}
	}
	return nil
}
