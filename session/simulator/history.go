package simulator

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/proto/waWeb"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// piece makes the message that tells of a part of the history, with its file if
// it has one: again each time, so that a phone can upload it once more.
type piece func() (*waE2E.Message, error)

// history is what the phone of an own account tells a new companion about the
// past: its chats, what people call themselves, and the messages of each chat
// that it still has, in the order in which phones send it. A person who has a chat
// has written to the number. The lock must be held.
func (a *account) history() []*waHistorySync.HistorySync {
	s := a.phone.s
	now := time.Now()
	bootstrap := &waHistorySync.HistorySync{
		SyncType: waHistorySync.HistorySync_INITIAL_BOOTSTRAP.Enum(), ChunkOrder: proto.Uint32(1), Progress: proto.Uint32(100),
		NctSalt: saltOf(a.who),
	}
	if t := a.usual; !t.set.IsZero() {
		bootstrap.GlobalSettings = &waHistorySync.GlobalSettings{
			DisappearingModeDuration: proto.Int32(int32(t.after.Seconds())), DisappearingModeTimestamp: proto.Int64(t.set.Unix()),
		}
	}
	names := &waHistorySync.HistorySync{SyncType: waHistorySync.HistorySync_PUSH_NAME.Enum(), ChunkOrder: proto.Uint32(1)}
	recent := &waHistorySync.HistorySync{
		SyncType: waHistorySync.HistorySync_RECENT.Enum(), ChunkOrder: proto.Uint32(2), Progress: proto.Uint32(100),
	}
	old := s.world.chats(a.who)
	chats := slices.Clone(old)
	for _, p := range s.world.people() {
		if (len(a.talk[p.LID]) > 0 || !a.timers[p.LID].set.IsZero()) && !slices.Contains(old, p) {
			chats = append(chats, p)
		}
	}
	for _, p := range chats {
		last := s.chat(a, p, now)
		if talk := a.talk[p.LID]; len(talk) > 0 {
			last.Messages = talk
			last.LastMsgTimestamp = talk[0].GetMessage().MessageTimestamp
			last.ConversationTimestamp = last.LastMsgTimestamp
		}
		if slices.Contains(old, p) {
			a.wrote[p.LID] = true
			last.Messages = append(slices.Clip(last.Messages), s.lastMessage(a, p, now))
		}
		first := proto.CloneOf(last)
		first.Messages = nil
		bootstrap.Conversations = append(bootstrap.Conversations, first)
		address := lidJID(p)
		if !s.world.hidden(p) {
			address = pnJID(p)
			bootstrap.PhoneNumberToLidMappings = append(bootstrap.PhoneNumberToLidMappings, &waHistorySync.PhoneNumberToLIDMapping{
				PnJID: proto.String(address.String()), LidJID: proto.String(lidJID(p).String()),
			})
		}
		names.Pushnames = append(names.Pushnames, &waHistorySync.Pushname{
			ID: proto.String(address.String()), Pushname: proto.String(p.PushName),
		})
		last.TcToken, last.TcTokenTimestamp = nil, nil
		recent.Conversations = append(recent.Conversations, last)
	}
	return []*waHistorySync.HistorySync{bootstrap, names, recent}
}

// remember keeps a message in the chat with a person, newest first, for the
// history that the phone tells later.
func (a *account) remember(with *Person, fromMe bool, id string, message *waE2E.Message) {
	if a.talk == nil {
		a.talk = make(map[string][]*waHistorySync.HistorySyncMsg)
	}
	s := a.phone.s
	talk := a.talk[with.LID]
	info := &waWeb.WebMessageInfo{
		Key: &waCommon.MessageKey{
			RemoteJID: proto.String(lidJID(with).String()), FromMe: proto.Bool(fromMe), ID: proto.String(id),
		},
		Message:          message,
		MessageTimestamp: proto.Uint64(uint64(time.Now().Add(s.skew).Unix())),
		MessageSecret:    message.GetMessageContextInfo().GetMessageSecret(),
	}
	if !fromMe {
		info.PushName = proto.String(with.PushName)
	}
	a.talk[with.LID] = append([]*waHistorySync.HistorySyncMsg{{
		Message: info, MsgOrderID: proto.Uint64(uint64(len(talk) + 2)),
	}}, talk...)
}

// tellPart sends a companion the notice of a part of the history. The lock must be
// held.
func (a *account) tellPart(c *companion, make piece) {
	m, err := make()
	if err != nil {
		a.phone.s.log.Error("the phone cannot send its history", "err", err)
		return
	}
	c.told[a.peer(c, m)] = make
}

// tellAgain is what the phone does when a companion could not fetch a part of
// the history: it uploads that once more and says so. The lock must be held.
func (a *account) tellAgain(c *companion, id string) {
	if make, told := c.told[id]; told {
		delete(c.told, id)
		a.phone.do(func() {
			if a.companions[c.device] == c {
				a.tellPart(c, make)
			}
		})
	}
}

