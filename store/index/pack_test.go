package index

import (
	"strings"
	"testing"

	"recado/campaign/people"
)

func TestAnEmailThatIsMadeOfANameTakesFewBytes(t *testing.T) {
	for _, c := range []struct {
		name, email, username string
		most                  int // bytes beyond the name
	}{
		{"João Carvalho Souza", "joao.souza1234@gmail.com", "", 10},
		{"João Carvalho Souza", "souza_joao@outlook.com.br", "joao1", 12},
		{"Ana", "ana@ana.com", "", 10},
		{"Ana Maria", "anamaria@hotmail.com", "", 11},
		{"", "contato@gmail.com", "", 10},
		{"Ana", "", "", 1},
		{"Ana", "", "ana", 6},
		{strings.Repeat("a b ", 9) + "Zuleica", "zuleica@gmail.com", "", 10}, // too many words before her last
	} {
		var p packer
		line := appendLine(nil, &people.Contact{Name: c.name, Username: c.username, Fields: map[string]string{people.EmailField: c.email}})
		packed := p.pack(line, splitWords(nil, line))
		if got := len(packed) - len(people.Fold(c.name)); got > c.most {
			t.Errorf("%s: %q takes %d bytes, want %d at most", c.email, packed, got, c.most)
		}
		if end := packed[len(packed)-1]; end != '\n' {
			t.Errorf("%q has no end", packed)
		}
		if got := unpack(nil, packed[:len(packed)-1]); string(got) != string(line) {
			t.Errorf("%q comes out as %q", line, got)
		}
	}
}
