package simulator

import (
	wire "go.mau.fi/whatsmeow/binary"
)

// Push says a stanza to every connected client of one of our numbers, just as it
// is, or to every client there is, linked or not, if no number is given. It is
// the door for what no service should say. It returns how many clients hear it.
func (s *Service) Push(number string, n wire.Node) int {
	return s.pushAll(number, outgoing{node: n})
}

// PushBytes is Push for what a frame holds once it is decrypted: a byte of flags
// and a stanza in its encoding, or anything else.
func (s *Service) PushBytes(number string, plain []byte) int {
	return s.pushAll(number, outgoing{raw: append(make([]byte, 0, len(plain)), plain...)})
}

func (s *Service) pushAll(number string, item outgoing) (heard int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.ownAccount(number)
	for l := range s.links {
		if l.ended || l.companion == nil && l.pairing == nil {
			continue
		}
		if number != "" && (a == nil || l.companion == nil || l.companion.account != a) {
			continue
		}
		l.put(item)
		heard++
	}
	return heard
}
