package tui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// keyMap is every key of the program. Screens choose from it and switch the
// keys on and off by what they show.
type keyMap struct {
	// The root's.
	quit, quitNow, suspend, help, helpTyping, closeHelp, back, nextTab, prevTab, audit key.Binding
	tabs                                                                               [tabCount]key.Binding

	// Lists.
	up, down, pageUp, pageDown, first, last key.Binding

	// Numbers.
	addNumber, link, unlink, reconnect, limits, confirmation, rename, remove key.Binding
	scan, codeText, showCode, linkAgain, byQR                                key.Binding
	byPhone, otherPhone, typeCode, copyCode                                  key.Binding
	sendAnswer, clearAnswer, copyScript, sign                                key.Binding
	sameCode, stop                                                           key.Binding
	faults, cause, mend, mendAll                                             key.Binding

	// Contacts.
	filter, clearFilter, takeWay, mark, markAll, unmarkAll, saveList, addToList, tagThem, undoTags, addPerson, editPerson, lists, details, reply, optOut, optIn, erase, saidNo, stays, apart, showDoubts, write key.Binding

	// Lists of people.
	showList, addHere, emptyList, deleteList, newList, combine, changeFilter, saveFilter key.Binding

	// Links by which people agree.
	invites, showInvite, newInvite, endInvite, whoCame key.Binding

	// Who is on WhatsApp.
	validate, beginValidation, stopValidation key.Binding

	// The import of a file.
	importFile, choose, complete, prevEntry, nextEntry        key.Binding
	goOn, change, areaCode, country, sheet                    key.Binding
	takeIn, policy, tags, consent, saveRejected, cancelImport key.Binding
	seePeople                                                 key.Binding

	// What was imported.
	imports, undoImport, stopImport key.Binding

	// Campaigns.
	newCampaign, edit, discard, watch, pause, resume, cancel, report, followUp, copyCampaign, undo, deleteCampaign key.Binding
	test, schedule, unschedule, archive, unarchive, archived                                                       key.Binding
	nextText, more, changeIt                                                                                       key.Binding
	nextField, prevField, nextPerson, prevPerson, saveDraft, start                                                 key.Binding
	toggle, left, right                                                                                            key.Binding
	unsure, arrived, sendAgain, leaveIt, markAlike, skip, retry, fixText, putText, senders                         key.Binding

	// Questions.
	yes, no, accept, dismiss, agree, whom, rehearse key.Binding
	background, halt, remain                        key.Binding
}

