package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign/reason"
	"recado/store/bolt"
)

// A damaged file can end the process that reads it, or keep it busy forever,
// in ways that nothing in that process can help. So files are examined in a
// process of their own: this program again, with a hidden command, the file
// open as descriptor 3, and limits of time and memory that grow with the file.
// It writes what it found as one object of JSON. That it dies is a finding.

// How much an examination may take. Most files take a second, and one that
// takes minutes is large or on a slow disk: only what has no end comes to these.
const (
	examineTime   = time.Minute // and for each megabyte
	examinePerMB  = time.Second
	examineMemory = 1 << 30 // and this many times the file
	examineTimes  = 2
)

// examinedFile is the descriptor under which the process finds the file.
const examinedFile = 3

// examined is what the process writes.
type examined struct {
	Health bolt.Health
	Error  reason.Reason `json:",omitzero"` // it could not be examined, for another reason than its damage
}

// examineCommand is the hidden command. It is not for people.
func (c *call) examineCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "examine NAME PATH MEMORY",
		Hidden: true,
		Args:   c.exactArgs(3),
		RunE: c.run(func(_ context.Context, args []string) error {
			memory, err := strconv.ParseUint(args[2], 10, 63)
			if err != nil || c.owner != nil {
				return c.fail(ExitUsage, "examine_internal")
			}
			for _, file := range c.env.Files {
				if file.Name != args[0] {
					continue
				}
				limitMemory(memory)
				debug.SetMemoryLimit(int64(memory / 2)) // it is collected in time
				var out examined
				if out.Health, err = file.Examine(os.NewFile(examinedFile, args[1]), args[1]); err != nil {
					out.Error = reason.Of(err)
				}
				return json.NewEncoder(c.env.Stdout).Encode(out)
			}
			return c.fail(ExitUsage, "examine_internal")
		}),
	}
}

// examine examines a file of the data directory, or a copy of one, in a
// process of its own.
func (c *call) examine(ctx context.Context, file File, path string) (bolt.Health, error) {
	held, err := bolt.Hold(path, false, bolt.Patience)
	if err != nil {
		return bolt.Health{}, err
	}
	defer held.Close()
	info, err := held.Stat()
	if err != nil {
		return bolt.Health{}, err
	}
	program, err := os.Executable()
	if err != nil {
		return bolt.Health{}, err
	}
	memory := uint64(examineMemory + examineTimes*info.Size())
	cmd := exec.Command(program, "examine", file.Name, path, strconv.FormatUint(memory, 10))
	cmd.ExtraFiles = []*os.File{held}
	health, err := watch(ctx, cmd, examineTime+time.Duration(info.Size()>>20)*examinePerMB)
	if ctx.Err() != nil {
		return health, c.interrupted()
	}
	health.Size = info.Size()
	return health, err
}

// maxExamined is more than a process writes that examines a file.
const maxExamined = 4 << 20

// watch runs a process that examines a file, for so long at most, and returns
// what it wrote. If it writes nothing that can be read, that is what it found.
func watch(ctx context.Context, cmd *exec.Cmd, limit time.Duration) (h bolt.Health, err error) {
	watched, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var out bounded
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		return h, err
	}
	kill := context.AfterFunc(watched, func() { cmd.Process.Kill() })
	defer kill()
	ended := cmd.Wait()
	var got examined
	switch {
	case ctx.Err() != nil:
		return h, ctx.Err()
	case watched.Err() != nil:
		h.Wrong = []reason.Reason{reason.New(reason.CheckEndless, limit)}
		return h, nil
	case ended != nil:
		h.Wrong = []reason.Reason{reason.New(reason.CheckDeadly, reason.Plain(ended.Error()))}
		return h, nil
	}
	if err := json.Unmarshal(out.kept.Bytes(), &got); err != nil {
		return h, err
	}
	if !got.Error.IsZero() {
		return got.Health, got.Error
	}
	return got.Health, nil
}

// bounded keeps what is written to it, up to maxExamined.
type bounded struct{ kept bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.kept.Len()+len(p) > maxExamined {
		return 0, errors.New("it writes too much")
	}
	return b.kept.Write(p)
}
