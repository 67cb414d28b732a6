package tui

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
	"recado/campaign/media"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/session"
	"recado/store"
)

// scene is a state of the terminal that tests look at.
type scene struct {
	name string
	set  func(s *stage)
}

// scenes are every screen in the states that matter.
var scenes = []scene{
	{"numbers-empty", func(s *stage) {}},
	{"numbers", func(s *stage) { s.snapshots(someSnapshots(s.app.now())...) }},
	{"numbers-offline", func(s *stage) { s.snapshots(someSnapshots(s.app.now())...); s.press("down", "down") }},
	{"numbers-quota", func(s *stage) { s.snapshots(warnedSnapshots(s.app.now())...) }},
	{"numbers-quiet", func(s *stage) { s.snapshots(warnedSnapshots(s.app.now())...); s.press("down") }},
	{"numbers-quota-spent", func(s *stage) { s.snapshots(warnedSnapshots(s.app.now())...); s.press("down", "down") }},
	{"limits", func(s *stage) { s.limited("day=30 hours=10:00-18:00"); s.press("p") }},
	{"limits-mistake", func(s *stage) { s.limited("day=30"); s.press("p"); s.enter("day=muitas"); s.press("enter") }},
	{"confirmation", func(s *stage) { s.limited("day=30"); s.press("c") }},
	{"confirmation-text", func(s *stage) { s.limited("day=30"); s.press("c", "down", "enter") }},
	{"limits-raise", func(s *stage) { s.limited("day=30"); s.press("p"); s.enter("gap=1s day=default"); s.press("enter") }},
	{"number-name", func(s *stage) { s.press("n"); s.enter("Loja") }},
	{"number-unlink", func(s *stage) { s.snapshots(someSnapshots(s.app.now())...); s.press("d") }},
	{"link-waiting", func(s *stage) { s.linking("") }},
	{"link-code", func(s *stage) { s.linking(sampleCode) }},
	{"link-text", func(s *stage) { s.linking(sampleCode); s.press("c") }},
	{"link-phone", func(s *stage) { s.linking(sampleCode); s.press("p"); s.enter("11 98765-4321") }},
	{"link-phone-mistake", func(s *stage) { s.linking(sampleCode); s.press("p"); s.enter("98765-4321"); s.press("enter") }},
	{"link-typed", func(s *stage) { s.linkShows("+5511987654321", session.Snapshot{Code: "2KQB-W9ZM"}) }},
	{"link-typed-nobody", func(s *stage) {
		s.linkShows("+5511987654321", session.Snapshot{Code: "2KQB-W9ZM"})
		s.linkFails(reason.New(reason.LinkUntyped))
	}},
	{"link-too-many", func(s *stage) {
		s.linkShows("+5511987654321", session.Snapshot{})
		s.linkFails(reason.New(reason.LinkTooMany))
	}},
	{"link-update", func(s *stage) {
		s.linkShows("", session.Snapshot{QR: sampleCode, Reason: reason.New(reason.LinkUpdate)})
	}},
	{"passkey", func(s *stage) { s.linkShows("", session.Snapshot{Passkey: session.Passkey{Script: sampleScript}}) }},
	{"passkey-answered", func(s *stage) {
		s.linkShows("", session.Snapshot{Passkey: session.Passkey{Script: sampleScript}})
		s.tell(tea.PasteMsg{Content: strings.Repeat("secret", 205) + "\r\n  end."})
	}},
	{"passkey-mistake", func(s *stage) {
		s.linkShows("", session.Snapshot{Passkey: session.Passkey{Script: sampleScript}})
		s.enter("{}")
		s.press("enter")
	}},
	{"passkey-checking", func(s *stage) {
		s.linkShows("", session.Snapshot{Passkey: session.Passkey{Script: sampleScript}})
		s.linkTells(session.Snapshot{Reason: reason.New(reason.PasskeyChecked)})
	}},
	{"passkey-compare", func(s *stage) { s.linkShows("", session.Snapshot{Passkey: session.Passkey{Code: "7HTX-3PRC"}}) }},
	{"passkey-refused", func(s *stage) {
		s.linkShows("", session.Snapshot{Passkey: session.Passkey{Code: "7HTX-3PRC"}})
		s.linkFails(reason.New(reason.PasskeyRefused, reason.New(reason.Foreign, reason.Plain("info query returned status 403: forbidden"))))
	}},
	{"link-typed-demo", func(s *stage) { s.demo(); s.linkShows("+5511987654321", session.Snapshot{Code: "2KQB-W9ZM"}) }},
	{"passkey-demo", func(s *stage) {
		s.demo()
		s.linkShows("", session.Snapshot{Passkey: session.Passkey{Script: sampleScript}})
	}},
	{"troubles", func(s *stage) {
		s.demo(FaultRestrict, FaultLate)
		s.number("Loja", "+5511900000001")
		s.press("f", "down", "down", "down")
	}},
	{"troubles-unlinked", func(s *stage) { s.demo(); s.number("Loja", ""); s.press("f") }},
	{"contacts-empty", func(s *stage) { s.press("2") }},
	{"contacts", func(s *stage) { s.people(); s.press("2", "down", "space") }},
	{"contacts-typing", func(s *stage) { s.people(); s.press("2", "/"); s.enter("ana") }},
	{"contacts-mistake", func(s *stage) { s.people(); s.press("2", "/"); s.enter("ana (tag:vip") }},
	{"contacts-none", func(s *stage) { s.people(); s.press("2", "/"); s.enter("zzz"); s.press("enter") }},
	{"person-new", func(s *stage) { s.people(); s.press("2", "n") }},
	{"person-new-mistake", func(s *stage) {
		s.people()
		s.press("2", "n")
		s.enter("Zeca")
		s.press("tab")
		s.enter("98765-4321")
		s.press("ctrl+s")
	}},
	{"person-edit", func(s *stage) { s.people(); s.press("2", "e") }},
	{"person-edit-changed", func(s *stage) {
		s.people()
		s.press("2", "e")
		s.enter(" Prado")
		s.editPerson(1, func(c *people.Contact) { c.Name, c.Tags = "Ana Souza Lima", []string{"vip", "natal"} })
		s.press("ctrl+s")
	}},
	{"person-edit-leave", func(s *stage) { s.people(); s.press("2", "e"); s.enter("x"); s.press("esc") }},
	{"tags", func(s *stage) {
		s.app.Book.KeepIndex()
		s.people()
		s.press("2", "space", "space", "t")
		s.enter("+vip -fr")
	}},
	{"tags-undo", func(s *stage) {
		s.people()
		s.press("2", "t")
		s.enter("+natal -frio")
		s.press("enter", "z")
	}},
	{"wizard-pick-empty", func(s *stage) { s.home(); s.press("2", "i") }},
	{"wizard-pick", func(s *stage) { s.imports("", customers) }},
	{"wizard-pick-folder", func(s *stage) { s.imports("", customers); s.enter("~/Downloads/c") }},
	{"wizard-pick-mistake", func(s *stage) { s.imports("", customers); s.enter("~/Downloads/nada.csv"); s.press("enter") }},
	{"wizard-pick-none", func(s *stage) { s.imports("", customers); s.enter("~/zzz/") }},
	{"wizard-columns", func(s *stage) { s.imports("clientes.csv", customers) }},
	{"wizard-columns-phones", func(s *stage) { s.imports("clientes.csv", "cliente;ref;obs\nAna Souza;A1;x\nBeto Lima;B2;y\n") }},
	{"wizard-columns-cards", func(s *stage) { s.imports("agenda.vcf", cards) }},
	{"wizard-columns-reading", func(s *stage) {
		s.imports("clientes.csv", customers)
		f := s.root.top().(*importColumns).b.flight
		f.done = false
		f.size.Store(1000)
		f.read.Store(340)
		f.rows.Store(400000)
	}},
	{"wizard-change", func(s *stage) { s.imports("clientes.csv", customers); s.press("down", "down", "space") }},
	{"wizard-field", func(s *stage) {
		s.imports("clientes.csv", customers)
		s.press("down", "down", "space", "down", "enter")
	}},
	{"wizard-area", func(s *stage) { s.imports("clientes.csv", customers); s.press("d") }},
	{"wizard-country-mistake", func(s *stage) {
		s.imports("clientes.csv", customers)
		s.press("p", "ctrl+u")
		s.enter("XX")
		s.press("enter")
	}},
	{"wizard-sheets", func(s *stage) { s.importsBook(); s.press("s") }},
	{"wizard-review", func(s *stage) { s.imports("clientes.csv", customers); s.press("enter", "down") }},
	{"wizard-review-reading", func(s *stage) {
		s.imports("clientes.csv", customers)
		s.press("enter")
		f := s.root.top().(*importReview).b.flight
		f.done = false
		f.size.Store(1000)
		f.read.Store(340)
		f.rows.Store(400000)
		time.Sleep(10 * time.Second)
	}},
	{"wizard-review-well", func(s *stage) {
		s.imports("clientes.csv", "nome;fone\nAna Souza;11987650001\n")
		s.press("enter", "e")
		s.enter("feira, vip")
		s.press("enter", "c")
		s.enter("feira de maio: 10/05/2026")
		s.press("enter")
	}},
	{"wizard-policy", func(s *stage) { s.imports("clientes.csv", customers); s.press("enter", "p") }},
	{"wizard-tags", func(s *stage) { s.imports("clientes.csv", customers); s.press("enter", "e") }},
	{"wizard-consent-mistake", func(s *stage) {
		s.imports("clientes.csv", customers)
		s.press("enter", "c")
		s.enter("feira: 99/99")
		s.press("enter")
	}},
	{"wizard-save", func(s *stage) { s.imports("clientes.csv", customers); s.press("enter", "s") }},
	{"wizard-running", func(s *stage) { s.importRuns(store.Job{}) }},
	{"wizard-naming", func(s *stage) {
		s.importRuns(store.Job{Kind: store.JobImport, Done: 400000, Total: 400000, Names: 398000, Named: 125000})
	}},
	{"wizard-adding", func(s *stage) { s.importRuns(store.Job{Kind: store.JobImport, Done: 5000, Total: 400000}) }},
	{"wizard-done", func(s *stage) { s.imports("clientes.csv", customers); s.press("enter", "enter") }},
	{"wizard-failed", func(s *stage) {
		s.imports("clientes.csv", customers)
		s.press("enter")
		s.app.Book.Close()
		s.press("enter")
	}},
	{"imports-none", func(s *stage) { s.press("2", "I") }},
	{"imports", func(s *stage) { s.imported(); s.press("I") }},
	{"imports-undo", func(s *stage) { s.imported(); s.press("I", "u") }},
	{"imports-undone", func(s *stage) { s.imported(); s.press("I", "u", "s") }},
	{"imports-kept", func(s *stage) { s.imported(); s.press("I", "down", "u", "s") }},
	{"imports-going-on", func(s *stage) {
		s.imported()
		s.press("I")
		l := s.root.top().(*imports)
		l.all[0].State = store.ImportRunning
		l.jobs = []store.Job{{Kind: store.JobImport, Import: l.all[0].ID, Done: 3000, Total: 8000}}
	}},
	{"invites-no-number", func(s *stage) { s.people(); s.press("2", "L") }},
	{"invites-none", func(s *stage) { s.number("Loja", "+5511900000001"); s.press("2", "L") }},
	{"invites", func(s *stage) { s.invited(); s.press("down") }},
	{"invite-number", func(s *stage) { s.invited(); s.press("n") }},
	{"invite-name", func(s *stage) { s.invited(); s.press("n", "enter"); s.enter("balcão") }},
	{"invite-text", func(s *stage) { s.invited(); s.press("n", "enter"); s.enter("balcão"); s.press("enter") }},
	{"invite", func(s *stage) { s.invited(); s.press("enter") }},
	{"invite-long", func(s *stage) { s.invited(); s.press("down", "enter") }},
	{"invite-no-phone", func(s *stage) { s.invited(); s.press("end", "enter") }},
	{"invite-end", func(s *stage) { s.invited(); s.press("x") }},
	{"validations-none", func(s *stage) { s.people(); s.press("2", "v") }},
	{"validations", func(s *stage) { s.validating() }},
	{"validations-stopped", func(s *stage) { s.validating(); s.press("up") }},
	{"validations-begin", func(s *stage) { s.people(); s.number("Loja", "+5511900000001"); s.press("2", "v", "enter") }},
	{"validations-mistake", func(s *stage) {
		s.people()
		s.number("Loja", "+5511900000001")
		s.press("2", "v", "enter")
		s.enter("0")
		s.press("enter")
	}},
	{"contacts-labels", func(s *stage) { s.labelled(); s.press("2") }},
	{"person-labels", func(s *stage) { s.labelled(); s.press("2", "enter") }},
	{"list-replace", func(s *stage) {
		s.list("amigos", 1, 2, 3)
		s.press("2", "space", "s")
		s.enter("Amigos")
		s.press("enter")
	}},
	{"lists-empty", func(s *stage) { s.people(); s.press("2", "l") }},
	{"lists", func(s *stage) { s.someLists() }},
	{"lists-adding", func(s *stage) { s.list("amigos", 1, 2, 3); s.press("2", "space", "+") }},
	{"lists-live", func(s *stage) { s.liveList(); s.press("2", "l", "down") }},
	{"list-live-save", func(s *stage) { s.people(); s.press("2", "/"); s.enter("tag:vip"); s.press("enter", "S") }},
	{"lists-combine", func(s *stage) { s.liveList(); s.press("2", "l", "c", "enter") }},
	{"list-rename", func(s *stage) { s.someLists(); s.press("e") }},
	{"list-empty", func(s *stage) { s.someLists(); s.press("v") }},
	{"list-delete", func(s *stage) { s.someLists(); s.press("x") }},
	{"list-name", func(s *stage) { s.people(); s.press("2", "a", "s") }},
	{"person", func(s *stage) { s.people(); s.press("2", "enter") }},
	{"person-former-phone", func(s *stage) {
		s.people()
		for _, phone := range []people.Phone{"+5511987650001", "+5521988887777"} {
			if err := s.app.Book.Saw(1, []people.Seen{{LID: "77", Phone: phone}}); err != nil {
				s.t.Fatal(err)
			}
		}
		s.press("2", "/")
		s.enter("87650001")
		s.press("enter", "enter")
	}},
	{"person-opted-out", func(s *stage) {
		s.people()
		s.press("2", "enter", "o")
		s.enter("pediu na loja")
		s.press("enter")
	}},
	{"person-doubt", func(s *stage) { s.people(); s.perhaps("quero cancelar"); s.press("2", "d", "enter") }},
	{"contacts-doubts", func(s *stage) { s.people(); s.perhaps("quero cancelar"); s.press("2", "d") }},
	{"opt-out", func(s *stage) { s.people(); s.press("2", "o") }},
	{"campaigns-empty", func(s *stage) { s.press("3") }},
	{"campaigns", func(s *stage) {
		s.running()
		s.draft("Rascunho de maio", "Oi {primeiro_nome}!")
		s.press("3")
	}},
	{"composer-empty", func(s *stage) { s.press("3", "n") }},
	{"composer", func(s *stage) {
		s.people()
		s.compose("Oi {primeiro_nome}! *Chegou* a coleção nova.\nResponda SAIR para não receber mais.")
	}},
	{"composer-missing", func(s *stage) { s.people(); s.compose("{saudacao}, {primeiro_nome}. Entrega em {cidade}.") }},
	{"composer-mistake", func(s *stage) { s.people(); s.compose("Oi {primeiro_nome") }},
	{"composer-leave", func(s *stage) { s.people(); s.compose("Oi"); s.app.Book.Close(); s.press("esc") }},
	{"composer-safe", func(s *stage) { s.people(); s.compose("Oi"); s.press("ctrl+s") }},
	{"composer-pointed", func(s *stage) { s.people(); s.compose(""); s.press("ctrl+r") }},
	{"composer-apart", func(s *stage) {
		s.people()
		s.number("Loja", "+5511900000001")
		c := s.draft("Natal", "Oi")
		s.press("3", "enter")
		c.Text = "Olá"
		if _, err := desk(s.app.Book).EditDraft(c); err != nil {
			s.t.Fatal(err)
		}
		s.enter("!")
		s.press("ctrl+s")
	}},
	{"composer-attachment", func(s *stage) {
		s.people()
		s.composeWith("picture.jpg", "Oi {primeiro_nome}! *Chegou* a coleção nova.")
	}},
	{"composer-attachment-field", func(s *stage) { s.people(); s.composeWith("picture.jpg", ""); s.press("shift+tab") }},
	{"composer-attachment-mistake", func(s *stage) { s.people(); s.composeWith("nada.gif", "") }},
	{"composer-audio-text", func(s *stage) { s.people(); s.composeWith("audio.mp3", "Oi!") }},
	{"composer-texts", func(s *stage) {
		s.people()
		s.compose("Oi {primeiro_nome}! Responda SAIR para não receber mais.")
		s.press("ctrl+t")
		s.enter("{primeiro_nome}, chegou. Responda SAIR para não receber mais.")
	}},
	{"composer-more", func(s *stage) { s.planned(); s.press("esc") }},
	{"options", func(s *stage) { s.planned() }},
	{"options-basis", func(s *stage) { s.planned(); s.press("up", "up", "enter") }},
	{"options-leave", func(s *stage) { s.planned(); s.press("up", "enter") }},
	{"options-mistake", func(s *stage) { s.planned(); s.press("home", "enter", "ctrl+u"); s.enter("amanhã"); s.press("enter") }},
	{"poll", func(s *stage) { s.asking() }},
	{"poll-mistake", func(s *stage) { s.asking(); s.press("enter"); s.enter("segunda {dia}") }},
	{"poll-composer", func(s *stage) { s.asking(); s.press("esc", "esc") }},
	{"poll-review", func(s *stage) { s.asking(); s.press("esc", "esc", "ctrl+r") }},
	{"poll-progress", func(s *stage) { s.polled(); s.press("3", "enter") }},
	{"poll-report", func(s *stage) { s.polled(); s.press("3", "r", "end") }},
	{"review-planned", func(s *stage) { s.planned(); s.press("esc", "ctrl+r") }},
	{"review-many", func(s *stage) { s.crowd(250); s.compose("Oi!"); s.press("ctrl+r", "s") }},
	{"campaign-test", func(s *stage) {
		s.people()
		s.number("Loja", "+5511900000001")
		s.draft("Natal", "Oi!")
		s.press("3", "t")
	}},
	{"campaign-test-add", func(s *stage) {
		s.number("Loja", "+5511900000001")
		s.draft("Natal", "Oi!")
		s.press("3", "t")
		s.enter("11 91234-5678")
		s.press("enter")
	}},
	{"campaign-schedule", func(s *stage) { s.draft("Natal", "Oi!"); s.press("3", "s") }},
	{"campaigns-scheduled", func(s *stage) {
		c := s.draft("Natal", "Oi!")
		if _, err := desk(s.app.Book).Schedule(c.ID, s.app.now().Add(50*time.Hour)); err != nil {
			s.t.Fatal(err)
		}
		s.ring()
		s.press("3")
	}},
	{"campaigns-archived", func(s *stage) { s.draft("Natal", "Oi!"); s.press("3", "a", "A") }},
	{"campaigns-none-archived", func(s *stage) { s.draft("Natal", "Oi!"); s.press("3", "A") }},
	{"review-attachment", func(s *stage) { s.people(); s.composeWith("video.mp4", ""); s.press("ctrl+r") }},
	{"progress-attachment", func(s *stage) { s.uploadFailed(); s.press("4") }},
	{"rehearsal", func(s *stage) {
		s.crowd(250)
		s.compose("Oi!")
		s.press("shift+tab", "shift+tab")
		s.enter("hours=09:00-12:00 gap=1m new-gap=2m every=10 long=10m hour=0 new-hour=0 day=60 new-day=0")
		s.press("ctrl+r", "e")
	}},
	{"review", func(s *stage) { s.people(); s.compose("Oi {primeiro_nome}!"); s.press("ctrl+r") }},
	{"report", func(s *stage) { s.reported(); s.press("3", "r") }},
	{"report-fixed", func(s *stage) { s.reworded(); s.press("3", "r", "end") }},
	{"report-empty", func(s *stage) { s.running(); s.press("4", "r") }},
	{"undo", func(s *stage) { s.reported(); s.press("3", "p", "r", "u") }},
	{"undo-confirm", func(s *stage) {
		s.reported()
		s.press("3", "p", "r", "u", "ctrl+u")
		s.enter("9")
		s.press("enter")
	}},
	{"report-undone", func(s *stage) { s.undone() }},
	{"campaigns-undo", func(s *stage) { s.undone(); s.press("esc", "A") }},
	{"progress-undo", func(s *stage) { s.undone(); s.press("esc", "A", "enter") }},
	{"report-undo", func(s *stage) { s.undone(); s.press("esc", "A", "r") }},
	{"deliveries", func(s *stage) { s.reported(); s.press("3", "r", "down", "down", "down", "enter") }},
	{"answer", func(s *stage) {
		s.reported()
		s.press("3", "r", "down", "down", "down", "enter", "r")
		s.enter("Temos sim, {primeiro_nome}!")
	}},
	{"deliveries-answered", func(s *stage) {
		s.reported()
		s.press("3", "r", "down", "down", "down", "enter", "r")
		s.enter("Temos sim, {primeiro_nome}: no 8 e no 9.")
		s.press("enter")
	}},
	{"deliveries-reason", func(s *stage) {
		s.reported()
		s.press("3", "r", "down", "down", "down", "down", "down", "down", "enter")
	}},
	{"deliveries-none", func(s *stage) {
		s.reported()
		s.press("3", "r", "enter")
		s.press("right", "right", "right", "right", "right", "right")
	}},
	{"progress-empty", func(s *stage) { s.press("4") }},
	{"progress", func(s *stage) { s.running(); s.press("4") }},
	{"progress-unsure", func(s *stage) { s.inDoubt(); s.press("4") }},
	{"progress-paused", func(s *stage) { s.running(); s.press("4", "p") }},
	{"fix-text", func(s *stage) { s.running(); s.press("4", "p", "e") }},
	{"fix-text-mistake", func(s *stage) { s.running(); s.press("4", "p", "e"); s.enter(" {cidade") }},
	{"fix-text-confirm", func(s *stage) {
		s.running()
		s.press("4", "p", "e", "ctrl+u")
		s.enter("Oi {primeiro_nome}, é no dia 15.")
		s.press("ctrl+r")
	}},
	{"senders", func(s *stage) { s.reported(); s.press("4", "n") }},
	{"senders-number", func(s *stage) { s.reported(); s.press("4", "n", "enter") }},
	{"progress-stopped", func(s *stage) { s.reported(); s.press("4", "n", "enter", "enter") }},
	{"skip", func(s *stage) { s.reported(); s.press("3", "r", "enter", "left", "x") }},
	{"deliveries-search", func(s *stage) { s.reported(); s.press("3", "r", "enter", "/"); s.enter("deb") }},
	{"deliveries-not-found", func(s *stage) { s.reported(); s.press("3", "r", "enter", "/"); s.enter("xyz") }},
	{"progress-cancel", func(s *stage) { s.running(); s.press("4", "x") }},
	{"unsure", func(s *stage) { s.inDoubt(); s.press("4", "u", "space") }},
	{"unsure-again", func(s *stage) { s.inDoubt(); s.press("4", "u", "a", "e") }},
	{"unsure-none", func(s *stage) { s.inDoubt(); s.press("4", "u", "a", "c", "s", "down", "c") }},
	{"progress-freezing", func(s *stage) { s.freezing(store.Job{Done: 183_402, Total: 600_000}) }},
	{"progress-freezing-held", func(s *stage) { s.freezing(store.Job{Done: 599_999, Total: 600_000, Held: true}) }},
	{"progress-freezing-cancel", func(s *stage) { s.freezing(store.Job{Done: 183_402, Total: 600_000}); s.press("x") }},
	{"progress-not-started", func(s *stage) {
		c := s.draft("Volta às aulas", "Oi {primeiro_nome}!")
		c.Reason = reason.New(reason.CampaignNobody, 3)
		s.press("4")
		s.progresses(campaignRow{Campaign: c})
	}},
	{"campaigns-freezing", func(s *stage) {
		s.press("3")
		l := s.root.top().(*campaigns)
		var all []campaignRow
		for i, job := range []store.Job{{Total: 600_000}, {Done: 300_000, Total: 600_000}, {Done: 600_000, Total: 600_000, Held: true}} {
			c := s.draft(fmt.Sprint("Campanha ", i+1), "Oi")
			c.Status, c.Started = campaign.Freezing, time.Now()
			all = append(all, campaignRow{Campaign: c, freeze: job})
		}
		s.tell(campaignsLoadedMsg{question: l.question.renew(s.root.env), all: all})
		s.press("down")
	}},
	{"audit-empty", func(s *stage) { s.press("h") }},
	{"audit", func(s *stage) { s.deeds(); s.press("h", "down") }},
	{"audit-typing", func(s *stage) { s.deeds(); s.press("h", "/"); s.enter("aulas") }},
	{"audit-found", func(s *stage) { s.deeds(); s.press("h", "/"); s.enter("aulas"); s.press("enter") }},
	{"audit-none", func(s *stage) { s.deeds(); s.press("h", "/"); s.enter("zzz"); s.press("enter") }},
	{"audit-deed", func(s *stage) { s.deeds(); s.press("h", "end", "enter") }},
	{"help", func(s *stage) { s.people(); s.press("2", "?") }},
	{"quit", func(s *stage) { s.compose("Oi"); s.app.Book.Close(); s.press("ctrl+c") }},
	{"leaving", func(s *stage) { s.background(s.running()); s.press("q") }},
	{"leaving-mistake", func(s *stage) { s.background(s.running()); s.press("q"); s.app.Book.Close(); s.press("p") }},
	{"watching-numbers", func(s *stage) { s.watches(); s.snapshots(someSnapshots(s.app.now())...) }},
	{"watching-contacts", func(s *stage) { s.watches(); s.people(); s.press("2", "down") }},
	{"watching-validations", func(s *stage) { s.watches(); s.validating() }},
	{"watching-person", func(s *stage) { s.watches(); s.people(); s.press("2", "enter") }},
	{"watching-campaigns", func(s *stage) { s.watches(); s.running(); s.draft("Rascunho de maio", "Oi!"); s.press("3") }},
	{"watching-progress", func(s *stage) { s.watches(); s.running(); s.press("4") }},
	{"watching-unsure", func(s *stage) { s.watches(); s.inDoubt(); s.press("4", "u") }},
	{"watching-help", func(s *stage) { s.watches(); s.running(); s.press("4", "?") }},
}

