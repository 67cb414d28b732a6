package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// keys is a pool without a service: what it does to keys is to count.
type keys struct {
	book   *Book
	called int
	err    error
}

func (k *keys) did() error { k.called++; return k.err }

func (k *keys) Link(campaign.NumberID) error                                   { return k.did() }
func (k *keys) LinkByCode(campaign.NumberID, people.Phone) error               { return k.did() }
func (k *keys) CancelLink(campaign.NumberID)                                   { k.called++ }
func (k *keys) Reconnect(campaign.NumberID)                                    { k.called++ }
func (k *keys) AnswerPasskey(context.Context, campaign.NumberID, string) error { return k.did() }
func (k *keys) ConfirmPasskey(context.Context, campaign.NumberID) error        { return k.did() }
func (k *keys) Unlink(_ context.Context, id campaign.NumberID) error {
	if err := k.did(); err != nil {
		return err
	}
	return k.book.UnlinkNumber(id, campaign.Standing{State: campaign.Unlinked})
}

// scene is a book and whatever a deed needs to know of it.
type scene struct {
	*yard
	keys *keys
	id   campaign.ID
}

// deed is a verb of the desk, done once: what must be there before, and what
// the audit says of it then.
type deed struct {
	before func(s *scene)
	do     func(s *scene, d *Desk) error
	after  func(s *scene) // what others do until the end is known
	want   Entry          // but for who, when and its id
	role   Role           // the lowest that may
	fail   func(s *scene, d *Desk) error
	failed bool // a failure is in the audit: it was asked for before
}

func second(s *scene) {
	_, err := desk(s.book).AddNumber("outra")
	ok(s.T, err)
}

func aDraft(s *scene) {
	c, err := desk(s.book).AddCampaign(campaign.Campaign{Name: "Natal", Text: "Oi"})
	ok(s.T, err)
	s.id = c.ID
}

func running(s *scene) {
	aDraft(s)
	_, err := desk(s.book).Start(s.id, s.now)
	ok(s.T, err)
}

func aList(s *scene) {
	_, err := desk(s.book).SaveList("clientes", []people.ContactID{1, 2, 3})
	ok(s.T, err)
}

func only(_ any, err error) error { return err }

const gone = 99

