//go:build race

package bolt

import (
	"context"
	"testing"
)

func TestATransactionInsideAReadTransactionIsNoticed(t *testing.T) {
	db := openNew(t, Options{})
	nothing := func(*Tx) error { return nil }
	for name, inside := range map[string]func(*Tx) error{
		"read":  func(*Tx) error { return db.View(nothing) },
		"write": func(*Tx) error { return db.Update(nothing) },
		"chunk": func(*Tx) error { return db.Chunk(context.Background(), nothing) },
		"flush": func(*Tx) error { return db.Flush() },
	} {
		noticed := func() (p any) {
			defer func() { p = recover() }()
			db.View(inside)
			return nil
		}()
		if noticed == nil {
			t.Errorf("a %s inside a read transaction went unnoticed", name)
		}
	}
	if err := db.View(nothing); err != nil {
		t.Errorf("after them: %v", err)
	}
}
