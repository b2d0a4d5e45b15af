package diagnosetest

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/diagnose"
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
	s.Loss = 0.01
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
					s.setAt(s.path.Server, "net.ipv4.tcp_wmem = 4096 65536 131072")
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
				s.work(s.shortConnections)
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
				s.connect(4, func(c *net.TCPConn) {
					for {
						if _, err := c.Write([]byte{1}); err != nil {
							return
						}
						n, err := io.ReadFull(c, make([]byte, 5*1448+300))
						if err != nil {
							return
						}
						s.received.Add(int64(n))
					}
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

const looksFor = 3 * time.Second

func TestEachSituationIsNamedAndNothingElseIsCertain(t *testing.T) {
	needsRoot(t)
	for name, tc := range situations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var before float64
			var advice []rules.Advice
			t.Run("as it is", func(t *testing.T) {
				s := newStage(t, tc.shape)
				tc.make(s, false)
				s.settle()
				r := s.look(looksFor)
				t.Log(show(r))
				if !slices.Contains(named(r.Findings, least(tc.says)...), tc.rule) {
					t.Errorf("%s is not named", tc.rule)
				}
				for _, other := range named(r.Findings, rules.Certain) {
					if other != tc.rule {
						t.Errorf("%s is certain as well", other)
					}
				}
				for _, f := range r.Findings {
					if f.Rule == tc.rule {
						advice = append(advice, f.Advice...)
					}
				}
				if tc.figure != nil {
					before = s.measure(tc.figure)
				}
			})
			if tc.stays != "" {
				return
			}
			t.Run("as advised", func(t *testing.T) {
				s := newStage(t, tc.shape)
				s.advice = advice
				tc.make(s, true)
				s.flows()
				s.settle()
				r := s.look(looksFor)
				t.Log(show(r))
				if found := named(r.Findings, rules.Certain, rules.Likely); slices.Contains(found, tc.rule) {
					t.Errorf("%s is still named", tc.rule)
				}
				if tc.grows == 0 {
					return
				}
				if after := s.measure(tc.figure); after < tc.grows*before {
					t.Errorf("the figure went from %.4g to %.4g, want %g times as much", before, after, tc.grows)
				} else {
					t.Logf("the figure went from %.4g to %.4g", before, after)
				}
			})
		})
	}
}

// least are the certainties from one up.
func least(certainty string) []string {
	if certainty == rules.Certain {
		return []string{rules.Certain}
	}
	return []string{rules.Certain, rules.Likely}
}

// The program has as many descriptors as it may have, and its queue fills.
func TestAProgramWithoutDescriptorsIsNamed(t *testing.T) {
	needsRoot(t)
	for _, limit := range []int{40, 4000} {
		t.Run(fmt.Sprintf("%d descriptors", limit), func(t *testing.T) {
			s := newStage(t, path.Shape{RTT: time.Millisecond})
			p := s.program(program{Files: limit})
			s.owners = []diagnose.Owner{{Port: port, Pid: p, Program: "held"}}
			s.connect(100, func(*net.TCPConn) {})
			s.settle()
			r := s.look(time.Second)
			t.Log(show(r))
			want := []string(nil)
			if limit < 100 {
				want = []string{"descriptors"}
			}
			if got := named(r.Findings, rules.Certain); !slices.Equal(got, want) {
				t.Errorf("certain: %v, want %v", got, want)
			}
		})
	}
}

// A control group of version 1 is what this kernel has for it; of version 2 the file has the same lines.
func TestAProgramThatMayNotRunIsNamed(t *testing.T) {
	needsRoot(t)
	dir := filepath.Join("/sys/fs/cgroup/cpu", fmt.Sprintf("tcptune-test-%d", os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skipf("no control group for processors: %v", err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	if err := os.WriteFile(filepath.Join(dir, "cpu.cfs_period_us"), []byte("10000"), 0o644); err != nil {
		t.Skipf("no quota: %v", err)
	}
	for _, quota := range []string{"1000", "-1"} {
		t.Run("quota "+quota, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(dir, "cpu.cfs_quota_us"), []byte(quota), 0o644); err != nil {
				t.Skipf("no quota: %v", err)
			}
			s := newStage(t, path.Shape{RTT: time.Millisecond})
			p := s.program(program{Busy: true})
			if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), fmt.Append(nil, p), 0o644); err != nil {
				t.Fatal(err)
			}
			s.owners = []diagnose.Owner{{Port: port, Pid: p, Program: "busy"}}
			r := s.look(2 * time.Second)
			s.end() // a control group with a process in it stays
			t.Log(show(r))
			want := []string(nil)
			if quota != "-1" {
				want = []string{"cpu-throttled"}
			}
			if got := named(r.Findings, rules.Certain); !slices.Equal(got, want) {
				t.Errorf("certain: %v, want %v", got, want)
			}
		})
	}
}

// What is well and under load is silent, but for the one finding that tuning would not help.
func TestNothingIsNamedWhereNothingLimits(t *testing.T) {
	needsRoot(t)
	for name, tc := range map[string]func(s *stage){
		"questions and answers": func(s *stage) {
			s.serve(func(c *net.TCPConn) { _, _ = io.Copy(c, c) })
			s.connect(50, func(c *net.TCPConn) {
				for b := make([]byte, 512); ; {
					if _, err := c.Write(b); err != nil {
						return
					}
					if _, err := io.ReadFull(c, b); err != nil {
						return
					}
				}
			})
		},
		"short connections": func(s *stage) {
			s.serve(func(c *net.TCPConn) { _, _ = io.Copy(c, c); _ = c.Close() })
			s.work(s.shortConnections)
		},
		"a transfer that fills the path": func(s *stage) {
			s.set(largeReceive, largeSend)
			congestion(s, "bbr")
			s.serve(send)
			s.connect(2, s.read)
		},
		"idle connections": func(s *stage) {
			s.serve(s.read)
			s.connect(50, func(*net.TCPConn) {})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shape := path.Shape{RTT: 10 * time.Millisecond}
			if strings.HasPrefix(name, "a transfer") {
				shape = far()
			}
			s := newStage(t, shape)
			tc(s)
			s.settle()
			r := s.look(looksFor)
			t.Log(show(r))
			for _, found := range named(r.Findings, rules.Certain, rules.Likely) {
				if found != "application" {
					t.Errorf("%s is named", found)
				}
			}
		})
	}
}
