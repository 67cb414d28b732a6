package simulator

import (
	"fmt"
	"strconv"

	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waSyncAction"
	"google.golang.org/protobuf/proto"
)

// The labels of WhatsApp Business are part of what the phone shares: each has an
// id and a name, and chats have some.

// Label makes or renames a label on the phone of the number; without a name it is
// deleted. Chats that have a deleted label have it no more, without a word about them.
func (o Own) Label(id, name string) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	number, _ := strconv.Atoi(id)
	o.a.sets(appstate.WAPatchRegular, action{
		index: []string{appstate.IndexLabelEdit, id},
		value: &waSyncAction.SyncActionValue{LabelEditAction: &waSyncAction.LabelEditAction{
			Name: proto.String(name), Color: proto.Int32(int32(number)), Deleted: proto.Bool(name == ""),
			Type: waSyncAction.LabelEditAction_CUSTOM.Enum(),
		}},
	})
}

// LabelChat gives the chat with a person a label, or takes it away.
func (o Own) LabelChat(id, person string, on bool) error {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	who, known := o.s.world.phone(digits(person))
	if !known {
		return fmt.Errorf("nobody has the number %s", person)
	}
	address := pnJID(who)
	if o.s.world.hidden(who) || o.s.world.dice("labelled chat", who.LID).IntN(2) == 0 {
		address = lidJID(who)
	}
	o.a.sets(appstate.WAPatchRegular, action{
		index: []string{appstate.IndexLabelAssociationChat, id, address.String()},
		value: &waSyncAction.SyncActionValue{LabelAssociationAction: &waSyncAction.LabelAssociationAction{Labeled: proto.Bool(on)}},
	})
	return nil
}
