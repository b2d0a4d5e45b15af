package main

import (
	"testing"
	"time"
)

// However late a paced server looks at its clock, it answers no more than its capacity in a time that is longer than what it may
// catch up with; and a second that it stood still is not caught up with.
func TestACapacityIsWhatItIsSaidToBe(t *testing.T) {
	t.Parallel()
	const each = time.Second / pacedCapacity
	begin := time.Unix(0, 0)
	p, now, n := pace{each: each}, begin, 0
	run := func(until time.Duration) (answered int) {
		for before := n; ; n++ {
			if wait := p.wait(now); wait > 0 {
				now = now.Add(wait + 70*time.Microsecond) // a sleep is never as short as it is wanted
			}
			if now.Sub(begin) > until {
				return n - before
			}
		}
	}
	about := func(what string, got int, seconds float64) {
		t.Helper()
		if want := seconds * pacedCapacity; float64(got) < 0.99*want || float64(got) > 1.01*want {
			t.Errorf("%s: %d answers, want %.0f", what, got, want)
		}
	}
	about("two seconds", run(2*time.Second), 2)
	now = now.Add(time.Second)
	about("two seconds more, of which it stood still for one", run(4*time.Second), 1)
}
