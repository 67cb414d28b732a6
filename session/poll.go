package session

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/gcmutil"
	"go.mau.fi/whatsmeow/util/hkdfutil"
	"google.golang.org/protobuf/proto"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

// A vote in a poll of ours is an answer with the words of an option. It is sealed
// with the secret of the poll, which the book keeps: the device store has it too,
// but forgets it with the link and with time. The addresses of both sides are part of
// the seal, and nobody says whether they were the LIDs or the phones.

// errNoPoll is the error of a poll that lacks its secret or its options: it must
// not leave as bare text.
var errNoPoll = reason.Err(reason.PollMissing)

// pollOf is the message of a delivery that is a poll. The first form of polls is the
// one that the library sends as one.
func pollOf(d campaign.Delivery, about *waE2E.ContextInfo) (*waE2E.Message, error) {
	if len(d.Poll) == 0 || len(d.Secret) == 0 {
		return nil, errNoPoll
	}
	options := make([]*waE2E.PollCreationMessage_Option, len(d.Poll))
	for i := range d.Poll {
		options[i] = &waE2E.PollCreationMessage_Option{OptionName: proto.String(d.Poll[i])}
	}
	return &waE2E.Message{
		PollCreationMessage: &waE2E.PollCreationMessage{
			Name: proto.String(d.Text), Options: options, SelectableOptionsCount: proto.Uint32(1), ContextInfo: about,
		},
		MessageContextInfo: &waE2E.MessageContextInfo{MessageSecret: d.Secret},
	}, nil
}

// longestVote is more than the seal of any vote has, in bytes.
const longestVote = 4096

// vote opens a vote and is what it says, as an answer to the poll; not ok if that is
// none that this number sent to that person, or if the vote makes no sense.
func (c *client) vote(info types.MessageInfo, from people.Seen, v *waE2E.PollUpdateMessage) (s saying, ok bool, err error) {
	id := v.GetPollCreationMessageKey().GetID()
	poll, ok, err := c.number.pool.book.Poll(c.number.id, from, campaign.MessageID(id))
	if !ok || err != nil {
		return s, false, err
	}
	opened := c.unseal(&poll, from, v.GetVote())
	if opened == nil {
		c.number.log.Warn("a vote cannot be opened", "message", info.ID, "poll", id)
		return s, false, nil
	}
	s, ok = voted(&poll, opened, voteTime(v.GetSenderTimestampMS(), info.Timestamp))
	return s, ok, nil
}

// unseal opens the seal of a vote; nil if it cannot be opened.
func (c *client) unseal(poll *campaign.Delivery, from people.Seen, sealed *waE2E.PollEncValue) *waE2E.PollVoteMessage {
	if len(sealed.GetEncIV()) != nonceSize || len(sealed.GetEncPayload()) > longestVote {
		return nil
	}
	ours := []types.JID{types.NewJID(c.lid, types.HiddenUserServer), c.jid, addressOf(c.number.look().number.Phone)}
	var theirs []types.JID
	if from.LID != "" {
		theirs = append(theirs, types.NewJID(from.LID, types.HiddenUserServer))
	}
	if from.Phone != "" {
		theirs = append(theirs, addressOf(from.Phone))
	}
	for _, voter := range theirs {
		for _, asker := range ours {
			if plain, err := openVote(poll, asker, voter, sealed); err == nil {
				opened := new(waE2E.PollVoteMessage)
				if proto.Unmarshal(plain, opened) != nil {
					return nil
				}
				return opened
			}
		}
	}
	return nil
}

func openVote(poll *campaign.Delivery, asker, voter types.JID, sealed *waE2E.PollEncValue) ([]byte, error) {
	id, who := string(poll.Message), voter.String()
	key := hkdfutil.SHA256(poll.Secret, nil, []byte(id+asker.ToNonAD().String()+who+string(whatsmeow.EncSecretPollVote)), 32)
	return gcmutil.Decrypt(key, sealed.GetEncIV(), sealed.GetEncPayload(), []byte(id+"\x00"+who))
}

// voteTime is when somebody voted, by the clock of their phone: it orders their votes.
// One that is fast must not keep their later ones from counting.
func voteTime(milliseconds int64, heard time.Time) time.Time {
	if at := time.UnixMilli(milliseconds); milliseconds > 0 && at.Before(heard.Add(campaign.ClockSlack)) {
		return at
	}
	return heard
}

// voted is what a vote says; not ok if an option that it chooses is none. Several at
// once are words and no vote: no phone sends them, and one may be a no.
func voted(poll *campaign.Delivery, v *waE2E.PollVoteMessage, at time.Time) (s saying, ok bool) {
	if len(v.GetSelectedOptions()) > len(poll.Poll) {
		return s, false
	}
	var texts []string
	vote := &campaign.Vote{At: at}
	for _, hash := range v.GetSelectedOptions() {
		i := slices.IndexFunc(poll.Poll, func(option string) bool {
			sum := sha256.Sum256([]byte(option))
			return bytes.Equal(sum[:], hash)
		})
		if i < 0 {
			return s, false
		}
		vote.Option = uint8(i + 1)
		texts = append(texts, poll.Poll[i])
	}
	if len(texts) > 1 {
		vote = nil
	}
	return saying{text: strings.Join(texts, "\n"), quoted: poll.Message, vote: vote}, true
}

// ballots are the votes of the other side of a conversation that the history of our
// phone tells with a poll of ours, opened.
func (c *client) ballots(from people.Seen, chat *waHistorySync.Conversation) (votes []campaign.Incoming, err error) {
	for _, m := range chat.GetMessages() {
		one := m.GetMessage()
		if !one.GetKey().GetFromMe() || len(one.GetPollUpdates()) == 0 {
			continue
		}
		poll, ok, err := c.number.pool.book.Poll(c.number.id, from, campaign.MessageID(one.GetKey().GetID()))
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		for _, u := range one.GetPollUpdates() {
			if u.GetPollUpdateMessageKey().GetFromMe() || u.GetVote() == nil {
				continue
			}
			heard := c.whenever(uint64(max(cmp.Or(u.GetServerTimestampMS(), u.GetSenderTimestampMS())/1000, 0)), chat)
			if s, ok := voted(&poll, u.GetVote(), voteTime(u.GetSenderTimestampMS(), heard)); ok {
				votes = append(votes, campaign.Incoming{
					From: from, ID: campaign.MessageID(u.GetPollUpdateMessageKey().GetID()), Text: s.text, Quoted: s.quoted, Vote: s.vote,
					Past: true, At: heard,
				})
			}
		}
	}
	return votes, nil
}
