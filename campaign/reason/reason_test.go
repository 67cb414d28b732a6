package reason

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

// everyType is a reason with an argument of each type.
func everyType() Reason {
	return New("number_test", "Ana \"x\"\n", []string{"a", "ção"}, Plain("plain"), 1234567, -3,
		time.Date(2026, 11, 28, 9, 30, 0, 5, time.UTC), 90*time.Second,
		New(PhoneBad, "99", New(PhoneBadArea, Plain("99"))), "", []string{}, Plain(""), 0)
}

// What is written down is read back with the types of its arguments, as JSON
// and as the text of a record.
func TestAReasonSurvivesTheDisk(t *testing.T) {
	for _, r := range []Reason{{}, New(DeliveryOptedOut), New(PhoneBadArea, Plain("99")), everyType()} {
		b, err := json.Marshal(struct{ Why Reason }{r})
		if err != nil {
			t.Fatal(err)
		}
		var back struct{ Why Reason }
		if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back.Why, r) {
			t.Errorf("%s became %#v, %v; want %#v", b, back.Why, err, r)
		}
		if got := Parse(r.Text()); !reflect.DeepEqual(got, r) {
			t.Errorf("%s became %#v, want %#v", r.Text(), got, r)
		}
	}
	if got := New(DeliveryOptedOut).Text(); got != "delivery_opted_out" {
		t.Errorf("a code alone is written as %q", got)
	}
	if b, err := json.Marshal(New(DeliveryOptedOut)); err != nil || string(b) != `"delivery_opted_out"` {
		t.Errorf("a code alone is written as %s, %v", b, err)
	}
}

// What old records say is known by its code, with what the sentence spoke of;
// what nobody knows stays as it is.
func TestOldSentencesAreReadAsCodes(t *testing.T) {
	for text, want := range map[string]Reason{
		"":                         {},
		"delivery_opted_out":       {Code: DeliveryOptedOut},
		"opted out":                {Code: DeliveryOptedOut},
		"missing field: cidade":    {DeliveryMissingField, []any{Plain("cidade")}},
		"The connection was lost.": {Code: NumberLost},
		"WhatsApp stopped the number \"Lo\\\"ja\". See to it before you resume the campaign.":                                                                                    {CampaignStopped, []any{`Lo"ja`}},
		"Of the last 20 messages that WhatsApp took more than 30 minutes ago, 7 arrived. Look on the phone whether others arrive and what people see, then resume the campaign.": {CampaignSilence, []any{20, 30, 7}},
		"5 messages in a row did not leave: WhatsApp did not accept the message (code 400). Look at WhatsApp on the phone and write to somebody from there, then resume the campaign.": {
			CampaignRefusals, []any{5, Reason{RefusedWithCode, []any{Reason{Code: RefusedText}, 400}}}},
		"WhatsApp banned this number for a time: too many people blocked it.":       {NumberBanned, []any{Reason{Code: BanBlocked}}},
		"WhatsApp refused the connection (code 401).":                               {NumberRefused, []any{Reason{ServiceCode, []any{401}}}},
		"WhatsApp cannot be reached: connection refused.":                           {NumberUnreachable, []any{Reason{Code: NetworkRefused}}},
		"WhatsApp cannot be reached: dial tcp: x.":                                  {NumberUnreachable, []any{Plain("dial tcp: x")}},
		"The code was for +5511987654321, but 5521987654321 typed it. Start again.": {LinkOtherTyped, []any{Plain("+5511987654321"), Plain("5521987654321")}},
		"a sentence that nobody knows":                                              {Code: "a sentence that nobody knows"},
	} {
		if got := Old(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as %#v, want %#v", text, got, want)
		}
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var r Reason
		if err := json.Unmarshal(quoted, &r); err != nil || !reflect.DeepEqual(r, want) {
			t.Errorf("%s in JSON is read as %#v, %v; want %#v", quoted, r, err, want)
		}
		var c Code
		if err := json.Unmarshal(quoted, &c); err != nil || c != want.Code {
			t.Errorf("%s in JSON is read as the code %q, %v; want %q", quoted, c, err, want.Code)
		}
	}
	for _, known := range old { // none hides behind one before it
		text := strings.NewReplacer("%q", `"x"`, "%s", "x").Replace(known.text)
		if got := Old(text); got.Code != known.code {
			t.Errorf("%q is read as %s, want %s", text, got.Code, known.code)
		}
	}
}

var errSentinel = Err(NotFound)

