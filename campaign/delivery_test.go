package campaign

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// The moments of the table: what a delivery has behind it, and the event.
var (
	before = time.Unix(1_000_000, 0)
	moment = before.Add(time.Hour)
)

// situations are deliveries as they come, one for each row of an event.
var situations = []struct {
	name string
	d    Delivery
}{
	{"queued", Delivery{}},
	{"put off", Delivery{Attempts: 1, Message: "OLD", LID: "1", Link: 7, Claimed: before, NotBefore: before, Code: 503, Reason: reason.New("busy")}},
	{"sending", Delivery{State: Sending, Attempts: 1, Message: "OLD", LID: "1", Link: 7, Claimed: before}},
	{"sending again", Delivery{State: Sending, Attempts: 2, Doubts: 1, InDoubt: true, Message: "OLD", LID: "1", Link: 7, Claimed: before}},
	{"unsure", Delivery{State: Unsure, Attempts: 1, Doubts: 1, InDoubt: true, Message: "OLD", LID: "1", Link: 7, Claimed: before, NotBefore: before, Reason: reason.New("silence")}},
	{"unsure for good", Delivery{State: Unsure, Attempts: 3, Doubts: 3, InDoubt: true, Message: "OLD", LID: "1", Link: 7, Claimed: before, Reason: reason.New("silence")}},
	{"forgotten", Delivery{State: Unsure, InDoubt: true, Claimed: before, Reason: reason.New(reason.DeliveryForgotten)}},
	{"sent", Delivery{State: Sent, Attempts: 1, Message: "OLD", LID: "1", Link: 7, Claimed: before, Accepted: before}},
	{"delivered", Delivery{State: Delivered, Attempts: 1, Message: "OLD", LID: "1", Link: 7, Claimed: before, Accepted: before, Arrived: before}},
	{"read", Delivery{State: Read, Attempts: 1, Message: "OLD", LID: "1", Link: 7, Claimed: before, Accepted: before, Arrived: before, ReadAt: before}},
	{"replied", Delivery{State: Replied, Attempts: 1, Message: "OLD", LID: "1", Link: 7, Claimed: before, Accepted: before, RepliedAt: before}},
	{"failed", Delivery{Contact: 5, State: Failed, Attempts: 1, Unheard: 1, Redirected: true, Text: "Oi", Upload: 3, Timer: people.Timer{After: time.Hour}, Fixed: 1, Message: "OLD", LID: "1", Link: 7, Claimed: before, Code: 479, Reason: reason.New("refused")}},
	{"skipped", Delivery{State: Skipped, Reason: reason.New(reason.DeliveryOptedOut)}},
}

// differs names what an event has changed of a delivery, in the order of its
// fields: "state=sending attempts=2"; times as how long after the event.
func differs(was, is Delivery) string {
	var all []string
	b, a := reflect.ValueOf(was), reflect.ValueOf(is)
	for i := range b.NumField() {
		if reflect.DeepEqual(b.Field(i).Interface(), a.Field(i).Interface()) {
			continue
		}
		said := fmt.Sprint(a.Field(i).Interface())
		switch v := a.Field(i).Interface().(type) {
		case time.Time:
			switch {
			case v.IsZero():
				said = "never"
			case v.Equal(moment):
				said = "now"
			default:
				said = fmt.Sprintf("%+v", v.Sub(moment))
			}
		case reason.Reason:
			if said = string(v.Code); v.IsZero() {
				said = "none"
			}
		case people.Timer:
			said = v.After.String()
		}
		all = append(all, b.Type().Field(i).Name+"="+said)
	}
	return strings.Join(all, " ")
}

const link, grace = 7, 10 * time.Minute

var (
	bia   = people.Contact{LID: "9", Phone: "+5511987654321"}
	cargo = Cargo{Message: "NEW", Text: "Olá", Upload: 4, Timer: people.Timer{After: time.Hour}}
	why   = reason.New("why")
)

