package bench

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// Promise is what a test must hold: "p99<5ms", "errors==0", "rate>=10000".
type Promise struct {
	text, metric, than string
	want               float64
}

// pattern is metric, comparison, value.
var pattern = regexp.MustCompile(`^\s*([a-z0-9_.]+)\s*(<=|>=|==|!=|<|>)\s*([0-9.]+)\s*([a-zµ%/]*)\s*$`)

// metrics are what a promise can be about; true for times, in microseconds.
var metrics = map[string]bool{
	"min": true, "mean": true, "p50": true, "p90": true, "p99": true, "p999": true, "p9999": true, "max": true,
	"connect.p50": true, "connect.p99": true, "connect.max": true, "actual.p50": true, "actual.p99": true, "actual.p999": true,
	"rate": false, "errors": false, "failed": false, "answered": false, "sent": false, "unsent": false, "lost": false,
	"retransmits": false,
}

// ParsePromise reads a promise. A time needs its unit.
func ParsePromise(text string) (Promise, error) {
	refuse := func(why string) (Promise, error) {
		return Promise{}, report.Usage(fmt.Sprintf("cannot assert %q: %s", text, why), "for instance --assert 'p99<5ms' --assert 'errors==0'")
	}
	m := pattern.FindStringSubmatch(text)
	if m == nil {
		return refuse("it is not METRIC, a comparison and a value")
	}
	isTime, known := metrics[m[1]]
	if !known {
		return refuse("there is no metric " + strconv.Quote(m[1]) + ": " + strings.Join(metricNames(), ", "))
	}
	p := Promise{text: strings.Join(strings.Fields(text), ""), metric: m[1], than: m[2]}
	if isTime {
		d, err := time.ParseDuration(m[3] + m[4])
		if err != nil {
			return refuse("a time needs a unit, 5ms for instance")
		}
		p.want = float64(d) / float64(time.Microsecond)
		return p, nil
	}
	var err error
	if p.want, err = strconv.ParseFloat(m[3], 64); err != nil || m[4] != "" {
		return refuse("its value is a number without a unit")
	}
	return p, nil
}

// Judge holds a promise against what each of some rounds has measured, and returns the worst: a promise is about
// every round.
func (p Promise) Judge(rounds ...report.Bench) report.BenchAssert {
	worst := p.judge(rounds[0])
	for _, b := range rounds[1:] {
		if one := p.judge(b); worst.Held && !one.Held || worst.Held == one.Held && p.worse(one, worst) {
			worst = one
		}
	}
	return worst
}

// worse reports whether a, which was held as b was, is less of what was promised. Nothing is worse than what is not
// known.
func (p Promise) worse(a, b report.BenchAssert) bool {
	if a.Got == nil || b.Got == nil {
		return a.Got == nil
	}
	switch p.than {
	case "<", "<=":
		return *a.Got > *b.Got
	case ">", ">=":
		return *a.Got < *b.Got
	case "==":
		return abs(*a.Got-p.want) > abs(*b.Got-p.want)
	}
	return abs(*a.Got-p.want) < abs(*b.Got-p.want)
}

// judge holds a promise against one round. What was not measured holds no promise.
func (p Promise) judge(b report.Bench) report.BenchAssert {
	judged := report.BenchAssert{Text: p.text, Time: metrics[p.metric]}
	got, known := p.value(b)
	if !known {
		return judged
	}
	judged.Got = &got
	held := false
	switch p.than {
	case "<":
		held = got < p.want
	case "<=":
		held = got <= p.want
	case ">":
		held = got > p.want
	case ">=":
		held = got >= p.want
	case "==":
		held = got == p.want
	case "!=":
		held = got != p.want
	}
	judged.Held = held
	return judged
}

func (p Promise) value(b report.Bench) (float64, bool) {
	switch p.metric {
	case "rate":
		return b.Rate, true
	case "errors": // a connection that was refused is one too, and what nobody has asked for, though they fail no request
		n := b.Requests.Failed + b.Requests.Unsent + b.Connections.LostIdle[wrongAnswer.String()]
		for _, refusals := range b.Connections.Failed {
			n += refusals
		}
		return float64(n), true
	case "failed":
		return float64(b.Requests.Failed + b.Requests.Unsent), true
	case "answered":
		return float64(b.Requests.Answered), true
	case "sent":
		return float64(b.Requests.Sent), true
	case "unsent":
		return float64(b.Requests.Unsent), true
	case "lost":
		return float64(b.Connections.Lost), true
	case "retransmits":
		if b.TCP == nil {
			return 0, false
		}
		return float64(b.TCP.Retransmits), true
	}
	of, which := Main(b), p.metric
	if rest, ok := strings.CutPrefix(which, "connect."); ok {
		of, which = b.Latency.Connect, rest
	} else if rest, ok := strings.CutPrefix(which, "actual."); ok {
		of, which = b.Latency.Actual, rest
	}
	if of == nil {
		return 0, false
	}
	v, known := map[string]float64{
		"min": of.Min, "mean": of.Mean, "p50": of.P50, "p90": of.P90, "p99": of.P99, "p999": of.P999, "p9999": of.P9999, "max": of.Max,
	}[which]
	return v, known
}

func metricNames() []string { return slices.Sorted(maps.Keys(metrics)) }

// Main is the latency that counts: from when requests were due, in an open loop.
func Main(b report.Bench) *report.Percentiles {
	if b.Latency.Intended != nil {
		return b.Latency.Intended
	}
	return b.Latency.Actual
}
