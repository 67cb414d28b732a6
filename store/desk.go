package store

import (
	"context"
	"strconv"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// Role says what a person may do. A higher one may all that a lower one may.
type Role uint8

// The roles. They are written to disk.
const (
	Viewer   Role = iota // looks, and changes nothing
	Operator             // people, lists and campaigns
	Admin                // our numbers and their limits as well
)

// String is the word that commands print.
func (r Role) String() string {
	switch r {
	case Viewer:
		return "viewer"
	case Operator:
		return "operator"
	case Admin:
		return "admin"
	}
	return "role(" + strconv.Itoa(int(r)) + ")"
}

// Actor is a person, and where they sit.
type Actor struct {
	Name string // the operating system's user
	Role Role
	From string // "terminal", "command", or another place; empty: the program itself
}

// itself is the program where it acts without being asked.
var itself = Actor{Name: "recado", Role: Admin}

// ErrRole is the error of a verb that the role of the actor does not allow.
var ErrRole = reason.Err(reason.RoleRefused)

// Verb is something that a person does at a desk. It is written to disk.
type Verb string

// The verbs.
const (
	VerbNumberAdd     Verb = "number_add"
	VerbNumberRename  Verb = "number_rename"
	VerbNumberRemove  Verb = "number_remove"
	VerbNumberLimits  Verb = "number_limits"
	VerbNumberConfirm Verb = "number_confirm"
	VerbLink          Verb = "link"
	VerbLinkCancel    Verb = "link_cancel"
	VerbUnlink        Verb = "unlink"
	VerbReconnect     Verb = "reconnect"
	VerbPasskey       Verb = "passkey"

	VerbImport       Verb = "import"
	VerbImportUndo   Verb = "import_undo"
	VerbImportCancel Verb = "import_cancel"
	VerbContactAdd   Verb = "contact_add"
	VerbContactEdit  Verb = "contact_edit"
	VerbTag          Verb = "tag"
	VerbUntag        Verb = "untag"
	VerbOptOut       Verb = "opt_out"
	VerbOptIn        Verb = "opt_in"
	VerbStays        Verb = "stays"
	VerbErase        Verb = "contact_erase"
	VerbSuppress     Verb = "suppress"
	VerbMerge        Verb = "merge" // two records are one person's: the program does it, when the service proves it
	VerbApart        Verb = "apart"

	VerbInvite       Verb = "invite"
	VerbInviteEnd    Verb = "invite_end"
	VerbValidate     Verb = "validate"
	VerbValidateStop Verb = "validate_stop"

	VerbListSave   Verb = "list_save"
	VerbListAdd    Verb = "list_add"
	VerbListFilter Verb = "list_filter"
	VerbListRename Verb = "list_rename"
	VerbListEmpty  Verb = "list_empty"
	VerbListDelete Verb = "list_delete"

	VerbCampaignNew    Verb = "campaign_new"
	VerbCampaignEdit   Verb = "campaign_edit"
	VerbAttach         Verb = "attach"
	VerbCampaignStart  Verb = "campaign_start"
	VerbCampaignPause  Verb = "campaign_pause"
	VerbCampaignResume Verb = "campaign_resume"
	VerbCampaignCancel Verb = "campaign_cancel"
	VerbDecide         Verb = "decide"
	VerbAnswer         Verb = "answer"
	VerbUndo           Verb = "undo"
	VerbSkip           Verb = "skip"
	VerbFixText        Verb = "fix_text"
	VerbNumberStop     Verb = "number_stop"
	VerbNumberMove     Verb = "number_move"
	VerbRetry          Verb = "retry"

	VerbConsentRule Verb = "consent_rule"
	VerbCountAbove  Verb = "count_above"

	VerbCampaignArchive    Verb = "campaign_archive"
	VerbCampaignDelete     Verb = "campaign_delete"
	VerbCampaignSchedule   Verb = "campaign_schedule"
	VerbCampaignUnschedule Verb = "campaign_unschedule"
)

// verbs is the lowest role that may do each: the one place where that is said.
var verbs = map[Verb]Role{
	VerbNumberAdd: Admin, VerbNumberRename: Admin, VerbNumberRemove: Admin, VerbNumberLimits: Admin, VerbNumberConfirm: Admin,
	VerbLink: Admin, VerbLinkCancel: Admin, VerbUnlink: Admin, VerbPasskey: Admin, VerbReconnect: Operator,

	VerbImport: Operator, VerbImportUndo: Operator, VerbImportCancel: Operator, VerbContactAdd: Operator, VerbContactEdit: Operator, VerbOptOut: Operator, VerbOptIn: Operator, VerbStays: Operator,
	VerbErase: Operator, VerbSuppress: Operator, VerbTag: Operator, VerbUntag: Operator,
	VerbApart:  Operator,
	VerbInvite: Operator, VerbInviteEnd: Operator, VerbValidate: Operator, VerbValidateStop: Operator,
	VerbListSave: Operator, VerbListAdd: Operator, VerbListFilter: Operator, VerbListRename: Operator, VerbListEmpty: Operator, VerbListDelete: Operator,

	VerbCampaignNew: Operator, VerbCampaignEdit: Operator, VerbAttach: Operator, VerbCampaignStart: Operator,
	VerbCampaignPause: Operator, VerbCampaignResume: Operator, VerbCampaignCancel: Operator, VerbDecide: Operator, VerbAnswer: Operator, VerbUndo: Operator, VerbSkip: Operator, VerbFixText: Operator, VerbNumberStop: Operator, VerbNumberMove: Operator, VerbRetry: Operator,
	VerbConsentRule: Admin, VerbCountAbove: Admin,
	VerbCampaignArchive: Operator, VerbCampaignDelete: Operator, VerbCampaignSchedule: Operator, VerbCampaignUnschedule: Operator,
}

// Desk is where a person's acts go in, from screens and commands alike. Each of
// its verbs is allowed or refused by the role of the actor (ErrRole), done, and
// written to the audit in the same transaction: what is done is in the audit,
// and what fails is in neither. The verbs that take longer, because they begin
// a job or have to do with keys, are written as asked, and then as done or
// failed. It may be used from any goroutine.
type Desk struct {
	book *Book
	who  Actor
}

// Desk is the desk of an actor.
func (b *Book) Desk(a Actor) *Desk { return &Desk{b, a} }

// Actor is whose desk it is.
func (d *Desk) Actor() Actor { return d.who }

// May reports whether the role of the actor allows a verb.
func (d *Desk) May(v Verb) bool {
	least, known := verbs[v]
	return known && d.who.Role >= least
}

// write makes a change and the entry about it in one transaction. change says
// in the entry what was done to what.
func (d *Desk) write(v Verb, change func(tx *bolt.Tx, e *Entry) error) error {
	_, err := d.writeEntry(v, change)
	return err
}

// writeEntry is write, and returns the id of the entry.
func (d *Desk) writeEntry(v Verb, change func(tx *bolt.Tx, e *Entry) error) (id uint64, err error) {
	if !d.May(v) {
		return 0, ErrRole
	}
	err = d.book.update(func(tx *bolt.Tx) error {
		e := d.entry(v)
		if err := change(tx, &e); err != nil {
			return err
		}
		err := addEntryTx(tx, &e)
		id = e.ID
		return err
	})
	return id, err
}

// entry begins an entry about a verb that is done when it is written.
func (d *Desk) entry(v Verb) Entry {
	now := d.book.clock.Now()
	return Entry{At: now, Ended: now, Actor: d.who, Verb: v, Outcome: Done}
}

// Pool is what is done to a number and its keys, which are in another file.
type Pool interface {
	Link(id campaign.NumberID) error
	LinkByCode(id campaign.NumberID, phone people.Phone) error
	CancelLink(id campaign.NumberID)
	Unlink(ctx context.Context, id campaign.NumberID) error
	Reconnect(id campaign.NumberID)
	AnswerPasskey(ctx context.Context, id campaign.NumberID, answer string) error
	ConfirmPasskey(ctx context.Context, id campaign.NumberID) error
}

// Link begins to link a number by a QR code. The entry is done when a phone has
// scanned it, and failed when it is given up.
func (d *Desk) Link(pool Pool, id campaign.NumberID) error {
	return d.link(id, "", func() error { return pool.Link(id) })
}

// LinkByCode is Link by a code that is typed on the phone of that number.
func (d *Desk) LinkByCode(pool Pool, id campaign.NumberID, phone people.Phone) error {
	return d.link(id, phone, func() error { return pool.LinkByCode(id, phone) })
}

func (d *Desk) link(id campaign.NumberID, phone people.Phone, begin func() error) error {
	seq, err := d.ask(VerbLink, id, func(tx *bolt.Tx, e *Entry, n *campaign.Number) error {
		if n.Phone != "" {
			e.Before = Values{"phone": string(n.Phone)}
		}
		if phone != "" {
			e.After = Values{"phone": string(phone)}
		}
		return d.book.giveUpLinksTx(tx, id, reason.New(reason.AuditAgain))
	})
	if err != nil {
		return err
	}
	if err := begin(); err != nil {
		return d.answer(seq, err)
	}
	return nil
}

// CancelLink stops what Link began. A link that a phone has just made stays.
func (d *Desk) CancelLink(pool Pool, id campaign.NumberID) error {
	err := d.write(VerbLinkCancel, func(tx *bolt.Tx, e *Entry) error {
		n, err := numberTx(tx, id)
		if err != nil {
			return err
		}
		e.onNumber(&n)
		return d.book.giveUpLinksTx(tx, id, reason.New(reason.AuditCancelled))
	})
	if err == nil {
		pool.CancelLink(id)
	}
	return err
}

// Unlink takes the link of a number away, here and on the phone. Without a
// connection it is taken away here alone.
func (d *Desk) Unlink(ctx context.Context, pool Pool, id campaign.NumberID) error {
	seq, err := d.ask(VerbUnlink, id, func(_ *bolt.Tx, e *Entry, n *campaign.Number) error {
		e.Before = Values{"phone": string(n.Phone)}
		return nil
	})
	if err != nil {
		return err
	}
	return d.answer(seq, pool.Unlink(ctx, id))
}

// Reconnect tries to connect a number now. A ban is waited for all the same.
func (d *Desk) Reconnect(pool Pool, id campaign.NumberID) error {
	err := d.write(VerbReconnect, func(tx *bolt.Tx, e *Entry) error {
		n, err := numberTx(tx, id)
		if err == nil {
			e.onNumber(&n)
			e.Before = Values{"state": n.Standing.State.String()}
		}
		return err
	})
	if err == nil {
		pool.Reconnect(id)
	}
	return err
}

// AnswerPasskey gives WhatsApp what a browser answered when a number is linked.
func (d *Desk) AnswerPasskey(ctx context.Context, pool Pool, id campaign.NumberID, answer string) error {
	seq, err := d.ask(VerbPasskey, id, nil)
	if err != nil {
		return err
	}
	return d.answer(seq, pool.AnswerPasskey(ctx, id, answer))
}

// ConfirmPasskey says that the phone shows the same code.
func (d *Desk) ConfirmPasskey(ctx context.Context, pool Pool, id campaign.NumberID) error {
	seq, err := d.ask(VerbPasskey, id, nil)
	if err != nil {
		return err
	}
	return d.answer(seq, pool.ConfirmPasskey(ctx, id))
}

// ask writes down that something is to be done to a number that is no change of
// the book, and returns the id of the entry.
func (d *Desk) ask(v Verb, id campaign.NumberID, more func(*bolt.Tx, *Entry, *campaign.Number) error) (uint64, error) {
	return d.writeEntry(v, func(tx *bolt.Tx, e *Entry) error {
		n, err := numberTx(tx, id)
		if err != nil {
			return err
		}
		e.onNumber(&n)
		e.Outcome, e.Ended = Asked, time.Time{}
		if more != nil {
			return more(tx, e, &n)
		}
		return nil
	})
}

// answer writes down how what was asked ended, and returns err, that of the
// deed.
func (d *Desk) answer(seq uint64, err error) error {
	failed := d.book.update(func(tx *bolt.Tx) error {
		return d.book.closeEntryTx(tx, seq, func(e *Entry) {
			if err != nil {
				e.fail(reason.Of(err))
			}
		})
	})
	if failed != nil {
		d.book.logger.Error("write down how a verb ended", "entry", seq, "err", failed)
	}
	return err
}
