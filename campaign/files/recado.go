package files

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// listedPerson is a line of `recado contacts list --json`.
type listedPerson struct {
	Phone  string            `json:"phone"`
	Name   string            `json:"name"`
	Tags   []string          `json:"tags"`
	Fields map[string]string `json:"fields"`
	Left   bool              `json:"opted_out"`
	Doubt  string            `json:"doubt"`
	Phones []string          `json:"phones"` // the first of them is Phone

	Consent struct {
		Status   string `json:"status"`
		Source   string `json:"source"`
		At       string `json:"at"`
		Evidence string `json:"evidence"`
	} `json:"consent"`
	Note string `json:"note"`
}

var consents = map[string]people.ConsentStatus{"yes": people.ConsentGiven, "no": people.ConsentRefused}

// listed reads what another recado lists: an object a line.
func (r *reader) listed(lines *lineReader) error {
	for {
		l, err := lines.next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		row := record{line: l.number, raw: l.text, fault: l.fault}
		if row.fault == nil && strings.TrimSpace(l.text) == "" {
			continue
		}
		var p listedPerson
		if row.fault == nil && json.Unmarshal([]byte(l.text), &p) != nil {
			row.fault = reason.Fault(reason.RowObject)
		}
		if row.fault != nil {
			if err := r.bad(row, *row.fault); err != nil {
				return err
			}
			continue
		}
		d := &draft{Row: people.Row{Line: l.number, Name: r.clean(p.Name, l.number), Doubt: r.clean(p.Doubt, l.number)}}
		if p.Left {
			d.Left = "opted_out"
		}
		if p.Phone != "" {
			d.phone(r.options.Where, p.Phone, "telefone", isWhatsApp) // the one by which they go
		}
		for _, phone := range p.Phones {
			d.phone(r.options.Where, phone, "", isPhone)
		}
		d.Note = r.clean(p.Note, l.number)
		if status := consents[p.Consent.Status]; status != people.ConsentUnknown {
			at, _ := time.Parse(time.RFC3339, p.Consent.At)
			d.Consent = people.Consent{
				Status: status, At: at,
				Source: r.clean(p.Consent.Source, l.number), Evidence: r.clean(p.Consent.Evidence, l.number),
			}
		}
		var why *reason.Reason
		d.Tags, why = addTags(nil, p.Tags)
		for name, value := range p.Fields {
			d.field(fieldName(name), r.clean(value, l.number))
		}
		if err := r.put(d, row, why); err != nil {
			return err
		}
	}
}
