package words

import table "recado/campaign/files"

// Column says what a column of a file was taken for.
func (w *Words) Column(role table.Role) string {
	switch role {
	case table.FieldRole:
		return w.T("column_field")
	case table.PhoneRole:
		return w.T("column_phone")
	case table.AreaRole:
		return w.T("column_area")
	case table.CountryRole:
		return w.T("column_country")
	case table.LabelRole:
		return w.T("column_label")
	case table.NameRole:
		return w.T("column_name")
	case table.FirstRole:
		return w.T("column_first")
	case table.MiddleRole:
		return w.T("column_middle")
	case table.LastRole:
		return w.T("column_last")
	case table.EmailRole:
		return w.T("column_email")
	case table.TagsRole:
		return w.T("column_tags")
	case table.ListsRole:
		return w.T("column_lists")
	case table.LeftRole:
		return w.T("column_left")
	case table.UnsureRole:
		return w.T("column_left_unsure")
	case table.AskedRole:
		return w.T("column_asked")
	case table.AgreesRole:
		return w.T("column_asked_unsure")
	case table.StatusRole:
		return w.T("column_status")
	}
	return w.T("column_ignored")
}
