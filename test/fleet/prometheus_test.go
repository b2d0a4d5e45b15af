package fleet

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/server"
	"github.com/tcptune/tcptune/server/admin"
	"github.com/tcptune/tcptune/server/pool"
)

const rules = "../../deploy/prometheus/tcptune.rules.yml"

// program is one of an unpacked package.
func program(t *testing.T, name string) string {
	t.Helper()
	file, err := filepath.Abs("../../bin/fleet/usr/bin/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Skipf("%v: make test-deps unpacks it", err)
	}
	return file
}

func text(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEachAlertFiresWhereItShouldAndNowhereElse(t *testing.T) {
	promtool := program(t, "promtool")
	tests := strings.Replace(rules, ".rules.", ".rules.test.", 1)
	cmd := exec.CommandContext(t.Context(), promtool, "test", "rules", filepath.Base(tests))
	cmd.Dir = filepath.Dir(tests)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cases := text(t, tests)
	for _, m := range regexp.MustCompile(`(?m)^ +- alert: (\w+)$`).FindAllStringSubmatch(text(t, rules), -1) {
		if !strings.Contains(cases, `alertname="`+m[1]+`",instance`) && !strings.Contains(cases, "alertname: "+m[1]+"\n") {
			t.Errorf("no test lets %s fire", m[1])
		}
	}
}

// A rule about a metric that nobody has is silent for ever.
func TestTheRulesAskForMetricsThatExist(t *testing.T) {
	known := text(t, "../../docs/man/tcptune-metrics.8.md") + served(t)
	well, _, _ := strings.Cut(text(t, strings.Replace(rules, ".rules.", ".rules.test.", 1)), "what is wrong with")
	var asked strings.Builder
	for _, r := range rulesOf(t, rules) {
		asked.WriteString(r.Expr + "\n")
	}
	names := namesIn(asked.String())
	for _, name := range names {
		if !regexp.MustCompile(name + `(_bucket)?\{`).MatchString(well) {
			t.Errorf("the host and the server that are well have no %s: that nothing fires there shows nothing", name)
		}
		if !regexp.MustCompile(name+`\b`).MatchString(known) && name != "node_textfile_mtime_seconds" {
			t.Errorf("the rules ask for %s, which neither tcptune metrics nor the server has", name)
		}
	}
	if len(names) < 20 {
		t.Errorf("only %d names in the rules: %v", len(names), names)
	}
}

// namesIn are the metrics of ours, of node_exporter and of processes that expressions ask for, each once; recorded ones
// aside.
func namesIn(expressions string) (names []string) {
	for _, m := range regexp.MustCompile(`(?:^|[^:\w])((?:tcptune|node|process)_\w+)`).FindAllStringSubmatch(expressions, -1) {
		if name := strings.TrimSuffix(m[1], "_bucket"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// served are the metrics of a server that has upstreams and a certificate.
func served(t *testing.T) string {
	t.Helper()
	s, err := server.New(server.Config{Handler: server.Messages(silent{}), Limits: server.DefaultLimits()})
	if err != nil {
		t.Fatal(err)
	}
	p, err := pool.New([]string{"127.0.0.1:1"}, pool.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return scraped(t, admin.Source{Server: s, Pool: p, Protocol: "line", Version: "1", Expires: expires})
}

// The real collector takes what is written, whole: it refuses a file for one line that it cannot read.
func TestNodeExporterReadsTheTextfile(t *testing.T) {
	exporter := program(t, "prometheus-node-exporter")
	dir := t.TempDir()
	file := filepath.Join(dir, "tcptune.prom")
	tcptune, err := filepath.Abs("../../bin/tcptune")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), tcptune, "metrics", "--allow-unsupported", "--textfile", file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	page := asked(t, exporter, dir)
	for _, want := range []string{"node_textfile_scrape_error 0\n", "\ntcptune_status_code ", "\ntcptune_listen_overflows_total ", "\ntcptune_key_status{"} {
		if !strings.Contains(page, want) {
			t.Errorf("there is no %q in what node_exporter serves", want)
		}
	}
	if err := os.WriteFile(file, []byte(text(t, file)+"tcptune_torn{ 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if page := asked(t, exporter, dir); !strings.Contains(page, "node_textfile_scrape_error 1\n") {
		t.Error("node_exporter says nothing of a torn file: the test cannot fail")
	}
}

// asked is what node_exporter serves of dir.
func asked(t *testing.T, exporter, dir string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, exporter, "--collector.disable-defaults", "--collector.textfile",
		"--collector.textfile.directory="+dir, "--web.listen-address=127.0.0.1:0", "--log.format=logfmt")
	log, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = io.Copy(io.Discard, log); _ = cmd.Wait() }()
	defer stop()
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if m := regexp.MustCompile(`address=(127\.0\.0\.1:\d+)`).FindStringSubmatch(lines.Text()); m != nil {
			return get(t, "http://"+m[1]+"/metrics")
		}
	}
	t.Fatal("node_exporter has ended before it served")
	return ""
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
