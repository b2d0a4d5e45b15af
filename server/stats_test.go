package server

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Whoever scrapes these takes a sum that has become smaller for a restart.
func TestSumsNeverBecomeSmaller(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	over := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				c := r.dial()
				c.ask("hello")
				c.close()
			}
		})
	}
	var last Stats
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		st := r.Stats()
		if st.BytesIn < last.BytesIn || st.BytesOut < last.BytesOut || st.Messages < last.Messages ||
			st.Latency.Count < last.Latency.Count || st.Accepted < last.Accepted {
			t.Fatalf("before: %+v\nafter: %+v", last, st)
		}
		last = st
	}
	close(over)
	all.Wait()
	st := r.until("all gone", func(st Stats) bool { return st.Active == 0 })
	r.balanced()
	if n := st.Accepted; st.Messages != n || st.BytesIn != 6*n || st.BytesOut != 12*n || st.Latency.Count != n ||
		st.Ended[ClientClosed] != n {
		t.Errorf("%+v does not fit to %d connections of one message", st, n)
	}
}

func TestConnectionsAreListed(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	old := r.dial()
	old.ask("hello") // answered before the other one connects: or that might be served first
	young := r.dial()
	r.until("both are served", func(st Stats) bool { return st.Active == 2 })
	for range 10 {
		young.ask("more")
	}
	young.say("half")
	r.until("it reads", func(Stats) bool { return r.states()["reading"] == 1 })

	byBytes := r.Conns(10, ByBytes)
	for i := range byBytes {
		if byBytes[i].Age <= 0 || byBytes[i].InState < 0 || byBytes[i].InState > byBytes[i].Age {
			t.Errorf("age %v, in its state for %v", byBytes[i].Age, byBytes[i].InState)
		}
		byBytes[i].Age, byBytes[i].InState = 0, 0
	}
	want := []ConnInfo{
		{Remote: young.LocalAddr().String(), State: "reading", BytesIn: 54, BytesOut: 110, Messages: 10},
		{Remote: old.LocalAddr().String(), State: "waiting", BytesIn: 6, BytesOut: 12, Messages: 1},
	}
	if diff := cmp.Diff(want, byBytes); diff != "" {
		t.Errorf("connections (-want +got):\n%s", diff)
	}
	if list := r.Conns(1, ByAge); len(list) != 1 || list[0].Remote != old.LocalAddr().String() {
		t.Errorf("the oldest is %+v", list)
	}
	for _, n := range []int{0, -1} {
		if list := r.Conns(n, ByAge); len(list) != 0 {
			t.Errorf("%d were wanted, got %d", n, len(list))
		}
	}
}

func TestAHistogramCountsEachDurationOnce(t *testing.T) {
	t.Parallel()
	var h histogram
	for _, d := range []time.Duration{
		-1, 0, 999, time.Microsecond, 2*time.Microsecond - 1, 3 * time.Microsecond,
		time.Millisecond, time.Hour,
	} {
		h.add(d)
	}
	got := h.snapshot()
	want := map[time.Duration]uint64{
		time.Microsecond: 3, 2 * time.Microsecond: 5, 4 * time.Microsecond: 6,
		512 * time.Microsecond: 6, 1024 * time.Microsecond: 7, time.Microsecond << 25: 7,
	}
	for bound, n := range want {
		if got.Buckets[bound] != n {
			t.Errorf("%d were below %v, want %d", got.Buckets[bound], bound, n)
		}
	}
	if got.Count != 8 {
		t.Errorf("%d in all, want 8", got.Count)
	}
}

func TestEachReasonHasANameAndAPlace(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range append(Refusals(), Endings()...) {
		if name := r.String(); name == "" || seen[name] {
			t.Errorf("reason %d is called %q", r, name)
		}
		seen[r.String()] = true
	}
	if len(seen) != int(reasons)-1 {
		t.Errorf("%d reasons have a place, want %d", len(seen), reasons-1)
	}
}
