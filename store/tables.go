package store

import (
	"bytes"
	"iter"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store/bolt"
)

// The buckets of the book: each has its name, and what its keys are made of, in
// this file alone. What the rows hold is drawn at the top of store.go.
var (
	metaTable       = bolt.NewTextTable[string]("meta")
	numbersTable    = bolt.NewTable1[campaign.NumberID]("numbers")
	oursTable       = bolt.NewTextTable[string]("ours")
	blockedTable    = blockedRows{bolt.Table{Name: "blocked"}}
	turnsTable      = bolt.NewTable1[campaign.NumberID]("turns")
	sendsTable      = bolt.NewTable3[campaign.NumberID, moment, chatKind]("sends")
	inflightTable   = bolt.NewTable1[campaign.NumberID]("inflight")
	campaignsTable  = bolt.NewTable1[campaign.ID]("campaigns")
	runningTable    = bolt.NewTable1[campaign.ID]("running")
	scheduledTable  = bolt.NewTable2[moment, campaign.ID]("scheduled")
	guardsTable     = bolt.NewTable2[campaign.ID, campaign.NumberID]("guards")
	sampleTable     = sampleRows{bolt.Table{Name: "sample"}}
	countsTable     = bolt.NewTable1[campaign.ID]("counts")
	deliveriesTable = bolt.NewTable2[campaign.ID, uint32]("deliveries")
	queueTable      = queueRows{bolt.Table{Name: "queue"}}
	againTable      = bolt.NewTable3[campaign.NumberID, campaign.ID, uint32]("again")
	messagesTable   = bolt.NewTextTable[campaign.MessageID]("messages")
	uploadsTable    = bolt.NewTable3[campaign.ID, campaign.NumberID, uint64]("uploads")
	personsTable    = bolt.NewTable2[campaign.ID, people.ContactID]("persons")
	answersTable    = bolt.NewTable3[campaign.ID, uint32, campaign.ID]("answers")
	latestTable     = bolt.NewTable2[people.ContactID, campaign.NumberID]("latest")
	unansweredTable = bolt.NewTable1[people.ContactID]("unanswered")
	timersTable     = bolt.NewTable2[people.ContactID, campaign.NumberID]("timers")
	contactsTable   = bolt.NewTable1[people.ContactID]("contacts")
	aliasesTable    = bolt.NewTextTable[string]("aliases")
	mergesTable     = bolt.NewTable2[people.ContactID, people.ContactID]("merges")
	mergedTable     = bolt.NewTable1[people.ContactID]("merged")
	namesTable      = nameRows{bolt.Table{Name: "names"}}
	invitesTable    = bolt.NewTable1[uint32]("invites")
	invitedTable    = bolt.NewTable2[uint32, people.ContactID]("invited")
	validatingTable = bolt.NewTable1[campaign.NumberID]("validations")
	toValidateTable = bolt.NewTable2[campaign.NumberID, uint32]("tovalidate")
	labelsTable     = bolt.NewTable1[campaign.NumberID]("labels")
	labelledTable   = bolt.NewTable2[campaign.NumberID, people.ContactID]("labelled")
	importsTable    = bolt.NewTable1[people.ImportID]("imports")
	importedTable   = bolt.NewTable3[people.ImportID, traceKind, uint64]("imported")
	listsTable      = bolt.NewTextTable[string]("lists")
	membersTable    = bolt.NewTable2[uint32, uint32]("members")
	eventsTable     = bolt.NewTable2[campaign.ID, uint64]("events")
	jobsTable       = bolt.Table{Name: "jobs"} // by campaignJobKey or peopleJobKey
	auditTable      = bolt.NewTable1[uint64]("audit")
	askedTable      = bolt.NewTable1[uint64]("asked")
	chainTable      = bolt.NewTable1[uint64]("chain")
	chainedTable    = bolt.NewTextTable[subject]("chained")
	suppressedTable = bolt.NewTextTable[string]("suppressed")
	stagedTable     = stagedRows{bolt.Table{Name: "staged"}}
)

