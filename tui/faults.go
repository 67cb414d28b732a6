package tui

import (
	"context"
	"errors"

	"recado/campaign/reason"
	"recado/session"
	"recado/store"
)

// fault says an error to a person: what happened and what to do now.
func (e *env) fault(err error) string {
	switch {
	case errors.Is(err, errReadOnly):
		return e.t("fault_read_only")
	case errors.Is(err, errNobody):
		return e.t("fault_nobody")
	case errors.Is(err, errSeveral):
		return e.t("fault_several")
	case errors.Is(err, store.ErrNotFound), errors.Is(err, session.ErrNotFound):
		return e.t("fault_not_found")
	case errors.Is(err, store.ErrNoLimit):
		return e.t("fault_no_limit")
	case errors.Is(err, session.ErrLinked):
		return e.t("fault_linked")
	case errors.Is(err, session.ErrNotLinked):
		return e.t("fault_not_linked")
	case errors.Is(err, session.ErrClosed), errors.Is(err, store.ErrClosed):
		return e.t("fault_closed")
	case errors.Is(err, context.DeadlineExceeded):
		return e.t("fault_timeout")
	}
	why := reason.Of(err)
	if said := e.words.because(why); why.Code != reason.Foreign {
		return said
	} else {
		return e.t("fault", "Error", said)
	}
}
