package device

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"
	"go.mau.fi/whatsmeow/types"

	"recado/store/bolt"
)

// filledFile is a closed device file with two devices and something in many of their tables.
func filledFile(t *testing.T) (path string) {
	t.Helper()
	c := openNew(t)
	for i, jid := range []types.JID{ownJID, {User: "5511900000000", Device: 1, Server: types.DefaultUserServer}} {
		d := link(t, c, jid)
		batch := make(map[string][]byte)
		for n := range 200 {
			batch[fmt.Sprintf("s%d:%d", i, n)] = counter(uint64(n))
			must(t, d.LIDs.PutLIDMapping(ctx, types.NewJID(fmt.Sprint(1000+n), types.HiddenUserServer), types.NewJID(fmt.Sprint(551190000+n), types.DefaultUserServer)))
			must(t, d.Contacts.PutContactName(ctx, types.NewJID(fmt.Sprint(551190000+n), types.DefaultUserServer), "Ana", "Ana Prado"))
		}
		must(t, d.Sessions.PutManySessions(ctx, batch))
		_, err := d.PreKeys.GetOrGenPreKeys(ctx, 50)
		must(t, err)
	}
	must(t, c.Close())
	return c.path
}

// useUp reads and writes what a client does.
func useUp(t *testing.T, c *Container) error {
	t.Helper()
	devices, err := c.GetAllDevices(ctx)
	errs := []error{err}
	keep := func(err error) { errs = append(errs, err) }
	for _, d := range devices {
		_, err := d.Sessions.GetManySessions(ctx, []string{"s0:1", "s0:199", "s1:7"})
		keep(err)
		_, err = d.Contacts.GetAllContacts(ctx)
		keep(err)
		keep(d.Sessions.PutSession(ctx, "s0:1", counter(9)))
		_, err = d.PreKeys.GenOnePreKey(ctx)
		keep(err)
		keep(d.Delete(ctx))
	}
	return errors.Join(errs...)
}

// TestNoDamagedPageOfTheKeysCrashesOrHangs changes the headers of all pages. Nobody goes on with
// keys that may be old ones: the damage of either first page is one as well.
func TestNoDamagedPageOfTheKeysCrashesOrHangs(t *testing.T) {
	path := filledFile(t)
	whole, err := os.ReadFile(path)
	must(t, err)
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	free := make(map[int]bool)
	pages := 0
	must(t, db.View(func(tx *bbolt.Tx) error {
		for ; ; pages++ {
			page, err := tx.Page(pages)
			if err != nil || page == nil {
				return err
			}
			free[pages] = page.Type == "free"
			for range page.OverflowCount {
				if !free[pages] {
					pages++
					free[pages] = true // no header of its own
				}
			}
		}
	}))
	must(t, db.Close())
	path = filepath.Join(t.TempDir(), "devices.db")
	refused := 0
	for page := range pages {
		for at, bits := range map[int]uint16{0: 1, 3: 1, 8: 3, 10: 1, 11: 0x7f, 12: 1, 15: 0x40} {
			if free[page] {
				continue
			}
			data := append([]byte(nil), whole...)
			field := data[page*os.Getpagesize()+at:]
			binary.LittleEndian.PutUint16(field, binary.LittleEndian.Uint16(field)^bits)
			must(t, os.WriteFile(path, data, 0o600))
			damaged := (*bolt.DamagedError)(nil)
			if c, err := Open(path); err == nil {
				t.Errorf("page %d, byte %d: it opens", page, at)
				_ = c.Close()
			} else if !errors.As(err, &damaged) || err.Error() != "file_damaged "+path {
				t.Errorf("page %d, byte %d: %v", page, at, err)
			} else {
				refused++
			}
			if h, err := bolt.Examine(nil, path, Check); err != nil || len(h.Wrong) == 0 {
				t.Errorf("page %d, byte %d: no finding, %v", page, at, err)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != string(data) {
				t.Errorf("page %d, byte %d: something was written, %v", page, at, err)
			}
		}
	}
	if refused < 100 {
		t.Errorf("only %d changes", refused)
	}
}

// TestKeysThatGoAwayAreAnErrorAndNothingIsWrittenAfterwards takes the end of the file from under an
// open container.
func TestKeysThatGoAwayAreAnErrorAndNothingIsWrittenAfterwards(t *testing.T) {
	path := filledFile(t)
	whole, err := os.ReadFile(path)
	must(t, err)
	path = filepath.Join(t.TempDir(), "devices.db")
	found := 0
	for at := 0; at < len(whole)/os.Getpagesize(); at++ {
		must(t, os.WriteFile(path, whole, 0o600))
		c, err := Open(path)
		must(t, err)
		must(t, os.Truncate(path, int64(at*os.Getpagesize())))
		damaged := (*bolt.DamagedError)(nil)
		if err := useUp(t, c); errors.As(err, &damaged) {
			found++
			if !errors.As(c.Err(), &damaged) {
				t.Errorf("%d pages: Err is %v", at, c.Err())
			}
			if err := c.db.Flush(); !errors.As(err, &damaged) {
				t.Errorf("%d pages: a later write got %v", at, err)
			}
		} else if err != nil {
			t.Errorf("%d pages: %v", at, err)
		}
		_ = c.Close()
	}
	if found < 5 {
		t.Errorf("%d files were found damaged", found)
	}
}
