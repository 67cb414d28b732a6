package tui

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store"
)

// fixText is another text for those of a paused campaign who have not been
// written to yet. It is looked at as in a review before it is put in the place of
// the one before.
type fixText struct {
	e        *env
	campaign campaign.Campaign
	variant  uint8
	before   string
	text     *area
	checking question
}

// fixCheckedMsg answers fixText.check.
type fixCheckedMsg struct {
	question int
	text     string
	fix      store.Fix
	err      error
}

// askFix asks which text is fixed, if there are several.
func (e *env) askFix(c campaign.Campaign) screen {
	texts := c.Texts()
	if len(texts) == 1 {
		return newFixText(e, c, 0)
	}
	var all []option
	for i, text := range texts {
		all = append(all, option{e.t("deliveries_text", "Variant", campaign.VariantName(uint8(i))), strings.Join(strings.Fields(text), " "),
			func() tea.Cmd { return e.root.push(newFixText(e, c, uint8(i))) }})
	}
	return newChoice(e, e.t("fix_which"), nil, all, 0)
}

func newFixText(e *env, c campaign.Campaign, variant uint8) *fixText {
	f := &fixText{e: e, campaign: c, variant: variant, before: c.Texts()[variant], text: newArea(e, e.t("composer_text_example"), textRoom)}
	f.text.set(f.before)
	f.text.focus(true)
	return f
}

func (f *fixText) title() string { return f.e.t("fix_title", "Name", f.campaign.Name) }
func (f *fixText) load() tea.Cmd { return nil }
func (f *fixText) dirty() bool   { return f.text.value() != f.before }
func (f *fixText) typing() bool  { return true }

func (f *fixText) actions() []action {
	changed := campaign.Text(f.text.value()) != campaign.Text(f.before)
	return []action{act(f.e.keys.putText, changed && f.mistake() == "" && !f.checking.busy, f.check)}
}

func (f *fixText) keys() []key.Binding { return bindings(f.actions()) }

// mistake is why the text as it is typed cannot be sent; empty: it can.
func (f *fixText) mistake() string {
	text := campaign.Text(f.text.value())
	if _, err := campaign.ParseTemplate(text); err != nil {
		return f.e.words.why(err)
	}
	if err := f.campaign.CheckText(f.campaign.Typed(text)); err != nil {
		return f.e.words.why(err)
	}
	return ""
}

// check looks at what the text would mean. How to be left alone is added where the
// text before said it.
func (f *fixText) check() tea.Cmd {
	e := f.e
	id, ok := f.checking.ask(e)
	if !ok {
		return nil
	}
	text := campaign.Text(f.text.value())
	if f.campaign.OffersOptOut(f.before) && !f.campaign.OffersOptOut(text) {
		text = offering(&f.campaign, []string{text}, e.words.OptOutLine)[0]
		f.text.set(text)
		e.root.say(e.theme.good, e.t("option_leave_added"))
	}
	ctx, book, of, variant, now := e.ctx, e.app.Book, f.campaign.ID, f.variant, e.now()
	return func() tea.Msg {
		fix, err := book.CheckFix(ctx, of, variant, text, now)
		return fixCheckedMsg{id, text, fix, err}
	}
}

func (f *fixText) update(msg tea.Msg) tea.Cmd {
	e := f.e
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if cmd, done := press(msg, f.actions()); done {
			return cmd
		}
		f.text.update(msg)
	case tea.PasteMsg:
		f.text.update(msg)
	case fixCheckedMsg:
		mine, _ := f.checking.answered(msg.question)
		if mine && msg.err == nil {
			msg.err = msg.fix.Reaches(f.campaign.ID)
		}
		if mine && msg.err != nil && !errors.Is(msg.err, context.Canceled) {
			e.root.say(e.theme.bad, e.fault(msg.err))
		} else if mine && msg.err == nil {
			return e.root.push(newAsk(e, e.words.n("fix_confirm", msg.fix.Waiting-msg.fix.Lost(), "Name", f.campaign.Name), f.told(&msg.fix), func() tea.Cmd { return f.put(msg.text) }))
		}
	}
	return nil
}

// told is what there is to know before the text is put in place.
func (f *fixText) told(fix *store.Fix) string {
	e := f.e
	var lines []string
	for _, why := range slices.Sorted(maps.Keys(fix.LeftOut)) {
		lines = append(lines, e.words.n("check_left_out", fix.LeftOut[why], "Why", e.words.because(reason.New(why))))
	}
	for _, why := range fix.Warnings {
		lines = append(lines, "! "+e.words.because(why))
	}
	if fix.Said != "" {
		said, _ := e.cut(strings.Join(strings.Fields(fix.Said), " "), longestSaid)
		lines = append(lines, e.t("fix_first", "Name", fix.First, "Text", said))
	}
	return strings.Join(append(lines, e.t("fix_detail")), "\n")
}

// put puts the text in the place of the one before.
func (f *fixText) put(text string) tea.Cmd {
	e := f.e
	return tea.Batch(e.root.drop(f), e.do(e.t("fix_done_one", "Name", f.campaign.Name, "Key", e.keys.resume.Help().Key), func(context.Context) error {
		_, err := e.app.Desk.FixText(f.campaign.ID, f.variant, f.before, text)
		return err
	}))
}

func (f *fixText) view() string {
	e := f.e
	w, h := e.body()
	var lines []string
	for _, line := range e.wrap(e.t("fix_about"), max(w-4, 1)) {
		lines = append(lines, "  "+e.theme.dim.of(line))
	}
	lines = append(lines, "")
	wrong := f.mistake()
	room := max(h-len(lines)-2, 1)
	for _, line := range f.text.lines(e, max(w-4, 1), room) {
		lines = append(lines, "  "+line)
	}
	lines = append(lines, "")
	if wrong != "" {
		lines = append(lines, "  "+e.theme.bad.of(e.fit("▲ "+wrong, max(w-4, 0))))
	}
	return strings.Join(exactLines(lines, h), "\n")
}
