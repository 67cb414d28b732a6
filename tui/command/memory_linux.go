package command

import "syscall"

// limitMemory keeps this process from taking more memory than that: it ends
// instead, and the machine goes on.
func limitMemory(most uint64) {
	limit := syscall.Rlimit{Cur: most, Max: most}
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &limit)
}
