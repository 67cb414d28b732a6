package device

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"recado/store/bolt"

	"go.mau.fi/whatsmeow/types"
)

// unread is the map of c as it is before anything was read into memory.
func unread(t *testing.T, c *Container) *lidMap {
	t.Helper()
	m := loadLIDs(c)
	m.close()
	m.loaded = false
	for _, side := range []*lidSide{m.phones, m.lids} {
		side.known = newUsers()
	}
	return m
}

// paired answers, for every phone and LID of who, to whom it belongs.
func paired(t *testing.T, m *lidMap, who ...types.JID) (out string) {
	t.Helper()
	for _, jid := range who {
		var other types.JID
		var err error
		if jid.Server == types.DefaultUserServer {
			other, err = m.GetLIDForPN(ctx, jid)
		} else {
			other, err = m.GetPNForLID(ctx, jid)
		}
		must(t, err)
		out += jid.User[:2] + jid.Server[:1] + "=" + other.User + " "
	}
	return out
}

// TestLIDsAreAnsweredBeforeTheyAreRead goes through the same changes with the map in memory and
// with the disk behind it, written or not, and wants the same answers.
func TestLIDsAreAnsweredBeforeTheyAreRead(t *testing.T) {
	for _, flushed := range []bool{false, true} {
		for _, loaded := range []bool{false, true} {
			t.Run(fmt.Sprintf("flushed=%v,loaded=%v", flushed, loaded), func(t *testing.T) {
				c := openNew(t)
				must(t, c.lids.PutLIDMapping(ctx, anaLID, ana))
				must(t, c.lids.PutLIDMapping(ctx, bobLID, bob))
				c = reopen(t, c)
				m := c.lids
				<-m.gone
				if !loaded {
					m = unread(t, c)
				}
				all := []types.JID{ana, bob, anaLID, bobLID}
				check := func(want string) {
					t.Helper()
					if flushed {
						must(t, c.db.Flush())
					}
					if got := paired(t, m, all...); got != want {
						t.Errorf("%s, want %s", got, want)
					}
				}
				check("55s=111111111111111 55s=222222222222222 11l=5511911111111 22l=5511922222222 ")
				must(t, m.PutLIDMapping(ctx, bobLID, ana)) // both lose whom they had
				check("55s=222222222222222 55s= 11l= 22l=5511911111111 ")
				many, err := m.GetManyLIDsForPNs(ctx, []types.JID{ana, bob})
				if len(many) != 1 || many[ana] != bobLID || err != nil {
					t.Errorf("many: %v, %v", many, err)
				}
				must(t, m.PutLIDMapping(ctx, anaLID, bob))
				check("55s=222222222222222 55s=111111111111111 11l=5511922222222 22l=5511911111111 ")
				must(t, m.PutLIDMapping(ctx, anaLID, ana))
				check("55s=111111111111111 55s= 11l=5511911111111 22l= ")
				if !loaded { // what was paired before all was read stays when all has been
					m.load()
					check("55s=111111111111111 55s= 11l=5511911111111 22l= ")
				}
				must(t, c.db.Flush())
				c = reopen(t, c)
				m = c.lids
				check("55s=111111111111111 55s= 11l=5511911111111 22l= ")
				if wrong := lidsWrong(t, c); wrong != "" {
					t.Error(wrong)
				}
			})
		}
	}
}

// lidsWrong says where the two directions differ on the disk.
func lidsWrong(t *testing.T, c *Container) (wrong string) {
	t.Helper()
	must(t, c.view(func(tx *bolt.Tx) error {
		lids, phones := tx.Bucket(bucketLIDs), tx.Bucket(bucketPhones)
		if a, b := lids.Stats().KeyN, phones.Stats().KeyN; a != b {
			wrong = fmt.Sprintf("%d LIDs, %d phones", a, b)
		}
		return lids.ForEach(func(lid, phone []byte) error {
			if got := phones.Get(phone); string(got) != string(lid) {
				wrong = fmt.Sprintf("LID %s has phone %s, which has LID %s", lid, phone, got)
			}
			return nil
		})
	}))
	return wrong
}

