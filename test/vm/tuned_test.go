package vm

import (
	"encoding/json"
	"flag"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// packagesDir is given by "make vm-test", which builds the packages and a later version of them.
var packagesDir = flag.String("packages", "",
	"the `folder` with deb/ and deb/next/; the whole list of scenarios is run with it")

// wholeList skips where only the one scenario of "make test" is wanted.
func wholeList(t *testing.T) {
	t.Helper()
	if *packagesDir == "" {
		t.Skip("make vm-test runs it: it takes minutes")
	}
}

// built is the folder with the packages, which are built where nobody has given them.
func built(t *testing.T) string {
	t.Helper()
	if *packagesDir != "" {
		return filepath.Join(*packagesDir, "deb")
	}
	dir := t.TempDir()
	if out, err := exec.Command("../../hack/deb.sh", "-q", dir).CombinedOutput(); err != nil {
		t.Fatalf("cannot build the packages: %v\n%s", err, out)
	}
	return dir
}

// copyPackages puts the packages of a folder below /debs/NAME.
func (m *Machine) copyPackages(t *testing.T, dir, name string) {
	t.Helper()
	debs, err := filepath.Glob(dir + "/*_amd64.deb")
	if err != nil || len(debs) != 2 {
		t.Fatalf("%s has %d packages: %v", dir, len(debs), err)
	}
	for _, deb := range debs {
		m.CopyIn(t, deb, "/debs/"+name+"/"+filepath.Base(deb))
	}
}

// wantedKey is one of the keys of "tcptune status --json".
type wantedKey struct {
	Target      string  `json:"target"`
	Wanted      *string `json:"wanted"`
	Running     *string `json:"running"`
	AfterReboot *string `json:"after_reboot"`
	AfterSystem *string `json:"after_sysctl_system"`
	Reason      string  `json:"reason"`
}

// status is what tcptune says about each key, and how it exits.
func (m *Machine) status(t *testing.T) (keys map[string]wantedKey, code int) {
	t.Helper()
	r := m.Run(t, "tcptune", "status", "--json")
	var doc struct{ Keys []wantedKey }
	if err := json.Unmarshal([]byte(r.Stdout), &doc); err != nil || len(doc.Keys) == 0 {
		t.Fatalf("tcptune status --json: %v\n%s%s", err, r.Stdout, r.Stderr)
	}
	keys = map[string]wantedKey{}
	for _, k := range doc.Keys {
		keys[k.Target] = k
	}
	return keys, r.Code
}

// hasKeys checks that each key has the value that was foretold of it, but for those left out.
func (m *Machine) hasKeys(t *testing.T, foretold map[string]wantedKey, value func(wantedKey) *string,
	leftOut ...string,
) {
	t.Helper()
	for name, k := range foretold {
		want := value(k)
		switch got := strings.Join(strings.Fields(m.knob(t, name)), " "); {
		case slices.Contains(leftOut, name):
		case want == nil:
			t.Errorf("%s: not foretold: %s", name, k.Reason)
		case got != *want:
			t.Errorf("%s is %s, foretold was %s", name, got, *want)
		}
	}
}

func (m *Machine) knob(t *testing.T, key string) string {
	t.Helper()
	return strings.TrimSpace(m.Must(t, "sysctl", "-n", key))
}

// The one scenario of "make test": what apply has brought is there after a reboot, modules included.
func TestATunedHostIsTunedAfterAReboot(t *testing.T) {
	m := Boot(t, Options{Release: "24.04"})
	m.copyPackages(t, built(t), "deb")
	values := m.Script(t, "sysctl -a 2>/dev/null | grep -E '^(net|fs)\\.' | grep -vE 'random|nr_open|file-nr|inode-|dentry|uuid|conntrack_count' | sort")
	m.Script(t, "apt-get install --yes /debs/deb/*.deb")
	after := m.Script(t, "sysctl -a 2>/dev/null | grep -E '^(net|fs)\\.' | grep -vE 'random|nr_open|file-nr|inode-|dentry|uuid|conntrack_count' | sort")
	if values != after {
		t.Errorf("the installation has changed values: before\n%s\nafter\n%s", values, after)
	}
	if out := m.Script(t, "systemctl list-units --all --no-legend 'tcptune*'"); out != "" {
		t.Errorf("the installation has started %s", out)
	}
	if got := m.knob(t, "net.ipv4.tcp_congestion_control"); got == "bbr" {
		t.Error("the machine uses BBR before it is tuned: nothing can be shown")
	}

	t.Log(m.Script(t, "tcptune apply"))
	if _, code := m.status(t); code != 0 {
		t.Errorf("status after the apply: exit %d\n%s", code, m.Run(t, "tcptune", "status").Stdout)
	}
	m.Reboot(t)
	keys, code := m.status(t)
	if code != 0 {
		t.Errorf("status after the reboot: exit %d\n%s", code, m.Run(t, "tcptune", "status").Stdout)
	}
	for name, k := range keys {
		if k.Running == nil || k.Wanted == nil {
			t.Errorf("%s: not seen", name)
		}
	}
	for key, want := range map[string]string{
		"net.ipv4.tcp_congestion_control": "bbr", "net.core.default_qdisc": "fq", "net.ipv4.tcp_slow_start_after_idle": "0",
	} {
		if got := m.knob(t, key); got != want {
			t.Errorf("%s is %s after the reboot, want %s", key, got, want)
		}
	}
	if out := m.Must(t, "lsmod"); !strings.Contains(out, "tcp_bbr") || !strings.Contains(out, "sch_fq") {
		t.Errorf("modules after the reboot:\n%s", out)
	}
}
