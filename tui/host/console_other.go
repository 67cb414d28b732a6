//go:build !unix

package host

import (
	"os"
	"time"
)

// There are no signals here that stop a program or end it at once.

type signals struct{ heard chan os.Signal }

func listen() signals                { return signals{} }
func (signals) end()                 {}
func (signals) pause(*Console, bool) {}
func (signals) die(os.Signal)        {}

// interrupt does nothing: no owner is waited for here.
func interrupt() {}

func pauses(os.Signal) bool { return false }
func aborts(os.Signal) bool { return false }

// sizes tells when to look at the size of a terminal again: nothing else does
// here.
type sizes struct {
	heard <-chan time.Time
	end   func()
}

func resizes() sizes {
	t := time.NewTicker(250 * time.Millisecond)
	return sizes{t.C, t.Stop}
}
