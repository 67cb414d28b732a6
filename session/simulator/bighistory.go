package simulator

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/proto/waWeb"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// blob is one file of a long history. Everything in it follows from the seed, so
// that it is made when it is asked for and never kept.
type blob struct {
	world *world
	owner *Person
	chats []*Person // whose chats are in it; without any, nobody's
	now   time.Time
	nth   int // from 0
	of    int
	size  int // of what is in it, unpacked
}

// messagesAChat is how many messages a chat of a long history has in one file.
const messagesAChat = 40

// dice is the chance that decides what is in the file.
func (b *blob) dice() *rand.Rand { return b.world.dice("blob", b.owner.LID, strconv.Itoa(b.nth)) }

// packed writes the file, packed but not encrypted, one chat at a time.
func (b *blob) packed() ([]byte, error) {
	var packed bytes.Buffer
	z, err := zlib.NewWriterLevel(&packed, zlib.BestSpeed)
	if err != nil {
		return nil, err
	}
	// The encoding of a list is its parts behind each other.
	written := 0
	put := func(h *waHistorySync.HistorySync) error {
		data, err := proto.MarshalOptions{AllowPartial: true}.Marshal(h)
		if err != nil {
			return fmt.Errorf("encode a chat: %w", err)
		}
		written += len(data)
		_, err = z.Write(data)
		return err
	}
	if err := put(&waHistorySync.HistorySync{
		SyncType: waHistorySync.HistorySync_FULL.Enum(), ChunkOrder: proto.Uint32(uint32(b.nth + 3)), Progress: proto.Uint32(b.progress()),
	}); err != nil {
		return nil, err
	}
	dice := b.dice()
	for i := 0; written < b.size; i++ {
		if err := put(&waHistorySync.HistorySync{Conversations: []*waHistorySync.Conversation{b.chat(i, dice)}}); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

func (b *blob) progress() uint32 { return uint32((b.nth + 1) * 100 / b.of) }

// chat makes up the nth chat of the file.
func (b *blob) chat(nth int, dice *rand.Rand) *waHistorySync.Conversation {
	id := types.NewJID(strconv.Itoa(300_000_000_000_000+nth), types.HiddenUserServer)
	name := "Ninguém"
	if len(b.chats) > 0 {
		p := b.chats[nth%len(b.chats)]
		id, name = lidJID(p), p.PushName
	}
	chat := &waHistorySync.Conversation{ID: proto.String(id.String()), UnreadCount: proto.Uint32(0)}
	at := b.now.AddDate(0, 0, -90-b.nth)
	for i := range messagesAChat {
		fromMe := dice.IntN(2) == 0
		info := &waWeb.WebMessageInfo{
			Key: &waCommon.MessageKey{
				RemoteJID: chat.ID, FromMe: proto.Bool(fromMe), ID: proto.String(fmt.Sprintf("3A%018X", dice.Uint64()>>1)),
			},
			Message:          &waE2E.Message{Conversation: proto.String(smallTalk(dice))},
			MessageTimestamp: proto.Uint64(uint64(at.Add(-time.Duration(i) * time.Hour).Unix())),
		}
		if !fromMe {
			info.PushName = proto.String(name)
		}
		chat.Messages = append(chat.Messages, &waHistorySync.HistorySyncMsg{Message: info, MsgOrderID: proto.Uint64(uint64(messagesAChat - i))})
	}
	chat.LastMsgTimestamp = chat.Messages[0].Message.MessageTimestamp
	chat.ConversationTimestamp = chat.LastMsgTimestamp
	return chat
}

// smallTalk is a text of some length that cannot be packed to nothing.
func smallTalk(dice *rand.Rand) string {
	var b strings.Builder
	for range 1 + dice.IntN(4) {
		b.WriteString(replyTexts[dice.IntN(len(replyTexts))])
		fmt.Fprintf(&b, " %s %s, R$ %d,%02d. ", firstNames[dice.IntN(len(firstNames))], surnames[dice.IntN(len(surnames))], dice.IntN(10_000), dice.IntN(100))
	}
	return b.String()
}

// sealed makes the file as it lies on the media host.
func (b *blob) sealed() (file attachment, data []byte, err error) {
	plain, err := b.packed()
	if err != nil {
		return attachment{}, nil, err
	}
	key := sha256.Sum256(fmt.Appendf(nil, "recado blob %d %s %d", b.world.seed, b.owner.LID, b.nth))
	return sealFile(whatsmeow.MediaHistory, key[:], plain)
}

// SendHistory makes the phone of the number send its clients a long history in
// so many files, of that many bytes each when they are unpacked. The chats in
// them are those of the phone. It returns at once; the files are announced one
// after the other. They are made when they are announced and once more when they
// are downloaded, and not kept in between.
func (o Own) SendHistory(files, size int) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	for _, c := range o.a.linked() {
		o.a.phone.do(func() { o.a.sendHistory(c, files, size) })
	}
}

// sendHistory announces a long history to a companion. The lock must be held; the
// work is done without it.
func (a *account) sendHistory(c *companion, files, size int) {
	s, now := a.phone.s, time.Now()
	if s.closed || files <= 0 {
		return
	}
	s.wg.Go(func() { // ends after the last file, or with Close
		chats := s.world.chats(a.who)
		for i := 0; i < files && s.ctx.Err() == nil; i++ {
			b := &blob{world: s.world, owner: a.who, chats: chats, now: now, nth: i, of: files, size: size}
			file, _, err := b.sealed()
			if err != nil {
				s.log.Error("the phone cannot send its history", "err", err)
				return
			}
			word := func() (*waE2E.Message, error) {
				s.media.keepMaker(tokenOfPath(file.directPath), func() ([]byte, error) {
					_, data, err := b.sealed()
					return data, err
				})
				return file.announce(waE2E.HistorySyncType_FULL, uint32(i+3), b.progress()), nil
			}
			s.mu.Lock()
			a.phone.do(func() {
				if a.companions[c.device] == c {
					a.tellPart(c, word)
				}
			})
			s.mu.Unlock()
		}
	})
}

// announce is the message that tells of a part of the history that is a file.
func (f attachment) announce(kind waE2E.HistorySyncType, order, progress uint32) *waE2E.Message {
	return historyNotice(&waE2E.HistorySyncNotification{
		SyncType: kind.Enum(), ChunkOrder: proto.Uint32(order), Progress: proto.Uint32(progress),
		DirectPath: proto.String(f.directPath), MediaKey: f.key,
		FileSHA256: f.fileSHA256, FileEncSHA256: f.fileEncSHA, FileLength: proto.Uint64(f.length),
	})
}
