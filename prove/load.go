package prove

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/tcptune/tcptune/prove/path"
)

// Workload is a kind of work.
type Workload struct {
	Name    string
	Share   int // of the time, in parts
	Metrics []Metric
}

// Metric is a figure of a workload.
type Metric struct {
	Name, Unit string
	Higher     bool // more of it is better
}

// Figures are what a run came to, by the name of the metric. What could not be measured is not there.
type Figures map[string]float64

// Load does the work of that name over a path for a time. It is done when ctx is.
type Load func(ctx context.Context, p *path.Path, workload string, for_ time.Duration) (Figures, error)

// The names of the workloads.
const (
	Bulk        = "bulk"
	Connections = "connections"
	Requests    = "requests"
	Idle        = "idle"
)

// Workloads are what is done, in that order.
func Workloads() []Workload {
	retransmits, memory := Metric{"retransmits", "%", false}, Metric{"memory", "KiB", false}
	p50, p99 := Metric{"p50", "ms", false}, Metric{"p99", "ms", false}
	return []Workload{
		{Bulk, 3, []Metric{{"goodput", "Mbit/s", true}, retransmits, memory}},
		{Connections, 1, []Metric{{"rate", "1/s", true}, p50, p99, {"failed", "%", false}}},
		{Requests, 1, []Metric{{"rate", "1/s", true}, p50, p99, retransmits}},
		{Idle, 1, []Metric{p50, p99, memory}},
	}
}

// latencies are how long answers took; safe for several goroutines.
type latencies struct {
	mu   sync.Mutex
	took []time.Duration
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	l.took = append(l.took, d)
	l.mu.Unlock()
}

// into puts the percentiles into f that so many answers can tell: of fewer than 100 none is the slowest in a hundred.
func (l *latencies) into(f Figures) {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.Sort(l.took)
	n := len(l.took)
	at := func(q float64) float64 {
		return l.took[min(n-1, int(math.Ceil(q*float64(n)))-1)].Seconds() * 1e3
	}
	if n >= 10 {
		f["p50"] = at(0.5)
	}
	if n >= 100 {
		f["p99"] = at(0.99)
	}
}

// retransmits is the share of the segments of both ends that were sent again, in percent.
func retransmits(p *path.Path) (float64, error) {
	var out, again uint64
	for _, end := range []*path.End{p.Client, p.Server} {
		counters, err := end.Counters()
		if err != nil {
			return 0, err
		}
		out += counters["TcpOutSegs"]
		again += counters["TcpRetransSegs"]
	}
	if out == 0 {
		return 0, fmt.Errorf("no segment was sent")
	}
	return 100 * float64(again) / float64(out), nil
}
