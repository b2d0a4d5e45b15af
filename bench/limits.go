package bench

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
)

// CodeLimit is the code of the error about a limit of this host that makes a test impossible.
const CodeLimit = "limit"

// Limits are the limits of this host that a test meets or comes near to. The soft limit of open files is raised to what is
// needed. The error is about one that forbids the test.
func Limits(o *Options, sources int) ([]report.BenchLimit, error) {
	files, err := raiseFiles(uint64(descriptors(o)))
	if err != nil || files.Need > files.Have {
		return nil, &report.Error{
			Code: CodeLimit, Message: fmt.Sprintf("cannot open %d connections: this process may have %d files open", o.Conns, files.Have),
			Hint: files.Fix, Err: err,
		}
	}
	memory := report.BenchLimit{
		Name: "memory", Have: available(), Need: uint64(o.Conns) * perConn(o),
		Why: "so many bytes for the connections on both sides, and what is under way on them, at least",
		Fix: "fewer connections, smaller messages, or a smaller pipeline",
	}
	if memory.Have > 0 && memory.Need > memory.Have {
		return nil, &report.Error{
			Code: CodeLimit, Hint: memory.Fix,
			Message: fmt.Sprintf("cannot hold %d connections with what is under way: that takes at least %d MB, of %d",
				o.Conns, memory.Need>>20, memory.Have>>20),
		}
	}
	if o.Target.Path != "" {
		return near(memory), nil
	}
	ports := ephemeral() * uint64(max(1, sources))
	need := uint64(o.Conns)
	if need > ports {
		return nil, &report.Error{
			Code:    CodeLimit,
			Message: fmt.Sprintf("cannot open %d connections to one address and port: there are %d local ports for them", need, ports),
			Hint:    "--source ADDRESS, once for each further address of this host, or a wider net.ipv4.ip_local_port_range",
		}
	}
	return near(
		report.BenchLimit{
			Name: "ephemeral-ports", Have: ports, Need: need, Why: "each connection needs a local port of its own",
			Fix: "--source with further addresses of this host, or a wider net.ipv4.ip_local_port_range",
		},
		report.BenchLimit{
			Name: "conntrack", Have: knob("net/netfilter/nf_conntrack_max"), Need: need + knob("net/netfilter/nf_conntrack_count"),
			Why: "a firewall of this host follows each connection", Fix: "a larger net.netfilter.nf_conntrack_max",
		},
		report.BenchLimit{
			Name: "listen-backlog", Have: backlog(o.Target.Addr), Need: min(need, greeted*uint64(max(1, o.Workers))),
			Why: "so many connections are opened at once, and the service's listen backlog holds fewer",
			Fix: "a larger backlog in the service, and net.core.somaxconn; or --connect-rate",
		},
		memory,
	), nil
}

// descriptors are those that a test needs. A handshake has one of its own.
func descriptors(o *Options) int {
	open := o.Conns + 64*max(1, o.Workers)
	if o.Target.TLS != nil {
		open += min(o.Conns, greeted*max(1, o.Workers))
	}
	return open
}

// near are those of which more than four fifths are needed.
func near(limits ...report.BenchLimit) (list []report.BenchLimit) {
	for _, l := range limits {
		if l.Have > 0 && l.Need*10 > l.Have*8 {
			list = append(list, l)
		}
	}
	return list
}

// perConn is what a connection takes at least in the kernel and here, with the messages that are under way, and for a
// service on this machine there as well. Of the kernel an end that waits took 3,690 (Linux 6.18) to 4,221 bytes (6.12),
// one of a Unix socket 2,240, and here 390.
func perConn(o *Options) uint64 {
	messages := uint64(o.Pipeline) * uint64(max(o.Size, len(o.Payload)))
	if o.Protocol == Receive || o.Protocol == Connect {
		messages = 0
	}
	end := uint64(4000)
	if o.Target.Path != "" {
		end = 2500
	}
	each := end + uint64(o.Pipeline)*uint64(unsafe.Sizeof(asking{})) + messages
	if o.Target.Path != "" || o.Target.Addr.Addr().IsLoopback() {
		each += end + messages
	}
	return each
}

func raiseFiles(need uint64) (report.BenchLimit, error) {
	var now unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &now)
	l := report.BenchLimit{Have: now.Max, Need: need, Fix: fmt.Sprintf("ulimit -n %d, or LimitNOFILE= of the unit that runs this", need)}
	if err != nil || now.Cur >= need || now.Max < need {
		return l, err
	}
	now.Cur = need
	return l, unix.Setrlimit(unix.RLIMIT_NOFILE, &now)
}

// ephemeral is how many local ports connections can have.
func ephemeral() uint64 {
	low, high := uint64(32768), uint64(60999)
	if data, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		_, _ = fmt.Sscan(string(data), &low, &high)
	}
	if high < low {
		return 0
	}
	return high - low + 1
}

// knob is a number below /proc/sys, or 0.
func knob(name string) uint64 {
	data, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
	return n
}

// backlog is what the kernel lets a listener here have, or 0 for a service elsewhere.
func backlog(to netip.AddrPort) uint64 {
	if !to.Addr().IsLoopback() {
		return 0
	}
	return knob("net/core/somaxconn")
}

func zoneOf(a netip.Addr) uint32 {
	if i, err := net.InterfaceByName(a.Zone()); err == nil {
		return uint32(i.Index)
	}
	n, _ := strconv.ParseUint(a.Zone(), 10, 32)
	return uint32(n)
}
