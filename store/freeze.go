package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// What the sweeper does of a start, see sweep.go: it makes the deliveries of the
// audience that Begin has staged, or takes them back.

// freezing is how far a freeze is.
type freezing struct {
	Numbers []campaign.NumberID       // who sends
	Next    people.ContactID          // whose delivery is the next to be made, or the next of the audience after them
	Load    map[campaign.NumberID]int // how many deliveries each number has
	Zones   []string                  // by their numbers in the queue
	Why     reason.Reason             `json:",omitzero"` // it is held, or undone, for this reason; zero: somebody asked for it
}

// freezeJobTx reads the job of a campaign that is freezing.
func freezeJobTx(tx *bolt.Tx, id campaign.ID) (job, error) {
	j, ok, err := jobTx(tx, campaignJobKey(id))
	if err == nil && (!ok || j.Freeze == nil) {
		err = fmt.Errorf("campaign %d: its freeze: %w", id, bolt.ErrRecord)
	}
	return j, err
}

// holdFreezesTx lets no campaign of a number run that is still freezing.
func holdFreezesTx(tx *bolt.Tx, number campaign.NumberID, why reason.Reason) error {
	for _, k := range jobsTable.Keys(tx, []byte{campaignJob}, math.MaxInt) {
		j, _, err := jobTx(tx, k)
		if err != nil {
			return err
		}
		if j.Kind != JobFreeze || !slices.Contains(j.Freeze.Numbers, number) {
			continue
		}
		j.Held, j.Freeze.Why = true, why
		if err := putJobTx(tx, k, j); err != nil {
			return err
		}
	}
	return nil
}

// freezeChunkTx makes the deliveries of the next n people of a campaign, and
// lets it run if those were the last. A person belongs to the number that they
// know; those whom no number knows are shared out evenly.
func freezeChunkTx(tx *bolt.Tx, k []byte, j *job, n int) (done bool, err error) {
	c, err := campaignTx(tx, j.Campaign)
	if err != nil {
		return false, err
	}
	t, err := tallyTx(tx, c.ID)
	if err != nil {
		return false, err
	}
	if c.RevokeOf != 0 {
		return revokesChunkTx(tx, k, j, c, t, n)
	}
	f := j.Freeze
	if f.Load == nil {
		f.Load = make(map[campaign.NumberID]int)
	}
	deliveriesTable.InOrder(tx) // keys come in order
	audience := stagedIDs{tx: tx, job: k}
	barred := allBarredTx(tx)
	zones, waits, err := sendersTx(tx, &c)
	if err != nil {
		return false, err
	}
	var queue [][]byte
	more := true
	for range n {
		var id people.ContactID
		if id, more = audience.next(f.Next); !more {
			break
		}
		f.Next = id + 1
		j.Done++
		contact, err := contactTx(tx, id)
		if errors.Is(err, ErrNotFound) || err == nil && contact.ID != id && audience.twice(contact.ID, id) {
			continue
		} else if err != nil {
			return false, err
		}
		number := home(&contact, f.Numbers, f.Load)
		d := campaign.Delivery{
			Campaign: c.ID, Seq: uint32(t.counts.Total()), Contact: contact.ID, Number: number,
			Phone: contact.Phone, Name: contact.Called(), New: !contact.KnownTo(number), Zone: zones.of(&contact, number),
		}
		why := unwanted(&contact, &c, f.Numbers, barred, c.Started)
		switch {
		case why != "":
		case c.MindsSilence() && unansweredTx(tx, contact.ID) >= silentAfter:
			why = reason.DeliveryNeverAnswers
		case !c.Aside() && tooSoon(&contact, waits[number], c.Started) && !campaign.Early(contact.LastSent, c.Started): // a claim mends a wrong time
			flying, err := onTheWireTx(tx, &contact, c.Started)
			if err != nil {
				return false, err
			}
			if !flying {
				why = reason.DeliveryPerPerson
			}
		}
		if why != "" {
			d.GiveUp(reason.New(why))
		} else {
			d.Variant = variantOf(&c, f.Numbers, number, f.Load[number])
			f.Load[number]++
			queue = append(queue, queueTable.key(&d, f.zone(d.Zone)))
			t.pending++
		}
		t.counts[d.State]++
		if err := deliveriesTable.PutAt(tx, deliveryKey(c.ID, d.Seq), encodeDelivery(&d)); err != nil {
			return false, err
		}
	}
	slices.SortFunc(queue, bytes.Compare)
	for _, k := range queue {
		if err := queueTable.PutAt(tx, k, nil); err != nil {
			return false, err
		}
	}
	if err := putTallyTx(tx, c.ID, t); err != nil || more {
		return false, err
	}
	return frozenTx(tx, k, j, c, t)
}

