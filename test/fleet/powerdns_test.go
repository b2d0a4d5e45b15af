package fleet

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What the zone says: the addresses of both sites, and how long a resolver keeps an answer.
const (
	siteA, siteA6 = "192.0.2.10", "2001:db8:a::10"
	siteB, siteB6 = "198.51.100.10", "2001:db8:b::10"
	ttl           = "30"
)

// switched is what the settings promise: an interval, and two checks at their slowest.
const switched = 6 * time.Second

// nameserver is PowerDNS as Debian packages it, with what is in deploy/powerdns, in a network that has the addresses of
// the zone: those of both sites too.
type nameserver struct {
	network, sdig string
	env           []string
}

func newNameserver(t *testing.T) nameserver {
	t.Helper()
	n := nameserver{sdig: program(t, "sdig"), env: libraries(t)}
	packages := strings.TrimSuffix(n.sdig, "/usr/bin/sdig")
	n.network = newNetwork(t)
	for _, at := range []string{"192.0.2.53/32", siteA + "/32", siteB + "/32", siteA6 + "/128", siteB6 + "/128"} {
		n.run(t, "ip", "address", "add", at, "dev", "lo")
	}
	dir, modules := t.TempDir(), strings.TrimPrefix(n.env[0], "LD_LIBRARY_PATH=")+"/pdns"
	if err := os.CopyFS(dir, os.DirFS(packages+"/etc/powerdns")); err != nil {
		t.Fatal(err)
	}
	zone := text(t, "../../deploy/powerdns/example.com.zone")
	files := map[string]string{
		"supermaster.conf": "", "example.com.zone": zone, "pdns.d/tcptune.conf": text(t, "../../deploy/powerdns/tcptune.conf"),
		"named.conf": commented(t, zone, "zone "), "pdns.conf": "module-dir=" + modules + "\nsocket-dir=" + dir + "\n",
	}
	for _, file := range []string{"pdns.conf", "pdns.d/bind.conf", "named.conf"} {
		files[file] = strings.NewReplacer("/etc/powerdns", dir, "/var/lib/powerdns", dir).Replace(text(t, filepath.Join(dir, file)) + files[file])
	}
	for file, content := range maps.All(files) {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n.run(t, program(t, "pdnsutil"), "--config-dir="+dir, "check-zone", "example.com")
	n.start(t, packages+"/usr/sbin/pdns_server", "--config-dir="+dir, "--guardian=no", "--daemon=no", "--disable-syslog")
	eventually(t, "a name server at port 53", func() bool { // sdig would wait for ten seconds
		return strings.Contains(text(t, "/proc/"+n.network+"/net/udp"), ":0035 ")
	})
	return n
}

// commented is the line of a comment that begins with what is to be copied.
func commented(t *testing.T, of, begin string) string {
	t.Helper()
	for line := range strings.Lines(of) {
		if rest, ok := strings.CutPrefix(line, ";   "+begin); ok {
			return begin + rest
		}
	}
	t.Fatalf("no comment tells of %q", begin)
	return ""
}

func (n nameserver) run(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := run(t, n.env, append([]string{"nsenter", "-t", n.network, "-n"}, argv...)...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return out
}

func (n nameserver) start(t *testing.T, argv ...string) *exec.Cmd {
	t.Helper()
	return start(t, n.env, append([]string{"nsenter", "-t", n.network, "-n"}, argv...)...)
}

// answer is the address that a name of the zone has now, "" where there is none.
func (n nameserver) answer(t *testing.T, name, kind string) string {
	t.Helper()
	out, err := run(t, n.env, "nsenter", "-t", n.network, "-n", n.sdig, "192.0.2.53", "53", name+".example.com", kind)
	_, record, found := strings.Cut(out, "\t"+name+".example.com.\t")
	if err != nil || !found {
		return ""
	}
	words := strings.Fields(record)
	if len(words) != 4 || words[0] != ttl {
		t.Fatalf("%s is to be kept for %s s: %q", name, ttl, record)
	}
	return words[3]
}

// site is the bundled server at port 80 of the addresses of a site.
func (n nameserver) site(t *testing.T, v4, v6 string) *os.Process {
	t.Helper()
	return n.start(t, "../../bin/tcptune-server", "--protocol", "http", "--log-level", "error", "--listen", v4+":80", "--listen", "["+v6+"]:80").Process
}

// became measures how long it takes until all names have these answers.
func (n nameserver) became(t *testing.T, event string, want map[string]string) {
	t.Helper()
	began := time.Now()
	eventually(t, fmt.Sprintf("once %s, %v", event, want), func() bool {
		right := 0
		for what, address := range want { // each is asked: the first question begins its checks
			if name, kind, _ := strings.Cut(what, " "); n.answer(t, name, kind) == address {
				right++
			}
		}
		return right == len(want)
	})
	took := time.Since(began)
	t.Logf("%s: the answers are %v after %s", event, want, took.Round(10*time.Millisecond))
	if took > switched {
		t.Errorf("which is more than %s", switched)
	}
}

func TestANameGoesToTheOtherSiteAndBack(t *testing.T) {
	n := newNameserver(t)
	n.site(t, siteB, siteB6)
	var a *os.Process
	signal := func(s syscall.Signal) {
		t.Helper()
		if err := a.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	inA := map[string]string{"www A": siteA, "www AAAA": siteA6, "page A": siteA}
	inB := map[string]string{"www A": siteB, "www AAAA": siteB6, "page A": siteB}
	n.became(t, "site B alone serves", inB)
	a = n.site(t, siteA, siteA6)
	n.became(t, "site A serves too", inA)
	n.became(t, "site A serves too", map[string]string{"both A": siteA})
	signal(syscall.SIGSTOP) // the kernel goes on to take connections
	n.became(t, "site A takes connections, and does not answer", map[string]string{"www A": siteA, "www AAAA": siteA6, "page A": siteB})
	signal(syscall.SIGKILL)
	n.became(t, "site A has died", inB)
	for range 8 {
		if got := n.answer(t, "both", "A"); got != siteB {
			t.Errorf("both is at %q when site A has died", got)
		}
	}
	n.site(t, siteA, siteA6)
	n.became(t, "site A is back", inA)
}
