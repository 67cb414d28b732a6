package store

import (
	"slices"
	"testing"
	"time"

	"recado/store/bolt"

	"recado/campaign"
	"recado/campaign/people"
)

// mail is a book with deliveries that have been sent.
type mail struct {
	*testing.T
	b    *Book
	now  time.Time
	last campaign.ID
}

func newMail(t *testing.T) *mail {
	return &mail{T: t, b: newBook(t), now: time.Now().Add(-100 * 24 * time.Hour)}
}

// send writes a delivery of a campaign of its own to a person down, as it is at
// that time.
func (m *mail) send(number campaign.NumberID, id people.ContactID, state campaign.State, change func(*campaign.Delivery)) campaign.Delivery {
	m.Helper()
	c, err := desk(m.b).AddCampaign(campaign.Campaign{Name: "c", Text: "x"})
	ok(m.T, err)
	m.last = c.ID
	var d campaign.Delivery
	ok(m.T, m.b.update(func(tx *bolt.Tx) error {
		contact, err := contactTx(tx, id)
		if err != nil {
			return err
		}
		d = campaign.Delivery{
			Campaign: c.ID, Contact: contact.ID, Number: number, Phone: contact.Phone, LID: contact.LID, State: state, InDoubt: state == campaign.Unsure,
			Message: campaign.MessageID("3EB0" + string(rune('A'+c.ID))), Text: "x", Claimed: m.now,
		}
		if change != nil {
			change(&d)
		}
		at := deliveryKey(d.Campaign, d.Seq)
		for _, row := range []struct {
			bucket string
			k, v   []byte
		}{
			{"deliveries", at, encodeDelivery(&d)}, {"messages", []byte(d.Message), at},
			{"persons", key(uint64(c.ID), uint64(contact.ID)), key(d.Seq)}, {"latest", key(uint64(contact.ID), uint32(number)), at},
		} {
			if err := bucket(tx, row.bucket).Put(row.k, row.v); err != nil {
				return err
			}
		}
		counted := tally{pending: 1} // so that no campaign ends here
		counted.counts[state]++
		return putTallyTx(tx, c.ID, counted)
	}))
	return d
}

func (m *mail) state(d campaign.Delivery) campaign.State {
	m.Helper()
	var got campaign.Delivery
	ok(m.T, m.b.view(func(tx *bolt.Tx) (err error) {
		got, err = deliveryTx(tx, deliveryKey(d.Campaign, d.Seq))
		return err
	}))
	return got.State
}

// saw makes a person known and returns their id.
func (m *mail) saw(s people.Seen) people.ContactID {
	m.Helper()
	ok(m.T, m.b.Saw(1, []people.Seen{s}))
	var id people.ContactID
	ok(m.T, m.b.view(func(tx *bolt.Tx) error { id, _ = findPersonTx(tx, s.Phone, s.LID); return nil }))
	return id
}

const biaPhone, biaLID = people.Phone("+5511976543210"), "772"

