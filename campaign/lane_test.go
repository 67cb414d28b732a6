package campaign_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// oneQuestion is a book in which one phone waits to be asked about, and a
// service that refuses to say.
type oneQuestion struct {
	campaign.Log
	campaign.Sender
	asked []time.Time
}

func (q *oneQuestion) Ready() campaign.Readiness { return campaign.Readiness{Link: 1} }

func (q *oneQuestion) Claim(campaign.Claim) (campaign.Act, error) {
	return campaign.Check{Phones: []people.Phone{"+5511987654321"}}, nil
}

func (q *oneQuestion) NewID() campaign.MessageID { return "3EB0" }

func (q *oneQuestion) Check(context.Context, []people.Phone) ([]people.Answer, error) {
	q.asked = append(q.asked, time.Now())
	return nil, errors.New("refused")
}

func TestRefusedQuestionIsAskedLessAndLessHoweverOftenTheBellRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, bell := new(oneQuestion), new(campaign.Bell)
		ctx, cancel := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer cancel()
		lane := &campaign.Lane{Number: 1, Log: q, Sender: q, Bell: bell, Logger: slog.New(slog.DiscardHandler)}
		go lane.Run(ctx) // ends with ctx
		for range 3600 { // another number sends, once a second
			time.Sleep(time.Second)
			bell.Ring()
		}
		synctest.Wait()
		if n := len(q.asked); n < 10 || n > 20 {
			t.Errorf("asked %d times in an hour", n)
		}
		for i := 2; i < len(q.asked); i++ {
			gap, before := q.asked[i].Sub(q.asked[i-1]), q.asked[i-1].Sub(q.asked[i-2])
			if gap < before || gap > 5*time.Minute+time.Second {
				t.Errorf("pause %d is %v after %v", i, gap, before)
			}
		}
	})
}

// inquiry is a book in which phones wait to be asked about until they are
// answered or put off, and a service that knows some accounts.
type inquiry struct {
	held []reason.Code // what was said to hold it

	campaign.Log
	campaign.Sender
	phones   []people.Phone
	accounts map[people.Phone]string  // of LIDs
	silent   map[people.Phone]bool    // nothing is said about these
	refuse   func(question int) error // of the questions from 1 on; nil: none

	questions [][]people.Phone
	at        []time.Time
	answers   []people.Answer
	kept      bool
	slow      time.Time
}

func (q *inquiry) Ready() campaign.Readiness { return campaign.Readiness{Link: 1} }

func (q *inquiry) NewID() campaign.MessageID { return "3EB0" }

func (q *inquiry) Claim(c campaign.Claim) (campaign.Act, error) {
	switch {
	case q.kept:
		return campaign.Wait{Hold: campaign.Hold{Reason: reason.HoldEmpty}}, nil
	case q.slow.After(c.Now):
		return campaign.Wait{Hold: campaign.Hold{Reason: reason.HoldRateLimit, Until: q.slow}}, nil
	}
	return campaign.Check{Phones: q.phones}, nil
}

func (q *inquiry) Check(_ context.Context, phones []people.Phone) ([]people.Answer, error) {
	q.questions, q.at = append(q.questions, phones), append(q.at, time.Now())
	if q.refuse != nil {
		if err := q.refuse(len(q.questions)); err != nil {
			return nil, err
		}
	}
	var answers []people.Answer
	for _, phone := range phones {
		answer := people.Answer{Asked: phone, Presence: people.NotOnWhatsApp}
		if lid, ok := q.accounts[phone]; ok {
			answer = people.Answer{Asked: phone, Presence: people.OnWhatsApp, Phone: phone, LID: lid}
		}
		if !q.silent[phone] {
			answers = append(answers, answer)
		}
	}
	return answers, nil
}

func (q *inquiry) Answered(_ campaign.NumberID, asked []people.Phone, answers []people.Answer, _ time.Time) error {
	q.kept, q.answers = slices.Equal(asked, q.phones), answers
	return nil
}

func (q *inquiry) Held(_ campaign.NumberID, hold campaign.Hold) { q.held = append(q.held, hold.Reason) }

func (q *inquiry) Slow(_ campaign.NumberID, why reason.Code, until time.Time) error {
	if why == reason.HoldRateLimit {
		q.slow = until
	}
	return nil
}

// ask runs a lane over an inquiry for an hour.
func (q *inquiry) ask(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		lane := &campaign.Lane{Number: 1, Log: q, Sender: q, Bell: new(campaign.Bell), Logger: slog.New(slog.DiscardHandler)}
		go lane.Run(ctx) // ends with ctx
		time.Sleep(time.Hour)
		cancel()
		synctest.Wait()
	})
}

