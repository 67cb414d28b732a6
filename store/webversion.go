package store

import (
	"encoding/json"
	"fmt"
	"time"

	"recado/store/bolt"
)

// webVersion is the newest version of the service's own client that is known.
type webVersion struct {
	Version [3]uint32
	Asked   time.Time
}

// WebVersion returns the newest version of the service's own client that
// somebody found out, and when it was last asked for; zeros if never.
func (b *Book) WebVersion() (version [3]uint32, asked time.Time, err error) {
	var v webVersion
	err = b.view(func(tx *bolt.Tx) error {
		if kept := metaTable.Get(tx, "web version"); kept != nil {
			return json.Unmarshal(kept, &v)
		}
		return nil
	})
	if err != nil {
		return version, asked, fmt.Errorf("read the version of WhatsApp: %w", err)
	}
	return v.Version, v.Asked, nil
}

// SetWebVersion keeps them.
func (b *Book) SetWebVersion(version [3]uint32, asked time.Time) error {
	return b.update(func(tx *bolt.Tx) error {
		v, err := json.Marshal(webVersion{version, asked})
		if err != nil {
			return err
		}
		return metaTable.Put(tx, "web version", v)
	})
}
