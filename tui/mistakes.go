package tui

import (
	"strconv"

	"recado/campaign/reason"
)

// Translate says in the language of a tag what other parts of the program say
// in English: the reason of a delivery, what holds a number, a mistake in a
// filter, a text or a pace, an error of the book. What it does not know it
// gives back unchanged, and for English everything but what the network says.
//
// The text may hold what came from outside; it is for whoever prints it to
// clean it.
func Translate(lang, text string) string {
	w := newWords(lang, cells{})
	if said, ok := w.known(text); ok {
		return said
	}
	return text
}

// Say says a reason in the language of a tag. What comes from outside in it is
// in quotes and harmless to a terminal.
func Say(lang string, r reason.Reason) string { return newWords(lang, cells{}).because(r) }

// because says a reason.
func (w *words) because(r reason.Reason) string {
	args := make([]any, 0, 2*len(r.Args))
	for i, arg := range r.Args {
		switch v := arg.(type) {
		case string:
			arg = strconv.Quote(v)
		case []string:
			arg = reason.QuoteAll(v)
		case reason.Reason:
			arg = w.because(v)
		}
		args = append(args, string(rune('A'+i)), arg)
	}
	return w.t(becauseID(r.Code), args...)
}

// becauseID is where the text of a reason is in the catalogue.
func becauseID(code reason.Code) string { return "mistake_" + string(code) }

// reasons are the texts of reasons, for where one comes inside of another
// error.
var reasons = func() (all []saying) {
	for code, english := range reason.Codes() {
		all = append(all, saying{english, becauseID(code)})
	}
	return all
}()

