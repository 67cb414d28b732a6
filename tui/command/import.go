package command

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign/files"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store"
)

// importJSON is the report of an import as --json prints it.
type importJSON struct {
	Added   int             `json:"added"`
	Updated int             `json:"updated"`
	Same    int             `json:"same"`
	Bad     int             `json:"bad"`
	Reasons []badRowsJSON   `json:"reasons,omitempty"` // why rows were bad, the most frequent first
	OptOuts int             `json:"opted_out,omitempty"`
	Doubts  int             `json:"doubts,omitempty"`
	Good    int             `json:"good,omitempty"` // of a dry run: rows that would be imported
	Format  files.Format    `json:"format"`
	Sheet   string          `json:"sheet,omitempty"`
	Columns []columnJSON    `json:"columns,omitempty"`
	Notes   []badRowsJSON   `json:"notes,omitempty"`  // what is odd about rows that were imported
	Import  people.ImportID `json:"import,omitempty"` // its id, for `recado imports undo`
}

// badRowsJSON is how many rows were bad for one reason.
type badRowsJSON struct {
	Reason reason.Code `json:"reason"`
	Count  int         `json:"count"`
	Line   int         `json:"line"` // the first of them
}

// columnJSON is what a column was taken for.
type columnJSON struct {
	Title string     `json:"title"`
	As    files.Role `json:"as"`
	Field string     `json:"field,omitempty"`
}

// importing is what the flags of an import say.
type importing struct {
	maps, tags         []string
	ddd, country       string
	consent, sheet     string
	policy             string
	dry, part, rejects bool
}

func (c *call) importCommand() *cobra.Command {
	var i importing
	cmd := &cobra.Command{
		Use:   "import " + c.t("arg_import"),
		Short: c.t("cmd_contacts_import"),
		Long:  c.t("cmd_contacts_import_long"),
		Args:  c.exactArgs(1),
		RunE: c.run(func(ctx context.Context, args []string) error {
			options, policy, err := c.importOptions(&i)
			if err != nil {
				return err
			}
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				return c.importFile(ctx, o, args[0], &i, options, policy)
			})
		}),
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&i.maps, "map", nil, c.t("flag_import_map"))
	flags.StringVar(&i.ddd, "ddd", "", c.t("flag_import_ddd"))
	flags.StringVar(&i.country, "country", "", c.t("flag_import_country"))
	flags.StringArrayVar(&i.tags, "tag", nil, c.t("flag_import_tag"))
	flags.StringVar(&i.consent, "consent", "", c.t("flag_import_consent"))
	flags.StringVar(&i.sheet, "sheet", "", c.t("flag_import_sheet"))
	flags.StringVar(&i.policy, "policy", "update", c.t("flag_import_policy"))
	flags.BoolVar(&i.dry, "dry-run", false, c.t("flag_import_dry"))
	flags.BoolVar(&i.part, "partial", false, c.t("flag_import_partial"))
	flags.BoolVar(&i.rejects, "rejected", false, c.t("flag_import_rejected"))
	return c.jsonFlag(cmd)
}

// importOptions reads the flags.
func (c *call) importOptions(i *importing) (options files.Options, policy store.Policy, err error) {
	options = files.Options{Tags: i.tags, Sheet: i.sheet}
	switch i.policy {
	case "update":
	case "skip":
		policy = store.Skip
	case "replace":
		policy = store.Replace
	default:
		return options, policy, c.fail(ExitUsage, "import_bad_policy", "Policy", i.policy)
	}
	if i.rejects && c.json {
		return options, policy, c.fail(ExitUsage, "import_rejected_json")
	}
	for _, m := range i.maps {
		pairs, err := mappings(m)
		if err != nil {
			return options, policy, c.fail(ExitUsage, "import_bad_map", "Map", m)
		}
		options.Map = append(options.Map, pairs...)
	}
	ok := false
	if options.Where.Area, ok = files.Area(i.ddd); !ok {
		return options, policy, c.fail(ExitUsage, "import_bad_ddd", "DDD", i.ddd)
	}
	if i.country != "" {
		options.Where.Country = people.Country(i.country)
		if options.Where.Country == "" {
			return options, policy, c.fail(ExitUsage, "import_bad_country", "Country", i.country)
		}
	}
	if options.Consent, ok = files.Consent(i.consent, time.Now()); !ok {
		return options, policy, c.fail(ExitUsage, "import_bad_consent", "Consent", i.consent)
	}
	return options, policy, nil
}

