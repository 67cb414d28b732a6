package session

import (
	"strconv"
	"time"

	"go.mau.fi/whatsmeow/types/events"

	"recado/campaign"
	"recado/campaign/reason"
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
// what the person is told.
type rule struct {
	state campaign.NumberState
	act   act
	keep  bool        // written to the book: a restart must not forget it
	say   reason.Code // with what came with the occasion; empty: the state says all
}

var rules = map[occasion]rule{
	onLost:        {campaign.Offline, retry, false, reason.NumberLost},
	onUnreachable: {campaign.Offline, retry, false, reason.NumberUnreachable},
	onClock:       {campaign.Offline, retry, false, reason.NumberClock},
	onNoLogin:     {campaign.Offline, retry, false, reason.NumberNoLogin},
	onSilence:     {campaign.Offline, wait, false, reason.NumberSlow},
	onDead:        {campaign.Offline, retry, false, reason.NumberDead},
	onStreamError: {campaign.Offline, retry, false, reason.NumberClosed},
	onFlapping:    {campaign.Blocked, halt, true, reason.NumberFlapping},
	onRestart:     {campaign.Connecting, now, false, ""},
	onReplaced:    {campaign.Blocked, halt, true, reason.NumberReplaced},
	onLoggedOut:   {campaign.LoggedOut, forget, true, reason.NumberLoggedOut},
	onLocked:      {campaign.LoggedOut, forget, true, reason.NumberLocked},
	onExpelled:    {campaign.LoggedOut, forget, true, reason.NumberExpelled},
	onBan:         {campaign.Banned, rest, true, reason.NumberBanned},
	onOutdated:    {campaign.Outdated, renew, false, reason.NumberOutdated},
	onRefused:     {campaign.Offline, seldom, false, reason.NumberRefused},
	onRefusedLong: {campaign.Blocked, halt, true, reason.NumberRefusedLong},
	onToken:       {campaign.Blocked, halt, true, reason.NumberToken},
	onKeysGone:    {campaign.LoggedOut, forget, true, reason.NumberKeysGone},
	onNoKeys:      {campaign.Offline, retry, false, reason.NumberNoKeys},
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
	stableAfter  = 30 * time.Second // online this long, the retries begin again
	dialTimeout  = 30 * time.Second
	loginTimeout = 2 * time.Minute
	syncTimeout  = 10 * time.Second // without word of what arrived while away
	syncLong     = time.Minute      // when there is word that something did
	deadAfter    = 3                // unanswered pings
)

// occasionOf says which occasion an event of the library is, and what came
// with it; an empty occasion is none.
func occasionOf(event any) (o occasion, detail []any, until time.Duration) {
	switch e := event.(type) {
	case *events.Disconnected:
		return onLost, nil, 0
	case *events.KeepAliveTimeout:
		if e.ErrorCount >= deadAfter {
			return onDead, nil, 0
		}
		return onSilence, nil, 0
	case *events.StreamError:
		return onStreamError, []any{reason.Plain(e.Code)}, 0
	case *events.ManualLoginReconnect:
		return onRestart, nil, 0
	case *events.StreamReplaced:
		return onReplaced, nil, 0
	case *events.LoggedOut:
		switch e.Reason {
		case events.ConnectFailureMainDeviceGone:
			return onLocked, nil, 0
		case events.ConnectFailureUnknownLogout:
			return onExpelled, nil, 0
		}
		return onLoggedOut, nil, 0
	case *events.TemporaryBan:
		return onBan, []any{banReason(e.Code)}, e.Expire
	case *events.ClientOutdated:
		return onOutdated, nil, 0
	case *events.ConnectFailure:
		return onRefused, []any{refusal(e)}, 0
	case *events.CATRefreshError:
		return onToken, nil, 0
	}
	return "", nil, 0
}

func refusal(e *events.ConnectFailure) reason.Reason {
	if e.Message != "" {
		return reason.New(reason.Foreign, reason.Plain(strconv.Itoa(int(e.Reason))+", "+e.Message))
	}
	return serviceCode(int(e.Reason))
}

// serviceCode is a code of the service about which nothing else is known.
func serviceCode(code int) reason.Reason {
	return reason.New(reason.ServiceCode, reason.Plain(strconv.Itoa(code)))
}

// bans are the service's own reasons, after the documented codes of temporary
// bans.
var bans = map[events.TempBanReason]reason.Code{
	events.TempBanSentToTooManyPeople:    reason.BanStrangers,
	events.TempBanBlockedByUsers:         reason.BanBlocked,
	events.TempBanCreatedTooManyGroups:   reason.BanGroups,
	events.TempBanSentTooManySameMessage: reason.BanSame,
	events.TempBanBroadcastList:          reason.BanBroadcast,
}

func banReason(code events.TempBanReason) reason.Reason {
	if why, ok := bans[code]; ok {
		return reason.New(why)
	}
	return serviceCode(int(code))
}
