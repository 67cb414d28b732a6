package tui

import (
	"os"
	"path/filepath"
	"testing"

	tea "charm.land/bubbletea/v2"

	"recado/campaign"
)

// copyOf puts one of the sample files where a test may change it.
func copyOf(t *testing.T, name, to string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../campaign/media/testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// attaching begins a campaign and stands in the field of its file.
func (s *stage) attaching() {
	s.people()
	s.number("Loja", "+5511900000001")
	s.press("3", "n")
	s.enter("Volta às aulas")
	s.press("tab", "tab", "tab", "tab")
}

func (s *stage) theCampaign() campaign.Campaign {
	s.t.Helper()
	all, err := s.app.Book.Campaigns()
	if err != nil || len(all) != 1 {
		s.t.Fatalf("%d campaigns, %v", len(all), err)
	}
	return all[0]
}

func TestFileIsKeptWithTheDraftAndItsOwnerMayChangeIt(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		path := copyOf(t, "picture.jpg", filepath.Join(t.TempDir(), "oferta de maio.jpg"))
		s.attaching()
		s.tell(tea.PasteMsg{Content: "'" + path + "' "}) // as terminals drop it
		s.press("ctrl+s")
		s.shows("falta conferir o anexo")
		s.press("tab")
		s.shows("foto 320×240 · 7 KB", "▣ oferta de maio.jpg ·", "Pronta")
		s.press("ctrl+s")
		s.shows("Rascunho Volta às aulas salvo.")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		s.press("esc", "enter")
		s.shows("Anexo      oferta de maio.jpg", "foto 320×240")
		s.press("tab", "tab", "tab", "tab", "tab")
		s.enter("Oi!")
		s.press("ctrl+r")
		s.shows("oferta de maio.jpg · foto 320×240")
		s.press("s")
		s.shows("Volta às aulas começou.", "▣ oferta de maio.jpg")
		if c := s.theCampaign(); c.Attachment == nil || c.Attachment.Type != "image/jpeg" || c.Text != "Oi!\n\nResponda SAIR para não receber mais" {
			t.Errorf("started %+v", c)
		}
	})
}

func TestFileThatChangedSinceItWasCheckedIsNotSent(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		path := copyOf(t, "picture.jpg", filepath.Join(t.TempDir(), "a.jpg"))
		s.attaching()
		s.tell(tea.PasteMsg{Content: path})
		s.press("tab")
		copyOf(t, "picture.png", path)
		s.press("ctrl+r", "s")
		s.shows("o arquivo mudou depois de conferido", "falta conferir o anexo")
		if c := s.theCampaign(); c.Status != campaign.Draft || c.Attachment != nil || c.Unread.File != path {
			t.Errorf("the book has %+v; want a draft whose file has not been read", c)
		}
		s.press("shift+tab", "tab")
		s.shows("Pronta")
	})
}

func TestFileCanBeTakenAwayAndMistakesAreSaid(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		home := t.TempDir()
		t.Setenv("HOME", home)
		copyOf(t, "audio.mp3", filepath.Join(home, "jingle.mp3"))
		s.attaching()
		s.enter("~/jingle.mp3")
		s.press("tab")
		s.shows("áudio · 3 s", "Pronta")
		s.enter("Ouça!")
		s.shows("áudio vai sem texto")
		s.press("shift+tab", "ctrl+u")
		s.enter("~")
		s.press("tab")
		s.shows("é uma pasta, não um arquivo", "falta corrigir o anexo")
		s.press("shift+tab", "ctrl+u", "tab")
		s.hides("é uma pasta, não um arquivo")
		s.shows("Pronta")
		s.press("ctrl+s")
		if c := s.theCampaign(); c.Attachment != nil {
			t.Errorf("saved with %+v", c.Attachment)
		}
	})
}

func TestCopiedCampaignHasItsFile(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.uploadFailed()
		s.press("3", "c")
		s.shows("Anexo      picture.jpg", "foto 320×240", "Pronta")
		s.press("ctrl+s")
		all, err := s.app.Book.Campaigns()
		if err != nil || len(all) != 2 || all[0].Attachment.SHA256 != all[1].Attachment.SHA256 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

func TestDraftWhoseFileIsGoneDoesNotStart(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.uploadFailed()
		s.press("3", "c")
		if err := os.RemoveAll(filepath.Join(s.dir, "media")); err != nil {
			t.Fatal(err)
		}
		s.press("ctrl+r", "s")
		s.shows(`o arquivo "picture.jpg" sumiu`)
	})
}
