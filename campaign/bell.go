package campaign

import "sync"

// Bell says "something changed" and nothing else. Ringing never blocks, and
// rings that a listener has not heard yet are one ring. There is one for the
// program: it wakes the lanes (is there work?) and every terminal (is my page
// old?).
type Bell struct {
	mu   sync.Mutex
	ears map[chan struct{}]struct{}
}

// Ring wakes every listener.
func (b *Bell) Ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ear := range b.ears {
		select {
		case ear <- struct{}{}:
		default:
		}
	}
}

// Listen returns a channel that holds at most one unheard ring, and the
// function that stops listening. The channel is never closed.
func (b *Bell) Listen() (<-chan struct{}, func()) {
	ear := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ears == nil {
		b.ears = make(map[chan struct{}]struct{})
	}
	b.ears[ear] = struct{}{}
	return ear, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.ears, ear)
	}
}