func settled(o Outcome) func(*Delivery) { return func(d *Delivery) { d.Settle(o, grace, moment) } }

// events are all that can happen to a delivery, and what each changes.
var events = []struct {
	name string
	do   func(*Delivery)
	want map[string]string // by the situation; one that is not named stays as it is
}{
	{"claimed", func(d *Delivery) { d.Claim(&bia, link+1, cargo, moment) }, map[string]string{
		"queued":  "Phone=+5511987654321 State=sending LID=9 Message=NEW Text=Olá Upload=4 Timer=1h0m0s Attempts=1 Link=8 Claimed=now",
		"put off": "Phone=+5511987654321 State=sending Reason=none Code=0 Attempts=2 Link=8 NotBefore=never",
		"unsure":  "Phone=+5511987654321 State=sending Reason=none Attempts=2 Link=8 NotBefore=never",
	}},
	{"accepted", settled(Outcome{Kind: Accepted}), map[string]string{
		"queued":          "State=sent Accepted=now",
		"put off":         "State=sent Reason=none Code=0 NotBefore=never Accepted=now",
		"sending":         "State=sent Accepted=now",
		"sending again":   "State=sent InDoubt=false Accepted=now",
		"unsure":          "State=sent Reason=none InDoubt=false NotBefore=never Accepted=now",
		"unsure for good": "State=sent Reason=none InDoubt=false Accepted=now",
		"forgotten":       "State=sent Reason=none InDoubt=false Accepted=now",
		"failed":          "State=sent Reason=none Code=0 Accepted=now",
		"skipped":         "State=sent Reason=none Accepted=now",
	}},
	{"refused", settled(Outcome{Kind: Refused, Code: 403, Reason: why}), map[string]string{
		"sending":       "State=failed Reason=why Code=403",
		"sending again": "State=unsure Reason=why Code=403",
	}},
	{"not sent", settled(Outcome{Kind: NotSent, Reason: why}), map[string]string{
		"sending":       "State=queued Reason=why NotBefore=5s",
		"sending again": "State=unsure Reason=why NotBefore=20s",
	}},
	{"address no good", settled(Outcome{Kind: Misled, Reason: why}), map[string]string{
		"sending":       "State=queued Reason=why NotBefore=5s",
		"sending again": "State=unsure Reason=why NotBefore=20s",
	}},
	{"outcome not known", settled(Outcome{Kind: Unknown, Reason: why}), map[string]string{
		"sending":       "State=unsure Reason=why Doubts=1 InDoubt=true NotBefore=10m0s",
		"sending again": "State=unsure Reason=why Doubts=2 NotBefore=10m0s",
	}},
	{"process ended", func(d *Delivery) { d.Interrupt(moment) }, map[string]string{
		"sending":       "State=unsure Reason=delivery_interrupted InDoubt=true NotBefore=now",
		"sending again": "State=unsure Reason=delivery_interrupted NotBefore=now",
	}},
	{"claim forgotten", func(d *Delivery) { d.Forget(moment) }, map[string]string{
		"queued":          "State=unsure Reason=delivery_forgotten InDoubt=true Claimed=now",
		"put off":         "State=unsure Reason=delivery_forgotten Code=0 InDoubt=true NotBefore=never",
		"unsure":          "Reason=delivery_forgotten NotBefore=never",
		"unsure for good": "Reason=delivery_forgotten",
		"forgotten":       "Claimed=now",
	}},
	{"identified", func(d *Delivery) { d.Identify("GUESS") }, map[string]string{
		"forgotten": "Message=GUESS",
	}},
	{"addressed", func(d *Delivery) { d.Address("8") }, map[string]string{
		"queued":    "LID=8",
		"forgotten": "LID=8",
		"skipped":   "LID=8",
	}},
	{"given up", func(d *Delivery) { d.GiveUp(why) }, map[string]string{
		"queued":  "State=skipped Reason=why",
		"put off": "State=skipped Reason=why Code=0 NotBefore=never",
		"unsure":  "NotBefore=never",
	}},
	{"dropped by the same link", func(d *Delivery) { d.Drop(link) }, map[string]string{
		"unsure": "NotBefore=never",
	}},
	{"dropped by another link", func(d *Delivery) { d.Drop(link + 1) }, map[string]string{
		"unsure": "Reason=delivery_unlinked NotBefore=never",
	}},
	{"put aside", func(d *Delivery) { d.PutAside(moment) }, map[string]string{
		"queued":  "Reason=delivery_no_answer Unheard=1 NotBefore=1m0s",
		"put off": "Reason=delivery_no_answer Unheard=1 NotBefore=1m0s",
	}},
	{"found to open a chat", func(d *Delivery) { d.OpenChat() }, map[string]string{
		"queued":          "New=true",
		"put off":         "New=true",
		"unsure":          "New=true",
		"unsure for good": "New=true",
		"forgotten":       "New=true",
	}},
	{"address found", func(d *Delivery) { d.Redirect(people.Answer{Presence: people.OnWhatsApp, LID: "1"}, "1", moment) }, map[string]string{
		"put off": "Redirected=true NotBefore=now",
		"unsure":  "Redirected=true NotBefore=now",
	}},
	{"address found twice", func(d *Delivery) {
		for range 2 {
			d.Redirect(people.Answer{Presence: people.OnWhatsApp, LID: "1"}, "1", moment)
		}
	}, map[string]string{
		"put off": "State=failed Redirected=true NotBefore=never",
		"unsure":  "Redirected=true NotBefore=never",
	}},
	{"address of somebody else", func(d *Delivery) { d.Redirect(people.Answer{Presence: people.OnWhatsApp, LID: "2"}, "1", moment) }, map[string]string{
		"put off": "State=skipped Reason=delivery_moved NotBefore=never",
		"unsure":  "Reason=delivery_moved NotBefore=never",
	}},
	{"address not told", func(d *Delivery) { d.Redirect(people.Answer{Presence: people.OnWhatsApp}, "1", moment) }, map[string]string{}},
	{"phone not on WhatsApp", func(d *Delivery) { d.Redirect(people.Answer{Presence: people.NotOnWhatsApp}, "1", moment) }, map[string]string{
		"put off": "State=skipped Reason=delivery_not_on_whatsapp NotBefore=never",
		"unsure":  "Reason=delivery_not_on_whatsapp NotBefore=never",
	}},
	{"decided: it arrived", func(d *Delivery) { d.Decide(Arrived, moment) }, map[string]string{
		"unsure":          "State=sent Reason=none InDoubt=false NotBefore=never Accepted=now",
		"unsure for good": "State=sent Reason=none InDoubt=false Accepted=now",
		"forgotten":       "State=sent Reason=none InDoubt=false Accepted=now",
	}},
	{"decided: send it", func(d *Delivery) { d.Decide(SendIt, moment) }, map[string]string{
		"unsure":          "State=queued Reason=none Doubts=0 InDoubt=false NotBefore=now",
		"unsure for good": "State=queued Reason=none Doubts=0 InDoubt=false NotBefore=now",
		"forgotten":       "State=queued Reason=none InDoubt=false NotBefore=now Claimed=never",
	}},
	{"decided: leave it", func(d *Delivery) { d.Decide(Leave, moment) }, map[string]string{
		"unsure":          "State=skipped Reason=delivery_left_alone NotBefore=never",
		"unsure for good": "State=skipped Reason=delivery_left_alone",
		"forgotten":       "State=skipped Reason=delivery_left_alone",
	}},
	{"taken out", func(d *Delivery) { d.TakeOut() }, map[string]string{
		"queued":  "State=skipped Reason=delivery_taken_out",
		"put off": "State=skipped Reason=delivery_taken_out Code=0 NotBefore=never",
	}},
	{"tried again", func(d *Delivery) { d.Retry(true, "America/Recife") }, map[string]string{
		"failed": "State=queued New=true Zone=America/Recife LID= Text= Upload=0 Timer=0s Reason=none Code=0 Attempts=0 Unheard=0 Link=0 Redirected=false Claimed=never Fixed=0",
	}},
	{"moved", func(d *Delivery) { d.Move(3, true, "America/Recife") }, map[string]string{
		"queued": "Number=3 New=true Zone=America/Recife",
	}},
	{"decided: no verdict", func(d *Delivery) { d.Decide("perhaps", moment) }, map[string]string{}},
	{"receipt: sent", func(d *Delivery) { d.Advance(Sent, moment) }, map[string]string{
		"queued":          "State=sent Accepted=now",
		"put off":         "State=sent Reason=none Code=0 NotBefore=never Accepted=now",
		"sending":         "State=sent Accepted=now",
		"sending again":   "State=sent InDoubt=false Accepted=now",
		"unsure":          "State=sent Reason=none InDoubt=false NotBefore=never Accepted=now",
		"unsure for good": "State=sent Reason=none InDoubt=false Accepted=now",
		"forgotten":       "State=sent Reason=none InDoubt=false Accepted=now",
		"failed":          "State=sent Reason=none Code=0 Accepted=now",
		"skipped":         "State=sent Reason=none Accepted=now",
	}},
	{"receipt: delivered", func(d *Delivery) { d.Advance(Delivered, moment) }, map[string]string{
		"queued":          "State=delivered Accepted=now Arrived=now",
		"put off":         "State=delivered Reason=none Code=0 NotBefore=never Accepted=now Arrived=now",
		"sending":         "State=delivered Accepted=now Arrived=now",
		"sending again":   "State=delivered InDoubt=false Accepted=now Arrived=now",
		"unsure":          "State=delivered Reason=none InDoubt=false NotBefore=never Accepted=now Arrived=now",
		"unsure for good": "State=delivered Reason=none InDoubt=false Accepted=now Arrived=now",
		"forgotten":       "State=delivered Reason=none InDoubt=false Accepted=now Arrived=now",
		"sent":            "State=delivered Arrived=now",
		"replied":         "Arrived=now",
		"failed":          "State=delivered Reason=none Code=0 Accepted=now Arrived=now",
		"skipped":         "State=delivered Reason=none Accepted=now Arrived=now",
	}},
	{"receipt: read", func(d *Delivery) { d.Advance(Read, moment) }, map[string]string{
		"queued":          "State=read Accepted=now Arrived=now ReadAt=now",
		"put off":         "State=read Reason=none Code=0 NotBefore=never Accepted=now Arrived=now ReadAt=now",
		"sending":         "State=read Accepted=now Arrived=now ReadAt=now",
		"sending again":   "State=read InDoubt=false Accepted=now Arrived=now ReadAt=now",
		"unsure":          "State=read Reason=none InDoubt=false NotBefore=never Accepted=now Arrived=now ReadAt=now",
		"unsure for good": "State=read Reason=none InDoubt=false Accepted=now Arrived=now ReadAt=now",
		"forgotten":       "State=read Reason=none InDoubt=false Accepted=now Arrived=now ReadAt=now",
		"sent":            "State=read Arrived=now ReadAt=now",
		"delivered":       "State=read ReadAt=now",
		"replied":         "Arrived=now ReadAt=now",
		"failed":          "State=read Reason=none Code=0 Accepted=now Arrived=now ReadAt=now",
		"skipped":         "State=read Reason=none Accepted=now Arrived=now ReadAt=now",
	}},
	{"reply", func(d *Delivery) { d.Advance(Replied, moment) }, map[string]string{
		"queued":          "RepliedAt=now",
		"put off":         "RepliedAt=now",
		"sending":         "RepliedAt=now",
		"sending again":   "RepliedAt=now",
		"unsure":          "RepliedAt=now",
		"unsure for good": "RepliedAt=now",
		"forgotten":       "RepliedAt=now",
		"sent":            "State=replied RepliedAt=now",
		"delivered":       "State=replied RepliedAt=now",
		"read":            "State=replied RepliedAt=now",
		"failed":          "RepliedAt=now",
		"skipped":         "RepliedAt=now",
	}},
	{"no proof", func(d *Delivery) { d.Advance(Failed, moment) }, map[string]string{}},
}

