package store

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// TestStopsOfBeforeAreRead: a book of before has the numbers that persons have
// stopped alone in its campaigns, and those of the guard rails with those.
func TestStopsOfBeforeAreRead(t *testing.T) {
	y := newYard(t, 24)
	id, a, b := y.fleet()
	before := fmt.Sprintf(`"Stopped":[%d],"Status":`, a)
	ok(t, y.book.update(func(tx *bolt.Tx) error {
		v := bytes.Replace(campaignsTable.Get(tx, id), []byte(`"Status":`), []byte(before), 1)
		if err := campaignsTable.Put(tx, id, v); err != nil {
			return err
		}
		if err := putGuardTx(tx, id, b, guard{kind: "403", row: 5, held: reason.HoldRefused}); err != nil {
			return err
		}
		return stopsOfNumbers(tx)
	}))
	c, err := y.book.Campaign(id)
	want := []campaign.Stop{{Number: a}, {Number: b, Held: reason.HoldRefused}}
	if err != nil || !reflect.DeepEqual(c.Stopped, want) {
		t.Errorf("%+v, %v; want %+v", c.Stopped, err, want)
	}
	ok(t, y.book.view(func(tx *bolt.Tx) error {
		if g, err := guardTx(tx, id, b); err != nil || g.held != "" || g.row != 5 {
			t.Errorf("its guard is %+v, %v", g, err)
		}
		return nil
	}))
	c.LetAllSend()
	if len(c.Stopped) != 1 || c.Stopped[0].Number != a {
		t.Errorf("a resume leaves %+v", c.Stopped)
	}
}
