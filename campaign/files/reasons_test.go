package files

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"recado/campaign/people"
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
		if _, err := people.ParsePhone(phone); err != nil {
			note(phone, err)
		} else {
			t.Errorf("%q is a phone", phone)
		}
	}
	long := strings.Repeat("x", people.MaxCell+1)
	tags := ""
	for i := range people.MaxTags + 1 {
		tags += fmt.Sprint("|", i)
	}
	var pairs strings.Builder
	for i := range people.MaxFields + 1 {
		fmt.Fprintf(&pairs, `,"f%d":"x"`, i)
	}
	var lists strings.Builder
	for i := range people.MaxLists {
		fmt.Fprintf(&lists, `,"l%d"`, i)
	}
	for _, text := range []string{
		"PK\x03\x04", "\xd0\xcf\x11\xe0", "\x00", "", "nome\n", "fone" + strings.Repeat(",", people.MaxFields), "fone," + long, "\"\xe9\" \"",
		"fone," + strings.Repeat("x", maxLine), "<table>",
		"fone\n" + strings.Repeat("11987654321\n", 1000) + "1\x001", "Ana;11987654321\nNome;Telefone;Cidade\nBia;11987654322;Recife",
		"fone,obs\n,x", "fone\n1,2", "fone\n11987654321\n\"1\"x\"", "fone,obs\n11987654321," + long, "fone,nome\n11987654321," + long,
		"fone,tags\n11987654321," + long, "fone,tags\n11987654321," + tags, "fone\n" + strings.Repeat("x", maxLine+1),
		`{"phone":"11987654321","lists":["l"` + lists.String() + "]}", "{}\n{", `{"phone":"11987654321","fields":{"f":"x"` + pairs.String() + "}}",
		"12/03/2026 10:00 - Ana: oi\n12/03/2026 10:01 - Bia: oi\n12/03/2026 10:01 - Caio: oi", "12/03/2026 10:00 - Ana: oi",
		`[{"phone":"11987654321"}]`, zipped("a.bin", ""), zipped("xl/workbook.xml", ""), zipped("xl/workbook.xml", "<!DOCTYPE x>"),
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
	given[reason.CSVLarge] = true       // TestAFileBeyondTheLimitIsRefusedWithoutBeingHeld
	given[reason.ImportUnpacked] = true // TestABombIsNotUnpacked
	given[reason.ImportNoSheet] = true  // TestTheSheetIsChosen
	given[reason.ImportNoColumn] = true // TestColumnsAreWhatAPersonSays
	codes, err := os.ReadFile("../reason/codes.go")
	if err != nil {
		t.Fatal(err)
	}
	all := regexp.MustCompile(`Code = "((?:phone|csv|row|import)(?:_\w+)?)"`).FindAllSubmatch(codes, -1)
	if len(all) < 30 {
		t.Fatalf("%d codes are found", len(all))
	}
	for _, m := range all {
		if !given[reason.Code(m[1])] {
			t.Errorf("nothing gives %s", m[1])
		}
	}
}
