package session

import (
	"testing"
	"time"

	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session/simulator"
)

const elsewhere = "+5521912345678" // nobody's, until somebody moves there

// says has somebody write to one of our numbers, a minute ago.
func (r *rig) says(phone, own, text string) {
	r.Helper()
	if _, err := r.service.Say(phone, own, text); err != nil {
		r.Fatal(err)
	}
	time.Sleep(time.Minute)
}

// moves has a person take the phone elsewhere, and somebody new get theirs.
func (r *rig) moves(p simulator.Person) (next simulator.Person) {
	r.Helper()
	if err := r.service.ChangePhone(p.Phone, elsewhere); err != nil {
		r.Fatal(err)
	}
	next, err := r.service.Register(p.Phone)
	if err != nil {
		r.Fatal(err)
	}
	return next
}

// starts starts a campaign.
func (r *rig) starts(c campaign.Campaign) campaign.ID {
	r.Helper()
	c, err := desk(r.book.Book).AddCampaign(c)
	r.must(err)
	_, err = desk(r.book.Book).Start(c.ID, time.Now())
	r.must(err)
	return c.ID
}

// campaignToAll starts a campaign to everybody in the book.
func (r *rig) campaignToAll() campaign.ID {
	r.Helper()
	return r.starts(campaign.Campaign{Name: "promo", Text: "olá"})
}

// promoted is a campaign to everybody that one number has sent and all have got.
func (r *rig) promoted() (c campaign.ID, persons []simulator.Person, id campaign.NumberID, own string) {
	r.Helper()
	persons = r.everybody()
	id, own = r.linked("loja")
	c = r.campaignToAll()
	r.sent(c)
	time.Sleep(time.Minute)
	return c, persons, id, own
}

// imported puts somebody into the book by their phone.
func (r *rig) imported(phone string) {
	r.Helper()
	if _, err := desk(r.book.Book).Import(r.Context(), []people.Row{{Line: 1, Phone: people.Phone(phone)}}, "test"); err != nil {
		r.Fatal(err)
	}
}

// sent runs the lanes until a campaign is finished.
func (r *rig) sent(id campaign.ID) {
	r.Helper()
	r.sentAfter(id, func() {})
}

// sentAfter is sent, and looks at each change.
func (r *rig) sentAfter(id campaign.ID, look func()) {
	r.Helper()
	stop := r.lanes()
	defer stop()
	ring, quiet := r.bell.Listen()
	defer quiet()
	patience := time.NewTimer(48 * time.Hour)
	defer patience.Stop()
	for {
		look()
		if c, err := r.book.Campaign(id); err != nil || c.Status == campaign.Finished {
			if err != nil {
				r.Fatal(err)
			}
			return
		}
		select {
		case <-ring:
		case <-patience.C:
			r.Fatal("the campaign is never finished")
		}
	}
}

// letters lists what was encrypted for a LID.
func (r *rig) letters(lid string) (ids []string) {
	for _, s := range r.service.Ledger().Stanzas() {
		for _, leg := range s.Legs {
			if len(leg.Device) >= len(lid) && leg.Device[:len(lid)] == lid && s.Kind != "peer" {
				ids = append(ids, s.ID)
			}
		}
	}
	return ids
}

