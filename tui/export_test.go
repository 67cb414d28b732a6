package tui

import (
	"context"
	"testing"

	"recado/campaign"
	"recado/campaign/reason"
)

// AppIn opens the book in a directory, as the screens have it.
func AppIn(t *testing.T, dir string) App { return newAppIn(t, dir, "pt-BR") }

// ReviewOf is what the last look at a draft shows or, if the draft cannot be
// started, what the composer says instead.
func ReviewOf(t *testing.T, app App, draft campaign.Campaign) string {
	s := onStage(t, app)
	s.size(200, 60)
	c := newComposer(s.root.env, draft)
	s.do(s.root.push(c))
	s.press("ctrl+r")
	return s.read()
}

// Shown are the words of the screens for a reason.
func Shown(app App, code reason.Code) string {
	return newRoot(context.Background(), app).env.words.because(reason.New(code))
}

// Sentence are the words of the screens for an error.
func Sentence(app App, err error) string {
	return newRoot(context.Background(), app).env.words.why(err)
}
