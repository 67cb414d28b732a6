package device

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	mathrand "math/rand/v2"

	"recado/store/bolt"

	"github.com/google/uuid"
	"go.mau.fi/util/random"
	"go.mau.fi/whatsmeow/proto/waAdv"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// NewDevice makes the keys of a device that is to be linked. Nothing is stored before its first
// Save, which the library calls when the phone has agreed; until then every store of it answers
// ErrNotPaired, except the map of LIDs, which is everybody's.
func (c *Container) NewDevice() *store.Device {
	d := &store.Device{
		Log:            waLog.Noop,
		NoiseKey:       keys.NewKeyPair(),
		IdentityKey:    keys.NewKeyPair(),
		RegistrationID: mathrand.Uint32(),
		AdvSecretKey:   random.Bytes(32),
		Container:      c,
		LIDs:           c.lids,
	}
	d.SignedPreKey = d.IdentityKey.CreateSignedPreKey(1)
	d.SetAllStores(&stores{scope: scope{c: c}, unpaired: true, lids: c.lids})
	return d
}

// GetDevice finds the device with that JID, which includes its device number. It answers nil, nil
// if there is none.
func (c *Container) GetDevice(_ context.Context, jid types.JID) (*store.Device, error) {
	var d *store.Device
	err := c.view(func(tx *bolt.Tx) (err error) {
		if kept := deviceRows.Group(tx, jidKey(jid)); kept.There() {
			d, err = c.load(jid, kept)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load device: %w", err)
	}
	return d, nil
}

// GetAllDevices answers every linked device in the order of their JIDs.
func (c *Container) GetAllDevices(_ context.Context) ([]*store.Device, error) {
	var devices []*store.Device
	err := c.view(func(tx *bolt.Tx) error {
		for name, kept := range deviceRows.Groups(tx) {
			jid, err := types.ParseJID(string(name))
			if err != nil {
				return err
			}
			d, err := c.load(jid, kept)
			if err != nil {
				return err
			}
			devices = append(devices, d)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load devices: %w", err)
	}
	return devices, nil
}

// load makes a handle of a device that is kept.
func (c *Container) load(jid types.JID, kept bolt.Group) (*store.Device, error) {
	row, err := decodeDevice(kept.Own(keyDevice))
	if err != nil {
		return nil, err
	}
	d := row.device()
	d.ID = &jid
	c.initialize(d, kept.Number())
	return d, nil
}

// initialize gives a handle its stores, which it shares with every other handle of the same link.
func (c *Container) initialize(d *store.Device, generation uint64) {
	d.Log = waLog.Noop
	d.LIDs = c.lids
	d.Container = c
	d.SetAllStores(c.storesOf(*d.ID, generation))
	d.Initialized = true
}

func (c *Container) storesOf(jid types.JID, generation uint64) *stores {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := jid.String()
	listed := c.linked[name]
	if listed != nil && listed.generation == generation {
		return listed
	}
	account := jid.ToNonAD().String()
	if c.accounts[account] == nil {
		c.accounts[account] = &scope{c: c, parent: accountRows, name: []byte(account)}
	}
	s := &stores{
		scope:   scope{c: c, parent: deviceRows, name: []byte(name), generation: generation},
		account: c.accounts[account],
		lids:    c.lids,
	}
	if listed == nil || listed.generation < generation { // or the number was linked again meanwhile, and s is over
		c.linked[name] = s
	}
	return s
}

// PutDevice stores the device; Device.Save calls it. The first time, it stores all of it and gives
// the handle its stores. Later it changes the names and the LID alone, never the keys. When another
// device with the same JID is there, that is, one with another noise key, the number was linked
// again: everything of the old link is deleted first, and its handles answer with
// store.ErrDeviceDeleted from then on.
func (c *Container) PutDevice(_ context.Context, d *store.Device) error {
	if d.ID == nil || d.ID.IsEmpty() {
		return ErrNoJID
	}
	row, err := rowOf(d)
	if err != nil {
		return fmt.Errorf("save device: %w", err)
	}
	var known uint64 // the link that this handle is of
	if s, ok := d.Sessions.(*stores); ok {
		known = s.generation
	}
	var generation uint64
	err = c.db.Update(func(tx *bolt.Tx) (err error) {
		generation, err = putDevice(tx, jidKey(*d.ID), row, known)
		return err
	})
	if err != nil {
		return fmt.Errorf("save device: %w", err)
	}
	if !d.Initialized {
		c.initialize(d, generation)
	}
	return nil
}

func putDevice(tx *bolt.Tx, name []byte, row deviceRow, known uint64) (generation uint64, err error) {
	kept := deviceRows.Group(tx, name)
	if known != 0 && (!kept.There() || kept.Number() != known) {
		return 0, store.ErrDeviceDeleted
	}
	isNew := !kept.There()
	if !isNew {
		old, err := decodeDevice(kept.Own(keyDevice))
		if err == nil && bytes.Equal(old.noise, row.noise) {
			old.lid, old.platform, old.businessName, old.pushName = row.lid, row.platform, row.businessName, row.pushName
			old.migration, old.nonce = row.migration, row.nonce
			row = old
		} else {
			if err := deviceRows.Drop(tx, name); err != nil {
				return 0, err
			}
			isNew = true
		}
	}
	if isNew {
		if kept, err = deviceRows.MakeGroup(tx, name); err != nil {
			return 0, err
		}
		next, err := deviceRows.Next(tx)
		if err != nil {
			return 0, err
		}
		if err := kept.SetNumber(next); err != nil {
			return 0, err
		}
	}
	if value := row.encode(); !bytes.Equal(kept.Own(keyDevice), value) {
		err = kept.PutOwn(keyDevice, value)
	}
	return kept.Number(), err
}

// DeleteDevice deletes the device and everything that belongs to its link; Device.Delete calls it.
// Privacy tokens and LIDs stay. Every handle of the link answers with store.ErrDeviceDeleted from
// then on. A handle of an older link than the stored one deletes nothing.
func (c *Container) DeleteDevice(_ context.Context, d *store.Device) error {
	if d.ID == nil || d.ID.IsEmpty() {
		return ErrNoJID
	}
	name := jidKey(*d.ID)
	err := c.db.Update(func(tx *bolt.Tx) error {
		kept := deviceRows.Group(tx, name)
		if !kept.There() {
			return nil
		}
		old, err := decodeDevice(kept.Own(keyDevice))
		if err == nil && d.NoiseKey != nil && !bytes.Equal(old.noise, d.NoiseKey.Priv[:]) {
			return nil
		}
		return deviceRows.Drop(tx, name)
	})
	if err != nil {
		return fmt.Errorf("delete device: %w", err)
	}
	// Whether the listed stores are over is read without the lock: GetDevice takes it inside a
	// transaction, and a file that grows waits for that one and lets no other begin.
	c.mu.Lock()
	s := c.linked[string(name)]
	c.mu.Unlock()
	if s == nil || s.alive() == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.linked[string(name)] == s {
		delete(c.linked, string(name))
	}
	return nil
}

// deviceRow is what is stored of a store.Device beside its JID.
type deviceRow struct {
	noise, identity, prekey, prekeySig                       []byte
	advSecret, details, accountSig, accountSigKey, deviceSig []byte
	lid, platform, businessName, pushName, nonce             string
	registration, prekeyID                                   uint32
	migration                                                int64
	facebook                                                 uuid.UUID
}

func rowOf(d *store.Device) (deviceRow, error) {
	if d.NoiseKey == nil || d.IdentityKey == nil || d.SignedPreKey == nil || d.SignedPreKey.Signature == nil {
		return deviceRow{}, fmt.Errorf("it has no keys: %w", bolt.ErrRecord)
	}
	if d.Account == nil {
		return deviceRow{}, fmt.Errorf("the phone has not signed it: %w", bolt.ErrRecord)
	}
	return deviceRow{
		noise: d.NoiseKey.Priv[:], identity: d.IdentityKey.Priv[:],
		prekey: d.SignedPreKey.Priv[:], prekeySig: d.SignedPreKey.Signature[:], prekeyID: d.SignedPreKey.KeyID,
		advSecret: d.AdvSecretKey, details: d.Account.Details, accountSig: d.Account.AccountSignature,
		accountSigKey: d.Account.AccountSignatureKey, deviceSig: d.Account.DeviceSignature,
		lid: d.LID.String(), platform: d.Platform, businessName: d.BusinessName, pushName: d.PushName,
		nonce: d.CompanionMetaNonce, registration: d.RegistrationID, migration: d.LIDMigrationTimestamp, facebook: d.FacebookUUID,
	}, nil
}

func (r *deviceRow) device() *store.Device {
	d := &store.Device{
		NoiseKey:       keys.NewKeyPairFromPrivateKey([32]byte(r.noise)),
		IdentityKey:    keys.NewKeyPairFromPrivateKey([32]byte(r.identity)),
		RegistrationID: r.registration,
		AdvSecretKey:   r.advSecret,
		Account: &waAdv.ADVSignedDeviceIdentity{
			Details: r.details, AccountSignature: r.accountSig,
			AccountSignatureKey: r.accountSigKey, DeviceSignature: r.deviceSig,
		},
		Platform: r.platform, BusinessName: r.businessName, PushName: r.pushName,
		LIDMigrationTimestamp: r.migration, CompanionMetaNonce: r.nonce, FacebookUUID: r.facebook,
	}
	d.SignedPreKey = &keys.PreKey{
		KeyPair: *keys.NewKeyPairFromPrivateKey([32]byte(r.prekey)),
		KeyID:   r.prekeyID, Signature: (*[64]byte)(r.prekeySig),
	}
	if r.lid != "" {
		d.LID, _ = types.ParseJID(r.lid) // decodeDevice has parsed it before
	}
	return d
}

func (r *deviceRow) encode() []byte {
	var row []byte
	for _, v := range [][]byte{
		r.noise, r.identity, r.prekey, r.prekeySig,
		r.advSecret, r.details, r.accountSig, r.accountSigKey, r.deviceSig,
	} {
		row = bolt.AppendText(row, v)
	}
	for _, v := range []string{r.lid, r.platform, r.businessName, r.pushName, r.nonce} {
		row = bolt.AppendText(row, v)
	}
	row = bolt.AppendText(row, binary.BigEndian.AppendUint32(nil, r.registration))
	row = bolt.AppendText(row, binary.BigEndian.AppendUint32(nil, r.prekeyID))
	row = bolt.AppendText(row, appendInt64(nil, r.migration))
	return bolt.AppendText(row, r.facebook[:])
}

func decodeDevice(row []byte) (deviceRow, error) {
	f := bolt.Dec{B: row, Short: true}
	r := deviceRow{
		noise: f.Bytes(), identity: f.Bytes(), prekey: f.Bytes(), prekeySig: f.Bytes(),
		advSecret: f.Bytes(), details: f.Bytes(), accountSig: f.Bytes(), accountSigKey: f.Bytes(), deviceSig: f.Bytes(),
		lid: f.Text(), platform: f.Text(), businessName: f.Text(), pushName: f.Text(), nonce: f.Text(),
	}
	registration, prekeyID, migration, facebook := f.Bytes(), f.Bytes(), f.Bytes(), f.Bytes()
	if f.Err != nil || len(r.noise) != 32 || len(r.identity) != 32 || len(r.prekey) != 32 || len(r.prekeySig) != 64 ||
		len(registration) != 4 || len(prekeyID) != 4 || len(migration) != 8 || len(facebook) != 16 {
		return deviceRow{}, bolt.ErrRecord
	}
	r.registration, r.prekeyID = binary.BigEndian.Uint32(registration), binary.BigEndian.Uint32(prekeyID)
	r.migration, _ = takeInt64(migration)
	r.facebook = uuid.UUID(facebook)
	if _, err := types.ParseJID(r.lid); err != nil {
		return deviceRow{}, bolt.ErrRecord
	}
	return r, nil
}
