package words

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"recado/campaign/people"
)

// Verb says what a verb of the audit does. A code that has no words, here and
// below, says itself.
func (w *Words) Verb(code string) string { return w.coded("audit_verb_", code) }

// ImportState says how far an import is.
func (w *Words) ImportState(code string) string {
	switch code {
	case "running":
		return w.T("import_state_running")
	case "done":
		return w.T("import_state_done")
	case "undoing":
		return w.T("import_state_undoing")
	case "undone":
		return w.T("import_state_undone")
	case "cancelled":
		return w.T("import_state_cancelled")
	}
	return code
}

// Kind says what kind of thing something was done to.
func (w *Words) Kind(code string) string { return w.coded("audit_kind_", code) }

// From says where a person sat who did something; empty is the program itself.
func (w *Words) From(place string) string {
	switch place {
	case "":
		return w.T("audit_from_itself")
	case "terminal":
		return w.T("audit_from_terminal")
	case "command":
		return w.T("audit_from_command")
	case "demo":
		return w.T("audit_from_demo")
	}
	return place
}

// Ended says what became of what was done: "done", "asked" or "failed".
func (w *Words) Ended(outcome string) string { return w.coded("audit_", outcome) }

// coded returns the text of a code.
func (w *Words) coded(prefix, code string) string {
	if text, there := w.plain(prefix + code); there {
		return text
	}
	return code
}

// Changes says what was changed about something of that kind, each property as
// it was and as it is. Texts from outside are in quotes.
func (w *Words) Changes(kind string, before, after map[string]string) (all []string) {
	both := maps.Clone(before)
	if both == nil {
		both = make(map[string]string)
	}
	maps.Copy(both, after)
	for _, code := range slices.Sorted(maps.Keys(both)) {
		property, field, _ := strings.Cut(code, " ")
		name := strings.TrimSpace(w.coded("audit_of_", property) + " " + field)
		was, is := w.value(kind, property, before[code]), w.value(kind, property, after[code])
		_, changed := after[code]
		switch {
		case was == "":
			all = append(all, name+": "+is)
		case !changed:
			all = append(all, name+": "+was)
		case is == "":
			all = append(all, name+": "+was+" → "+w.T("audit_nothing"))
		default:
			all = append(all, name+": "+was+" → "+is)
		}
	}
	return all
}

// countOrder is how counts are told: what there was comes before what became of
// it.
var countOrder = []string{"rows", "people", "records", "added", "updated", "same", "full", "skipped", "saves"}

// Counts says how many there were. None is not worth a word, but of all.
func (w *Words) Counts(counts map[string]int) (all []string) {
	order := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if i, j := slices.Index(countOrder, a), slices.Index(countOrder, b); i != j {
			return i - j
		}
		return strings.Compare(a, b)
	})
	for _, name := range order {
		n := counts[name]
		switch id := "audit_count_" + name; {
		case n == 0 && name != "rows" && name != "people":
		case w.Has(id):
			all = append(all, w.N(id, n))
		default:
			all = append(all, name+": "+w.Number(n))
		}
	}
	return all
}

// value says a property of something.
func (w *Words) value(kind, property, v string) string {
	if v == "" {
		return ""
	}
	n, err := strconv.Atoi(strings.TrimSuffix(v, " *"))
	switch {
	case property == "status" && kind == "import":
		return w.ImportState(v)
	case property == "status":
		return w.coded("status_", v)
	case property == "state" && kind == "number":
		return w.coded("number_", strings.ReplaceAll(v, "-", "_"))
	case property == "state":
		return w.coded("state_", v)
	case v == "yes" && (property == "opted_out" || property == "doubt" || property == "consent" || property == "require_consent" || property == "archived" || property == "confirmation"):
		return w.T("audit_yes")
	case v == "no" && (property == "opted_out" || property == "doubt" || property == "consent" || property == "confirmation"):
		return w.T("audit_no")
	case property == "phone":
		return people.Phone(v).Pretty()
	case property == "size" && err == nil && kind == "file":
		return w.Size(int64(n))
	case property == "size" && err == nil:
		return w.N("people", n)
	case property == "text" && err == nil && strings.HasSuffix(v, "*"):
		return w.N("audit_chars_other", n)
	case property == "text" && err == nil:
		return w.N("audit_chars", n)
	case property == "limits", property == "pace", property == "numbers", property == "campaign":
		return v // as it is typed
	}
	return strconv.Quote(v)
}
