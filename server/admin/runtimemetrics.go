package admin

import (
	"math"
	"runtime/metrics"

	"github.com/prometheus/client_golang/prometheus"
)

// waits are histograms of package runtime/metrics, by their names there.
type waits map[string]*metrics.Float64Histogram

const (
	schedulingWaits = "/sched/latencies:seconds"
	collectorPauses = "/sched/pauses/total/gc:seconds"
)

// newRuntimeCollector has for what goroutines wait that could run: handlers, and what answers the admin socket.
func newRuntimeCollector() prometheus.Collector {
	list := []metric[waits]{
		{
			"scheduling_seconds", "Time from when a goroutine could run until it did, of one in 8 of these times.",
			nil, doubling(schedulingWaits),
		},
		{
			"gc_pause_seconds", "Time for which the garbage collector stopped all goroutines.",
			nil, doubling(collectorPauses),
		},
	}
	return newCollector(nil, list, func(each func(waits, ...string)) {
		samples := []metrics.Sample{{Name: schedulingWaits}, {Name: collectorPauses}}
		metrics.Read(samples)
		now := waits{}
		for _, s := range samples {
			now[s.Name] = s.Value.Float64Histogram()
		}
		each(now)
	})
}

// The bounds of these histograms double from a microsecond to more than a second. Those of the runtime are ten times as
// many, and prometheus.NewGoCollector makes decades of them.
const (
	shortestWait = 1e-6 // seconds
	waitBounds   = 22
)

func doubling(name string) func(waits, *prometheus.Desc, []string) []prometheus.Metric {
	return func(w waits, desc *prometheus.Desc, labels []string) []prometheus.Metric {
		h, buckets := w[name], map[float64]uint64{}
		count, sum, next := uint64(0), 0.0, 0
		for i, n := range h.Counts {
			for upper := h.Buckets[i+1]; next < waitBounds && upper > bound(next); next++ {
				buckets[bound(next)] = count
			}
			count += n
			sum += float64(n) * max(h.Buckets[i], 0) // at least: the runtime keeps none
		}
		return []prometheus.Metric{prometheus.MustNewConstHistogram(desc, count, sum, buckets, labels...)}
	}
}

func bound(i int) float64 { return math.Ldexp(shortestWait, i) }
