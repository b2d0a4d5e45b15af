package diagnose

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// Owner is a process that listens, as far as it is known.
type Owner struct {
	Port    uint16
	Address netip.Addr // at which it listens; the zero value is any
	Pid     int
	Program string
	Units   []string // names of its unit, that which a finding has before others that it is asked for by: "nginx.service"
	Why     string   // no process is known, or ""
}

// Name is what a finding about the process is about: its unit, or what it is.
func (o Owner) Name() string {
	if len(o.Units) > 0 {
		return "unit " + o.Units[0]
	}
	return fmt.Sprintf("process %d (%s)", o.Pid, o.Program)
}

// holds reports whether a listener is this owner's.
func (o Owner) holds(at netip.AddrPort) bool {
	return o.Port == at.Port() && (!o.Address.IsValid() || o.Address == at.Addr())
}

// process is what a process has taken of its limits at one moment.
type process struct {
	began       string // distinguishes it from another one of the same number
	descriptors seen[int]
	limit       seen[host.NoFile]
	cpu         seen[map[string]throttling] // by control group
	memory      seen[map[string]memoryEvents]
	stalled     seen[map[string]uint64] // microseconds in which something there waited for memory
}

func readProcess(h host.Host, pid int) (p process, err error) {
	if p.began, err = began(h, pid); err != nil {
		return p, err
	}
	p.descriptors, p.limit = see(descriptorsOf(h, pid)), see(h.NoFileOf(pid))
	p.cpu = see(inGroups(h, pid, groupFile{"cpu", "cpu.stat", "cpu.stat"}, parseThrottling))
	p.memory = see(inGroups(h, pid, groupFile{"memory", "memory.failcnt", "memory.events"}, parseMemoryEvents))
	p.stalled = see(inGroups(h, pid, groupFile{"", "", "memory.pressure"}, parsePressure))
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
