package admin

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tcptune/tcptune/server"
)

// serverCollector asks the server when it is asked itself, so that serving costs nothing for it.
type serverCollector struct {
	source Source
	descs  map[string]*prometheus.Desc
}

// metric is one line of the list of metrics.
type metric struct {
	name, help, label string
	kind              prometheus.ValueType
	values            func(server.Stats) map[string]float64 // by the label; by "" where there is none
}

type number interface{ int | int64 | uint64 }

func counter[N number](name, help string, of func(server.Stats) N) metric {
	return metric{name, help, "", prometheus.CounterValue, single(of)}
}

func gauge[N number](name, help string, of func(server.Stats) N) metric {
	return metric{name, help, "", prometheus.GaugeValue, single(of)}
}

func single[N number](of func(server.Stats) N) func(server.Stats) map[string]float64 {
	return func(s server.Stats) map[string]float64 { return map[string]float64{"": float64(of(s))} }
}

func byReason(name, help string, of func(server.Stats) map[server.Reason]uint64) metric {
	return metric{name, help, "reason", prometheus.CounterValue, func(s server.Stats) map[string]float64 {
		all := map[string]float64{}
		for why, n := range of(s) {
			all[why.String()] = float64(n)
		}
		return all
	}}
}

// metrics is the list. Names follow https://prometheus.io/docs/practices/naming.
func metrics() []metric {
	return []metric{
		counter("accepted_total", "Connections accepted.", func(s server.Stats) uint64 { return s.Accepted }),
		counter("accept_errors_total", "Calls of accept(2) that failed.",
			func(s server.Stats) uint64 { return s.AcceptErrors }),
		counter("accept_delayed_total", "Accepts that waited for the accept rate.",
			func(s server.Stats) uint64 { return s.Delayed }),
		gauge("active_connections", "Connections that are served.", func(s server.Stats) int { return s.Active }),
		gauge("max_connections", "Connections that may be served at a time.",
			func(s server.Stats) int { return s.MaxConns }),
		gauge("queued_connections", "Accepted connections that wait until they can be served.",
			func(s server.Stats) int { return s.Queued }),
		byReason("refused_total", "Connections that were not served, by reason.",
			func(s server.Stats) map[server.Reason]uint64 { return s.Refused }),
		byReason("ended_total", "Connections that were served and have ended, by reason.",
			func(s server.Stats) map[server.Reason]uint64 { return s.Ended }),
		counter("messages_total", "Messages answered.", func(s server.Stats) uint64 { return s.Messages }),
		counter("received_bytes_total", "Bytes received.", func(s server.Stats) uint64 { return s.BytesIn }),
		counter("sent_bytes_total", "Bytes sent.", func(s server.Stats) uint64 { return s.BytesOut }),
		gauge("output_bytes", "Bytes of answers that clients have not taken yet.",
			func(s server.Stats) int64 { return s.OutputBytes }),
		counter("output_waits_total", "Times that a connection waited for the memory of answers.",
			func(s server.Stats) uint64 { return s.OutputWaits }),
		gauge("draining", "1 while the server drains.", func(s server.Stats) int {
			if s.Draining {
				return 1
			}
			return 0
		}),
	}
}

const (
	namespace   = "tcptune_server"
	latencyName = "message_seconds"
	infoName    = "info"
)

func newServerCollector(s Source) serverCollector {
	c := serverCollector{s, map[string]*prometheus.Desc{}}
	add := func(name, help string, labels ...string) {
		c.descs[name] = prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
	}
	for _, m := range metrics() {
		if m.label != "" {
			add(m.name, m.help, m.label)
			continue
		}
		add(m.name, m.help)
	}
	add(latencyName,
		"Time from the arrival of bytes to the sending of their answer, of one in 16 of them on each connection.")
	add(infoName, "1; what is running.", "version", "protocol")
	return c
}

func (c serverCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		descs <- d
	}
}

func (c serverCollector) Collect(out chan<- prometheus.Metric) {
	st := c.source.Server.Stats()
	for _, m := range metrics() {
		for label, value := range m.values(st) {
			if m.label == "" {
				out <- prometheus.MustNewConstMetric(c.descs[m.name], m.kind, value)
				continue
			}
			out <- prometheus.MustNewConstMetric(c.descs[m.name], m.kind, value, label)
		}
	}
	buckets := map[float64]uint64{}
	for bound, n := range st.Latency.Buckets {
		buckets[bound.Seconds()] = n
	}
	out <- prometheus.MustNewConstHistogram(c.descs[latencyName], st.Latency.Count, st.Latency.Sum.Seconds(), buckets)
	out <- prometheus.MustNewConstMetric(c.descs[infoName], prometheus.GaugeValue, 1, c.source.Version, c.source.Protocol)
}
