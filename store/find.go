package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
	"recado/store/bolt"
	"recado/store/index"
)

// Found are people in the order of the list.
type Found = index.Found

// Listed are some people in the order in which they are given.
func Listed(ids []people.ContactID) Found { return index.Listed(ids) }

// Find returns the people that a filter matches, in the order of their names, see
// [Book.Search].
func (b *Book) Find(ctx context.Context, f people.Filter) ([]people.ContactID, error) {
	found, err := b.Search(ctx, f)
	return found.All(), err
}

// Search finds the people that a filter matches. A filter that names a list, a field
// or a campaign that is not there is a *people.FilterError; of fields only where there
// are people at all. It ends early, with the context's error, when ctx does.
func (b *Book) Search(ctx context.Context, f people.Filter) (found Found, err error) {
	if err := b.awaitIndex(ctx); err != nil {
		return Found{}, err
	}
	for try := 1; ; try++ {
		err = b.view(func(tx *bolt.Tx) error {
			found, err = b.searchTx(ctx, tx, f, try == laterTries)
			return err
		})
		if !errors.Is(err, errLater) {
			return found, err
		}
	}
}

// searchTx is Search in a transaction. It fails with errLater if that is too old for
// the index, unless it is the last try.
func (b *Book) searchTx(ctx context.Context, tx *bolt.Tx, f people.Filter, last bool) (found Found, err error) {
	if f, err = liveTx(tx, f); err != nil {
		return Found{}, err
	}
	m, err := matcherTx(ctx, tx, f)
	if err != nil {
		return Found{}, err
	}
	told, err := b.askIndexTx(ctx, tx, f, m.env, true)
	switch {
	case errors.Is(err, errNoIndex), errors.Is(err, errLater) && last:
		ids, err := m.scan(f.String() == "")
		return Listed(ids), err
	case err != nil:
		return Found{}, err
	case len(told.unseen) > 0 && countTx(tx, countContacts) > 0:
		return Found{}, noField(told.unseen[0], told.fields)
	case told.Exact():
		return told.found, nil
	}
	chosen := told.Sure
	if err := m.read(told.Open(), func(c *people.Contact) { chosen.Add(c.ID) }); err != nil {
		return Found{}, err
	}
	return Listed(slices.DeleteFunc(told.found.All(), func(id people.ContactID) bool { return !chosen.Has(id) })), nil
}

