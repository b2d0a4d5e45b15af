package diagnosetest

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/prove/path"
)

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
			s.shortConnections(0)
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
