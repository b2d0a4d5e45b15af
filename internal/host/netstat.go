package host

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Netstat returns the kernel's counters of /proc/net/netstat under the names of nstat(8): "TcpExtListenOverflows",
// "TcpExtListenDrops". They count since the network namespace was made, which for the first one is boot.
// It is [ErrNoKernel] on an image.
func (h Host) Netstat() (map[string]uint64, error) {
	return procNet(h, "netstat", parseNetstat)
}

// SNMP is [Host.Netstat] for /proc/net/snmp: "TcpOutSegs", "TcpRetransSegs".
func (h Host) SNMP() (map[string]uint64, error) {
	return procNet(h, "snmp", parseNetstat)
}

// parseNetstat reads the text of /proc/net/netstat or /proc/net/snmp: pairs of lines, the names and then the values.
// A counter that is negative (TcpMaxConn is -1) is left out.
func parseNetstat(data []byte) (map[string]uint64, error) {
	counters := map[string]uint64{}
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	for i := 0; i+1 < len(lines); i += 2 {
		names, values := bytes.Fields(lines[i]), bytes.Fields(lines[i+1])
		if len(names) == 0 || len(names) != len(values) || !bytes.Equal(names[0], values[0]) {
			return nil, fmt.Errorf("cannot read /proc/net/netstat: lines %d and %d do not match", i+1, i+2)
		}
		group := strings.TrimSuffix(string(names[0]), ":")
		for j := 1; j < len(names); j++ {
			if n, err := strconv.ParseUint(string(values[j]), 10, 64); err == nil {
				counters[group+string(names[j])] = n
			}
		}
	}
	if len(counters) == 0 {
		return nil, errors.New("cannot read /proc/net/netstat: it has no counters")
	}
	return counters, nil
}

// Softnet is what became of received packets before any protocol saw them, over all processors, since boot.
type Softnet struct {
	Processed   uint64 // packets
	Dropped     uint64 // packets that found the backlog of net.core.netdev_max_backlog full
	TimeSqueeze uint64 // times that a poll ended with work left, by net.core.netdev_budget or its time
}

// Softnet reads /proc/net/softnet_stat, which counts for the whole machine in every namespace. It is [ErrNoKernel] on
// an image.
func (h Host) Softnet() (Softnet, error) {
	return procNet(h, "softnet_stat", parseSoftnet)
}

// parseSoftnet adds up the text of /proc/net/softnet_stat: a line per processor, in hexadecimal, of which the first
// three columns have kept their meaning (softnet_seq_show in net/core/net-procfs.c). They are 32 bits wide and wrap.
func parseSoftnet(data []byte) (Softnet, error) {
	var sum Softnet
	for line := range bytes.Lines(data) {
		fields := bytes.Fields(line)
		if len(fields) < 3 {
			return Softnet{}, fmt.Errorf("cannot read /proc/net/softnet_stat: %d columns", len(fields))
		}
		for i, to := range []*uint64{&sum.Processed, &sum.Dropped, &sum.TimeSqueeze} {
			n, err := strconv.ParseUint(string(fields[i]), 16, 32)
			if err != nil {
				return Softnet{}, errors.New("cannot read /proc/net/softnet_stat: not hexadecimal")
			}
			*to += n
		}
	}
	return sum, nil
}

// Sockstat counts the TCP sockets over IPv4 and IPv6 of this network namespace.
type Sockstat struct {
	InUse    int // IPv4 sockets that are bound or connected; IPv6 ones are counted in /proc/net/sockstat6
	Orphan   int // closed by their program and not yet by TCP, limited by net.ipv4.tcp_max_orphans
	TimeWait int // connections in TIME_WAIT, limited by net.ipv4.tcp_max_tw_buckets
	Alloc    int // all TCP sockets of the machine
	MemPages int // pages held by them on the whole machine, the figure that net.ipv4.tcp_mem limits
}

// Sockstat reads /proc/net/sockstat. It is [ErrNoKernel] on an image.
func (h Host) Sockstat() (Sockstat, error) {
	return procNet(h, "sockstat", parseSockstat)
}

// parseSockstat reads the line "TCP: inuse 3 orphan 0 tw 7 alloc 3 mem 137" of /proc/net/sockstat.
func parseSockstat(data []byte) (Sockstat, error) {
	var s Sockstat
	columns := map[string]*int{
		"inuse": &s.InUse, "orphan": &s.Orphan, "tw": &s.TimeWait, "alloc": &s.Alloc, "mem": &s.MemPages,
	}
	for line := range strings.Lines(string(data)) {
		rest, ok := strings.CutPrefix(line, "TCP:")
		if !ok {
			continue
		}
		fields := strings.Fields(rest)
		for i := 0; i+1 < len(fields); i += 2 {
			to := columns[fields[i]]
			if to == nil {
				continue
			}
			n, err := strconv.Atoi(fields[i+1])
			if err != nil || n < 0 {
				return Sockstat{}, errors.New("cannot read /proc/net/sockstat: " + strconv.Quote(fields[i+1]) + " is no count")
			}
			*to = n
		}
		return s, nil
	}
	return Sockstat{}, errors.New("cannot read /proc/net/sockstat: it has no TCP line")
}

// procNet is what parse makes of the file of the thread, as the keys below /proc/sys/net do. /proc/net is that of the
// main thread.
func procNet[T any](h Host, name string, parse func([]byte) (T, error)) (none T, err error) {
	if !h.Live() {
		return none, ErrNoKernel
	}
	data, err := h.ReadFile("/proc/thread-self/net/" + name)
	if err != nil {
		return none, fmt.Errorf("cannot read /proc/net/%s: %w", name, Cause(err))
	}
	return parse(data)
}
