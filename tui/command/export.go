package command

import (
	"cmp"
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"recado/campaign/files"
	"recado/campaign/people"
)

// formats are the files that people are written to, by what --format calls them
// and by how the names of such files end.
var formats = map[string]files.Format{
	"csv": files.CSV, "xlsx": files.XLSX, "vcard": files.VCard, "vcf": files.VCard, "json": files.Recado, "jsonl": files.Recado,
}

func (c *call) exportCommand() *cobra.Command {
	var format, out string
	var force bool
	cmd := &cobra.Command{
		Use:     "export [" + c.t("arg_filter") + "]",
		Short:   c.t("cmd_contacts_export"),
		Long:    c.t("cmd_contacts_export_long"),
		Example: "recado contacts export tag:vip --out vips.xlsx",
		Args:    cobra.ArbitraryArgs,
		RunE: c.run(func(ctx context.Context, args []string) error {
			if format == "" {
				format = strings.TrimPrefix(strings.ToLower(filepath.Ext(out)), ".")
			}
			kind, known := formats[format]
			switch {
			case out == "" && format == "":
				kind = files.CSV
			case !known:
				return c.fail(ExitUsage, "export_format", "Format", format)
			}
			if kind == files.XLSX && out == "" && c.seen.Out {
				return c.fail(ExitUsage, "export_terminal")
			}
			return c.toFile(out, force, func() error {
				return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error { return c.export(ctx, o, args, kind) })
			})
		}),
	}
	cmd.Flags().StringVar(&format, "format", "", c.t("flag_export_format"))
	cmd.Flags().StringVar(&out, "out", "", c.t("flag_out"))
	cmd.Flags().BoolVar(&force, "force", false, c.t("flag_out_force"))
	return cmd
}

// export writes whom a filter chooses.
func (c *call) export(ctx context.Context, o *owner, words []string, format files.Format) error {
	ids, err := c.chosen(ctx, o, words)
	if err != nil {
		return err
	}
	if format == files.Recado {
		c.json = true
		err = c.listContacts(ctx, o, ids)
	} else {
		err = c.gathered(func() error { return c.exportFile(ctx, o, ids, format) })
	}
	if err == nil {
		c.tellN("export_done", len(ids))
	}
	return err
}

// exportFile writes people to a file of the formats that others read.
func (c *call) exportFile(ctx context.Context, o *owner, ids []people.ContactID, format files.Format) error {
	fields := make(map[string]bool)
	if format != files.VCard { // the columns of a table stand at its beginning
		err := c.eachContact(ctx, o, ids, func(p *people.Contact) error {
			for name, value := range p.Fields {
				if value != "" {
					fields[name] = true
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	to, err := files.NewWriter(format, c.page, slices.Sorted(maps.Keys(fields)))
	if err != nil {
		return err
	}
	if err := c.eachContact(ctx, o, ids, to.Write); err != nil {
		return err
	}
	return to.Close()
}

// eachContact gives people in that order, reading some at a time: while do has some, the
// next ones are read.
func (c *call) eachContact(ctx context.Context, o *owner, ids []people.ContactID, do func(*people.Contact) error) error {
	type read struct {
		contacts []people.Contact
		err      error
	}
	reads := make(chan read)
	wanted, stop := context.WithCancel(ctx)
	var reader sync.WaitGroup
	reader.Go(func() { // ends with the last of them, with a mistake, or with wanted
		defer close(reads)
		for chunk := range slices.Chunk(ids, page) {
			contacts, err := o.parts.Book.ContactsByID(chunk)
			select {
			case reads <- read{contacts, err}:
			case <-wanted.Done():
				return
			}
			if err != nil {
				return
			}
		}
	})
	defer reader.Wait() // it reads the book, which may be closed after this
	defer stop()
	for some := range reads {
		if err := cmp.Or(ctx.Err(), some.err); err != nil { // one more may have come with the end of ctx
			return err
		}
		for i := range some.contacts {
			if err := do(&some.contacts[i]); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}
