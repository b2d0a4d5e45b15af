package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/tcptune/tcptune/internal/host"
)

func TestSystemdReadsNewFilesBeforeTheFirstUnitIsTouched(t *testing.T) {
	t.Parallel()
	s, f := withSystemd(t, map[string]string{})
	mustApply(t, s, unitFile("a.socket", "1"), unitFile("a.service", "1"), newLink(host.UnitFolder+"/x.wants", "../a.socket"),
		unitChange("a.socket", Inactive, Active), unitChange("a.service", Inactive, Active))
	wantActs(t, f, "daemon-reload", "start a.socket (1)", "start a.service (1)")
	if _, owned := s.Journal().Find(Ref{report.Unit, "a.socket"}); owned {
		t.Error("a running unit is owned")
	}
	if o, owned := s.Journal().Find(Ref{report.Link, host.UnitFolder + "/x.wants"}); !owned || *o.Left() != "../a.socket" {
		t.Error("the link is not owned")
	}
}

func TestSystemdReadsAtTheEndWhatNoUnitNeeded(t *testing.T) {
	t.Parallel()
	s, f := withSystemd(t, map[string]string{})
	mustApply(t, s, unitFile("a.socket", "1"))
	wantActs(t, f, "daemon-reload")
	mustApply(t, s, newFile("/etc/other", "x"))
	wantActs(t, f, "daemon-reload")
}

func TestUnitThatDoesNotStartTakesEverythingBack(t *testing.T) {
	t.Parallel()
	s, f := withSystemd(t, map[string]string{})
	f.broken["a.service"] = true
	_, err := s.Apply(t.Context(), Plan{Changes: []Change{
		unitFile("a.socket", "1"), unitFile("a.service", "1"),
		unitChange("a.socket", Inactive, Active), unitChange("a.service", Inactive, Active),
	}})
	if !report.Is(err, RolledBack) {
		t.Fatalf("%v", err)
	}
	wantActs(t, f, "daemon-reload", "start a.socket (1)", "start a.service (1)", "stop a.socket (1)", "daemon-reload")
	if !s.journal.empty() {
		t.Errorf("%+v", s.journal)
	}
}

func TestRestartIsUndoneByARestartWithTheFormerFiles(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]string{"failed": "", "killed": Active} {
		t.Run(name, func(t *testing.T) {
			s, f := withSystemd(t, map[string]string{"a.service": Active})
			mustApply(t, s, unitFile("a.service", "old"))
			f.did = nil
			changes := []Change{rewritten("a.service", "old", "new"), unitChange("a.service", Active, Restarted)}
			if state == "" {
				f.broken["a.service"] = true
				_, err := s.Apply(t.Context(), Plan{Changes: changes})
				if !report.Is(err, RolledBack) {
					t.Fatalf("%v", err)
				}
				wantActs(t, f, "daemon-reload", "start a.service (new)", "daemon-reload", "start a.service (old)")
				return
			}
			killed(t, s, nil, changes...)
			if err := s.h.WriteFile(host.UnitFolder+"/a.service", []byte("new"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := s.recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantActs(t, f, "daemon-reload", "start a.service (old)")
		})
	}
}

func TestReloadTakesUpAChange(t *testing.T) {
	t.Parallel()
	s, f := withSystemd(t, map[string]string{"a.service": Active})
	got := mustApply(t, s, newFile("/etc/a.yaml", "1"), unitChange("a.service", Active, Reloaded))
	wantActs(t, f, "reload a.service (no file)")
	if got[1].Status != report.Applied || *got[1].Effective != Active {
		t.Errorf("%+v", got[1])
	}
}

func TestSocketOpensAnewAroundItsService(t *testing.T) {
	t.Parallel()
	s, f := withSystemd(t, map[string]string{"a.socket": Active, "a.service": Active})
	mustApply(t, s, unitChange("a.socket", Active, Restarted))
	wantActs(t, f, "stop a.socket (no file)", "stop a.service (no file)", "start a.socket (no file)", "start a.service (no file)")

	s, f = withSystemd(t, map[string]string{"a.socket": Active})
	mustApply(t, s, unitChange("a.socket", Active, Restarted))
	wantActs(t, f, "stop a.socket (no file)", "start a.socket (no file)")
}

func TestASocketThatTheRestartOfItsServiceOpensIsClosedAgain(t *testing.T) {
	t.Parallel()
	for opens, want := range map[int]string{2: "", 1000: "its socket was opened again 10 times"} {
		s, f := withSystemd(t, map[string]string{"a.socket": Active, "a.service": Active})
		f.opens = opens
		_, err := s.Apply(t.Context(), Plan{Changes: []Change{unitChange("a.socket", Active, Inactive), unitChange("a.service", Active, Inactive)}})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("opened %d times: %v", opens, err)
		}
		if err == nil && (f.state["a.socket"] != Inactive || f.state["a.service"] != Inactive) {
			t.Errorf("opened %d times: %v after %q", opens, f.state, f.did)
		}
	}
}

