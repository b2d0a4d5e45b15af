package load

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// serve runs a server that answers each read with what answer makes of it, one byte more at a time.
func serve(t *testing.T, answer func([]byte) []byte) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				buf := make([]byte, 1000) // no multiple of a message
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					out := answer(buf[:n])
					if out == nil {
						return
					}
					half := len(out) / 2
					for _, part := range [][]byte{out[:half], out[half:]} {
						if _, err := c.Write(part); err != nil {
							return
						}
					}
				}
			}()
		}
	}()
	return netip.MustParseAddrPort(l.Addr().String())
}

func TestEveryAnswerIsCountedOnce(t *testing.T) {
	for _, depth := range []int{1, 16, 40} {
		c, err := Connect(serve(t, func(b []byte) []byte { return b }), 300, depth) // more than are greeted together
		if err != nil {
			t.Fatal(err)
		}
		marks := 0
		var r Result
		// None, where the machine stood still.
		for length := 50 * time.Millisecond; r.Messages == 0 && length < time.Minute; length *= 4 {
			marks = 0
			if r, err = c.Run(10*time.Millisecond, length, func() error { marks++; return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if r.Messages == 0 || r.Messages != r.Latency.TotalCount()*int64(depth) || marks != 2 {
			t.Errorf("depth %d: %d messages, %d bursts, %d marks", depth, r.Messages, r.Latency.TotalCount(), marks)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAWrongAnswerIsAnError(t *testing.T) {
	tests := []struct {
		name   string
		answer func([]byte) []byte
		want   string
	}{
		{"last byte changed", func(b []byte) []byte { b[len(b)-1]++; return b }, "not what was sent"},
		{"a byte too much", func(b []byte) []byte { return append(b, b[0]) }, "not what was sent"},
		{"closed", func([]byte) []byte { return nil }, "connection 0: "}, // closed or reset: what was not read decides
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Connect(serve(t, tt.answer), 1, 1)
			if err == nil {
				_, err = c.Run(0, time.Second, func() error { return nil })
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAnAnswerToAnotherMessageIsSeen(t *testing.T) {
	b := newBursts(2)
	copy(b.got, b.fill(7, 3))
	for _, tt := range []struct {
		conn  int
		burst uint64
		want  bool
	}{{7, 3, true}, {7, 2, false}, {8, 3, false}} {
		if got := b.answers(tt.conn, tt.burst, 0, len(b.got)); got != tt.want {
			t.Errorf("conn %d, burst %d: answers = %v, want %v", tt.conn, tt.burst, got, tt.want)
		}
	}
}

func TestConnectionsThatCannotBeOpenedAreAnError(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.11:0") // where no other test listens: it stays closed
	if err != nil {
		t.Fatal(err)
	}
	nobody := netip.MustParseAddrPort(l.Addr().String())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Connect(nobody, 3, 1); err == nil ||
		!strings.Contains(err.Error(), "connection 1 of 3: connection refused") {
		t.Errorf("error = %v", err)
	}
}