// mappings reads nome=Cliente,telefone='Telefone 2'.
func mappings(text string) (all []files.Mapping, err error) {
	for text != "" {
		as, rest, ok := strings.Cut(text, "=")
		if as = strings.TrimSpace(as); !ok || as == "" || rest == "" {
			return nil, errors.New("no title")
		}
		title := ""
		if quote := rest[0]; quote == '\'' || quote == '"' {
			if title, rest, ok = strings.Cut(rest[1:], string(quote)); !ok {
				return nil, errors.New("an open quote")
			}
			rest = strings.TrimSpace(rest)
			if rest != "" && rest[0] != ',' {
				return nil, errors.New("something behind a quote")
			}
			text = strings.TrimPrefix(rest, ",")
		} else {
			title, text, _ = strings.Cut(rest, ",")
		}
		if title = strings.TrimSpace(title); title == "" {
			return nil, errors.New("no title")
		}
		all = append(all, files.Mapping{As: as, Title: title})
	}
	return all, nil
}

func (c *call) importFile(ctx context.Context, o *owner, name string, i *importing, options files.Options, policy store.Policy) error {
	file, err := c.open(ctx, name)
	if errors.Is(err, context.Canceled) {
		return c.unread(name, err)
	} else if err != nil {
		return err
	}
	defer file.Close()
	var bad people.Complaints
	rejects := files.NewRejected(c.env.Stdout)
	to := files.Sink{
		Titles: rejects.Titles,
		Bad: func(row files.Bad) error {
			if bad.Add(row.RowError); bad.Total <= len(bad.First) {
				c.tell("import_line", "File", name, "Line", strconv.Itoa(row.Line), "Why", c.because(row.Reason))
			}
			if !i.rejects {
				return nil
			}
			return rejects.Row(row, c.because(row.Reason))
		},
	}
	if i.dry {
		flight, err := o.parts.Book.PreflightImport(ctx, file, options, policy, to)
		if err == nil {
			err = rejects.End()
		}
		if err != nil {
			return c.unread(name, err)
		}
		c.sumUp(name, bad)
		c.explainFile(name, flight.Read)
		return c.dryRun(name, &flight)
	}
	var read *files.Report
	order := store.ImportOrder{Source: name, Policy: policy, Tags: options.Tags, Consent: options.Consent}
	var unread error
	stop := c.follow(o.parts.Book, func(j store.Job) bool { return j.Kind == store.JobImport && j.Source == name })
	done, err := c.desk(o).ImportFrom(ctx, order, func(add func(people.Row) error) (int, error) {
		to.Row = add
		if read, unread = files.Read(ctx, file, options, to); unread == nil {
			unread = rejects.End()
		}
		if unread == nil {
			c.sumUp(name, bad)
			c.explainFile(name, read)
		}
		return bad.Total, unread
	})
	stop()
	report := &done.Report
	switch {
	case unread != nil:
		return c.unread(name, unread)
	case errors.Is(err, context.Canceled) && errors.Is(err, store.ErrGoesOn):
		return c.importStopped(o, done.ID)
	case errors.Is(err, context.Canceled):
		return c.unread(name, err)
	case err != nil:
		return err
	}
	if report.Full > 0 {
		c.tell("import_full", "File", name, "Tags", people.MaxTags, "Fields", people.MaxFields, "Rows", report.Full, "Line", strconv.Itoa(report.FullLine))
	}
	if c.json {
		out := c.importObject(read, bad)
		out.Import = done.ID
		out.count(report)
		if err := c.object(out); err != nil {
			return err
		}
	} else {
		c.tell("import_done", "Added", report.Added, "Updated", report.Updated, "Same", report.Same, "Bad", bad.Total+report.Full)
		if c.seen.Err && report.Added+report.Updated > 0 {
			c.tell("import_undo_hint", "ID", strconv.FormatUint(uint64(done.ID), 10))
		}
	}
	switch missing := bad.Total + report.Full; {
	case missing == 0:
	case done.Rows == 0:
		return c.fail(ExitFailed, "import_nothing", "File", name)
	case !i.part:
		return c.fail(ExitRefused, "import_partial", "File", name, "Rows", missing)
	}
	return nil
}

