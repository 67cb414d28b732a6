package session

import "sync"

// mailbox is work for one goroutine, in order. Putting something in never
// blocks, so that the library's handlers may.
type mailbox struct {
	wake chan struct{} // holds one value while there is work

	mu   sync.Mutex
	work []func()
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

func (m *mailbox) put(f func()) {
	m.mu.Lock()
	m.work = append(m.work, f)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// take empties the mailbox.
func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	work := m.work
	m.work = nil
	return work
}
