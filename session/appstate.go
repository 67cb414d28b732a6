package session

import (
	"context"

	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waServerSync"
	"go.mau.fi/whatsmeow/store"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// What our phone shares with its companions comes as collections of entries, of
// which changes are told from then on. When the library reads a whole one, it
// tells of none of its entries; what we want to know of them is read here, beside
// it: nothing of what the library keeps is touched.

// longestCollection is how many parts of a collection are read.
const longestCollection = 1000

// collection reads the entries of a whole collection, each as it was set last.
func (c *client) collection(name appstate.WAPatchName) ([]appstate.Mutation, error) {
	ctx, cancel := context.WithTimeout(c.ctx, historyTimeout)
	defer cancel()
	sums := &sums{values: make(map[string][]byte)}
	reader := appstate.NewProcessor(&store.Device{AppStateKeys: c.dev.AppStateKeys, AppState: sums}, waLog.Noop)
	entries := make(map[string]appstate.Mutation)
	var order []string
	state := appstate.HashState{}
	for part := range longestCollection {
		if err := c.line(); err != nil {
			return nil, err
		}
		//lint:ignore SA1019 there is no other way to read a collection without changing what the library keeps
		list, err := c.cli.DangerousInternals().FetchAppStatePatches(ctx, name, state.Version, part == 0)
		if err != nil {
			return nil, err
		}
		var mutations []appstate.Mutation
		if mutations, state, err = reader.DecodePatches(ctx, list, state, true); err != nil {
			return nil, err
		}
		for _, m := range mutations {
			key := string(m.IndexMAC)
			if m.Operation != waServerSync.SyncdMutation_SET {
				delete(entries, key)
				continue
			}
			if _, known := entries[key]; !known {
				order = append(order, key)
			}
			entries[key] = m
		}
		if !list.HasMorePatches {
			break
		}
	}
	all := make([]appstate.Mutation, 0, len(entries))
	for _, key := range order {
		if m, ok := entries[key]; ok {
			all = append(all, m)
			delete(entries, key)
		}
	}
	return all, nil
}

// sums is what the reader of one collection has to remember of it.
type sums struct{ values map[string][]byte } // by index

func (s *sums) PutAppStateVersion(context.Context, string, uint64, [128]byte) error { return nil }

func (s *sums) GetAppStateVersion(context.Context, string) (uint64, [128]byte, error) {
	return 0, [128]byte{}, nil
}

func (s *sums) DeleteAppStateVersion(context.Context, string) error {
	clear(s.values)
	return nil
}

func (s *sums) PutAppStateMutationMACs(_ context.Context, _ string, _ uint64, set []store.AppStateMutationMAC) error {
	for _, m := range set {
		s.values[string(m.IndexMAC)] = m.ValueMAC
	}
	return nil
}

func (s *sums) DeleteAppStateMutationMACs(_ context.Context, _ string, removed [][]byte) error {
	for _, index := range removed {
		delete(s.values, string(index))
	}
	return nil
}

func (s *sums) GetAppStateMutationMAC(_ context.Context, _ string, index []byte) ([]byte, error) {
	return s.values[string(index)], nil
}
