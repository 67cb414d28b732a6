package tui

import (
	"strings"
	"time"

	"recado/campaign"
)

// evidence is all that is known of the delivery under the cursor: each step with
// its time, what was sent and what was answered.
func (d *deliveries) evidence(w, room int) (lines []string) {
	e, now := d.e, d.e.now()
	one, ok := d.here()
	if !ok {
		return nil
	}
	add := func(i ink, text string) {
		for _, line := range e.wrap(text, max(w-1, 1)) {
			lines = append(lines, " "+i.of(line))
		}
	}
	add(e.theme.strong, e.calls(one.Name, one.Phone)+" · "+e.phone(one.Phone))
	if !one.Reason.IsZero() {
		add(e.theme.warn, e.words.because(one.Reason))
	}
	var steps []string
	for _, step := range []struct {
		word string
		at   time.Time
	}{
		{"state_sending", one.Claimed}, {"state_sent", one.Accepted}, {"state_delivered", one.Arrived}, {"state_read", one.ReadAt},
		{"state_replied", one.RepliedAt}, {"step_left", one.LeftAt}, {"step_revoked", one.RevokedAt},
	} {
		if !step.at.IsZero() {
			steps = append(steps, e.t(step.word)+" "+e.words.Moment(step.at, now))
		}
	}
	if len(steps) > 0 {
		add("", strings.Join(steps, " · "))
	}
	if one.Answer != "" {
		add(e.theme.dim, e.t("deliveries_answer"))
		for _, text := range strings.Split(one.Answer, "\n") {
			for _, line := range e.wrap(text, max(w-4, 1)) {
				lines = append(lines, " "+e.theme.info.of("▎")+" "+line)
			}
		}
	}
	if ours := d.answers[one.Seq]; ours.ID != 0 {
		sign := e.theme.delivery(ours.State)
		add(sign.ink, e.t("deliveries_ours", "State", e.t(sign.word)))
		for _, line := range e.wrap(ours.Text, max(w-4, 1)) {
			lines = append(lines, " "+e.theme.accent.of("▎")+" "+line)
		}
	}
	if one.Message != "" {
		from := e.t("deliveries_from", "Name", d.numbers[one.Number], "ID", one.Message)
		if len(d.campaign.Variants) > 0 {
			from += " · " + e.t("deliveries_text", "Variant", campaign.VariantName(one.Variant))
		}
		add(e.theme.dim, from)
	}
	if one.Revokes != "" {
		add("", e.t("deliveries_deletes", "ID", one.Revokes))
	}
	if one.Text != "" {
		options := e.options(d.campaign.Poll, int(one.Vote), max(w-4, 1))
		text := e.markup(one.Text, max(w-4, 1), max(room-len(lines)-len(options), 1))
		for _, line := range append(text, options...) {
			lines = append(lines, " "+e.theme.accent.of("▎")+" "+line)
		}
	}
	return lines[:min(len(lines), max(room, 0))]
}

// options are the options of a poll in a row, of which one is chosen, counted from 1,
// or none.
func (e *env) options(all []string, chosen, w int) []string {
	if len(all) == 0 {
		return nil
	}
	marked := make([]string, len(all))
	for i, o := range all {
		if marked[i] = "○ " + o; i+1 == chosen {
			marked[i] = "● " + o
		}
	}
	return e.wrap(strings.Join(marked, "  "), w)
}
