package admin

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tcptune/tcptune/server"
)

// newServerCollector has the metrics of the server. Names follow https://prometheus.io/docs/practices/naming.
func newServerCollector(s Source) prometheus.Collector {
	list := []metric[server.Stats]{
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
		gauge("input_bytes", "Bytes of messages that have not arrived whole.",
			func(s server.Stats) int64 { return s.InputBytes }),
		counter("handler_stalls_total", "Calls of a handler that held up the connections of its loop for more than 20 ms.",
			func(s server.Stats) uint64 { return s.Stalls }),
		gauge("draining", "1 while the server drains.",
			func(s server.Stats) int { return map[bool]int{true: 1}[s.Draining] }),
		{
			"message_seconds",
			"Time from the arrival of bytes to the sending of their answer, of one in 16 of them on each connection.",
			nil, latency,
		},
		{
			"info", "1; what is running.",
			[]string{"version", "protocol"},
			func(_ server.Stats, desc *prometheus.Desc, _ []string) []prometheus.Metric {
				return []prometheus.Metric{
					prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 1, s.Version, s.Protocol),
				}
			},
		},
	}
	if s.Expires != nil {
		list = append(list, gauge("certificate_expires_timestamp_seconds", "When the certificate of TLS expires, in Unix time.",
			func(server.Stats) int64 { return s.Expires().Unix() }))
	}
	return newCollector(nil, list, func(each func(server.Stats, ...string)) { each(s.Server.Stats()) })
}

func latency(s server.Stats, desc *prometheus.Desc, _ []string) []prometheus.Metric {
	buckets := map[float64]uint64{}
	for bound, n := range s.Latency.Buckets {
		buckets[bound.Seconds()] = n
	}
	return []prometheus.Metric{
		prometheus.MustNewConstHistogram(desc, s.Latency.Count, s.Latency.Sum.Seconds(), buckets),
	}
}
