package session

import (
	"maps"
	"slices"
	"testing"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// wordless are the contents in which there are no words of the person's own:
// what they only pass on, and what machines make.
var wordless = map[protoreflect.Name]bool{
	"audioMessage": true, "stickerMessage": true, "musicMessage": true, "albumMessage": true,
	"contactMessage": true, "contactsArrayMessage": true, "chat": true, "placeholderMessage": true,
	"call": true, "callLogMesssage": true, "bcallMessage": true,
	"scheduledCallCreationMessage": true, "scheduledCallEditMessage": true,
	"sendPaymentMessage": true, "requestPaymentMessage": true, "declinePaymentRequestMessage": true,
	"cancelPaymentRequestMessage": true, "paymentInviteMessage": true, "paymentReminderMessage": true, "splitPaymentMessage": true,
	"requestPhoneNumberMessage": true, "pollResultSnapshotMessage": true, "pollResultSnapshotMessageV3": true,
	"encCommentMessage": true, "conditionalRevealMessage": true,
	"highlyStructuredMessage": true, "templateMessage": true, "listMessage": true, "buttonsMessage": true,
	"interactiveMessage": true, "richResponseMessage": true,
}

// judged are the fields that said reads in a way of their own.
var judged = map[protoreflect.Name]bool{"protocolMessage": true, "secretEncryptedMessage": true, "messageContextInfo": true, "pollUpdateMessage": true}

// fieldsOf lists the fields of a message.
func fieldsOf(m proto.Message) (fields []protoreflect.FieldDescriptor) {
	all := m.ProtoReflect().Descriptor().Fields()
	for i := range all.Len() {
		fields = append(fields, all.Get(i))
	}
	return fields
}

// wrappers are the fields that have a message inside, and with it another
// wrapping of the same.
func wrappers() (fields []protoreflect.FieldDescriptor) {
	for _, f := range fieldsOf(new(waE2E.Message)) {
		if insideOf(f) != nil {
			fields = append(fields, f)
		}
	}
	return fields
}

// wrap puts a message into a wrapper.
func wrap(f protoreflect.FieldDescriptor, m *waE2E.Message) *waE2E.Message {
	out := new(waE2E.Message)
	wrapper := out.ProtoReflect().NewField(f)
	wrapper.Message().Set(insideOf(f), protoreflect.ValueOfMessage(m.ProtoReflect()))
	out.ProtoReflect().Set(f, wrapper)
	return out
}

func text(words string) *waE2E.Message { return &waE2E.Message{Conversation: proto.String(words)} }

// edit is a message that changes another one.
func edit(id string, m *waE2E.Message) *waE2E.Message {
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), Key: &waCommon.MessageKey{ID: &id}, EditedMessage: m,
	}}
}

// TestEveryFieldOfAMessageIsClassified fails when a newer library knows a form
// of which nobody has decided yet what it says.
func TestEveryFieldOfAMessageIsClassified(t *testing.T) {
	known := make(map[protoreflect.Name]bool)
	for _, f := range fieldsOf(new(waE2E.Message)) {
		classes := 0
		for _, in := range []bool{insideOf(f) != nil, asides[f.Name()], texts[f.Name()] != nil, wordless[f.Name()], judged[f.Name()]} {
			if in {
				classes++
			}
		}
		if classes != 1 {
			t.Errorf("%s is in %d classes, want one of: wrapper, aside, content with words, content without, judged", f.Name(), classes)
		}
		known[f.Name()] = true
	}
	for _, class := range []map[protoreflect.Name]bool{asides, wordless, judged} {
		for name := range class {
			if !known[name] {
				t.Errorf("no message has a field %s", name)
			}
		}
	}
	for name := range texts {
		if !known[name] {
			t.Errorf("no message has a field %s", name)
		}
	}
}

