package tui

import (
	"context"
	"errors"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/store"
)

// The fields of the composer, from top to bottom.
const (
	fieldName = iota
	fieldNumbers
	fieldAudience
	fieldPace
	fieldAttachment
	fieldText
	fieldCount
)

// textRoom is how many characters the text may have while it is being written:
// more than WhatsApp takes, so that a long one can be pasted and shortened.
const textRoom = 4 * campaign.TextMost

// composer writes a campaign: to whom, by which numbers, how fast and what,
// with the text shown as real people would get it.
type composer struct {
	e       *env
	saved   campaign.Campaign // as it is in the book; without id: not yet
	name    *line
	to      *line
	pace    *line
	file    *attachment
	text    *area
	at      int
	numbers []campaign.Number
	holds   map[campaign.NumberID]campaign.Hold
	chosen  map[campaign.NumberID]bool
	over    int  // the number under the cursor of its field
	known   bool // the numbers have been read

	people   *audience
	question question
	saving   question
}

// sendersLoadedMsg answers composer.load.
type sendersLoadedMsg struct {
	question int
	numbers  []campaign.Number
	holds    map[campaign.NumberID]campaign.Hold
	err      error
}

// draftSavedMsg answers composer.save.
type draftSavedMsg struct {
	question int
	draft    campaign.Campaign
	err      error
}

func newComposer(e *env, draft campaign.Campaign) *composer {
	c := &composer{
		e: e, saved: draft,
		name:   newLine(e, e.t("composer_name_example"), 80),
		to:     newLine(e, e.t("composer_to_example"), 500),
		pace:   newLine(e, e.t("composer_pace_example"), 200),
		text:   newArea(e, e.t("composer_text_example"), textRoom),
		file:   newAttachment(e, draft.Attachment),
		chosen: make(map[campaign.NumberID]bool),
	}
	c.people = newAudience(e, c.draft)
	c.name.set(draft.Name)
	c.to.set(draft.To)
	c.pace.set(draft.Pace.Limits().String())
	c.text.set(draft.Text)
	for _, id := range draft.Numbers {
		c.chosen[id] = true
	}
	c.focus(fieldName)
	return c
}

func (c *composer) title() string {
	if c.saved.ID == 0 {
		return c.e.t("composer_new")
	}
	return c.e.t("composer_edit", "Name", c.saved.Name)
}

func (c *composer) typing() bool { return true }

// dirty compares with what the book has, or with an empty page.
func (c *composer) dirty() bool {
	now, then := c.draft(), c.saved
	if c.file.unread() || c.file.found != c.file.kept {
		return true
	}
	if now.Name != then.Name || now.Text != then.Text || now.To != then.To {
		return true
	}
	return now.Pace != then.Pace || c.known && then.ID != 0 && !slices.Equal(now.Numbers, then.Numbers)
}

// load asks for the numbers; the first time also for the audience.
func (c *composer) load() tea.Cmd {
	var first tea.Cmd
	if !c.people.known && !c.people.finding.busy && c.people.mistake == nil {
		first = tea.Batch(c.people.choose(c.to.value()), c.people.write(c.text.value()))
	}
	id, ok := c.question.ask(c.e)
	if !ok {
		return first
	}
	book := c.e.app.Book
	return tea.Batch(first, func() tea.Msg {
		numbers, err := book.Numbers()
		return sendersLoadedMsg{id, numbers, book.Holds(), err}
	})
}

// draft is the campaign as it is written now.
func (c *composer) draft() campaign.Campaign {
	d := c.saved
	d.Name, d.To, d.Text = strings.TrimSpace(c.name.value()), strings.TrimSpace(c.to.value()), c.text.value()
	d.Attachment = c.file.found
	d.Numbers = nil
	for _, n := range c.numbers {
		if c.chosen[n.ID] {
			d.Numbers = append(d.Numbers, n.ID)
		}
	}
	d.Pace, _ = c.paceNow()
	return d
}

// senders are the numbers that would send: the chosen ones, or every linked
// one if none is chosen.
func (c *composer) senders() []campaign.Number {
	some := slices.ContainsFunc(c.numbers, func(n campaign.Number) bool { return c.chosen[n.ID] })
	var senders []campaign.Number
	for _, n := range c.numbers {
		if n.Linked() && (c.chosen[n.ID] || !some) {
			senders = append(senders, n)
		}
	}
	return senders
}

// paceNow is the campaign's own pace as it is typed.
func (c *composer) paceNow() (campaign.Pace, error) {
	return campaign.ParsePace(campaign.Pace{}, c.pace.value())
}

// sameSender reports whether two records of a number say the same of how it
// would send.
func sameSender(a, b campaign.Number) bool {
	return a.ID == b.ID && a.JID == b.JID && a.Limits == b.Limits &&
		a.Standing.State == b.Standing.State && a.Standing.Until.Equal(b.Standing.Until)
}

