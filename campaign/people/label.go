package people

// Label is a label of WhatsApp Business that a chat with a person has on the phone
// of a number. Its name is one of the person's tags, which only that phone takes away.
type Label struct {
	Number NumberID
	ID     string // on that phone
	Name   string
}

// Labelled reports whether a tag of a person is a label.
func (c *Contact) Labelled(tag string) bool {
	for _, l := range c.Labels {
		if Fold(l.Name) == Fold(tag) {
			return true
		}
	}
	return false
}

// LabelChange is what the phone of a number tells about its labels: that one has a
// name (Who is nobody), none if it was deleted, or that the chat with somebody has it.
type LabelChange struct {
	ID   string
	Name string
	Who  Seen
	On   bool // of a chat: it has the label now
}
