//go:build race

package command_test

// raced is true under the race detector.
const raced = true
