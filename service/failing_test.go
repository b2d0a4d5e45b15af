package service

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/host"
)

func TestWhatIsSeenOfAServiceIsJudged(t *testing.T) {
	t.Parallel()
	now := time.Now()
	unit := func(active, sub string, restarts int) host.Unit {
		return host.Unit{Name: "x.service", Active: active, Sub: sub, Restarts: restarts}
	}
	ago := func(seconds ...int) (at []time.Time) {
		for _, s := range seconds {
			at = append(at, now.Add(-time.Duration(s)*time.Second))
		}
		return at
	}
	for name, tc := range map[string]struct {
		seen seen
		want string // in the reason; "" for one that is not failing
	}{
		"up":                                     {seen{last: unit("active", "running", 0), up: time.Hour}, ""},
		"up again after an accident":             {seen{last: unit("active", "running", 1), rose: 1, failed: true, up: time.Second}, ""},
		"between two starts after a failure":     {seen{last: unit("activating", "auto-restart", 1), failed: true}, "started again and again: 1 times"},
		"between two starts after none":          {seen{last: unit("activating", "auto-restart", 9)}, ""},
		"restarts rise":                          {seen{last: unit("active", "running", 9), rose: 2, failed: true}, "9 times"},
		"restarts rise without a failure":        {seen{last: unit("active", "running", 9), rose: 5}, ""},
		"fails every 20 s":                       {seen{last: unit("active", "running", 9), failures: ago(55, 35, 15), up: 15 * time.Second}, "9 times"},
		"is slow to fail once more":              {seen{last: unit("activating", "start", 9), failures: ago(4, 3, 2), up: 2 * time.Second}, "9 times"},
		"was repaired after failing each second": {seen{last: unit("active", "running", 9), failures: ago(12, 11, 10), up: 10 * time.Second}, ""},
		"starts, and nobody waits":               {seen{last: unit("activating", "start", 0), up: time.Minute}, ""},
		"starts, and somebody waits":             {seen{last: unit("activating", "start", 0), up: 9 * time.Second, waiting: 3}, "ready since it was started 9s ago, and 3 clients wait"},
		"has just been started by a client":      {seen{last: unit("activating", "start", 0), up: time.Millisecond, waiting: 1}, ""},
		"whoever asks may not read the journal":  {seen{last: unit("active", "running", 9), rose: 1, failed: true, blind: true}, "9 times"},
		"is slow to fail, and the journal cannot be read": {
			seen{last: unit("activating", "start", 4), blind: true, up: 2 * time.Second},
			"4 times, and has not said that it is ready",
		},
		"starts once more, and the journal cannot be read": {
			seen{last: unit("activating", "start", 1), blind: true, up: 2 * time.Second}, "",
		},
		"ends by itself, and the journal cannot be read": {
			seen{last: unit("activating", "start", 9), rose: 2, blind: true}, "",
		},
		"fails every 55 s": {
			seen{last: unit("active", "running", 9), failures: ago(160, 105, 50), up: 50 * time.Second}, "9 times",
		},
		"is not started, and somebody waits": {
			seen{last: unit("inactive", "dead", 0), waiting: 2}, "does not start x.service, and 2 clients wait",
		},
		"is not started, and nobody waits": {seen{last: unit("inactive", "dead", 0)}, ""},
		"a condition is not met": {
			seen{last: host.Unit{Name: "x.service", Active: "inactive", Unmet: []string{"ConditionPathExists=/x"}}},
			"x.service is not started: ConditionPathExists=/x is not met",
		},
	} {
		if got := tc.seen.failing(); (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestLastWordsAreThoseOfTheFailure(t *testing.T) {
	t.Parallel()
	line := func(second int, pid, id, text string) string {
		return fmt.Sprintf(`{"__REALTIME_TIMESTAMP":"%d000000","_PID":"%s","MESSAGE_ID":"%s","MESSAGE":%q}`+"\n", second, pid, id, text)
	}
	journal := line(1, "1", "39f53479d3a045ac8e11786248231fbf", "Started x.service.") + line(2, "70", "", "cannot read the key") +
		line(2, "1", processExit, "x.service: Main process exited") + line(3, "71", "", "cannot read the key") +
		line(4, "1", unitFailure, "x.service: Failed") + "no JSON\n" + `{"__REALTIME_TIMESTAMP":"4000000","MESSAGE":[1,2]}` + "\n" +
		line(9, "80", "", "serving what it did before")
	got := words([]byte(journal), time.Unix(5, 0), 6)
	if want := "x.service: Main process exited|cannot read the key|x.service: Failed"; strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
	starts := line(1, "1", "39f53479d3a045ac8e11786248231fbf", "Started x.service.")
	if got := words([]byte(starts), time.Time{}, 6); strings.Join(got, "|") != "Started x.service." {
		t.Errorf("of one that says nothing: %q", got)
	}
	if got := words([]byte(journal), time.Time{}, 1); strings.Join(got, "|") != "serving what it did before" {
		t.Errorf("%q", got)
	}
}

// A client that waits has systemd start the service at once: one that stays inactive is watched.
func TestWhoeverHasAClientWaitingIsNotSettled(t *testing.T) {
	t.Parallel()
	for waiting, want := range map[int]bool{0: true, 1: false} {
		if got := (seen{last: host.Unit{Active: "inactive"}, waiting: waiting}).settled(); got != want {
			t.Errorf("with %d clients: %v", waiting, got)
		}
	}
}