// The rows of metaTable whose names are used more than once.
const (
	metaVersion = "version"
	metaKind    = "kind"
)

// table is any of them.
type table interface {
	String() string
	Size() int
	Make(tx *bolt.Tx) error
	Exists(tx *bolt.Tx) bool
	HasAt(tx *bolt.Tx, key []byte) bool
	Each(tx *bolt.Tx, prefix []byte) iter.Seq2[[]byte, []byte]
	Keys(tx *bolt.Tx, prefix []byte, n int) [][]byte
	DeleteAt(tx *bolt.Tx, key []byte) error
}

// allTables are made when the book is opened.
var allTables = []table{
	metaTable, numbersTable, oursTable, blockedTable, turnsTable, sendsTable, inflightTable,
	campaignsTable, runningTable, scheduledTable, guardsTable, sampleTable, countsTable, deliveriesTable, queueTable, againTable,
	messagesTable, uploadsTable, personsTable, answersTable, latestTable, unansweredTable, timersTable, eventsTable,
	contactsTable, aliasesTable, mergedTable, mergesTable, namesTable, importsTable, importedTable,
	invitesTable, invitedTable, validatingTable, toValidateTable, labelsTable, labelledTable,
	listsTable, membersTable, suppressedTable, auditTable, askedTable, chainTable, chainedTable, jobsTable, stagedTable,
}

// row is a value that is one number, or a part of a key.
func row[P bolt.Part](p P) []byte { return bolt.AppendPart(nil, p) }

// fromRow reads the number that a value, or a part of a key, begins with.
func fromRow[P bolt.Part](v []byte) P {
	p, _ := bolt.TakePart[P](v)
	return p
}

// deliveryKey is where a delivery is in "deliveries", and what points at it
// elsewhere.
func deliveryKey(c campaign.ID, seq uint32) []byte { return deliveriesTable.Key(c, seq) }

// deliveryAt reads a deliveryKey.
func deliveryAt(at []byte) (c campaign.ID, seq uint32) { return deliveriesTable.Parts(at) }

// moment is a time in a key, in nanoseconds.
type moment uint64

func momentOf(t time.Time) moment { return moment(t.UnixNano()) }

func (m moment) time() time.Time { return time.Unix(0, int64(m)) }

// chatKind is what a message that was tried to be sent is to the limits.
type chatKind byte

// The kinds. They are written to disk.
const (
	knownChat chatKind = iota
	newChat
	newUnsent // it was to open a new chat and did not leave
)

// blockedRows are those who are blocked, by alias and number.
type blockedRows struct{ bolt.Table }

// of is what the keys of an alias begin with; all others are longer.
func (blockedRows) of(alias string) []byte { return append([]byte(alias), 0) }

func (t blockedRows) key(alias string, n campaign.NumberID) []byte {
	return bolt.AppendPart(t.of(alias), n)
}

// parts reads a key; not ok if it is none.
func (t blockedRows) parts(k []byte) (alias string, n campaign.NumberID, ok bool) {
	if len(k) < 5 || k[len(k)-5] != 0 {
		return "", 0, false
	}
	return string(k[:len(k)-5]), fromRow[campaign.NumberID](k[len(k)-4:]), true
}

// sampleRows are what was accepted lately, by campaign, number, time and seq.
type sampleRows struct{ bolt.Table }

// Size is how long its keys are, in bytes.
func (sampleRows) Size() int { return 24 }

// of is what the keys of a number in a campaign begin with.
func (sampleRows) of(id campaign.ID, n campaign.NumberID) []byte {
	return bolt.AppendPart(bolt.AppendPart(make([]byte, 0, 24), id), n)
}

// from is where those begin that were accepted at t or later.
func (s sampleRows) from(id campaign.ID, n campaign.NumberID, t time.Time) []byte {
	return bolt.AppendPart(s.of(id, n), momentOf(t))
}

