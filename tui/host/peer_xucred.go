//go:build darwin || freebsd

package host

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Doors reports whether processes here can know whose another one is: without
// that no owner is found, and no terminal joins.
const Doors = true

func peerOf(fd int) (uid, pid int, err error) {
	const (
		local   = 0 // SOL_LOCAL
		peerPID = 2 // LOCAL_PEERPID
	)
	cred, err := unix.GetsockoptXucred(fd, local, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, 0, err
	}
	if runtime.GOOS == "darwin" { // elsewhere it is not told
		pid, _ = unix.GetsockoptInt(fd, local, peerPID)
	}
	return int(cred.Uid), pid, nil
}
