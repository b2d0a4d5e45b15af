package rules

import "math"

// Counters are the counters of nstat(8) that a figure adds up, of the whole network namespace. What they have counted between
// two looks is a figure, and so is what they have since boot.
func Counters() map[string][]string {
	return map[string][]string{
		"tw_overflows":   {"TcpExtTCPTimeWaitOverflow"},
		"mem_pressures":  {"TcpExtTCPMemoryPressures"},
		"orphans_killed": {"TcpExtTCPAbortOnMemory"},
		"receive_drops":  {"TcpExtTCPRcvQDrop", "TcpExtTCPBacklogDrop", "TcpExtRcvPruned", "TcpExtPruneCalled"},
		"syn_full":       {"TcpExtTCPReqQFullDoCookies", "TcpExtTCPReqQFullDrop"},
		"cookies":        {"TcpExtSyncookiesSent"},
	}
}

// PowerOfTwo is the least one that is not below n.
func PowerOfTwo(n float64) float64 {
	if n <= 1 {
		return 1
	}
	return math.Exp2(math.Ceil(math.Log2(n)))
}

// String is what to do, as one would type it.
func (a Advice) String() string {
	switch a.Kind {
	case Key:
		return a.Target + " = " + a.Value
	case Elsewhere:
		return "not on this host: " + a.Target + ": " + a.Value
	}
	return a.Target + ": " + a.Value
}
