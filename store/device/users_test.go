package device

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"go.mau.fi/whatsmeow/types"
)

func count(u users) int { return len(u.numbers) + len(u.others) }

// oddUsers are numbers, what looks like one, and what is none.
var oddUsers = []string{
	"1", "5511911111111", "111111111111111", "9999999999999999999", "1000000000000000000", "18446744073709551615",
	"18446744073709551616", "99999999999999999999", "0", "01", "5511911111111 ", "+5511911111111", "-1", "1e3",
	"5511911111111:3", "/", ":", "maria", "٣", "1\x00", "",
}

func TestUserIsANumberOnlyIfItIsWrittenInOneWay(t *testing.T) {
	for _, user := range oddUsers {
		if n := number(user); n != 0 && fmt.Sprint(n) != user {
			t.Errorf("number(%q) = %d", user, n)
		}
	}
	for _, user := range oddUsers[:5] {
		if number(user) == 0 {
			t.Errorf("%q is no number, and takes the room of a string", user)
		}
	}
}

// TestUsersAnswerLikeAMap makes the same changes to users and to a map of strings.
func TestUsersAnswerLikeAMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func() string { return oddUsers[random.IntN(len(oddUsers))] }
	older, newer := newUsers(), newUsers()
	plain := map[*users]map[string]string{&older: {}, &newer: {}}
	check := func(u *users) {
		t.Helper()
		for _, user := range oddUsers {
			want, known := plain[u][user]
			got, found := u.append([]byte("behind "), user)
			if string(got) != "behind "+want || found != known {
				t.Fatalf("%q belongs with %q, %v, want %q, %v", user, got, found, want, known)
			}
		}
		if got, want := count(*u), len(plain[u]); got != want {
			t.Fatalf("%d users are kept, want %d", got, want)
		}
	}
	for range 3000 {
		u := &older
		if random.IntN(3) == 0 {
			u = &newer
		}
		user := pick()
		if random.IntN(4) == 0 {
			u.forget(user)
			delete(plain[u], user)
		} else {
			other := pick() // nobody, now and then
			u.set(user, other)
			plain[u][user] = other
		}
		check(u)
	}
	older.cover(newer)
	maps.Copy(plain[&older], plain[&newer])
	maps.DeleteFunc(plain[&older], func(user, other string) bool {
		was, covered := plain[&newer][user]
		return covered && was == ""
	})
	check(&older)
}

// TestManyLIDsAreAnsweredLikeOne asks for LIDs of every length, more than share their memory, before
// and after they are read into memory.
func TestManyLIDsAreAnsweredLikeOne(t *testing.T) {
	c := openNew(t)
	var asked []types.JID
	for i := range 300 {
		lid, pn := types.NewJID(fmt.Sprint("lid-", i), types.HiddenUserServer), person(i)
		if i%3 > 0 {
			lid = types.NewJID(fmt.Sprint(i*i*i*i*i+7), types.HiddenUserServer)
		}
		must(t, c.lids.PutLIDMapping(ctx, lid, pn))
		pn.Device = uint16(i % 5)
		asked = append(asked, pn, person(1000+i))
	}
	must(t, c.db.Flush())
	for name, m := range map[string]*lidMap{"in memory": c.lids, "on the disk": unread(t, c)} {
		many, err := m.GetManyLIDsForPNs(context.Background(), asked)
		must(t, err)
		if len(many) != 300 {
			t.Errorf("%s: %d LIDs, want 300", name, len(many))
		}
		for _, pn := range asked {
			one, err := m.GetLIDForPN(ctx, pn)
			must(t, err)
			if many[pn] != one {
				t.Errorf("%s: %v has LID %v, and %v among many", name, pn, one, many[pn])
			}
		}
	}
}
