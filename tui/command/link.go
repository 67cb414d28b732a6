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
	"recado/session"
	"recado/store"
)

// How long a number that has come online is listened to.
const (
	contactsWithin = 30 * time.Second // at most, however busy the rest of the program is
	quiet          = 5 * time.Second  // until nothing has been heard for so long
	quietAfter     = time.Second      // or so long, once its address book has come
)

func (c *call) linkCommand() *cobra.Command {
	var name, qr string
	cmd := &cobra.Command{
		Use: "link",
		Short: c.tongue.say("Vincula um número: mostra o QR para o celular ler",
			"Link a number: show the QR code for the phone to scan"),
		Args: cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			switch qr {
			case "":
				qr = "text"
				if c.seen.Out {
					qr = "terminal"
				}
			case "terminal", "text":
			default:
				return c.fail(ExitUsage, "--qr: terminal ou text, não %q", "--qr: terminal or text, not %q", qr)
			}
			return c.withOwner(ctx, lasting, func(ctx context.Context, o *owner) error {
				return c.link(ctx, o, strings.TrimSpace(name), qr == "terminal")
			})
		}),
	}
	cmd.Flags().StringVar(&name, "name", "", c.tongue.say("`NOME` para o número; sem ele, o telefone",
		"`NAME` for the number; without it, its phone"))
	cmd.Flags().StringVar(&qr, "qr", "", c.tongue.say("`COMO` mostrar: terminal (desenha) ou text (cada código numa linha)",
		"`HOW` to show it: terminal (draws) or text (each code alone on a line)"))
	return cmd
}

// link links a number and returns when it is online and its contacts have
// arrived. What it added for a link that never came is taken away again.
func (c *call) link(ctx context.Context, o *owner, name string, draw bool) error {
	pool, err := o.numbers(ctx)
	if err != nil {
		return err
	}
	number, added, err := c.numberToLink(o, name)
	if err != nil {
		return err
	}
	status, err := c.followLink(ctx, o, pool, number, draw)
	if err != nil {
		pool.CancelLink(number.ID)
		if now, lost := o.parts.Book.Number(number.ID); added && lost == nil && !now.Linked() && now.Link == 0 {
			err = errors.Join(err, o.parts.Book.RemoveNumber(number.ID))
		}
		return err
	}
	if number, err = o.parts.Book.Number(number.ID); err != nil {
		return err
	}
	if name == "" && added {
		if err := o.parts.Book.RenameNumber(number.ID, string(number.Phone)); err == nil {
			number.Name = string(number.Phone)
		} else if !errors.Is(err, store.ErrExists) {
			return err
		}
	}
	people, err := o.parts.Book.ContactCount()
	if err != nil {
		return err
	}
	c.tell("vinculado: %s (%s), %s, %d contatos", "linked: %s (%s), %s, %d contacts",
		number.Name, number.Phone.Pretty(), c.spoken(status.State.String()), people)
	return nil
}

// numberToLink finds the number of that name, or adds one. Without a name it
// is a new one, called by its phone once that is known.
func (c *call) numberToLink(o *owner, name string) (n campaign.Number, added bool, err error) {
	if name != "" {
		n, err = o.parts.Book.NumberNamed(name)
		switch {
		case errors.Is(err, store.ErrNotFound):
			n, err = o.parts.Book.AddNumber(name)
			return n, err == nil, err
		case err == nil && n.Linked() && n.Standing.State == campaign.Blocked:
			err = c.fail(ExitRefused, "%s já está vinculado (%s), mas parado: %s Tente: recado numbers reconnect %s",
				"%s is already linked (%s), but stopped: %s Try: recado numbers reconnect %s", n.Name, n.Phone, c.spoken(n.Standing.Reason), word(n.Name))
		case err == nil && n.Linked():
			err = c.fail(ExitRefused, "%s já está vinculado (%s)", "%s is already linked (%s)", n.Name, n.Phone)
		}
		return n, false, err
	}
	for i := 1; ; i++ {
		n, err = o.parts.Book.AddNumber(fmt.Sprintf("%s %d", c.tongue.say("novo número", "new number"), i))
		if !errors.Is(err, store.ErrExists) {
			return n, err == nil, err
		}
	}
}

// followLink shows each code as it comes and returns when the number is there,
// or an error when it will not be.
func (c *call) followLink(ctx context.Context, o *owner, pool *session.Pool, number campaign.Number, draw bool) (session.Status, error) {
	ring, unhear := o.parts.Bell.Listen()
	defer unhear()
	if err := pool.Link(number.ID); err != nil {
		return session.Status{}, err
	}
	if draw {
		c.tell("No celular: WhatsApp > Dispositivos conectados > Conectar dispositivo.",
			"On the phone: WhatsApp > Linked devices > Link a device.")
	}
	var code string
	var scanned bool
	var online time.Time // since when it is
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		s, ok := statusOf(pool, number.ID)
		if !ok {
			return s, c.fail(ExitFailed, "o número foi removido", "the number was removed")
		}
		if s.QR != "" && s.QR != code {
			code = s.QR
			if err := c.showCode(code, draw, s.QRUntil); err != nil {
				return s, err
			}
		}
		linked := s.Number.Linked()
		if linked && !scanned {
			scanned = true
			c.tell("lido por %s; recebendo os contatos…", "scanned by %s; receiving the contacts…", s.Number.Phone.Pretty())
		}
		switch {
		case linked && (s.State == campaign.Online || s.State == campaign.Restricted):
			if online.IsZero() {
				online = time.Now()
			}
			if time.Since(online) > contactsWithin {
				return s, nil
			}
			if s.Contacts {
				timer.Reset(quietAfter)
			} else {
				timer.Reset(quiet)
			}
		case over(s.State):
			return s, c.linkFailure(s)
		}
		select {
		case <-ctx.Done():
			return s, c.interrupted()
		case <-ring:
		case <-timer.C:
			if !online.IsZero() {
				return s, nil
			}
			timer.Reset(time.Hour)
		}
	}
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

func (c *call) linkFailure(s session.Status) error {
	reason := s.Reason
	if reason == "" {
		reason = s.State.String()
	}
	return c.fail(ExitFailed, "não conectou: %s", "not linked: %s", c.spoken(reason))
}

// showCode writes one code: drawn, or alone on a line.
func (c *call) showCode(code string, draw bool, until time.Time) error {
	if !draw {
		_, err := c.env.Stdout.Write([]byte(code + "\n"))
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
		c.tell("vale até %s", "good until %s", until.Format("15:04:05"))
	}
	return nil
}

// statusOf is how one number is.
func statusOf(pool *session.Pool, id campaign.NumberID) (session.Status, bool) {
	for _, s := range pool.Status() {
		if s.Number.ID == id {
			return s, true
		}
	}
	return session.Status{}, false
}
