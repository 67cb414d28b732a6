//go:build !unix

package trust

import (
	"io/fs"
	"strconv"
)

// There are no owners here that could be compared.

func roots(fs.FileInfo) bool   { return false }
func shared(fs.FileInfo) bool  { return false }
func names(fs.FileInfo) uint64 { return 1 }

// Mine is true: everything is taken for the user's own.
func Mine(fs.FileInfo) bool { return true }

// Owner is not known.
func Owner(fs.FileInfo) string { return "?" }

// UserName is the number of a user: there are no names here.
func UserName(uid int) string { return "#" + strconv.Itoa(uid) }

// The flags that are none here.
const (
	Calm     = 0
	NoFollow = 0
)
