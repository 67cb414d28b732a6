package campaign_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/media"
	"recado/campaign/reason"
)

func options(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprint("opção ", i))
	}
	return all
}

func TestOptionsOfAPoll(t *testing.T) {
	for name, test := range map[string]struct {
		options []string
		want    reason.Code
	}{
		"none":                   {nil, ""},
		"two":                    {options(2), ""},
		"twelve":                 {options(12), ""},
		"one":                    {options(1), reason.PollCount},
		"thirteen":               {options(13), reason.PollCount},
		"an empty one":           {[]string{"sim", ""}, reason.PollBlank},
		"spaces":                 {[]string{"sim", " \n\t"}, reason.PollBlank},
		"what cannot be seen":    {[]string{"\u200b\u2060", "sim"}, reason.PollBlank},
		"a hundred":              {[]string{"sim", strings.Repeat("é", 100)}, ""},
		"a hundred and one":      {[]string{"sim", strings.Repeat("é", 101)}, reason.PollLong},
		"twice":                  {[]string{"sim", "não", "sim"}, reason.PollTwice},
		"twice to the eye":       {[]string{"sim  já", " sim\u200b já "}, reason.PollTwice},
		"in capitals":            {[]string{"sim", "SIM"}, ""},
		"a field":                {[]string{"sim, {nome}", "não"}, reason.PollField},
		"a brace that is closed": {[]string{"sim", "não}"}, reason.PollField},
	} {
		c := campaign.Campaign{Name: "c", Text: "Quer?", Poll: test.options}
		var got reason.Code
		if err := c.CheckOptions(); err != nil {
			got = reason.Of(err).Code
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		lacks := c.Lacks()
		if got := len(lacks) > 0; got != (test.want != "") || got && (lacks[0].Field != campaign.FieldPoll || len(lacks) != 1) {
			t.Errorf("%s: it lacks %v", name, lacks)
		}
	}
	c := campaign.Campaign{Poll: []string{" a\nb ", "c\u200b"}}
	if got := c.Options(); !slices.Equal(got, []string{"a b", "c"}) {
		t.Errorf("they are sent as %q", got)
	}
}

func TestWhatAPollLacks(t *testing.T) {
	two := options(2)
	for name, test := range map[string]struct {
		c     campaign.Campaign
		field campaign.Field
		want  reason.Code
	}{
		"a question":            {campaign.Campaign{Poll: two, Text: " "}, campaign.FieldText, reason.PollQuestion},
		"no attachment":         {campaign.Campaign{Poll: two, Text: "Quer?", Attachment: &media.Attachment{Kind: media.Picture}}, campaign.FieldAttachment, reason.PollAttachment},
		"no file":               {campaign.Campaign{Poll: two, Text: "Quer?", Unread: campaign.Unread{File: "a.png"}}, campaign.FieldAttachment, ""},
		"a short question":      {campaign.Campaign{Poll: two, Text: strings.Repeat("é", 256)}, campaign.FieldText, reason.TextLong},
		"short variants":        {campaign.Campaign{Poll: two, Text: "Quer?", Variants: []string{strings.Repeat("é", 256)}}, campaign.FieldText, reason.TextLong},
		"nothing of 255":        {campaign.Campaign{Poll: two, Text: strings.Repeat("é", 255)}, "", ""},
		"nothing beside fields": {campaign.Campaign{Poll: two, Text: strings.Repeat("é", 255) + "{primeiro_nome|tudo bem}"}, "", ""},
		"nothing, it is a text": {campaign.Campaign{Text: strings.Repeat("é", 256)}, "", ""},
	} {
		test.c.Name = "c"
		lacks := test.c.Lacks()
		i := slices.IndexFunc(lacks, func(l campaign.Lack) bool {
			return l.Field == test.field && (test.want == "" || reason.Of(l).Code == test.want)
		})
		if test.field == "" && len(lacks) > 0 || test.field != "" && i < 0 {
			t.Errorf("%s: it lacks %v", name, lacks)
		}
	}
	c := campaign.Campaign{Poll: two}
	if long := (*campaign.TooLongError)(nil); c.CheckText(strings.Repeat("é", 255)) != nil || !errors.As(c.CheckText(strings.Repeat("é", 256)), &long) || long.Most != 255 {
		t.Error("a rendered question may have 255 characters")
	}
}

func TestChoose(t *testing.T) {
	three := []string{"sim", "não", "talvez"}
	at := time.Unix(1e9, 0)
	vote := func(option uint8, second int) campaign.Vote {
		return campaign.Vote{Option: option, At: at.Add(time.Duration(second) * time.Second)}
	}
	for name, test := range map[string]struct {
		votes  []campaign.Vote
		vote   uint8
		answer string
	}{
		"one":                {[]campaign.Vote{vote(1, 1)}, 1, "oi\nsim"},
		"twice":              {[]campaign.Vote{vote(1, 1), vote(1, 1)}, 1, "oi\nsim"},
		"changed":            {[]campaign.Vote{vote(1, 1), vote(3, 2)}, 3, "oi\ntalvez"},
		"changed, late":      {[]campaign.Vote{vote(3, 2), vote(1, 1)}, 3, "oi\ntalvez"},
		"there and back":     {[]campaign.Vote{vote(1, 1), vote(2, 2), vote(1, 3)}, 1, "oi\nsim"},
		"taken back":         {[]campaign.Vote{vote(1, 1), vote(0, 2)}, 0, "oi"},
		"taken back, late":   {[]campaign.Vote{vote(0, 2), vote(1, 1)}, 0, "oi"},
		"taken back, again":  {[]campaign.Vote{vote(0, 2), vote(1, 3)}, 1, "oi\nsim"},
		"no such option":     {[]campaign.Vote{vote(2, 1), vote(4, 2)}, 2, "oi\nnão"},
		"at the same moment": {[]campaign.Vote{vote(2, 1), vote(3, 1)}, 3, "oi\ntalvez"},
	} {
		d := campaign.Delivery{Claimed: at}
		d.Hear("oi", at)
		for _, v := range test.votes {
			d.Choose(v, three, at.Add(time.Hour))
		}
		if d.Vote != test.vote || d.Answer != test.answer {
			t.Errorf("%s: %d, %q; want %d, %q", name, d.Vote, d.Answer, test.vote, test.answer)
		}
	}
	d := campaign.Delivery{Claimed: at}
	d.Choose(vote(0, 1), nil, at)
	if d.Choose(vote(1, 1), nil, at); d.Vote != 0 || !d.Voted.IsZero() {
		t.Errorf("what is no poll has a vote: %+v", d)
	}
	// Told again, it stays where it stands among what they said, also after a week.
	d = campaign.Delivery{Claimed: at}
	d.Choose(vote(1, 1), three, at)
	d.Hear("ok", at)
	if d.Choose(vote(1, 1), three, at.Add(8*24*time.Hour)); d.Answer != "sim\nok" {
		t.Errorf("told again it is %q", d.Answer)
	}
	d = campaign.Delivery{Claimed: at}
	// Its words are an answer for a week; the option is chosen all the same.
	if d.Choose(vote(2, 2), three, at.Add(8*24*time.Hour)); d.Vote != 2 || d.Answer != "" {
		t.Errorf("after a week: %d, %q", d.Vote, d.Answer)
	}
}

func TestVotesAreCountedOfWhatWasSent(t *testing.T) {
	var r, o campaign.Report
	at := time.Unix(1e9, 0)
	for state, vote := range map[campaign.State]uint8{campaign.Sent: 0, campaign.Replied: 2, campaign.Unsure: 3, campaign.Read: 2} {
		r.Add(&campaign.Fate{State: state, Accepted: at, RepliedAt: at, Vote: vote})
	}
	o.Add(&campaign.Fate{State: campaign.Replied, Accepted: at, RepliedAt: at, Vote: 1})
	if r.Join(&o); len(r.Votes) != 2 || r.Votes[2] != 2 || r.Votes[1] != 1 {
		t.Errorf("counted %v", r.Votes)
	}
	f := campaign.Fate{State: campaign.Unsure, Vote: 2}
	if f.Chose(2) {
		t.Error("what is not proven counts")
	}
}
