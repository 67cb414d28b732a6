package store

import (
	"strconv"

	"recado/campaign/reason"
	"recado/store/bolt"
)

// What holds for the whole book is a row of "meta" each, and changed at the desk.

// metaConsent is there if new campaigns ask for consent by themselves.
const metaConsent = "require consent"

// RequiresConsent reports whether new campaigns are only for those who have
// consented, unless somebody says otherwise of one.
func (b *Book) RequiresConsent() (required bool, err error) {
	err = b.view(func(tx *bolt.Tx) error { required = requiresConsentTx(tx); return nil })
	return required, err
}

func requiresConsentTx(tx *bolt.Tx) bool { return metaTable.Get(tx, metaConsent) != nil }

// RequireConsent makes new campaigns, copies and follow-ups ask for consent by
// themselves, or not any more. Those that are written stay as they are, and one
// that is written afterwards may be made otherwise, which its preflight says. It is
// ErrState if it is so already.
func (d *Desk) RequireConsent(required bool) error {
	return d.write(VerbConsentRule, func(tx *bolt.Tx, e *Entry) error {
		was := requiresConsentTx(tx)
		if was == required {
			return reason.Because(ErrState, map[bool]reason.Code{true: reason.ConsentRequired, false: reason.ConsentNotRequired}[required])
		}
		said := map[bool]string{true: "yes"}
		e.on("setting", metaConsent, "")
		e.change("require_consent", said[was], said[required])
		if required {
			return metaTable.Put(tx, metaConsent, []byte("yes"))
		}
		return metaTable.Delete(tx, metaConsent)
	})
}

// metaCountAbove holds above how many people a start is confirmed by their number; not
// there: DefaultCountAbove.
const metaCountAbove = "count above"

// DefaultCountAbove is what CountAbove is unless somebody has said otherwise, and
// mostCountAbove how much it may be: whom a start reaches is never a surprise.
const (
	DefaultCountAbove = 200
	mostCountAbove    = 100_000
)

// CountAbove is the number of people above which whoever starts a campaign on a screen
// types how many receive it.
func (b *Book) CountAbove() (n int, err error) {
	err = b.view(func(tx *bolt.Tx) error { n, err = countAboveTx(tx); return err })
	return n, err
}

func countAboveTx(tx *bolt.Tx) (int, error) {
	v := metaTable.Get(tx, metaCountAbove)
	if v == nil {
		return DefaultCountAbove, nil
	}
	n, err := strconv.Atoi(string(v))
	if err != nil {
		err = bolt.ErrRecord
	}
	return n, err
}

// SetCountAbove changes CountAbove; 0 is always. It is ErrState if it is so already, or
// n is less than that or more than 100,000.
func (d *Desk) SetCountAbove(n int) error {
	return d.write(VerbCountAbove, func(tx *bolt.Tx, e *Entry) error {
		was, err := countAboveTx(tx)
		switch {
		case err != nil:
			return err
		case n < 0 || n > mostCountAbove:
			return reason.Because(ErrState, reason.CountAboveRange, mostCountAbove)
		case n == was:
			return reason.Because(ErrState, reason.CountAboveAlready, n)
		}
		e.on("setting", metaCountAbove, "")
		e.change("count_above", strconv.Itoa(was), strconv.Itoa(n))
		return metaTable.Put(tx, metaCountAbove, []byte(strconv.Itoa(n)))
	})
}
