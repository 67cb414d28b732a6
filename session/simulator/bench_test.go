package simulator_test

import (
	"testing"

	"recado/session/simulator"
)

// BenchmarkFirstMessage is the whole way of a message to somebody new: look them
// up, get their devices and keys, encrypt, accept, decrypt, acknowledge.
func BenchmarkFirstMessage(b *testing.B) {
	s := simulator.New(simulator.Config{People: b.N + 1, Speed: simulator.Instant, Quiet: true})
	defer s.Finish(b)
	c := link(b, s, ownPhone)
	people := s.People()
	b.ResetTimer()
	for i := range b.N {
		if _, err := c.SendMessage(b.Context(), at(people[i].Phone), text("Oi")); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNextMessage is a message in a chat that is there.
func BenchmarkNextMessage(b *testing.B) {
	s := simulator.New(simulator.Config{People: 1, Speed: simulator.Instant, Quiet: true})
	defer s.Finish(b)
	c := link(b, s, ownPhone)
	ana := s.People()[0]
	if _, err := s.Say(ana.Phone, ownPhone, "Oi"); err != nil {
		b.Fatal(err)
	}
	c.reads("Oi")
	b.ResetTimer()
	for range b.N {
		if _, err := c.SendMessage(b.Context(), at(ana.Phone), text("Oi")); err != nil {
			b.Fatal(err)
		}
	}
}