// An error says what its outermost reason says, and is still the error that it
// comes from.
func TestAnErrorKeepsItsCauseAndSaysItOnce(t *testing.T) {
	inner := Because(errSentinel, ListNotFound, "vip")
	outer := fmt.Errorf("start it: %w", Within(inner, CampaignStart, Plain("7")))
	if !errors.Is(outer, errSentinel) || errors.Is(outer, Err(NotFound)) {
		t.Error("it is not the error that it comes from, or is another one with that code")
	}
	if got, want := Of(outer), New(CampaignStart, Plain("7"), New(ListNotFound, "vip")); !got.Equal(want) {
		t.Errorf("it says %v, want %v", got, want)
	}
	if got := outer.Error(); got != `start it: campaign_start 7 (list_not_found "vip")` {
		t.Errorf("the log says %q", got)
	}
	if got := inner.Error(); got != `list_not_found "vip": not_found` {
		t.Errorf("the log says %q", got)
	}
	both := fmt.Errorf("%w: %w", errors.New("gone"), inner)
	if got := Of(both); got.Code != ListNotFound {
		t.Errorf("of two causes it says %v", got)
	}
	if _, ok := Find(errors.New("x")); ok {
		t.Error("there is a reason in an error without")
	}
}

// What is wrapped around a foreign error is for logs: a person reads the
// foreign text alone.
func TestAForeignErrorIsSaidInItsOwnWords(t *testing.T) {
	err := fmt.Errorf("write the book: %w", errors.Join(errors.New("a"), fmt.Errorf("b: %w", errors.New("strange"))))
	if got := Of(err); !got.Equal(New(Foreign, Plain("strange"))) {
		t.Errorf("it says %v", got)
	}
}

func TestErrorsOfTheSystemHaveCodes(t *testing.T) {
	_, missing := os.ReadFile(filepath.Join(t.TempDir(), "none"))
	path := missing.(*fs.PathError).Path
	_, directory := os.ReadFile(filepath.Dir(path))
	_, refused := net.Dial("tcp", "127.0.0.1:1")
	for _, test := range []struct {
		err  error
		want Reason
	}{
		{missing, New(FileMissing, Plain(path))},
		{directory, New(FileDirectory, Plain(filepath.Dir(path)))},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, New(FileDenied, Plain("x"))},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.ELOOP}, New(FileFault, Plain("x"), Plain(syscall.ELOOP.Error()))},
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, New(DiskFull)},
		{&os.LinkError{Op: "rename", Old: "x", New: "y", Err: syscall.EROFS}, New(DiskReadOnly)},
		{syscall.EIO, New(DiskFails)},
		{refused, New(NetworkRefused)},
		{&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "web.whatsapp.com", IsNotFound: true}}, New(NetworkNoHost, Plain("web.whatsapp.com"))},
		{&net.DNSError{Err: "server misbehaving", Name: "web.whatsapp.com"}, New(NetworkNoNames, Plain("web.whatsapp.com"))},
		{&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, New(NetworkReset)},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}, New(NetworkNone)},
		{&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, New(NoAnswer)},
		{context.DeadlineExceeded, New(NoAnswer)},
		{context.Canceled, New(Interrupted)},
	} {
		if got := Of(fmt.Errorf("log: %w", test.err)); !got.Equal(test.want) {
			t.Errorf("%v says %v, want %v", test.err, got, test.want)
		}
	}
}

type id uint64

type phone string

func TestIdsAndPhonesArePlain(t *testing.T) {
	r := New(CampaignIs, id(1234), phone("+55"), Fault(StatusPaused))
	if want := (Reason{CampaignIs, []any{Plain("1234"), Plain("+55"), Reason{Code: StatusPaused}}}); !reflect.DeepEqual(r, want) {
		t.Errorf("got %#v, want %#v", r, want)
	}
	defer func() {
		if recover() == nil {
			t.Error("an argument that cannot be written down is taken")
		}
	}()
	New(CampaignIs, struct{}{})
}

// The log has the whole of a foreign cause, of which a person reads the end.
func TestTheLogHasAllOfAForeignCause(t *testing.T) {
	err := Within(fmt.Errorf("dial: %w", errors.New("strange")), LinkFailed)
	if got := err.Error(); got != "link_failed (foreign strange): dial: strange" {
		t.Errorf("the log says %q", got)
	}
}

func TestOfALongTextTheBeginningIsRepeated(t *testing.T) {
	for text, want := range map[string]string{
		strings.Repeat("ã", 40):          strings.Repeat("ã", 40),
		strings.Repeat("ã", 41):          strings.Repeat("ã", 40) + "…",
		"\xff" + strings.Repeat("x", 40): "\uFFFD" + strings.Repeat("x", 39) + "…",
	} {
		if got := Clip(text); got != want {
			t.Errorf("%q is repeated as %q, want %q", text, got, want)
		}
	}
	if got := QuoteAll(make([]string, 21)); strings.Count(got, `""`) != 20 || !strings.HasSuffix(got, ", …") {
		t.Errorf("of 21 texts %s is repeated", got)
	}
}

// Programs get the arguments as plain JSON.
func TestTheValuesOfAReasonAreForPrograms(t *testing.T) {
	b, err := json.Marshal(everyType().Values())
	if err != nil {
		t.Fatal(err)
	}
	want := `["Ana \"x\"\n",["a","ção"],"plain",1234567,-3,"2026-11-28T09:30:00Z",90,{"code":"phone","args":["99",{"code":"phone_bad_area","args":["99"]}]},"",[],"",0]`
	if string(b) != want {
		t.Errorf("got %s, want %s", b, want)
	}
}
