package host

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestKnobPathSwapsSeparators(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"net.ipv4.tcp_rmem":                    "/proc/sys/net/ipv4/tcp_rmem",
		"net.ipv4.conf.eth0/100.rp_filter":     "/proc/sys/net/ipv4/conf/eth0.100/rp_filter",
		"fs.file-max":                          "/proc/sys/fs/file-max",
		"net.ipv4.conf.a/b/c.accept_redirects": "/proc/sys/net/ipv4/conf/a.b.c/accept_redirects",
	} {
		if got := KnobPath(key); got != want {
			t.Errorf("KnobPath(%s) = %s, want %s", key, got, want)
		}
		if got := "/proc/sys/" + SwapSeparators(key); got != want || SwapSeparators(SwapSeparators(key)) != key {
			t.Errorf("SwapSeparators(%s) leads to %s, want %s, and back again", key, got, want)
		}
	}
}

func TestKnobStaysBelowProcSys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"//.//.etc.passwd", "net.//.//.//.etc.passwd", "//"} {
		if v, err := (Host{}).ReadKnob(key); err == nil {
			t.Errorf("ReadKnob(%s) = %q", key, v)
		}
		if err := (Host{}).WriteKnob(key, "x"); err == nil {
			t.Errorf("WriteKnob(%s) succeeded", key)
		}
	}
}

func TestMissingKnobIsNotExistAndIsNotMade(t *testing.T) {
	t.Parallel()
	if _, err := (Host{}).ReadKnob("net.ipv4.no_such_key"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := (Host{}).WriteKnob("net.ipv4.no_such_key", "1"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestImageHasNoKnobs(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	if _, err := h.ReadKnob("net.ipv4.tcp_rmem"); !errors.Is(err, ErrNoKernel) {
		t.Error(err)
	}
	if err := h.WriteKnob("net.ipv4.tcp_rmem", "1 2 3"); !errors.Is(err, ErrNoKernel) {
		t.Error(err)
	}
}

const inNetns = "TCPTUNE_TEST_IN_NETNS"

// inNamespace runs the calling test again in a network namespace of its own, where it may write.
// It reports whether this is that second run.
func inNamespace(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inNetns) != "" {
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root to make a network namespace")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inNetns+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}

// A list of 2,000 scattered ports is 12 kB: os.ReadFile would return 512 bytes of it, and the kernel takes no more than
// a page of it in one write.
func TestLongPortListIsReadAndWrittenWhole(t *testing.T) {
	t.Parallel()
	if !inNamespace(t) {
		return
	}
	const key = "net.ipv4.ip_local_reserved_ports"
	var ports []string
	for p := 20000; p < 24000; p += 2 {
		ports = append(ports, strconv.Itoa(p))
	}
	want := strings.Join(ports, ",")
	if err := (Host{}).WriteKnob(key, "1,2,3"); err != nil {
		t.Fatal(err)
	}
	if err := (Host{}).WriteKnob(key, want); err != nil {
		t.Fatal(err)
	}
	got, err := (Host{}).ReadKnob(key)
	if err != nil || got != want {
		t.Errorf("read %d bytes, wrote %d; %v", len(got), len(want), err)
	}
}

func TestShortWriteIsAFailure(t *testing.T) {
	t.Parallel()
	if !inNamespace(t) {
		return
	}
	// A port list with spaces is not cut into pieces, and the kernel takes one page of it.
	long := strings.TrimSuffix(strings.Repeat("1000,", 1500), ",") + " "
	err := (Host{}).WriteKnob("net.ipv4.ip_local_reserved_ports", long)
	if err == nil {
		t.Error("no error")
	}
	t.Log(err)
}

func TestVectorComesBackWithTabs(t *testing.T) {
	t.Parallel()
	if !inNamespace(t) {
		return
	}
	if err := (Host{}).WriteKnob("net.ipv4.tcp_rmem", "4096 65536 1000000"); err != nil {
		t.Fatal(err)
	}
	got, err := (Host{}).ReadKnob("net.ipv4.tcp_rmem")
	if err != nil || got != "4096\t65536\t1000000" {
		t.Errorf("got %q, %v", got, err)
	}
}
