package container

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// tally is what testdata/load prints.
type tally struct {
	OK             int     `json:"ok"`
	Refused        int     `json:"refused"`
	Reset          int     `json:"reset"`
	TimedOut       int     `json:"timed_out"`
	Other          int     `json:"other"`
	Kept           int     `json:"kept"`
	Resumed        int     `json:"resumed"`
	Seconds        float64 `json:"seconds"`
	Said           string  `json:"said"`
	LongestConnect float64 `json:"longest_connect_ms"`
	LongestAnswer  float64 `json:"longest_answer_ms"`
}

func (l tally) lost() int { return l.Refused + l.Reset + l.TimedOut + l.Other }

// newUnderLoad is newServing with the bundled server as a line server on port 8080, and the clients.
func newUnderLoad(t *testing.T, flags ...string) *Machine {
	t.Helper()
	m := newServing(t)
	m.CopyIn(t, program(t, "load"), "/usr/bin/load")
	m.service(t, 0, append([]string{"install", "--protocol", "line", "--now"}, flags...)...)
	return m
}

// clients run in the background; the first line of what they print is awaited if it is not the tally.
type clients struct {
	t   *testing.T
	cmd *exec.Cmd
	out *bufio.Reader
}

func (m *Machine) clients(t *testing.T, args ...string) clients {
	t.Helper()
	cmd := m.Command(t.Context(), append([]string{"load"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return clients{t, cmd, bufio.NewReader(out)}
}

func (c clients) begun() {
	c.t.Helper()
	if line, err := c.out.ReadString('\n'); line != "held\n" {
		c.t.Fatalf("the clients say %q, %v", line, err)
	}
}

func (c clients) tally() (l tally) {
	c.t.Helper()
	if err := json.NewDecoder(c.out).Decode(&l); err != nil {
		c.t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Fatal(err)
	}
	return l
}

// overflows are the clients that found the listen queue full, ListenOverflows and ListenDrops of the machine.
func (m *Machine) overflows(t *testing.T) string {
	t.Helper()
	return strings.Join(strings.Fields(m.Must(t, "nstat", "-asz", "TcpExtListenOverflows", "TcpExtListenDrops")), " ")
}

func (m *Machine) mainPID(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(m.Must(t, "systemctl", "show", "--property=MainPID", "--value", "tcptune-server.service"))
}

// served asks one question over a new connection.
func (m *Machine) served(t *testing.T) {
	t.Helper()
	if l := m.clients(t, "rate", "8080", "1", "1s").tally(); l.OK != 1 {
		t.Fatalf("a new client is not served: %+v", l)
	}
}

func TestRestartsLoseNoClient(t *testing.T) {
	t.Parallel()
	const restarts, perSecond, seconds = 20, 1000, 25
	m := newUnderLoad(t)
	before := m.overflows(t)
	stream := m.clients(t, "rate", "8080", fmt.Sprint(perSecond), fmt.Sprintf("%ds", seconds))
	inFlight := m.clients(t, "hold", "8080", "50", "500ms")
	inFlight.begun()
	first := m.mainPID(t)
	for begin, i := time.Now(), 0; i < restarts; i++ {
		m.Must(t, "systemctl", "restart", "tcptune-server.service")
		time.Sleep(time.Until(begin.Add(time.Duration(i+1) * time.Second)))
	}
	if m.mainPID(t) == first {
		t.Error("nothing was restarted")
	}
	if l := inFlight.tally(); l.OK != 50 {
		t.Errorf("of what was in flight: %+v", l)
	}
	l := stream.tally()
	if l.lost() > 0 || l.OK != perSecond*seconds {
		t.Errorf("clients were lost: %+v", l)
	}
	if after := m.overflows(t); after != before {
		t.Errorf("the listen queue overflowed: %s, then %s", before, after)
	}
	t.Attr("count", fmt.Sprintf("%d restarts under %d new connections a second: %d answered, %d lost; longest connect %.1f ms, longest answer %.1f ms",
		restarts, perSecond, l.OK, l.lost(), l.LongestConnect, l.LongestAnswer))
}

func TestCrashesLeaveTheSocketAlive(t *testing.T) {
	t.Parallel()
	m := newUnderLoad(t)
	for range 20 {
		pid := m.mainPID(t)
		m.Must(t, "systemctl", "kill", "--signal=KILL", "tcptune-server.service")
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			if now := m.mainPID(t); now != "0" && now != pid {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("it is not started again")
			}
		}
	}
	if !m.isActive(t, "tcptune-server.socket") {
		t.Error("the socket has failed")
	}
	m.served(t)
}

func TestOverlapServesOnWhileOldConnectionsEnd(t *testing.T) {
	t.Parallel()
	const seconds = 40
	m := newUnderLoad(t, "--drain", "60s", "--limit", "read-timeout=2m")
	before := m.overflows(t)
	held := m.clients(t, "hold", "8080", "20", "30s")
	held.begun()
	stream := m.clients(t, "rate", "8080", "200", fmt.Sprintf("%ds", seconds))
	begin := time.Now()
	m.Must(t, "tcptune", "service", "restart", "--overlap")
	took := time.Since(begin)
	if l := held.tally(); l.OK != 20 {
		t.Errorf("connections of 30 s: %+v", l)
	}
	l := stream.tally()
	if l.lost() > 0 || l.OK != 200*seconds {
		t.Errorf("clients were lost: %+v", l)
	}
	if after := m.overflows(t); after != before {
		t.Errorf("the listen queue overflowed: %s, then %s", before, after)
	}
	if m.isActive(t, "tcptune-server-twin.service") || !m.isActive(t, "tcptune-server.service") {
		t.Error("the twin serves on, or the service does not")
	}
	t.Attr("count", fmt.Sprintf("restart --overlap took %.0f s with connections of 30 s; %d new clients answered meanwhile, %d lost; longest connect %.1f ms, longest answer %.1f ms",
		took.Seconds(), l.OK, l.lost(), l.LongestConnect, l.LongestAnswer))
}

func TestTheWatchdogRestartsAProcessThatStandsStill(t *testing.T) {
	t.Parallel()
	m := newUnderLoad(t)
	mustExit(t, 0, m.RunInput(t, strings.NewReader("[Service]\nWatchdogSec=5s\nTimeoutAbortSec=2s\n"),
		"install", "-D", "-m", "0644", "/dev/stdin", "/etc/systemd/system/tcptune-server.service.d/fast.conf"))
	m.Must(t, "systemctl", "daemon-reload")
	m.Must(t, "systemctl", "restart", "tcptune-server.service")
	// It is pinged: for five periods nothing happens.
	pid := m.mainPID(t)
	time.Sleep(25 * time.Second)
	if now := m.mainPID(t); now != pid {
		t.Fatalf("a healthy process was restarted: %s, then %s", pid, now)
	}
	// On a busy machine other threads serve on for a while after the signal.
	m.Script(t, "kill -STOP "+pid+"; while cat /proc/"+pid+
		"/task/*/status | grep '^State:' | grep -qv 'T (stopped)'; do sleep 0.05; done")
	// Who asks meanwhile waits in the queue of the socket, unless the process takes it before it dies of the signal.
	if l := m.clients(t, "rate", "8080", "1", "1s").tally(); l.OK != 1 && l.Reset != 1 {
		t.Errorf("a client that came meanwhile: %+v", l)
	}
	m.served(t)
	if now := m.mainPID(t); now == pid {
		t.Error("it was not restarted")
	}
}
