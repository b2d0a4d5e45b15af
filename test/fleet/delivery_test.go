package fleet

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/test/long"
)

// loadTest is a document of "tcptune bench --json" with the latencies of its rounds.
func loadTest(t *testing.T, saturated bool, p99 ...float64) string {
	t.Helper()
	b := report.Bench{Saturated: saturated}
	for i, us := range p99 {
		b.Rounds = append(b.Rounds, report.BenchRound{Rate: 1000 + float64(i), P50: us / 3, P99: us})
	}
	return toText(t, map[string]any{"schema": "tcptune/v1", "command": "bench", "bench": b})
}

// delivery is a folder with the scripts, and programs that go before the real ones.
func delivery(t *testing.T, programs map[string]string) (dir string, env []string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir, []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestACanaryGoesOnOnlyWhereItIsShownToBeWell(t *testing.T) {
	for _, program := range []string{"jq", "curl", "../../bin/tcptune"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%v: make test-deps and make build bring it", err)
		}
	}
	const quiet = `{"status": "success", "data": {"resultType": "vector", "result": []}}`
	steady := loadTest(t, false, 900, 910, 905, 895, 900)
	for name, test := range map[string]struct {
		canary, prometheus string
		fails              bool // the load test of the canary
		code               int
	}{
		"the same":                     {steady, quiet, false, 0},
		"better":                       {loadTest(t, false, 500, 510, 505, 500, 495), quiet, false, 0},
		"worse, but within the limit":  {loadTest(t, false, 1000, 1010, 1005, 1000, 995), quiet, false, 0},
		"worse":                        {loadTest(t, false, 1800, 1810, 1805, 1790, 1800), quiet, false, 2},
		"too scattered to be known":    {loadTest(t, false, 100, 9000, 700, 4000, 900), quiet, false, 4},
		"one round, which says little": {loadTest(t, false, 900), quiet, false, 4},
		"a saturated generator":        {loadTest(t, true, 900, 910, 905, 895, 900), quiet, false, 4},
		"requests that fail":           {steady, quiet, true, 2},
		"an alert": {
			steady, `{"status": "success", "data": {"result": [{"metric": {"alertname": "TcptuneDrift"}}]}}`, false, 2,
		},
		"a canary that Prometheus does not see": {
			steady, `{"status": "success", "data": {"result": [{"metric": {}}]}}`, false, 4,
		},
		"Prometheus has no answer":   {steady, `{"status": "error", "error": "no"}`, false, 5},
		"Prometheus cannot be asked": {steady, "", false, 22},
	} {
		t.Run(name, func(t *testing.T) {
			prometheus := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got := r.URL.Query().Get("query"); got != askedOf("canary(:[0-9]+)?") {
					t.Errorf("Prometheus was asked for %s", got)
				}
				if test.prometheus == "" {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
				_, _ = io.WriteString(w, test.prometheus)
			}))
			defer prometheus.Close()
			failing := map[bool]string{true: "exit 2"}[test.fails]
			_, env := delivery(t, map[string]string{"tcptune": fmt.Sprintf("#!/bin/sh\ncase $2 in\ncompare) exec %s \"$@\" ;;\n"+
				"former) echo '%s' ;;\ncanary) echo '%s'; %s ;;\nesac\n", absolute(t, "../../bin/tcptune"), steady, test.canary, failing)})
			cmd := exec.CommandContext(t.Context(), "../../deploy/ci/verdict.sh", "former", "canary")
			cmd.Env = append(append(os.Environ(), env...), "PROMETHEUS="+prometheus.URL, "INSTANCES=canary(:[0-9]+)?")
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != test.code {
				t.Errorf("exit %d, want %d\n%s", code, test.code, out)
			}
		})
	}
}

func TestTheVerdictTakesTheCommandLineOfARealLoadTest(t *testing.T) {
	long.Only(t, "it puts a server under load six times")
	at := free(t)
	start(t, nil, "../../bin/tcptune-server", "--listen", at, "--protocol", "http", "--admin", "127.0.0.1:0", "--log-level", "error")
	prometheus := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status": "success", "data": {"result": []}}`)
	}))
	defer prometheus.Close()
	eventually(t, "a server that answers", func() bool {
		return exec.CommandContext(t.Context(), "curl", "--fail", "--silent", "--output", "/dev/null", "http://"+at+"/").Run() == nil
	})
	cmd := exec.CommandContext(t.Context(), "../../deploy/ci/verdict.sh", "http://"+at+"/", "http://"+at+"/")
	// The limit is wide: other tests run beside this one.
	cmd.Env = append(os.Environ(), "PATH="+absolute(t, "../../bin")+":"+os.Getenv("PATH"), "PROMETHEUS="+prometheus.URL, "INSTANCES=x",
		"LIMIT=1000000", "ROUNDS=3", "DURATION=1s", "RATE=200")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "verdict: held") {
		t.Errorf("%v\n%s", err, out)
	}
}

