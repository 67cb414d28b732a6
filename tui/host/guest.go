package host

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"recado/tui"
)

// silentAfter is how many seconds without a word from the screens pass before
// the guest says that what it shows is old.
const silentAfter = 5

// guest is a terminal of this process that shows the screens of an owner.
type guest struct {
	wire    *Wire
	console *Console
	// says is what stands on the last line while the owner does not answer.
	says func(silent time.Duration) string

	seconds  atomic.Int32  // without a word
	leave    chan struct{} // the person leaves an owner that does not answer
	released chan struct{} // the owner has given the terminal back
	away     atomic.Bool   // it is given back: nothing is shown
}

// Join shows the screens of the owner at the other end until they end there. The
// errors are those of [Wire.Hand]: [ErrBroken] is a connection that fell, and
// also of a person who gave up on an owner that does not answer: [ErrLeft].
// Says makes the line that tells a person for how long it has not answered.
func (w *Wire) Join(ctx context.Context, req Request, console *Console, says func(silent time.Duration) string) (Exit, error) {
	defer w.conn.Close()
	g := &guest{wire: w, console: console, says: says, leave: make(chan struct{}), released: make(chan struct{}, 1)}
	req.Protocol = protocol
	if err := w.sendJSON(frameRequest, req); err != nil {
		return Exit{}, ErrAgain
	}
	w.conn.SetReadDeadline(time.Now().Add(begunWithin))
	switch kind, payload, err := w.receive(); {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Exit{}, ErrSilent
	case err != nil || kind != frameBegun:
		return Exit{}, ErrAgain
	default:
		if err := w.known(payload); err != nil {
			return Exit{}, err
		}
	}
	w.conn.SetReadDeadline(time.Time{})
	console.show(g)
	defer console.show(nil)
	g.resize() // it may have changed since it was described

	over := make(chan struct{})
	var helpers sync.WaitGroup
	helpers.Go(func() { g.send(over) })   // ends with over
	helpers.Go(func() { g.listen(over) }) // ends with over
	type end struct {
		exit Exit
		err  error
	}
	ended := make(chan end, 1)
	go func() { // ends with the connection
		exit, err := g.receive()
		ended <- end{exit, err}
	}()
	var e end
	select {
	case e = <-ended:
	case <-g.leave:
		e.err = ErrLeft
	case <-ctx.Done():
		go w.send(frameCancel, nil) // ends with the connection
		timer := time.NewTimer(lastWords)
		defer timer.Stop()
		select {
		case e = <-ended:
			e.err = context.Cause(ctx)
		case <-timer.C:
			e.err = context.Cause(ctx)
		}
	}
	close(over)
	w.conn.Close()
	helpers.Wait()
	return e.exit, e.err
}

// ErrLeft is the error of a terminal whose person gave up on an owner that does
// not answer.
var ErrLeft = errors.New("left while the owner of the data directory did not answer")

// receive shows what comes, until the end comes.
func (g *guest) receive() (Exit, error) {
	for {
		kind, payload, err := g.wire.receive()
		if err != nil {
			return Exit{}, ErrBroken
		}
		if g.seconds.Swap(0) >= silentAfter && kind != frameExit {
			go g.wire.send(frameRedraw, nil) // over the line; ends with the connection
		}
		switch kind {
		case frameOut:
			if g.away.Load() {
				continue
			}
			if err := g.console.write(payload); err != nil {
				return Exit{}, err
			}
		case frameRelease:
			select {
			case g.released <- struct{}{}:
			default:
			}
		case frameSuspend:
			g.console.suspend()
		case frameExit:
			var end Exit
			err := json.Unmarshal(payload, &end)
			return end, err
		}
	}
}

// send sends what is typed. To an owner that does not answer nothing is sent
// any more: ctrl+c leaves.
func (g *guest) send(over <-chan struct{}) {
	sent := make(chan []byte)
	defer close(sent)
	go func() { // ends with sent, or with the connection
		for keys := range sent {
			g.wire.send(frameKeys, keys)
		}
	}()
	var kept []byte // for an owner that takes nothing at the moment
	for {
		var to chan []byte
		if len(kept) > 0 {
			to = sent
		}
		select {
		case <-over:
			return
		case to <- kept:
			kept = nil
		case keys := <-g.console.typed:
			if g.seconds.Load() >= silentAfter {
				for _, key := range keys {
					if key == ctrlC {
						close(g.leave)
						return
					}
				}
				continue
			}
			if len(kept)+len(keys) <= maxKeys {
				kept = append(kept, keys...)
			} else {
				to := sent
				select { // a paste is longer: the terminal waits
				case <-over:
					return
				case to <- kept:
					kept = keys
				}
			}
		}
	}
}

// listen says when the owner has not answered for a while.
func (g *guest) listen(over <-chan struct{}) {
	tick := time.NewTicker(time.Second) // a second in which this process was stopped is none
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
		}
		if g.away.Load() {
			g.seconds.Store(0)
			continue
		}
		if n := g.seconds.Add(1); n >= silentAfter {
			g.say(g.says(time.Duration(n) * time.Second))
		}
	}
}

// say writes on the last line, and leaves everything else as it is. A terminal
// that takes nothing at the moment is not waited for.
func (g *guest) say(text string) {
	c := g.console
	if !c.mu.TryLock() {
		return
	}
	defer c.mu.Unlock()
	if c.shut {
		return
	}
	size := c.size()
	fmt.Fprintf(c.out, "\x1b7\x1b[%d;1H\x1b[0;7m%s\x1b[K\x1b[m\x1b8", size.Height, cut(text, size.Width-1))
}

// cut takes what surely fits in w cells of a text of ours.
func cut(text string, w int) string {
	runes := []rune(text)
	return string(runes[:max(0, min(len(runes), w))])
}

// resize tells the size of the terminal.
func (g *guest) resize() {
	s := g.console.size()
	go g.wire.send(frameSize, sizeFrame(s)) // ends with the connection
}

func sizeFrame(s tui.Size) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(s.Width))
	return binary.BigEndian.AppendUint32(b, uint32(s.Height))
}

// release has the owner give the terminal back, and reports whether it did.
func (g *guest) release() bool {
	select {
	case <-g.released: // of a time that was not waited for
	default:
	}
	if g.seconds.Load() < silentAfter {
		go g.wire.send(frameRelease, nil) // ends with the connection
		timer := time.NewTimer(lastWords)
		defer timer.Stop()
		select {
		case <-g.released:
			g.away.Store(true)
			return true
		case <-timer.C:
		}
	}
	g.away.Store(true)
	return false
}

// restore has the owner show the screens again.
func (g *guest) restore() {
	g.away.Store(false)
	g.seconds.Store(0)
	g.resize()
	go g.wire.send(frameRestore, nil) // ends with the connection
}
