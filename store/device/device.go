// Package device keeps what WhatsApp calls a device: the keys, the ratchets and the address book of
// every linked number, in one bbolt file of its own. It implements every store interface of
// go.mau.fi/whatsmeow and has the shape of that library's sqlstore.Container. Begin reading at Open
// below, then at store/bolt (how a write reaches the disk) and overlay.go (how a decryption becomes
// all or nothing).
//
// Two kinds of tables. Those that must never go back (sessions, identities, prekeys, sender keys,
// application state, buffered events, the device itself) are on the disk before a call returns.
// Those that can be learnt again (contacts, chat settings, message secrets, privacy tokens, the map
// of LIDs) are in memory at once and on the disk within bolt.BehindDelay, and at Close.
//
// Calls are short and local, so a cancelled context does not stop one half way: it is only looked
// at for the overlay of a decryption that is going on.
//
// How fast all this is beside sqlstore stands in docs/device-store.md; it is measured in ./beside.
//
// The file must never be replaced by an older copy of itself: a ratchet that goes back loses
// messages. Link the number again instead.
package device

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"go.mau.fi/whatsmeow/store"

	"recado/campaign/reason"
	"recado/store/bolt"
)

// The file, version 2. Times are big-endian; strings inside rows carry their length (codec.go).
//
//	meta
//	  version                     4 bytes
//	  probed                      nothing any more: a time, in files that were once refused by the disk
//	lids                          LID user → phone user, one to one
//	phones                        phone user → LID user, the same pairs
//	accounts
//	  <jid without device>        outlives the link
//	    tokens                    jid → times, privacy token
//	    tokens_by_time            time of the token, jid
//	devices                       its sequence hands out generations
//	  <jid with device>           one linked device; its sequence is its generation
//	    device                    the device row: keys, signatures, names (a value, not a bucket)
//	    state                     last prekey id given out, NCT salt
//	    identities                signal address → public key
//	    sessions                  signal address → session record
//	    sender_keys               signal address, 0, group → sender key record
//	    prekeys                   id → uploaded, private key, public key
//	    appstate_keys             key id → time, data, fingerprint
//	    appstate_versions         name → version, hash
//	    appstate_macs             name, 0, index MAC → version, value MAC
//	    events                    ciphertext hash → times, plaintext
//	    events_by_time            time of arrival, ciphertext hash
//	    outgoing                  chat, 0, message id → time, format, payload
//	    outgoing_by_time          time of sending, chat, 0, message id
//	    contacts                  jid → first, full, push, business name, redacted phone
//	    chats                     jid → muted until, pinned, archived
//	    secrets                   chat, 0, sender, 0, message id → secret
//	    secrets_by_time           time of arrival, chat, 0, sender, 0, message id
//	    history                   number of arrival → id, notification of a history sync
const formatVersion = 2

// The tables at the top; those of a device or an account are in rows.go.
var (
	metaTable   = bolt.NewTextTable[string]("meta")
	lidTable    = bolt.NewTextTable[string]("lids")
	phoneTable  = bolt.NewTextTable[string]("phones")
	accountRows = bolt.Groups{Table: bolt.Table{Name: "accounts"}}
	deviceRows  = bolt.Groups{Table: bolt.Table{Name: "devices"}}

	keyVersion = "version"
	keyDevice  = []byte("device")
)

var (
	// ErrLocked says that another process, or another Container, has the file open.
	ErrLocked = bolt.ErrLocked
	// ErrNewer says that the file was written by a newer version of the program.
	ErrNewer = reason.Err(reason.Newer)
	// ErrClosed is the answer of every call after Close.
	ErrClosed = bolt.ErrClosed
	// ErrNotPaired is the answer of every store of a device that has not been linked yet.
	ErrNotPaired = errors.New("the device is not linked yet")
	// ErrNoJID is the answer to a device that is put or deleted before it has a JID.
	ErrNoJID = errors.New("the device has no JID yet")
	// ErrNotFound says that no outgoing event with that id is kept.
	ErrNotFound = errors.New("no such outgoing event")
)

var errForeign = reason.Err(reason.CheckNoVersion)

// room is what the file of ten numbers with large address books needs. It costs addresses, not memory.
const room = 64 << 20

// Container is the open device file. All methods may be called from many goroutines.
type Container struct {
	db   *bolt.DB
	path string
	lids *lidMap

	mu       sync.Mutex
	linked   map[string]*stores // by JID with device; shared by every handle of the same link
	accounts map[string]*scope  // by JID without device
}