func TestEveryEventInEverySituation(t *testing.T) {
	for _, event := range events {
		named := 0
		for _, s := range situations {
			d := s.d
			event.do(&d)
			got, want := differs(s.d, d), event.want[s.name]
			if got != want {
				t.Errorf("%s, %s:\n got %s\nwant %s", s.name, event.name, got, want)
			}
			if want != "" {
				named++
			}
		}
		if named != len(event.want) {
			t.Errorf("%s: a situation that there is not", event.name)
		}
	}
}

// Whatever happens in whatever order, what is proven stays, and so do the id and
// all that a copy may have carried.
func TestProofNeverMovesADeliveryBack(t *testing.T) {
	for _, s := range situations {
		for _, first := range events {
			for _, second := range events {
				d := s.d
				first.do(&d)
				between := d
				second.do(&d)
				if between.State.Proven() && d.State < between.State {
					t.Errorf("%s, %s, %s: from %v to %v", s.name, first.name, second.name, between.State, d.State)
				}
				if between.State.Proven() && (d.InDoubt || d.Again() || d.Pending()) {
					t.Errorf("%s, %s, %s: it is %v and waits", s.name, first.name, second.name, d.State)
				}
				if m := between.Message; m != "" && d.Message != m {
					t.Errorf("%s, %s, %s: it has another id: %s", s.name, first.name, second.name, differs(between, d))
				}
				if between.Fresh() || between.State == Failed && second.name == "tried again" {
					continue // nothing of it has left
				}
				if m := between.Message; m != "" && (d.Text != between.Text || d.Upload != between.Upload || d.Claimed != between.Claimed && second.name != "claim forgotten") {
					t.Errorf("%s, %s, %s: it carries something else: %s", s.name, first.name, second.name, differs(between, d))
				}
			}
		}
	}
}

