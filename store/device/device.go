// Package device keeps what WhatsApp calls a device: the keys, the ratchets and the address book of
// every linked number, in one bbolt file of its own. It implements every store interface of
// go.mau.fi/whatsmeow and has the shape of that library's sqlstore.Container. Begin reading at Open
// below, then at writer.go (how a write reaches the disk) and overlay.go (how a decryption becomes
// all or nothing).
//
// Two kinds of tables. Those that must never go back (sessions, identities, prekeys, sender keys,
// application state, buffered events, the device itself) are on the disk before a call returns.
// Those that can be learnt again (contacts, chat settings, message secrets, privacy tokens, the map
// of LIDs) are in memory at once and on the disk within behindDelay, and at Close.
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
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"go.mau.fi/whatsmeow/store"

	"recado/store/bolt"
)

// The file, version 2. Times are big-endian; strings inside rows carry their length (codec.go).
//
//	meta
//	  version                     4 bytes
//	  probed                      time of the last probe after a failed write
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

var (
	bucketMeta     = []byte("meta")
	bucketLIDs     = []byte("lids")
	bucketPhones   = []byte("phones")
	bucketAccounts = []byte("accounts")
	bucketDevices  = []byte("devices")

	keyVersion = []byte("version")
	keyProbed  = []byte("probed")
	keyDevice  = []byte("device")
)

var (
	// ErrLocked says that another process, or another Container, has the file open.
	ErrLocked = errors.New("the device file is in use by another process")
	// ErrNewer says that the file was written by a newer version of the program.
	ErrNewer = errors.New("the device file was written by a newer version of the program")
	// ErrExposed says that others than its owner may read the file.
	ErrExposed = errors.New("the device file can be read by others")
	// ErrClosed is the answer of every call after Close.
	ErrClosed = errors.New("the device file is closed")
	// ErrNotPaired is the answer of every store of a device that has not been linked yet.
	ErrNotPaired = errors.New("the device is not linked yet")
	// ErrNoJID is the answer to a device that is put or deleted before it has a JID.
	ErrNoJID = errors.New("the device has no JID yet")
	// ErrNotFound says that no outgoing event with that id is kept.
	ErrNotFound = errors.New("no such outgoing event")
)

var errForeign = errors.New("not a device file")

// lockTimeout is how long Open waits for another owner of the file to let go.
const lockTimeout = 2 * time.Second

// room is what the file of ten numbers with large address books needs. It costs addresses, not memory.
const room = 64 << 20

// Container is the open device file. All methods may be called from many goroutines.
type Container struct {
	db     *bolt.DB
	path   string
	writer *writer
	lids   *lidMap

	mu       sync.Mutex
	linked   map[string]*stores // by JID with device; shared by every handle of the same link
	accounts map[string]*scope  // by JID without device
}

var _ store.DeviceContainer = (*Container)(nil)

// Open opens the device file at path and creates it, readable by its owner alone, if it is not
// there. It fails with ErrLocked when somebody else has the file, ErrExposed when others may read
// it, ErrNewer when it is of a later format.
func Open(path string) (*Container, error) {
	if err := checkMode(path); err != nil {
		return nil, err
	}
	db, err := bolt.Open(path, bolt.Options{Timeout: lockTimeout, Room: room})
	if errors.Is(err, bolt.ErrLocked) {
		return nil, fmt.Errorf("open %s: %w", path, ErrLocked)
	} else if err != nil {
		return nil, err
	}
	db.AllocSize = growLeast // the writer lets it grow faster
	if db.WentBack() {
		_ = db.Close()
		return nil, &bolt.DamagedError{Path: path, Why: []string{"one of its two first pages is damaged: its ratchets may be old ones"}}
	}
	c := &Container{db: db, path: path, linked: make(map[string]*stores), accounts: make(map[string]*scope)}
	if err := c.prepare(); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	c.lids = loadLIDs(c)
	c.writer = startWriter(c)
	return c, nil
}

