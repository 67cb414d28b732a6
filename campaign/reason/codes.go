package reason

// What is wrong with a phone. PhoneBad holds what was written and one of the others.
const (
	PhoneBad         Code = "phone"
	PhoneNoDigit     Code = "phone_no_digit"
	PhoneRounded     Code = "phone_rounded"
	PhonePlus        Code = "phone_plus"
	PhoneMany        Code = "phone_many"
	PhoneLetter      Code = "phone_letter" // which
	PhoneNoArea      Code = "phone_no_area"
	PhoneShort       Code = "phone_short"
	PhoneLongHere    Code = "phone_long_here"
	PhoneLong        Code = "phone_long"
	PhoneBadArea     Code = "phone_bad_area" // which
	PhoneNinth       Code = "phone_ninth"
	PhoneBegin       Code = "phone_begin" // with which digit
	PhoneNoCountry   Code = "phone_no_country"
	PhoneShortThere  Code = "phone_short_there"  // country code
	PhoneLongThere   Code = "phone_long_there"   // country code
	PhoneLengthThere Code = "phone_length_there" // country code
)

// Why a file cannot be imported.
const (
	CSVLarge       Code = "csv_large" // the most, in MB
	CSVSpreadsheet Code = "csv_spreadsheet"
	CSVBinary      Code = "csv_binary"
	CSVEmpty       Code = "csv_empty"
	CSVNoPhones    Code = "csv_no_phones"   // the columns that there are
	CSVColumns     Code = "csv_columns"     // the most
	CSVColumnLong  Code = "csv_column_long" // which, how many characters, the most
	CSVHeaderLine  Code = "csv_header_line" // why
	ImportPage     Code = "import_page"     // it is a page of the web
	ImportJSON     Code = "import_json"     // a list in JSON
	ImportGroup    Code = "import_group"    // the chat of a group
	ImportNoSender Code = "import_no_sender"
	ImportPacked   Code = "import_packed"    // nothing in it can be read
	ImportBroken   Code = "import_broken"    // a workbook
	ImportUnpacked Code = "import_unpacked"  // the most, in MB
	ImportNoSheet  Code = "import_no_sheet"  // which, those that there are
	ImportNoColumn Code = "import_no_column" // which, those that there are
)

// Why a row of a file cannot be imported.
const (
	RowNoPhone  Code = "row_no_phone"
	RowCells    Code = "row_cells" // how many, of how many
	RowQuote    Code = "row_quote"
	RowLineLong Code = "row_line_long" // the most, in KB
	RowZero     Code = "row_zero"
	RowCellLong Code = "row_cell_long" // the column, how many characters, the most
	RowNameLong Code = "row_name_long" // how many characters, the most
	RowTagLong  Code = "row_tag_long"  // which, how many characters, the most
	RowTags     Code = "row_tags"      // the most
	RowLists    Code = "row_lists"     // the most
	RowFields   Code = "row_fields"    // the most
	RowAbove    Code = "row_above"     // it stands above the names of the columns
	RowObject   Code = "row_object"    // it is no line of a list of recado
)

// Why people cannot be written to a file.
const (
	ExportFields Code = "export_fields" // how many, the most
	ExportRows   Code = "export_rows"   // the most
)

// What is said of rows that are imported, or of a file.
const (
	NoteEncoding Code = "note_encoding" // the alphabet that a text was taken for
	NoteMended   Code = "note_mended"
	NoteLetters  Code = "note_letters"
	NoteNoNames  Code = "note_no_names"
	NoteHeader   Code = "note_header"
	NoteSummary  Code = "note_summary"
	NoteFilledIn Code = "note_filled_in" // the phone
	NoteShared   Code = "note_shared"    // the phone, the line of the other
	NoteLeft     Code = "note_left"
	NoteDoubt    Code = "note_doubt"
)

// How long ago something was, in days.
const (
	AgoToday     Code = "ago_today"
	AgoYesterday Code = "ago_yesterday"
	AgoDays      Code = "ago_days" // how many, more than one
)

