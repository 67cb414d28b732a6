package session

import (
	"time"

	"recado/session/simulator"
)

// What the world does to the numbers of a history.

// troubleAtLogin makes the next logins of a number fail, or what waits for it
// slow to come.
func (h *history) troubleAtLogin(o *ours) {
	if o.slow++; o.slow > 2 {
		return // it would be waited for no longer
	}
	r := simulator.Rule{On: simulator.Waiting, Number: o.phone, Do: simulator.Late, Delay: 500 * time.Millisecond, Limit: 1}
	if h.dice.IntN(2) == 0 {
		r = simulator.Rule{On: simulator.Login, Number: o.phone, Do: simulator.DropBefore, Limit: 1 + h.dice.IntN(3)}
	}
	h.service.Fault(r)
	h.note("trouble for %d: %s %s", o.id, r.On, r.Do)
}

// troubleOnTheWire makes the next messages of a number slow to be answered, or
// leaves them in doubt.
func (h *history) troubleOnTheWire(o *ours) {
	h.meets("trouble on the wire", o)
	r := simulator.Rule{On: simulator.Message, Number: o.phone, Limit: 1 + h.dice.IntN(3)}
	switch h.dice.IntN(4) {
	case 0, 1:
		r.Number, r.Do, r.Delay, r.Spread = "", simulator.Late, 10*time.Second, 30*time.Second
	case 2:
		r.Do = simulator.DropAfter
	case 3:
		r.Do = simulator.Silence
	}
	h.service.Fault(r)
	h.note("trouble for %d: %s %s", o.id, r.On, r.Do)
}

// strike lets something happen to a number while it waits for the answer to a
// message.
func (h *history) strike() {
	h.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Late, Delay: 10 * time.Second, Spread: 10 * time.Second, Limit: 2})
	h.promoteAll()
	for range 40 {
		for _, o := range h.ours {
			if h.state(o) != sending {
				continue
			}
			switch h.dice.IntN(9) {
			case 0:
				h.logout(o)
			case 1:
				h.drop(o)
			case 2:
				h.away(false)
			case 3:
				h.away(true)
			case 4:
				h.says(h.people[h.dice.IntN(len(h.people))], o)
			case 5:
				h.move()
			case 6:
				h.optIn()
			case 7:
				h.meetAll("campaign")
				h.promoteAll()
			case 8:
				h.moveClock()
			}
			return
		}
		time.Sleep(time.Second)
	}
}