// The playbook is asked which hosts it would touch.
func TestAShareOfTheHostsIsAtLeastOneAndAlwaysTheFirst(t *testing.T) {
	long.Only(t, "it starts Ansible eight times")
	p := newPlayground(t)
	var inventory strings.Builder
	inventory.WriteString("[production]\n")
	for i := range 40 {
		fmt.Fprintf(&inventory, "host%02d\n", i)
	}
	if err := os.WriteFile(p.dir+"/hosts", []byte(inventory.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	playbook, err := exec.LookPath("ansible-playbook")
	if err != nil {
		t.Fatal(err)
	}
	dir, env := delivery(t, map[string]string{"ansible-playbook": "#!/bin/sh\nexec " + playbook + " --list-hosts \"$@\"\n"})
	if err := os.Mkdir(dir+"/deploy", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/deploy/declared.yml", []byte(text(t, "../../deploy/ci/declared.yml")), 0o600); err != nil {
		t.Fatal(err)
	}
	for share, want := range map[string]int{"1": 1, "5": 2, "6": 3, "100": 40} {
		cmd := p.command(t, absolute(t, "../../deploy/ci/rollout.sh"), "v1.2.3", share)
		cmd.Dir = dir
		cmd.Env = append(append(cmd.Env, env...), "INVENTORY="+p.dir+"/hosts")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var hosts []string
		for word := range strings.FieldsSeq(string(out)) {
			if strings.HasPrefix(word, "host") && len(word) == len("host00") {
				hosts = append(hosts, word)
			}
		}
		slices.Sort(hosts)
		if len(hosts) != want || hosts[0] != "host00" || hosts[want-1] != fmt.Sprintf("host%02d", want-1) {
			t.Errorf("%s %% are %q, want the first %d", share, hosts, want)
		}
	}
}

// There is no GitLab to ask: these are its rules that one breaks by writing.
func TestThePipelineForGitLabHoldsTogether(t *testing.T) {
	var pipeline map[string]any
	if err := yaml.Unmarshal([]byte(text(t, "../../deploy/ci/gitlab-ci.yml")), &pipeline); err != nil {
		t.Fatal(err)
	}
	stages, _ := pipeline["stages"].([]any)
	var used []string
	for name, entry := range pipeline {
		job, _ := entry.(map[string]any)
		if slices.Contains([]string{"workflow", "stages", "variables"}, name) {
			continue
		}
		stage, _ := job["stage"].(string)
		used = append(used, stage)
		if !slices.Contains(stages, any(stage)) {
			t.Errorf("%s is in the stage %q, which is not listed", name, stage)
		}
		for key := range job {
			if !slices.Contains([]string{"stage", "script", "tags", "artifacts", "environment", "resource_group", "when"}, key) {
				t.Errorf("%s has %s", name, key)
			}
		}
		lines, _ := job["script"].([]any)
		if len(lines) == 0 {
			t.Errorf("%s does nothing", name)
		}
		for _, line := range lines {
			script, ok := line.(string)
			if !ok {
				t.Errorf("%s: %v is no command: a colon and a space in it want quotation marks", name, line)
				continue
			}
			if out, err := exec.CommandContext(t.Context(), "sh", "-n", "-c", script).CombinedOutput(); err != nil {
				t.Errorf("%s: %s", name, out)
			}
		}
		// Only a job alone may bring hosts to a version.
		if job["environment"] == "production" && job["resource_group"] == nil {
			t.Errorf("%s may run twice at once", name)
		}
	}
	for _, stage := range stages {
		if s, _ := stage.(string); !slices.Contains(used, s) {
			t.Errorf("the stage %v has no job", stage)
		}
	}
}

func TestScriptsOfDeployAreAsShellcheckWantsThem(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skipf("%v: make test-deps installs it", err)
	}
	files, err := filepath.Glob("../../deploy/*/*.sh")
	if err != nil || len(files) < 3 {
		t.Fatalf("found %q, %v", files, err)
	}
	if out, err := exec.CommandContext(t.Context(), "shellcheck", files...).CombinedOutput(); err != nil {
		t.Errorf("%s", out)
	}
}

func TestWhatTheDeliveryDeclaresIsUnderstood(t *testing.T) {
	var vars struct {
		Declared map[string]any `yaml:"host_declared"`
	}
	if err := yaml.Unmarshal([]byte(text(t, "../../deploy/ci/declared.yml")), &vars); err != nil {
		t.Fatal(err)
	}
	declared := strings.ReplaceAll(toText(t, vars.Declared), "{{ shop_version }}", "v1.2.3") // JSON is YAML, too
	image := t.TempDir() + "/image"
	if out, err := run(t, nil, "cp", "-a", "../fixtures/ubuntu-24.04", image); err != nil {
		t.Fatal(out)
	}
	for name, content := range map[string]string{
		"/etc/tcptune/tcptune.yaml": declared, "/opt/shop/v1.2.3/shop": "#!/bin/sh\n", "/var/lib/dpkg/arch": "amd64\n",
	} {
		if err := os.MkdirAll(filepath.Dir(image+name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(image+name, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	out, err := run(t, nil, "../../bin/tcptune", "plan", "--root", image)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(out, "shop.socket") || !strings.Contains(out, "profile server") {
		t.Errorf("%v\n%s", err, out)
	}
}
