package container

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The hardened unit sees all that root at a shell sees, and the way back leaves nothing.
func TestTimerOfTheMetricsWritesWhatRootSees(t *testing.T) {
	t.Parallel()
	m := Boot(t, Options{Release: "24.04"})
	m.CopyIn(t, program(t, "tcptune"), "/usr/bin/tcptune")
	m.CopyIn(t, program(t, "tcptune-server"), "/usr/bin/tcptune-server")
	m.service(t, 0, "install", "--now")
	clean := m.tree(t)
	const file = "/var/lib/prometheus/node-exporter/tcptune.prom"

	if r := m.Run(t, "tcptune", "metrics", "--install-timer"); r.Code != 1 || !strings.Contains(r.Stderr, "there is no folder") {
		t.Errorf("without a collector: %+v", r)
	}
	m.sameTree(t, clean)
	// The folder of the package belongs to the user of the collector.
	m.Must(t, "install", "-d", "-o", "nobody", "/var/lib/prometheus/node-exporter")
	clean = m.tree(t)
	m.Must(t, "tcptune", "metrics", "--install-timer")
	if !m.isActive(t, "tcptune-metrics.timer") {
		t.Error("the timer does not run")
	}
	written, seen := series(m.Must(t, "cat", file)), series(m.Must(t, "tcptune", "metrics"))
	if !slices.Equal(written, seen) {
		t.Errorf("the unit sees other things than root\nunit: %q\nroot: %q", written, seen)
	}
	if !slices.Contains(written, `tcptune_service_state{service="tcptune-server",state="active"}`) {
		t.Errorf("the service is not among them: %q", written)
	}
	if got := m.Must(t, "stat", "-c", "%a", file); got != "644\n" {
		t.Errorf("the mode of the file is %s", got)
	}
	m.Must(t, "systemd-analyze", "verify", "tcptune-metrics.service", "tcptune-metrics.timer")
	// Without the network and /proc of the host it would see nothing: these cost most of what is left.
	m.Must(t, "systemd-analyze", "security", "--no-pager", "--threshold=50", "tcptune-metrics.service")
	if r := m.tuning(t, 0, "metrics", "--install-timer"); r.Changed {
		t.Errorf("a second time there is something to do: %+v", r.Changes)
	}

	// It looks for what limits TCP as root does: whatever of that cannot be seen would be a series of tcptune_unknown.
	m.Must(t, "tcptune", "metrics", "--install-timer", "--diagnose", "1s")
	written, seen = series(m.Must(t, "cat", file)), series(m.Must(t, "tcptune", "metrics", "--diagnose", "1s"))
	passing := func(name string) bool { return strings.HasPrefix(name, "tcptune_diagnose_finding{") }
	if written, seen = slices.DeleteFunc(written, passing), slices.DeleteFunc(seen, passing); !slices.Equal(written, seen) {
		t.Errorf("the unit looks at other things than root\nunit: %q\nroot: %q", written, seen)
	}
	if !slices.Contains(written, "tcptune_diagnose_timestamp_seconds") {
		t.Errorf("it has not looked: %q", written)
	}

	m.Must(t, "tcptune", "metrics", "--remove-timer")
	m.sameTree(t, clean)
	if got := m.units(t, "tcptune-metrics"); got != "" {
		t.Errorf("systemd still knows %s", got)
	}
	if m.Run(t, "test", "-e", file).Code == 0 {
		t.Error("the figures are left, and grow old")
	}

	// A unit that cannot write there is not kept.
	m.Must(t, "mount", "-t", "tmpfs", "-o", "ro", "tmpfs", "/var/lib/prometheus/node-exporter")
	if r := m.tuning(t, 1, "metrics", "--install-timer"); r.Error == nil || r.Error.Code != "rolled-back" || r.Changed {
		t.Errorf("%+v", r)
	}
	m.Must(t, "umount", "/var/lib/prometheus/node-exporter")
	m.sameTree(t, clean)
}

// series are the names and labels of metrics, without their values.
func series(text string) (names []string) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			names = append(names, regexp.MustCompile(` \S+\n$`).ReplaceAllString(line, ""))
		}
	}
	return names
}
