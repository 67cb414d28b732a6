//go:build unix

package trust

import (
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

func stat(info fs.FileInfo) *syscall.Stat_t { return info.Sys().(*syscall.Stat_t) }

// Mine reports whether something belongs to the user that the program runs as.
func Mine(info fs.FileInfo) bool { return int(stat(info).Uid) == os.Geteuid() }

func roots(info fs.FileInfo) bool { return stat(info).Uid == 0 }

// names is how many names a file has.
func names(info fs.FileInfo) uint64 { return uint64(stat(info).Nlink) }

// shared reports whether others may write to a folder. The group that has the
// name of its owner is that user's own: many systems make one for everybody
// and let it write.
func shared(info fs.FileInfo) bool {
	s := stat(info)
	switch {
	case info.Mode().Perm()&0o002 != 0:
		return true
	case info.Mode().Perm()&0o020 == 0, s.Gid == 0:
		return false
	}
	owner, err := user.LookupId(strconv.Itoa(int(s.Uid)))
	if err != nil {
		return true
	}
	group, err := user.LookupGroupId(strconv.Itoa(int(s.Gid)))
	return err != nil || group.Name != owner.Username
}

// Owner is the name of the user that something belongs to, see [UserName].
func Owner(info fs.FileInfo) string { return UserName(int(stat(info).Uid)) }

// UserName is the name of a user, or # and the number of one without a name,
// as sudo takes it.
func UserName(uid int) string {
	if known, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return known.Username
	}
	return "#" + strconv.Itoa(uid)
}

// Calm are the flags that open whatever is there without waiting for it and
// without making it our terminal.
const Calm = syscall.O_NONBLOCK | syscall.O_NOCTTY

// NoFollow is the flag that opens no link.
const NoFollow = syscall.O_NOFOLLOW
