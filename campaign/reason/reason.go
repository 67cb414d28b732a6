// Package reason holds what may be said to a person: a code, and what its text
// speaks of. The words are made where they are shown, in the language of
// whoever reads them.
package reason

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Code names a reason. Codes are kept in files and printed by --json: they
// never change their meaning.
type Code string

// Reason is why something that a person gave cannot be used: a code, and what
// its text speaks of. It is an error; its English is for logs. The words that
// people read are made where they are shown, in their language.
//
// An argument is a string (from outside, shown in quotes), []string (the same,
// several), Plain (shown as it is), int, or another Reason.
type Reason struct {
	Code Code
	Args []any
}

// Plain is an argument of a Reason that needs no quotes.
type Plain string

// Why a phone is none. PhoneBad holds what was written and one of the others.
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
	CSVNoHeader    Code = "csv_no_header"
	CSVNoPhones    Code = "csv_no_phones"   // the columns that there are
	CSVColumns     Code = "csv_columns"     // the most
	CSVColumnLong  Code = "csv_column_long" // which, how many characters, the most
	CSVHeaderLine  Code = "csv_header_line" // why
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

// New makes a Reason.
func New(code Code, args ...any) Reason { return Reason{code, args} }

// Fault is New for those who may have none to give.
func Fault(code Code, args ...any) *Reason { return &Reason{code, args} }

// Error is the reason in English.
func (r Reason) Error() string {
	text, ok := reasonTexts[r.Code]
	if !ok {
		return string(r.Code)
	}
	args := make([]any, len(r.Args))
	for i, arg := range r.Args {
		args[i] = arg
		switch arg := arg.(type) {
		case string:
			args[i] = strconv.Quote(arg)
		case []string:
			args[i] = QuoteAll(arg)
		case int:
			args[i] = strconv.Itoa(arg)
		}
	}
	return fmt.Sprintf(text, args...)
}

// Kind is the code by which reasons are counted: of a phone that is none, the
// code of what is wrong with it.
func (r Reason) Kind() Code {
	if n := len(r.Args); n > 0 {
		if inner, ok := r.Args[n-1].(Reason); ok {
			return inner.Kind()
		}
	}
	return r.Code
}

// QuoteAll writes texts from outside in quotes, a comma between them: not all
// of many, and of long ones the beginning.
func QuoteAll(texts []string) string {
	quoted := make([]string, 0, min(len(texts), 20))
	for _, text := range texts[:min(len(texts), 20)] {
		quoted = append(quoted, strconv.Quote(Clip(text)))
	}
	if len(texts) > 20 {
		quoted = append(quoted, "…")
	}
	return strings.Join(quoted, ", ")
}

// Clip is what a reason repeats of a text from outside: the beginning, with an
// ellipsis if that is not all.
func Clip(s string) string {
	n := 0
	for at := range s {
		if n == 40 {
			return strings.ToValidUTF8(s[:at], "\uFFFD") + "…"
		}
		n++
	}
	return s
}
