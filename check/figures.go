package check

import (
	"errors"
	"io/fs"
	"strconv"

	"github.com/tcptune/tcptune/internal/report"
)

// figures are the numbers that the checks of a running kernel judge, for those who collect them over time, and the names
// of those that cannot be seen. What does not exist here, such as connection tracking that is not loaded, is neither.
func figures(f facts) (metrics []report.Metric, unseen []string) {
	if !f.live {
		return nil, nil
	}
	add := func(what string, err error, m ...report.Metric) {
		switch {
		case err == nil:
			metrics = append(metrics, m...)
		case !errors.Is(err, fs.ErrNotExist):
			unseen = append(unseen, what)
		}
	}
	counted := func(what, counter, name, help string) {
		n, ok := f.netstat.value[counter]
		err := f.netstat.err
		if err == nil && !ok {
			err = errors.New("the kernel does not count it")
		}
		add(what, err, report.Counter(name, help, float64(n)))
	}
	knob := func(key, name, help string) {
		k := f.knobs[key]
		n, err := strconv.ParseFloat(k.value, 64)
		if k.err != nil {
			err = k.err
		}
		add(key, err, report.Gauge(name, help, n))
	}
	counted("listen_overflows", "TcpExtListenOverflows", "tcptune_listen_overflows_total",
		"Connections that found the accept queue of their listener full, in this network namespace.")
	counted("listen_drops", "TcpExtListenDrops", "tcptune_listen_drops_total",
		"Connections that a listener dropped, by a full accept queue or otherwise, in this network namespace.")
	add("softnet", f.softnet.err, report.Counter("tcptune_softnet_dropped_total",
		"Packets that found the backlog of their processor full, on the whole machine.", float64(f.softnet.value.Dropped)))
	knob("net.netfilter.nf_conntrack_count", "tcptune_conntrack_entries", "Connections that are tracked.")
	knob("net.netfilter.nf_conntrack_max", "tcptune_conntrack_entries_limit", "Connections that can be tracked; 0 for no limit.")
	add("sockstat", f.sockstat.err,
		report.Gauge("tcptune_time_wait_sockets", "Connections in TIME-WAIT.", float64(f.sockstat.value.TimeWait)),
		report.Gauge("tcptune_orphan_sockets", "Connections that their program has closed and TCP has not.", float64(f.sockstat.value.Orphan)))
	knob("net.ipv4.tcp_max_tw_buckets", "tcptune_time_wait_sockets_limit", "Connections in TIME-WAIT that are kept at most.")
	use := f.ports.value
	add("ephemeral_ports", f.ports.err,
		report.Gauge("tcptune_ephemeral_ports", "Ports of net.ipv4.ip_local_port_range.", float64(max(0, use.High-use.Low+1))),
		report.Gauge("tcptune_ephemeral_ports_busiest",
			"Ephemeral ports in use between one source address and one destination, where most are.", float64(use.Busiest.Sockets)))
	add("listeners", f.listeners.err, report.Gauge("tcptune_listeners", "TCP sockets that listen, in this network namespace.",
		float64(len(f.listeners.value))))
	return metrics, unseen
}
