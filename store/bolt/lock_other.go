//go:build !unix || solaris || aix

package bolt

import (
	"os"
	"time"
)

// lock takes no lock: here bbolt's own cannot be taken before it, and what is
// read without it may be half written. The file is not looked at beforehand.
func lock(*os.File, bool, time.Duration) (held bool, err error) { return false, nil }

func unlock(file *os.File) { file.Close() }
