package device

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"recado/store/bolt"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// TestFileThatTurnsReadOnlyStopsAndGoesOn takes the right to write away from the open file, as a file
// system does that is remounted read-only after an error, and gives it back.
func TestFileThatTurnsReadOnlyStopsAndGoesOn(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	must(t, d.Sessions.PutSession(ctx, "1:0", []byte("one")))
	fd := descriptor(t, c.path)
	writable, err := unix.Dup(fd) // keeps the lock too
	must(t, err)
	defer unix.Close(writable)
	readOnly, err := os.Open(c.path)
	must(t, err)
	defer readOnly.Close()
	must(t, unix.Dup2(int(readOnly.Fd()), fd))

	refused := func(err error) bool { // to write, or to make the file larger
		return errors.Is(err, syscall.EBADF) || errors.Is(err, syscall.EINVAL)
	}
	for range 3 {
		if err := d.Sessions.PutSession(ctx, "1:0", []byte("two")); !refused(err) {
			t.Errorf("PutSession in a file that is read-only = %v", err)
		}
	}
	if err := c.Err(); !refused(err) {
		t.Errorf("Err() = %v, want the kernel's reason", err)
	}
	if got, err := d.Sessions.GetSession(ctx, "1:0"); string(got) != "one" || err != nil {
		t.Errorf("what is committed reads as %q, %v", got, err)
	}
	_, _, err = d.Contacts.PutPushName(ctx, ana, "Ana") // is not on the disk yet, and waits
	must(t, err)
	time.Sleep(bolt.ProbeDelay + bolt.BehindDelay) // the kernel's answer knows no fake clock
	if c.Err() == nil {
		t.Error("Err() is nil though the file is still read-only")
	}
	must(t, unix.Dup2(writable, fd))
	untilWell(c)
	must(t, d.Sessions.PutSession(ctx, "1:0", []byte("three")))
	c = reopen(t, c)
	d = load(t, c, ownJID)
	if got, err := d.Sessions.GetSession(ctx, "1:0"); string(got) != "three" || err != nil {
		t.Errorf("session %q, %v", got, err)
	}
	if got, err := d.Contacts.GetContact(ctx, ana); got.PushName != "Ana" || err != nil {
		t.Errorf("contact %+v, %v", got, err)
	}
}

// descriptor finds the open file of path in this process.
func descriptor(t *testing.T, path string) (fd int) {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for _, entry := range open {
		if to, err := os.Readlink(filepath.Join("/proc/self/fd", entry.Name())); err == nil && to == path {
			_, err := fmt.Sscan(entry.Name(), &fd)
			must(t, err)
			return fd
		}
	}
	t.Skip("no way to look into this process here")
	return 0
}

// TestReadOnlyFileSystemIsNamed: the kernel's word for it comes through to whoever asks before a send.
func TestReadOnlyFileSystemIsNamed(t *testing.T) {
	c := openNew(t)
	d := link(t, c, ownJID)
	c.db.CommitBy(func(*bbolt.Tx) error {
		return &os.PathError{Op: "write", Path: c.path, Err: syscall.EROFS}
	})
	refused := map[string]error{
		"PutManySessions":  d.Sessions.PutManySessions(ctx, map[string][]byte{"1:0": []byte("x")}),
		"AddOutgoingEvent": d.EventBuffer.AddOutgoingEvent(ctx, ana, "1", "wa", []byte("p")),
		"a decryption":     decryptOnce(d, "1:0", 1),
		"KeepHistory":      c.KeepHistory(ctx, ownJID, "1", nil),
		"Err":              c.Err(),
	}
	_, refused["GetOrGenPreKeys"] = d.PreKeys.GetOrGenPreKeys(ctx, 5)
	d.PushName = "Loja"
	refused["Save"] = d.Save(ctx)
	for name, err := range refused {
		if !errors.Is(err, syscall.EROFS) {
			t.Errorf("%s on a read-only file system = %v", name, err)
		}
	}
	c.db.CommitBy(nil)
}