// scan finds people without the index. All are those that everybody is.
func (m *matcher) scan(all bool) (ids []people.ContactID, err error) {
	var chosen people.Set
	if !all {
		if err := m.readAll(func(c *people.Contact) { chosen.Add(c.ID) }); err != nil {
			return nil, err
		}
	}
	order, err := orderTx(m.tx)
	if err != nil {
		return nil, err
	}
	n := 0
	for id := range order {
		if n%1024 == 0 && m.ctx.Err() != nil {
			return nil, m.ctx.Err()
		}
		n++
		if all || chosen.Has(id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// matchTx shows take the people that a filter matches, in the order of their
// ids: so they lie in the file, and to read them so is many times faster than
// in the order of names. The record is take's until it returns.
func (b *Book) matchTx(ctx context.Context, tx *bolt.Tx, f people.Filter, take func(*people.Contact)) error {
	f, err := liveTx(tx, f)
	if err != nil {
		return err
	}
	m, err := matcherTx(ctx, tx, f)
	if err != nil {
		return err
	}
	told, err := b.askIndexTx(ctx, tx, f, m.env, false)
	switch {
	case errors.Is(err, errNoIndex), errors.Is(err, errLater):
		return m.readAll(take)
	case err != nil:
		return err
	case len(told.unseen) > 0 && countTx(tx, countContacts) > 0:
		return noField(told.unseen[0], told.fields)
	}
	m.sure = told.Sure
	return m.read(told.May, take)
}

// matcher reads people and shows those that a filter matches.
type matcher struct {
	ctx    context.Context
	tx     *bolt.Tx
	filter people.Filter
	env    people.FilterEnv
	rolls  rosters
	sure   people.Set // who is known to match
	bad    error      // a delivery that is damaged: to take it for none would choose the wrong people
	person people.Contact
}

func matcherTx(ctx context.Context, tx *bolt.Tx, f people.Filter) (*matcher, error) {
	numbers, err := numbersTx(tx)
	if err != nil {
		return nil, err
	}
	names := make(map[campaign.NumberID]string, len(numbers))
	for _, n := range numbers {
		names[n.ID] = n.Name
	}
	if err := checkNamedTx(tx, f); err != nil {
		return nil, err
	}
	m := &matcher{ctx: ctx, tx: tx, filter: f}
	m.env = people.FilterEnv{
		Now: time.Now(), NumberName: func(id campaign.NumberID) string { return names[id] },
		Reached: func(campaign uint64, who people.ContactID) people.Reached {
			got, err := gotTx(tx, campaign, who)
			if err != nil {
				m.bad = err
			}
			return got
		},
	}
	if named := f.Lists(); len(named) > 0 {
		m.rolls, err = rostersTx(tx, named...)
	}
	return m, err
}

// look shows take a person if the filter matches them.
func (m *matcher) look(id people.ContactID, v []byte, take func(*people.Contact)) error {
	c := &m.person
	if err := decodeContactInto(c, id, v); err != nil {
		return err
	}
	m.rolls.fill(c)
	if m.sure.Has(id) || m.filter.Match(c, m.env) {
		take(c)
	}
	return m.bad
}

// near is how far the next person may be that is reached row by row.
const near = 32

// read looks at some people, who are all there.
func (m *matcher) read(some people.Set, take func(*people.Contact)) error {
	cursor := contactsTable.Cursor(m.tx)
	var k, v []byte
	n := 0
	for id := range some.All() {
		if n%256 == 0 && m.ctx.Err() != nil {
			return m.ctx.Err()
		}
		n++
		for k != nil && contactsTable.Parts(k) < id && contactsTable.Parts(k)+near >= id {
			k, v = cursor.Next()
		}
		if k == nil || contactsTable.Parts(k) != id {
			k, v = cursor.Seek(contactsTable.Key(id))
		}
		if k == nil || contactsTable.Parts(k) != id {
			continue
		}
		if err := m.look(id, v, take); err != nil {
			return err
		}
	}
	return nil
}

// readAll looks at everybody.
func (m *matcher) readAll(take func(*people.Contact)) error {
	unseen := slices.Clone(m.filter.Fields())
	n := 0
	for k, v := range contactsTable.Each(m.tx, nil) {
		if n%256 == 0 && m.ctx.Err() != nil {
			return m.ctx.Err()
		}
		n++
		if err := m.look(contactsTable.Parts(k), v, take); err != nil {
			return err
		}
		if len(unseen) > 0 {
			unseen = slices.DeleteFunc(unseen, func(f people.Named) bool { return m.person.Field(people.FieldKey(f.Name)) != "" })
		}
	}
	if len(unseen) > 0 && n > 0 {
		return noFieldTx(m.ctx, m.tx, unseen[0])
	}
	return nil
}

// checkNamedTx returns a *people.FilterError if the filter names a list or a
// campaign that is not there: it would choose nobody or, with a minus before it,
// everybody.
func checkNamedTx(tx *bolt.Tx, f people.Filter) error {
	for _, l := range f.Lists() {
		if l.Name == people.AnyList {
			continue
		}
		if _, err := listTx(tx, l.Name); errors.Is(err, ErrNotFound) {
			return &people.FilterError{Offset: l.Offset, Reason: reason.New(reason.FilterNoList, l.Name)}
		} else if err != nil {
			return err
		}
	}
	for _, named := range f.Campaigns() {
		id, err := strconv.ParseUint(named.Name, 10, 64)
		if err == nil && campaign.ID(id) != 0 && uint64(campaign.ID(id)) == id {
			_, err = campaignTx(tx, campaign.ID(id))
		} else {
			err = ErrNotFound
		}
		if errors.Is(err, ErrNotFound) {
			return &people.FilterError{Offset: named.Offset, Reason: reason.New(reason.FilterNoCampaign, named.Name)}
		} else if err != nil {
			return err
		}
	}
	return nil
}

// gotTx is how far a campaign got with a person.
func gotTx(tx *bolt.Tx, id uint64, who people.ContactID) (people.Reached, error) {
	seq := personsTable.Get(tx, campaign.ID(id), who)
	if seq == nil {
		return people.NotReached, nil
	}
	d, err := deliveryTx(tx, deliveryKey(campaign.ID(id), fromRow[uint32](seq)))
	if err != nil {
		return people.NotReached, err
	}
	switch d.State {
	case campaign.Sent:
		return people.ReachedSent, nil
	case campaign.Delivered:
		return people.ReachedPhone, nil
	case campaign.Read:
		return people.ReachedEyes, nil
	case campaign.Replied:
		return people.ReachedAnswer, nil
	}
	return people.NotReached, nil
}

// mostFields is how many names of fields are compared with one that nobody has.
const mostFields = 10_000

// noFieldTx is the mistake of a filter that names a field which nobody has: it
// would choose nobody or, with a minus before it, everybody.
func noFieldTx(ctx context.Context, tx *bolt.Tx, named people.Named) error {
	known := make(map[string]bool)
	var c people.Contact
	n := 0
	for k, v := range contactsTable.Each(tx, nil) {
		if n++; n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := decodeContactInto(&c, contactsTable.Parts(k), v); err != nil {
			return err
		}
		for name := range c.Fields {
			if !known[name] {
				known[strings.Clone(name)] = true
			}
		}
		if len(known) > mostFields {
			break
		}
	}
	return noField(named, slices.Collect(maps.Keys(known)))
}

// noField is the mistake of a filter that names a field which nobody has, where some
// others are known.
func noField(named people.Named, fields []string) error {
	known := append(fields, people.KeyNames()...)
	slices.Sort(known)
	why := reason.New(reason.FilterNoField, named.Name)
	if near := people.Nearest(named.Name, slices.Compact(known)); near != "" {
		why = reason.New(reason.FilterNearField, named.Name, near)
	}
	return &people.FilterError{Offset: named.Offset, Reason: why}
}