func TestReceiptCountsFromAnyAliasOfItsRecipientAndFromNobodyElse(t *testing.T) {
	other := people.Phone("+5511955554444")
	for _, c := range []struct {
		name   string
		to     people.Seen   // as they were known when it was sent
		since  []people.Seen // what was learnt since
		from   people.Seen
		counts bool
	}{
		{"their LID", people.Seen{Phone: anaPhone, LID: anaLID}, nil, people.Seen{LID: anaLID}, true},
		{"their phone", people.Seen{Phone: anaPhone, LID: anaLID}, nil, people.Seen{Phone: anaPhone}, true},
		{"both", people.Seen{Phone: anaPhone, LID: anaLID}, nil, people.Seen{Phone: anaPhone, LID: anaLID}, true},
		{"another spelling", people.Seen{Phone: anaPhone}, nil, people.Seen{Phone: "+551187654321"}, true},
		{"a LID that nobody knew, under their phone", people.Seen{Phone: anaPhone}, nil, people.Seen{Phone: anaPhone, LID: anaLID}, true},
		{"a LID that was learnt since", people.Seen{Phone: anaPhone}, []people.Seen{{Phone: anaPhone, LID: anaLID}}, people.Seen{LID: anaLID}, true},
		{"the phone that was learnt since", people.Seen{LID: anaLID}, []people.Seen{{Phone: anaPhone, LID: anaLID}}, people.Seen{Phone: anaPhone}, true},
		{"their new phone", people.Seen{Phone: anaPhone, LID: anaLID}, []people.Seen{{Phone: other, LID: anaLID}}, people.Seen{Phone: other}, true},
		{"their old phone", people.Seen{Phone: anaPhone, LID: anaLID}, []people.Seen{{Phone: other, LID: anaLID}}, people.Seen{Phone: anaPhone}, true},
		{"the record they were merged into", people.Seen{LID: anaLID}, []people.Seen{{Phone: anaPhone}, {Phone: anaPhone, LID: anaLID}}, people.Seen{Phone: anaPhone, LID: anaLID}, true},
		{"the account, though the phone is another's now", people.Seen{Phone: anaPhone, LID: anaLID}, []people.Seen{{Phone: anaPhone, LID: biaLID}}, people.Seen{LID: anaLID}, true},

		{"the phone's new owner", people.Seen{Phone: anaPhone, LID: anaLID}, []people.Seen{{Phone: anaPhone, LID: biaLID}}, people.Seen{Phone: anaPhone, LID: biaLID}, false},
		{"the phone's new owner, whom nobody knew", people.Seen{Phone: anaPhone, LID: anaLID}, nil, people.Seen{Phone: anaPhone, LID: biaLID}, false},
		{"somebody else", people.Seen{Phone: anaPhone, LID: anaLID}, []people.Seen{{Phone: biaPhone, LID: biaLID}}, people.Seen{Phone: biaPhone, LID: biaLID}, false},
		{"somebody else by phone", people.Seen{Phone: anaPhone, LID: anaLID}, nil, people.Seen{Phone: biaPhone}, false},
		{"a stranger's LID", people.Seen{Phone: anaPhone, LID: anaLID}, nil, people.Seen{LID: "779"}, false},
		{"a stranger's LID, theirs unknown", people.Seen{Phone: anaPhone}, nil, people.Seen{LID: "779"}, false},
		{"nobody", people.Seen{Phone: anaPhone}, nil, people.Seen{}, false},
		{"nobody, by LID alone", people.Seen{LID: anaLID}, nil, people.Seen{}, false},
	} {
		m := newMail(t)
		d := m.send(1, m.saw(c.to), campaign.Sent, nil)
		for _, s := range c.since {
			m.saw(s)
		}
		sent, err := m.b.SentTo(1, c.from, d.Message)
		ok(t, err)
		others, err := m.b.Receipt(1, c.from, []campaign.MessageID{"3EB0NONE", d.Message}, campaign.Delivered, m.now)
		ok(t, err)
		counts := m.state(d) == campaign.Delivered
		if counts != c.counts || sent != c.counts || slices.Contains(others, d.Message) == c.counts || slices.Contains(others, "3EB0NONE") {
			t.Errorf("%s: counts %v, sent to them %v, to others %v; want %v", c.name, counts, sent, others, c.counts)
		}
		if sent, err := m.b.SentTo(2, people.Seen{LID: d.LID, Phone: d.Phone}, d.Message); sent || err != nil {
			t.Errorf("%s: sent by another number: %v", c.name, err)
		}
	}
}

