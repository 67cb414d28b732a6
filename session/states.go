package session

import (
	"strconv"
	"time"

	"go.mau.fi/whatsmeow/types/events"

	"recado/campaign"
)

// occasion is something that happened to a connection and changes the state
// of its number.
type occasion string

// The occasions.
const (
	onLost        occasion = "connection lost"
	onUnreachable occasion = "unreachable"
	onClock       occasion = "wrong clock"
	onNoLogin     occasion = "login not answered"
	onSilence     occasion = "ping not answered"
	onDead        occasion = "pings not answered for long"
	onStreamError occasion = "closed with a code"
	onFlapping    occasion = "closed with a code again and again"
	onRestart     occasion = "asked to log in again"
	onReplaced    occasion = "replaced"
	onLoggedOut   occasion = "unlinked from the phone"
	onLocked      occasion = "account locked"
	onExpelled    occasion = "account banned"
	onBan         occasion = "banned for a time"
	onOutdated    occasion = "outdated"
	onRefused     occasion = "login refused"
	onRefusedLong occasion = "login refused again and again"
	onToken       occasion = "token refused"
	onKeysGone    occasion = "keys missing"
	onNoKeys      occasion = "keys unreadable"
)

// act is what a number does on an occasion.
type act uint8

// The acts.
const (
	wait   act = iota // leave the connection as it is
	retry             // connect again, later and later
	now               // connect again at once
	seldom            // connect again in some minutes, a few times
	rest              // no connection before the end that the service named
	halt              // no connection until a person asks for it
	renew             // find out the current version, connect again if it is a newer one
	forget            // the link is gone
)

// rule is what an occasion means: the state that follows, what is done, and
// what the person is told. %s stands for what came with the occasion.
type rule struct {
	state campaign.NumberState
	act   act
	keep  bool // written to the book: a restart must not forget it
	say   string
}

var rules = map[occasion]rule{
	onLost:        {campaign.Offline, retry, false, "The connection was lost."},
	onUnreachable: {campaign.Offline, retry, false, "WhatsApp cannot be reached: %s."},
	onClock:       {campaign.Offline, retry, false, "The clock of this computer is wrong: set its date and time."},
	onNoLogin:     {campaign.Offline, retry, false, "WhatsApp did not answer the login."},
	onSilence:     {campaign.Offline, wait, false, "The connection is slow: WhatsApp does not answer."},
	onDead:        {campaign.Offline, retry, false, "WhatsApp stopped answering."},
	onStreamError: {campaign.Offline, retry, false, "WhatsApp closed the connection (code %s)."},
	onFlapping:    {campaign.Blocked, halt, true, "WhatsApp keeps closing the connection (code %s). Wait a while, then reconnect."},
	onRestart:     {campaign.Connecting, now, false, ""},
	onReplaced:    {campaign.Blocked, halt, true, "This link is in use elsewhere. Close the other program, then reconnect."},
	onLoggedOut:   {campaign.LoggedOut, forget, true, "The phone unlinked this device. Link it again."},
	onLocked:      {campaign.LoggedOut, forget, true, "WhatsApp locked the account, or its phone number was registered again. Open WhatsApp on the phone before linking it again."},
	onExpelled:    {campaign.LoggedOut, forget, true, "WhatsApp banned this account. Ask for a review in the WhatsApp app."},
	onBan:         {campaign.Banned, rest, true, "WhatsApp banned this number for a time: %s."},
	onOutdated:    {campaign.Outdated, renew, false, "WhatsApp asks for a newer program: update recado."},
	onRefused:     {campaign.Offline, seldom, false, "WhatsApp refused the connection (%s)."},
	onRefusedLong: {campaign.Blocked, halt, true, "WhatsApp refused the connection (%s), several times. Look at WhatsApp on the phone, then reconnect."},
	onToken:       {campaign.Blocked, halt, true, "WhatsApp refused the connection in an unexpected way (413 or 414)."},
	onKeysGone:    {campaign.LoggedOut, forget, true, "The keys of this link are missing from this computer. Link it again."},
	onNoKeys:      {campaign.Offline, retry, false, "The keys of this link cannot be read: %s."},
}

// stops are the occasions after which the campaigns of a number wait for a
// person, also when the number comes back by itself.
var stops = map[occasion]bool{onBan: true, onLocked: true, onExpelled: true}

// Limits of the acts.
const (
	redialPause  = 100 * time.Millisecond // for the library to let go of the old connection
	firstRetry   = time.Second            // doubled after each failure
	lastRetry    = time.Minute
	seldomPause  = 5 * time.Minute
	seldomTries  = 3
	flapWindow   = 10 * time.Minute
	flapLimit    = 3                // stream errors in flapWindow before a person must act
	stableAfter  = 30 * time.Second // online this long, the retries begin anew
	dialTimeout  = 30 * time.Second
	loginTimeout = 2 * time.Minute
	syncTimeout  = 10 * time.Second // without word of what arrived while away
	syncLong     = time.Minute      // when there is word that something did
	deadAfter    = 3                // unanswered pings
)

// occasionOf says which occasion an event of the library is, and what came
// with it; an empty occasion is none.
func occasionOf(event any) (o occasion, detail string, until time.Duration) {
	switch e := event.(type) {
	case *events.Disconnected:
		return onLost, "", 0
	case *events.KeepAliveTimeout:
		if e.ErrorCount >= deadAfter {
			return onDead, "", 0
		}
		return onSilence, "", 0
	case *events.StreamError:
		return onStreamError, e.Code, 0
	case *events.ManualLoginReconnect:
		return onRestart, "", 0
	case *events.StreamReplaced:
		return onReplaced, "", 0
	case *events.LoggedOut:
		switch e.Reason {
		case events.ConnectFailureMainDeviceGone:
			return onLocked, "", 0
		case events.ConnectFailureUnknownLogout:
			return onExpelled, "", 0
		}
		return onLoggedOut, "", 0
	case *events.TemporaryBan:
		return onBan, banReason(e.Code), e.Expire
	case *events.ClientOutdated:
		return onOutdated, "", 0
	case *events.ConnectFailure:
		return onRefused, refusal(e), 0
	case *events.CATRefreshError:
		return onToken, "", 0
	}
	return "", "", 0
}

func refusal(e *events.ConnectFailure) string {
	code := strconv.Itoa(int(e.Reason))
	if e.Message != "" {
		return code + ", " + e.Message
	}
	return "code " + code
}

// banReason is the service's own reason, after the documented codes of
// temporary bans.
func banReason(code events.TempBanReason) string {
	switch code {
	case events.TempBanSentToTooManyPeople:
		return "too many messages to people who do not have it in their address books"
	case events.TempBanBlockedByUsers:
		return "too many people blocked it"
	case events.TempBanCreatedTooManyGroups:
		return "too many groups with people who do not have it in their address books"
	case events.TempBanSentTooManySameMessage:
		return "the same message to too many people"
	case events.TempBanBroadcastList:
		return "too many messages to a broadcast list"
	}
	return "code " + strconv.Itoa(int(code))
}
