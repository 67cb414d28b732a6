package simulator

import (
	"fmt"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"google.golang.org/protobuf/proto"
)

// timer is after how long the messages of a chat disappear.
type timer struct {
	after time.Duration // 0: never
	set   time.Time     // zero: nobody ever chose
	ours  bool          // our phone chose it
}

// about is what each message of the chat says of it; nil if they stay.
func (t timer) about() *waE2E.ContextInfo {
	if t.after == 0 {
		return nil
	}
	return &waE2E.ContextInfo{
		Expiration: proto.Uint32(uint32(t.after.Seconds())), EphemeralSettingTimestamp: proto.Int64(t.set.Unix()),
		DisappearingMode: &waE2E.DisappearingMode{
			Initiator: waE2E.DisappearingMode_CHANGED_IN_CHAT.Enum(), Trigger: waE2E.DisappearingMode_CHAT_SETTING.Enum(),
			InitiatedByMe: proto.Bool(!t.ours),
		},
	}
}

// text is a text in a chat with the timer.
func (t timer) text(words string) *waE2E.Message {
	if about := t.about(); about != nil {
		return &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: &words, ContextInfo: about}}
	}
	return &waE2E.Message{Conversation: &words}
}

// setting is the message that tells the other side of it.
func (t timer) setting() *waE2E.Message {
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type:                waE2E.ProtocolMessage_EPHEMERAL_SETTING.Enum(),
		EphemeralExpiration: proto.Uint32(uint32(t.after.Seconds())), EphemeralSettingTimestamp: proto.Int64(t.set.Unix()),
	}}
}

// tell writes it into what the history says of the chat.
func (t timer) tell(c *waHistorySync.Conversation) {
	if !t.set.IsZero() {
		c.EphemeralExpiration = proto.Uint32(uint32(t.after.Seconds()))
		c.EphemeralSettingTimestamp = proto.Int64(t.set.Unix())
	}
}

// set keeps what was chosen for the chat with a person.
func (a *account) set(who *Person, after time.Duration, ours bool) timer {
	if a.timers == nil {
		a.timers = make(map[string]timer)
	}
	t := timer{after: after, set: time.Now().Add(a.phone.s.skew), ours: ours}
	a.timers[who.LID] = t
	return t
}

// SetTimer lets a person choose after how long the messages of the chat with
// one of our numbers disappear; 0 is never. Their texts carry it from then on.
func (s *Service) SetTimer(person, own string, after time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, a, err := s.between(person, own)
	if err != nil {
		return err
	}
	p.say(a, a.set(p.who, after, false).setting(), nil)
	return nil
}

// SetTimer is Service.SetTimer on our own phone, which tells its clients.
func (o Own) SetTimer(person string, after time.Duration) error {
	return o.mirror(person, func(who *Person) *waE2E.Message { return o.a.set(who, after, true).setting() })
}

// SetQuietly is SetTimer of which no client is told: the history says it, and
// the next texts.
func (o Own) SetQuietly(person string, after time.Duration) error {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	p, a, err := o.s.between(person, e164(o.a.pn))
	if err != nil {
		return err
	}
	a.set(p.who, after, true)
	return nil
}

// SetDefaultTimer chooses the timer of the chats that our phone begins. The
// history tells it.
func (o Own) SetDefaultTimer(after time.Duration) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.a.usual = timer{after: after, set: time.Now().Add(o.s.skew), ours: true}
}

// Write writes a text by hand on our own phone. Its clients get a copy.
func (o Own) Write(person, text string) error {
	return o.mirror(person, func(who *Person) *waE2E.Message { return o.a.timers[who.LID].text(text) })
}

// mirror gives our clients the copy of a message that our own phone sent.
func (o Own) mirror(person string, make func(*Person) *waE2E.Message) error {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	p, a, err := o.s.between(person, e164(o.a.pn))
	if err != nil {
		return err
	}
	o.s.lastID++
	id := fmt.Sprintf("3A%018X", o.s.lastID)
	message := make(p.who)
	a.remember(p.who, true, id, message)
	for _, c := range a.linked() {
		attrs := a.phone.envelope(c, id)
		delete(attrs, "category")
		attrs["recipient"] = p.lidJID()
		if !p.s.world.hidden(p.who) {
			attrs["peer_recipient_pn"] = p.pnJID()
		}
		a.phone.sendAs(c, id, &waE2E.Message{DeviceSentMessage: &waE2E.DeviceSentMessage{
			DestinationJID: proto.String(p.lidJID().String()), Message: message,
		}}, attrs, nil)
	}
	return nil
}

// timerIn is the timer that a message carries; 0 if it stays.
func timerIn(m *waE2E.Message) time.Duration {
	if inside := m.GetDocumentWithCaptionMessage().GetMessage(); inside != nil {
		m = inside
	}
	for _, about := range []*waE2E.ContextInfo{
		m.GetExtendedTextMessage().GetContextInfo(), m.GetImageMessage().GetContextInfo(), m.GetVideoMessage().GetContextInfo(),
		m.GetAudioMessage().GetContextInfo(), m.GetDocumentMessage().GetContextInfo(),
	} {
		if about.GetExpiration() != 0 {
			return time.Duration(about.GetExpiration()) * time.Second
		}
	}
	return 0
}
