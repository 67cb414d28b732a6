package session

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mau.fi/util/jsontime"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/proto/waSyncAction"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
	"recado/store"
	"recado/store/device"
)

// hostileTexts are what nobody should write, or be called.
func hostileTexts() []string {
	return []string{
		"", "\x00", "-", " \t\n ", "SAIR\x1b[2J", "\x1b]0;title\a\x9b31m", "\xff\xfe\xf0\x28\x8c", "a\xc3",
		"\u202egnol.exe", "\u200d\u200b\ufeff", "=cmd|' /C calc'!A0", "%s%n%d", "{{nome}}", "\xed\xa0\x80",
		strings.Repeat("a\u0301", 40_000), strings.Repeat("\x00", 70_000), strings.Repeat("x", 1<<20),
	}
}

// hostileJIDs are addresses that no person has, and some that one may have.
func hostileJIDs() []types.JID {
	var jids []types.JID
	for _, user := range append(hostileTexts(), "5511987654321", "0", "-1", "+55", "١٢٣", "55 11", "1:2", "1_2", strings.Repeat("9", 400)) {
		for _, server := range []string{
			types.DefaultUserServer, types.HiddenUserServer, types.GroupServer, types.BroadcastServer,
			types.NewsletterServer, types.HostedServer, types.BotServer, "", "example.org", "\x00",
		} {
			jids = append(jids, types.JID{User: user, Server: server}, types.JID{User: user, Server: server, Device: math.MaxUint16, RawAgent: 255})
		}
	}
	return jids
}

func hostileTimes() []time.Time {
	return []time.Time{
		{}, time.Unix(0, 0), time.Unix(-1, 0), time.Unix(math.MaxInt64, 0), time.Unix(math.MinInt64, 0),
		time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
	}
}

// hostileMessages are messages with holes in every place that is looked at.
func hostileMessages(text string) []*waE2E.Message {
	edit := waE2E.ProtocolMessage_MESSAGE_EDIT.Enum()
	deep := &waE2E.Message{Conversation: proto.String(text)}
	for range 1000 {
		deep = &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{Type: edit, EditedMessage: deep}}
	}
	return []*waE2E.Message{
		nil, {}, {Conversation: proto.String(text)}, {ExtendedTextMessage: new(waE2E.ExtendedTextMessage)},
		{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String(text), ContextInfo: new(waE2E.ContextInfo)}},
		{ImageMessage: new(waE2E.ImageMessage)}, {VideoMessage: &waE2E.VideoMessage{Caption: proto.String(text)}},
		{DocumentMessage: new(waE2E.DocumentMessage)}, {AudioMessage: new(waE2E.AudioMessage)},
		{ProtocolMessage: new(waE2E.ProtocolMessage)}, {ProtocolMessage: &waE2E.ProtocolMessage{Type: edit}},
		{ProtocolMessage: &waE2E.ProtocolMessage{Type: edit, EditedMessage: new(waE2E.Message)}},
		{ProtocolMessage: &waE2E.ProtocolMessage{HistorySyncNotification: new(waE2E.HistorySyncNotification)}},
		{ContactsArrayMessage: new(waE2E.ContactsArrayMessage)}, deep,
	}
}

