package session

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"recado/campaign"
	"recado/campaign/people"
)

// client is our end of a link, or of one that is being made. It lives through
// many connections.
type client struct {
	number *number
	cli    *whatsmeow.Client
	dev    *store.Device
	jid    types.JID // of the device; empty while it is being linked
	lid    string    // our own account, without server
	jobs   *mailbox  // calls to the service that handlers may not make themselves
	keys   *container
	wiring *wiring
	http   *http.Client  // of the connection; its transport is the client's own
	media  *http.Client  // nil: the library's own
	gone   chan struct{} // closed when the keys have been deleted

	name    atomic.Value    // string: what we call ourselves to others, from the phone; "" until it told
	arrived atomic.Bool     // the library has the address book of the phone
	owed    atomic.Bool     // the book may lack people whom the library knows
	blocks  atomic.Int64    // changes of who is blocked that were told
	closed  atomic.Bool     // nothing is handled any more
	stale   atomic.Bool     // an upload failed: ask again where to upload to
	offered atomic.Value    // string: the LID of the account that the service offers to link, without server
	stanzas stanzas         // receipts that are not answered yet
	refresh atomic.Value    // string: the message of which the service said that its address is to be asked for again
	ctx     context.Context // of jobs and connections; ends after the last connection
	cancel  context.CancelFunc
	giveUp  context.CancelFunc // ends a try to connect, and what belongs to a connection that is gone
	dialed  chan struct{}      // closed when the last dial has ended; nil: there was none

	tries  map[string]int // how often this connection could not read a piece of history; touched by jobs alone
	again  int            // how often the phone was asked to upload one again; touched by jobs alone
	resync time.Time      // when the address book was last asked for again; touched by jobs alone
	copied time.Time      // when the phone was last asked for a plain copy of it; touched by jobs alone

	labels     sync.Mutex // held while the book is told of labels
	relabelled int        // changes of labels that were told; guarded by labels

	asked  map[string]bool // the LIDs whose usernames were asked for; touched by jobs alone
	enough bool            // the service wants to be asked for no more of them; touched by jobs alone
}

// errNoToken answers the library's request for a token that only Messenger
// accounts have. Without an answer it would panic.
var errNoToken = errors.New("not a Messenger account")

// newClient makes a client for dev. Its goroutine ends with it.
func newClient(n *number, dev *store.Device) *client {
	c := &client{
		number: n, dev: dev, jid: dev.GetJID(), lid: dev.LID.User, jobs: newMailbox(),
		wiring: new(wiring),
		gone:   make(chan struct{}),
		tries:  make(map[string]int),
		giveUp: func() {},
	}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(n.pool.ctx))
	c.keys = &container{DeviceContainer: dev.Container, gone: c.gone}
	dev.Container = c.keys
	if dev.Initialized {
		watchSessions(dev)
	}
	cli := whatsmeow.NewClient(dev, newWireLog(n.log, c.received))
	cli.EnableAutoReconnect = false
	cli.DisableLoginAutoReconnect = true
	cli.SynchronousAck = true
	cli.EnableDecryptedEventBuffer = true
	cli.ManualHistorySyncDownload = true
	cli.BackgroundEventCtx = c.ctx
	cli.RefreshCAT = func(context.Context) error { return errNoToken }
	cli.GetMessageForRetry = c.payload
	cli.PreRetryCallback = func(_ *events.Receipt, id types.MessageID, _ int, _ *waE2E.Message) bool { return c.stands(id) }
	cli.GetClientPayload = func() *waWa6.ClientPayload { return n.pool.version.payload(dev) }
	cli.SetMaxParallelRetryReceiptHandling(1)
	base := n.pool.httpClient()
	c.http = c.wiring.through(base)
	c.media = base
	cli.SetWebsocketHTTPClient(c.http)
	cli.SetPreLoginHTTPClient(c.http)
	if base != nil {
		cli.SetMediaHTTPClient(base)
	}
	cli.AddEventHandlerWithSuccessStatus(c.hear)
	c.cli = cli
	c.name.Store(dev.PushName)
	c.refresh.Store("")
	n.pool.wg.Go(c.work)
	return c
}

// payload answers a recipient who could not read a message: the same again,
// with the same attachment, also after a restart.
// Anybody else who asks gets nothing.
func (c *client) payload(sender, _ types.JID, id types.MessageID) *waE2E.Message {
	if sender.User != c.jid.User && sender.User != c.lid {
		who := c.person(c.ctx, sender, types.EmptyJID, "", people.NoName)
		sent, err := c.number.pool.book.SentTo(c.number.id, who, campaign.MessageID(id))
		if err != nil {
			c.number.log.Error("look who asks for a message again", "message", id, "err", err)
		}
		if !sent {
			c.number.log.Warn("somebody asks for a message that was not sent to them", "message", id, "from", mask(sender.User))
			return nil
		}
	}
	d, ok, err := c.number.pool.book.Payload(campaign.MessageID(id))
	if !ok && err == nil {
		return nil
	}
	var message *waE2E.Message
	if err == nil {
		message, err = messageOf(d)
	}
	if err != nil {
		c.number.log.Error("read a message that is asked for again", "message", id, "err", err)
		return nil
	}
	return message
}

