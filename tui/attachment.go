package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/media"
	"recado/campaign/reason"
	"recado/store"
)

// attachment is the file of a draft: a path that is typed, and what was found
// there once the field was left. Over a line from elsewhere the path is one of
// the machine the program runs on.
type attachment struct {
	e       *env
	path    *line
	kept    *media.Attachment // what the book has; nil: nothing
	found   *media.Attachment // what is at the path, or kept; nil: nothing, or a mistake
	mistake error
	looked  string // the path that found and mistake are about
	looking question
}

// attachmentReadMsg answers attachment.look.
type attachmentReadMsg struct {
	question int
	path     string
	found    media.Attachment
	err      error
}

func newAttachment(e *env, draft campaign.Campaign) *attachment {
	kept := draft.Attachment
	a := &attachment{e: e, path: newLine(e, e.t("composer_attachment_example"), 1000)}
	if kept != nil {
		a.kept, a.found = kept, kept
		a.path.set(kept.Name)
		a.looked = a.typed()
	}
	if draft.Unread.File != "" { // to be looked at once more
		a.path.set(draft.Unread.File)
		a.looked = ""
	}
	return a
}

// keep notes what the book has now.
func (a *attachment) keep(kept *media.Attachment) {
	if kept != nil && a.found != nil && a.found.SHA256 == kept.SHA256 {
		a.found = kept
	}
	a.kept = kept
}

func (a *attachment) typed() string { return strings.TrimSpace(a.path.value()) }

// unread reports whether what is typed has not been looked at.
func (a *attachment) unread() bool { return a.typed() != a.looked }

// file is the path of what the book does not have yet; empty: there is none.
func (a *attachment) file() string {
	if a.found == nil || a.found == a.kept {
		return ""
	}
	return expanded(a.looked)
}

// look finds out what is at the path that is typed.
func (a *attachment) look() tea.Cmd {
	path := a.typed()
	if !a.unread() {
		return nil
	}
	a.found, a.mistake = nil, nil
	switch {
	case path == "":
		a.looked = ""
		a.looking.drop()
		return nil
	case a.kept != nil && path == a.kept.Name:
		a.looked, a.found = path, a.kept
		a.looking.drop()
		return nil
	}
	id, book := a.looking.renew(a.e), a.e.app.Book
	return func() tea.Msg {
		msg := attachmentReadMsg{question: id, path: path}
		name := expanded(path)
		file, size, err := book.Outside(name)
		if err == nil {
			defer file.Close()
			msg.found, err = media.Read(name, file, size)
		}
		msg.err = err
		return msg
	}
}

func (a *attachment) answered(msg attachmentReadMsg) {
	if mine, _ := a.looking.answered(msg.question); !mine {
		return
	}
	a.looked, a.mistake = msg.path, msg.err
	if msg.err == nil {
		a.found = &msg.found
	}
}

// expanded is a path as it was meant: without the quotes that terminals put
// around one that is dropped on them, ~ for the home directory.
func expanded(path string) string {
	if n := len(path); n >= 2 && (path[0] == '\'' || path[0] == '"') && path[n-1] == path[0] {
		path = path[1 : n-1]
	}
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == filepath.Separator) {
		if home, err := os.UserHomeDir(); err == nil {
			path = home + rest
		}
	}
	return path
}

// errFileChanged is the error of a file that is not what the screen said.
var errFileChanged = reason.Err(reason.AttachmentChanged)

// attach gives the book the file of a draft.
func attach(book *store.Book, desk *store.Desk, draft *campaign.Campaign, path string) error {
	file, _, err := book.Outside(path)
	if err != nil {
		return err
	}
	defer file.Close()
	kept, err := desk.Attach(path, file)
	if err != nil {
		return err
	}
	if kept.SHA256 != draft.Attachment.SHA256 {
		return errFileChanged
	}
	draft.Attachment = &kept
	return nil
}

var attachmentKinds = map[media.Kind]string{
	media.Picture: "kind_picture", media.Video: "kind_video", media.Audio: "kind_audio", media.Document: "kind_document",
}

// documentTypes are what people call documents; of others the end of the name
// says enough.
var documentTypes = map[string]string{
	"application/pdf": "PDF", "application/zip": "ZIP", "text/csv": "CSV", "application/rtf": "RTF",
	"application/msword": "Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
	"application/vnd.ms-excel": "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
	"application/vnd.ms-powerpoint": "PowerPoint", "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
}

// attachment says what a file was recognised as.
func (e *env) attachment(a *media.Attachment) string {
	text := e.t(attachmentKinds[a.Kind])
	if name, ok := documentTypes[a.Type]; ok {
		text += " " + name
	}
	if a.Width > 0 && a.Height > 0 {
		text += fmt.Sprintf(" %d×%d", a.Width, a.Height)
	}
	if a.Seconds > 0 {
		text += " · " + e.words.Duration(time.Duration(a.Seconds)*time.Second)
	}
	return text + " · " + e.words.Size(a.Size)
}

// attached names a file and says what it is, in at most w cells.
func (e *env) attached(a *media.Attachment, w int) string {
	text, _ := e.cut("▣ "+a.Name+" · "+e.attachment(a), w)
	return text
}
