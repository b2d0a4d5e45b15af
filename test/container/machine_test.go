package container

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// volatile are files below /proc/sys that change by themselves on any machine.
var volatile = []string{
	"/proc/sys/fs/aio-nr", "/proc/sys/fs/dentry-state", "/proc/sys/fs/file-nr", "/proc/sys/fs/inode-nr",
	"/proc/sys/fs/inode-state", "/proc/sys/fs/quota/", "/proc/sys/kernel/ns_last_pid", "/proc/sys/kernel/pty/nr",
	"/proc/sys/kernel/random/", "/proc/sys/net/netfilter/nf_conntrack_count",
}

func TestMachine(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("booting a container needs root")
	}
	before := hostSysctls(t)
	started := time.Now()
	var pid int
	t.Run("booted", func(t *testing.T) {
		m := Boot(t, Options{
			Release: "24.04",
			Files:   map[string]string{"/etc/sysctl.d/50-test.conf": "net.ipv4.tcp_fin_timeout = 33\nfs.file-max = 4321\n"},
		})
		t.Logf("booted after %s", time.Since(started).Round(10*time.Millisecond))
		pid = m.Pid()
		useMachine(t, m)
	})
	if pid == 0 {
		return
	}
	if _, err := os.Stat("/proc/" + strconv.Itoa(pid)); err == nil {
		t.Errorf("PID %d is still there after the test", pid)
	}
	after := hostSysctls(t)
	for name, value := range before {
		if after[name] != value {
			t.Errorf("%s of this machine changed from %q to %q", name, value, after[name])
		}
	}
	t.Logf("%d sysctls of this machine compared", len(before))
}

func useMachine(t *testing.T, m *Machine) {
	t.Run("systemd runs", func(t *testing.T) {
		if got := m.Must(t, "systemctl", "is-system-running"); got != "running\n" {
			t.Errorf("is-system-running: %q", got)
		}
		if got := m.Must(t, "systemd-detect-virt", "--container"); got != "container-other\n" {
			t.Errorf("systemd-detect-virt: %q", got)
		}
	})
	t.Run("presented as Ubuntu", func(t *testing.T) {
		if got := m.Must(t, "cat", "/etc/os-release"); !strings.Contains(got, "VERSION_ID=\"24.04\"") {
			t.Error(got)
		}
	})
	t.Run("D-Bus answers", func(t *testing.T) {
		m.Must(t, "busctl", "get-property", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
			"org.freedesktop.systemd1.Manager", "Version")
	})
	t.Run("a transient timer fires", func(t *testing.T) {
		m.Must(t, "systemd-run", "--on-active=1s", "--timer-property=AccuracySec=10ms", "touch", "/root/x")
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
			if m.Run(t, "test", "-e", "/root/x").Code == 0 {
				return
			}
		}
		t.Error("no /root/x after a minute")
	})
	t.Run("the journal is readable", func(t *testing.T) {
		m.Must(t, "sh", "-c", "echo written-by-the-test | systemd-cat -t probe && journalctl --sync")
		if got := m.Must(t, "journalctl", "-t", "probe", "-o", "cat"); got != "written-by-the-test\n" {
			t.Errorf("journal: %q", got)
		}
	})
	t.Run("sysctl.d is applied to the namespace and to nothing else", func(t *testing.T) {
		if got := m.Must(t, "sysctl", "-n", "net.ipv4.tcp_fin_timeout"); got != "33\n" {
			t.Errorf("tcp_fin_timeout: %q", got)
		}
		if got := m.Must(t, "sysctl", "-n", "fs.file-max"); got == "4321\n" {
			t.Error("fs.file-max of the host was changed")
		}
	})
	t.Run("a file is copied in with its mode", func(t *testing.T) {
		src := filepath.Join(t.TempDir(), "tool")
		if err := os.WriteFile(src, []byte("#!/bin/sh\nexit 7\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		m.CopyIn(t, src, "/opt/bin/tool")
		if got := m.Run(t, "/opt/bin/tool").Code; got != 7 {
			t.Errorf("exit %d, want 7", got)
		}
	})
}

// A killed test leaves no machine behind: this test starts itself, kills that with SIGKILL and looks.
func TestMachineDiesWithItsOwner(t *testing.T) {
	const env = "TCPTUNE_TEST_OWNER"
	if os.Getenv(env) != "" {
		m := Boot(t, Options{})
		_ = os.WriteFile(os.Getenv(env), []byte(strconv.Itoa(m.Pid())), 0o644)
		select {}
	}
	if err := possible(); err != nil {
		t.Skip(err)
	}
	file := filepath.Join(t.TempDir(), "pid")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), env+"="+file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var pid string
	for pid == "" {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("cannot boot: %v", err)
			}
			t.Skip("no machine can be booted here")
		case <-time.After(50 * time.Millisecond):
		}
		text, _ := os.ReadFile(file)
		pid = string(text)
	}
	_ = cmd.Process.Kill()
	<-ended
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat("/proc/" + pid); os.IsNotExist(err) {
			noCgroupIsLeft(t, cmd.Process.Pid)
			return
		}
	}
	t.Errorf("PID %s outlived the test that booted it", pid)
}

// noCgroupIsLeft checks that the next machine clears away the empty group that a killed owner could not.
func noCgroupIsLeft(t *testing.T, owner int) {
	t.Helper()
	g, err := newCgroup()
	if err != nil {
		t.Fatal(err)
	}
	g.remove()
	left, err := filepath.Glob(filepath.Join(filepath.Dir(g.path), cgroupPrefix+strconv.Itoa(owner)+"-*"))
	if err != nil || left != nil {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func hostSysctls(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	_ = filepath.WalkDir("/proc/sys", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // a file that cannot be read is no evidence
		}
		for _, v := range volatile {
			if strings.HasPrefix(p, v) {
				return nil
			}
		}
		if fi, err := d.Info(); err != nil || fi.Mode().Perm()&0o444 == 0 {
			return nil //nolint:nilerr // write-only, as net.ipv4.route.flush
		}
		if text, err := os.ReadFile(p); err == nil {
			all[p] = string(text)
		}
		return nil
	})
	return all
}
