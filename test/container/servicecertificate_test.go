package container

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// certify puts a new certificate that is valid for so long, and its key, on the machine.
func (m *Machine) certify(t *testing.T, valid time.Duration) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotAfter: time.Now().Add(valid)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	m.Must(t, "mkdir", "-p", "/etc/pki")
	for file, block := range map[string]pem.Block{"/etc/pki/web.crt": {Type: "CERTIFICATE", Bytes: der}, "/etc/pki/web.key": {Type: "PRIVATE KEY", Bytes: private}} {
		mustExit(t, 0, m.RunInput(t, strings.NewReader(string(pem.EncodeToMemory(&block))), "tee", file))
		m.Must(t, "chmod", "600", file)
	}
	m.Must(t, "chmod", "644", "/etc/pki/web.crt")
}

// A renewed certificate is taken up by a reload on each systemd, no client is lost by that, and what clients get is what
// decides whether it was.
func TestAReloadRenewsTheCertificate(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	m.CopyIn(t, program(t, "load"), "/usr/bin/load")
	m.certify(t, 90*24*time.Hour)
	m.service(t, 0, "install", "--protocol", "line", "--tls-cert", "/etc/pki/web.crt", "--tls-key", "/etc/pki/web.key", "--drain", "5s", "--now")
	says := func(code int, want ...string) {
		t.Helper()
		r := m.Run(t, "tcptune", "service", "status")
		mustExit(t, code, r)
		for _, w := range want {
			if !strings.Contains(r.Stdout, w) {
				t.Errorf("status does not say %q:\n%s", w, r.Stdout)
			}
		}
	}
	says(0, "expires in 89 days")
	if s := m.service(t, 0, "status").Service[0]; s.Reason != "" {
		t.Errorf("status says %s", s.Reason)
	}
	r := m.Run(t, "tcptune", "service", "reload")
	if mustExit(t, 0, r); !strings.Contains(r.Stdout, "serves the certificate of /etc/pki/web.crt") {
		t.Errorf("nothing was renewed, and it says %s", r.Stdout)
	}

	stream := m.clients(t, "tls", "8080", "100", "15s")
	pid := m.mainPID(t)
	m.certify(t, 5*24*time.Hour)
	says(0, "clients get another certificate than /etc/pki/web.crt has: sudo tcptune service reload tcptune-server", "expires in 89 days")
	r = m.Run(t, "tcptune", "service", "reload")
	if mustExit(t, 0, r); !strings.Contains(r.Stdout, "that of /etc/pki/web.crt now") || m.mainPID(t) == pid {
		t.Errorf("%s", r.Stdout)
	}
	says(0, "expires in 4 days")
	if l := stream.tally(); l.lost() > 0 {
		t.Errorf("clients were lost: %+v", l)
	}
	if r := m.Run(t, "tcptune", "check"); !strings.Contains(r.Stdout, "its certificate expires on") {
		t.Errorf("check does not say that it expires soon:\n%s", r.Stdout)
	}

	m.Must(t, "cp", "/etc/pki/web.key", "/etc/pki/former.key")
	m.certify(t, time.Hour)
	m.Must(t, "cp", "/etc/pki/former.key", "/etc/pki/web.key")
	pid = m.mainPID(t)
	if r := m.service(t, 1, "reload"); r.Error == nil || r.Error.Code != "check-failed" || m.mainPID(t) != pid {
		t.Errorf("what is no pair: %+v", r.Error)
	}

	m.certify(t, time.Hour)
	m.service(t, 0, "install", "--protocol", "line", "--tls-cert", "/etc/pki/web.crt", "--tls-key", "/etc/pki/web.key",
		"--tls-client-ca", "/etc/pki/web.crt", "--drain", "5s", "--now")
	if r := m.Run(t, "load", "tls", "8080", "5", "1s"); !strings.Contains(r.Stdout, `"ok":0`) || !strings.Contains(r.Stdout, "certificate required") {
		t.Errorf("clients without a certificate: %s", r.Stdout)
	}
	m.certify(t, 30*24*time.Hour) // of the server, and of who may come
	m.service(t, 0, "reload")
	says(0, "expires in 29 days")
}
