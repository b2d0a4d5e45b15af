package server

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// hostileConns is how many connections the one hostile address tries to have.
const hostileConns = 150

// TestOneHostileAddressCostsAnHonestOneNothing has an address do what it can, and asks from another one all the while:
// every question is answered, nearly as fast as before, and the memory stays within what the limits say.
func TestOneHostileAddressCostsAnHonestOneNothing(t *testing.T) {
	limits := Limits{
		MaxConns: 200, Queue: 20, ClientConns: 100, ReadTimeout: time.Minute, WriteTimeout: time.Minute,
		MaxInput: 4 << 20, MaxOutput: 4 << 20, QueueTimeout: time.Minute,
	}
	half := framed(strings.Repeat("x", 1<<20))[:1<<20]
	frames := Messages(frame{1 << 20})
	takesNothing := func(c *client) {
		for message := framed(strings.Repeat("x", 60<<10)); ; {
			if _, err := io.WriteString(c, message); err != nil {
				return
			}
		}
	}
	for _, attack := range []struct {
		name    string
		handler StreamHandler
		does    func(c *client)
	}{
		{"halves of messages", frames, func(c *client) { _, _ = io.WriteString(c, half) }},
		{"connections that say nothing", frames, func(*client) {}},
		{"answers that are not taken", frames, takesNothing},
		{"answers that are not taken over TLS", frames, takesNothing},
		{"messages that are too long", frames, func(c *client) { _, _ = io.WriteString(c, "\xff\xff\xff\xff"+half[:64<<10]) }},
		{"headers without an end", NewHTTP(http.HandlerFunc(ok), limits), func(c *client) {
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: t\r\nX: "+strings.Repeat("x", 50<<10))
		}},
	} {
		t.Run(attack.name, func(t *testing.T) {
			config, over := Config{Handler: attack.handler, Limits: limits}, func(c *client) *client { return c }
			if strings.HasSuffix(attack.name, "TLS") {
				secured, trust := secure(t, config)
				config, over = secured, func(c *client) *client { return newClient(t, tls.Client(c.Conn, trust)) }
			}
			r := behind(t, config)
			dialAs := func(ip string) *client {
				c := r.dial()
				_ = c.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
				c.say("PROXY TCP4 " + ip + " 198.51.100.1 1 2\r\n")
				return over(c)
			}
			ask := func() time.Duration {
				begin := time.Now()
				c := dialAs("192.0.2.2")
				if strings.HasPrefix(attack.name, "headers") {
					if a, _ := c.request("/"); a.StatusCode != http.StatusOK {
						t.Errorf("the honest client got %d", a.StatusCode)
					}
				} else {
					c.say(framed("hello"))
					c.hears(framed("hello"))
				}
				c.close()
				return time.Since(begin)
			}
			p99 := func() time.Duration {
				var took []time.Duration
				for range 50 { // fewer than a client may have, even if the server sees their ends late
					took = append(took, ask())
				}
				slices.Sort(took)
				return took[len(took)*99/100]
			}
			before := p99()
			for range hostileConns {
				c := dialAs("192.0.2.1")
				go attack.does(c)
			}
			during, most := p99(), 100*before+time.Second
			for range 3 { // a busy machine may stand still for one of them
				if during > most {
					during = p99()
				}
			}
			st := r.Stats()
			if st.InputBytes > limits.MaxInput || st.OutputBytes > limits.MaxOutput {
				t.Errorf("%d bytes of input and %d of output are held", st.InputBytes, st.OutputBytes)
			}
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			t.Logf("p99 of the honest client: %v before, %v during; heap %d KiB; refused %v, ended %v", before, during, m.HeapInuse>>10,
				st.Refused, st.Ended)
			if during > most && !raceDetector { // whose own work takes its time
				t.Errorf("the honest client waits %v, %v before", during, before)
			}
		})
	}
}
