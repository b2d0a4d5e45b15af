package bench

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
)

// mostAsked is how many sockets are asked what became of them.
const mostAsked = 20000

// sockets asks the kernel about the connections that stand. It is nil where there are none.
func (s *Session) sockets() *report.BenchTCP {
	if s.o.Target.Path != "" {
		return nil
	}
	var t report.BenchTCP
	var times []uint32
	var busy, window, buffer uint64
	for _, w := range s.workers {
		for i := range w.conns {
			c := &w.conns[i]
			if c.state != open || len(times) == mostAsked {
				continue
			}
			info, err := unix.GetsockoptTCPInfo(c.fd, unix.IPPROTO_TCP, unix.TCP_INFO)
			if err != nil || info.Snd_mss == 0 { // an emulation may answer with a part of it, which says nothing
				continue
			}
			if len(times) == 0 {
				t.Congestion, _ = unix.GetsockoptString(c.fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
				t.SendMSS, t.ReceiveMSS, t.MinRTT = int(info.Snd_mss), int(info.Rcv_mss), float64(info.Min_rtt)
			}
			times = append(times, info.Rtt)
			t.Retransmits += uint64(info.Total_retrans)
			t.Delivered += info.Bytes_acked
			t.MinRTT = min(t.MinRTT, float64(info.Min_rtt))
			busy, window, buffer = busy+info.Busy_time, window+info.Rwnd_limited, buffer+info.Sndbuf_limited
		}
	}
	if t.Sockets = len(times); t.Sockets == 0 {
		return nil
	}
	slices.Sort(times)
	t.RTT = float64(times[len(times)/2])
	if busy > 0 {
		t.Limited, t.BufLimited = float64(window)/float64(busy), float64(buffer)/float64(busy)
	}
	return &t
}
