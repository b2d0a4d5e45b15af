package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/tcptune/tcptune/internal/report"
)

// result is what all workers have measured.
func (s *Session) result() report.Bench {
	o, sum := &s.o, newTally(&s.o)
	busiest, long := 0.0, time.Duration(0) // what was really measured, which a count or an interrupt ends
	for _, w := range s.workers {
		sum.add(&w.tally)
		if span := w.stopped - o.Warmup; span > 0 {
			long, busiest = max(long, span), max(busiest, 1-w.waited.Seconds()/span.Seconds())
		}
	}
	if o.Count > 0 { // what was asked in the warm-up is not of it, though it may be answered later
		sum.inTime = min(sum.inTime, sum.answered)
	}
	each := func(n uint64) float64 { // a second
		if long == 0 {
			return 0
		}
		return float64(n) / long.Seconds()
	}
	b := report.Bench{
		Target: o.Target.Name, Protocol: string(o.Protocol), Size: o.Size, Pipeline: o.Pipeline, Workers: len(s.workers),
		RateAsked: o.Rate, Warmup: o.Warmup.Seconds(), Duration: long.Seconds(),
		Connections: report.BenchConnections{
			Asked: o.Conns, Opened: sum.opened, Lost: sum.lost, LostIdle: byWord(sum.idle), Failed: byWord(sum.refusals),
		},
		Requests: report.BenchRequests{Sent: sum.sent, Answered: sum.answered, Failed: sum.failed, Unsent: sum.unsent},
		Rate:     each(sum.inTime), BytesOut: each(sum.bytesOut), BytesIn: each(sum.bytesIn),
		Latency: report.BenchLatency{Connect: percentiles(sum.connect)}, Errors: byWord(sum.errors),
		CPU: max(0, busiest), Saturated: busiest > saturated, Memory: peak(), TCP: s.tcp, Limits: s.limits,
	}
	if o.Protocol != Send && o.Protocol != Receive {
		b.Latency.Actual, b.Latency.Intended = percentiles(sum.actual), percentiles(sum.intended)
	}
	b.Series = sum.series()
	if b.Latency.Actual != nil {
		b.Heat = sum.heat()
	}
	return b
}

// saturated is the share of its time that a worker may be busy before it, and not the service, may be what is measured.
const saturated = 0.95

func us(nanoseconds int64) float64 { return float64(nanoseconds) / 1e3 }

func percentiles(h *hdrhistogram.Histogram) *report.Percentiles {
	if h.TotalCount() == 0 {
		return nil
	}
	return &report.Percentiles{
		Count: h.TotalCount(), Min: us(h.Min()), Mean: h.Mean() / 1e3, P50: us(h.ValueAtQuantile(50)), P90: us(h.ValueAtQuantile(90)),
		P99: us(h.ValueAtQuantile(99)), P999: us(h.ValueAtQuantile(99.9)), P9999: us(h.ValueAtQuantile(99.99)), Max: us(h.Max()),
	}
}

func byWord(counts [kinds]uint64) map[string]uint64 {
	m := map[string]uint64{}
	for k, n := range counts {
		if n > 0 {
			m[kind(k).String()] = n
		}
	}
	return m
}

// hopeless is the error about a service that nothing was had from.
func (s *Session) hopeless(b report.Bench) error {
	o := &s.o
	switch {
	case b.Requests.Answered > 0 || b.Rate > 0:
		return nil
	case b.Connections.Opened == 0:
		why := inWords(b.Connections.Failed, b.Errors)
		return &report.Error{
			Code: CodeNoConnection, Message: fmt.Sprintf("cannot connect to %s: %s", o.Target.Name, why), Hint: s.hintFor(why),
		}
	}
	if o.Protocol == Receive {
		return &report.Error{
			Code: CodeNoAnswer, Message: fmt.Sprintf("cannot measure %s: it has sent nothing", o.Target.Name),
			Hint: "a service that is to be asked first wants another protocol, see tcptune bench --help",
		}
	}
	return &report.Error{
		Code: CodeNoAnswer, Message: fmt.Sprintf("cannot measure %s: not one of %d requests was answered (%s)",
			o.Target.Name, b.Requests.Sent, inWords(b.Errors, b.Connections.Failed)),
		Hint: fmt.Sprintf("protocol %s may not be what it speaks, see tcptune bench --help", o.Protocol),
	}
}

// inWords lists kinds of failures, the most frequent first.
func inWords(counts ...map[string]uint64) string {
	sum := map[string]uint64{}
	for _, m := range counts {
		for k, n := range m {
			sum[k] += n
		}
	}
	var list []string
	for k := range sum {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b string) int {
		if sum[a] != sum[b] {
			return int(sum[b]) - int(sum[a])
		}
		return strings.Compare(a, b)
	})
	for i, k := range list {
		list[i] = fmt.Sprintf("%s %d times", k, sum[k])
	}
	if len(list) == 0 {
		return "nothing came back"
	}
	return strings.Join(list, ", ")
}

func (s *Session) hintFor(why string) string {
	o := &s.o
	switch first, _, _ := strings.Cut(why, " "); first {
	case refused.String():
		if o.Target.Path == "" {
			return fmt.Sprintf("nothing listens there, or its backlog is full: tcptune port %d", o.Target.Addr.Port())
		}
	case noHandshake.String():
		for _, w := range s.workers {
			if w.shaken.why != nil {
				return fmt.Sprintf("%v; --server-name NAME, --ca FILE, --insecure, or no TLS", w.shaken.why)
			}
		}
		return "it may not speak TLS"
	case noSource.String():
		return "a --source is an address of this machine, see ip address"
	case noPort.String():
		return "every local port is in use: --source gives more addresses to connect from"
	}
	return ""
}
