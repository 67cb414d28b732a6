package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"reflect"
	"slices"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// How a campaign starts.
//
// Begin looks for the audience in one read transaction and writes down who it
// is together with the status Freezing. From then on it is known who belongs to
// the campaign: people who are added later do not, and people who are edited
// meanwhile stay. The sweeper makes the deliveries, in chunks, from the records as they
// are when their turn comes. When all are made, and not before, the campaign is
// among the running ones.

// ErrGoesOn says that what was waited for is written down and goes on by
// itself, also when this process ends and another one opens the book.
var ErrGoesOn = reason.Err(reason.GoesOn)

// goesOn is the error of a wait that ended while the work goes on.
func goesOn(err error) error {
	return reason.Because(fmt.Errorf("%w: %w", err, ErrGoesOn), reason.GoesOn, reason.Of(err))
}

// freezing is how far a freeze is.
type freezing struct {
	Numbers []campaign.NumberID       // who sends
	Next    people.ContactID          // whose delivery is the next to be made, or the next of the audience after them
	Load    map[campaign.NumberID]int // how many deliveries each number has
	Zones   []string                  // by their numbers in the queue
	Why     reason.Reason             `json:",omitzero"` // it is held, or undone, for this reason; zero: somebody asked for it
}

// Start is Begin, and waits until the campaign is running.
func (d *Desk) Start(id campaign.ID, now time.Time) (campaign.Campaign, error) {
	ctx := context.Background()
	if c, err := d.Begin(ctx, id, now); err != nil {
		return c, err
	}
	return d.book.Started(ctx, id)
}

// errEdited is returned by a start when the draft has been edited since its
// people were looked up.
var errEdited = errors.New("the draft was edited meanwhile")

// Begin chooses the audience of a draft and lets the book freeze it: give each
// person to the number that writes to them, or skip them because they have opted
// out or are known not to be on WhatsApp. The campaign is Freezing until then;
// [Book.Started] waits for that. Begin fails if there is nobody to write to,
// no number to write with, or if the file that is attached or a list that the
// audience names is not there. ctx ends the search for the people.
func (d *Desk) Begin(ctx context.Context, id campaign.ID, now time.Time) (c campaign.Campaign, err error) {
	if !d.May(VerbCampaignStart) {
		return c, ErrRole
	}
	b := d.book
	for {
		if c, err = b.Campaign(id); err != nil {
			return c, err
		}
		if c.Attachment != nil && c.Status == campaign.Draft {
			if err := b.checkMedia(c.Attachment); err != nil {
				return c, reason.Within(err, reason.CampaignStart, id)
			}
		}
		var audience people.Set
		err = b.view(func(tx *bolt.Tx) error {
			if _, err := beginTx(tx, id, now); err != nil {
				return err
			}
			audience, err = audienceTx(ctx, tx, c, now)
			return err
		})
		if err != nil {
			return c, err
		}
		searched := c
		err = d.write(VerbCampaignStart, func(tx *bolt.Tx, e *Entry) error {
			if c, err = campaignTx(tx, id); err != nil {
				return err
			}
			numbers, err := beginTx(tx, id, now)
			if err != nil {
				return err
			}
			if !reflect.DeepEqual(c, searched) {
				return errEdited
			}
			e.onCampaign(&c)
			e.change("status", c.Status.String(), campaign.Running.String())
			e.Outcome, e.Ended = Asked, time.Time{}
			if err := addEntryTx(tx, e); err != nil {
				return err
			}
			c.Status, c.Reason, c.Started = campaign.Freezing, reason.Reason{}, now
			if err := putCampaignTx(tx, c); err != nil {
				return err
			}
			k := campaignJobKey(id)
			if err := stageIDsTx(tx, k, audience); err != nil {
				return err
			}
			return putJobTx(tx, k, job{
				Job:    Job{Kind: JobFreeze, Campaign: id, Total: audience.Size()},
				Audit:  e.ID,
				Freeze: &freezing{Numbers: numbers},
			})
		})
		if !errors.Is(err, errEdited) {
			b.wake()
			return c, err
		}
	}
}

// beginTx refuses what cannot start, and returns the numbers that send.
func beginTx(tx *bolt.Tx, id campaign.ID, now time.Time) ([]campaign.NumberID, error) {
	c, err := campaignTx(tx, id)
	if err != nil {
		return nil, err
	}
	if c.Status != campaign.Draft {
		return nil, reason.Because(ErrState, reason.CampaignStart, id, reason.New(reason.CampaignItIs, c.Status.Reason()))
	}
	stops, err := stopsTx(tx, c, now)
	if err != nil {
		return nil, err
	} else if err := joined(append(c.Lacks(), stops...)); err != nil {
		return nil, reason.Because(fmt.Errorf("%w: %w", err, ErrState), reason.CampaignStart, id, reason.Of(err))
	}
	numbers, err := numbersTx(tx)
	if err != nil {
		return nil, err
	}
	var ids []campaign.NumberID
	for _, s := range Senders(numbers, nil, c, now) {
		ids = append(ids, s.Number.ID)
	}
	return ids, nil
}