// TestLIDsWhileTheyAreRead looks up and pairs on while a long map is read, for the race detector,
// with commits in between.
func TestLIDsWhileTheyAreRead(t *testing.T) {
	const n = 3 * loadRows
	c := openNew(t)
	must(t, c.lids.PutManyLIDMappings(ctx, pairs(n, 0)))
	for round := 1; round <= 3; round++ {
		c = reopen(t, c)
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := g; i < n; i += 97 {
					lid := personLID(n*round + i)
					if i%2 == 0 {
						must(t, c.lids.PutLIDMapping(ctx, lid, person(i)))
					}
					got, err := c.lids.GetLIDForPN(ctx, person(i))
					must(t, err)
					if i%2 == 0 && got != lid {
						t.Errorf("%v has LID %v a moment after it got %v", person(i), got, lid)
					}
					back, err := c.lids.GetPNForLID(ctx, got)
					must(t, err)
					if back != person(i) {
						t.Errorf("%v belongs to %v, which belongs to %v", person(i), got, back)
					}
					if i%5 == 0 {
						must(t, c.db.Flush())
					}
				}
			})
		}
		wg.Wait()
		<-c.lids.gone
		if !c.lids.loaded || count(c.lids.lids.known) != n || count(c.lids.phones.known) != n {
			t.Fatalf("%d LIDs and %d phones are known, want %d", count(c.lids.lids.known), count(c.lids.phones.known), n)
		}
		must(t, c.db.Flush())
		if wrong := lidsWrong(t, c); wrong != "" {
			t.Error(wrong)
		}
	}
}

func TestCloseDoesNotWaitForTheLIDs(t *testing.T) {
	c := openNew(t)
	must(t, c.lids.PutManyLIDMappings(ctx, pairs(10*loadRows, 0)))
	must(t, c.Close())
	c = openAt(t, c.path)
	must(t, c.Close())
	if count(c.lids.lids.known) > 0 && !c.lids.loaded {
		t.Error("a map that was not read to its end is in use")
	}
	if _, err := c.lids.GetLIDForPN(ctx, person(1)); !c.lids.loaded && err == nil {
		t.Error("a closed file answers that somebody has no LID")
	}
}

// age makes of a closed file what version 1 of the format wrote.
func age(t *testing.T, path string) {
	t.Helper()
	edit(t, path, func(tx *bolt.Tx) error {
		must(t, tx.DeleteBucket(bucketPhones))
		return writeVersion(tx, 1)
	})
}

func TestFileOfVersion1IsBroughtToToday(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	must(t, d.Sessions.PutSession(ctx, "1:0", []byte("session")))
	must(t, c.lids.PutManyLIDMappings(ctx, pairs(5000, 0)))
	must(t, c.Close())
	age(t, c.path)
	for range 2 { // once to be migrated, once as it is
		c = openAt(t, c.path)
		if got := paired(t, unread(t, c), person(4321), personLID(4321)); got != "55s="+personLID(4321).User+" 10l="+person(4321).User+" " {
			t.Errorf("after the migration %s", got)
		}
		if wrong := lidsWrong(t, c); wrong != "" {
			t.Error(wrong)
		}
		if got, err := load(t, c, ownJID).Sessions.GetSession(ctx, "1:0"); string(got) != "session" || err != nil {
			t.Errorf("session %q, %v", got, err)
		}
		must(t, c.Close())
	}
	edit(t, c.path, func(tx *bolt.Tx) error {
		v, err := readVersion(tx)
		if v != formatVersion {
			t.Errorf("the file says version %d", v)
		}
		return err
	})
}

func TestFileOfVersion1WithoutLIDsIsBroughtToToday(t *testing.T) {
	path := filepath.Join(t.TempDir(), "devices.db")
	must(t, openAt(t, path).Close())
	age(t, path)
	c := openAt(t, path)
	must(t, c.lids.PutLIDMapping(ctx, anaLID, ana))
	must(t, c.db.Flush())
	if wrong := lidsWrong(t, c); wrong != "" {
		t.Error(wrong)
	}
}
