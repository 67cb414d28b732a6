package command

import (
	"context"
	"errors"
	"strconv"

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
				c.tell("import_line", "File", name, "Line", strconv.Itoa(row.Line), "Why", c.because(row.Reason))
			}
			return nil
		})
	if err != nil {
		return c.unread(name, err)
	}
	c.sumUp(name, bad)
	stop := c.follow(o.parts.Book, func(j store.Job) bool { return j.Kind == store.JobImport && j.Source == name })
	report, err := c.desk(o).Import(ctx, rows, name)
	stop()
	switch {
	case errors.Is(err, context.Canceled) && errors.Is(err, store.ErrGoesOn):
		return c.fail(ExitInterrupted, "import_interrupted", "File", name)
	case errors.Is(err, context.Canceled):
		return c.unread(name, err)
	case err != nil:
		return err
	}
	if report.Full > 0 {
		c.tell("import_full", "File", name, "Tags", people.MaxTags, "Fields", people.MaxFields, "Rows", report.Full, "Line", strconv.Itoa(report.FullLine))
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
		c.tell("import_done", "Added", report.Added, "Updated", report.Updated, "Same", report.Same, "Bad", bad.Total+report.Full)
	}
	if err == nil && len(rows) == 0 && bad.Total > 0 {
		return c.fail(ExitFailed, "import_nothing", "File", name)
	}
	return err
}

// unread is the failure of an import that ended before it changed anything.
func (c *call) unread(name string, err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return c.fail(ExitInterrupted, "import_interrupted_early", "File", name)
	}
	return &failure{code: ExitFailed, text: name + ": " + c.why(err), err: err}
}

// sumUp tells of the bad rows that were not told one by one.
func (c *call) sumUp(name string, bad people.Complaints) {
	if rest := bad.Total - len(bad.First); rest > 0 {
		c.tell("import_more_bad", "File", name, "Rows", rest)
	}
	for _, kind := range bad.Rest {
		text := c.because(kind.Example.Reason)
		if kind.Count == 1 {
			c.tell("import_line_alike", "File", name, "Line", strconv.Itoa(kind.Example.Line), "Why", text)
			continue
		}
		c.tell("import_lines_alike", "File", name, "Rows", kind.Count, "Line", strconv.Itoa(kind.Example.Line), "Why", text)
	}
}
