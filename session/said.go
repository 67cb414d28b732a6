package session

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/reflect/protoreflect"

	"recado/campaign"
)

// What a person sends comes in a hundred forms, and each of them may be
// wrapped in others. Every field of a message is one of three: a wrapper, which
// has a message inside; an aside, which is none of the person's words (a
// reaction, a setting, the machinery's own); or else content. Content is an
// answer also where there are no words in it, and so is content of which only a
// newer program knows.

// deepest is how many wrappers are taken off. Real messages have four at most.
const deepest = 32

// saying is what a person says with a message.
type saying struct {
	text   string                        // empty: it has no words
	id     campaign.MessageID            // the message that it changes; empty: it is one of its own
	quoted campaign.MessageID            // the message that it answers, if it says so
	sealed *waE2E.SecretEncryptedMessage // an edit that is still to be opened
	about  *waE2E.ContextInfo            // what the content says of itself
	ballot *waE2E.PollUpdateMessage      // a vote that is still to be opened; it is none of their words
	vote   *campaign.Vote                // what text says was chosen in the poll that is quoted; nil: it is no vote
	mode   *waE2E.ProtocolMessage        // how long messages are kept in the chat, if it says so
}

// says is what a message says, however it is wrapped or sealed; not ok if it
// is none of a person's words. It asks the device store for the key of a sealed
// edit, and nothing else of the client, so that handlers may call it.
func (c *client) says(ctx context.Context, info types.MessageInfo, m *waE2E.Message) (s saying, ok bool) {
	s, ok = said(m)
	if s.sealed == nil {
		return s, ok
	}
	opened, err := c.open(ctx, info, s.sealed)
	if err != nil {
		// The message that it changes was sent before this number was linked, or
		// so long ago that its secret is forgotten.
		c.number.log.Warn("an edit cannot be opened", "message", info.ID, "changes", s.id, "err", mask(cause(err)))
		return s, ok
	}
	edited, _ := said(opened)
	if edited.text == "" {
		return s, ok // it has more than one seal, or a caption was taken away
	}
	edited.id = s.id
	return edited, true
}

// nonceSize is that of the seal's cipher, which panics over any other.
const nonceSize = 12

var errSeal = errors.New("the seal is malformed")

// open opens a sealed edit.
func (c *client) open(ctx context.Context, info types.MessageInfo, sealed *waE2E.SecretEncryptedMessage) (*waE2E.Message, error) {
	if len(sealed.GetEncIV()) != nonceSize {
		return nil, errSeal
	}
	return c.cli.DecryptSecretEncryptedMessage(ctx, &events.Message{
		Info: info, Message: &waE2E.Message{SecretEncryptedMessage: sealed},
	})
}

// said is what a message says; not ok if it is none of a person's words. It
// touches nothing but the message.
func said(m *waE2E.Message) (s saying, ok bool) {
	ok = s.read(m, deepest)
	return s, ok
}

// ad is the advertisement from which the chat was begun, if the message says so.
func (s *saying) ad() campaign.Ad {
	reply := s.about.GetExternalAdReply()
	if reply.GetSourceType() != "ad" && reply.GetCtwaClid() == "" && s.about.GetEntryPointConversionSource() != "ctwa_ad" && s.about.GetConversionSource() != "FB_Ads" {
		return campaign.Ad{}
	}
	return campaign.Ad{
		ID: fitting(cmp.Or(reply.GetSourceID(), reply.GetCtwaClid())), Title: fitting(reply.GetTitle()),
		URL: fitting(cmp.Or(reply.GetSourceURL(), s.about.GetEntryPointConversionSource(), s.about.GetConversionSource())),
	}
}

// read takes the wrappers off a message and notes what is in them.
func (s *saying) read(m *waE2E.Message, left int) (ok bool) {
	if m == nil {
		return false
	}
	if left == 0 {
		return true // somebody took the trouble to send it
	}
	r := m.ProtoReflect()
	var fields []protoreflect.FieldDescriptor
	r.Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if f.Name() != "messageContextInfo" {
			fields = append(fields, f)
		}
		return true
	})
	// Honest messages have one. Of others the first words count, in an order
	// that is always the same.
	slices.SortFunc(fields, func(a, b protoreflect.FieldDescriptor) int { return cmp.Compare(a.Number(), b.Number()) })
	for _, f := range fields {
		inside := insideOf(f)
		switch {
		case inside != nil:
			wrapped, _ := r.Get(f).Message().Get(inside).Message().Interface().(*waE2E.Message)
			ok = s.read(wrapped, left-1) || ok
		case f.Name() == "pollUpdateMessage":
			s.ballot = cmp.Or(s.ballot, m.GetPollUpdateMessage())
		case f.Name() == "protocolMessage":
			ok = s.protocol(m.GetProtocolMessage(), left-1) || ok
		case f.Name() == "secretEncryptedMessage":
			ok = s.seal(m.GetSecretEncryptedMessage()) || ok
		case !asides[f.Name()]:
			ok = true
			s.content(m, f, left-1)
		}
	}
	return ok || len(fields) == 0 && len(r.GetUnknown()) > 0
}