// hostileEvents are those that are about people: every text, address, time
// and message in turn, the others being usual.
func hostileEvents() []any {
	usual, now := types.NewJID("5511987654321", types.DefaultUserServer), time.Unix(1_800_000_000, 0)
	text := &waE2E.Message{Conversation: proto.String("oi")}
	var list []any
	about := func(jid, other types.JID, name string, at time.Time, m *waE2E.Message, id string) {
		for _, own := range []bool{false, true} {
			source := types.MessageSource{Chat: jid, Sender: jid, SenderAlt: other, IsFromMe: own}
			list = append(list, &events.Message{Info: types.MessageInfo{MessageSource: source, ID: id, PushName: name, Timestamp: at}, Message: m})
			for _, kind := range []types.ReceiptType{types.ReceiptTypeDelivered, types.ReceiptTypeRead, types.ReceiptTypeRetry, types.ReceiptType(name)} {
				list = append(list, &events.Receipt{MessageSource: source, MessageIDs: []types.MessageID{id, "", id}, Timestamp: at, Type: kind})
			}
		}
		list = append(list,
			&events.PushName{JID: jid, JIDAlt: other, NewPushName: name},
			&events.BusinessName{JID: jid, NewBusinessName: name},
			&events.Contact{JID: jid, Timestamp: at, Action: &waSyncAction.ContactAction{
				FullName: proto.String(name), LidJID: proto.String(other.String()), PnJID: proto.String(name),
			}},
			&events.Contact{JID: jid}, &events.UndecryptableMessage{Info: types.MessageInfo{ID: id}})
	}
	for _, s := range hostileTexts() {
		about(usual, types.EmptyJID, s, now, text, s)
		for _, m := range hostileMessages(s) {
			about(usual, types.EmptyJID, "Ana", now, m, "A1")
		}
	}
	for _, jid := range hostileJIDs() {
		about(jid, types.EmptyJID, "Ana", now, text, "A2")
		about(usual, jid, "Ana", now, text, "A3")
		about(types.NewJID("100000000000001", types.HiddenUserServer), jid, "Ana", now, text, "A4")
	}
	for _, at := range hostileTimes() {
		about(usual, types.EmptyJID, "Ana", at, text, "A5")
	}
	many := make([]types.MessageID, 20_000)
	for i := range many {
		many[i] = strings.Repeat("F", i%100)
	}
	list = append(list,
		&events.Receipt{MessageSource: types.MessageSource{Chat: usual, Sender: usual}, MessageIDs: many, Type: types.ReceiptTypeRead},
		&events.Receipt{MessageSource: types.MessageSource{Chat: usual, Sender: usual}},
		&events.Message{}, &events.Receipt{}, &events.PushName{}, &events.BusinessName{}, &events.Contact{},
		&events.AppStateSyncComplete{}, &events.AppStateSyncError{}, &events.UndecryptableMessage{}, nil, 7, "event")
	return list
}

// hostileConnectionEvents are the events about the connection that the number weighs.
func hostileConnectionEvents() []any {
	list := []any{
		&events.StreamError{}, &events.ConnectFailure{}, &events.TemporaryBan{}, &events.KeepAliveTimeout{ErrorCount: -1},
		&events.OfflineSyncPreview{Total: math.MinInt}, &events.OfflineSyncPreview{Total: math.MaxInt}, &events.OfflineSyncCompleted{Count: -1},
		&events.KeepAliveRestored{}, &events.NotifyAccountReachoutTimelock{}, &events.NotifyAccountReachoutTimelock{IsActive: true},
		&events.QR{}, &events.RotateADVSecret{}, &events.PairError{}, &events.PairSuccess{}, &events.PairPasskeyError{},
	}
	for _, s := range hostileTexts() {
		list = append(list, &events.StreamError{Code: s}, &events.ConnectFailure{Reason: math.MinInt, Message: s})
	}
	for _, d := range []time.Duration{math.MinInt64, -1, 1, math.MaxInt64} {
		list = append(list, &events.TemporaryBan{Code: math.MinInt, Expire: d})
	}
	for _, at := range hostileTimes() {
		list = append(list, &events.NotifyAccountReachoutTimelock{IsActive: true, TimeEnforcementEnds: jsontime.UnixString{Time: at}})
	}
	return list
}

// stumbles is a log that counts the panics that were caught.
type stumbles struct {
	slog.Handler
	mu    *sync.Mutex
	stack *[]string
}

func newStumbles() stumbles {
	return stumbles{testLog().Handler(), new(sync.Mutex), new([]string)}
}

func (s stumbles) Enabled(context.Context, slog.Level) bool { return true }
func (s stumbles) WithAttrs(a []slog.Attr) slog.Handler {
	return stumbles{s.Handler.WithAttrs(a), s.mu, s.stack}
}
func (s stumbles) Handle(ctx context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "stumbled") || strings.Contains(r.Message, "panic") {
		text := r.Message
		r.Attrs(func(a slog.Attr) bool { text += "\n" + a.String(); return true })
		s.mu.Lock()
		*s.stack = append(*s.stack, text)
		s.mu.Unlock()
	}
	return s.Handler.Handle(ctx, r)
}

