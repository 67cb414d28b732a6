package people

import (
	_ "embed"
	"math"
	"unicode/utf8"
)

// The grammars know what somebody thought of. A second reader, which was trained on
// the labelled texts of testdata, looks at what they say: a multinomial logistic
// regression over hashed n-grams ("the hashing trick", Weinberger et al., Feature
// Hashing for Large Scale Multitask Learning, 2009). It only ever asks a person to
// look: it opts nobody out.

const (
	// heldBelow: what the grammar takes for other is a doubt if the classifier finds
	// it less likely than this to be an ordinary message.
	heldBelow = .38
	// heldBelowOfTwo is that of a text of two words, which has little to go by.
	heldBelowOfTwo = .25
	// clearedAbove: what the grammar takes for a no is a doubt if the classifier
	// finds it likelier than this to be an ordinary message.
	clearedAbove = .96
	// fewestWords of a text that is reviewed: a word alone says nothing that a list
	// of words does not know better.
	fewestWords = 2
	// clearedWords is how long a no may be of which that is said: in a story, a
	// no of one sentence is one.
	clearedWords = 20

	longestGram = 6 // letters and signs in a row, from 2
	farthest    = 4 // words between which a pair of them is looked at
	readMost    = 1024
)

// readAgain has the classifier look at what the grammars say of a text, which is
// folded and has so many words.
func readAgain(w Wish, why, text string, words int) (Wish, string) {
	if words < fewestWords {
		return w, why
	}
	limit := heldBelow
	if words == 2 {
		limit = heldBelowOfTwo
	}
	switch p := ordinary(text); {
	case w == Other && p < limit:
		return Doubt, "reads like a no or a doubt"
	case w == No && words <= clearedWords && p > clearedAbove:
		return Doubt, "reads like an ordinary message: " + why
	}
	return w, why
}

const (
	buckets = 1 << 16 // of features
	// weightUnit is what one is worth of the weights as they are stored.
	weightUnit = 1. / 16
)

// weights says for each bucket how much a feature in it speaks for a no, and for a
// doubt, both of them rather than an ordinary message. It is made by
// go test ./campaign/people -run TestWeights -update.
//
//go:embed optout/weights.bin
var weights string

// ordinary is how likely it is, from 0 to 1, that a folded text is an ordinary
// message, neither a no nor a doubt.
func ordinary(text string) float64 {
	var space [maxFeatures]uint16
	found := features(space[:0], text)
	var no, doubt int
	for _, f := range found {
		no += int(int8(weights[2*int(f)]))
		doubt += int(int8(weights[2*int(f)+1]))
	}
	unit := weightUnit / math.Sqrt(float64(len(found)))
	return 1 / (1 + math.Exp(float64(no)*unit) + math.Exp(float64(doubt)*unit))
}

// maxFeatures: five n-grams begin at each letter, and each second one begins a word.
const maxFeatures = readMost * (longestGram - 1 + (farthest+2)/2)

// features appends the buckets of what a text consists of, each of them once: the
// letters and signs that stand beside one another, spaces among them, and its words
// alone, three in a row, and two that are not far apart. Its beginning and its end
// are words too.
func features(dst []uint16, text string) []uint16 {
	var seen [buckets / 64]uint64
	add := func(hash uint32) {
		// The lower bits of such a hash are worse than their sum with the upper ones.
		f := uint16(hash ^ hash>>16)
		if bit := uint64(1) << (f & 63); seen[f>>6]&bit == 0 {
			seen[f>>6] |= bit
			dst = append(dst, f)
		}
	}
	var line [readMost + 2]byte
	read := oneLine(line[:0], text)

	for from := 0; from < len(read); {
		hash, size := uint32(hashBasis), 0
		for n, i := 1, from; n <= longestGram && i < len(read); n++ {
			_, size = utf8.DecodeRune(read[i:])
			for _, b := range read[i : i+size] {
				hash = hashed(hash, b)
			}
			if i += size; n > 1 {
				add(hash)
			}
		}
		_, size = utf8.DecodeRune(read[from:])
		from += size
	}

	var before [farthest]uint32 // the words before, the last one first
	word := func(hash uint32) {
		add(hash)
		for i, b := range before {
			if b != 0 {
				kind := byte(min(i, 1)) // whether they stand side by side
				add(joinHashes(hashed(b, kind), hash))
			}
		}
		if before[1] != 0 {
			add(joinHashes(joinHashes(before[1], before[0]), hash))
		}
		copy(before[1:], before[:])
		before[0] = hash
	}
	word(hashed(hashBasis, '^'))
	hash, inWord := uint32(hashBasis), false
	for _, b := range read { // it ends with a space
		if 'a' <= b && b <= 'z' || '0' <= b && b <= '9' || b >= utf8.RuneSelf {
			hash, inWord = hashed(hash, b), true
			continue
		}
		if inWord {
			word(hashed(hash, ' '))
		}
		hash, inWord = hashBasis, false
	}
	word(hashed(hashBasis, '$'))
	return dst
}

// oneLine appends a folded text with one space between its words, one before them
// and one after them, and no more of it than fits.
func oneLine(dst []byte, text string) []byte {
	dst = append(dst, ' ')
	for i := 0; i < len(text) && len(dst) < readMost; i++ {
		switch b := text[i]; {
		case b != ' ' && b != '\n':
			dst = append(dst, b)
		case dst[len(dst)-1] != ' ':
			dst = append(dst, ' ')
		}
	}
	if dst[len(dst)-1] != ' ' {
		dst = append(dst, ' ')
	}
	return dst
}

// hashBasis, hashPrime: FNV-1a of 32 bits.
const (
	hashBasis = 2166136261
	hashPrime = 16777619
)

func hashed(hash uint32, b byte) uint32 { return (hash ^ uint32(b)) * hashPrime }

func joinHashes(a, b uint32) uint32 {
	a = (a ^ b) * hashPrime
	return (a ^ b>>16) * hashPrime
}