// deeds are all the verbs, by the name of the method.
var deeds = map[string]deed{
	"AddNumber": {
		do:   func(_ *scene, d *Desk) error { return only(d.AddNumber("outra")) },
		want: Entry{Verb: VerbNumberAdd, Kind: "number", Target: "2", Name: "outra", Before: Values{"name": ""}, After: Values{"name": "outra"}},
		role: Admin,
		fail: func(_ *scene, d *Desk) error { return only(d.AddNumber("Lojá")) },
	},
	"SetCountAbove": {
		do: func(_ *scene, d *Desk) error { return d.SetCountAbove(50) },
		want: Entry{Verb: VerbCountAbove, Kind: "setting", Target: "count above",
			Before: Values{"count_above": "200"}, After: Values{"count_above": "50"}},
		role: Admin,
		fail: func(_ *scene, d *Desk) error { return d.SetCountAbove(-1) },
	},
	"RequireConsent": {
		do: func(_ *scene, d *Desk) error { return d.RequireConsent(true) },
		want: Entry{Verb: VerbConsentRule, Kind: "setting", Target: "require consent",
			Before: Values{"require_consent": ""}, After: Values{"require_consent": "yes"}},
		role: Admin,
		fail: func(_ *scene, d *Desk) error { return d.RequireConsent(false) },
	},
	"RenameNumber": {
		do:   func(_ *scene, d *Desk) error { return d.RenameNumber(1, "matriz") },
		want: Entry{Verb: VerbNumberRename, Kind: "number", Target: "1", Name: "matriz", Before: Values{"name": "loja"}, After: Values{"name": "matriz"}},
		role: Admin,
		fail: func(_ *scene, d *Desk) error { return d.RenameNumber(gone, "matriz") },
	},
	"RemoveNumber": {
		before: second,
		do:     func(_ *scene, d *Desk) error { return d.RemoveNumber(2) },
		want:   Entry{Verb: VerbNumberRemove, Kind: "number", Target: "2", Name: "outra", Before: Values{"name": "outra"}, After: Values{"name": ""}},
		role:   Admin,
		fail:   func(_ *scene, d *Desk) error { return d.RemoveNumber(1) },
	},
	"SetLimits": {
		do: func(s *scene, d *Desk) error {
			l, err := campaign.ParseLimits(campaign.Limits{}, "day=5")
			ok(s.T, err)
			return only(d.SetLimits(1, l))
		},
		want: Entry{Verb: VerbNumberLimits, Kind: "number", Target: "1", Name: "loja", Before: Values{"limits": "off"}, After: Values{"limits": "day=5"}},
		role: Admin,
		fail: func(_ *scene, d *Desk) error { return only(d.SetLimits(gone, campaign.Limits{})) },
	},
	"SetConfirmation": {
		do: func(_ *scene, d *Desk) error {
			return only(d.SetConfirmation(1, campaign.Confirmation{Off: true, Text: "Até logo, {nome|você}\n"}))
		},
		want: Entry{Verb: VerbNumberConfirm, Kind: "number", Target: "1", Name: "loja",
			Before: Values{"confirmation": "yes", "confirmation_text": ""}, After: Values{"confirmation": "no", "confirmation_text": "Até logo, {nome|você}"}},
		role: Admin,
		fail: func(_ *scene, d *Desk) error {
			return only(d.SetConfirmation(1, campaign.Confirmation{Text: "Até logo, {nome}"}))
		},
	},
	"Link": {
		before: second,
		do:     func(s *scene, d *Desk) error { return d.Link(s.keys, 2) },
		after: func(s *scene) {
			_, err := s.book.LinkNumber(2, "+5511911112222", "5511911112222:1@s.whatsapp.net", s.now)
			ok(s.T, err)
		},
		want: Entry{Verb: VerbLink, Kind: "number", Target: "2", Name: "outra", Before: Values{"phone": ""}, After: Values{"phone": "+5511911112222"}},
		role: Admin,
		fail: func(s *scene, d *Desk) error { s.keys.err = errors.New("no"); return d.Link(s.keys, 1) }, failed: true,
	},
	"LinkByCode": {
		before: second,
		do:     func(s *scene, d *Desk) error { return d.LinkByCode(s.keys, 2, "+5511911112222") },
		after: func(s *scene) {
			ok(s.T, s.book.NotLinked(2, reason.New(reason.LinkFailed, reason.New(reason.Foreign, reason.Plain("no")))))
		},
		want: Entry{Verb: VerbLink, Kind: "number", Target: "2", Name: "outra", After: Values{"phone": "+5511911112222"},
			Outcome: Failed, Why: reason.New(reason.LinkFailed, reason.New(reason.Foreign, reason.Plain("no")))},
		role: Admin,
		fail: func(s *scene, d *Desk) error { return d.LinkByCode(s.keys, gone, "+5511911112222") },
	},
	"CancelLink": {
		before: second,
		do:     func(s *scene, d *Desk) error { return d.CancelLink(s.keys, 2) },
		want:   Entry{Verb: VerbLinkCancel, Kind: "number", Target: "2", Name: "outra"},
		role:   Admin,
		fail:   func(s *scene, d *Desk) error { return d.CancelLink(s.keys, gone) },
	},
	"Unlink": {
		do:   func(s *scene, d *Desk) error { return d.Unlink(s.Context(), s.keys, 1) },
		want: Entry{Verb: VerbUnlink, Kind: "number", Target: "1", Name: "loja", Before: Values{"phone": "+5511912345678"}},
		role: Admin,
		fail: func(s *scene, d *Desk) error { s.keys.err = errors.New("no"); return d.Unlink(s.Context(), s.keys, 1) }, failed: true,
	},
	"Reconnect": {
		do:   func(s *scene, d *Desk) error { return d.Reconnect(s.keys, 1) },
		want: Entry{Verb: VerbReconnect, Kind: "number", Target: "1", Name: "loja", Before: Values{"state": "offline"}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return d.Reconnect(s.keys, gone) },
	},
	"AnswerPasskey": {
		do:   func(s *scene, d *Desk) error { return d.AnswerPasskey(s.Context(), s.keys, 1, "secret") },
		want: Entry{Verb: VerbPasskey, Kind: "number", Target: "1", Name: "loja"},
		role: Admin,
		fail: func(s *scene, d *Desk) error {
			s.keys.err = errors.New("no")
			return d.AnswerPasskey(s.Context(), s.keys, 1, "secret")
		}, failed: true,
	},
	"ConfirmPasskey": {
		do:   func(s *scene, d *Desk) error { return d.ConfirmPasskey(s.Context(), s.keys, 1) },
		want: Entry{Verb: VerbPasskey, Kind: "number", Target: "1", Name: "loja"},
		role: Admin,
		fail: func(s *scene, d *Desk) error { return d.ConfirmPasskey(s.Context(), s.keys, gone) },
	},
	"Import": {
		do: func(s *scene, d *Desk) error { return only(d.Import(s.Context(), yardRows(8, 7), "mais.csv")) },
		want: Entry{Verb: VerbImport, Kind: "contacts", Name: "mais.csv",
			Counts: map[string]int{"rows": 7, "added": 5, "updated": 0, "same": 2, "full": 0}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.Import(s.Context(), []people.Row{{Line: 2}}, "x.csv")) },
	},
	"ImportFrom": {
		do: func(s *scene, d *Desk) error {
			rows := yardRows(8, 7)
			rows[0].Left, rows[1].Doubt = "Opt-out: sim", "Opt-in: não"
			return only(importAs(s.Context(), d, rows, "mais.csv", Skip))
		},
		want: Entry{Verb: VerbImport, Kind: "contacts", Name: "mais.csv",
			Counts: map[string]int{"rows": 7, "added": 5, "updated": 2, "same": 0, "full": 0, "opted_out": 1, "doubts": 1}},
		role: Operator,
		fail: func(s *scene, d *Desk) error {
			return only(importAs(s.Context(), d, []people.Row{{Line: 2}}, "x.csv", Skip))
		},
	},
	"UndoImport": {
		do:   func(s *scene, d *Desk) error { return only(d.UndoImport(s.Context(), 1)) },
		want: Entry{Verb: VerbImportUndo, Kind: "import", Target: "1", Name: "people.csv", Counts: map[string]int{"removed": 10, "restored": 0, "stayed": 0}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.UndoImport(s.Context(), gone)) },
	},
	"CancelImport": {
		do: func(s *scene, d *Desk) error {
			if d.May(VerbImportCancel) {
				s.undoing(1)
			}
			return d.CancelImport(1)
		},
		want: Entry{Verb: VerbImportCancel, Kind: "import", Target: "1", Name: "people.csv", Before: Values{"status": "undoing"}, After: Values{"status": "done"}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return d.CancelImport(gone) },
	},
	"EditContact": {
		do: func(s *scene, d *Desk) error {
			return d.EditContact(s.person(0).ID, func(c *people.Contact) {
				c.Name, c.Tags, c.Fields = "Ana", []string{"vip"}, map[string]string{"cidade": "Recife"}
			})
		},
		want: Entry{Verb: VerbContactEdit, Kind: "contact", Target: "1", Name: "Ana",
			Before: Values{"name": "Pessoa 0", "tags": "", "field cidade": ""},
			After:  Values{"name": "Ana", "tags": "vip", "field cidade": "Recife"}},
		role: Operator,
		fail: func(s *scene, d *Desk) error {
			return d.EditContact(1, func(c *people.Contact) { c.Phone = yardPhone(1) })
		},
	},
	"OptOut": {
		do: func(s *scene, d *Desk) error { return d.OptOut(1, "pediu") },
		want: Entry{Verb: VerbOptOut, Kind: "contact", Target: "1", Name: "Pessoa 0",
			Before: Values{"opted_out": "no", "why": ""}, After: Values{"opted_out": "yes", "why": "pediu"}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return d.OptOut(gone, "pediu") },
	},
	"Invite": {
		do: func(_ *scene, d *Desk) error { return only(d.Invite("feira", "Quero receber", 1)) },
		want: Entry{Verb: VerbInvite, Kind: "invite", Target: "*", Name: "feira",
			Before: Values{"text": "", "numbers": ""}, After: Values{"text": "*", "numbers": "loja"}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return only(d.Invite("feira", "", gone)) },
	},
	"EndInvite": {
		before: func(s *scene) { ok(s.T, only(desk(s.book).Invite("feira", "Quero receber", 1))) },
		do:     func(_ *scene, d *Desk) error { return only(d.EndInvite("FEIRA")) },
		want: Entry{Verb: VerbInviteEnd, Kind: "invite", Target: "*", Name: "feira",
			Before: Values{"text": "*"}, After: Values{"text": ""}, Counts: map[string]int{"people": 0}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return only(d.EndInvite("outra")) },
	},
	"Validate": {
		do: func(s *scene, d *Desk) error {
			f, err := people.ParseFilter("nome:pessoa")
			ok(s.T, err)
			return only(d.Validate(s.Context(), 1, f, 0))
		},
		after: func(s *scene) { ok(s.T, endValidation(s)) },
		want: Entry{Verb: VerbValidate, Kind: "number", Target: "1", Name: "loja",
			Before: Values{"to": ""}, After: Values{"to": "nome:pessoa"}, Counts: map[string]int{"people": 10, "on_whatsapp": 0, "not_on_whatsapp": 0}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.Validate(s.Context(), gone, people.Filter{}, 0)) },
	},
	"StopValidation": {
		before: func(s *scene) { ok(s.T, only(desk(s.book).Validate(s.Context(), 1, people.Filter{}, 0))) },
		do:     func(_ *scene, d *Desk) error { return d.StopValidation(1) },
		want:   Entry{Verb: VerbValidateStop, Kind: "number", Target: "1", Name: "loja"},
		role:   Operator,
		fail:   func(_ *scene, d *Desk) error { return d.StopValidation(gone) },
	},
	"OptIn": {
		before: func(s *scene) { ok(s.T, desk(s.book).OptOut(1, "pediu")) },
		do:     func(s *scene, d *Desk) error { return d.OptIn(1, "voltou a pedir") },
		want: Entry{Verb: VerbOptIn, Kind: "contact", Target: "1", Name: "Pessoa 0",
			Before: Values{"opted_out": "yes", "why": "pediu"}, After: Values{"opted_out": "no", "why": "voltou a pedir"}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return d.OptIn(1, " ") },
	},
	"AddContact": {
		do: func(_ *scene, d *Desk) error {
			return only(d.AddContact(people.Row{Phone: "+5521998877665", Name: "Ana", Tags: []string{"vip"}}))
		},
		want: Entry{Verb: VerbContactAdd, Kind: "contact", Target: "11", Name: "Ana",
			Before: Values{"name": "", "phone": "", "tags": ""}, After: Values{"name": "Ana", "phone": "+5521998877665", "tags": "vip"}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return only(d.AddContact(people.Row{Phone: yardPhone(0)})) },
	},
	"Erase": {
		do:   func(s *scene, d *Desk) error { return d.Erase(s.Context(), 1) },
		want: Entry{Verb: VerbErase, Kind: "contact", Target: "1", Counts: map[string]int{"messages": 0}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return d.Erase(s.Context(), gone) },
	},
	"Tag": {
		do: func(s *scene, d *Desk) error {
			wait, err := d.Tag([]string{"vip"}, []string{"frio"}, []people.ContactID{1, 2}, "fone:119")
			if err == nil {
				_, err = wait(s.Context())
			}
			return err
		},
		want: Entry{Verb: VerbTag, Kind: "contacts", Name: "fone:119", Before: Values{"tags_given": "", "tags_taken": ""},
			After: Values{"tags_given": "vip", "tags_taken": "frio"}, Counts: map[string]int{"people": 2, "updated": 2, "full_tags": 0}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.Tag(nil, nil, []people.ContactID{1}, "")) },
	},
	"Untag": {
		before: func(s *scene) { s.tag([]string{"vip"}, nil, []people.ContactID{1, 2}) },
		do: func(s *scene, d *Desk) error {
			wait, err := d.Untag()
			if err == nil {
				_, err = wait(s.Context())
			}
			return err
		},
		want: Entry{Verb: VerbUntag, Kind: "contacts", Before: Values{"tags_taken": ""}, After: Values{"tags_taken": "vip"},
			Counts: map[string]int{"people": 2, "updated": 2, "full_tags": 0}},
		role: Operator,
		fail: func(s *scene, d *Desk) error {
			ok(s.T, s.book.update(func(tx *bolt.Tx) error { // nothing is left to be taken back
				k, _, err := asideTx(tx)
				return cmp.Or(err, putJobTx(tx, k, job{Job: Job{Kind: JobDrop}}))
			}))
			s.book.wake()
			return only(d.Untag())
		},
	},
	"Suppress": {
		do: func(s *scene, d *Desk) error {
			return only(d.Suppress(s.Context(), []Suppressed{{Phone: yardPhone(0)}, {Phone: "+5521998877665"}}, "optouts.csv"))
		},
		want: Entry{Verb: VerbSuppress, Kind: "contacts", Name: "optouts.csv", Counts: map[string]int{"people": 2, "opted_out": 1, "kept": 1, "same": 0}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return canceled(s, d) }, failed: true,
	},
	"Stays": {
		before: func(s *scene) {
			ok(s.T, s.book.Heard(1, campaign.Incoming{From: people.Seen{Phone: yardPhone(0)}, Text: doubtful, At: wroteAt}))
		},
		do: func(s *scene, d *Desk) error { return d.Stays(1, wroteAt) },
		want: Entry{Verb: VerbStays, Kind: "contact", Target: "1", Name: "Pessoa 0",
			Before: Values{"doubt": "yes"}, After: Values{"doubt": "no"}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return d.Stays(gone, wroteAt) },
	},
	"TakeApart": {
		before: twoOfOne,
		do:     func(_ *scene, d *Desk) error { _, _, err := d.TakeApart(1); return err },
		want: Entry{Verb: VerbApart, Kind: "contact", Target: "1", Name: "Pessoa 0",
			Before: Values{"name": "Pessoa 0"}, After: Values{"name": "Bia, Pessoa 0"}, Counts: map[string]int{"records": 2}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { _, _, err := d.TakeApart(2); return err },
	},
	"SaveList": {
		before: aList,
		do: func(_ *scene, d *Desk) error {
			return only(d.SaveList("Clientes", []people.ContactID{1}))
		},
		want: Entry{Verb: VerbListSave, Kind: "list", Target: "1", Name: "clientes", Before: Values{"size": "3"}, After: Values{"size": "1"}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return only(d.SaveList("*", nil)) },
	},
	"AddToList": {
		before: aList,
		do:     func(_ *scene, d *Desk) error { return only(d.AddToList("clientes", []people.ContactID{3, 4, 5})) },
		want:   Entry{Verb: VerbListAdd, Kind: "list", Target: "1", Name: "clientes", Before: Values{"size": "3"}, After: Values{"size": "5"}},
		role:   Operator,
		fail:   func(_ *scene, d *Desk) error { return only(d.AddToList("nenhuma", nil)) },
	},
	"SaveFilter": {
		do:   func(_ *scene, d *Desk) error { return only(d.SaveFilter("quentes", "-tag:frio")) },
		want: Entry{Verb: VerbListFilter, Kind: "list", Target: "1", Name: "quentes", Before: Values{"filter": ""}, After: Values{"filter": "-tag:frio"}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return only(d.SaveFilter("quentes", "lista:nenhuma")) },
	},
	"RenameList": {
		before: aList,
		do:     func(_ *scene, d *Desk) error { return d.RenameList("clientes", "vips") },
		want:   Entry{Verb: VerbListRename, Kind: "list", Target: "1", Name: "vips", Before: Values{"name": "clientes"}, After: Values{"name": "vips"}},
		role:   Operator,
		fail:   func(_ *scene, d *Desk) error { return d.RenameList("nenhuma", "vips") },
	},
	"EmptyList": {
		before: aList,
		do:     func(_ *scene, d *Desk) error { return d.EmptyList("clientes") },
		want:   Entry{Verb: VerbListEmpty, Kind: "list", Target: "1", Name: "clientes", Before: Values{"size": "3"}, After: Values{"size": "0"}},
		role:   Operator,
		fail:   func(_ *scene, d *Desk) error { return d.EmptyList("nenhuma") },
	},
	"DeleteList": {
		before: aList,
		do:     func(_ *scene, d *Desk) error { return d.DeleteList("clientes") },
		want: Entry{Verb: VerbListDelete, Kind: "list", Target: "1", Name: "clientes", Before: Values{"name": "clientes"}, After: Values{"name": ""},
			Counts: map[string]int{"people": 3}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return d.DeleteList("nenhuma") },
	},
	"AddCampaign": {
		do: func(s *scene, d *Desk) error {
			return only(d.AddCampaign(campaign.Campaign{Name: "Natal", Text: "Oi, tudo bem?", To: "tag:vip", Numbers: []campaign.NumberID{1}}))
		},
		want: Entry{Verb: VerbCampaignNew, Kind: "campaign", Target: "1", Name: "Natal",
			Before: Values{"name": "", "text": "0", "to": "", "numbers": ""}, After: Values{"name": "Natal", "text": "13", "to": "tag:vip", "numbers": "1"}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error {
			return only(d.AddCampaign(campaign.Campaign{Name: strings.Repeat("x", people.MaxName+1)}))
		},
	},
	"EditDraft": {
		before: aDraft,
		do: func(s *scene, d *Desk) error {
			c, err := s.book.Campaign(s.id)
			ok(s.T, err)
			c.Name, c.Text = "Páscoa", "Ei"
			return only(d.EditDraft(c))
		},
		want: Entry{Verb: VerbCampaignEdit, Kind: "campaign", Target: "1", Name: "Páscoa",
			Before: Values{"name": "Natal", "text": "2"}, After: Values{"name": "Páscoa", "text": "2 *"}, Counts: map[string]int{"saves": 1}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.EditDraft(campaign.Campaign{ID: s.id, Rev: 7})) },
	},
	"Attach": {
		do: func(s *scene, d *Desk) error {
			file, err := os.Open("../campaign/media/testdata/picture.jpg")
			ok(s.T, err)
			defer file.Close()
			return only(d.Attach("oferta.jpg", file))
		},
		want: Entry{Verb: VerbAttach, Kind: "file", Target: "*", Name: "oferta.jpg", Before: Values{"size": ""}, After: Values{"size": "*"}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return only(d.Attach("nada", strings.NewReader(""))) },
	},
	"Begin": {
		before: aDraft,
		do:     func(s *scene, d *Desk) error { return only(d.Begin(s.Context(), s.id, s.now)) },
		want: Entry{Verb: VerbCampaignStart, Kind: "campaign", Target: "1", Name: "Natal",
			Before: Values{"status": "draft"}, After: Values{"status": "running"}, Counts: map[string]int{"people": 10, "skipped": 0}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.Begin(s.Context(), gone, s.now)) },
	},
	"Start": {
		before: func(s *scene) { aDraft(s); ok(s.T, desk(s.book).OptOut(1, "pediu")) },
		do:     func(s *scene, d *Desk) error { return only(d.Start(s.id, s.now)) },
		want: Entry{Verb: VerbCampaignStart, Kind: "campaign", Target: "1", Name: "Natal",
			Before: Values{"status": "draft"}, After: Values{"status": "running"}, Counts: map[string]int{"people": 10, "skipped": 1}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.Start(gone, s.now)) },
	},
	"Pause": {
		before: running,
		do:     func(s *scene, d *Desk) error { return only(d.Pause(s.id)) },
		want: Entry{Verb: VerbCampaignPause, Kind: "campaign", Target: "1", Name: "Natal",
			Before: Values{"status": "running"}, After: Values{"status": "paused"}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return only(d.Pause(gone)) },
	},
	"Resume": {
		before: func(s *scene) { running(s); ok(s.T, only(desk(s.book).Pause(s.id))) },
		do:     func(s *scene, d *Desk) error { return only(d.Resume(s.id)) },
		want: Entry{Verb: VerbCampaignResume, Kind: "campaign", Target: "1", Name: "Natal",
			Before: Values{"status": "paused"}, After: Values{"status": "running"}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return only(d.Resume(gone)) },
	},
	"Cancel": {
		before: running,
		do:     func(s *scene, d *Desk) error { return only(d.Cancel(s.id)) },
		want: Entry{Verb: VerbCampaignCancel, Kind: "campaign", Target: "1", Name: "Natal",
			Before: Values{"status": "running"}, After: Values{"status": "cancelled"}, Counts: map[string]int{"skipped": 10}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return only(d.Cancel(gone)) },
	},
	"Archive": {
		before: aDraft,
		do:     func(s *scene, d *Desk) error { return only(d.Archive(s.id, true)) },
		want: Entry{Verb: VerbCampaignArchive, Kind: "campaign", Target: "1", Name: "Natal",
			Before: Values{"archived": ""}, After: Values{"archived": "yes"}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return only(d.Archive(gone, true)) },
	},
	"Schedule": {
		before: aDraft,
		do:     func(s *scene, d *Desk) error { return only(d.Schedule(s.id, someday)) },
		want: Entry{Verb: VerbCampaignSchedule, Kind: "campaign", Target: "1", Name: "Natal",
			Before: Values{"status": "draft", "at": ""}, After: Values{"status": "scheduled", "at": "2100-01-02T09:00:00Z"}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.Schedule(s.id, time.Now().Add(-time.Hour))) },
	},
	"Unschedule": {
		before: func(s *scene) { aDraft(s); ok(s.T, only(desk(s.book).Schedule(s.id, someday))) },
		do:     func(s *scene, d *Desk) error { return only(d.Unschedule(s.id)) },
		want: Entry{Verb: VerbCampaignUnschedule, Kind: "campaign", Target: "1", Name: "Natal",
			Before: Values{"status": "scheduled", "at": "2100-01-02T09:00:00Z"}, After: Values{"status": "draft", "at": ""}},
		role: Operator,
		fail: func(_ *scene, d *Desk) error { return only(d.Unschedule(gone)) },
	},
	"Decide": {
		before: func(s *scene) {
			running(s)
			ok(s.T, s.book.Settle(*s.claim(), campaign.Outcome{Kind: campaign.Unknown}, s.now))
		},
		do: func(s *scene, d *Desk) error { return only(d.Decide(s.id, 0, campaign.Leave, s.now)) },
		want: Entry{Verb: VerbDecide, Kind: "delivery", Target: "1/0", Name: "Pessoa 0",
			Before: Values{"state": "unsure"}, After: Values{"state": "skipped"}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.Decide(s.id, 1, campaign.Leave, s.now)) },
	},
	"StopNumber": {
		before: running,
		do:     func(s *scene, d *Desk) error { return only(d.StopNumber(s.id, 1, true)) },
		want: Entry{Verb: VerbNumberStop, Kind: "campaign", Target: "1", Name: "Natal",
			Before: Values{"status": "running", "stopped": ""}, After: Values{"status": "paused", "stopped": "loja"}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.StopNumber(s.id, 1, false)) },
	},
	"MoveNumber": {
		before: func(s *scene) {
			s.another("outra", "+5511911112222")
			running(s)
			ok(s.T, only(desk(s.book).StopNumber(s.id, 1, true)))
		},
		do: func(s *scene, d *Desk) error { return only(d.MoveNumber(s.Context(), s.id, 1, false, s.now)) },
		want: Entry{Verb: VerbNumberMove, Kind: "campaign", Target: "1", Name: "Natal",
			Before: Values{"from_number": ""}, After: Values{"from_number": "loja"}, Counts: map[string]int{"moved": 5, "stayed": 0}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.MoveNumber(s.Context(), s.id, 2, false, s.now)) },
	},
	"Retry": {
		before: func(s *scene) {
			running(s)
			ok(s.T, s.book.Settle(*s.claim(), campaign.Outcome{Kind: campaign.Refused, Reason: reason.New(reason.Refused)}, s.now))
		},
		do: func(s *scene, d *Desk) error { return only(d.Retry(s.Context(), s.id)) },
		want: Entry{Verb: VerbRetry, Kind: "campaign", Target: "1", Name: "Natal",
			Counts: map[string]int{"retried": 1, "stayed": 0}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.Retry(s.Context(), s.id, reason.RefusedText)) },
	},
	"FixText": {
		before: func(s *scene) { running(s); ok(s.T, only(desk(s.book).Pause(s.id))) },
		do:     func(s *scene, d *Desk) error { return only(d.FixText(s.id, 0, "Oi", "Olá")) },
		want: Entry{Verb: VerbFixText, Kind: "campaign", Target: "1", Name: "Natal",
			Before: Values{"wording": "Oi"}, After: Values{"wording": "Olá"}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.FixText(s.id, 0, "Ei", "Olá")) },
	},
	"Skip": {
		before: running,
		do:     func(s *scene, d *Desk) error { return only(d.Skip(s.id, 1)) },
		want: Entry{Verb: VerbSkip, Kind: "delivery", Target: "1/1", Name: "Pessoa 1",
			Before: Values{"state": "queued"}, After: Values{"state": "skipped"}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.Skip(s.id, gone)) },
	},
	"Answer": {
		before: func(s *scene) {
			running(s)
			d := s.claim()
			ok(s.T, s.book.Settle(*d, campaign.Outcome{Kind: campaign.Accepted}, s.now))
			ok(s.T, s.book.Heard(1, campaign.Incoming{From: people.Seen{Phone: d.Phone}, ID: "IN", Text: "Quanto custa?", At: s.now.Add(time.Minute)}))
		},
		do: func(s *scene, d *Desk) error { return only(d.Answer(s.Context(), s.id, 1, "Dez reais", s.now)) },
		want: Entry{Verb: VerbAnswer, Kind: "contact", Target: "1", Name: "Pessoa 0",
			Before: Values{"campaign": "", "text": "0"}, After: Values{"campaign": "1", "text": "9"}, Counts: map[string]int{"people": 1, "skipped": 0}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.Answer(s.Context(), s.id, 2, "Dez reais", s.now)) },
	},
	"DeleteCampaign": {
		before: aDraft,
		do:     func(s *scene, d *Desk) error { return only(d.DeleteCampaign(s.Context(), s.id)) },
		want:   Entry{Verb: VerbCampaignDelete, Kind: "campaign", Target: "1", Name: "Natal"},
		role:   Operator,
		fail:   func(s *scene, d *Desk) error { return only(d.DeleteCampaign(s.Context(), gone)) },
	},
	"Undo": {
		before: func(s *scene) {
			running(s)
			ok(s.T, s.book.Settle(*s.claim(), campaign.Outcome{Kind: campaign.Accepted}, s.now))
			must[campaign.Campaign](s.T)(desk(s.book).Pause(s.id))
		},
		do: func(s *scene, d *Desk) error { return only(d.Undo(s.Context(), s.id, 0, s.now)) },
		want: Entry{Verb: VerbUndo, Kind: "campaign", Target: "1", Name: "Natal",
			Counts: map[string]int{"messages": 1, "skipped": 0}},
		role: Operator,
		fail: func(s *scene, d *Desk) error { return only(d.Undo(s.Context(), gone, 0, s.now)) },
	},
}

