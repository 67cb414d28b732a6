package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/proto/waWeb"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/people"
)

// The phone tells a new link about the past in pieces, each a file of its own.
// The word that there is a piece is kept on the disk until the piece has been
// read, so that nothing is lost when the program ends meanwhile; and one piece
// of a number at a time is in memory.

const (
	historyTries   = 6 // for as long as is waited for them, see reading.go
	historyPause   = 20 * time.Second
	historyTimeout = 2 * time.Minute
	historyAgain   = 100
	historyAtOnce  = 2 // pieces in memory, of all numbers together
)

// keepHistory keeps the notice of a piece and has it read soon.
func (l *link) keepHistory(id types.MessageID, h *waE2E.HistorySyncNotification) bool {
	word, err := proto.Marshal(h)
	if err == nil {
		err = l.number.pool.devices.KeepHistory(l.ctx, l.jid, id, word)
	}
	if err != nil {
		l.number.log.Error("keep the notice of a piece of history", "err", err)
		return false
	}
	l.number.post(func() { l.number.pieceCame(l, partOf(h)) })
	l.jobs.put(l.histories)
	return true
}

// catchUpHistory begins anew with what could not be read before.
func (l *link) catchUpHistory() {
	l.tries = make(map[string]int)
	l.histories()
}

// histories reads the pieces that wait, in the order in which they came, and
// again a little later those that could not be read. One that cannot be read
// several times is left for the next connection.
func (l *link) histories() {
	for l.readPieces() {
		timer := time.NewTimer(historyPause)
		select {
		case <-timer.C:
		case <-l.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// readPieces tries every piece once. again: some are to be tried again.
func (l *link) readPieces() (again bool) {
	devices, log := l.number.pool.devices, l.number.log
	ids, err := devices.Histories(l.ctx, l.jid)
	if err != nil {
		log.Error("list the pieces of history", "err", err)
		return false
	}
	for _, id := range ids {
		if l.closed.Load() || l.ctx.Err() != nil {
			return false
		}
		if l.tries[id] >= historyTries {
			continue
		}
		word, err := devices.History(l.ctx, l.jid, id)
		if err != nil {
			log.Error("read the notice of a piece of history", "err", err)
			return false
		}
		h := new(waE2E.HistorySyncNotification)
		if err := proto.Unmarshal(word, h); word == nil || err != nil {
			log.Error("the notice of a piece of history makes no sense", "err", err)
		} else if !l.history(id, h) {
			l.tries[id]++
			again = again || l.tries[id] < historyTries
			continue
		}
		if err := devices.ForgetHistory(l.ctx, l.jid, id); err != nil {
			log.Error("forget a piece of history that has been read", "err", err)
			return false
		}
		delete(l.tries, id)
		l.number.post(func() { l.number.pieceGone(l) })
	}
	return again
}

// history reads one piece: names, who has written before and what, and what the
// library keeps of it. It reports whether there is nothing more to be done about
// it.
func (l *link) history(id types.MessageID, h *waE2E.HistorySyncNotification) bool {
	err := l.historyOnce(h)
	if err == nil {
		return true
	}
	if l.ctx.Err() == nil {
		l.number.log.Warn("read a piece of the history", "type", h.GetSyncType().String(), "err", mask(cause(err)))
	}
	if lost(err) {
		return l.askAgain(id, h)
	}
	return false
}

// lost reports whether a file is not there any more.
func lost(err error) bool {
	return errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith403) ||
		errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith404) ||
		errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith410)
}

// askAgain asks the phone to upload a piece again. It comes as a new one. A
// phone whose pieces are never there is not asked forever. It reports whether
// there is nothing more to be done about the old one.
func (l *link) askAgain(id types.MessageID, h *waE2E.HistorySyncNotification) bool {
	if l.line() != nil {
		return false
	}
	if l.again++; l.again > historyAgain {
		return true
	}
	ctx, cancel := context.WithTimeout(l.ctx, 30*time.Second)
	defer cancel()
	asked := func(yes bool) { l.number.post(func() { l.number.pieceAsked(l, partOf(h), yes) }) }
	asked(true) // before the new one can come
	if err := l.cli.SendHistorySyncServerErrorReceipt(ctx, id, h.GetMediaKey()); err != nil {
		l.number.log.Warn("ask for a piece of the history again", "err", err)
		asked(false)
		return false
	}
	return true
}

// historyOnce reads a piece. A panic over what is in it is its error.
func (l *link) historyOnce(h *waE2E.HistorySyncNotification) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	// A piece may be large, and there may be a hundred numbers.
	turns := l.number.pool.histories
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-l.ctx.Done():
		return l.ctx.Err()
	}
	ctx, cancel := context.WithTimeout(l.ctx, historyTimeout)
	defer cancel()
	if h.GetDirectPath() != "" { // else it is all here
		if err := l.line(); err != nil {
			return err
		}
	}
	piece, err := l.cli.DownloadHistorySync(ctx, h, true)
	if err != nil {
		return err
	}
	if h.GetDirectPath() != "" {
		debug.FreeOSMemory() // what it was unpacked from is as large again
	}
	if !l.saw(l.past(ctx, piece)...) {
		return errNotTaken
	}
	if err := l.begins(piece.GetGlobalSettings()); err != nil {
		l.number.log.Error("write down the timer of new chats", "err", err)
		return errNotTaken
	}
	if err := l.words(ctx, piece); err != nil {
		return err
	}
	if len(piece.GetPhoneNumberToLidMappings()) > 0 {
		l.number.post(func() { l.number.follow(l) })
	}
	if len(piece.GetPhoneNumberToLidMappings()) > 0 && l.number.look().contacts {
		l.addressBook() // whose LIDs may only now be known
	}
	if h.GetDirectPath() == "" || l.line() != nil {
		return nil
	}
	piece = nil
	debug.FreeOSMemory()
	err = l.cli.DeleteMedia(ctx, whatsmeow.MediaHistory, h.GetDirectPath(), h.GetFileEncSHA256(), h.GetEncHandle())
	if err != nil {
		// Not the whole error: in its address is the permission to delete.
		l.number.log.Debug("delete a piece of the history that has been read", "err", cause(err))
	}
	return nil
}

