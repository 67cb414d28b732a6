package session

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"recado/campaign/reason"
)

// Server reads the three settings by which a simulated service is reached:
// its address, which must be a loopback one, the file with the root of its
// certificates in PEM, and its Noise root key in hex (32 bytes). The client it
// makes dials that address whatever host is asked for.
func Server(addr, caFile, keyHex string) (httpClient func() *http.Client, rootKey [32]byte, err error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, rootKey, reason.Err(reason.ServerAddress, addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, rootKey, reason.Err(reason.ServerLoopback, addr)
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, rootKey, fmt.Errorf("certificates of the server: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, rootKey, reason.Err(reason.ServerCA, reason.Plain(caFile))
	}
	key, err := hex.DecodeString(strings.TrimSpace(keyHex))
	if err != nil || len(key) != len(rootKey) {
		return nil, rootKey, reason.Err(reason.ServerKey, len(rootKey))
	}
	copy(rootKey[:], key)
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	httpClient = func() *http.Client {
		return &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, addr)
			},
			TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: 10 * time.Second,
		}}
	}
	return httpClient, rootKey, nil
}
