package portcheck

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// A port on which nobody listens yet is not free, where what was ended has been started again.
func TestWhoWasStartedAgainAndDoesNotListenYetIsNamed(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	supervisor := r.actor("supervise 127.0.0.1:8080 0s late", nil)
	_, verdicts := r.free(ports(TCP, 8080, 8080), usual())
	v := verdicts[0]
	by := fmt.Sprintf("(pid %d)", supervisor.pid())
	if v.Free || !strings.Contains(v.Reason, "does not listen yet") || !strings.Contains(v.Reason, by) {
		t.Errorf("a supervisor: free %v, %s; %s", v.Free, v.Reason, v.Hint)
	}
	// A loop in a script, whose server needs a while each time but the first.
	script := `first=1; while :; do FIRST=$first perl -MIO::Socket -e '$ENV{FIRST} or sleep 10;
		$s = IO::Socket::INET->new(
		LocalAddr => "127.0.0.1", LocalPort => 8081, Listen => 5) or die; sleep 1000'; first=; done`
	loop := r.start(exec.Command("bash", "-c", script))
	r.until("the port is held", func() bool {
		_, s := r.look(Query{Ranges: ports(TCP, 8081, 8081)})
		return len(s.Holders) == 1
	})
	_, verdicts = r.free(ports(TCP, 8081, 8081), usual())
	if v = verdicts[0]; v.Free || !strings.Contains(v.Reason, fmt.Sprintf("(pid %d)", loop.pid())) {
		t.Errorf("a loop: free %v, %s; %s", v.Free, v.Reason, v.Hint)
	}
}

// What went wrong with a holder is not made good by a port that is free for the moment.
func TestAFailedActIsNoFreePort(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	v, s := r.look(Query{Ranges: ports(TCP, 8080, 8080), Thorough: true})
	a := actOn(report.Unit, "pt.service", host.Active, host.Inactive, listening(8080))
	a.Status, a.Reason = report.Failed, "pt.service is active after it was stopped"
	a.unit, a.startedBy = unitName{name: "pt.service"}, []string{"pt.path"}
	verdicts, _, err := v.Prove(r.Context(), s, []Act{a}, usual())
	r.must(err)
	said := verdicts[0]
	if said.Free || !strings.Contains(said.Reason, a.Reason) || said.Hint != "sudo systemctl stop pt.path pt.service" {
		t.Errorf("%+v", said)
	}
}

// What would start a service again is stopped before it.
func TestWhatStartsAServiceAgainIsStoppedFirst(t *testing.T) {
	f := facts{workers: map[int]bool{100: true}, units: map[unitName]host.Unit{
		{name: "web.service"}: {
			Name: "web.service", Active: host.Active, MainPID: 100,
			TriggeredBy: []string{"web.path", "idle.path", "web.timer", "daily.timer"},
		},
		{name: "web.path"}:    {Name: "web.path", Active: host.Active},
		{name: "idle.path"}:   {Name: "idle.path", Active: host.Inactive},
		{name: "web.timer"}:   {Name: "web.timer", Active: host.Active, Period: time.Second},
		{name: "daily.timer"}: {Name: "daily.timer", Active: host.Active},
	}}
	var got []string
	holder := listening(80, in("/system.slice/web.service", 100, "web"))
	for _, a := range decide(Survey{Holders: []Holder{holder}}, f, Order{}) {
		got = append(got, fmt.Sprintf("%s %s %s", a.Target, a.Status, a.settle))
	}
	want := []string{"web.path planned 0s", "web.timer planned 0s", "web.service planned 2.5s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wanted (-) and got (+):\n%s", diff)
	}
}

// What systemd would not stop is refused before anything is done.
func TestAUnitThatLetsNobodyStopItIsRefused(t *testing.T) {
	name := unitName{name: "web.service"}
	f := facts{workers: map[int]bool{100: true}, units: map[unitName]host.Unit{
		name: {Name: "web.service", Active: host.Active, MainPID: 100, RefusesStop: true},
	}}
	holder := listening(80, in("/system.slice/web.service", 100, "web"))
	acts := decide(Survey{Holders: []Holder{holder}}, f, Order{})
	if len(acts) != 1 || acts[0].Status != report.Refused || !strings.Contains(acts[0].Reason, "RefuseManualStop=") {
		t.Errorf("%+v", acts)
	}
	acts = decide(Survey{Holders: []Holder{holder}}, f, Order{Mode: "process"})
	if len(acts) != 1 || acts[0].Kind != report.Signal || acts[0].Status != report.Planned {
		t.Errorf("its process alone: %+v", acts)
	}
}

// Nobody is waited for only where nobody could start the process again.
func TestWhoMayStartAProcessAgain(t *testing.T) {
	owner := Owner{Process: Process{Pid: 500, Parent: 400}}
	working := owner
	working.Process.Cgroup = CgroupOf("/system.slice/a.service")
	orphan := Owner{Process: Process{Pid: 500, Parent: 1}}
	for name, tc := range map[string]struct {
		owner    Owner
		parent   string
		waits    bool
		unit     host.Unit
		ancestor bool
	}{
		"systemd":                   {owner: orphan, parent: "systemd"},
		"the init of a container":   {owner: orphan, parent: "tini"},
		"a script as the init":      {owner: orphan, parent: "bash", waits: true},
		"a supervisor":              {owner: owner, parent: "runsv", waits: true},
		"a program that started us": {owner: owner, parent: "python3", ancestor: true, waits: true},
		"a unit that another one follows": {
			owner: working, parent: "systemd", unit: host.Unit{Follows: []string{"b.service"}}, waits: true,
		},
		"a unit that is started again": {
			owner: working, parent: "systemd", unit: host.Unit{Restart: "always"}, waits: true,
		},
		"a unit that nobody starts again": {owner: working, parent: "systemd", unit: host.Unit{Restart: "no"}},
	} {
		parent := Process{Pid: tc.owner.Process.Parent, Exe: "/usr/bin/" + tc.parent}
		f := facts{
			parents: map[int]Process{500: parent}, ancestors: map[int]bool{400: tc.ancestor},
			units: map[unitName]host.Unit{{name: "a.service"}: tc.unit},
		}
		if settle, _ := f.restarter(tc.owner); (settle > 0) != tc.waits {
			t.Errorf("%s: it is waited for %s", name, settle)
		}
	}
}

func TestWhatRunsAProgramAgain(t *testing.T) {
	w := watched{program: Process{Exe: "/usr/bin/python3.12", Args: []string{"python3", "web.py", "8080"}}}
	for text, want := range map[string]bool{
		"/usr/bin/python3.12 python3 web.py 8080":         true,
		"/usr/bin/python3.12 python3 job.py 8080":         false,
		"/usr/bin/bash bash /opt/bin/python3 web.py 8080": true,
		"/usr/bin/timeout timeout 60 python3 web.py 8080": true,
		"/usr/bin/sleep sleep 8080":                       false,
		"/usr/bin/vim vim python3 web.py 8080":            false,
	} {
		words := strings.Fields(text)
		if got := w.runsAgain(Process{Exe: words[0], Args: words[1:]}); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
