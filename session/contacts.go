package session

import (
	"cmp"
	"context"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waSyncAction"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/campaign/people"
)

// person is who stands behind an address, under both their addresses if the
// service has told us the other one.
func (c *client) person(ctx context.Context, jid, other types.JID, name string, source people.NameSource) people.Seen {
	if name == "" || name == "-" {
		name, source = "", people.NoName
	}
	if other.IsEmpty() {
		// The map of addresses is in memory; that it cannot answer loses nothing.
		switch jid = jid.ToNonAD(); jid.Server {
		case types.HiddenUserServer:
			other, _ = c.dev.LIDs.GetPNForLID(ctx, jid)
		case types.DefaultUserServer:
			other, _ = c.dev.LIDs.GetLIDForPN(ctx, jid)
		}
	}
	seen := people.Seen{Name: fitting(name), Source: source}
	for _, address := range []types.JID{jid, other} {
		if !personal(address) {
			continue
		}
		switch address.Server {
		case types.HiddenUserServer:
			seen.LID = address.User
		case types.DefaultUserServer:
			seen.Phone = phoneOf(address)
		}
	}
	return seen
}

// longestName is in bytes. The service's own clients allow far fewer.
const longestName = 400

// fitting is a name as the book takes it, whatever somebody calls themselves.
func fitting(name string) string {
	return strings.ToValidUTF8(name[:min(len(name), longestName)], "")
}

// saw writes people down. Those whom the book does not take are owed to it
// until the next connection: the library keeps them meanwhile.
func (c *client) saw(people ...people.Seen) (ok bool) {
	defer func() {
		if !ok { // also after a panic
			c.owed.Store(true)
		}
	}()
	known := people[:0]
	for _, p := range people {
		if p.Phone != "" || p.LID != "" {
			known = append(known, p)
		}
	}
	if len(known) == 0 {
		return true
	}
	if err := c.number.pool.book.Saw(c.number.id, known); err != nil {
		c.number.log.Error("write down contacts", "count", len(known), "err", err)
		return false
	}
	return true
}

// contact is one entry of the phone's address book that was changed.
func (c *client) contact(e *events.Contact) {
	if !personal(e.JID) {
		return
	}
	name := e.Action.GetFullName()
	if name == "" {
		name = e.Action.GetFirstName()
	}
	other := types.EmptyJID
	for _, s := range []string{e.Action.GetLidJID(), e.Action.GetPnJID()} {
		if jid, err := types.ParseJID(s); err == nil && personal(jid) && jid.Server != e.JID.Server {
			other = jid
		}
	}
	seen := c.person(c.ctx, e.JID, other, name, people.AddressBook)
	seen.Known, seen.Username = true, usernameOf(e.Action.GetUsername())
	c.saw(seen)
}

// appState is a change of what our phone shares of which the library makes no
// event of its own.
func (c *client) appState(e *events.AppState) {
	if seen, ok := c.shared(e.Index, e.SyncActionValue); ok {
		c.saw(seen)
	}
}

// shared is whom such a change tells about: somebody in the address book whose
// phone is not known, or the phone of somebody who has shown it now.
func (c *client) shared(index []string, value *waSyncAction.SyncActionValue) (seen people.Seen, ok bool) {
	if len(index) < 2 {
		return seen, false
	}
	jid, err := types.ParseJID(index[1])
	if err != nil || !personal(jid) || jid.Server != types.HiddenUserServer {
		return seen, false
	}
	switch index[0] {
	case appstate.IndexLIDContact:
		entry := value.GetLidContactAction()
		seen = c.person(c.ctx, jid, types.EmptyJID, cmp.Or(entry.GetFullName(), entry.GetFirstName()), people.AddressBook)
		seen.Known, seen.Username = true, usernameOf(entry.GetUsername())
		return seen, true
	case appstate.IndexPNForLIDChat:
		phone, err := types.ParseJID(value.GetPnForLidChatAction().GetPnJID())
		if err != nil || !personal(phone) || phone.Server != types.DefaultUserServer {
			return seen, false
		}
		if err := c.dev.LIDs.PutLIDMapping(c.ctx, jid, phone); err != nil {
			c.number.log.Warn("keep whose a phone is", "err", err)
		}
		return c.person(c.ctx, jid, phone, "", people.NoName), true
	}
	return seen, false
}

