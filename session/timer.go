package session

import (
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"recado/campaign/people"
)

// longestTimer is more than the service offers. What is longer is no timer.
const longestTimer = 366 * 24 * time.Hour

// timer is a setting of a chat that somebody made at a time in Unix seconds, and
// of which we heard at another: it is not younger than that.
func (c *client) timer(seconds uint64, set int64, heard time.Time) people.Timer {
	after := time.Duration(min(seconds, uint64(longestTimer/time.Second))) * time.Second
	if after >= longestTimer {
		return people.Timer{}
	}
	t := people.Timer{After: after, Set: c.happened(heard)}
	if at := time.Unix(set, 0); set > 0 && at.Before(t.Set) {
		t.Set = at
	}
	return t
}

// timer is what a message says of how long the messages of its chat stay;
// nothing if it does not say.
func (s *saying) timer(c *client, heard time.Time) people.Timer {
	switch {
	case s.mode != nil:
		return c.timer(uint64(s.mode.GetEphemeralExpiration()), s.mode.GetEphemeralSettingTimestamp(), heard)
	case s.about.GetExpiration() > 0:
		return c.timer(uint64(s.about.GetExpiration()), s.about.GetEphemeralSettingTimestamp(), heard)
	}
	return people.Timer{}
}

// setting keeps what a message that is none of a person's words, or our own,
// says of the timer of its chat.
func (c *client) setting(e *events.Message, s saying) bool {
	t := s.timer(c, e.Info.Timestamp)
	if t.Set.IsZero() || e.Info.IsGroup || !personal(e.Info.Chat) {
		return true
	}
	other := e.Info.SenderAlt
	if e.Info.IsFromMe {
		other = e.Info.RecipientAlt
	}
	with := c.person(c.ctx, e.Info.Chat, other, "", people.NoName)
	if own := c.number.look().number.Phone; with.Phone == own && own != "" {
		return true // what is written to oneself
	}
	with.Timer = t
	if err := c.number.pool.book.Saw(c.number.id, []people.Seen{with}); err != nil {
		c.number.log.Error("write down the timer of a chat", "message", e.Info.ID, "err", err)
		return false
	}
	return true
}

// timerOf is what history says of the timer of a conversation.
func (c *client) timerOf(chat *waHistorySync.Conversation) people.Timer {
	if chat.EphemeralExpiration == nil || chat.GetEphemeralSettingTimestamp() <= 0 {
		return people.Timer{}
	}
	return c.timer(uint64(chat.GetEphemeralExpiration()), chat.GetEphemeralSettingTimestamp(), time.Time{})
}

// begins keeps what the account gives to the chats that it begins.
func (c *client) begins(g *waHistorySync.GlobalSettings) error {
	if g == nil || g.DisappearingModeDuration == nil || g.GetDisappearingModeTimestamp() <= 0 {
		return nil
	}
	t := c.timer(uint64(max(g.GetDisappearingModeDuration(), 0)), g.GetDisappearingModeTimestamp(), time.Time{})
	if t.Set.IsZero() {
		return nil
	}
	t.Account = true
	return c.number.pool.book.Begins(c.number.id, t)
}

// aboutTimer is what a message in a chat with a timer says of it; nil if its
// messages stay.
func aboutTimer(t people.Timer) *waE2E.ContextInfo {
	if t.After == 0 {
		return nil
	}
	mode := &waE2E.DisappearingMode{
		Initiator: waE2E.DisappearingMode_CHANGED_IN_CHAT.Enum(), Trigger: waE2E.DisappearingMode_CHAT_SETTING.Enum(),
	}
	if t.Account {
		mode = &waE2E.DisappearingMode{
			Initiator: waE2E.DisappearingMode_INITIATED_BY_ME.Enum(), Trigger: waE2E.DisappearingMode_ACCOUNT_SETTING.Enum(),
			InitiatedByMe: proto.Bool(true),
		}
	}
	return &waE2E.ContextInfo{
		Expiration: proto.Uint32(uint32(t.After / time.Second)), EphemeralSettingTimestamp: proto.Int64(t.Set.Unix()), DisappearingMode: mode,
	}
}
