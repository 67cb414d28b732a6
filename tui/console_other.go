//go:build !unix

package tui

import "os"

// There are no signals here that stop a program or end it at once.

type signals struct{ heard chan os.Signal }

func listen() signals               { return signals{} }
func (signals) end()                {}
func (signals) pause(stopper, bool) {}
func (signals) die(os.Signal)       {}

func pauses(os.Signal) bool { return false }
func aborts(os.Signal) bool { return false }
