package tui

import (
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/reason"
)

// retries reports whether messages of a campaign may be tried again, as far as the
// screen knows.
func (e *env) retries(c *campaign.Campaign) bool {
	switch c.Status {
	case campaign.Running, campaign.Paused, campaign.Finished:
		return !c.Aside() && !c.Unstarted()
	}
	return false
}

// askRetry asks before messages that did not leave for a reason are tried again.
func (e *env) askRetry(c campaign.Campaign, kind reason.Code, count int) tea.Cmd {
	detail := e.t("retry_detail")
	switch c.Status {
	case campaign.Finished:
		detail += " " + e.t("retry_runs")
	case campaign.Paused:
		detail += " " + e.t("retry_paused")
	}
	ask := e.words.n("retry_ask", count, "Why", e.words.because(reason.New(kind)))
	return e.root.push(newAsk(e, ask, detail, func() tea.Cmd { return e.retry(c.ID, kind) }))
}

// retry lets them wait again, and says what became of that.
func (e *env) retry(id campaign.ID, kind reason.Code) tea.Cmd {
	ctx, desk, words := e.ctx, e.app.Desk, e.words
	return func() tea.Msg {
		got, err := desk.Retry(ctx, id, kind)
		said := []string{words.n("retry_done", got.Count)}
		for _, why := range slices.Sorted(maps.Keys(got.Stayed)) {
			said = append(said, words.n("retry_stayed", got.Stayed[why], "Why", words.because(reason.New(why))))
		}
		return actedMsg{did: strings.Join(said, " · "), err: err}
	}
}
