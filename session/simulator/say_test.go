package simulator_test

import (
	"net/http"
	"testing"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/session/simulator"
)

// TestPeopleSayAndChangeAnythingByControl: any form, an edit in the open and a
// sealed one, and the timer of a chat.
func TestPeopleSayAndChangeAnythingByControl(t *testing.T) {
	p := runs(t, simulator.Config{Seed: 4, People: 5, Quiet: true})
	c := p.connect(newKeep())
	var scanned struct{ Phone string }
	p.ask(http.MethodPost, "/scan", heard[*events.QR](c, nil).Codes[0], &scanned)
	heard[*events.Connected](c, nil)
	var people []simulator.Person
	p.ask(http.MethodGet, "/people", "", &people)
	say := func(path string, more map[string]any) string {
		t.Helper()
		more["person"], more["number"] = people[0].Phone, scanned.Phone
		var said struct{ ID string }
		p.order(path, more, &said)
		return said.ID
	}
	id := say("/say", map[string]any{"message": map[string]any{"ptvMessage": map[string]any{"caption": "olha"}}})
	heard(c, func(e *events.Message) bool {
		return e.Info.ID == id && e.Message.GetPtvMessage().GetCaption() == "olha"
	})
	id = say("/say", map[string]any{"text": "SAI"})
	say("/edit", map[string]any{"id": id, "text": "SAIR"})
	heard(c, func(e *events.Message) bool {
		edit := e.Message.GetProtocolMessage()
		return e.IsEdit && edit.GetKey().GetID() == id && edit.GetEditedMessage().GetConversation() == "SAIR"
	})
	say("/edit", map[string]any{"id": id, "text": "SAIR", "sealed": true})
	heard(c, func(e *events.Message) bool {
		sealed := e.Message.GetSecretEncryptedMessage()
		return sealed.GetTargetMessageKey().GetID() == id && len(sealed.GetEncPayload()) > 0
	})
	for _, ours := range []bool{false, true} {
		say("/timer", map[string]any{"for": "24h", "on": ours})
		heard(c, func(e *events.Message) bool {
			set := e.Message.GetProtocolMessage()
			return e.Info.IsFromMe == ours && set.GetType() == waE2E.ProtocolMessage_EPHEMERAL_SETTING && set.GetEphemeralExpiration() == 86400
		})
	}
	say("/confirm", map[string]any{"id": "3EB0OTHERS", "text": "read"})
	heard(c, func(e *events.Receipt) bool {
		return e.Type == types.ReceiptTypeRead && e.MessageIDs[0] == "3EB0OTHERS"
	})
	say("/again", map[string]any{"id": "3EB0OTHERS"})
	heard(c, func(e *events.Receipt) bool {
		return e.Type == types.ReceiptTypeRetry && e.MessageIDs[0] == "3EB0OTHERS"
	})
	id = say("/say", map[string]any{"text": "oi"})
	heard(c, func(e *events.Message) bool {
		return e.Info.ID == id && e.Message.GetExtendedTextMessage().GetContextInfo().GetExpiration() == 86400
	})
}
