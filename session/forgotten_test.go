package session

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session/simulator"
)

// tornBook is a book as it was at a moment, with the older of its two first
// pages torn: nobody can say whether that was the newer one.
func tornBook(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Where bbolt keeps the number of the transaction in such a page.
	page := os.Getpagesize()
	txid := func(i int) uint64 { return binary.LittleEndian.Uint64(data[i*page+64:]) }
	older := 0
	if txid(1) < txid(0) {
		older = 1
	}
	for i := range 20 {
		data[older*page+60+i] ^= 0xff
	}
	return data
}

// The book forgets that it has claimed a message, which has left. The receipt
// of its recipient, for an id that nobody knows, says so: nobody is written to
// twice, and nobody is left out.
func TestReceiptProvesWhatTheBookHasForgotten(t *testing.T) {
	inBubble(t, simulator.Config{People: 8}, func(r *rig) {
		id, _ := r.linked("loja")
		var rows []people.Row
		var phones []people.Phone
		everybody := func(on bool) {
			for _, p := range r.service.People() {
				if err := r.service.SetPersonPhone(p.Phone, on); err != nil {
					r.Fatal(err)
				}
			}
		}
		everybody(false) // nobody confirms anything yet
		for i, p := range r.service.People() {
			phones = append(phones, people.Phone(p.Phone))
			rows = append(rows, people.Row{Line: i + 2, Phone: phones[i], Name: p.Name})
		}
		if _, err := desk(r.book.Book).Import(r.Context(), rows, "test"); err != nil {
			r.Fatal(err)
		}
		if _, err := desk(r.book.Book).SaveList("todos", r.everyone(phones)); err != nil {
			r.Fatal(err)
		}
		hour := campaign.Span{Min: time.Hour, Max: time.Hour} // one leaves, the others wait
		c, err := desk(r.book.Book).AddCampaign(campaign.Campaign{Name: "promo", Text: "olá", To: "lista:todos", Pace: campaign.Pace{Gap: hour, NewGap: hour}})
		if err == nil {
			c, err = desk(r.book.Book).Start(c.ID, time.Now())
		}
		// Whom the service knows, and by which LID, is found out before.
		answers, asked := r.pool.Sender(id).Check(r.Context(), phones)
		if err == nil && asked == nil {
			err = r.book.Answered(id, phones, answers, time.Now())
		}
		if err != nil || asked != nil {
			r.Fatal(err, asked)
		}
		path := filepath.Join(r.dir, "book.db")
		before := tornBook(r, path)

		stop := r.lanes()
		time.Sleep(time.Minute)
		stop()
		var sent []campaign.Delivery
		for _, d := range r.inState(c.ID, campaign.Sent) {
			sent = append(sent, d)
		}
		if len(sent) != 1 {
			r.Fatalf("%d have left, want one", len(sent))
		}
		r.close()
		if err := os.WriteFile(path, before, 0o600); err != nil {
			r.Fatal(err)
		}
		r.open()
		r.awaitState(id, campaign.Online)
		held := r.inState(c.ID, campaign.Unsure)
		forgotten := held[sent[0].Seq]
		if !r.book.WentBack() || forgotten.Reason.Code != reason.DeliveryForgotten || forgotten.Message != "" {
			r.Fatalf("went back: %v; what has left is %+v", r.book.WentBack(), forgotten)
		}

		everybody(true)
		time.Sleep(time.Minute)
		if d := r.inState(c.ID, campaign.Delivered); len(d) != 1 || d[sent[0].Seq].Message != sent[0].Message {
			r.Errorf("proved: %+v, want %+v", d, sent)
		}
		// The others that are held did not leave: a person says so.
		for seq, d := range r.inState(c.ID, campaign.Unsure) {
			if _, err := desk(r.book.Book).Decide(c.ID, seq, campaign.SendIt, time.Now()); err != nil || seq == sent[0].Seq {
				r.Errorf("%+v is unsure; %v", d, err)
			}
		}
		if _, err := desk(r.book.Book).Resume(c.ID); err != nil {
			r.Fatal(err)
		}
		defer r.lanes()()
		time.Sleep(12 * time.Hour)
		for _, p := range r.service.People() {
			if seen := r.service.Ledger().SeenBy(p.Phone); len(seen) != 1 {
				r.Errorf("%s sees %d messages, want one: %+v", p.Name, len(seen), seen)
			}
		}
		if got, err := r.book.Campaign(c.ID); err != nil || got.Status != campaign.Finished {
			r.Errorf("the campaign is %s, %v", got.Status, err)
		}
	})
}

// everyone is the people with those phones.
func (r *rig) everyone(phones []people.Phone) (ids []people.ContactID) {
	r.Helper()
	for _, phone := range phones {
		c, err := r.book.ContactByPhone(phone)
		if err != nil {
			r.Fatal(err)
		}
		ids = append(ids, c.ID)
	}
	return ids
}

// inState is the deliveries of a campaign in a state, by their place in it.
func (r *rig) inState(id campaign.ID, state campaign.State) map[uint32]campaign.Delivery {
	r.Helper()
	all, err := r.book.Deliveries(id, -1, 100)
	if err != nil {
		r.Fatal(err)
	}
	in := make(map[uint32]campaign.Delivery)
	for _, d := range all {
		if d.State == state {
			in[d.Seq] = d
		}
	}
	return in
}
