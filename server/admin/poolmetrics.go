package admin

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tcptune/tcptune/server/pool"
)

type upstream = pool.UpstreamStats

// newPoolCollector has the metrics of each upstream.
func newPoolCollector(p *pool.Pool) prometheus.Collector {
	return newCollector([]string{"upstream"}, []metric[upstream]{
		gauge("upstream_open_connections", "Connections to the upstream.", func(u upstream) int { return u.Open }),
		gauge("upstream_idle_connections", "Connections that wait for a request.",
			func(u upstream) int { return u.Idle }),
		gauge("upstream_waiting_requests", "Requests that wait for a connection.",
			func(u upstream) int { return u.Waiting }),
		counter("upstream_acquired_total", "Exchanges that were begun.", func(u upstream) uint64 { return u.Acquired }),
		counter("upstream_acquire_timeouts_total", "Requests that got no connection in time.",
			func(u upstream) uint64 { return u.Timeouts }),
		counter("upstream_reused_total", "Exchanges on a connection that was there already.",
			func(u upstream) uint64 { return u.Reused }),
		counter("upstream_retried_total", "Requests that went on to another connection, since nothing was sent.",
			func(u upstream) uint64 { return u.Retried }),
		counter("upstream_dials_total", "Connections that were made or tried.",
			func(u upstream) uint64 { return u.Dials }),
		counter("upstream_dial_errors_total", "Connections that could not be made.",
			func(u upstream) uint64 { return u.DialErrors }),
		counter("upstream_breaker_opens_total", "Times that the circuit breaker has opened.",
			func(u upstream) uint64 { return u.BreakerOpens }),
		counter("upstream_refused_total", "Requests that this upstream did not get because of its circuit breaker.",
			func(u upstream) uint64 { return u.Refused }),
		gauge("upstream_breaker_open", "0 closed, 1 open, 0.5 while it tries.",
			func(u upstream) float64 { return map[string]float64{"open": 1, "half-open": 0.5}[u.Breaker] }),
		byReason("upstream_retired_total", "Connections that were not used again, by reason.",
			func(u upstream) map[string]uint64 {
				return map[string]uint64{"idle": u.RetiredIdle, "life": u.RetiredLife, "broken": u.RetiredBroken}
			}),
	}, func(each func(upstream, ...string)) {
		for _, u := range p.Stats() {
			each(u, u.Address)
		}
	})
}
