package reason

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
)

// ofSystem is what an error of the system or of the network means.
func ofSystem(err error) (Reason, bool) {
	if r, ok := ofFile(err); ok {
		return r, true
	}
	var timeout interface{ Timeout() bool }
	var name *net.DNSError
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return New(NetworkNoHost, Plain(name.Name)), true
	case errors.As(err, &name):
		return New(NetworkNoNames, Plain(name.Name)), true
	case errors.Is(err, context.Canceled):
		return New(Interrupted), true
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return New(NoAnswer), true
	case errors.Is(err, syscall.ECONNREFUSED):
		return New(NetworkRefused), true
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return New(NetworkReset), true
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.ENETDOWN),
		errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EHOSTDOWN):
		return New(NetworkNone), true
	case ofCertificate(err):
		return New(NetworkCertificate, Plain(plainly(innermost(err)))), true
	}
	return Reason{}, false
}

// ofFile is what an error of a file means.
func ofFile(err error) (Reason, bool) {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return New(DiskFull), true
	case errors.Is(err, syscall.EROFS):
		return New(DiskReadOnly), true
	case errors.Is(err, syscall.EIO):
		return New(DiskFails), true
	}
	var at *fs.PathError
	if !errors.As(err, &at) {
		return Reason{}, false
	}
	switch {
	case errors.Is(at, fs.ErrNotExist):
		return New(FileMissing, Plain(at.Path)), true
	case errors.Is(at, fs.ErrPermission):
		return New(FileDenied, Plain(at.Path)), true
	case errors.Is(at, syscall.EISDIR):
		return New(FileDirectory, Plain(at.Path)), true
	case errors.Is(at, os.ErrDeadlineExceeded):
		return New(NoAnswer), true
	}
	return New(FileFault, Plain(at.Path), Plain(innermost(at).Error())), true
}

// plainly is what a library says of a certificate without its own name.
func plainly(err error) string {
	text := strings.TrimPrefix(err.Error(), "x509: ")
	return strings.TrimPrefix(text, "tls: ")
}

// ofCertificate reports whether the other side is not who it must be.
func ofCertificate(err error) bool {
	var (
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		alert   tls.AlertError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	return errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid)
}
