package tui

import (
	"math/bits"

	"recado/campaign"
)

// marks is a set of contacts. It is a bit for each id, so that marking a
// million of them is as cheap as marking one.
type marks struct {
	bits []uint64
	n    int
}

func (m *marks) has(id campaign.ContactID) bool {
	word := int(id / 64)
	return word < len(m.bits) && m.bits[word]&(1<<(id%64)) != 0
}

func (m *marks) set(id campaign.ContactID, on bool) {
	if m.has(id) == on {
		return
	}
	word := int(id / 64)
	if word >= len(m.bits) {
		m.bits = append(m.bits, make([]uint64, word+1-len(m.bits))...)
	}
	m.bits[word] ^= 1 << (id % 64)
	if on {
		m.n++
	} else {
		m.n--
	}
}

// setAll marks or unmarks many at once.
func (m *marks) setAll(ids []campaign.ContactID, on bool) {
	for _, id := range ids {
		m.set(id, on)
	}
}

// all returns the marked contacts in the order of their ids.
func (m *marks) all() []campaign.ContactID {
	ids := make([]campaign.ContactID, 0, m.n)
	for i, word := range m.bits {
		for word != 0 {
			ids = append(ids, campaign.ContactID(i*64+bits.TrailingZeros64(word)))
			word &= word - 1
		}
	}
	return ids
}
