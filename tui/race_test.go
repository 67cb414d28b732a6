//go:build race

package tui

// raced is true under the race detector.
const raced = true
