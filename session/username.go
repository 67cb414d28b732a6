package session

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"go.mau.fi/whatsmeow"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"

	"recado/campaign/people"
)

// Who shows no phone may have a username, by which people know them. It is in the
// address book and the history of our phone, of those whom that knows. Of the
// others who write the service is asked for it.

const (
	// longestUsername is in bytes; the service allows 35.
	longestUsername = 64
	// mostUsernames is how many are asked for by one client, each once.
	mostUsernames = 300
)

// usernameOf is a username as the book keeps it. It is shown where a name would
// be, so what could not be one is none.
func usernameOf(name string) string {
	name = strings.TrimPrefix(name, "@")
	if len(name) > longestUsername || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) }) {
		return ""
	}
	return name
}

// askUsername asks the service for the username of an account, once. A service
// that wants to be asked less is not asked again.
func (c *client) askUsername(lid string) {
	if c.asked == nil {
		c.asked = make(map[string]bool)
	}
	if c.asked[lid] || c.enough || len(c.asked) >= mostUsernames || c.line() != nil {
		return
	}
	c.asked[lid] = true
	ctx, cancel := context.WithTimeout(c.ctx, askTimeout)
	defer cancel()
	account := types.NewJID(lid, types.HiddenUserServer)
	//lint:ignore SA1019 the library asks for usernames and passes the answers over
	list, err := c.cli.DangerousInternals().Usync(ctx, []types.JID{account}, "query", "interactive", []waBinary.Node{{Tag: "username"}})
	switch {
	case errors.Is(err, whatsmeow.ErrIQRateOverLimit):
		c.enough = true
		return
	case err != nil:
		c.number.log.Debug("ask for a username", "err", err)
		return
	}
	for _, user := range list.GetChildren() {
		if jid, ok := user.Attrs["jid"].(types.JID); !ok || jid.User != lid {
			continue
		}
		answer := user.GetChildByTag("username")
		var name string
		switch content := answer.Content.(type) {
		case []byte:
			name = string(content)
		case string:
			name = content
		}
		if name = usernameOf(name); name != "" {
			c.saw(people.Seen{LID: lid, Username: name})
		}
	}
}