// taken returns what was counted and begins again.
func (s stumbles) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := *s.stack
	*s.stack = nil
	return list
}

// withBook opens the pool again, on another book.
func (r *rig) withBook(book Book, logger *slog.Logger) {
	r.Helper()
	if err := r.pool.Close(); err != nil {
		r.Fatal(err)
	}
	root := simulator.RootKey()
	var err error
	r.pool, err = Open(r.Context(), Config{
		Devices: r.devices, Book: book, Bell: r.bell, Logger: logger, HTTP: r.service.HTTPClient, RootKey: &root,
	})
	if err != nil {
		r.Fatal(err)
	}
	r.pool.Start()
}

// readable fails the test if something in the book cannot be read.
func readable(t testing.TB, book *store.Book) {
	t.Helper()
	ids, err := book.Find(t.Context(), people.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	people, err := book.ContactsByID(ids)
	count, failed := book.ContactCount()
	if err := errors.Join(err, failed, book.Err()); err != nil || len(people) != count {
		t.Fatalf("%d of %d contacts can be read: %v", len(people), count, err)
	}
}

func TestHostileEventsAreHeardAndHarmNothing(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		log := newStumbles()
		id, phone := r.linked("loja")
		r.withBook(r.book, slog.New(log))
		r.awaitState(id, campaign.Online)
		l := r.pool.known(id).look().client
		begun := time.Now()
		for _, e := range hostileEvents() {
			if !l.hear(e) {
				r.Errorf("it would come forever: %.300v", e)
			}
			if len(log.taken()) > 0 {
				r.Errorf("a panic: %.300v", e)
			}
		}
		if took := time.Since(begun); took > 0 {
			r.Errorf("the handlers waited for %v", took)
		}
		readable(t, r.book.Book)
		person := r.someone(0)
		if _, err := r.service.Say(person.Phone, phone, "SAIR"); err != nil {
			r.Fatal(err)
		}
		time.Sleep(time.Minute)
		if c, err := r.book.ContactByPhone(people.Phone(person.Phone)); err != nil || !c.OptedOut {
			r.Errorf("who writes afterwards is not heard: %+v, %v", c, err)
		}
		if caught := log.taken(); len(caught) > 0 {
			r.Errorf("panics: %.2000q", caught)
		}
		r.restart()
		r.awaitState(id, campaign.Online)
		readable(t, r.book.Book)
	})
}

func TestHostileTidingsNeverStopANumber(t *testing.T) {
	inBubble(t, simulator.Config{}, func(r *rig) {
		log := newStumbles()
		id, _ := r.linked("loja")
		r.withBook(r.book, slog.New(log))
		n := r.pool.known(id)
		for _, event := range hostileConnectionEvents() {
			r.awaitUp(id)
			n.look().client.hear(event)
			time.Sleep(time.Second)
			if caught := log.taken(); len(caught) > 0 {
				r.Errorf("%T: %.2000q", event, caught)
			}
			n.show(func(v *view) { v.until = time.Time{} }) // a ban is waited for otherwise
			r.pool.Reconnect(id)
		}
		r.awaitUp(id)
		if kept, err := r.book.Number(id); err != nil || !kept.Linked() {
			r.Errorf("the book says linked %v, %v", kept.Linked(), err)
		}
	})
}

