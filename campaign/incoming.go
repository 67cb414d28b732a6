package campaign

import (
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
	Past   bool      // history told it: it may be old, and was never told live
}
