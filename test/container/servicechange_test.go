package container

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var whole = flag.Bool("whole", false, "carry out each change under load several times, for longer (make load-test)")

// change is what an operator does.
type change struct {
	what  string
	brief bool // also where there is little time
	do    func(t *testing.T)
}

// underLoad carries out changes while clients come and POST, and says what became of those.
func (m *Machine) underLoad(t *testing.T, kind, port string, perSecond int, changes []change) {
	t.Helper()
	rounds, length := 1, 4*time.Second
	if *whole {
		rounds, length = 5, 15*time.Second
	}
	for range rounds {
		for _, c := range changes {
			if !c.brief && !*whole {
				continue
			}
			stream := m.clients(t, kind, port, fmt.Sprint(perSecond), length.String())
			time.Sleep(length / 10) // they come before, during and after it
			begin := time.Now()
			c.do(t)
			took := time.Since(begin)
			l := stream.tally()
			if l.lost() > 0 || l.OK-l.Kept != perSecond*int(length.Seconds()) || l.Kept == 0 {
				t.Errorf("%s: %+v", c.what, l)
			}
			t.Attr("count", fmt.Sprintf("%-18s %5.1f s: %d refused, %d reset, %d timed out, %d lost otherwise of %d new clients and %d requests of kept connections, %.0f and %.0f a second, %d handshakes of TLS resumed; longest answer %.0f ms",
				c.what, took.Seconds(), l.Refused, l.Reset, l.TimedOut, l.Other, l.OK-l.Kept, l.Kept,
				float64(l.OK-l.Kept)/l.Seconds, float64(l.Kept)/l.Seconds, l.Resumed, l.LongestAnswer))
		}
	}
}

// What an operator changes refuses no client, resets none and loses no request: neither of those that come, 1,000 a
// second, nor of 200 that keep their connection and POST.
func TestNoChangeLosesARequest(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	m.CopyIn(t, program(t, "load"), "/usr/bin/load")
	m.Must(t, "cp", "/usr/bin/tcptune-server", "/usr/local/bin/other-server")
	install := func(more ...string) func(t *testing.T) {
		return func(t *testing.T) {
			m.service(t, 0, append([]string{"install", "--protocol", "http", "--now", "--listen", "8080"}, more...)...)
		}
	}
	run := func(argv ...string) func(t *testing.T) { return func(t *testing.T) { m.Must(t, argv...) } }
	install()(t)
	limits := []string{"--listen", "8081", "--backlog", "5000", "--limit", "idle-timeout=2m"}
	m.underLoad(t, "web", "8080", 1000, []change{
		{"an address more", true, install("--listen", "8081")},
		{"the backlog", true, install("--listen", "8081", "--backlog", "5000")},
		{"a limit", true, install(limits...)},
		{"the program", true, install(append(slices.Clone(limits), "--program", "/usr/local/bin/other-server")...)},
		{"an address less", true, install()},
		{"restart", false, run("tcptune", "service", "restart")},
		{"restart --overlap", true, run("tcptune", "service", "restart", "--overlap")},
		{"systemctl restart", true, run("systemctl", "restart", "tcptune-server.service")},
		{"daemon-reexec", true, run("systemctl", "daemon-reexec")},
	})
	// The first address goes, that of NAME.socket, and another one comes.
	install("--listen", "8081")(t)
	m.underLoad(t, "web", "8081", 1000, []change{
		{"the first less", true, run("tcptune", "service", "install", "--protocol", "http", "--now", "--listen", "8081")},
		{"another first", true, run("tcptune", "service", "install", "--protocol", "http", "--now", "--listen", "8080", "--listen", "8081")},
	})
	install()(t)
	if got := strings.Fields(m.Must(t, "systemctl", "list-units", "--plain", "--no-legend", "--type=socket", bundled+"*")); slices.Contains(got, bundled+"-8081.socket") {
		t.Errorf("the address that is not wanted any more: %s", got)
	}
}

// certificate writes a pair of files of its own for each serial number.
func certificate(t *testing.T, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: public}, "tls.key": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
}

func TestARenewedCertificateLosesNoRequest(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	m.CopyIn(t, program(t, "load"), "/usr/bin/load")
	serial := int64(0)
	renew := func() {
		serial++
		cert, key := certificate(t, serial)
		m.CopyIn(t, cert, "/etc/tls.crt")
		m.CopyIn(t, key, "/etc/tls.key")
	}
	renew()
	m.service(t, 0, "install", "--protocol", "http", "--now", "--listen", "8443", "--tls-cert", "/etc/tls.crt", "--tls-key", "/etc/tls.key")
	m.underLoad(t, "webs", "8443", 1000, []change{{"the certificate", true, func(t *testing.T) {
		renew()
		m.service(t, 0, "restart")
	}}})
	if got := strings.TrimSpace(m.Must(t, "load", "serial", "8443", "0", "0s")); got != fmt.Sprint(serial) {
		t.Errorf("the certificate that is served has the serial number %s, want %d", got, serial)
	}
}
