package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
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

func TestTheExpiryOfTheCertificateIsShown(t *testing.T) {
	t.Parallel()
	dir, _ := credentials(t)
	admin := listen(t)
	launch(t, []string{"CREDENTIALS_DIRECTORY=" + dir}, map[string]*net.TCPListener{"x.socket": listen(t), "admin": admin})
	if _, body := get(t, admin.Addr(), "/metrics"); !strings.Contains(body, "\ntcptune_server_certificate_expires_timestamp_seconds 1.") {
		t.Errorf("not in the metrics:\n%s", body)
	}
	if _, body := get(t, admin.Addr(), "/statusz"); !strings.Contains(body, `"certificate_expires":"20`) {
		t.Errorf("not in the status: %s", body)
	}
}

func TestOnlyClientsWithACertificateAreServed(t *testing.T) {
	t.Parallel()
	dir, roots := credentials(t)
	l, admin := listen(t), listen(t)
	file := func(name string) string { return filepath.Join(dir, name) }
	launch(t, nil, map[string]*net.TCPListener{"x.socket": l, "admin": admin}, "--protocol", "http", "--tls-cert", file("tls.crt"),
		"--tls-key", file("tls.key"), "--tls-client-ca", file("tls.crt"))
	own, err := tls.LoadX509KeyPair(file("tls.crt"), file("tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", NextProtos: []string{"h2", "http/1.1"}}
	stranger := tls.Client(dial(t, l.Addr()), config)
	if _, err := stranger.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a client without a certificate: %v", err)
	}
	known := config.Clone()
	known.Certificates = []tls.Certificate{own}
	c := tls.Client(dial(t, l.Addr()), known)
	talk(t, c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n")
	if got := c.ConnectionState().NegotiatedProtocol; got != "http/1.1" {
		t.Errorf("spoken is %q", got)
	}
}

// A certificate that was renewed by hand or by an ACME client is served without a word to the server, as soon as both of
// its files fit; who may come as a client is read again as well.
func TestARenewedCertificateIsFoundByItself(t *testing.T) {
	t.Parallel()
	dir, former := credentials(t)
	next, renewed := credentials(t)
	other, _ := credentials(t)
	l := listen(t)
	file := func(dir, name string) string { return filepath.Join(dir, name) }
	ca := file(t.TempDir(), "ca.crt")
	replace := func(with, name string) { // as a client of ACME does it, in one step
		t.Helper()
		text, err := os.ReadFile(with)
		if err == nil {
			err = os.WriteFile(name+".new", text, 0o600)
		}
		if err == nil {
			err = os.Rename(name+".new", name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	replace(file(next, "tls.crt"), ca)
	p := launch(t, nil, map[string]*net.TCPListener{"x.socket": l}, "--tls-cert", file(dir, "tls.crt"), "--tls-key", file(dir, "tls.key"),
		"--tls-client-ca", ca)
	client, err := tls.LoadX509KeyPair(file(next, "tls.crt"), file(next, "tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	served := func(roots *x509.CertPool) bool {
		c := tls.Client(dial(t, l.Addr()), &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", Certificates: []tls.Certificate{client}})
		_, err := c.Write([]byte("hello"))
		if err == nil {
			_, err = io.ReadFull(c, make([]byte, 5))
		}
		return err == nil
	}
	if !served(former) {
		t.Fatal("the first certificate is not served")
	}
	replace(file(next, "tls.crt"), file(dir, "tls.crt"))
	p.says("the former one stays", 1) // the key is that of the former one
	if !served(former) {
		t.Error("half a pair was taken up")
	}
	replace(file(next, "tls.key"), file(dir, "tls.key"))
	p.says("certificate renewed", 1)
	if served(former) || !served(renewed) {
		t.Error("the renewed certificate is not served")
	}
	replace(file(other, "tls.crt"), ca)
	p.says("certificate renewed", 2)
	if served(renewed) {
		t.Error("a client of an authority that is gone is served")
	}
}

func TestCredentialsMayHoldTheAuthoritiesOfClients(t *testing.T) {
	t.Parallel()
	dir, roots := credentials(t)
	text, err := os.ReadFile(filepath.Join(dir, "tls.crt"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "tls-client-ca.crt"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t)
	launch(t, []string{"CREDENTIALS_DIRECTORY=" + dir}, map[string]*net.TCPListener{"x.socket": l})
	c := tls.Client(dial(t, l.Addr()), &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
	if _, err := c.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a client without a certificate: %v", err)
	}
}
