package people

import (
	"slices"
	"testing"
)

func TestAChangeOfTagsIsReadAsItIsTyped(t *testing.T) {
	for _, c := range []struct {
		line        string
		add, remove []string
	}{
		{"+vip -frio", []string{"vip"}, []string{"frio"}},
		{" vip, −frio;  +natal ", []string{"vip", "natal"}, []string{"frio"}},
		{`+"cliente vip" -"muito frio"`, []string{"cliente vip"}, []string{"muito frio"}},
		{`-"a, b" c-d`, []string{"c-d"}, []string{"a, b"}},
		{`+ - ""`, nil, nil},
		{`+"sem fim`, []string{"sem fim"}, nil},
	} {
		add, remove := ParseTags(c.line)
		if !slices.Equal(add, c.add) || !slices.Equal(remove, c.remove) {
			t.Errorf("%q: +%q -%q, want +%q -%q", c.line, add, remove, c.add, c.remove)
		}
		again, gone := ParseTags(TagsText(add, remove))
		if !slices.Equal(again, add) || !slices.Equal(gone, remove) {
			t.Errorf("%q is said %q", c.line, TagsText(add, remove))
		}
	}
}

func TestAChangeOfTagsIsCompleted(t *testing.T) {
	tags := []string{"vip", "frio", "cliente vip", "Vívo"}
	for _, c := range []struct {
		line string
		want []string
	}{
		{"+v", []string{"+vip ", "+Vívo "}},
		{"frio -VI", []string{"frio -vip ", "frio -Vívo "}},
		{"+vip -vi", []string{"+vip -Vívo "}},
		{"cli", []string{`"cliente vip" `}},
		{`-"cli`, []string{`-"cliente vip" `}},
		{"+vip ", nil},
		{"", nil},
		{"zz", nil},
	} {
		if got := CompleteTags(c.line, tags, 10); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.line, got, c.want)
		}
	}
}