// FuzzHear lets a link hear one event of everything in turn.
func FuzzHear(f *testing.F) {
	f.Add(uint8(0), "5511987654321", types.DefaultUserServer, "100000000000001@lid", "Ana", []byte("\x0a\x02oi"), int64(1_800_000_000))
	f.Add(uint8(1), "", "", "@", "\x00", []byte{0xff}, int64(0))
	for i, s := range hostileTexts() {
		m, _ := proto.Marshal(hostileMessages("x")[i%14]) // nil and short ones are short
		f.Add(uint8(i), "1"+s[:min(len(s), 99)], types.HiddenUserServer, s, s, m, int64(4_102_444_800*(i-5)))
	}
	l, book, log := deaf(f)
	f.Fuzz(func(t *testing.T, kind uint8, user, server, other, name string, data []byte, unix int64) {
		jid, at := types.JID{User: user, Server: server, Device: uint16(kind)}, time.Unix(unix, 0)
		alt, _ := types.ParseJID(other)
		m, history, action := new(waE2E.Message), new(waHistorySync.HistorySync), new(waSyncAction.ContactAction)
		for _, into := range []proto.Message{m, history, action} {
			_ = proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(data, into) // what could be read of it
		}
		source := types.MessageSource{Chat: jid, Sender: jid, SenderAlt: alt}
		for _, e := range []any{
			&events.Message{Info: types.MessageInfo{MessageSource: source, PushName: name, Timestamp: at, ID: other}, Message: m},
			&events.Receipt{MessageSource: source, MessageIDs: []types.MessageID{name, user}, Timestamp: at, Type: types.ReceiptType(server)},
			&events.Receipt{MessageSource: source, MessageIDs: strings.Split(other, "0"), Timestamp: at},
			&events.Contact{JID: jid, Action: action}, &events.PushName{JID: jid, JIDAlt: alt, NewPushName: name},
			&events.BusinessName{JID: jid, NewBusinessName: name},
		} {
			if !l.hear(e) {
				t.Errorf("%T would come forever", e)
			}
		}
		l.saw(l.past(t.Context(), history)...)
		l.saw(l.merge(map[types.JID]types.ContactInfo{jid: {FullName: name}, alt: {PushName: other}})...)
		if caught := log.taken(); len(caught) > 0 {
			t.Errorf("panics: %s", strings.Join(caught, "\n"))
		}
		readable(t, book)
	})
}

// deaf makes a link that can hear on real files, and has no service.
func deaf(f *testing.F) (*client, *store.Book, stumbles) {
	log := newStumbles()
	book, err := store.Open(filepath.Join(f.TempDir(), "book.db"), store.Options{Kind: store.Demo})
	if err != nil {
		f.Fatal(err)
	}
	keys, err := device.Open(filepath.Join(f.TempDir(), "devices.db"))
	if err != nil {
		f.Fatal(err)
	}
	record, err := desk(book).AddNumber("loja")
	if err != nil {
		f.Fatal(err)
	}
	root := simulator.RootKey()
	nowhere := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("there is no service")
	}}}
	pool, err := Open(f.Context(), Config{
		Devices: keys, Book: book, Logger: slog.New(log), HTTP: func() *http.Client { return nowhere }, RootKey: &root,
	})
	if err != nil {
		f.Fatal(err)
	}
	l := newClient(pool.known(record.ID), keys.NewDevice())
	f.Cleanup(func() {
		l.drop(false)
		if err := errors.Join(pool.Close(), keys.Close(), book.Close()); err != nil {
			f.Error(err)
		}
	})
	return l, book, log
}

func TestNamesAreFitForTheBook(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"Ana", "Ana"}, {"", ""}, {"\xffAna\xf0", "Ana"}, {"\xff", ""},
		{strings.Repeat("é", 1<<19), strings.Repeat("é", longestName/2)},
		{"x" + strings.Repeat("é", 1<<19), "x" + strings.Repeat("é", longestName/2-1)},
	} {
		if got := fitting(c.name); got != c.want {
			t.Errorf("%.20q: %.20q of %d bytes, want %.20q of %d", c.name, got, len(got), c.want, len(c.want))
		}
	}
}

// stumblingBook panics in what it is told to, for one number.
type stumblingBook struct {
	*faultyBook
	number campaign.NumberID

	mu     sync.Mutex
	method string // that panics; empty: none
	passed map[string]int
}

func (b *stumblingBook) stumble(method string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.method, b.passed = method, make(map[string]int)
}

func (b *stumblingBook) called(number campaign.NumberID, method string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if number != b.number {
		return
	}
	if method == b.method {
		panic("the book stumbles over " + method)
	}
	b.passed[method]++
}

func (b *stumblingBook) calls(method string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.passed[method]
}

func (b *stumblingBook) Heard(n campaign.NumberID, messages ...campaign.Incoming) error {
	b.called(n, "Heard")
	return b.faultyBook.Heard(n, messages...)
}

