package session

import (
	"context"
	"strings"
	"sync"

	"go.mau.fi/whatsmeow/store"
)

// The library says that a message was sent although nobody can read it: when
// the service refuses the recipient's keys, or lists no device of hers, the
// message goes out without a part for her. What cannot lie is the store. The
// library writes down how far each session has got before anything leaves, so
// a message has a part for exactly those devices whose sessions were written
// during its sending; and a try that wrote none has sent nothing.

// sessions is a session store that notes what is written on behalf of a send.
type sessions struct{ store.SessionStore }

func (s sessions) PutSession(ctx context.Context, address string, session []byte) error {
	err := s.SessionStore.PutSession(ctx, address, session)
	if parts, ok := ctx.Value(partsKey{}).(*parts); ok && err == nil {
		parts.add(address)
	}
	return err
}

func (s sessions) PutManySessions(ctx context.Context, all map[string][]byte) error {
	err := s.SessionStore.PutManySessions(ctx, all)
	if parts, ok := ctx.Value(partsKey{}).(*parts); ok && err == nil {
		for address := range all {
			parts.add(address)
		}
	}
	return err
}

// parts is for whose devices a message has been encrypted.
type parts struct {
	mu    sync.Mutex
	users map[string]bool
}

type partsKey struct{}

// noteParts returns a context under which a send notes its parts.
func noteParts(ctx context.Context) (context.Context, *parts) {
	p := &parts{users: make(map[string]bool)}
	return context.WithValue(ctx, partsKey{}, p), p
}

// add notes a Signal address: "user:device", or "user_agent:device" for
// accounts that go by a LID.
func (p *parts) add(address string) {
	user, _, _ := strings.Cut(address, ":")
	user, _, _ = strings.Cut(user, "_")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users[user] = true
}

// reach reports whether one of the users has a part. Without users it is
// whether anybody but the own ones has.
func (p *parts) reach(users []string, own ...string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, user := range users {
		if p.users[user] {
			return true
		}
	}
	if len(users) > 0 {
		return false
	}
	n := len(p.users)
	for _, user := range own {
		if p.users[user] {
			n--
		}
	}
	return n > 0
}
