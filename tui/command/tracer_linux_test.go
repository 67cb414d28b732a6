//go:build amd64 || arm64

package command_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A program is followed by a process of its own, which is this binary again: whoever
// traces is told of every child that stops or ends, and the tests have others.

// tracerEnv holds the orders of a tracer; what it follows is in its arguments.
const tracerEnv = "RECADO_TEST_TRACER"

func init() {
	text := os.Getenv(tracerEnv)
	if text == "" {
		return
	}
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Unsetenv(tracerEnv)
	told, err := json.Marshal(trace(o, os.Args[1:]))
	if err == nil {
		err = os.WriteFile(o.Told, told, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(0)
}

// orders say when a program is killed.
type orders struct {
	At   int    // right before or right after something is made durable for the At-th time; 0: never
	Cut  uint64 // not 0: the power goes with it, and this is the seed of what is lost
	Told string // the file that the life is told in
}

// life is how a program lived.
type life struct {
	Refused string         // why it could not be followed; then it was not even begun
	Steps   int            // before and after something was made durable
	Met     map[string]int // how often each kind of step was
	Killed  string         // the step at which it was; "": it ended by itself
	Code    int            // with which exit code
	Lost    []string       // what the power cut took from the disk

	unseen bool // nobody followed it
}

// trace runs a program from one durable step to the next.
func trace(o orders, args []string) life {
	runtime.LockOSThread() // the thread that starts it is the one that is told
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	t := &tracer{orders: o, life: life{Met: make(map[string]int)}, inside: make(map[int]*call), unsynced: make(map[string][]written)}
	if err := cmd.Start(); err != nil {
		return life{Refused: err.Error()}
	}
	t.pid = cmd.Process.Pid
	if err := t.begin(); err != nil {
		cmd.Process.Kill()
		return life{Refused: err.Error()}
	}
	t.run()
	if t.Killed != "" && o.Cut != 0 {
		t.cut(rand.New(rand.NewPCG(o.Cut, uint64(o.At))))
	}
	return t.life
}

// tracer follows one program, all of its threads.
type tracer struct {
	orders
	life
	pid      int
	inside   map[int]*call        // by thread
	unsynced map[string][]written // by file: what would be lost with the power, oldest first
}

// call is a call to the system that a thread is in.
type call struct {
	what   string // of what makes something durable
	file   string // which it is done to, or written to
	before int    // how much of the file had been written when it began
}

// written is what stood in a file before something was written to it.
type written struct {
	at   int64
	old  []byte
	size int64 // of the file
}

// begin takes hold of the program, which stands before its first instruction.
func (t *tracer) begin() error {
	var ws unix.WaitStatus
	if _, err := wait(t.pid, &ws); err != nil {
		return fmt.Errorf("wait: %w", err)
	}
	if !ws.Stopped() {
		return fmt.Errorf("it did not stop: %x", ws)
	}
	const threads = unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_EXITKILL
	if err := unix.PtraceSetOptions(t.pid, threads); err != nil {
		return fmt.Errorf("ptrace: %w", err)
	}
	if _, err := syscallOf(t.pid); err != nil {
		return fmt.Errorf("ptrace: %w", err)
	}
	return unix.PtraceSyscall(t.pid, 0)
}

func wait(pid int, ws *unix.WaitStatus) (int, error) {
	for {
		if tid, err := unix.Wait4(pid, ws, unix.WALL, nil); err != unix.EINTR {
			return tid, err
		}
	}
}

// run follows it to its end.
func (t *tracer) run() {
	known := map[int]bool{t.pid: true}
	for {
		var ws unix.WaitStatus
		tid, err := wait(-1, &ws)
		if err != nil {
			t.Refused = fmt.Sprint("wait: ", err)
			return
		}
		if !ws.Stopped() {
			if delete(t.inside, tid); tid == t.pid { // after all other threads
				t.Code = ws.ExitStatus()
				return
			}
			continue
		}
		signal := 0
		switch stop := ws.StopSignal(); {
		case stop == unix.SIGTRAP|0x80:
			t.stopped(tid)
		case stop == unix.SIGTRAP && ws.TrapCause() > 0: // another thread
		case stop == unix.SIGSTOP && !known[tid]: // it is the other thread
			known[tid] = true
		default: // the program's own: by SIGURG its goroutines take turns
			signal = int(stop)
		}
		if t.Killed == "" {
			_ = unix.PtraceSyscall(tid, signal) // or it has ended meanwhile
		}
	}
}

// syscallInfo is struct ptrace_syscall_info of linux/ptrace.h.
type syscallInfo struct {
	op   uint8
	_    [3]uint8
	arch uint32
	_    [2]uint64
	nr   uint64 // or the result
	args [6]uint64
	_    uint64
}

// syscallOf says where a thread has stopped.
func syscallOf(tid int) (info syscallInfo, err error) {
	_, _, e := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if e != 0 {
		return info, e
	}
	return info, nil
}

// stopped is called where a thread enters a call to the system or comes back from one.
func (t *tracer) stopped(tid int) {
	info, err := syscallOf(tid)
	if err != nil {
		return
	}
	if info.op == unix.PTRACE_SYSCALL_INFO_ENTRY {
		if c := t.enters(info); c != nil {
			t.inside[tid] = c
			if c.what != "" {
				t.step("before " + c.what)
			}
		}
		return
	}
	c := t.inside[tid]
	delete(t.inside, tid)
	if c == nil || c.what == "" || int64(info.nr) < 0 {
		return
	}
	if c.file != "" {
		t.unsynced[c.file] = t.unsynced[c.file][c.before:]
	}
	t.step("after " + c.what)
}

// step is one before or after something is made durable.
func (t *tracer) step(what string) {
	if t.Killed != "" {
		return
	}
	t.Steps++
	t.Met[what]++
	if t.Steps == t.At {
		t.Killed = what
		_ = syscall.Kill(t.pid, syscall.SIGKILL)
	}
}

// firstPages is where the two first pages of a file of bbolt end, either of which
// makes a transaction count.
const firstPages = 2 * 4096

// enters says what a call does that matters here; nil: nothing.
func (t *tracer) enters(info syscallInfo) *call {
	switch info.nr {
	case unix.SYS_FDATASYNC, unix.SYS_FSYNC:
		file := t.file(info.args[0])
		c := &call{file: file, before: len(t.unsynced[file])}
		kind := "nothing written" // but its size
		for _, w := range t.unsynced[file] {
			if w.old != nil && w.at < firstPages {
				kind = "the first page"
			} else if w.old != nil {
				kind = "pages"
			}
		}
		c.what = fmt.Sprintf("sync of %s, %s", filepath.Base(file), kind)
		return c
	case unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2:
		return &call{what: "rename to " + filepath.Base(t.text(info.args[3]))}
	case unix.SYS_FTRUNCATE:
		file := t.file(info.args[0])
		t.writes(file, 0, 0)
		return &call{what: "sizing of " + filepath.Base(file)}
	case unix.SYS_PWRITE64:
		if file := t.file(info.args[0]); strings.HasSuffix(file, ".db") {
			t.writes(file, int64(info.args[3]), int(info.args[2]))
		}
	}
	return nil
}

// file is the path of an open file of the program.
func (t *tracer) file(fd uint64) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", t.pid, int32(fd)))
	if err != nil {
		return "?"
	}
	return path
}

// text is a C string in the program's memory.
func (t *tracer) text(at uint64) string {
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", t.pid))
	if err != nil {
		return "?"
	}
	defer mem.Close()
	buf := make([]byte, 256)
	n, _ := mem.ReadAt(buf, int64(at))
	name, _, _ := bytes.Cut(buf[:n], []byte{0})
	return string(name)
}

// writes keeps what stands in a file where it is about to be written to.
func (t *tracer) writes(file string, at int64, n int) {
	f, err := os.Open(file)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return
	}
	w := written{at: at, size: info.Size()}
	if n > 0 {
		w.old = make([]byte, n)
		got, _ := f.ReadAt(w.old, at)
		w.old = w.old[:got]
	}
	t.unsynced[file] = append(t.unsynced[file], w)
}

