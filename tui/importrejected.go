package tui

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"recado/campaign/files"
	"recado/campaign/people"
	"recado/store"
	spoken "recado/tui/words"
)

// askRejected asks where the rows are to be written that cannot be imported.
func (b *batch) askRejected() tea.Cmd {
	e := b.e
	name := strings.TrimSuffix(homely(b.path), filepath.Ext(b.path)) + "-" + e.t("wizard_rejected_name") + ".csv"
	book, path, options, lang := e.app.Book, b.path, b.options(), e.app.Lang
	return e.root.push(newPrompt(e, e.t("wizard_rejected"), e.t("wizard_rejected_detail"), "", name, func(ctx context.Context, text string, _ bool) (func() tea.Cmd, error) {
		n, err := saveRejected(ctx, book, path, options, spoken.For(lang), rooted(text))
		return func() tea.Cmd {
			e.root.say(e.theme.good, e.words.n("wizard_rejected_saved", n, "File", text))
			return nil
		}, err
	}))
}

// saveRejected reads a file once more, writes the rows that cannot be imported
// to a new one, and says how many those are. No file is ever written over.
func saveRejected(ctx context.Context, book *store.Book, path string, options files.Options, w *spoken.Words, to string) (n int, err error) {
	file, _, err := book.Outside(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			os.Remove(to)
		}
	}()
	if same, _, err := book.Outside(to); err != nil { // in the data directory
		return 0, err
	} else {
		same.Close()
	}
	buffer := bufio.NewWriter(out)
	rejected := files.NewRejected(buffer)
	_, err = files.Read(ctx, file, options, files.Sink{
		Titles: rejected.Titles,
		Row:    func(people.Row) error { return nil },
		Bad:    func(row files.Bad) error { n++; return rejected.Row(row, w.Reason(row.Reason)) },
	})
	if err == nil {
		err = rejected.End()
	}
	if err == nil {
		err = buffer.Flush()
	}
	return n, err
}
