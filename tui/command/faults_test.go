package command

import (
	"slices"
	"testing"
	"time"

	"recado/campaign/people"
	"recado/session/simulator"
	"recado/tui"
)

func TestFaultsOfAnUnknownNumberAreRefused(t *testing.T) {
	s := simulator.New(simulator.Config{Quiet: true})
	defer s.Close()
	f := newFaults(s)
	if err := f.cause("+5511987654321", tui.FaultDrop); err != errUnknownNumber {
		t.Errorf("got %v", err)
	}
	if err := f.cause("", tui.FaultService); err != nil || !slices.Equal(f.causing("+5511987654321"), []tui.Fault{tui.FaultService}) {
		t.Errorf("the service goes away for everybody: %v, %v", f.causing("+5511987654321"), err)
	}
}

// What strikes once is no longer going on when it has struck, and is not kept
// from it by what always strikes.
func TestRulesOfFaultsComeInTheRightOrder(t *testing.T) {
	s := simulator.New(simulator.Config{Quiet: true})
	defer s.Close()
	f := newFaults(s)
	const phone = people.Phone("+5511987654321")
	begin := func(fault tui.Fault) {
		f.going[caused{phone, fault}] = f.rule(caused{phone, fault})
	}
	begin(tui.FaultLate)
	begin(tui.FaultCut)
	begin(tui.FaultSilence)
	var order []simulator.Action
	for _, r := range s.Faults() {
		order = append(order, r.Do)
	}
	if want := []simulator.Action{simulator.DropAfter, simulator.Silence, simulator.Late, simulator.Late}; !slices.Equal(order, want) {
		t.Errorf("got %v, want %v", order, want)
	}
	if got := f.causing(phone); len(got) != 3 {
		t.Errorf("going on: %v", got)
	}
	if got := f.causing("+5521987654321"); len(got) != 0 {
		t.Errorf("for another number: %v", got)
	}
	f.mend()
	if got := f.causing(phone); len(got) != 0 || len(s.Faults()) != 0 {
		t.Errorf("after the end of all: %v, %v", got, s.Faults())
	}
}

func TestAFaultThatHasAnEndEndsByItself(t *testing.T) {
	s := simulator.New(simulator.Config{Quiet: true})
	defer s.Close()
	f := newFaults(s)
	f.going[caused{"+5511987654321", tui.FaultBan}] = ongoing{until: time.Now().Add(-time.Second)}
	if got := f.causing("+5511987654321"); len(got) != 0 {
		t.Errorf("still going on: %v", got)
	}
}
