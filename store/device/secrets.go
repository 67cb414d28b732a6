package device

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"recado/store/bolt"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// secretLife is how long a message secret is kept: reactions, edits and votes that come later
// cannot be read.
const secretLife = 90 * 24 * time.Hour

// PutMessageSecrets stores the secrets of messages. The first one of a message stays; incomplete
// ones are skipped.
func (s *stores) PutMessageSecrets(_ context.Context, inserts []store.MessageSecretInsert) error {
	now := time.Now().UnixMilli()
	return s.updateBehind(func(r rows) error {
		for _, in := range inserts {
			if in.Chat.IsEmpty() || in.Sender.IsEmpty() || in.ID == "" || len(in.Secret) == 0 {
				continue
			}
			key := joinKey(in.Chat.ToNonAD().String(), in.Sender.ToNonAD().String(), in.ID)
			if r.get(tableSecrets, key) != nil {
				continue
			}
			if err := r.put(tableSecrets, key, bytes.Clone(in.Secret)); err != nil {
				return err
			}
			if err := r.put(tableSecretTimes, timeKey(now, key), nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// PutMessageSecret stores the secret of a message unless there is one.
func (s *stores) PutMessageSecret(ctx context.Context, chat, sender types.JID, id types.MessageID, secret []byte) error {
	return s.PutMessageSecrets(ctx, []store.MessageSecretInsert{{Chat: chat, Sender: sender, ID: id, Secret: secret}})
}

// GetMessageSecret answers the secret of a message and the sender under which it is stored. Chat
// and sender are each looked for by phone and by LID. It answers nil and an empty JID if there is
// none.
func (s *stores) GetMessageSecret(
	_ context.Context, chat, sender types.JID, id types.MessageID,
) (secret []byte, stored types.JID, err error) {
	chats, chatErr := s.spellings(chat)
	senders, senderErr := s.spellings(sender)
	if err := errors.Join(chatErr, senderErr); err != nil {
		return nil, types.EmptyJID, err
	}
	err = s.viewBehind(func(r rows) (err error) {
		for _, c := range chats {
			for _, from := range senders {
				if row := r.get(tableSecrets, joinKey(c, from, id)); row != nil {
					secret = bytes.Clone(row)
					stored, err = types.ParseJID(from)
					return err
				}
			}
		}
		return nil
	})
	return secret, stored, err
}

// token is a privacy token as it is stored.
type token struct {
	at, sent int64 // Unix seconds; sent is 0 if it was never sent
	value    []byte
}

func (t token) encode() []byte {
	row := appendInt64(appendInt64(make([]byte, 0, 16+len(t.value)), t.at), t.sent)
	return append(row, t.value...)
}

func decodeToken(row []byte) (t token, err error) {
	if len(row) < 16 {
		return t, bolt.ErrRecord
	}
	t.at, row = takeInt64(row)
	t.sent, row = takeInt64(row)
	t.value = bytes.Clone(row)
	return t, nil
}

// PutPrivacyTokens stores tokens unless a newer one of the same person is there. A sender timestamp
// that is not set, and 1970 is not, leaves the one that is there.
func (s *stores) PutPrivacyTokens(_ context.Context, tokens ...store.PrivacyToken) error {
	if err := s.alive(); err != nil {
		return err
	}
	return s.account.writeBehind(func(r rows) error {
		for _, t := range tokens {
			if t.User.IsEmpty() {
				return fmt.Errorf("save privacy token: %w", errEmptyJID)
			}
			fresh := token{at: t.Timestamp.Unix(), sent: max(0, t.SenderTimestamp.Unix()), value: t.Token}
			if err := putToken(r, []byte(t.User.ToNonAD().String()), fresh); err != nil {
				return err
			}
		}
		return nil
	})
}

func putToken(r rows, key []byte, fresh token) error {
	if row := r.get(tableTokens, key); row != nil {
		old, err := decodeToken(row)
		if err != nil || fresh.at < old.at {
			return err
		}
		if fresh.sent == 0 {
			fresh.sent = old.sent
		}
		if err := r.delete(tableTokenTimes, timeKey(old.at, key)); err != nil {
			return err
		}
	}
	if err := r.put(tableTokens, key, fresh.encode()); err != nil {
		return err
	}
	return r.put(tableTokenTimes, timeKey(fresh.at, key), nil)
}

// alive is nil while the device is linked: privacy tokens outlive the link, but not for its handles.
func (s *stores) alive() error {
	if s.unpaired {
		return ErrNotPaired
	}
	return s.read(func(rows) error { return nil })
}

// GetPrivacyToken answers the newest token of a person, looked for by phone and by LID, as that of
// the JID that was asked for. It answers nil if there is none.
func (s *stores) GetPrivacyToken(_ context.Context, user types.JID) (out *store.PrivacyToken, err error) {
	if err := s.alive(); err != nil {
		return nil, err
	}
	names, err := s.spellings(user)
	if err != nil {
		return nil, err
	}
	err = s.account.readBehind(func(r rows) error {
		for _, name := range names {
			row := r.get(tableTokens, []byte(name))
			if row == nil {
				continue
			}
			t, err := decodeToken(row)
			if err != nil {
				return err
			}
			if at := time.Unix(t.at, 0); out == nil || at.After(out.Timestamp) {
				out = &store.PrivacyToken{User: user.ToNonAD(), Token: t.value, Timestamp: at, SenderTimestamp: unixTime(t.sent)}
			}
		}
		return nil
	})
	return out, err
}

// DeleteExpiredPrivacyTokens deletes the tokens from before cutoff and answers how many they were.
func (s *stores) DeleteExpiredPrivacyTokens(_ context.Context, cutoff time.Time) (deleted int64, err error) {
	if err := s.alive(); err != nil {
		return 0, err
	}
	if err := s.c.db.Flush(); err != nil {
		return 0, err
	}
	err = s.account.write(func(r rows) (err error) {
		deleted, err = deleteOlder(r, tableTokens, tableTokenTimes, cutoff.Unix())
		return err
	})
	return deleted, err
}

var keySalt = []byte("nct_salt")

// PutNCTSalt stores the salt of the account.
func (s *stores) PutNCTSalt(ctx context.Context, salt []byte) error {
	return s.update(ctx, func(r rows) error { return r.put(tableState, keySalt, salt) })
}

// GetNCTSalt answers the salt of the account, nil if there is none.
func (s *stores) GetNCTSalt(ctx context.Context) (salt []byte, err error) {
	err = s.view(ctx, func(r rows) error {
		salt = bytes.Clone(r.get(tableState, keySalt))
		return nil
	})
	return salt, err
}

// DeleteNCTSalt deletes the salt of the account.
func (s *stores) DeleteNCTSalt(ctx context.Context) error {
	return s.update(ctx, func(r rows) error { return r.delete(tableState, keySalt) })
}
