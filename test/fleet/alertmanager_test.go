package fleet

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const routes = "../../deploy/prometheus/alertmanager.yml"

// rule is an alert of a file of rules, or a series that it records.
type rule struct {
	Alert, Record, Expr, For string
	Labels                   map[string]string
}

func rulesOf(t *testing.T, file string) (all []rule) {
	t.Helper()
	var parsed struct {
		Groups []struct{ Rules []rule }
	}
	if err := yaml.Unmarshal([]byte(text(t, file)), &parsed); err != nil {
		t.Fatal(err)
	}
	for _, g := range parsed.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

func TestTheExamplesAreWhatPrometheusAndAlertmanagerRead(t *testing.T) {
	if out, err := run(t, nil, program(t, "promtool"), "check", "config", "../../deploy/prometheus/prometheus.yml"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run(t, nil, program(t, "amtool"), "check-config", routes); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestEachAlertGoesToThoseItConcerns(t *testing.T) {
	amtool, tried := program(t, "amtool"), map[string]bool{}
	receivers := map[string]string{"critical": "pager", "warning": "team", "info": "chat"}
	for _, r := range rulesOf(t, rules) {
		if r.Alert == "" {
			continue
		}
		severity := r.Labels["severity"]
		if receivers[severity] == "" {
			t.Errorf("%s has the severity %q, which nobody is told of", r.Alert, severity)
		}
		if tried[severity] {
			continue
		}
		tried[severity] = true
		out, err := run(t, nil, amtool, "config", "routes", "test", "--config.file="+routes,
			"--verify.receivers="+receivers[severity], "alertname="+r.Alert, "severity="+severity)
		if err != nil {
			t.Errorf("%s: %v\n%s", severity, err, out)
		}
	}
	if len(tried) != 3 {
		t.Errorf("the rules have the severities %v, want three", tried)
	}
}

// What follows from another alert is not told beside it; and one host never silences another.
func TestAHostThatIsDownSilencesItsOwnAlertsAlone(t *testing.T) {
	at, alertmanager := free(t), program(t, "prometheus-alertmanager")
	if os.Geteuid() != 0 {
		t.Skip("needs root: Debian's Alertmanager reads /usr/share, which is its package's in a mount namespace of the test")
	}
	start(t, nil, "unshare", "--mount", "sh", "-c", `mount --bind ../../bin/fleet/usr/share /usr/share && exec "$@"`, "sh",
		alertmanager, "--config.file="+routes, "--storage.path="+t.TempDir(), "--web.listen-address="+at,
		"--cluster.listen-address=", "--log.level=warn")
	eventually(t, "an Alertmanager that is ready", func() bool { return answers("http://" + at + "/-/ready") })

	silenced := map[string]bool{ // alert, instance and host
		"TcptuneHostDown a:9100 a": false, "TcptuneDrift a:9100 a": true, "TcptuneServerDown a:9180 a": true,
		"TcptuneServerErrors a:9180 a": true, "TcptuneDrift b:9100 b": false,
		"TcptuneHostDown c:9100 -": false, "TcptuneUnknown c:9100 -": true, "TcptuneDrift d:9100 -": false,
		"TcptuneServerDown c:9180 -":   false,
		"TcptuneMetricsStale e:9100 e": false, "TcptuneDrift e:9100 e": true, "TcptuneServerSlow e:9180 e": false,
		"TcptuneServerDown f:9180 f": false, "TcptuneServerErrors f:9180 f": true, "TcptuneDrift f:9100 f": false,
		"TcptuneServerErrors g:9180 g": false, "TcptuneServerQueueGrows g:9180 g": true, "TcptuneServerSlow g:9180 g": false,
		"Other a:9100 a": false,
	}
	var alerts []map[string]any
	for name := range silenced {
		words := strings.Fields(name)
		labels := map[string]string{"alertname": words[0], "instance": words[1], "host": words[2]}
		if words[2] == "-" {
			delete(labels, "host")
		}
		alerts = append(alerts, map[string]any{"labels": labels})
	}
	send(t, "http://"+at+"/api/v2/alerts", alerts)
	var got map[string]bool
	eventually(t, "the silence of what is to be silent", func() bool { // Alertmanager takes alerts in one after the other
		got = alertsAt(t, at)
		for name, silent := range silenced {
			if silent && !got[name] {
				return false
			}
		}
		return true
	})
	if !maps.Equal(got, silenced) {
		t.Errorf("silenced are %v\nwant %v", got, silenced)
	}
}

// alertsAt are the alerts that an Alertmanager has, and whether another one silences each.
func alertsAt(t *testing.T, at string) map[string]bool {
	t.Helper()
	var alerts []struct {
		Labels map[string]string
		Status struct{ InhibitedBy []string }
	}
	if err := json.Unmarshal([]byte(get(t, "http://"+at+"/api/v2/alerts")), &alerts); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, a := range alerts {
		all[a.Labels["alertname"]+" "+a.Labels["instance"]+" "+cmp.Or(a.Labels["host"], "-")] = len(a.Status.InhibitedBy) > 0
	}
	return all
}

// answers reports whether url is served with status 200.
func answers(url string) bool {
	answer, err := http.Get(url) //nolint:noctx // a question of an instant
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

func send(t *testing.T, url string, v any) {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %s", url, answer.Status)
	}
}
