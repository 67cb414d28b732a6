package device

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"go.mau.fi/whatsmeow/types"

	"recado/campaign/reason"
	"recado/store/bolt"
)

// Check reads a whole device file and says what in it does not fit together: its version, the map of
// LIDs in both directions, the rows of every device and account, and the tables of times against
// their rows. A file that is well has no findings, and findings never hold a key or a secret.
func Check(tx *bolt.Tx) []reason.Reason {
	c := &checking{}
	version, err := readVersion(tx)
	switch {
	case errors.Is(err, ErrNewer):
		return []reason.Reason{reason.New(reason.CheckNewerThan, formatVersion)}
	case err != nil:
		return []reason.Reason{reason.New(reason.CheckNoVersion)}
	}
	for _, t := range []bolt.Table{lidTable.Table, phoneTable.Table, accountRows.Table, deviceRows.Table} {
		if !t.Exists(tx) && (version > 1 || t != phoneTable.Table) {
			c.wrong(reason.CheckTable, t.String())
		}
	}
	if len(c.found) > 0 {
		return c.found
	}
	if version > 1 {
		c.lids(tx)
	}
	c.devices(tx)
	for name, account := range accountRows.Groups(tx) {
		c.tables(string(name), account)
	}
	return c.found
}

// checking is one Check under way.
type checking struct{ found []reason.Reason }

func (c *checking) wrong(code reason.Code, args ...any) {
	c.found = append(c.found, reason.New(code, args...))
}

// lids compares the two directions of the map.
func (c *checking) lids(tx *bolt.Tx) {
	for _, side := range []struct{ from, to bolt.TextTable[string] }{{lidTable, phoneTable}, {phoneTable, lidTable}} {
		for user, other := range side.from.Each(tx, nil) {
			if !bytes.Equal(side.to.GetAt(tx, other), user) {
				c.wrong(reason.CheckMissing, side.to.String(), reason.Plain(other))
			}
		}
	}
}

// devices checks the devices themselves, that no two of them are the same link, and their tables.
func (c *checking) devices(tx *bolt.Tx) {
	links := make(map[uint64]bool)
	for name, device := range deviceRows.Groups(tx) {
		if _, err := types.ParseJID(string(name)); err != nil {
			c.wrong(reason.CheckDamaged, deviceRows.String(), reason.Plain(name))
		}
		if _, err := decodeDevice(device.Own(keyDevice)); err != nil {
			c.wrong(reason.CheckKeys, reason.Plain(name))
		}
		if link := device.Number(); link == 0 || link > deviceRows.Given(tx) || links[link] {
			c.wrong(reason.CheckLink, reason.Plain(name))
		} else {
			links[link] = true
		}
		c.tables(string(name), device)
	}
}

// sound says, of the tables whose rows have a form, whether a row has it.
var sound = map[table]func(key, row []byte) bool{
	tableIdentities: func(_, row []byte) bool { return len(row) == 32 },
	tablePreKeys: func(key, row []byte) bool {
		_, err := decodePreKey(0, row)
		return len(key) == 4 && err == nil
	},
	tableAppStateKeys: func(_, row []byte) bool {
		_, err := decodeSyncKey(row)
		return err == nil
	},
	tableAppStateVersions: func(_, row []byte) bool { return len(row) == 8+128 },
	tableAppStateMACs:     func(_, row []byte) bool { return len(row) >= 8 },
	tableEvents: func(_, row []byte) bool {
		_, err := decodeEvent(row)
		return err == nil
	},
	tableOutgoing: func(_, row []byte) bool {
		if len(row) < 8 {
			return false
		}
		f := bolt.Dec{B: row[8:], Short: true}
		f.Bytes()
		f.Bytes()
		return f.Err == nil
	},
	tableContacts: func(_, row []byte) bool {
		_, err := decodeContact(row)
		return err == nil
	},
	tableChats: func(_, row []byte) bool {
		_, err := decodeChat(row)
		return err == nil
	},
	tableTokens: func(_, row []byte) bool {
		_, err := decodeToken(row)
		return err == nil
	},
	tableHistory: func(key, row []byte) bool {
		f := bolt.Dec{B: row, Short: true}
		f.Bytes()
		return len(key) == 8 && f.Err == nil
	},
}

// timed are the tables with one of times beside them. at reads the moment in a row; the secrets of
// messages have none.
var timed = []struct {
	rows, times table
	at          func(row []byte) int64
}{
	{tableEvents, tableEventTimes, firstInt64},
	{tableOutgoing, tableOutgoingTimes, firstInt64},
	{tableTokens, tableTokenTimes, firstInt64},
	{tableSecrets, tableSecretTimes, nil},
}

func firstInt64(row []byte) int64 { return int64(binary.BigEndian.Uint64(row)) }

// tables checks what lies below one device or account, which is named in the findings.
func (c *checking) tables(owner string, of bolt.Group) {
	r := &diskRows{group: of}
	damaged := false
	for t := range tableCount {
		form := sound[t]
		r.each(t, nil, func(key, row []byte) bool {
			if row == nil || form != nil && !form(key, row) {
				damaged = true
				c.wrong(reason.CheckDamagedOf, reason.Plain(owner), string(tableNames[t]), reason.Plain(fmt.Sprintf("%x", key)))
			}
			return true
		})
	}
	if damaged {
		return // the times of damaged rows say nothing
	}
	for _, t := range timed {
		timesOf := make(map[string]int64)
		r.each(t.times, nil, func(key, _ []byte) bool {
			if len(key) < 8 {
				c.wrong(reason.CheckDamagedOf, reason.Plain(owner), string(tableNames[t.times]), reason.Plain(fmt.Sprintf("%x", key)))
				return true
			}
			at, of := takeInt64(key)
			row := r.get(t.rows, of)
			_, twice := timesOf[string(of)]
			if row == nil || twice || t.at != nil && max(0, t.at(row)) != at {
				c.wrong(reason.CheckStrayOf, reason.Plain(owner), string(tableNames[t.times]), reason.Plain(fmt.Sprintf("%x", key)))
				return true
			}
			timesOf[string(of)] = at
			return true
		})
		r.each(t.rows, nil, func(key, _ []byte) bool {
			if _, found := timesOf[string(key)]; !found {
				c.wrong(reason.CheckMissingOf, reason.Plain(owner), string(tableNames[t.times]), reason.Plain(fmt.Sprintf("%x", key)))
			}
			return true
		})
	}
}
