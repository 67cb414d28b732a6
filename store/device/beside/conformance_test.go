package beside

import (
	"testing"

	"go.mau.fi/whatsmeow/store/sqlstore"

	"recado/store/device/conformance"
)

// TestSQLStoreAnswersAsTheStoriesSay holds that what our store is compared with
// is what the library's own store does.
func TestSQLStoreAnswersAsTheStoriesSay(t *testing.T) {
	sqlite := engine{driver: &drivers[0]} // the one in C differs in what is empty and what is nil
	conformance.Test(t, conformance.SQLStore, func(t testing.TB) conformance.Container {
		c := sqlite.openAt(t, t.TempDir()).(*sqlstore.Container)
		t.Cleanup(func() { must(t, c.Close()) })
		return c
	})
}
