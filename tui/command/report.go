package command

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/files"
	"recado/campaign/reason"
)

// reportJSON is what has become of a campaign, as --json prints it. What is in
// failed and left_out is counted by the code of the reason.
type reportJSON struct {
	ID     campaign.ID `json:"id"`
	Name   string      `json:"name"`
	Status string      `json:"status"`
	campaign.Funnel
	Failed   map[reason.Code]int `json:"failed"`
	LeftOut  map[reason.Code]int `json:"left_out"`
	Waiting  int                 `json:"waiting"` // queued or being sent
	Unsure   int                 `json:"unsure"`
	Numbers  []reportNumberJSON  `json:"numbers"`
	Variants []reportTextJSON    `json:"variants"`           // empty: the campaign has one text
	Poll     []reportOptionJSON  `json:"poll,omitempty"`     // its options; not there: it is no poll
	Wordings []reportWordingJSON `json:"wordings,omitempty"` // what its texts have said; not there: none was fixed
	Timeline []reportHourJSON    `json:"timeline"`           // the hours in which something happened
	Deleted  int                 `json:"deleted,omitempty"`  // for everyone
	Undos    []undoJSON          `json:"undos,omitempty"`    // what was done to delete some, the first first
}

// reportNumberJSON is what a number has sent.
type reportNumberJSON struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
	campaign.Funnel
}

// reportTextJSON is what became of one of several texts.
type reportTextJSON struct {
	Variant string `json:"variant"` // A, B…
	Text    string `json:"text"`
	campaign.Funnel
}

// reportWordingJSON is what became of one of several wordings of a text. Times are
// RFC 3339.
type reportWordingJSON struct {
	Variant string `json:"variant"` // A, B…
	Wording int    `json:"wording"` // of that text: 1 is the first
	Text    string `json:"text"`
	From    string `json:"from"`  // empty: from the start
	Until   string `json:"until"` // empty: it is what the text says
	campaign.Funnel

	of campaign.Worded
}

// reportOptionJSON is how many chose an option of a poll.
type reportOptionJSON struct {
	Option string `json:"option"`
	Count  int    `json:"count"`
}

// reportHourJSON is what happened in an hour.
type reportHourJSON struct {
	Time string `json:"time"` // when it began
	campaign.Funnel
}

// reportForm is how a report is printed.
type reportForm struct{ csv, xlsx bool }

func (c *call) reportCommand() *cobra.Command {
	var form reportForm
	cmd := c.about("report", "cmd_campaign_report", func(ctx context.Context, o *owner, id campaign.ID) error {
		return c.report(ctx, o, id, form)
	})
	cmd.Long = c.t("cmd_campaign_report_long")
	cmd.Flags().BoolVar(&form.csv, "csv", false, c.t("flag_report_csv"))
	cmd.Flags().BoolVar(&form.xlsx, "xlsx", false, c.t("flag_report_xlsx"))
	cmd.MarkFlagsMutuallyExclusive("json", "csv", "xlsx")
	return cmd
}

func (c *call) report(ctx context.Context, o *owner, id campaign.ID, form reportForm) error {
	camp, err := o.parts.Book.Campaign(id)
	if err != nil {
		return err
	}
	r, err := o.parts.Book.Report(ctx, id)
	if err != nil {
		return err
	}
	out, err := reportOf(o, camp, &r)
	if err != nil {
		return err
	}
	undos, err := o.parts.Book.Undos(ctx, id)
	if err != nil {
		return err
	}
	for i := range undos {
		out.Undos = append(out.Undos, undoOf(&undos[i]))
	}
	switch {
	case c.json:
		return c.object(out)
	case form.csv:
		return c.gathered(func() error { return c.reportCSV(&out) })
	case form.xlsx && c.seen.Out:
		return c.fail(ExitUsage, "report_to_terminal")
	case form.xlsx:
		return c.gathered(func() error { return c.reportXLSX(ctx, o, &out) })
	}
	return c.gathered(func() error { return c.reportText(camp, &out, r.Kept()) })
}

