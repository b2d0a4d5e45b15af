package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// evaluated is a rule, and what its last evaluation took.
type evaluated struct {
	Name           string
	Health         string
	EvaluationTime float64 // seconds
}

// collected is what Prometheus is like when it has all hosts.
type collected struct {
	series, head, resident, cores, rules, alerts float64
	bytes                                        int
	slowest                                      []evaluated
	drifted, overridden                          float64 // hosts
}

// agrees holds what the rules say of the fleet against what it is.
func (c collected) agrees(kinds map[kind]int) error {
	if int(c.drifted) != kinds[untuned]+kinds[wiped] || int(c.overridden) != kinds[overridden] {
		return fmt.Errorf("by the rules %.0f hosts have drifted and %.0f are overridden; of the fleet they are %d and %d",
			c.drifted, c.overridden, kinds[untuned]+kinds[wiped], kinds[overridden])
	}
	return nil
}

// prometheus is one that runs.
type prometheus struct {
	ctx context.Context //nolint:containedctx // of one measurement
	at  string
}

// collect has Prometheus scrape fleet, whose pages begin anew behind the last one, and evaluate the rules over it.
func collect(
	ctx context.Context, dir, program string, fleet []state, pages [][]byte, kinds map[kind]int, every time.Duration,
) (c collected, err error) {
	hosts, err := serve(ctx, pages)
	if err != nil {
		return c, err
	}
	defer func() { _ = hosts.Close() }()
	p, end, err := startPrometheus(ctx, dir, program, hosts.Addr, fleet, len(pages), every)
	if err != nil {
		return c, err
	}
	defer end()
	n := float64(len(fleet))
	whole := func() (bool, error) {
		here, err := p.number("count(tcptune_info) or vector(0)")
		return here == n, err
	}
	if err := p.until(whole); err != nil {
		return c, err
	}
	// On a busy machine the last evaluation may have begun before the fleet was whole.
	told := func() (bool, error) {
		drifted, err := p.number("count(instance:tcptune_keys_not_as_wanted:sum > 0) or vector(0)")
		return int(drifted) == kinds[untuned]+kinds[wiped], err
	}
	if err := p.until(told); err != nil {
		return c, fmt.Errorf("%w: the rules do not tell the hosts that have drifted", err)
	}
	ran, cpu, begin, err := p.iterations()
	if err != nil {
		return c, err
	}
	var now, used float64
	var end2 time.Time
	err = p.until(func() (bool, error) {
		now, used, end2, err = p.iterations()
		return now >= ran+3, err
	})
	if err != nil {
		return c, err
	}
	c.cores = (used - cpu) / end2.Sub(begin).Seconds()
	for i := range fleet {
		page := pages[i%len(pages)]
		c.bytes += len(page)
		for line := range strings.Lines(string(page)) {
			if !strings.HasPrefix(line, "#") {
				c.series++
			}
		}
	}
	return c, p.look(&c)
}

// look fills in what Prometheus says of itself and of the fleet.
func (p prometheus) look(c *collected) (err error) {
	page, err := p.get("/metrics")
	if err != nil {
		return err
	}
	c.head, c.resident = figure(page, "prometheus_tsdb_head_series"), figure(page, "process_resident_memory_bytes")
	for into, query := range map[*float64]string{
		&c.drifted:    "count(instance:tcptune_keys_not_as_wanted:sum > 0) or vector(0)",
		&c.overridden: `count(tcptune_keys{status="overridden"} > 0) or vector(0)`,
		&c.alerts:     "count(ALERTS) or vector(0)",
	} {
		if *into, err = p.number(query); err != nil {
			return err
		}
	}
	var told struct {
		Data struct {
			Groups []struct {
				EvaluationTime float64
				Rules          []evaluated
			}
		}
	}
	text, err := p.get("/api/v1/rules")
	if err == nil {
		err = json.Unmarshal([]byte(text), &told)
	}
	for _, g := range told.Data.Groups {
		c.rules += g.EvaluationTime
		for _, r := range g.Rules {
			if r.Health != "ok" {
				err = errors.Join(err, fmt.Errorf("the rule %s is %s", r.Name, r.Health))
			}
			c.slowest = append(c.slowest, r)
		}
	}
	slices.SortFunc(c.slowest, func(a, b evaluated) int { return cmp.Compare(b.EvaluationTime, a.EvaluationTime) })
	c.slowest = c.slowest[:min(3, len(c.slowest))]
	return err
}