// Why a delivery is skipped, failed, unsure, or has not left yet.
const (
	DeliveryOptedOut      Code = "delivery_opted_out"
	DeliveryDoubt         Code = "delivery_doubt" // they may want to be left alone
	DeliveryNotOnWhatsApp Code = "delivery_not_on_whatsapp"
	DeliveryDuplicate     Code = "delivery_duplicate"
	DeliveryPerPerson     Code = "delivery_per_person"
	DeliveryMissingField  Code = "delivery_missing_field" // which, if that is told
	DeliveryAnswered      Code = "delivery_answered"      // the campaign that is followed up
	DeliveryNeverAnswers  Code = "delivery_never_answers"
	DeliveryNoConsent     Code = "delivery_no_consent" // the campaign is only for those who have consented
	DeliveryTooLong       Code = "delivery_too_long"   // what is filled in made it so
	DeliveryCancelled     Code = "delivery_cancelled"
	DeliveryErased        Code = "delivery_erased"
	DeliveryInterrupted   Code = "delivery_interrupted"
	DeliveryNoAnswer      Code = "delivery_no_answer"
	DeliveryNoKeys        Code = "delivery_no_keys"
	DeliveryUnlinked      Code = "delivery_unlinked"
	DeliveryForgotten     Code = "delivery_forgotten"
	DeliveryLeftAlone     Code = "delivery_left_alone"
	DeliveryTakenOut      Code = "delivery_taken_out" // by a person, before anything left
	DeliveryNoAddress     Code = "delivery_no_address"
	DeliveryOwnNumber     Code = "delivery_own_number"
	DeliveryBlocked       Code = "delivery_blocked" // the number of ours, if that is told
	DeliveryMoved         Code = "delivery_moved"
	DeliveryOtherNumber   Code = "delivery_other_number" // their phone is hidden, and they know none of the numbers
)

// What the service says of a message that it does not take.
const (
	Refused          Code = "refused"
	RefusedText      Code = "refused_text"
	RefusedPerson    Code = "refused_person"
	RefusedStrangers Code = "refused_strangers"
	RefusedQuota     Code = "refused_quota"
	RefusedForm      Code = "refused_form"
	RefusedForNow    Code = "refused_for_now"
	SessionMoved     Code = "session_moved"     // what arrived meanwhile changed the keys, again and again
	RefusedWithCode  Code = "refused_with_code" // a reason, the service's code
	ServiceCode      Code = "service_code"      // the code alone
)

// Why a number sends nothing now.
const (
	HoldGap       Code = "hold_gap"
	HoldLong      Code = "hold_long"
	HoldHour      Code = "hold_hour"
	HoldNewHour   Code = "hold_new_hour"
	HoldDay       Code = "hold_day"
	HoldNewDay    Code = "hold_new_day"
	HoldHours     Code = "hold_hours"
	HoldShut      Code = "hold_shut"
	HoldNewChats  Code = "hold_new_chats"
	HoldQuota     Code = "hold_quota"
	HoldOffline   Code = "hold_offline"
	HoldStopped   Code = "hold_stopped"
	HoldSyncing   Code = "hold_syncing"
	HoldReading   Code = "hold_reading"
	HoldOthers    Code = "hold_others"
	HoldRateLimit Code = "hold_rate_limit"
	HoldDisk      Code = "hold_disk"
	HoldUpload    Code = "hold_upload"
	HoldDoubt     Code = "hold_doubt"
	HoldRetry     Code = "hold_retry"
	HoldRefused   Code = "hold_refused"
	HoldSilent    Code = "hold_silent"
	HoldByPerson  Code = "hold_by_person"
	HoldEmpty     Code = "hold_empty"
)

