package reason

import (
	"strconv"
	"strings"
)

// old is what records of version 6 of the book and before say, in English, where
// there is a code now. It never changes. What stood for %s or %q is an argument.
var old = []struct {
	text string
	code Code
}{
	{"opted out", DeliveryOptedOut},
	{"not on WhatsApp", DeliveryNotOnWhatsApp},
	{"same person as another delivery", DeliveryDuplicate},
	{"got another campaign message too recently", DeliveryPerPerson},
	{"missing field", DeliveryMissingField},
	{"missing field: %s", DeliveryMissingField},
	{"text too long", DeliveryTooLong},
	{"campaign cancelled", DeliveryCancelled},
	{"contact removed", DeliveryErased},
	{"interrupted while sending", DeliveryInterrupted},
	{"no answer from WhatsApp", DeliveryNoAnswer},
	{"WhatsApp gave no encryption keys for this person", DeliveryNoKeys},
	{"the number was unlinked while sending", DeliveryUnlinked},
	{"may have been sent: the last change of the data is forgotten", DeliveryForgotten},
	{"left alone by a person", DeliveryLeftAlone},
	{"WhatsApp does not know this person's address any more", DeliveryNoAddress},
	{"one of our own numbers", DeliveryOwnNumber},
	{"blocked on the phone of a number of ours", DeliveryBlocked},
	{"blocked on the phone of a number of ours: %s", DeliveryBlocked},
	{"the phone belongs to another WhatsApp account now", DeliveryMoved},
	{"WhatsApp refused the message", Refused},
	{"WhatsApp did not accept the message", RefusedText},
	{"WhatsApp does not let this number write to this person", RefusedPerson},
	{"WhatsApp does not let this number write to new people for now", RefusedStrangers},
	{"the monthly limit of new chats is reached", RefusedQuota},
	{"WhatsApp did not accept the form of the message", RefusedForm},
	{"WhatsApp is unavailable", RefusedForNow},
	{"%s (code %s)", RefusedWithCode},
	{"gap between messages", HoldGap},
	{"long pause", HoldLong},
	{"hourly limit", HoldHour},
	{"hourly limit of new chats", HoldNewHour},
	{"daily limit", HoldDay},
	{"daily limit of new chats", HoldNewDay},
	{"outside the hours", HoldHours},
	{"the hours of the campaign and of the number never meet", HoldShut},
	{"WhatsApp restricts new chats", HoldNewChats},
	{"WhatsApp's quota of new chats is used up", HoldQuota},
	{"not connected", HoldOffline},
	{"the number needs a person", HoldStopped},
	{"receiving what arrived while away", HoldSyncing},
	{"reading the history of the phone", HoldReading},
	{"waiting for what another number has not heard yet", HoldOthers},
	{"WhatsApp asks to slow down", HoldRateLimit},
	{"the disk refuses to write", HoldDisk},
	{"uploading the attachment", HoldUpload},
	{"waiting for proof of a message", HoldDoubt},
	{"trying again soon", HoldRetry},
	{"nothing to send", HoldEmpty},
	{"WhatsApp stopped the number %q. See to it before you resume the campaign.", CampaignStopped},
	{"%s messages in a row did not leave: %s. Look at WhatsApp on the phone and write to somebody from there, then resume the campaign.", CampaignRefusals},
	{"Of the last %s messages that WhatsApp took more than %s minutes ago, %s arrived. Look on the phone whether others arrive and what people see, then resume the campaign.", CampaignSilence},
	{"The data file was damaged and its last change may be missing: a message, a reply or an opt-out. Look at the latest chats on the phone, say what became of the unsure messages, then resume the campaign.", CampaignDamage},
	{"number %s could not upload the attachment (%s): check the connection, then resume the campaign", CampaignNoUpload},
	{"the file %q is missing from the data directory: attach the same file to a draft, then go on", CampaignFileGone},
	{"the file %q was damaged in the data directory: attach the same file to a draft, then go on", CampaignFileDamaged},
	{"nobody to write to (%s skipped)", CampaignNobody},
	{"the campaign may send when the number %q may not, and the other way round: change the hours or weekdays of one", CampaignShut},
	{"The connection was lost.", NumberLost},
	{"WhatsApp cannot be reached: %s.", NumberUnreachable},
	{"The clock of this computer is wrong: set its date and time.", NumberClock},
	{"WhatsApp did not answer the login.", NumberNoLogin},
	{"The connection is slow: WhatsApp does not answer.", NumberSlow},
	{"WhatsApp stopped answering.", NumberDead},
	{"WhatsApp closed the connection (code %s).", NumberClosed},
	{"WhatsApp keeps closing the connection (code %s). Wait a while, then reconnect.", NumberFlapping},
	{"This link is in use elsewhere. Close the other program, then reconnect.", NumberReplaced},
	{"The phone unlinked this device. Link it again.", NumberLoggedOut},
	{"WhatsApp locked the account, or its phone number was registered again. Open WhatsApp on the phone before linking it again.", NumberLocked},
	{"WhatsApp banned this account. Ask for a review in the WhatsApp app.", NumberExpelled},
	{"WhatsApp banned this number for a time: %s.", NumberBanned},
	{"WhatsApp asks for a newer program: update recado.", NumberOutdated},
	{"WhatsApp refused the connection (%s).", NumberRefused},
	{"WhatsApp refused the connection (%s), several times. Look at WhatsApp on the phone, then reconnect.", NumberRefusedLong},
	{"WhatsApp refused the connection in an unexpected way (413 or 414).", NumberToken},
	{"The keys of this link are missing from this computer. Link it again.", NumberKeysGone},
	{"The keys of this link cannot be read: %s.", NumberNoKeys},
	{"WhatsApp does not let this number write to new people for now.", NumberRestricted},
	{"WhatsApp's quota of new chats for this number is used up.", NumberQuota},
	{"The phone could not be told: remove the device there, under linked devices.", NumberUntold},
	{"number %q is not linked: run recado link --name %q", NumberToLink},
	{"no number is linked: run recado link", NumberNoneLinked},
	{"too many messages to people who do not have it in their address books", BanStrangers},
	{"too many people blocked it", BanBlocked},
	{"too many groups with people who do not have it in their address books", BanGroups},
	{"the same message to too many people", BanSame},
	{"too many messages to a broadcast list", BanBroadcast},
	{"The code was for %s, but %s typed it. Start again.", LinkOtherTyped},
	{"This is another phone. %q is %s: link other phones as new numbers.", LinkOther},
	{"This phone is already linked as %q.", LinkTwice},
	{"Update WhatsApp on the phone, then scan again.", LinkUpdate},
	{"Linking failed: %s.", LinkFailed},
	{"the file is not the one that was attached", AttachmentOther},
	{"WhatsApp did not answer in time", UploadNoAnswer},
	{"WhatsApp cannot be reached: %s", UploadUnreachable},
	{"WhatsApp refused the file with code %s", UploadRefused},
	{"no answer in time", NoAnswer},
	{"i/o timeout", NoAnswer},
	{"connection timed out", NoAnswer},
	{"context deadline exceeded", NoAnswer},
	{"TLS handshake timeout", NoAnswer},
	{"net/http: TLS handshake timeout", NoAnswer},
	{"connection refused", NetworkRefused},
	{"connection reset by peer", NetworkReset},
	{"broken pipe", NetworkReset},
	{"EOF", NetworkReset},
	{"unexpected EOF", NetworkReset},
	{"network is unreachable", NetworkNone},
	{"network is down", NetworkNone},
	{"no route to host", NetworkNone},
	{"host is down", NetworkNone},
	{"code %s", ServiceCode},
}

