package people

// Nearest is which of some words was meant by one that is none of them: the one
// that differs in the fewest letters, in a third of them at most; empty if there
// is none. They are compared folded.
func Nearest(word string, known []string) string {
	word = Fold(word)
	best, least := "", len(word)/3+1
	for _, k := range known {
		if d := differ(word, Fold(k), least); d > 0 && d < least {
			best, least = k, d
		}
	}
	return best
}

// differ counts the letters that have to be changed, added, left out or swapped
// with the next to make b of a, up to most.
func differ(a, b string, most int) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) >= most || len(y)-len(x) >= most {
		return most
	}
	var before []int // the row before the last
	last := make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row := make([]int, len(y)+1)
		row[0] = i + 1
		for j := range y {
			change := last[j]
			if x[i] != y[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return min(last[len(y)], most)
}
