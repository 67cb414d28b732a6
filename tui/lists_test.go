package tui

import (
	"fmt"
	"strings"
	"testing"
)

// sizes are the lists and how many are on each.
func (s *stage) sizes() string {
	s.t.Helper()
	lists, err := s.app.Book.Lists()
	if err != nil {
		s.t.Fatal(err)
	}
	var all []string
	for _, l := range lists {
		all = append(all, fmt.Sprintf("%s %d", l.Name, l.Size))
	}
	return strings.Join(all, ", ")
}

func (s *stage) hasLists(want string) {
	s.t.Helper()
	if got := s.sizes(); got != want {
		s.t.Errorf("the lists are %q, want %q", got, want)
	}
}

// What the screen says of a name that is taken is what happens: those who were
// on the list are gone from it, and only after a yes.
func TestSavingAListOfATakenNameReplacesWhoWasOnItAfterAsking(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.list("amigos", 1, 2, 3)
		s.press("2", "down", "down", "down", "space", "s")
		s.shows("Se a lista já existe, ela toma o lugar de quem está")
		s.enter("AMIGOS")
		s.press("enter")
		s.shows("Trocar quem está na lista amigos?", "Agora há 3 pessoas nela. Depois, só 1 pessoa.")
		s.press("n")
		s.shows("› AMIGOS")
		s.hasLists("amigos 3")
		s.press("enter", "s")
		s.shows("1 pessoa na lista amigos.")
		s.hasLists("amigos 1")
	})
}

func TestPeopleAreAddedToAListByAnotherKey(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.list("amigos", 1, 2)
		s.list("feira", 5)
		s.press("2", "space", "space", "space", "+")
		s.shows("Acrescentar 3 pessoas a qual lista?", "feira")
		s.press("down", "enter")
		s.shows("4 pessoas na lista feira.", "Ana Souza")
		s.hasLists("amigos 2, feira 4")
	})
}

func TestWhoIsOnAListIsShown(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.list("amigos", 1, 3)
		s.press("2", "l", "enter")
		s.shows(`/ lista:"amigos"`, "2 pessoas", "Ana Souza", "Caio Prado")
		s.hides("Beto Lima")
		s.press("esc", "l", "w")
		s.shows("Nova campanha", `lista:"amigos"`, "2 pessoas")
	})
}

func TestAListIsRenamedEmptiedAndDeletedOnTheScreen(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.someLists()
		s.hasLists("amigos 3, feira de maio 1, vazia 0")
		s.press("e")
		s.shows("1 rascunho escreve para ela e não começa até você trocar o", "público dele: Volta às aulas.")
		for range len("amigos") {
			s.press("backspace")
		}
		s.enter("vazia")
		s.press("enter")
		s.shows("já existe uma lista \"vazia\"", "› vazia")
		s.enter("s")
		s.press("enter")
		s.shows("A lista agora se chama vazias.")
		s.hasLists("feira de maio 1, vazia 0, vazias 3")
		s.press("down", "v")
		s.hides("Esvaziar")
		s.press("down", "v")
		s.shows("Esvaziar a lista vazias?", "3 pessoas saem da lista e continuam nos contatos. A lista fica,")
		s.hides("rascunho escreve")
		s.press("n")
		s.hasLists("feira de maio 1, vazia 0, vazias 3")
		s.press("v", "s")
		s.shows("A lista vazias está vazia.")
		s.hasLists("feira de maio 1, vazia 0, vazias 0")
		s.press("x", "n")
		s.hasLists("feira de maio 1, vazia 0, vazias 0")
		s.press("x", "s")
		s.shows("Lista vazias excluída.")
		s.hasLists("feira de maio 1, vazia 0")
	})
}

func TestTheImportCommandNamesTheDataThatIsShown(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.press("2")
		s.shows("recado contacts import clientes.csv\n")
		s.app.Data = " --data '/tmp/os dados'"
		s = onStage(t, s.app)
		s.press("2")
		s.shows("recado contacts import clientes.csv --data '/tmp/os dados'")
	})
}