// Old reads a code, or the text that old records have in its place. A text that
// is not known is a code of its own.
func Old(text string) Reason {
	if strings.Trim(text, "abcdefghijklmnopqrstuvwxyz_") == "" {
		return Reason{Code: Code(text)}
	}
	for _, known := range old {
		if args, ok := matches(text, known.text); ok {
			return Reason{known.code, args}
		}
	}
	return Reason{Code: Code(text)}
}

// matches reports whether s was made of pattern, and what stands in it for
// each %s or %q.
func matches(s, pattern string) (args []any, ok bool) {
	for {
		at := strings.IndexByte(pattern, '%')
		if at < 0 {
			return args, s == pattern
		}
		if s, ok = strings.CutPrefix(s, pattern[:at]); !ok {
			return nil, false
		}
		quoted := pattern[at+1] == 'q'
		pattern = pattern[at+2:]
		next, _, more := strings.Cut(pattern, "%")
		end := strings.Index(s, next)
		if !more { // the last one ends the sentence
			end = len(s) - len(next)
			if !strings.HasSuffix(s, next) {
				end = -1
			}
		}
		if end < 0 {
			return nil, false
		}
		args = append(args, oldArgument(s[:end], quoted))
		s = s[end:]
	}
}

func oldArgument(s string, quoted bool) any {
	if quoted {
		if text, err := strconv.Unquote(s); err == nil {
			return text
		}
	}
	if n, err := strconv.Atoi(s); err == nil && len(s) < 7 && s[0] != '+' {
		return n
	}
	if r := Old(s); string(r.Code) != s {
		return r
	}
	return Plain(s)
}

// OldTexts are the texts that Old knows; %s and %q stand for arguments.
func OldTexts() []string {
	texts := make([]string, len(old))
	for i, known := range old {
		texts[i] = known.text
	}
	return texts
}