// reportOf makes the JSON of a report, from which the other forms are made.
func reportOf(o *owner, camp campaign.Campaign, r *campaign.Report) (reportJSON, error) {
	out := reportJSON{
		ID: camp.ID, Name: camp.Name, Status: camp.Status.String(), Funnel: r.Funnel,
		Failed: r.Failed, LeftOut: r.LeftOut, Waiting: r.Waiting, Unsure: r.Unsure, Deleted: r.Revoked,
		Numbers: []reportNumberJSON{}, Variants: []reportTextJSON{}, Timeline: []reportHourJSON{},
	}
	for _, counts := range []*map[reason.Code]int{&out.Failed, &out.LeftOut} {
		if *counts == nil {
			*counts = map[reason.Code]int{}
		}
	}
	numbers, err := o.parts.Book.Numbers()
	if err != nil {
		return out, err
	}
	for _, n := range numbers {
		if f := r.Numbers[n.ID]; f != nil {
			out.Numbers = append(out.Numbers, reportNumberJSON{n.Name, string(n.Phone), *f})
		} else if slices.Contains(camp.Numbers, n.ID) {
			out.Numbers = append(out.Numbers, reportNumberJSON{n.Name, string(n.Phone), campaign.Funnel{}})
		}
	}
	if texts := camp.Texts(); len(texts) > 1 {
		for i, text := range texts {
			one := reportTextJSON{Variant: campaign.VariantName(uint8(i)), Text: text}
			if f := r.Variants[uint8(i)]; f != nil {
				one.Funnel = *f
			}
			out.Variants = append(out.Variants, one)
		}
	}
	for i, o := range camp.Options() {
		out.Poll = append(out.Poll, reportOptionJSON{o, r.Votes[uint8(i+1)]})
	}
	for _, w := range camp.Wordings() {
		one := reportWordingJSON{
			Variant: campaign.VariantName(w.Variant), Wording: 1, Text: w.Text,
			From: stamp(w.From), Until: stamp(w.Until), of: w,
		}
		if n := len(out.Wordings); n > 0 && out.Wordings[n-1].Variant == one.Variant {
			one.Wording = out.Wordings[n-1].Wording + 1
		}
		if f := r.Wordings[w.Wording]; f != nil {
			one.Funnel = *f
		}
		out.Wordings = append(out.Wordings, one)
	}
	for _, hour := range r.Timeline() {
		out.Timeline = append(out.Timeline, reportHourJSON{stamp(campaign.HourTime(hour)), *r.Hours[hour]})
	}
	return out, nil
}

// rows are a report as a table: after the titles, each row is about the whole
// campaign, or about one reason, number, text or hour.
func (r *reportJSON) rows() [][]any {
	rows := [][]any{{"about", "which", "sent", "delivered", "read", "replied", "opted_out", "failed", "left_out"}}
	part := func(about, which string, f campaign.Funnel, failed, leftOut any) {
		rows = append(rows, []any{about, which, f.Sent, f.Delivered, f.Read, f.Replied, f.OptedOut, failed, leftOut})
	}
	sum := func(counts map[reason.Code]int) (n int) {
		for _, k := range counts {
			n += k
		}
		return n
	}
	part("campaign", r.Name, r.Funnel, sum(r.Failed), sum(r.LeftOut))
	for _, code := range slices.Sorted(maps.Keys(r.Failed)) {
		rows = append(rows, []any{"failed", string(code), "", "", "", "", "", r.Failed[code], ""})
	}
	for _, code := range slices.Sorted(maps.Keys(r.LeftOut)) {
		rows = append(rows, []any{"left_out", string(code), "", "", "", "", "", "", r.LeftOut[code]})
	}
	for _, n := range r.Numbers {
		part("number", n.Name, n.Funnel, "", "")
	}
	for _, v := range r.Variants {
		part("variant", v.Variant, v.Funnel, "", "")
	}
	for _, o := range r.Poll {
		rows = append(rows, []any{"option", o.Option, "", "", "", o.Count, "", "", ""})
	}
	for _, w := range r.Wordings {
		part("wording", w.Variant+strconv.Itoa(w.Wording), w.Funnel, "", "")
	}
	if r.Deleted > 0 {
		rows = append(rows, []any{"deleted", "", r.Deleted, "", "", "", "", "", ""})
	}
	for _, h := range r.Timeline {
		part("hour", h.Time, h.Funnel, "", "")
	}
	return rows
}