// mistakes are errors as the other packages word them; of two that fit, the
// first one counts.
var mistakes = []saying{
	{"WhatsApp did not accept the message", "mistake_refused_message"},
	{"WhatsApp does not let this number write to this person", "mistake_refused_person"},
	{"WhatsApp does not let this number write to new people for now", "mistake_refused_new"},
	{"the monthly limit of new chats is reached", "mistake_refused_month"},
	{"WhatsApp did not accept the form of the message", "mistake_refused_form"},
	{"WhatsApp is unavailable", "mistake_refused_unavailable"},
	{"pace: %s: no such limit; there are %s", "mistake_pace_no_limit"},
	{"pace: %s: want key=value, for example gap=30s-60s", "mistake_pace_no_value"},
	{"pace: %s: %s", "mistake_pace_bad_value"},
	{"the second duration is shorter than the first", "mistake_pace_span"},
	{"not a number of days: %s", "mistake_pace_days"},
	{"not a duration: %s (write 30s, 2m, 1h or 7d)", "mistake_pace_duration"},
	{"not a number from 0 to 1000000: %s", "mistake_pace_count"},
	{"want from-to, for example 09:00-20:00", "mistake_pace_from_to"},
	{"not a time of day: %s", "mistake_pace_clock"},
	{"the end must be later on the same day than the beginning", "mistake_pace_window"},
	{"not a weekday: %s (sun, mon, tue, wed, thu, fri, sat)", "mistake_pace_weekday"},
	{reason.AttachmentEmpty, "attachment_empty"},
	{reason.AttachmentMedia, "attachment_media"},
	{reason.AttachmentLarge, "attachment_large"},
	{reason.AttachmentBroken, "attachment_broken"},
	{reason.AttachmentPoints, "attachment_points"},
	{reason.AttachmentPictures, "attachment_pictures"},
	{reason.AttachmentMoving, "attachment_moving"},
	{reason.AttachmentVideos, "attachment_videos"},
	{reason.AttachmentAudios, "attachment_audios"},
	{"OGG with another codec than Opus", "attachment_vorbis"},
	{reason.AttachmentText, "attachment_text"},
	{"the file has changed since it was checked: check it again", "attachment_changed"},
	{"not a file: %s", "attachment_not_file"},
	{"%s: it is part of the data of recado, which is not to be given away", "attachment_ours"},
	{"it is part of the data of recado, which is not to be given away", "attachment_ours_alone"},
	{"open %s: no such file or directory", "mistake_file_missing"},
	{"open %s: permission denied", "mistake_file_denied"},
	{"read %s: is a directory", "mistake_file_directory"},
	{"table %s: row %s is damaged", "check_damaged"},
	{"table %s: row %s leads nowhere", "check_stray"},
	{"table %s: row %s is missing", "check_missing"},
	{"%s: table %s: row %s is damaged", "check_damaged_of"},
	{"%s: table %s: row %s leads nowhere", "check_stray_of"},
	{"%s: table %s: row %s is missing", "check_missing_of"},
	{"%s: %s are counted, there are %s", "check_counted"},
	{"campaign %s: %s are counted as %s, there are %s", "check_tally"},
	{"campaign %s is %s, which the table of running ones contradicts", "check_running"},
	{"campaign %s runs and has nothing left to send", "check_idle"},
	{"the person of delivery %s could be written to twice", "check_twice"},
	{"it was written by a newer recado (its version is %s, this program knows %s): update the program", "check_newer"},
	{"it was written by a newer recado (this program knows version %s): update the program", "check_newer_than"},
	{"to look at it takes longer than %s: it is damaged", "check_endless"},
	{"to look at it ends the program (%s): it is damaged", "check_deadly"},
	{"it has no version", "check_no_version"},
	{"it is neither real data nor a demo's", "check_kind"},
	{"device %s: its keys are damaged", "check_keys"},
	{"device %s: its link has no number of its own", "check_link"},
	{"this is not a database, or its first pages are damaged", "check_no_database"},
	{"the file is cut short: %s of %s bytes are there", "check_short"},
	{"one of its two first pages is damaged: the last change may be forgotten", "check_went_back"},
	{"the file %s is damaged: recado check", "mistake_damaged"},
	{"pages: %s", "check_pages"},
	{"the content cannot be read: %s", "check_unreadable"},
	{"and %s more findings", "check_more"},
	{"table %s is missing", "check_table"},
	{"text: %s", "mistake_text"},
	{"audience: %s", "mistake_audience"},
	{"start campaign %s: %s", "mistake_start"},
	{"%s · %s", "mistake_both"},
	{"edit campaign %s: it is %s", "mistake_edit"},
	{"edit campaign %s: changed elsewhere meanwhile", "mistake_edit_changed"},
	{"the file has not been read: %s", "mistake_file_unread"},
	{"pace: it was not taken", "mistake_pace_unread"},
	{"the campaign may send when the number %s may not, and the other way round: change the hours or weekdays of one", "mistake_shut"},
	{"no limit at all is only for the demo", "mistake_no_limit"},
	{"campaign %s: not found", "mistake_no_campaign"},
	{"campaign %s is %s", "mistake_campaign_state"},
	{"it is %s", "mistake_it_is"},
	{"draft", "mistake_is_draft"},
	{"running", "mistake_is_running"},
	{"paused", "mistake_is_paused"},
	{"finished", "mistake_is_finished"},
	{"cancelled", "mistake_is_cancelled"},
	{"freezing", "mistake_is_freezing"},
	{"not found", "mistake_not_found"},
	{"no number is linked: run recado link", "mistake_no_linked"},
	{"number %s is not linked: run recado link --name %s", "mistake_not_linked"},
	{"nobody to write to (%s skipped)", "mistake_nobody"},
	{"number %s: not found", "mistake_no_number"},
	{"number %s: already there", "mistake_number_exists"},
	{"link number %s: already linked", "mistake_number_linked"},
	{"remove number %s: it has been linked", "mistake_number_kept"},
	{"a campaign needs a name", "mistake_campaign_no_name"},
	{"the text has %s characters, WhatsApp takes %s at the most", "mistake_text_long"},
	{"a campaign needs a text or an attachment", "mistake_campaign_no_text"},
	{"a number needs a name", "mistake_number_no_name"},
	{"a list needs a name", "mistake_list_no_name"},
	{"the name of a list has at most %s characters", "mistake_list_name_long"},
	{"the name of a list cannot be * and has no \"", "mistake_list_name_sign"},
	{"list %s: not found", "mistake_no_list"},
	{"list %s: already there", "mistake_list_exists"},
	{reason.FilterNoList, "filter_no_list"},
	{"the simulated WhatsApp does not know this number", "mistake_demo_number"},
	{"nobody has received anything from this number yet", "mistake_demo_nobody"},
	{"passkey of number %s: %s", "mistake_passkey_step"},
	{"passkey: %s", "mistake_passkey"},
	{"this is not what the browser answered: copy all of it", "mistake_passkey_answer"},
	{"WhatsApp is not asking for a passkey", "mistake_passkey_none"},
	{"RECADO_SERVER: server %s: only a loopback address is allowed", "mistake_server_loopback"},
	{"RECADO_SERVER: server %s: want host:port", "mistake_server_address"},
	{"unknown command %s for %s\n\nDid you mean this?\n\t%s", "mistake_command_similar"},
	{"unknown command %s for %s", "mistake_command"},
	{"unknown flag: %s", "mistake_flag"},
	{"unknown shorthand flag: %s in %s", "mistake_shorthand"},
	{"flag needs an argument: %s", "mistake_flag_empty"},
	{"invalid argument %s for %s flag: %s", "mistake_flag_value"},
	{"accepts %s arg(s), received %s", "mistake_arguments"},
	{"the file is closed", "mistake_closed"},
	{"the numbers are closed", "mistake_closed_numbers"},
	{"the file is not the one that was attached", "mistake_other_file"},
	{"the phone number is missing", "mistake_phone_missing"},
	{"already linked", "mistake_linked"},
	{"not linked", "mistake_unlinked"},
	{"no such number", "mistake_number_gone"},
	{"a demo's data and real data do not mix", "mistake_kind"},
	{"already there", "mistake_there"},
	{"changed elsewhere meanwhile", "mistake_changed"},
	{"written by a newer recado", "mistake_newer"},
	{"unlink number %s: %s", "mistake_unlink_step"},
	{"link number %s: %s", "mistake_link_step"},
	{"unlinked", "number_unlinked"},
	{"linking", "number_linking"},
	{"connecting", "number_connecting"},
	{"online", "number_online"},
	{"offline", "number_offline"},
	{"restricted", "number_restricted"},
	{"banned", "number_banned"},
	{"blocked", "number_blocked"},
	{"logged-out", "number_logged_out"},
	{"outdated", "number_outdated"},
	{"%s: it goes on by itself", "mistake_goes_on"},
}
