package device

import (
	"maps"
	"strconv"
)

// users says for a user which other user he belongs with, or that he belongs with nobody any more.
// Users are numbers, nearly all: as such a pair takes 16 bytes that the garbage collector need not
// look at, and one look into memory.
type users struct {
	numbers map[uint64]uint64 // both are numbers; 0: nobody
	others  map[string]string // one of them is not; "": nobody
}

func newUsers() users {
	return users{make(map[uint64]uint64), make(map[string]string)}
}

// maxDigits is how many digits a number has at most that fits whatever they are.
const maxDigits = 19

// number answers the number that is written like user and in no other way, 0 if there is none.
func number(user string) (n uint64) {
	if len(user) == 0 || len(user) > maxDigits || user[0] == '0' {
		return 0
	}
	for i := range len(user) {
		digit := user[i] - '0'
		if digit > 9 {
			return 0
		}
		n = 10*n + uint64(digit)
	}
	return n
}

// append puts behind buf with whom user belongs, nothing if with nobody. It answers whether that is
// known.
func (u users) append(buf []byte, user string) (_ []byte, known bool) {
	if n := number(user); n != 0 {
		if other, known := u.numbers[n]; known {
			if other != 0 {
				buf = strconv.AppendUint(buf, other, 10)
			}
			return buf, true
		}
	}
	if len(u.others) == 0 {
		return buf, false
	}
	other, known := u.others[user]
	return append(buf, other...), known
}

// set notes that user belongs with other, or with nobody if that is "".
func (u users) set(user, other string) {
	n, o := number(user), number(other)
	if n != 0 && (o != 0 || other == "") {
		u.numbers[n] = o
		delete(u.others, user)
		return
	}
	u.others[user] = other
	delete(u.numbers, n)
}

// forget leaves nothing of user.
func (u users) forget(user string) {
	delete(u.numbers, number(user))
	delete(u.others, user)
}

// cover notes all that newer knows, and forgets those who belong with nobody.
func (u users) cover(newer users) {
	all := maps.Clone(newer.others)
	for n, o := range newer.numbers {
		other := ""
		if o != 0 {
			other = strconv.FormatUint(o, 10)
		}
		all[strconv.FormatUint(n, 10)] = other
	}
	for user, other := range all {
		if other == "" {
			u.forget(user)
		} else {
			u.set(user, other)
		}
	}
}
