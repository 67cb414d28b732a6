package store

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
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
	Ended   time.Time `json:",omitzero"` // when it was taken away; zero: it works
	Count   int       // how many people have written by it
	Last    time.Time // when the last one did; zero: nobody has
}

// Message is the message that the link writes.
func (i *Invite) Message() string { return i.Text + " (ref " + i.Token + ")" }

// Link is the address of the link, for a number that has that phone.
func (i *Invite) Link(phone people.Phone) string {
	return "https://wa.me/" + phone.Digits() + "?text=" + strings.ReplaceAll(url.QueryEscape(i.Message()), "+", "%20")
}

// longestInvite is how long the text of a link may be, in characters: it is part of
// an address, and of a QR code.
const longestInvite = 300

// Invites lists the links that work, by name.
func (b *Book) Invites() (all []Invite, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		all, err = invitesTx(tx)
		return err
	})
	all = slices.DeleteFunc(all, func(i Invite) bool { return !i.Ended.IsZero() })
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
	if !d.May(VerbInvite) {
		return invite, ErrRole
	}
	// One that is there is no change, and nothing for the audit.
	all, err := d.book.Invites()
	if err != nil {
		return invite, err
	}
	for _, i := range all {
		switch {
		case !i.named(name):
		case text != "" && text != i.Text, number != 0 && number != i.Number:
			return invite, reason.Because(ErrExists, reason.InviteExists, i.Name)
		default:
			return i, nil
		}
	}
	err = d.write(VerbInvite, func(tx *bolt.Tx, e *Entry) error {
		all, err := invitesTx(tx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(i Invite) bool { return i.named(name) }) { // since then
			return reason.Because(ErrExists, reason.InviteExists, name)
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
	return invite, err
}

// named reports whether it is the link of that name that works.
func (i *Invite) named(name string) bool {
	return i.Ended.IsZero() && people.Fold(i.Name) == people.Fold(name)
}

// EndInvite takes a link away: who writes by it from now on says nothing by that.
// Whoever has agreed by it has agreed.
func (d *Desk) EndInvite(name string) (ended Invite, err error) {
	err = d.write(VerbInviteEnd, func(tx *bolt.Tx, e *Entry) error {
		all, err := invitesTx(tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(i Invite) bool { return i.named(name) })
		if at < 0 {
			return reason.Because(ErrNotFound, reason.InviteNone, name)
		}
		ended = all[at]
		ended.Ended = d.book.clock.Now()
		e.on("invite", ended.Token, ended.Name)
		e.change("text", ended.Message(), "")
		e.count("people", ended.Count)
		return putInviteTx(tx, &ended)
	})
	return ended, err
}

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

// tokenOf is what stands in a text where a link puts its token; empty: nothing.
func tokenOf(text string) string {
	if found := tokenIn().FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

var tokenIn = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\(ref ([a-z2-9]{6})\)`) })

// invitedTx says whether a person agrees with what they write to be written to, and
// keeps it with the person: by which link or ad they came, when, and their words.
// Whoever has agreed before keeps that proof, and who has come before is from there.
// An opt-out stays: they may take it back themselves in clear words.
func invitedTx(tx *bolt.Tx, c *people.Contact, m incoming) error {
	came, evidence := people.Arrival{At: m.At}, shortened(m.Text)
	if m.token != "" {
		all, err := invitesTx(tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(i Invite) bool { return i.Ended.IsZero() && strings.EqualFold(i.Token, m.token) })
		if at >= 0 {
			came.Way, came.Name = people.ByLink, all[at].Name
			if err := countInvitedTx(tx, &all[at], c.ID, m.At); err != nil {
				return err
			}
		}
	}
	if name := m.Ad.Name(); came.Way == people.NoWay && name != "" {
		came.Way, came.Name = people.ByAd, shortened(name)
		evidence = strings.TrimSpace(shortened(m.Text) + " [" + strings.Join(slices.DeleteFunc([]string{
			shortened(m.Ad.Title), shortened(m.Ad.ID), shortened(m.Ad.URL),
		}, func(s string) bool { return s == "" }), " · ") + "]")
	}
	if came.Way == people.NoWay {
		return nil
	}
	c.Came = earlier(c.Came, came)
	asked := c.Consent
	if asked.Status == people.ConsentGiven || asked.Status == people.ConsentRefused && !m.At.After(asked.At) {
		return nil
	}
	c.Consent = people.Consent{Status: people.ConsentGiven, Source: came.Name, At: m.At, Evidence: evidence}
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

// invites checks that each link counts those who stand in "invited" for it.
func (c *checking) invites() {
	counts := make(map[uint32]int)
	c.each(invitedTable, 0, func(k, _ []byte) {
		id, _ := invitedTable.Parts(k)
		if counts[id]++; !invitesTable.Has(c.tx, id) {
			c.stray(invitedTable, k)
		}
	})
	c.each(invitesTable, -1, func(k, v []byte) {
		var i Invite
		if json.Unmarshal(v, &i) != nil || string(invitesTable.Key(i.ID)) != string(k) {
			c.damaged(invitesTable, k)
		} else {
			c.counted("link "+i.Name, i.Count, counts[i.ID])
		}
	})
}
