//go:build race

package session

// raced is true under the race detector.
const raced = true
