package once

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// exceptions are the paths that may be opened more than once, each with the reason. One that no command needs is wrong.
type exceptions map[string]exception

type exception struct {
	command string // the only one that may; "": all
	times   int
	why     string
	needed  bool
}

func TestNoFileOfAnImageIsReadTwice(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("SKIP: only root applies to an image")
	}
	program := build(t)
	root := filepath.Join(t.TempDir(), "root")
	if err := os.CopyFS(root, os.DirFS("../fixtures/ubuntu-24.04")); err != nil {
		t.Fatal(err)
	}
	allowed := exceptions{
		"/proc/stat": {times: 2, why: "gopsutil counts the processors when it is loaded"},
		"/var/lib/dpkg/status": {
			times: 2,
			why: "of an image that does not say otherwise it tells the architecture, at the gate, " +
				"before anything else is looked at; and the releases that sysctl files depend on",
		},
		"-> /usr/lib/sysctl.d":         {times: 2, why: "/lib is a link to /usr/lib: two names of the folder are resolved"},
		"-> /usr/lib/modules-load.d":   {times: 2, why: "as that of sysctl.d"},
		"/etc/sysctl.d":                {command: "apply", times: 2, why: "opened again to be synced, after our file came"},
		"/etc/modules-load.d":          {command: "apply", times: 2, why: "as /etc/sysctl.d"},
		"/var/lib/tcptune":             {command: "apply", times: 4, why: "opened to be synced after each state of the journal, and of its copy"},
		"/usr/local/lib/tcptune":       {command: "apply", times: 2, why: "swept under the lock, and when the transaction is over"},
		"/usr/local/lib/tcptune/go":    {command: "apply", times: 2, why: "as the folder above it"},
		"/usr/local/lib/tcptune/tools": {command: "apply", times: 2, why: "as the folder above it"},
	}
	// Our file is read, and each forecast made with it and without, once there is one: so all come twice.
	for _, command := range []string{"status", "plan", "check", "apply", "status", "plan", "check", "apply"} {
		allowed.judge(t, command, opened(t, root, 0, []int{0, 2, 4}, program, command, "--root", root))
	}
	allowed.areNeeded(t)
}

func TestNoFileOfAHostIsReadTwice(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("SKIP: a network namespace needs root")
	}
	program := build(t)
	allowed := exceptions{
		"/proc/stat":           {times: 2, why: "gopsutil counts the processors when it is loaded"},
		"-> /proc/self/ns/net": {times: 4, why: "it tells this boot from another one, and our network from that of PID 1"},
		"-> /proc/1/ns/net":    {times: 2, why: "as /proc/self/ns/net"},
		"/proc/sys/kernel/random/boot_id": {
			times: 2, why: "the journal is judged before the host is looked at",
		},
	}
	for _, command := range []string{"status", "plan", "check"} {
		allowed.judge(t, command, opened(t, "/", syscall.CLONE_NEWNET, []int{0, 2, 4}, program, command))
	}
	allowed.areNeeded(t)
}

func (e exceptions) judge(t *testing.T, command string, counts map[string]int) {
	t.Helper()
	for _, p := range slices.Sorted(maps.Keys(counts)) {
		times := counts[p]
		if times == 1 {
			continue
		}
		if x, ok := e[p]; ok && times <= x.times && (x.command == "" || x.command == command) {
			x.needed = true
			e[p] = x
			continue
		}
		t.Errorf("tcptune %s opens %s %d times", command, p, times)
	}
}

func (e exceptions) areNeeded(t *testing.T) {
	t.Helper()
	for p, x := range e {
		if !x.needed {
			t.Errorf("no command opens %s twice any more: take the exception away (%s)", p, x.why)
		}
	}
}
