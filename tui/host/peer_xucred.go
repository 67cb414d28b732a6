//go:build darwin || freebsd

package host

import "golang.org/x/sys/unix"

// The process is not asked for: it is 0.
func peerOf(fd int) (uid, pid int, err error) {
	const local = 0 // SOL_LOCAL
	cred, err := unix.GetsockoptXucred(fd, local, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, 0, err
	}
	return int(cred.Uid), 0, nil
}
