package store

import (
	"errors"
	"slices"
	"testing"

	"recado/campaign"
	"recado/campaign/people"
	"recado/campaign/reason"
)

func (y *yard) finds(filter string) []people.ContactID {
	y.Helper()
	f, err := people.ParseFilter(filter)
	ok(y.T, err)
	ids, err := y.book.Find(y.Context(), f)
	ok(y.T, err)
	slices.Sort(ids)
	return ids
}

func TestALiveListIsWhoItsFilterChoosesNow(t *testing.T) {
	y := newYard(t, 8)
	y.book.KeepIndex()
	ids := y.firsts(8)
	_, err := desk(y.book).SaveList("amigos", ids[:3])
	ok(t, err)
	_, err = desk(y.book).SaveFilter("vips", "tag:vip")
	ok(t, err)
	_, err = desk(y.book).SaveFilter("vips amigos", `lista:vips lista:amigos`)
	ok(t, err)
	y.tag([]string{"vip"}, nil, ids[2:5])
	for filter, want := range map[string][]people.ContactID{
		"lista:vips": ids[2:5], "lista:Vips -lista:amigos": ids[3:5], `lista:"vips amigos"`: ids[2:3], `-lista:"vips amigos" tag:vip`: ids[3:5],
		"lista:vips or lista:amigos": ids[:5], "lista:*": ids[:3],
	} {
		if got := y.finds(filter); !slices.Equal(got, want) {
			t.Errorf("%s finds %v, want %v", filter, got, want)
		}
	}
	lists, err := y.book.Lists()
	ok(t, err)
	ok(t, y.book.CountLive(t.Context(), lists))
	var sizes []int
	for _, l := range lists {
		sizes = append(sizes, l.Size)
	}
	if want := []int{3, 3, 1}; !slices.Equal(sizes, want) {
		t.Errorf("on them are %v, want %v", sizes, want)
	}
	// A campaign takes those who are on it when it starts.
	c := y.draft(campaign.Campaign{To: "lista:vips"})
	y.tag(nil, []string{"vip"}, ids[2:3])
	y.tag([]string{"vip"}, nil, ids[6:7])
	_, err = desk(y.book).Begin(t.Context(), c, y.now)
	ok(t, err)
	y.tag([]string{"vip"}, nil, ids[7:])
	y.finish(c)
	if got, want := y.names(c), []string{"Pessoa 3", "Pessoa 4", "Pessoa 6"}; !slices.Equal(got, want) {
		t.Errorf("it goes to %q, want %q", got, want)
	}
	y.sound()
}

func TestWhatALiveListCannotBe(t *testing.T) {
	y := newYard(t, 3)
	d := desk(y.book)
	_, err := d.SaveList("amigos", y.firsts(2))
	ok(t, err)
	_, err = d.SaveFilter("a", "pessoa")
	ok(t, err)
	_, err = d.SaveFilter("b", "lista:a or tag:vip")
	ok(t, err)
	for _, c := range []struct {
		name, filter string
		want         reason.Code
	}{
		{"a", "lista:b", reason.FilterListItself},
		{"novo", "lista:novo", reason.FilterListItself},
		{"novo", "lista:nenhuma", reason.FilterNoList},
		{"novo", " ", reason.FilterEmpty},
		{"novo", "tag:", ""},
		{"amigos", "tag:vip", reason.ListExists},
		{"*", "tag:vip", reason.ListNameSign},
	} {
		if _, err := d.SaveFilter(c.name, c.filter); err == nil || c.want != "" && reason.Of(err).Code != c.want {
			t.Errorf("%s as %s: %v, want %s", c.filter, c.name, err, c.want)
		}
	}
	for what, err := range map[string]error{
		"saved": only(d.SaveList("a", y.firsts(1))), "added to": only(d.AddToList("A", y.firsts(1))), "emptied": d.EmptyList("a"),
	} {
		if !errors.Is(err, ErrState) {
			t.Errorf("a live list is %s: %v, want ErrState", what, err)
		}
	}
	if got := y.finds("lista:b"); len(got) != 3 {
		t.Errorf("b finds %v", got)
	}
	// What it names goes away: who uses it is told.
	ok(t, d.DeleteList("a"))
	f, err := people.ParseFilter("pessoa lista:b")
	ok(t, err)
	wrong := (*people.FilterError)(nil)
	if _, err := y.book.Find(t.Context(), f); !errors.As(err, &wrong) || wrong.Reason.Code != reason.FilterNoList || wrong.Offset == 0 {
		t.Errorf("it finds with %v, want a mistake behind the first word", err)
	}
	lists, err := y.book.Lists()
	ok(t, err)
	ok(t, y.book.CountLive(t.Context(), lists))
	if lists[1].Name != "b" || lists[1].Size != -1 {
		t.Errorf("it is %+v", lists[1])
	}
}
