package campaign

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// zones are all the zones of the tz database that Go comes with.
func zones(t *testing.T) (list []*time.Location) {
	t.Helper()
	names, err := os.ReadFile("testdata/zones.txt")
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(names)) {
		zone, err := time.LoadLocation(strings.TrimSpace(name))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, zone)
	}
	return list
}

// changes are the moments of some years at which the clocks of a zone are
// changed.
func changes(zone *time.Location, from, to int) (list []time.Time) {
	at, end := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC).In(zone), time.Date(to, 1, 1, 0, 0, 0, 0, time.UTC)
	for {
		_, at = at.ZoneBounds()
		if at.IsZero() || at.After(end) {
			return list
		}
		list = append(list, at)
	}
}

// Around every change of the clocks, in every zone, the opening that is found is
// the first moment at which the clocks and the calendar of the zone show that
// it is open: a quarter of an hour is tried after the other.
func TestOpeningIsTheFirstMomentInEveryZoneAtEveryChangeOfTheClocks(t *testing.T) {
	const step = 15 * time.Minute
	specs := []Hours{
		{From: 9 * 60, To: 20 * 60, Days: 0b1111110},
		{From: 9 * 60, To: 20 * 60},
		{From: 0, To: 30},
		{From: 23 * 60, To: 24 * 60},
		{From: 2*60 + 15, To: 2*60 + 45},
		{Days: 0b0000001},
		{Days: 0b1000001},
	}
	open := func(h Hours, at time.Time) bool {
		minute := at.Hour()*60 + at.Minute()
		return (h.Days == 0 || h.Days&(1<<at.Weekday()) != 0) && (h.To == 0 || minute >= h.From && minute < h.To)
	}
	done := make(map[string]bool) // many zones change together
	midnights := 0
	for _, zone := range zones(t) {
		// The years to come, and some in which Brazil changed at midnight.
		for _, change := range slices.Concat(changes(zone, 2016, 2019), changes(zone, 2026, 2029)) {
			_, before := change.Add(-1).Zone()
			_, after := change.Zone()
			if one := fmt.Sprint(change.Unix(), before, after); done[one] {
				continue
			} else {
				done[one] = true
			}
			if change.Add(-1).Day() != change.Add(time.Duration(before-after)*time.Second).Day() {
				midnights++
			}
			for _, h := range specs {
				horizon := 3 * 24 * time.Hour
				if h.To == 0 { // a day of the week
					horizon = 8 * 24 * time.Hour
				}
				var want time.Time // none yet
				for at := change.Add(horizon); at.After(change.Add(-30 * time.Hour)); at = at.Add(-step) {
					if open(h, at) {
						want = at
					}
					if want.IsZero() || at.After(change.Add(30*time.Hour)) {
						continue
					}
					if got := h.Next(at); !got.Equal(want) {
						t.Fatalf("%s: %+v from %v opens at %v, want %v", zone, h, at, got, want)
					}
					late := at.Add(7*time.Minute + 31*time.Second) // in the middle
					if got := h.Next(late); open(h, at) && !got.Equal(late) || got.Before(late) || !open(h, got) {
						t.Fatalf("%s: %+v from %v opens at %v", zone, h, late, got)
					}
				}
			}
		}
	}
	if midnights == 0 {
		t.Error("no zone changes its clocks at midnight: the test is not what it was")
	}
}

func TestDayBeginsOnceInEveryZone(t *testing.T) {
	for _, zone := range zones(t) {
		for _, change := range changes(zone, 2026, 2029) {
			starts := make(map[string]time.Time)
			for at := change.Add(-30 * time.Hour); at.Before(change.Add(30 * time.Hour)); at = at.Add(15 * time.Minute) {
				day, start := at.Format(time.DateOnly), startOfDay(at)
				if first, ok := starts[day]; ok && !first.Equal(start) {
					t.Fatalf("%s: %s begins at %v and at %v", zone, day, first, start)
				}
				starts[day] = start
				if start.After(at) || start.Format(time.DateOnly) != day || start.Add(-1).Format(time.DateOnly) == day {
					t.Fatalf("%s: the day of %v begins at %v", zone, at, start)
				}
			}
		}
	}
}
