//go:build !unix

package store

import (
	"io/fs"
	"strconv"
)

// There are no owners here that could be compared.

func mine(fs.FileInfo) bool      { return true }
func roots(fs.FileInfo) bool     { return false }
func shared(fs.FileInfo) bool    { return false }
func names(fs.FileInfo) uint64   { return 1 }
func ownerOf(fs.FileInfo) string { return "?" }

// UserName is the number of a user: there are no names here.
func UserName(uid int) string { return "#" + strconv.Itoa(uid) }

const (
	calm     = 0
	noFollow = 0
)