// Why a campaign is paused, a draft again, or cannot be what is asked.
const (
	CampaignStopped     Code = "campaign_stopped"   // the number that the service stopped
	CampaignRefusals    Code = "campaign_refusals"  // how many in a row, why
	CampaignFollowed    Code = "campaign_followed"  // the campaign, its follow-up
	CampaignNoFollow    Code = "campaign_no_follow" // the campaign
	AnswerRefused       Code = "answer_refused"     // the campaign that was replied to, why
	AnswerNoReply       Code = "answer_no_reply"
	AnswerTwice         Code = "answer_twice" // the answer that there is
	AnswerToAnswer      Code = "answer_to_answer"
	DeleteRefused       Code = "delete_refused" // the campaign, why
	DeleteRuns          Code = "delete_runs"    // it is being sent, or worked on
	DeleteSent          Code = "delete_sent"    // it has sent something, or tried
	UndoRefused         Code = "undo_refused"   // the campaign, why
	UndoRuns            Code = "undo_runs"      // it is being sent
	UndoOfUndo          Code = "undo_of_undo"
	UndoNothing         Code = "undo_nothing"       // nothing of it has left
	UndoNone            Code = "undo_none"          // how many were looked at, why the most of them cannot
	UndoGoesOn          Code = "undo_goes_on"       // the undo that there is
	UndoBare            Code = "undo_bare"          // of an undo: that cannot be done to it
	UndoLate            Code = "undo_late"          // why a message stays: older than two days
	UndoDone            Code = "undo_done"          // deleted before
	UndoNotLeft         Code = "undo_not_left"      // there is nothing to delete
	UndoUnlinked        Code = "undo_unlinked"      // its number has another link since
	UndoUnknown         Code = "undo_unknown"       // its id is lost
	UndoWanted          Code = "undo_wanted"        // it is to be deleted: it is not sent again
	UndoPerhaps         Code = "undo_perhaps"       // it may have been deleted: it is not sent again
	ConfirmOff          Code = "confirm_off"        // why an opt-out is not confirmed: the number confirms none
	ConfirmBack         Code = "confirm_back"       // they may be written to again
	ConfirmLate         Code = "confirm_late"       // the hours that have passed
	ConfirmBare         Code = "confirm_bare"       // of the confirmations of a number: that cannot be done to them
	ConfirmFallback     Code = "confirm_fallback"   // the fields that lack it
	ConfirmEmpty        Code = "confirm_empty"      // the text says nothing to who lacks its fields
	CampaignSilence     Code = "campaign_silence"   // of how many messages, older than so many minutes, how many arrived
	CampaignUnwelcome   Code = "campaign_unwelcome" // how many want none, of how many messages
	ConsentRequired     Code = "consent_required"
	ConsentNotRequired  Code = "consent_not_required"
	CampaignNumbersHeld Code = "campaign_numbers_held"
	CampaignAllStopped  Code = "campaign_all_stopped" // a number that a person has stopped, and who that was
	CampaignDamage      Code = "campaign_damage"
	CampaignNoUpload    Code = "campaign_no_upload"    // the number, why
	CampaignFileGone    Code = "campaign_file_gone"    // the name of the file
	CampaignFileDamaged Code = "campaign_file_damaged" // the name of the file
	CampaignNobody      Code = "campaign_nobody"       // how many are skipped
	CampaignNotFound    Code = "campaign_not_found"    // its id
	CampaignIs          Code = "campaign_is"           // its id, its status
	CampaignStart       Code = "campaign_start"        // its id, why not
	CampaignEdit        Code = "campaign_edit"         // its id, its status
	CampaignEditChanged Code = "campaign_edit_changed" // its id
	CampaignItIs        Code = "campaign_it_is"        // its status
	CampaignNoName      Code = "campaign_no_name"
	CampaignNoText      Code = "campaign_no_text"
	CampaignAudience    Code = "campaign_audience"    // what is wrong with it
	CampaignText        Code = "campaign_text"        // what is wrong with it
	CampaignFileUnread  Code = "campaign_file_unread" // the name of the file
	CampaignBadID       Code = "campaign_bad_id"      // what was written
	CampaignShut        Code = "campaign_shut"        // the number whose hours never meet its own
	CampaignMissed      Code = "campaign_missed"      // when it was to start
	CampaignTried       Code = "campaign_tried"       // how many messages have left
	CampaignSchedule    Code = "campaign_schedule"    // its id, its status
	CampaignTexts       Code = "campaign_texts"       // how many it may have
	CampaignCanary      Code = "campaign_canary"
	CampaignArchive     Code = "campaign_archive" // its id, its status
	ScheduleUnread      Code = "schedule_unread"  // what was written
	SchedulePast        Code = "schedule_past"    // the time
	BasisUnread         Code = "basis_unread"     // what was written
)

