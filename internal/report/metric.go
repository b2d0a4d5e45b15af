package report

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// Metric is a figure about a host under one name, as Prometheus collects it.
type Metric struct {
	Name    string   `json:"name"` // "tcptune_keys"
	Type    string   `json:"type"` // "gauge" or "counter"
	Help    string   `json:"help"` // one sentence
	Samples []Sample `json:"samples"`
}

// Sample is one value of a [Metric].
type Sample struct {
	Labels map[string]string `json:"labels,omitempty"`
	Value  float64           `json:"value"`
}

// Gauge is a metric that goes up and down, with one value.
func Gauge(name, help string, value float64) Metric {
	return Metric{Name: name, Type: "gauge", Help: help, Samples: []Sample{{Value: value}}}
}

// Counter is a metric that only grows while the machine is up, with one value.
func Counter(name, help string, value float64) Metric {
	return Metric{Name: name, Type: "counter", Help: help, Samples: []Sample{{Value: value}}}
}

// Exposition is metrics in the text format of Prometheus, version 0.0.4, without times.
func Exposition(metrics []Metric) []byte {
	var b bytes.Buffer
	for _, m := range metrics {
		b.WriteString("# HELP " + m.Name + " " + escapeHelp.Replace(m.Help) + "\n# TYPE " + m.Name + " " + m.Type + "\n")
		for _, s := range m.Samples {
			b.WriteString(m.Name + labels(s.Labels) + " " + strconv.FormatFloat(s.Value, 'g', -1, 64) + "\n")
		}
	}
	return b.Bytes()
}

// labels is a set of them, in the order of their names.
func labels(set map[string]string) string {
	if len(set) == 0 {
		return ""
	}
	var pairs []string
	for name, value := range set {
		pairs = append(pairs, name+`="`+escapeLabel.Replace(strings.ToValidUTF8(value, "�"))+`"`)
	}
	slices.Sort(pairs)
	return "{" + strings.Join(pairs, ",") + "}"
}

// A Replacer is safe for concurrent use, and never changes.
var (
	escapeHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	escapeLabel = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)
