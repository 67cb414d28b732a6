package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// BenchmarkReceipts is a night's receipts: a hundred thousand messages of a campaign
// are told to have arrived, in the parts in which the wire tells of them; and how
// long a claim's write and what a screen reads wait meanwhile, at the longest and at the
// 99th of a hundred.
func BenchmarkReceipts(b *testing.B) {
	const many, part = 100_000, 400
	for b.Loop() {
		b.StopTimer()
		book, id, all := sentToMany(b, many)
		stop := make(chan struct{})
		var beside sync.WaitGroup
		var writes, reads []time.Duration
		beside.Go(func() { // ends below
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
				begun := time.Now()
				_, err := book.Counts(id)
				fatal(b, err)
				_, err = book.Recent(id, 20)
				fatal(b, err)
				reads = append(reads, time.Since(begun))
				begun = time.Now()
				fatal(b, desk(book).EditContact(people.ContactID(1+i), func(c *people.Contact) { c.Fields["visto"] = fmt.Sprint(i) }))
				writes = append(writes, time.Since(begun))
			}
		})
		b.StartTimer()
		for some := range slices.Chunk(all, part) {
			_, err := book.Receipts(some)
			fatal(b, err)
		}
		b.StopTimer()
		close(stop)
		beside.Wait()
		counts, err := book.Counts(id)
		fatal(b, err)
		if counts[campaign.Delivered] != many {
			b.Fatalf("%v, want all delivered", counts)
		}
		for name, took := range map[string][]time.Duration{"read": reads, "write": writes} {
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, name+"-p99-ms")
			b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, name+"-most-ms")
		}
		fatal(b, book.Close())
		b.StartTimer()
	}
}

// sentToMany is a book with a campaign that has left, and the receipts of all its
// messages.
func sentToMany(b *testing.B, many int) (*Book, campaign.ID, []campaign.Receipt) {
	b.Helper()
	book, err := Open(filepath.Join(b.TempDir(), "book.db"), Options{Kind: Demo})
	fatal(b, err)
	n, err := desk(book).AddNumber("loja")
	fatal(b, err)
	_, err = book.LinkNumber(n.ID, "+551180000000", "551180000000:1@s.whatsapp.net", time.Now())
	fatal(b, err)
	_, err = desk(book).Import(b.Context(), crowdRows(many, 0), "people.csv")
	fatal(b, err)
	c, err := desk(book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi, {nome}!"})
	fatal(b, err)
	_, err = desk(book).Start(c.ID, time.Now())
	fatal(b, err)
	now := time.Now()
	var all []campaign.Receipt
	for after, more := int64(-1), true; more; {
		some, err := book.Deliveries(c.ID, after, 5000)
		fatal(b, err)
		for i := range some {
			d := &some[i]
			after = int64(d.Seq)
			all = append(all, campaign.Receipt{
				Number: n.ID, From: people.Seen{Phone: d.Phone}, State: campaign.Delivered, At: now.Add(time.Minute),
				Messages: []campaign.MessageID{campaign.MessageID(fmt.Sprintf("3EB0%08X", d.Seq))},
			})
		}
		more = len(some) == 5000
	}
	for some := range slices.Chunk(all, 2000) {
		fatal(b, book.update(func(tx *bolt.Tx) error {
			for _, r := range some {
				if err := sentTx(tx, c.ID, r.Messages[0], now); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return book, c.ID, all
}

// sentTx lets a message of a campaign leave, as a claim and its settle do.
func sentTx(tx *bolt.Tx, id campaign.ID, message campaign.MessageID, now time.Time) error {
	var seq uint32
	if _, err := fmt.Sscanf(string(message), "3EB0%08X", &seq); err != nil {
		return err
	}
	d, err := deliveryTx(tx, deliveryKey(id, seq))
	if err != nil {
		return err
	}
	contact, err := contactTx(tx, d.Contact)
	if err != nil {
		return err
	}
	if err := changeTx(tx, &d, func(d *campaign.Delivery) {
		d.Claim(&contact, 1, campaign.Cargo{Message: message, Text: "Oi, " + contact.Name + "!"}, now)
	}); err != nil {
		return err
	}
	if err := messagesTable.Put(tx, message, deliveryKey(id, seq)); err != nil {
		return err
	}
	before := d
	d.Settle(campaign.Outcome{Kind: campaign.Accepted}, time.Minute, now)
	return putDeliveryTx(tx, &before, &d)
}
