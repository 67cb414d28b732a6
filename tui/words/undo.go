package words

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"recado/campaign"
	"recado/campaign/reason"
)

// Undo says what an undo of the campaign of that name would do, a sentence each, and
// at the end what WhatsApp lets be deleted and what stays all the same.
func (w *Words) Undo(name string, u *campaign.Undoing) []string {
	lines := []string{w.N("undo_deletes", u.Deletes, "Name", name)}
	whys := slices.SortedFunc(maps.Keys(u.Stay), func(a, b reason.Code) int { return cmp.Or(u.Stay[b]-u.Stay[a], cmp.Compare(a, b)) })
	for _, why := range whys {
		lines = append(lines, w.N("undo_stays", u.Stay[why], "Why", w.Reason(reason.New(why))))
	}
	if u.Read > 0 {
		lines = append(lines, w.N("undo_read", u.Read))
	}
	if u.Doubt > 0 {
		lines = append(lines, w.N("undo_doubt", u.Doubt))
	}
	if u.Takes >= time.Minute {
		lines = append(lines, w.T("undo_takes", "Wait", u.Takes.Round(time.Minute)))
	}
	return append(lines, w.T("undo_limits"))
}
