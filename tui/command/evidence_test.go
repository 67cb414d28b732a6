package command_test

import (
	"crypto/sha256"
	bytesof "encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// evidence is what scripts rely on.
type evidence struct {
	Format string
	Links  []struct {
		N, Earlier                                      uint64
		AtNano                                          string `json:"at_nano"`
		Subject, Salt, Content, Digest, Before, Sum, At string
	}
	Last uint64
	Sum  string
}

// TestEvidenceStandsAlone: what is exported about a person can be checked by
// the recipe of docs/evidence.md, and by `verify FILE`; a changed letter is found.
func TestEvidenceStandsAlone(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.file("p.csv", "nome;telefone\nAna Prado;+5511987654321\nBeto;+5511987654322\n")
	p.must("contacts", "import", "p.csv", "--consent", "feira:2026-03-01")
	p.must("contacts", "optout", "ana", "--why", "pediu <na loja>")
	p.must("evidence", "export", "--person", "ana prado", "--json", "--out", "ana.json")
	text, err := os.ReadFile(filepath.Join(p.dir, "ana.json"))
	if err != nil {
		t.Fatal(err)
	}
	e := objects[evidence](t, string(text))[0]
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	sum := func(parts ...[]byte) string {
		h := sha256.New()
		for _, p := range parts {
			h.Write(p)
		}
		return hex.EncodeToString(h.Sum(nil))
	}
	n8 := func(n uint64) []byte { return bytesof.BigEndian.AppendUint64(nil, n) }
	said := ""
	for _, l := range e.Links {
		at, err := strconv.ParseUint(l.AtNano, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := sum(unhex(l.Before), n8(l.N), n8(at), n8(l.Earlier), unhex(l.Subject), unhex(l.Digest)); got != l.Sum {
			t.Errorf("link %d has the sum %s, want %s", l.N, l.Sum, got)
		}
		if l.Content == "" {
			continue
		}
		said += l.Content
		if got := sum(unhex(l.Salt), []byte(l.Content)); got != l.Digest {
			t.Errorf("link %d has the digest %s, want %s", l.N, l.Digest, got)
		}
	}
	for _, want := range []string{`"source":"feira"`, `"opted_out":true`, `pediu \u003cna loja\u003e`, `"verb":"opt_out"`} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing says %s: %s", want, said)
		}
	}
	if strings.Contains(said, "Beto") {
		t.Error("it tells of somebody else")
	}
	p.must("verify", "ana.json")
	if r := p.run("evidence", "export", "--person", "beto", "--json", "--out", "ana.json"); r.code == 0 || !strings.Contains(r.err, "--force") {
		t.Errorf("over a file that is there: exit %d, %s", r.code, r.err)
	}
	p.must("verify", "ana.json")
	p.must("evidence", "export", "--person", "beto", "--json", "--out", "beto.json")
	p.must("evidence", "export", "--person", "ana prado", "--json", "--out", "beto.json", "--force")
	if again, err := os.ReadFile(filepath.Join(p.dir, "beto.json")); err != nil || objects[evidence](t, string(again))[0].Links[0].Sum != e.Links[0].Sum {
		t.Errorf("with --force it is %s, %v", again, err)
	}
	p.file("changed.json", strings.Replace(string(text), "feira", "feire", 1))
	if r := p.run("verify", "changed.json", "--json"); r.code != 1 || !strings.Contains(r.out, `"reason_code":"check_chain_other"`) {
		t.Errorf("exit code %d, %s", r.code, r.out)
	}
	if out := p.must("verify", "--json"); !strings.Contains(out, `"wrong":[]`) || !strings.Contains(out, `"covered":4`) {
		t.Errorf("the book: %s", out)
	}
}