func TestReplyAloneProvesNothingAndIsNotForgotten(t *testing.T) {
	d := Delivery{State: Unsure, InDoubt: true, Reason: reason.New(reason.DeliveryNoAnswer)}
	if !d.Advance(Replied, moment) || d.State != Unsure {
		t.Fatalf("a reply made it %v, want unsure", d.State)
	}
	if !d.Advance(Delivered, moment.Add(time.Second)) || d.State != Replied || d.InDoubt || !d.Reason.IsZero() || !d.RepliedAt.Equal(moment) {
		t.Errorf("with proof it is %v, in doubt %v for %q; want replied and no doubt", d.State, d.InDoubt, d.Reason)
	}
	if d.Advance(Read, moment) {
		t.Error("a receipt for what is replied to changed the state")
	}
}

// What did not leave is tried again, after longer and longer pauses, as often as
// its reason is worth; what is in doubt as often stays unsure.
func TestADeliveryIsTriedSoManyTimes(t *testing.T) {
	for _, test := range []struct {
		name string
		o    Outcome
		want int // claims
	}{
		{"it did not leave", Outcome{Kind: NotSent, Reason: why}, 10},
		{"the service says later", Outcome{Kind: NotSent, Code: 503, Reason: why}, 5},
		{"no keys", Outcome{Kind: NotSent, Reason: reason.New(reason.DeliveryNoKeys)}, 3},
		{"no address", Outcome{Kind: Misled, Code: 421, Reason: why}, 3},
		{"refused", Outcome{Kind: Refused, Reason: why}, 1},
	} {
		for _, doubt := range []bool{false, true} {
			d := Delivery{InDoubt: doubt}
			if doubt {
				d.State, d.NotBefore = Unsure, moment
			}
			end, now := Failed, moment
			if doubt {
				end = Unsure
			}
			var waits []time.Duration
			for d.Pending() && d.Attempts < 100 {
				d.Claim(&bia, link, cargo, now)
				if !d.Settle(test.o, grace, now) {
					t.Fatalf("%s: it was not being sent", test.name)
				}
				if d.Pending() {
					waits = append(waits, d.NotBefore.Sub(now))
					now = d.NotBefore
				}
			}
			if d.Attempts != test.want || d.State != end || d.Again() || d.Code != test.o.Code || !d.Reason.Equal(test.o.Reason) {
				t.Errorf("%s: %v after %d claims for %v, want %v after %d", test.name, d.State, d.Attempts, d.Reason, end, test.want)
			}
			pauses := []time.Duration{5 * time.Second, 20 * time.Second, 80 * time.Second, 320 * time.Second,
				10 * time.Minute, 10 * time.Minute, 10 * time.Minute, 10 * time.Minute, 10 * time.Minute}
			if !slices.Equal(waits, pauses[:test.want-1]) {
				t.Errorf("%s: waits %v", test.name, waits)
			}
		}
	}
}

