package container

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// killPoints is at how many moments of a command it is killed.
func killPoints() int {
	if os.Getenv("TCPTUNE_LONG") == "" {
		return 4
	}
	return 12
}

// killSpread kills argv with SIGKILL at moments that are spread over the time that it takes undisturbed, which took;
// after each, then is called. It returns how often the command was hit before it had ended.
func (m *Machine) killSpread(t *testing.T, took time.Duration, argv []string,
	then func(moment time.Duration),
) (hit int) {
	t.Helper()
	for i := range killPoints() {
		moment := took * time.Duration(i+1) / time.Duration(killPoints())
		r := m.Run(t, append([]string{"timeout", "-s", "KILL", fmt.Sprintf("%.3f", moment.Seconds())}, argv...)...)
		if r.Code != 0 { // timeout(1) dies by the signal that it sends
			hit++
		}
		then(moment)
	}
	return hit
}

func (m *Machine) timed(t *testing.T, argv ...string) time.Duration {
	t.Helper()
	return m.timedAs(t, []int{0}, argv...)
}

func (m *Machine) timedAs(t *testing.T, codes []int, argv ...string) time.Duration {
	t.Helper()
	start := time.Now()
	mustIn(t, codes, m.Run(t, argv...).Code)
	return time.Since(start)
}

func TestKilledServiceCommandIsRepairedByTheNext(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	clean := m.tree(t)
	install := []string{"tcptune", "service", "install", "--now"}
	uninstall := []string{"tcptune", "service", "uninstall"}
	overlap := []string{"tcptune", "service", "restart", "--overlap"}
	change := append(install, "--protocol", "line", "--max-conns", "99")
	tookInstall, tookOverlap := m.timed(t, install...), m.timed(t, overlap...)
	tookUninstall := m.timed(t, uninstall...)

	t.Run("install, and then uninstall", func(t *testing.T) {
		hit := m.killSpread(t, tookInstall, install, func(moment time.Duration) {
			mustExit(t, 0, m.Run(t, uninstall...))
			m.sameTree(t, clean)
			if got := m.units(t, bundled); got != "" {
				t.Errorf("after %s systemd knows %s", moment, got)
			}
		})
		t.Logf("hit %d of %d times", hit, killPoints())
		if hit == 0 {
			t.Error("it was never hit")
		}
	})
	t.Run("uninstall, and then install", func(t *testing.T) {
		mustExit(t, 0, m.Run(t, install...))
		hit := m.killSpread(t, tookUninstall, uninstall, func(time.Duration) { mustExit(t, 0, m.Run(t, install...)) })
		t.Logf("hit %d of %d times", hit, killPoints())
	})
	t.Run("a change, and then the former one", func(t *testing.T) {
		before := m.tree(t)
		hit := m.killSpread(t, tookInstall, change, func(time.Duration) {
			mustExit(t, 0, m.Run(t, install...))
			m.sameTree(t, before)
			if got := m.say(t, "8080", "hello"); got != "hello" {
				t.Errorf("it answers %q", got)
			}
		})
		t.Logf("hit %d of %d times", hit, killPoints())
	})
	t.Run("overlap: one of the two always serves, and the next restart tidies up", func(t *testing.T) {
		hit := m.killSpread(t, tookOverlap, overlap, func(moment time.Duration) {
			if got := m.say(t, "8080", "hello"); got != "hello" {
				t.Errorf("killed after %s, it answers %q", moment, got)
			}
			// Nobody is connected, so there is nothing to wait for: the deadline of the drain is 30 s.
			if took := m.timed(t, "tcptune", "service", "restart"); took > 20*time.Second {
				t.Errorf("killed after %s, the next restart took %s", moment, took)
			}
			if m.isActive(t, bundled+"-twin.service") {
				t.Errorf("killed after %s, the twin is left", moment)
			}
		})
		t.Logf("hit %d of %d times", hit, killPoints())
	})
}
