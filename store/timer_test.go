package store

import (
	"testing"
	"time"

	"recado/store/bolt"

	"recado/campaign"
	"recado/campaign/people"
)

const (
	anaPhone = people.Phone("+5511987654321")
	anaLID   = "771"
)

// chatTimer is what the book knows of a chat.
func chatTimer(t *testing.T, b *Book, id people.ContactID, number campaign.NumberID) (got people.Timer) {
	t.Helper()
	ok(t, b.view(func(tx *bolt.Tx) (err error) {
		got, err = timerTx(tx, id, number)
		return err
	}))
	return got
}

func TestTheTimerThatWasSetLastHolds(t *testing.T) {
	b := newBook(t)
	at := func(h int) time.Time { return townStart.Add(time.Duration(h) * time.Hour) }
	saw := func(number campaign.NumberID, timer people.Timer) {
		t.Helper()
		ok(t, b.Saw(number, []people.Seen{{Phone: anaPhone, LID: anaLID, Timer: timer}}))
	}
	want := func(number campaign.NumberID, after time.Duration) {
		t.Helper()
		if got := chatTimer(t, b, 1, number); got.After != after {
			t.Errorf("the timer is %v, want %v", got.After, after)
		}
	}
	saw(1, people.Timer{After: time.Hour, Set: at(2)})
	want(1, time.Hour)
	want(2, 0) // another number's chat
	saw(1, people.Timer{After: 2 * time.Hour, Set: at(1)})
	want(1, time.Hour) // an older one that is heard later
	saw(1, people.Timer{After: 2 * time.Hour, Set: at(2)})
	want(1, time.Hour) // of two of one moment the first
	saw(1, people.Timer{After: 3 * time.Hour})
	want(1, time.Hour) // nobody chose it
	saw(1, people.Timer{Set: at(3)})
	want(1, 0) // switched off
	saw(1, people.Timer{After: time.Hour, Set: at(2)})
	want(1, 0) // and an old one again
	ok(t, b.Heard(1, campaign.Incoming{
		From: people.Seen{LID: anaLID, Timer: people.Timer{After: 4 * time.Hour, Set: at(4), Account: true}}, Text: "oi", At: at(4),
	}))
	want(1, 4*time.Hour)
	if got := chatTimer(t, b, 1, 1); !got.Account || !got.Set.Equal(at(4)) {
		t.Errorf("%+v is not what was said", got)
	}
	sound(t, b)
}

func TestAMergedPersonKeepsTheTimersOfTheirChats(t *testing.T) {
	b := newBook(t)
	set := func(h int) people.Timer {
		return people.Timer{After: time.Duration(h) * time.Hour, Set: townStart.Add(time.Duration(h) * time.Hour)}
	}
	ok(t, b.Saw(1, []people.Seen{{LID: anaLID, Timer: set(2)}, {Phone: anaPhone, Timer: set(1)}}))
	ok(t, b.Saw(2, []people.Seen{{LID: anaLID, Timer: set(1)}, {Phone: anaPhone, Timer: set(3)}}))
	ok(t, b.Saw(3, []people.Seen{{Phone: anaPhone, Timer: set(4)}}))
	ok(t, b.Saw(1, []people.Seen{{Phone: anaPhone, LID: anaLID}}))
	for number, want := range map[campaign.NumberID]time.Duration{1: 2 * time.Hour, 2: 3 * time.Hour, 3: 4 * time.Hour} {
		if got := chatTimer(t, b, 1, number); got.After != want {
			t.Errorf("with number %d: %v, want %v", number, got.After, want)
		}
		if got := chatTimer(t, b, 2, number); !got.Set.IsZero() {
			t.Errorf("the id that went away still has %+v with number %d", got, number)
		}
	}
	sound(t, b)
}

func TestADeliveryFromBeforeTimersIsRead(t *testing.T) {
	d := campaign.Delivery{Campaign: 5, Seq: 9, Contact: 2, Upload: 7}
	record := encodeDelivery(&d)
	old := append([]byte{2}, record[1:len(record)-3]...) // a timer that is nothing takes three bytes
	got, err := decodeDelivery(deliveryKey(5, 9), old)
	if err != nil || got.Upload != 7 || got.Timer != (people.Timer{}) {
		t.Errorf("%+v, %v", got, err)
	}
	d.Timer = people.Timer{After: time.Hour, Set: time.Unix(5, 0), Account: true}
	if got, err = decodeDelivery(deliveryKey(5, 9), encodeDelivery(&d)); err != nil || got.Timer != d.Timer {
		t.Errorf("%+v, %v", got.Timer, err)
	}
}

// TestAChatThatHasBegunDoesNotGetTheTimerOfNewOnes: the account's timer was
// chosen after the first message.
func TestAChatThatHasBegunDoesNotGetTheTimerOfNewOnes(t *testing.T) {
	m := newMail(t)
	m.send(1, m.saw(people.Seen{Phone: anaPhone, LID: anaLID}), campaign.Delivered, nil)
	usual := people.Timer{After: time.Hour, Set: m.now, Account: true}
	ok(t, m.b.Begins(1, usual))
	for _, c := range []struct {
		to     people.ContactID
		number campaign.NumberID
		want   time.Duration
	}{{1, 1, 0}, {1, 2, 0}, {m.saw(people.Seen{Phone: biaPhone}), 1, time.Hour}} {
		ok(t, m.b.update(func(tx *bolt.Tx) error {
			contact, err := contactTx(tx, c.to)
			if err != nil {
				return err
			}
			got, err := carriesTx(tx, &contact, c.number)
			if got.After != c.want {
				t.Errorf("contact %d from number %d: %v, want %v", c.to, c.number, got.After, c.want)
			}
			return err
		}))
		if kept := chatTimer(t, m.b, c.to, c.number); kept.After != c.want {
			t.Errorf("contact %d from number %d: %v is kept, want %v", c.to, c.number, kept.After, c.want)
		}
	}
}
