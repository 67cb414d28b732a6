package people

import "slices"

// Label is a label of WhatsApp Business that a chat with a person has on the phone
// of a number. Its name is one of the person's tags, which only that phone takes away.
type Label struct {
	Number NumberID
	ID     string // on that phone
	Name   string // empty until the phone has told
	Ours   bool   // we had given them the tag before, and it stays when the label goes
}

// Labelled reports whether a tag of a person is a label.
func (c *Contact) Labelled(tag string) bool {
	return slices.ContainsFunc(c.Labels, func(l Label) bool { return Fold(l.Name) == Fold(tag) })
}

// Ours reports whether a person has a tag that we have given them, though it may be
// a label as well.
func (c *Contact) Ours(tag string) bool {
	named := func(name string) bool { return Fold(name) == Fold(tag) }
	return slices.ContainsFunc(c.Tags, named) &&
		(!c.Labelled(tag) || slices.ContainsFunc(c.Labels, func(l Label) bool { return l.Ours && named(l.Name) }))
}

// OurTags are the tags that we have given them.
func (c *Contact) OurTags() (tags []string) {
	for _, tag := range c.Tags {
		if c.Ours(tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// LabelNames are the names of their labels, each once.
func (c *Contact) LabelNames() (names []string) {
	for _, l := range c.Labels {
		if l.Name != "" && !slices.ContainsFunc(names, func(name string) bool { return Fold(name) == Fold(l.Name) }) {
			names = append(names, l.Name)
		}
	}
	return names
}

// LabelChange is what the phone of a number tells about its labels: that one has a
// name (Who is nobody), none if it was deleted, or that the chat with somebody has it.
type LabelChange struct {
	ID   string
	Name string
	Who  Seen
	On   bool // of a chat: it has the label now
}