// reportCSV prints a report as a table.
func (c *call) reportCSV(r *reportJSON) error {
	w := csv.NewWriter(printer{c})
	for _, row := range r.rows() {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = files.Harmless(clean(fmt.Sprint(cell)))
		}
		if err := w.Write(cells); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// reportXLSX prints a report as a workbook: the table, and a sheet with every
// person.
func (c *call) reportXLSX(ctx context.Context, o *owner, r *reportJSON) error {
	book := files.NewWorkbook(printer{c})
	book.Sheet("report")
	for _, row := range r.rows() {
		if err := book.Row(row...); err != nil {
			return err
		}
	}
	numbers, err := o.parts.Book.Numbers()
	if err != nil {
		return err
	}
	names := numberNames(numbers)
	book.Sheet("people")
	err = book.Row("phone", "name", "state", "number", "variant", "sent", "delivered", "read", "replied", "opted_out", "reason_code", "reason", "answer", "deleted")
	if err != nil {
		return err
	}
	err = c.eachDelivery(ctx, o, r.ID, func(d *campaign.Delivery) error {
		why := ""
		if !d.Reason.IsZero() {
			why = c.because(d.Reason)
		}
		return book.Row(string(d.Phone), d.Name, d.State.String(), names[d.Number], campaign.VariantName(d.Variant),
			stamp(d.Accepted), stamp(d.Arrived), stamp(d.ReadAt), stamp(d.RepliedAt), stamp(d.LeftAt), string(d.Reason.Code), why, d.Answer, stamp(d.RevokedAt))
	})
	if err != nil {
		return err
	}
	return book.Close()
}

// reportText prints a report for a person to read; kept is, of an undo, what was not
// deleted.
func (c *call) reportText(camp campaign.Campaign, r *reportJSON, kept map[reason.Code]int) error {
	number := c.tongue.Number
	lines := []string{camp.Name + " · " + c.status(camp.Status)}
	if !camp.Started.IsZero() && camp.Ended.IsZero() {
		lines = append(lines, c.t("report_since", "Starts", c.tongue.Minute(camp.Started)))
	} else if !camp.Started.IsZero() {
		lines = append(lines, c.t("report_from_to", "Starts", c.tongue.Minute(camp.Started), "Ends", c.tongue.Minute(camp.Ended)))
	}
	lines = append(lines, "")
	var cells [][2]string
	cell := func(n int, what string) { cells = append(cells, [2]string{number(n), what}) }
	share := func(n int, what string) {
		if n > 0 && r.Sent > 0 {
			what += " · " + c.t("report_share", "Percent", number(n*100/r.Sent))
		}
		cell(n, what)
	}
	some := func(n int, what string) {
		if n > 0 {
			cell(n, what)
		}
	}
	reasons := func(counts map[reason.Code]int, id string) {
		codes := slices.SortedFunc(maps.Keys(counts), func(a, b reason.Code) int {
			return cmp.Or(counts[b]-counts[a], strings.Compare(string(a), string(b)))
		})
		for _, code := range codes {
			cell(counts[code], c.t(id, "Why", c.because(reason.New(code))))
		}
	}
	undo := func(u *undoJSON) {
		some(u.Waiting, c.t("report_undo_waiting"))
		some(u.Unsure, c.t("report_undo_unsure"))
		reasons(u.Stay, "report_undo_stays")
	}
	if camp.RevokeOf != 0 {
		cell(r.Sent, c.t("report_revoked"))
		undo(&undoJSON{Waiting: r.Waiting, Unsure: r.Unsure, Stay: kept})
	} else {
		cell(r.Sent, c.t("report_sent"))
		share(r.Delivered, c.t("report_delivered"))
		share(r.Read, c.t("report_read"))
		share(r.Replied, c.t("report_replied"))
		share(r.OptedOut, c.t("report_opted_out"))
		some(r.Deleted, c.t("report_revoked"))
		some(r.Waiting, c.t("report_waiting"))
		some(r.Unsure, c.t("report_unsure"))
		reasons(r.Failed, "report_failed")
		reasons(r.LeftOut, "report_left_out")
	}
	if len(r.Numbers) > 1 && camp.RevokeOf == 0 {
		for _, n := range r.Numbers {
			cell(n.Sent, c.t("report_number", "Name", n.Name, "Replied", number(n.Replied)))
		}
	}
	for _, v := range r.Variants {
		cell(v.Sent, c.t("report_variant", "Variant", v.Variant, "Replied", number(v.Replied), "OptedOut", number(v.OptedOut)))
	}
	for _, o := range r.Poll {
		cell(o.Count, c.t("report_option", "Option", o.Option))
	}
	for _, w := range r.Wordings {
		if said := c.tongue.Wording(&camp, &w.of, w.Funnel, c.tongue.Minute); said != "" {
			cell(w.Sent, said)
		}
	}
	for i := range r.Undos {
		u := &r.Undos[i]
		cell(u.Deleted, c.t("report_undo", "Time", c.tongue.Minute(u.began), "Status", c.status(u.is)))
		undo(u)
	}
	wide := 0
	for _, one := range cells {
		wide = max(wide, utf8.RuneCountInString(one[0]))
	}
	for _, one := range cells {
		lines = append(lines, strings.Repeat(" ", wide-utf8.RuneCountInString(one[0]))+one[0]+"  "+strings.Join(strings.Fields(one[1]), " "))
	}
	return c.print(clean(strings.Join(lines, "\n")) + "\n")
}