// protocol reads an edit, and what the chat is to be like from now on.
func (s *saying) protocol(p *waE2E.ProtocolMessage, left int) (ok bool) {
	switch p.GetType() {
	case waE2E.ProtocolMessage_MESSAGE_EDIT:
		if ok = s.read(p.GetEditedMessage(), left); ok && s.id == "" {
			s.id = campaign.MessageID(p.GetKey().GetID())
		}
	case waE2E.ProtocolMessage_EPHEMERAL_SETTING, waE2E.ProtocolMessage_EPHEMERAL_SYNC_RESPONSE:
		s.mode = p
	}
	return ok
}

// seal notes an edit that is sealed with the secret of the message it changes.
func (s *saying) seal(e *waE2E.SecretEncryptedMessage) (ok bool) {
	switch e.GetSecretEncType() {
	case waE2E.SecretEncryptedMessage_EVENT_EDIT, waE2E.SecretEncryptedMessage_POLL_EDIT, waE2E.SecretEncryptedMessage_POLL_ADD_OPTION:
		return false
	case waE2E.SecretEncryptedMessage_MESSAGE_EDIT:
		if s.sealed == nil {
			s.sealed, s.id = e, campaign.MessageID(e.GetTargetMessageKey().GetID())
		}
	}
	return true
}

// content notes what one field of a message says.
func (s *saying) content(m *waE2E.Message, f protoreflect.FieldDescriptor, left int) {
	if find := texts[f.Name()]; find != nil && s.text == "" {
		s.text = find(m)
	}
	if f.Message() == nil {
		return
	}
	content := m.ProtoReflect().Get(f).Message()
	if note := content.Descriptor().Fields().ByName("noteMessage"); note != nil && content.Has(note) {
		if noted, ok := content.Get(note).Message().Interface().(*waE2E.Message); ok {
			s.read(noted, left)
		}
	}
	if s.about != nil {
		return
	}
	if about := content.Descriptor().Fields().ByName("contextInfo"); about != nil && content.Has(about) {
		if s.about, _ = content.Get(about).Message().Interface().(*waE2E.ContextInfo); s.about != nil {
			s.quoted = campaign.MessageID(s.about.GetStanzaID())
		}
	}
}

// insideOf is the field of a wrapper that has the message; nil if the field of
// a message is none.
func insideOf(f protoreflect.FieldDescriptor) protoreflect.FieldDescriptor {
	if f.Message() == nil || f.IsList() || f.IsMap() {
		return nil
	}
	inside := f.Message().Fields().ByName("message")
	if inside == nil || inside.Message() == nil || inside.IsList() || inside.Message().FullName() != f.ContainingMessage().FullName() {
		return nil
	}
	return inside
}

// asides are the fields of a message that are none of the person's words.
var asides = map[protoreflect.Name]bool{
	// Marks on a message that is there already.
	"reactionMessage": true, "encReactionMessage": true, "statusStickerInteractionMessage": true,
	"keepInChatMessage": true, "pinInChatMessage": true,
	"pollAddOptionMessage": true, "encEventResponseMessage": true,
	"statusNotificationMessage": true, "statusLinkPreviewMetadata": true, "splitPaymentUpdateMessage": true,
	// What programs tell each other.
	"senderKeyDistributionMessage": true, "fastRatchetKeySenderKeyDistributionMessage": true,
	"stickerSyncRmrMessage": true, "messageHistoryBundle": true, "messageHistoryNotice": true,
	"groupRootKeyShare": true, "rootSecretDistributeMessage": true,
}

