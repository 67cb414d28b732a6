package words

import (
	"strconv"
	"strings"
	"time"

	"recado/campaign/people"
)

// Filter says in words whom a filter chooses: "de Recife, com a tag vip, que não
// responderam à campanha 12"; empty if that is everybody. It quotes what was typed.
func (w *Words) Filter(f people.Filter) string {
	if f.Root() == nil {
		return ""
	}
	return w.term(f.Root(), false, false)
}

// term says a part of a filter, or its contrary. Inside means that it is a part of
// another one, so that what it consists of is put in parentheses.
func (w *Words) term(t people.Term, not, inside bool) string {
	switch t := t.(type) {
	case nil:
		if not {
			return w.T("said_nobody")
		}
		return w.T("said_everybody")
	case people.Not:
		return w.term(t.Term, !not, inside)
	case people.All:
		return w.terms(t, not, not, inside)
	case people.Any:
		return w.terms(t, !not, not, inside)
	case people.WordTerm:
		return w.either(not, "said_word", "said_no_word", "Text", t.Typed)
	case people.NameTerm:
		if t.Any {
			return w.either(not, "said_named", "said_nameless")
		}
		return w.either(not, "said_name", "said_no_name", "Text", t.Typed)
	case people.UsernameTerm:
		if t.Any {
			return w.either(not, "said_username", "said_no_username")
		}
		return w.either(not, "said_user", "said_no_user", "Text", t.Typed)
	case people.PhoneTerm:
		if len(t.Parts) == 0 {
			return w.either(not, "said_phoned", "said_phoneless")
		}
		return w.either(not, "said_phone", "said_no_phone", "Text", t.Typed)
	case people.TagTerm:
		if t.Any {
			return w.either(not, "said_tagged", "said_tagless")
		}
		return w.either(not, "said_tag", "said_no_tag", "Text", t.Typed)
	case people.LabelTerm:
		if t.Any {
			return w.either(not, "said_labelled", "said_labelless")
		}
		return w.either(not, "said_label", "said_no_label", "Text", t.Typed)
	case people.CameTerm:
		switch {
		case t.Any, t.None:
			return w.either(not == t.Any, "said_came", "said_not_came")
		case t.Way == people.ByLink:
			return w.either(not, "said_by_link", "said_not_by_link")
		case t.Way == people.ByAd:
			return w.either(not, "said_by_ad", "said_not_by_ad")
		}
		return w.either(not, "said_came_by", "said_not_came_by", "Text", t.Typed)
	case people.ListTerm:
		if t.Any {
			return w.either(not, "said_listed", "said_listless")
		}
		return w.either(not, "said_list", "said_no_list", "Text", t.Typed)
	case people.NumberTerm:
		if t.Any {
			return w.either(not, "said_known", "said_unknown")
		}
		return w.either(not, "said_number", "said_no_number", "Text", t.Typed)
	case people.OptOutTerm:
		if t.Doubt {
			return w.either(not, "said_doubt", "said_no_doubt")
		}
		return w.either(not == t.Out, "said_out", "said_in")
	case people.PresenceTerm:
		switch t.Presence {
		case people.OnWhatsApp:
			return w.either(not, "said_there", "said_not_there")
		case people.NotOnWhatsApp:
			return w.either(not, "said_absent", "said_not_absent")
		}
		return w.either(not, "said_unchecked", "said_checked")
	case people.ConsentTerm:
		switch {
		case t.Any:
			return w.either(not, "said_asked", "said_not_asked")
		case t.Answer:
			return w.either(not == t.Given, "said_agreed", "said_not_agreed")
		}
		return w.either(not, "said_agreed_at", "said_not_agreed_at", "Text", t.Typed)
	case people.ReachedTerm:
		return w.reached(t, not)
	case people.WhenTerm:
		return w.except(not, w.when(t))
	case people.FieldTerm:
		return w.field(t, not)
	}
	return w.except(not, "…")
}

// either is one text or, if not, another one.
func (w *Words) either(not bool, is, isNot string, args ...any) string {
	if not {
		is = isNot
	}
	return w.T(is, args...)
}

func (w *Words) except(not bool, what string) string {
	if not {
		return w.T("said_except", "What", what)
	}
	return what
}

// terms says several terms, each of which is turned round if not is set.
func (w *Words) terms(terms []people.Term, or, not, inside bool) string {
	said := make([]string, len(terms))
	for i, t := range terms {
		said[i] = w.term(t, not, true)
	}
	all := strings.Join(said, ", ")
	if or {
		all = strings.Join(said, " "+w.T("said_or")+" ")
	}
	if inside {
		return "(" + all + ")"
	}
	return all
}

func (w *Words) reached(t people.ReachedTerm, not bool) string {
	id := strconv.FormatUint(t.Campaign, 10) // no quantity
	switch {
	case t.Missed && t.Least == people.ReachedPhone:
		return w.except(not, w.T("said_not_got_yet", "ID", id))
	case t.Missed && t.Least == people.ReachedEyes:
		return w.except(not, w.T("said_got_not_read", "ID", id))
	case t.Missed:
		return w.except(not, w.T("said_got_not_answered", "ID", id))
	case t.Least == people.ReachedPhone:
		return w.either(not, "said_got", "said_not_got", "ID", id)
	case t.Least == people.ReachedEyes:
		return w.either(not, "said_read", "said_not_read", "ID", id)
	}
	return w.either(not, "said_answered", "said_not_answered", "ID", id)
}

// when says of a moment which it is and when.
func (w *Words) when(t people.WhenTerm) string {
	what := "said_heard"
	switch t.What {
	case people.Sent:
		what = "said_sent"
	case people.Created:
		what = "said_created"
	}
	day := ""
	if t.OnDay {
		day = w.Day(t.Day, time.Time{})
	}
	var when string
	switch {
	case t.Never:
		when = w.T("said_when_never")
	case t.Any:
		when = w.T("said_when_ever")
	case !t.OnDay:
		when = w.either(t.Older(), "said_when_within", "said_when_older", "Age", w.Duration(t.Age))
	case t.Op == people.OpLess:
		when = w.T("said_when_before", "Day", day)
	case t.Op == people.OpAtMost:
		when = w.T("said_when_until", "Day", day)
	case t.Op == people.OpMore:
		when = w.T("said_when_after", "Day", day)
	case t.Op == people.OpAtLeast:
		when = w.T("said_when_from", "Day", day)
	default:
		when = w.T("said_when_on", "Day", day)
	}
	return w.T(what) + ": " + when
}

// cities are the names of the field that says where somebody is from.
var cities = map[string]bool{"cidade": true, "city": true, "ciudad": true}

func (w *Words) field(t people.FieldTerm, not bool) string {
	switch {
	case t.Any:
		return w.either(not, "said_filled", "said_empty", "Field", t.Name)
	case t.Op != people.OpHas && t.Op != people.OpIs && t.Op != people.OpIsNot:
		return w.except(not, t.Name+" "+string(t.Op)+" "+t.Typed)
	case cities[t.Key] && !strings.Contains(t.Typed, "*"):
		return w.either(not, "said_from", "said_not_from", "Text", t.Typed)
	case t.Op == people.OpHas:
		return w.either(not, "said_field", "said_no_field", "Field", t.Name, "Text", t.Typed)
	}
	return w.except(not, t.Name+" = "+t.Typed)
}
