package people

import (
	"fmt"
	"strings"
	"testing"

	"recado/campaign/reason"
)

func TestComplaintsAreSummedUpByReason(t *testing.T) {
	var c Complaints
	for i := range 100_000 {
		why := reason.New(reason.RowNoPhone)
		if i%4 == 3 {
			why = reason.New(reason.PhoneBad, fmt.Sprint(i), reason.New(reason.PhoneShort))
		}
		if i == 99_999 {
			why = reason.New(reason.RowQuote)
		}
		c.Add(RowError{i + 2, why})
	}
	if c.Total != 100_000 || len(c.First) != ComplaintsShown || c.First[3].Line != 5 {
		t.Errorf("%d in all, first %+v", c.Total, c.First)
	}
	check := func(what string, got []ComplaintKind, want ...ComplaintKind) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%s: got %+v", what, got)
		}
		for i := range want {
			if got[i].Count != want[i].Count || got[i].Example.Line != want[i].Example.Line {
				t.Errorf("%s: got %+v, want %+v", what, got[i], want[i])
			}
		}
	}
	check("all", c.Kinds, ComplaintKind{75_000, RowError{Line: 2}}, ComplaintKind{24_999, RowError{Line: 5}}, ComplaintKind{1, RowError{Line: 100_001}})
	check("rest", c.Rest, ComplaintKind{74_985, RowError{Line: 22}}, ComplaintKind{24_994, RowError{Line: 25}}, ComplaintKind{1, RowError{Line: 100_001}})
}

func TestANameFromAPhoneIsCut(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"Ana", "Ana"},
		{strings.Repeat("ã", MaxName), strings.Repeat("ã", MaxName)},
		{strings.Repeat("ã", MaxName+1), strings.Repeat("ã", MaxName-1) + "…"},
		{strings.Repeat("x", 3<<20), strings.Repeat("x", MaxName-1) + "…"},
	} {
		if got := ClipName(test.name); got != test.want {
			t.Errorf("%.20q: got %d bytes, want %d", test.name, len(got), len(test.want))
		}
	}
}
