package container

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/test/long"
)

// preflight are the grades of "tcptune check --production", by name.
func (m *Machine) preflight(t *testing.T) map[string]string {
	t.Helper()
	var r struct {
		Checks []struct{ Name, Grade, Value, Reason, Fix string }
	}
	result := m.Run(t, "tcptune", "check", "--production", "--json")
	if err := json.Unmarshal([]byte(result.Stdout), &r); err != nil {
		t.Fatalf("%v\n%s", err, result.Stdout)
	}
	grades := map[string]string{}
	for _, c := range r.Checks {
		grades[c.Name] = fmt.Sprintf("%s %s: %s, fix %s", c.Grade, c.Value, c.Reason, c.Fix)
		if c.Grade == "FAIL" && result.Code != 2 {
			t.Errorf("%s fails, and the exit code is %d", c.Name, result.Code)
		}
	}
	return grades
}

// What stands in the way of production is what the process really has, and is seen as soon as it is so.
func TestBeforeProductionTheProcessIsLookedAt(t *testing.T) {
	long.Only(t, "it boots a machine and looks at it nine times")
	t.Parallel()
	m := newServing(t)
	m.service(t, 0, "install", "--now", "--max-conns", "100")
	expect := func(when, name, grade string) {
		t.Helper()
		if got := m.preflight(t)[name+"-tcptune-server"]; !strings.HasPrefix(got, grade) {
			t.Errorf("%s: %s is %q, want %s", when, name, got, grade)
		}
	}
	well := m.preflight(t)
	for _, name := range []string{"descriptors", "memory", "log-level", "secrets", "health", "firewall"} {
		if got := well[name+"-tcptune-server"]; !strings.HasPrefix(got, "PASS") {
			t.Errorf("a service that is well: %s is %q", name, got)
		}
	}
	if got := well["tuning"]; !strings.HasPrefix(got, "FAIL not as wanted") {
		t.Errorf("a host that is not tuned: %q", got)
	}
	m.Run(t, "tcptune", "apply")
	if got := m.preflight(t)["tuning"]; strings.HasPrefix(got, "FAIL") {
		t.Errorf("a host that is tuned: %q", got)
	}
	for _, bad := range []struct{ line, name string }{
		{"LimitNOFILE=128", "descriptors"},
		{"MemoryMax=infinity", "memory"},
		{"Environment=LOG_LEVEL=debug", "log-level"},
		{"Environment=API_TOKEN=x", "secrets"},
	} {
		m.dropIn(t, "tcptune-server.service", "[Service]\n"+bad.line+"\n")
		m.Must(t, "systemctl", "restart", "tcptune-server.service")
		expect(bad.line, bad.name, "FAIL")
	}
	m.Must(t, "systemctl", "stop", "tcptune-server-admin.socket", "tcptune-server.service")
	expect("nobody answers", "health", "FAIL")
	expect("nothing runs", "descriptors", "WARN not visible")
	expect("nothing runs", "secrets", "FAIL") // its unit still says so
}
