package tui

import (
	"slices"
	"strings"

	"recado/campaign/people"
)

// rowWidths are those of people of a file.
func rowWidths(w int) (name, phone, tags int) {
	phone = 20
	if w >= 70 {
		tags = min((w-phone)/4, 32)
	}
	return max((w-phone-tags)/3, 8), phone, tags
}

// rowHeading is the heading of people as they would be imported.
func (e *env) rowHeading(w int) string {
	name, phone, tags := rowWidths(w)
	r := e.row(false).gap(1).cell(e.theme.faint, e.t("wizard_become"), name).gap(1).cell(e.theme.faint, e.t("col_phone"), phone).gap(1)
	if tags > 0 {
		r.cell(e.theme.faint, e.t("col_tags"), tags).gap(1)
	}
	return r.cell(e.theme.faint, e.t("wizard_col_fields"), max(w-r.used-1, 0)).fill(w)
}

// rowLine is a person as they would be imported.
func (e *env) rowLine(row *people.Row, w int) string {
	name, phone, tags := rowWidths(w)
	r := e.row(false).gap(1)
	if row.Name == "" {
		r.cell(e.theme.faint, e.t("no_name"), name)
	} else {
		r.cell("", row.Name, name)
	}
	r.gap(1).cell(e.theme.dim, row.Phone.Pretty(), phone).gap(1)
	if tags > 0 {
		r.cell(e.theme.info, strings.Join(row.Tags, " "), tags).gap(1)
	}
	rest := max(w-r.used-1, 0)
	switch {
	case row.Left != "":
		return r.cell(e.theme.bad, "⊘ "+e.t("note_opted_out")+" ("+row.Left+")", rest).fill(w)
	case row.Doubt != "":
		return r.cell(e.theme.warn, "? "+e.t("note_doubt", "Said", row.Doubt), rest).fill(w)
	}
	return r.cell(e.theme.dim, fieldsOf(row), rest).fill(w)
}

// fieldsOf are the fields of a row as one text.
func fieldsOf(row *people.Row) string {
	names := make([]string, 0, len(row.Fields))
	for name := range row.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	var all []string
	for _, name := range names[:min(len(names), 20)] {
		all = append(all, name+": "+row.Fields[name])
	}
	return strings.Join(all, " · ")
}
