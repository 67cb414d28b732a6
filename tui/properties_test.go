package tui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session"
)

// hostile is text that drives a terminal, hides, turns round, or is counted
// in different ways.
const hostile = "a\x1b[2J\x1b]0;pwn\x07b\x9b31m\u202eabc\u2066x\u200b\ufeff\r\n\tç界界👨‍👩‍👧❤️🇧🇷e\u0301\u0301\u0301\u0301\u0301\xff\xfe\u2028\u00ad\U000e0041z"

// hostileReason is what a record may say in which nobody can trust a byte.
var hostileReason = reason.New(reason.CampaignRefusals, 5, reason.New(reason.RefusedWithCode, reason.New(hostile), 463))

var paint = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// harmless fails if anything on the screen but our own paint could drive a
// terminal.
func (s *stage) harmless(where string) {
	s.t.Helper()
	for i, line := range strings.Split(s.shown(), "\n") {
		for _, r := range paint.ReplaceAllString(line, "") {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' && !(r >= 0xe0030 && r <= 0xe007f) || r == '\u2028' || r == unicode.ReplacementChar {
				s.t.Errorf("%s: line %d has %U: %q", where, i, r, line)
				break
			}
		}
		if w := counted.StringWidth(line); w != s.root.env.w {
			s.t.Errorf("%s: line %d has %d cells", where, i, w)
		}
	}
}

func TestHostileTextNeverReachesTheTerminal(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		book := s.app.Book
		fields := map[string]string{hostile: hostile, "cidade": hostile}
		rows := []people.Row{{Phone: "+5511987650001", Name: hostile, Tags: []string{hostile}, Fields: fields}}
		for i := range 6 {
			rows = append(rows, people.Row{Phone: people.Phone(fmt.Sprintf("+551198765001%d", i)), Name: strings.Repeat(hostile, 20)})
		}
		if _, err := desk(book).Import(t.Context(), rows, hostile); err != nil {
			t.Fatal(err)
		}
		n := s.number(hostile, "+5511900000001")
		s.draft(hostile, hostile)
		seen := campaign.Visible(hostile) // all that may be started
		c := s.draft(hostile, seen+" {cidade|"+seen+"}")
		c.Attachment = s.attached("picture.jpg")
		c.Attachment.Name, c.Attachment.Type = hostile, hostile
		if _, err := desk(book).EditDraft(c); err != nil {
			t.Fatal(err)
		}
		if _, err := desk(book).Start(c.ID, time.Now()); err != nil {
			t.Fatal(err)
		}
		s.send(n, 1)
		for range 5 { // the campaign pauses itself, for that reason
			if err := book.Settle(s.claim(n), campaign.Outcome{Kind: campaign.Refused, Code: 463, Reason: reason.New(hostile)}, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if c, err := book.Campaign(c.ID); err != nil || c.Reason.Code != hostileReason.Code {
			t.Fatalf("paused for %v (%v), want %v", c.Reason, err, hostileReason)
		}
		snapshots := someSnapshots(s.app.now())
		for i := range snapshots {
			snapshots[i].Number.Name, snapshots[i].Reason, snapshots[i].QR = hostile, hostileReason, hostile
		}
		check := func(where string, keys ...string) {
			t.Helper()
			s.press(keys...)
			for _, size := range []Size{{80, 24}, {200, 60}, {41, 11}} {
				s.size(size.Width, size.Height)
				s.harmless(where)
			}
		}
		s.snapshots(snapshots...)
		check("numbers")
		check("unlink", "d")
		check("rename", "esc", "e")
		s.press("esc")
		l := newLink(s.root.env, snapshots[0].Number)
		l.began = true
		s.root.push(l)
		for _, code := range []string{hostile, strings.Repeat(hostile, 50)} {
			snapshot := session.Snapshot{Number: snapshots[0].Number, State: campaign.Linking, QR: code, Reason: hostileReason}
			s.tell(linkLoadedMsg{question: l.question.renew(s.root.env), snapshot: snapshot, found: true})
			check("link")
			check("link as text", "c")
			s.press("c")
		}
		l.phone = people.Phone(hostile)
		for _, snapshot := range []session.Snapshot{{Code: hostile}, {Passkey: session.Passkey{Script: strings.Repeat(hostile, 50)}}, {Passkey: session.Passkey{Code: hostile}}} {
			snapshot.Number, snapshot.State, snapshot.Reason = snapshots[0].Number, campaign.Linking, hostileReason
			s.tell(linkLoadedMsg{question: l.question.renew(s.root.env), snapshot: snapshot, found: true})
			s.tell(tea.PasteMsg{Content: hostile})
			check("link otherwise")
		}
		l.typed = people.Phone(hostile)
		s.tell(linkLoadedMsg{question: l.question.renew(s.root.env), snapshot: session.Snapshot{Number: snapshots[0].Number, State: campaign.Unlinked}, found: true})
		check("link by phone", "p")
		s.tell(tea.PasteMsg{Content: hostile})
		check("a phone that is none", "enter")
		s.press("esc")
		s.press("esc")
		check("contacts", "2", "a")
		check("person", "enter")
		check("opt out", "o")
		s.tell(tea.PasteMsg{Content: hostile})
		check("opt out typed")
		check("opted out", "enter")
		s.press("esc", "/")
		s.tell(tea.PasteMsg{Content: hostile})
		check("filter typed")
		check("filter set", "enter")
		s.press("esc", "esc")
		check("campaigns", "3")
		check("draft", "down", "enter")
		s.press("tab", "tab", "tab", "tab", "tab")
		s.tell(tea.PasteMsg{Content: hostile + "{cidade}"})
		check("draft changed")
		check("review", "ctrl+r")
		check("rehearsal", "e")
		check("back", "esc", "esc", "esc", "s")
		check("progress", "4")
		check("report", "r")
		check("messages", "enter")
		s.press("esc", "esc")
		s.tell(actedMsg{err: fmt.Errorf("from the network: %s", hostile)})
		check("an error")
		s.tell(actedMsg{did: s.root.env.t("draft_saved", "Name", hostile)})
		check("a word")
		check("help", "?")
	})
}

