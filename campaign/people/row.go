package people

import "time"

// Row is one person of a file.
type Row struct {
	Line   int // of the file, from 1, where the row begins
	Phone  Phone
	Others []Phone // that are theirs as well, the likeliest to be on WhatsApp first
	Name   string
	Tags   []string
	Lists  []string          // that they are on; one that is not there is made
	Fields map[string]string // the other columns that are not empty, by the folded header, "_" for spaces
	// Left is what the file says of somebody who does not want to be written to,
	// Doubt what may mean that: a person has to decide.
	Left, Doubt string
	LeftAt      time.Time // when they left; zero: the file does not say
	// Consent is what the file, or who imports it, says of whether they agreed;
	// who wrote it down is not in it.
	Consent Consent
	Note    string
}
