package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mdp/qrterminal/v3"
	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session"
	"recado/store"
)

// How long a number that has come online is listened to.
const (
	contactsWithin = 30 * time.Second // at most, however busy the rest of the program is
	quiet          = 5 * time.Second  // until nothing has been heard for so long
	quietAfter     = time.Second      // or so long, once its address book has come
)

// linking is one `recado link` while it goes on.
type linking struct {
	*call
	owner  *owner
	pool   *session.Pool
	desk   *store.Desk
	number campaign.Number
	phone  people.Phone // gets a code to type; empty: a QR code is shown
	draw   bool         // for a person: codes are drawn, and explained
	yes    bool         // the codes of a passkey are the same

	shown   string // what was shown last: a code or a script
	scanned bool
	online  time.Time // since when it is
	typed   <-chan typedLine
	answer  string // what has been typed so far of the answer to a script
}

func (c *call) linkCommand() *cobra.Command {
	var name, qr, phone string
	l := &linking{call: c}
	cmd := &cobra.Command{
		Use:   "link",
		Short: c.t("cmd_link"),
		Args:  c.noArgs,
		RunE: c.run(func(ctx context.Context, _ []string) (err error) {
			switch qr {
			case "":
				l.draw = c.seen.Out
			case "terminal", "text":
				l.draw = qr == "terminal"
			default:
				return c.fail(ExitUsage, "link_bad_qr", "How", qr)
			}
			if phone != "" {
				if l.phone, err = people.ParsePhone(phone); err != nil {
					return &failure{code: ExitUsage, text: "--phone: " + c.why(err)}
				}
			}
			return c.withOwner(ctx, lasting, func(ctx context.Context, o *owner) error {
				l.owner, l.desk = o, c.desk(o)
				return l.run(ctx, strings.TrimSpace(name))
			})
		}),
	}
	cmd.Flags().StringVar(&name, "name", "", c.t("flag_link_name"))
	cmd.Flags().StringVar(&phone, "phone", "", c.t("flag_link_phone"))
	cmd.Flags().StringVar(&qr, "qr", "", c.t("flag_link_qr"))
	cmd.Flags().BoolVar(&l.yes, "yes", false, c.t("flag_link_yes"))
	return cmd
}

// run links a number and returns when it is online and its contacts have
// arrived. What it added for a link that never came is taken away again.
func (l *linking) run(ctx context.Context, name string) (err error) {
	if l.pool, err = l.owner.Pool(ctx); err != nil {
		return err
	}
	book := l.owner.parts.Book
	if known, err := book.NumberNamed(string(l.phone)); err == nil && name == "" && l.phone != "" {
		name = known.Name // it was linked before
	}
	number, added, err := l.numberToLink(name)
	if err != nil {
		return err
	}
	if number.Phone != "" && l.phone != "" && number.Phone.Key() != l.phone.Key() {
		return l.fail(ExitRefused, "link_other_phone", "Name", number.Name, "Phone", number.Phone)
	}
	l.number = number
	snapshot, err := l.follow(ctx)
	if err != nil {
		err = errors.Join(err, l.desk.CancelLink(l.pool, number.ID))
		if now, lost := book.Number(number.ID); added && lost == nil && !now.Linked() && now.Link == 0 {
			err = errors.Join(err, l.desk.RemoveNumber(number.ID))
		}
		return err
	}
	if number, err = book.Number(number.ID); err != nil {
		return err
	}
	if name == "" && added {
		if err := l.desk.RenameNumber(number.ID, string(number.Phone)); err == nil {
			number.Name = string(number.Phone)
		} else if !errors.Is(err, store.ErrExists) {
			return err
		}
	}
	people, err := book.ContactCount()
	if err != nil {
		return err
	}
	l.tellN("link_linked", people, "Name", number.Name, "Phone", number.Phone.Pretty(), "State", l.state(snapshot.State))
	return nil
}

// numberToLink finds the number of that name, or adds one. Without a name it
// is a new one, called by its phone once that is known.
func (l *linking) numberToLink(name string) (n campaign.Number, added bool, err error) {
	book := l.owner.parts.Book
	if name != "" {
		n, err = book.NumberNamed(name)
		switch {
		case errors.Is(err, store.ErrNotFound):
			n, err = l.desk.AddNumber(name)
			return n, err == nil, err
		case err == nil && n.Linked():
			return n, false, l.refuseLinked(n)
		}
		return n, false, err
	}
	for i := 1; ; i++ {
		n, err = l.desk.AddNumber(fmt.Sprintf("%s %d", l.t("link_new_name"), i))
		if !errors.Is(err, store.ErrExists) {
			return n, err == nil, err
		}
	}
}

// refuseLinked says that a number is linked already, unless its keys are gone:
// then it is to be linked again.
func (l *linking) refuseLinked(n campaign.Number) error {
	linked, err := l.pool.Linked(n.ID)
	switch {
	case err != nil:
		return err
	case !linked:
		l.tell("link_keys_missing", "Name", n.Name)
		return nil
	case n.Standing.State == campaign.Blocked:
		return l.fail(ExitRefused, "link_stopped", "Name", n.Name, "Phone", n.Phone, "Why", l.because(n.Standing.Reason), "Quoted", word(n.Name))
	}
	return l.fail(ExitRefused, "link_already", "Name", n.Name, "Phone", n.Phone)
}