// stands reports whether a message may be sent again to who could not read it: no undo
// deletes it. The library keeps the last messages by itself, and asks for no payload
// of those.
func (c *client) stands(id types.MessageID) bool {
	d, _, err := c.number.pool.book.Payload(campaign.MessageID(id))
	if err != nil {
		c.number.log.Error("look whether a message that is asked for again stands", "message", id, "err", err)
	}
	return err == nil && d.RevokeBy == 0
}

// received sees every stanza before the library does, for what that passes over:
// that the service, with its word on a message, asks us to look up its recipient
// again; and which account a phone that scanned our code is of. It runs on the
// library's reading goroutine.
func (c *client) received(stanza *waBinary.Node) {
	if pair, ok := stanza.GetOptionalChildByTag("pair-success"); ok {
		device := pair.GetChildByTag("device")
		if lid, ok := device.Attrs["lid"].(types.JID); ok {
			c.offered.Store(lid.User)
		}
	}
	if stanza.Tag == "receipt" {
		c.stanzas.note(stanza)
	}
	if stanza.Tag == "ack" && stanza.Attrs["class"] == "message" && stanza.Attrs["refresh_lid"] == "true" {
		if id, ok := stanza.Attrs["id"].(string); ok {
			c.refresh.Store(id)
		}
	}
}

// work does the jobs, one at a time. It ends with the client.
func (c *client) work() {
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-c.jobs.wake:
			for _, job := range c.jobs.take() {
				if !c.closed.Load() {
					c.number.guard(job)
				}
			}
		}
	}
}

// dial makes a connection and says how that went, from a goroutine that ends
// within the time of a dial and a handshake. Nobody waits for it at the end of
// the program: the library does not let a handshake be cut short.
//
// To give it up breaks the connection and nothing else. The context that the
// library has ends later: with it the library stops taking what arrives, and
// its reading goroutine would wait forever to hand a frame on. And it can panic
// when a question is given up at the moment in which its answer arrives.
func (c *client) dial(answer func(error)) {
	c.giveUp()
	try, giveUp := context.WithCancel(c.ctx)
	before, done := c.dialed, make(chan struct{})
	c.giveUp, c.dialed = giveUp, done
	go func() {
		defer close(done)
		if before != nil {
			<-before
		}
		ctx, end := context.WithCancel(context.WithoutCancel(c.ctx))
		cable := c.wiring.lay()
		stop := context.AfterFunc(try, func() {
			if cable.snap(); c.wiring.blind {
				end()
			}
		})
		timer := time.AfterFunc(dialTimeout, giveUp)
		err := c.cli.ConnectContext(ctx)
		close(cable.up)
		timer.Stop()
		stop()
		if try.Err() != nil {
			c.sever()
			time.AfterFunc(lastFrame, end)
			err = errors.Join(err, context.Cause(try))
		} else {
			context.AfterFunc(try, func() {
				cable.cut()
				time.AfterFunc(lastFrame, end)
			})
		}
		answer(err)
	}()
}

// lastFrame is how long after a connection was cut what is asked over it is given
// up: the last frame that was read has been dealt with by then, and what was being
// written has failed.
const lastFrame = 20 * time.Millisecond

// hangUp ends the connection. It must not be called during a dial, and the
// next dial must leave the library a moment to notice, see redialPause.
func (c *client) hangUp() {
	if c.cli.IsConnected() {
		c.cutOff()
	}
}

func (c *client) cutOff() {
	c.sever()
	c.giveUp()
}

// sever cuts the connection; from any goroutine.
func (c *client) sever() {
	if !c.wiring.cut() {
		c.cli.Disconnect()
	}
}

// drop ends the connection and the goroutines. Nothing is handled from here on.
func (c *client) drop(dialling bool) {
	c.closed.Store(true)
	if dialling {
		c.giveUp()
		c.cancel()  // nothing can be answered at this moment, see end
		go func() { // ends when the dial has
			<-c.dialed
			c.end()
		}()
		return
	}
	c.number.pool.wg.Go(func() { // ends at once: the last dial has ended
		if c.dialed != nil {
			<-c.dialed
		}
		c.end()
	})
}

