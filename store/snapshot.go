package store

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"slices"
	"unsafe"

	"recado/store/bolt"
	"recado/store/index"
	"recado/store/trust"
)

// The snapshot is a file beside the book from which the index is ready at once. It
// belongs to one state of one book: that is the last transaction of somebody who
// had the book open and wrote, each of whom left a mark of their own in it. A book that
// was put back from a copy has another mark, or another transaction. What does not
// fit, or is not as it was written, is passed over: the index is made of the book.

// snapshotName is what is behind the name of the book.
const snapshotName = ".index"

// metaOpened is the row with the mark of who has written into the book last.
const metaOpened = "opened"

// snapshotMagic begins a snapshot. Its last byte is the version of what follows.
var snapshotMagic = []byte("recado people\x00\x00\x03")

// snapshotHead is how long what stands before the index is: the magic, the byte
// order, the version of the book, the mark, the transaction, how long the index is,
// its sum, and the sum of all that.
const snapshotHead = 16 + 4 + 4 + 16 + 8 + 8 + 4 + 4

// castagnoli is the table of the sums. It is made when it is first asked for.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// openedAs is a state of a book.
type openedAs struct {
	mark [16]byte
	tx   int
}

// markTx leaves a mark that nobody has had.
func markTx(tx *bolt.Tx) error {
	var mark [16]byte
	rand.Read(mark[:])
	return metaTable.Put(tx, metaOpened, mark[:])
}

// stateTx is the state that a transaction sees.
func stateTx(tx *bolt.Tx) (s openedAs) {
	if !metaTable.Exists(tx) {
		return s
	}
	copy(s.mark[:], metaTable.Get(tx, metaOpened))
	s.tx = tx.ID()
	return s
}

// head is what stands before an index.
func (s openedAs) head(size int, sum uint32) []byte {
	h := bytes.Clone(snapshotMagic)
	h = binary.NativeEndian.AppendUint32(h, 1)
	h = binary.NativeEndian.AppendUint32(h, version)
	h = append(h, s.mark[:]...)
	h = binary.NativeEndian.AppendUint64(h, uint64(s.tx))
	h = binary.NativeEndian.AppendUint64(h, uint64(size))
	h = binary.NativeEndian.AppendUint32(h, sum)
	return binary.NativeEndian.AppendUint32(h, crc32.Checksum(h, castagnoli()))
}

// sumAt is where the sum of the index is in a head.
const sumAt = snapshotHead - 8

// load reads the snapshot if it fits the book as this process found it.
func (n *indexed) load() (x *index.Index, at int, ok bool) {
	if n.found.mark == ([16]byte{}) {
		return nil, 0, false
	}
	file, err := n.open(os.O_RDONLY)
	if err != nil {
		return nil, 0, false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() < snapshotHead {
		return nil, 0, false
	}
	head := make([]byte, snapshotHead)
	size := info.Size() - snapshotHead
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil, 0, false
	}
	sum := binary.NativeEndian.Uint32(head[sumAt:])
	if !bytes.Equal(head, n.found.head(int(size), sum)) {
		return nil, 0, false
	}
	b := wordBytes(int(size))
	if read, err := readSummed(file, b); err != nil || read != sum {
		n.book.logger.Warn("the snapshot of the people is damaged", "path", n.path, "err", err)
		return nil, 0, false
	}
	if x, err = index.Read(b); err != nil {
		n.book.logger.Warn("the snapshot of the people is damaged", "path", n.path, "err", err)
		return nil, 0, false
	}
	return x, n.found.tx, true
}

// readSummed reads what stands behind the head, and its sum: piece by piece, so that
// nothing has to come from memory twice.
func readSummed(file *os.File, b []byte) (sum uint32, err error) {
	at := int64(snapshotHead)
	for piece := range slices.Chunk(b, 256<<10) {
		if _, err := file.ReadAt(piece, at); err != nil {
			return 0, err
		}
		at += int64(len(piece))
		sum = crc32.Update(sum, castagnoli(), piece)
	}
	return sum, nil
}

// wordBytes are bytes that begin where the largest numbers may.
func wordBytes(size int) []byte {
	words := make([]uint64, (size+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), size)
}

// open opens the snapshot, which has to be the user's own like every file of the
// data directory.
func (n *indexed) open(flags int) (*os.File, error) {
	if err := trust.Plain(n.path); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			n.book.logger.Warn("the snapshot of the people is not used", "err", err)
		}
		return nil, err
	}
	return os.OpenFile(n.path, flags|trust.NoFollow, 0)
}

// save leaves a snapshot of the people as they are now. It is called when nobody
// writes any more. If they are as they were when the book was opened, the snapshot
// of before is said to be of now.
func (n *indexed) save() error {
	var s openedAs
	var body []byte
	err := n.book.view(func(tx *bolt.Tx) error {
		s = stateTx(tx)
		if !n.touched.Load() && n.loaded {
			return nil
		}
		if countTx(tx, countContacts) < worthIndex {
			return errNoIndex
		}
		return n.ask(tx, func(x *index.Index) error {
			body = x.AppendTo(make([]byte, 0, 64*x.Size()), keyTx(tx))
			return nil
		})
	})
	switch {
	case errors.Is(err, errNoIndex) && !n.touched.Load(), err == nil && body == nil:
		return n.renew(s)
	case errors.Is(err, errNoIndex):
		return nil
	case err != nil:
		return err
	}
	made := n.path + ".new"
	_ = os.Remove(made) // of somebody who died
	file, err := os.OpenFile(made, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	head := s.head(len(body), crc32.Checksum(body, castagnoli()))
	_, err = file.Write(head)
	if err == nil {
		_, err = file.Write(body)
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(made, n.path)
	}
	if err != nil {
		_ = os.Remove(made)
	}
	return err
}

// renew says that a snapshot that fits the book as it was found fits it as it is.
func (n *indexed) renew(s openedAs) error {
	file, err := n.open(os.O_RDWR)
	if err != nil {
		return nil
	}
	defer file.Close()
	head := make([]byte, snapshotHead)
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil
	}
	size, sum := int(info.Size()-snapshotHead), binary.NativeEndian.Uint32(head[sumAt:])
	if !bytes.Equal(head, n.found.head(size, sum)) {
		return nil
	}
	_, err = file.WriteAt(s.head(size, sum), 0)
	return err
}
