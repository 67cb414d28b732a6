package campaign

import (
	"cmp"
	"time"

	"recado/campaign/people"
)

// Incoming is a message that a person wrote to one of our numbers.
type Incoming struct {
	From   people.Seen
	ID     MessageID // of an edit: that of the message which it changes
	Text   string    // the words in it, also those under a picture; "" if there are none
	At     time.Time // when it was written, by the service's clock
	Quoted MessageID // the message that it answers; "" if it does not say
	Ad     Ad        // from which they began the chat; the zero Ad: from none
	Past   bool      // history told it: it may be old, and was never told live
	Vote   *Vote     // it is one in the poll that it quotes, of which Text is the option; nil: it is none
}

// Ad is an advertisement from which a person began a chat: what the first message
// says of it. It is kept as evidence that they did.
type Ad struct{ ID, Title, URL string }

// Name is what to call an ad by; empty if it is none.
func (a Ad) Name() string { return cmp.Or(a.Title, a.ID, a.URL) }

// Receipt is a person's word on messages of one of our numbers.
type Receipt struct {
	Number   NumberID
	From     people.Seen
	Messages []MessageID
	State    State     // that it proves
	At       time.Time // by the service's clock
}
