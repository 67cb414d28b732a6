package simulator

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/proto/waWeb"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// history is what the phone of an own account tells a new companion about the
// past: its chats, what people call themselves, and the last message of each
// chat, in the order in which phones send it. Whoever has a chat has written to
// the number. The lock must be held.
func (a *account) history() []*waE2E.Message {
	s := a.phone.s
	chats := s.world.chats(a.who)
	now := time.Now()
	bootstrap := &waHistorySync.HistorySync{
		SyncType: waHistorySync.HistorySync_INITIAL_BOOTSTRAP.Enum(), ChunkOrder: proto.Uint32(1), Progress: proto.Uint32(100),
		NctSalt: saltOf(a.who),
	}
	names := &waHistorySync.HistorySync{SyncType: waHistorySync.HistorySync_PUSH_NAME.Enum(), ChunkOrder: proto.Uint32(1)}
	recent := &waHistorySync.HistorySync{
		SyncType: waHistorySync.HistorySync_RECENT.Enum(), ChunkOrder: proto.Uint32(2), Progress: proto.Uint32(100),
	}
	for _, p := range chats {
		a.wrote[p.LID] = true
		bootstrap.Conversations = append(bootstrap.Conversations, s.chat(a, p, now))
		bootstrap.PhoneNumberToLidMappings = append(bootstrap.PhoneNumberToLidMappings, &waHistorySync.PhoneNumberToLIDMapping{
			PnJID: proto.String(pnJID(p).String()), LidJID: proto.String(lidJID(p).String()),
		})
		names.Pushnames = append(names.Pushnames, &waHistorySync.Pushname{
			ID: proto.String(pnJID(p).String()), Pushname: proto.String(p.PushName),
		})
		last := s.chat(a, p, now)
		last.TcToken, last.TcTokenTimestamp = nil, nil
		last.Messages = []*waHistorySync.HistorySyncMsg{s.lastMessage(a, p, now)}
		recent.Conversations = append(recent.Conversations, last)
	}
	var out []*waE2E.Message
	for _, h := range []*waHistorySync.HistorySync{bootstrap, names, recent} {
		m, err := s.historyMessage(h)
		if err != nil {
			s.log.Error("the phone cannot send its history", "err", err)
			continue
		}
		out = append(out, m)
	}
	return out
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

// historyMessage packs a part of the history, inside the message or as a file.
func (s *Service) historyMessage(h *waHistorySync.HistorySync) (*waE2E.Message, error) {
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