func (b *stumblingBook) Receipt(n campaign.NumberID, from people.Seen, ids []campaign.MessageID, s campaign.State, at time.Time) ([]campaign.MessageID, error) {
	b.called(n, "Receipt")
	return b.faultyBook.Receipt(n, from, ids, s, at)
}

func (b *stumblingBook) Receipts(all []campaign.Receipt) ([][]campaign.MessageID, error) {
	for _, r := range all {
		b.called(r.Number, "Receipt")
	}
	return b.faultyBook.Receipts(all)
}

func (b *stumblingBook) Saw(n campaign.NumberID, people []people.Seen) error {
	b.called(n, "Saw")
	return b.faultyBook.Saw(n, people)
}

func (b *stumblingBook) LinkNumber(n campaign.NumberID, phone people.Phone, jid string, at time.Time) (campaign.Number, error) {
	b.called(n, "LinkNumber")
	return b.faultyBook.LinkNumber(n, phone, jid, at)
}

func (b *stumblingBook) SetStanding(n campaign.NumberID, s campaign.Standing) error {
	b.called(n, "SetStanding")
	return b.faultyBook.SetStanding(n, s)
}

func (b *stumblingBook) UnlinkNumber(n campaign.NumberID, s campaign.Standing) error {
	b.called(n, "UnlinkNumber")
	return b.faultyBook.UnlinkNumber(n, s)
}

// stumbling opens the pool again on a book that can stumble over a number.
func (r *rig) stumbling(id campaign.NumberID) (*stumblingBook, stumbles) {
	r.Helper()
	log := newStumbles()
	book := &stumblingBook{faultyBook: r.book, number: id, passed: make(map[string]int)}
	r.withBook(book, slog.New(log))
	return book, log
}

// hears fails the test unless a number hears and sends.
func (r *rig) hears(id campaign.NumberID, phone string, since time.Time) {
	r.Helper()
	if s := r.snapshot(id); s.State != campaign.Online || s.Since.After(since) {
		r.Errorf("the other number is %v since %v", s.State, s.Since)
	}
	before, person := len(r.book.texts()), r.someone(1)
	if _, err := r.service.Say(person.Phone, phone, "oi"); err != nil {
		r.Fatal(err)
	}
	time.Sleep(time.Minute)
	if got := r.book.texts(); len(got) != before+1 || got[before].Text != "oi" {
		r.Errorf("the other number heard %+v", got[before:])
	}
	if o := r.pool.Sender(id).Send(r.Context(), r.delivery(id, person, "olá")); o.Kind != campaign.Accepted {
		r.Errorf("the other number sends: %+v", o)
	}
}

func TestPanicOverAnIncomingTextLosesNothing(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		a, phone := r.linked("a")
		b, other := r.linked("b")
		book, log := r.stumbling(a)
		r.awaitState(a, campaign.Online)
		since := r.awaitState(b, campaign.Online).Since
		person := r.someone(0)
		book.stumble("Heard")
		if _, err := r.service.Say(person.Phone, phone, "SAIR"); err != nil {
			r.Fatal(err)
		}
		time.Sleep(time.Minute)
		if caught := log.taken(); len(caught) == 0 {
			r.Fatal("nothing stumbled")
		}
		r.hears(b, other, since)
		book.stumble("")
		r.own(phone).Drop()
		r.awaitState(a, campaign.Offline)
		r.awaitState(a, campaign.Online)
		if n := book.calls("Heard"); n != 1 {
			r.Errorf("heard %d times afterwards, want once", n)
		}
		if c, err := r.book.ContactByPhone(people.Phone(person.Phone)); err != nil || !c.OptedOut {
			r.Errorf("their opt-out is lost: %+v, %v", c, err)
		}
	})
}

