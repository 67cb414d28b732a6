//go:build unix && !solaris && !aix

package bolt

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// lockEvery is how long is waited between two tries.
const lockEvery = 10 * time.Millisecond

// lock takes the lock that bbolt will take, on the same open file, so that
// bbolt finds it taken by itself: what is read before the file is mapped must
// not be in the hands of another process. It reports whether it is held.
func lock(file *os.File, exclusive bool, timeout time.Duration) (held bool, err error) {
	how := syscall.LOCK_SH | syscall.LOCK_NB
	if exclusive {
		how = syscall.LOCK_EX | syscall.LOCK_NB
	}
	for begun := time.Now(); ; time.Sleep(lockEvery) {
		err := syscall.Flock(int(file.Fd()), how)
		switch {
		case err == nil:
			return true, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return false, err
		case time.Since(begun) > timeout:
			return false, ErrLocked
		}
	}
}

// unlock lets the lock go and closes the file, though it stays mapped.
func unlock(file *os.File) {
	_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
	file.Close()
}
