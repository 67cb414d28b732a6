package simulator

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waWeb"
	"go.mau.fi/whatsmeow/util/gcmutil"
	"go.mau.fi/whatsmeow/util/hkdfutil"
	"google.golang.org/protobuf/proto"
)

// Poll is what a message asks and lets choose from.
type Poll struct {
	Options []string `json:"options"`
	Choose  int      `json:"choose"` // how many at the most; 0: any number
	Secret  string   `json:"secret"` // with which votes are sealed, in hex
}

// pollIn is the poll that a message is; nil if it is none.
func pollIn(m *waE2E.Message) *Poll {
	p := m.GetPollCreationMessage()
	if p == nil {
		return nil
	}
	poll := &Poll{Choose: int(p.GetSelectableOptionsCount()), Secret: fmt.Sprintf("%x", m.GetMessageContextInfo().GetMessageSecret())}
	for _, o := range p.GetOptions() {
		poll.Options = append(poll.Options, o.GetOptionName())
	}
	return poll
}

// Ballot is how a person votes.
type Ballot struct {
	Options []string  // none: they take back what they had chosen
	At      time.Time // by the clock of their phone; zero: now
	ByPhone bool      // from the address of their phone, and not of their LID
	Asker   bool      // the seal names the phone of the asker, and not their LID
	Quiet   bool      // it does not arrive: the history of our phone alone tells of it
}

// Vote lets a person vote in a poll that they got from one of our numbers. It returns
// the id of the vote.
func (s *Service) Vote(person, own, poll string, b Ballot) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, a, err := s.between(person, own)
	if err != nil {
		return "", err
	}
	return p.vote(a, poll, b)
}

// vote seals a vote with the secret of its poll, as phones do, and sends it.
func (p *phone) vote(a *account, poll string, b Ballot) (id string, err error) {
	secret, got := p.polls[a.phone.lid+" "+poll]
	if !got {
		return "", errors.New("they have no such poll")
	}
	if b.At.IsZero() {
		b.At = time.Now().Add(p.s.skew)
	}
	asker, voter, attrs := a.phone.lidJID(), p.lidJID(), wire.Attrs{"type": "poll"}
	if b.Asker {
		asker = a.phone.pnJID()
	}
	if b.ByPhone {
		voter = p.pnJID()
		attrs["from"], attrs["sender_lid"], attrs["addressing_mode"] = p.pnJID(), p.lidJID(), "pn"
	}
	vote := new(waE2E.PollVoteMessage)
	for _, o := range b.Options {
		sum := sha256.Sum256([]byte(o))
		vote.SelectedOptions = append(vote.SelectedOptions, sum[:])
	}
	plain, err := proto.Marshal(vote)
	if err != nil {
		return "", fmt.Errorf("seal a vote: %w", err)
	}
	id = p.s.nextID()
	nonce := sha256.Sum256([]byte("recado nonce " + id))
	key := hkdfutil.SHA256(secret, nil, []byte(poll+asker.String()+voter.String()+"Poll Vote"), 32)
	sealed, err := gcmutil.Encrypt(key, nonce[:12], plain, []byte(poll+"\x00"+voter.String()))
	if err != nil {
		return "", fmt.Errorf("seal a vote: %w", err)
	}
	of := &waCommon.MessageKey{RemoteJID: proto.String(asker.String()), FromMe: proto.Bool(false), ID: &poll}
	a.count(p.who, poll, &waWeb.PollUpdate{
		PollUpdateMessageKey: &waCommon.MessageKey{RemoteJID: proto.String(voter.String()), FromMe: proto.Bool(false), ID: &id},
		Vote:                 vote, SenderTimestampMS: proto.Int64(b.At.UnixMilli()), ServerTimestampMS: proto.Int64(time.Now().Add(p.s.skew).UnixMilli()),
	})
	if !b.Quiet {
		p.deliver(a, id, &waE2E.Message{PollUpdateMessage: &waE2E.PollUpdateMessage{
			PollCreationMessageKey: of, Vote: &waE2E.PollEncValue{EncPayload: sealed, EncIV: nonce[:12]},
			SenderTimestampMS: proto.Int64(b.At.UnixMilli()),
		}}, attrs)
	}
	return id, nil
}

// count keeps a vote with its poll, for the history that the phone tells later.
func (a *account) count(with *Person, poll string, vote *waWeb.PollUpdate) {
	for i, m := range a.talk[with.LID] {
		if m.GetMessage().GetKey().GetID() == poll { // what was told already stays as it is
			told := proto.CloneOf(m)
			told.Message.PollUpdates = append(told.Message.PollUpdates, vote)
			a.talk[with.LID] = slices.Clone(a.talk[with.LID])
			a.talk[with.LID][i] = told
		}
	}
}

// choose is the option that a person chooses by chance.
func (p *phone) choose(poll *Poll, number, id string) []string {
	return poll.Options[p.s.world.dice("vote", p.lid, number, id).IntN(len(poll.Options)):][:1]
}
