package diagnosetest

import (
	"io"
	"net"
	"time"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/prove/path"
)

// situation is made on purpose, so that one limit bites, and then as diagnose advises.
type situation struct {
	rule string // that must be found, and no other that is certain
	says string // the least certainty
	// make makes it, with what is advised in place of what is wrong where that is asked for.
	make func(s *stage, advised bool)
	// figure is what the advice is to move, for the better if it grows.
	figure func(s *stage) float64
	grows  float64 // by this factor at least; 0: no figure is promised
	shape  path.Shape
	stays  string // why no advice is taken
}

// far is a path on which windows, buffers and losses matter.
func far() path.Shape { return path.Shape{RTT: 40 * time.Millisecond, Rate: 100e6, Queue: 1 << 20} }

func lossy() path.Shape {
	s := far()
	s.Loss = 0.02 // enough are lost in three seconds that it cannot be by chance
	return s
}

func bloated() path.Shape {
	return path.Shape{RTT: 40 * time.Millisecond, Rate: 20e6, Queue: 4 << 20}
}

const (
	largeReceive = "net.ipv4.tcp_rmem = 4096 131072 33554432"
	largeSend    = "net.ipv4.tcp_wmem = 4096 65536 33554432"
)

func congestion(s *stage, name string) {
	s.path.Client.Congestion, s.path.Server.Congestion = name, name
}

