package store

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
)

// An invitation is a link, or its QR code, that opens a chat with one of our numbers
// and writes the first message for the person: a text with a token. Who sends it
// agrees to be written to, and the message is the proof. So is one that comes from an
// advertisement.

// Invite is such a link.
type Invite struct {
	ID      uint32
	Name    string // where it is shown: "feira 2026"
	Token   string // stands in the message in parentheses
	Text    string // what else the message says
	Number  campaign.NumberID
	Created time.Time
	Count   int       // how many people have written by it
	Last    time.Time // when the last one did; zero: nobody has
}

// Message is the message that the link writes.
func (i *Invite) Message() string { return i.Text + " (ref " + i.Token + ")" }

// Link is the address of the link, for a number that has that phone.
func (i *Invite) Link(phone people.Phone) string {
	return "https://wa.me/" + phone.Digits() + "?text=" + strings.ReplaceAll(url.QueryEscape(i.Message()), "+", "%20")
}

// Source is the source of a consent that was given by the link.
func (i *Invite) Source() string { return "link " + i.Name }

// longestInvite is how long the text of a link may be, in characters: it is part of
// an address, and of a QR code.
const longestInvite = 300

// Invites lists the links, by name.
func (b *Book) Invites() (all []Invite, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		all, err = invitesTx(tx)
		return err
	})
	slices.SortFunc(all, func(a, b Invite) int { return cmp.Compare(people.Fold(a.Name), people.Fold(b.Name)) })
	return all, err
}

func invitesTx(tx *bolt.Tx) (all []Invite, err error) {
	err = invitesTable.ForEach(tx, func(_, v []byte) error {
		var i Invite
		if err := json.Unmarshal(v, &i); err != nil {
			return err
		}
		all = append(all, i)
		return nil
	})
	return all, err
}

// Invite makes a link of that name to a number, or returns the one that there is:
// what is printed somewhere goes on working. Another text or number than it has is
// ErrExists; an empty text, or number 0, asks for none.
func (d *Desk) Invite(name, text string, number campaign.NumberID) (invite Invite, err error) {
	name, text = strings.Join(strings.Fields(name), " "), strings.Join(strings.Fields(text), " ")
	switch {
	case people.Fold(name) == "":
		return invite, reason.Err(reason.InviteNoName)
	case len([]rune(name)) > people.MaxTag, len([]rune(text)) > longestInvite:
		return invite, reason.Err(reason.InviteLong, people.MaxTag, longestInvite)
	}
	err = d.write(VerbInvite, func(tx *bolt.Tx, e *Entry) error {
		all, err := invitesTx(tx)
		if err != nil {
			return err
		}
		for _, i := range all {
			if people.Fold(i.Name) != people.Fold(name) {
				continue
			}
			if text != "" && text != i.Text || number != 0 && number != i.Number {
				return reason.Because(ErrExists, reason.InviteExists, i.Name)
			}
			invite = i
			return errSame
		}
		n, err := numberTx(tx, number)
		if err != nil {
			return err
		}
		if n.Phone == "" {
			return reason.Because(ErrState, reason.InviteNoPhone, n.Name)
		}
		id, err := invitesTable.Next(tx)
		if err != nil {
			return err
		}
		invite = Invite{ID: uint32(id), Name: name, Token: newToken(all), Text: text, Number: number, Created: d.book.clock.Now()}
		e.on("invite", invite.Token, name)
		e.change("text", "", invite.Message())
		e.change("numbers", "", n.Name)
		return putInviteTx(tx, &invite)
	})
	if errors.Is(err, errSame) {
		err = nil
	}
	return invite, err
}

// errSame ends a change that there is nothing to change for.
var errSame = errors.New("it is as it should be")

func putInviteTx(tx *bolt.Tx, i *Invite) error {
	v, err := json.Marshal(i)
	if err != nil {
		return err
	}
	return invitesTable.Put(tx, i.ID, v)
}

// tokenSigns are those of tokens: none that looks like another one.
const (
	tokenSigns = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	tokenSize  = 6
)

func newToken(taken []Invite) string {
	for {
		raw := make([]byte, tokenSize)
		_, _ = rand.Read(raw) // never fails
		for i, b := range raw {
			raw[i] = tokenSigns[int(b)%len(tokenSigns)]
		}
		if !slices.ContainsFunc(taken, func(i Invite) bool { return i.Token == string(raw) }) {
			return string(raw)
		}
	}
}

var tokenIn = regexp.MustCompile(`(?i)\(ref ([a-z2-9]{6})\)`)

// invitedTx says whether a person agrees with what they write to be written to, and
// keeps it with the person: by which link or ad, when, and their words. Whoever has
// agreed before keeps that proof. An opt-out stays: they may take it back themselves
// in clear words.
func invitedTx(tx *bolt.Tx, c *people.Contact, m campaign.Incoming) error {
	source, evidence := "", shortened(m.Text)
	if found := tokenIn.FindStringSubmatch(m.Text); found != nil {
		all, err := invitesTx(tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(i Invite) bool { return strings.EqualFold(i.Token, found[1]) })
		if at >= 0 {
			source = all[at].Source()
			if err := countInvitedTx(tx, &all[at], c.ID, m.At); err != nil {
				return err
			}
		}
	}
	if name := m.Ad.Name(); source == "" && name != "" {
		source = "ad " + shortened(name)
		evidence = strings.TrimSpace(shortened(m.Text) + " [" + strings.Join(slices.DeleteFunc([]string{
			shortened(m.Ad.Title), shortened(m.Ad.ID), shortened(m.Ad.URL),
		}, func(s string) bool { return s == "" }), " · ") + "]")
	}
	if source == "" || c.Consent.Status == people.ConsentGiven || c.Consent.Status == people.ConsentRefused && !m.At.After(c.Consent.At) {
		return nil
	}
	c.Consent = people.Consent{Status: people.ConsentGiven, Source: source, At: m.At, Evidence: evidence}
	return nil
}

// countInvitedTx counts a person who writes by a link, once.
func countInvitedTx(tx *bolt.Tx, i *Invite, who people.ContactID, at time.Time) error {
	if invitedTable.Has(tx, i.ID, who) {
		return nil
	}
	if err := invitedTable.Put(tx, i.ID, who, nil); err != nil {
		return err
	}
	i.Count++
	i.Last = later(i.Last, at)
	return putInviteTx(tx, i)
}
