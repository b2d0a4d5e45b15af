package fleet

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// askedOf is what Prometheus is asked before a roll-out goes on. The answer is empty where a target of these instances
// answers it, and no alert of them fires.
func askedOf(instances string) string {
	return fmt.Sprintf("ALERTS{alertstate=\"firing\",instance=~`%s`} or absent(up{instance=~`%[1]s`} == 1)", instances)
}

// A host is known to Prometheus by its name, whatever that is made of, and by no other.
func TestTheGateAsksForTheHostAndForNoOther(t *testing.T) {
	promtool := program(t, "promtool")
	if _, err := exec.LookPath("ansible"); err != nil {
		t.Skipf("%v: make test-deps installs it", err)
	}
	for _, host := range []string{"web-1.example.com", "10.0.0.7", "a"} {
		out, err := run(t, nil, "ansible", "-i", host+",", "all", "--connection", "local", "--one-line",
			"-e", "@../../deploy/ansible/roles/host/defaults/main.yml",
			"-m", "debug", "-a", "msg=<<{{ host_alerts | b64encode }}>>")
		_, query, found := strings.Cut(out, "<<")
		query, _, _ = strings.Cut(query, ">>")
		if err != nil || !found {
			t.Fatalf("%v\n%s", err, out)
		}
		query = decoded(t, query)
		other := strings.ReplaceAll(host, ".", "x") + "y"
		tests := fmt.Sprintf(`
tests:
  - name: fires
    input_series: [{series: 'ALERTS{alertname="A",alertstate="firing",instance="%[2]s:9100"}', values: "1x9"},
                   {series: 'up{instance="%[2]s:9100"}', values: "1x9"}]
    promql_expr_test: [{expr: '%[1]s', eval_time: 5m, exp_samples: [
      {labels: 'ALERTS{alertname="A",alertstate="firing",instance="%[2]s:9100"}', value: 1}]}]
  - name: another fires
    input_series: [{series: 'ALERTS{alertname="A",alertstate="firing",instance="%[3]s:9100"}', values: "1x9"},
                   {series: 'up{instance="%[2]s"}', values: "1x9"}]
    promql_expr_test: [{expr: '%[1]s', eval_time: 5m, exp_samples: []}]
  - name: not seen
    input_series: [{series: 'up{instance="%[3]s:9100"}', values: "1x9"}]
    promql_expr_test: [{expr: '%[1]s', eval_time: 5m, exp_samples: [{labels: '{}', value: 1}]}]
  - name: does not answer
    input_series: [{series: 'up{instance="%[2]s:9100"}', values: "0x9"}]
    promql_expr_test: [{expr: '%[1]s', eval_time: 5m, exp_samples: [{labels: '{}', value: 1}]}]
`, query, host, other)
		file := filepath.Join(t.TempDir(), "tests.yml")
		if err := os.WriteFile(file, []byte(tests), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := run(t, nil, promtool, "test", "rules", file); err != nil {
			t.Errorf("%s: %v\n%s", host, err, out)
		}
		if host == "a" && query != askedOf("a(:[0-9]+)?") {
			t.Errorf("asked for %s", query)
		}
	}
}

func decoded(t *testing.T, text string) string {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
