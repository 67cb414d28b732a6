package device

import (
	"errors"
	"fmt"
	"testing"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// histories writes down what is kept for a device, as id=notification.
func histories(t *testing.T, c *Container, jid types.JID) string {
	t.Helper()
	ids, err := c.Histories(ctx, jid)
	must(t, err)
	var out string
	for _, id := range ids {
		notification, err := c.History(ctx, jid, id)
		must(t, err)
		out += fmt.Sprintf("%s=%s ", id, notification)
	}
	return out
}

func TestHistoryIsKeptInOrderUntilItIsForgotten(t *testing.T) {
	c := openNew(t)
	link(t, c, ownJID)
	disk := watch(c)
	for _, id := range []string{"z", "a", "m"} {
		must(t, c.KeepHistory(ctx, ownJID, id, []byte("of "+id)))
	}
	if disk.count() != 3 {
		t.Errorf("%d commits for three notifications: what is not on the disk is lost with the process", disk.count())
	}
	must(t, c.KeepHistory(ctx, ownJID, "a", []byte("once more")))
	if disk.count() != 3 {
		t.Error("an id that is there was written again")
	}
	c = reopen(t, c)
	if got, want := histories(t, c, ownJID), "z=of z a=of a m=of m "; got != want {
		t.Errorf("after reopening %q, want %q", got, want)
	}
	must(t, c.ForgetHistory(ctx, ownJID, "z"))
	must(t, c.ForgetHistory(ctx, ownJID, "z"))
	must(t, c.ForgetHistory(ctx, ownJID, "m"))
	must(t, c.KeepHistory(ctx, ownJID, "z", nil))
	if got, want := histories(t, reopen(t, c), ownJID), "a=of a z= "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestHistoryGoesWithItsDevice(t *testing.T) {
	c := openNew(t)
	other := types.JID{User: "5511900000000", Device: 1, Server: types.DefaultUserServer}
	d := link(t, c, ownJID)
	link(t, c, other)
	must(t, c.KeepHistory(ctx, ownJID, "1", []byte("own")))
	must(t, c.KeepHistory(ctx, other, "1", []byte("other")))
	must(t, d.Delete(ctx))
	if err := c.KeepHistory(ctx, ownJID, "2", nil); !errors.Is(err, store.ErrDeviceDeleted) {
		t.Errorf("KeepHistory of a deleted device = %v, want ErrDeviceDeleted", err)
	}
	must(t, c.ForgetHistory(ctx, ownJID, "1"))
	if got := histories(t, c, ownJID); got != "" {
		t.Errorf("a deleted device has %q", got)
	}
	if gone, err := c.History(ctx, ownJID, "1"); gone != nil || err != nil {
		t.Errorf("a deleted device answers %q, %v", gone, err)
	}
	link(t, c, ownJID)
	if got := histories(t, c, ownJID); got != "" {
		t.Errorf("the next link has %q of the one before", got)
	}
	if got := histories(t, c, other); got != "1=other " {
		t.Errorf("the other device has %q", got)
	}
	if err := c.KeepHistory(ctx, types.EmptyJID, "1", nil); err == nil {
		t.Error("history of nobody was kept")
	}
}

func TestHistoryThatCannotBeWrittenSaysSo(t *testing.T) {
	c := openNew(t)
	link(t, c, ownJID)
	disk := watch(c)
	disk.breaks(true)
	if err := c.KeepHistory(ctx, ownJID, "1", []byte("x")); !errors.Is(err, errDisk) {
		t.Errorf("KeepHistory on a full disk = %v", err)
	}
	disk.breaks(false)
	if got := histories(t, c, ownJID); got != "" {
		t.Errorf("%q is kept though the disk refused it", got)
	}
}
