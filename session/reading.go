package session

import (
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Who said no before a link, or while there was none, is in the history that the
// phone tells in pieces. Nothing leaves by a number while a piece is unread of
// whose coming we know, so that their no is heard first. That is bounded: by how
// long ago the last piece came or was read, for one may never be had, and in all.
// Then it is said, and sending goes on.
//
// A new link waits a few seconds for the first piece; where none comes nothing
// more is waited for. So it does after each piece, for the next one. A piece that
// a program which ended has left unread is waited for like one that came now.

const (
	readQuiet = 5 * time.Second // without a piece nothing more is waited for
	// Since a piece came or was read: a try that failed, the pause after it, and
	// the longest that the next try takes.
	readStalled = historyPause + historyTimeout + 10*time.Second
	readLongest = 10 * time.Minute // in readRenews
	readRenews  = time.Hour
	newFor      = 10 * time.Minute // a link is one whose phone may not have told yet
)

// readings is the wait of a number for the history of its phone. The number's
// goroutine alone touches it.
type readings struct {
	began time.Time     // of the first wait of this hour; zero: none yet
	moved time.Time     // when a piece came or was read, on this connection; zero: none did
	asked map[part]bool // what the phone was asked to upload again and has not
}

// part says which part of the history a piece is.
type part struct {
	kind  waE2E.HistorySyncType
	order uint32
}

func partOf(h *waE2E.HistorySyncNotification) part { return part{h.GetSyncType(), h.GetChunkOrder()} }

// pieceCame is called when the notice of a piece is on the disk.
func (n *number) pieceCame(c *client, p part) {
	if n.client != c {
		return
	}
	delete(n.readings.asked, p)
	n.readings.moved = time.Now()
	n.readOn()
}

// pieceGone is called when a piece has been read, or cannot be had any more.
func (n *number) pieceGone(c *client) {
	if n.client != c {
		return
	}
	n.readings.moved = time.Now()
	n.readOn()
}

// pieceAsked is called before the phone is asked to upload a piece again, and if
// it could not be asked after all.
func (n *number) pieceAsked(c *client, p part, asked bool) {
	switch {
	case n.client != c:
	case !asked:
		delete(n.readings.asked, p)
	case n.readings.asked == nil:
		n.readings.asked = map[part]bool{p: true}
	default:
		n.readings.asked[p] = true
	}
}

// readFirst is called when the number comes online. It returns until when to
// wait before anything leaves; zero: nothing is to be waited for.
func (n *number) readFirst() time.Time {
	now := time.Now()
	if n.young(now) || n.unread() > 0 {
		n.readings.moved = now
	}
	until, _ := n.readUntil(now)
	return until
}

// young reports whether the link is one whose phone may not have told yet: nobody has
// waited for it, however long ago the link was made, or it was made just now. The time at
// which it was made may be that of a clock that was wrong, because nobody tells it
// before the first login: a program that has made the link itself knows how old it is.
func (n *number) young(now time.Time) bool {
	v := n.look()
	if v.number.Untold {
		return true
	}
	if !v.linked.IsZero() {
		return now.Sub(v.linked) < newFor
	}
	age := v.clock.At(now).Sub(v.number.LinkMade)
	return !v.number.LinkMade.IsZero() && age >= 0 && age < newFor
}

// unread is how many pieces are known and have not been read.
func (n *number) unread() int {
	ids, err := n.pool.devices.Histories(n.pool.ctx, n.client.jid)
	if err != nil {
		n.log.Error("list the pieces of history", "err", err)
	}
	return len(ids) + len(n.readings.asked)
}

// readOn decides whether to wait on.
func (n *number) readOn() {
	v := n.look()
	if n.client == nil || v.synced.IsZero() {
		return
	}
	until, missed := n.readUntil(time.Now())
	if v.reading.Equal(until) && v.missed == missed {
		return
	}
	if missed && !v.missed {
		n.log.Warn("go on though a part of the history has not been read")
	}
	n.show(func(v *view) { v.reading, v.missed = until, missed })
}

// readUntil says until when to wait for the history; zero: no longer. missed: a
// part of it has not been read all the same.
func (n *number) readUntil(now time.Time) (until time.Time, missed bool) {
	r := &n.readings
	n.silence(alarmRead)
	if r.moved.IsZero() {
		return until, false // nothing has come, and nothing need come
	}
	if r.began.IsZero() || now.Sub(r.began) > readRenews {
		r.began = now
	}
	unread := n.unread() > 0
	until = r.moved.Add(readQuiet)
	if unread {
		until = r.moved.Add(readStalled)
	}
	if longest := r.began.Add(readLongest); until.After(longest) {
		until = longest
	}
	if !until.After(now) {
		n.pastTold()
		return time.Time{}, unread
	}
	n.alarms[alarmRead] = until
	return until, false
}

// pastTold is called when the history has been waited for.
func (n *number) pastTold() {
	if !n.look().number.Untold {
		return
	}
	if err := n.pool.book.PastTold(n.id); err != nil { // it is waited for once more, on the next connection
		n.log.Error("write down that the history of a link was waited for", "err", err)
		return
	}
	n.show(func(v *view) { v.number.Untold = false })
}

// readNothing forgets the wait of a connection that is gone.
func (n *number) readNothing() {
	n.silence(alarmRead)
	n.readings.moved, n.readings.asked = time.Time{}, nil
}
