package campaign_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"recado/campaign"
)

// oneQuestion is a book in which one phone waits to be asked about, and a
// service that refuses to say.
type oneQuestion struct {
	campaign.Log
	campaign.Sender
	asked []time.Time
}

func (q *oneQuestion) Ready() campaign.Readiness { return campaign.Readiness{Link: 1} }

func (q *oneQuestion) Claim(campaign.Claim) (campaign.Claimed, error) {
	return campaign.Claimed{Check: []campaign.Phone{"+5511987654321"}}, nil
}

func (q *oneQuestion) NewID() campaign.MessageID { return "3EB0" }

func (q *oneQuestion) Check(context.Context, []campaign.Phone) ([]campaign.Answer, error) {
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
