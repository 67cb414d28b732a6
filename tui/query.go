package tui

// question is one thing a screen asks for again and again, answered by a
// command. At most one command is under way; what is asked meanwhile is asked
// once more when its answer is there, so that a slow disk is never asked for
// two things at once. Answers carry the number of their question, and an
// answer to an old one is dropped.
type question struct {
	id    int // of the last one asked; unique in the terminal
	busy  bool
	again bool
}

// ask begins a question and reports its number; ok is false if one is under
// way.
func (q *question) ask(e *env) (id int, ok bool) {
	if q.busy {
		q.again = true
		return 0, false
	}
	e.asked++
	q.id, q.busy, q.again = e.asked, true, false
	return q.id, true
}

// drop makes the answer that is under way an old one.
func (q *question) drop() { q.busy = false }

// renew drops the answer under way and asks again.
func (q *question) renew(e *env) int {
	q.drop()
	id, _ := q.ask(e)
	return id
}

// answered reports whether id answers the question, and whether it must be
// asked again.
func (q *question) answered(id int) (mine, again bool) {
	if id != q.id || !q.busy {
		return false, false
	}
	q.busy = false
	return true, q.again
}