// situations has the key of the value that is advised; the value itself is taken from the finding.
func situations() map[string]situation {
	return map[string]situation{
		"the window of the other side is small": {
			rule: "receive-window", says: rules.Likely, shape: far(), grows: 2, figure: acked,
			make: func(s *stage, advised bool) {
				s.set(largeReceive, largeSend)
				if !advised {
					s.setAt(s.path.Client, "net.ipv4.tcp_rmem = 4096 65536 131072")
				}
				s.serve(send)
				s.connect(2, s.read)
			},
		},
		"our window is small": {
			rule: "receive-window", says: rules.Certain, shape: far(), grows: 2, figure: acked,
			make: func(s *stage, advised bool) {
				s.at = s.path.Client
				s.set(largeReceive, largeSend)
				if !advised {
					s.setAt(s.path.Client, "net.ipv4.tcp_rmem = 4096 65536 131072")
				} else {
					s.take(s.path.Client, "net.ipv4.tcp_rmem")
				}
				s.serve(send)
				s.connect(2, s.read)
			},
		},
		"the send buffer is small": {
			rule: "send-buffer", says: rules.Certain, shape: far(), grows: 2, figure: acked,
			make: func(s *stage, advised bool) {
				s.set(largeReceive, largeSend)
				if !advised {
					s.setAt(s.path.Server, "net.ipv4.tcp_wmem = 4096 16384 65536") // a quarter of what the path carries
				} else {
					s.take(s.path.Server, "net.ipv4.tcp_wmem")
				}
				s.serve(send)
				s.connect(2, s.read)
			},
		},
		"our program reads slowly": {
			rule: "slow-reader", says: rules.Certain, shape: far(), grows: 2, figure: acked,
			make: func(s *stage, advised bool) {
				s.set(largeReceive, largeSend)
				if advised {
					s.serve(s.read)
				} else {
					s.serve(s.readSlowly(200_000))
				}
				s.connect(2, send)
			},
		},
		"the other side's program reads slowly": {
			rule: "slow-reader", says: rules.Likely, shape: far(), grows: 2, figure: acked,
			make: func(s *stage, advised bool) {
				s.set(largeReceive, largeSend)
				s.serve(send)
				if advised {
					s.connect(2, s.read)
				} else {
					s.connect(2, s.readSlowly(200_000))
				}
			},
		},
		"cubic on a path that loses packets": {
			rule: "loss", says: rules.Certain, shape: lossy(), grows: 2, figure: acked,
			make: func(s *stage, advised bool) {
				s.set(largeReceive, largeSend)
				congestion(s, "cubic")
				if advised {
					congestion(s, "bbr")
				}
				s.serve(send)
				s.connect(2, s.read)
			},
		},
		"cubic before a long queue": {
			rule: "bufferbloat", says: rules.Certain, shape: bloated(), grows: 0,
			make: func(s *stage, advised bool) {
				s.set(largeReceive, largeSend)
				congestion(s, "cubic")
				if advised {
					congestion(s, "bbr")
				}
				s.serve(send)
				s.connect(2, s.read)
			},
		},
		"the program has little to send": {
			rule: "application", says: rules.Certain, shape: far(), stays: "no key helps",
			make: func(s *stage, advised bool) {
				s.set(largeReceive, largeSend)
				s.serve(sendNowAndThen(20_000, 200*time.Millisecond))
				s.connect(5, s.read)
			},
		},
		"the accept queue is short": {
			rule: "accept-queue", says: rules.Certain, shape: path.Shape{RTT: time.Millisecond}, grows: 2, figure: openedInTime,
			make: func(s *stage, advised bool) {
				s.set("net.core.somaxconn = 16")
				if advised {
					s.take(s.path.Server, "net.core.somaxconn")
				}
				s.acceptInBursts()
				s.work(s.burstsOfConnections)
			},
		},
		"the queue of handshakes is short": {
			rule: "syn-queue", says: rules.Certain, shape: path.Shape{RTT: time.Millisecond},
			make: func(s *stage, advised bool) {
				s.set("net.core.somaxconn = 16")
				if advised {
					s.take(s.path.Server, "net.core.somaxconn")
				}
				s.serve(s.read)
				s.openHalf(100)
			},
		},
		"more connections in TIME-WAIT than may be": {
			rule: "time-wait", says: rules.Certain, shape: path.Shape{RTT: time.Millisecond},
			make: func(s *stage, advised bool) {
				s.at = s.path.Client
				s.setAt(s.path.Client, "net.ipv4.tcp_max_tw_buckets = 50")
				if advised {
					s.take(s.path.Client, "net.ipv4.tcp_max_tw_buckets")
				}
				s.serve(func(c *net.TCPConn) { _, _ = io.Copy(c, c); _ = c.Close() })
				s.shortConnections(100 * time.Millisecond) // as many a second, however busy the machine is
			},
		},
		"the ports to one address are used up": {
			rule: "ephemeral-ports", says: rules.Certain, shape: path.Shape{RTT: time.Millisecond},
			make: func(s *stage, advised bool) {
				s.at = s.path.Client
				s.setAt(s.path.Client, "net.ipv4.ip_local_port_range = 40000 40199")
				if advised {
					s.take(s.path.Client, "net.ipv4.ip_local_port_range")
				}
				s.serve(s.read)
				s.fill(300)
			},
		},
		"the table of connection tracking is full": {
			rule: "conntrack", says: rules.Certain, shape: path.Shape{RTT: time.Millisecond},
			stays: "nf_conntrack_max is one for the whole machine",
			make: func(s *stage, advised bool) {
				s.serve(s.read)
				s.connect(2, func(*net.TCPConn) {})
				s.trackConnections()
				s.fillTracking()
			},
		},
		"a hop drops large packets": {
			rule: "pmtu", says: rules.Certain, shape: path.Shape{RTT: 5 * time.Millisecond, Largest: 1300},
			make: func(s *stage, advised bool) {
				if advised {
					s.take(s.path.Server, "net.ipv4.tcp_mtu_probing")
				}
				s.serve(func(c *net.TCPConn) { // an answer whose last segment is small, again and again
					for b := make([]byte, 1); ; {
						if _, err := io.ReadFull(c, b); err != nil {
							return
						}
						_, _ = c.Write(make([]byte, 5*1448+300))
					}
				})
				s.connect(4, func(c *net.TCPConn) { // who asks again, without waiting for the answer
					s.work(func() {
						for s.rests(50 * time.Millisecond) {
							if _, err := c.Write([]byte{1}); err != nil {
								return
							}
						}
					})
					s.read(c)
				})
			},
		},
	}
}

// acked is how many bytes a second arrive, at both ends.
func acked(s *stage) float64 { return float64(s.received.Load()) }

// openedInTime is the share of connections that were opened at once.
func openedInTime(s *stage) float64 {
	return float64(s.quick.Load()) / float64(max(s.tried.Load(), 1))
}
