package tui

import (
	"context"
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store"
)

// askTest asks to whom a campaign is sent as a test: oneself, as a rule, or whom
// a phone or a filter chooses. Who was asked last is suggested.
func (e *env) askTest(c campaign.Campaign) screen {
	book, desk, now := e.app.Book, e.app.Desk, e.now()
	return newPrompt(e, e.t("test_ask", "Name", e.named(c.Name)), e.t("test_detail"), e.t("test_example"), lastTested(book),
		func(ctx context.Context, text string, sure bool) (func() tea.Cmd, error) {
			to, err := oneOf(ctx, book, text)
			if phone, bad := people.ParsePhone(text); errors.Is(err, errNobody) && bad == nil {
				if !sure {
					return nil, &confirm{func() (string, string) { return e.t("test_add", "Phone", phone.Pretty()), e.t("test_add_detail") }}
				}
				to, err = desk.AddContact(people.Row{Phone: phone})
			}
			if err != nil {
				return nil, err
			}
			if _, err := store.SendTest(ctx, desk, c.ID, to.ID, now); err != nil {
				return nil, err
			}
			return func() tea.Cmd {
				e.root.say(e.theme.good, e.t("test_sent", "Name", e.calls(to.Called(), to.BestPhone()), "Key", e.keys.archived.Help().Key))
				return nil
			}, nil
		})
}

// How many characters fit into the line of an answer, and how much is shown there
// of what it answers: the line must stay on a small screen.
const (
	longestReply = 1000
	longestSaid  = 200
)

// askAnswer asks for the one text with which a reply is answered.
func (e *env) askAnswer(c campaign.Campaign, one campaign.Delivery) screen {
	desk, now, name := e.app.Desk, e.now(), e.calls(one.Name, one.Phone)
	said, _ := e.cut(strings.ReplaceAll(one.Answer, "\n", " · "), longestSaid)
	p := newPrompt(e, e.t("answer_ask", "Name", name), e.t("answer_detail", "Said", said), e.t("answer_example"), "",
		func(ctx context.Context, text string, _ bool) (func() tea.Cmd, error) {
			if _, err := desk.Answer(ctx, c.ID, one.Contact, text, now); err != nil {
				return nil, err
			}
			return func() tea.Cmd {
				e.root.say(e.theme.good, e.t("answer_sent", "Name", name))
				return nil
			}, nil
		})
	p.field = newLine(e, e.t("answer_example"), longestReply)
	return p
}

// Who is asked for is not one person.
var (
	errNobody  = errors.New("nobody is chosen")
	errSeveral = errors.New("more than one is chosen")
)

// oneOf is the one person whom a filter chooses.
func oneOf(ctx context.Context, book *store.Book, text string) (people.Contact, error) {
	filter, err := people.ParseFilter(text)
	if err != nil {
		return people.Contact{}, err
	}
	all, err := book.Search(ctx, filter)
	if err != nil {
		return people.Contact{}, err
	}
	found, err := book.ContactsByID(all.Part(0, 2))
	switch {
	case err != nil:
		return people.Contact{}, err
	case len(found) == 0:
		return people.Contact{}, errNobody
	case len(found) > 1:
		return people.Contact{}, errSeveral
	}
	return found[0], nil
}

// lastTested is the phone of who got the last test; empty: there was none.
func lastTested(book *store.Book) string {
	all, err := book.Campaigns()
	if err != nil {
		return ""
	}
	for _, c := range all {
		if c.TestOf != 0 && c.Only != 0 {
			if to, err := book.Contact(c.Only); err == nil {
				return to.BestPhone().Pretty()
			}
		}
	}
	return ""
}

// askSchedule asks when a draft is to start by itself.
func (e *env) askSchedule(c campaign.Campaign) screen {
	desk, now := e.app.Desk, e.now()
	return newPrompt(e, e.t("schedule_ask", "Name", e.named(c.Name)), e.t("schedule_start_detail"), e.whenExample(), "",
		func(_ context.Context, text string, _ bool) (func() tea.Cmd, error) {
			at, err := campaign.ParseWhen(strings.TrimSpace(text), now, now.Location())
			if err != nil {
				return nil, err
			}
			planned, err := desk.Schedule(c.ID, at)
			return func() tea.Cmd {
				e.root.say(e.theme.good, e.t("campaign_scheduled", "Name", planned.Name, "Time", e.saysWhen(planned.Planned())))
				return nil
			}, err
		})
}

// unschedule makes it a draft again.
func (e *env) unschedule(c campaign.Campaign) tea.Cmd {
	desk := e.app.Desk
	return e.do(e.t("campaign_unscheduled", "Name", e.named(c.Name)), func(context.Context) error {
		_, err := desk.Unschedule(c.ID)
		return err
	})
}

// archive takes a campaign out of the list, or puts it back.
func (e *env) archive(c campaign.Campaign, away bool) tea.Cmd {
	desk := e.app.Desk
	did := e.t("campaign_unarchived", "Name", e.named(c.Name))
	if away {
		did = e.t("campaign_archived", "Name", e.named(c.Name), "Key", e.keys.archived.Help().Key)
	}
	return e.do(did, func(context.Context) error {
		_, err := desk.Archive(c.ID, away)
		return err
	})
}

// archivable reports whether a campaign has nothing to send.
func (s campaignRow) archivable() bool {
	return s.Status == campaign.Draft || s.Status == campaign.Finished || s.Status == campaign.Cancelled
}