// endValidation ends the one of number 1 as if everybody had been asked about.
func endValidation(s *scene) error {
	return s.book.update(func(tx *bolt.Tx) error {
		v, _, err := validationTx(tx, 1)
		if err != nil {
			return err
		}
		return s.book.endValidationTx(tx, &v, ValidationDone, reason.Reason{}, time.Time{})
	})
}

// someday is when what is scheduled here would start.
var someday = time.Date(2100, 1, 2, 9, 0, 0, 0, time.UTC)

// notVerbs are the methods of a desk that change nothing.
var notVerbs = []string{"Actor", "May"}

func TestEveryVerbOfTheDeskIsTried(t *testing.T) {
	desk := reflect.TypeFor[*Desk]()
	tried := make(map[Verb]bool)
	for i := range desk.NumMethod() {
		name := desk.Method(i).Name
		d, ok := deeds[name]
		if !ok && !slices.Contains(notVerbs, name) {
			t.Errorf("nobody tries the verb %s of the desk", name)
		}
		tried[d.want.Verb] = true
	}
	for verb, least := range verbs {
		if !tried[verb] {
			t.Errorf("nobody tries %s", verb)
		}
		if least == Viewer {
			t.Errorf("%s is allowed to whoever only looks", verb)
		}
	}
}

// set makes the scene of a deed.
func set(t *testing.T, d deed) *scene {
	t.Helper()
	y := newYard(t, 10)
	s := &scene{yard: y, keys: &keys{book: y.book}}
	if d.before != nil {
		d.before(s)
	}
	s.idle()
	return s
}

