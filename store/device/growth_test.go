package device

import (
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"recado/store/bolt"

	"go.mau.fi/whatsmeow/store"
)

// counting counts the rows that are touched.
type counting struct {
	rows
	n *int
}

func (c counting) get(t table, key []byte) []byte {
	*c.n++
	return c.rows.get(t, key)
}

func (c counting) put(t table, key, value []byte) error {
	*c.n++
	return c.rows.put(t, key, value)
}

func (c counting) delete(t table, key []byte) error {
	*c.n++
	return c.rows.delete(t, key)
}

func (c counting) each(t table, prefix []byte, fn func(key, value []byte) bool) {
	c.rows.each(t, prefix, func(key, value []byte) bool {
		*c.n++
		return fn(key, value)
	})
}

// TestSweepCostsWhatExpires: of many or few that are kept, ten expire, and the same rows are touched.
func TestSweepCostsWhatExpires(t *testing.T) {
	const expired = 10
	touched := make(map[table][]int)
	for _, kept := range []int{20, 5000} {
		c := openNew(t)
		s := link(t, c, ownJID).Sessions.(*stores)
		fill := func(at int64, from, n int) {
			must(t, s.write(func(r rows) error {
				for i := range n {
					key := fmt.Appendf(nil, "%08d", from+i)
					for _, x := range timed {
						must(t, r.put(x.rows, key, append(appendInt64(nil, at), make([]byte, 40)...)))
						must(t, r.put(x.times, timeKey(at, key), nil))
					}
				}
				return nil
			}))
		}
		fill(1000, 0, expired)
		fill(2000, expired, kept)
		for _, x := range timed {
			var n int
			must(t, s.write(func(r rows) error {
				n = 0
				deleted, err := deleteOlder(counting{r, &n}, x.rows, x.times, 1500)
				if deleted != expired {
					t.Errorf("%s: %d were deleted, want %d", tableNames[x.rows], deleted, expired)
				}
				return err
			}))
			touched[x.rows] = append(touched[x.rows], n)
			must(t, s.read(func(r rows) error {
				n = 0
				if older(counting{r, &n}, x.times, 1500) || n != 1 {
					t.Errorf("%s: to see that nothing is old, %d rows are touched", tableNames[x.rows], n)
				}
				return nil
			}))
		}
		must(t, s.write(func(r rows) error { // not what the library writes: away with it
			for _, x := range timed {
				must(t, deletePrefix(r, x.rows, nil))
				must(t, deletePrefix(r, x.times, nil))
			}
			return nil
		}))
	}
	for name, n := range touched {
		if n[0] != n[1] || n[0] > 4*expired {
			t.Errorf("%s: to delete %d rows, %d are touched beside 20 others, %d beside 5000", tableNames[name], expired, n[0], n[1])
		}
	}
}

// TestFileStopsGrowing lives through two years of a number that is always as busy.
func TestFileStopsGrowing(t *testing.T) {
	if raced {
		t.Skip("nothing runs beside anything else here")
	}
	synctest.Test(t, func(t *testing.T) {
		c := openNew(t)
		c.db.NoSync = true // this test is about pages, not about power
		d := link(t, c, ownJID)
		var sizes []int64
		fortnights := 26
		if os.Getenv("RECADO_LONG") != "" {
			fortnights = 52
		}
		for fortnight := range fortnights {
			for i := range 60 {
				n := fortnight*60 + i
				must(t, d.EventBuffer.PutBufferedEvent(ctx, [32]byte{byte(fortnight), byte(i)}, make([]byte, 800), time.Now()))
				must(t, d.EventBuffer.ClearBufferedEventPlaintext(ctx, [32]byte{byte(fortnight), byte(i)}))
				must(t, d.EventBuffer.AddOutgoingEvent(ctx, person(n), fmt.Sprint("3EB0", n), "wa", make([]byte, 600+n%900)))
				must(t, d.MsgSecrets.PutMessageSecret(ctx, person(n), person(n), fmt.Sprint("3EB0", n), make([]byte, 32)))
				must(t, d.PrivacyTokens.PutPrivacyTokens(ctx, store.PrivacyToken{User: person(n), Token: make([]byte, 20), Timestamp: time.Now()}))
				must(t, d.Sessions.PutSession(ctx, address(n%200), make([]byte, 300+n*37%2000))) // ratchets change their size
				must(t, c.KeepHistory(ctx, ownJID, fmt.Sprint(n), make([]byte, 3000)))
				must(t, c.ForgetHistory(ctx, ownJID, fmt.Sprint(n-3)))
				time.Sleep(eventLife / 60)
			}
			must(t, d.EventBuffer.DeleteOldBufferedHashes(ctx))
			must(t, d.EventBuffer.DeleteOldOutgoingEvents(ctx))
			_, err := d.PrivacyTokens.DeleteExpiredPrivacyTokens(ctx, time.Now().Add(-4*eventLife))
			must(t, err)
			must(t, c.view(func(tx *bolt.Tx) error {
				sizes = append(sizes, tx.Size()) // all pages, used or free; the file itself grows by leaps
				return nil
			}))
		}
		// The same rows spread over the pages a little differently each time; pages that were not used
		// again would make it grow fourfold from here.
		early, last := sizes[len(sizes)/4], sizes[len(sizes)-1]
		if last > early+early/5 {
			t.Errorf("the file has grown from %d to %d bytes with nothing more in it: %d", early, last, sizes)
		}
		t.Logf("%d bytes after a fortnight, %d after a quarter of the time, %d after %d fortnights", sizes[0], early, last, fortnights)
		must(t, c.Close())
	})
}

// TestNewFileIsSmall: the room that is mapped for a file is not taken from the disk, and a file that
// grows does so by its own size.
func TestNewFileIsSmall(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	size := func() int64 {
		info, err := os.Stat(c.path)
		must(t, err)
		return info.Size()
	}
	if got := size(); got > 256<<10 {
		t.Errorf("a file with one number takes %d bytes", got)
	}
	for i := range 40 {
		must(t, d.Sessions.PutSession(ctx, address(i), make([]byte, 32<<10)))
	}
	if got, used := size(), int64(40*32<<10); got > 3*used {
		t.Errorf("a file of %d bytes takes %d", used, got)
	}
}
