package store

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// reported makes a campaign of n deliveries in all states, as two months of
// sending leave them.
func reported(b testing.TB, n int) (*Book, campaign.ID) {
	b.Helper()
	dir, err := os.MkdirTemp("", "recado-report-")
	fatal(b, err)
	b.Cleanup(func() { os.RemoveAll(dir) })
	book, err := Open(filepath.Join(dir, "book.db"), Options{Kind: Demo, noSync: true})
	fatal(b, err)
	b.Cleanup(func() { book.Close() })
	c, err := desk(book).AddCampaign(campaign.Campaign{Name: "c", Text: "Oi, {nome}!"})
	fatal(b, err)
	begun := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for from := 0; from < n; from += 50_000 {
		fatal(b, book.update(func(tx *bolt.Tx) error {
			deliveriesTable.InOrder(tx)
			for i := from; i < min(from+50_000, n); i++ {
				at := begun.Add(time.Duration(i) * 5 * time.Second)
				d := campaign.Delivery{
					Campaign: c.ID, Seq: uint32(i), Contact: people.ContactID(i + 1), Number: campaign.NumberID(1 + i%3), Variant: uint8(i % 2),
					Phone: people.Phone(fmt.Sprintf("+55119%08d", i)), Name: fmt.Sprintf("Pessoa da Silva %d", i), Zone: "America/Sao_Paulo",
					LID: fmt.Sprint(100000000000000 + i), Message: campaign.MessageID(fmt.Sprintf("3EB0%018d", i)),
					Text: fmt.Sprintf("Oi, Pessoa da Silva %d! O catálogo chegou na loja de São Paulo. Quer receber?", i), Claimed: at,
				}
				switch i % 10 {
				case 0:
					d.State, d.Reason = campaign.Skipped, reason.New(reason.DeliveryOptedOut)
				case 1:
					d.State, d.Reason = campaign.Failed, reason.New(reason.RefusedWithCode, reason.New(reason.RefusedPerson), 403)
				default:
					d.Advance(campaign.Sent, at.Add(time.Second))
					for to := campaign.Delivered; to <= campaign.Sent+campaign.State(i%4); to++ {
						d.Advance(to, at.Add(time.Duration(to)*time.Hour))
					}
				}
				if err := deliveriesTable.PutAt(tx, deliveryKey(c.ID, d.Seq), encodeDelivery(&d)); err != nil {
					return err
				}
			}
			return putTallyTx(tx, c.ID, tally{counts: campaign.Counts{campaign.Sent: n}})
		}))
	}
	return book, c.ID
}

// BenchmarkReport is a report of so many deliveries.
func BenchmarkReport(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			book, id := reported(b, n)
			for b.Loop() {
				r, err := book.Report(b.Context(), id)
				fatal(b, err)
				if r.Total() != n {
					b.Fatal(r.Total())
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms")
		})
	}
}

// What is counted in stretches, and without reading the texts, is the same as
// what the whole records say one by one.
func TestAReportInPartsEqualsTheRecordsOneByOne(t *testing.T) {
	book, id := reported(t, 3*reportPart+5)
	got := must[campaign.Report](t)(book.Report(t.Context(), id))
	var want campaign.Report
	for after := int64(-1); ; {
		page := must[[]campaign.Delivery](t)(book.Deliveries(id, after, 1000))
		for i := range page {
			fate := page[i].Fate()
			want.Add(&fate)
			after = int64(page[i].Seq)
		}
		if len(page) == 0 {
			break
		}
	}
	if got.Funnel != want.Funnel || got.Total() != want.Total() || !maps.Equal(got.Failed, want.Failed) || !maps.Equal(got.LeftOut, want.LeftOut) ||
		!sameParts(got.Numbers, want.Numbers) || !sameParts(got.Variants, want.Variants) || !sameParts(got.Hours, want.Hours) {
		t.Errorf("in parts %+v, one by one %+v", got, want)
	}
}

func sameParts[K comparable](a, b map[K]*campaign.Funnel) bool {
	return maps.EqualFunc(a, b, func(a, b *campaign.Funnel) bool { return *a == *b })
}