// A service that fails may be started again between the end of the job that closes its socket and the look at that
// socket.
func TestASocketIsNotClosedWhileItsServiceFailsAgainAndAgain(t *testing.T) {
	t.Parallel()
	for _, hasty := range []int{0, 1, 3} {
		s, f := withSystemd(t, map[string]string{})
		f.broken["a.service"], f.loops, f.hasty = true, true, hasty
		changes, err := s.Apply(t.Context(), Plan{Changes: []Change{
			unitFile("a.socket", "1"), unitFile("a.service", "1"),
			unitChange("a.socket", Inactive, Active), unitChange("a.service", Inactive, Active),
		}})
		if !report.Is(err, RolledBack) || f.state["a.socket"] != Inactive || f.state["a.service"] != Inactive {
			t.Errorf("%d times: %v, %v", hasty, f.state, err)
		}
		for _, c := range changes {
			if strings.Contains(c.Reason, "not rolled back") {
				t.Errorf("%d times: %s: %s", hasty, c.Target, c.Reason)
			}
		}
	}
}

func TestAJobThatARestartTakesThePlaceOfIsAskedForAgain(t *testing.T) {
	t.Parallel()
	for cancels, want := range map[int]string{1: "", 1000: `systemd says "canceled"`} {
		s, f := withSystemd(t, map[string]string{"a.socket": Active, "a.service": Active})
		f.cancels = cancels
		_, err := s.Apply(t.Context(), Plan{Changes: []Change{unitChange("a.socket", Active, Inactive), unitChange("a.service", Active, Inactive)}})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("canceled %d times: %v", cancels, err)
		}
		if err == nil && (f.state["a.socket"] != Inactive || f.state["a.service"] != Inactive) {
			t.Errorf("canceled %d times: %v after %q", cancels, f.state, f.did)
		}
	}
}

func TestKilledRemovalRunsAgain(t *testing.T) {
	t.Parallel()
	s, f := withSystemd(t, map[string]string{"a.socket": Active, "a.service": Active})
	mustApply(t, s, unitFile("a.socket", "1"), unitFile("a.service", "1"))
	gone := func(name string) Change {
		c := unitFile(name, "")
		c.Before, c.After, c.Release = ptr("1"), nil, true
		return c
	}
	f.did = nil
	killed(t, s, nil, unitChange("a.socket", Active, Inactive), unitChange("a.service", Active, Inactive), gone("a.socket"), gone("a.service"))
	f.state["a.socket"] = Inactive // as far as it came
	if err := s.h.Remove(host.UnitFolder + "/a.socket"); err != nil {
		t.Fatal(err)
	}
	if err := s.recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.state["a.socket"] != Active || f.state["a.service"] != Active || f.did[0] != "daemon-reload" {
		t.Errorf("%v after %q", f.state, f.did)
	}
}

