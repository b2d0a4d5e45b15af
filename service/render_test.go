package service

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// releases are those of systemd that units are rendered for in tests: of Ubuntu 22.04, 24.04 and 26.04, and of judges.
func releases() []int { return []int{247, 249, 255, 259} }

func echo() Spec {
	return Spec{
		Name: Bundled, Listen: []string{"8080"}, Backlog: 65535, Drain: 30 * time.Second,
		Program: "/usr/bin/tcptune-server", Protocol: "echo", Admin: netip.MustParseAddrPort("127.0.0.1:9464"),
		Memory: "16384M",
		Limits: []Limit{{"max-conns", "100000"}, {"accept-rate", "5000/s"}, {"idle-timeout", "5m"}},
	}
}

func own() Spec {
	return Spec{
		Name: "mydaemon", Listen: []string{"9000"}, Backlog: 4096, Drain: 30 * time.Second,
		Exec: []string{"/usr/bin/mydaemon", "--greeting", "100% of $HOME; \"ok\"", ""},
	}
}

func kinds() map[string]Spec {
	relay := echo()
	relay.Name, relay.Protocol, relay.Listen = "relay", "relay", []string{"192.0.2.7:7000", "[2001:db8::7]:7000"}
	relay.Upstreams = []netip.AddrPort{
		netip.MustParseAddrPort("[2001:db8::1]:9000"), netip.MustParseAddrPort("10.0.0.5:9000"), netip.MustParseAddrPort("10.0.0.5:9001"),
	}
	tls := echo()
	tls.Name, tls.Files = "tls", 4<<20
	tls.TLSCert, tls.TLSKey = "/etc/ssl/certs/example.org.pem", "/etc/ssl/private/example.org.key"
	mutual := tls
	mutual.Name, mutual.TLSClientCA = "mutual", "/etc/ssl/certs/clients.pem"
	network := own()
	network.Name, network.Network, network.StateDir, network.User = "mynetworked", true, true, "www-data"
	addresses := own()
	addresses.Name, addresses.Interface = "myaddresses", "eth0"
	addresses.Listen = []string{"[fe80::1%eth0]:7000", "0.0.0.0:7001", "[::]:7001", "7002", "/run/myaddresses/x.sock", "udp:7000"}
	notifies := own()
	notifies.Name, notifies.Type, notifies.Overlap = "mynotifying", "notify-reload", true
	notifies.Properties = []string{
		"After=postgresql.service", "WatchdogSec=20s", "EnvironmentFile=-/etc/default/mynotifying", "MemoryMax=1G",
		"ConditionPathExists=/usr/bin/mydaemon",
	}
	return map[string]Spec{
		"own-notify": notifies, "mutual": mutual,
		"echo": echo(), "relay": relay, "tls": tls, "own": own(), "own-network": network, "addresses": addresses,
	}
}

func render(t testing.TB, s Spec, systemd int) []Unit {
	t.Helper()
	units, err := Render(s, systemd)
	if err != nil {
		t.Fatal(err)
	}
	return units
}

func asMap(units []Unit) map[string]string {
	texts := map[string]string{}
	for _, u := range units {
		texts[u.Name] = u.Text
	}
	return texts
}

func TestRenderedUnitsAreTheGoldenFiles(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		for kind, spec := range kinds() {
			for _, unit := range render(t, spec, release) {
				golden(t, filepath.Join(fmt.Sprint(release), kind, unit.Name), unit.Text)
			}
		}
	}
	limits, err := renderLimits(echo())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "limits.yaml", limits)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	at := filepath.Join("testdata", "units", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-update writes it anew), -want +got:\n%s", at, diff)
	}
}

func TestUnitsOfABundledServer(t *testing.T) {
	t.Parallel()
	var names []string
	for _, u := range render(t, echo(), 255) {
		names = append(names, u.Name)
	}
	want := []string{"tcptune-server.socket", "tcptune-server-admin.socket", "tcptune-server.service", "tcptune-server-twin.service"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOwnProgramHasAPairAndNoLimits(t *testing.T) {
	t.Parallel()
	var names []string
	for _, u := range render(t, own(), 255) {
		names = append(names, u.Name)
	}
	if diff := cmp.Diff([]string{"mydaemon.socket", "mydaemon.service"}, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := renderLimits(own()); err == nil {
		t.Error("limits of a user's own program were rendered")
	}
}

func TestTooOldSystemdIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := Render(echo(), oldest-1); err == nil || !strings.Contains(err.Error(), "247") {
		t.Errorf("got %v", err)
	}
}

// TestReleasesGetOnlyWhatTheyKnow holds the templates against the table: each of its lines is used, by the release that
// it names and not by the one before.
func TestReleasesGetOnlyWhatTheyKnow(t *testing.T) {
	t.Parallel()
	table, err := readSince()
	if err != nil {
		t.Fatal(err)
	}
	for key, first := range table {
		for release, want := range map[int]bool{first - 1: false, first: true, first + 1: true} {
			texts := ""
			for _, u := range render(t, echo(), max(release, oldest)) {
				texts += u.Text
			}
			if got := strings.Contains(texts, "\n"+key); got != want {
				t.Errorf("systemd %d is given %s: %v", release, key, got)
			}
		}
	}
}
