package files

import (
	"encoding/json"
	"io"
	"strings"

	"recado/campaign/people"
	"recado/campaign/reason"
)

// listedPerson is a line of `recado contacts list --json`.
type listedPerson struct {
	Phone  string            `json:"phone"`
	Name   string            `json:"name"`
	Tags   []string          `json:"tags"`
	Fields map[string]string `json:"fields"`
	Lists  []string          `json:"lists"`
	Left   bool              `json:"opted_out"`
	LeftAt string            `json:"opted_out_at"`
	Why    string            `json:"opted_out_why"`
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
		d := &draft{Row: people.Row{Line: l.number, Name: shown(p.Name), Doubt: shown(p.Doubt)}}
		d.own(r, p.Phone, mapped(p.Tags, shown), mapped(p.Lists, shown))
		if p.Left {
			d.leave(shown(p.Why), p.LeftAt)
		}
		d.others(r, p.Phones)
		d.Note = shown(p.Note)
		d.agree(p.Consent.Status, shown(p.Consent.Source), p.Consent.At, shown(p.Consent.Evidence))
		for name, value := range p.Fields {
			d.field(FieldName(name), shown(value))
		}
		if err := r.put(d, row, nil); err != nil {
			return err
		}
	}
}
