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
func (l *linking) showScript(ctx context.Context, s session.Status) error {
	l.tell("O WhatsApp pede a chave de acesso (passkey) desta conta, até %s. No computador, abra web.whatsapp.com no navegador (não precisa entrar), aperte F12, abra o Console, cole esta linha, aperte enter, clique na página e confirme:",
		"WhatsApp asks for the passkey of this account, until %s. On your computer, open web.whatsapp.com in a browser (no need to log in), press F12, open the Console, paste this line, press enter, click on the page and confirm:",
		s.QRUntil.Format("15:04:05"))
	if err := l.datum("passkey", s.Passkey.Script); err != nil {
		return err
	}
	l.tell("Copie a resposta do navegador, cole aqui e aperte enter:", "Copy the browser's answer, paste it here and press enter:")
	l.answer = ""
	l.read(ctx)
	return nil
}

// showCompare shows the code that the phone should show too.
func (l *linking) showCompare(ctx context.Context, s session.Status) error {
	if err := l.datum("confirm", s.Passkey.Code); err != nil {
		return err
	}
	switch {
	case l.yes:
		l.confirm(ctx)
		return nil
	case !l.seen.In || !l.seen.Err:
		return l.fail(ExitRefused, "o celular mostra o mesmo código? confirme com --yes", "does the phone show the same code? confirm with --yes")
	}
	l.words("%s", l.tongue.say("O celular mostra o mesmo código? [s/N] ", "Does the phone show the same code? [y/N] "))
	l.read(ctx)
	return nil
}

// heard takes a line of standard input.
func (l *linking) heard(ctx context.Context, s session.Status, line typedLine) error {
	if s.Passkey.Code != "" {
		if l.yes {
			return nil // it has been confirmed; this is the end of what the answer came in
		}
		if !affirms(line.text) {
			return l.fail(ExitRefused, "o código é outro: nada foi vinculado", "the code is another one: nothing was linked")
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
	err := l.pool.AnswerPasskey(ctx, l.number.ID, l.answer)
	l.answer = ""
	switch {
	case errors.Is(err, session.ErrPasskey) && line.last:
		return l.fail(ExitFailed, "a resposta do navegador não veio pela entrada padrão", "the browser's answer did not come by standard input")
	case errors.Is(err, session.ErrPasskey):
		l.tell("%s", "%s", l.why(session.ErrPasskey))
		return nil
	}
	return nil // whatever it was, the status tells
}

// confirm says that the codes are the same; what comes of it is in the status.
func (l *linking) confirm(ctx context.Context) {
	if err := l.pool.ConfirmPasskey(ctx, l.number.ID); err != nil {
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