func TestAnswerWithoutAQuoteCountsForTheLastThatLeft(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		name  string
		first campaign.State
		last  campaign.State
		gap   time.Duration // between the two
		after time.Duration // the answer after the last
		late  time.Duration // the last one arrived so late
		want  int           // 1: the first, 2: the last, 0: none
	}{
		{"both arrived", campaign.Delivered, campaign.Read, day, time.Hour, 0, 2},
		{"the last is sent", campaign.Delivered, campaign.Sent, day, time.Hour, 0, 2},
		{"the last was refused", campaign.Delivered, campaign.Failed, day, time.Hour, 0, 1},
		{"the last is put off", campaign.Delivered, campaign.Queued, day, time.Hour, 0, 1},
		{"the last was skipped", campaign.Delivered, campaign.Skipped, day, time.Hour, 0, 1},
		{"before the last", campaign.Delivered, campaign.Delivered, day, -time.Hour, 0, 1},
		{"before both", campaign.Delivered, campaign.Delivered, day, -2 * day, 0, 0},
		{"neither left", campaign.Failed, campaign.Failed, day, time.Hour, 0, 0},
		{"thirty days", campaign.Delivered, campaign.Delivered, day, 30 * day, 0, 2},
		{"more than thirty days", campaign.Delivered, campaign.Delivered, day, 30*day + time.Second, 0, 0},
		{"thirty days after it arrived", campaign.Delivered, campaign.Delivered, day, 35 * day, 5 * day, 2},
		{"the first is too old", campaign.Delivered, campaign.Failed, 20 * day, 11 * day, 0, 0},
		{"the first is not", campaign.Delivered, campaign.Failed, 20 * day, 10 * day, 0, 1},
	} {
		m := newMail(t)
		id := m.saw(people.Seen{Phone: anaPhone, LID: anaLID})
		first := m.send(1, id, c.first, nil)
		m.send(2, id, campaign.Delivered, func(d *campaign.Delivery) { d.Claimed = m.now.Add(c.gap + c.after - time.Minute) }) // of another number
		m.now = m.now.Add(c.gap)
		last := m.send(1, id, c.last, func(d *campaign.Delivery) { d.Arrived = m.now.Add(c.late) })
		ok(t, m.b.Heard(1, campaign.Incoming{From: people.Seen{LID: anaLID}, Text: "oi", At: m.now.Add(c.after)}))
		got := 0
		for i, d := range []campaign.Delivery{first, last} {
			if m.state(d) == campaign.Replied {
				got += i + 1
			}
		}
		if got != c.want {
			t.Errorf("%s: %d is answered (%v, %v), want %d", c.name, got, m.state(first), m.state(last), c.want)
		}
	}
}

// TestOfManyThatLeftTheLastIsAnswered: the one after them was refused.
func TestOfManyThatLeftTheLastIsAnswered(t *testing.T) {
	m := newMail(t)
	id := m.saw(people.Seen{Phone: anaPhone, LID: anaLID})
	var sent []campaign.Delivery
	for _, hours := range []time.Duration{2, 3, 1} { // in the order of their campaigns
		sent = append(sent, m.send(1, id, campaign.Delivered, func(d *campaign.Delivery) { d.Claimed = m.now.Add(hours * time.Hour) }))
	}
	m.send(1, id, campaign.Failed, func(d *campaign.Delivery) { d.Claimed = m.now.Add(4 * time.Hour) })
	ok(t, m.b.Heard(1, campaign.Incoming{From: people.Seen{LID: anaLID}, Text: "oi", At: m.now.Add(5 * time.Hour)}))
	if a, b, c := m.state(sent[0]), m.state(sent[1]), m.state(sent[2]); a != campaign.Delivered || b != campaign.Replied || c != campaign.Delivered {
		t.Errorf("%v, %v and %v, want the second one answered", a, b, c)
	}
}

// TestAnAnswerToADoubtCountsOnceItIsProven: nobody knows whether the last one
// left.
func TestAnAnswerToADoubtCountsOnceItIsProven(t *testing.T) {
	m := newMail(t)
	id := m.saw(people.Seen{Phone: anaPhone, LID: anaLID})
	first := m.send(1, id, campaign.Delivered, nil)
	last := m.send(1, id, campaign.Unsure, nil)
	ok(t, m.b.Heard(1, campaign.Incoming{From: people.Seen{LID: anaLID}, Text: "oi", At: m.now.Add(time.Hour)}))
	if a, b := m.state(first), m.state(last); a != campaign.Delivered || b != campaign.Unsure {
		t.Errorf("%v and %v", a, b)
	}
	_, err := m.b.Receipt(1, people.Seen{LID: anaLID}, []campaign.MessageID{last.Message}, campaign.Delivered, m.now.Add(2*time.Hour))
	ok(t, err)
	if got := m.state(last); got != campaign.Replied {
		t.Errorf("once it is proven it is %v", got)
	}
}

