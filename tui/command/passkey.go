package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode"

	"recado/session"
)

// The passkey that WhatsApp asks of some accounts when they are linked: the
// script goes out, the answer of a browser comes back by standard input.

// typedLine is a line of standard input; last: there is no more.
type typedLine struct {
	text string
	last bool
}

// read reads standard input line by line.
func (l *linking) read(ctx context.Context) {
	if l.typed != nil {
		return
	}
	typed, in := make(chan typedLine), bufio.NewReader(l.env.Stdin)
	l.typed = typed
	go func() { // ends with ctx, with the input, or with the process whose terminal it is
		for {
			text, err := in.ReadString('\n')
			select {
			case <-ctx.Done():
				return
			case typed <- typedLine{text, err != nil}:
			}
			if err != nil {
				return
			}
		}
	}()
}

// showScript says what to do with the script.
func (l *linking) showScript(ctx context.Context, s session.Snapshot) error {
	l.tell("passkey_do", "Time", s.QRUntil.Format("15:04:05"))
	if err := l.datum("passkey", s.Passkey.Script); err != nil {
		return err
	}
	l.tell("passkey_paste")
	l.answer = ""
	l.read(ctx)
	return nil
}

// showCompare shows the code that the phone should show too.
func (l *linking) showCompare(ctx context.Context, s session.Snapshot) error {
	if err := l.datum("confirm", s.Passkey.Code); err != nil {
		return err
	}
	switch {
	case l.yes:
		l.confirm(ctx)
		return nil
	case !l.seen.In || !l.seen.Err:
		return l.fail(ExitRefused, "passkey_confirm_yes")
	}
	l.words("%s %s ", l.t("passkey_ask"), l.t("ask_yes_no"))
	l.read(ctx)
	return nil
}

// heard takes a line of standard input.
func (l *linking) heard(ctx context.Context, s session.Snapshot, line typedLine) error {
	if s.Passkey.Code != "" {
		if l.yes {
			return nil // it has been confirmed; this is the end of what the answer came in
		}
		if !l.affirms(line.text) {
			return l.fail(ExitRefused, "passkey_other_code")
		}
		l.confirm(ctx)
		return nil
	}
	l.answer += line.text
	if strings.TrimSpace(l.answer) == "" && !line.last {
		return nil
	}
	// A person's answer is one line. A file may have it in several.
	if !l.seen.In && !line.last && !whole(l.answer) {
		return nil
	}
	err := l.desk.AnswerPasskey(ctx, l.pool, l.number.ID, l.answer)
	l.answer = ""
	switch {
	case errors.Is(err, session.ErrPasskey) && line.last:
		return l.fail(ExitFailed, "passkey_no_answer")
	case errors.Is(err, session.ErrPasskey):
		l.words("%s\n", l.why(session.ErrPasskey))
		return nil
	}
	return nil // whatever it was, the snapshot tells
}

// confirm says that the codes are the same; what comes of it is in the snapshot.
func (l *linking) confirm(ctx context.Context) {
	if err := l.desk.ConfirmPasskey(ctx, l.pool, l.number.ID); err != nil {
		l.owner.parts.Logger.Warn("confirm a passkey", "err", err)
	}
}

// whole reports whether an answer is complete.
func whole(answer string) bool {
	text := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, answer)
	return json.Valid([]byte(strings.Trim(text, "'`")))
}
