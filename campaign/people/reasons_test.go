package people

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"recado/campaign/reason"
)

// Whatever can be wrong with a file, its rows and their phones is given as a
// reason with a code of its own, and each code is given by something.
func TestEveryCodeIsGivenByAFile(t *testing.T) {
	given := make(map[reason.Code]bool)
	note := func(text string, err error) {
		var r reason.Reason
		if !errors.As(err, &r) {
			t.Errorf("%.40q: %v is no reason", text, err)
			return
		}
		for {
			given[r.Code] = true
			inner, ok := reason.Reason{}, false
			if len(r.Args) > 0 {
				inner, ok = r.Args[len(r.Args)-1].(reason.Reason)
			}
			if !ok {
				return
			}
			r = inner
		}
	}
	for _, phone := range []string{
		"-", "5,51198E+12", "11 9+8765", "11 98765-4321/11 98765-4322", "abc", "98765-4321", "119", "119876543210", "+5511987654321099",
		"2098765-4321", "11887654321", "1118765432", "+999123456789", "+1202", "+120255501234567", "+4412345678",
		"+12025550123456789", "+35412345678",
	} {
		if _, err := ParsePhone(phone); err != nil {
			note(phone, err)
		} else {
			t.Errorf("%q is a phone", phone)
		}
	}
	long := strings.Repeat("x", MaxCell+1)
	tags := ""
	for i := range MaxTags + 1 {
		tags += fmt.Sprint("|", i)
	}
	for _, text := range []string{
		"PK\x03\x04", "\x00", "", "11987654321\n", "nome\n", "fone" + strings.Repeat(",", MaxFields), "fone," + long, "\"fone",
		"fone\n" + strings.Repeat("11987654321\n", 1000) + "\x00",
		"fone,obs\n,x", "fone\n1,2", "fone\n\"1", "fone,obs\n11987654321," + long, "fone,nome\n11987654321," + long,
		"fone,tags\n11987654321," + long, "fone,tags\n11987654321," + tags, "fone\n" + strings.Repeat("x", maxLine+1),
	} {
		_, bad, err := readAll(text)
		for _, b := range bad {
			note(text, b.Reason)
		}
		if err != nil {
			note(text, err)
		} else if len(bad) == 0 {
			t.Errorf("%.40q: nothing is wrong with it", text)
		}
	}
	given[reason.CSVLarge] = true // TestAFileBeyondTheLimitIsRefusedWithoutBeingHeld
	codes, err := os.ReadFile("../reason/codes.go")
	if err != nil {
		t.Fatal(err)
	}
	all := regexp.MustCompile(`Code = "((?:phone|csv|row)(?:_\w+)?)"`).FindAllSubmatch(codes, -1)
	if len(all) < 30 {
		t.Fatalf("%d codes are found", len(all))
	}
	for _, m := range all {
		if !given[reason.Code(m[1])] {
			t.Errorf("nothing gives %s", m[1])
		}
	}
}

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