// What a person should know before a campaign starts.
const (
	WarnUnfilled  Code = "warn_unfilled"   // what looks like a field of another system
	WarnLacking   Code = "warn_lacking"    // the field, how many lack it, some of them
	WarnNoOptOut  Code = "warn_no_opt_out" // the text does not say how to be left alone
	WarnNewChats  Code = "warn_new_chats"  // how many of how many are new chats
	WarnNumberNew Code = "warn_number_new" // the number, when it was linked
	WarnBanned    Code = "warn_banned"     // the number
	WarnNeedsYou  Code = "warn_needs_you"  // the number
	WarnClosed    Code = "warn_closed"     // the number, until when it may not open new chats
	WarnOffline   Code = "warn_offline"    // the number
	WarnOverruled Code = "warn_overruled"  // the number, the limits that are tighter there
	WarnNoConsent Code = "warn_no_consent" // the rule is that campaigns ask for consent, and this one does not
	WarnNoBasis   Code = "warn_no_basis"   // nobody has said why these people may be written to
	WarnStuck     Code = "warn_stuck"      // how many do not leave
)

// The statuses of a campaign, as arguments.
const (
	StatusDraft     Code = "status_draft"
	StatusRunning   Code = "status_running"
	StatusPaused    Code = "status_paused"
	StatusFinished  Code = "status_finished"
	StatusCancelled Code = "status_cancelled"
	StatusFreezing  Code = "status_freezing"
	StatusScheduled Code = "status_scheduled"
)

// What a number reports, and why one cannot be what is asked.
const (
	NumberLost        Code = "number_lost"
	NumberUnreachable Code = "number_unreachable" // why
	NumberClock       Code = "number_clock"
	NumberNoLogin     Code = "number_no_login"
	NumberSlow        Code = "number_slow"
	NumberDead        Code = "number_dead"
	NumberClosed      Code = "number_closed"   // the service's code
	NumberFlapping    Code = "number_flapping" // the service's code
	NumberReplaced    Code = "number_replaced"
	NumberLoggedOut   Code = "number_logged_out"
	NumberLocked      Code = "number_locked"
	NumberExpelled    Code = "number_expelled"
	NumberBanned      Code = "number_banned" // why
	NumberOutdated    Code = "number_outdated"
	NumberRefused     Code = "number_refused"      // why
	NumberRefusedLong Code = "number_refused_long" // why
	NumberToken       Code = "number_token"
	NumberKeysGone    Code = "number_keys_gone"
	NumberNoKeys      Code = "number_no_keys" // why
	NumberRestricted  Code = "number_restricted"
	NumberQuota       Code = "number_quota"
	NumberUntold      Code = "number_untold"
	NumberNotFound    Code = "number_not_found" // its name
	NumberGone        Code = "number_gone"
	NumberExists      Code = "number_exists" // its name
	NumberNoName      Code = "number_no_name"
	NumberKept        Code = "number_kept" // its name
	NumberLinked      Code = "number_linked"
	NumberNotLinked   Code = "number_not_linked"
	NumberToLink      Code = "number_to_link" // its name, and again
	NumberNoneLinked  Code = "number_none_linked"
	NumbersStuck      Code = "numbers_stuck"
	NumbersClosed     Code = "numbers_closed"
)

// Why the service banned a number for a time.
const (
	BanStrangers Code = "ban_strangers"
	BanBlocked   Code = "ban_blocked"
	BanGroups    Code = "ban_groups"
	BanSame      Code = "ban_same"
	BanBroadcast Code = "ban_broadcast"
)

