//go:build unix

package host

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// signals are those that concern the terminal.
type signals struct{ heard chan os.Signal }

// listen begins to hear them. What the program was started to ignore
// stays so: nohup, for example.
func listen() signals {
	s := signals{make(chan os.Signal, 8)}
	for _, one := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGTSTP} {
		if !signal.Ignored(one) {
			signal.Notify(s.heard, one)
		}
	}
	return s
}

func (s signals) end() { signal.Stop(s.heard) }

func pauses(s os.Signal) bool { return s == syscall.SIGTSTP }

// aborts reports whether a signal ends the program at once.
func aborts(s os.Signal) bool { return s == syscall.SIGQUIT }

// pause gives the terminal back, stops the process, and shows the screens
// again when it is continued. With whole, whatever else runs in the same job is
// stopped too, as the terminal does with ctrl+z. It does nothing where nobody
// could continue the process: the system would not stop it either.
func (s signals) pause(c *Console, whole bool) {
	session, err := unix.Getsid(0)
	if err != nil || session == syscall.Getpgrp() || errors.Is(syscall.Kill(session, 0), syscall.ESRCH) {
		return // there is no shell that looks after jobs
	}
	c.release()
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	signal.Ignore(syscall.SIGTSTP) // once a Go program has heard it, it cannot stop by it any more
	if whole {
		syscall.Kill(0, syscall.SIGTSTP)
	}
	syscall.Kill(syscall.Getpid(), syscall.SIGSTOP)
	<-continued
	signal.Stop(continued)
	signal.Notify(s.heard, syscall.SIGTSTP)
	c.restore()
}

// sizes tells of changes of the size of a terminal.
type sizes struct{ heard chan os.Signal }

func resizes() sizes {
	s := sizes{make(chan os.Signal, 1)}
	signal.Notify(s.heard, syscall.SIGWINCH)
	return s
}

func (s sizes) end() { signal.Stop(s.heard) }

// interrupt is what ctrl+c does where the terminal is not raw.
func interrupt() { syscall.Kill(syscall.Getpid(), syscall.SIGINT) }

// die ends the process as the signal does by itself.
func (s signals) die(one os.Signal) {
	signal.Reset(one)
	syscall.Kill(syscall.Getpid(), one.(syscall.Signal))
	select {} // it is on its way
}
