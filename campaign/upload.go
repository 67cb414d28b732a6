package campaign

import (
	"io"
	"time"

	"recado/campaign/media"
)

// Upload is an attachment that a number must upload before it can send the
// next delivery of a campaign. It is an [Act].
type Upload struct {
	Campaign   ID
	Attachment media.Attachment
	Link       uint32                        // of the number: by another one it is not to be used
	Open       func() (io.ReadCloser, error) // the bytes; fs.ErrNotExist if the book has lost them
}

// UploadAge is for how long an upload is used for further deliveries.
// WhatsApp promises to keep a file for 14 days (its documentation for
// businesses; phones fetch for up to 30), and people who are away when the last
// message is sent must still be able to fetch it.
const UploadAge = 3 * 24 * time.Hour
