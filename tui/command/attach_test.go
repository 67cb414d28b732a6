package command_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// attached is what scripts rely on, written out by hand.
type attached struct {
	Attachment *struct {
		Kind, Name, Type, SHA256 string
		Size                     int
	}
}

// sample puts one of the sample files where the program is run.
func (p *program) sample(name, as string) (sum string) {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join("../../campaign/media/testdata", name))
	if err != nil {
		p.t.Fatal(err)
	}
	p.file(as, string(data))
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:])
}

// TestAttachedFileReachesEverybody: the command is handed to the process that
// owns the data, and the file is the caller's.
func TestAttachedFileReachesEverybody(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "6", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	var csv strings.Builder
	csv.WriteString("nome;telefone\n")
	for _, person := range tell[[]person](s, "/people") {
		csv.WriteString(person.Name + ";" + person.Phone + "\n")
	}
	p.file("todos.csv", csv.String())
	p.must("contacts", "import", "todos.csv")

	owner := p.owner()
	sum := p.sample("picture.jpg", "oferta.jpg")
	id := strings.TrimSpace(p.must("campaign", "new", "--name", "Maio",
		"--attach", "oferta.jpg", "--text", "Só hoje, {nome}"))
	if err := os.Remove(filepath.Join(p.dir, "oferta.jpg")); err != nil {
		t.Fatal(err)
	}
	show := objects[attached](t, p.must("campaign", "show", id, "--json"))[0].Attachment
	if show == nil || show.Kind != "picture" || show.Name != "oferta.jpg" || show.Type != "image/jpeg" || show.Size == 0 || show.SHA256 != sum {
		t.Errorf("campaign show: %+v", show)
	}
	if got := p.must("campaign", "show", id); !strings.Contains(got, "attachment\tpicture\toferta.jpg\timage/jpeg\t"+strconv.Itoa(show.Size)+"\t"+sum) {
		t.Errorf("campaign show: %q", got)
	}
	p.must("campaign", "start", id)
	p.await("the end", func() bool { return p.show(id).Status == "finished" })
	owner.interrupt()
	owner.code()
	p.checkOnce(s, id, "Só hoje, ")
	texts := 0
	for _, stanza := range tell[struct {
		Stanzas []struct{ Kind, Media string }
	}](s, "/ledger").Stanzas {
		if stanza.Kind == "media" {
			texts++
			if stanza.Media != sum {
				t.Errorf("somebody got %q, want %s", stanza.Media, sum)
			}
		}
	}
	if texts != 6 {
		t.Errorf("%d messages with a file, want 6", texts)
	}
}

func TestRunSaysWhichCampaignLostItsFile(t *testing.T) {
	t.Parallel()
	s := simulate(t, "--people", "3", "--speed", "-1")
	p := newProgram(t).with(s.env...)
	p.link(s, "loja")
	p.sample("picture.jpg", "oferta.jpg")
	id := p.campaign("--name", "Maio", "--attach", "oferta.jpg")
	if err := os.RemoveAll(filepath.Join(p.data, "media")); err != nil {
		t.Fatal(err)
	}
	r := p.run("run", "--until-idle")
	if r.code != 1 || !strings.Contains(r.err, `the file "oferta.jpg" is missing`) || !strings.Contains(r.err, "then go on. See ") {
		t.Errorf("exit %d, %q; want 1, the file and what to do", r.code, r.err)
	}
	if got := p.show(id); got.Status != "paused" || got.Counts.Queued == 0 {
		t.Errorf("without its file: %+v", got)
	}
}

func TestFileThatWhatsAppDoesNotTakeMakesNoCampaign(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.sample("audio.mp3", "jingle.mp3")
	p.file("anim.gif", "GIF89a……")
	p.file("vazio.pdf", "")
	for _, c := range []struct {
		file, text string
		code       int
		says       string
	}{
		{"anim.gif", "Oi", 1, "no GIF as a picture"},
		{"vazio.pdf", "", 1, "the file is empty"},
		{"nada.jpg", "Oi", 1, "nada.jpg"},
		{".", "Oi", 1, "directory"},
		{"-", "Oi", 2, "--attach"},
		{"jingle.mp3", "Ouça", 2, "no text with an audio"},
		{"jingle.mp3", "", 0, ""},
	} {
		r := p.run("campaign", "new", "--name", "x", "--text", c.text, "--attach", c.file)
		if r.code != c.code || !strings.Contains(r.err, c.says) {
			t.Errorf("%s with %q: exit %d, %q; want %d and %q", c.file, c.text, r.code, r.err, c.code, c.says)
		}
	}
	if got := strings.Count(p.must("campaign", "list"), "\n"); got != 1 {
		t.Errorf("%d campaigns, want only the one that could be made", got)
	}
}
