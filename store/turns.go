package store

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"time"

	"recado/campaign"
	"recado/store/bolt"

	"go.etcd.io/bbolt"
)

// turn is the state of a number's pace, and what the service asked of it.
type turn struct {
	campaign.Turn
	Campaign campaign.ID   // whose message was the last: the next one's turn comes first
	Slow     campaign.Hold // the service asked to slow down
}

// pacing is what the pace of a number and that of a campaign have to say about a
// claim.
type pacing struct {
	tx       *bolt.Tx
	claim    campaign.Claim
	turn     turn
	number   campaign.Pace // the number's own
	campaign campaign.Campaign
}

// both is the pace that holds: limit by limit the tighter one.
func (p pacing) both() campaign.Pace { return p.number.Tightest(p.campaign.Pace) }

// hold says what holds a message of this kind: a pace, or the service.
func (p pacing) hold(fresh bool, zone string) campaign.Hold {
	c := p.claim
	history := sends{tx: p.tx, number: c.Number, now: c.Now}
	hold := p.number.Held(p.campaign.ID, p.campaign.Pace, p.turn.Turn, history, fresh, location(zone), c.Now)
	if fresh {
		hold = hold.Later(c.Ready.NewChats)
	}
	return hold
}

// location is the time zone of that name; that of this machine if there is
// none.
func location(zone string) *time.Location {
	if zone == "" {
		return time.Local
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.Local
	}
	return loc
}

// oldSends is how many of the sends that count no more are forgotten with each
// new one: more than one, so that they do not pile up, and not a day's at once.
const oldSends = 4

// spendTx writes that a message of the number leaves at now.
func spendTx(tx *bolt.Tx, d *campaign.Delivery, pace campaign.Pace, now time.Time) error {
	t, err := turnTx(tx, d.Number)
	if err != nil {
		return err
	}
	t.Turn = pace.Spent(t.Turn, now, rand.Float64())
	t.Campaign = d.Campaign
	if err := putTurnTx(tx, d.Number, t); err != nil {
		return err
	}
	sends := bucket(tx, "sends")
	// What is older than a day counts in no limit any more.
	prefix := key(uint32(d.Number))
	old := key(uint32(d.Number), uint64(now.Add(-25*time.Hour).UnixNano()))
	for _, k := range firstKeys(sends, prefix, oldSends) {
		if bytes.Compare(k, old) >= 0 {
			break
		}
		if err := sends.Delete(k); err != nil {
			return err
		}
	}
	kind := byte(knownChat)
	if d.New {
		kind = newChat
	}
	return putSendTx(tx, d.Number, now, kind)
}

// What the last byte of a key in "sends" says.
const (
	knownChat = iota
	newChat
	newUnsent // it was to open a new chat and did not leave
)

// unspendTx writes that the last message of a number, claimed at that time, did
// not leave: it opened no chat. That it was tried stays written, so that who is
// refused is no faster for it.
func unspendTx(tx *bolt.Tx, number campaign.NumberID, claimed time.Time) error {
	sends := bucket(tx, "sends")
	k, _ := seekLast(sends.Cursor(), key(uint32(number)))
	if !bytes.HasPrefix(k, key(uint32(number))) || k[12] != newChat || bytes.Compare(k, key(uint32(number), uint64(claimed.UnixNano()))) < 0 {
		return nil
	}
	return markSendTx(sends, k, newUnsent)
}

// respendTx writes that a message which seemed not to have left has, whatever
// the service said: it opened a chat.
func respendTx(tx *bolt.Tx, d *campaign.Delivery) error {
	sends := bucket(tx, "sends")
	cursor := sends.Cursor()
	prefix := key(uint32(d.Number))
	for k, _ := cursor.Seek(key(uint32(d.Number), uint64(d.Claimed.UnixNano()))); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
		if k[12] == newUnsent {
			return markSendTx(sends, k, newChat)
		}
	}
	return nil
}

func markSendTx(sends *bbolt.Bucket, k []byte, kind byte) error {
	k = bytes.Clone(k)
	if err := sends.Delete(k); err != nil {
		return err
	}
	k[12] = kind
	return sends.Put(k, nil)
}

// taken reports whether a key with the prefix is there.
func taken(b *bbolt.Bucket, prefix []byte) bool {
	k, _ := b.Cursor().Seek(prefix)
	return bytes.HasPrefix(k, prefix)
}

// sends answers what a number sent, for [campaign.Pace].
type sends struct {
	tx     *bolt.Tx
	number campaign.NumberID
	now    time.Time
}

// Nth implements [campaign.History].
func (s sends) Nth(n int, of campaign.Counted) time.Time {
	prefix := key(uint32(s.number))
	cursor := bucket(s.tx, "sends").Cursor()
	for k, _ := seekLast(cursor, prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Prev() {
		at := sofar(sentAt(k), s.now)
		if s.now.Sub(at) >= 24*time.Hour {
			return time.Time{}
		}
		if of != campaign.Tries && k[12] == knownChat || of == campaign.NewChats && k[12] == newUnsent {
			continue
		}
		if n--; n == 0 {
			return at
		}
	}
	return time.Time{}
}

func turnTx(tx *bolt.Tx, n campaign.NumberID) (t turn, err error) {
	if v := bucket(tx, "turns").Get(key(uint32(n))); v != nil {
		err = json.Unmarshal(v, &t)
	}
	return t, err
}

func putTurnTx(tx *bolt.Tx, n campaign.NumberID, t turn) error {
	v, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return bucket(tx, "turns").Put(key(uint32(n)), v)
}