// TestPhoneWithANewOwnerTakesNoOptOutAlong: A says no; A's phone goes to B, of
// whom we learn by one of four ways; A comes back under another phone. Whichever
// comes first, A is not written to and B is.
func TestPhoneWithANewOwnerTakesNoOptOutAlong(t *testing.T) {
	ways := map[string]func(r *rig, own string, b simulator.Person){
		"B writes": func(r *rig, own string, b simulator.Person) {
			if _, err := r.service.Say(b.Phone, own, "oi"); err != nil {
				r.Fatal(err)
			}
		},
		"B is looked up": func(r *rig, own string, b simulator.Person) {
			phones := []people.Phone{people.Phone(b.Phone)}
			id := r.pool.Snapshots()[0].Number.ID
			err := r.book.Saw(id, []people.Seen{{Phone: phones[0], Name: "Bia", Source: people.AddressBook}})
			var answers []people.Answer
			if err == nil {
				answers, err = r.pool.Sender(id).Check(r.Context(), phones)
			}
			if err == nil {
				err = r.book.Answered(id, phones, answers, time.Now())
			}
			if err != nil {
				r.Fatal(err)
			}
		},
		"B is in the address book": func(r *rig, own string, b simulator.Person) {
			r.own(own).SaveContact(b.Phone, "Bia")
		},
		"history maps B": func(r *rig, own string, b simulator.Person) {
			pn, lid := b.Phone[1:]+"@s.whatsapp.net", b.LID+"@lid"
			r.own(own).Tell(&waHistorySync.HistorySync{
				SyncType: waHistorySync.HistorySync_RECENT.Enum(),
				Conversations: []*waHistorySync.Conversation{{
					ID: &lid, PnJID: &pn, LidJID: &lid, ConversationTimestamp: proto.Uint64(uint64(time.Now().Unix())),
				}},
				PhoneNumberToLidMappings: []*waHistorySync.PhoneNumberToLIDMapping{{PnJID: &pn, LidJID: &lid}},
				Pushnames:                []*waHistorySync.Pushname{{ID: &pn, Pushname: proto.String("Bia")}},
			})
		},
	}
	for way, learn := range ways {
		for _, aFirst := range []bool{false, true} {
			name := way + ", then A comes back"
			if aFirst {
				name = "A comes back, then " + way
			}
			t.Run(name, func(t *testing.T) {
				inBubble(t, simulator.Config{People: 2}, func(r *rig) {
					_, own := r.linked("loja")
					a := r.someone(0)
					r.says(a.Phone, own, "SAIR")
					b := r.moves(a)
					back := func() {
						r.says(elsewhere, own, "cheguei")
					}
					if aFirst {
						back()
					}
					learn(r, own, b)
					time.Sleep(time.Minute)
					if !aFirst {
						back()
					}
					r.imported(a.Phone)
					r.imported(elsewhere)
					r.sent(r.campaignToAll())
					if got := r.letters(a.LID); len(got) > 0 {
						r.Errorf("who said no is written to: %q", got)
					}
					if got := r.letters(b.LID); len(got) != 1 {
						r.Errorf("who has the phone now gets %q, want one message", got)
					}
				})
			})
		}
	}
}

// TestDeliveryGoesToTheAccountAndNotToThePhone: the audience is frozen while the
// phone is A's; before A's turn it is B's.
func TestDeliveryGoesToTheAccountAndNotToThePhone(t *testing.T) {
	for _, back := range []bool{true, false} {
		inBubble(t, simulator.Config{People: 1}, func(r *rig) {
			_, own := r.linked("loja")
			a := r.someone(0)
			r.says(a.Phone, own, "oi")
			c := r.campaignToAll()
			b := r.moves(a)
			r.says(b.Phone, own, "oi")
			if back {
				r.says(elsewhere, own, "oi")
			}
			r.sent(c)
			if got := r.letters(b.LID); len(got) > 0 {
				r.Errorf("back %v: who has the phone now gets %q", back, got)
			}
			d, err := r.book.Delivery(c, 0)
			if err != nil {
				r.Fatal(err)
			}
			switch got := r.letters(a.LID); {
			case back && (len(got) != 1 || d.Phone != elsewhere || !d.State.Proven()):
				r.Errorf("who had it gets %q; the delivery is %+v", got, d)
			case !back && (len(got) != 0 || d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryMoved):
				r.Errorf("who is nowhere gets %q; the delivery is %+v", got, d)
			}
		})
	}
}

