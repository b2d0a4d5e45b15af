package fleet

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// collector is a Prometheus with the rules of deploy.
type collector struct {
	*testing.T
	at string
}

// newCollectorAt listens at own, scrapes targets, by job, and evaluates the rules each second. An alert fires after a
// second where the rule says minutes: no test has these, and promtool holds them.
func newCollectorAt(t *testing.T, own string, targets map[string][]string) collector {
	t.Helper()
	dir := t.TempDir()
	fast := regexp.MustCompile(`(?m)^( +for: ).*$`).ReplaceAllString(text(t, rules), "${1}1s")
	config := "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n" +
		"rule_files: [rules.yml]\nscrape_configs:\n"
	for job, at := range targets {
		config += fmt.Sprintf("  - {job_name: %s, static_configs: [{targets: [%q]}]}\n", job, strings.Join(at, `", "`))
	}
	config = strings.ReplaceAll(config, `\"`, `"`)
	for name, text := range map[string]string{"rules.yml": fast, "prometheus.yml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := collector{t, own}
	start(t, nil, program(t, "prometheus"), "--config.file="+dir+"/prometheus.yml", "--storage.tsdb.path="+dir+"/data",
		"--web.listen-address="+own, "--log.level=error")
	eventually(t, "a Prometheus that is ready", func() bool { return answers("http://" + c.at + "/-/ready") })
	return c
}

// sample is a series of an answer, and its value.
type sample struct {
	Metric map[string]string
	Value  [2]any
}

// asks is the answer to a query.
func (c collector) asks(query string) []sample {
	c.Helper()
	var answer struct {
		Status, Error string
		Data          struct{ Result []sample }
	}
	text := get(c.T, "http://"+c.at+"/api/v1/query?query="+url.QueryEscape(query))
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		c.Fatal(err)
	}
	if answer.Status != "success" {
		c.Fatalf("%s: %s", query, answer.Error)
	}
	return answer.Data.Result
}

// alerts are those that are pending or fire, with their instances.
func (c collector) alerts() (all []string) {
	c.Helper()
	for _, s := range c.asks("ALERTS") {
		all = append(all, s.Metric["alertname"]+" "+s.Metric["instance"])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// evaluates waits until the rules have been evaluated so often that whatever holds from now on fires.
func (c collector) evaluates() {
	c.Helper()
	const times = 4
	var before float64
	rounds := func() float64 {
		s := c.asks(`min(prometheus_rule_group_iterations_total)`)
		if len(s) == 0 {
			return 0
		}
		var n float64
		_, _ = fmt.Sscan(fmt.Sprint(s[0].Value[1]), &n)
		return n
	}
	eventually(c.T, "an evaluation of the rules", func() bool { before = rounds(); return before > 0 })
	eventually(c.T, "more evaluations of the rules", func() bool { return rounds() >= before+times })
}