func TestUnitIsUndoneAfterAReboot(t *testing.T) {
	t.Parallel()
	s, f := withSystemd(t, map[string]string{})
	killed(t, s, nil, unitFile("a.socket", "1"), newLink("/etc/systemd/x", "a.socket"), unitChange("a.socket", Inactive, Active))
	s.journal.Pending.BootID = "an earlier boot"
	if err := s.h.WriteFile(host.UnitFolder+"/a.socket", []byte("1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.h.WriteLink("/etc/systemd/x", "a.socket"); err != nil {
		t.Fatal(err)
	}
	f.state["a.socket"] = Active // the link has started it
	if err := s.recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.state["a.socket"] != Inactive {
		t.Error("the socket still listens")
	}
	for _, p := range []string{host.UnitFolder + "/a.socket", "/etc/systemd/x"} {
		if _, err := s.h.Lstat(p); err == nil {
			t.Errorf("%s is still there", p)
		}
	}
}

func TestProofThatFailsTakesEverythingBack(t *testing.T) {
	t.Parallel()
	s, f := withSystemd(t, map[string]string{})
	p := Plan{Changes: []Change{unitFile("a.socket", "1"), unitChange("a.socket", Inactive, Active)}}
	changes, err := s.ApplyProven(t.Context(), p, func(context.Context) error { return errors.New("cannot get an answer") })
	if err == nil || err.Error() != "cannot get an answer; everything was rolled back" {
		t.Errorf("%v", err)
	}
	if slices.ContainsFunc(changes, func(c Change) bool { return c.Status != report.Planned || c.Reason != "rolled back" }) {
		t.Errorf("%+v", changes)
	}
	wantActs(t, f, "daemon-reload", "start a.socket (1)", "stop a.socket (1)", "daemon-reload")
	if _, err := s.ApplyProven(t.Context(), p, func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestMemoryIsKeptUntilItIsForgotten(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, nil)
	s.journal.Refused = []Refusal{{Target: "net.core.x", Value: "1"}}
	apply := func(p Plan) Journal {
		t.Helper()
		if _, err := s.Apply(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		j, err := ReadJournal(s.h)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	j := apply(Plan{Remember: map[string]json.RawMessage{"service a": json.RawMessage(`{"name":"a"}`)}})
	if string(j.Memory["service a"]) == "" || len(j.Refused) != 1 {
		t.Errorf("%+v", j)
	}
	j = apply(Plan{Wanted: json.RawMessage("null")}) // as revert does
	if string(j.Memory["service a"]) == "" || len(j.Refused) != 0 {
		t.Errorf("%+v", j)
	}
	j = apply(Plan{Remember: map[string]json.RawMessage{"service a": nil}})
	if !j.empty() {
		t.Errorf("%+v", j)
	}
}

func TestWithoutDropsWhatOthersOwn(t *testing.T) {
	t.Parallel()
	j := Journal{Owned: []Owned{{Target: "a", Source: "profile server"}, {Target: "b", Source: "service x"}, {Target: "c", Source: "services"}}}
	if got := j.Without("service").Owned; len(got) != 1 || got[0].Target != "a" || len(j.Owned) != 3 {
		t.Errorf("%+v", got)
	}
}

// A service that fails again and again is "activating" between two starts.
func TestAUnitThatFailsAgainAndAgainIsRepairedByANewStart(t *testing.T) {
	t.Parallel()
	for wanted, act := range map[string]string{Restarted: "start", Reloaded: "start"} {
		s, f := withSystemd(t, map[string]string{"a.service": "activating"})
		mustApply(t, s, newFile("/etc/a.yaml", "1"), unitChange("a.service", "activating", wanted))
		wantActs(t, f, act+" a.service (no file)")
	}
	t.Run("whatever it was doing when it was looked at", func(t *testing.T) {
		for _, seen := range []string{Active, "activating", "deactivating"} {
			s, f := withSystemd(t, map[string]string{"a.service": "activating"})
			mustApply(t, s, newFile("/etc/a.yaml", "1"), unitChange("a.service", seen, Restarted))
			wantActs(t, f, "start a.service (no file)")
		}
	})
	t.Run("where that fails its former files are back, and nothing is left to do", func(t *testing.T) {
		s, f := withSystemd(t, map[string]string{"a.service": "activating"})
		f.restarts = func(string) error { return errors.New("cannot restart a.service") }
		_, err := s.Apply(t.Context(), Plan{Changes: []Change{
			newFile("/etc/a.yaml", "1"), unitChange("a.service", "activating", Restarted),
		}})
		if !report.Is(err, RolledBack) || strings.Contains(err.Error(), "not rolled back") || s.journal.Pending != nil {
			t.Errorf("%v, pending %v", err, s.journal.Pending)
		}
	})
}

func TestARestartInWhosePlaceAnotherComesIsAskedForAgain(t *testing.T) {
	t.Parallel()
	for cancels, want := range map[int]string{3: "", 1000: `systemd says "canceled"`} {
		s, f := withSystemd(t, map[string]string{"a.service": Active})
		f.restarts = func(name string) error {
			if cancels--; cancels >= 0 {
				return fmt.Errorf("cannot restart %s: %w", name, host.ErrJobCanceled)
			}
			return nil
		}
		_, err := s.Apply(t.Context(), Plan{Changes: []Change{unitChange("a.service", Active, Restarted)}})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestAServiceIsReplacedBehindAnother(t *testing.T) {
	t.Parallel()
	change := []Change{rewritten("a.service", "old", "new"), unitChange("a.service", Active, RestartedBehind("b.service"))}
	begin := func() (*Session, *fakeSystemd) {
		s, f := withSystemd(t, map[string]string{"a.service": Active})
		mustApply(t, s, unitFile("a.service", "old"))
		f.did = nil
		return s, f
	}
	t.Run("which is started first and stopped last", func(t *testing.T) {
		s, f := begin()
		mustApply(t, s, change...)
		wantActs(t, f, "daemon-reload", "start b.service (no file)", "start a.service (new)", "stop b.service (no file)")
	})
	t.Run("and is left alone where that one does not start", func(t *testing.T) {
		s, f := begin()
		f.broken["b.service"] = true
		_, err := s.Apply(t.Context(), Plan{Changes: change})
		if !report.Is(err, RolledBack) {
			t.Errorf("%v", err)
		}
		wantActs(t, f, "daemon-reload", "start b.service (no file)", "stop b.service (no file)", "daemon-reload")
	})
	t.Run("which serves on until the former one is up again", func(t *testing.T) {
		s, f := begin()
		f.broken["a.service"] = true
		_, err := s.Apply(t.Context(), Plan{Changes: change})
		if !report.Is(err, RolledBack) {
			t.Errorf("%v", err)
		}
		wantActs(t, f, "daemon-reload", "start b.service (no file)", "start a.service (new)", "daemon-reload",
			"start b.service (no file)", "start a.service (old)", "stop b.service (no file)")
	})
}
