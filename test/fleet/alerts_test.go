package fleet

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// certificate writes one for a month, and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	for file, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// serve starts a tcptune-server, and returns where it serves clients and where its figures.
func serve(t *testing.T, flags ...string) (at, admin string) {
	t.Helper()
	at, admin = free(t), free(t)
	argv := []string{"../../bin/tcptune-server", "--listen", at, "--admin", admin, "--log-level", "error"}
	start(t, nil, append(argv, flags...)...)
	eventually(t, "a server that is ready", func() bool { return answers("http://" + admin + "/readyz") })
	return at, admin
}

// line says one to a server, as a client whom a proxy announces, and tells whether it is answered. The connection is
// left open.
func line(t *testing.T, at string) (net.Conn, bool) {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = fmt.Fprint(c, "PROXY TCP4 203.0.113.9 192.0.2.1 50000 80\r\nhello\n")
	answer, _ := bufio.NewReader(c).ReadString('\n')
	return c, answer == "echo: hello\n"
}

// One fault on the host and one on the server raise the two alerts about them and nothing else, and while they do, each
// query of the dashboards has an answer: tcptune metrics through the textfile collector of node_exporter and the
// server's own page, scraped by Prometheus. What only a host with systemd has, services and Go, is a file that the test
// writes.
func TestAFaultRaisesItsAlertAndEachQueryHasData(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, for a host in namespaces")
	}
	exporter := program(t, "prometheus-node-exporter")
	b, dir := newBox(t), t.TempDir()
	metrics := "tcptune metrics --quiet --textfile " + dir + "/tcptune.prom"
	b.does("tcptune apply", 0, 4) // 4: some keys belong to the machine
	b.does(metrics)
	labelled := func(name string, value float64, labels map[string]string) report.Metric {
		m := report.Gauge(name, "Of the test.", value)
		m.Samples[0].Labels = labels
		return m
	}
	services := report.Exposition([]report.Metric{
		labelled("tcptune_service_state", 1, map[string]string{"service": "s", "state": "active"}),
		labelled("tcptune_service_certificate_expiry_timestamp_seconds", float64(time.Now().Add(720*time.Hour).Unix()),
			map[string]string{"service": "s"}),
		labelled("tcptune_go_state", 1, map[string]string{"version": "go1.26.3", "state": "current"}),
	})
	if err := os.WriteFile(dir+"/services.prom", services, 0o600); err != nil {
		t.Fatal(err)
	}
	host := free(t)
	start(t, nil, exporter, "--collector.disable-defaults", "--collector.textfile", "--collector.textfile.directory="+dir,
		"--web.listen-address="+host, "--log.level=error")
	eventually(t, "a node_exporter", func() bool { return answers("http://" + host + "/metrics") })
	cert, key := certificate(t)
	at, admin := serve(t, "--protocol", "line", "--client-conns", "10", "--proxy-from", "127.0.0.1/32") // no client of loopback is refused
	_, relay := serve(t, "--protocol", "relay", "--upstream", at, "--tls-cert", cert, "--tls-key", key)
	for range 10 {
		c, ok := line(t, at)
		if _ = c.Close(); !ok {
			t.Fatal("the server does not answer")
		}
	}
	own := free(t)
	prometheus := newCollectorAt(t, own, map[string][]string{
		"node": {host}, "tcptune-server": {admin, relay}, "prometheus": {own},
	})

	eventually(t, "figures of all", func() bool {
		return len(prometheus.asks("instance:tcptune_keys_not_as_wanted:sum")) == 1 && len(prometheus.asks("tcptune_server_info")) == 2
	})
	prometheus.evaluates()
	if got := prometheus.alerts(); len(got) > 0 {
		t.Errorf("before anything happened: %q", got)
	}

	b.does("echo 33 >/proc/sys/net/ipv4/tcp_fin_timeout")
	b.does(metrics)
	refused := 0
	for range 20 {
		if _, ok := line(t, at); !ok {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d connections are refused, want 10", refused)
	}
	want := []string{"TcptuneDrift " + host, "TcptuneServerErrors " + admin}
	eventually(t, "two alerts that fire", func() bool {
		return len(prometheus.asks(`ALERTS{alertstate="firing"}`)) >= len(want)
	})
	prometheus.evaluates()
	if got := prometheus.alerts(); !slices.Equal(got, want) {
		t.Errorf("alerts %q, want %q", got, want)
	}

	// A client that sends little: what diagnose finds is that nothing limits it.
	b.does("tcptune-server --listen 127.0.0.1:7000 --protocol line --log-level error & server=$!\n" +
		"tcptune port 7000 --wait held >/dev/null 2>&1\n" +
		"tcptune bench 127.0.0.1:7000 --rate 200 --duration 4s --quiet >/dev/null 2>&1 & client=$!\n" +
		metrics + " --diagnose 1s; code=$?; kill $client $server; wait $client $server; exit $code")
	eventually(t, "findings", func() bool { return len(prometheus.asks("tcptune_diagnose_finding")) > 0 })
	for _, d := range theDashboards(t) {
		for where, query := range d.queries() {
			if len(prometheus.asks(query)) == 0 {
				t.Errorf("%s: no data for %s", where, query)
			}
		}
	}
	if !strings.Contains(fmt.Sprint(prometheus.asks("tcptune_key_status")), "tcp_fin_timeout status:planned") {
		t.Error("the key that has drifted is not named")
	}
}
