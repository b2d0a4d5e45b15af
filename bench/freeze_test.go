package bench

import (
	"fmt"
	"math"
	"net"
	"sync"
	"testing"
	"time"
)

// frozen is an echo service that stands still for a second, four seconds after its first connection. It tells how long it
// really was: the machine may be busy.
type frozen struct {
	sync.RWMutex
	begin sync.Once
	long  time.Duration
}

func (f *frozen) serve(c net.Conn) {
	f.begin.Do(func() {
		time.AfterFunc(4*time.Second, func() {
			f.Lock()
			defer f.Unlock()
			begin := time.Now()
			time.Sleep(time.Second) // that is what it is about
			f.long = time.Since(begin)
		})
	})
	for buf := make([]byte, 64<<10); ; {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		f.RLock()
		_, err = c.Write(buf[:n])
		f.RUnlock()
		if err != nil {
			return
		}
	}
}

// A service that stands still for a second of ten has answered a tenth of the requests late that were due by a schedule:
// from 0 to 1 s, evenly. So the 99th percentile is 0.90 s, and that of 99.9 % is 0.99 s, whether the requests could be sent
// meanwhile or had to wait for a connection. A closed loop asks nothing meanwhile, and has one late answer on each.
func TestAFreezeIsSeenByAnOpenLoopAndHiddenByAClosedOne(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes ten seconds")
	}
	t.Parallel()
	for _, test := range []struct {
		name            string
		rate            float64
		conns, pipeline int
	}{{"sent meanwhile", 1000, 50, 64}, {"must wait", 500, 10, 1}, {"closed", 0, 10, 1}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			// On a machine that stands still itself the arithmetic does not hold: such a run shows nothing.
			for try := range 3 {
				wrong := freeze(t, test.rate, test.conns, test.pipeline)
				if wrong == "" {
					return
				}
				t.Logf("try %d: %s", try+1, wrong)
			}
			t.Error("three times")
		})
	}
}

func freeze(t *testing.T, rate float64, conns, pipeline int) (wrong string) {
	t.Helper()
	var f frozen
	o := plain(serve(t, f.serve))
	o.Conns, o.Pipeline, o.Rate, o.Duration = conns, pipeline, rate, 10*time.Second
	if rate == 0 {
		o.Think = 2 * time.Millisecond
	}
	b, err := Run(ctx(t), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.RLock()
	defer f.RUnlock()
	if b.Requests.Sent != b.Requests.Answered+b.Requests.Failed || b.Requests.Failed > 0 {
		t.Errorf("%+v", b.Requests)
	}
	long, actual := us(int64(f.long)), b.Latency.Actual
	if rate == 0 {
		if b.Latency.Intended != nil || actual.P99 > 0.1e6 || actual.Max < 0.9*long {
			return fmt.Sprintf("closed: %+v", actual)
		}
		return ""
	}
	if want := uint64(rate * o.Duration.Seconds()); b.Requests.Sent != want {
		t.Errorf("%d were sent, not %d", b.Requests.Sent, want)
	}
	l := b.Latency.Intended
	if off(l.P99, long-0.1e6) > 0.02 || off(l.P999, long-0.01e6) > 0.02 || pipeline == 1 && actual.P99 > 0.5e6 {
		return fmt.Sprintf("still for %.0f us: %+v, %+v", long, l, actual)
	}
	return ""
}

func off(got, want float64) float64 { return math.Abs(got-want) / want }
