package container

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// What drop-ins were written for is said to "service install", and systemd judges it before anything is written.
func TestPropertiesOfAProgramOfOnesOwn(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	m.CopyIn(t, program(t, "load"), "/usr/bin/load")
	clean := m.tree(t)
	install := func(code int, args ...string) serviceReport {
		t.Helper()
		argv := slices.Concat([]string{"install", "--now", "--exec", "/usr/bin/jobs", "--name", "mine", "--listen", "9000"}, args,
			[]string{"--", "notify"})
		return m.service(t, code, argv...)
	}
	for property, says := range map[string]string{
		"MemoryMaxx=1G":                     "MemoryMaxx",
		"MemoryMax=much":                    "much",
		"Requires=nosuch.service":           "nosuch.service",
		"ExecReload=/usr/bin/nosuch":        "/usr/bin/nosuch",
		"EnvironmentFile=relative":          "relative",
		"SystemCallFilter=@nosuchgroup":     "@nosuchgroup",
		"Environment=no-assignment":         "no-assignment",
		"RestrictAddressFamilies=AF_NOSUCH": "AF_NOSUCH",
	} {
		r := install(1, "--type", "notify", "-p", property)
		if r.Error == nil || r.Error.Code != "property-refused" || !strings.Contains(r.Error.Message, says) {
			t.Errorf("-p %s: %+v", property, r.Error)
		}
		m.sameTree(t, clean)
	}

	mustExit(t, 0, m.RunInput(t, strings.NewReader("GREETING=hello\n"), "tee", "/etc/default/mine"))
	mustExit(t, 0, m.RunInput(t, strings.NewReader(unit("Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 1")), "tee",
		"/etc/systemd/system/first.service"))
	m.Must(t, "systemctl", "daemon-reload")
	clean = m.tree(t)
	properties := []string{
		"--type", "notify", "--overlap", "-p", "WatchdogSec=2s", "-p", "EnvironmentFile=/etc/default/mine", "-p", "Wants=first.service",
		"-p", "After=first.service", "-p", "ExecReload=/bin/kill -HUP $MAINPID", "-p", "MemoryDenyWriteExecute=no", "-p", "ProtectSystem=no", "-p", "PrivateUsers=no",
	}
	r := install(0, properties...)
	if !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, "after MemoryDenyWriteExecute=yes") }) ||
		!slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, "the exposure of mine is") }) {
		t.Errorf("what it takes back is not said: %q", r.Warnings)
	}
	if !m.isActive(t, "first.service") {
		t.Error("what it wants was not started")
	}
	if r := install(0, properties...); r.Changed {
		t.Errorf("a second time there is something to do: %+v", r.Changes)
	}
	said := func() (pid, greeting, reloads string) {
		t.Helper()
		words := strings.Fields(m.say(t, "9000", "who\n"))
		if len(words) != 3 {
			t.Fatalf("it answers %q", words)
		}
		return words[0], words[1], words[2]
	}
	pid, greeting, reloads := said()
	if greeting != "hello" || reloads != "0" {
		t.Errorf("it says %s %s", greeting, reloads)
	}
	m.service(t, 0, "reload", "mine")
	if after, _, reloads := said(); after != pid || reloads != "1" {
		t.Errorf("after a reload it is %s, before %s, and was reloaded %s times", after, pid, reloads)
	}

	stream := m.clients(t, "rate", "9000", "100", "8s")
	m.service(t, 0, "restart", "mine", "--overlap")
	install(0, append(properties, "-p", "CPUWeight=200")...)
	if l := stream.tally(); l.lost() > 0 {
		t.Errorf("clients were lost while it was replaced: %+v", l)
	}
	after, _, _ := said()
	if after == pid || m.isActive(t, "mine-twin.service") {
		t.Errorf("pid %s, before %s", after, pid)
	}

	m.Must(t, "kill", "-USR1", after)
	for end := time.Now().Add(30 * time.Second); ; {
		if s := m.service(t, 0, "status", "mine", "--wait", "10s").Service[0]; fmt.Sprint(s.Pid) != after && s.Pid > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("it was not started again although it forgot its watchdog")
		}
	}
	m.service(t, 0, "uninstall", "mine")
	m.sameTree(t, clean)

	install(0, "--type", "notify")
	if m.service(t, 1, "reload", "mine").Error.Code != "no-reload" {
		t.Error("one that does not say how was reloaded")
	}
}
