package host

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"
)

// TestTimerOnTheWire holds the properties against the signatures that systemd's bus_timer_set_transient_property and
// bus_service_set_transient_property read.
func TestTimerOnTheWire(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"Description":       "s why",
		"TimersMonotonic":   "a(st) [{OnActiveSec 60000000}]",
		"AccuracyUSec":      "t 100000",
		"RemainAfterElapse": "b false",
		"Type":              "s oneshot",
		"ExecStart":         "a(sasb) [{/usr/bin/tcptune [/usr/bin/tcptune revert $$HOME %n] true}]",
		"CollectMode":       "s inactive-or-failed",
	}
	var all []dbus.Property
	all = append(all, timerProperties("why", time.Minute)...)
	all = append(all, serviceProperties("why", []string{"/usr/bin/tcptune", "revert", "$HOME %n"})...)
	seen := map[string]bool{}
	for _, p := range all {
		seen[p.Name] = true
		if got := fmt.Sprint(p.Value.Signature(), " ", p.Value.Value()); got != want[p.Name] {
			t.Errorf("%s: got %s, want %s", p.Name, got, want[p.Name])
		}
	}
	if len(seen) != len(want) {
		t.Errorf("got %v", seen)
	}
}

func TestUnitsWithoutSystemd(t *testing.T) {
	t.Parallel()
	h := Host{}
	if h.SystemdRunning() {
		t.Skip("systemd runs here")
	}
	if _, _, _, err := h.UnitState(t.Context(), "ssh.service"); !errors.Is(err, ErrNoSystemd) {
		t.Errorf("UnitState: %v", err)
	}
	if err := h.StartTimer(t.Context(), "tcptune-test", "test", time.Minute, []string{"/bin/true"}); !errors.Is(err, ErrNoSystemd) {
		t.Errorf("StartTimer: %v", err)
	}
	if err := h.StopUnit(t.Context(), "tcptune-test.timer"); !errors.Is(err, ErrNoSystemd) {
		t.Errorf("StopUnit: %v", err)
	}
	if err := h.StartTimer(t.Context(), "tcptune-test", "test", time.Minute, []string{"true"}); errors.Is(err, ErrNoSystemd) || err == nil {
		t.Errorf("StartTimer without an absolute path: %v", err)
	}
}