// texts say where the words of a content are. Of a choice they are what the
// person saw, and what only the program that offered it sees if there is
// nothing else.
var texts = map[protoreflect.Name]func(*waE2E.Message) string{
	"conversation":        (*waE2E.Message).GetConversation,
	"extendedTextMessage": func(m *waE2E.Message) string { return m.GetExtendedTextMessage().GetText() },

	"imageMessage":        func(m *waE2E.Message) string { return m.GetImageMessage().GetCaption() },
	"videoMessage":        func(m *waE2E.Message) string { return m.GetVideoMessage().GetCaption() },
	"ptvMessage":          func(m *waE2E.Message) string { return m.GetPtvMessage().GetCaption() },
	"documentMessage":     func(m *waE2E.Message) string { return m.GetDocumentMessage().GetCaption() },
	"locationMessage":     func(m *waE2E.Message) string { return m.GetLocationMessage().GetComment() },
	"liveLocationMessage": func(m *waE2E.Message) string { return m.GetLiveLocationMessage().GetCaption() },
	"stickerPackMessage":  func(m *waE2E.Message) string { return m.GetStickerPackMessage().GetCaption() },
	"productMessage":      func(m *waE2E.Message) string { return m.GetProductMessage().GetBody() },
	"orderMessage":        func(m *waE2E.Message) string { return m.GetOrderMessage().GetMessage() },
	"invoiceMessage":      func(m *waE2E.Message) string { return m.GetInvoiceMessage().GetNote() },
	"groupInviteMessage":  func(m *waE2E.Message) string { return m.GetGroupInviteMessage().GetCaption() },
	"eventInviteMessage":  func(m *waE2E.Message) string { return m.GetEventInviteMessage().GetCaption() },
	"eventMessage":        func(m *waE2E.Message) string { return m.GetEventMessage().GetName() },
	"newsletterAdminInviteMessage": func(m *waE2E.Message) string {
		return m.GetNewsletterAdminInviteMessage().GetCaption()
	},
	"newsletterFollowerInviteMessageV2": func(m *waE2E.Message) string {
		return m.GetNewsletterFollowerInviteMessageV2().GetCaption()
	},
	"pollCreationMessage":   func(m *waE2E.Message) string { return m.GetPollCreationMessage().GetName() },
	"pollCreationMessageV2": func(m *waE2E.Message) string { return m.GetPollCreationMessageV2().GetName() },
	"pollCreationMessageV3": func(m *waE2E.Message) string { return m.GetPollCreationMessageV3().GetName() },
	"pollCreationMessageV5": func(m *waE2E.Message) string { return m.GetPollCreationMessageV5().GetName() },
	"pollCreationMessageV6": func(m *waE2E.Message) string { return m.GetPollCreationMessageV6().GetName() },

	"statusQuotedMessage":         func(m *waE2E.Message) string { return m.GetStatusQuotedMessage().GetText() },
	"statusQuestionAnswerMessage": func(m *waE2E.Message) string { return m.GetStatusQuestionAnswerMessage().GetText() },
	"questionResponseMessage":     func(m *waE2E.Message) string { return m.GetQuestionResponseMessage().GetText() },

	"buttonsResponseMessage": func(m *waE2E.Message) string {
		r := m.GetButtonsResponseMessage()
		return cmp.Or(r.GetSelectedDisplayText(), r.GetSelectedButtonID())
	},
	"templateButtonReplyMessage": func(m *waE2E.Message) string {
		r := m.GetTemplateButtonReplyMessage()
		return cmp.Or(r.GetSelectedDisplayText(), r.GetSelectedID())
	},
	"listResponseMessage": func(m *waE2E.Message) string {
		r := m.GetListResponseMessage()
		return cmp.Or(r.GetTitle(), r.GetDescription(), r.GetSingleSelectReply().GetSelectedRowID())
	},
	"interactiveResponseMessage": func(m *waE2E.Message) string {
		r := m.GetInteractiveResponseMessage()
		return cmp.Or(r.GetBody().GetText(), chosen(r.GetNativeFlowResponseMessage().GetParamsJSON()))
	},
}

// chosen is what was chosen in a flow, of the answer that the flow has made.
func chosen(params string) string {
	var answer struct {
		DisplayText any `json:"display_text"`
		Title       any `json:"title"`
		Description any `json:"description"`
		ID          any `json:"id"`
	}
	if json.Unmarshal([]byte(params), &answer) != nil {
		return ""
	}
	for _, field := range []any{answer.DisplayText, answer.Title, answer.Description, answer.ID} {
		if text, ok := field.(string); ok && text != "" {
			return text
		}
	}
	return ""
}