// sector is what a disk writes whole or not at all.
const sector = 512

// cut takes from the disk what had not been synced: all of it, or a part, as it may
// have got there in order or not, with pages that are torn in the middle.
func (t *tracer) cut(dice *rand.Rand) {
	for _, file := range slices.Sorted(maps.Keys(t.unsynced)) {
		all := t.unsynced[file]
		if len(all) == 0 {
			continue
		}
		gone, of, err := lose(file, all, dice)
		if err != nil {
			t.Refused = err.Error()
		}
		t.Lost = append(t.Lost, fmt.Sprintf("%d of %d sectors of %s", gone, of, filepath.Base(file)))
	}
}

// lose puts back what stood where something was written to a file, in part; it
// tells in how many sectors, and of how many.
func lose(file string, all []written, dice *rand.Rand) (gone, of int, err error) {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	for _, w := range all {
		of += (len(w.old) + sector - 1) / sector
	}
	how, reached, left := dice.IntN(3), dice.IntN(of+1), of
	for _, w := range slices.Backward(all) {
		if w.old == nil && of == 0 && how > 0 { // it has grown, and nothing stands there
			return 0, 0, f.Truncate(w.size)
		}
		for at := (len(w.old) - 1) / sector * sector; at >= 0 && len(w.old) > 0; at -= sector {
			left--
			if how == 0 || how == 1 && dice.IntN(2) == 0 || how == 2 && left >= reached {
				if _, err := f.WriteAt(w.old[at:min(at+sector, len(w.old))], w.at+int64(at)); err != nil {
					return gone, of, err
				}
				gone++
			}
		}
	}
	return gone, of, nil
}
