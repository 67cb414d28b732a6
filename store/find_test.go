package store

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"recado/campaign/people"
)

// crowd is a book of n people.
func crowd(b *testing.B, n int) *Book {
	book := newBook(b)
	rng := rand.New(rand.NewPCG(1, 2))
	names := []string{"Ana", "João", "Conceição", "Beatriz", "Zé", "Márcia", "Otávio", "Lúcia", "Souza", "Lima"}
	rows := make([]people.Row, n)
	for i := range rows {
		rows[i] = people.Row{
			Phone:  people.Phone(fmt.Sprintf("+55119%08d", i*7919%100_000_000)),
			Name:   fmt.Sprintf("%s %s %d", names[rng.IntN(10)], names[rng.IntN(10)], rng.IntN(1e5)),
			Tags:   []string{"vip"},
			Fields: map[string]string{"email": "alguem@example.com", "cidade": "São Paulo"},
		}
	}
	if _, err := desk(book).Import(b.Context(), rows, "a crowd"); err != nil {
		b.Fatal(err)
	}
	return book
}

func BenchmarkFind(b *testing.B) {
	book := crowd(b, 100_000)
	for _, line := range []string{"", "conceicao", "tag:vip joao", "9876"} {
		f, err := people.ParseFilter(line)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(line, func(b *testing.B) {
			for b.Loop() {
				if _, err := book.Find(b.Context(), f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkImport(b *testing.B) {
	for b.Loop() {
		crowd(b, 50_000)
	}
}
