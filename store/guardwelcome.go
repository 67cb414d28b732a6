package store

import (
	"math"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// The guard rail on the people of a campaign: it pauses itself when too many of
// them ask to be left alone, may have asked (a doubt), or refuse what comes to
// them. A list of people who agreed has 1 or 2 % of those, one that was bought 15 %
// and more.
//
// The test is sequential: it looks again after each message, and may be wrong about
// a campaign of people who agreed once, not once a look. Most of what it may be wrong
// is spent on the first forty messages, because nobody should have to be written to
// to find out: four of these, or three of the first eight. Later it is a CUSUM:
// the likelihood of 15 % against that of 2 %, over whatever stretch of the last
// messages says most, has to pass a bound that rises with the messages that were
// sent, so that the sum of all its mistakes stays finite however long a campaign is.
// Page, Continuous inspection schemes, Biometrika 41 (1954); Wald, Sequential
// analysis (1947). What it does is computed in guardwelcome_test.go:
//
//	of the people     2 %     1 %    10 %    15 %    30 %
//	stopped by 40   0.9 %   0.1 %    58 %    87 %   100 %
//	stopped by 120  0.9 %   0.1 %    78 %    99 %   100 %
//	ever (10,000)   0.9 %   0.1 %   100 %   100 %   100 %
//
// No test that is wrong about 2 % in fewer than one of a hundred campaigns stops
// more than 87 % of the lists with 15 % within forty messages (Neyman and Pearson).
//
// A message belongs to the time at which the service took it, whenever its
// recipient answers; of one that nobody has answered yet the best is taken. So
// answers that come late, or many at once from a number that was away, make no
// list look worse than it is.
const (
	welcomeFloor = 12   // messages before it judges at all
	shareGood    = 0.02 // of the people of a good list, at the most
	shareBad     = 0.15

	firstBlock, secondBlock = 8, 32 // messages
	nextBlocks              = 20
	mostBlocks              = 18 // that are kept: the first two and the last ones

	firstMost, earlyMost = 3, 4 // people, of the first block and of both
)

// block is a stretch of the messages of a campaign that the service took or
// refused.
type block struct {
	from, to  time.Time // when it took its first and its last one
	sent, bad int
}

// welcome is what is kept of the people of a campaign. It is all zero until
// something was sent.
type welcome struct {
	sent   int // in all
	blocks []block
}

// took counts a message that the service took, or refused, at that time.
func (w *welcome) took(at time.Time) {
	room := 0
	switch n := len(w.blocks); n {
	case 0:
	case 1:
		room = firstBlock - w.blocks[0].sent
	case 2:
		room = secondBlock - w.blocks[1].sent
	default:
		room = nextBlocks - w.blocks[n-1].sent
	}
	if room <= 0 {
		if len(w.blocks) == mostBlocks {
			w.blocks = append(w.blocks[:2], w.blocks[3:]...)
		}
		w.blocks = append(w.blocks, block{from: at, to: at})
	}
	b := &w.blocks[len(w.blocks)-1]
	b.sent, w.sent = b.sent+1, w.sent+1
	if at.After(b.to) {
		b.to = at
	}
	if at.Before(b.from) { // the clock was set back
		b.from = at
	}
}

// wrong counts that the recipient of a message that was taken at that time wants
// none. One from before the sample began, or too long ago, does not count.
func (w *welcome) wrong(at time.Time) {
	for i := len(w.blocks) - 1; i >= 0; i-- {
		if b := &w.blocks[i]; !at.Before(b.from) && !at.After(b.to) {
			b.bad = min(b.bad+1, b.sent)
			return
		}
	}
}

// judge says of how many messages how many people want none, if that is too many;
// 0 of 0: it is not.
func (w *welcome) judge() (bad, of int) {
	if w.sent < welcomeFloor {
		return 0, 0
	}
	first := w.blocks[0]
	if first.bad >= firstMost {
		return first.bad, first.sent
	}
	if len(w.blocks) > 1 {
		if bad, of = first.bad+w.blocks[1].bad, first.sent+w.blocks[1].sent; bad >= earlyMost {
			return bad, of
		}
	}
	bound := 8 + 2*math.Log1p(float64(w.sent)/100)
	kept := 0
	for _, b := range w.blocks {
		kept += b.sent
	}
	sum := 0.0
	bad, of = 0, 0
	for i, b := range w.blocks {
		if sum <= 0 || i == 2 && kept < w.sent { // some before it are forgotten
			sum, bad, of = 0, 0, 0
		}
		sum += float64(b.bad)*math.Log(shareBad/shareGood) + float64(b.sent-b.bad)*math.Log((1-shareBad)/(1-shareGood))
		if bad, of = bad+b.bad, of+b.sent; sum >= bound {
			return bad, of
		}
	}
	return 0, 0
}

// welcomeTx changes what is kept of the people of a campaign.
func welcomeTx(tx *bolt.Tx, id campaign.ID, change func(w *welcome)) error {
	g, err := guardTx(tx, id, all)
	if err != nil {
		return err
	}
	change(&g.welcome)
	return putGuardTx(tx, id, all, g)
}

// declinedTx counts a message that was refused, if that says something of its
// recipient: not of the number, of the text, or of the service.
func declinedTx(tx *bolt.Tx, d *campaign.Delivery, o campaign.Outcome, at time.Time) error {
	if o.Kind != campaign.Refused || o.Reason.Code != reason.RefusedPerson && o.Reason.Code != reason.Refused {
		return nil
	}
	return welcomeTx(tx, d.Campaign, func(w *welcome) { w.took(at); w.wrong(at) })
}

// unwelcomeTx is why a campaign is to be paused for its people; zero: it is not.
func unwelcomeTx(tx *bolt.Tx, id campaign.ID) (why reason.Reason, err error) {
	g, err := guardTx(tx, id, all)
	if err != nil {
		return why, err
	}
	if bad, of := g.welcome.judge(); bad > 0 {
		why = reason.New(reason.CampaignUnwelcome, bad, of)
	}
	return why, nil
}

func (w *welcome) encode(e *bolt.Enc) {
	e.Uint(uint64(w.sent))
	e.Uint(uint64(len(w.blocks)))
	for _, b := range w.blocks {
		e.Time(b.from)
		e.Time(b.to)
		e.Uint(uint64(b.sent))
		e.Uint(uint64(b.bad))
	}
}

func decodeWelcome(r *bolt.Dec) (w welcome) {
	w.sent = r.Int()
	for range r.Count() {
		w.blocks = append(w.blocks, block{r.Time(), r.Time(), r.Int(), r.Int()})
	}
	return w
}
