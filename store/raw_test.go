package store

import (
	"encoding/binary"

	"go.etcd.io/bbolt"

	"recado/store/bolt"
)

// bucket reaches the rows of a table behind the book's back.
func bucket(tx *bolt.Tx, name string) *bbolt.Bucket {
	tx.Touch()
	return tx.Bucket([]byte(name))
}

// buckets are the names of all tables.
var buckets = func() (names []string) {
	for _, t := range allTables {
		names = append(names, t.String())
	}
	return names
}()

// key joins the parts of a key, as a reader of the drawing would.
func key(parts ...any) []byte {
	var k []byte
	for _, p := range parts {
		switch v := p.(type) {
		case uint64:
			k = binary.BigEndian.AppendUint64(k, v)
		case uint32:
			k = binary.BigEndian.AppendUint32(k, v)
		case byte:
			k = append(k, v)
		case string:
			k = append(k, v...)
		default:
			panic("a part of unknown width")
		}
	}
	return k
}