// begin asks for the link and says what to do.
func (l *linking) begin() error {
	if l.phone == "" {
		if l.draw {
			l.tell("link_do_qr")
		}
		return l.desk.Link(l.pool, l.number.ID)
	}
	if l.draw {
		l.tell("link_do_code", "Phone", l.phone.Pretty())
	}
	return l.desk.LinkByCode(l.pool, l.number.ID, l.phone)
}

// follow shows each code as it comes and returns when the number is there, or
// an error when it will not be.
func (l *linking) follow(ctx context.Context) (session.Snapshot, error) {
	ring, unhear := l.owner.parts.Bell.Listen()
	defer unhear()
	if err := l.begin(); err != nil {
		return session.Snapshot{}, err
	}
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		s, ok := snapshotOf(l.pool, l.number.ID)
		if !ok {
			return s, l.fail(ExitFailed, "link_removed")
		}
		if err := l.show(ctx, s); err != nil {
			return s, err
		}
		if there, err := l.there(s, timer); there || err != nil {
			return s, err
		}
		var typed <-chan typedLine
		if s.Passkey != (session.Passkey{}) {
			typed = l.typed
		}
		select {
		case <-ctx.Done():
			return s, l.interrupted()
		case <-ring:
		case line := <-typed:
			if err := l.heard(ctx, s, line); err != nil {
				return s, err
			}
		case <-timer.C:
			if !l.online.IsZero() {
				return s, nil
			}
			timer.Reset(time.Hour)
		}
	}
}

// there reports whether the number is online and has been listened to, or sets
// the timer to when it may have been.
func (l *linking) there(s session.Snapshot, timer *time.Timer) (bool, error) {
	linked := s.Number.Linked()
	if linked && !l.scanned {
		l.scanned = true
		l.tell("link_accepted", "Phone", s.Number.Phone.Pretty())
	}
	switch {
	case linked && (s.State == campaign.Online || s.State == campaign.Restricted):
		if l.online.IsZero() {
			l.online = time.Now()
		}
		if time.Since(l.online) > contactsWithin {
			return true, nil
		}
		if s.Contacts {
			timer.Reset(quietAfter)
		} else {
			timer.Reset(quiet)
		}
	case over(s.State):
		return false, l.linkFailure(s)
	}
	return false, nil
}

// show shows what the snapshot has to show and was not shown yet.
func (l *linking) show(ctx context.Context, s session.Snapshot) error {
	now := s.QR + s.Code + s.Passkey.Script + s.Passkey.Code
	if now == "" || now == l.shown {
		return nil
	}
	l.shown = now
	switch {
	case s.Passkey.Script != "":
		return l.showScript(ctx, s)
	case s.Passkey.Code != "":
		return l.showCompare(ctx, s)
	case s.Code != "":
		if err := l.datum("", s.Code); err != nil || !l.draw {
			return err
		}
		l.tell("link_good_until", "Time", s.QRUntil.Format("15:04:05"))
		return nil
	}
	return l.showCode(s.QR, l.draw, s.QRUntil)
}

// datum writes a line of data. Scripts know it by the word before it; a person
// copies the whole line.
func (l *linking) datum(word, text string) error {
	if word != "" && !l.draw {
		text = word + " " + text
	}
	_, err := fmt.Fprintln(l.env.Stdout, escape(text))
	return err
}

// over reports whether a number cannot come online before a person does
// something.
func over(s campaign.NumberState) bool {
	switch s {
	case campaign.Unlinked, campaign.LoggedOut, campaign.Blocked, campaign.Banned, campaign.Outdated:
		return true
	}
	return false
}

func (c *call) linkFailure(s session.Snapshot) error {
	why := c.because(s.Reason)
	if s.Reason.IsZero() {
		why = c.state(s.State)
	}
	return c.fail(ExitFailed, "link_failed", "Why", why)
}

// showCode writes one code: drawn, or alone on a line.
func (c *call) showCode(code string, draw bool, until time.Time) error {
	if !draw {
		_, err := fmt.Fprintln(c.env.Stdout, escape(code))
		return err
	}
	var picture strings.Builder
	qrterminal.GenerateWithConfig(code, qrterminal.Config{
		Level: qrterminal.L, Writer: &picture, HalfBlocks: true, QuietZone: 1,
		BlackChar: qrterminal.BLACK_BLACK, WhiteChar: qrterminal.WHITE_WHITE,
		BlackWhiteChar: qrterminal.BLACK_WHITE, WhiteBlackChar: qrterminal.WHITE_BLACK,
	})
	if _, err := c.env.Stdout.Write([]byte(picture.String())); err != nil {
		return err
	}
	if !until.IsZero() {
		c.tell("link_good_until", "Time", until.Format("15:04:05"))
	}
	return nil
}

// snapshotOf is how one number is.
func snapshotOf(pool *session.Pool, id campaign.NumberID) (session.Snapshot, bool) {
	for _, s := range pool.Snapshots() {
		if s.Number.ID == id {
			return s, true
		}
	}
	return session.Snapshot{}, false
}
