package check

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/report"
)

var errTooManySockets = errors.New(
	"there are too many sockets to count them one by one without a burden on the machine")

// checkPorts judges the ephemeral ports for the busiest pair of source and destination: connect(2) fails with
// EADDRNOTAVAIL when all are taken for that pair, however few others use.
func checkPorts(f facts) report.Check {
	const name = "ephemeral-ports"
	if errors.Is(f.ports.err, errTooManySockets) {
		return warn(name, "not visible", "not visible: "+f.ports.err.Error(),
			"ss -Htan | awk '{print $5}' | sort | uniq -c | sort -rn | head")
	}
	if f.ports.err != nil {
		return unseen(name, f.ports.err)
	}
	use := f.ports.value
	value := fmt.Sprintf("%d ports, %d in use", use.Size(), use.Sockets)
	busiest := use.Busiest
	if use.Size() == 0 || busiest.Sockets == 0 {
		return pass(name, value, "no connections were made from here")
	}
	share := busiest.Sockets * 100 / use.Size()
	value += fmt.Sprintf(", %d (%d %%) from %s to %s", busiest.Sockets, share, busiest.From, busiest.To)
	return byShare(name, value, uint64(share), "connections to that destination fail when it has all ports of the range",
		"net.ipv4.ip_local_port_range = 10240 65535 and net.ipv4.tcp_tw_reuse = 1; and keep connections open for reuse",
		"there is room for more connections, also to the busiest destination")
}

// checkTimeWait holds the connections in TIME_WAIT against tcp_max_tw_buckets. They are harmless up to there; beyond,
// the kernel closes without TIME_WAIT, and late segments may reach a new connection.
func checkTimeWait(f facts) report.Check {
	const name = "time-wait"
	limit := f.knobs["net.ipv4.tcp_max_tw_buckets"]
	for _, err := range []error{f.sockstat.err, limit.err} {
		if err != nil {
			return unseen(name, err)
		}
	}
	most, err := strconv.ParseUint(limit.value, 10, 32)
	if err != nil || most == 0 {
		return unseen(name, fmt.Errorf("net.ipv4.tcp_max_tw_buckets is %q", limit.value))
	}
	n := uint64(f.sockstat.value.TimeWait)
	share := n * 100 / most
	value := fmt.Sprintf("%d of %d (%d %%)", n, most, share)
	if cut, _ := f.counted(rules.Counters()["tw_overflows"]...); cut > 0 {
		value += fmt.Sprintf(", %d cut short %s", cut, since(cut, f.uptime))
	}
	switch overflows, holds := f.found["time-wait"]; {
	case holds:
		return warn(name, value, overflows.Words, remedy(overflows))
	case share >= tableWarn:
		return warn(name, value, "beyond the limit connections end without TIME_WAIT, and late segments may reach a new one",
			fmt.Sprintf("net.ipv4.tcp_max_tw_buckets = %d", 2*most))
	}
	return pass(name, value, "each takes a port only towards its own destination, and little memory")
}
