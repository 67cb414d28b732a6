package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"recado/store"
	"recado/tui/words"
)

// errAgain is returned by a command that the owner could not keep: it is
// ending, or too short-lived. Whoever handed it over tries again.
var errAgain = errors.New("the owner of the data directory is ending")

// handedExit is the exit code of a command that ran in the owner. Everything
// there is to say has been said.
type handedExit struct{ code int }

func (h *handedExit) Error() string { return fmt.Sprintf("exit code %d", h.code) }

// hand gives the command to the owner at the other end of w and plays its
// output. The result is nil, a *handedExit, or errAgain.
//
// What comes back goes to the terminal as it is: a QR code is painted with the
// sequences that anything else is cleaned of. That is safe because knock has
// made sure that the owner is a process of the same user, which could write to
// that terminal anyway; the owner cleans what it was told by others, as every
// command does.
func (c *call) hand(ctx context.Context, w *wire, dir string, resumes bool) error {
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
	err := w.sendJSON(frameRequest, request{
		Protocol:  protocol,
		Args:      c.env.Args,
		Dir:       c.env.Dir,
		Lang:      c.tongue.Tag(),
		Seen:      c.seen,
		Simulated: c.env.Getenv("RECADO_SERVER") != "",
	})
	if err != nil {
		return errAgain // it was closing the door
	}
	wanted := make(chan string, 1)
	defer close(wanted)
	go c.lend(w, dir, wanted) // ends with wanted, or with the process if a person never finishes her line
	begun := false
	w.conn.SetReadDeadline(time.Now().Add(begunWithin))
	for {
		kind, payload, err := w.receive()
		if !begun && errors.Is(err, os.ErrDeadlineExceeded) { // and never will be: it could not say so any more
			return c.unanswered(dir)
		} else if err != nil {
			if !begun || resumes {
				return errAgain // nothing was done, or what was done goes on by itself
			}
			return c.fail(ExitFailed,
				"o processo que cuida dos dados parou no meio do comando; confira o que ficou feito",
				"the process that owns the data stopped in the middle of the command; check what was done")
		}
		switch kind {
		case frameBegun:
			begun = true
			w.conn.SetReadDeadline(time.Time{})
		case frameOut:
			if err := c.write(c.env.Stdout, string(payload)); err != nil {
				return c.explain(err)
			}
		case frameErr:
			c.write(c.env.Stderr, string(payload))
		case frameRead:
			wanted <- string(payload) // the owner asks once at a time
		case frameExit:
			return ended(payload)
		}
	}
}

// ended is what an exit frame means to the caller.
func ended(payload []byte) error {
	var end exit
	switch err := json.Unmarshal(payload, &end); {
	case err != nil:
		return &failure{code: ExitFailed, err: err}
	case end.Again:
		return errAgain
	case end.Code == ExitOK:
		return nil
	}
	return &handedExit{end.Code}
}

// lend reads, at the caller's side, the files that the owner asks for by name:
// the paths, the rights and the standard input are the caller's. It lends what
// stands in its own arguments and nothing else, opened once and to be read.
func (c *call) lend(w *wire, dir string, wanted <-chan string) {
	files := make(map[string]io.ReadCloser)
	defer func() {
		for _, file := range files {
			file.Close()
		}
	}()
	buffer := make([]byte, 64<<10)
	for want := range wanted {
		from := c.env.Stdin
		if want != "" {
			file, err := files[want], error(nil)
			if file == nil {
				file, err = c.named(want, dir)
			}
			if err != nil {
				w.send(frameDenied, []byte(err.Error()))
				continue
			}
			files[want], from = file, file
		}
		n, err := from.Read(buffer)
		if n == 0 && err != nil && err != io.EOF {
			w.send(frameDenied, []byte(err.Error()))
			continue
		}
		w.send(frameData, buffer[:n])
	}
}

