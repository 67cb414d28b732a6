package session

import (
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// closeNewChats has two strangers in a row refused by a service that says
// nothing of a restriction.
func (r *rig) closeNewChats(id campaign.NumberID) {
	r.Helper()
	r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: 463, Limit: 2})
	for i := range 2 {
		if o := r.greet(id, i); o.Kind != campaign.Refused {
			r.Fatalf("%+v, want refused", o)
		}
	}
	time.Sleep(time.Minute)
	r.wantClosed(id, "after two refusals")
}

func (r *rig) wantClosed(id campaign.NumberID, when string) {
	r.Helper()
	if hold := r.newChats(id); hold.Reason != reason.HoldNewChats || time.Until(hold.Until) < 20*time.Hour {
		r.Errorf("%s: %+v, want new chats held for a day", when, hold)
	}
}

func TestNewChatsThatWereRefusedTwiceStayClosedAfterARestart(t *testing.T) {
	inBubble(t, simulator.Config{People: 9}, func(r *rig) {
		id, _ := r.linked("loja")
		r.closeNewChats(id)
		r.restart()
		r.awaitState(id, campaign.Restricted)
		time.Sleep(time.Minute) // the service knows of no restriction
		r.wantClosed(id, "after a restart")
	})
}

func TestNewChatsStayClosedThroughOtherTroubleAndARestart(t *testing.T) {
	inBubble(t, simulator.Config{People: 9}, func(r *rig) {
		id, phone := r.linked("loja")
		r.closeNewChats(id)
		r.own(phone).End("", "replaced")
		r.awaitState(id, campaign.Blocked)
		r.restart()
		r.awaitState(id, campaign.Blocked)
		r.pool.Reconnect(id)
		r.awaitState(id, campaign.Restricted)
		r.wantClosed(id, "after it was replaced")

		r.own(phone).Logout()
		r.awaitState(id, campaign.LoggedOut)
		r.restart()
		r.scan(id, phone)
		r.awaitState(id, campaign.Restricted)
		time.Sleep(time.Minute)
		r.wantClosed(id, "after it was linked again")
	})
}

func TestAnswerFromBeforeARefusalOpensNoNewChats(t *testing.T) {
	inBubble(t, simulator.Config{People: 9}, func(r *rig) {
		id, _ := r.linked("loja")
		time.Sleep(time.Minute)
		r.service.Fault(simulator.Rule{On: simulator.Query, Query: "w:mex", Do: simulator.Late, Delay: 14 * time.Second, Limit: 1})
		r.service.Fault(simulator.Rule{On: simulator.Query, Query: "w:mex", Do: simulator.Silence})
		r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.Refuse, Code: 463, Limit: 1})
		r.restart()
		r.awaitState(id, campaign.Online)
		time.Sleep(5 * time.Second) // it is being asked by now
		r.greet(id, 0)
		time.Sleep(2 * time.Minute)
		r.wantClosed(id, "after an answer that does not know of the refusal")
	})
}

func TestQuotaIsKnownThoughTheOtherQuestionIsNotAnswered(t *testing.T) {
	inBubble(t, simulator.Config{People: 9}, func(r *rig) {
		id, phone := r.linked("loja")
		r.own(phone).Quota(5, 3, time.Now().Add(48*time.Hour))
		r.service.Fault(simulator.Rule{On: simulator.Query, Query: "w:mex", Do: simulator.Silence, Limit: 1})
		r.restart()
		r.awaitWithin(id, "told of its quota", 2*time.Minute, func(s Snapshot) bool { return s.Number.Quota.Total == 5 })
	})
}