// dryRun says what an import would do.
func (c *call) dryRun(name string, p *store.ImportPreflight) error {
	w := &p.Would
	if !c.json {
		c.tell("import_dry", "File", name, "Added", w.Added, "Updated", w.Updated, "Same", w.Same, "Bad", p.Bad.Total+w.Full)
		return nil
	}
	out := c.importObject(p.Read, p.Bad)
	out.Good = p.Rows - w.Full
	out.count(w)
	return c.object(out)
}

// count adds what an import does.
func (j *importJSON) count(r *store.ImportReport) {
	j.Added, j.Updated, j.Same, j.OptOuts, j.Doubts = r.Added, r.Updated, r.Same, r.Left, r.Doubts
	j.Bad += r.Full
	if r.Full > 0 {
		j.Reasons = append(j.Reasons, badRowsJSON{"person_full", r.Full, r.FullLine})
	}
}

// importObject is what --json says of a file that was read.
func (c *call) importObject(read *files.Report, bad people.Complaints) importJSON {
	out := importJSON{Bad: bad.Total, Format: read.Format, Sheet: read.Sheet}
	kinds := func(all []people.ComplaintKind) (out []badRowsJSON) {
		for _, kind := range all {
			out = append(out, badRowsJSON{kind.Example.Reason.Kind(), kind.Count, kind.Example.Line})
		}
		return out
	}
	out.Reasons, out.Notes = kinds(bad.Kinds), kinds(read.Notes.Kinds)
	for _, column := range read.Columns {
		out.Columns = append(out.Columns, columnJSON{column.Title, column.Role, column.Field})
	}
	return out
}

// explainFile says what was made of a file: its columns, and what is odd.
func (c *call) explainFile(name string, read *files.Report) {
	if len(read.Sheets) > 1 {
		c.tell("import_sheet", "File", name, "Sheet", read.Sheet, "Sheets", reason.QuoteAll(read.Sheets))
	}
	var known, fields []string
	for i, column := range read.Columns {
		title := "#" + strconv.Itoa(i+1)
		if column.Title != "" {
			title = strconv.Quote(column.Title)
		}
		switch {
		case column.Role == files.FieldRole && column.Field == "":
		case column.Role == files.FieldRole:
			fields = append(fields, strconv.Quote(column.Field))
		default:
			known = append(known, title+" → "+c.tongue.Column(column.Role))
		}
	}
	if len(known) > 0 {
		c.tell("import_columns", "File", name, "Columns", some(known))
	}
	if len(fields) > 0 {
		c.tell("import_fields", "File", name, "Fields", some(fields))
	}
	for _, kind := range read.Notes.Kinds {
		text := c.because(kind.Example.Reason)
		if kind.Example.Line == 0 {
			c.tell("import_note", "File", name, "Why", text)
			continue
		}
		c.tell("import_note_rows", "File", name, "Why", text, "Rows", kind.Count, "Line", strconv.Itoa(kind.Example.Line))
	}
}

// some joins texts, not all of many.
func some(texts []string) string {
	const most = 30
	if len(texts) > most {
		return strings.Join(texts[:most], ", ") + ", … (+" + strconv.Itoa(len(texts)-most) + ")"
	}
	return strings.Join(texts, ", ")
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
