package device

import (
	"encoding/binary"
	"strings"
	"time"

	"recado/store/bolt"

	"go.mau.fi/whatsmeow/types"
)

// stringFields splits a row of strings into out; they share one allocation. What a shorter, older row
// lacks is empty.
func stringFields(row []byte, out ...*string) error {
	f := bolt.Dec{B: row, Short: true}
	f.Share()
	for _, dst := range out {
		*dst = f.Text()
	}
	return f.Err
}

func appendInt64(row []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(row, uint64(v))
}

// takeInt64 cuts eight bytes off row, which the caller has found to be long enough.
func takeInt64(row []byte) (v int64, rest []byte) {
	return int64(binary.BigEndian.Uint64(row)), row[8:]
}

// timeKey sorts rows by time: the moment in front of the key. Moments before 1970 count as 1970.
func timeKey(at int64, key []byte) []byte {
	out := make([]byte, 0, 8+len(key))
	return append(appendInt64(out, max(0, at)), key...)
}

// joinKey joins parts that cannot contain a zero byte.
func joinKey(parts ...string) []byte {
	return []byte(strings.Join(parts, "\x00"))
}

// unixTime reads seconds where nothing, or less, means no time at all.
func unixTime(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// jidKey is the key of rows that belong to a JID exactly as it was passed.
func jidKey(jid types.JID) []byte { return []byte(jidString(jid)) }

// jidString is types.JID.String, with a short way for the plain user@server.
func jidString(jid types.JID) string {
	if jid.RawAgent > 0 || jid.Device > 0 || jid.User == "" || jid.Server == "" {
		return jid.String()
	}
	return jid.User + "@" + jid.Server
}

// parseJID is types.ParseJID, with a short way for the plain user@server that nearly all stored
// JIDs are.
func parseJID(s string) (types.JID, error) {
	user, server, found := strings.Cut(s, "@")
	if !found || strings.ContainsAny(user, ".:") || strings.Contains(server, "@") {
		return types.ParseJID(s)
	}
	return types.NewJID(user, server), nil
}
