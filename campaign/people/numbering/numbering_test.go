package numbering_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"go/build"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"recado/campaign/people/numbering"
)

var update = flag.Bool("update", false, "write the plans and zones of the library")

// TestThePlansAreTheLibrarys holds the tables to those of the library. After it
// was updated, -update writes them again.
func TestThePlansAreTheLibrarys(t *testing.T) {
	for name, want := range map[string]string{"plans.txt": libraryPlans(t), "zones.txt": libraryZones(t)} {
		if *update {
			if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s is not what the library says; look at its changes and run go test -update", name)
		}
	}
}

// libraryPlans are the plans as plans.txt has them.
func libraryPlans(t *testing.T) string {
	t.Helper()
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	type key struct {
		code   int
		region string
	}
	of := make(map[key]*phonenumbers.PhoneMetadata)
	for _, m := range all.GetMetadata() {
		of[key{int(m.GetCountryCode()), m.GetId()}] = m
	}
	var b strings.Builder
	for _, code := range slices.Sorted(maps.Keys(phonenumbers.GetSupportedCallingCodes())) {
		for _, region := range phonenumbers.GetRegionCodesForCountryCode(code) {
			m := of[key{code, region}]
			if m == nil {
				t.Fatalf("there is no plan of %d %s", code, region)
			}
			text, err := json.Marshal(plan(m))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%d %s %s\n", code, region, text)
		}
	}
	return b.String()
}

func plan(m *phonenumbers.PhoneMetadata) numbering.Plan {
	p := numbering.Plan{
		Abroad: m.GetInternationalPrefix(),
		Prefix: m.GetNationalPrefixForParsing(), Becomes: m.GetNationalPrefixTransformRule(),
		General: kind(m.GetGeneralDesc()), Local: ints(m.GetGeneralDesc().GetPossibleLengthLocalOnly()),
		Services: kinds(m.GetPremiumRate(), m.GetTollFree(), m.GetSharedCost(), m.GetVoip()),
		Personal: kind(m.GetPersonalNumber()),
		Others:   kinds(m.GetPager(), m.GetUan(), m.GetVoicemail()),
		Mobile:   kind(m.GetMobile()), Fixed: kind(m.GetFixedLine()),
	}
	formats := m.GetIntlNumberFormat()
	if len(formats) == 0 {
		formats = m.GetNumberFormat()
	}
	for _, f := range formats {
		begins := ""
		if all := f.GetLeadingDigitsPattern(); len(all) > 0 {
			begins = all[len(all)-1] // the most detailed
		}
		p.Formats = append(p.Formats, numbering.Format{Pattern: f.GetPattern(), Begins: begins, As: f.GetFormat()})
	}
	return p
}

func kinds(all ...*phonenumbers.PhoneNumberDesc) (some []numbering.Kind) {
	for _, d := range all {
		if k := kind(d); k.Pattern != "" {
			some = append(some, k)
		}
	}
	return some
}

func kind(d *phonenumbers.PhoneNumberDesc) numbering.Kind {
	if d.GetNationalNumberPattern() == "NA" {
		return numbering.Kind{}
	}
	return numbering.Kind{Pattern: d.GetNationalNumberPattern(), Lengths: ints(d.GetPossibleLength())}
}

func ints(all []int32) (some []int) {
	for _, n := range all {
		if n > 0 { // -1: there are none
			some = append(some, int(n))
		}
	}
	return some
}

