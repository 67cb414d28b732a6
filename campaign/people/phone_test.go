package people

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestPhonesAreReadAsPeopleWriteThem(t *testing.T) {
	for in, want := range map[string]Phone{
		"+55 (11) 98765-4321":             "+5511987654321",
		"1. 11 98765-4321":                "+5511987654321",
		"12. +55 11 98765-4321":           "+5511987654321",
		"11 98765-4321 (2ª a 6ª)":         "+5511987654321",
		"11 98765-4321 24h":               "+5511987654321",
		"11 98765-4321 das 8h30 às 18:00": "+5511987654321",
		"https://api.whatsapp.com/send?phone=55%2011%2098765-4321": "+5511987654321",
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
		"Cel: 11 98765-4321":                 "+5511987654321",
		"11 98765-4321 (Maria)":              "+5511987654321",
		"WhatsApp (11) 98765-4321 📱":         "+5511987654321",
		"📞11987654321,":                      "+5511987654321",
		"11 3333-6005 ramal 23":              "+551133336005",
		"11 3333-6005 r. 23":                 "+551133336005",
		"11 3333-6005 x23":                   "+551133336005",
		"+55 11 3333-6005;ext=23":            "+551133336005",
		"apto 12, 11 98765-4321":             "+5511987654321",
		"11,98765-4321":                      "+5511987654321", // the area code in a cell of its own, once
		"DDD 11 tel 98765-4321":              "+5511987654321",
		"11,987,654,321":                     "+5511987654321", // as an amount
		"11,987,654,321.00":                  "+5511987654321",
		"+5,511,987,654,321.0":               "+5511987654321",
		"11.987.654.321,00":                  "+5511987654321",
		"11 987 654 321,00":                  "+5511987654321",
		"11'987'654'321":                     "+5511987654321",
		"+5511987654321.0":                   "+5511987654321",
		"+12125551234,00":                    "+12125551234",
		"11987654321.000000":                 "+5511987654321",
		"Cel: 11987654321.0":                 "+5511987654321",
		"5,511987654321E+12":                 "+5511987654321", // no digit is lost
		"5.511987654321e12":                  "+5511987654321",
		"+5.5119876543210E+12":               "+5511987654321",
		"1,1987654321E+10":                   "+5511987654321",
		"11987654321E0":                      "+5511987654321",
		"11.987.654.321":                     "+5511987654321",
		"(XX11) 98765-4321":                  "+5511987654321",
		"0**11 98765-4321":                   "+5511987654321",
		"p:+5511987654321":                   "+5511987654321",
		"5511987654321:12@s.whatsapp.net":    "+5511987654321",
		"5511987654321.0:3@s.whatsapp.net":   "+5511987654321",
		"5511987654321@c.us":                 "+5511987654321",
		"http://wa.me/+5511987654321?text=ligue%2011%203333-4444":  "+5511987654321",
		"https://api.whatsapp.com/send?phone=5511987654321&text=x": "+5511987654321",
		"whatsapp://send?phone=%2B5511987654321":                   "+5511987654321",
		"wa.me/11987654321":                                        "+5511987654321", // a link made by hand
		"https://wa.me/c/5511987654321":                            "+5511987654321", // a catalogue
		"https://wa.me/p/4123456789012345/5511987654321":           "+5511987654321", // something in it
		"https://t.me/+5511987654321":                              "+5511987654321",
		"tel://+5511987654321":                                     "+5511987654321",
		"callto:011987654321":                                      "+5511987654321",
		"https://instagram.com/x21998877665 11 98765-4321":         "+5511987654321",
		"11 98765-4321 https://wa.me/message/QX21998877665":        "+5511987654321",
		"@ana21998877665: 11 98765-4321":                           "+5511987654321",
		"wa.me/12125551234":                                        "+12125551234",
		"٠١١ ٩٨٧٦٥-٤٣٢١":                                           "+5511987654321",
		"1️⃣1️⃣ 98765-4321":                                        "+5511987654321",
		"11\u00ad98765\u200b4321":                                  "+5511987654321",
		"+52 1 55 1234 5678":                                       "+525512345678",
		"5215512345678":                                            "+525512345678",
		"+52 55 1234 5678":                                         "+525512345678",
		"+54 9 11 2345-6789":                                       "+5491123456789",
		"+54 11 15 2345-6789":                                      "+5491123456789",
		"+54 9 0351 15 234-5678":                                   "+5493512345678",
		"+54 11 4321-5678":                                         "+541143215678",
		"5491123456789":                                            "+5491123456789",
	} {
		got, err := ParsePhone(in)
		if err != nil || got != want {
			t.Errorf("ParsePhone(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestWhatIsNoPhoneSaysWhy(t *testing.T) {
	for in, why := range map[string]string{
		"":                               "(phone_no_digit)",
		"abc":                            `(phone_letter "a")`,
		"-":                              "(phone_no_digit)",
		"5,51198E+12":                    "(phone_rounded)",
		"5.51198E+12":                    "(phone_rounded)",
		"98765-4321":                     "(phone_no_area)",
		"8765-4321":                      "(phone_no_area)",
		"190":                            "(phone_short)",
		"20 98765-4321":                  "(phone_bad_area 20)",
		"11 88765-4321":                  "(phone_ninth)",
		"11 1234-5678":                   "(phone_begin 1)",
		"119876543210":                   "(phone_long_here)",
		"11 98765-00012":                 "(phone_long_here)",
		"1. 11 98765-43":                 "(phone_begin 1)",
		"919876543210":                   "(phone_long_here)", // India's without its plus, or one digit too many?
		"+55 11 98765-43210":             "(phone_long)",
		"11 98765-4321 / 91234-5678":     "(phone_many)",
		"+5511987654321+551187654321":    "(phone_plus)",
		"+999 1234567":                   "(phone_no_country)",
		"+1 212 555":                     "(phone_short_there 1)",
		"11 98765-4321 ou 21 98765-4321": "(phone_many)",
		"1234@lid":                       `(phone_letter "@")`,
		"120363000000000000@g.us":        `(phone_letter "@")`,
		"ana11987654321@example.com":     `(phone_letter "a")`,
		"Rua 25 de Março, 11":            `(phone_letter "R")`,
		"1,1E+12":                        "(phone_rounded)",
		"5,51198765432E+12":              "(phone_rounded)",
		"-5,511987654321E+12":            "(phone_rounded)",
		"5,5119876543215E+12":            "(phone_rounded)",
		"55119876543210E-1":              "(phone_rounded)",
		"https://wa.me/qr/ABCDE123456":   `(phone_letter "h")`,
		"11 98765-4321 0":                "(phone_long_here)",
		"++5511987654321":                "(phone_plus)",
	} {
		got, err := ParsePhone(in)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("ParsePhone(%q) = %q, %v; want an error with %q", in, got, err, why)
		}
	}
}

func TestANumberOfAnotherCountryWithoutItsPlus(t *testing.T) {
	for in, want := range map[string]Phone{
		"351936450127":     "+351936450127", // 35 is an area code, but no number begins with 1 behind it
		"351 914 207 335":  "+351914207335",
		"00351964118220":   "+351964118220",
		"(+351) 927318640": "+351927318640",
		"491511234567":     "", // landlines of Brazil, with a digit too many or a carrier, may look like those of others
		"351212345678":     "",
		"151133334444":     "",
		"211133334444":     "",
		"251133334444":     "",
		"351133334444":     "",
		"431133334444":     "",
		"447911123456":     "",
		"351998765432":     "",
		"919876543210":     "",
	} {
		if got, err := ParsePhone(in); got != want || (err == nil) != (want != "") {
			t.Errorf("ParsePhone(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestLinksThatHoldNoNumberGiveNobody(t *testing.T) {
	for _, in := range []string{
		"https://wa.me/message/QX7A4D2KLM5JO1", "https://wa.me/message/67998877665AB", "wa.me/qr/67998877665", "https://chat.whatsapp.com/FbX20911873345Kq8821",
		"chat.whatsapp.com/67998877665", "https://whatsapp.com/channel/0029Va67998877665", "https://api.whatsapp.com/message/67998877665?autoload=1&app_absent=0",
		"whatsapp://chat?code=Fb67998877665", "https://instagram.com/hotel67998877665", "www.instagram.com/hotel67998877665", "instagram.com/67998877665", "@hotel67998877665",
		"https://www.facebook.com/profile.php?id=67998877665", "fb.com/67998877665", "https://linktr.ee/hotel67998877665", "https://t.me/hotel67998877665", "https://t.me/+Fb67998877665",
		"https://maps.app.goo.gl/67998877665", "https://g.page/67998877665", "https://bit.ly/67998877665", "http://hotel.com.br/67998877665.html", "https://forms.gle/67998877665",
		"https://wa.link/67998877665 (11)", "https://tiktok.com/@67998877665",
	} {
		if got, why := (Where{}).Phones(in); why == nil {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestSeveralPhonesInOneTextAreRead(t *testing.T) {
	for in, want := range map[string]string{
		"+55 11 3333-1003 ::: +55 11 98765-1003":      "+551133331003 +5511987651003",
		"11 98765-4901, 11 98765-4902":                "+5511987654901 +5511987654902",
		"11 3333-4908 ou 11 98765-4907":               "+551133334908 +5511987654907",
		"11 98765-4909\n11 3333-4910":                 "+5511987654909 +551133334910",
		"11 98765-4321 11 98765-4322":                 "+5511987654321 +5511987654322",
		"(11)98765-4321(21)98765-4322":                "+5511987654321 +5521987654322",
		"+5511987654321 +12125551234":                 "+5511987654321 +12125551234",
		"11 3333-4444 / 3333-5555":                    "+551133334444 +551133335555",
		"11 3333-4444, CEP 20040-020":                 "+551133334444",
		"11 98765-4321 / (11) 98765-4321":             "+5511987654321",
		"11987654321.0;11987654322.0":                 "+5511987654321 +5511987654322",
		"Ana 11 98765-4321; Bia (trab.) 21 3333-4444": "+5511987654321 +552133334444",
	} {
		phones, why := Where{}.Phones(in)
		if got := fmt.Sprint(phones); why != nil || got != "["+want+"]" {
			t.Errorf("%q: %s, %v; want %s", in, got, why, want)
		}
	}
}

func TestWhereAPhoneIsMeantToBe(t *testing.T) {
	for _, test := range []struct {
		where    Where
		in, want string
	}{
		{Where{Area: "11"}, "98765-4321", "+5511987654321"},
		{Where{Area: "11"}, "3333-4444", "+551133334444"},
		{Where{Area: "11"}, "21 98765-4321", "+5521987654321"},
		{Where{Country: "MX"}, "55 1234 5678", "+525512345678"},
		{Where{Country: "MX"}, "+55 11 98765-4321", "+5511987654321"},
		{Where{Country: "PT"}, "912 345 678", "+351912345678"},
		{Where{Country: "PT"}, "351912345678", "+351912345678"},
		{Where{Country: "US", Area: "212"}, "555-1234", "+12125551234"},
		{Where{Country: "AR"}, "11 15 2345-6789", "+5491123456789"},
		{Where{Country: "AR", Area: "351"}, "15 123-4567", "+5493511234567"},
		{Where{Country: "MX"}, "044 55 1234 5678", "+525512345678"},
		{Where{Country: "MX"}, "045 55 1234 5678", "+525512345678"},
		{Where{Country: "MX"}, "01 55 1234 5678", "+525512345678"},
		{Where{Country: "MX"}, "044 1234", ""},
		{Where{Country: "PT"}, "12", ""},
	} {
		if got, err := test.where.Parse(test.in); string(got) != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%+v: %q is %q, %v; want %q", test.where, test.in, got, err, test.want)
		}
	}
}

func TestMobilesAndPhonesThatAreFilledIn(t *testing.T) {
	for p, want := range map[Phone][2]bool{
		"+5511987654321": {true, false}, "+551187654321": {true, false}, "+551133334444": {false, false},
		"+5511999999999": {true, true}, "+5511911111111": {true, true}, "+551100000000": {false, true},
		"+5511912345678": {true, true}, "+5511999998888": {true, false}, "+5511987000000": {true, true}, "+5511987600000": {true, false}, "+351912345678": {true, true},
		"+351212345679": {false, false}, "+12125551234": {true, false}, "": {false, false},
	} {
		if p.Mobile() != want[0] || p.FilledIn() != want[1] {
			t.Errorf("%q: mobile %v, filled in %v; want %v", p, p.Mobile(), p.FilledIn(), want)
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
	if len(ddds()) != 67 {
		t.Errorf("%d area codes, want 67", len(ddds()))
	}
	for ddd := range ddds() {
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
	for _, s := range []string{"11 98765-4321 ou 21 3333-4444 ramal 2", "+52 1 55 1234 5678", "+54 11 15 2345-6789", "٠١١ ٩٨٧٦٥", "5511987654321:1@s.whatsapp.net", "api.whatsapp.com/send?phone=%2B55"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		phones, why := Where{Area: "11"}.Phones(s)
		if (why == nil) != (len(phones) > 0) || len(phones) > phonesMost {
			t.Errorf("%q: %q, %v", s, phones, why)
		}
		for _, p := range phones {
			if again, err := ParsePhone(string(p)); err != nil || again != p {
				t.Errorf("%q: %q reads as %q, %v", s, p, again, err)
			}
			p.Mobile()
			p.FilledIn()
		}
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

func TestACountryIsNamedByLettersOrCode(t *testing.T) {
	for s, want := range map[string]string{
		"MX": "MX", "mx": "MX", "52": "MX", "+52": "MX", "1": "US", "+55": "BR", "br": "BR",
		"": "", "ZZ": "", "MEX": "", "+": "", "800": "", "999": "", "001": "US",
	} {
		if got := Country(s); got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
}
