package people

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestPhonesAreReadAsPeopleWriteThem(t *testing.T) {
	for in, want := range map[string]Phone{
		"+55 (11) 98765-4321":                "+5511987654321",
		"11987654321":                        "+5511987654321",
		"11 8765-4321":                       "+551187654321", // without the ninth digit, kept as written
		"5511987654321":                      "+5511987654321",
		"551187654321":                       "+551187654321",
		"0xx11 98765-4321":                   "+5511987654321",
		"(0xx11) 98765-4321":                 "+5511987654321",
		"0XX 11 98765-4321":                  "+5511987654321",
		"011 98765-4321":                     "+5511987654321",
		"0 15 11 98765-4321":                 "+5511987654321",
		"005511987654321":                    "+5511987654321",
		"+55 011 98765-4321":                 "+5511987654321",
		"(+55) 11 98765.4321":                "+5511987654321",
		"whatsapp:+5511987654321":            "+5511987654321",
		"tel:+55-11-98765-4321":              "+5511987654321",
		"https://wa.me/5511987654321":        "+5511987654321",
		"5511987654321@s.whatsapp.net":       "+5511987654321",
		"(11) 98765 4321":                    "+5511987654321",
		"\u202a+55 11 98765\u20114321\u202c": "+5511987654321", // as WhatsApp Web copies it
		"'11987654321":                       "+5511987654321",
		`="11987654321"`:                     "+5511987654321",
		"5511987654321.0":                    "+5511987654321",
		"11987654321,00":                     "+5511987654321",
		"１１９８７６５４３２１":                        "+5511987654321",
		"(11) 3333-4444":                     "+551133334444", // a landline
		"11 95432-1234":                      "+5511954321234",
		"(55) 99876-5432":                    "+5555998765432", // the area code 55
		"5532123456":                         "+555532123456",
		"+1 212 555 1234":                    "+12125551234",
		"00351 912 345 678":                  "+351912345678",
		"+44 (0)20 7946 0958":                "+442079460958",
		"+39 06 6982":                        "+39066982", // Italy keeps the zero
	} {
		got, err := ParsePhone(in)
		if err != nil || got != want {
			t.Errorf("ParsePhone(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestWhatIsNoPhoneSaysWhy(t *testing.T) {
	for in, why := range map[string]string{
		"":                            "(phone_no_digit)",
		"abc":                         `(phone_letter "a")`,
		"-":                           "(phone_no_digit)",
		"5,51198E+12":                 "(phone_rounded)",
		"5.51198E+12":                 "(phone_rounded)",
		"98765-4321":                  "(phone_no_area)",
		"8765-4321":                   "(phone_no_area)",
		"190":                         "(phone_short)",
		"20 98765-4321":               "(phone_bad_area 20)",
		"11 88765-4321":               "(phone_ninth)",
		"11 1234-5678":                "(phone_begin 1)",
		"119876543210":                "(phone_long_here)",
		"919876543210":                "(phone_long_here)", // India's without its plus, or one digit too many?
		"+55 11 98765-43210":          "(phone_long)",
		"11 98765-4321 / 91234-5678":  "(phone_many)",
		"+5511987654321+551187654321": "(phone_plus)",
		"+999 1234567":                "(phone_no_country)",
		"+1 212 555":                  "(phone_short_there 1)",
		"11 98765-4321 ramal 2":       `(phone_letter "r")`,
		"++5511987654321":             "(phone_plus)",
	} {
		got, err := ParsePhone(in)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("ParsePhone(%q) = %q, %v; want an error with %q", in, got, err, why)
		}
	}
}

func TestTheNinthDigitMakesNoOtherPerson(t *testing.T) {
	with, without := Phone("+5511987654321"), Phone("+551187654321")
	if with.Key() != without.Key() {
		t.Errorf("keys %q and %q, want the same", with.Key(), without.Key())
	}
	if got, ok := with.Other(); !ok || got != without {
		t.Errorf("the other of %s is %q", with, got)
	}
	if got, ok := without.Other(); !ok || got != with {
		t.Errorf("the other of %s is %q", without, got)
	}
	for _, p := range []Phone{"", "+551133334444", "+5511954321234", "+12125551234", "+5511"} {
		if got, ok := p.Other(); ok {
			t.Errorf("the other of %q is %q, want none", p, got)
		}
		if p.Key() != p.Digits() {
			t.Errorf("the key of %q is %q", p, p.Key())
		}
	}
}

func TestPhonesOnScreenAndInLogs(t *testing.T) {
	for p, want := range map[Phone][2]string{
		"+5511987654321": {"+55 11 98765-4321", "+55•••••4321"},
		"+551133334444":  {"+55 11 3333-4444", "+55•••••4444"},
		"+12125551234":   {"+1 212-555-1234", "+12•••••1234"},
		"+99912":         {"+99912", "•••••"},
		"":               {"", ""},
	} {
		if p.Pretty() != want[0] || p.Masked() != want[1] {
			t.Errorf("%q: %q, %q; want %q", p, p.Pretty(), p.Masked(), want)
		}
	}
}

func TestZonesCanBeLoaded(t *testing.T) {
	if len(ddds) != 67 {
		t.Errorf("%d area codes, want 67", len(ddds))
	}
	for ddd := range ddds {
		if _, err := time.LoadLocation(Phone("+55" + ddd + "987654321").Zone()); err != nil {
			t.Errorf("area code %s: %v", ddd, err)
		}
	}
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for p, want := range map[Phone]int{
		"+5511987654321": -3, "+5568987654321": -5, "+5592987654321": -4, "+5565987654321": -4, "+5567987654321": -4,
		"+5569987654321": -4, "+5595987654321": -4, "+12125551234": -4, "+351912345678": 1, "+18005551234": -4,
		"+79161234567": 3, "+34612345678": 2, "+61412345678": 10, "+5491123456789": -3, "+525512345678": -6,
	} {
		zone, err := time.LoadLocation(p.Zone())
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		if _, offset := at.In(zone).Zone(); offset != want*3600 {
			t.Errorf("%s is in %s, %d seconds from UTC, want %d hours", p, zone, offset, want)
		}
	}
	for code := range 10000 {
		if p := Phone(fmt.Sprintf("+%d12345678", code)); p.Zone() != "" {
			if _, err := time.LoadLocation(p.Zone()); err != nil {
				t.Errorf("%s: %v", p, err)
			}
		}
	}
	for _, p := range []Phone{"", "+", "+5", "+55", "+551", "+5500", "+999123456"} {
		if got := p.Zone(); got != "" {
			t.Errorf("the zone of %q is %q, want none", p, got)
		}
	}
}

// The zones that phones lead to are there, also on a machine that has none.
func TestZonesOfPhonesAreKnown(t *testing.T) {
	t.Setenv("ZONEINFO", "/nowhere")
	for _, p := range []Phone{"+5511987654321", "+5568987654321", "+56912345678", "+595981123456", "+201001234567", "+9613123456", "+5351234567", "+12125550123", "+351912345678", "+77012345678"} {
		name := p.Zone()
		zone, err := time.LoadLocation(name)
		if err != nil || name == "" || name == "UTC" || zone.String() != name {
			t.Errorf("%s: zone %q: %v", p, name, err)
		}
	}
}

func FuzzParsePhone(f *testing.F) {
	for _, s := range []string{"+55 (11) 98765-4321", "0xx11", "00", "+1 212", "5,5E+12", `="1"`, "wa.me/+1", "+3906"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePhone(s)
		if err != nil {
			if p != "" {
				t.Errorf("%q with %v", p, err)
			}
			return
		}
		again, err := ParsePhone(string(p))
		if err != nil || again != p {
			t.Errorf("ParsePhone(%q) = %q reads as %q, %v", s, p, again, err)
		}
		pretty, err := ParsePhone(p.Pretty())
		if err != nil || pretty != p {
			t.Errorf("%q is shown as %q, which reads as %q, %v", p, p.Pretty(), pretty, err)
		}
		if other, ok := p.Other(); ok && (other.Key() != p.Key() || other == p) {
			t.Errorf("the other of %q is %q", p, other)
		}
		if digits := p.Digits(); strings.Contains(p.Masked(), digits[2:]) || p.Zone() == "Etc/Unknown" {
			t.Errorf("%q is masked as %q, in %q", p, p.Masked(), p.Zone())
		}
	})
}