func TestMarksAreOnlyTakenAwayByTheirOwnKey(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.people()
		s.press("2", "space", "space", "/")
		s.enter("de")
		s.press("enter", "esc", "esc")
		s.shows("5 pessoas · 2 marcadas")
		s.press("u")
		s.hides("marcadas")
		s.press("u") // means nothing now
		s.shows("5 pessoas")
	})
}

// Two lists that a filter could take for one another never are.
func TestWritingToTheMarkedWritesToThemAlone(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.list("feira de maio", 1, 2, 3)
		s.press("2", "down", "down", "down", "down", "space", "w")
		s.enter("feira")
		s.press("enter")
		s.shows(`lista:"feira"`, "1 pessoa")
		c := s.root.top().(*composer)
		if n := c.people.found.Size(); n != 1 {
			t.Errorf("it would be sent to %d people", n)
		}
	})
}

func TestADraftWhoseListIsGoneIsPointedAt(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.number("Loja", "+5511900000001")
		s.someLists()
		s.press("x", "s", "3", "enter")
		s.shows("lista:amigos", `▲ não há lista "amigos"`, "corrigir o filtro")
		s.hides("0 pessoas")
		s.press("tab", "tab", "end")
		for range len("amigos") {
			s.press("backspace")
		}
		s.enter("vazia")
		s.shows("0 pessoas")
		s.hides("▲")
	})
}

func TestAFilterIsSavedAsALiveListOnTheScreen(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.list("melhores", 3)
		s.press("2", "/")
		s.enter("tag:vip")
		s.press("enter", "S")
		s.shows("Salvar o filtro como lista", "tag:vip")
		s.enter("melhores")
		s.press("enter")
		s.shows("já existe uma lista \"melhores\"") // a list of people: it is not replaced
		s.enter(" vips")
		s.press("enter")
		s.shows("Filtro salvo como melhores vips.")
		s.press("esc", "l", "down")
		s.shows("≡ melhores", "◇ melhores vips", "2  tag:vip")
		s.press("enter")
		s.shows("2 pessoas", "Ana Souza", "Débora Nunes")
		// Who has the tag now is on it now.
		s.press("esc", "down", "space", "t")
		s.enter("vip")
		s.press("enter", "l", "down")
		s.shows("3  tag:vip")
		s.press("v") // nobody is taken off it
		s.hides("Esvaziar")
		s.press("f", "ctrl+u")
		s.enter("tag:frio or lista:nenhuma")
		s.press("enter")
		s.shows(`não há lista "nenhuma"`, "tag:frio or lista:nenhuma")
		s.press("ctrl+u")
		s.enter("tag:frio")
		s.press("enter")
		s.shows("1  tag:frio")
	})
}

func TestTwoListsAreCombinedOnTheScreen(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.list("amigos", 1, 2, 3)
		s.list("feira", 3, 4)
		s.press("2", "l", "n")
		s.enter("vazia")
		s.press("enter")
		s.hasLists("amigos 3, feira 2, vazia 0")
		s.press("home", "c")
		s.shows("Combinar amigos com qual lista?", "feira", "2 pessoas")
		s.press("enter")
		s.shows("quem está em amigos ou em feira", "4 pessoas", "quem está em amigos e em feira", "1 pessoa", "não em feira", "2 pessoas")
		s.press("down", "down", "enter")
		s.shows("quem está em amigos e não em feira: 2 pessoas.", "› amigos")
		s.press("enter")
		s.shows("Trocar quem está na lista amigos?")
		s.press("s")
		s.hasLists("amigos 2, feira 2, vazia 0")
		s.press("c", "enter", "enter", "ctrl+u")
		s.enter("todos")
		s.press("enter")
		s.hasLists("amigos 2, feira 2, todos 4, vazia 0")
	})
}

func TestListsAndTagsAreToldApart(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.list("vip", 1, 2)
		s.press("2")
		s.shows("vip ≡vip", "frio ≡vip")
	})
}
