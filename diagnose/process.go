package diagnose

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// Owner is a process that listens, as far as it is known.
type Owner struct {
	Port    uint16
	Pid     int
	Program string
	Unit    string // "nginx.service", "" for none
	Why     string // no process is known, or ""
}

// Name is what a finding about the process is about: its unit, or what it is.
func (o Owner) Name() string {
	if o.Unit != "" {
		return "unit " + o.Unit
	}
	return fmt.Sprintf("process %d (%s)", o.Pid, o.Program)
}

// process is what a process has taken of its limits at one moment.
type process struct {
	began       string // distinguishes it from another one of the same number
	descriptors seen[int]
	limit       seen[host.NoFile]
	cpu         seen[map[string]throttling] // by control group
}

// throttling counts the periods of a control group, and those in which it had used up its time.
type throttling struct{ periods, throttled uint64 }

func readProcess(h host.Host, pid int) (p process, err error) {
	if p.began, err = began(h, pid); err != nil {
		return p, err
	}
	p.descriptors, p.limit, p.cpu = see(descriptorsOf(h, pid)), see(h.NoFileOf(pid)), see(throttlingOf(h, pid))
	return p, nil
}

// began is when a process began, in ticks since boot: field 22 of /proc/PID/stat, the 20th behind its name.
func began(h host.Host, pid int) (string, error) {
	data, err := h.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", fmt.Errorf("cannot look at process %d: %w", pid, host.Cause(err))
	}
	text := string(data)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return "", fmt.Errorf("cannot look at process %d: %d fields", pid, len(fields))
	}
	return fields[19], nil
}

// socketsOf are the inodes of the sockets that a process has open.
func socketsOf(h host.Host, pid int) (map[uint64]bool, error) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	names, err := h.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("process %d: %w", pid, host.Cause(err))
	}
	inodes := map[uint64]bool{}
	for _, name := range names {
		to, err := h.Readlink(dir + "/" + name)
		if err != nil {
			continue // closed meanwhile
		}
		if text, ok := strings.CutPrefix(to, "socket:["); ok {
			if n, err := strconv.ParseUint(strings.TrimSuffix(text, "]"), 10, 64); err == nil {
				inodes[n] = true
			}
		}
	}
	return inodes, nil
}

func descriptorsOf(h host.Host, pid int) (int, error) {
	names, err := h.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return 0, fmt.Errorf("cannot count the descriptors of process %d: %w", pid, host.Cause(err))
	}
	return len(names), nil
}

// cgroupRoots are where control groups are mounted: version 2, and the controller of version 1 that limits processors.
func cgroupRoots() map[string][]string {
	return map[string][]string{"": {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}, "cpu": {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"}}
}

// throttlingOf reads what the group of the process, and each group above it, was held back.
func throttlingOf(h host.Host, pid int) (map[string]throttling, error) {
	data, err := h.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return nil, fmt.Errorf("cannot read the control groups of process %d: %w", pid, host.Cause(err))
	}
	all := map[string]throttling{}
	for line := range strings.Lines(string(data)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 {
			continue
		}
		var roots []string
		for controller := range strings.SplitSeq(parts[1], ",") {
			roots = append(roots, cgroupRoots()[controller]...)
		}
		for _, root := range roots {
			for at := path.Clean("/" + parts[2]); at != "/"; at = path.Dir(at) {
				text, err := h.ReadFile(path.Join(root, at, "cpu.stat"))
				if errors.Is(err, fs.ErrNotExist) {
					continue
				}
				if err != nil {
					return nil, fmt.Errorf("cannot read cpu.stat of %s: %w", at, host.Cause(err))
				}
				all[at] = parseThrottling(text)
			}
		}
	}
	return all, nil // none where no controller is there: nothing limits them
}

func parseThrottling(data []byte) (t throttling) {
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseUint(value, 10, 64)
		switch {
		case err != nil:
		case name == "nr_periods":
			t.periods = n
		case name == "nr_throttled":
			t.throttled = n
		}
	}
	return t
}
