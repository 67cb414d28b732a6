package tui

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"recado/campaign/files"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// batch is an import that is being prepared: a file, what a person says of it,
// and what would come of it. The steps of the wizard share it.
type batch struct {
	e    *env
	path string

	said    []said // what the person says of columns
	where   people.Where
	sheet   string
	policy  store.Policy
	tags    []string
	consent string

	flight *flight // what an import would do, as it is being found out; nil: not asked yet
	flying question
}

// said is what a person says that a column is.
type said struct {
	at    int // the column
	role  files.Role
	field string
}

func newBatch(e *env, path string) *batch { return &batch{e: e, path: path} }

// options are what the file is read with.
func (b *batch) options() files.Options {
	o := files.Options{Where: b.where, Sheet: b.sheet, Tags: slices.Clone(b.tags)}
	o.Consent, _ = files.Consent(b.consent, b.e.now())
	for _, s := range b.said {
		o.Map = append(o.Map, files.Mapping{Title: "#" + strconv.Itoa(s.at+1), Role: s.role, As: s.field})
	}
	return o
}

// onlyOnes are the roles that one column has.
var onlyOnes = []files.Role{files.NameRole, files.FirstRole, files.LastRole, files.EmailRole}

// say takes what a person says of a column. Columns is what each is now: those
// with phones stay that, behind one that is said to have them.
func (b *batch) say(s said, columns []files.Column) {
	b.said = slices.DeleteFunc(b.said, func(old said) bool {
		return old.at == s.at || old.role == s.role && slices.Contains(onlyOnes, s.role)
	})
	if s.role != files.PhoneRole {
		b.said = append(b.said, s)
		return
	}
	phones := []said{s}
	for i, c := range columns {
		if c.Role == files.PhoneRole && i != s.at && !slices.ContainsFunc(b.said, func(old said) bool { return old.at == i }) {
			phones = append(phones, said{at: i, role: files.PhoneRole})
		}
	}
	b.said = append(phones, b.said...)
}

// firstRows is what the beginning of a file says.
type firstRows struct {
	report *files.Report
	rows   []people.Row
	bad    int   // rows among them that cannot be used
	err    error // why the file cannot be read as it is
}

// errEnough ends a reading that has seen what it wanted.
var errEnough = errors.New("enough has been read")

// readFirst reads the first rows of a file. The error says why there is nothing
// to show of it; one that a person may be able to mend is the rows'.
func readFirst(ctx context.Context, book *store.Book, path string, options files.Options) (*firstRows, error) {
	file, _, err := book.Outside(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	first := new(firstRows)
	seen := func() error {
		if len(first.rows)+first.bad >= files.FirstRows {
			return errEnough
		}
		return nil
	}
	first.report, first.err = files.Read(ctx, file, options, files.Sink{
		Row: func(row people.Row) error { first.rows = append(first.rows, row); return seen() },
		Bad: func(files.Bad) error { first.bad++; return seen() },
	})
	switch {
	case errors.Is(first.err, errEnough):
		first.err = nil
	case first.err != nil && len(first.report.Columns) == 0 && len(first.report.Sheets) < 2:
		return nil, first.err
	case errors.Is(first.err, context.Canceled):
		return nil, first.err
	}
	return first, nil
}

// flight finds out what an import would do. What goes on may be seen meanwhile.
type flight struct {
	cancel context.CancelFunc
	size   atomic.Int64 // of the file
	read   atomic.Int64 // of that
	rows   atomic.Int64
	began  time.Time

	done   bool // the rest is there
	result store.ImportPreflight
	all    []problem // of it, in words
	err    error
}

// badRow is a row that would not be imported.
type badRow struct {
	line  int
	why   reason.Reason
	cells string
}

// mostBad is how many bad rows are kept to be looked at.
const mostBad = 1000

// keepBad keeps a bad row to be looked at, unless there are many.
func keepBad(bad []badRow, row files.Bad) []badRow {
	if len(bad) == mostBad {
		return bad
	}
	return append(bad, badRow{row.Line, row.Reason, clippedCells(row.Cells)})
}

// flownMsg answers batch.fly.
type flownMsg struct {
	question int
	flight   *flight
	result   store.ImportPreflight
	bad      []badRow
	err      error
}

// fly begins to find out what an import would do as things stand, dropping an
// older answer.
func (b *batch) fly() tea.Cmd {
	b.land()
	ctx, cancel := context.WithCancel(b.e.ctx)
	f := &flight{cancel: cancel, began: b.e.now()}
	b.flight = f
	id, book, path, policy, options := b.flying.renew(b.e), b.e.app.Book, b.path, b.policy, b.options()
	return func() tea.Msg {
		defer cancel()
		msg := flownMsg{question: id, flight: f}
		file, size, err := book.Outside(path)
		if err != nil {
			msg.err = err
			return msg
		}
		defer file.Close()
		f.size.Store(size)
		msg.result, msg.err = book.PreflightImport(ctx, &watched{file, &f.read}, options, policy, files.Sink{
			Row: func(people.Row) error { f.rows.Add(1); return nil },
			Bad: func(row files.Bad) error { f.rows.Add(1); msg.bad = keepBad(msg.bad, row); return nil },
		})
		return msg
	}
}

// clippedCells are cells as one text, of which no more is kept than is shown.
func clippedCells(cells []string) string {
	var b strings.Builder
	for i, cell := range cells {
		if b.Len() > 400 {
			break
		}
		if i > 0 {
			b.WriteString(" · ")
		}
		b.WriteString(reason.Clip(cell))
	}
	return b.String()
}

// land ends the finding out.
func (b *batch) land() {
	if b.flight != nil {
		b.flight.cancel()
	}
	b.flying.drop()
}

// flown takes an answer and reports whether it was waited for.
func (b *batch) flown(msg flownMsg) bool {
	if mine, _ := b.flying.answered(msg.question); !mine {
		return false
	}
	f := msg.flight
	f.done, f.result, f.err = true, msg.result, msg.err
	if f.err == nil {
		f.all = b.e.problems(&f.result, msg.bad)
	}
	return true
}

// part is how much of the file has been read, from 0 to 1.
func (f *flight) part() float64 {
	return min(float64(f.read.Load())/float64(max(f.size.Load(), 1)), 1)
}

// watched counts the bytes that are read of a file.
type watched struct {
	file io.Reader
	read *atomic.Int64
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.file.Read(p)
	w.read.Add(int64(n))
	return n, err
}
