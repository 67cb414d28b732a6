package host

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// lastName is when the lanes of the directory last ran, for a person who asks
// after a reboot.
const lastName = "recado.last"

// noteEvery is how often a running owner notes that it is there.
const noteEvery = time.Minute

// Last is what an owner whose lanes run leaves of itself.
type Last struct {
	Pid   int
	Began time.Time // when it became the owner
	Seen  time.Time // when its lanes were last known to run
	Ended bool      // they ended in an orderly way; otherwise they still run, or the process died
}

// LastOwner is the last owner of a directory whose lanes ran; ok is false if
// there was none.
func LastOwner(dir string) (l Last, ok bool) {
	text, err := os.ReadFile(filepath.Join(dir, lastName))
	if err != nil || json.Unmarshal(text, &l) != nil || l.Seen.IsZero() {
		return Last{}, false
	}
	return l, true
}

// note writes down that the lanes run, until ctx ends.
func (o *Owner) note(ctx context.Context) {
	tick := time.NewTicker(noteEvery)
	defer tick.Stop()
	for {
		o.leave(false)
		select {
		case <-ctx.Done():
			o.leave(true)
			return
		case <-tick.C:
		}
	}
}

// leave writes the note. What cannot be written is not: nothing depends on it.
func (o *Owner) leave(ended bool) {
	text, err := json.Marshal(Last{Pid: os.Getpid(), Began: o.began, Seen: time.Now(), Ended: ended})
	if err != nil {
		return
	}
	path := filepath.Join(o.Dir, lastName)
	os.Remove(path + ".new")
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return
	}
	_, err = file.Write(append(text, '\n'))
	if file.Close() == nil && err == nil {
		os.Rename(path+".new", path)
	}
}
