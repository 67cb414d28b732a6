package tui

import (
	"strings"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// The other packages speak English and the book keeps what they say. These
// tables give it back in the person's language.

var deliveryReasons = map[string]string{
	reason.DeliveryOptedOut:      "reason_opted_out",
	reason.DeliveryNotOnWhatsApp: "reason_not_on_service",
	reason.DeliveryDuplicate:     "reason_duplicate",
	reason.DeliveryPerPerson:     "reason_per_person",
	reason.DeliveryMissingField:  "reason_missing_field",
	reason.DeliveryTooLong:       "reason_too_long",
	reason.DeliveryCancelled:     "reason_cancelled",
	reason.DeliveryErased:        "reason_erased",
	reason.DeliveryInterrupted:   "reason_interrupted",
	reason.DeliveryNoAnswer:      "reason_no_answer",
	reason.DeliveryNoKeys:        "reason_no_keys",
	reason.DeliveryUnlinked:      "reason_unlinked",
	reason.DeliveryForgotten:     "reason_forgotten",
	reason.DeliveryLeftAlone:     "reason_left",
	reason.DeliveryMoved:         "reason_moved",
	reason.DeliveryOwnNumber:     "reason_ours",
	reason.DeliveryBlocked:       "reason_blocked",
	reason.DeliveryNoAddress:     "reason_no_address",
}

var holdReasons = map[string]string{
	reason.HoldGap:       "hold_gap",
	reason.HoldLong:      "hold_long",
	reason.HoldHour:      "hold_hour",
	reason.HoldNewHour:   "hold_new_hour",
	reason.HoldDay:       "hold_day",
	reason.HoldNewDay:    "hold_new_day",
	reason.HoldHours:     "hold_hours",
	reason.HoldShut:      "hold_shut",
	reason.HoldNewChats:  "hold_new_chats",
	reason.HoldQuota:     "hold_quota",
	reason.HoldOffline:   "hold_offline",
	reason.HoldStopped:   "hold_stopped",
	reason.HoldSyncing:   "hold_syncing",
	reason.HoldReading:   "hold_reading",
	reason.HoldOthers:    "hold_others",
	reason.HoldRateLimit: "hold_rate_limit",
	reason.HoldDisk:      "hold_disk",
	reason.HoldCheck:     "hold_check",
	reason.HoldUpload:    "hold_upload",
	reason.HoldDoubt:     "hold_doubt",
	reason.HoldRetry:     "hold_retry",
	reason.HoldEmpty:     "hold_empty",
}

var filterMistakes = map[string]string{
	reason.FilterNoOpening:    "filter_no_opening",
	reason.FilterNoClosing:    "filter_no_closing",
	reason.FilterEmptyGroup:   "filter_empty_group",
	reason.FilterTooDeep:      "filter_too_deep",
	reason.FilterNothingAfter: "filter_nothing_after",
	reason.FilterNothing:      "filter_nothing",
	reason.FilterNoQuote:      "filter_no_quote",
	reason.FilterWantPhone:    "filter_want_phone",
	reason.FilterWantYesNo:    "filter_want_yes_no",
	reason.FilterWantAge:      "filter_want_age",
	reason.FilterWantNumber:   "filter_want_number",
}

var templateMistakes = map[string]string{
	reason.TemplateNoOpening: "template_no_opening",
	reason.TemplateNoClosing: "template_no_closing",
	reason.TemplateNested:    "template_nested",
	reason.TemplateNoName:    "template_no_name",
	reason.TemplateBadName:   "template_bad_name",
	reason.TemplateHidden:    "template_hidden",
}

// saying is what another package says, and its text in the catalogue. What
// stands for %s or %q in theirs is A, B… in ours.
type saying struct{ english, id string }

// sentences are those of the numbers, and of campaigns that pause themselves or
// stop with a number.
var sentences = []saying{
	{reason.CampaignNoUpload, "reason_no_upload"},
	{reason.CampaignFileGone, "reason_file_gone"},
	{reason.CampaignFileDamaged, "reason_file_changed"},
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
	{"WhatsApp does not let this number write to new people for now.", "number_reason_restricted"},
	{"WhatsApp's quota of new chats for this number is used up.", "number_reason_quota"},
	{reason.CampaignStopped, "campaign_reason_stop"},
	{reason.CampaignDamage, "campaign_reason_damage"},
	{reason.CampaignRefusals, "campaign_reason_refusals"},
	{reason.CampaignSilence, "campaign_reason_silence"},
	{reason.RefusedWithCode, "reason_with_code"},
	{"Nobody scanned the code. Start again when the phone is at hand.", "link_reason_nobody"},
	{"Nobody typed the code. Start again when the phone is at hand.", "link_reason_untyped"},
	{"WhatsApp gives no more codes for this phone for now, because too many were asked for. Wait an hour, or scan the QR code.", "link_reason_too_many"},
	{"WhatsApp gives no code for %s: check the phone number, or scan the QR code.", "link_reason_no_code"},
	{"The code was for %s, but %s typed it. Start again.", "link_reason_other_typed"},
	{"The passkey did not come in time. Start again when the browser is at hand.", "link_reason_passkey_late"},
	{"The connection was lost before the passkey came. Start again.", "link_reason_passkey_lost"},
	{"WhatsApp did not accept the passkey: %s.", "link_reason_passkey_refused"},
	{"WhatsApp is checking the passkey.", "link_reason_passkey_check"},
	{"WhatsApp did not say what it thinks of the passkey. Start again.", "link_reason_passkey_silent"},
	{"WhatsApp gives no code. Try again later.", "link_reason_no_codes"},
	{"no answer in time", "no_answer_in_time"},
	{"Update WhatsApp on the phone, then scan again.", "link_reason_update"},
	{"This is another phone. %q is %s: link other phones as new numbers.", "link_reason_other"},
	{"This phone is already linked as %q.", "link_reason_twice"},
	{"Linking failed: %s.", "link_reason_failed"},
	{"The phone could not be told: remove the device there, under linked devices.", "unlink_reason_untold"},
	{"WhatsApp refused the message", "reason_refused"},
	{"too many messages to people who do not have it in their address books", "ban_strangers"},
	{"too many people blocked it", "ban_blocked"},
	{"too many groups with people who do not have it in their address books", "ban_groups"},
	{"the same message to too many people", "ban_same"},
	{"too many messages to a broadcast list", "ban_broadcast"},
	{"WhatsApp did not answer in time", "upload_no_answer"},
	{"WhatsApp cannot be reached: %s", "upload_unreachable"},
	{"WhatsApp refused the file with code %s", "upload_refused"},
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

// hold says what holds a number back that sends a campaign, and whose limit it
// is.
func (w *words) hold(h campaign.Hold, of campaign.ID) string {
	id, ok := holdReasons[h.Reason]
	if !ok {
		return w.cells.clean(h.Reason)
	}
	switch text := w.t(id); {
	case !h.Paced() || h.Reason == reason.HoldShut:
		return text
	case h.Campaign == 0:
		return text + " " + w.t("hold_of_number")
	case h.Campaign == of:
		return text + " " + w.t("hold_of_campaign")
	default:
		return text + " " + w.t("hold_of_other")
	}
}

// sentence says what a number reports, or an error of another package.
func (w *words) sentence(s string) string {
	if text, ok := w.known(s); ok {
		return text
	}
	return w.cells.clean(s)
}

// known says what another package says in English, if it is in the tables and
// another language is spoken.
func (w *words) known(s string) (text string, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || w.Lang() == "en" && !ofNetwork(s) {
		return "", false
	}
	for _, table := range []map[string]string{deliveryReasons, holdReasons, filterMistakes, templateMistakes} {
		if id, ok := table[s]; ok {
			return w.t(id), true
		}
	}
	for _, table := range [][]saying{sentences, reasons, mistakes, networkFaults} {
		for _, known := range table {
			details, ok := matches(s, known.english)
			if !ok {
				continue
			}
			var args []any
			for i, d := range details {
				args = append(args, string(rune('A'+i)), w.sentence(d))
			}
			return w.t(known.id, args...), true
		}
	}
	return "", false
}

// networkFaults are what the network says, as Go words it: no language is that
// of a person.
var networkFaults = []saying{
	{"lookup %s: no such host", "network_no_host"},
	{"lookup %s: %s", "network_no_names"},
	{"dial %s: lookup %s: no such host", "network_no_host_of"},
	{"dial %s: lookup %s: %s", "network_no_names_of"},
	{"dial tcp %s: %s", "network_dial"},
	{"%s: dial tcp %s: %s", "network_dial_of"},
	{"%s: dial tcp: lookup %s: no such host", "network_no_host_of"},
	{"%s: dial tcp: lookup %s: %s", "network_no_names_of"},
	{"read tcp %s: %s", "network_dial"},
	{"write tcp %s: %s", "network_dial"},
	{"connect: %s", "network_inner"},
	{"read: %s", "network_inner"},
	{"write: %s", "network_inner"},
	{"connection refused", "network_refused"},
	{"connection reset by peer", "network_reset"},
	{"broken pipe", "network_reset"},
	{"EOF", "network_reset"},
	{"unexpected EOF", "network_reset"},
	{"network is unreachable", "network_none"},
	{"network is down", "network_none"},
	{"no route to host", "network_none"},
	{"host is down", "network_none"},
	{"i/o timeout", "no_answer_in_time"},
	{"connection timed out", "no_answer_in_time"},
	{"context deadline exceeded", "no_answer_in_time"},
	{"TLS handshake timeout", "no_answer_in_time"},
	{"net/http: TLS handshake timeout", "no_answer_in_time"},
	{"x509: %s", "network_certificate"},
	{"tls: %s", "network_certificate"},
}

// ofNetwork reports whether a text says what the network said.
func ofNetwork(s string) bool {
	for _, f := range networkFaults {
		mark, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(f.english, "%s"), ": "), "%s")
		if mark = strings.TrimSpace(mark); len(mark) > len("EOF") && strings.Contains(s, mark) || s == f.english {
			return true
		}
	}
	return strings.HasSuffix(s, "EOF") || strings.HasSuffix(s, "EOF.")
}