func newKeys(w *words) keyMap {
	bind := func(id, shown string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, w.t("key_"+id)))
	}
	k := keyMap{
		quit:       bind("quit", "q", "q"),
		quitNow:    bind("quit", "ctrl+c", "ctrl+c"),
		suspend:    bind("suspend", "ctrl+z", "ctrl+z"),
		help:       bind("help", "?", "?", "f1"),
		closeHelp:  bind("close_help", "?", "?", "f1", "q"),
		helpTyping: bind("help", "f1", "f1"),
		back:       bind("back", "esc", "esc"),
		audit:      bind("audit", "h", "h"),
		nextTab:    bind("next_tab", "tab", "tab"),
		prevTab:    bind("prev_tab", "shift+tab", "shift+tab"),

		up:       bind("up", "↑", "up", "k"),
		down:     bind("down", "↓", "down", "j"),
		pageUp:   bind("page_up", "pgup", "pgup"),
		pageDown: bind("page_down", "pgdn", "pgdown"),
		first:    bind("first", "home", "home", "g"),
		last:     bind("last", "end", "end", "G"),

		addNumber:    bind("add_number", "n", "n"),
		link:         bind("link", "enter", "enter", "l"),
		unlink:       bind("unlink", "d", "d"),
		reconnect:    bind("reconnect", "r", "r"),
		limits:       bind("limits", "p", "p"),
		confirmation: bind("confirmation", "c", "c"),
		rename:       bind("rename", "e", "e"),
		remove:       bind("remove", "x", "x", "delete"),
		scan:         bind("scan", "s", "s"),
		codeText:     bind("code_text", "c", "c"),
		showCode:     bind("show_code", "c", "c"),
		linkAgain:    bind("link_again", "enter", "enter", "r"),

		byQR:        bind("by_qr", "v", "v"),
		byPhone:     bind("by_phone", "p", "p"),
		otherPhone:  bind("other_phone", "p", "p"),
		typeCode:    bind("type_code", "s", "s"),
		copyCode:    bind("copy_code", "c", "c"),
		sendAnswer:  bind("send_answer", "enter", "enter"),
		clearAnswer: bind("clear_answer", "ctrl+u", "ctrl+u"),
		copyScript:  bind("copy_script", "ctrl+y", "ctrl+y"),
		sign:        bind("sign", "ctrl+s", "ctrl+s"),
		sameCode:    bind("same_code", "enter", "enter"),
		stop:        bind("stop", "esc", "esc"),

		faults:  bind("faults", "f", "f"),
		cause:   bind("cause", "enter", "enter"),
		mend:    bind("mend", "enter", "enter"),
		mendAll: bind("mend_all", "x", "x"),

		filter:      bind("filter", "/", "/"),
		clearFilter: bind("clear_filter", "esc", "esc"),
		takeWay:     bind("take", "tab", "tab"),
		mark:        bind("mark", w.t("key_space"), "space", " "),
		markAll:     bind("mark_all", "a", "a"),
		unmarkAll:   bind("unmark_all", "u", "u"),
		saveList:    bind("save_list", "s", "s"),
		addToList:   bind("add_to_list", "+", "+"),
		tagThem:     bind("tag_them", "t", "t"),
		undoTags:    bind("undo_tags", "z", "z"),
		addPerson:   bind("add_person", "n", "n"),
		editPerson:  bind("edit", "e", "e"),
		lists:       bind("lists", "l", "l"),
		details:     bind("details", "enter", "enter"),
		reply:       bind("reply", "r", "r"),
		optOut:      bind("opt_out", "o", "o"),
		optIn:       bind("opt_in", "i", "i"),
		erase:       bind("erase", "X", "X", "delete"),
		saidNo:      bind("said_no", "o", "o"),
		stays:       bind("stays", "f", "f"),
		apart:       bind("apart", "x", "x"),
		showDoubts:  bind("show_doubts", "d", "d"),
		write:       bind("write", "w", "w"),

		invites:    bind("invites", "L", "L"),
		showInvite: bind("show_invite", "enter", "enter"),
		newInvite:  bind("new_invite", "n", "n"),
		endInvite:  bind("end_invite", "x", "x", "delete"),
		whoCame:    bind("who_came", "p", "p"),

		validate:        bind("validate", "v", "v"),
		beginValidation: bind("begin_validation", "enter", "enter"),
		stopValidation:  bind("stop_validation", "x", "x"),

		showList:     bind("show_list", "enter", "enter"),
		addHere:      bind("add_here", "enter", "enter"),
		emptyList:    bind("empty_list", "v", "v"),
		newList:      bind("new_list", "n", "n"),
		combine:      bind("combine", "c", "c"),
		changeFilter: bind("change_filter", "f", "f"),
		saveFilter:   bind("save_filter", "S", "S"),
		deleteList:   bind("delete_list", "x", "x", "delete"),

		importFile:   bind("import", "i", "i"),
		choose:       bind("choose", "enter", "enter"),
		complete:     bind("complete", "tab", "tab"),
		prevEntry:    bind("up", "↑", "up"),
		nextEntry:    bind("down", "↓", "down"),
		goOn:         bind("go_on", "enter", "enter"),
		change:       bind("change", w.t("key_space"), "space", " "),
		areaCode:     bind("area_code", "d", "d"),
		country:      bind("country", "p", "p"),
		sheet:        bind("sheet", "s", "s"),
		takeIn:       bind("take_in", "enter", "enter"),
		policy:       bind("policy", "p", "p"),
		tags:         bind("tags", "e", "e"),
		consent:      bind("consent", "c", "c"),
		saveRejected: bind("save_rejected", "s", "s"),
		cancelImport: bind("cancel_import", "esc", "esc"),
		seePeople:    bind("see_people", "enter", "enter"),

		imports:    bind("imports", "I", "I"),
		undoImport: bind("undo_import", "u", "u"),
		stopImport: bind("stop_import", "x", "x"),

		newCampaign:    bind("new_campaign", "n", "n"),
		edit:           bind("edit", "enter", "enter", "e"),
		discard:        bind("discard", "x", "x", "delete"),
		deleteCampaign: bind("delete_campaign", "x", "x", "delete"),
		watch:          bind("watch", "enter", "enter"),
		pause:          bind("pause", "p", "p"),
		resume:         bind("resume", "p", "p"),
		cancel:         bind("cancel", "x", "x"),
		report:         bind("report", "r", "r"),
		followUp:       bind("follow_up", "w", "w"),
		undo:           bind("undo", "u", "u"),
		test:           bind("test", "t", "t"),
		schedule:       bind("schedule", "s", "s"),
		unschedule:     bind("unschedule", "s", "s"),
		archive:        bind("archive", "a", "a"),
		unarchive:      bind("unarchive", "a", "a"),
		archived:       bind("archived", "A", "A"),
		nextText:       bind("next_text", "ctrl+t", "ctrl+t"),
		more:           bind("more", "enter", "enter"),
		changeIt:       bind("change", "enter", "enter", "space", " "),
		copyCampaign:   bind("copy_campaign", "c", "c"),
		nextField:      bind("next_field", "tab", "tab"),
		prevField:      bind("prev_field", "shift+tab", "shift+tab"),
		nextPerson:     bind("next_person", "ctrl+n", "ctrl+n"),
		prevPerson:     bind("prev_person", "ctrl+p", "ctrl+p"),
		saveDraft:      bind("save_draft", "ctrl+s", "ctrl+s"),
		start:          bind("start", "ctrl+r", "ctrl+r"),
		toggle:         bind("toggle", w.t("key_space"), "space", " "),
		left:           bind("left", "←", "left"),
		right:          bind("right", "→", "right"),
		unsure:         bind("unsure", "u", "u"),
		arrived:        bind("arrived", "c", "c"),
		sendAgain:      bind("send_again", "e", "e"),
		leaveIt:        bind("leave_it", "d", "d"),
		markAlike:      bind("mark_alike", "a", "a"),
		skip:           bind("skip", "x", "x"),
		retry:          bind("retry", "t", "t"),
		senders:        bind("senders", "n", "n"),
		fixText:        bind("fix_text", "e", "e"),
		putText:        bind("put_text", "ctrl+r", "ctrl+r"),

		yes:      bind("yes", w.t("key_yes_letter"), w.t("key_yes_letter")),
		no:       bind("no", "n", "n", "esc"),
		accept:   bind("accept", "enter", "enter"),
		dismiss:  bind("dismiss", "esc", "esc"),
		whom:     bind("whom", "enter", "enter"),
		rehearse: bind("rehearse", "e", "e"),
		agree:    bind("agree", w.t("key_yes_letter"), w.t("key_yes_letter")),

		background: bind("background", "enter", "enter"),
		halt:       bind("halt", "p", "p"),
		remain:     bind("remain", "esc", "esc"),
	}
	for i := range k.tabs {
		n := string(rune('1' + i))
		k.tabs[i] = key.NewBinding(key.WithKeys(n), key.WithHelp(n, w.t(tabWords[i])))
	}
	return k
}

