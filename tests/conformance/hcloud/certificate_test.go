package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Writes "crt" and "key" of 127.0.0.1 into the folder; the pool trusts nothing else.
func writeCertificate(t *testing.T, folder string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	about := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "hcloudsim"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	write := func(name, kind string, bytes []byte) []byte {
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
		must(t, os.WriteFile(filepath.Join(folder, name), text, 0o600))
		return text
	}
	write("key", "PRIVATE KEY", private)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(write("crt", "CERTIFICATE", certificate))
	return roots
}