// idle waits until the book has no work of its own.
func (s *scene) idle() {
	s.Helper()
	ring, unhear := s.book.bell.Listen()
	defer unhear()
	for {
		jobs, err := s.book.Jobs()
		ok(s.T, err)
		if len(jobs) == 0 {
			return
		}
		<-ring
	}
}

// audit is all that there is.
func (s *scene) audit() []Entry {
	s.Helper()
	all, err := s.book.Audit(0, 1000)
	ok(s.T, err)
	return all
}

// everything is the content of the book.
func (s *scene) everything() map[string]string {
	s.Helper()
	all := make(map[string]string)
	ok(s.T, s.book.view(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			err := bucket(tx, name).ForEach(func(k, v []byte) error {
				all[name+"/"+string(k)] = string(v)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return all
}

func TestEveryVerbIsRefusedBelowItsRole(t *testing.T) {
	for name, d := range deeds {
		t.Run(name, func(t *testing.T) {
			for _, role := range []Role{Viewer, Operator, Admin} {
				s := set(t, d)
				before := s.everything()
				err := d.do(s, s.book.Desk(Actor{"bia", role, "terminal"}))
				may := role >= d.role
				switch {
				case may && err != nil:
					t.Errorf("as %s: %v", role, err)
				case may:
				case !errors.Is(err, ErrRole):
					t.Errorf("as %s: %v, want it refused", role, err)
				case !maps.Equal(s.everything(), before):
					t.Errorf("as %s it is refused, and changes something", role)
				case s.keys.called > 0:
					t.Errorf("as %s it is refused, and gets to the keys", role)
				}
			}
		})
	}
}

func TestEveryVerbIsInTheAuditOnce(t *testing.T) {
	for name, d := range deeds {
		t.Run(name, func(t *testing.T) {
			s := set(t, d)
			who := Actor{"bia", d.role, "ssh 192.0.2.7"}
			before := len(s.audit())
			began := time.Now()
			ok(t, d.do(s, s.book.Desk(who)))
			if d.after != nil {
				if last := s.audit(); last[len(last)-1].Outcome != Asked || !last[len(last)-1].Ended.IsZero() {
					t.Errorf("before anybody has done it the audit says %+v", last[len(last)-1])
				}
				d.after(s)
			}
			s.idle()
			all := s.audit()
			if len(all) != before+1 {
				t.Fatalf("%d entries, want one", len(all)-before)
			}
			got := all[before]
			if got.At.Before(began) || got.At.After(time.Now()) || got.Ended.Before(got.At) {
				t.Errorf("it began %v and ended %v", got.At, got.Ended)
			}
			want := d.want
			want.ID, want.At, want.Ended, want.Actor = uint64(len(all)), got.At, got.Ended, who
			if want.Target == "*" {
				want.Target = got.Target
			}
			for _, stars := range [...][2]Values{{want.Before, got.Before}, {want.After, got.After}} {
				for k, v := range stars[0] {
					if v == "*" { // whatever it is
						stars[0][k] = stars[1][k]
					}
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			for k, v := range s.everything() {
				if strings.HasPrefix(k, "audit/") && strings.Contains(v, "secret") {
					t.Errorf("the audit has a secret: %q", v)
				}
			}
			s.sound()
		})
	}
}

func TestAVerbThatFailsIsNotInTheAuditAsDone(t *testing.T) {
	for name, d := range deeds {
		t.Run(name, func(t *testing.T) {
			s := set(t, d)
			before := len(s.audit())
			if err := d.fail(s, desk(s.book)); err == nil || errors.Is(err, ErrRole) {
				t.Fatalf("it does not fail: %v", err)
			}
			s.idle()
			switch all := s.audit(); {
			case !d.failed && len(all) != before:
				t.Errorf("the audit has %+v", all[len(all)-1])
			case d.failed && (len(all) != before+1 || all[before].Outcome != Failed || all[before].Why.IsZero() || all[before].Ended.IsZero()):
				t.Errorf("the audit has %+v, want one that failed", all[before:])
			}
			s.sound()
		})
	}
}

// A number that was linked before is linked again.
func TestLinkingANumberAgainIsInTheAudit(t *testing.T) {
	s := set(t, deed{})
	ok(t, desk(s.book).Unlink(t.Context(), s.keys, 1))
	ok(t, desk(s.book).Link(s.keys, 1))
	_, err := s.book.LinkNumber(1, "+5511912345678", "5511912345678:2@s.whatsapp.net", s.now)
	ok(t, err)
	all := s.audit()
	if e := all[len(all)-1]; e.Verb != VerbLink || e.Outcome != Done || e.Before["phone"] != "+5511912345678" {
		t.Errorf("the audit has %+v", e)
	}
}

// Whoever dies between the question and the answer leaves an entry of which the
// next opening says what is known.
func TestAVerbThatWasKilledIsToldByTheNextOpening(t *testing.T) {
	dead := func(s *scene) *scene { return &scene{yard: s.copied(), keys: s.keys} }
	last := func(t *testing.T, s *scene) Entry {
		t.Helper()
		all := s.audit()
		return all[len(all)-1]
	}
	t.Run("unlinking, before it was done", func(t *testing.T) {
		s := set(t, deeds["Unlink"])
		_, err := desk(s.book).ask(VerbUnlink, 1, nil)
		ok(t, err)
		if e := last(t, dead(s)); e.Outcome != Failed || e.Why.Code != reason.AuditInterrupted || e.Ended.IsZero() {
			t.Errorf("it says %+v", e)
		}
	})
	t.Run("unlinking, after it was done", func(t *testing.T) {
		s := set(t, deeds["Unlink"])
		_, err := desk(s.book).ask(VerbUnlink, 1, nil)
		ok(t, err)
		ok(t, s.keys.Unlink(t.Context(), 1))
		if e := last(t, dead(s)); e.Outcome != Done || !e.Why.IsZero() || e.Ended.IsZero() {
			t.Errorf("it says %+v", e)
		}
	})
	t.Run("linking", func(t *testing.T) {
		s := set(t, deeds["Link"])
		ok(t, desk(s.book).Link(s.keys, 2))
		if e := last(t, dead(s)); e.Outcome != Failed || e.Why.Code != reason.AuditInterrupted {
			t.Errorf("it says %+v", e)
		}
	})
	t.Run("a start", func(t *testing.T) {
		y := newYard(t, 10)
		id := y.begin()
		z := &scene{yard: y.copied()} // which goes on with it
		z.idle()
		if e := last(t, z); e.Verb != VerbCampaignStart || e.Outcome != Done || e.Counts["people"] != 10 {
			t.Errorf("it says %+v", e)
		}
		if c, err := z.book.Campaign(id); err != nil || c.Status != campaign.Running {
			t.Errorf("it is %s, %v", c.Status, err)
		}
	})
	t.Run("an import that was read", func(t *testing.T) {
		y := newYard(t, 10)
		s := staged(t, y.book, yardRows(20, 7), "mais.csv")
		y.book.stop(s.job, errors.New("the test does it"))
		s.complete(t)
		z := &scene{yard: y.copied()}
		z.idle()
		if e := last(t, z); e.Verb != VerbImport || e.Outcome != Done || e.Counts["added"] != 7 {
			t.Errorf("it says %+v", e)
		}
	})
	t.Run("an import that was not", func(t *testing.T) {
		y := newYard(t, 10)
		staged(t, y.book, yardRows(20, 7), "mais.csv")
		z := &scene{yard: y.copied()}
		z.idle()
		if e := last(t, z); e.Verb != VerbImport || e.Outcome != Failed || e.Why.Code != reason.AuditInterrupted {
			t.Errorf("it says %+v", e)
		}
	})
}

// A start that is cancelled while it freezes, or comes to nothing, has failed;
// the cancel is done when all is taken back.
func TestAStartThatComesToNothingIsToldInTheAudit(t *testing.T) {
	y := newYard(t, 12)
	id := y.begin()
	y.chunk(id)
	_, err := desk(y.book).Cancel(id)
	ok(t, err)
	s := &scene{yard: y}
	all := s.audit()
	begun, cancel := all[len(all)-2], all[len(all)-1]
	if begun.Verb != VerbCampaignStart || begun.Outcome != Failed || begun.Why.Code != reason.AuditCancelled {
		t.Errorf("the start: %+v", begun)
	}
	if cancel.Verb != VerbCampaignCancel || cancel.Outcome != Asked || cancel.Before["status"] != "freezing" {
		t.Errorf("the cancel: %+v", cancel)
	}
	y.finish(id)
	all = s.audit()
	if cancel = all[len(all)-1]; cancel.Outcome != Done || cancel.Ended.IsZero() {
		t.Errorf("the cancel in the end: %+v", cancel)
	}

	id = y.begin()
	for i := range 12 {
		ok(t, desk(y.book).OptOut(y.person(i).ID, "pediu"))
	}
	y.finish(id)
	all = s.audit()
	begun = all[slices.IndexFunc(all, func(e Entry) bool { return e.Verb == VerbCampaignStart && e.Target == id.String() })]
	if begun.Outcome != Failed || begun.Why.IsZero() {
		t.Errorf("a start that reaches nobody: %+v", begun)
	}
}

// A campaign that pauses itself is told apart from one that somebody paused.
func TestACampaignThatPausedItselfIsToldApart(t *testing.T) {
	s := set(t, deed{before: running})
	ok(t, s.book.SetStanding(1, campaign.Standing{State: campaign.Blocked, Stop: true}))
	all := s.audit()
	e := all[len(all)-1]
	if e.Actor.Name != "recado" || e.Actor.From != "" || e.Verb != VerbCampaignPause || e.Why.IsZero() || e.Target != s.id.String() {
		t.Errorf("a number was stopped: %+v", e)
	}
	_, err := desk(s.book).Resume(s.id)
	ok(t, err)
	ok(t, s.book.update(func(tx *bolt.Tx) error { return s.book.pauseTx(tx, s.id, reason.New(reason.CampaignDamage)) }))
	all = s.audit()
	if e := all[len(all)-1]; e.Actor != itself || e.Why.Code != reason.CampaignDamage || e.After["status"] != "paused" {
		t.Errorf("a guard: %+v", e)
	}
}

// What is typed in the composer is kept again and again: that is one entry, of
// one person and one draft.
func TestTheSavesOfADraftAreOneEntry(t *testing.T) {
	s := set(t, deed{before: aDraft})
	save := func(d *Desk, name, text string) {
		t.Helper()
		c, err := s.book.Campaign(s.id)
		ok(t, err)
		c.Name, c.Text = name, text
		_, err = d.EditDraft(c)
		ok(t, err)
	}
	before := len(s.audit())
	ana, bia := desk(s.book), s.book.Desk(Actor{"bia", Operator, "terminal"})
	save(ana, "Natal", "Oi!")
	save(ana, "Natal 2", "Oi!!")
	save(ana, "Natal 3", "Oi!!")
	save(bia, "Natal 4", "Oi!!")
	save(ana, "Natal 4", "Oi!!!")
	all := s.audit()[before:]
	if len(all) != 3 {
		t.Fatalf("%d entries, want three: %+v", len(all), all)
	}
	want := [3]string{"3 map[name:Natal text:2] map[name:Natal 3 text:4]", "1 map[name:Natal 3] map[name:Natal 4]", "1 map[text:4] map[text:5]"}
	for i, e := range all {
		if got := fmt.Sprint(e.Counts["saves"], " ", map[string]string(e.Before), " ", map[string]string(e.After)); got != want[i] {
			t.Errorf("entry %d: %s, want %s", i, got, want[i])
		}
	}
}

// The audit is read in pages, from either end.
func TestTheAuditIsReadInPages(t *testing.T) {
	s := set(t, deed{})
	n := len(s.audit())
	for i := range 25 {
		ok(t, desk(s.book).RenameNumber(1, "loja "+strconv.Itoa(i)))
	}
	var forth, back []uint64
	for after := uint64(0); ; {
		page, err := s.book.Audit(after, 10)
		ok(t, err)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			forth = append(forth, e.ID)
		}
		after = page[len(page)-1].ID
	}
	for before := uint64(0); ; {
		page, err := s.book.AuditBefore(before, 10)
		ok(t, err)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			back = append(back, e.ID)
		}
		before = page[len(page)-1].ID
	}
	if len(forth) != n+25 || !slices.IsSorted(forth) {
		t.Errorf("forth: %v, want %d", forth, n+25)
	}
	slices.Reverse(back)
	if !slices.Equal(forth, back) {
		t.Errorf("back: %v, forth: %v", back, forth)
	}
	if count, err := s.book.AuditCount(); err != nil || count != n+25 {
		t.Errorf("%d entries are counted, %v; want %d", count, err, n+25)
	}
}

// A book of before the audit gets one, empty.
func TestABookOfVersion6GetsAnAudit(t *testing.T) {
	y := newYard(t, 3)
	ok(t, y.book.Close())
	edit(t, y.path, func(tx *bolt.Tx) error {
		for _, name := range []string{"audit", "asked", "chain", "chained"} {
			ok(t, tx.DeleteBucket([]byte(name)))
		}
		return bucket(tx, "meta").Put([]byte("version"), key(uint32(6)))
	})
	s := &scene{yard: y}
	y.book = y.open(y.path)
	if all := s.audit(); len(all) != 0 {
		t.Errorf("it has %+v", all)
	}
	ok(t, desk(y.book).RenameNumber(1, "matriz"))
	if all := s.audit(); len(all) != 1 || all[0].ID != 1 {
		t.Errorf("it has %+v", all)
	}
	y.sound()
}

// canceled is a list of addresses that was given up before its first chunk.
func canceled(s *scene, d *Desk) error {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	return only(d.Suppress(ctx, []Suppressed{{Phone: yardPhone(0)}}, "optouts.csv"))
}
