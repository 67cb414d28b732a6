package tui

// Translate says in the language of a tag what other parts of the program say
// in English: the reason of a delivery, what holds a number, a mistake in a
// filter, a text or a pace, an error of the book. What it does not know it
// gives back unchanged, and for English everything.
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
	{"not a phone number: %s: %s", "mistake_phone"},
	{"there is no digit in it", "mistake_phone_no_digit"},
	{"a spreadsheet has rounded it: format the column as text, type the number again and save", "mistake_phone_rounded"},
	{"a plus in the middle; is it more than one number?", "mistake_phone_plus"},
	{"is it more than one number?", "mistake_phone_many"},
	{"%s is not part of one", "mistake_phone_letter"},
	{"the area code (DDD) is missing", "mistake_phone_no_area"},
	{"too short", "mistake_phone_short"},
	{"too long for a Brazilian number; begin those of other countries with a plus and the country code", "mistake_phone_long_here"},
	{"too long", "mistake_phone_long"},
	{"there is no area code (DDD) %s", "mistake_phone_bad_area"},
	{"a Brazilian number with nine digits begins with 9", "mistake_phone_ninth"},
	{"no Brazilian number begins with %s", "mistake_phone_begin"},
	{"no country has such numbers", "mistake_phone_no_country"},
	{"too short for country code %s", "mistake_phone_short_there"},
	{"too long for country code %s", "mistake_phone_long_there"},
	{"country code %s has no numbers of that length", "mistake_phone_length_there"},
	{"larger than %s MB: split it", "mistake_csv_large"},
	{"this is a spreadsheet, not a CSV file: open it and save it as CSV", "mistake_csv_spreadsheet"},
	{"this is not text: save the table as CSV (UTF-8)", "mistake_csv_binary"},
	{"neither UTF-8 nor Windows-1252: %s", "mistake_csv_encoding"},
	{`a " is not closed, or is not at the end of its cell`, "mistake_csv_quote"},
	{"there is nothing in it", "mistake_csv_empty"},
	{"no column with phones: one must be called telefone, celular, whatsapp or phone; there are %s", "mistake_csv_no_phones"},
	{"open %s: no such file or directory", "mistake_file_missing"},
	{"open %s: permission denied", "mistake_file_denied"},
	{"read %s: is a directory", "mistake_file_directory"},
	{"text: %s", "mistake_text"},
	{"audience: %s", "mistake_audience"},
	{"start campaign %s: %s", "mistake_start"},
	{"edit campaign %s: it is %s", "mistake_edit"},
	{"campaign %s: not found", "mistake_no_campaign"},
	{"campaign %s is %s", "mistake_campaign_state"},
	{"it is %s", "mistake_it_is"},
	{"draft", "mistake_is_draft"},
	{"running", "mistake_is_running"},
	{"paused", "mistake_is_paused"},
	{"finished", "mistake_is_finished"},
	{"cancelled", "mistake_is_cancelled"},
	{"not found", "mistake_not_found"},
	{"no number is linked: run recado link", "mistake_no_linked"},
	{"number %s is not linked: run recado link --name %s", "mistake_not_linked"},
	{"nobody to write to (%s skipped)", "mistake_nobody"},
	{"number %s: not found", "mistake_no_number"},
	{"number %s: already there", "mistake_number_exists"},
	{"link number %s: already linked", "mistake_number_linked"},
	{"remove number %s: it has been linked", "mistake_number_kept"},
	{"a campaign needs a name", "mistake_campaign_no_name"},
	{"a campaign needs a text", "mistake_campaign_no_text"},
	{"a number needs a name", "mistake_number_no_name"},
	{"a list needs a name", "mistake_list_no_name"},
	{"RECADO_SERVER: server %s: only a loopback address is allowed", "mistake_server_loopback"},
	{"RECADO_SERVER: server %s: want host:port", "mistake_server_address"},
	{"unknown command %s for %s\n\nDid you mean this?\n\t%s", "mistake_command_similar"},
	{"unknown command %s for %s", "mistake_command"},
	{"unknown flag: %s", "mistake_flag"},
	{"unknown shorthand flag: %s in %s", "mistake_shorthand"},
	{"flag needs an argument: %s", "mistake_flag_empty"},
	{"invalid argument %s for %s flag: %s", "mistake_flag_value"},
	{"accepts %s arg(s), received %s", "mistake_arguments"},
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
}
