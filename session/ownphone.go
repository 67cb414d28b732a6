package session

import (
	"context"
	"strconv"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"

	"recado/campaign"
)

// The phone that a number belongs to need not be on for us to send. But
// WhatsApp takes our link away when it has been away for two weeks.
const (
	phoneGone  = 14 * 24 * time.Hour // then the link is lost
	phoneQuiet = 10 * 24 * time.Hour // then a person is warned
	phoneNote  = time.Hour           // how exactly its signs of life are written down
	phonePing  = 24 * time.Hour      // between two questions

	peerTimeout = 10 * time.Second // for a message to the phone: meanwhile the library sends nothing else
)

// Unlinks is when WhatsApp takes the link of a number away because its phone
// has given no sign of life; zero while it has not been quiet for ten days.
func Unlinks(n campaign.Number, now time.Time) time.Time {
	if !n.Linked() || n.Seen.IsZero() || now.Sub(n.Seen) < phoneQuiet {
		return time.Time{}
	}
	return n.Seen.Add(phoneGone)
}

// fromPhone takes note of a sign of life, if that is where something of our
// own account came from.
func (c *client) fromPhone(source types.MessageSource, at time.Time) {
	if !source.IsFromMe || source.Sender.Device != 0 {
		return
	}
	n := c.number
	at = c.happened(at)
	n.post(func() {
		n.follow(c)
		if ago := at.Sub(n.look().number.Seen); n.client != c || ago >= 0 && ago < phoneNote {
			return
		}
		if err := n.pool.book.SawPhone(n.id, at); err != nil {
			n.log.Error("write down a sign of the phone", "err", err)
			return
		}
		n.show(func(v *view) { v.number.Seen = at })
	})
}

// follow notes of which account a number is, and under which phone that is now:
// its owner may have changed the phone and kept the account. The library keeps the
// link and goes on under the old one; what the service or the phone says of
// our own LID it puts into its map of addresses, and nowhere else.
func (n *number) follow(c *client) {
	if n.client != c || c.lid == "" {
		return
	}
	address, err := c.dev.LIDs.GetPNForLID(c.ctx, types.NewJID(c.lid, types.HiddenUserServer))
	phone, mine := phoneOf(address.ToNonAD()), n.look().number
	if err != nil || phone == "" || mine.Phone == phone && mine.LID == c.lid {
		return
	}
	record, err := n.pool.book.SetAccount(n.id, c.lid, phone)
	if err != nil {
		n.log.Error("write down the phone of a number", "err", err)
		return
	}
	if mine.Phone != phone {
		n.log.Warn("the number has another phone now", "was", mine.Phone.Masked(), "is", phone.Masked())
	}
	n.show(func(v *view) { v.number.LID, v.number.Phone = record.LID, record.Phone })
}

// pingPhone asks a phone that has been quiet for long for a sign of life, once
// a day: for a key that we have.
func (n *number) pingPhone(record campaign.Number) {
	// A sign that is still to come was written down by a wrong clock.
	ago := n.pool.clock.Now().Sub(record.Seen)
	if record.Seen.IsZero() || ago >= 0 && ago < phoneQuiet-phonePing || time.Since(n.pinged) < phonePing {
		return
	}
	n.pinged = time.Now()
	c := n.client
	c.jobs.put(func() {
		ctx, cancel := context.WithTimeout(c.ctx, peerTimeout)
		defer cancel()
		key, err := c.dev.AppStateKeys.GetLatestAppStateSyncKeyID(ctx)
		if err != nil || key == nil || c.line() != nil {
			return
		}
		_, err = c.cli.SendPeerMessage(ctx, &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
			Type: waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_REQUEST.Enum(),
			AppStateSyncKeyRequest: &waE2E.AppStateSyncKeyRequest{
				KeyIDs: []*waE2E.AppStateSyncKeyId{{KeyID: key}},
			},
		}})
		if err != nil {
			n.log.Warn("ask the phone for a sign of life", "err", err)
		}
	})
}

// skewAllowed is how far our clock may be off before a person is told.
const skewAllowed = 2 * time.Minute

// setClock sets the pool's clock by the time that came with the login. The
// library keeps that to itself but for a number that it makes of it:
// milliseconds into the week, which begins on a Monday.
func (n *number) setClock() {
	now := time.Now()
	//lint:ignore SA1019 the library has it nowhere else
	there, err := strconv.ParseInt(n.client.cli.DangerousInternals().GetUnifiedSessionID(), 10, 64)
	if err == nil && there >= 0 { // negative: the service did not tell the time
		n.pool.clock.ToldOfWeek(time.Duration(there)*time.Millisecond, now)
	}
	n.showSkew()
}

// told sets the pool's clock by the word that the service gave on a message,
// between from and to.
func (n *number) told(at, from, to time.Time) {
	if at.Unix() > 0 && n.pool.clock.Told(at, from, to) {
		n.showSkew()
	}
}

// showSkew lets a person see how far our clock is off.
func (n *number) showSkew() {
	ahead := n.pool.clock.Ahead()
	if ahead.Abs() <= skewAllowed {
		ahead = 0
	} else {
		n.log.Warn("the clock is wrong", "ahead", ahead)
	}
	n.show(func(v *view) { v.skew = ahead })
}

// happened is when something was that the service gave a time of: never later
// than now, and now if it gave none.
func (c *client) happened(at time.Time) time.Time {
	if now := c.number.pool.clock.Now(); at.Unix() <= 0 || at.After(now) {
		return now
	}
	return at
}
