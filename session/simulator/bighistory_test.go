package simulator_test

import (
	"errors"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"recado/session/simulator"
)

// longHistory waits for the files of a long history and checks that they are
// what was ordered.
func longHistory(t *testing.T, c *client, files, size int) {
	t.Helper()
	packed, messages := uint64(0), 0
	for i := range files {
		e := heard(c, func(e *events.HistorySync) bool {
			return e.Data.GetSyncType() == waHistorySync.HistorySync_FULL && e.Data.GetChunkOrder() == uint32(i+3)
		})
		if got := proto.Size(e.Data); got < size || got > size+size/10 {
			t.Errorf("file %d has %d bytes, want about %d", i, got, size)
		}
		packed += e.Notification.GetFileLength()
		for _, chat := range e.Data.GetConversations() {
			jid, err := types.ParseJID(chat.GetID())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range chat.GetMessages() {
				parsed, err := c.ParseWebMessage(jid, m.GetMessage())
				if err != nil || parsed.Message.GetConversation() == "" {
					t.Fatalf("a message of the history: %v", err)
				}
				messages++
			}
		}
	}
	if packed < uint64(files*size)/10 || messages < files*size/1000 {
		t.Errorf("%d bytes with %d messages are packed into %d", files*size, messages, packed)
	}
}

func TestLongHistoryComesInManyFiles(t *testing.T) {
	s := serve(t, simulator.Config{Seed: 3, People: 60, HistoryBlobs: 6, HistoryBlobSize: 300_000})
	c := link(t, s, ownPhone)
	longHistory(t, c, 6, 300_000)
	// The client removes each file before it reads the next.
	first := heard(c, func(e *events.HistorySync) bool { return e.Data.GetChunkOrder() == 3 }).Notification
	if _, err := c.Download(within(t), first); !errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith404) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestLongHistoryIsSentWhenItIsAskedForAndInFakeTime(t *testing.T) {
	inBubble(t, simulator.Config{People: 10, Quiet: true}, func(t *testing.T, s *simulator.Service, c *client) {
		own := ownOf(t, s)
		own.SetPhone(false)
		own.SendHistory(3, 100_000)
		time.Sleep(time.Hour)
		if got := eventsOf[*events.HistorySync](c); len(got) > 0 {
			t.Errorf("the phone is off and sends %d files", len(got))
		}
		own.SetPhone(true)
		longHistory(t, c, 3, 100_000)
	})
}
