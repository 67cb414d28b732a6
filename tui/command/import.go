package command

import (
	"context"
	"errors"
	"fmt"

	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// importJSON is the report of an import as --json prints it.
type importJSON struct {
	Added   int           `json:"added"`
	Updated int           `json:"updated"`
	Same    int           `json:"same"`
	Bad     int           `json:"bad"`
	Reasons []badRowsJSON `json:"reasons,omitempty"` // why rows were bad, the most frequent first
}

// badRowsJSON is how many rows were bad for one reason.
type badRowsJSON struct {
	Reason reason.Code `json:"reason"`
	Count  int         `json:"count"`
	Line   int         `json:"line"` // the first of them
}

func (c *call) importCSV(ctx context.Context, o *owner, name string) error {
	file, err := c.open(ctx, name)
	if errors.Is(err, context.Canceled) {
		return c.unread(name, err)
	} else if err != nil {
		return err
	}
	defer file.Close()
	var rows []people.Row
	var bad people.Complaints
	err = people.ReadCSV(ctx, file,
		func(row people.Row) error {
			rows = append(rows, row)
			return nil
		},
		func(row people.RowError) error {
			if bad.Add(row); bad.Total <= len(bad.First) {
				c.tell("%s: linha %d: %s", "%s: line %d: %s", name, row.Line, c.because(row.Reason))
			}
			return nil
		})
	if err != nil {
		return c.unread(name, err)
	}
	c.sumUp(name, bad)
	stop := c.follow(o.parts.Book, func(j store.Job) bool { return j.Kind == store.JobImport && j.Source == name })
	report, err := o.parts.Book.Import(ctx, rows, name)
	stop()
	switch {
	case errors.Is(err, context.Canceled) && errors.Is(err, store.ErrGoesOn):
		return c.fail(ExitInterrupted, "interrompido: %s já foi lido e continua entrando enquanto o recado estiver aberto",
			"interrupted: %s has been read and goes on being imported while recado is open", name)
	case errors.Is(err, context.Canceled):
		return c.unread(name, err)
	case err != nil:
		return err
	}
	if report.Full > 0 {
		c.tell("%s: não entraram, porque a pessoa passaria de %s etiquetas ou de %s campos: %s (a primeira é a linha %d)",
			"%s: not taken, because the person would have more than %s tags or %s fields: %s (the first is line %d)",
			name, c.number(people.MaxTags), c.number(people.MaxFields), c.number(report.Full), report.FullLine)
	}
	if c.json {
		out := importJSON{Added: report.Added, Updated: report.Updated, Same: report.Same, Bad: bad.Total + report.Full}
		for _, kind := range bad.Kinds {
			out.Reasons = append(out.Reasons, badRowsJSON{kind.Example.Reason.Kind(), kind.Count, kind.Example.Line})
		}
		if report.Full > 0 {
			out.Reasons = append(out.Reasons, badRowsJSON{"person_full", report.Full, report.FullLine})
		}
		err = c.object(out)
	} else {
		c.tell("novos: %d, atualizados: %d, já estavam: %d, linhas com erro: %d", "added: %d, updated: %d, already there: %d, bad rows: %d",
			report.Added, report.Updated, report.Same, bad.Total+report.Full)
	}
	if err == nil && len(rows) == 0 && bad.Total > 0 {
		return c.fail(ExitFailed, "%s: nenhuma linha pôde ser usada", "%s: no row could be used", name)
	}
	return err
}

// unread is the failure of an import that ended before it changed anything.
func (c *call) unread(name string, err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return c.fail(ExitInterrupted, "interrompido: nada foi importado de %s", "interrupted: nothing was imported from %s", name)
	}
	return &failure{code: ExitFailed, text: name + ": " + c.why(err), err: err}
}

// sumUp tells of the bad rows that were not told one by one.
func (c *call) sumUp(name string, bad people.Complaints) {
	if rest := bad.Total - len(bad.First); rest > 0 {
		c.tell("%s: … outras linhas com erro: %s", "%s: … other bad rows: %s", name, c.number(rest))
	}
	for _, kind := range bad.Rest {
		text := c.because(kind.Example.Reason)
		if kind.Count == 1 {
			c.tell("%s:   linha %d: %s", "%s:   line %d: %s", name, kind.Example.Line, text)
			continue
		}
		c.tell("%s:   %s como a linha %d: %s", "%s:   %s like line %d: %s", name, c.number(kind.Count), kind.Example.Line, text)
	}
}

// number writes a number with its thousands apart.
func (c *call) number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + c.tongue.say(".", ",") + s[i:]
	}
	return s
}
