package fleet

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/test/container"
)

var packages = flag.String("packages", "", "folder in which make deb-test has built: deb, deb/next")

// client is the address from which the load comes; the balancer has it too. clients is how many there are of each kind.
const (
	client  = "198.51.100.7"
	clients = "10"
)

// The template says that a host which is silent is found out within 7 s: an interval, a check, a fast interval, another
// check. A busy machine is late.
const silentHost, late = 7 * time.Second, 3 * time.Second

// hosts are two with the packages and the services of the template, behind its balancer.
type hosts struct {
	balancer
	network  string
	machines map[string]*container.Machine
}

func newHosts(t *testing.T) hosts {
	t.Helper()
	if *packages == "" {
		t.Skip("it needs packages: make deb-test builds them and runs this")
	}
	program(t, "../sbin/haproxy")
	h := hosts{balancer{dir: newBalancerDir(t)}, newNetwork(t), map[string]*container.Machine{}}
	var replace []string
	for i, name := range []string{"a", "b"} {
		m := container.Boot(t, container.Options{Release: "24.04"})
		h.machines[name] = m
		cable(t, h.network, i, m)
		at, balancer := address(i)
		for _, version := range []string{"deb", "deb/next"} {
			all, err := filepath.Glob(filepath.Join(*packages, version, "*_"+arch(t)+".deb"))
			if err != nil || len(all) != 2 {
				t.Fatalf("packages in %s: %v, %v", version, all, err)
			}
			for _, deb := range all {
				m.CopyIn(t, deb, "/"+version+"/"+filepath.Base(deb))
			}
		}
		m.Script(t, "dpkg --install /deb/*.deb")
		install := "tcptune service install --limit proxy-from=" + balancer + "/32 --now --name "
		m.Script(t, install+"web --protocol http --listen 8080")
		m.Script(t, install+"line --protocol echo --listen 9000 --admin 127.0.0.1:9181")
		replace = append(replace, fmt.Sprintf("192.0.2.%d:", 11+i), at+":")
	}
	in := []string{"nsenter", "-t", h.network, "-n"}
	if out, err := run(t, nil, append(in, "ip", "address", "add", client+"/32", "dev", "lo")...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	h.start(t, in, replace...)
	return h
}

func arch(t *testing.T) string {
	t.Helper()
	out, err := run(t, nil, "dpkg", "--print-architecture")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// load is tcptune bench, again and again until it is told to end: a run that ends by itself waits for all of its
// answers.
type load struct {
	end    context.CancelFunc
	counts chan counts
}

// counts are those of all runs, exact; longest is that of an answer, from when it was asked for.
type counts struct {
	sent, failed uint64
	why          map[string]uint64
	longest      time.Duration
	err          error
}

func (h hosts) load(t *testing.T, argv ...string) load {
	t.Helper()
	more, end := context.WithCancel(t.Context())
	l := load{end, make(chan counts, 1)}
	argv = append([]string{"-t", h.network, "-n", "../../bin/tcptune", "bench", "--json", "--conns", clients, "--duration", "5s"}, argv...)
	go func() {
		all := counts{why: map[string]uint64{}}
		for more.Err() == nil && all.err == nil {
			all.add(exec.CommandContext(t.Context(), "nsenter", argv...).Output())
		}
		l.counts <- all
	}()
	return l
}

func (c *counts) add(out []byte, _ error) { // that nothing was answered is in the document too
	var said struct {
		Bench *report.Bench `json:"bench"`
	}
	if c.err = json.Unmarshal(out, &said); c.err != nil || said.Bench == nil {
		c.err = fmt.Errorf("the load says %q: %w", out, c.err)
		return
	}
	c.sent, c.failed = c.sent+said.Bench.Requests.Sent, c.failed+said.Bench.Requests.Failed
	for why, n := range said.Bench.Errors {
		c.why[why] += n
	}
	if p := said.Bench.Latency.Actual; p != nil {
		c.longest = max(c.longest, time.Duration(p.Max*1000))
	}
}

// ended is what was counted; it fails the test where that is little.
func (l load) ended(t *testing.T, what string) counts {
	t.Helper()
	l.end()
	c := <-l.counts
	t.Logf("%s: %d, of which %d have failed, %v; the longest took %s", what, c.sent, c.failed, c.why, c.longest.Round(time.Millisecond))
	if c.err != nil || c.sent < 500 {
		t.Errorf("the load was none: %v", c.err)
	}
	return c
}

// stat is a field of what the balancer says of a server, "web/a".
func (h hosts) stat(t *testing.T, server, field string) string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(h.ask("show stat"), "# "))).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("the balancer says nothing: %v", err)
	}
	for _, row := range rows[1:] {
		for i, name := range rows[0] {
			if name == field && row[0]+"/"+row[1] == server {
				return row[i]
			}
		}
	}
	t.Fatalf("there is no %s of %s", field, server)
	return ""
}

