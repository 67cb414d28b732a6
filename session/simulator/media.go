package simulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/util/cbcutil"
	"go.mau.fi/whatsmeow/util/hkdfutil"
)

const (
	mediaHost  = "mmg.whatsapp.net"
	mediaLimit = 100 << 20 // bytes of one file, as the service has it for media
	mediaMAC   = 10        // bytes of the MAC at the end of a file
)

// mediaStore is the service's store of encrypted files. It knows a file by the
// hash of its ciphertext and cannot read it. It may be used from any goroutine.
type mediaStore struct {
	mux *http.ServeMux

	mu    sync.Mutex
	files map[string][]byte                 // base64url of the SHA-256 → ciphertext and MAC
	made  map[string]func() ([]byte, error) // the same, for files that are made again whenever they are asked for
}

func newMediaStore() *mediaStore {
	m := &mediaStore{mux: http.NewServeMux(), files: make(map[string][]byte), made: make(map[string]func() ([]byte, error))}
	m.mux.HandleFunc("POST /mms/{kind}/{token}", m.upload)
	m.mux.HandleFunc("DELETE /mms/{kind}/{token}", m.delete)
	m.mux.HandleFunc("GET /v/{token}", m.download)
	return m
}

// ServeHTTP is the media host.
func (m *mediaStore) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.mux.ServeHTTP(w, r) }

func (m *mediaStore) upload(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mediaLimit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		http.Error(w, "the file is too large", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		return // the client went away
	}
	token := r.PathValue("token")
	if token != tokenOf(data) || r.URL.Query().Get("token") != token {
		http.Error(w, "the token is not the hash of the file", http.StatusBadRequest)
		return
	}
	m.keep(token, data)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{
		"url":         "https://" + mediaHost + directPath(token),
		"direct_path": directPath(token),
		"handle":      "",
	})
}

func (m *mediaStore) download(w http.ResponseWriter, r *http.Request) {
	data, ok := m.file(r.PathValue("token"))
	if !ok {
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(data)
}

func (m *mediaStore) delete(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, r.PathValue("token"))
	delete(m.made, r.PathValue("token"))
	w.WriteHeader(http.StatusOK)
}

func (m *mediaStore) keep(token string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[token] = data
}

// keepMaker keeps, instead of a file, what makes it.
func (m *mediaStore) keepMaker(token string, maker func() ([]byte, error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.made[token] = maker
}

func (m *mediaStore) file(token string) ([]byte, bool) {
	m.mu.Lock()
	data, ok := m.files[token]
	maker := m.made[token]
	m.mu.Unlock()
	if ok || maker == nil {
		return data, ok
	}
	data, err := maker()
	return data, err == nil
}

// tokenOf names a file.
func tokenOf(data []byte) string {
	sum := sha256.Sum256(data)
	return base64.URLEncoding.EncodeToString(sum[:])
}

// directPath is where a file is downloaded. Clients append to it as to a query,
// so that it must have one.
func directPath(token string) string { return "/v/" + token + "?ccb=11-4" }

// tokenOfPath is the name of the file that is downloaded there.
func tokenOfPath(path string) string {
	token, _, _ := strings.Cut(strings.TrimPrefix(path, "/v/"), "?")
	return token
}

// attachment is what a message says about a file.
type attachment struct {
	directPath             string
	key                    []byte
	fileSHA256, fileEncSHA []byte
	length                 uint64
}

// fileKeys are derived from the key of an attachment.
func fileKeys(key []byte, kind whatsmeow.MediaType) (iv, cipher, macKey []byte) {
	expanded := hkdfutil.SHA256(key, nil, []byte(kind), 112)
	return expanded[:16], expanded[16:48], expanded[48:80]
}

// put encrypts a file, as the client of a phone does, and keeps it.
func (m *mediaStore) put(kind whatsmeow.MediaType, plain []byte) (attachment, error) {
	file, sealed, err := sealFile(kind, randomBytes(32), plain)
	if err != nil {
		return attachment{}, err
	}
	m.keep(tokenOfPath(file.directPath), sealed)
	return file, nil
}

// sealFile encrypts a file with a key.
func sealFile(kind whatsmeow.MediaType, key, plain []byte) (file attachment, sealed []byte, err error) {
	sum := sha256.Sum256(plain) // before it may be encrypted in its place
	iv, cipher, macKey := fileKeys(key, kind)
	sealed, err = cbcutil.Encrypt(cipher, iv, plain)
	if err != nil {
		return attachment{}, nil, fmt.Errorf("encrypt a file: %w", err)
	}
	sealed = append(sealed, mac(sha256.New, macKey, iv, sealed)[:mediaMAC]...)
	sealedSum := sha256.Sum256(sealed)
	return attachment{directPath(tokenOf(sealed)), key, sum[:], sealedSum[:], uint64(len(plain))}, sealed, nil
}

// read opens the attachment of a message as the phone of its recipient does and
// returns the SHA-256 of the file in hexadecimal, or why it cannot be opened.
// Without an attachment it returns nothing.
func (m *mediaStore) read(message *waE2E.Message) string {
	for _, f := range []whatsmeow.DownloadableMessage{
		message.GetImageMessage(), message.GetVideoMessage(), message.GetAudioMessage(), message.GetDocumentMessage(),
		message.GetDocumentWithCaptionMessage().GetMessage().GetDocumentMessage(),
	} {
		if f.GetDirectPath() == "" {
			continue
		}
		plain, err := m.open(f)
		if err != nil {
			return "unreadable: " + err.Error()
		}
		sum := sha256.Sum256(plain)
		return hex.EncodeToString(sum[:])
	}
	return ""
}

// open downloads and decrypts a file.
func (m *mediaStore) open(f whatsmeow.DownloadableMessage) ([]byte, error) {
	data, ok := m.file(tokenOfPath(f.GetDirectPath()))
	if !ok {
		return nil, fmt.Errorf("no file at %q", f.GetDirectPath())
	}
	if len(data) <= mediaMAC {
		return nil, errors.New("the file is too short")
	}
	sealed, sum := data[:len(data)-mediaMAC], data[len(data)-mediaMAC:]
	iv, cipher, macKey := fileKeys(f.GetMediaKey(), whatsmeow.GetMediaType(f))
	if !hmac.Equal(mac(sha256.New, macKey, iv, sealed)[:mediaMAC], sum) {
		return nil, errors.New("the file was changed on its way")
	}
	plain, err := cbcutil.Decrypt(cipher, iv, bytes.Clone(sealed))
	if err != nil {
		return nil, fmt.Errorf("decrypt a file: %w", err)
	}
	if sum := sha256.Sum256(plain); !hmac.Equal(sum[:], f.GetFileSHA256()) {
		return nil, errors.New("the file is not the one that the message names")
	}
	return plain, nil
}
