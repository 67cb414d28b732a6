package command

import (
	"bufio"
	"context"
	"io"
	"os"
	"time"
)

// A read from a terminal, a pipe or a FIFO waits for whoever writes there, and
// a write to a pipe for whoever reads it: perhaps forever. A command that is
// interrupted does not wait with them.

// lastWords is how long a write may still take once the command is
// interrupted: what it has to say then is to be seen.
const lastWords = 200 * time.Millisecond

// patient is a reader that ends with ctx, also while it waits. What it read
// from must not be used after that: the last read may still be under way.
type patient struct {
	ctx    context.Context
	from   io.ReadCloser
	buffer []byte
}

// arrived is what a read brought.
type arrived struct {
	n   int
	err error
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	if p.buffer == nil {
		p.buffer = make([]byte, 64<<10)
	}
	into := p.buffer[:min(len(b), len(p.buffer))]
	done := make(chan arrived, 1)
	go func() { // ends with the read, or with the process whose stream it is
		n, err := p.from.Read(into)
		done <- arrived{n, err}
	}()
	select {
	case <-p.ctx.Done():
		return 0, p.ctx.Err()
	case a := <-done:
		return copy(b, into[:a.n]), a.err
	}
}

func (p *patient) Close() error {
	if p.ctx.Err() != nil {
		return nil // it may be in use, and the process is about to end
	}
	return p.from.Close()
}

// write writes to one of the caller's streams. Once the command is interrupted
// it gives up after a moment.
func (c *call) write(to io.Writer, text string) error {
	if _, file := to.(*os.File); !file || c.stopped == nil {
		_, err := io.WriteString(to, text)
		return err // another process at the door closes it when it is interrupted
	}
	done := make(chan error, 1)
	go func() { // ends with the write, or with the process if nobody ever reads
		_, err := io.WriteString(to, text)
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-c.stopped:
	}
	select {
	case err := <-done:
		return err
	case <-time.After(lastWords):
		return c.interrupted()
	}
}

// print writes data to standard output.
func (c *call) print(text string) error {
	if c.page != nil {
		_, err := c.page.WriteString(text)
		return err
	}
	return c.write(c.env.Stdout, text)
}

// gathered runs what prints a long list, and writes it in large pieces.
func (c *call) gathered(print func() error) error {
	c.page = bufio.NewWriterSize(printer{c}, 64<<10)
	err := print()
	if flushed := c.page.Flush(); err == nil { // also after an error, so that no line is left half
		err = flushed
	}
	c.page = nil
	return err
}

// printer is standard output as an io.Writer.
type printer struct{ c *call }

func (p printer) Write(b []byte) (int, error) {
	if err := p.c.write(p.c.env.Stdout, string(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}
