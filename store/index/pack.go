package index

import (
	"bytes"
	"slices"
)

// Lines are kept packed: most emails are words of the name and a host that many
// have. A byte that no folded text has stands for such a word or host.

// mailHosts are what many emails end with, each for one byte from firstHost on. The
// snapshot holds those bytes: if this changes, so does its version.
var mailHosts = [...]string{
	"@gmail.com", "@hotmail.com", "@outlook.com", "@yahoo.com.br", "@icloud.com", "@yahoo.com", "@live.com",
	"@uol.com.br", "@bol.com.br", "@terra.com.br", "@msn.com", "@globo.com", "@ig.com.br", "@hotmail.com.br",
	"@outlook.com.br", "@ymail.com", "@me.com", "@proton.me", "@globomail.com", "@zipmail.com.br",
}

const (
	firstHost = '\n' + 1
	lastHost  = firstHost + byte(len(mailHosts)) - 1
	lastWord  = '\t' - 1 // the bytes up to it are the words of a name, from the first on
)

// packer packs lines.
type packer struct{ buf []byte }

// pack packs a line, which has no end yet, and ends it; what it answers is good
// until the next one. Split is its words.
func (p *packer) pack(line []byte, split []span) []byte {
	p.buf = p.buf[:0]
	done := 0 // what of the line has been packed
	if name := len(nameOf(line)); name < len(line) {
		named := 0
		for named < len(split) && split[named].end <= name {
			named++
		}
		ends := name + 1 + len(nameOf(line[name+1:])) // the email, if there is one
		local, host := ends, -1
		if at := bytes.LastIndexByte(line[name:ends], '@'); at >= 0 {
			if host = slices.Index(mailHosts[:], string(line[name+at:ends])); host >= 0 {
				local = name + at
			}
		}
		for _, at := range split[named:] {
			if at.end > local {
				break
			}
			word := letters(line[at.begin:at.end])
			for i, w := range split[:min(named, int(lastWord))] {
				if len(word) > 1 && bytes.Equal(line[w.begin:w.end], word) {
					p.buf = append(append(p.buf, line[done:at.begin]...), byte(i+1))
					done = at.begin + len(word)
					break
				}
			}
		}
		if host >= 0 {
			p.buf = append(append(p.buf, line[done:local]...), firstHost+byte(host))
			done = ends
		}
	}
	p.buf = append(append(p.buf, line[done:]...), '\n')
	return p.buf
}

// unpack appends a line as it was before it was packed.
func unpack(dst, line []byte) []byte {
	name := nameOf(line)
	dst = append(dst, name...)
	var words [2 * lastWord]span
	var have []span
	for _, c := range line[len(name):] {
		switch {
		case firstHost <= c && c <= lastHost:
			dst = append(dst, mailHosts[c-firstHost]...)
		case c != 0 && c <= lastWord:
			if have == nil {
				have = splitWords(words[:0], name)
			}
			if int(c) <= len(have) {
				dst = append(dst, name[have[c-1].begin:have[c-1].end]...)
			}
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// asItStands reports whether a text is in a line if and only if it is in the
// packed one. What may go over the end of a packed word, or be in a host, is not.
func asItStands(text string) bool {
	for i := range len(text) {
		if text[i] < 'a' || text[i] > 'z' {
			return false
		}
	}
	return !slices.ContainsFunc(mailHosts[:], func(host string) bool { return bytes.Contains([]byte(host), []byte(text)) })
}