// wording are messages with words in them, by the field that has them; what
// they say is in each the same.
func wording(words string) map[string]*waE2E.Message {
	w := proto.String(words)
	return map[string]*waE2E.Message{
		"conversation":                      {Conversation: w},
		"extendedTextMessage":               {ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: w}},
		"imageMessage":                      {ImageMessage: &waE2E.ImageMessage{Caption: w}},
		"videoMessage":                      {VideoMessage: &waE2E.VideoMessage{Caption: w}},
		"ptvMessage":                        {PtvMessage: &waE2E.VideoMessage{Caption: w}},
		"documentMessage":                   {DocumentMessage: &waE2E.DocumentMessage{Caption: w}},
		"locationMessage":                   {LocationMessage: &waE2E.LocationMessage{Comment: w}},
		"liveLocationMessage":               {LiveLocationMessage: &waE2E.LiveLocationMessage{Caption: w}},
		"stickerPackMessage":                {StickerPackMessage: &waE2E.StickerPackMessage{Caption: w}},
		"productMessage":                    {ProductMessage: &waE2E.ProductMessage{Body: w}},
		"orderMessage":                      {OrderMessage: &waE2E.OrderMessage{Message: w}},
		"invoiceMessage":                    {InvoiceMessage: &waE2E.InvoiceMessage{Note: w}},
		"groupInviteMessage":                {GroupInviteMessage: &waE2E.GroupInviteMessage{Caption: w}},
		"eventInviteMessage":                {EventInviteMessage: &waE2E.EventInviteMessage{Caption: w}},
		"eventMessage":                      {EventMessage: &waE2E.EventMessage{Name: w}},
		"newsletterAdminInviteMessage":      {NewsletterAdminInviteMessage: &waE2E.NewsletterAdminInviteMessage{Caption: w}},
		"newsletterFollowerInviteMessageV2": {NewsletterFollowerInviteMessageV2: &waE2E.NewsletterFollowerInviteMessage{Caption: w}},
		"pollCreationMessage":               {PollCreationMessage: &waE2E.PollCreationMessage{Name: w}},
		"pollCreationMessageV2":             {PollCreationMessageV2: &waE2E.PollCreationMessage{Name: w}},
		"pollCreationMessageV3":             {PollCreationMessageV3: &waE2E.PollCreationMessage{Name: w}},
		"pollCreationMessageV5":             {PollCreationMessageV5: &waE2E.PollCreationMessage{Name: w}},
		"pollCreationMessageV6":             {PollCreationMessageV6: &waE2E.PollCreationMessage{Name: w}},
		"statusQuotedMessage":               {StatusQuotedMessage: &waE2E.StatusQuotedMessage{Text: w}},
		"statusQuestionAnswerMessage":       {StatusQuestionAnswerMessage: &waE2E.StatusQuestionAnswerMessage{Text: w}},
		"questionResponseMessage":           {QuestionResponseMessage: &waE2E.QuestionResponseMessage{Text: w}},
		"buttonsResponseMessage": {ButtonsResponseMessage: &waE2E.ButtonsResponseMessage{
			Response: &waE2E.ButtonsResponseMessage_SelectedDisplayText{SelectedDisplayText: words}, SelectedButtonID: proto.String("b1"),
		}},
		"buttonsResponseMessage, the id": {ButtonsResponseMessage: &waE2E.ButtonsResponseMessage{SelectedButtonID: w}},
		"templateButtonReplyMessage": {TemplateButtonReplyMessage: &waE2E.TemplateButtonReplyMessage{
			SelectedDisplayText: w, SelectedID: proto.String("b1"),
		}},
		"templateButtonReplyMessage, the id": {TemplateButtonReplyMessage: &waE2E.TemplateButtonReplyMessage{SelectedID: w}},
		"listResponseMessage": {ListResponseMessage: &waE2E.ListResponseMessage{
			Title: w, Description: proto.String("mais"),
			SingleSelectReply: &waE2E.ListResponseMessage_SingleSelectReply{SelectedRowID: proto.String("r1")},
		}},
		"listResponseMessage, the description": {ListResponseMessage: &waE2E.ListResponseMessage{Description: w}},
		"listResponseMessage, the row": {ListResponseMessage: &waE2E.ListResponseMessage{
			SingleSelectReply: &waE2E.ListResponseMessage_SingleSelectReply{SelectedRowID: w},
		}},
		"interactiveResponseMessage": {InteractiveResponseMessage: &waE2E.InteractiveResponseMessage{
			Body:                       &waE2E.InteractiveResponseMessage_Body{Text: w},
			InteractiveResponseMessage: flow(`{"id":"b1"}`).InteractiveResponseMessage.InteractiveResponseMessage,
		}},
		"interactiveResponseMessage, the flow":       flow(`{"id":"b1","description":"mais","title":"` + words + `"}`),
		"interactiveResponseMessage, the flow's id":  flow(`{"id":"` + words + `","title":7}`),
		"interactiveResponseMessage, another flow":   flow(`{"id":"b1","display_text":"` + words + `"}`),
		"interactiveResponseMessage, a flow's words": flow(`{"id":"b1","description":"` + words + `"}`),
		"sendPaymentMessage, the note":               {SendPaymentMessage: &waE2E.SendPaymentMessage{NoteMessage: text(words)}},
		"requestPaymentMessage, the note": {RequestPaymentMessage: &waE2E.RequestPaymentMessage{
			NoteMessage: &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: w}},
		}},
		"an edit":                 edit("EDIT1"+words, text(words)),
		"an edit of a caption":    edit("EDIT2"+words, &waE2E.Message{ImageMessage: &waE2E.ImageMessage{Caption: w}}),
		"an edit of an edit":      edit("EDIT3"+words, edit("EDIT4"+words, text(words))),
		"words beside machinery":  {Conversation: w, SenderKeyDistributionMessage: new(waE2E.SenderKeyDistributionMessage)},
		"words beside a reaction": {Conversation: w, ReactionMessage: new(waE2E.ReactionMessage)},
		"words with a secret":     {Conversation: w, MessageContextInfo: &waE2E.MessageContextInfo{MessageSecret: make([]byte, 32)}},
	}
}

