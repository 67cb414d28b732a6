package simulator

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// hosts are the names that the service answers to.
var hosts = []string{"web.whatsapp.com", "*.whatsapp.com", "mmg.whatsapp.net", "*.whatsapp.net", "localhost"}

// pipes is the listener of the in-process door: a connection is the two ends of
// a net.Pipe.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "simulator" }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// HTTPClient returns a client whose every connection, whatever the address,
// ends in this service, without a socket and without TLS. Each call makes a new
// one.
func (s *Service) HTTPClient() *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if s.isDown() {
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ENETUNREACH}
		}
		return s.pipes.dial(ctx)
	}
	// net/http takes what DialTLSContext returns for a secured connection
	// without looking.
	return &http.Client{Transport: &http.Transport{DialContext: dial, DialTLSContext: dial}}
}

func newServer(s *Service) *http.Server {
	return &http.Server{Handler: s.handler(), ErrorLog: log.New(logged{s}, "", 0)}
}

// logged lets net/http complain into the log of the service.
type logged struct{ s *Service }

func (l logged) Write(p []byte) (int, error) {
	l.s.log.Debug("http", "says", string(p))
	return len(p), nil
}

// Door is a TLS listener through which other processes reach a Service.
type Door struct {
	// Addr is where it listens, "127.0.0.1:PORT".
	Addr string

	server *http.Server
	ledger *os.File
	done   chan struct{}
	s      *Service
}

// Listen opens a door on a loopback address; port 0 takes a free one. Into dir
// it writes ca.pem (the certificate to trust for every WhatsApp host), root.key
// (RootKey in hexadecimal) and ledger.jsonl (every entry of the ledger as it is
// made). The paths under /control/ move the world by hand.
func (s *Service) Listen(addr, dir string) (*Door, error) {
	at, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if !at.IP.IsLoopback() {
		return nil, fmt.Errorf("listen on %s: only loopback addresses are allowed", addr)
	}
	authority, certificate, err := tlsCertificate()
	if err != nil {
		return nil, fmt.Errorf("make the certificate of the door: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of the door: %w", err)
	}
	root := RootKey()
	for name, data := range map[string][]byte{
		"ca.pem":   authority,
		"root.key": []byte(hex.EncodeToString(root[:]) + "\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
	}
	ledger, err := os.OpenFile(filepath.Join(dir, "ledger.jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	listener, err := net.ListenTCP("tcp", at)
	if err != nil {
		_ = ledger.Close()
		return nil, fmt.Errorf("listen: %w", err)
	}
	s.ledger.setWriter(ledger)
	mux := http.NewServeMux()
	mux.Handle("/control/", s.controlHandler())
	mux.Handle("/", s.handler())
	d := &Door{Addr: listener.Addr().String(), ledger: ledger, done: make(chan struct{}), s: s}
	d.server = newServer(s)
	d.server.Handler = mux
	d.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}}
	go func() { // ends with Close
		defer close(d.done)
		_ = d.server.ServeTLS(listener, "", "")
	}()
	return d, nil
}

// Close stops listening, breaks the connections and closes the ledger's file.
func (d *Door) Close() error {
	_ = d.server.Close()
	<-d.done
	d.s.dropAll() // a websocket no longer belongs to the server
	d.s.ledger.setWriter(nil)
	return d.ledger.Close()
}

// tlsCertificate makes an authority (as PEM) and the certificate of the hosts
// that it signed.
func tlsCertificate() (authority []byte, certificate tls.Certificate, err error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, certificate, err
	}
	now := time.Now()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "recado simulator"},
		NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return nil, certificate, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, certificate, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: hosts[0]}, DNSNames: hosts,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:   now.AddDate(0, 0, -1), NotAfter: now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		return nil, certificate, err
	}
	authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	return authority, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