// usernames writes down what the address book says beside names: usernames, and
// the people in it without a phone. The library keeps neither of them when it
// reads the whole of it.
func (c *client) usernames() {
	entries, err := c.collection(appstate.WAPatchCriticalUnblockLow)
	if err != nil {
		c.number.log.Warn("read the usernames of the address book", "err", err)
		return
	}
	var all []people.Seen
	for _, m := range entries {
		if seen, ok := c.shared(m.Index, m.Action); ok {
			all = append(all, seen)
			continue
		}
		username := usernameOf(m.Action.GetContactAction().GetUsername())
		if len(m.Index) < 2 || m.Index[0] != appstate.IndexContact || username == "" {
			continue
		}
		if jid, err := types.ParseJID(m.Index[1]); err == nil && personal(jid) {
			seen := c.person(c.ctx, jid, types.EmptyJID, "", people.NoName)
			seen.Username = username
			all = append(all, seen)
		}
	}
	c.saw(all...)
}

// addressBook writes down everybody in the address book of the phone, as the
// library keeps it.
func (c *client) addressBook() {
	rows, err := c.dev.Contacts.GetAllContacts(c.ctx)
	if err != nil {
		c.owed.Store(true)
		c.number.log.Error("read the address book", "err", err)
		return
	}
	if c.saw(c.merge(rows)...) && c.arrived.Load() {
		c.number.show(func(v *view) { v.contacts = true })
	}
}

// catchUp gives the book what it may lack of the address book, and asks for
// that again if nobody is in it: the program may have ended in the middle of
// its arrival.
func (c *client) catchUp() {
	c.owed.Store(false)
	c.addressBook()
	if !c.arrived.Load() { // it is on its way
		return
	}
	rows, err := c.dev.Contacts.GetAllContacts(c.ctx)
	if err != nil {
		return
	}
	for _, row := range rows {
		if row.FullName != "" || row.FirstName != "" {
			return
		}
	}
	c.mendContacts(false)
}

// merge makes one person of the rows that the library keeps under their phone
// and under their LID. The best name wins.
func (c *client) merge(rows map[types.JID]types.ContactInfo) []people.Seen {
	own := c.number.look().number.Phone
	index := make(map[people.Seen]int, len(rows)) // by their addresses alone
	all := make([]people.Seen, 0, len(rows))
	for jid, row := range rows {
		if !personal(jid) {
			continue
		}
		name, source := bestName(row)
		seen := c.person(c.ctx, jid, types.EmptyJID, name, source)
		seen.Known = source == people.AddressBook
		if seen.Phone == own && own != "" {
			continue
		}
		key := people.Seen{Phone: seen.Phone, LID: seen.LID}
		at, ok := index[key]
		if !ok {
			index[key] = len(all)
			all = append(all, seen)
			continue
		}
		if p := &all[at]; seen.Source > p.Source {
			known := p.Known
			*p = seen
			p.Known = p.Known || known
		} else {
			p.Known = p.Known || seen.Known
		}
	}
	return all
}

func bestName(row types.ContactInfo) (string, people.NameSource) {
	switch {
	case row.FullName != "":
		return row.FullName, people.AddressBook
	case row.FirstName != "":
		return row.FirstName, people.AddressBook
	case row.BusinessName != "":
		return row.BusinessName, people.Business
	case row.PushName != "":
		return row.PushName, people.PushName
	}
	return "", people.NoName
}

// fetchMissing asks for the phone's data that could not be had when it gave
// us the keys to them. The library asks only at that moment.
func (c *client) fetchMissing() {
	ctx, cancel := context.WithTimeout(c.ctx, time.Minute)
	defer cancel()
	if key, err := c.dev.AppStateKeys.GetLatestAppStateSyncKeyID(ctx); err != nil || key == nil {
		return // it will give them
	}
	for _, name := range appstate.AllPatchNames {
		if c.line() != nil {
			return // asked for again with the next connection
		}
		if err := c.cli.FetchAppState(ctx, name, false, true); err != nil {
			c.number.log.Warn("ask for the phone's data", "name", name, "err", err)
		}
	}
}

// mendContacts asks for the whole address book again when it is empty or does
// not add up, at most hourly. If even the whole of it does not, the phone is
// asked for a plain copy, at most daily. What would come next, a reset of the
// phone's data, unlinks every device of the account and is never asked for.
func (c *client) mendContacts(whole bool) {
	ctx, cancel := context.WithTimeout(c.ctx, time.Minute)
	defer cancel()
	last, pause := &c.resync, time.Hour
	if whole {
		last, pause = &c.copied, 24*time.Hour
	}
	if !last.IsZero() && time.Since(*last) < pause || c.line() != nil {
		return
	}
	*last = time.Now()
	var err error
	if whole {
		ctx, cancel := context.WithTimeout(ctx, peerTimeout)
		defer cancel()
		_, err = c.cli.SendPeerMessage(ctx, whatsmeow.BuildAppStateRecoveryRequest(appstate.WAPatchCriticalUnblockLow))
	} else {
		err = c.cli.FetchAppState(ctx, appstate.WAPatchCriticalUnblockLow, true, false)
	}
	if err != nil {
		c.number.log.Warn("ask for the address book again", "err", err)
	}
}