// served is how many requests or connections a server has had.
func (h hosts) served(t *testing.T, server string) int {
	t.Helper()
	n, err := strconv.Atoi(h.stat(t, server, "stot"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// without does something to a host that the balancer sends nobody to meanwhile, as the template says.
func (h hosts) without(t *testing.T, host string, do func(*container.Machine)) {
	t.Helper()
	for _, backend := range []string{"web/", "line/"} {
		h.ask("set server " + backend + host + " state drain")
		eventually(t, "a server without connections", func() bool { return h.stat(t, backend+host, "scur") == "0" })
	}
	do(h.machines[host])
	for _, backend := range []string{"web/", "line/"} {
		h.ask("set server " + backend + host + " state ready")
		eventually(t, "a server that is well again", func() bool { return h.stat(t, backend+host, "status") == "UP" })
	}
}

// connections is what a service says of those that it has.
func connections(t *testing.T, m *container.Machine, service string) string {
	t.Helper()
	socket := fmt.Sprintf("/proc/%d/root/run/%s-admin.sock", m.Pid(), service)
	out, err := run(t, nil, "curl", "--silent", "--show-error", "--unix-socket", socket, "http://localhost/debug/connz?n=100")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

func TestOverTwoHostsNoDeploymentLosesARequest(t *testing.T) {
	h := newHosts(t)
	kept, fresh := h.load(t, "http://"+client+"/", "--rate", "100"), h.load(t, client+":9000", "--protocol", "talk", "--rate", "50")
	for _, m := range h.machines {
		eventually(t, "a server that sees through the balancer", func() bool { return strings.Contains(connections(t, m, "web"), client) })
	}
	for _, host := range []string{"a", "b"} {
		h.without(t, host, func(m *container.Machine) { m.Must(t, "systemctl", "restart", "web.service", "line.service") })
	}
	for _, host := range []string{"a", "b"} {
		h.without(t, host, func(m *container.Machine) {
			m.Script(t, "dpkg --install /deb/next/*.deb")
			if got := m.Must(t, "tcptune-server", "--version"); !strings.Contains(got, "next") {
				t.Errorf("after the upgrade it is %s", got)
			}
		})
	}
	for what, l := range map[string]load{"requests of HTTP": kept, "connections": fresh} {
		if c := l.ended(t, what); c.failed > 0 {
			t.Error("a deployment has lost some")
		}
	}
}

func TestAHostWithoutPowerHoldsRequestsUpNoLongerThanItsChecksTake(t *testing.T) {
	h := newHosts(t)
	kept, fresh := h.load(t, "http://"+client+"/", "--rate", "100"), h.load(t, client+":9000", "--protocol", "talk", "--rate", "50")
	eventually(t, "load at both hosts", func() bool { return h.served(t, "web/b") > 50 && h.served(t, "line/b") > 50 })
	h.machines["b"].Must(t, "ip", "address", "flush", "dev", "eth0") // it answers nothing, as a host without power at a switch
	off := time.Now()
	eventually(t, "a host that is known to be down", func() bool {
		return strings.HasPrefix(h.stat(t, "web/b", "status"), "DOWN") && strings.HasPrefix(h.stat(t, "line/b", "status"), "DOWN")
	})
	known := time.Since(off)
	t.Logf("the host is known to be down after %s", known.Round(time.Millisecond))
	at := h.served(t, "web/a") + 500 // five seconds of them
	eventually(t, "requests at the other host", func() bool { return h.served(t, "web/a") > at })
	web, line := kept.ended(t, "requests of HTTP"), fresh.ended(t, "connections")
	if most := max(known, web.longest, line.longest); most > silentHost+late {
		t.Errorf("that took %s", most)
	}
	if web.failed > 0 {
		t.Error("requests were lost that may be asked twice")
	}
	if line.failed > 10 { // what a client has at a host that is gone is gone
		t.Error("more connections were lost than there were")
	}
}
