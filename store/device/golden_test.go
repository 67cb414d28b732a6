package device

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"recado/store/bolt"
)

// fileOfBefore is a copy of testdata/devices-before.db.gz: what fullFile made when the writer, the
// records and the buckets were this package's own.
func fileOfBefore(t *testing.T) (path string) {
	t.Helper()
	packed, err := os.Open("testdata/devices-before.db.gz")
	must(t, err)
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	must(t, err)
	data, err := io.ReadAll(r)
	must(t, err)
	path = filepath.Join(t.TempDir(), "devices.db")
	must(t, os.WriteFile(path, data, 0o600))
	return path
}

// rowsIn are all rows of a file by table and key.
func rowsIn(t *testing.T, path string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	db, err := bolt.Open(path, bolt.Options{ReadOnly: true})
	must(t, err)
	defer db.Close()
	must(t, db.View(func(tx *bolt.Tx) error {
		for _, top := range []bolt.Table{metaTable.Table, lidTable.Table, phoneTable.Table} {
			for k, v := range top.Each(tx, nil) {
				all[top.Name+" "+string(k)] = string(v)
			}
		}
		for _, groups := range []bolt.Groups{deviceRows, accountRows} {
			for name, group := range groups.Groups(tx) {
				in := groups.Name + " " + string(name) + " "
				if row := group.Own(keyDevice); row != nil {
					kept, err := decodeDevice(row)
					must(t, err)
					if !bytes.Equal(kept.encode(), row) {
						t.Errorf("%s: the device is written otherwise", path)
					}
					all[in+"device"] = ""
				}
				r := &diskRows{group: group}
				for table := range tableCount {
					r.each(table, nil, func(k, v []byte) bool {
						key, value := string(k), string(v)
						switch table { // keys are made by chance, and moments are those of the making
						case tablePreKeys:
							value = ""
						case tableEvents:
							value = value[16:]
						case tableOutgoing:
							value = value[8:]
						case tableEventTimes, tableOutgoingTimes, tableSecretTimes:
							key = key[8:]
						}
						all[in+string(tableNames[table])+" "+key] = value
						return true
					})
				}
			}
		}
		return nil
	}))
	return all
}

// TestAFileOfBeforeIsReadByteForByte: it is well, and what this program makes of the same calls is
// the same, row by row.
func TestAFileOfBeforeIsReadByteForByte(t *testing.T) {
	path := fileOfBefore(t)
	if found := wrong(t, path); found != "" {
		t.Errorf("a file of before: %s", found)
	}
	before, now := rowsIn(t, path), rowsIn(t, fullFile(t))
	if len(before) < 20 {
		t.Errorf("only %d rows", len(before))
	}
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if value, found := now[key]; !found || value != before[key] {
			t.Errorf("%q: %x, it is now %x", key, before[key], value)
		}
	}
	for key := range now {
		if _, found := before[key]; !found {
			t.Errorf("%q is new", key)
		}
	}
}

func TestAFileOfBeforeGoesOn(t *testing.T) {
	c := openAt(t, fileOfBefore(t))
	d := load(t, c, ownJID)
	if session, err := d.Sessions.GetSession(ctx, "1:0"); string(session) != "session" || err != nil {
		t.Errorf("session %q, %v", session, err)
	}
	if contact, err := d.Contacts.GetContact(ctx, ana); contact.PushName != "Ana" || err != nil {
		t.Errorf("contact %+v, %v", contact, err)
	}
	if lid, err := d.LIDs.GetLIDForPN(ctx, ana); lid != anaLID || err != nil {
		t.Errorf("LID %v, %v", lid, err)
	}
	must(t, d.Sessions.PutSession(ctx, "1:0", []byte("next")))
	c = reopen(t, c)
	if session, err := load(t, c, ownJID).Sessions.GetSession(ctx, "1:0"); string(session) != "next" || err != nil {
		t.Errorf("session %q, %v", session, err)
	}
	must(t, c.Close())
	if found := wrong(t, c.path); found != "" {
		t.Errorf("afterwards: %s", found)
	}
}