// key is the place of an accepted delivery among those of a number.
func (s sampleRows) key(d *campaign.Delivery, n campaign.NumberID) []byte {
	return bolt.AppendPart(s.from(d.Campaign, n, d.Accepted), d.Seq)
}

// at is when a message was accepted, by its key.
func (sampleRows) at(k []byte) time.Time { return fromRow[moment](k[12:]).time() }

// queueRows are those that wait and were never tried. Within a campaign those to
// known chats come first, then by zone: a group which may not be written to now
// is passed over in one step.
type queueRows struct{ bolt.Table }

// Size is how long its keys are, in bytes.
func (queueRows) Size() int { return 18 }

// of is what the keys of a number in a campaign begin with.
func (queueRows) of(n campaign.NumberID, id campaign.ID) []byte {
	return bolt.AppendPart(bolt.AppendPart(make([]byte, 0, 18), n), id)
}

// key is the place of a delivery.
func (t queueRows) key(d *campaign.Delivery, zone byte) []byte {
	kind := knownChat
	if d.New {
		kind = newChat
	}
	return t.in(append(t.of(d.Number, d.Campaign), byte(kind), zone), d.Seq)
}

// in is the place of a delivery in a group.
func (queueRows) in(group []byte, seq uint32) []byte {
	return bolt.AppendPart(append(make([]byte, 0, 18), group...), seq)
}

// parts reads a key: a copy of its group, and whose place it is in that.
func (queueRows) parts(k []byte) (group []byte, seq uint32) {
	return append(make([]byte, 0, 18), k[:len(k)-4]...), fromRow[uint32](k[len(k)-4:])
}

// firsts lists the first of each group that a number has in a campaign, in the
// order of the groups.
func (t queueRows) firsts(tx *bolt.Tx, n campaign.NumberID, id campaign.ID) iter.Seq2[[]byte, uint32] {
	return func(yield func(group []byte, seq uint32) bool) {
		c, prefix := t.Cursor(tx), t.of(n, id)
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			group, seq := t.parts(k)
			if !yield(group, seq) {
				return
			}
			bolt.SeekLast(c, group)
		}
	}
}

// zone is the zone of a group.
func (queueRows) zone(group []byte) byte { return group[len(group)-1] }

// nameRows are the people in the order of their names.
type nameRows struct{ bolt.Table }

// key is the place of a person; nil for nobody. Who has no name comes last, by
// phone.
func (t nameRows) key(id people.ContactID, c *people.Contact) []byte {
	if c.ID == 0 {
		return nil
	}
	return t.appendKey(make([]byte, 0, len(c.Name)+17), id, c)
}

// appendKey appends the key of somebody.
func (nameRows) appendKey(b []byte, id people.ContactID, c *people.Contact) []byte {
	start := len(b)
	if b = people.AppendFold(b, c.Name); len(b) == start {
		b = append(append(append(b, 0xff), c.Phone...), c.LID...)
	}
	return bolt.AppendPart(append(b[:min(len(b), start+200)], 0), id)
}

// whose is the person at a key.
func (nameRows) whose(k []byte) people.ContactID { return fromRow[people.ContactID](k[len(k)-8:]) }

// The first byte of a job's key says whose it is.
const (
	campaignJob byte = 'c'
	peopleJob   byte = 'p'
)

func campaignJobKey(id campaign.ID) []byte { return bolt.AppendPart([]byte{campaignJob}, id) }

func peopleJobKey(n uint64) []byte { return bolt.AppendPart([]byte{peopleJob}, n) }

// stagedRows are what jobs work through, by job and part.
type stagedRows struct{ bolt.Table }

func (stagedRows) key(job []byte, part uint32) []byte {
	return bolt.AppendPart(append(make([]byte, 0, 13), job...), part)
}

// part reads the key of a part of a job.
func (stagedRows) part(job, k []byte) uint32 { return fromRow[uint32](k[len(job):]) }