// offline reports whether none of the numbers that would send is connected.
func (c *composer) offline() bool {
	senders := c.senders()
	return len(senders) > 0 && !slices.ContainsFunc(senders, func(n campaign.Number) bool {
		return c.holds[n.ID].Reason != campaign.HoldOffline
	})
}

// overruled says which of its own limits have no effect, and beside which
// number.
func (c *composer) overruled() (names []string, number string) {
	pace, err := c.paceNow()
	if err != nil {
		return nil, ""
	}
	for _, n := range c.senders() {
		if names := pace.Overruled(n.Pace(c.e.now())); len(names) > 0 {
			return names, n.Name
		}
	}
	return nil, ""
}

// shut is the number that never may send when the campaign may; empty: none.
func (c *composer) shut() string {
	pace, err := c.paceNow()
	if err != nil {
		return ""
	}
	for _, n := range c.senders() {
		if n.Pace(c.e.now()).Tightest(pace).Hours.Shut {
			return n.Name
		}
	}
	return ""
}

// paces says the pace that will hold, once if it is the same for every number.
func (c *composer) paces() []string {
	pace, err := c.paceNow()
	if err != nil {
		return nil
	}
	var said, texts []string
	for _, n := range c.senders() {
		text := c.e.paceWords(n.Pace(c.e.now()).Tightest(pace))
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
		said = append(said, c.e.clean(n.Name)+": "+text)
	}
	switch {
	case len(texts) == 1:
		return texts
	case len(texts) > 1:
		return said
	case pace == (campaign.Pace{}):
		return nil
	}
	return []string{c.e.paceWords(pace)}
}

// focus moves to a field. A file is looked at when its field is left.
func (c *composer) focus(field int) (look tea.Cmd) {
	if c.at == fieldAttachment {
		look = c.file.look()
	}
	c.at = (field + fieldCount) % fieldCount
	c.name.focus(c.at == fieldName)
	c.to.focus(c.at == fieldAudience)
	c.pace.focus(c.at == fieldPace)
	c.file.path.focus(c.at == fieldAttachment)
	c.text.focus(c.at == fieldText)
	return look
}

func (c *composer) actions() []action {
	e, inNumbers := c.e, c.at == fieldNumbers && len(c.numbers) > 0
	single := c.at != fieldText
	return []action{
		act(e.keys.nextField, true, func() tea.Cmd { return c.focus(c.at + 1) }),
		act(e.keys.start, c.ready() == "", func() tea.Cmd { return e.root.push(newReview(e, c)) }),
		act(e.keys.saveDraft, c.saveable() && (c.saved.ID == 0 || c.dirty()) && !c.saving.busy, c.save),
		act(e.keys.toggle, inNumbers && c.numbers[min(c.over, len(c.numbers)-1)].Linked(), c.toggle),
		act(e.keys.left, inNumbers && c.over > 0, func() tea.Cmd { c.over--; return nil }),
		act(e.keys.right, inNumbers && c.over < len(c.numbers)-1, func() tea.Cmd { c.over++; return nil }),
		act(e.keys.nextPerson, c.people.at < len(c.people.ids)-1, func() tea.Cmd { return c.people.turn(1) }),
		act(e.keys.prevPerson, c.people.at > 0, func() tea.Cmd { return c.people.turn(-1) }),
		act(e.keys.prevField, true, func() tea.Cmd { return c.focus(c.at - 1) }),
		act(e.keys.accept, single, func() tea.Cmd { return c.focus(c.at + 1) }),
	}
}

func (c *composer) keys() []key.Binding {
	keys := bindings(c.actions())
	for i := range keys { // enter moves on here: the help calls it what it is
		if keys[i].Help().Key == "enter" {
			keys[i].SetHelp("enter", c.e.keys.nextField.Help().Desc)
		}
	}
	return keys
}

func (c *composer) toggle() tea.Cmd {
	id := c.numbers[c.over].ID
	c.chosen[id] = !c.chosen[id]
	return c.people.check()
}

// saveable reports whether the book would take the draft.
func (c *composer) saveable() bool {
	_, err := c.paceNow()
	return err == nil && strings.TrimSpace(c.name.value()) != "" && c.content() == "" &&
		c.people.mistake == nil && c.people.textFault == nil
}

// content is what is wrong with the attachment and the text together, as the
// id of a text; empty: nothing.
func (c *composer) content() string {
	a, blank := c.file.found, strings.TrimSpace(c.text.value()) == ""
	switch {
	case c.file.looking.busy:
		return "need_moment"
	case c.file.unread():
		return "need_attachment_check"
	case c.file.mistake != nil:
		return "need_attachment"
	case a == nil && blank:
		return "need_text"
	case c.tooLong():
		return "need_shorter"
	case a != nil && !a.Captioned() && !blank:
		return "need_no_text"
	}
	return ""
}