func TestAPhoneWithoutAnAnswerIsAskedAboutSoManyTimes(t *testing.T) {
	var d Delivery
	n := 0
	for ; d.Pending() && n < 100; n++ {
		d.PutAside(moment)
	}
	if n != 3 || d.State != Skipped || d.Reason.Code != reason.DeliveryNoAnswer || d.Again() {
		t.Errorf("%v for %v after %d times, want skipped after 3", d.State, d.Reason, n)
	}
}

func TestADeliveryInDoubtIsHopeless(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Delivery)
		after  time.Duration
		want   bool
	}{
		{"an hour old", func(d *Delivery) {}, time.Hour, false},
		{"a day old", func(d *Delivery) {}, 24 * time.Hour, false},
		{"older", func(d *Delivery) {}, 24*time.Hour + 1, true},
		{"of a clock that was a little ahead", func(d *Delivery) {}, -time.Minute, false},
		{"of a clock that was ahead", func(d *Delivery) {}, -time.Minute - 1, true},
		{"by an earlier link", func(d *Delivery) { d.Link-- }, time.Hour, true},
		{"twice without an answer", func(d *Delivery) { d.Doubts = 2 }, time.Hour, false},
		{"three times without an answer", func(d *Delivery) { d.Doubts = 3 }, time.Hour, true},
		{"claimed nine times", func(d *Delivery) { d.Attempts = 9 }, time.Hour, false},
		{"claimed ten times", func(d *Delivery) { d.Attempts = 10 }, time.Hour, true},
		{"not in doubt", func(d *Delivery) { d.State, d.Attempts = Queued, 10 }, time.Hour, false},
	} {
		d := Delivery{State: Unsure, InDoubt: true, Attempts: 1, Link: link, Claimed: moment, NotBefore: moment}
		test.change(&d)
		if got := d.Hopeless(link, moment.Add(test.after)); got != test.want {
			t.Errorf("%s: hopeless %v", test.name, got)
		}
	}
}