// zones are those of our numbers.
type zones map[campaign.NumberID]string

// onTheWireTx reports whether the message that a person was last sent is on its
// way at that moment: it may turn out not to have left, so that their turn decides.
func onTheWireTx(tx *bolt.Tx, contact *people.Contact, now time.Time) (bool, error) {
	if now.Sub(contact.LastSent) > time.Hour {
		return false, nil
	}
	for _, at := range latestTable.Each(tx, latestTable.Of(contact.ID)) {
		d, err := deliveryTx(tx, at)
		if err != nil || d.State == campaign.Sending {
			return true, err
		}
	}
	return false, nil
}

// sendersTx are the zones of our numbers, and for how long each leaves a person
// alone between two campaigns, of which the second is c.
func sendersTx(tx *bolt.Tx, c *campaign.Campaign) (zones, map[campaign.NumberID]time.Duration, error) {
	numbers, err := numbersTx(tx)
	all, waits := make(zones, len(numbers)), make(map[campaign.NumberID]time.Duration, len(numbers))
	for _, n := range numbers {
		all[n.ID], waits[n.ID] = n.Phone.Zone(), n.Pace(c.Started).Tightest(c.Pace).PerPerson
	}
	return all, waits, err
}

// of is the time zone by which a person is written to: that of their phone, or
// that of the number that writes if they show none.
func (z zones) of(c *people.Contact, number campaign.NumberID) string {
	if phone := c.BestPhone(); phone != "" {
		return phone.Zone()
	}
	return z[number]
}

// zone is the number of a time zone in the queue. Those that come late share
// the last one.
func (f *freezing) zone(name string) byte {
	zone := slices.Index(f.Zones, name)
	if zone < 0 {
		zone = len(f.Zones)
		f.Zones = append(f.Zones, name)
	}
	return byte(min(zone, 255))
}

// home is the number that writes to a person: of those that know them, else of
// all, the one with the least to do.
func home(contact *people.Contact, numbers []campaign.NumberID, load map[campaign.NumberID]int) campaign.NumberID {
	return slices.MinFunc(numbers, func(a, b campaign.NumberID) int {
		if known := contact.KnownTo(a); known != contact.KnownTo(b) {
			if known {
				return -1
			}
			return 1
		}
		return load[a] - load[b]
	})
}

// variantOf is the text of the next person of a number that has so many already:
// the texts take turns at each number, so that what is seen of a text says
// nothing of a number. The numbers begin with different ones.
func variantOf(c *campaign.Campaign, numbers []campaign.NumberID, number campaign.NumberID, load int) uint8 {
	return uint8((max(slices.Index(numbers, number), 0) + load) % len(c.Texts()))
}

// frozenTx lets a campaign run whose deliveries are all made, or takes them
// back if it cannot.
func frozenTx(tx *bolt.Tx, k []byte, j *job, c campaign.Campaign, t tally) (done bool, err error) {
	var why reason.Reason
	if t.pending == 0 && c.RevokeOf != 0 {
		first, err := deliveryTx(tx, deliveryKey(c.ID, 0))
		if err != nil {
			return false, err
		}
		why = reason.New(reason.UndoNone, t.counts[campaign.Skipped], first.Reason)
	} else if t.pending == 0 {
		why = reason.Of(reachesNobody(t.counts[campaign.Skipped]))
	} else if !j.Held { // a person must resume one that is held
		numbers, err := numbersTx(tx)
		if err != nil {
			return false, err
		}
		linked := c
		linked.Numbers = j.Freeze.Numbers
		if err := joined(senderStops(numbers, linked, c.Started)); err != nil {
			why = reason.Of(err)
		}
	}
	if !why.IsZero() {
		j.Kind, j.Freeze.Why = JobUnfreeze, why
		return false, nil
	}
	c.Numbers, c.Status = j.Freeze.Numbers, campaign.Running
	if j.Held {
		c.Status, c.Reason = campaign.Paused, j.Freeze.Why
	} else if err := runningTable.Put(tx, c.ID, nil); err != nil {
		return false, err
	}
	if err := putCampaignTx(tx, c); err != nil {
		return false, err
	}
	return unstageTx(tx, k, math.MaxInt)
}

