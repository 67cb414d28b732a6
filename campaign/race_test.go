//go:build race

package campaign_test

// raced is true under the race detector.
const raced = true
