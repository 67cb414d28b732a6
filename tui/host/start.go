package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// How long a new owner is waited for.
const (
	startWithin = time.Minute      // a large book is read when it is opened
	startEvery  = time.Millisecond // between two looks at the door, at first
)

// StartError is the error of an owner that did not come up.
type StartError struct {
	Code int    // its exit code; 0: it still tries
	Log  string // the path of what it wrote
	Said string // the last of it, in the language it was started in
}

func (e *StartError) Error() string { return "the owner did not come up: " + e.Said }

// Start starts an owner beside this process: in a session of its own, without
// a terminal, its words in the log. It returns the first connection to it, or to
// one that came first; the error is [ErrAgain] if that one is gone already. The
// directory is private, see [Private]. Meanwhile is called while the owner comes
// up.
func Start(ctx context.Context, cmd *exec.Cmd, dir string, meanwhile func()) (*Wire, error) {
	path := filepath.Join(dir, logName)
	words, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer words.Close()
	from, err := words.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, words, words
	apart(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() { // ends with the owner, or with this process
		cmd.Wait()
		close(ended)
	}()
	failed := func(code int) error { return &StartError{Code: code, Log: path, Said: said(words, from)} }
	meanwhile()
	late := time.NewTimer(startWithin)
	defer late.Stop()
	for begun := time.Now(); ; {
		w, err := Knock(dir)
		if err == nil || errors.Is(err, ErrOtherUser) {
			return w, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-late.C:
			return nil, failed(0)
		case <-time.After(max(startEvery, time.Since(begun)/16)): // never much later than it has taken
		case <-ended:
			if cmd.ProcessState.Success() { // another one was first
				return nil, ErrAgain
			}
			return nil, failed(cmd.ProcessState.ExitCode())
		}
	}
}

// said is the end of what was written since from, without what is for the
// people who make the program.
func said(words io.ReaderAt, from int64) string {
	const most = 4 << 10
	text, _ := io.ReadAll(io.NewSectionReader(words, from, 1<<20))
	if len(text) > most {
		text = text[len(text)-most:]
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "time=") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return strings.TrimSpace(string(text))
	}
	return strings.TrimPrefix(strings.Join(lines, "\n"), "recado: ")
}

// ErrRemains is the error of an owner that did not end when it was told to.
var ErrRemains = errors.New("the process does not end")

// End tells the process at the other end to end, as a person would with kill,
// and waits until it has.
func (w *Wire) End(ctx context.Context, patience time.Duration) error {
	pid := w.Pid()
	w.Close()
	if pid == 0 {
		return fmt.Errorf("end the owner: %w", errors.ErrUnsupported)
	}
	if err := terminate(pid); err != nil {
		return fmt.Errorf("end process %d: %w", pid, err)
	}
	return Gone(ctx, pid, patience)
}

// Gone waits until a process has ended.
func Gone(ctx context.Context, pid int, patience time.Duration) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	tick := time.NewTicker(ownEvery)
	defer tick.Stop()
	for lives(pid) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-late.C:
			return ErrRemains
		case <-tick.C:
		}
	}
	return nil
}
