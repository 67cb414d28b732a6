// Recado sends WhatsApp campaigns from a terminal. It starts here: main says
// how the parts of a data directory are opened and leaves the rest to the
// command line, which opens them when a command needs them.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"recado/campaign"
	"recado/session"
	"recado/store"
	"recado/store/bolt"
	"recado/store/device"
	"recado/tui/command"
	"recado/tui/host"
)

func main() { os.Exit(run()) }

func run() int {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal ends the program at once
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "recado:", err)
		return command.ExitFailed
	}
	return command.Main(ctx, command.Env{
		Args: os.Args[1:], Dir: dir,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Environ: os.Environ(), Exec: again,
		Open: open,
		Files: []command.File{
			{Name: bookName, Examine: func(f *os.File, path string) (bolt.Health, error) { return bolt.Examine(f, path, store.Check) }},
			{Name: keysName, Keys: true, Examine: func(f *os.File, path string) (bolt.Health, error) { return bolt.Examine(f, path, device.Check) }},
		},
	})
}

// again is this program with other arguments.
func again(args ...string) (*exec.Cmd, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return exec.Command(path, args...), nil
}

// The databases of a data directory.
const (
	bookName = "book.db"
	keysName = "devices.db"
)

// simulatedGrace is how long a doubt waits for proof on a simulated service,
// which is never late.
const simulatedGrace = 3 * time.Second

// open opens the book; the numbers and their keys are opened when a command
// asks for them.
func open(o host.Opening) (*host.Parts, error) {
	bell, clock := new(campaign.Bell), new(campaign.Clock)
	options := store.Options{Kind: o.Kind(), Bell: bell, Clock: clock, Logger: o.Logger, Timeout: o.Timeout}
	if o.Service != nil {
		options.Grace = simulatedGrace
	}
	book, err := store.Open(filepath.Join(o.Dir, bookName), options)
	if err != nil {
		return nil, err
	}
	connect := func(ctx context.Context) (*session.Pool, func() error, error) {
		keys, err := device.Open(filepath.Join(o.Dir, keysName))
		if err != nil {
			return nil, nil, err
		}
		config := session.Config{Devices: keys, Book: book, Bell: bell, Clock: clock, Logger: o.Logger}
		if o.Service != nil {
			config.HTTP, config.RootKey = o.Service.HTTP, &o.Service.RootKey
		}
		pool, err := session.Open(ctx, config)
		if err != nil {
			keys.Close()
			return nil, nil, err
		}
		return pool, keys.Close, nil
	}
	return &host.Parts{Kind: options.Kind, Book: book, Bell: bell, Clock: clock, Logger: o.Logger, Connect: connect}, nil
}
