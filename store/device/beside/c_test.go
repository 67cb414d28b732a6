//go:build cgo

package beside

import _ "github.com/mattn/go-sqlite3"

func init() {
	drivers = append(drivers, driver{name: "C", open: "sqlite3", pragmas: [3]string{
		"_busy_timeout=10000&_foreign_keys=1",
		"_busy_timeout=10000&_foreign_keys=1&_journal_mode=wal&_synchronous=normal",
		"_busy_timeout=10000&_foreign_keys=1&_journal_mode=wal&_synchronous=full",
	}})
}
