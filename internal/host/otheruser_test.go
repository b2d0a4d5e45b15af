package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestProcessOfSomebodyElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to become nobody")
	}
	if part := os.Getenv(playEnv); part != "" {
		t.Fatal("the part is played by root")
	}
	h := startHolder(t, "holder")
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestProcessAsNobody$", "-test.v")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=nobody %d %d %d %d", playEnv, h.tid, h.fd, h.inode, h.cookie))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
	if !h.open().Alive() {
		t.Error("nobody has ended it")
	}
}

// TestProcessAsNobody is run by TestProcessOfSomebodyElse.
func TestProcessAsNobody(t *testing.T) {
	t.Parallel()
	var tid, fd int
	var inode, cookie uint64
	if n, _ := fmt.Sscanf(os.Getenv(playEnv), "nobody %d %d %d %d", &tid, &fd, &inode, &cookie); n != 4 {
		t.Skip("run by TestProcessOfSomebodyElse")
	}
	p, err := Host{}.OpenProcess(tid)
	if err != nil || !p.Pinned() || !p.Alive() || p.Start() == 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	want := fmt.Sprintf("cannot send SIGKILL to process %d: operation not permitted", tid)
	if err := p.Signal(unix.SIGKILL); !errors.Is(err, os.ErrPermission) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	want = fmt.Sprintf("cannot look into process %d: permission denied", tid)
	if holds, err := p.HoldsSocket(tid, fd, inode, cookie); holds || !errors.Is(err, os.ErrPermission) || err.Error() != want {
		t.Errorf("got %v, %v, want %s", holds, err, want)
	}
}

// TestProcessHiddenByProc runs as nobody in a mount namespace whose /proc hides the processes of others.
func TestProcessHiddenByProc(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 || testing.Short() {
		t.Skip("needs root for a mount namespace")
	}
	if os.Getenv(playEnv) == "" {
		rerun(t, "hidden", &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS})
		return
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, "hidepid=2"); err != nil {
		t.Fatal(err)
	}
	other := exec.Command("/bin/sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	// It ends with the PID namespace, whose first process we are: as nobody we may not end it.
	if err := syscall.Setgid(65534); err != nil { // of all threads; those of package unix are of one
		t.Fatal(err)
	}
	if err := syscall.Setuid(65534); err != nil {
		t.Fatal(err)
	}
	before := openFiles(t)
	_, err := Host{}.OpenProcess(other.Process.Pid)
	if want := fmt.Sprintf("cannot look at process %d: permission denied", other.Process.Pid); !errors.Is(err, os.ErrPermission) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	if _, err := (Host{}).OpenProcess(1 << 21); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no process: got %v", err)
	}
}