// checkMode refuses a file that others may read.
func checkMode(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("open device file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("open %s: %w: run: chmod 600 '%s'", path, ErrExposed, path)
	}
	return nil
}

// prepare writes the frame of a new file, or brings an old one to this version. A file with nothing
// in it is new: whoever made it ended before there was a frame.
func (c *Container) prepare() error {
	var version uint32
	err := c.db.View(func(tx *bbolt.Tx) (err error) {
		if first, _ := tx.Cursor().First(); first != nil {
			version, err = readVersion(tx)
		}
		return err
	})
	switch {
	case err != nil || version == formatVersion:
		return err
	case version == 0:
		if err := c.db.Update(writeFrame); err != nil {
			return err
		}
		return syncDir(filepath.Dir(c.path))
	}
	return c.db.Update(func(tx *bbolt.Tx) error { return migrateFile(tx, version) })
}

// readVersion answers the version of a file, ErrNewer if this program does not know it.
func readVersion(tx *bbolt.Tx) (uint32, error) {
	meta := tx.Bucket(bucketMeta)
	if meta == nil {
		return 0, errForeign
	}
	version := meta.Get(keyVersion)
	if len(version) != 4 {
		return 0, errForeign
	}
	v := binary.BigEndian.Uint32(version)
	if v > formatVersion {
		return 0, fmt.Errorf("%w (format %d, this version knows %d): update the program", ErrNewer, v, formatVersion)
	}
	if v == 0 {
		return 0, errForeign
	}
	return v, nil
}

func writeFrame(tx *bbolt.Tx) error {
	for _, name := range [][]byte{bucketMeta, bucketLIDs, bucketPhones, bucketAccounts, bucketDevices} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return writeVersion(tx, formatVersion)
}

func writeVersion(tx *bbolt.Tx, version uint32) error {
	return tx.Bucket(bucketMeta).Put(keyVersion, binary.BigEndian.AppendUint32(nil, version))
}

// migrations make of a file of version n+1 one of version n+2. They are only ever added to.
var migrations = [formatVersion - 1]func(tx *bbolt.Tx) error{
	addPhones,
}

// migrateFile brings a file from version to formatVersion: all the way, or not at all.
func migrateFile(tx *bbolt.Tx, version uint32) error {
	for _, step := range migrations[version-1:] {
		if err := step(tx); err != nil {
			return fmt.Errorf("bring the device file to format %d: %w", formatVersion, err)
		}
	}
	return writeVersion(tx, formatVersion)
}

// addPhones turns the map of LIDs round: until version 2 it was kept in one direction alone.
func addPhones(tx *bbolt.Tx) error {
	phones, err := tx.CreateBucketIfNotExists(bucketPhones)
	if err != nil {
		return err
	}
	type pair struct{ phone, lid []byte }
	var pairs []pair
	err = tx.Bucket(bucketLIDs).ForEach(func(lid, phone []byte) error {
		pairs = append(pairs, pair{phone, lid})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(pairs, func(a, b pair) int { return bytes.Compare(a.phone, b.phone) })
	for _, p := range pairs {
		if err := phones.Put(p.phone, p.lid); err != nil {
			return err
		}
	}
	return nil
}

// syncDir makes the name of a new file as durable as its content.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Close writes what is still in memory, lets the calls that are under way finish, and releases the
// file. Its error says that the last contacts, secrets or LIDs could not be written.
func (c *Container) Close() error {
	c.lids.close()
	err := c.writer.stop()
	if closeErr := c.db.Close(); err == nil {
		err = closeErr
	}
	return err
}

// Err is the reason why the last write failed, or nil. whatsmeow swallows most errors of its store,
// so whoever sends asks here first: while Err is not nil nothing may be sent. After a failure the
// container itself tries a small write every probeDelay and clears Err when one works.
func (c *Container) Err() error {
	if err := c.db.Err(); err != nil {
		return err // for good
	}
	return c.writer.failure()
}

// view runs fn over the committed state.
func (c *Container) view(fn func(tx *bbolt.Tx) error) error {
	err := c.db.View(fn)
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}
