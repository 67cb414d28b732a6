package campaign_test

import (
	"testing"
	"time"

	"recado/campaign/people"
	"recado/session/simulator"
	"recado/session/simulator/bubble"
	"recado/store"
)

// TestAValidationKeepsToItsDay, goes on after a restart, asks about nobody twice, and ends
// with the first wish of the service to be asked less.
func TestAValidationKeepsToItsDay(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 31, People: 70, Unregistered: 20, Quiet: true})
		a := o.link("a")
		o.importPeople()
		is := func() store.Validation {
			all, err := o.book.Validations()
			if err != nil || len(all) != 1 {
				t.Fatalf("%v, %v", all, err)
			}
			return all[0]
		}
		filter, err := people.ParseFilter("")
		ok(t, err)
		v, err := desk(o.book).Validate(t.Context(), a, filter, 30)
		ok(t, err)
		if v.Total != 90 || v.Known != 0 {
			t.Errorf("%d are to be asked about, %d are known", v.Total, v.Known)
		}
		if _, err := desk(o.book).Validate(t.Context(), a, filter, 30); err == nil {
			t.Error("there are two")
		}
		time.Sleep(3 * time.Hour)
		if v := is(); v.Today != 30 || v.Done < 25 || v.Done > 35 {
			t.Errorf("after three hours: %+v", v)
		}
		o.close()
		o.open()
		o.online(a)
		o.until("done", func() bool { return is().Status != store.Validating })
		if v := is(); v.Status != store.ValidationDone || v.Done != 90 || v.Yes != 70 || v.No != 20 {
			t.Errorf("in the end: %+v", v)
		}
		if _, err := desk(o.book).Validate(t.Context(), a, filter, 0); err == nil {
			t.Error("who is known is asked about again")
		}
		time.Sleep(8 * 24 * time.Hour)
		v, err = desk(o.book).Validate(t.Context(), a, filter, 0)
		ok(t, err)
		if v.Total != 20 || v.Known != 70 {
			t.Errorf("after a week: %+v", v)
		}
		o.service.Fault(simulator.Rule{On: simulator.Usync, Do: simulator.Refuse, Code: 429})
		o.until("stopped", func() bool { return is().Status != store.Validating })
		if v := is(); v.Status != store.ValidationStopped || v.Why.IsZero() || !v.Until.After(time.Now()) {
			t.Errorf("after a refusal: %+v", v)
		}
	})
}
