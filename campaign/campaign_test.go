package campaign

import "testing"

// What is over stays over, nothing is sent of what is not frozen, and what has begun is
// no draft again.
func TestTheMovesOfACampaign(t *testing.T) {
	all := []Status{Draft, Running, Paused, Finished, Cancelled, Freezing, Scheduled}
	if known := len(statusNames); len(all) != known || len(moves) != known {
		t.Fatalf("%d statuses, %d in the table", known, len(moves))
	}
	for _, from := range all {
		for _, to := range all {
			may := from.May(to)
			never := from == to || from == Cancelled || to == Draft && (from == Running || from == Finished) ||
				to == Running && (from == Draft || from == Scheduled) || to == Scheduled && (from == Running || from == Finished || from == Freezing)
			if may && never {
				t.Errorf("from %v to %v", from, to)
			}
		}
	}
	for _, must := range [][2]Status{{Draft, Scheduled}, {Draft, Freezing}, {Scheduled, Freezing}, {Freezing, Running}, {Running, Paused}, {Paused, Running}, {Running, Finished}, {Paused, Cancelled}} {
		if !must[0].May(must[1]) {
			t.Errorf("not from %v to %v", must[0], must[1])
		}
	}
	if Status(99).May(Draft) || Draft.May(99) {
		t.Error("a status that is none moves")
	}
}