// flow is the answer to a flow of a business.
func flow(params string) *waE2E.Message {
	return &waE2E.Message{InteractiveResponseMessage: &waE2E.InteractiveResponseMessage{
		InteractiveResponseMessage: &waE2E.InteractiveResponseMessage_NativeFlowResponseMessage_{
			NativeFlowResponseMessage: &waE2E.InteractiveResponseMessage_NativeFlowResponseMessage{ParamsJSON: &params},
		},
	}}
}

// silent are messages that are an answer without words.
func silent() map[string]*waE2E.Message {
	forms := map[string]*waE2E.Message{
		"of a newer program":         unknown(new(waE2E.Message)),
		"a text without words":       text(""),
		"a flow that makes no sense": flow(`{"title":`),
		"a flow with a list":         flow(`["SAIR"]`),
		"an edit with no words":      edit("EDIT5", &waE2E.Message{AudioMessage: new(waE2E.AudioMessage)}),
		"a sealed edit": {SecretEncryptedMessage: &waE2E.SecretEncryptedMessage{
			SecretEncType: waE2E.SecretEncryptedMessage_MESSAGE_EDIT.Enum(),
		}},
		"something sealed": {SecretEncryptedMessage: new(waE2E.SecretEncryptedMessage)},
	}
	for _, f := range fieldsOf(new(waE2E.Message)) {
		if wordless[f.Name()] || texts[f.Name()] != nil && f.Message() != nil {
			m := new(waE2E.Message)
			m.ProtoReflect().Set(f, m.ProtoReflect().NewField(f))
			forms["an empty "+string(f.Name())] = m
		}
	}
	return forms
}

// unknown adds a field of which the library does not know.
func unknown(m *waE2E.Message) *waE2E.Message {
	raw := protowire.AppendString(protowire.AppendTag(nil, 4000, protowire.BytesType), "SAIR")
	m.ProtoReflect().SetUnknown(raw)
	return m
}

// noAnswer are messages that are none of a person's words.
func noAnswer() map[string]*waE2E.Message {
	w := proto.String("SAIR")
	forms := map[string]*waE2E.Message{
		"nothing":                {},
		"a secret alone":         {MessageContextInfo: &waE2E.MessageContextInfo{MessageSecret: make([]byte, 32)}},
		"a reaction":             {ReactionMessage: &waE2E.ReactionMessage{Text: w}},
		"an edit with nothing":   edit("ABC", nil),
		"an edit to a reaction":  edit("ABC", &waE2E.Message{ReactionMessage: &waE2E.ReactionMessage{Text: w}}),
		"a reaction with a mark": unknown(&waE2E.Message{ReactionMessage: &waE2E.ReactionMessage{Text: w}}),
	}
	for name, number := range waE2E.ProtocolMessage_Type_value {
		if kind := waE2E.ProtocolMessage_Type(number); kind != waE2E.ProtocolMessage_MESSAGE_EDIT {
			forms["protocol "+name] = &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{Type: kind.Enum(), EditedMessage: text("SAIR")}}
		}
	}
	for _, kind := range []waE2E.SecretEncryptedMessage_SecretEncType{
		waE2E.SecretEncryptedMessage_EVENT_EDIT, waE2E.SecretEncryptedMessage_POLL_EDIT, waE2E.SecretEncryptedMessage_POLL_ADD_OPTION,
	} {
		forms["sealed "+kind.String()] = &waE2E.Message{SecretEncryptedMessage: &waE2E.SecretEncryptedMessage{SecretEncType: kind.Enum()}}
	}
	for _, f := range fieldsOf(new(waE2E.Message)) {
		if asides[f.Name()] || insideOf(f) != nil {
			m := new(waE2E.Message)
			m.ProtoReflect().Set(f, m.ProtoReflect().NewField(f))
			forms["an empty "+string(f.Name())] = m
		}
	}
	return forms
}

