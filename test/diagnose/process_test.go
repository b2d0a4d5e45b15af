package diagnosetest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tcptune/tcptune/diagnose"
	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/prove/path"
)

// The program has as many descriptors as it may have, and its queue fills.
func TestAProgramWithoutDescriptorsIsNamed(t *testing.T) {
	needsRoot(t)
	for _, limit := range []int{40, 4000} {
		t.Run(fmt.Sprintf("%d descriptors", limit), func(t *testing.T) {
			s := newStage(t, path.Shape{RTT: time.Millisecond})
			p := s.program(program{Files: limit})
			s.owners = []diagnose.Owner{{Port: port, Pid: p, Program: "held"}}
			s.connect(100, func(*net.TCPConn) {})
			s.settle()
			r := s.look(time.Second)
			t.Log(show(r))
			want := []string(nil)
			if limit < 100 {
				want = []string{"descriptors"}
			}
			if got := named(r.Findings, rules.Certain); !slices.Equal(got, want) {
				t.Errorf("certain: %v, want %v", got, want)
			}
		})
	}
}

// A control group of version 1 is what this kernel has for it; of version 2 the file has the same lines.
func TestAProgramThatMayNotRunIsNamed(t *testing.T) {
	needsRoot(t)
	dir := filepath.Join("/sys/fs/cgroup/cpu", fmt.Sprintf("tcptune-test-%d", os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skipf("no control group for processors: %v", err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	if err := os.WriteFile(filepath.Join(dir, "cpu.cfs_period_us"), []byte("10000"), 0o644); err != nil {
		t.Skipf("no quota: %v", err)
	}
	for _, quota := range []string{"1000", "-1"} {
		t.Run("quota "+quota, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(dir, "cpu.cfs_quota_us"), []byte(quota), 0o644); err != nil {
				t.Skipf("no quota: %v", err)
			}
			s := newStage(t, path.Shape{RTT: time.Millisecond})
			p := s.program(program{Busy: true})
			if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), fmt.Append(nil, p), 0o644); err != nil {
				t.Fatal(err)
			}
			s.owners = []diagnose.Owner{{Port: port, Pid: p, Program: "busy"}}
			r := s.look(2 * time.Second)
			s.end() // a control group with a process in it stays
			t.Log(show(r))
			want := []string(nil)
			if quota != "-1" {
				want = []string{"cpu-throttled"}
			}
			if got := named(r.Findings, rules.Certain); !slices.Equal(got, want) {
				t.Errorf("certain: %v, want %v", got, want)
			}
		})
	}
}

// A program that reads more than its control group may keep comes to the limit again and again, whatever is dropped for it.
func TestAProgramAtItsMemoryLimitIsHintedAt(t *testing.T) {
	needsRoot(t)
	root, file, none := "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "-1"
	if _, err := os.Stat(root); err != nil {
		root, file, none = "/sys/fs/cgroup", "memory.max", "max"
	}
	dir, err := os.MkdirTemp(root, "tcptune-test-*")
	if err != nil {
		t.Skipf("no control group for memory: %v", err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	holes := filepath.Join(t.TempDir(), "holes")
	if err := errors.Join(os.WriteFile(holes, nil, 0o600), os.Truncate(holes, 256<<20)); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []string{"67108864", none} {
		t.Run("limit "+limit, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(limit), 0o644); err != nil {
				t.Skipf("no limit: %v", err)
			}
			s := newStage(t, path.Shape{RTT: time.Millisecond})
			p := s.program(program{Reads: holes})
			if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), fmt.Append(nil, p), 0o644); err != nil {
				t.Fatal(err)
			}
			s.owners = []diagnose.Owner{{Port: port, Pid: p, Program: "reads"}}
			s.settle()
			r := s.look(time.Second)
			s.end() // a control group with a process in it stays
			t.Log(show(r))
			if got, want := slices.Contains(named(r.Findings, rules.Hint), "memory-limit"), limit != none; got != want {
				t.Errorf("memory-limit is named: %v, want %v", got, want)
			}
			if got := named(r.Findings, rules.Certain); got != nil {
				t.Errorf("certain: %v", got)
			}
		})
	}
}
