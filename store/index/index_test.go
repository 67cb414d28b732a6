package index

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"recado/campaign/people"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.FixedZone("-03", -3*60*60))

// world is people as the book has them.
type world map[people.ContactID]*people.Contact

func (w world) key(id people.ContactID) []byte {
	c := w[id]
	if c == nil {
		return nil
	}
	name := people.Fold(c.Name)
	if name == "" {
		name = "\xff" + string(c.Phone) + c.LID
	}
	return binary.BigEndian.AppendUint64(append([]byte(name[:min(len(name), 200)]), 0), uint64(id))
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// person is somebody with anything that somebody may have.
func person(r *rand.Rand, id people.ContactID) *people.Contact {
	c := &people.Contact{ID: id, Created: now.Add(-time.Duration(r.IntN(100)) * time.Hour)}
	for range r.IntN(4) {
		c.Name += pick(r, "Ana", "João", "D'Ávila", "maria", "Ann-Marie", "é", "Straße", "李", "X", "😀", "  ", "a.b", "silva", "Silvana", "12", strings.Repeat("longo ", 30)) + pick(r, " ", "-", "")
	}
	phone := func() people.Phone {
		return people.Phone(pick(r, "", "+55119", "+5511", "+55217", "+55215", "+1202", "+351", "+", "+549") + pick(r, "", fmt.Sprintf("%08d", r.IntN(1e8)), fmt.Sprintf("6%07d", r.IntN(1e7)), fmt.Sprint(r.IntN(1e5))))
	}
	if c.Phone = phone(); c.Phone == "+" {
		c.Phone = pick[people.Phone](r, "+123456789012345678", "ramal 5", "")
	}
	if r.IntN(3) == 0 {
		c.WhatsApp = phone()
	}
	if r.IntN(9) == 0 {
		c.Former = append(c.Former, people.FormerPhone{Phone: phone(), Until: now})
	}
	for range r.IntN(8) / 6 {
		c.Others = append(c.Others, people.OtherPhone{Phone: phone()})
	}
	if r.IntN(3) == 0 {
		c.Consent = people.Consent{Status: people.ConsentStatus(r.IntN(3)), Source: pick(r, "", "feira 2026", "site")}
	}
	for range r.IntN(3) {
		c.Tags = append(c.Tags, pick(r, "vip", "Cliente Novo", "frio", "VIP", "anão", fmt.Sprint("t", r.IntN(30))))
	}
	for range r.IntN(4) {
		if c.Fields == nil {
			c.Fields = make(map[string]string)
		}
		c.Fields[pick(r, "email", "cidade", "Cidade", "saldo", "nascimento", "e-mail", "obs", "n")] = pick(r, "", " ", "Recife", "São Paulo", "1.234,56", "90", "R$ 90", "31/12/1990", "1991-01-02", "ana.silva@gmail.com", "x@ana.com", fmt.Sprint(r.IntN(20000)), strings.Repeat("muito ", r.IntN(40)))
	}
	if r.IntN(3) == 0 { // one that is made of the name
		if c.Fields == nil {
			c.Fields = make(map[string]string)
		}
		at := strings.Join(strings.FieldsFunc(people.Fold(c.Name), func(r rune) bool { return r == ' ' || r == '-' }), pick(r, ".", "", "_", " "))
		c.Fields["email"] = at + pick(r, "", "12", "12ana", "é", "@x") + pick(r, "", "@", "@gmail.com", "@hotmail.com", "@gmail.com.br", "@ana.com", "@outlook.com.br")
	}
	if r.IntN(3) == 0 {
		c.Knows = append(c.Knows, people.NumberID(r.IntN(3)+1))
	}
	if r.IntN(5) == 0 {
		c.Labels = []people.Label{{Number: 1, ID: "1", Name: pick(r, "", "vip", "Pago")}}
	}
	if r.IntN(5) == 0 {
		c.Came = people.Arrival{Way: pick(r, people.ByLink, people.ByAd), Name: pick(r, "Feira 2026", "site")}
	}
	if r.IntN(4) == 0 {
		c.Username = pick(r, "ana.silva", "joão_99", "bia", "Gmail.com", "a"+fmt.Sprint(r.IntN(100)))
	}
	c.Presence = people.Presence(r.IntN(3))
	switch r.IntN(8) {
	case 0:
		c.OptedOut = true
	case 1:
		c.DoubtAt = now
	}
	if r.IntN(2) == 0 {
		c.LastHeard = now.Add(-time.Duration(r.IntN(50000)) * time.Second)
	}
	if r.IntN(5) == 0 {
		c.LastSent = pick(r, now, now.Add(-24*time.Hour), time.Unix(-5, 0), now.Add(time.Hour))
	}
	return c
}

// question is a random filter.
func question(r *rand.Rand, depth int) string {
	if depth > 0 && r.IntN(3) > 0 {
		a, b := question(r, depth-1), question(r, depth-1)
		return pick(r, a+" "+b, "("+a+" ou "+b+")", "!"+a, a+" !("+b+")")
	}
	word := pick(r, "a", "ana", "joao", "*na", "silv", "12", "*", `"ana silva"`, "gmail", "x@", "le", "mari", "d", "vip", "t1", "9", "98", "119", "+5511", "+55119", "5511", "1196", "+551", "21", "straß", "李", "😀", "longo", "*b", "é",
		"*mail", "gmail.com", "*va1", "a12", "*12", "*lva", "*a@g", "*a.s", "silva12", "ana12", "silva1", "*com", "nome:*va", "longo longo", "ann", "hotm", "silvana", "outlook", "*a.silva", "*@")
	if word == "*" {
		word = "an"
	}
	return pick(r, word, word, word, "nome:"+word, "nome:="+word, "nome:*", "tag:vip", "tag:v*", "tag:*", "tag:"+word, "fone:+5511", "fone:119", "fone:+55119", "fone:6", "fone:*", "optout:sim", "optout:nao", "optout:duvida",
		"whatsapp:sim", "whatsapp:nao", "whatsapp:?", "conexao:loja", "conexao:*", "conexao:x", "visto:<5h", "visto:>5h", "visto:nunca", "visto:*", "enviado:<1d", "enviado:>1d", "criado:<2d", "criado:27/11/2026", "criado:<27/11/2026", "criado:>=26/11/2026", "enviado:28/11/2026",
		"cidade:recife", "cidade:=recife", "cidade:sao", "cidade:*", "saldo:>80", "saldo:<=90", "saldo:=90", "nascimento:>1/1/1991", "n:>5000", "n:*", "obs:muito", "email:gmail", "campo:cidade:rec*", "cidade:!=recife", "lista:a", "lista:*", "nada:x", "consent:sim", "consent:nao", "consent:*", "consent:feira", "consent:=site", "rotulo:vip", "rotulo:*", "rotulo:p*", "veio:link", "veio:anuncio", "veio:sim", "veio:nao", "veio:feira", "veio:=site",
		"@ana", "@gmail", "@bi", "usuario:an", "usuario:=bia", "usuario:*", "username:joao")
}

func build(t testing.TB, w world, workers int) *Index {
	x := New()
	ids := make([]people.ContactID, 0, len(w))
	for id := range w {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if err := x.Room(ids[len(ids)-1] + 1); err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	for n := range workers {
		go func() {
			b := x.NewBuilder()
			for _, id := range ids {
				if at, _ := place(id); at%workers == n {
					b.Add(w[id])
				}
			}
			b.Flush()
			done <- true
		}()
	}
	for range workers {
		<-done
	}
	slices.SortFunc(ids, func(a, b people.ContactID) int { return bytes.Compare(w.key(a), w.key(b)) })
	order := make([]uint32, len(ids))
	for i, id := range ids {
		order[i] = uint32(id)
	}
	x.SetOrder(order)
	return x
}

// check compares what the index says with what the people say.
func check(t *testing.T, w world, x *Index, line string) {
	t.Helper()
	f, err := people.ParseFilter(line)
	if err != nil {
		return
	}
	lists := map[string]people.Set{}
	for id, c := range w {
		c.Lists = nil
		for _, list := range []string{"a", "b"} {
			if id%7 == people.ContactID(list[0])%7 {
				set := lists[list]
				set.Add(id)
				lists[list] = set
				c.Lists = append(c.Lists, list)
			}
		}
	}
	env := people.FilterEnv{Now: now, NumberName: func(id people.NumberID) string { return []string{"", "loja", "x", "y"}[id] }}
	answer := x.Search(f.Root(), Env{Now: now, NumberName: env.NumberName, List: func(l people.ListTerm) people.Set {
		if l.Any {
			return lists["a"].Union(lists["b"])
		}
		return lists[l.Typed]
	}})
	var want people.Set
	for id, c := range w {
		if f.Match(c, env) {
			want.Add(id)
		}
		if is := f.Match(c, env); is && !answer.May.Has(id) || !is && answer.Sure.Has(id) || answer.Sure.Has(id) && !answer.May.Has(id) {
			t.Fatalf("%s: %+v: matches %v, sure %v, may %v", line, c, is, answer.Sure.Has(id), answer.May.Has(id))
		}
	}
	for id := range answer.May.All() {
		if w[id] == nil {
			t.Fatalf("%s: %d is nobody", line, id)
		}
	}
	all := slices.Collect(want.All())
	slices.SortFunc(all, func(a, b people.ContactID) int { return bytes.Compare(w.key(a), w.key(b)) })
	holds(t, line, x.Ordered(want, w.key), all)
	for _, field := range []string{"cidade", "n", "nada", "email"} {
		want := false
		for _, c := range w {
			want = want || c.Field(field) != ""
		}
		if has, known := x.HasField(field); !known || has != want {
			t.Fatalf("anybody has %s: %v, %v; want %v", field, has, known, want)
		}
	}
}

// TestTheIndexSaysWhatThePeopleSay, whatever they are, whatever is asked, and
// however they change.
func TestTheIndexSaysWhatThePeopleSay(t *testing.T) {
	for seed := range uint64(9) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := make(world)
		size := []int{3, 300, 9000}[seed%3]
		for range size/2 + 1 {
			id := people.ContactID(r.IntN(size) + 1)
			w[id] = person(r, id)
		}
		x := build(t, w, 2)
		for range 6 {
			for range 600 / (30 + size/60) {
				check(t, w, x, question(r, r.IntN(3)))
			}
			changes := make(map[people.ContactID]Change)
			for range pick(r, 1, 1, 20, size/3+1, manyLate) {
				id := people.ContactID(r.IntN(size+size/4) + 1)
				switch c := w[id]; {
				case r.IntN(4) == 0:
					delete(w, id)
				case c != nil && r.IntN(2) == 0: // something that leaves the name
					now := *c
					now.OptedOut, now.Tags = !now.OptedOut, []string{"novo"}
					w[id] = &now
				default:
					w[id] = person(r, id)
				}
				changes[id] = Change{id, w[id], w.key(id)}
			}
			var all []Change
			for _, ch := range changes {
				all = append(all, ch)
			}
			slices.SortFunc(all, func(a, b Change) int { return int(a.ID) - int(b.ID) })
			if err := x.Apply(all, w.key); err != nil {
				t.Fatal(err)
			}
			if r.IntN(2) == 0 {
				again, err := Read(x.AppendTo(nil, w.key))
				if err != nil {
					t.Fatal(err)
				}
				x = again
			}
			if x.Size() != len(w) {
				t.Fatalf("%d people, want %d", x.Size(), len(w))
			}
		}
	}
}

// TestWhatTheRowsOfWordsCannotTell: a text that is in an email and not in the name, goes
// over the end of a packed word, or is in a packed host; and a phone at a border.
func TestWhatTheRowsOfWordsCannotTell(t *testing.T) {
	w := world{}
	add := func(c people.Contact) {
		c.ID = people.ContactID(len(w) + 1)
		w[c.ID] = &c
	}
	email := func(name, email string) {
		add(people.Contact{Name: name, Fields: map[string]string{people.EmailField: email}})
	}
	email("Ana Silva", "ana.silva12@gmail.com")
	email("Bia", "silvana@hotmail.com")
	email("Silvana", "")
	email("Rui", "anasilva@x.com")
	email("Gabriel", "rui@gmail.com.br")
	add(people.Contact{Name: "Caio", Username: "silva"})
	add(people.Contact{Name: "Conceicaoabcdef", Username: "conceicaoabcxyz"})
	add(people.Contact{Name: "Davi", Phone: "+551160000000"})
	add(people.Contact{Name: "Davi", Phone: "+551159999999"})
	x := build(t, w, 1)
	for _, line := range []string{
		"nome:silva", "nome:gmail", "nome:silv", "silva", "silva1", "silva12", "silva123", "*va1", "*a.s", "*a12", "*12@g", "*mail", "*mail.com", "gmail", "gmail.com", "gmail.com.br",
		"hotm", "silvan", "*ilv", "@silva", "conceicaoabc", "conceicaoabcd", "conceicaoabcx", "nome:conceicaoabcx", "*abcx", "ana silva12", "fone:1196000", "fone:11960000000", "fone:1195999", "96000",
	} {
		check(t, w, x, line)
	}
}

// TestATagNarrowsNobodyElseOut: who has a word as a tag alone is among those in whom the
// other words are looked for, also if there are too many tags to know them all.
func TestATagNarrowsNobodyElseOut(t *testing.T) {
	w := world{}
	for i, name := range []string{"Silvana", "Ana Vip", "Silvana Vip", "Bia"} {
		id := people.ContactID(i + 1)
		w[id] = &people.Contact{ID: id, Name: name}
	}
	w[1].Tags, w[4].Tags = []string{"vip"}, []string{"vip"}
	lines := []string{"vip *ilva", "*ilva vip", "vip silvana", "vip silvan1 ou vip", "tag:vip *ilva", "-tag:vip *ilva"}
	for _, line := range lines {
		check(t, w, build(t, w, 1), line)
	}
	x := New()
	x.labels.texts[labelTag] = maxTexts
	if err := x.Room(5); err != nil {
		t.Fatal(err)
	}
	b := x.NewBuilder()
	for id := range people.ContactID(4) {
		b.Add(w[id+1])
	}
	b.Flush()
	x.SetOrder([]uint32{2, 4, 1, 3})
	for _, line := range lines {
		check(t, w, x, line)
	}
}