// What these phones are: a Brazilian mobile with its ninth digit and without,
// one of each more, and phones that have no other spelling.
const (
	long, short           = people.Phone("+5511987654321"), people.Phone("+551187654321")
	otherLong, otherShort = people.Phone("+5521976543210"), people.Phone("+552176543210")
	landline, abroad      = people.Phone("+551132654321"), people.Phone("+351912345678")
)

func TestAbsentMobileIsAskedAboutInItsOtherSpelling(t *testing.T) {
	absent := func(p people.Phone) people.Answer {
		return people.Answer{Asked: p, Presence: people.NotOnWhatsApp}
	}
	there := func(asked, known people.Phone, lid string) people.Answer {
		return people.Answer{Asked: asked, Presence: people.OnWhatsApp, Phone: known, LID: lid}
	}
	for name, test := range map[string]struct {
		phones    []people.Phone
		accounts  map[people.Phone]string
		silent    map[people.Phone]bool
		questions [][]people.Phone
		answers   []people.Answer
	}{
		"as it is written": {
			phones: []people.Phone{long}, accounts: map[people.Phone]string{long: "7"},
			questions: [][]people.Phone{{long}}, answers: []people.Answer{there(long, long, "7")},
		},
		"without the ninth digit": {
			phones: []people.Phone{long}, accounts: map[people.Phone]string{short: "7"},
			questions: [][]people.Phone{{long}, {short}}, answers: []people.Answer{there(long, short, "7")},
		},
		"with the ninth digit": {
			phones: []people.Phone{short}, accounts: map[people.Phone]string{long: "7"},
			questions: [][]people.Phone{{short}, {long}}, answers: []people.Answer{there(short, long, "7")},
		},
		"in neither": {
			phones:    []people.Phone{long},
			questions: [][]people.Phone{{long}, {short}}, answers: []people.Answer{absent(long)},
		},
		"without another spelling": {
			phones:    []people.Phone{landline, abroad},
			questions: [][]people.Phone{{landline, abroad}}, answers: []people.Answer{absent(landline), absent(abroad)},
		},
		"several at once, only the absent again": {
			phones:    []people.Phone{landline, long, abroad, otherShort},
			accounts:  map[people.Phone]string{long: "7", otherLong: "8"},
			questions: [][]people.Phone{{landline, long, abroad, otherShort}, {otherLong}},
			answers:   []people.Answer{absent(landline), there(long, long, "7"), absent(abroad), there(otherShort, otherLong, "8")},
		},
		"nothing is said about one": {
			phones: []people.Phone{long, otherLong}, silent: map[people.Phone]bool{long: true},
			questions: [][]people.Phone{{long, otherLong}, {otherShort}}, answers: []people.Answer{absent(otherLong)},
		},
		"nothing is said about the other spelling": {
			phones: []people.Phone{long, otherLong}, silent: map[people.Phone]bool{short: true},
			questions: [][]people.Phone{{long, otherLong}, {short, otherShort}}, answers: []people.Answer{absent(otherLong)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := &inquiry{phones: test.phones, accounts: test.accounts, silent: test.silent}
			q.ask(t)
			if !slices.EqualFunc(q.questions, test.questions, slices.Equal) {
				t.Errorf("asked %v, want %v", q.questions, test.questions)
			}
			if !q.kept || !slices.Equal(q.answers, test.answers) {
				t.Errorf("kept %+v, want %+v", q.answers, test.answers)
			}
		})
	}
}

// A person is not taken for absent on half of the answer.
func TestSecondQuestionThatFailsIsAskedAgainWithTheFirst(t *testing.T) {
	q := &inquiry{
		phones: []people.Phone{long}, accounts: map[people.Phone]string{short: "7"},
		refuse: func(question int) error {
			if question == 2 {
				return errors.New("the line broke")
			}
			return nil
		},
	}
	q.ask(t)
	if want := [][]people.Phone{{long}, {short}, {long}, {short}}; !slices.EqualFunc(q.questions, want, slices.Equal) {
		t.Fatalf("asked %v, want %v", q.questions, want)
	}
	if pause := q.at[2].Sub(q.at[1]); pause < time.Second || pause > time.Minute {
		t.Errorf("asked again after %v", pause)
	}
	if !q.kept || len(q.answers) != 1 || q.answers[0].Presence != people.OnWhatsApp || !q.slow.IsZero() {
		t.Errorf("kept %+v, slow until %v", q.answers, q.slow)
	}
}

