package host

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
)

func TestTheKeysOfAnotherNetworkAreReadThere(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	cmd := exec.Command("sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Skip("cannot make a network namespace: ", err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	h := Host{}
	pids, _, err := h.OtherNetworks()
	if err != nil || !slices.Contains(pids, cmd.Process.Pid) || slices.Contains(pids, os.Getpid()) {
		t.Errorf("found %v, want %d: %v", pids, cmd.Process.Pid, err)
	}
	// A port range is copied from nowhere: a new namespace begins with the kernel's.
	const ports = "net.ipv4.ip_local_port_range"
	got, err := h.KnobsOf(cmd.Process.Pid, []string{ports, "net.ipv4.nosuch", "net.core.rmem_max"})
	if err != nil || got[ports] != "32768 60999" || got["net.ipv4.nosuch"] != "" {
		t.Errorf("got %v: %v", got, err)
	}
	if _, err := h.KnobsOf(1<<22+1, []string{ports}); err == nil {
		t.Error("no error about a process that is not there")
	}
}

func TestAnImageHasNoOtherNetworks(t *testing.T) {
	h := tree(t, nil)
	_, _, err := h.OtherNetworks()
	_, errKnobs := h.KnobsOf(1, nil)
	_, _, errRing := h.LinkRing("eth0")
	_, errLimits := h.NoFileOf(1)
	for _, err := range []error{err, errKnobs, errRing, errLimits} {
		if !errors.Is(err, ErrNoKernel) {
			t.Errorf("got %v", err)
		}
	}
}

func TestContainersAreKnownByTheirControlGroup(t *testing.T) {
	h := tree(t, map[string]string{
		"/proc/7/cgroup": "0::/system.slice/docker-0123.scope\n", "/proc/8/cgroup": "0::/system.slice/nginx.service\n",
		"/proc/9/cgroup": "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-1.scope\n",
	})
	for pid, want := range map[int]string{7: "docker", 8: "", 9: "kubernetes", 10: ""} {
		if got := h.ContainerOf(pid); got != want {
			t.Errorf("process %d: %q, want %q", pid, got, want)
		}
	}
}