// tooLong reports whether WhatsApp would not take the text.
func (c *composer) tooLong() bool {
	return c.text.chars > campaign.TextMost && campaign.CheckLength(campaign.Text(c.text.value())) != nil
}

// ready is what keeps the campaign from being started, as the id of a text;
// empty: nothing.
func (c *composer) ready() string {
	_, paceErr := c.paceNow()
	switch {
	case strings.TrimSpace(c.name.value()) == "":
		return "need_name"
	case c.people.mistake != nil:
		return "need_filter"
	case c.known && len(c.senders()) == 0:
		return "need_number"
	case c.content() != "":
		return c.content()
	case c.people.textFault != nil:
		return "need_template"
	case paceErr != nil, c.shut() != "":
		return "need_pace"
	case !c.known || !c.people.known || !c.people.checked:
		return "need_moment"
	case len(c.people.ids) == 0:
		return "need_people"
	case c.people.flight.Receive == 0:
		return "need_receivers"
	}
	return ""
}

func (c *composer) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if cmd, done := press(msg, c.actions()); done {
			return cmd
		}
		return c.edit(msg)
	case tea.PasteMsg:
		return c.edit(msg)
	case sendersLoadedMsg:
		var check tea.Cmd
		mine, again := c.question.answered(msg.question)
		if mine && msg.err != nil {
			c.e.root.say(c.e.theme.bad, c.e.fault(msg.err))
		} else if mine {
			changed := !c.known || !slices.EqualFunc(c.numbers, msg.numbers, sameSender)
			c.numbers, c.holds, c.known = msg.numbers, msg.holds, true
			if changed {
				check = c.people.check()
			}
			c.over = max(min(c.over, len(c.numbers)-1), 0)
		}
		if again {
			return tea.Batch(check, c.load())
		}
		return check
	case attachmentReadMsg:
		c.file.answered(msg)
	case draftSavedMsg:
		if mine, _ := c.saving.answered(msg.question); mine {
			c.keep(msg)
		}
	default:
		return c.people.update(msg)
	}
	return nil
}

// edit gives a key to the field we are in.
func (c *composer) edit(msg tea.Msg) tea.Cmd {
	switch c.at {
	case fieldName:
		c.name.update(msg)
	case fieldAudience:
		if c.to.update(msg) {
			return c.people.choose(c.to.value())
		}
	case fieldPace:
		if c.pace.update(msg) {
			return c.people.check()
		}
	case fieldAttachment:
		c.file.path.update(msg)
	case fieldText:
		if c.text.update(msg) {
			return c.people.write(c.text.value())
		}
	}
	return nil
}

// save writes the draft to the book.
func (c *composer) save() tea.Cmd {
	id, _ := c.saving.ask(c.e)
	book, draft, file := c.e.app.Book, c.draft(), c.file.file()
	return func() tea.Msg {
		saved, err := saveDraft(book, draft, file)
		return draftSavedMsg{id, saved, err}
	}
}

// saveDraft writes a draft, for the first time or again, with the file that
// the book does not have yet.
func saveDraft(book *store.Book, draft campaign.Campaign, file string) (campaign.Campaign, error) {
	if file != "" {
		if err := attach(book, &draft, file); err != nil {
			return draft, err
		}
	}
	if draft.ID == 0 {
		return book.AddCampaign(draft)
	}
	return book.EditDraft(draft)
}

// keep remembers what the book has now.
func (c *composer) keep(msg draftSavedMsg) {
	e := c.e
	if msg.err != nil {
		c.refused(msg.err)
		return
	}
	c.saved = msg.draft
	c.file.keep(msg.draft.Attachment)
	e.root.say(e.theme.good, e.t("draft_saved", "Name", msg.draft.Name))
}

// refused says why the book did not take the draft.
func (c *composer) refused(err error) {
	if errors.Is(err, errFileChanged) {
		c.file.looked = ""
	}
	c.e.root.say(c.e.theme.bad, c.e.fault(err))
}

// start writes the draft if it has changed and starts it.
func (c *composer) start(ctx context.Context, draft campaign.Campaign, changed bool) tea.Cmd {
	id, ok := c.saving.ask(c.e)
	if !ok {
		return nil
	}
	book, now, file := c.e.app.Book, c.e.now(), c.file.file()
	return func() tea.Msg {
		if changed {
			saved, err := saveDraft(book, draft, file)
			if err != nil {
				return campaignStartedMsg{question: id, campaign: draft, err: err}
			}
			draft = saved
		}
		if ctx.Err() != nil {
			return campaignStartedMsg{question: id, campaign: draft, err: ctx.Err()}
		}
		started, err := book.Start(draft.ID, now)
		if err != nil {
			started = draft
		}
		return campaignStartedMsg{question: id, campaign: started, err: err}
	}
}
