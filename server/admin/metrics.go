package admin

import (
	"fmt"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// metric is one line of a list of metrics about what has the statistics S.
type metric[S any] struct {
	name, help string
	labels     []string // besides those that all of the list have
	make       func(s S, desc *prometheus.Desc, labels []string) []prometheus.Metric
}

type number interface{ int | int64 | uint64 | float64 }

func single[S any, N number](kind prometheus.ValueType, name, help string, of func(S) N) metric[S] {
	return metric[S]{name, help, nil, func(s S, desc *prometheus.Desc, labels []string) []prometheus.Metric {
		return []prometheus.Metric{prometheus.MustNewConstMetric(desc, kind, float64(of(s)), labels...)}
	}}
}

func counter[S any, N number](name, help string, of func(S) N) metric[S] {
	return single(prometheus.CounterValue, name, help, of)
}

func gauge[S any, N number](name, help string, of func(S) N) metric[S] {
	return single(prometheus.GaugeValue, name, help, of)
}

func byReason[S any, R comparable](name, help string, of func(S) map[R]uint64) metric[S] {
	return metric[S]{name, help, []string{"reason"}, func(s S, desc *prometheus.Desc, labels []string) (all []prometheus.Metric) {
		for why, n := range of(s) {
			values := slices.Concat(labels, []string{fmt.Sprint(why)})
			all = append(all, prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), values...))
		}
		return all
	}}
}

// collector asks for statistics when it is asked itself, so that serving costs nothing for it.
type collector[S any] struct {
	metrics []metric[S]
	descs   []*prometheus.Desc                     // in the same order
	now     func(each func(s S, labels ...string)) // with the values of the labels that all metrics have
}

func newCollector[S any](labels []string, list []metric[S], now func(each func(s S, labels ...string))) collector[S] {
	c := collector[S]{list, nil, now}
	for _, m := range list {
		name := prometheus.BuildFQName("tcptune_server", "", m.name)
		c.descs = append(c.descs, prometheus.NewDesc(name, m.help, slices.Concat(labels, m.labels), nil))
	}
	return c
}

func (c collector[S]) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		descs <- d
	}
}

func (c collector[S]) Collect(out chan<- prometheus.Metric) {
	c.now(func(s S, labels ...string) {
		for i, m := range c.metrics {
			for _, one := range m.make(s, c.descs[i], labels) {
				out <- one
			}
		}
	})
}