func TestAQuoteDecidesWhatIsAnswered(t *testing.T) {
	ana := people.Seen{Phone: anaPhone, LID: anaLID}
	for _, c := range []struct {
		name   string
		quotes func(first, last, others, elsewhere campaign.Delivery) campaign.MessageID
		from   people.Seen
		want   []campaign.State // of the first, the last, one to somebody else, one from another number
	}{
		{"the first", func(f, _, _, _ campaign.Delivery) campaign.MessageID { return f.Message }, ana,
			[]campaign.State{campaign.Replied, campaign.Delivered, campaign.Delivered, campaign.Delivered}},
		{"the last", func(_, l, _, _ campaign.Delivery) campaign.MessageID { return l.Message }, ana,
			[]campaign.State{campaign.Delivered, campaign.Replied, campaign.Delivered, campaign.Delivered}},
		{"one to somebody else", func(_, _, o, _ campaign.Delivery) campaign.MessageID { return o.Message }, ana,
			[]campaign.State{campaign.Delivered, campaign.Delivered, campaign.Delivered, campaign.Delivered}},
		{"one from another number", func(_, _, _, e campaign.Delivery) campaign.MessageID { return e.Message }, ana,
			[]campaign.State{campaign.Delivered, campaign.Delivered, campaign.Delivered, campaign.Delivered}},
		{"something else", func(campaign.Delivery, campaign.Delivery, campaign.Delivery, campaign.Delivery) campaign.MessageID {
			return "3ABYHAND"
		}, ana,
			[]campaign.State{campaign.Delivered, campaign.Delivered, campaign.Delivered, campaign.Delivered}},
	} {
		m := newMail(t)
		id := m.saw(ana)
		first := m.send(1, id, campaign.Delivered, nil)
		others := m.send(1, m.saw(people.Seen{Phone: biaPhone, LID: biaLID}), campaign.Delivered, nil)
		elsewhere := m.send(2, id, campaign.Delivered, nil)
		last := m.send(1, id, campaign.Delivered, nil)
		all := []campaign.Delivery{first, last, others, elsewhere}
		// Two months later: what says what it answers needs no window.
		ok(t, m.b.Heard(1, campaign.Incoming{From: c.from, Text: "oi", At: m.now.Add(60 * 24 * time.Hour), Quoted: c.quotes(first, last, others, elsewhere)}))
		var got []campaign.State
		for _, d := range all {
			got = append(got, m.state(d))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("quotes %s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestAQuoteProvesThatItsMessageArrived: nobody else knows its id.
func TestAQuoteProvesThatItsMessageArrived(t *testing.T) {
	m := newMail(t)
	d := m.send(1, m.saw(people.Seen{Phone: anaPhone, LID: anaLID}), campaign.Unsure, nil)
	at := m.now.Add(time.Hour)
	ok(t, m.b.Heard(1, campaign.Incoming{From: people.Seen{Phone: anaPhone}, Text: "oi", At: at, Quoted: d.Message}))
	got, err := m.b.Delivery(d.Campaign, d.Seq)
	ok(t, err)
	if got.State != campaign.Replied || got.InDoubt || !got.Arrived.Equal(at) || !got.RepliedAt.Equal(at) {
		t.Errorf("%v, in doubt %v, arrived %v, replied %v", got.State, got.InDoubt, got.Arrived, got.RepliedAt)
	}
}

// TestAShortNoAnswersTheQuestionOfItsMessage: "não" alone is a wish to be left
// alone if that is what the message asked.
func TestAShortNoAnswersTheQuestionOfItsMessage(t *testing.T) {
	const keep, order = "Oi Ana! Quer continuar recebendo nossas ofertas?", "Oi Ana! Você já escolheu a cor do sofá?"
	for _, c := range []struct {
		text, asked string
		left        campaign.State // how far the message had come
		out         bool
	}{
		{"não", keep, campaign.Read, true},
		{"não", order, campaign.Read, false},
		{"não", keep, campaign.Failed, false}, // they never saw it
		{"não quero mais", keep, campaign.Sent, true},
		{"SAIR", order, campaign.Read, true},
		{"pare", keep, campaign.Read, true},       // whatever was asked
		{"CANCELAR", order, campaign.Read, false}, // perhaps that
		{"remova", order, campaign.Read, true},
		{"please stop", order, campaign.Read, true},
		{"cancel", "Oi Ana! Só hoje 20% de desconto na loja.", campaign.Read, true},
		{"dar de baja", "Oi Ana! Quer receber o catálogo?", campaign.Read, true},
		{"sim", keep, campaign.Read, false},
	} {
		m := newMail(t)
		id := m.saw(people.Seen{Phone: anaPhone, LID: anaLID})
		m.send(1, id, c.left, func(d *campaign.Delivery) { d.Text = c.asked })
		ok(t, m.b.Heard(1, campaign.Incoming{From: people.Seen{LID: anaLID}, Text: c.text, At: m.now.Add(time.Hour)}))
		ana, err := m.b.Contact(id)
		ok(t, err)
		if ana.OptedOut != c.out {
			t.Errorf("%q to %q (%v): opted out %v, want %v", c.text, c.asked, c.left, ana.OptedOut, c.out)
		}
	}
}
