package container

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// A crash loop of each sort: status, its text, its JSON and check say so at once; what is none is not called one.
func TestStatusTellsTheTruthOfWhatFailsAgainAndAgain(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	for _, tc := range []struct {
		name, script string
		state        string
		says         string // in the reason
		journal      string // among the last lines
	}{
		{"exits", "echo cannot find my configuration; exit 1", "failing", "is started again and again", "cannot find my configuration"},
		{"dies", "echo about to die; kill -SEGV $$; sleep 9", "failing", "is started again and again", "about to die"},
		{"late", "sleep 4; echo it is over; exit 3", "failing", "is started again and again", "it is over"},
		{"gone", "", "failing", "is started again and again", "No such file or directory"},
		{"clean", "exit 0", "active", "ends by itself, without a failure", ""},
		{"good", "exec jobs serve", "active", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := "/usr/local/bin/" + tc.name
			mustExit(t, 0, m.RunInput(t, strings.NewReader("#!/bin/sh\n"+tc.script+"\n"), "install", "-m", "0755", "/dev/stdin", file))
			m.service(t, 0, "install", "--exec", file, "--listen", "9000", "--name", tc.name)
			if tc.script == "" {
				m.Must(t, "rm", file)
			}
			m.Must(t, "systemctl", "start", tc.name+".socket")
			m.Run(t, "jobs", "say", "127.0.0.1:9000", "x\n")
			m.Run(t, "systemctl", "start", tc.name+".service") // as the first client has
			code := map[string]int{"active": 0, "failing": 3}[tc.state]
			defer m.service(t, 0, "uninstall", tc.name)
			if tc.name != "good" { // the third failure is no accident, although one is up for four seconds each time
				m.Must(t, "sh", "-c", "until [ $(systemctl show -p NRestarts --value "+tc.name+".service) -gt 3 ]; do sleep 0.1; done")
			}
			began := time.Now()
			text := m.Run(t, "tcptune", "service", "status", tc.name)
			took := time.Since(began)
			if text.Code != code || !strings.Contains(text.Stdout, tc.name+"  "+tc.state) || !strings.Contains(text.Stdout, tc.says) ||
				!strings.Contains(text.Stdout, tc.journal) {
				t.Errorf("exit code %d:\n%s", text.Code, text.Stdout)
			}
			s := m.service(t, code, "status", tc.name).Service[0]
			if s.State != tc.state || !strings.Contains(s.Reason, tc.says) ||
				!strings.Contains(strings.Join(s.Journal, "\n"), tc.journal) || (len(s.Journal) > 0) != (tc.state == "failing") {
				t.Errorf("%+v", s)
			}
			grade := m.checkOf(t, "service-"+tc.name)
			if want := map[string]string{"active": "PASS", "failing": "FAIL"}[tc.state]; grade != want {
				t.Errorf("check says %s, want %s", grade, want)
			}
			if tc.state == "failing" && tc.name != "late" {
				began := time.Now()
				m.service(t, 3, "status", tc.name, "--wait", "3s")
				if waited := time.Since(began); waited < 3*time.Second {
					t.Errorf("--wait 3s has waited %s", waited)
				}
			}
			t.Attr("count", tc.name+" is called "+tc.state+" after "+took.Round(10*time.Millisecond).String())
		})
	}
}

// checkOf is the grade that check gives.
func (m *Machine) checkOf(t *testing.T, name string) string {
	t.Helper()
	var r struct {
		Checks []struct{ Name, Grade string }
	}
	if err := json.Unmarshal([]byte(m.Run(t, "tcptune", "check", "--json").Stdout), &r); err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if c.Name == name {
			return c.Grade
		}
	}
	return "none"
}

func TestTheBundledServerFailing(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	m.service(t, 0, "install", "--now")
	t.Run("a program that ends", func(t *testing.T) {
		good := m.crashLoop(t)
		if s := m.service(t, 3, "status").Service[0]; s.State != "failing" {
			t.Errorf("%+v", s)
		}
		began := time.Now()
		time.AfterFunc(time.Second, good)
		m.service(t, 0, "status", "--wait", "30s")
		if took := time.Since(began); took > 25*time.Second {
			t.Errorf("--wait has waited %s for what was up", took)
		}
	})
	t.Run("one that never says that it is ready, while a client waits", func(t *testing.T) {
		mustExit(t, 0, m.RunInput(t, strings.NewReader("#!/bin/sh\nexec sleep 1h\n"), "install", "-m", "0755", "/dev/stdin", "/usr/bin/silent"))
		m.dropIn(t, "tcptune-server.service", "[Service]\nExecStart=\nExecStart=/usr/bin/silent\nTimeoutStartSec=20s\n")
		m.Must(t, "systemctl", "restart", "--no-block", "tcptune-server.service")
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		waits := m.Command(ctx, "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080; exec sleep 1h") // a client that never gives up
		if err := waits.Start(); err != nil {
			t.Fatal(err)
		}
		m.Must(t, "sh", "-c", "until [ $(systemctl show -p SubState --value tcptune-server.service) = start ]; do :; done; "+
			"until ss -Hltn 'sport = 8080' | grep -q ' 1 '; do :; done")
		s := m.service(t, 3, "status").Service[0]
		if s.State != "failing" || !strings.Contains(s.Reason, "has not said that it is ready") {
			t.Errorf("%+v", s)
		}
		leave()
		_ = waits.Wait()
	})
}

// An answer on this host says nothing of others where a firewall drops what it does not know.
func TestAFirewallWithoutARuleForThePortIsSaid(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	says := func(want string, args ...string) {
		t.Helper()
		r := m.service(t, 0, args...)
		said := slices.Concat(r.Warnings)
		for _, s := range r.Service {
			said = append(said, s.Reason)
		}
		if all := strings.Join(said, "\n"); want == "" && strings.Contains(all, "no rule that lets") || !strings.Contains(all, want) {
			t.Errorf("%v: %q is not said: %s", args, want, all)
		}
	}
	says("", "install", "--now")
	m.Must(t, "sh", "-c", `mkdir -p /etc/ufw /etc/default
echo ENABLED=yes >/etc/ufw/ufw.conf; echo 'DEFAULT_INPUT_POLICY="DROP"' >/etc/default/ufw
echo '### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in' >/etc/ufw/user.rules; chmod 640 /etc/ufw/user.rules`)
	const ufw = "ufw has no rule that lets other hosts in on port 8080; to open it: sudo ufw allow 8080/tcp"
	says(ufw, "install", "--now", "--max-conns", "7")
	says(ufw, "status")
	nobody := m.Run(t, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "tcptune", "service", "status")
	if !strings.Contains(nobody.Stdout, "whether ufw lets other hosts in on port 8080 is not known") {
		t.Errorf("without root: %s", nobody.Stdout)
	}
	m.Must(t, "sh", "-c", "echo '### tuple ### allow tcp 8080 0.0.0.0/0 any 0.0.0.0/0 in' >>/etc/ufw/user.rules")
	says("", "status")
	m.Must(t, "rm", "-r", "/etc/ufw")
	mustExit(t, 0, m.RunInput(t, strings.NewReader(`#!/bin/sh
echo '{"nftables":[{"chain":{"family":"inet","table":"filter","name":"input","hook":"input","policy":"drop"}}]}'
`), "install", "-m", "0755", "/dev/stdin", "/usr/sbin/nft"))
	says("sudo nft insert rule inet filter input tcp dport 8080 accept", "status")
	says("", "install", "--now", "--listen", "127.0.0.1:8080")
}