// errNotTaken says that the book refused what a piece of history tells.
var errNotTaken = errors.New("the book does not take it")

// past is whom a piece of history tells about.
func (l *link) past(ctx context.Context, piece *waHistorySync.HistorySync) []people.Seen {
	var all []people.Seen
	for _, p := range piece.GetPushnames() {
		if jid, err := types.ParseJID(p.GetID()); err == nil && personal(jid) {
			all = append(all, l.person(ctx, jid, types.EmptyJID, p.GetPushname(), people.PushName))
		}
	}
	for _, c := range piece.GetConversations() {
		jid, other, ok := chatWith(c)
		if !ok {
			continue
		}
		at, wrote := l.wrote(c)
		timer := l.timerOf(c)
		if !wrote && timer.Set.IsZero() {
			continue
		}
		seen := l.person(ctx, jid, other, "", people.NoName)
		seen.Timer = timer
		if wrote {
			seen.Known, seen.Heard = true, at
		}
		all = append(all, seen)
	}
	return all
}

// wordsAtOnce is how many messages of a piece of history the book is told at
// once.
const wordsAtOnce = 500

// wordsLetGo is after how many of these tellings what they were made of is let
// go of: a piece is large, and as much again would be garbage before the runtime
// looks for it by itself.
const wordsLetGo = 10

// words tells the book what people wrote in a piece of history, as if it were
// heard now. What has been read of the piece is let go of.
func (l *link) words(ctx context.Context, piece *waHistorySync.HistorySync) error {
	var messages []campaign.Incoming
	told := 0
	tell := func() error {
		if len(messages) == 0 {
			return nil
		}
		if err := l.number.pool.book.Heard(l.number.id, messages...); err != nil {
			l.number.log.Error("write down what history tells", "count", len(messages), "err", err)
			return errNotTaken
		}
		clear(messages)
		messages = messages[:0]
		if told++; told%wordsLetGo == 0 {
			runtime.GC()
		}
		return ctx.Err()
	}
	for i, c := range piece.GetConversations() {
		piece.Conversations[i] = nil
		jid, other, ok := chatWith(c)
		if !ok {
			continue
		}
		from := l.person(ctx, jid, other, "", people.NoName)
		from.Known = true
		written := l.written(jid, from, c)
		for len(written) > 0 {
			some := min(len(written), wordsAtOnce-len(messages))
			messages, written = append(messages, written[:some]...), written[some:]
			if len(messages) == wordsAtOnce {
				if err := tell(); err != nil {
					return err
				}
			}
		}
	}
	return tell()
}

// chatWith is the other side of a conversation, under both addresses if it has
// them; not ok if it is not one person.
func chatWith(c *waHistorySync.Conversation) (jid, other types.JID, ok bool) {
	jid, err := types.ParseJID(c.GetID())
	if err != nil || !personal(jid) {
		return jid, other, false
	}
	for _, s := range []string{c.GetLidJID(), c.GetPnJID()} {
		if alias, err := types.ParseJID(s); err == nil && personal(alias) && alias.Server != jid.Server {
			other = alias
		}
	}
	return jid, other, true
}

// written is what the other side wrote in a conversation, the oldest first.
func (l *link) written(jid types.JID, from people.Seen, c *waHistorySync.Conversation) []campaign.Incoming {
	var messages []campaign.Incoming
	for _, m := range c.GetMessages() {
		if !theirs(m) {
			continue
		}
		e, err := l.cli.ParseWebMessage(jid, m.GetMessage())
		if err != nil {
			continue
		}
		s, ok := l.says(l.ctx, e.Info, e.Message)
		if !ok {
			continue
		}
		messages = append(messages, campaign.Incoming{
			From: from, ID: cmp.Or(s.id, campaign.MessageID(e.Info.ID)), Text: s.text, Quoted: s.quoted, Past: true,
			At: l.whenever(m.GetMessage().GetMessageTimestamp(), c),
		})
	}
	slices.SortStableFunc(messages, func(a, b campaign.Incoming) int { return a.At.Compare(b.At) })
	return messages
}

// theirs reports whether the other side of a conversation wrote a message, which
// perhaps could not be read. The rest is ours or the service's.
func theirs(m *waHistorySync.HistorySyncMsg) bool {
	kind := m.GetMessage().GetMessageStubType()
	return !m.GetMessage().GetKey().GetFromMe() &&
		(kind == waWeb.WebMessageInfo_UNKNOWN || kind == waWeb.WebMessageInfo_CIPHERTEXT)
}

// wrote says when the other side last wrote in a conversation; not ok if it
// never has.
func (l *link) wrote(c *waHistorySync.Conversation) (at time.Time, ok bool) {
	last := uint64(0)
	for _, m := range c.GetMessages() {
		if theirs(m) {
			ok = true
			last = max(last, m.GetMessage().GetMessageTimestamp())
		}
	}
	return l.whenever(last, c), ok
}

// whenever is a time in a conversation: if it is not known, not after the last
// one that is. What lies in the future is now.
func (l *link) whenever(at uint64, c *waHistorySync.Conversation) time.Time {
	if at == 0 {
		at = max(c.GetConversationTimestamp(), 1) // some time ago
	}
	return l.happened(time.Unix(int64(min(at, math.MaxUint32)), 0))
}
