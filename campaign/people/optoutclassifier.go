package people

import (
	_ "embed"
	"maps"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// The grammars know what somebody thought of. A second reader, which was trained on
// the labelled texts of testdata, looks at what they say: a multinomial logistic
// regression over hashed n-grams ("the hashing trick", Weinberger et al., Feature
// Hashing for Large Scale Multitask Learning, 2009), of letters, of words, and of the
// classes that the grammars put words into. The classes have the same names in all
// languages, so that it knows of one what was written in another.

const (
	// noAbove: what the grammars take for a doubt is a no if the classifier finds
	// it likelier than this to be one, and noAlone likewise of what they know
	// nothing of. On texts that it had not seen no ordinary message was, see
	// docs/contacts.md.
	noAbove = .95
	noAlone = .96
	// heldBelow: what the grammars know nothing of is a doubt if the classifier
	// finds it less likely than this to be an ordinary message; heldBelowOfTwo is
	// that of a text of two words, which has little to go by, and heldBelowSure that
	// of what a pattern is for that only sounds like a no: "nunca parem de mandar"
	// reads like one.
	heldBelow      = .55
	heldBelowOfTwo = .25
	heldBelowSure  = .1
	// noBelow: what the grammars take for a no is a doubt if the classifier finds
	// it less likely than this to be one.
	noBelow = .05
	// fewestWords of a text that is reviewed: a word alone says nothing that a list
	// of words does not know better. Of three a no says more than that, and of four
	// one that the grammars know nothing of.
	fewestWords      = 2
	fewestWordsOfNo  = 3
	fewestWordsAlone = 4
	// mostWordsOfNo is how long a no may be of which noBelow holds: in a story, a no
	// of one sentence is one.
	mostWordsOfNo = 20

	longestGram = 5 // letters and signs in a row, from 2
	farthest    = 4 // words, and classes, between which a pair of them is looked at
	readMost    = 1024
)

// likelihood is how likely it is, from 0 to 1, that a text is a no, and that it is
// an ordinary message, neither a no nor a doubt.
type likelihood struct{ no, other float64 }

// review is what the grammars say of a text of so many words after the classifier has
// looked at it. They are sure of Other if a pattern is for it.
func review(w Wish, why string, sure bool, is likelihood, words int) (Wish, string) {
	limit := heldBelow
	switch {
	case sure:
		limit = heldBelowSure
	case words == fewestWords:
		limit = heldBelowOfTwo
	}
	switch {
	case words < fewestWords:
	case w == Doubt && words >= fewestWordsOfNo && is.no > noAbove:
		return No, "reads like a no"
	case w == Other && !sure && words >= fewestWordsAlone && is.no > noAlone:
		return No, "reads like a no"
	case w == Other && is.other < limit && !(sure && is.no > .5):
		return Doubt, "reads like a no or a doubt"
	case w == No && words <= mostWordsOfNo && is.no < noBelow:
		return Doubt, "does not read like a no: " + why
	}
	return w, why
}

const (
	bucketBits = 18
	buckets    = 1 << bucketBits // of features
	// weightUnit is what one is worth of the weights as they are stored.
	weightUnit = 1. / 16
)

// weights says for each bucket how much a feature in it speaks for a no, and for a
// doubt, both of them rather than an ordinary message. It is made by
// go test ./campaign/people -run TestWeights -update.
//
//go:embed optout/weights.bin
var weights string

// judge is what a folded text is likely to be.
func judge(text string, as reading) likelihood {
	var space [2048]uint32
	found := features(space[:0], text, as)
	var no, doubt int
	for _, f := range found {
		no += int(int8(weights[2*f]))
		doubt += int(int8(weights[2*f+1]))
	}
	unit := weightUnit / math.Sqrt(float64(len(found)))
	isNo, isDoubt := math.Exp(float64(no)*unit), math.Exp(float64(doubt)*unit)
	all := 1 + isNo + isDoubt
	return likelihood{isNo / all, 1 / all}
}

// features appends the buckets of what a text consists of, each of them once.
func features(dst []uint32, text string, as reading) []uint32 {
	var seen [buckets / 64]uint64
	add := func(hash uint32) {
		f := hash * hashSpread >> (32 - bucketBits)
		if bit := uint64(1) << (f & 63); seen[f>>6]&bit == 0 {
			seen[f>>6] |= bit
			dst = append(dst, f)
		}
	}
	var line [readMost + 2]byte
	read := oneLine(line[:0], text)
	addLetters(read, add)
	addWords(read, add)
	addClasses(as, add)
	return dst
}

// addLetters adds the letters and signs that stand beside one another, spaces among
// them.
func addLetters(read []byte, add func(hash uint32)) {
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
}

// addWords adds the words of a text, alone, three in a row, and two that are not far
// apart. Its beginning and its end are words too.
func addWords(read []byte, add func(hash uint32)) {
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
}

// addClasses adds the classes of the words of a text, likewise. A word may be of several.
func addClasses(as reading, add func(hash uint32)) {
	var space [64][]uint32
	row := append(space[:0], textBegins)
	for _, t := range as.tokens {
		row = append(row, as.grammar.labels[t.id])
	}
	row = append(row, textEnds)
	for i, of := range row {
		for _, a := range of {
			add(hashed(a, 1))
			for far := 1; far <= farthest && i+far < len(row); far++ {
				for _, b := range row[i+far] {
					add(joinHashes(hashed(a, byte(2+min(far-1, 1))), b))
				}
			}
			if i+2 < len(row) {
				for _, b := range row[i+1] {
					for _, c := range row[i+2] {
						add(joinHashes(joinHashes(hashed(a, 4), b), c))
					}
				}
			}
		}
	}
}

// What stands in no class has a label too.
var textBegins, textEnds, clauseEnds, unlabelled = []uint32{'^'}, []uint32{'$'}, []uint32{','}, []uint32{'?'}

// aboutReading are the lists of a grammar that say how it is read, and nothing of
// what is meant.
var aboutReading = []string{"soft", "typos", "not a typo", "drop", "vocative", "tag", "lead", "nod", "split"}

// label finds the classes of each token, by its id.
func (g *grammar) label() {
	g.labels = make([][]uint32, g.ids)
	for _, name := range slices.Sorted(maps.Keys(g.classes)) {
		if slices.Contains(aboutReading, name) {
			continue
		}
		label := uint32(hashBasis)
		for i := range len(name) {
			label = hashed(label, name[i])
		}
		for i, set := range g.classes[name] {
			for ; set != 0; set &= set - 1 {
				id := i<<6 + bits.TrailingZeros64(set)
				g.labels[id] = append(g.labels[id], label)
			}
		}
	}
	for id, labels := range g.labels {
		if len(labels) == 0 {
			g.labels[id] = unlabelled
		}
	}
	g.labels[isEdge] = clauseEnds
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

// hashBasis, hashPrime: FNV-1a of 32 bits. hashSpread has all bits of a hash count
// in the upper ones (Knuth, The Art of Computer Programming 3, 6.4).
const (
	hashBasis  = 2166136261
	hashPrime  = 16777619
	hashSpread = 2654435769
)

func hashed(hash uint32, b byte) uint32 { return (hash ^ uint32(b)) * hashPrime }

func joinHashes(a, b uint32) uint32 {
	a = (a ^ b) * hashPrime
	return (a ^ b>>16) * hashPrime
}