// end cuts the connection. In this order: the library can panic when a
// question is given up at the moment in which its answer arrives. That the end
// is expected keeps it from asking again over a next connection, for which it
// waits five seconds, under locks that others of its goroutines wait for.
func (c *client) end() {
	//lint:ignore SA1019 there is no other way to say so before the connection has ended
	c.cli.DangerousInternals().ExpectDisconnect()
	c.cutOff()
	time.Sleep(lastFrame)
	c.cancel()
	c.http.CloseIdleConnections()
	if c.media != nil {
		c.media.CloseIdleConnections()
	}
}

// logOut takes the device off the phone's list and deletes its keys here. An
// error means that only the second was done.
func (c *client) logOut(ctx context.Context, connected bool) error {
	err := whatsmeow.ErrNotConnected
	if connected {
		err = c.removeDevice(ctx)
		c.hangUp()
	} else {
		c.giveUp()
		if c.dialed != nil {
			<-c.dialed
		}
	}
	if failed := c.keys.delete(context.WithoutCancel(ctx), c.jid, c.dev.NoiseKey); failed != nil {
		err = errors.Join(err, failed)
	}
	return err
}

// removeDevice asks the service to take this device off the list. It is what
// the library's Logout asks, without the end of the connection, which is ours.
func (c *client) removeDevice(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	//lint:ignore SA1019 there is no other way to ask without Logout's end of the connection
	_, err := c.cli.DangerousInternals().SendIQ(ctx, whatsmeow.DangerousInfoQuery{
		Namespace: "md",
		Type:      "set",
		To:        types.ServerJID,
		Content: []waBinary.Node{{
			Tag:   "remove-companion-device",
			Attrs: waBinary.Attrs{"jid": c.jid, "reason": "user_initiated"},
		}},
	})
	return err
}

// line says whether the service can be asked anything, and is called before
// each question. Between two connections there is nobody to ask, and during a
// handshake the library would keep who asks, whatever the end of their
// context, and put the question to a connection that has not logged in yet.
func (c *client) line() error {
	if v := c.number.look(); v.client != c || !v.login {
		return whatsmeow.ErrNotConnected
	}
	return nil
}

// awaitDeletion waits until the library has deleted the keys, which it does
// beside telling us that the link is gone.
func (c *client) awaitDeletion(patience time.Duration) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-c.gone:
	case <-timer.C:
	}
}

// openClient makes the client of the link that the book knows; an occasion says
// why there is none.
func (n *number) openClient() (o occasion, detail []any) {
	jid, err := types.ParseJID(n.look().number.JID)
	if err != nil {
		return onKeysGone, nil
	}
	dev, err := n.pool.devices.GetDevice(n.pool.ctx, jid)
	if err != nil {
		n.log.Error("read the keys", "err", err)
		return onNoKeys, []any{causeOf(err)}
	} else if dev == nil {
		return onKeysGone, nil
	}
	version, _, err := dev.AppState.GetAppStateVersion(n.pool.ctx, string(appstate.WAPatchCriticalUnblockLow))
	c := newClient(n, dev)
	c.owed.Store(true) // the program may have ended before the book had them
	c.arrived.Store(err == nil && version > 0)
	n.client = c
	n.show(func(v *view) { v.client, v.contacts = c, c.arrived.Load() })
	return "", nil
}

// endClient drops the client.
func (n *number) endClient() {
	if n.client == nil {
		return
	}
	n.attempt++
	n.client.drop(n.phase == dialling)
	n.client, n.phase, n.connected, n.heardAll = nil, idle, time.Time{}, false
	n.silence(alarmDial, alarmBan, alarmLogin, alarmSync, alarmLook, alarmRead)
	n.readings = readings{}
	n.show(func(v *view) {
		v.client, v.login, v.lively, v.synced, v.reading, v.missed = nil, false, false, time.Time{}, time.Time{}, false
	})
}

// hide tells the service that nobody is looking, so that the phone goes on
// notifying. It needs a push name, which may come later.
func (c *client) hide() {
	ctx, cancel := context.WithTimeout(c.ctx, 10*time.Second)
	defer cancel()
	name, _ := c.name.Load().(string)
	if name == "" || c.line() != nil {
		return
	}
	//lint:ignore SA1019 SendPresence reads the name while another goroutine of the library may write it
	err := c.cli.DangerousInternals().SendNode(ctx, waBinary.Node{
		Tag:   "presence",
		Attrs: waBinary.Attrs{"type": string(types.PresenceUnavailable), "name": name},
	})
	if err != nil {
		c.number.log.Debug("send the presence", "err", err)
	}
}

// recovered reports a mistake in a handler; called by defer.
func (c *client) recovered(ok *bool, event any) {
	if r := recover(); r != nil {
		*ok = false
		c.number.log.Error("a handler stumbled", "panic", r, "stack", string(debug.Stack()))
	}
}
