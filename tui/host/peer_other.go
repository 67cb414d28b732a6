//go:build !(linux || darwin || freebsd)

package host

import "errors"

func peerOf(int) (uid, pid int, err error) { return 0, 0, errors.ErrUnsupported }
