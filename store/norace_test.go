//go:build !race

package store

const Raced = false
