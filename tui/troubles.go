package tui

import (
	"context"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"recado/campaign"
)

// Fault is something that can be made to go wrong in the demo.
type Fault string

// The faults. Those that last go on until they are ended by hand or their
// time is over; the others happen once.
const (
	FaultDrop     Fault = "drop"     // the connection breaks
	FaultService  Fault = "service"  // the whole service is away
	FaultPhone    Fault = "phone"    // the phone of the number is off
	FaultRestrict Fault = "restrict" // no new chats for an hour
	FaultBan      Fault = "ban"      // banned for ten minutes
	FaultQuota    Fault = "quota"    // the quota of new chats is used up, for a day
	FaultSilence  Fault = "silence"  // the next message is accepted and never acknowledged
	FaultRefuse   Fault = "refuse"   // the next message is refused with error 463
	FaultTooMany  Fault = "too-many" // the next message is refused with error 429
	FaultCut      Fault = "cut"      // the connection breaks when the next message has been accepted
	FaultLate     Fault = "late"     // every answer comes three seconds late
	FaultLogout   Fault = "logout"   // the phone unlinks the number
	FaultOptOut   Fault = "opt-out"  // a person who has received something answers SAIR
	FaultPasskey  Fault = "passkey"  // linking needs a passkey
)

// trouble is how a fault is told.
type trouble struct {
	fault      Fault
	name, does string // ids in the catalogue
	anywhere   bool   // it is not of one number
}

var troubleList = []trouble{
	{FaultDrop, "trouble_drop", "trouble_drop_does", false},
	{FaultService, "trouble_service", "trouble_service_does", true},
	{FaultPhone, "trouble_phone", "trouble_phone_does", false},
	{FaultRestrict, "trouble_restrict", "trouble_restrict_does", false},
	{FaultBan, "trouble_ban", "trouble_ban_does", false},
	{FaultQuota, "trouble_quota", "trouble_quota_does", false},
	{FaultSilence, "trouble_silence", "trouble_silence_does", false},
	{FaultRefuse, "trouble_refuse", "trouble_refuse_does", false},
	{FaultTooMany, "trouble_too_many", "trouble_too_many_does", false},
	{FaultCut, "trouble_cut", "trouble_cut_does", false},
	{FaultLate, "trouble_late", "trouble_late_does", false},
	{FaultLogout, "trouble_logout", "trouble_logout_does", false},
	{FaultOptOut, "trouble_opt_out", "trouble_opt_out_does", false},
	{FaultPasskey, "trouble_passkey", "trouble_passkey_does", true},
}

// troubles causes faults in the demo, for one number.
type troubles struct {
	e        *env
	number   campaign.Number
	list     []trouble
	active   []Fault
	win      window
	question question
}

// troublesLoadedMsg answers troubles.load.
type troublesLoadedMsg struct {
	question int
	active   []Fault
}

// newTroubles makes the screen. Without a link there is only what goes wrong
// for everybody.
func newTroubles(e *env, number campaign.Number) *troubles {
	t := &troubles{e: e, number: number, list: troubleList}
	if !number.Linked() {
		t.list = slices.DeleteFunc(slices.Clone(troubleList), func(x trouble) bool { return !x.anywhere })
	}
	t.win.resize(len(t.list), len(t.list))
	return t
}

func (t *troubles) title() string { return t.e.t("troubles_title", "Name", t.number.Name) }
func (t *troubles) dirty() bool   { return false }

func (t *troubles) load() tea.Cmd {
	id, ok := t.question.ask(t.e)
	if !ok {
		return nil
	}
	causing, phone := t.e.app.Demo.Causing, t.number.Phone
	return func() tea.Msg { return troublesLoadedMsg{id, causing(phone)} }
}

func (t *troubles) actions() []action {
	e, demo := t.e, t.e.app.Demo
	here := t.list[t.win.cursor]
	going := slices.Contains(t.active, here.fault)
	cause := func() tea.Cmd {
		did := "trouble_caused"
		if going {
			did = "trouble_ended"
		}
		return e.do(e.t(did, "Fault", e.t(here.name)), func(context.Context) error { return demo.Cause(t.number.Phone, here.fault) })
	}
	return append([]action{
		act(e.keys.cause, !going, cause),
		act(e.keys.mend, going, cause),
		act(e.keys.mendAll, true, func() tea.Cmd {
			return e.do(e.t("troubles_ended"), func(context.Context) error { demo.Mend(); return nil })
		}),
	}, e.listActions(&t.win, stay)...)
}

func (t *troubles) keys() []key.Binding { return bindings(t.actions()) }

func (t *troubles) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := press(msg, t.actions())
		return cmd
	case clockMsg:
		return t.load() // their time may be over
	case troublesLoadedMsg:
		mine, again := t.question.answered(msg.question)
		if mine {
			t.active = msg.active
		}
		if again {
			return t.load()
		}
	}
	return nil
}

func (t *troubles) view() string {
	e := t.e
	w, h := e.body()
	t.win.resize(len(t.list), max(h-4, 1))
	from, to := t.win.visible()
	var lines []string
	for _, line := range e.wrap(e.t("troubles_about"), max(w-2, 1)) {
		lines = append(lines, " "+e.theme.dim.of(line))
	}
	lines = append(lines, "")
	const name = 33
	for i := from; i < to; i++ {
		x := t.list[i]
		mark, state, weight := e.theme.faint, "·", ink("")
		if slices.Contains(t.active, x.fault) {
			mark, state, weight = e.theme.warn, "●", e.theme.warn
		}
		r := e.row(i == t.win.cursor).gap(1).cell(mark, state, 2).cell(weight, e.t(x.name), name).gap(1)
		does, i := e.t(x.does), e.theme.dim
		if state == "●" {
			does, i = e.t("trouble_active"), e.theme.warn
		}
		lines = append(lines, r.cell(i, does, max(w-r.used-1, 0)).fill(w))
	}
	return strings.Join(lines, "\n")
}
