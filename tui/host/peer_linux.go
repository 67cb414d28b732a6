package host

import "golang.org/x/sys/unix"

// Doors reports whether processes here can know whose another one is: without
// that no owner is found, and no terminal joins.
const Doors = true

func peerOf(fd int) (uid, pid int, err error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, 0, err
	}
	return int(cred.Uid), int(cred.Pid), nil
}