// What becomes of the linking of a number.
const (
	LinkNobody     Code = "link_nobody"
	LinkUntyped    Code = "link_untyped"
	LinkTooMany    Code = "link_too_many"
	LinkNoCode     Code = "link_no_code" // for which phone
	LinkNoCodes    Code = "link_no_codes"
	LinkOtherTyped Code = "link_other_typed" // the phone it was for, the one that typed it
	LinkOther      Code = "link_other"       // the number, its phone
	LinkTwice      Code = "link_twice"       // the number that has it
	LinkUpdate     Code = "link_update"
	LinkFailed     Code = "link_failed" // why
	LinkNoPhone    Code = "link_no_phone"
	PasskeyLate    Code = "passkey_late"
	PasskeyLost    Code = "passkey_lost"
	PasskeyRefused Code = "passkey_refused" // why
	PasskeyChecked Code = "passkey_checked"
	PasskeySilent  Code = "passkey_silent"
	PasskeyAnswer  Code = "passkey_answer"
	PasskeyNone    Code = "passkey_none"
)

// What is wrong with a limit. PaceBadValue holds what was written and one of those after it.
const (
	PaceNoLimit  Code = "pace_no_limit" // what was written, the limits that there are
	PaceNoValue  Code = "pace_no_value" // what was written
	PaceUnread   Code = "pace_unread"
	PaceBadValue Code = "pace_bad_value" // what was written, why
	PaceSpan     Code = "pace_span"
	PaceDays     Code = "pace_days"
	PaceDuration Code = "pace_duration"
	PaceCount    Code = "pace_count"
	PaceFromTo   Code = "pace_from_to"
	PaceClock    Code = "pace_clock"
	PaceWindow   Code = "pace_window"
	PaceWeekday  Code = "pace_weekday"
)

// What is wrong with an attachment.
const (
	AttachmentEmpty    Code = "attachment_empty"
	AttachmentMedia    Code = "attachment_media" // the most, in MB
	AttachmentLarge    Code = "attachment_large" // the most, in MB
	AttachmentBroken   Code = "attachment_broken"
	AttachmentPoints   Code = "attachment_points"   // the most, in millions
	AttachmentPictures Code = "attachment_pictures" // the format
	AttachmentMoving   Code = "attachment_moving"   // the format
	AttachmentVideos   Code = "attachment_videos"   // the format
	AttachmentAudios   Code = "attachment_audios"   // the format
	AttachmentVorbis   Code = "attachment_vorbis"   // a format
	AttachmentText     Code = "attachment_text"
	AttachmentChanged  Code = "attachment_changed"
	AttachmentOther    Code = "attachment_other"
	AttachmentMissing  Code = "attachment_missing"
	UploadNoAnswer     Code = "upload_no_answer"
	UploadUnreachable  Code = "upload_unreachable" // why
	UploadRefused      Code = "upload_refused"     // the code
)

// What is wrong with a filter.
const (
	FilterNoOpening    Code = "filter_no_opening"
	FilterNoClosing    Code = "filter_no_closing"
	FilterEmpty        Code = "filter_empty"
	FilterEmptyGroup   Code = "filter_empty_group"
	FilterTooDeep      Code = "filter_too_deep"
	FilterNothingAfter Code = "filter_nothing_after"
	FilterNothing      Code = "filter_nothing"
	FilterNoKey        Code = "filter_no_key"
	FilterNoQuote      Code = "filter_no_quote"
	FilterWantPhone    Code = "filter_want_phone"
	FilterWantYesNo    Code = "filter_want_yes_no"
	FilterWantAge      Code = "filter_want_age"
	FilterWantNumber   Code = "filter_want_number"
	FilterNoList       Code = "filter_no_list"     // its name
	FilterListItself   Code = "filter_list_itself" // its name
	FilterNoField      Code = "filter_no_field"    // its name
	FilterNearField    Code = "filter_near_field"  // its name, the nearest one
	FilterNoCampaign   Code = "filter_no_campaign" // its number
	FilterWantCampaign Code = "filter_want_campaign"
	FilterNoCompare    Code = "filter_no_compare"
)

