package command_test

import (
	"strings"
	"testing"
	"time"

	"recado/tui/words"
)

// TestACampaignIsWalkedByKeysFromDraftToFollowUp: at a real terminal, of the sizes
// and in the languages that people have, with what the book says beside it.
func TestACampaignIsWalkedByKeysFromDraftToFollowUp(t *testing.T) {
	t.Parallel()
	for _, at := range []struct {
		lang          string
		width, height uint16
	}{{"pt-BR", 80, 24}, {"en", 200, 60}} {
		t.Run(at.lang, func(t *testing.T) {
			t.Parallel()
			w := words.For(at.lang)
			p := newProgram(t).with("TERM=xterm-256color", "RECADO_LANG="+at.lang)
			dir := p.data
			p.data = ""
			screen := p.atTerminalOf(at.width, at.height, "demo", "--dir", dir)
			beside := newProgram(t)
			beside.data = dir
			await := func(id, what string, true func(shown) bool) {
				t.Helper()
				beside.await("campaign "+id+" "+what, func() bool {
					return beside.run("campaign", "show", id).code == 0 && true(beside.show(id))
				})
			}
			status := func(id, want string) {
				t.Helper()
				await(id, "to be "+want, func(s shown) bool { return s.Status == want })
			}

			screen.sees(p, w.T("numbers_empty"))
			screen.press("n")
			screen.sees(p, w.T("number_add_detail")[:20])
			screen.press("loja\r")
			screen.sees(p, w.T("link_demo", "Key", "s")[:4])
			screen.press("s")
			beside.await("the number online", func() bool { return strings.Contains(beside.must("numbers"), "\tonline") })
			beside.must("numbers", "pace", "loja", "gap=2s-2s", "new-gap=2s-2s", "--yes")

			// A draft, and its review, which leads back to the text.
			screen.press("3n")
			screen.sees(p, w.T("preview_empty"))
			screen.press("Promo\t\ttag:vip cidade:Recife\t\t\tOi {primeiro_nome|tudo bem}!")
			screen.sees(p, w.N("ready", 12, "Key", "ctrl+r"))
			screen.press("\x12") // ctrl+r
			screen.sees(p, w.T("review_notice_title"))
			screen.press("\x1b")
			screen.sees(p, w.OptOutLine("Oi"))
			screen.press("\x1b")
			await("1", "to be kept", func(s shown) bool { return s.Name == "Promo" })

			// It is tested on one person.
			screen.press("t")
			screen.sees(p, w.T("test_detail")[:20])
			screen.press("Adriana Schmidt\r")
			await("2", "to arrive as a test", func(s shown) bool { return s.Counts.Delivered+s.Counts.Read+s.Counts.Replied == 1 })

			// It begins by itself, pauses and goes on.
			screen.press("s")
			screen.sees(p, w.T("schedule_start_detail")[:20])
			screen.press(time.Now().Add(15*time.Second).Format("02/01/2006 15:04:05") + "\r")
			status("1", "running")
			screen.press("4")
			screen.sees(p, w.T("progress_events"))
			screen.press("p")
			status("1", "paused")
			screen.sees(p, w.T("key_resume"))
			before := beside.show("1").Counts
			screen.press("p")
			status("1", "finished")
			if after := beside.show("1").Counts; before.Queued == 0 || after.Queued != 0 {
				t.Errorf("before the end %+v, after it %+v", before, after)
			}

			// The report, and a second message to whoever has not replied.
			screen.press("r")
			screen.sees(p, w.T("key_follow_up"))
			screen.press("w")
			screen.sees(p, w.T("filter_unanswered", "ID", "1"))
			screen.press("\t\t\t\t\tAinda dá tempo")
			screen.sees(p, "✓ ")
			screen.press("\x12")
			screen.sees(p, w.T("review_agree"))
			screen.press(w.T("key_yes_letter"))
			status("3", "running")
			if s := beside.show("3"); s.FollowUp != 1 {
				t.Errorf("the second campaign is %+v", s)
			}
			status("3", "finished")
			screen.press("qq") // the first leads nowhere if something was asked
			if code := screen.code(); code != 0 {
				t.Errorf("the screens end with %d", code)
			}
		})
	}
}