// TestAnswerAboutAnAddressSaysNothingOfThePerson: three answers to a message that
// speak of its address alone. The phone is asked about at once, though it was a
// moment ago, and the message goes once more with its id.
func TestAnswerAboutAnAddressSaysNothingOfThePerson(t *testing.T) {
	for name, rule := range map[string]simulator.Rule{
		"404":             {On: simulator.Message, Do: simulator.Refuse, Code: 404},
		"refresh the LID": {On: simulator.Message, Do: simulator.RefreshLID, Code: 421},
		"no devices":      {On: simulator.Usync, Do: simulator.NoDevices},
	} {
		for _, times := range []int{1, 2} {
			t.Run(name, func(t *testing.T) {
				inBubble(t, simulator.Config{People: 1}, func(r *rig) {
					r.linked("loja")
					a := r.someone(0)
					r.imported(a.Phone)
					rule.To, rule.Limit = a.Phone, times
					if rule.Do == simulator.NoDevices {
						rule.Limit = 0 // it is asked a few times before a message leaves
					}
					c := r.campaignToAll()
					remove := r.service.Fault(rule)
					r.sentAfter(c, func() {
						if d, err := r.book.Delivery(c, 0); err == nil && d.Redirected && times == 1 {
							remove()
						}
					})
					d, err := r.book.Delivery(c, 0)
					if err != nil {
						r.Fatal(err)
					}
					contact, err := r.book.ContactByPhone(people.Phone(a.Phone))
					if err != nil || contact.Presence != people.OnWhatsApp {
						r.Errorf("they are said to be %v, %v", contact.Presence, err)
					}
					seen := r.service.Ledger().SeenBy(a.Phone)
					most := 2
					if rule.Do == simulator.NoDevices {
						most = 3 // the lane may be faster than the end of the fault
					}
					if times == 1 && (len(seen) != 1 || seen[0].ID != string(d.Message) || !d.Redirected || d.Attempts > most) {
						r.Errorf("they see %+v; the delivery is %+v", seen, d)
					}
					if times == 2 && (len(seen) != 0 || d.State != campaign.Failed || d.Attempts > 3) {
						r.Errorf("twice: they see %+v; the delivery is %+v", seen, d)
					}
					if changed := r.service.Ledger().Changed(); len(changed) > 0 {
						r.Errorf("with another text: %+v", changed)
					}
				})
			})
		}
	}
}

// TestRefusedAddressOfAnAccountThatIsGone: somebody else has opened an account
// under the phone, which we learn by a refusal. They get nothing of it.
func TestRefusedAddressOfAnAccountThatIsGone(t *testing.T) {
	inBubble(t, simulator.Config{People: 1}, func(r *rig) {
		_, own := r.linked("loja")
		a := r.someone(0)
		r.says(a.Phone, own, "oi")
		b, err := r.service.Register(a.Phone)
		if err != nil {
			r.Fatal(err)
		}
		c := r.campaignToAll()
		r.sent(c)
		d, err := r.book.Delivery(c, 0)
		if err != nil || d.State != campaign.Skipped || d.Reason.Code != reason.DeliveryMoved {
			r.Errorf("%+v, %v", d, err)
		}
		if got := r.letters(b.LID); len(got) > 0 {
			r.Errorf("who has the phone now gets %q", got)
		}
		if is, err := r.book.ContactByPhone(people.Phone(b.Phone)); err != nil || is.LID != b.LID {
			r.Errorf("the phone is %+v's, %v", is, err)
		}
	})
}

// TestAcceptedMessageWhoseAddressIsToBeAskedForTeachesUsWhoseThePhoneIs: it is
// sent, and not sent again.
func TestAcceptedMessageWhoseAddressIsToBeAskedForTeachesUsWhoseThePhoneIs(t *testing.T) {
	inBubble(t, simulator.Config{People: 1}, func(r *rig) {
		_, own := r.linked("loja")
		a := r.someone(0)
		r.says(a.Phone, own, "oi")
		b := r.moves(a)
		r.service.Fault(simulator.Rule{On: simulator.Message, Do: simulator.RefreshLID, Limit: 1})
		c := r.campaignToAll()
		r.sent(c)
		time.Sleep(time.Minute)
		if d, err := r.book.Delivery(c, 0); err != nil || !d.State.Proven() || d.Attempts != 1 {
			r.Errorf("%+v, %v", d, err)
		}
		if is, err := r.book.ContactByPhone(people.Phone(b.Phone)); err != nil || is.LID != b.LID {
			r.Errorf("the phone is %+v's, %v", is, err)
		}
	})
}
