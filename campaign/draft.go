package campaign

import (
	"strings"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// Unread is what was typed in a draft and cannot be used as it is. It is kept
// so that nothing typed is lost.
type Unread struct {
	Pace string `json:",omitempty"` // with a mistake in it
	File string `json:",omitempty"` // the path of a file that was not found, or not looked at
}

// Field is a part of a campaign that a person fills in.
type Field string

// The fields.
const (
	FieldName       Field = "name"
	FieldNumbers    Field = "numbers"
	FieldAudience   Field = "audience"
	FieldPace       Field = "pace"
	FieldAttachment Field = "attachment"
	FieldText       Field = "text"
	FieldPoll       Field = "poll"
)

// Lack is what keeps a draft from being started.
type Lack struct {
	Field Field
	Err   error
}

// Error says what is wrong with the field.
func (l Lack) Error() string { return l.Err.Error() }

// Unwrap returns the error of the field.
func (l Lack) Unwrap() error { return l.Err }

// Ready reports whether a campaign is a draft that lacks nothing, see [Campaign.Lacks].
func (c *Campaign) Ready() bool { return c.Status == Draft && len(c.Lacks()) == 0 }

// Lacks says what a draft lacks before it can start, field by field; nothing
// if it can. What only the book knows, its numbers and people, is not looked
// at.
func (c *Campaign) Lacks() (lacks []Lack) {
	lack := func(f Field, err error) {
		if err != nil {
			lacks = append(lacks, Lack{f, err})
		}
	}
	if strings.TrimSpace(c.Name) == "" {
		lack(FieldName, reason.Err(reason.CampaignNoName))
	}
	if _, err := people.ParseFilter(c.To); err != nil {
		lack(FieldAudience, reason.Within(err, reason.CampaignAudience))
	}
	if c.Unread.Pace != "" {
		_, err := ParsePace(Pace{}, c.Unread.Pace)
		if err == nil {
			err = reason.Err(reason.PaceUnread)
		}
		lack(FieldPace, err)
	}
	if c.Unread.File != "" {
		lack(FieldAttachment, reason.Err(reason.CampaignFileUnread, c.Unread.File))
	}
	switch a, blank := c.Attachment, strings.TrimSpace(c.Text) == ""; {
	case len(c.Poll) > 0 && blank:
		lack(FieldText, reason.Err(reason.PollQuestion))
	case a == nil && c.Unread.File == "" && blank:
		lack(FieldText, reason.Err(reason.CampaignNoText))
	case a != nil && !a.Captioned() && !blank:
		lack(FieldText, reason.Err(reason.AttachmentText))
	}
	for i, text := range c.Texts() {
		if _, err := ParseTemplate(text); err != nil {
			lack(FieldText, reason.Within(err, reason.CampaignText))
		}
		lack(FieldText, c.CheckText(c.Typed(text)))
		if i > 0 && strings.TrimSpace(text) == "" {
			lack(FieldText, reason.Err(reason.CampaignNoText))
		}
	}
	if len(c.Texts()) > MaxTexts {
		lack(FieldText, reason.Err(reason.CampaignTexts, MaxTexts))
	}
	if len(c.Poll) > 0 && (c.Attachment != nil || c.Unread.File != "") {
		lack(FieldAttachment, reason.Err(reason.PollAttachment))
	}
	lack(FieldPoll, c.CheckOptions())
	if c.Canary < 0 {
		lack(FieldPace, reason.Err(reason.CampaignCanary))
	}
	return lacks
}
