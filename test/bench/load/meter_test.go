package load

import (
	"testing"
	"time"
)

func TestOnlyWhatIsAnsweredBetweenTheMarksCounts(t *testing.T) {
	marks := 0
	m := newMeter(100, 90, func() error { marks++; return nil })
	for _, step := range []struct {
		now      time.Duration
		over     bool
		marks    int
		messages int64
	}{
		{50, false, 0, 0},
		{110, false, 1, 0}, // the first after the warm-up opens the span, and is not in it
		{150, false, 1, 16},
		{199, false, 1, 32},
		{210, true, 2, 32},
		{220, true, 2, 32}, // what was still under way
	} {
		over, err := m.answered(16, step.now-10, step.now)
		if err != nil || over != step.over || marks != step.marks || m.result.Messages != step.messages {
			t.Errorf("at %d: over %v, %d marks, %d messages, error %v; want %+v", step.now, over, marks, m.result.Messages, err,
				step)
		}
	}
	if r := m.result; r.Elapsed != 100 || r.Latency.TotalCount() != 2 || r.Latency.Max() != 10 {
		t.Errorf("elapsed %d, %d bursts, slowest %d; want 100, 2, 10", r.Elapsed, r.Latency.TotalCount(), r.Latency.Max())
	}
	if got, want := (Result{Messages: 30, Elapsed: 2 * time.Second}).Rate(), 15.0; got != want {
		t.Errorf("rate = %v, want %v", got, want)
	}
}

func TestASpanWithoutAnAnswerGoesOn(t *testing.T) {
	m := newMeter(100, 90, func() error { return nil })
	for _, step := range []struct {
		now  time.Duration
		over bool
	}{{500, false}, {1000, false}, {1001, true}} {
		if over, err := m.answered(1, 0, step.now); over != step.over || err != nil {
			t.Errorf("at %d: over %v, error %v", step.now, over, err)
		}
	}
	if m.result.Messages != 1 || m.result.Elapsed != 501 {
		t.Errorf("%d messages in %d, want 1 in 501", m.result.Messages, m.result.Elapsed)
	}
}