// What is wrong with a text.
const (
	TemplateNoOpening Code = "template_no_opening"
	TemplateNoClosing Code = "template_no_closing"
	TemplateNested    Code = "template_nested"
	TemplateNoName    Code = "template_no_name"
	TemplateBadName   Code = "template_bad_name"
	TemplateHidden    Code = "template_hidden"
	TextLong          Code = "text_long" // how many characters, the most
)

// What is wrong with a poll.
const (
	PollCount      Code = "poll_count" // how many options, the least, the most
	PollBlank      Code = "poll_blank" // which option
	PollLong       Code = "poll_long"  // which option, how many characters, the most
	PollField      Code = "poll_field" // the option
	PollTwice      Code = "poll_twice" // the option
	PollQuestion   Code = "poll_question"
	PollAttachment Code = "poll_attachment"
	PollMissing    Code = "poll_missing"
)

// What is wrong with a list.
const (
	ListNotFound Code = "list_not_found" // its name
	ListExists   Code = "list_exists"    // its name
	ListNoName   Code = "list_no_name"
	ListNameLong Code = "list_name_long" // the most characters
	ListNameSign Code = "list_name_sign"
	ListLive     Code = "list_live" // its name: nobody is put on it
)

// What is wrong with tags, or with a change of them.
const (
	TagEmpty     Code = "tag_empty"
	TagSign      Code = "tag_sign"
	TagsNone     Code = "tags_none"
	TagsBoth     Code = "tags_both" // which is to be given and taken
	TagsBusy     Code = "tags_busy" // how many people are done, of how many
	TagsNoChange Code = "tags_no_change"
)

// What is wrong with a contact, or with what is asked of one.
const (
	ContactNotFound  Code = "contact_not_found" // the phone, masked
	ContactGone      Code = "contact_gone"
	InviteNoName     Code = "invite_no_name"
	InviteLong       Code = "invite_long"       // how long the name and the text may be
	InviteExists     Code = "invite_exists"     // its name
	InviteNoPhone    Code = "invite_no_phone"   // the number
	InviteNone       Code = "invite_none"       // there is none of that name
	ValidateNobody   Code = "validate_nobody"   // there is nobody to ask about
	ValidateUnlinked Code = "validate_unlinked" // the number
	ValidateRuns     Code = "validate_runs"     // on that number already: its name
	ValidateNone     Code = "validate_none"     // none to stop on that number: its name
	ValidatePerDay   Code = "validate_per_day"
	ContactLabel     Code = "contact_label"  // the tag
	ContactExists    Code = "contact_exists" // another one has that phone
	ContactNoPhone   Code = "contact_no_phone"
	ContactNoteLong  Code = "contact_note_long" // how many characters, the most
	ContactPhones    Code = "contact_phones"    // the most
	ContactNotMerged Code = "contact_not_merged"
	OptInNoReason    Code = "opt_in_no_reason"
)

// What is wrong with what is asked of an import.
const (
	ImportNotFound   Code = "imports_not_found"   // its id
	ImportNotDone    Code = "imports_not_done"    // its id, its state
	ImportTooOld     Code = "imports_too_old"     // its id
	ImportNotRunning Code = "imports_not_running" // its id
	ImportCancelled  Code = "imports_cancelled"
)

// Why something stays of what an import did, when that is undone.
const (
	UndoWritten  Code = "undo_written"  // they were written to
	UndoHeard    Code = "undo_heard"    // they have written
	UndoKnown    Code = "undo_known"    // one of our numbers knows them
	UndoImported Code = "undo_imported" // they are in a later import
	UndoChanged  Code = "undo_changed"  // it was changed since
	UndoMerged   Code = "undo_merged"   // the record has become one with another
)

// Why one person cannot be taken out of a campaign.
const (
	SkipRefused Code = "skip_refused" // who, why
	SkipSending Code = "skip_sending"
	SkipLeft    Code = "skip_left"
	SkipUnsure  Code = "skip_unsure"
	SkipFailed  Code = "skip_failed"
	SkipSkipped Code = "skip_skipped"
)