// named opens a file that stands in the arguments of this process, as it is
// written there: alone or after the = of a flag. None in dir, the data
// directory, is opened.
func (c *call) named(name, dir string) (io.ReadCloser, error) {
	stands := slices.ContainsFunc(c.env.Args, func(arg string) bool {
		_, value, flag := strings.Cut(arg, "=")
		return arg == name || flag && strings.HasPrefix(arg, "-") && value == name
	})
	if !stands {
		return nil, fmt.Errorf("open %s: it is not named on the command line", name)
	}
	file, _, err := store.Outside(c.path(name), dir)
	if err != nil {
		return nil, err // not a nil *os.File
	}
	return file, nil
}

// borrowed is a file of the caller's, read through the wire.
type borrowed struct {
	ctx     context.Context
	wire    *wire
	answers <-chan answer
	name    string
	rest    bytes.Buffer
}

// answer is what came for a frameRead.
type answer struct {
	data []byte
	err  error
}

func (b *borrowed) Read(p []byte) (int, error) {
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

func (b *borrowed) Close() error { return nil }

// open opens a file that was named on the command line; "-" is the standard
// input.
func (c *call) open(ctx context.Context, name string) (io.ReadCloser, error) {
	if name == "-" {
		return &patient{ctx: ctx, from: io.NopCloser(c.env.Stdin)}, nil
	}
	if lent, ok := c.env.Stdin.(*borrowed); ok {
		return &borrowed{ctx: ctx, wire: lent.wire, answers: lent.answers, name: name}, nil
	}
	dir, err := c.dataDir()
	if err != nil {
		return nil, err
	}
	return c.named(name, dir)
}

// receive runs the command that comes through a connection and sends back its
// end. It returns when the command has ended.
func (o *owner) receive(w *wire) {
	defer w.conn.Close()
	w.conn.SetReadDeadline(time.Now().Add(requestWithin))
	kind, payload, err := w.receive()
	if err != nil || kind != frameRequest {
		return
	}
	w.conn.SetReadDeadline(time.Time{})
	var req request
	if err := json.Unmarshal(payload, &req); err != nil {
		return
	}
	if w.send(frameBegun, nil) != nil {
		return
	}
	ctx, cancel := context.WithCancelCause(o.handedContext)
	defer cancel(nil)
	answers := make(chan answer, 1)
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
			a := answer{data: payload}
			if kind == frameDenied {
				a = answer{err: errors.New(string(payload))}
			}
			select {
			case answers <- a:
			default: // nobody asked
			}
		}
	}()
	w.sendJSON(frameExit, o.runHanded(ctx, w, req, answers))
}

// runHanded runs one handed command. Whatever happens in it, the owner lives.
func (o *owner) runHanded(ctx context.Context, w *wire, req request, answers <-chan answer) (end exit) {
	c := &call{
		env: Env{
			Args:   req.Args,
			Dir:    req.Dir,
			Stdin:  &borrowed{ctx: ctx, wire: w, answers: answers},
			Stdout: stream{w, frameOut},
			Stderr: stream{w, frameErr},
			Getenv: func(string) string { return "" },
		},
		tongue: tongue{words.For(req.Lang)},
		seen:   req.Seen,
		owner:  o,
	}
	defer func() {
		if fault := recover(); fault != nil {
			o.parts.Logger.Error("a handed command broke", "fault", fault, "stack", string(debug.Stack()))
			c.tell("recado: defeito interno; veja recado.log", "recado: internal fault; see recado.log")
			end = exit{Code: ExitFailed}
		}
	}()
	switch {
	case req.Protocol != protocol:
		c.tell("recado: o processo %d, que cuida dos dados, é de outra versão do programa; encerre-o e tente de novo",
			"recado: process %d, which owns the data, is another version of the program; end it and try again", os.Getpid())
		return exit{Code: ExitInUse}
	case req.Simulated && o.parts.Kind != store.Demo:
		c.words("recado: %s\n", c.explain(store.ErrKind))
		return exit{Code: ExitRefused}
	}
	code := c.execute(ctx)
	return exit{Code: code, Again: c.again}
}