// matches reports whether s was made of pattern, and what stands in it for
// each %s or %q.
func matches(s, pattern string) (details []string, ok bool) {
	parts := strings.Split(strings.ReplaceAll(pattern, "%q", "%s"), "%s")
	s, ok = strings.CutPrefix(s, parts[0])
	for i, part := range parts[1:] {
		if !ok {
			return nil, false
		}
		at := strings.Index(s, part)
		if i == len(parts)-2 { // the last one ends the sentence
			at = len(s) - len(part)
			ok = strings.HasSuffix(s, part)
		}
		if at < 0 || !ok {
			return nil, false
		}
		details, s = append(details, s[:at]), s[at+len(part):]
	}
	return details, ok && s == ""
}

// filterMistake says what is wrong with a filter.
func (w *words) filterMistake(m *people.FilterError) string {
	return w.sentence(m.Message)
}

// templateMistake says what is wrong with a text, and where.
func (w *words) templateMistake(m *campaign.TemplateError, text string) string {
	mistake := m.Message
	if id, ok := templateMistakes[m.Message]; ok {
		mistake = w.t(id)
	}
	line := 1 + strings.Count(text[:min(max(m.Offset, 0), len(text))], "\n")
	return w.t("template_mistake", "Line", line, "Mistake", mistake)
}
