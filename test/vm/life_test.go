package vm

import (
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	sysctlFile  = "/etc/sysctl.d/60-tcptune.conf"
	modulesFile = "/etc/modules-load.d/tcptune.conf"
)

// installed is a machine with the packages.
func installed(t *testing.T) *Machine {
	t.Helper()
	return installedOn(t, "24.04")
}

// installedOn is a machine with the packages that claims to be a release of Ubuntu.
func installedOn(t *testing.T, release string) *Machine {
	t.Helper()
	m := Boot(t, Options{Release: release})
	m.copyPackages(t, built(t), "deb")
	m.Script(t, "dpkg --install /debs/deb/*.deb")
	return m
}

// tuned is a machine with the packages that is tuned.
func tuned(t *testing.T) *Machine {
	t.Helper()
	m := installed(t)
	m.Script(t, "tcptune apply")
	return m
}

func (m *Machine) isTuned(t *testing.T) bool {
	t.Helper()
	return m.knob(t, "net.ipv4.tcp_congestion_control") == "bbr"
}

func TestAServiceIsServedByItsFirstConnectionAfterAReboot(t *testing.T) {
	wholeList(t)
	m := installed(t)
	m.Script(t, "tcptune service install --listen 127.0.0.1:8080 --now")
	m.Reboot(t)
	if r := m.Run(t, "systemctl", "is-active", "tcptune-server.service"); r.Code == 0 {
		t.Error("the service runs before anybody has connected")
	}
	if err := m.echo("first"); err != nil {
		t.Errorf("the first connection: %v", err)
	}
	m.Must(t, "systemctl", "is-active", "tcptune-server.service")
}

// echo says a line to the service on port 8080 of the machine and waits for its answer.
func (m *Machine) echo(text string) error {
	conn, err := m.client.Dial("tcp", "127.0.0.1:8080")
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		return err
	}
	_, err = io.ReadFull(conn, make([]byte, len(text)))
	return err
}

func TestAnUpgradeUnderLoadRefusesNoConnection(t *testing.T) {
	wholeList(t)
	m := installed(t)
	m.copyPackages(t, *packagesDir+"/deb/next", "next")
	m.Script(t, "tcptune service install --listen 127.0.0.1:8080 --drain 5s --now")
	var stop atomic.Bool
	var served atomic.Int64
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for !stop.Load() {
				if err := m.echo("hello"); err != nil {
					t.Errorf("a client: %v", err)
					return
				}
				served.Add(1)
			}
		})
	}
	m.Script(t, "dpkg --install /debs/next/*.deb")
	stop.Store(true)
	clients.Wait()
	t.Logf("%d connections were served meanwhile", served.Load())
	if served.Load() == 0 {
		t.Error("nobody was served")
	}
	if out := m.Must(t, "tcptune", "--version"); !strings.Contains(out, "next") {
		t.Errorf("it is still %s", out)
	}
}

func TestAnApplyThatNobodyConfirmsIsTakenBack(t *testing.T) {
	wholeList(t)
	m := installed(t)
	before := m.Tree(t)
	m.Script(t, "tcptune apply --confirm 20s")
	if !m.isTuned(t) {
		t.Fatal("it is not tuned while it waits")
	}
	for deadline := time.Now().Add(3 * time.Minute); m.isTuned(t) && time.Now().Before(deadline); time.Sleep(time.Second) {
		continue
	}
	m.Script(t, "while systemctl list-units --no-legend --all 'tcptune*' | grep -q ' active'; do sleep 1; done")
	if m.isTuned(t) {
		t.Error("it is tuned long after the 20 seconds")
	}
	if diff := cmp.Diff(before, m.Tree(t)); diff != "" {
		t.Errorf("files before (-) and after (+):\n%s", diff)
	}

	m.Script(t, "tcptune apply --confirm 30m")
	m.Reboot(t)
	if m.isTuned(t) {
		t.Error("it is tuned after a reboot that nobody could confirm")
	}
	if r := m.Run(t, "ls", sysctlFile, modulesFile); r.Code == 0 || r.Stdout != "" {
		t.Errorf("after the reboot there are %s", r.Stdout)
	}
}

func TestAfterRevertAndPurgeTheFilesAreAsBeforeTheInstallation(t *testing.T) {
	wholeList(t)
	m := Boot(t, Options{Release: "24.04"})
	before := m.Tree(t)
	m.copyPackages(t, built(t), "deb")
	m.Script(t, "dpkg --install /debs/deb/*.deb; tcptune apply; tcptune service install --listen 127.0.0.1:8080 --now")
	m.Reboot(t)
	m.Script(t, "tcptune service uninstall; tcptune revert || [ $? = 4 ]")
	t.Log(m.Script(t, "dpkg --purge tcptune-server tcptune"))
	if diff := cmp.Diff(before, m.Tree(t)); diff != "" {
		t.Errorf("files before (-) and after (+):\n%s", diff)
	}
}
