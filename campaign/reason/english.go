package reason

import (
	"iter"
	"maps"
	"slices"
)

// reasonTexts are the reasons in English; %s stands for an argument.
var reasonTexts = map[Code]string{
	PhoneBad:         "not a phone number: %s: %s",
	PhoneNoDigit:     "there is no digit in it",
	PhoneRounded:     "a spreadsheet has rounded it: format the column as text, type the number again and save",
	PhonePlus:        "a plus in the middle; is it more than one number?",
	PhoneMany:        "is it more than one number?",
	PhoneLetter:      "%s is not part of one",
	PhoneNoArea:      "the area code (DDD) is missing",
	PhoneShort:       "too short",
	PhoneLongHere:    "too long for a Brazilian number; begin those of other countries with a plus and the country code",
	PhoneLong:        "too long",
	PhoneBadArea:     "there is no area code (DDD) %s",
	PhoneNinth:       "a Brazilian number with nine digits begins with 9",
	PhoneBegin:       "no Brazilian number begins with %s",
	PhoneNoCountry:   "no country has such numbers",
	PhoneShortThere:  "too short for country code %s",
	PhoneLongThere:   "too long for country code %s",
	PhoneLengthThere: "country code %s has no numbers of that length",

	CSVLarge:       "larger than %s MB: split it",
	CSVSpreadsheet: "this is a spreadsheet, not a CSV file: open it and save it as CSV",
	CSVBinary:      "this is not text: save the table as CSV (UTF-8)",
	CSVEmpty:       "there is nothing in it",
	CSVNoHeader:    `the first line must name the columns, for example "nome;telefone;email;tags"`,
	CSVNoPhones:    "no column with phones: one must be called telefone, celular, whatsapp or phone; there are %s",
	CSVColumns:     "the first line names more than %s columns",
	CSVColumnLong:  "the name of column %s has %s characters; the most is %s",
	CSVHeaderLine:  "the first line cannot be read: %s",

	RowNoPhone:  "no phone",
	RowCells:    "%s cells, but the first line names %s",
	RowQuote:    `a " is not closed, or is not at the end of its cell`,
	RowLineLong: "the line is longer than %s KB",
	RowZero:     "there is a zero byte in it, so it is not text",
	RowCellLong: "column %s has %s characters; the most is %s",
	RowNameLong: "the name has %s characters; the most is %s",
	RowTagLong:  "the tag %s has %s characters; the most is %s",
	RowTags:     "more than %s tags",

	RoleRefused:      "This terminal is for looking only: whoever owns the data has to do that.",
	AuditInterrupted: "the program ended before it was done",
	AuditCancelled:   "it was cancelled",
	AuditAgain:       "it was begun again",
}

// Codes are all the codes of reasons, each with the English text, in order.
func Codes() iter.Seq2[Code, string] {
	return func(yield func(Code, string) bool) {
		for _, code := range slices.Sorted(maps.Keys(reasonTexts)) {
			if !yield(code, reasonTexts[code]) {
				return
			}
		}
	}
}
