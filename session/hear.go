package session

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/campaign"
	"recado/campaign/people"
)

// hear is the handler of everything that the library tells. What it returns
// decides whether the service may forget a message: true only after what was
// heard is on the disk. It never calls the client, which would wait for
// itself: such calls become jobs.
func (l *link) hear(event any) (ok bool) {
	defer l.recovered(&ok, event)
	if l.closed.Load() {
		return false
	}
	switch e := event.(type) {
	case *events.Message:
		return l.message(e)
	case *events.Receipt:
		return l.receipt(e)
	case *events.UndecryptableMessage:
		return l.unreadable(e)
	case *events.Contact:
		l.contact(e)
	case *events.Blocklist:
		return l.blocked(e)
	case *events.PushName:
		l.saw(l.person(l.ctx, e.JID, e.JIDAlt, e.NewPushName, people.PushName))
	case *events.BusinessName:
		l.saw(l.person(l.ctx, e.JID, types.EmptyJID, e.NewBusinessName, people.Business))
	case *events.PushNameSetting:
		l.named(e.Action.GetName())
	case *events.AppStateSyncComplete:
		switch e.Name {
		case appstate.WAPatchCriticalUnblockLow:
			l.arrived.Store(true)
			l.addressBook()
		case appstate.WAPatchCriticalBlock: // it holds our own push name
			l.named(l.cli.Store.PushName)
		}
	case *events.AppStateSyncError:
		l.number.log.Warn("the phone's data do not add up", "name", e.Name, "err", e.Error)
		if e.Name == appstate.WAPatchCriticalUnblockLow {
			l.jobs.put(func() { l.mendContacts(e.FullSync) })
		}
	default:
		l.number.post(func() { l.number.event(l, event) })
	}
	return true
}

// named keeps what we call ourselves. The library's goroutine that has just
// written the name calls it.
func (l *link) named(name string) {
	l.name.Store(name)
	l.jobs.put(l.hide)
}

// message writes an incoming message of a person down.
func (l *link) message(e *events.Message) bool {
	if e.Info.IsFromMe {
		l.fromPhone(e.Info.MessageSource, e.Info.Timestamp)
		if h := e.Message.GetProtocolMessage().GetHistorySyncNotification(); h != nil {
			return l.keepHistory(e.Info.ID, h)
		}
		s, _ := said(e.Message)
		return l.setting(e, s)
	}
	if e.Info.IsGroup || !personal(e.Info.Chat) || !personal(e.Info.Sender) {
		return true
	}
	s, ok := l.says(l.ctx, e.Info, e.Message)
	if !ok {
		return l.setting(e, s)
	}
	return l.heard(e.Info, s)
}

// unreadable writes down that a person sent something that cannot be read, or
// that phones keep to themselves, as what may be seen once. It is an answer;
// its words come with the next try, if ever.
func (l *link) unreadable(e *events.UndecryptableMessage) bool {
	l.number.log.Warn("a message could not be read", "message", e.Info.ID, "kind", e.UnavailableType)
	if e.DecryptFailMode == events.DecryptFailHide || e.Info.IsFromMe ||
		e.Info.IsGroup || !personal(e.Info.Chat) || !personal(e.Info.Sender) {
		return true // nothing that a person is shown, or none of a person's
	}
	return l.heard(e.Info, saying{})
}

// heard writes down what a person says.
func (l *link) heard(info types.MessageInfo, s saying) bool {
	from := l.person(l.ctx, info.Sender, info.SenderAlt, info.PushName, people.PushName)
	from.Known, from.Timer = true, s.timer(l, info.Timestamp)
	if err := l.number.pool.book.Heard(l.number.id, campaign.Incoming{
		From: from, ID: cmp.Or(s.id, campaign.MessageID(info.ID)), Text: s.text, At: l.happened(info.Timestamp), Quoted: s.quoted,
	}); err != nil {
		l.number.log.Error("write down an incoming message", "message", info.ID, "err", err)
		return false
	}
	return true
}

// personal reports whether the address is that of one person, not of a
// group, a list, a channel or the service. The book finds people by their
// addresses: one that is not a number would be refused there, and the message
// come again forever.
func personal(jid types.JID) bool {
	if jid.Server != types.DefaultUserServer && jid.Server != types.HiddenUserServer {
		return false
	}
	return len(jid.User) <= longestUser && strings.Trim(jid.User, "0123456789") == "" && strings.TrimLeft(jid.User, "0") != ""
}

// longestUser is more digits than a phone or a LID has.
const longestUser = 20

// receiptStates says what a receipt proves.
var receiptStates = map[types.ReceiptType]campaign.State{
	types.ReceiptTypeDelivered: campaign.Delivered,
	types.ReceiptTypeInactive:  campaign.Delivered, // a device of theirs has it, though nobody is looking
	types.ReceiptTypeRead:      campaign.Read,
	types.ReceiptTypePlayed:    campaign.Read,
	types.ReceiptTypeRetry:     campaign.Sent, // it arrived, but could not be read
}

// receipt writes down what a receipt proves.
func (l *link) receipt(e *events.Receipt) bool {
	if e.IsGroup || !personal(e.Chat) {
		return true
	}
	ids := make([]campaign.MessageID, len(e.MessageIDs))
	for i, id := range e.MessageIDs {
		ids[i] = campaign.MessageID(id)
	}
	// A device of ours has its copy: the service took the message, which does
	// not say that there was a part in it for the recipient. It ends the wait
	// for the service's word, and is written nowhere.
	if e.IsFromMe {
		l.fromPhone(e.MessageSource, e.Timestamp)
		l.number.landed(ids, types.ReceiptTypeSender)
		return true
	}
	state, ok := receiptStates[e.Type]
	if !ok {
		return true
	}
	at, from := l.happened(e.Timestamp), l.person(l.ctx, e.Sender, e.SenderAlt, "", people.NoName)
	others, err := l.number.pool.book.Receipt(l.number.id, from, ids, state, at)
	if err != nil {
		l.number.log.Error("write down a receipt", "err", err)
		return false
	}
	if len(others) > 0 {
		l.number.log.Warn("a receipt for messages to somebody else", "messages", others, "type", e.Type)
		ids = slices.DeleteFunc(ids, func(id campaign.MessageID) bool { return slices.Contains(others, id) })
	}
	if err := l.prove(from, ids, state, at); err != nil {
		l.number.log.Error("look whose a receipt is", "err", err)
		return false
	}
	l.number.landed(ids, e.Type)
	return true
}

// prove tells the book of messages that it may have forgotten to have sent.
// Those that were written on the phone have ids of another form.
func (l *link) prove(to people.Seen, ids []campaign.MessageID, state campaign.State, at time.Time) error {
	var ours []campaign.MessageID
	for _, id := range ids {
		if strings.HasPrefix(string(id), whatsmeow.WebMessageIDPrefix) {
			ours = append(ours, id)
		}
	}
	if len(ours) == 0 {
		return nil
	}
	return l.number.pool.book.Prove(l.number.id, to, ours, state, at)
}

// landed ends the wait for the service's word on a message if a receipt has
// proved meanwhile that it got there.
func (n *number) landed(ids []campaign.MessageID, kind types.ReceiptType) {
	var land func()
	n.mu.Lock()
	if f := n.view.flight; f != nil {
		for _, id := range ids {
			if id == f.id {
				if !f.proved {
					land = f.land
				}
				if !f.proved || f.proof == types.ReceiptTypeSender {
					f.proof = kind
				}
				f.proved = true
			}
		}
	}
	n.mu.Unlock()
	if land != nil {
		land()
	}
}
