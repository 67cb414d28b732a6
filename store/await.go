package store

import "context"

// ended is how a job ended.
type ended struct {
	job job
	err error
}

// await returns what waits for the end of a job: not longer than ctx and the book
// last.
func (b *Book) await(k []byte) (wait func(ctx context.Context) (job, error)) {
	end := make(chan ended, 1)
	b.mu.Lock()
	b.waiting[string(k)] = end
	b.mu.Unlock()
	return func(ctx context.Context) (j job, err error) {
		select {
		case e := <-end:
			if e.err != nil {
				err = goesOn(e.err)
			}
			return e.job, err
		case <-ctx.Done():
			err = ctx.Err()
		case <-b.closing:
			err = ErrClosed
		}
		return j, goesOn(err)
	}
}

// waiter is who waits for a job; nil: nobody.
func (b *Book) waiter(k []byte) chan ended {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waiting[string(k)]
}

// release tells who waits for a job how it ended.
func (b *Book) release(k []byte, e ended) { b.releaseOnly(b.waiter(k), k, e) }

// releaseOnly does, unless it is somebody else who waits now.
func (b *Book) releaseOnly(waiter chan ended, k []byte, e ended) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if waiter != nil && waiter == b.waiting[string(k)] {
		waiter <- e // there is room for one, and one is all there is
		delete(b.waiting, string(k))
	}
}
