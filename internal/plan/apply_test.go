package plan

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func statuses(changes []Change) []report.Status {
	var all []report.Status
	for _, c := range changes {
		all = append(all, c.Status)
	}
	return all
}

func mustApply(t *testing.T, s *Session, changes ...Change) []Change {
	t.Helper()
	got, err := s.Apply(t.Context(), Plan{Command: "apply", Changes: changes})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestApplyChangesAndRemembersWhatWasBefore(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, map[string]string{"a": "1", "v": "4\t5\t6"})
	got := mustApply(t, s, newFolder("/etc"), newFile("/etc/f", "text"), knob("a", "1", "2"), knob("v", "4 5 6", "7 8 9"))
	if diff := cmp.Diff([]report.Status{report.Applied, report.Applied, report.Applied, report.Applied}, statuses(got)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"a": "2", "v": "7\t8\t9"}, k.values); diff != "" {
		t.Error(diff)
	}
	o, ok := s.Journal().Find(Ref{report.Knob, "a"})
	if !ok || *o.Former() != "1" || *o.Left() != "2" {
		t.Errorf("journal knows %+v of a", o)
	}
	onDisk, err := ReadJournal(s.h)
	if err != nil || onDisk.Pending != nil || len(onDisk.Owned) != 4 {
		t.Errorf("journal on disk: %+v, %v", onDisk, err)
	}
}

func TestSecondApplyKeepsTheFirstMemory(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, map[string]string{"a": "1"})
	mustApply(t, s, knob("a", "1", "2"))
	mustApply(t, s, knob("a", "2", "3"))
	if o, _ := s.Journal().Find(Ref{report.Knob, "a"}); *o.Former() != "1" || *o.Left() != "3" {
		t.Errorf("former %s, ours %s", *o.Former(), *o.Left())
	}
	mustApply(t, s, knob("a", "3", "1"))
	if _, owned := s.Journal().Find(Ref{report.Knob, "a"}); owned {
		t.Error("a key that is back as it was is still owned")
	}
}

func TestReleaseEndsOwnershipWhateverTheValue(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, map[string]string{"a": "1"})
	mustApply(t, s, knob("a", "1", "2"))
	c := knob("a", "2", "77")
	c.Release = true
	mustApply(t, s, c)
	if !s.Journal().empty() {
		t.Errorf("journal is %+v", s.Journal())
	}
	if _, err := s.h.Lstat(JournalPath); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty journal is still a file: %v", err)
	}
}

func TestPlanWithoutChangesWritesNothing(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, map[string]string{"a": "1"})
	c := knob("a", "1", "1")
	c.Status = report.Unchanged
	mustApply(t, s, c)
	if len(k.writes) != 0 {
		t.Errorf("wrote %v", k.writes)
	}
	if _, err := s.h.Lstat("/var"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("made a state folder: %v", err)
	}
}

func TestRefusedChangeIsReportedAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	for name, kernel := range map[string]*fakeKernel{
		"read-only":    {refuse: map[string]error{"a": unix.EROFS}},
		"not allowed":  {refuse: map[string]error{"a": unix.EPERM}},
		"out of space": {refuse: map[string]error{"a": unix.ENOSPC}},
		"torn":         {tear: map[string]bool{"a": true}},
		"clamped":      {clamp: map[string]string{"a": "1 2 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newSession(t, nil)
			kernel.values = map[string]string{"a": "1 2 3", "b": "1"}
			s.effects[report.Knob] = kernel
			got := mustApply(t, s, knob("a", "1 2 3", "4 5 6"), knob("b", "1", "2"))
			if diff := cmp.Diff([]report.Status{report.Refused, report.Applied}, statuses(got)); diff != "" {
				t.Error(diff)
			}
			if got[0].Reason == "" {
				t.Error("no reason given")
			}
			if now := strings.Join(strings.Fields(kernel.values["a"]), " "); now != "1 2 3" {
				t.Errorf("a is %s, not as before", now)
			}
			if _, owned := s.Journal().Find(Ref{report.Knob, "a"}); owned {
				t.Error("a key that was refused is owned")
			}
		})
	}
}

func TestRequiredChangeThatFailsUndoesEverything(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, map[string]string{"a": "1", "b": "1"})
	k.refuse = map[string]error{"b": unix.EINVAL}
	needed := knob("b", "1", "2")
	needed.Required = true
	got, err := s.Apply(t.Context(), Plan{Command: "apply", Changes: []Change{
		newFolder("/etc"), newFile("/etc/f", "text"), knob("a", "1", "2"), needed,
	}})
	if !report.Is(err, RolledBack) || !strings.Contains(err.Error(), "cannot change knob b: ") {
		t.Fatalf("error is %v", err)
	}
	if got[3].Status != report.Failed {
		t.Errorf("status is %s", got[3].Status)
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "b": "1"}, k.values); diff != "" {
		t.Error(diff)
	}
	if _, err := s.h.Lstat("/etc"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
	if !s.Journal().empty() {
		t.Errorf("journal is %+v", s.Journal())
	}
}

func TestWhatCannotBeUndoneIsNamedAndTriedAgain(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, map[string]string{"v": "1 2 3"})
	k.tear, k.fragile = map[string]bool{"v": true}, map[string]bool{"v": true}
	_, err := s.Apply(t.Context(), Plan{Command: "apply", Changes: []Change{knob("v", "1 2 3", "4 5 6")}})
	if !report.Is(err, NotRolledBack) || !strings.Contains(err.Error(), "not rolled back: ") {
		t.Fatalf("error is %v", err)
	}
	k.refuse = nil // the kernel has come to its senses
	s.Close()
	again, _ := reopen(t, s.h, k)
	if len(again.Notes) == 0 || k.values["v"] != "1\t2\t3" {
		t.Errorf("notes %q, v is %q", again.Notes, k.values["v"])
	}
}

func TestHostThatHasMovedOnIsStale(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, map[string]string{"a": "5"})
	_, err := s.Apply(t.Context(), Plan{Command: "apply", Changes: []Change{knob("a", "1", "2")}})
	if !report.Is(err, Stale) || !strings.HasSuffix(err.Error(), `moved on: knob a: was "1", is "5"`) || len(k.writes) != 0 {
		t.Errorf("error %v, writes %v", err, k.writes)
	}
}

func TestCancelledApplyIsRolledBack(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, map[string]string{"a": "1", "b": "1"})
	ctx := cancelAfter(t, s, k, 1)
	_, err := s.Apply(ctx, Plan{Command: "apply", Changes: []Change{knob("a", "1", "2"), knob("b", "1", "2")}})
	if !report.Is(err, RolledBack) {
		t.Fatalf("error is %v", err)
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "b": "1"}, k.values); diff != "" {
		t.Error(diff)
	}
}