// validating has two numbers ask who is on WhatsApp: one that was told to ask less,
// and one that has asked about four people, which is enough for a day.
func (s *stage) validating() {
	s.people()
	book := s.app.Book
	for i, name := range []string{"Vendas", "Loja"} {
		n := s.number(name, people.Phone(fmt.Sprintf("+551190000000%d", i)))
		f, err := people.ParseFilter("fone:+55")
		if err == nil {
			_, err = desk(book).Validate(s.t.Context(), n.ID, f, 4)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		act, err := book.Claim(campaign.Claim{Number: n.ID, Ready: campaign.Readiness{Link: 1, Since: time.Now().Add(-time.Hour)}, Now: time.Now()})
		if err != nil {
			s.t.Fatal(err)
		}
		if i == 0 {
			err = book.Slow(n.ID, reason.HoldRateLimit, time.Now().Add(15*time.Minute))
		} else {
			asked := act.(campaign.Check).Phones
			answers := []people.Answer{{Asked: asked[0], Presence: people.NotOnWhatsApp}, {Asked: asked[1], Phone: asked[1], Presence: people.OnWhatsApp, LID: "71"}}
			err = book.Answered(n.ID, asked, answers, time.Now())
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	s.press("2", "v", "down")
	v := s.root.top().(*validations)
	all := slices.Clone(v.all)
	all[1].State = campaign.Online
	s.tell(validationsLoadedMsg{question: v.question.renew(s.root.env), all: all})
}

// invited shows links by which people came: two that work, and one of a number that
// has no phone any more.
func (s *stage) invited() {
	s.people()
	shop, other := s.number("Loja", "+5511900000001"), s.number("Oficina", "+5511900000002")
	s.press("2", "L")
	v := s.root.top().(*invites)
	at := s.app.now()
	msg := invitesLoadedMsg{question: v.question.renew(s.root.env), numbers: []campaign.Number{shop, other}, all: []inviteRow{
		{store.Invite{Name: "feira 2026", Token: "K7QH2M", Text: "Quero receber mensagens", Number: shop.ID, Created: at, Count: 1204, Last: at.Add(-2 * time.Hour)}, shop},
		{store.Invite{Name: "site", Token: "P3XWZ9", Text: "Oi! Vi o curso de pão no site e quero receber as novidades, as receitas e as ofertas da semana", Number: other.ID, Created: at}, other},
		{store.Invite{Name: "vitrine", Token: "B8NDR4", Text: "Quero receber mensagens", Number: 9, Created: at, Count: 1, Last: at.Add(-50 * time.Hour)}, campaign.Number{ID: 9, Name: "Antigo"}},
	}}
	s.tell(msg)
}

// labelled gives Ana, who came from an ad, a label on the phone of a number, and one
// that is called like a tag of ours.
func (s *stage) labelled() {
	s.people()
	n := s.number("Loja", "+5511900000001")
	ana := people.Seen{LID: "77", Phone: "+5511987650001"}
	for _, err := range []error{
		s.app.Book.Saw(n.ID, []people.Seen{ana}),
		s.app.Book.Labels(n.ID, true, []people.LabelChange{{ID: "1", Name: "Pago"}, {ID: "2", Name: "VIP"}, {ID: "1", Who: ana, On: true}, {ID: "2", Who: ana, On: true}}),
		s.app.Book.Heard(n.ID, campaign.Incoming{From: ana, ID: "in", Text: "Quero saber mais", Ad: campaign.Ad{ID: "1203", Title: "Curso de pão"}, At: time.Now()}),
	} {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	s.ring()
}

// background makes it a terminal without which a campaign goes on.
func (s *stage) background(c campaign.Campaign) {
	s.root.env.app.Halt = func(context.Context) error {
		_, err := desk(s.app.Book).Pause(c.ID)
		return err
	}
	s.ring()
}

// watches makes it a terminal that only watches.
func (s *stage) watches() {
	s.root.env.app.ReadOnly = true
	s.root.env.keys.onlyReads()
}

// sampleCode is as long as the service's are.
var sampleCode = "2@" + strings.Repeat("Ab3+xY9/", 12) + "," + strings.Repeat("k", 43) + "=," + strings.Repeat("Q", 43) + "=," + strings.Repeat("z", 43) + "="

func someSnapshots(now time.Time) []session.Snapshot {
	number := func(id campaign.NumberID, name string, phone people.Phone) campaign.Number {
		n := campaign.Number{ID: id, Name: name, Phone: phone, LinkedAt: now.Add(-40 * 24 * time.Hour)}
		if phone != "" {
			n.JID, n.Link = phone.Digits()+":1@s.whatsapp.net", 1
		}
		return n
	}
	return []session.Snapshot{
		{Number: number(1, "Loja Centro", "+5511987654321"), State: campaign.Online, Since: now.Add(-3 * time.Hour), Synced: true, Contacts: true},
		{Number: number(2, "Vendas", "+5521987654321"), State: campaign.Restricted, Since: now.Add(-20 * time.Minute), Until: now.Add(5 * time.Hour), Reason: reason.New("WhatsApp restricts new chats.")},
		{Number: number(3, "Suporte", "+5531987654321"), State: campaign.Offline, Since: now.Add(-90 * time.Second), Until: now.Add(12 * time.Second), Reason: reason.New(reason.NumberLost)},
		{Number: number(4, "Cobrança", "+5541987654321"), State: campaign.Blocked, Since: now.Add(-26 * time.Hour), Reason: reason.New(reason.NumberReplaced)},
		{Number: number(5, "Eventos", "+5551987654321"), State: campaign.Banned, Since: now.Add(-2 * time.Hour), Until: now.Add(22 * time.Hour), Reason: reason.New(reason.NumberBanned, reason.New(reason.BanBlocked))},
		{Number: number(6, "Nova", ""), State: campaign.Unlinked, Since: now},
	}
}

// demo makes it a demo in which some things go wrong already.
func (s *stage) demo(going ...Fault) {
	s.root.env.app.Demo = &Demo{
		Scan: func(string, people.Phone) error { return nil },
		Type: func(people.Phone, string) error { return nil },
		Sign: func(string) (string, error) { return "{}", nil },
		Cause: func(_ people.Phone, f Fault) error {
			if i := slices.Index(going, f); i >= 0 {
				going = slices.Delete(going, i, i+1)
			} else if f != FaultDrop {
				going = append(going, f)
			}
			return nil
		},
		Causing: func(people.Phone) []Fault { return slices.Clone(going) },
		Mend:    func() { going = nil },
	}
}

// warnedSnapshots are numbers with something to be said of them.
func warnedSnapshots(now time.Time) []session.Snapshot {
	all := someSnapshots(now)[:3]
	all[0].Number.Quota = campaign.Quota{Known: true, Total: 50, Used: 12, Until: now.AddDate(0, 0, 20)}
	all[1].State, all[1].Until, all[1].Reason = campaign.Online, time.Time{}, reason.Reason{}
	all[1].Synced, all[1].Contacts = true, true
	all[1].Number.Seen = now.Add(-11*24*time.Hour - time.Hour)
	all[1].Unlinks, all[1].Skew = all[1].Number.Seen.Add(14*24*time.Hour), -5*time.Minute
	all[2].State, all[2].Until, all[2].Reason = campaign.Restricted, now.AddDate(0, 1, 0), reason.New(reason.NumberQuota)
	all[2].Number.Quota = campaign.Quota{Known: true, Total: 1, Used: 1, Until: now.AddDate(0, 1, 0)}
	return all
}

// sampleScript is like that of a real passkey.
var sampleScript = `(async()=>{const c=await navigator.credentials.get({publicKey:PublicKeyCredential.parseRequestOptionsFromJSON(` +
	`{"challenge":"` + strings.Repeat("aZ9_", 11) + `","rpId":"whatsapp.com","allowCredentials":[{"id":"` + strings.Repeat("Qk3-", 16) + `","type":"public-key"}]` +
	`,"userVerification":"required"})});` + strings.Repeat("/* more of it */", 24) + `})()`

// linking shows the screen of a number that is being linked with a code.
func (s *stage) linking(code string) { s.linkShows("", session.Snapshot{QR: code}) }

// linkShows shows the screen of a number that is being linked: with that
// phone, or by QR without one.
func (s *stage) linkShows(phone people.Phone, snapshot session.Snapshot) {
	l := newLink(s.root.env, s.number("Loja", ""))
	l.began, l.phone = true, phone // no service is there to ask
	s.root.push(l)
	s.linkTells(snapshot)
}

// linkTells changes what is known of that number while it is being linked.
func (s *stage) linkTells(snapshot session.Snapshot) {
	snapshot.State = campaign.Linking
	if snapshot.QR != "" || snapshot.Code != "" || snapshot.Passkey != (session.Passkey{}) {
		snapshot.QRUntil = s.app.now().Add(20 * time.Second)
	}
	s.linkIs(snapshot)
}

// linkFails ends the linking for a reason.
func (s *stage) linkFails(why reason.Reason) {
	s.linkIs(session.Snapshot{State: campaign.Unlinked, Reason: why})
}

func (s *stage) linkIs(snapshot session.Snapshot) {
	l := s.root.top().(*link)
	snapshot.Number = l.number
	s.tell(linkLoadedMsg{question: l.question.renew(s.root.env), snapshot: snapshot, found: true})
}

// freezing lets the live screen show a campaign that is being made ready.
func (s *stage) freezing(job store.Job) {
	c := s.draft("Volta às aulas", "Oi {primeiro_nome}!")
	c.Status, c.Started = campaign.Freezing, time.Now()
	s.press("4")
	s.progresses(campaignRow{Campaign: c, freeze: job})
}

// progresses lets the live screen show a campaign as it stands.
func (s *stage) progresses(st campaignRow) {
	p := s.root.top().(*progress)
	s.tell(progressLoadedMsg{question: p.question.renew(s.root.env), shown: &st, ids: []campaign.ID{st.ID}})
}

// steady is a pace that draws nothing by chance.
var steady = campaign.Pace{Gap: campaign.Span{Min: 45 * time.Second, Max: 45 * time.Second}, NewGap: campaign.Span{Min: 2 * time.Minute, Max: 2 * time.Minute}, Day: 40}

// draft writes a draft to the book.
func (s *stage) draft(name, text string) campaign.Campaign {
	s.t.Helper()
	c, err := desk(s.app.Book).AddCampaign(campaign.Campaign{Name: name, Text: text, Pace: steady})
	if err != nil {
		s.t.Fatal(err)
	}
	s.ring()
	return c
}

// list saves a list of some of the people.
func (s *stage) list(name string, ids ...people.ContactID) {
	s.t.Helper()
	if n, err := s.app.Book.ContactCount(); n == 0 && err == nil {
		s.people()
	}
	if _, err := desk(s.app.Book).SaveList(name, ids); err != nil {
		s.t.Fatal(err)
	}
	s.ring()
}

// liveList makes a list of people and a live one.
func (s *stage) liveList() {
	s.list("amigos", 1, 2, 3)
	if _, err := desk(s.app.Book).SaveFilter("melhores", "tag:vip"); err != nil {
		s.t.Fatal(err)
	}
}

// someLists shows some lists, the first of which a draft writes to.
func (s *stage) someLists() {
	s.list("amigos", 1, 2, 3)
	s.list("feira de maio", 2)
	s.list("vazia")
	if _, err := desk(s.app.Book).AddCampaign(campaign.Campaign{Name: "Volta às aulas", Text: "Oi!", To: "lista:amigos", Pace: steady}); err != nil {
		s.t.Fatal(err)
	}
	s.press("2", "l")
}

// compose begins a campaign in the composer.
func (s *stage) compose(text string) {
	s.number("Loja", "+5511900000001")
	s.press("3", "n")
	s.enter("Volta às aulas")
	s.press("tab", "tab", "tab", "tab", "tab")
	s.enter(text)
}

// planned is the composer's screen of what a campaign seldom has, with some of it
// chosen.
func (s *stage) planned() {
	s.people()
	s.compose("Oi {primeiro_nome}!")
	s.press("tab", "enter", "enter")
	s.enter("2000-01-05 09:00")
	s.press("enter", "down", "enter")
	s.enter("2")
	s.press("enter", "down", "enter", "down", "enter", "down", "down", "enter")
}

// composeWith begins a campaign in the composer with one of the sample files.
func (s *stage) composeWith(file, text string) {
	s.number("Loja", "+5511900000001")
	s.press("3", "n")
	s.enter("Volta às aulas")
	s.press("tab", "tab", "tab", "tab")
	s.enter("../campaign/media/testdata/" + file)
	s.press("tab")
	s.enter(text)
}

// attached gives the book one of the sample files.
func (s *stage) attached(name string) *media.Attachment {
	s.t.Helper()
	file, err := os.Open("../campaign/media/testdata/" + name)
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	a, err := desk(s.app.Book).Attach(name, file)
	if err != nil {
		s.t.Fatal(err)
	}
	return &a
}

// uploadFailed starts a campaign whose attachment cannot be uploaded.
func (s *stage) uploadFailed() {
	s.t.Helper()
	s.people()
	n := s.number("Loja", "+5511900000001")
	a := s.attached("picture.jpg")
	c, err := desk(s.app.Book).AddCampaign(campaign.Campaign{Name: "Volta às aulas", Text: "Oi!", Pace: steady, Attachment: a})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := desk(s.app.Book).Start(c.ID, time.Now()); err != nil {
		s.t.Fatal(err)
	}
	for range 3 {
		if err := s.app.Book.NotUploaded(n.ID, campaign.Upload{Campaign: c.ID, Attachment: *a}, reason.Err(reason.UploadNoAnswer), time.Now()); err != nil {
			s.t.Fatal(err)
		}
	}
	s.ring()
}

// running starts a campaign to a hundred people and sends to some of them.
func (s *stage) running() campaign.Campaign {
	s.t.Helper()
	var rows []people.Row
	names := []string{"Ana", "Beto", "Caio", "Débora", "Elis", "Fábio", "Gina", "Hugo", "Íris", "João"}
	for i := range 100 {
		rows = append(rows, people.Row{Phone: people.Phone(fmt.Sprintf("+551198765%04d", i)), Name: names[i%10] + " " + names[i/10]})
	}
	if _, err := desk(s.app.Book).Import(s.t.Context(), rows, "teste"); err != nil {
		s.t.Fatal(err)
	}
	n := s.number("Loja", "+5511900000001")
	if _, err := desk(s.app.Book).SetLimits(n.ID, campaign.Pace{}.All()); err != nil {
		s.t.Fatal(err)
	}
	c := s.draft("Volta às aulas", "Oi {primeiro_nome}!")
	c, err := desk(s.app.Book).Start(c.ID, time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	s.send(n, 4)
	s.ring()
	return c
}

// reworded is a campaign whose text was fixed after the first four messages, before the
// next three.
func (s *stage) reworded() campaign.Campaign {
	s.t.Helper()
	c := s.running()
	n, err := s.app.Book.NumberNamed("Loja")
	if err == nil {
		_, err = desk(s.app.Book).Pause(c.ID)
	}
	time.Sleep(7 * time.Minute)
	if err == nil {
		_, err = desk(s.app.Book).FixText(c.ID, 0, c.Text, "Oi, {primeiro_nome}!")
	}
	if err == nil {
		c, err = desk(s.app.Book).Resume(c.ID)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.send(n, 3)
	s.ring()
	return c
}

// reported is a campaign of two texts, some of which have been sent by two
// numbers, read, and answered.
func (s *stage) reported() campaign.Campaign {
	s.t.Helper()
	s.crowd(20)
	var numbers []campaign.Number
	for i, name := range []string{"Loja", "Vendas"} {
		n := s.number(name, people.Phone(fmt.Sprintf("+551190000000%d", i+1)))
		if _, err := desk(s.app.Book).SetLimits(n.ID, campaign.Pace{}.All()); err != nil {
			s.t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	if err := desk(s.app.Book).OptOut(3, "pediu na loja"); err != nil {
		s.t.Fatal(err)
	}
	c, err := desk(s.app.Book).AddCampaign(campaign.Campaign{Name: "Volta às aulas", Text: "Oi {primeiro_nome}! Quer ver a *coleção nova*?",
		Variants: []string{"{primeiro_nome}, chegou a coleção nova. Quer ver?"}, Pace: steady})
	if err == nil {
		c, err = desk(s.app.Book).Start(c.ID, time.Now())
	}
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range 12 {
		n := numbers[i%2]
		d := s.claim(n)
		outcome := campaign.Outcome{Kind: campaign.Accepted}
		if i == 5 {
			outcome = campaign.Outcome{Kind: campaign.Refused, Code: 403, Reason: reason.New(reason.RefusedPerson)}
		}
		if err := s.app.Book.Settle(d, outcome, time.Now()); err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(20 * time.Minute)
		who := people.Seen{Phone: d.Phone}
		if i != 5 && i < 10 {
			if _, err := s.app.Book.Receipt(n.ID, who, []campaign.MessageID{d.Message}, []campaign.State{campaign.Delivered, campaign.Read}[i%2], time.Now()); err != nil {
				s.t.Fatal(err)
			}
		}
		for _, said := range map[int][]string{2: {"Quero sim, obrigada!", "Tem no tamanho 8?"}, 3: {"oi"}, 7: {"SAIR"}}[i] {
			time.Sleep(time.Minute)
			s.ids++
			in := campaign.Incoming{From: who, ID: campaign.MessageID(fmt.Sprint("IN", s.ids)), Text: said, At: time.Now()}
			if err := s.app.Book.Heard(n.ID, in); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	s.ring()
	return c
}

// inDoubt is a campaign with three messages that a person has to see to, and one
// of which recado may still find out.
func (s *stage) inDoubt() campaign.Campaign {
	s.t.Helper()
	c := s.running()
	n := c.Numbers[0]
	for i := range 4 {
		time.Sleep(3 * time.Minute)
		link := uint32(1 + i/3) // at last it has been linked again
		act, err := s.app.Book.Claim(campaign.Claim{Number: n, Ready: campaign.Readiness{Link: link, Since: time.Now()}, Now: time.Now(),
			NewID: func() campaign.MessageID { return campaign.MessageID(fmt.Sprintf("3EB1%06d", i)) }})
		if claimed, ok := act.(campaign.Send); err == nil && !ok {
			s.t.Fatalf("nothing is claimed: %+v", act)
		} else if err == nil {
			err = s.app.Book.Settle(claimed.Delivery, campaign.Outcome{Kind: campaign.Unknown, Reason: reason.New(reason.DeliveryNoAnswer)}, time.Now())
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	s.ring()
	return c
}

// campaigns are those that are no confirmations.
func (s *stage) campaigns() ([]campaign.Campaign, error) {
	all, err := s.app.Book.Campaigns()
	return slices.DeleteFunc(all, func(c campaign.Campaign) bool { return c.Confirms != 0 }), err
}

// unserved is a pool that begins to link and gets no answer.
type unserved struct{ store.Pool }

func (unserved) Link(campaign.NumberID) error { return nil }

// deeds does this and that to a campaign, to a person and to a number, which is
// being linked for the second time.
func (s *stage) deeds() {
	s.t.Helper()
	c := s.running()
	ana, shop := desk(s.app.Book), s.app.Desk
	for _, err := range []error{ana.OptOut(3, "pediu na loja"), ana.RenameNumber(c.Numbers[0], "Loja Centro"), shop.Link(unserved{}, c.Numbers[0])} {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	time.Sleep(3 * time.Minute)
	if err := shop.Link(unserved{}, c.Numbers[0]); err != nil {
		s.t.Fatal(err)
	}
	if _, err := shop.Pause(c.ID); err != nil {
		s.t.Fatal(err)
	}
	s.ring()
}

// limited adds a linked number with some limits of its own.
func (s *stage) limited(spec string) campaign.Number {
	s.t.Helper()
	n := s.number("Loja", "+5511900000001")
	l, err := campaign.ParseLimits(campaign.Limits{}, spec)
	if err == nil {
		n, err = desk(s.app.Book).SetLimits(n.ID, l)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.ring()
	return n
}

// send does what a lane would do with n messages and a wire that is well.
func (s *stage) send(number campaign.Number, n int) {
	s.t.Helper()
	book := s.app.Book
	for sent := range n {
		d := s.claim(number)
		outcome := campaign.Outcome{Kind: campaign.Accepted}
		if sent == 1 {
			outcome = campaign.Outcome{Kind: campaign.Refused, Code: 403, Reason: reason.New(reason.RefusedPerson)}
		}
		if err := book.Settle(d, outcome, time.Now()); err != nil {
			s.t.Fatal(err)
		}
		if sent == 0 {
			if _, err := book.Receipt(number.ID, people.Seen{Phone: d.Phone}, []campaign.MessageID{d.Message}, campaign.Read, time.Now().Add(3*time.Second)); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	// The lane's last question, which leaves what holds it on the screen.
	if _, err := book.Claim(campaign.Claim{Number: number.ID, Ready: campaign.Readiness{Link: 1, Since: time.Now().Add(-time.Hour)}, Now: time.Now()}); err != nil {
		s.t.Fatal(err)
	}
}

// claim waits for the turn of a number's next delivery, and claims it. Confirmations of
// opt-outs that come before it are sent.
func (s *stage) claim(number campaign.Number) campaign.Delivery {
	s.t.Helper()
	book := s.app.Book
	for {
		act, err := book.Claim(campaign.Claim{Number: number.ID, Ready: campaign.Readiness{Link: 1, Since: time.Now().Add(-time.Hour)}, Now: time.Now(),
			NewID: func() campaign.MessageID { s.ids++; return campaign.MessageID(fmt.Sprintf("3EB0%06d", s.ids)) }})
		if err != nil {
			s.t.Fatal(err)
		}
		switch act := act.(type) {
		case campaign.Check:
			var answers []people.Answer
			for _, p := range act.Phones {
				answers = append(answers, people.Answer{Asked: p, Phone: p, Presence: people.OnWhatsApp, LID: p.Digits()})
			}
			if err := book.Answered(number.ID, act.Phones, answers, time.Now()); err != nil {
				s.t.Fatal(err)
			}
		case campaign.Upload:
			if err := book.Uploaded(number.ID, act, []byte("there"), time.Now()); err != nil {
				s.t.Fatal(err)
			}
		case campaign.Send:
			c, err := book.Campaign(act.Delivery.Campaign)
			if err == nil && c.Confirms != 0 {
				if err = book.Settle(act.Delivery, campaign.Outcome{Kind: campaign.Accepted}, time.Now()); err == nil {
					continue
				}
			}
			if err != nil {
				s.t.Fatal(err)
			}
			return act.Delivery
		case campaign.Wait:
			time.Sleep(max(time.Until(act.Hold.Until), time.Second))
		}
	}
}

func TestScreensLookAsTheyDid(t *testing.T) {
	drawsAlone(t)
	for _, scene := range scenes {
		t.Run(scene.name, func(t *testing.T) {
			play(t, func(t *testing.T, s *stage) {
				scene.set(s)
				s.golden(scene.name)
			})
		})
	}
}

func TestEveryScreenFillsTheTerminalExactly(t *testing.T) {
	sizes := []Size{{0, 0}, {1, 1}, {20, 5}, {39, 10}, {40, 10}, {60, 15}, {80, 24}, {100, 30}, {120, 30}, {200, 60}}
	for _, scene := range scenes {
		t.Run(scene.name, func(t *testing.T) {
			play(t, func(t *testing.T, s *stage) {
				scene.set(s)
				for _, size := range sizes {
					s.size(size.Width, size.Height)
					got := s.shown()
					if size.Width == 0 {
						if got != "" {
							t.Errorf("drew %q without a size", got)
						}
						continue
					}
					lines := strings.Split(got, "\n")
					if len(lines) != size.Height {
						t.Errorf("%d lines at %d×%d", len(lines), size.Width, size.Height)
					}
					for i, line := range lines {
						if w := counted.StringWidth(line); w != size.Width {
							t.Errorf("line %d has %d cells at %d×%d: %q", i, w, size.Width, size.Height, line)
						}
					}
				}
			})
		})
	}
}

var weekdays = []string{"Segunda", "Terça-feira 😀", "Não quero mais receber"}

// asking is the composer with a poll in it, at the screen of its options.
func (s *stage) asking() {
	s.people()
	s.compose("Oi {primeiro_nome}, qual dia é melhor?")
	s.press("tab", "enter", "end", "up", "enter")
	for i, o := range weekdays {
		if i > 0 {
			s.press("enter")
		}
		s.enter(o)
	}
}

// polled is a campaign with a poll that has been sent and in which people have voted.
func (s *stage) polled() campaign.Campaign {
	s.t.Helper()
	s.crowd(6)
	n := s.number("Loja", "+5511900000001")
	if _, err := desk(s.app.Book).SetLimits(n.ID, campaign.Pace{}.All()); err != nil {
		s.t.Fatal(err)
	}
	c, err := desk(s.app.Book).AddCampaign(campaign.Campaign{Name: "Dia da entrega", Text: "Oi {primeiro_nome}, qual dia é melhor?", Poll: weekdays, Pace: steady})
	if err == nil {
		c, err = desk(s.app.Book).Start(c.ID, time.Now())
	}
	if err != nil {
		s.t.Fatal(err)
	}
	for i, option := range []uint8{2, 0, 2, 3, 1} {
		d := s.claim(n)
		if err := s.app.Book.Settle(d, campaign.Outcome{Kind: campaign.Accepted}, time.Now()); err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(20 * time.Minute)
		if option == 0 {
			continue
		}
		in := campaign.Incoming{
			From: people.Seen{Phone: d.Phone}, ID: campaign.MessageID(fmt.Sprint("V", i)), Text: weekdays[option-1], At: time.Now(),
			Quoted: d.Message, Vote: &campaign.Vote{Option: option, At: time.Now()},
		}
		if err := s.app.Book.Heard(n.ID, in); err != nil {
			s.t.Fatal(err)
		}
	}
	s.ring()
	return c
}
