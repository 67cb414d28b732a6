package store

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"recado/store/bolt"

	"recado/campaign"
	"recado/campaign/people"
)

// A number of version 4 had either a pace of its own, whole, or none: the one
// keeps every limit of it, those that are lifted too, the other names none and
// goes by its age.
func TestNumbersOfVersion4KeepTheLimitsThatSomebodyHasSet(t *testing.T) {
	young := campaign.DefaultPace(time.Now(), time.Now())
	own := campaign.Pace{
		Gap: campaign.Span{Min: time.Second, Max: 2 * time.Second}, Every: 7, Hour: 12, Day: 99,
		Hours: campaign.Hours{From: 8 * 60, To: 18 * 60, Days: 0b0111110}, PerPerson: 36 * time.Hour,
	}
	for _, test := range []struct {
		name    string
		pace    campaign.Pace
		ownPace bool
		limits  string
		want    campaign.Pace // after the first month
	}{
		{"with a pace of its own", own, true,
			"gap=1s-2s new-gap=0 long=0 every=7 hour=12 new-hour=0 day=99 new-day=0 hours=08:00-18:00 weekdays=mon-fri per-person=36h", own},
		{"with all limits lifted", campaign.Pace{}, true, "off", campaign.Pace{}},
		{"with the pace of its age", young, false, "", campaign.DefaultPace(time.Time{}, time.Now())},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "book.db")
			b, err := Open(path, Options{Kind: Demo})
			ok(t, err)
			for _, name := range []string{"loja", "outra"} {
				n, err := desk(b).AddNumber(name)
				ok(t, err)
				_, err = b.LinkNumber(n.ID, people.Phone("+551191234567"+string('0'+rune(n.ID))), "5511912345678:1@s.whatsapp.net", time.Now())
				ok(t, err)
			}
			ok(t, b.Close())
			edit(t, path, func(tx *bolt.Tx) error {
				var record map[string]any
				ok(t, json.Unmarshal(bucket(tx, "numbers").Get(key(uint32(1))), &record))
				delete(record, "Limits")
				record["Pace"], record["OwnPace"] = test.pace, test.ownPace
				old, err := json.Marshal(record)
				ok(t, err)
				ok(t, bucket(tx, "numbers").Put(key(uint32(1)), old))
				return bucket(tx, "meta").Put([]byte("version"), key(uint32(4)))
			})
			b, err = Open(path, Options{Kind: Demo})
			ok(t, err)
			defer b.Close()
			n, err := b.Number(1)
			ok(t, err)
			if n.Limits.String() != test.limits {
				t.Errorf("it names %q, want %q", n.Limits, test.limits)
			}
			if got := n.Pace(time.Now().Add(31 * 24 * time.Hour)); got != test.want {
				t.Errorf("after its first month it sends at %v, want %v", got, test.want)
			}
			if n.Name != "loja" || n.Link != 1 || n.JID == "" {
				t.Errorf("it is %+v now", n)
			}
			if other, err := b.Number(2); err != nil || other.Limits != (campaign.Limits{}) {
				t.Errorf("the other number names %q, %v", other.Limits, err)
			}
		})
	}
}

// TestSuppressedAddressesOfVersion13AreCounted: from then on a row that goes
// missing is noticed.
func TestSuppressedAddressesOfVersion13AreCounted(t *testing.T) {
	path := busyBook(t)
	edit(t, path, func(tx *bolt.Tx) error {
		ok(t, bucket(tx, "meta").Delete([]byte(countSuppressed)))
		return bucket(tx, "meta").Put([]byte("version"), key(uint32(13)))
	})
	b, err := Open(path, Options{Kind: Demo})
	ok(t, err)
	ok(t, b.Close())
	if wrong := examined(t, path); len(wrong) > 0 {
		t.Errorf("brought to today: %q", wrong)
	}
}
