package plan

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// killed leaves s as a SIGKILL would after the transaction was journalled and some of it was carried out.
func killed(t *testing.T, s *Session, window *Window, changes ...Change) {
	t.Helper()
	records, err := s.begin(t.Context(), Plan{Changes: changes})
	if err != nil {
		t.Fatal(err)
	}
	j := s.journal
	j.Window = window
	j.Pending = &Transaction{Command: "apply", Changes: records}
	if err := s.save(j); err != nil {
		t.Fatal(err)
	}
}

func TestKilledApplyIsUndoneByTheNextCommand(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, map[string]string{"done": "1", "torn": "1 2 3", "untouched": "1"})
	killed(t, s, nil,
		newFolder("/etc"), newFile("/etc/f", "text"),
		knob("done", "1", "2"), knob("torn", "1 2 3", "4 5 6"), knob("untouched", "1", "2"))
	k.values["done"], k.values["torn"] = "2", "4\t2\t3"
	if err := s.h.Mkdir("/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.h.WriteFile("/etc/.f.tcptune-new", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Close()

	again, _ := reopen(t, s.h, k)
	if len(again.Notes) == 0 || !strings.Contains(again.Notes[0], "undone") {
		t.Errorf("notes are %q", again.Notes)
	}
	if diff := cmp.Diff(map[string]string{"done": "1", "torn": "1\t2\t3", "untouched": "1"}, k.values); diff != "" {
		t.Error(diff)
	}
	for _, p := range []string{"/etc", JournalPath, "/var/lib/tcptune"} {
		if _, err := s.h.Lstat(p); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", p, err)
		}
	}
}

func TestRecoveryLeavesWhatSomebodyElseChangedSince(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, map[string]string{"a": "1"})
	killed(t, s, nil, knob("a", "1", "2"))
	k.values["a"] = "99"
	s.Close()
	again, _ := reopen(t, s.h, k)
	if k.values["a"] != "99" || len(again.Notes) != 2 || !strings.Contains(again.Notes[1], "somebody else") {
		t.Errorf("a is %s, notes %q", k.values["a"], again.Notes)
	}
}

// What a file of the interrupted apply has set at the boot since is ours, and not what the host had by itself: revert
// has to say that it stays, and the next apply must not remember it as the value from before.
func TestRebootForgetsRunningValuesButNotFiles(t *testing.T) {
	t.Parallel()
	const before = "an earlier boot"
	live := []record{recordOf(knob("a", "1", "2"), 0), recordOf(knob("b", "1", "2"), 0)}
	ours := []Owned{{Kind: report.Knob, Target: "a", Before: (*blob)(ptr("1")), Ours: (*blob)(ptr("2")), BootID: before}}
	for name, tt := range map[string]struct {
		window  *Window
		changes []Change
		written bool // the file, before the power went
		want    []Owned
	}{
		"apply":               {nil, []Change{newFile("/etc/f", "text"), knob("a", "1", "2"), knob("b", "1", "2")}, true, ours},
		"confirm":             {&Window{ID: "w", BootID: before, Live: live}, []Change{newFile("/etc/f", "text")}, true, ours},
		"before the file was": {nil, []Change{newFile("/etc/f", "text"), knob("a", "1", "2")}, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, k := newSession(t, map[string]string{"a": "1", "b": "1"})
			if err := s.h.Mkdir("/etc", 0o755); err != nil {
				t.Fatal(err)
			}
			killed(t, s, tt.window, tt.changes...)
			s.journal.Pending.BootID = before
			if err := s.save(s.journal); err != nil {
				t.Fatal(err)
			}
			if tt.written {
				if err := s.h.WriteFile("/etc/f", []byte("text"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			k.values["a"] = "2" // by the file, or by chance what the apply wanted
			s.Close()
			again, _ := reopen(t, s.h, k)
			if _, err := s.h.Lstat("/etc/f"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the file is still there: %v", err)
			}
			if k.values["a"] != "2" || k.writes != nil {
				t.Errorf("a is %s, written were %q", k.values["a"], k.writes)
			}
			if diff := cmp.Diff(tt.want, again.Journal().Owned, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("owned, want (-) and got (+):\n%s", diff)
			}
		})
	}
}

func TestForeignBytesComeBackUnharmed(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, nil)
	if err := s.h.Mkdir("/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	before := "caf\xe9\x00\xff\r\n{\"base64\":\"x\"}"
	if err := s.h.WriteFile("/etc/f", []byte(before), 0o640); err != nil {
		t.Fatal(err)
	}
	c := newFile("/etc/f", "ours")
	c.Before = &before
	killed(t, s, nil, c)
	if err := s.h.WriteFile("/etc/f", []byte("ours"), 0o640); err != nil {
		t.Fatal(err)
	}
	s.Close()
	reopen(t, s.h, k)
	got, err := s.h.ReadFile("/etc/f")
	if err != nil || string(got) != before {
		t.Errorf("got %q, %v", got, err)
	}
	if fi, err := s.h.Lstat("/etc/f"); err != nil || fi.Mode().Perm() != 0o640 {
		t.Errorf("mode is %v, %v", fi.Mode(), err)
	}
}

func TestWindowWhoseOpeningWasKilledIsNoWindow(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, map[string]string{"a": "1"})
	killed(t, s, &Window{ID: "w"}, knob("a", "1", "2"))
	k.values["a"] = "2"
	s.Close()
	again, _ := reopen(t, s.h, k)
	if again.Journal().Window != nil || k.values["a"] != "1" {
		t.Errorf("window %+v, a is %s", again.Journal().Window, k.values["a"])
	}
}

// The link is the operator's: the state is meant to live on another disk, now and after the next apply.
func TestALinkInPlaceOfTheStateFolderStays(t *testing.T) {
	t.Parallel()
	s, k := newSession(t, nil)
	if err := errors.Join(s.h.MkdirAll("/data"), s.h.MkdirAll("/var/lib"), s.h.WriteLink("/var/lib/tcptune", "/data")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	again, _ := reopen(t, s.h, k)
	again.Close()
	if target, err := s.h.Readlink("/var/lib/tcptune"); target != "/data" {
		t.Errorf("%q, %v", target, err)
	}
}

func TestLockIsExclusiveAndWaits(t *testing.T) {
	s, _ := newSession(t, nil)
	if _, err := Open(t.Context(), s.h, 0, ""); !errors.Is(err, ErrBusy) {
		t.Fatalf("second session: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		second := make(chan error)
		go func() {
			again, err := Open(t.Context(), s.h, time.Minute, "")
			if err == nil {
				again.Close()
			}
			second <- err
		}()
		synctest.Wait() // it waits for the next time to try
		select {
		case err := <-second:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
		s.Close()
		if err := <-second; err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"schema":"tcptune-journal/v1","owned":[{"kind":"knob","target":"a","before":"1","ours":"2","boot":"b","source":"s"}]}`))
	f.Add([]byte(`{"schema":"tcptune-journal/v1","owned":[{"kind":"file","target":"/f","before":{"base64":"/w=="},"ours":null,"boot":"","source":""}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = parseJournal(data) // must not panic
	})
}
