//go:build race

package store

// Raced is true under the race detector.
const Raced = true