func TestWordsAreHeardInEveryFormAndWrapping(t *testing.T) {
	all := wrappers()
	if len(all) < 30 {
		t.Fatalf("only %d wrappers are known", len(all))
	}
	// Every form in every wrapper; and every pair of wrappers, with the forms in
	// turn.
	check := func(forms map[string]*waE2E.Message, text string, answer bool) {
		try := func(form, how string, m *waE2E.Message) {
			if got, ok := said(m); got.text != text || ok != answer {
				t.Errorf("%s, %s: %q, answer %v, want %q, %v", form, how, got.text, ok, text, answer)
			}
		}
		names := slices.Sorted(maps.Keys(forms))
		for i, outer := range all {
			for _, form := range names {
				try(form, "bare", forms[form])
				try(form, string(outer.Name()), wrap(outer, forms[form]))
			}
			for j, inner := range all {
				form := names[(i*len(all)+j)%len(names)]
				try(form, string(outer.Name())+" around "+string(inner.Name()), wrap(outer, wrap(inner, forms[form])))
			}
		}
	}
	check(wording("SAIR"), "SAIR", true)
	check(silent(), "", true)
	check(noAnswer(), "", false)
	for name := range texts {
		if wording("")[string(name)] == nil {
			t.Errorf("no form of this test has its words in %s", name)
		}
	}
}

func TestAQuoteIsFoundInEveryForm(t *testing.T) {
	about := &waE2E.ContextInfo{StanzaID: proto.String("3EB0QUOTED")}
	forms := 0
	for _, f := range fieldsOf(new(waE2E.Message)) {
		if f.Message() == nil || f.IsList() || asides[f.Name()] {
			continue
		}
		in := f.Message().Fields().ByName("contextInfo")
		if in == nil {
			continue
		}
		forms++
		m := new(waE2E.Message)
		content := m.ProtoReflect().NewField(f)
		content.Message().Set(in, protoreflect.ValueOfMessage(about.ProtoReflect()))
		m.ProtoReflect().Set(f, content)
		for _, m := range []*waE2E.Message{m, wrap(wrappers()[0], m), edit("ABC", m)} {
			if got, ok := said(m); !ok || got.quoted != "3EB0QUOTED" {
				t.Errorf("%s: quotes %q, answer %v", f.Name(), got.quoted, ok)
			}
		}
	}
	if forms < 30 {
		t.Errorf("only %d forms can quote", forms)
	}
}

func TestAnEditSaysWhatItChanges(t *testing.T) {
	for _, m := range []*waE2E.Message{
		edit("ABC", text("SAIR")),
		{EditedMessage: &waE2E.FutureProofMessage{Message: edit("ABC", text("SAIR"))}},
	} {
		if got, ok := said(m); !ok || got.id != "ABC" || got.text != "SAIR" {
			t.Errorf("%+v, %v", got, ok)
		}
	}
	if got, _ := said(text("SAIR")); got.id != "" {
		t.Errorf("a text changes %q", got.id)
	}
}

func TestNoNestingIsTooDeep(t *testing.T) {
	nest := func(levels int) *waE2E.Message {
		m := text("SAIR")
		for range levels {
			m = &waE2E.Message{EphemeralMessage: &waE2E.FutureProofMessage{Message: m}}
		}
		return m
	}
	if got, ok := said(nest(deepest - 1)); !ok || got.text != "SAIR" {
		t.Errorf("%d wrappers: %q, %v", deepest-1, got.text, ok)
	}
	if got, ok := said(nest(100_000)); !ok || got.text != "" {
		t.Errorf("100000 wrappers: %q, answer %v, want one without words", got.text, ok)
	}
	if _, ok := said(nil); ok {
		t.Error("nothing is an answer")
	}
}

func FuzzSaid(f *testing.F) {
	for _, forms := range []map[string]*waE2E.Message{wording("SAIR"), silent(), noAnswer()} {
		for _, m := range forms {
			raw, err := proto.Marshal(m)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := new(waE2E.Message)
		if proto.Unmarshal(raw, m) != nil {
			return
		}
		if s, ok := said(m); s.text != "" && !ok {
			t.Errorf("%q is said, and is no answer", s.text)
		}
	})
}