// enabled are the keys that would do something now.
func (s *stage) enabled() []key.Binding {
	var on []key.Binding
	for _, b := range append(s.root.top().keys(), bindings(s.root.actions())...) {
		if b.Enabled() {
			on = append(on, b)
		}
	}
	return on
}

// drawsAlone says why a test of what screens draw and do with keys does not run
// under the race detector: nothing in it runs beside anything else, and every
// screen is drawn under it by TestEveryScreenFillsTheTerminalExactly.
func drawsAlone(t *testing.T) {
	t.Helper()
	if raced {
		t.Skip("nothing runs beside anything else here")
	}
}

func TestEveryKeyDoesSomethingAndIsInTheHelp(t *testing.T) {
	drawsAlone(t)
	for _, scene := range scenes {
		t.Run(scene.name, func(t *testing.T) {
			var names []string
			play(t, func(t *testing.T, s *stage) {
				scene.set(s)
				full := strings.Join(newHelp(s.root.env, s.root.top()).inFull(), "\n")
				for _, b := range s.enabled() {
					if b.Help().Key == "" || b.Help().Desc == "" {
						t.Errorf("%v has no help", b.Keys())
					}
					if _, asking := s.root.top().(*help); !asking && !strings.Contains(full, b.Help().Desc) {
						t.Errorf("the help lacks %q:\n%s", b.Help().Desc, full)
					}
					names = append(names, b.Keys()[0])
				}
			})
			for _, name := range names {
				play(t, func(t *testing.T, s *stage) {
					scene.set(s)
					before := s.shown()
					cmd := s.root.pressed(keyPress(name))
					if after := s.shown(); cmd == nil && after == before {
						t.Errorf("%q does nothing", name)
					}
				})
			}
		})
	}
}

func TestOtherKeysAreNotTakenForText(t *testing.T) {
	drawsAlone(t)
	// A letter that means nothing on a screen without fields changes nothing.
	for _, scene := range scenes {
		play(t, func(t *testing.T, s *stage) {
			scene.set(s)
			if s.root.typing() {
				return
			}
			s.root.said = ""
			before := s.read()
			s.press("z", "ç", "9")
			if got := s.read(); got != before {
				t.Errorf("%s changed:\n%s\n%s", scene.name, before, got)
			}
		})
	}
}

func TestNoScreenLacksAText(t *testing.T) {
	drawsAlone(t)
	for _, lang := range []string{"pt-BR", "en_US.UTF-8"} {
		for _, scene := range scenes {
			play(t, func(t *testing.T, s *stage) {
				s = onStage(t, App{Book: s.app.Book, Desk: s.app.Desk, Pool: s.app.Pool, Bell: s.app.Bell, Lang: lang, Now: s.app.Now})
				scene.set(s)
				s.size(120, 40)
				s.hides("⟨", "<no value>")
			})
		}
	}
}

func TestEnglishIsSpokenToWhoAsksForIt(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s = onStage(t, App{Book: s.app.Book, Desk: s.app.Desk, Pool: s.app.Pool, Bell: s.app.Bell, Lang: "en_US.UTF-8", Now: s.app.Now})
		s.shows("Numbers", "No number yet", "help")
	})
}
