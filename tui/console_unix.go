//go:build unix

package tui

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
)

// unstopped is how long a process that was stopped may go on before it counts
// as one that cannot be: the system does not stop it if nobody could wake it.
const unstopped = 300 * time.Millisecond

// signals are those that concern the terminal.
type signals struct{ heard chan os.Signal }

// listen begins to hear them. What whoever started the program had it ignore
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
// again when it is continued.
func (s signals) pause(p stopper) {
	p.ReleaseTerminal()
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	signal.Reset(syscall.SIGTSTP)
	syscall.Kill(syscall.Getpid(), syscall.SIGTSTP)
	select {
	case <-continued:
	case <-time.After(unstopped):
	}
	signal.Stop(continued)
	if !signal.Ignored(syscall.SIGTSTP) {
		signal.Notify(s.heard, syscall.SIGTSTP)
	}
	p.RestoreTerminal()
	p.Send(tea.ClearScreen())
}

// die ends the process as the signal does by itself.
func (s signals) die(one os.Signal) {
	signal.Reset(one)
	syscall.Kill(syscall.Getpid(), one.(syscall.Signal))
	select {} // it is on its way
}
