package check

import (
	"errors"
	"fmt"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// oftenPerHour is the mean rate from which a drop is a finding. The counters never go back: a burst of last year must
// not be a warning for ever.
const oftenPerHour = 1

// checkListenQueues judges the connections that found a full accept queue since boot: their clients wait for a second
// at least, and then try again.
func checkListenQueues(f facts) report.Check {
	const name = "listen-overflows"
	if f.netstat.err != nil {
		return unseen(name, f.netstat.err)
	}
	overflows, ok := f.netstat.value["TcpExtListenOverflows"]
	if !ok {
		return unseen(name, errors.New("the kernel does not count ListenOverflows"))
	}
	// ListenDrops counts the overflows too, and what was dropped for want of memory or a route.
	drops := f.netstat.value["TcpExtListenDrops"]
	value := fmt.Sprintf("%d overflows, %d drops %s", overflows, drops, since(max(overflows, drops), f.uptime))
	if often(max(overflows, drops), f.uptime) {
		return warn(name, value, "connections were dropped because an accept queue was full: "+
			"the service accepts too slowly, or its backlog is too small",
			"ss -ltn shows which (Recv-Q near Send-Q); "+
				"raise net.core.somaxconn and the backlog that the service passes to listen(2)")
	}
	return pass(name, value, "accept queues rarely overflow, or never")
}

// checkSoftnet judges the packets that were dropped before TCP saw them, on the whole machine.
func checkSoftnet(f facts) report.Check {
	const name = "softnet-drops"
	if f.softnet.err != nil {
		return unseen(name, f.softnet.err)
	}
	s := f.softnet.value
	value := fmt.Sprintf("%d dropped of %d packets, %d times out of budget %s", s.Dropped, s.Processed, s.TimeSqueeze,
		since(s.Dropped, f.uptime))
	if dropped, holds := f.found["softnet"]; holds {
		return warn(name, value, dropped.Words+"; receive packet steering, veth and loopback pass through it", remedy(dropped))
	}
	return pass(name, value, "packets are rarely dropped before TCP sees them, or never")
}

func often(n uint64, uptime seen[time.Duration]) bool {
	if uptime.err != nil || uptime.value <= 0 {
		return n > 0
	}
	return n > 0 && float64(n) >= oftenPerHour*uptime.value.Hours()
}

// since says for how long the counters have run, and what that makes in an hour.
func since(n uint64, uptime seen[time.Duration]) string {
	if uptime.err != nil || uptime.value <= 0 {
		return "since boot"
	}
	text := "since boot " + span(uptime.value) + " ago"
	if n > 0 {
		text += fmt.Sprintf(" (%.3g per hour)", float64(n)/uptime.value.Hours())
	}
	return text
}

// span says a time in its largest two units: "3 d 4 h", "4 h 5 min", "5 min", "12 s".
func span(d time.Duration) string {
	minutes := int(d.Minutes())
	switch {
	case minutes >= 24*60:
		return fmt.Sprintf("%d d %d h", minutes/(24*60), minutes/60%24)
	case minutes >= 60:
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	case minutes > 0:
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
}
