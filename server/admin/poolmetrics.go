package admin

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tcptune/tcptune/server/pool"
)

// poolCollector asks the pool of upstreams when it is asked itself.
type poolCollector struct {
	pool  *pool.Pool
	descs map[string]*prometheus.Desc
}

type upstream = pool.UpstreamStats

type poolMetric struct {
	name, help string
	kind       prometheus.ValueType
	value      func(upstream) float64
}

func poolMetrics() []poolMetric {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	return []poolMetric{
		{
			"open_connections", "Connections to the upstream.", gauge,
			func(u upstream) float64 { return float64(u.Open) },
		},
		{
			"idle_connections", "Connections that wait for a request.", gauge,
			func(u upstream) float64 { return float64(u.Idle) },
		},
		{
			"waiting_requests", "Requests that wait for a connection.", gauge,
			func(u upstream) float64 { return float64(u.Waiting) },
		},
		{
			"acquired_total", "Exchanges that were begun.", counter,
			func(u upstream) float64 { return float64(u.Acquired) },
		},
		{
			"acquire_timeouts_total", "Requests that got no connection in time.", counter,
			func(u upstream) float64 { return float64(u.Timeouts) },
		},
		{
			"reused_total", "Exchanges on a connection that was there already.", counter,
			func(u upstream) float64 { return float64(u.Reused) },
		},
		{
			"retried_total", "Requests that went on to another connection, since nothing was sent.", counter,
			func(u upstream) float64 { return float64(u.Retried) },
		},
		{
			"dials_total", "Connections that were made or tried.", counter,
			func(u upstream) float64 { return float64(u.Dials) },
		},
		{
			"dial_errors_total", "Connections that could not be made.", counter,
			func(u upstream) float64 { return float64(u.DialErrors) },
		},
		{
			"breaker_opens_total", "Times that the circuit breaker has opened.", counter,
			func(u upstream) float64 { return float64(u.BreakerOpens) },
		},
		{
			"refused_total", "Requests that this upstream did not get because of its circuit breaker.", counter,
			func(u upstream) float64 { return float64(u.Refused) },
		},
		{"breaker_open", "0 closed, 1 open, 0.5 while it tries.", gauge, func(u upstream) float64 {
			return map[string]float64{"open": 1, "half-open": 0.5}[u.Breaker]
		}},
	}
}

const retiredName = "retired_total"

func newPoolCollector(p *pool.Pool) poolCollector {
	c := poolCollector{p, map[string]*prometheus.Desc{}}
	for _, m := range poolMetrics() {
		c.descs[m.name] = prometheus.NewDesc(prometheus.BuildFQName(namespace, "upstream", m.name), m.help,
			[]string{"upstream"}, nil)
	}
	c.descs[retiredName] = prometheus.NewDesc(prometheus.BuildFQName(namespace, "upstream", retiredName),
		"Connections that were not used again, by reason.", []string{"upstream", "reason"}, nil)
	return c
}

func (c poolCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		descs <- d
	}
}

func (c poolCollector) Collect(out chan<- prometheus.Metric) {
	for _, u := range c.pool.Stats() {
		for _, m := range poolMetrics() {
			out <- prometheus.MustNewConstMetric(c.descs[m.name], m.kind, m.value(u), u.Address)
		}
		for reason, n := range map[string]uint64{"idle": u.RetiredIdle, "life": u.RetiredLife, "broken": u.RetiredBroken} {
			out <- prometheus.MustNewConstMetric(c.descs[retiredName], prometheus.CounterValue, float64(n), u.Address, reason)
		}
	}
}
