package main

import (
	"maps"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

// benchMetrics are the result of a load test as metrics of Prometheus.
func benchMetrics(b report.Bench) []report.Metric {
	labels := map[string]string{"target": b.Target, "protocol": b.Protocol}
	latency := latencyMetric()
	for _, row := range []struct {
		from string
		of   *report.Percentiles
	}{{intended, b.Latency.Intended}, {actual, b.Latency.Actual}} {
		if row.of == nil {
			continue
		}
		for _, q := range []struct {
			quantile string
			us       float64
		}{{"0.5", row.of.P50}, {"0.9", row.of.P90}, {"0.99", row.of.P99}, {"0.999", row.of.P999}, {"1", row.of.Max}} {
			latency.Samples = append(latency.Samples, quantile(labels, row.from, q.quantile, q.us/1e6))
		}
	}
	return append(countMetrics(labels, 0, b.Rate, b.Requests.Answered, b.Requests.Failed), latency,
		labelled("requests_sent", "Requests that were sent.", float64(b.Requests.Sent), labels),
		labelled("generator_saturated", "1 when the generator may have been the bottleneck.", map[bool]float64{true: 1}[b.Saturated], labels))
}

// runningMetrics are what is known of a load test while it runs.
func runningMetrics(n provision.LoadNow) []report.Metric {
	labels := map[string]string{"target": n.Target, "protocol": n.Protocol}
	m := countMetrics(labels, 1, n.Rate, n.Answered, n.Failed)
	if n.Answered > 0 {
		latency := latencyMetric()
		from := map[bool]string{true: intended, false: actual}[n.OpenLoop]
		latency.Samples = []report.Sample{quantile(labels, from, "0.99", n.P99.Seconds())}
		m = append(m, latency)
	}
	return m
}

// From when latencies count.
const intended, actual = "intended", "actual"

func latencyMetric() report.Metric {
	return report.Metric{Name: "tcptune_bench_latency_seconds", Type: "gauge", Help: "Latency of requests."}
}

func countMetrics(labels map[string]string, running, rate float64, answered, failed uint64) []report.Metric {
	return []report.Metric{
		labelled("running", "1 while the load test runs: the rate is then that of the last quarter of a second.", running, labels),
		labelled("rate_per_second", "Requests answered a second.", rate, labels),
		labelled("requests_answered", "Requests that were answered.", float64(answered), labels),
		labelled("requests_failed", "Requests that failed.", float64(failed), labels),
	}
}

func labelled(name, help string, value float64, labels map[string]string) report.Metric {
	m := report.Gauge("tcptune_bench_"+name, help, value)
	m.Samples[0].Labels = labels
	return m
}

func quantile(labels map[string]string, from, which string, seconds float64) report.Sample {
	all := maps.Clone(labels)
	all["from"], all["quantile"] = from, which
	return report.Sample{Labels: all, Value: seconds}
}

// textfile is the file that a load test keeps up to date while it runs. Of writes that fail the first is remembered.
type textfile struct {
	target  provision.Target
	file    string
	written time.Time
	failed  error
}

// textfileOf is the file that --textfile names, or nil.
func textfileOf(c *cli.Context, target provision.Target) (*textfile, error) {
	file := c.String("textfile")
	switch {
	case !c.IsSet("textfile"):
		return nil, nil
	case filepath.Ext(file) != ".prom":
		return nil, report.Usage("cannot use --textfile "+file+": the textfile collector reads files that end in .prom", "")
	}
	return &textfile{target: target, file: file}, nil
}

// write replaces the file, whole or not at all.
func (f *textfile) write(m []report.Metric) {
	if err := f.target.WriteMetrics(m, f.file); f.failed == nil {
		f.failed = err
	}
	f.written = time.Now()
}

// told is told, and writes what it hears each second.
func (f *textfile) told(told func(provision.LoadNow)) func(provision.LoadNow) {
	return func(n provision.LoadNow) {
		if told != nil {
			told(n)
		}
		if time.Since(f.written) >= time.Second {
			f.write(runningMetrics(n))
		}
	}
}
