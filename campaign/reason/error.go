package reason

// Error is an error with something to say to a person: what it is, and what it
// comes from, which goes into the log alone.
type Error struct {
	Reason Reason
	Err    error // nil: nothing else
}

// Err makes an error that callers compare with errors.Is.
func Err(code Code, args ...any) error { return &Error{Reason: New(code, args...)} }

// Because makes the error of something that did not work because of cause. It
// is an error of cause for errors.Is, and says what the code says.
func Because(cause error, code Code, args ...any) error {
	return &Error{New(code, args...), cause}
}

// Within is Because for a text that says the cause as well: its last argument
// is what [Of] makes of it.
func Within(cause error, code Code, args ...any) error {
	return &Error{New(code, append(args, Of(cause))...), cause}
}

// Error is the reason, for logs, and what it comes from unless that has been
// said.
func (e *Error) Error() string {
	text := e.Reason.Error()
	if e.Err == nil {
		return text
	}
	if n := len(e.Reason.Args); n > 0 {
		if inner, ok := e.Reason.Args[n-1].(Reason); ok && inner.Equal(Of(e.Err)) && inner.Code != Foreign {
			return text
		}
	}
	return text + ": " + e.Err.Error()
}

// Unwrap is what the error comes from.
func (e *Error) Unwrap() error { return e.Err }

// Find returns the outermost reason that an error gives.
func Find(err error) (r Reason, ok bool) {
	switch e := err.(type) {
	case nil:
		return Reason{}, false
	case *Error:
		return e.Reason, true
	case Reason:
		return e, true
	case *Reason:
		return *e, true
	case interface{ Unwrap() error }:
		return Find(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if r, ok := Find(inner); ok {
				return r, true
			}
		}
	}
	return Reason{}, false
}

// Of returns what an error says to a person: the outermost reason that it
// gives, else what it means if it comes from the system or the network, else
// [Foreign] with its innermost text, because what is wrapped around that is for
// logs.
func Of(err error) Reason {
	if r, ok := Find(err); ok {
		return r
	}
	if r, ok := ofSystem(err); ok {
		return r
	}
	return New(Foreign, Plain(innermost(err).Error()))
}

func innermost(err error) error {
	for {
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			if e.Unwrap() == nil {
				return err
			}
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			all := e.Unwrap()
			if len(all) == 0 {
				return err
			}
			err = all[len(all)-1]
		default:
			return err
		}
	}
}
