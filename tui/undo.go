package tui

import (
	"context"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store"
)

// undoable reports whether messages of the campaign can be deleted for everyone, as
// far as this screen knows.
func (r *report) undoable() bool {
	c := &r.campaign
	sending := c.Unstarted() || c.Status == campaign.Running || c.Status == campaign.Freezing
	return !sending && c.RevokeOf == 0 && r.sent() > r.made.Revoked && !slices.ContainsFunc(r.undos, func(u store.UndoReport) bool { return u.GoesOn() })
}

// sent is how many messages have left, or may have.
func (r *report) sent() int { return r.made.Sent + r.made.Unsure }

// askUndo asks how many of the last messages are to be deleted and, when that is known,
// says what can be and what cannot.
func (r *report) askUndo() tea.Cmd {
	e, id, name := r.e, r.campaign.ID, r.campaign.Name
	p := newPrompt(e, e.t("undo_how_many", "Name", name), e.t("undo_how_many_detail"), e.t("undo_example"), strconv.Itoa(r.sent()),
		func(ctx context.Context, text string, sure bool) (func() tea.Cmd, error) {
			last, err := strconv.Atoi(text)
			if err != nil {
				return nil, err
			}
			would, err := e.app.Book.CheckUndo(ctx, id, last, e.app.now())
			if err != nil {
				return nil, err
			}
			if !sure {
				return nil, &confirm{func() (string, string) {
					return e.t("undo_ask"), strings.Join(e.words.Undo(e.clean(name), &would.Undoing), "\n")
				}}
			}
			if _, err := e.app.Desk.Undo(ctx, id, last, e.app.now()); err != nil {
				return nil, err
			}
			return func() tea.Cmd {
				e.root.say(e.theme.good, e.t("undo_started"))
				return nil
			}, nil
		})
	p.check = func(text string) string {
		if n, err := strconv.Atoi(text); err != nil || n < 1 {
			return e.t("undo_bad_number")
		}
		return ""
	}
	return e.root.push(p)
}

// undone are the lines about what was done to delete messages of the campaign.
func (r *report) undone() (rows []reportRow) {
	e := r.e
	for i := range r.undos {
		u := &r.undos[i]
		sign := e.theme.campaign(u.Status)
		rows = append(rows, reportRow{}, reportRow{ink: e.theme.faint,
			plain: e.t("report_undo", "Time", e.words.Moment(u.Started, e.now()), "Status", e.t(sign.word))})
		line := func(n int, text string) {
			if n > 0 {
				rows = append(rows, reportRow{plain: e.words.Number(n) + "  " + text})
			}
		}
		line(u.Made.Sent, e.t("report_revoked"))
		line(u.Made.Waiting, e.t("report_undo_waiting"))
		line(u.Made.Unsure, e.t("report_undo_unsure"))
		kept := u.Made.Kept()
		for _, why := range byCount(kept) {
			line(kept[why], e.t("report_undo_stays", "Why", e.words.because(reason.New(why))))
		}
	}
	return rows
}
