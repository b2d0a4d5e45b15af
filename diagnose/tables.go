package diagnose

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// seen is something that was asked of the host: the answer, or why there is none.
type seen[T any] struct {
	value T
	err   error
}

func see[T any](value T, err error) seen[T] { return seen[T]{value, err} }

// tables are the counters of the network namespace, and those of the machine, at one moment. A counter that this kernel
// does not have is not in the map.
type tables struct {
	counters  seen[map[string]uint64] // of nstat(8): "TcpExtListenOverflows"
	sockstat  seen[host.Sockstat]
	softnet   seen[host.Softnet]
	conntrack seen[map[string]uint64] // "drop", "early_drop", "insert_failed"; nil where it is not in use
	devices   seen[map[string]uint64] // packets that an interface lost, by its name
	pressure  map[string]seen[uint64] // "cpu", "memory": microseconds in which something waited, on the whole machine
	knobs     map[string]seen[string]
}

// readKnobs are the keys that advice is computed from, and that limit what is counted.
var readKnobs = [...]string{
	"net.core.netdev_max_backlog", "net.core.somaxconn", keyRange, keyReserved,
	"net.ipv4.tcp_available_congestion_control", "net.ipv4.tcp_congestion_control", "net.ipv4.tcp_max_syn_backlog",
	"net.ipv4.tcp_max_tw_buckets", "net.ipv4.tcp_mem", "net.ipv4.tcp_mtu_probing", "net.ipv4.tcp_rmem",
	"net.ipv4.tcp_syncookies", "net.ipv4.tcp_timestamps", "net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_wmem",
	conntrackCount, conntrackMax,
}

const (
	conntrackCount = "net.netfilter.nf_conntrack_count"
	conntrackMax   = "net.netfilter.nf_conntrack_max"
)

func readTables(h host.Host) tables {
	t := tables{
		counters: see(h.Netstat()), sockstat: see(h.Sockstat()), softnet: see(h.Softnet()), conntrack: see(conntrackOf(h)),
		devices: see(devicesOf(h)), knobs: map[string]seen[string]{},
	}
	if snmp, err := h.SNMP(); err != nil {
		t.counters.err = errors.Join(t.counters.err, err)
	} else if t.counters.err == nil {
		maps.Copy(t.counters.value, snmp)
	}
	t.pressure = map[string]seen[uint64]{}
	for _, of := range []string{"cpu", "memory"} {
		text, err := h.ReadFile("/proc/pressure/" + of)
		t.pressure[of] = see(parsePressure(text), err)
	}
	for _, key := range readKnobs {
		t.knobs[key] = see(h.ReadKnob(key))
	}
	return t
}

// number is a key that holds one number, or the field of one that holds several.
func (t tables) number(key string, field int) (float64, error) {
	k := t.knobs[key]
	if k.err != nil {
		return 0, fmt.Errorf("cannot read %s: %w", key, host.Cause(k.err))
	}
	if fields := strings.Fields(k.value); field < len(fields) {
		return strconv.ParseFloat(fields[field], 64)
	}
	return 0, fmt.Errorf("%s is %q", key, k.value)
}

// conntrackOf adds up /proc/net/stat/nf_conntrack: a line of names, and one for each processor in hexadecimal.
func conntrackOf(h host.Host) (map[string]uint64, error) {
	data, err := h.ReadFile("/proc/thread-self/net/stat/nf_conntrack")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read /proc/net/stat/nf_conntrack: %w", host.Cause(err))
	}
	return parseConntrack(data)
}

func parseConntrack(data []byte) (map[string]uint64, error) {
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	names, sum := bytes.Fields(lines[0]), map[string]uint64{}
	for _, line := range lines[1:] {
		values := bytes.Fields(line)
		if len(values) != len(names) {
			return nil, fmt.Errorf("cannot read /proc/net/stat/nf_conntrack: %d names and %d values", len(names), len(values))
		}
		for i, v := range values {
			n, err := strconv.ParseUint(string(v), 16, 64)
			if err != nil {
				return nil, errors.New("cannot read /proc/net/stat/nf_conntrack: not hexadecimal")
			}
			sum[string(names[i])] += n
		}
	}
	return sum, nil
}

// devicesOf reads the packets that were received and lost, or lost before they were sent, from /proc/net/dev.
func devicesOf(h host.Host) (map[string]uint64, error) {
	data, err := h.ReadFile("/proc/thread-self/net/dev")
	if err != nil {
		return nil, fmt.Errorf("cannot read /proc/net/dev: %w", host.Cause(err))
	}
	return parseDevices(data)
}

// parseDevices: "eth0: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop fifo …".
func parseDevices(data []byte) (map[string]uint64, error) {
	lost := map[string]uint64{}
	for line := range strings.Lines(string(data)) {
		name, rest, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) < 13 {
			return nil, fmt.Errorf("cannot read /proc/net/dev: %d columns", len(fields))
		}
		var sum uint64
		for _, i := range []int{3, 4, 11} {
			n, err := strconv.ParseUint(fields[i], 10, 64)
			if err != nil {
				return nil, errors.New("cannot read /proc/net/dev: no number")
			}
			sum += n
		}
		lost[strings.TrimSpace(name)] = sum
	}
	return lost, nil
}
