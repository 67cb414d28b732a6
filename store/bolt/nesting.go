//go:build !race

package bolt

func (db *DB) reads() (done func()) { return func() {} }
func (db *DB) readsNot()            {}