func TestADeliveryThatWasPutOffIsDue(t *testing.T) {
	minute := func(n int) time.Time { return moment.Add(time.Duration(n) * time.Minute) }
	for _, test := range []struct {
		name      string
		state     State
		notBefore time.Time
		online    time.Time // since when
		want      Hold
	}{
		{"its time has come", Queued, moment, moment, Hold{}},
		{"not yet", Queued, minute(5), moment, Hold{Reason: reason.HoldRetry, Until: minute(5)}},
		{"longer than anything waits", Queued, minute(30), moment, Hold{}},
		{"in doubt, its time has come", Unsure, moment, minute(-10), Hold{}},
		{"in doubt, not yet", Unsure, minute(5), minute(-10), Hold{Reason: reason.HoldDoubt, Until: minute(5)}},
		{"in doubt, the number has just come back", Unsure, moment, minute(-1), Hold{Reason: reason.HoldDoubt, Until: minute(9)}},
		{"not in doubt, the number has just come back", Queued, moment, minute(-1), Hold{}},
	} {
		d := Delivery{State: test.state, NotBefore: test.notBefore}
		if got := d.Due(Readiness{Since: test.online}, grace, moment); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestWhatADeliveryIsInEverySituation(t *testing.T) {
	for _, s := range situations {
		var is []string
		for name, holds := range map[string]bool{
			"again": s.d.Again(), "pending": s.d.Pending(), "may have left": s.d.MayHaveLeft(),
			"proven": s.d.State.Proven(), "reached": s.d.State.Reached(), "claim forgotten": s.d.ClaimForgotten(),
		} {
			if holds {
				is = append(is, name)
			}
		}
		slices.Sort(is)
		want := map[string]string{
			"queued": "pending", "put off": "again, pending", "sending": "may have left, pending", "sending again": "may have left, pending",
			"unsure": "again, may have left, pending", "unsure for good": "may have left", "forgotten": "claim forgotten, may have left",
			"sent": "may have left, proven", "delivered": "may have left, proven, reached", "read": "may have left, proven, reached",
			"replied": "may have left, proven, reached", "failed": "", "skipped": "",
		}[s.name]
		if got := strings.Join(is, ", "); got != want {
			t.Errorf("%s: %s; want %s", s.name, got, want)
		}
	}
}

// Only what certainly did not leave, to somebody who may be written to, is tried
// again; it keeps its id.
func TestWhatIsTriedAgain(t *testing.T) {
	for _, test := range []struct {
		name string
		d    Delivery
		want bool
	}{
		{"refused", Delivery{State: Failed, Reason: reason.New(reason.Refused)}, true},
		{"no new chats", Delivery{State: Failed, Reason: reason.New(reason.RefusedStrangers)}, true},
		{"no keys", Delivery{State: Failed, Reason: reason.New(reason.DeliveryNoKeys)}, true},
		{"whom it may not write to", Delivery{State: Failed, Reason: reason.New(reason.RefusedPerson)}, false},
		{"no word about the phone", Delivery{State: Skipped, Reason: reason.New(reason.DeliveryNoAnswer)}, true},
		{"not on WhatsApp", Delivery{State: Skipped, Reason: reason.New(reason.DeliveryNotOnWhatsApp)}, false},
		{"opted out", Delivery{State: Skipped, Reason: reason.New(reason.DeliveryOptedOut)}, false},
		{"in doubt", Delivery{State: Unsure, InDoubt: true, Reason: reason.New(reason.DeliveryNoAnswer)}, false},
		{"left alone by a person", Delivery{State: Skipped, InDoubt: true, Reason: reason.New(reason.DeliveryNoAnswer)}, false},
		{"an undo", Delivery{State: Failed, Revokes: "OTHER"}, false},
		{"waits", Delivery{}, false},
		{"sent", Delivery{State: Sent}, false},
	} {
		d := test.d
		d.Contact, d.Message = 5, "OLD"
		if got := d.Retry(false, "UTC"); got != test.want || d.Message != "OLD" || got != (d.State == Queued && test.d.State != Queued) {
			t.Errorf("%s: %v, it is %+v", test.name, got, d)
		}
		fate := test.d.Fate()
		if got := fate.Retriable(); got != test.want && test.d.Revokes == "" && !test.d.InDoubt {
			t.Errorf("%s: counted as %v", test.name, got)
		}
	}
	gone := Delivery{State: Failed, Reason: reason.New(reason.Refused)}
	if gone.Retry(false, "UTC") {
		t.Error("one whose person was erased is tried again")
	}
}
