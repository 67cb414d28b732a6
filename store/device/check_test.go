package device

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"recado/store/bolt"
	"recado/store/device/conformance"
)

// fullFile is a closed file with something in every table.
func fullFile(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "devices.db")
	c, err := Open(path) // not openAt: what the tests make of it is not well
	must(t, err)
	conformance.Fill(t, link(t, c, ownJID))
	must(t, c.Close())
	return path
}

// edit changes a closed file behind its back.
func edit(t *testing.T, path string, change func(tx *bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, bolt.Options{})
	must(t, err)
	must(t, db.Update(func(tx *bolt.Tx) error { tx.Touch(); return change(tx) }))
	must(t, db.Close())
}

func wrong(t *testing.T, path string) string {
	t.Helper()
	h, err := bolt.Examine(nil, path, Check)
	must(t, err)
	var all []string
	for _, finding := range h.Wrong {
		all = append(all, finding.Error())
	}
	return strings.Join(all, "; ")
}

func TestAFileThatIsWellHasNoFindings(t *testing.T) {
	path := fullFile(t)
	if got := wrong(t, path); got != "" {
		t.Errorf("a file that is well: %s", got)
	}
	age(t, path)
	if got := wrong(t, path); got != "" {
		t.Errorf("a file of version 1 that is well: %s", got)
	}
}

func TestCheckFindsWhatDoesNotFit(t *testing.T) {
	own := func(tx *bolt.Tx) *bbolt.Bucket { return tx.Bucket(bucketDevices).Bucket(jidKey(ownJID)) }
	empty := func(b *bbolt.Bucket) error {
		return b.ForEach(func(k, _ []byte) error { return b.Delete(k) })
	}
	tests := map[string]struct {
		change func(tx *bolt.Tx) error
		want   string
	}{
		"a newer version": {func(tx *bolt.Tx) error { return writeVersion(tx, formatVersion+1) }, "check_newer_than 2"},
		"no version":      {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete([]byte(keyVersion)) }, "check_no_version"},
		"no accounts":     {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketAccounts) }, `check_table "accounts"`},
		"a LID without its phone": {func(tx *bolt.Tx) error { return empty(tx.Bucket(bucketPhones)) },
			`check_missing "phones" ` + ana.User},
		"a phone without its LID": {func(tx *bolt.Tx) error { return empty(tx.Bucket(bucketLIDs)) },
			`check_missing "lids" ` + anaLID.User},
		"a device without keys": {func(tx *bolt.Tx) error { return own(tx).Put(keyDevice, []byte("x")) }, "check_keys"},
		"a link twice": {func(tx *bolt.Tx) error {
			b, err := tx.Bucket(bucketDevices).CreateBucket([]byte("5511900000000:1@s.whatsapp.net"))
			must(t, err)
			must(t, b.SetSequence(own(tx).Sequence()))
			return b.Put(keyDevice, bytes.Clone(own(tx).Get(keyDevice)))
		}, "check_link"},
	}
	for _, x := range timed {
		tests[fmt.Sprintf("%s without a time", tableNames[x.rows])] = struct {
			change func(tx *bolt.Tx) error
			want   string
		}{func(tx *bolt.Tx) error { return empty(tableIn(tx, x.times)) }, "check_missing_of"}
		tests[fmt.Sprintf("%s without a row", tableNames[x.times])] = struct {
			change func(tx *bolt.Tx) error
			want   string
		}{func(tx *bolt.Tx) error { return empty(tableIn(tx, x.rows)) }, "check_stray_of"}
		tests[fmt.Sprintf("%s with two times", tableNames[x.rows])] = struct {
			change func(tx *bolt.Tx) error
			want   string
		}{func(tx *bolt.Tx) error {
			b := tableIn(tx, x.times)
			k, _ := b.Cursor().First()
			again := bytes.Clone(k)
			binary.BigEndian.PutUint64(again, 5)
			return b.Put(again, nil)
		}, "check_stray_of"}
	}
	for t := range sound {
		tests[fmt.Sprintf("%s of nonsense", tableNames[t])] = struct {
			change func(tx *bolt.Tx) error
			want   string
		}{func(tx *bolt.Tx) error {
			b := tableIn(tx, t)
			k, _ := b.Cursor().First()
			return b.Put(bytes.Clone(k), []byte{0xff})
		}, "check_damaged_of"}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := fullFile(t)
			edit(t, path, test.change)
			if got := wrong(t, path); !strings.Contains(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

// tableIn is a table of the one device of fullFile, or of its account.
func tableIn(tx *bolt.Tx, t table) *bbolt.Bucket {
	if t == tableTokens || t == tableTokenTimes {
		return tx.Bucket(bucketAccounts).Bucket(jidKey(ownJID.ToNonAD())).Bucket(tableNames[t])
	}
	return tx.Bucket(bucketDevices).Bucket(jidKey(ownJID)).Bucket(tableNames[t])
}
