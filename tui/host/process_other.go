//go:build !unix

package host

import (
	"errors"
	"os"
	"os/exec"
)

func apart(*exec.Cmd) {}

func terminate(int) error { return errors.ErrUnsupported }

func lives(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	p.Release()
	return true
}