// Why a number is not stopped for a campaign, or what it has does not go to the
// others; and why some of that stays with it.
const (
	StopAlready Code = "stop_already" // the number, the campaign
	StopNot     Code = "stop_not"     // the number, the campaign
	StopNotIn   Code = "stop_not_in"  // the number, the campaign
	MoveGoesOn  Code = "move_goes_on" // the campaign
	MoveSends   Code = "move_sends"   // the number
	MoveCapped  Code = "move_capped"  // the number, until when
	MoveNobody  Code = "move_nobody"  // the campaign
	MoveClaimed Code = "move_claimed"
	MoveClosed  Code = "move_closed"
	MoveKnown   Code = "move_known"
)

// Why the number above which a start is confirmed by its count is not changed.
const (
	CountAboveAlready Code = "count_above_already" // that number
	CountAboveRange   Code = "count_above_range"   // the most
)

// Why nothing is tried again, or a message is not.
const (
	RetryNothing Code = "retry_nothing" // the campaign
	RetryAside   Code = "retry_aside"   // the campaign
	RetryNumber  Code = "retry_number"
)

// Why another text cannot be given to those who wait.
const (
	FixRunning Code = "fix_running" // the campaign
	FixNoText  Code = "fix_no_text" // the campaign, the letter
	FixSame    Code = "fix_same"
	FixNobody  Code = "fix_nobody" // the campaign
	FixLost    Code = "fix_lost"   // how many wait
)

// What the book says.
const (
	NotFound         Code = "not_found"
	Exists           Code = "exists"
	Kind             Code = "data_kind"
	Newer            Code = "data_newer"
	NoLimit          Code = "no_limit"
	WrongState       Code = "wrong_state"
	Changed          Code = "changed"
	BookClosed       Code = "book_closed"
	GoesOn           Code = "goes_on"            // why it does not go on now
	DeliveryNotFound Code = "delivery_not_found" // which, the campaign
	DeliveryGone     Code = "delivery_gone"
	DeliveryDecided  Code = "delivery_decided" // which, the campaign
	JobUnknown       Code = "job_unknown"      // its kind
	RecordDamaged    Code = "record_damaged"
	NoWayBack        Code = "no_way_back"
	Several          Code = "several" // reasons, all of its arguments
)

// What is wrong with a file.
const (
	FileDamaged   Code = "file_damaged"   // its path
	FileMissing   Code = "file_missing"   // its path
	FileDenied    Code = "file_denied"    // its path
	FileDirectory Code = "file_directory" // its path
	FileFault     Code = "file_fault"     // its path, what the system says
	FileNone      Code = "file_none"      // its path
	FileOurs      Code = "file_ours"      // its path
	FileOursAlone Code = "file_ours_alone"
	FileLocked    Code = "file_locked"
	DiskFull      Code = "disk_full"
	DiskReadOnly  Code = "disk_read_only"
	DiskFails     Code = "disk_fails"
)