// libraryZones are the zones as zones.txt has them. The library tells only those
// of one number at a time, so they are read from its file.
func libraryZones(t *testing.T) string {
	t.Helper()
	library, err := build.Import("github.com/nyaruka/phonenumbers", ".", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile(filepath.Join(library.Dir, "data", "prefix_to_timezone.xml.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	size := binary.LittleEndian.Uint32(data)
	names := strings.Split(string(data[4:4+size]), "\n")
	r := bytes.NewReader(data[8+size:])
	var lines []string
	for prefix, left := uint64(0), binary.LittleEndian.Uint32(data[4+size:]); left > 0; left-- {
		more, err := binary.ReadUvarint(r)
		if err != nil {
			t.Fatal(err)
		}
		prefix += more
		line := strconv.FormatUint(prefix, 10)
		count, _ := r.ReadByte()
		for range count {
			var at uint16
			if err := binary.Read(r, binary.LittleEndian, &at); err != nil {
				t.Fatal(err)
			}
			line += " " + names[at]
		}
		lines = append(lines, line+"\n")
	}
	slices.SortFunc(lines, cmp.Compare)
	return strings.Join(lines, "")
}

// samples calls yield with digits of phones: for every country, numbers that it
// has, of every kind, whole, cut, longer, with another digit, and with what is
// dialled in front of them; and digits at random.
func samples(r *rand.Rand, yield func(region, national string, code int)) {
	all, _ := phonenumbers.MetadataCollection()
	// With and without what may be in front of them they are numbers.
	yield("BR", "9049150103", 55)
	yield("BY", "8139346309", 375)
	digit := func() string { return strconv.Itoa(r.IntN(10)) }
	for _, m := range all.GetMetadata() {
		code := int(m.GetCountryCode())
		for _, d := range []*phonenumbers.PhoneNumberDesc{
			m.GetGeneralDesc(), m.GetFixedLine(), m.GetMobile(), m.GetTollFree(), m.GetPremiumRate(), m.GetSharedCost(),
			m.GetPersonalNumber(), m.GetVoip(), m.GetPager(), m.GetUan(), m.GetVoicemail(),
		} {
			n := d.GetExampleNumber()
			if n == "" {
				continue
			}
			for _, front := range []string{"", m.GetNationalPrefix(), "0", "1", "8", "9", strconv.Itoa(code), "00" + strconv.Itoa(code), "0015", "011" + strconv.Itoa(code)} {
				yield(m.GetId(), front+n, code)
			}
			for range 3 {
				at := r.IntN(len(n))
				yield(m.GetId(), n[:at]+digit()+n[at+1:], code)
				yield(m.GetId(), n[:at]+digit()+digit()+n[min(at+2, len(n)):], code)
				yield(m.GetId(), n[:at], code)
				yield(m.GetId(), n+digit(), code)
				yield(m.GetId(), n[:at]+"15"+n[at:], code)
			}
		}
		for i := range 16 {
			n := ""
			if i%2 == 0 {
				n = m.GetNationalPrefix()
			}
			for range r.IntN(18) {
				n += digit()
			}
			yield(m.GetId(), n, code)
		}
	}
}

// TestNumbersAreReadAsTheLibraryReadsThem compares every answer with the
// library's.
func TestNumbersAreReadAsTheLibraryReadsThem(t *testing.T) {
	seen, valid := 0, 0
	compare := func(what string, got numbering.Number, ok bool, want *phonenumbers.PhoneNumber, err error) {
		if seen++; ok != (err == nil) {
			t.Fatalf("%s: read %v, the library says %v", what, ok, err)
		}
		if !ok {
			return
		}
		kind := phonenumbers.GetNumberType(want)
		answers := []struct {
			name      string
			got, want any
		}{
			{"E164", got.E164(), phonenumbers.Format(want, phonenumbers.E164)},
			{"String", got.String(), phonenumbers.Format(want, phonenumbers.INTERNATIONAL)},
			{"Length", got.Length(), lengths[phonenumbers.IsPossibleNumberWithReason(want)]},
			{"Valid", got.Valid(), phonenumbers.IsValidNumber(want)},
			{"Mobile", got.Mobile(), slices.Contains([]phonenumbers.PhoneNumberType{
				phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.PERSONAL_NUMBER, phonenumbers.UNKNOWN}, kind)},
		}
		for _, a := range answers {
			if a.got != a.want {
				t.Fatalf("%s: %s is %v, the library says %v (%v)", what, a.name, a.got, a.want, kind)
			}
		}
		if got.Valid() {
			valid++
		}
	}
	samples(rand.New(rand.NewPCG(1, 2)), func(region, national string, code int) {
		digits := strconv.Itoa(code) + national
		got, ok := numbering.Parse(digits)
		want, err := phonenumbers.Parse("+"+digits, "ZZ")
		compare("+"+digits, got, ok, want, err)
		if region != "001" {
			got, ok = numbering.ParseIn(region, national)
			want, err = phonenumbers.Parse(national, region)
			compare(region+" "+national, got, ok, want, err)
		}
		names, err := phonenumbers.GetTimezonesForPrefix("+" + digits)
		if err != nil {
			t.Fatal(err)
		}
		if names[0] == phonenumbers.UNKNOWN_TIMEZONE {
			names = nil
		}
		if zones := numbering.Zones(digits); !slices.Equal(zones, names) {
			t.Fatalf("+%s: zones %v, the library says %v", digits, zones, names)
		}
	})
	if valid < seen/8 {
		t.Errorf("%d of %d samples are numbers that exist: too few to show anything", valid, seen)
	}
}

// lengths are what the library says of the number of digits.
var lengths = map[phonenumbers.ValidationResult]numbering.Length{
	phonenumbers.IS_POSSIBLE: numbering.Possible, phonenumbers.IS_POSSIBLE_LOCAL_ONLY: numbering.Local,
	phonenumbers.TOO_SHORT: numbering.TooShort, phonenumbers.TOO_LONG: numbering.TooLong,
	phonenumbers.INVALID_LENGTH: numbering.Unknown,
}

// TestRegionsAndCodesAreTheLibrarys walks all that there are, and some that
// there are not.
func TestRegionsAndCodesAreTheLibrarys(t *testing.T) {
	for code := range 1100 {
		want := phonenumbers.GetRegionCodeForCountryCode(code)
		if want == phonenumbers.UNKNOWN_REGION {
			want = ""
		}
		if got := numbering.Region(code); got != want {
			t.Errorf("the region of %d is %q, the library says %q", code, got, want)
		}
	}
	for _, a := range "0ABCDEFGHIJKLMNOPQRSTUVWXYZa" {
		for _, b := range "0ABCDEFGHIJKLMNOPQRSTUVWXYZa" {
			region := string(a) + string(b)
			if got, want := numbering.Code(region), phonenumbers.GetCountryCodeForRegion(region); got != want {
				t.Errorf("the code of %s is %d, the library says %d", region, got, want)
			}
		}
	}
	for _, region := range []string{"", "001", "ZZ", "BRA"} {
		if got := numbering.Code(region); got != 0 {
			t.Errorf("the code of %q is %d", region, got)
		}
	}
}
