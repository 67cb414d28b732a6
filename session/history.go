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
	historyAtOnce  = 2         // pieces in memory, of all numbers together
	largePiece     = 256 << 10 // bytes, packed, which are many times as many
)

// keepHistory keeps the notice of a piece and has it read soon.
func (c *client) keepHistory(id types.MessageID, h *waE2E.HistorySyncNotification) bool {
	word, err := proto.Marshal(h)
	if err == nil {
		err = c.number.pool.devices.KeepHistory(c.ctx, c.jid, id, word)
	}
	if err != nil {
		c.number.log.Error("keep the notice of a piece of history", "err", err)
		return false
	}
	c.number.post(func() { c.number.pieceCame(c, partOf(h)) })
	c.jobs.put(c.histories)
	return true
}

// catchUpHistory begins again, when the number comes online, with what could not
// be read before.
func (c *client) catchUpHistory() {
	c.tries = make(map[string]int)
	c.histories()
}

// histories reads the pieces that wait, in the order in which they came, and
// again a little later those that could not be read. One that cannot be read
// several times is left for the next connection.
func (c *client) histories() {
	for c.readPieces() {
		timer := time.NewTimer(historyPause)
		select {
		case <-timer.C:
		case <-c.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// readPieces tries every piece once. again: some are to be tried again.
func (c *client) readPieces() (again bool) {
	devices, log := c.number.pool.devices, c.number.log
	ids, err := devices.Histories(c.ctx, c.jid)
	if err != nil {
		log.Error("list the pieces of history", "err", err)
		return false
	}
	for _, id := range ids {
		if c.closed.Load() || c.ctx.Err() != nil {
			return false
		}
		if c.tries[id] >= historyTries {
			continue
		}
		word, err := devices.History(c.ctx, c.jid, id)
		if err != nil {
			log.Error("read the notice of a piece of history", "err", err)
			return false
		}
		h := new(waE2E.HistorySyncNotification)
		if err := proto.Unmarshal(word, h); word == nil || err != nil {
			log.Error("the notice of a piece of history makes no sense", "err", err)
		} else if h.GetDirectPath() != "" && c.line() != nil {
			continue // see catchUpHistory: it may have come before we knew that we are online
		} else if !c.history(id, h) {
			c.tries[id]++
			again = again || c.tries[id] < historyTries
			continue
		}
		if err := devices.ForgetHistory(c.ctx, c.jid, id); err != nil {
			log.Error("forget a piece of history that has been read", "err", err)
			return false
		}
		delete(c.tries, id)
		c.number.post(func() { c.number.pieceGone(c) })
	}
	return again
}

// history reads one piece: names, who has written before and what, and what the
// library keeps of it. It reports whether there is nothing more to be done about
// it.
func (c *client) history(id types.MessageID, h *waE2E.HistorySyncNotification) bool {
	err := c.historyOnce(h)
	if err == nil {
		return true
	}
	if c.ctx.Err() == nil {
		c.number.log.Warn("read a piece of the history", "type", h.GetSyncType().String(), "err", mask(cause(err)))
	}
	if lost(err) {
		return c.askAgain(id, h)
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
func (c *client) askAgain(id types.MessageID, h *waE2E.HistorySyncNotification) bool {
	if c.line() != nil {
		return false
	}
	if c.again++; c.again > historyAgain {
		return true
	}
	ctx, cancel := context.WithTimeout(c.ctx, 30*time.Second)
	defer cancel()
	asked := func(yes bool) { c.number.post(func() { c.number.pieceAsked(c, partOf(h), yes) }) }
	asked(true) // before the new one can come
	if err := c.cli.SendHistorySyncServerErrorReceipt(ctx, id, h.GetMediaKey()); err != nil {
		c.number.log.Warn("ask for a piece of the history again", "err", err)
		asked(false)
		return false
	}
	return true
}

// historyOnce reads a piece. A panic over what is in it is its error.
func (c *client) historyOnce(h *waE2E.HistorySyncNotification) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	// A piece may be large, and there may be a hundred numbers.
	turns := c.number.pool.histories
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
	ctx, cancel := context.WithTimeout(c.ctx, historyTimeout)
	defer cancel()
	piece, err := c.cli.DownloadHistorySync(ctx, h, true)
	if err != nil {
		return err
	}
	// What a large piece was unpacked from is as large again. To give memory back costs
	// a whole collection: for a small one it is not worth that.
	large := h.GetDirectPath() != "" && (h.GetFileLength() == 0 || h.GetFileLength() >= largePiece)
	if large {
		debug.FreeOSMemory()
	}
	if !c.saw(c.past(ctx, piece)...) {
		return errNotTaken
	}
	if err := c.begins(piece.GetGlobalSettings()); err != nil {
		c.number.log.Error("write down the timer of new chats", "err", err)
		return errNotTaken
	}
	if err := c.words(ctx, piece); err != nil {
		return err
	}
	if len(piece.GetPhoneNumberToLidMappings()) > 0 {
		c.number.post(func() { c.number.follow(c) })
	}
	if len(piece.GetPhoneNumberToLidMappings()) > 0 && c.number.look().contacts {
		c.addressBook() // whose LIDs may only now be known
	}
	if h.GetDirectPath() == "" || c.line() != nil {
		return nil
	}
	if piece = nil; large {
		debug.FreeOSMemory()
	}
	err = c.cli.DeleteMedia(ctx, whatsmeow.MediaHistory, h.GetDirectPath(), h.GetFileEncSHA256(), h.GetEncHandle())
	if err != nil {
		// Not the whole error: in its address is the permission to delete.
		c.number.log.Debug("delete a piece of the history that has been read", "err", cause(err))
	}
	return nil
}

// errNotTaken says that the book refused what a piece of history tells.
var errNotTaken = errors.New("the book does not take it")

// past is whom a piece of history tells about.
func (c *client) past(ctx context.Context, piece *waHistorySync.HistorySync) []people.Seen {
	var all []people.Seen
	for _, p := range piece.GetPushnames() {
		if jid, err := types.ParseJID(p.GetID()); err == nil && personal(jid) {
			all = append(all, c.person(ctx, jid, types.EmptyJID, p.GetPushname(), people.PushName))
		}
	}
	for _, entry := range piece.GetInlineContacts() {
		if jid, err := types.ParseJID(entry.GetLidJID()); err == nil && personal(jid) {
			phone, _ := types.ParseJID(entry.GetPnJID())
			seen := c.person(ctx, jid, phone, cmp.Or(entry.GetFullName(), entry.GetFirstName()), people.AddressBook)
			seen.Username = usernameOf(entry.GetUsername())
			all = append(all, seen)
		}
	}
	for _, chat := range piece.GetConversations() {
		jid, other, ok := chatWith(chat)
		if !ok {
			continue
		}
		at, wrote := c.wrote(chat)
		timer, username := c.timerOf(chat), usernameOf(chat.GetUsername())
		if !wrote && timer.Set.IsZero() && username == "" {
			continue
		}
		seen := c.person(ctx, jid, other, "", people.NoName)
		seen.Timer, seen.Username = timer, username
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
func (c *client) words(ctx context.Context, piece *waHistorySync.HistorySync) error {
	var messages []campaign.Incoming
	told := 0
	tell := func() error {
		if len(messages) == 0 {
			return nil
		}
		if err := c.number.pool.book.Heard(c.number.id, messages...); err != nil {
			c.number.log.Error("write down what history tells", "count", len(messages), "err", err)
			return errNotTaken
		}
		clear(messages)
		messages = messages[:0]
		if told++; told%wordsLetGo == 0 {
			runtime.GC()
		}
		return ctx.Err()
	}
	for i, chat := range piece.GetConversations() {
		piece.Conversations[i] = nil
		jid, other, ok := chatWith(chat)
		if !ok {
			continue
		}
		from := c.person(ctx, jid, other, "", people.NoName)
		from.Known = true
		written, err := c.written(jid, from, chat)
		if err != nil {
			return err
		}
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
func chatWith(chat *waHistorySync.Conversation) (jid, other types.JID, ok bool) {
	jid, err := types.ParseJID(chat.GetID())
	if err != nil || !personal(jid) {
		return jid, other, false
	}
	for _, s := range []string{chat.GetLidJID(), chat.GetPnJID()} {
		if alias, err := types.ParseJID(s); err == nil && personal(alias) && alias.Server != jid.Server {
			other = alias
		}
	}
	return jid, other, true
}

// written is what the other side wrote in a conversation, the oldest first.
func (c *client) written(jid types.JID, from people.Seen, chat *waHistorySync.Conversation) (messages []campaign.Incoming, err error) {
	if messages, err = c.ballots(from, chat); err != nil {
		return nil, err
	}
	for _, m := range chat.GetMessages() {
		if !theirs(m) {
			continue
		}
		e, err := c.cli.ParseWebMessage(jid, m.GetMessage())
		if err != nil {
			continue
		}
		s, ok := c.says(c.ctx, e.Info, e.Message)
		if !ok && s.ballot != nil {
			if s, ok, err = c.vote(e.Info, from, s.ballot); err != nil {
				return nil, err
			}
		}
		if !ok {
			continue
		}
		messages = append(messages, campaign.Incoming{
			From: from, ID: cmp.Or(s.id, campaign.MessageID(e.Info.ID)), Text: s.text, Quoted: s.quoted, Past: true, Ad: s.ad(), Vote: s.vote,
			At: c.whenever(m.GetMessage().GetMessageTimestamp(), chat),
		})
	}
	slices.SortStableFunc(messages, func(a, b campaign.Incoming) int { return a.At.Compare(b.At) })
	return messages, nil
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
func (c *client) wrote(chat *waHistorySync.Conversation) (at time.Time, ok bool) {
	last := uint64(0)
	for _, m := range chat.GetMessages() {
		if theirs(m) {
			ok = true
			last = max(last, m.GetMessage().GetMessageTimestamp())
		}
	}
	return c.whenever(last, chat), ok
}

// whenever is a time in a conversation: if it is not known, not after the last
// one that is. What lies in the future is now.
func (c *client) whenever(at uint64, chat *waHistorySync.Conversation) time.Time {
	if at == 0 {
		at = max(chat.GetConversationTimestamp(), 1) // some time ago
	}
	return c.happened(time.Unix(int64(min(at, math.MaxUint32)), 0))
}
