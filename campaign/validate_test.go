package campaign_test

import (
	"testing"
	"time"

	"recado/campaign/people"
	"recado/session/simulator"
	"recado/session/simulator/bubble"
	"recado/store"
)

// TestANumberAsksWhoIsOnWhatsApp, by the real client: it goes on after a restart, and ends
// with the first wish of the service to be asked less.
func TestANumberAsksWhoIsOnWhatsApp(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		o := newOffice(t, simulator.Config{Seed: 31, People: 35, Unregistered: 10, Quiet: true})
		a := o.link("a")
		o.importPeople()
		is := func() store.Validation {
			all, err := o.book.Validations()
			if err != nil || len(all) != 1 {
				t.Fatalf("%v, %v", all, err)
			}
			return all[0]
		}
		v, err := desk(o.book).Validate(t.Context(), a, people.Filter{}, 0)
		ok(t, err)
		if v.Total != 45 {
			t.Errorf("%d are to be asked about", v.Total)
		}
		o.until("the first answers", func() bool { return is().Done > 0 })
		if v := is(); v.Status != store.Validating || v.Done >= v.Total {
			t.Errorf("after the first answers: %+v", v)
		}
		o.close()
		o.open()
		o.online(a)
		o.until("done", func() bool { return is().Status != store.Validating })
		if v := is(); v.Status != store.ValidationDone || v.Done != 45 || v.Yes != 35 || v.No != 10 {
			t.Errorf("in the end: %+v", v)
		}
		_, err = desk(o.book).Import(t.Context(), []people.Row{{Line: 2, Phone: "+5511912345678", Name: "Novo"}}, "more.csv")
		ok(t, err)
		o.service.Fault(simulator.Rule{On: simulator.Usync, Do: simulator.Refuse, Code: 429})
		_, err = desk(o.book).Validate(t.Context(), a, people.Filter{}, 0)
		ok(t, err)
		o.until("stopped", func() bool { return is().Status != store.Validating })
		if v := is(); v.Status != store.ValidationStopped || v.Why.IsZero() || !v.Until.After(time.Now()) {
			t.Errorf("after a refusal: %+v", v)
		}
	})
}
