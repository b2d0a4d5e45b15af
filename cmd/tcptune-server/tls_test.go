package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// credentials makes a folder with tls.crt and tls.key, as LoadCredential= does, and returns what trusts it.
func credentials(t *testing.T) (dir string, roots *x509.CertPool) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	dir = t.TempDir()
	must(os.WriteFile(filepath.Join(dir, "tls.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		0o600))
	must(os.WriteFile(filepath.Join(dir, "tls.key"), pem.EncodeToMemory(&pem.Block{
		Type:  "PRIVATE KEY",
		Bytes: private,
	}), 0o600))
	certificate, err := x509.ParseCertificate(der)
	must(err)
	roots = x509.NewCertPool()
	roots.AddCert(certificate)
	return dir, roots
}

func TestTLSWithCredentialsOfSystemd(t *testing.T) {
	t.Parallel()
	dir, roots := credentials(t)
	l := listen(t)
	launch(t, []string{"CREDENTIALS_DIRECTORY=" + dir}, map[string]*net.TCPListener{"x.socket": l}, "--protocol", "line")
	c := tls.Client(dial(t, l.Addr()), &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
	talk(t, c, "hello\n", "echo: hello\n")
	old := tls.Client(dial(t, l.Addr()), &tls.Config{
		RootCAs: roots, ServerName: "127.0.0.1",
		MaxVersion: tls.VersionTLS11,
	})
	if err := old.Handshake(); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

func TestCredentialsWithoutACertificateAreNoTLS(t *testing.T) {
	t.Parallel()
	l := listen(t)
	launch(t, []string{"CREDENTIALS_DIRECTORY=" + t.TempDir()}, map[string]*net.TCPListener{"x.socket": l})
	talk(t, dial(t, l.Addr()), "hello", "hello")
}

func TestACertificateThatCannotBeReadIsSaid(t *testing.T) {
	t.Parallel()
	p := begin(t, nil, nil, "--listen", "127.0.0.1:0", "--tls-cert", "/nowhere.crt", "--tls-key", "/nowhere.key")
	if code := p.exit(); code != exitFailed || !strings.Contains(p.stderr.String(), "/nowhere.crt") {
		t.Errorf("exit code %d, %s", code, p.stderr)
	}
}

func TestSIGHUPReadsTheCertificateAgain(t *testing.T) {
	t.Parallel()
	dir, former := credentials(t)
	next, renewed := credentials(t)
	l := listen(t)
	p := launch(t, nil, map[string]*net.TCPListener{"x.socket": l}, "--tls-cert", dir+"/tls.crt", "--tls-key", dir+"/tls.key")
	trusts := func(roots *x509.CertPool) bool {
		return tls.Client(dial(t, l.Addr()), &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}).Handshake() == nil
	}
	reload := func(file string, from string) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(from, file))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		p.signal(unix.SIGHUP)
		p.await("RELOADING=1")
		p.await("READY=1")
	}
	open := tls.Client(dial(t, l.Addr()), &tls.Config{RootCAs: former, ServerName: "127.0.0.1"})
	talk(t, open, "hello", "hello")
	reload("tls.crt", next) // the key is that of the former one
	if !trusts(former) {
		t.Error("half a pair was taken up")
	}
	reload("tls.key", next)
	if trusts(former) || !trusts(renewed) {
		t.Error("the renewed certificate is not served")
	}
	talk(t, open, "still here", "still here")
}
