package device

import (
	"time"

	"go.mau.fi/whatsmeow/store"
)

var moment = time.Unix(1_790_000_000, 0)

// macs makes mutation MACs; equal names have equal indexes.
func macs(names ...string) (out []store.AppStateMutationMAC) {
	for _, name := range names {
		index, value := [32]byte{}, [32]byte{0xff}
		copy(index[:], name)
		copy(value[1:], name)
		out = append(out, store.AppStateMutationMAC{IndexMAC: index[:], ValueMAC: value[:]})
	}
	return out
}