var _ store.DeviceContainer = (*Container)(nil)

// Open opens the device file at path and creates it, readable by its owner alone, if it is not
// there. It fails with ErrLocked when somebody else has the file, a [*trust.Error] when it is another
// user's or others may read it, ErrNewer when it is of a later format.
func Open(path string) (*Container, error) {
	db, err := bolt.Open(path, bolt.Options{Timeout: bolt.Patience, Room: room, NoBack: true})
	if err != nil {
		return nil, err
	}
	c := &Container{db: db, path: path, linked: make(map[string]*stores), accounts: make(map[string]*scope)}
	if err := c.prepare(); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	c.lids = loadLIDs(c)
	return c, nil
}

// prepare writes the frame of a new file, or brings an old one to this version. A file with nothing
// in it is new: the process that made it ended before there was a frame.
func (c *Container) prepare() error {
	var version uint32
	err := c.db.View(func(tx *bolt.Tx) (err error) {
		if first, _ := tx.Cursor().First(); first != nil {
			version, err = readVersion(tx)
		}
		return err
	})
	switch {
	case err != nil || version == formatVersion:
		return err
	case version == 0:
		return c.db.Update(writeFrame)
	}
	return c.db.Update(func(tx *bolt.Tx) error { return migrateFile(tx, version) })
}

// readVersion answers the version of a file, ErrNewer if this program does not know it.
func readVersion(tx *bolt.Tx) (uint32, error) {
	if !metaTable.Exists(tx) {
		return 0, errForeign
	}
	version := metaTable.Get(tx, keyVersion)
	if len(version) != 4 {
		return 0, errForeign
	}
	v := binary.BigEndian.Uint32(version)
	if v > formatVersion {
		return 0, reason.Because(ErrNewer, reason.CheckNewer, v, formatVersion)
	}
	if v == 0 {
		return 0, errForeign
	}
	return v, nil
}

func writeFrame(tx *bolt.Tx) error {
	for _, t := range []bolt.Table{metaTable.Table, lidTable.Table, phoneTable.Table, accountRows.Table, deviceRows.Table} {
		if err := t.Make(tx); err != nil {
			return err
		}
	}
	return writeVersion(tx, formatVersion)
}

func writeVersion(tx *bolt.Tx, version uint32) error {
	return metaTable.Put(tx, keyVersion, binary.BigEndian.AppendUint32(nil, version))
}

// migrations make of a file of version n+1 one of version n+2. They are only ever added to.
var migrations = [formatVersion - 1]func(tx *bolt.Tx) error{
	addPhones,
}

// migrateFile brings a file from version to formatVersion: all the way, or not at all.
func migrateFile(tx *bolt.Tx, version uint32) error {
	for _, step := range migrations[version-1:] {
		if err := step(tx); err != nil {
			return fmt.Errorf("bring the device file to format %d: %w", formatVersion, err)
		}
	}
	return writeVersion(tx, formatVersion)
}

// addPhones turns the map of LIDs round: until version 2 it was kept in one direction alone.
func addPhones(tx *bolt.Tx) error {
	if err := phoneTable.Make(tx); err != nil {
		return err
	}
	type pair struct{ phone, lid []byte }
	var pairs []pair
	err := lidTable.ForEach(tx, func(lid, phone []byte) error {
		pairs = append(pairs, pair{phone, lid})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(pairs, func(a, b pair) int { return bytes.Compare(a.phone, b.phone) })
	for _, p := range pairs {
		if err := phoneTable.PutAt(tx, p.phone, p.lid); err != nil {
			return err
		}
	}
	return nil
}

// Close writes what is still in memory, lets the calls that are under way finish, and releases the
// file. Its error says that the last contacts, secrets or LIDs could not be written.
func (c *Container) Close() error {
	c.lids.close()
	return c.db.Close()
}

// Err is the reason why the last write failed, or nil. whatsmeow swallows most errors of its store,
// so a caller that sends asks here first: while Err is not nil nothing may be sent. After a failure the
// file itself tries a small write every bolt.ProbeDelay and clears Err when one works.
func (c *Container) Err() error { return c.db.Err() }

// view runs fn over the committed state.
func (c *Container) view(fn func(tx *bolt.Tx) error) error { return c.db.View(fn) }
