package admin

import (
	"math"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func TestABoundHasWhatIsWhollyBelowIt(t *testing.T) {
	w := waits{"x": {
		Buckets: []float64{math.Inf(-1), 0, 1e-6, 1.5e-6, 3e-6, math.Inf(1)}, Counts: []uint64{0, 1, 2, 3, 4},
	}}
	registry := prometheus.NewRegistry()
	list := []metric[waits]{{"x", "", nil, doubling("x")}}
	registry.MustRegister(newCollector(nil, list, func(each func(waits, ...string)) { each(w) }))
	_, body := page(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), "/metrics")
	for _, line := range []string{
		`x_bucket{le="1e-06"} 1`, `x_bucket{le="2e-06"} 3`, `x_bucket{le="4e-06"} 6`, `x_bucket{le="+Inf"} 10`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no line %q in\n%s", line, body)
		}
	}
}