// onlyReads takes away every key that changes something.
func (k *keyMap) onlyReads() {
	for _, b := range []*key.Binding{
		&k.addNumber, &k.link, &k.unlink, &k.reconnect, &k.limits, &k.confirmation, &k.rename, &k.remove,
		&k.scan, &k.linkAgain, &k.byQR, &k.byPhone, &k.otherPhone, &k.typeCode,
		&k.sendAnswer, &k.sign, &k.sameCode, &k.faults, &k.cause, &k.mend, &k.mendAll,
		&k.saveList, &k.addToList, &k.tagThem, &k.undoTags, &k.addPerson, &k.editPerson, &k.optOut, &k.optIn, &k.erase, &k.saidNo, &k.stays, &k.apart, &k.write,
		&k.addHere, &k.emptyList, &k.deleteList, &k.newList, &k.combine, &k.changeFilter, &k.saveFilter, &k.importFile, &k.undoImport, &k.stopImport,
		&k.beginValidation, &k.stopValidation,
		&k.newCampaign, &k.edit, &k.discard, &k.pause, &k.resume, &k.cancel, &k.copyCampaign, &k.undo, &k.deleteCampaign,
		&k.test, &k.schedule, &k.unschedule, &k.archive, &k.unarchive,
		&k.saveDraft, &k.start, &k.arrived, &k.sendAgain, &k.leaveIt, &k.skip, &k.retry, &k.fixText, &k.putText, &k.senders, &k.halt,
	} {
		*b = key.Binding{} // nothing switches on a binding without keys
	}
}

// action is a key and what it does. Screens make their help and their
// behaviour of the same list, so that they cannot disagree.
type action struct {
	key.Binding
	do func() tea.Cmd
}

// act makes an action of a binding, switched on or off.
func act(b key.Binding, on bool, do func() tea.Cmd) action {
	b.SetEnabled(on)
	return action{b, do}
}

// bindings are the keys of actions.
func bindings(actions []action) []key.Binding {
	keys := make([]key.Binding, len(actions))
	for i, a := range actions {
		keys[i] = a.Binding
	}
	return keys
}

// press does what a key is for, if it is for anything.
func press(msg tea.KeyPressMsg, actions []action) (cmd tea.Cmd, done bool) {
	for _, a := range actions {
		if key.Matches(msg, a.Binding) {
			return a.do(), true
		}
	}
	return nil, false
}