func TestRateLimitOnTheSecondQuestionSlowsTheNumberAndAnswersNothing(t *testing.T) {
	q := &inquiry{
		phones: []people.Phone{long}, accounts: map[people.Phone]string{short: "7"},
		refuse: func(question int) error {
			if question == 2 {
				return fmt.Errorf("ask about phones: %w", campaign.ErrRateLimit)
			}
			return nil
		},
	}
	q.ask(t)
	if want := [][]people.Phone{{long}, {short}, {long}, {short}}; !slices.EqualFunc(q.questions, want, slices.Equal) {
		t.Fatalf("asked %v, want %v", q.questions, want)
	}
	if pause := q.at[2].Sub(q.at[1]); pause != 15*time.Minute {
		t.Errorf("asked again after %v, want a quarter of an hour", pause)
	}
	if !q.kept || len(q.answers) != 1 || q.answers[0].LID != "7" {
		t.Errorf("kept %+v", q.answers)
	}
}

// script is a book and a service that say what the test wants, and the times at
// which they were asked.
type script struct {
	mu sync.Mutex // held by what changes the script while the lane runs

	campaign.Log
	campaign.Sender
	ready  func() campaign.Readiness // nil: always
	claim  func() campaign.Act       // nil: one phone to ask about
	check  func(question int) error  // of the questions from 0 on; nil: a phone that is there
	upload func() error
	settle func(try int) error
	// together is SettleAndClaim, tried for the nth time; nil: it works.
	together func(try int) error
	claims   []time.Time
	asked    []time.Time
	sent     []time.Time
	settled  []time.Time
	both     []time.Time // settled and claimed, or tried to
	held     []reason.Code
	slow     time.Time
	unsent   []string // why an attachment was not uploaded
}

func (s *script) Ready() campaign.Readiness {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready == nil {
		return campaign.Readiness{Link: 1}
	}
	return s.ready()
}

func (s *script) NewID() campaign.MessageID { return "3EB0" }

func (s *script) Claim(c campaign.Claim) (campaign.Act, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slow.After(c.Now) {
		return campaign.Wait{Hold: campaign.Hold{Reason: reason.HoldRateLimit, Until: s.slow}}, nil
	}
	s.claims = append(s.claims, time.Now())
	if s.claim == nil {
		return campaign.Check{Phones: []people.Phone{abroad}}, nil
	}
	return s.claim(), nil
}

func (s *script) Check(_ context.Context, phones []people.Phone) ([]people.Answer, error) {
	s.asked = append(s.asked, time.Now())
	return []people.Answer{{Asked: phones[0], Presence: people.OnWhatsApp}}, s.check(len(s.asked) - 1)
}

func (s *script) Answered(campaign.NumberID, []people.Phone, []people.Answer, time.Time) error {
	return nil
}

func (s *script) Upload(context.Context, campaign.Upload) ([]byte, error) {
	s.asked = append(s.asked, time.Now())
	return nil, s.upload()
}

func (s *script) NotUploaded(_ campaign.NumberID, _ campaign.Upload, why error, _ time.Time) error {
	s.unsent = append(s.unsent, why.Error())
	return nil
}

func (s *script) Send(context.Context, campaign.Delivery) campaign.Outcome {
	s.sent = append(s.sent, time.Now())
	return campaign.Outcome{}
}

func (s *script) Settle(campaign.Delivery, campaign.Outcome, time.Time) error {
	s.settled = append(s.settled, time.Now())
	return s.settle(len(s.settled) - 1)
}

func (s *script) SettleAndClaim(d campaign.Delivery, o campaign.Outcome, c campaign.Claim) (campaign.Act, error) {
	if s.together != nil {
		if err := s.together(len(s.both)); err != nil {
			s.both = append(s.both, time.Now())
			return nil, err
		}
	}
	s.both = append(s.both, time.Now())
	return s.Claim(c)
}

func (s *script) Held(_ campaign.NumberID, hold campaign.Hold) {
	s.held = append(s.held, hold.Reason)
}

func (s *script) Slow(_ campaign.NumberID, _ reason.Code, until time.Time) error {
	s.slow = until
	return nil
}

// run runs a lane over the script for so long, in a bubble.
func (s *script) run(t *testing.T, span time.Duration, meanwhile func(*campaign.Bell)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		bell := new(campaign.Bell)
		lane := &campaign.Lane{Number: 1, Log: s, Sender: s, Bell: bell, Logger: slog.New(slog.DiscardHandler)}
		go lane.Run(ctx) // ends with ctx
		if meanwhile != nil {
			meanwhile(bell)
		}
		time.Sleep(span)
		cancel()
		synctest.Wait()
	})
}

