package tui

import (
	"context"
	"sync"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// behind are the people behind a number of a preflight, to be looked at in the
// list of contacts.
type behind struct {
	name string // what the number is of
	whom func(context.Context, *store.Book) (people.Set, error)

	mu    sync.Mutex // one search after the other
	some  people.Set
	found time.Time // when they were; zero: not yet
}

// newBehind lists those of a draft's audience of whom want says so, see
// [store.Book.Whom].
func newBehind(e *env, draft campaign.Campaign, name string, want func(why reason.Code, isNew bool) bool) *contacts {
	now := e.now()
	c := newContacts(e)
	c.behind = &behind{name: name, whom: func(ctx context.Context, book *store.Book) (people.Set, error) {
		return book.Whom(ctx, draft, now, want)
	}}
	return c
}

// among are those of who was found who are behind the number, in the same order. Who they
// are is found out again once in a while: it costs a preflight.
func (b *behind) among(ctx context.Context, book *store.Book, now time.Time, found store.Found) (store.Found, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Sub(b.found) > searchEvery {
		some, err := b.whom(ctx, book)
		if err != nil {
			return store.Found{}, err
		}
		b.some, b.found = some, now
	}
	var kept []people.ContactID
	for _, id := range found.All() {
		if b.some.Has(id) {
			kept = append(kept, id)
		}
	}
	return store.Listed(kept), nil
}
