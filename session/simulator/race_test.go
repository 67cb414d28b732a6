//go:build race

package simulator_test

// raced is true under the race detector.
const raced = true