// pauses are the times between moments, in seconds.
func pauses(at []time.Time) (seconds []int) {
	for i := 1; i < len(at); i++ {
		seconds = append(seconds, int(at[i].Sub(at[i-1]).Seconds()))
	}
	return seconds
}

var errBroken = errors.New("the line broke")

// The pause after a mistake is five seconds, doubled with each that follows up
// to five minutes, and five seconds again once something has worked or the
// number has a new connection.
func TestPausesAfterMistakesDouble(t *testing.T) {
	for _, test := range []struct {
		name  string
		works int           // the question that is answered; -1: none
		again time.Duration // when the connection comes again; 0: it does not
		want  []int
	}{
		{"nothing works", -1, 0, []int{5, 10, 20, 40, 80, 160, 300, 300}},
		{"one works", 4, 0, []int{5, 10, 20, 40, 0, 5, 10, 20, 40}},
		{"a new connection", -1, 36 * time.Second, []int{5, 10, 20, 1, 5, 10, 20}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var online time.Time
			s := &script{
				check: func(question int) error {
					if question == test.works {
						return nil
					}
					return errBroken
				},
				ready: func() campaign.Readiness { return campaign.Readiness{Link: 1, Since: online} },
			}
			s.run(t, time.Hour, func(bell *campaign.Bell) {
				if test.again > 0 {
					time.Sleep(test.again)
					s.mu.Lock()
					online = time.Now()
					s.mu.Unlock()
					bell.Ring()
				}
			})
			if got := pauses(s.asked); len(got) < len(test.want) || !slices.Equal(got[:len(test.want)], test.want) {
				t.Errorf("it was asked again after %v seconds, want %v", got, test.want)
			}
		})
	}
}

// A rate limit holds the number for a quarter of an hour, each time again,
// whatever was asked for.
func TestRateLimitHoldsTheNumberForAQuarterOfAnHour(t *testing.T) {
	limited := fmt.Errorf("refused: %w", campaign.ErrRateLimit)
	for name, s := range map[string]*script{
		"a question": {check: func(int) error { return limited }},
		"an upload": {
			claim:  func() campaign.Act { return campaign.Upload{} },
			upload: func() error { return limited },
		},
	} {
		t.Run(name, func(t *testing.T) {
			s.run(t, time.Hour-time.Second, nil)
			if got := pauses(s.asked); !slices.Equal(got, []int{900, 900, 900}) {
				t.Errorf("it was asked again after %v seconds, want a quarter of an hour each time", got)
			}
			if len(s.unsent) > 0 {
				t.Errorf("that is taken for the fault of the file: %q", s.unsent)
			}
		})
	}
}

// An upload that broke off with the connection is not the fault of the file;
// another mistake is.
func TestUploadThatBrokeWithTheConnectionIsNotCounted(t *testing.T) {
	for name, offline := range map[string]bool{"with the connection": true, "by itself": false} {
		t.Run(name, func(t *testing.T) {
			var hold campaign.Hold
			s := &script{ready: func() campaign.Readiness { return campaign.Readiness{Link: 1, Hold: hold} }}
			s.claim = func() campaign.Act {
				if len(s.claims) > 1 {
					return campaign.Wait{Hold: campaign.Hold{Reason: reason.HoldEmpty}}
				}
				return campaign.Upload{}
			}
			s.upload = func() error {
				if offline {
					hold = campaign.Hold{Reason: reason.HoldOffline}
				}
				return errBroken
			}
			s.run(t, time.Minute, nil)
			if counted := len(s.unsent) > 0; counted == offline {
				t.Errorf("written down against the file: %q", s.unsent)
			}
		})
	}
}

// A number that is not ready claims nothing, and what holds it is told when the
// bell says that something has changed, and when the hold ends.
func TestNumberThatIsNotReadyClaimsNothing(t *testing.T) {
	hold := campaign.Hold{Reason: reason.HoldSyncing}
	s := &script{ready: func() campaign.Readiness { return campaign.Readiness{Link: 1, Hold: hold} }, check: func(int) error { return errBroken }}
	var begun time.Time
	s.run(t, time.Second, func(bell *campaign.Bell) {
		begun = time.Now()
		time.Sleep(10 * time.Minute)
		s.mu.Lock()
		hold = campaign.Hold{Reason: reason.HoldOffline, Until: time.Now().Add(10 * time.Minute)}
		s.mu.Unlock()
		bell.Ring()
		time.Sleep(10*time.Minute - time.Millisecond)
		s.mu.Lock()
		if len(s.claims) > 0 {
			t.Error("it claims while it is not ready")
		}
		hold = campaign.Hold{} // the bell does not ring
		s.mu.Unlock()
		time.Sleep(time.Second)
	})
	if !slices.Equal(s.held, []reason.Code{reason.HoldSyncing, reason.HoldOffline}) {
		t.Errorf("told: %v", s.held)
	}
	if len(s.claims) == 0 || s.claims[0].Sub(begun) != 20*time.Minute {
		t.Errorf("it claims %v after %v, want when the hold ends", s.claims, begun)
	}
}

