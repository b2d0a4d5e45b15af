package catalogue

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
)

// inNetns is set in the environment of the test binary when it runs again inside a fresh network namespace.
const inNetns = "TCPTUNE_TEST_NETNS"

// netnsReport is what the run inside the namespace prints for the one outside.
type netnsReport struct {
	Fresh   map[string]string // key -> value in the untouched namespace; a key that is not there is missing
	Refused map[string]string // "key=value" -> error, for bounds of the catalogue that the kernel does not take
}

// TestCatalogueAgainstKernel holds the catalogue against the running kernel in a fresh network namespace, the only
// place where defaults can be seen on a machine that has been tuned: each default that is neither inherited nor sized
// by memory, the formulas of those that are sized by memory, and the bounds, which the kernel must all take.
func TestCatalogueAgainstKernel(t *testing.T) {
	if os.Getenv(inNetns) != "" {
		insideNetns(t)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("not held against the kernel: a network namespace needs root")
	}
	c := loadCatalogue(t)
	release, err := host.Host{}.ReadKnob("kernel.osrelease")
	if err != nil {
		t.Fatal(err)
	}
	kernel, err := host.ParseKernelVersion(release)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Covers(kernel) {
		t.Skipf("not held against the kernel: Linux %s is newer than the catalogue (%s)", kernel, c.Newest())
	}
	report := runInNetns(t)
	held, formulas, absent := 0, 0, 0
	for _, k := range c.Keys() {
		got, there := report.Fresh[k.Name]
		switch {
		case k.Scope != PerNetns:
		case !there && k.OnKernel(kernel) != nil:
		case !there && k.Module != "":
			absent++
		case !there:
			t.Errorf("%s is not on Linux %s", k.Name, kernel)
		case k.OnKernel(kernel) != nil:
			t.Errorf("%v, and yet it is there", k.OnKernel(kernel))
		case k.Validate(got) != nil:
			t.Errorf("the kernel's own value is refused: %v", k.Validate(got))
		case k.Inherit:
		default:
			want, known := k.DefaultOn(kernel, memTotal(t))
			if !known {
				continue
			}
			if !k.Equal(got, want) {
				t.Errorf("%s is %q on Linux %s, the catalogue says %q", k.Name, got, kernel, want)
			}
			held++
			if k.MemoryScaled {
				formulas++
			}
		}
	}
	for bound, reason := range report.Refused {
		t.Errorf("the kernel does not take %s: %s", bound, reason)
	}
	if held < 25 {
		t.Errorf("only %d defaults could be held against the kernel, want 25 at least", held)
	}
	t.Attr("count", fmt.Sprintf("%d defaults held against Linux %s, %d of them by their formula; %d keys absent for want of a module",
		held, kernel, formulas, absent))
}

func runInNetns(t *testing.T) netnsReport {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestCatalogueAgainstKernel$")
	cmd.Env = append(os.Environ(), inNetns+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("not held against the kernel: this container may not make a network namespace")
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var report netnsReport
	if err := json.NewDecoder(strings.NewReader(string(out))).Decode(&report); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return report
}

// insideNetns is the part that runs inside the namespace. What it writes is gone with the namespace.
func insideNetns(t *testing.T) {
	t.Helper()
	h := host.Host{}
	report := netnsReport{Fresh: map[string]string{}, Refused: map[string]string{}}
	keys := loadCatalogue(t).Keys()
	for _, k := range keys {
		value, err := h.ReadKnob(k.Name)
		if err == nil {
			report.Fresh[k.Name] = value
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
	for _, k := range keys {
		was, there := report.Fresh[k.Name]
		if !there || k.Scope != PerNetns || k.Kind == Word || k.Kind == Ports {
			continue
		}
		for _, bound := range bounds(k) {
			if err := h.WriteKnob(k.Name, bound); err != nil {
				report.Refused[k.Name+"="+bound] = err.Error()
			} else if got, _ := h.ReadKnob(k.Name); !k.Equal(got, bound) {
				report.Refused[k.Name+"="+bound] = "it reads back as " + got
			}
			if err := h.WriteKnob(k.Name, was); err != nil {
				t.Error(err)
			}
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		t.Fatal(err)
	}
}

// bounds are the smallest and the largest value that the catalogue allows for k.
func bounds(k Key) []string {
	low, high := make([]int64, len(k.Fields)), make([]int64, len(k.Fields))
	for i, f := range k.Fields {
		low[i], high[i] = f.Min, f.Max
	}
	switch k.Name {
	case "net.ipv4.tcp_ecn": // 3 to 5 are taken since Linux 7.0
		high[0] = 2
	case "net.ipv4.ip_unprivileged_port_start": // not above the low end of ip_local_port_range
		high[0] = 32768
	case "net.ipv4.ip_local_port_range": // not below ip_unprivileged_port_start
		low = []int64{1024, 1025}
	}
	return []string{join(low), join(high)}
}

func memTotal(t *testing.T) int64 {
	t.Helper()
	data, err := host.Host{}.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	var kib int64
	if _, err := fmt.Sscanf(string(data), "MemTotal: %d kB", &kib); err != nil {
		t.Fatalf("%v in %s", err, strconv.Quote(string(data[:40])))
	}
	return kib << 10
}
