package pool_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/tcptune/tcptune/server/pool"
)

// sealed is a pool of one upstream that speaks TLS.
func sealed(t *testing.T, s *server, config *tls.Config) *pool.Pool {
	t.Helper()
	return newPool(t, pool.Config{Dial: func(ctx context.Context, address string) (net.Conn, error) {
		return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	}}, s.address())
}

func pair(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 8)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// A connection of TLS is kept, and looked at before it is used again: what an upstream has closed meanwhile would take a
// request, and lose it.
func TestAConnectionOfTLSIsUsedAgainUnlessItWasClosed(t *testing.T) {
	t.Parallel()
	certificate, roots := pair(t)
	s := listen(t, func(c net.Conn) { back(tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate}})) })
	p := sealed(t, s, &tls.Config{RootCAs: roots})
	for range 10 {
		if err := p.Do(t.Context(), exchange()); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, total := s.seen(); total != 1 {
		t.Errorf("%d connections for one exchange after the other", total)
	}
	for range 10 {
		s.hangUp()
		if err := p.Do(t.Context(), exchange()); err != nil {
			t.Fatalf("after the upstream has closed: %v", err)
		}
	}
}

func TestAnUpstreamOfAnotherAuthorityIsNotAsked(t *testing.T) {
	t.Parallel()
	certificate, _ := pair(t)
	_, others := pair(t)
	s := listen(t, func(c net.Conn) { back(tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate}})) })
	asked := false
	if err := sealed(t, s, &tls.Config{RootCAs: others}).Do(t.Context(), func(*pool.Conn) error { asked = true; return nil }); err == nil || asked {
		t.Errorf("got %v, asked is %v", err, asked)
	}
}