// audienceTx chooses the people of a campaign. It is an error if none of them
// can be written to.
func audienceTx(ctx context.Context, tx *bolt.Tx, c campaign.Campaign, now time.Time) (audience people.Set, err error) {
	filter, err := people.ParseFilter(c.To)
	if err != nil {
		return nil, reason.Within(err, reason.CampaignAudience)
	}
	to, skipped := 0, 0
	barred := allBarredTx(tx)
	err = matchTx(ctx, tx, filter, func(contact *people.Contact) {
		switch {
		case contact.Phone == "" && contact.LID == "":
			return
		case unwanted(contact, barred, now) != "":
			skipped++
		default:
			to++
		}
		audience.Add(contact.ID)
	})
	if wrong := (*people.FilterError)(nil); errors.As(err, &wrong) {
		return nil, reason.Within(err, reason.CampaignAudience)
	}
	if err == nil && to == 0 {
		err = reason.Because(ErrState, reason.CampaignStart, c.ID, reason.Of(reachesNobody(skipped)))
	}
	return audience, err
}

// unwanted is the reason why a person's delivery is skipped when it is made;
// empty: it is not.
func unwanted(contact *people.Contact, barred barredAliases, now time.Time) reason.Code {
	switch {
	case contact.OptedOut:
		return reason.DeliveryOptedOut
	case contact.InDoubt():
		return reason.DeliveryDoubt
	case contact.Moved():
		return reason.DeliveryMoved
	case contact.Presence == people.NotOnWhatsApp && contact.Checked(now):
		return reason.DeliveryNotOnWhatsApp
	}
	return barred.why(contact)
}

// Started waits until a campaign that was begun is running, and returns it as
// it is then. It fails if it turned out that it cannot start, or if somebody
// cancelled it. When ctx ends first, or the disk does not take the work, that
// is the error, with ErrGoesOn.
func (b *Book) Started(ctx context.Context, id campaign.ID) (campaign.Campaign, error) {
	ring, unhear := b.bell.Listen()
	defer unhear()
	for {
		c, err := b.Campaign(id)
		if err != nil {
			return c, err
		}
		switch c.Status {
		case campaign.Running, campaign.Paused, campaign.Finished:
			return c, nil
		case campaign.Draft:
			return c, reason.Because(ErrState, reason.CampaignStart, id, c.Reason)
		case campaign.Cancelled:
			return c, reason.Because(ErrState, reason.CampaignStart, id, reason.New(reason.CampaignItIs, c.Status.Reason()))
		}
		if err := b.jobFault(campaignJobKey(id)); err != nil {
			return c, reason.Within(goesOn(err), reason.CampaignStart, id)
		}
		select {
		case <-ring:
		case <-ctx.Done():
			return c, reason.Within(goesOn(ctx.Err()), reason.CampaignStart, id)
		case <-b.closing:
			return c, reason.Within(goesOn(ErrClosed), reason.CampaignStart, id)
		}
	}
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
	f := j.Freeze
	if f.Load == nil {
		f.Load = make(map[campaign.NumberID]int)
	}
	deliveriesTable.InOrder(tx) // keys come in order
	audience := stagedIDs{tx: tx, job: k}
	barred := allBarredTx(tx)
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
			Phone: contact.Phone, Name: contact.Name, New: !contact.KnownTo(number), Zone: contact.Phone.Zone(),
		}
		if why := unwanted(&contact, barred, c.Started); why != "" {
			d.GiveUp(reason.New(why))
		} else {
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

// frozenTx lets a campaign run whose deliveries are all made, or takes them
// back if it cannot.
func frozenTx(tx *bolt.Tx, k []byte, j *job, c campaign.Campaign, t tally) (done bool, err error) {
	var why reason.Reason
	if t.pending == 0 {
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
		j.Kind, j.Freeze.Why = JobUndo, why
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

// undoChunkTx takes the next n deliveries of a campaign away that was not to
// start after all. In the end it is a draft again, with the reason, if nobody
// has cancelled it.
func undoChunkTx(tx *bolt.Tx, k []byte, j *job, n int) (done bool, err error) {
	t, err := tallyTx(tx, j.Campaign)
	if err != nil {
		return false, err
	}
	made := deliveriesTable.Keys(tx, deliveriesTable.Of(j.Campaign), n)
	for _, at := range made {
		d, err := deliveryTx(tx, at)
		if err != nil {
			return false, err
		}
		if t.counts[d.State]--; d.State == campaign.Queued {
			t.pending--
			if err := queueTable.DeleteAt(tx, queueTable.key(&d, j.Freeze.zone(d.Zone))); err != nil {
				return false, err
			}
		}
		if err := deliveriesTable.DeleteAt(tx, at); err != nil {
			return false, err
		}
	}
	if len(made) == n {
		return false, putTallyTx(tx, j.Campaign, t)
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
