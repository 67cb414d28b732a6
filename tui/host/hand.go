package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"recado/campaign/reason"
)

// How long a command is waited for at the door.
const (
	requestWithin = 10 * time.Second // for a caller to say what it wants
	begunWithin   = 15 * time.Second // for the owner to take it: a process that was stopped does not
)

// The errors of a command that was handed over, beside ErrAgain.
var (
	ErrSilent = errors.New("the owner of the data directory does not take the command")
	ErrBroken = errors.New("the owner of the data directory ended in the middle of the command")
)

// VersionError is the error of what was handed to an owner that is another
// version of the program.
type VersionError struct{ Pid int } // 0: not known

func (e *VersionError) Error() string {
	return fmt.Sprintf("process %d, which owns the data directory, is another version of the program", e.Pid)
}

// known refuses an owner that is of another version, as it says.
func (w *Wire) known(begun []byte) error {
	var a answer
	if json.Unmarshal(begun, &a); a.Protocol != protocol {
		return &VersionError{w.pid}
	}
	return nil
}

// Pid is the owner's process; 0: not known.
func (w *Wire) Pid() int { return w.pid }

// Caller is the streams and files of who hands a command over.
type Caller struct {
	Out, Err func(text []byte) error
	// Open opens a file that the owner wants to read, by the name that it has on
	// the command line; empty: the standard input. It is called once for each.
	Open func(name string) (io.ReadCloser, error)
}

// Hand gives the command to the owner at the other end, plays its output, and
// returns its end. The errors are [ErrAgain] when nothing was done, [ErrSilent],
// [ErrBroken], a [*VersionError], and those of writing.
//
// What comes back goes to the terminal as it is: a QR code is painted with the
// sequences that anything else is cleaned of. That is safe because Knock has
// made sure that the owner is a process of the same user, which could write to
// that terminal anyway; the owner cleans what it was told by others, as every
// command does.
func (w *Wire) Hand(ctx context.Context, req Request, caller Caller) (Exit, error) {
	defer w.conn.Close()
	over := make(chan struct{})
	defer close(over)
	go func() { // ends with the connection
		select {
		case <-ctx.Done():
			w.send(frameCancel, nil)
		case <-over:
		}
	}()
	req.Protocol = protocol
	if err := w.sendJSON(frameRequest, req); err != nil {
		return Exit{}, ErrAgain // it was closing the door
	}
	wanted := make(chan string, 1)
	defer close(wanted)
	go w.lend(caller, wanted) // ends with wanted, or with the process if a person never finishes their line
	begun := false
	w.conn.SetReadDeadline(time.Now().Add(begunWithin))
	for {
		kind, payload, err := w.receive()
		switch {
		case err == nil:
		case begun:
			return Exit{}, ErrBroken
		case errors.Is(err, os.ErrDeadlineExceeded): // and never will take it: it could not say so any more
			return Exit{}, ErrSilent
		default:
			return Exit{}, ErrAgain
		}
		switch kind {
		case frameBegun:
			if err := w.known(payload); err != nil {
				return Exit{}, err
			}
			begun = true
			w.conn.SetReadDeadline(time.Time{})
		case frameOut:
			if err := caller.Out(payload); err != nil {
				return Exit{}, err
			}
		case frameErr:
			caller.Err(payload)
		case frameRead:
			wanted <- string(payload) // the owner asks once at a time
		case frameExit:
			var end Exit
			err := json.Unmarshal(payload, &end)
			return end, err
		}
	}
}

// lend reads, at the caller's side, the files that the owner asks for by name:
// the paths, the rights and the standard input are the caller's.
func (w *Wire) lend(caller Caller, wanted <-chan string) {
	files := make(map[string]io.ReadCloser)
	defer func() {
		for _, file := range files {
			file.Close()
		}
	}()
	buffer := make([]byte, 64<<10)
	for want := range wanted {
		from := files[want]
		if from == nil {
			file, err := caller.Open(want)
			if err != nil {
				w.send(frameDenied, []byte(reason.Of(err).Text()))
				continue
			}
			files[want], from = file, file
		}
		n, err := from.Read(buffer)
		if n == 0 && err != nil && err != io.EOF {
			w.send(frameDenied, []byte(reason.Of(err).Text()))
			continue
		}
		w.send(frameData, buffer[:n])
	}
}

// Handed is a command that another process has handed to this one.
type Handed struct {
	Request
	Known    bool // it is of this version of the program; the others are not to be run
	Owner    *Owner
	User     string // the system's name of the user at the other end
	Out, Err io.Writer
	Stdin    *Borrowed
}

// Borrowed is a file of the caller's, read through the wire.
type Borrowed struct {
	ctx     context.Context
	wire    *Wire
	answers <-chan lent
	name    string
	rest    bytes.Buffer
}

// lent is what came for a frameRead.
type lent struct {
	data []byte
	err  error
}

// File is another file of the same caller's.
func (b *Borrowed) File(ctx context.Context, name string) *Borrowed {
	return &Borrowed{ctx: ctx, wire: b.wire, answers: b.answers, name: name}
}

// Read implements io.Reader.
func (b *Borrowed) Read(p []byte) (int, error) {
	if b.rest.Len() == 0 {
		if err := b.wire.send(frameRead, []byte(b.name)); err != nil {
			return 0, err
		}
		select {
		case <-b.ctx.Done():
			return 0, context.Cause(b.ctx)
		case a := <-b.answers:
			if a.err != nil {
				return 0, a.err
			}
			if len(a.data) == 0 {
				return 0, io.EOF
			}
			b.rest.Write(a.data)
		}
	}
	return b.rest.Read(p)
}

// Close implements io.Closer; the caller closes the file.
func (b *Borrowed) Close() error { return nil }

// receive runs the command, or shows the screens on the terminal, that comes
// through a connection and sends back its end. It returns when that has ended.
func (o *Owner) receive(w *Wire) {
	defer w.conn.Close()
	w.conn.SetReadDeadline(time.Now().Add(requestWithin))
	kind, payload, err := w.receive()
	if err != nil || kind != frameRequest {
		return
	}
	w.conn.SetReadDeadline(time.Time{})
	var req Request
	if err := json.Unmarshal(payload, &req); err != nil {
		return
	}
	if w.sendJSON(frameBegun, answer{Protocol: protocol, Pid: os.Getpid()}) != nil {
		return
	}
	ctx, cancel := context.WithCancelCause(o.handedContext)
	defer cancel(nil)
	if req.Terminal != nil && req.Protocol == protocol {
		w.sendJSON(frameExit, o.terminal(ctx, w, req))
		return
	}
	o.count(&o.commands, 1)
	defer o.count(&o.commands, -1)
	answers := make(chan lent, 1)
	go func() { // ends with the connection
		for {
			kind, payload, err := w.receive()
			switch {
			case err != nil:
				cancel(err)
				return
			case kind == frameCancel:
				cancel(context.Canceled)
				continue
			}
			a := lent{data: payload}
			if kind == frameDenied {
				a = lent{err: reason.Parse(string(payload))}
			}
			select {
			case answers <- a:
			default: // nobody asked
			}
		}
	}()
	w.sendJSON(frameExit, o.run(ctx, &Handed{
		Request: req, Known: req.Protocol == protocol, Owner: o, User: userOf(w.conn),
		Out: stream{w, frameOut}, Err: stream{w, frameErr},
		Stdin: &Borrowed{ctx: ctx, wire: w, answers: answers},
	}))
}
