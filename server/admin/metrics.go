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
	value             func(server.Stats) float64            // without a label
	values            func(server.Stats) map[string]float64 // with one
}

func byReason(of map[server.Reason]uint64) map[string]float64 {
	all := map[string]float64{}
	for why, n := range of {
		all[why.String()] = float64(n)
	}
	return all
}

// metrics is the list. Names follow https://prometheus.io/docs/practices/naming.
func metrics() []metric {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	return []metric{
		{name: "accepted_total", help: "Connections accepted.", kind: counter, value: func(s server.Stats) float64 { return float64(s.Accepted) }},
		{name: "accept_errors_total", help: "Calls of accept(2) that failed.", kind: counter, value: func(s server.Stats) float64 { return float64(s.AcceptErrors) }},
		{name: "accept_delayed_total", help: "Accepts that waited for the accept rate.", kind: counter, value: func(s server.Stats) float64 { return float64(s.Delayed) }},
		{name: "active_connections", help: "Connections that are served.", kind: gauge, value: func(s server.Stats) float64 { return float64(s.Active) }},
		{name: "max_connections", help: "Connections that may be served at a time.", kind: gauge, value: func(s server.Stats) float64 { return float64(s.MaxConns) }},
		{name: "queued_connections", help: "Accepted connections that wait until they can be served.", kind: gauge, value: func(s server.Stats) float64 { return float64(s.Queued) }},
		{name: "refused_total", help: "Connections that were not served, by reason.", label: "reason", kind: counter, values: func(s server.Stats) map[string]float64 { return byReason(s.Refused) }},
		{name: "ended_total", help: "Connections that were served and have ended, by reason.", label: "reason", kind: counter, values: func(s server.Stats) map[string]float64 { return byReason(s.Ended) }},
		{name: "messages_total", help: "Messages answered.", kind: counter, value: func(s server.Stats) float64 { return float64(s.Messages) }},
		{name: "received_bytes_total", help: "Bytes received.", kind: counter, value: func(s server.Stats) float64 { return float64(s.BytesIn) }},
		{name: "sent_bytes_total", help: "Bytes sent.", kind: counter, value: func(s server.Stats) float64 { return float64(s.BytesOut) }},
		{name: "output_bytes", help: "Bytes of answers that clients have not taken yet.", kind: gauge, value: func(s server.Stats) float64 { return float64(s.OutputBytes) }},
		{name: "output_waits_total", help: "Times that a connection waited for the memory of answers.", kind: counter, value: func(s server.Stats) float64 { return float64(s.OutputWaits) }},
		{name: "draining", help: "1 while the server drains.", kind: gauge, value: func(s server.Stats) float64 {
			if s.Draining {
				return 1
			}
			return 0
		}},
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
	add(latencyName, "Time from the arrival of bytes to the sending of their answer, of one in 16 of them on each connection.")
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
		if m.label == "" {
			out <- prometheus.MustNewConstMetric(c.descs[m.name], m.kind, m.value(st))
			continue
		}
		for label, value := range m.values(st) {
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
