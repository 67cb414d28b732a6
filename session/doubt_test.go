package session

import (
	"slices"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session/simulator"
)

const perhaps = "acho que quero cancelar"

// TestADoubtDuringACampaignHoldsThePersonUntilItIsDecided: somebody whose turn
// comes later writes what may be a wish to leave, in one form or another.
func TestADoubtDuringACampaignHoldsThePersonUntilItIsDecided(t *testing.T) {
	for form, says := range map[string]func(r *rig, p simulator.Person, own, first string){
		"a text": func(r *rig, p simulator.Person, own, _ string) { r.say(p, own, perhaps) },
		"a button": func(r *rig, p simulator.Person, own, _ string) {
			_, err := r.service.SayMessage(p.Phone, own, wording(perhaps)["buttonsResponseMessage"])
			r.must(err)
		},
		"a caption that disappears": func(r *rig, p simulator.Person, own, _ string) {
			_, err := r.service.SayMessage(p.Phone, own, &waE2E.Message{EphemeralMessage: &waE2E.FutureProofMessage{
				Message: wording(perhaps)["imageMessage"],
			}})
			r.must(err)
		},
		"a sealed edit": func(r *rig, p simulator.Person, own, first string) {
			_, err := r.service.Edit(p.Phone, own, first, perhaps, simulator.Sealed)
			r.must(err)
		},
		"while we are away": func(r *rig, p simulator.Person, own, _ string) {
			r.close()
			r.say(p, own, perhaps)
			r.open()
		},
	} {
		t.Run(form, func(t *testing.T) {
			inBubble(t, simulator.Config{People: 4}, func(r *rig) {
				persons := r.everybody()
				id, own := r.linked("loja")
				first := make(map[string]string)
				for _, p := range persons {
					id, err := r.service.Say(p.Phone, own, "oi")
					r.must(err)
					first[p.Phone] = id
				}
				time.Sleep(time.Minute)
				pace := campaign.Span{Min: time.Minute, Max: time.Minute} // or the last is written to before they can say so
				c := r.campaign(campaign.Campaign{Name: "promo", Text: "olá", Pace: campaign.Pace{Gap: pace, NewGap: pace}})
				last, err := r.book.Delivery(c, uint32(len(persons)-1))
				r.must(err)
				contact, err := r.book.Contact(last.Contact)
				r.must(err)
				at := slices.IndexFunc(persons, func(p simulator.Person) bool { return p.Phone == string(contact.Phone) })
				doubtful := persons[at]
				stop := r.lanes()
				r.awaitDelivery(c, campaign.Delivered)
				if form == "while we are away" {
					stop()
					stop = func() {}
				}
				says(r, doubtful, own, first[doubtful.Phone])
				time.Sleep(time.Second)
				r.awaitState(id, campaign.Online)
				stop()
				r.sent(c)
				if last, err = r.book.Delivery(c, last.Seq); err != nil || last.State != campaign.Skipped || last.Reason.Code != reason.DeliveryDoubt {
					t.Errorf("the delivery to them is %v, %v, %v", last.State, last.Reason, err)
				}
				for i, p := range persons {
					if r.got(p) != (i != at) {
						t.Errorf("number %d, in doubt is %d, was written to: %v", i, at, r.got(p))
					}
				}
				someone := r.contact(doubtful)
				if !someone.InDoubt() || someone.OptedOut || someone.DoubtSaid != perhaps {
					t.Errorf("they are in doubt %v (%q), opted out %v", someone.InDoubt(), someone.DoubtSaid, someone.OptedOut)
				}

				next, err := desk(r.book.Book).AddCampaign(campaign.Campaign{Name: "outra", Text: "oi", To: "fone:" + doubtful.Phone})
				r.must(err)
				if _, err := desk(r.book.Book).Start(next.ID, time.Now()); err == nil {
					t.Error("another campaign may write to them before anybody has decided")
				}
				r.must(desk(r.book.Book).Stays(someone.ID, time.Now()))
				again := r.campaignTo(doubtful, "que bom que fica")
				r.sent(again)
				if !r.got(doubtful) {
					d, err := r.book.Delivery(again, 0)
					t.Errorf("who stays is not written to: %v, %v, %v", d.State, d.Reason, err)
				}
			})
		})
	}
}

// TestAWishCountsInAPersonsOwnChatAlone: by LID or by phone and from any device
// of theirs, but not what they say where others are written to as well, and not
// what our own phone writes.
func TestAWishCountsInAPersonsOwnChatAlone(t *testing.T) {
	const group = "120363000000000000"
	for where, source := range map[string]struct {
		in    func(lid, phone types.JID) types.MessageSource
		heard bool
	}{
		"a chat by LID": {func(lid, phone types.JID) types.MessageSource {
			return types.MessageSource{Chat: lid, Sender: lid, SenderAlt: phone}
		}, true},
		"a chat by phone": {func(lid, phone types.JID) types.MessageSource {
			return types.MessageSource{Chat: phone, Sender: phone, SenderAlt: lid}
		}, true},
		"another device of theirs": {func(lid, phone types.JID) types.MessageSource {
			lid.Device, phone.Device = 7, 7
			return types.MessageSource{Chat: lid.ToNonAD(), Sender: lid, SenderAlt: phone}
		}, true},
		"a group": {func(lid, phone types.JID) types.MessageSource {
			return types.MessageSource{Chat: types.NewJID(group, types.GroupServer), Sender: lid, SenderAlt: phone, IsGroup: true}
		}, false},
		"a status": {func(lid, phone types.JID) types.MessageSource {
			return types.MessageSource{Chat: types.StatusBroadcastJID, Sender: lid, SenderAlt: phone, IsGroup: true}
		}, false},
		"a broadcast list": {func(lid, phone types.JID) types.MessageSource {
			return types.MessageSource{Chat: types.NewJID("1700000000", types.BroadcastServer), Sender: lid, SenderAlt: phone}
		}, false},
		"a channel": {func(lid, phone types.JID) types.MessageSource {
			return types.MessageSource{Chat: types.NewJID(group, types.NewsletterServer), Sender: types.NewJID(group, types.NewsletterServer)}
		}, false},
		"our own phone": {func(lid, phone types.JID) types.MessageSource {
			return types.MessageSource{Chat: lid, Sender: types.NewJID("100000000000999", types.HiddenUserServer), RecipientAlt: phone, IsFromMe: true}
		}, false},
	} {
		t.Run(where, func(t *testing.T) {
			inBubble(t, simulator.Config{People: 3}, func(r *rig) {
				id, _ := r.linked("loja")
				persons := r.everybody()
				for i, text := range []string{"SAIR", perhaps} {
					p := persons[i]
					lid := types.NewJID(p.LID, types.HiddenUserServer)
					phone := types.NewJID(p.Phone[1:], types.DefaultUserServer)
					message := &events.Message{
						Info: types.MessageInfo{
							MessageSource: source.in(lid, phone), ID: types.MessageID("3A" + text[:2]), Timestamp: time.Now(),
						},
						Message: &waE2E.Message{Conversation: proto.String(text)},
					}
					if !r.pool.known(id).look().client.hear(message) {
						t.Errorf("%q would come for ever", text)
					}
					wish, _ := people.Wants(text, "")
					c := r.contact(p)
					if c.OptedOut != (source.heard && wish == people.No) || c.InDoubt() != (source.heard && wish == people.Doubt) {
						t.Errorf("%q: opted out %v, in doubt %v, want heard: %v", text, c.OptedOut, c.InDoubt(), source.heard)
					}
				}
			})
		})
	}
}
