package store

import (
	"bytes"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// The messages of a chat may be set to disappear. The setting is kept for each
// chat, of a person with one of our numbers; that of nobody is what the number's
// phone gives to the chats that it begins. What a message carries is read once,
// when it is first claimed.

// nobody has the setting of the chats that a number begins.
const nobody people.ContactID = 0

func encodeTimer(t people.Timer) []byte {
	var e enc
	e.uint(1)
	e.timer(t)
	return e.b
}

func decodeTimer(v []byte) (people.Timer, error) {
	r := dec{b: v}
	r.uint() // version
	return r.timer(), r.err
}

func (e *enc) timer(t people.Timer) {
	e.uint(uint64(t.After / time.Second))
	e.time(t.Set)
	e.bool(t.Account)
}

func (d *dec) timer() people.Timer {
	return people.Timer{After: time.Duration(d.int()) * time.Second, Set: d.time(), Account: d.bool()}
}

// timerTx is what is known of a chat; nothing is the zero timer.
func timerTx(tx *bolt.Tx, id people.ContactID, number campaign.NumberID) (people.Timer, error) {
	v := bucket(tx, "timers").Get(key(uint64(id), uint32(number)))
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
	return bucket(tx, "timers").Put(key(uint64(id), uint32(number)), encodeTimer(t))
}

// carriesTx is the timer that a message to a person carries: that of the chat. A
// chat that begins with the message gets that of the chats that the number
// begins.
func carriesTx(tx *bolt.Tx, to *people.Contact, number campaign.NumberID) (people.Timer, error) {
	t, err := timerTx(tx, to.ID, number)
	began := bucket(tx, "latest").Get(key(uint64(to.ID), uint32(number))) != nil
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
	timers := bucket(tx, "timers")
	prefix := key(uint64(gone))
	type move struct {
		with  campaign.NumberID
		timer people.Timer
	}
	var moves []move
	cursor := timers.Cursor()
	for k, v := cursor.Seek(prefix); len(k) == 12 && bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		t, err := decodeTimer(v)
		if err != nil {
			return err
		}
		moves = append(moves, move{number(k[8:]), t})
	}
	for _, m := range moves {
		if err := timers.Delete(key(uint64(gone), uint32(m.with))); err != nil {
			return err
		}
		if err := keepTimerTx(tx, keep, m.with, m.timer); err != nil {
			return err
		}
	}
	return nil
}
