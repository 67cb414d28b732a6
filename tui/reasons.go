package tui

import (
	"strings"

	"recado/campaign"
)

// The other packages speak English and the book keeps what they say. These
// tables give it back in the person's language.

var deliveryReasons = map[string]string{
	campaign.ReasonOptedOut:     "reason_opted_out",
	campaign.ReasonNotOnService: "reason_not_on_service",
	campaign.ReasonDuplicate:    "reason_duplicate",
	campaign.ReasonPerPerson:    "reason_per_person",
	campaign.ReasonMissingField: "reason_missing_field",
	campaign.ReasonCancelled:    "reason_cancelled",
	campaign.ReasonErased:       "reason_erased",
	campaign.ReasonInterrupted:  "reason_interrupted",
	campaign.ReasonNoAnswer:     "reason_no_answer",
	campaign.ReasonNoKeys:       "reason_no_keys",
	campaign.ReasonUnlinked:     "reason_unlinked",
}

var holdReasons = map[string]string{
	campaign.HoldGap:       "hold_gap",
	campaign.HoldLong:      "hold_long",
	campaign.HoldHour:      "hold_hour",
	campaign.HoldNewHour:   "hold_new_hour",
	campaign.HoldDay:       "hold_day",
	campaign.HoldNewDay:    "hold_new_day",
	campaign.HoldHours:     "hold_hours",
	campaign.HoldNewChats:  "hold_new_chats",
	campaign.HoldOffline:   "hold_offline",
	campaign.HoldSyncing:   "hold_syncing",
	campaign.HoldRateLimit: "hold_rate_limit",
	campaign.HoldDisk:      "hold_disk",
	campaign.HoldCheck:     "hold_check",
	campaign.HoldDoubt:     "hold_doubt",
	campaign.HoldRetry:     "hold_retry",
	campaign.HoldEmpty:     "hold_empty",
}

// paceLimits are the names of limits, as Pace.Looser gives them.
var paceLimits = map[string]string{
	"gap": "limit_gap", "new-gap": "limit_new_gap", "long": "limit_long", "every": "limit_every",
	"hour": "limit_hour", "new-hour": "limit_new_hour", "day": "limit_day", "new-day": "limit_new_day",
	"hours": "limit_hours", "weekdays": "limit_weekdays", "per-person": "limit_per_person",
}

// sentences are those of the numbers; a %s of theirs is Detail of ours.
var sentences = []struct{ english, id string }{
	{"The connection was lost.", "number_reason_lost"},
	{"WhatsApp cannot be reached: %s.", "number_reason_unreachable"},
	{"The clock of this computer is wrong: set its date and time.", "number_reason_clock"},
	{"WhatsApp did not answer the login.", "number_reason_no_login"},
	{"The connection is slow: WhatsApp does not answer.", "number_reason_slow"},
	{"WhatsApp stopped answering.", "number_reason_dead"},
	{"WhatsApp closed the connection (code %s).", "number_reason_closed"},
	{"WhatsApp keeps closing the connection (code %s). Wait a while, then reconnect.", "number_reason_flapping"},
	{"This link is in use elsewhere. Close the other program, then reconnect.", "number_reason_replaced"},
	{"The phone unlinked this device. Link it again.", "number_reason_logged_out"},
	{"WhatsApp locked the account, or its phone number was registered again. Open WhatsApp on the phone before linking it again.", "number_reason_locked"},
	{"WhatsApp banned this account. Ask for a review in the WhatsApp app.", "number_reason_expelled"},
	{"WhatsApp banned this number for a time: %s.", "number_reason_ban"},
	{"WhatsApp asks for a newer program: update recado.", "number_reason_outdated"},
	{"WhatsApp refused the connection (%s).", "number_reason_refused"},
	{"WhatsApp refused the connection (%s), several times. Look at WhatsApp on the phone, then reconnect.", "number_reason_refused_long"},
	{"WhatsApp refused the connection in an unexpected way (413 or 414).", "number_reason_token"},
	{"The keys of this link are missing from this computer. Link it again.", "number_reason_keys_gone"},
	{"The keys of this link cannot be read: %s.", "number_reason_no_keys"},
	{"too many messages to people who do not have it in their address books", "ban_strangers"},
	{"too many people blocked it", "ban_blocked"},
	{"too many groups with people who do not have it in their address books", "ban_groups"},
	{"the same message to too many people", "ban_same"},
	{"too many messages to a broadcast list", "ban_broadcast"},
}

// reason says a reason of a delivery.
func (w *words) reason(s string) string {
	if id, ok := deliveryReasons[s]; ok {
		return w.t(id)
	}
	// "missing field: cidade" names what is missing.
	if head, rest, ok := strings.Cut(s, ":"); ok {
		if id, ok := deliveryReasons[head]; ok {
			return w.t(id) + ": " + w.cells.clean(strings.TrimSpace(rest))
		}
	}
	return w.sentence(s)
}

// hold says what holds a number back.
func (w *words) hold(s string) string {
	if id, ok := holdReasons[s]; ok {
		return w.t(id)
	}
	return w.cells.clean(s)
}

// sentence says what a number reports.
func (w *words) sentence(s string) string {
	if s == "" || w.english {
		return w.cells.clean(s)
	}
	for _, known := range sentences {
		head, tail, open := strings.Cut(known.english, "%s")
		switch {
		case !open && s == known.english:
			return w.t(known.id)
		case open && len(s) >= len(head)+len(tail) && strings.HasPrefix(s, head) && strings.HasSuffix(s, tail):
			return w.t(known.id, "Detail", w.sentence(s[len(head):len(s)-len(tail)]))
		}
	}
	return w.cells.clean(s)
}

// filterMistake says what is wrong with a filter.
func (w *words) filterMistake(m *campaign.FilterError) string { return w.cells.clean(m.Message) }

// templateMistake says what is wrong with a text, and where.
func (w *words) templateMistake(m *campaign.TemplateError, text string) string {
	line := 1 + strings.Count(text[:min(max(m.Offset, 0), len(text))], "\n")
	return w.t("template_mistake", "Line", line, "Mistake", m.Message)
}