// What an examination of the data found.
const (
	CheckDamaged      Code = "check_damaged"       // the table, the row
	CheckStray        Code = "check_stray"         // the table, the row
	CheckMissing      Code = "check_missing"       // the table, the row
	CheckDamagedOf    Code = "check_damaged_of"    // whose, the table, the row
	CheckStrayOf      Code = "check_stray_of"      // whose, the table, the row
	CheckMissingOf    Code = "check_missing_of"    // whose, the table, the row
	CheckTable        Code = "check_table"         // which is missing
	CheckCounted      Code = "check_counted"       // what, how many are counted, how many there are
	CheckTally        Code = "check_tally"         // the campaign, how many are counted, as what, how many there are
	CheckRunning      Code = "check_running"       // the campaign, its status
	CheckIdle         Code = "check_idle"          // the campaign
	CheckTwice        Code = "check_twice"         // the delivery
	CheckChainGap     Code = "check_chain_gap"     // the first link that is missing, how many are
	CheckChainLink    Code = "check_chain_link"    // the link that is not as it was written, or does not follow the one before
	CheckChainLost    Code = "check_chain_lost"    // what, the link that knows of it: the book has an older one
	CheckChainOther   Code = "check_chain_other"   // what, the link whose content it was
	CheckChainNone    Code = "check_chain_none"    // what no link is about
	EvidenceFormat    Code = "evidence_format"     // what it says it is
	ChainEntry        Code = "chain_entry"         // the entry of the audit
	ChainDelivery     Code = "chain_delivery"      // the campaign, the place
	ChainContact      Code = "chain_contact"       // the contact
	CheckForeignPhone Code = "check_foreign_phone" // the contact
	CheckNoVersion    Code = "check_no_version"
	CheckNewer        Code = "check_newer"      // its version, the one that is known
	CheckNewerThan    Code = "check_newer_than" // the version that is known
	CheckKind         Code = "check_kind"
	CheckKeys         Code = "check_keys" // the device
	CheckLink         Code = "check_link" // the device
	CheckNoDatabase   Code = "check_no_database"
	CheckShort        Code = "check_short" // how many bytes there are, how many there should be
	CheckWentBack     Code = "check_went_back"
	CheckOld          Code = "check_old"
	CheckStuck        Code = "check_stuck"
	CheckPages        Code = "check_pages"      // what is wrong with them
	CheckUnreadable   Code = "check_unreadable" // why
	CheckEndless      Code = "check_endless"    // the time
	CheckDeadly       Code = "check_deadly"     // how
	CheckMore         Code = "check_more"       // how many
)

// What is wrong with the pages of a file, as the argument of CheckPages. A page is an argument by its number.
const (
	PageFreeUsed   Code = "page_free_used" // which
	PageOthers     Code = "page_others"    // which
	PageUnled      Code = "page_unled"     // which
	PageOutside    Code = "page_outside"   // from which, to which, of how many
	PageTwice      Code = "page_twice"     // which
	PageUnread     Code = "page_unread"    // which, why
	PageHeader     Code = "page_header"    // which
	PageFreeList   Code = "page_free_list"
	PageDamaged    Code = "page_damaged"      // which
	PageRoot       Code = "page_root"         // which, of how many
	PageFreeListAt Code = "page_free_list_at" // which, of how many
)

// Why a path is not used.
const (
	TrustExposed   Code = "trust_exposed"   // it, the command that mends it
	TrustForeign   Code = "trust_foreign"   // it, whose it is
	TrustSwappable Code = "trust_swappable" // it
	TrustCrossed   Code = "trust_crossed"   // it, whose it is
	TrustIrregular Code = "trust_irregular" // it
)

// A simulated service: its settings, and what it cannot do.
const (
	ServerAddress  Code = "server_address"  // what was written
	ServerLoopback Code = "server_loopback" // what was written
	ServerCA       Code = "server_ca"       // the file
	ServerKey      Code = "server_key"      // how many bytes it has to have
	DemoNoNumber   Code = "demo_no_number"
	DemoNobody     Code = "demo_nobody"
	ServerOther    Code = "server_other"
)

// What the desk says: why a verb was refused, and what became of one that was asked.
const (
	RoleRefused      Code = "role_refused"
	AuditInterrupted Code = "audit_interrupted"
	AuditCancelled   Code = "audit_cancelled"
	AuditAgain       Code = "audit_again"
)

// What the network says.
const (
	NoAnswer           Code = "no_answer"
	Interrupted        Code = "interrupted"
	NetworkNoHost      Code = "network_no_host"  // which
	NetworkNoNames     Code = "network_no_names" // for which name
	NetworkRefused     Code = "network_refused"
	NetworkReset       Code = "network_reset"
	NetworkNone        Code = "network_none"
	NetworkCertificate Code = "network_certificate" // what is wrong with it
)

// What others say, in their own words.
const (
	Foreign    Code = "foreign"     // their text
	OurMistake Code = "our_mistake" // which, if it is told
)
