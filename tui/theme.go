package tui

import (
	"strings"

	"charm.land/lipgloss/v2"

	"recado/campaign"
)

// ink is one way to paint text: the sequence that begins it. It is worked out
// once, so that painting a cell of a long list is joining strings.
type ink string

const reset = "\x1b[m"

// of paints s.
func (i ink) of(s string) string {
	if i == "" || s == "" {
		return s
	}
	return string(i) + s + reset
}

func newInk(s lipgloss.Style) ink {
	before, _, _ := strings.Cut(s.Render("x"), "x")
	return ink(before)
}

// theme holds every visual choice of the program. The terminal's own colours
// stay behind and under it; where a terminal has no colours, weight and signs
// still tell everything apart.
type theme struct {
	dark bool

	text, strong, dim, faint     ink // text is the terminal's own
	accent, good, warn, bad      ink
	info                         ink
	title, tab, here             ink // the program's name, a tab, the tab we are at
	key                          ink // a key in the help
	rule                         ink
	label, labelHere             ink // of a field, of the field we are in
	selected                     ink // the ground under the selected row
	marker                       ink // the bar at its left
	qr                           ink // the code: white on black, whatever the terminal is
	caret                        ink // the character under the cursor of a field
	bold, italic, strike, inMono ink // as WhatsApp shows them
}

func newTheme(dark bool) *theme {
	pick := lipgloss.LightDark(dark)
	hue := func(light, darker string) lipgloss.Style {
		return lipgloss.NewStyle().Foreground(pick(lipgloss.Color(light), lipgloss.Color(darker)))
	}
	dim := hue("#5F6772", "#9AA1AC")
	faint := hue("#6F7783", "#7A828E")
	accent := hue("#0F766E", "#5CC8A8")
	plain := lipgloss.NewStyle()
	// Greys of the 256-colour palette: a tint would become a loud green there.
	ground := pick(lipgloss.Color("#E4E4E4"), lipgloss.Color("#303030"))
	return &theme{
		dark:      dark,
		strong:    newInk(plain.Bold(true)),
		dim:       newInk(dim),
		faint:     newInk(faint),
		accent:    newInk(accent),
		good:      newInk(hue("#2E7D32", "#7CC983")),
		warn:      newInk(hue("#8A5A00", "#E5B567")),
		bad:       newInk(hue("#B3261E", "#EF7F86")),
		info:      newInk(hue("#1D5FAE", "#79AEEB")),
		title:     newInk(accent.Bold(true)),
		tab:       newInk(dim),
		here:      newInk(plain.Bold(true).Underline(true)),
		key:       newInk(accent),
		rule:      newInk(hue("#C0C5CC", "#4E5560")),
		label:     newInk(dim),
		labelHere: newInk(accent.Bold(true)),
		selected:  newInk(plain.Background(ground)),
		marker:    newInk(accent.Background(ground)),
		qr:        newInk(plain.Foreground(lipgloss.Color("#FFFFFF")).Background(lipgloss.Color("#000000"))),
		caret:     newInk(plain.Reverse(true)),
		bold:      newInk(plain.Bold(true)),
		italic:    newInk(plain.Italic(true)),
		strike:    newInk(plain.Strikethrough(true)),
		inMono:    newInk(hue("#5F4B8B", "#C3A6F0")),
	}
}

// sign is how a state looks: a symbol that says it without colour, its
// colour, and the id of its word in the catalogue.
type sign struct {
	symbol string
	ink    ink
	word   string
}

// number returns the sign of a number's state.
func (t *theme) number(s campaign.NumberState) sign {
	switch s {
	case campaign.Unlinked:
		return sign{"·", t.dim, "number_unlinked"}
	case campaign.Linking:
		return sign{"▣", t.info, "number_linking"}
	case campaign.Connecting:
		return sign{"◌", t.info, "number_connecting"}
	case campaign.Online:
		return sign{"●", t.good, "number_online"}
	case campaign.Offline:
		return sign{"○", t.warn, "number_offline"}
	case campaign.Restricted:
		return sign{"◐", t.warn, "number_restricted"}
	case campaign.Banned:
		return sign{"✖", t.bad, "number_banned"}
	case campaign.Blocked:
		return sign{"!", t.bad, "number_blocked"}
	case campaign.LoggedOut:
		return sign{"×", t.bad, "number_logged_out"}
	}
	return sign{"▲", t.bad, "number_outdated"}
}

// delivery returns the sign of a delivery's state.
func (t *theme) delivery(s campaign.State) sign {
	switch s {
	case campaign.Queued:
		return sign{"·", t.faint, "state_queued"}
	case campaign.Sending:
		return sign{"›", t.info, "state_sending"}
	case campaign.Sent:
		return sign{"✓", t.dim, "state_sent"}
	case campaign.Delivered:
		return sign{"✓✓", t.text, "state_delivered"}
	case campaign.Read:
		return sign{"✓✓", t.info, "state_read"}
	case campaign.Replied:
		return sign{"↩", t.accent, "state_replied"}
	case campaign.Failed:
		return sign{"✗", t.bad, "state_failed"}
	case campaign.Unsure:
		return sign{"?", t.warn, "state_unsure"}
	}
	return sign{"–", t.faint, "state_skipped"}
}

// campaign returns the sign of a campaign's status.
func (t *theme) campaign(s campaign.Status) sign {
	switch s {
	case campaign.Draft:
		return sign{"·", t.dim, "status_draft"}
	case campaign.Scheduled:
		return sign{"◷", t.accent, "status_scheduled"}
	case campaign.Freezing:
		return sign{"◌", t.accent, "status_freezing"}
	case campaign.Running:
		return sign{"▶", t.good, "status_running"}
	case campaign.Paused:
		return sign{"‖", t.warn, "status_paused"}
	case campaign.Finished:
		return sign{"■", t.accent, "status_finished"}
	}
	return sign{"×", t.faint, "status_cancelled"}
}
