package diagnose

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
)

// layout is where a kernel has the control groups, by what a process says of its own.
type layout struct {
	cgroup func(group string) string // the text of /proc/PID/cgroup
	cpu    string                    // where the hierarchy is that has the controller; "": nowhere
	other  string                    // where another one is, with files of the same name that count nothing
	psi    string                    // where the one is that tells pressure
}

func layouts() map[string]layout {
	return map[string]layout{
		"version 2": {
			cgroup: func(group string) string { return "0::" + group + "\n" },
			cpu:    "/sys/fs/cgroup", psi: "/sys/fs/cgroup",
		},
		"both, the controllers in version 1": {
			cgroup: func(group string) string {
				return "4:cpu,cpuacct:" + group + "\n1:name=systemd:" + group + "\n0::" + group + "\n"
			},
			cpu: "/sys/fs/cgroup/cpu,cpuacct", other: "/sys/fs/cgroup/unified", psi: "/sys/fs/cgroup/unified",
		},
		"version 1": {
			cgroup: func(group string) string { return "4:cpuacct,cpu:" + group + "\n1:name=systemd:" + group + "\n" },
			cpu:    "/sys/fs/cgroup/cpu",
		},
		"version 2 that is not mounted":  {cgroup: func(group string) string { return "0::" + group + "\n" }},
		"version 1 that is not mounted":  {cgroup: func(group string) string { return "4:cpu:" + group + "\n" }},
		"version 2, seen from elsewhere": {cgroup: func(group string) string { return "0::/../.." + group + "/gone\n" }},
	}
}

// someGroup is that of a unit of the system or of a user, or one below it.
func someGroup(r *rand.Rand) string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	return pick("/system.slice", "/user.slice/user-1000.slice/user@1000.service/app.slice",
		"/user.slice/user-0.slice/user@0.service/background.slice/background-a.slice") +
		pick("/web.service", `/app-a\x2db@1.service`, "/run-7.scope", "/_cpu.service") + pick("", "/payload", "/a/b")
}

// What limits a process is read of its group and of each above it, from the hierarchy that has the controller, and what
// cannot be seen there is not taken for nothing.
func TestTheFiguresOfAUnitAreThoseOfTheHierarchyThatLimitsIt(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, l := range layouts() {
		for range 20 {
			group, files, want := someGroup(r), map[string]string{}, map[string]throttling{}
			files["/proc/7/cgroup"] = l.cgroup(group)
			waited := map[string]uint64{}
			for at := group; at != "/"; at = filepath.Dir(at) {
				n := throttling{uint64(100 + r.IntN(100)), uint64(r.IntN(100))}
				if l.cpu != "" {
					files[l.cpu+at+"/cgroup.procs"] = ""
					if r.IntN(3) > 0 { // in version 2 without the controller there are no such lines, in version 1 there is no file
						files[l.cpu+at+"/cpu.stat"] = fmt.Sprintf("usage_usec 5\nnr_periods %d\nnr_throttled %d\n", n.periods, n.throttled)
						want[at] = n
					}
				}
				if l.other != "" {
					files[l.other+at+"/cpu.stat"] = "usage_usec 5\n"
				}
				if l.psi != "" {
					waited[at] = r.Uint64N(1e6)
					files[l.psi+at+"/memory.pressure"] = fmt.Sprintf("some avg10=0.00 avg60=0.00 avg300=0.00 total=%d\n", waited[at])
				}
			}
			h := rooted(t, files)
			cpu, err := inGroups(h, 7, groupFile{"cpu", "cpu.stat", "cpu.stat"}, parseThrottling)
			if !maps.Equal(cpu, want) || (err != nil) != (l.cpu == "") {
				t.Fatalf("%s, %s: %v, %v; want %v", name, group, cpu, err, want)
			}
			psi, err := inGroups(h, 7, groupFile{"", "", "memory.pressure"}, parsePressure)
			if !maps.Equal(psi, waited) || (err != nil) != (l.psi == "") {
				t.Fatalf("%s, %s: waited %v, %v; want %v", name, group, psi, err, waited)
			}
			if err != nil && !strings.Contains(err.Error(), "control group") {
				t.Fatalf("%s: no reason in %q", name, err)
			}
		}
	}
}

// A process that is in no group but the first one is limited by none.
func TestTheFirstGroupLimitsNobody(t *testing.T) {
	for _, text := range []string{"0::/\n", "4:cpu:/\n0::/\n"} {
		cpu, err := inGroups(rooted(t, map[string]string{"/proc/7/cgroup": text}), 7, groupFile{"cpu", "cpu.stat", "cpu.stat"}, parseThrottling)
		if err != nil || len(cpu) != 0 {
			t.Errorf("%q: %v, %v", text, cpu, err)
		}
	}
}

// In a container that has a cgroup namespace the group with the limits is the first one, and those outside are not
// seen.
func TestTheFirstGroupOfAContainerLimitsIt(t *testing.T) {
	cpu := groupFile{"cpu", "cpu.stat", "cpu.stat"}
	files := map[string]string{
		"/proc/7/cgroup": "0::/\n", "/proc/8/cgroup": "0::/a.service\n", "/proc/9/cgroup": "0::/../a.service\n",
		"/sys/fs/cgroup/cpu.stat":           "nr_periods 22\nnr_throttled 2\n",
		"/sys/fs/cgroup/a.service/cpu.stat": "nr_periods 5\nnr_throttled 1\n",
		"/sys/fs/cgroup/memory.pressure":    "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
	}
	waited := groupFile{"", "", "memory.pressure"}
	if got, err := inGroups(rooted(t, files), 7, waited, parsePressure); err != nil || len(got) != 0 {
		t.Errorf("the whole machine waited: %v, %v", got, err)
	}
	files["/sys/fs/cgroup/cgroup.type"] = "domain\n" // which the machine's has not
	h := rooted(t, files)
	for pid, want := range map[int]map[string]throttling{7: {"/": {22, 2}}, 8: {"/": {22, 2}, "/a.service": {5, 1}}} {
		if got, err := inGroups(h, pid, cpu, parseThrottling); err != nil || !maps.Equal(got, want) {
			t.Errorf("process %d: %v, %v; want %v", pid, got, err, want)
		}
	}
	if got, err := inGroups(h, 7, waited, parsePressure); err != nil || got["/"] != 7 {
		t.Errorf("the container waited: %v, %v", got, err)
	}
	if got, err := inGroups(h, 9, cpu, parseThrottling); err == nil {
		t.Errorf("a process outside is in a group of the same name: %v", got)
	}
}

func rooted(t *testing.T, files map[string]string) host.Host {
	t.Helper()
	root := t.TempDir()
	for file, text := range files {
		path := filepath.Join(root, file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	h, err := host.At(root)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