func TestPanicOverAReceiptLosesNothing(t *testing.T) {
	inBubble(t, simulator.Config{People: 3, Reads: 1}, func(r *rig) {
		a, phone := r.linked("a")
		b, other := r.linked("b")
		book, log := r.stumbling(a)
		r.awaitState(a, campaign.Online)
		since := r.awaitState(b, campaign.Online).Since
		book.stumble("Receipt")
		if o := r.pool.Sender(a).Send(r.Context(), r.delivery(a, r.someone(0), "olá")); o.Kind != campaign.Accepted {
			r.Fatalf("%+v, want accepted", o)
		}
		time.Sleep(time.Minute)
		if caught := log.taken(); len(caught) == 0 {
			r.Fatal("nothing stumbled")
		}
		r.hears(b, other, since)
		book.stumble("")
		r.own(phone).Drop()
		r.awaitState(a, campaign.Offline)
		r.awaitState(a, campaign.Online)
		time.Sleep(time.Minute)
		if n := book.calls("Receipt"); n < 2 { // delivered and read
			r.Errorf("%d receipts came again, want 2", n)
		}
	})
}

// names are how many people have a name from the address book.
func (r *rig) names() (n int) {
	r.Helper()
	ids, err := r.book.Find(r.Context(), people.Filter{})
	if err != nil {
		r.Fatal(err)
	}
	found, err := r.book.ContactsByID(ids)
	if err != nil {
		r.Fatal(err)
	}
	for _, c := range found {
		if c.NameSource == people.AddressBook {
			n++
		}
	}
	return n
}

func TestPeopleTheBookStumbledOverComeWithTheNextConnection(t *testing.T) {
	for _, restart := range []bool{false, true} {
		inBubble(t, simulator.Config{Seed: 7, People: 60}, func(r *rig) {
			id := r.add("loja")
			book, log := r.stumbling(id)
			book.stumble("Saw")
			phone := r.scan(id, "")
			r.awaitState(id, campaign.Online)
			time.Sleep(time.Minute)
			if caught := log.taken(); len(caught) == 0 || r.names() > 0 {
				r.Fatalf("%d panics, %d names", len(caught), r.names())
			}
			book.stumble("")
			if restart {
				r.restart()
			} else {
				r.own(phone).Drop()
				r.awaitState(id, campaign.Offline)
			}
			r.await(id, "online with contacts", func(s Snapshot) bool { return s.State == campaign.Online && s.Contacts })
			time.Sleep(time.Minute)
			if r.names() == 0 {
				r.Errorf("restart %v: the address book is lost", restart)
			}
		})
	}
}

func TestPanicWhileLinkingEndsTheLinkingAlone(t *testing.T) {
	inBubble(t, simulator.Config{People: 3}, func(r *rig) {
		b, other := r.linked("b")
		a := r.add("a")
		book, log := r.stumbling(a)
		since := r.awaitState(b, campaign.Online).Since
		book.stumble("LinkNumber")
		if err := r.pool.Link(a); err != nil {
			r.Fatal(err)
		}
		if _, err := r.service.Scan(r.awaitCode(a).QR); err == nil {
			r.Error("the phone believes in a link that the book does not have")
		}
		if s := r.awaitState(a, campaign.Unlinked); s.Reason.IsZero() || len(log.taken()) == 0 {
			r.Error("nobody is told")
		}
		r.hears(b, other, since)
		book.stumble("")
		r.scan(a, "")
		r.awaitState(a, campaign.Online)
	})
}

func TestPanicOverAStandingStopsNobody(t *testing.T) {
	for _, c := range []struct {
		method string
		do     func(*rig, string)
		want   campaign.NumberState
	}{
		{"SetStanding", func(r *rig, phone string) { r.own(phone).End("", "replaced") }, campaign.Online},
		{"UnlinkNumber", func(r *rig, phone string) { r.own(phone).Logout() }, campaign.LoggedOut},
	} {
		inBubble(t, simulator.Config{People: 3}, func(r *rig) {
			a, phone := r.linked("a")
			b, other := r.linked("b")
			book, log := r.stumbling(a)
			r.awaitState(a, campaign.Online)
			since := r.awaitState(b, campaign.Online).Since
			book.stumble(c.method)
			c.do(r, phone)
			time.Sleep(time.Minute)
			if caught := log.taken(); len(caught) == 0 {
				r.Fatalf("%s: nothing stumbled", c.method)
			}
			r.hears(b, other, since)
			book.stumble("")
			r.pool.Reconnect(a)
			r.awaitState(a, c.want)
		})
	}
}
