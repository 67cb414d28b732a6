package reason

import (
	"encoding/json"
	"fmt"
	"time"
)

// tagged is an argument on the disk. Which field is there says of what type
// it is.
type tagged struct {
	Text  *string        `json:"s,omitempty"`
	Texts *[]string      `json:"l,omitempty"`
	Plain *Plain         `json:"p,omitempty"`
	Int   *int           `json:"n,omitempty"`
	Time  *time.Time     `json:"t,omitempty"`
	Span  *time.Duration `json:"d,omitempty"`
	Inner *onDisk        `json:"r,omitempty"`
}

// onDisk is a reason with arguments.
type onDisk struct {
	Code Code     `json:"code"`
	Args []tagged `json:"args,omitempty"`
}

func (r Reason) onDisk() onDisk {
	d := onDisk{Code: r.Code}
	for _, arg := range r.Args {
		var t tagged
		switch arg := arg.(type) {
		case string:
			t.Text = &arg
		case []string:
			t.Texts = &arg
		case Plain:
			t.Plain = &arg
		case int:
			t.Int = &arg
		case time.Time:
			t.Time = &arg
		case time.Duration:
			t.Span = &arg
		case Reason:
			inner := arg.onDisk()
			t.Inner = &inner
		default:
			panic(fmt.Sprintf("reason: an argument of type %T", arg))
		}
		d.Args = append(d.Args, t)
	}
	return d
}

func (d onDisk) reason() Reason {
	r := Reason{Code: d.Code}
	for _, t := range d.Args {
		var arg any = Plain("")
		switch {
		case t.Text != nil:
			arg = *t.Text
		case t.Texts != nil:
			arg = *t.Texts
		case t.Plain != nil:
			arg = *t.Plain
		case t.Int != nil:
			arg = *t.Int
		case t.Time != nil:
			arg = *t.Time
		case t.Span != nil:
			arg = *t.Span
		case t.Inner != nil:
			arg = t.Inner.reason()
		}
		r.Args = append(r.Args, arg)
	}
	return r
}

// MarshalJSON writes a reason so that [Reason.UnmarshalJSON] reads it back with
// the types of its arguments: the code alone, or an object.
func (r Reason) MarshalJSON() ([]byte, error) {
	if len(r.Args) == 0 {
		return json.Marshal(string(r.Code))
	}
	return json.Marshal(r.onDisk())
}

// UnmarshalJSON reads a reason, and the sentence that old records have in its
// place.
func (r *Reason) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		*r = Old(text)
		return nil
	}
	var d onDisk
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	*r = d.reason()
	return nil
}

// UnmarshalText reads a code, and the text that old records have in its place.
func (c *Code) UnmarshalText(text []byte) error {
	*c = Old(string(text)).Code
	return nil
}

// Text is a reason for a record that holds texts; [Parse] reads it.
func (r Reason) Text() string {
	if len(r.Args) == 0 {
		return string(r.Code)
	}
	b, err := json.Marshal(r.onDisk())
	if err != nil {
		panic(err) // there is nothing in it that JSON lacks
	}
	return string(b)
}

// Parse reads what [Reason.Text] wrote. What is neither a code nor that is a
// code of its own.
func Parse(text string) Reason {
	if len(text) > 0 && text[0] == '{' {
		var d onDisk
		if json.Unmarshal([]byte(text), &d) == nil && d.Code != "" {
			return d.reason()
		}
	}
	return Reason{Code: Code(text)}
}

// Values are the arguments as JSON has them for programs: texts, numbers,
// times in RFC 3339, seconds, lists, and objects with a code and args.
func (r Reason) Values() []any {
	var all []any
	for _, arg := range r.Args {
		switch a := arg.(type) {
		case time.Duration:
			arg = a.Seconds()
		case time.Time:
			arg = a.Format(time.RFC3339)
		case Reason:
			arg = struct {
				Code Code  `json:"code"`
				Args []any `json:"args,omitempty"`
			}{a.Code, a.Values()}
		}
		all = append(all, arg)
	}
	return all
}