// The outcome of a send is written down, however long the disk refuses it, and
// nothing else is claimed before that.
func TestOutcomeIsWrittenHoweverLongTheDiskRefuses(t *testing.T) {
	s := &script{
		settle: func(try int) error {
			if try < 60 {
				return errBroken
			}
			return nil
		},
		together: func(int) error { return errBroken },
	}
	s.claim = func() campaign.Act {
		if len(s.claims) > 1 {
			return campaign.Wait{Hold: campaign.Hold{Reason: reason.HoldEmpty}}
		}
		return campaign.Send{}
	}
	s.run(t, time.Hour, nil)
	if len(s.settled) != 61 || len(s.claims) < 2 || s.claims[1].Before(s.settled[60]) {
		t.Errorf("tried %d times to write it down, claimed at %v", len(s.settled), s.claims)
	}
	for i, pause := range pauses(s.settled) {
		if pause != 1 {
			t.Errorf("try %d came after %d seconds", i+1, pause)
		}
	}
	if len(s.held) != 60 || s.held[0] != reason.HoldDisk {
		t.Errorf("%d times told what holds the number, want 60 times the disk", len(s.held))
	}
}

// A number that may go on settles and claims in one commit, and sends what it has
// claimed so, also when it is asked to stop meanwhile. One that may not settles
// alone.
func TestALaneSettlesAndClaimsTogether(t *testing.T) {
	sends := func(s *script, most int) func() campaign.Act {
		return func() campaign.Act {
			if len(s.claims) > most {
				return campaign.Wait{Hold: campaign.Hold{Reason: reason.HoldEmpty}}
			}
			return campaign.Send{}
		}
	}
	t.Run("goes on", func(t *testing.T) {
		s := &script{settle: func(int) error { return nil }}
		s.claim = sends(s, 5)
		s.run(t, time.Hour, nil)
		if len(s.sent) != 5 || len(s.both) != 5 || len(s.settled) != 0 {
			t.Errorf("sent %d, settled and claimed %d times, settled alone %d times; want 5, 5, 0", len(s.sent), len(s.both), len(s.settled))
		}
	})
	t.Run("is not ready any more", func(t *testing.T) {
		s := &script{settle: func(int) error { return nil }}
		s.claim = sends(s, 5)
		s.ready = func() campaign.Readiness {
			r := campaign.Readiness{Link: 1}
			if len(s.sent) == 1 && len(s.settled) == 0 {
				r.Hold = campaign.Hold{Reason: reason.HoldOffline}
			}
			return r
		}
		s.run(t, time.Hour, nil)
		if len(s.sent) != 5 || len(s.both) != 4 || len(s.settled) != 1 {
			t.Errorf("sent %d, settled and claimed %d times, settled alone %d times; want 5, 4, 1", len(s.sent), len(s.both), len(s.settled))
		}
	})
	t.Run("has another connection", func(t *testing.T) {
		s := &script{settle: func(int) error { return nil }}
		s.claim = sends(s, 5)
		s.ready = func() campaign.Readiness {
			return campaign.Readiness{Link: 1, Since: time.Unix(int64(min(len(s.sent), 1)), 0)}
		}
		s.run(t, time.Hour, nil)
		if len(s.sent) != 5 || len(s.both) != 4 || len(s.settled) != 1 {
			t.Errorf("sent %d, settled and claimed %d times, settled alone %d times; want 5, 4, 1", len(s.sent), len(s.both), len(s.settled))
		}
	})
	t.Run("is to stop", func(t *testing.T) {
		s := &script{settle: func(int) error { return nil }}
		s.claim = sends(s, 9)
		ctx, stop := context.WithCancel(t.Context())
		s.together = func(try int) error { // the third is asked for while it settles
			if try == 2 {
				stop()
			}
			return nil
		}
		lane := &campaign.Lane{Number: 1, Log: s, Sender: s, Bell: new(campaign.Bell), Logger: slog.New(slog.DiscardHandler)}
		lane.Run(ctx)
		if len(s.sent) != 4 || len(s.claims) != 4 || len(s.settled) != 1 {
			t.Errorf("sent %d of %d that it claimed, settled %d alone; want 4, 4, 1", len(s.sent), len(s.claims), len(s.settled))
		}
	})
}
