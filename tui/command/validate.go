package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/store"
)

// validationJSON is a validation as --json prints it. Times are RFC 3339, empty
// when there is none.
type validationJSON struct {
	Number string `json:"number"`
	Filter string `json:"filter"`
	Status string `json:"status"` // running, done, stopped, cancelled
	PerDay int    `json:"per_day"`
	Total  int    `json:"total"` // people to be asked about
	Known  int    `json:"known"` // more, whose answer was known
	Done   int    `json:"done"`
	Yes    int    `json:"on_whatsapp"`
	No     int    `json:"not_on_whatsapp"`
	Today  int    `json:"today"`
	Begun  string `json:"begun"`
	Ended  string `json:"ended"`
	Next   string `json:"next"` // when it asks again
	reasonJSON

	Until string `json:"until"` // of one that WhatsApp has stopped: when the number may ask again
}

func (c *call) validateCommands() []*cobra.Command {
	var name string
	var budget int
	var stop bool
	validate := &cobra.Command{
		Use: "validate [" + c.t("arg_filter") + "]", Short: c.t("cmd_contacts_validate"), Long: c.t("cmd_contacts_validate_long"), Args: cobra.ArbitraryArgs,
		Example: "recado contacts validate 'whatsapp:? tag:vip' --budget 200",
		RunE: c.run(func(ctx context.Context, args []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error {
				n, err := c.numberToAsk(o, name)
				if err != nil {
					return err
				}
				if stop {
					return c.stopValidation(o, n)
				}
				return c.validate(ctx, o, n, strings.Join(args, " "), budget)
			})
		}),
	}
	validate.Flags().StringVar(&name, "number", "", c.t("flag_validate_number"))
	validate.Flags().IntVar(&budget, "budget", store.ValidatePerDay, c.t("flag_validate_budget"))
	validate.Flags().BoolVar(&stop, "stop", false, c.t("flag_validate_stop"))
	list := &cobra.Command{
		Use: "validations", Short: c.t("cmd_contacts_validations"), Args: c.noArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			return c.withOwner(ctx, brief, func(_ context.Context, o *owner) error { return c.listValidations(o) })
		}),
	}
	return []*cobra.Command{c.jsonFlag(validate), c.jsonFlag(list)}
}

// numberToAsk is the number of that name, or else the only one that is linked.
func (c *call) numberToAsk(o *owner, name string) (campaign.Number, error) {
	if name != "" {
		return c.numberNamed(o, name)
	}
	numbers, err := o.parts.Book.Numbers()
	if err != nil {
		return campaign.Number{}, err
	}
	numbers = slices.DeleteFunc(numbers, func(n campaign.Number) bool { return !n.Linked() })
	switch len(numbers) {
	case 0:
		return campaign.Number{}, reason.Because(store.ErrState, reason.NumberNoneLinked)
	case 1:
		return numbers[0], nil
	}
	var names []string
	for _, n := range numbers {
		names = append(names, n.Name)
	}
	return campaign.Number{}, c.fail(ExitUsage, "number_which", "Names", strings.Join(names, ", "))
}

func (c *call) validate(ctx context.Context, o *owner, n campaign.Number, text string, budget int) error {
	filter, err := c.filter(text)
	if err != nil {
		return err
	}
	v, err := c.desk(o).Validate(ctx, n.ID, filter, budget)
	if err != nil {
		return c.filterFault(text, err)
	}
	if c.json {
		return c.object(validationObject(v, n.Name))
	}
	c.tellN("validate_begun", v.Total, "Name", n.Name, "Known", v.Known, "PerDay", v.PerDay)
	return nil
}

func (c *call) stopValidation(o *owner, n campaign.Number) error {
	if err := c.desk(o).StopValidation(n.ID); err != nil {
		return err
	}
	c.tell("validate_stopped", "Name", n.Name)
	return nil
}

func validationObject(v store.Validation, name string) validationJSON {
	out := validationJSON{
		Number: name, Filter: v.Filter, Status: string(v.Status), PerDay: v.PerDay, Total: v.Total, Known: v.Known, Done: v.Done, Yes: v.Yes, No: v.No,
		Today: v.AskedToday(time.Now()), Begun: stamp(v.Begun), Ended: stamp(v.Ended), reasonJSON: reasonObject(v.Why), Until: stamp(v.Until),
	}
	if v.Status == store.Validating {
		out.Next = stamp(v.Due(time.Now()))
	}
	return out
}

func (c *call) listValidations(o *owner) error {
	all, err := o.parts.Book.Validations()
	if err != nil {
		return err
	}
	ours, err := o.parts.Book.Numbers()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		c.tell("validations_none")
	}
	names, now := numberNames(ours), time.Now()
	for _, v := range all {
		if c.json {
			err = c.object(validationObject(v, names[v.Number]))
		} else {
			state := c.tongue.Validation(string(v.Status))
			switch {
			case !v.Why.IsZero():
				state += ": " + c.because(v.Why)
			case v.Status == store.Validating && v.Due(now).After(now):
				state = c.t("validation_next", "Time", c.tongue.Moment(v.Due(now), now))
			}
			err = c.line(names[v.Number], fmt.Sprintf("%d/%d", v.Done, v.Total), c.t("validation_found", "Yes", v.Yes, "No", v.No),
				c.t("validation_today", "Today", v.AskedToday(now), "PerDay", v.PerDay), state, v.Filter)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
