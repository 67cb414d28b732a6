package session

import (
	"cmp"
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
func (c *client) hear(event any) (ok bool) {
	defer c.recovered(&ok, event)
	if c.closed.Load() {
		return false
	}
	switch e := event.(type) {
	case *events.Message:
		return c.message(e)
	case *events.Receipt:
		return c.receipt(e)
	case *events.UndecryptableMessage:
		return c.unreadable(e)
	case *events.Contact:
		c.contact(e)
	case *events.AppState:
		c.appState(e)
	case *events.LabelEdit, *events.LabelAssociationChat:
		c.labelled(e)
	case *events.Blocklist:
		return c.blocked(e)
	case *events.PushName:
		c.saw(c.person(c.ctx, e.JID, e.JIDAlt, e.NewPushName, people.PushName))
	case *events.BusinessName:
		c.saw(c.person(c.ctx, e.JID, types.EmptyJID, e.NewBusinessName, people.Business))
	case *events.PushNameSetting:
		c.named(e.Action.GetName())
	case *events.AppStateSyncComplete:
		switch e.Name {
		case appstate.WAPatchCriticalUnblockLow:
			c.arrived.Store(true)
			c.addressBook()
			c.jobs.put(c.usernames)
		case appstate.WAPatchRegular:
			c.jobs.put(c.chats)
		case appstate.WAPatchCriticalBlock: // it holds our own push name
			c.named(c.cli.Store.PushName)
		}
	case *events.AppStateSyncError:
		c.number.log.Warn("the phone's data do not add up", "name", e.Name, "err", e.Error)
		if e.Name == appstate.WAPatchCriticalUnblockLow {
			c.jobs.put(func() { c.mendContacts(e.FullSync) })
		}
	case *events.OfflineSyncCompleted: // what arrived while we were away has been heard
		c.heardReceipts()
		c.number.post(func() { c.number.event(c, event) })
	default:
		c.number.post(func() { c.number.event(c, event) })
	}
	return true
}

// named keeps what we call ourselves. The library's goroutine that has just
// written the name calls it.
func (c *client) named(name string) {
	c.name.Store(name)
	c.jobs.put(c.hide)
}

// message writes an incoming message of a person down.
func (c *client) message(e *events.Message) bool {
	if e.Info.IsFromMe {
		c.fromPhone(e.Info.MessageSource, e.Info.Timestamp)
		if h := e.Message.GetProtocolMessage().GetHistorySyncNotification(); h != nil {
			return c.keepHistory(e.Info.ID, h)
		}
		s, _ := said(e.Message)
		return c.setting(e, s)
	}
	if e.Info.IsGroup || !personal(e.Info.Chat) || !personal(e.Info.Sender) {
		return true
	}
	s, ok := c.says(c.ctx, e.Info, e.Message)
	if !ok && s.ballot != nil {
		var err error
		from := c.person(c.ctx, e.Info.Sender, e.Info.SenderAlt, "", people.NoName)
		if s, ok, err = c.vote(e.Info, from, s.ballot); err != nil {
			c.number.log.Error("look up the poll of a vote", "message", e.Info.ID, "err", err)
			return false
		}
	}
	if !ok {
		return c.setting(e, s)
	}
	return c.heard(e.Info, s)
}

// unreadable writes down that a person sent something that cannot be read, or
// that phones keep to themselves, as what may be seen once. It is an answer;
// its words come with the next try, if ever.
func (c *client) unreadable(e *events.UndecryptableMessage) bool {
	c.number.log.Warn("a message could not be read", "message", e.Info.ID, "kind", e.UnavailableType)
	if e.DecryptFailMode == events.DecryptFailHide || e.Info.IsFromMe ||
		e.Info.IsGroup || !personal(e.Info.Chat) || !personal(e.Info.Sender) {
		return true // nothing that a person is shown, or none of a person's
	}
	return c.heard(e.Info, saying{})
}

// heard writes down what a person says.
func (c *client) heard(info types.MessageInfo, s saying) bool {
	from := c.person(c.ctx, info.Sender, info.SenderAlt, info.PushName, people.PushName)
	from.Known, from.Timer = true, s.timer(c, info.Timestamp)
	if err := c.number.pool.book.Heard(c.number.id, campaign.Incoming{
		From: from, ID: cmp.Or(s.id, campaign.MessageID(info.ID)), Text: s.text, At: c.happened(info.Timestamp), Quoted: s.quoted, Ad: s.ad(), Vote: s.vote,
	}); err != nil {
		c.number.log.Error("write down an incoming message", "message", info.ID, "err", err)
		return false
	}
	if from.Phone == "" {
		c.jobs.put(func() { c.askUsername(from.LID) })
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
func (c *client) receipt(e *events.Receipt) bool {
	if e.IsGroup || !personal(e.Chat) || len(e.MessageIDs) == 0 {
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
		c.fromPhone(e.MessageSource, e.Timestamp)
		c.number.landed(ids, types.ReceiptTypeSender)
		return true
	}
	state, ok := receiptStates[e.Type]
	if !ok {
		return true
	}
	r := campaign.Receipt{
		Number: c.number.id, From: c.person(c.ctx, e.Sender, e.SenderAlt, "", people.NoName),
		Messages: ids, State: state, At: c.happened(e.Timestamp),
	}
	if stanza := c.stanzas.take(e.MessageIDs[0], string(e.Type), e.Sender); stanza != nil {
		c.number.pool.receipts.put(confirmation{client: c, receipt: r, kind: e.Type, stanza: stanza})
		return false // it is answered when it is written
	}
	others, err := c.number.pool.book.Receipt(r.Number, r.From, ids, state, r.At)
	if err != nil {
		c.number.log.Error("write down a receipt", "err", err)
		return false
	}
	return c.follow(r, e.Type, others)
}

// prove tells the book of messages that it may have forgotten to have sent.
// Those that were written on the phone have ids of another form.
func (c *client) prove(to people.Seen, ids []campaign.MessageID, state campaign.State, at time.Time) error {
	var ours []campaign.MessageID
	for _, id := range ids {
		if strings.HasPrefix(string(id), whatsmeow.WebMessageIDPrefix) {
			ours = append(ours, id)
		}
	}
	if len(ours) == 0 {
		return nil
	}
	return c.number.pool.book.Prove(c.number.id, to, ours, state, at)
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
