package diagnose

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// groupFile is a file of a control group: its controller, and its names in both versions, "" where there is none.
type groupFile struct{ controller, v1, v2 string }

// inGroups reads a file of the control group of the process, and of each group above it, by the name of the group.
// There is none where no such controller is: then nothing limits them. Where the process is in groups that cannot be
// seen, as those of a hierarchy that is not mounted here, that is an error.
func inGroups[T any](h host.Host, pid int, file groupFile, parse func([]byte) T) (map[string]T, error) {
	data, err := h.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return nil, fmt.Errorf("cannot read the control groups of process %d: %w", pid, host.Cause(err))
	}
	group, roots, name := file.places(string(data))
	if roots == nil && file.v1 == "" {
		return nil, fmt.Errorf("control groups of version 1 have no %s", file.v2)
	}
	if group == "/.." || strings.HasPrefix(group, "/../") { // outside of our cgroup namespace (cgroup_namespaces(7))
		return nil, fmt.Errorf("cannot see control group %s of process %d from this cgroup namespace", group, pid)
	}
	all, visible := map[string]T{}, roots == nil || group == "/"
	for _, root := range roots {
		if _, err := h.Stat(path.Join(root, group)); err != nil {
			continue
		}
		visible = true
		for _, at := range upwards(group) {
			// The first group of the machine has no limits, but its pressure is that of the whole machine.
			if _, err := h.Stat(path.Join(root, "cgroup.type")); at == "/" && file.controller == "" && err != nil {
				continue
			}
			text, err := h.ReadFile(path.Join(root, at, name))
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.EOPNOTSUPP) { // the latter: without PSI
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("cannot read %s of %s: %w", name, at, host.Cause(err))
			}
			all[at] = parse(text)
		}
	}
	if !visible {
		return nil, fmt.Errorf("cannot see control group %s of process %d below %s", group, pid, strings.Join(roots, " or "))
	}
	return all, nil
}

// upwards are a group and those above it. The last one is that of a container, as seen from within, or the machine's.
func upwards(group string) (all []string) {
	for at := group; at != "/"; at = path.Dir(at) {
		all = append(all, at)
	}
	return append(all, "/")
}

// places are the group of a process, and where the hierarchy is mounted that has the file, by the text of
// /proc/PID/cgroup. A controller that a hierarchy of version 1 has is not in that of version 2 (cgroups(7)), whose
// files of that name count nothing.
func (f groupFile) places(text string) (group string, roots []string, name string) {
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) < 3 {
			continue
		}
		at := "/" + strings.Trim(parts[2], "/")
		switch controllers := parts[1]; {
		case controllers == "" && roots == nil:
			group, roots, name = at, []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}, f.v2
		case f.v1 != "" && slices.Contains(strings.Split(controllers, ","), f.controller):
			return at, []string{"/sys/fs/cgroup/" + f.controller, "/sys/fs/cgroup/" + controllers}, f.v1
		}
	}
	return group, roots, name
}

// throttling counts the periods of a control group, and those in which it had used up its time.
type throttling struct{ periods, throttled uint64 }

func parseThrottling(data []byte) throttling {
	n := parseNumbers(data)
	return throttling{n["nr_periods"], n["nr_throttled"]}
}

// memoryEvents counts how often a group wanted more memory than it may have, and how many of its processes were killed.
type memoryEvents struct{ limited, killed uint64 }

// parseMemoryEvents reads memory.events of version 2, or memory.failcnt of version 1, which is one number.
func parseMemoryEvents(data []byte) memoryEvents {
	n := parseNumbers(data)
	return memoryEvents{n["high"] + n["max"] + n[""], n["oom_kill"]}
}

// parseNumbers reads lines of a name and a number, and a number alone as that of "".
func parseNumbers(data []byte) map[string]uint64 {
	all := map[string]uint64{}
	for line := range strings.Lines(string(data)) {
		name, value, named := strings.Cut(strings.TrimSpace(line), " ")
		if !named {
			name, value = "", name
		}
		if n, err := strconv.ParseUint(value, 10, 64); err == nil {
			all[name] = n
		}
	}
	return all
}

// parsePressure reads how long something waited, in microseconds: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", see
// Documentation/accounting/psi.rst.
func parsePressure(data []byte) uint64 {
	for line := range strings.Lines(string(data)) {
		kind, rest, _ := strings.Cut(line, " ")
		_, total, ok := strings.Cut(rest, "total=")
		if n, err := strconv.ParseUint(strings.TrimSpace(total), 10, 64); kind == "some" && ok && err == nil {
			return n
		}
	}
	return 0
}