// unfreezeChunkTx takes the next n deliveries of a campaign away that was not to
// start after all. In the end it is a draft again, with the reason, if nobody
// has cancelled it.
func unfreezeChunkTx(tx *bolt.Tx, k []byte, j *job, n int) (done bool, err error) {
	gone, err := takeAwayTx(tx, j.Campaign, n, func(t *tally, d *campaign.Delivery) error {
		if d.State != campaign.Queued {
			return nil
		}
		t.pending--
		return queueTable.DeleteAt(tx, queueTable.key(d, j.Freeze.zone(d.Zone)))
	})
	if err != nil || gone == n {
		return false, err
	}
	if err := countsTable.Delete(tx, j.Campaign); err != nil {
		return false, err
	}
	c, err := campaignTx(tx, j.Campaign)
	if err != nil {
		return false, err
	}
	if c.Status == campaign.Freezing {
		c.Status, c.Reason, c.Started = campaign.Draft, j.Freeze.Why, time.Time{}
		if err := putCampaignTx(tx, c); err != nil {
			return false, err
		}
	}
	return unstageTx(tx, k, math.MaxInt)
}

// A part of an audience in "staged" is a bit each for so many ids; its number
// is that of the first one, divided by them. Parts with nobody are left out.
const (
	partWords = 512
	partIDs   = 64 * partWords
)

func stageIDsTx(tx *bolt.Tx, k []byte, ids people.Set) error {
	part := uint32(0)
	for words := range slices.Chunk(ids, partWords) {
		if people.Set(words).Size() > 0 {
			v := make([]byte, 0, 8*partWords)
			for _, word := range words {
				v = binary.BigEndian.AppendUint64(v, word)
			}
			if err := stagedTable.PutAt(tx, stagedTable.key(k, part), v); err != nil {
				return err
			}
		}
		part++
	}
	return nil
}

// stagedIDs are the ids that were staged for a job.
type stagedIDs struct {
	tx  *bolt.Tx
	job []byte

	part  uint64 // the one that was looked at last
	words []byte
	twin  map[people.ContactID]people.ContactID // see twice; nil: not yet known
}

// next is the first id from that one on.
func (s *stagedIDs) next(from people.ContactID) (people.ContactID, bool) {
	id := uint64(from)
	for {
		if s.words == nil || id/partIDs != s.part {
			k, v := stagedTable.Cursor(s.tx).Seek(stagedTable.key(s.job, uint32(id/partIDs)))
			if !bytes.HasPrefix(k, s.job) {
				return 0, false
			}
			s.part, s.words = uint64(stagedTable.part(s.job, k)), v
			id = max(id, s.part*partIDs)
		}
		for at := id % partIDs / 64; int(at+1)*8 <= len(s.words); at++ {
			word := binary.BigEndian.Uint64(s.words[8*at:]) >> (id % 64)
			if word != 0 {
				return people.ContactID(id) + people.ContactID(bits.TrailingZeros64(word)), true
			}
			id = id/64*64 + 64
		}
		id = (s.part + 1) * partIDs
	}
}

func (s *stagedIDs) has(id people.ContactID) bool {
	at := uint64(id) % partIDs / 64
	v := stagedTable.GetAt(s.tx, stagedTable.key(s.job, uint32(uint64(id)/partIDs)))
	return int(at+1)*8 <= len(v) && binary.BigEndian.Uint64(v[8*at:])>>(id%64)&1 == 1
}

// twice reports whether the person to whom the staged id leads now, since its
// record was merged into theirs, is in the audience by an earlier id as well:
// then they have their delivery. Ids lead to smaller ones.
func (s *stagedIDs) twice(now, id people.ContactID) bool {
	if s.has(now) {
		return true
	}
	if s.twin == nil {
		s.twin = make(map[people.ContactID]people.ContactID)
		_ = mergedTable.ForEach(s.tx, func(k, _ []byte) error {
			gone := mergedTable.Parts(k)
			if s.has(gone) {
				keep := mergedTx(s.tx, gone)
				if first, ok := s.twin[keep]; !ok || gone < first {
					s.twin[keep] = gone
				}
			}
			return nil
		})
	}
	return s.twin[now] != id
}