// Tell makes the phone of the number tell its clients a part of the history,
// whatever is in it.
func (o Own) Tell(h *waHistorySync.HistorySync) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	for _, c := range o.a.linked() {
		o.a.phone.do(func() { o.a.tellPart(c, o.s.packed(h)) })
	}
}

// TellChats makes the phone of the number tell its clients what is in its chats,
// as it tells a new link.
func (o Own) TellChats() {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	for _, c := range o.a.linked() {
		o.a.phone.do(func() { o.a.tellChats(c) })
	}
}

// tellChats tells a companion what is in the chats. The lock must be held.
func (a *account) tellChats(c *companion) {
	for _, h := range a.history() {
		a.tellPart(c, a.phone.s.packed(h))
	}
}

// chat describes the chat with one person. Most are known by the hidden name,
// older ones by the number.
func (s *Service) chat(a *account, p *Person, now time.Time) *waHistorySync.Conversation {
	at := now.Add(-s.world.chatAge(a.who, p))
	c := &waHistorySync.Conversation{
		ID:                    proto.String(lidJID(p).String()),
		PnJID:                 proto.String(pnJID(p).String()),
		LidJID:                proto.String(lidJID(p).String()),
		LastMsgTimestamp:      proto.Uint64(uint64(at.Unix())),
		ConversationTimestamp: proto.Uint64(uint64(at.Unix())),
		UnreadCount:           proto.Uint32(0),
		DisplayName:           proto.String(p.PushName),
		TcToken:               []byte("token of " + p.LID),
		TcTokenTimestamp:      proto.Uint64(uint64(at.Unix())),
	}
	a.timers[p.LID].tell(c)
	if p.Username != "" {
		c.Username = proto.String(p.Username)
	}
	if s.world.hidden(p) {
		c.PnJID = nil
		return c
	}
	if s.world.dice("old chat", a.who.LID, p.LID).IntN(4) == 0 {
		c.ID = c.PnJID
	}
	return c
}

// lastMessage is what the person wrote last.
func (s *Service) lastMessage(a *account, p *Person, now time.Time) *waHistorySync.HistorySyncMsg {
	dice := s.world.dice("last message", a.who.LID, p.LID)
	chat := s.chat(a, p, now)
	return &waHistorySync.HistorySyncMsg{
		MsgOrderID: proto.Uint64(1),
		Message: &waWeb.WebMessageInfo{
			Key: &waCommon.MessageKey{
				RemoteJID: chat.ID, FromMe: proto.Bool(false), ID: proto.String(fmt.Sprintf("3A%018X", dice.Uint64()>>1)),
			},
			Message:          &waE2E.Message{Conversation: proto.String(replyTexts[dice.IntN(len(replyTexts))])},
			MessageTimestamp: chat.LastMsgTimestamp,
			PushName:         proto.String(p.PushName),
		},
	}
}

// packed is a part of the history, inside the message or as a file.
func (s *Service) packed(h *waHistorySync.HistorySync) piece {
	return func() (*waE2E.Message, error) {
		raw, err := proto.Marshal(h)
		if err != nil {
			return nil, fmt.Errorf("encode the history: %w", err)
		}
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		_, _ = z.Write(raw) // into memory
		_ = z.Close()
		if s.cfg.HistoryByMedia {
			file, err := s.media.put(whatsmeow.MediaHistory, packed.Bytes())
			if err != nil {
				return nil, fmt.Errorf("keep the history: %w", err)
			}
			return file.announce(waE2E.HistorySyncType(h.GetSyncType()), h.GetChunkOrder(), h.GetProgress()), nil
		}
		return historyNotice(&waE2E.HistorySyncNotification{
			SyncType:                          waE2E.HistorySyncType(h.GetSyncType()).Enum(),
			ChunkOrder:                        h.ChunkOrder,
			Progress:                          h.Progress,
			InitialHistBootstrapInlinePayload: packed.Bytes(),
		}), nil
	}
}

// historyNotice is the message that tells of a part of the history.
func historyNotice(n *waE2E.HistorySyncNotification) *waE2E.Message {
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type:                    waE2E.ProtocolMessage_HISTORY_SYNC_NOTIFICATION.Enum(),
		HistorySyncNotification: n,
	}}
}

// saltOf is the secret with which an account signs messages to people who never
// wrote to it.
func saltOf(owner *Person) []byte {
	salt := sha256.Sum256([]byte("recado salt " + owner.LID))
	return salt[:]
}

// pnJID and lidJID are the two addresses of a person.
func pnJID(p *Person) types.JID  { return types.NewJID(p.Phone, types.DefaultUserServer) }
func lidJID(p *Person) types.JID { return types.NewJID(p.LID, types.HiddenUserServer) }
