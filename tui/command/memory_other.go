//go:build !linux

package command

// limitMemory cannot be done here.
func limitMemory(uint64) {}