// serve is a node_exporter for all hosts: /N is the page of state N.
func serve(ctx context.Context, pages [][]byte) (*http.Server, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	page := func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil || n < 0 || n >= len(pages) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = w.Write(pages[n])
		const file = `node_textfile_mtime_seconds{file="/var/lib/prometheus/node-exporter/tcptune.prom"}`
		_, _ = fmt.Fprintln(w, file, time.Now().Unix())
	}
	s := &http.Server{Addr: l.Addr().String(), ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(page)}
	go func() { _ = s.Serve(l) }()
	return s, nil
}

// startPrometheus starts one in dir whose hosts all live at address.
func startPrometheus(
	ctx context.Context, dir, program, address string, fleet []state, pages int, every time.Duration,
) (p prometheus, end func(), err error) {
	rules, err := filepath.Abs(filepath.Join(fixtures(), "../../deploy/prometheus/tcptune.rules.yml"))
	if err != nil {
		return p, nil, err
	}
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	var groups []group
	for i, s := range fleet {
		path := map[string]string{"__metrics_path__": "/" + strconv.Itoa(i%pages)}
		groups = append(groups, group{[]string{s.Name + ":9100"}, path})
	}
	targets, err := json.Marshal(groups)
	if err != nil {
		return p, nil, err
	}
	config := fmt.Sprintf(`global: {scrape_interval: %[1]s, scrape_timeout: %[1]s, evaluation_interval: %[1]s}
rule_files: [%[2]q]
scrape_configs:
  - job_name: node
    file_sd_configs: [{files: [hosts.json]}]
    relabel_configs:
      - {source_labels: [__address__], target_label: instance}
      - {target_label: __address__, replacement: %[3]q}
`, every, rules, address)
	err = errors.Join(os.WriteFile(dir+"/hosts.json", targets, 0o600), os.WriteFile(dir+"/prometheus.yml", []byte(config), 0o600))
	if err != nil {
		return p, nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return p, nil, err
	}
	p = prometheus{ctx, l.Addr().String()}
	_ = l.Close()
	cmd := exec.CommandContext(ctx, program, "--config.file="+dir+"/prometheus.yml", "--storage.tsdb.path="+dir+"/data",
		"--web.listen-address="+p.at, "--log.level=error")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return p, nil, err
	}
	end = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	if err := p.until(func() (bool, error) { _, err := p.get("/-/ready"); return err == nil, nil }); err != nil {
		end()
		return p, nil, err
	}
	return p, end, nil
}

// until asks again and again until yes.
func (p prometheus) until(yes func() (bool, error)) error {
	ctx, stop := context.WithTimeout(p.ctx, 30*time.Minute)
	defer stop()
	for {
		ok, err := yes()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.New("cannot wait any longer for Prometheus")
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (p prometheus) get(path string) (string, error) {
	request, err := http.NewRequestWithContext(p.ctx, http.MethodGet, "http://"+p.at+path, http.NoBody)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("cannot ask Prometheus for %s: %s: %s", path, answer.Status, text)
	}
	return string(text), err
}

// number is the one value that answers query.
func (p prometheus) number(query string) (float64, error) {
	text, err := p.get("/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return 0, err
	}
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return 0, err
	}
	if len(answer.Data.Result) != 1 {
		return 0, fmt.Errorf("cannot tell one value of %s: there are %d", query, len(answer.Data.Result))
	}
	return strconv.ParseFloat(fmt.Sprint(answer.Data.Result[0].Value[1]), 64)
}

// iterations is how often each group of rules was evaluated, and the seconds of processor time that Prometheus has had
// by then.
func (p prometheus) iterations() (times, cpu float64, at time.Time, err error) {
	page, err := p.get("/metrics")
	times, cpu = figure(page, "prometheus_rule_group_iterations_total"), figure(page, "process_cpu_seconds_total")
	return times, cpu, time.Now(), err
}

// figure is the least value of a metric on a page, 0 where there is none.
func figure(page, name string) (least float64) {
	for i, m := range regexp.MustCompile(`(?m)^`+name+`(?:\{[^}]*\})? (\S+)$`).FindAllStringSubmatch(page, -1) {
		if n, err := strconv.ParseFloat(m[1], 64); err == nil && (i == 0 || n < least) {
			least = n
		}
	}
	return least
}
